//! How a budget was spent day by day, and for how long the rest of it lasts at the rate of the last day.
//!
//! Both are for looking, never for deciding. Days are 24 hours each: of a rolling window counted back from the time of the
//! evaluation, of a calendar window from its beginning, where the last may be shorter. Windows of more than a hundred days are told
//! by weeks.

use std::cmp::Ordering;

use model::{Fault, Instant};

use crate::arithmetic::BurnRate;
use crate::asked::{Asked, good};
use crate::book::{Objective, Rule};
use crate::duration::Duration;
use crate::fraction::Fraction;
use crate::measure::{Interval, Slicing};
use crate::openslo::Method;
use crate::question::{Question, question};
use crate::stretch::Stretch;
use crate::tally::{Subject, Tally, held_to, is_enough, reaches, spared};

/// A budget over time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// One after the other, without gaps; nothing for windows under two days.
    pub days: Vec<Day>,
    /// For how long the budget lasts; nothing without data in the last day.
    pub forecast: Option<Forecast>,
}

/// What lies in one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The first instant.
    pub from: Instant,
    /// The first instant after it.
    pub to: Instant,
    /// Bad events, or bad slices.
    pub bad: u64,
    /// All of them.
    pub total: u64,
}

/// For how long the rest of a budget lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// How fast it burned over the last 24 hours.
    pub rate: BurnRate,
    /// Until it is used up if it goes on so, in whole seconds, cut; 0 where it is. Nothing where nothing burns.
    pub lasts: Option<u64>,
}

impl Forecast {
    /// What it takes for granted.
    pub const ASSUMPTION: &'static str =
        "as many events and as many bad ones as in the last 24 hours; what leaves a rolling window gives nothing back";
}

const DAY: u64 = 86_400;
/// Days that are told one by one.
const DAYS_MAX: u64 = 100;

/// The history of one objective, of which `tally` is known.
///
/// # Errors
/// Those of counting.
pub(crate) fn history(
    rule: &Rule,
    objective: &Objective,
    (stretch, interval): (&Stretch, Interval),
    tally: &Tally,
    asked: &mut Asked<'_>,
) -> Result<History, Fault> {
    let question = question(&objective.indicator, objective)?;
    let days = match rule.method {
        Method::Occurrences => of_events(rule, &question, stretch, interval, asked)?,
        _ => of_slices(rule, objective, &question, stretch, asked)?,
    };
    Ok(History { days, forecast: forecast(rule, objective, stretch, tally, asked)? })
}

/// Days, or weeks, between two instants; `from` is the first that belongs to them.
fn length(from: Instant, end: i64) -> Option<i64> {
    let seconds = u64::try_from(end.checked_sub(from.nanos())?).ok()? / 1_000_000_000;
    (seconds >= 2 * DAY).then_some(())?;
    let days = if seconds > DAYS_MAX * DAY { 7 } else { 1 };
    i64::try_from(days * DAY * 1_000_000_000).ok()
}

fn of_events(
    rule: &Rule,
    question: &Question,
    stretch: &Stretch,
    interval: Interval,
    asked: &mut Asked<'_>,
) -> Result<Vec<Day>, Fault> {
    let (first, end) = (Instant::from_nanos(interval.from.nanos() + 1), interval.to.nanos().saturating_add(1));
    let Some(width) = length(first, end) else { return Ok(vec![]) };
    let whole = (end - first.nanos()) / width;
    // Back from the end, or on from the beginning.
    let from = match stretch {
        Stretch::Rolling { .. } => end - whole * width,
        Stretch::Calendar { .. } => first.nanos(),
    };
    let slicing = Slicing { from: Instant::from_nanos(from), width, count: u32::try_from(whole).unwrap_or(u32::MAX) };
    let slices = asked.slices(question, slicing)?;
    let mut days = blank(slicing);
    for slice in &slices.slices {
        if let Some(day) = days.get_mut(slice.number as usize) {
            day.total = u64::try_from(slice.total).unwrap_or(u64::MAX);
            day.bad = u64::try_from(slice.total - slice.good).unwrap_or(u64::MAX);
        }
    }
    let rest = Instant::from_nanos(from + whole * width);
    if rest.nanos() < end {
        days.push(Day { from: rest, to: Instant::from_nanos(end), bad: 0, total: 0 });
    }
    // What is no whole day, or has maintenance in it, is counted by itself.
    for day in &mut days {
        let window = Interval::between(day.from, day.to);
        if day.from == rest || rule.maintenance.iter().any(|one| one.touches(window)) {
            let counts = held_to(rule, question, window, asked)?;
            let good = good(question, counts.good.into(), counts.total.into())?;
            day.total = counts.total;
            day.bad = u64::try_from(u128::from(counts.total) - good).unwrap_or(counts.total);
        }
    }
    Ok(days)
}

