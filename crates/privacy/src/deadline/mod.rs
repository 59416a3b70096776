//! Until when a request is to be answered.
//!
//! GDPR Art. 12(3): one month from receipt, two more when that is told within the first; a month is counted as Regulation
//! (EEC, Euratom) No 1182/71 has it. CCPA: 10 business days to confirm, 45 days to answer, 45 more with notice, 15 business
//! days for an opt-out (11 CCR §§ 7021, 7026; Cal. Civ. Code § 1798.130).
//!
//! Nothing here looks at a clock. A zone is the rule that holds in it now (`data/zones.tsv`): terms run into the future.

mod days;
mod zone;

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use model::{Fault, Instant};

pub use days::Holidays;
pub use zone::Zone;

/// Whose law sets the term.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Regime {
    /// Regulation (EU) 2016/679, and the laws that copied its Art. 12(3).
    #[default]
    Gdpr,
    /// California Consumer Privacy Act.
    Ccpa,
}

/// What has to be done in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Confirm that the request was received (CCPA only).
    Confirm,
    /// Answer: hand over, delete, rectify, or say why not.
    Answer,
    /// Tell that more time is taken, and why.
    Extend,
    /// Stop selling and sharing (CCPA only).
    OptOut,
}

/// Where and by which calendar days are counted.
#[derive(Clone, Debug, Default)]
pub struct Calendar {
    /// Where the one who answers sits. Default: UTC.
    pub zone: Zone,
    /// Of the place where the answer is due.
    pub holidays: Holidays,
}

/// Time that does not count, because the person had to show who they are.
///
/// EDPB Guidelines 01/2022 § 3.3: asking for what is needed to identify suspends the term, when it was asked without delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// When it was asked for.
    pub from: Instant,
    /// When it came; `None`: the term stands still.
    pub until: Option<Instant>,
}

/// What is counted.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Whose law.
    pub regime: Regime,
    /// More time was taken, and that was told in time.
    pub extended: bool,
    /// In any order; those that overlap count once. CCPA knows none: its days run from receipt, whatever checks take.
    pub pauses: Vec<Pause>,
}

/// A term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The last day, `YYYY-MM-DD`, where the answer is due.
    pub day: String,
    /// Its last second.
    pub at: Instant,
    /// The day that the month alone would have given, when it was no working day or time did not count.
    pub counted: Option<String>,
    /// The term stands still: the day is that of an end of the pause today.
    pub paused: bool,
}

impl Due {
    /// Whole days from the day of `now` to the last day: 0 on the last day, negative when it is over.
    pub fn days_left(&self, now: Instant, calendar: &Calendar) -> i64 {
        let last: Option<Date> = self.day.parse().ok();
        let today = calendar.zone.date(now);
        last.and_then(|last| last.since(today).ok()).map_or(0, |span| i64::from(span.get_days()))
    }
}

/// When `duty` is due for what was received at `received`. `None`: the regime has no such duty.
///
/// # Errors
/// `term-out-of-range` when the term leaves the years that can be counted.
pub fn due(
    duty: Duty,
    received: Instant,
    request: &Request,
    calendar: &Calendar,
    now: Instant,
) -> Result<Option<Due>, Fault> {
    let day = calendar.zone.date(received);
    let holidays = &calendar.holidays;
    let months = |count: i64| later(day, Span::new().months(count));
    let days = |count: i64| later(day, Span::new().days(count));
    let end = match (request.regime, duty) {
        (Regime::Gdpr, Duty::Answer | Duty::Extend) => {
            // Three months from receipt, not two from a day that was moved or cut short.
            let end = months(if request.extended && duty == Duty::Answer { 3 } else { 1 })?;
            let (paused, open) = paused_days(&request.pauses, calendar, now);
            let resumed = later(end, Span::new().days(paused))?;
            return finish(end, working_day(resumed, holidays)?, open, calendar).map(Some);
        }
        (Regime::Gdpr, Duty::Confirm | Duty::OptOut) => return Ok(None),
        (Regime::Ccpa, Duty::Answer) => days(if request.extended { 90 } else { 45 })?,
        (Regime::Ccpa, Duty::Extend) => days(45)?,
        (Regime::Ccpa, Duty::Confirm) => business_days(day, 10, holidays)?,
        (Regime::Ccpa, Duty::OptOut) => business_days(day, 15, holidays)?,
    };
    finish(end, end, false, calendar).map(Some)
}

fn finish(counted: Date, last: Date, paused: bool, calendar: &Calendar) -> Result<Due, Fault> {
    let at = calendar.zone.last_second(last).ok_or_else(out_of_range)?;
    Ok(Due { day: last.to_string(), at, counted: (counted != last).then(|| counted.to_string()), paused })
}

/// The same date so many months later, or the last day of that month (Regulation 1182/71 Art. 3(2)(c)). The day of receipt
/// is not counted (Art. 3(1)), which is why the last day has its number.
fn later(day: Date, span: Span) -> Result<Date, Fault> {
    day.checked_add(span).map_err(|_| out_of_range())
}

/// The day itself, or the next working day (Regulation 1182/71 Art. 3(4)).
fn working_day(mut day: Date, holidays: &Holidays) -> Result<Date, Fault> {
    while !holidays.is_working_day(day) {
        day = later(day, Span::new().days(1))?;
    }
    Ok(day)
}

fn business_days(mut day: Date, count: u32, holidays: &Holidays) -> Result<Date, Fault> {
    for _ in 0..count {
        day = working_day(later(day, Span::new().days(1))?, holidays)?;
    }
    Ok(day)
}

/// Nights that lie in pauses, each once, and whether one is open.
fn paused_days(pauses: &[Pause], calendar: &Calendar, now: Instant) -> (i64, bool) {
    let mut spans: Vec<(Instant, Instant)> = pauses
        .iter()
        .map(|pause| (pause.from, pause.until.unwrap_or(now)))
        .filter(|(from, until)| from < until)
        .collect();
    spans.sort();
    let mut days = 0;
    let mut behind = None;
    for (from, until) in spans {
        let start = behind.map_or(from, |behind| from.max(behind));
        if start < until {
            let (first, last) = (calendar.zone.date(start), calendar.zone.date(until));
            days += last.since(first).map_or(0, |span| i64::from(span.get_days()));
            behind = Some(until);
        }
    }
    (days, pauses.iter().any(|pause| pause.until.is_none()))
}

fn out_of_range() -> Fault {
    Fault::bad_input("term-out-of-range", "The term ends outside the years that can be counted")
        .advise("Check when the request was received.")
}

fn timestamp(instant: Instant) -> Timestamp {
    // Every instant lies within what jiff counts.
    Timestamp::from_nanosecond(i128::from(instant.nanos())).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests;
