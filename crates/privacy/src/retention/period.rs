//! Lengths of time as people write them: ISO 8601, or plain words.

use jiff::Span;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::row::Cell;

/// How long something is kept.
#[derive(Clone, Debug)]
pub struct Period {
    /// ISO 8601: `P3Y`.
    iso: String,
    span: Span,
}

impl PartialEq for Period {
    fn eq(&self, other: &Self) -> bool {
        self.iso == other.iso
    }
}

impl Eq for Period {}

/// The names of units, each with its letter and the part of the period that it belongs to.
const UNITS: &[(&str, char, bool)] = &[
    ("year", 'Y', false),
    ("month", 'M', false),
    ("week", 'W', false),
    ("day", 'D', false),
    ("hour", 'H', true),
    ("minute", 'M', true),
    ("second", 'S', true),
];

impl Period {
    /// `P3Y`, `P1Y6M`, `P30D`, `PT72H`; or `3 years`, `1 year 6 months`, `1 year and 6 months`, `90 days`. None: it is no length
    /// of time, or is none at all.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let iso = if is_iso(text) { text.to_owned() } else { of_words(text)? };
        let span: Span = iso.parse().ok()?;
        // One that leaves the calendar would be found out row by row.
        Date::constant(2000, 1, 1).checked_add(span).ok()?;
        Some(Period { iso, span })
    }

    /// As ISO 8601.
    pub fn iso(&self) -> &str {
        &self.iso
    }

    /// The day on which a period that begins at `start` (a date or a time, as a cell has it) ends: the last day on which the row
    /// may stay. None: `start` is no time.
    pub fn last_day(&self, start: &str) -> Option<String> {
        self.end(start).map(|date| date.to_string())
    }

    pub(super) fn end(&self, start: &str) -> Option<Date> {
        moment(start)?.checked_add(self.span).ok().map(DateTime::date)
    }

    /// The last day on which a period that ended before `day` can have begun, with days to spare where months differ in length.
    pub(super) fn began_before(&self, day: Date) -> Option<Date> {
        let spare = Span::new().try_days(4).ok()?;
        day.checked_sub(self.span).ok()?.checked_add(spare).ok()
    }
}

/// Whether two cells say the same, however a store spells it: numbers and times have several texts.
pub(crate) fn is_same(one: &Cell, other: &Cell) -> bool {
    let (Some(a), Some(b)) = (one, other) else { return one == other };
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    let times = || matches!((moment(a), moment(b)), (Some(a), Some(b)) if a == b);
    a == b || matches!((number(a), number(b)), (Some(a), Some(b)) if a == b) || times()
}

/// The moment that a cell names, in UTC: a date, a time, seconds or milliseconds since 1970.
pub(super) fn moment(cell: &str) -> Option<DateTime> {
    let cell = cell.trim();
    if let Ok(number) = cell.parse::<i64>() {
        return since_1970(number);
    }
    let instant = cell.parse::<jiff::Timestamp>().ok().map(|time| time.to_zoned(TimeZone::UTC).datetime());
    instant
        .or_else(|| cell.parse::<DateTime>().ok())
        .or_else(|| cell.get(..10)?.parse::<Date>().ok()?.at(0, 0, 0, 0).into())
}

/// Numbers of eight digits are days as `20231231`; from 10¹¹ on they are milliseconds, which are seconds only after the year 5138.
fn since_1970(number: i64) -> Option<DateTime> {
    let of = |time: Result<jiff::Timestamp, jiff::Error>| Some(time.ok()?.to_zoned(TimeZone::UTC).datetime());
    match number {
        10_000_101..=99_991_231 => number.to_string().parse::<Date>().ok().map(|date| date.at(0, 0, 0, 0)),
        -99_999_999_999..=99_999_999_999 => of(jiff::Timestamp::from_second(number)),
        _ => of(jiff::Timestamp::from_millisecond(number)),
    }
}

/// `1 year and 6 months` as `P1Y6M`.
fn of_words(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let mut words = lower.split([' ', ',']).filter(|word| !word.is_empty() && *word != "and");
    let (mut dates, mut times, mut last) = (String::new(), String::new(), 0);
    while let Some(number) = words.next() {
        let number: u32 = number.parse().ok()?;
        let unit = words.next()?;
        let unit = unit.strip_suffix('s').unwrap_or(unit);
        let at = UNITS.iter().position(|(name, ..)| *name == unit)? + 1;
        if at <= last {
            return None;
        }
        last = at;
        let (_, letter, is_time) = UNITS[at - 1];
        if is_time { &mut times } else { &mut dates }.push_str(&format!("{number}{letter}"));
    }
    let iso = if times.is_empty() { format!("P{dates}") } else { format!("P{dates}T{times}") };
    is_iso(&iso).then_some(iso)
}