fn of_slices(
    rule: &Rule,
    objective: &Objective,
    question: &Question,
    stretch: &Stretch,
    asked: &mut Asked<'_>,
) -> Result<Vec<Day>, Fault> {
    let Some(spec) = objective.slice else { return Ok(vec![]) };
    let (Some(slicing), _) = stretch.slices(spec.width)? else { return Ok(vec![]) };
    let end = slicing.interval().to.nanos().saturating_add(1);
    let Some(width) = length(slicing.from, end).filter(|width| width % slicing.width == 0) else { return Ok(vec![]) };
    let each = width / slicing.width;
    let count = i64::from(slicing.count);
    // As with events: back from the end, or on from the beginning.
    let ahead = if matches!(stretch, Stretch::Rolling { .. }) { (each - count % each) % each } else { 0 };
    let from = slicing.from.nanos() - ahead * slicing.width;
    let number = (count + ahead + each - 1) / each;
    let days = Slicing { from: Instant::from_nanos(from), width, count: u32::try_from(number).unwrap_or(u32::MAX) };
    let mut days = blank(days);
    if let Some(first) = days.first_mut() {
        first.from = slicing.from;
    }
    if let Some(last) = days.last_mut() {
        last.to = Instant::from_nanos(end);
    }
    let least = spec.target.unwrap_or(model::Decimal::ONE);
    let spared = spared(&rule.maintenance, slicing);
    let counts = |slice: &&crate::measure::Slice| is_enough(rule, question, slice) && !spared.contains(&slice.number);
    for slice in asked.slices(question, slicing)?.slices.iter().filter(counts) {
        if let Some(day) = days.get_mut(((i64::from(slice.number) + ahead) / each) as usize) {
            day.total += 1;
            day.bad += u64::from(!reaches(slice, least));
        }
    }
    Ok(days)
}

fn blank(slicing: Slicing) -> Vec<Day> {
    let edge = |number: u32| {
        Instant::from_nanos(slicing.from.nanos().saturating_add(slicing.width.saturating_mul(number.into())))
    };
    (0..slicing.count).map(|number| Day { from: edge(number), to: edge(number + 1), bad: 0, total: 0 }).collect()
}

/// `remaining · period / rate`, of the budget of the whole window.
fn forecast(
    rule: &Rule,
    objective: &Objective,
    stretch: &Stretch,
    tally: &Tally,
    asked: &mut Asked<'_>,
) -> Result<Option<Forecast>, Fault> {
    let Some(burn) = &tally.burn else { return Ok(None) };
    let nanos = |from: Instant, to: Instant| i128::from(to.nanos()) - i128::from(from.nanos());
    let (at, period, over) = match stretch {
        Stretch::Rolling { length, at } => (*at, length.rolling().nanos(), length.rolling().nanos()),
        Stretch::Calendar { period, at } => {
            (*at.min(&period.to), nanos(period.from, period.to), nanos(period.from, *at.min(&period.to)))
        }
    };
    let last = Stretch::Rolling { length: Duration::rounded(1440), at };
    let Some(rate) = Tally::of(rule, Subject::One(objective), &last, asked)?.burn else { return Ok(None) };
    // Timeslices know the budget of the whole window; the others know that of what is over.
    let part = if rule.method == Method::Timeslices { period } else { over };
    let whole = u128::try_from(period).ok().and_then(|period| Fraction::new(part, period));
    let seconds = Fraction::new(period, 1_000_000_000_u64);
    let Some((whole, seconds)) = whole.zip(seconds) else { return Ok(None) };
    let remaining = burn.fraction().times(&whole).complement();
    let lasts = match remaining.compare(&Fraction::zero()) {
        Ordering::Greater => remaining.times(&seconds).over(rate.fraction()).map(|time| time.floor(0)),
        _ => Some(0.into()),
    };
    let lasts = lasts.map(|seconds| u64::try_from(seconds).unwrap_or(u64::MAX));
    Ok(Some(Forecast { rate, lasts }))
}