/// An ISO 8601 length of time of whole years, months, weeks, days, hours, minutes and seconds, in that order, not zero.
fn is_iso(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else { return false };
    let (dates, times) = match rest.split_once('T') {
        Some((_, "")) => return false,
        Some((dates, times)) => (dates, times),
        None => (rest, ""),
    };
    let parts = [parts(dates, "YMWD"), parts(times, "HMS")];
    let [Some(dates), Some(times)] = parts else { return false };
    dates.iter().chain(&times).any(|count| *count > 0)
}

/// The numbers before the `units`, which must come in that order, each once.
fn parts(text: &str, units: &str) -> Option<Vec<u32>> {
    let (mut units, mut rest, mut numbers) = (units, text, Vec::new());
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit())?;
        numbers.push(rest[..end].parse().ok()?);
        let unit = rest[end..].chars().next()?;
        units = &units[units.find(unit)? + unit.len_utf8()..];
        rest = &rest[end + unit.len_utf8()..];
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_iso_8601_or_words_and_not_zero() {
        let check = |text, expect: Option<&str>| {
            assert_eq!(Period::parse(text).map(|period| period.iso().to_owned()).as_deref(), expect, "{text}");
        };
        for good in ["P3Y", "P6M", "P30D", "P1Y6M", "P2W", "PT72H", "P1DT12H", "P10Y"] {
            check(good, Some(good));
        }
        check("3 years", Some("P3Y"));
        check("1 year and 6 months", Some("P1Y6M"));
        check(" 90 Days ", Some("P90D"));
        check("1 day 12 hours", Some("P1DT12H"));
        for bad in ["", "P", "PT", "P0D", "0 days", "P3", "P3X", "P1M1Y", "P1Y1Y", "P-1D", "P1.5Y", "p3y", "P1YT"] {
            check(bad, None);
        }
        for bad in [
            "P9999999999Y",
            "P99999Y",
            "years",
            "three years",
            "3",
            "6 months 1 year",
            "until revoked",
            "3 years 2",
            "-3 years",
            "10-year",
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn a_period_ends_on_a_day() {
        let check = |from, period, expect: Option<&str>| {
            let period = Period::parse(period).expect("a period");
            assert_eq!(period.last_day(from).as_deref(), expect, "{from}");
        };
        check("2023-12-31", "P10Y", Some("2033-12-31"));
        check("2024-02-29T23:00:00Z", "P1Y", Some("2025-02-28"));
        check("2024-01-31", "6 months", Some("2024-07-31"));
        check("2024-01-31 23:30:00", "PT72H", Some("2024-02-03"));
        check("2024-01-31T23:30:00", "PT12H", Some("2024-02-01"));
        check("1704067200", "P1D", Some("2024-01-02"));
        check("1704067200000", "P1D", Some("2024-01-02"));
        check("20240101", "P1D", Some("2024-01-02"));
        check("yesterday", "P6M", None);
        check("", "P6M", None);
        check("99999999999999999999", "P6M", None);
    }

    #[test]
    fn stores_spell_numbers_and_times_in_their_own_way() {
        let check = |a: &str, b: &str, expect| {
            assert_eq!(is_same(&Some(a.to_owned()), &Some(b.to_owned())), expect, "{a} {b}");
        };
        check("0", "0.00", true);
        check("1970-01-01", "1970-01-01T00:00:00", true);
        check("erased", "erased", true);
        check("0", "1", false);
        check("1970-01-01", "1970-01-02", false);
        check("NaN", "nan", false);
        assert!(is_same(&None, &None) && !is_same(&None, &Some("0".to_owned())));
    }

    proptest::proptest! {
        /// Whatever stands in a file or a cell: no panic.
        #[test]
        fn any_text_is_read(text in "\\PC{0,20}|[PTYMWD0-9 years-]{0,16}", cell in "\\PC{0,24}|-?[0-9]{1,20}") {
            if let Some(period) = Period::parse(&text) {
                let _ = period.last_day(&cell);
            }
            let _ = moment(&cell);
        }
    }
}
