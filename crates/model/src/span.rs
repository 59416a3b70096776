//! Lengths of time.

use std::fmt;

use crate::Fault;

/// A unit of time with one fixed length. Months, quarters and years have none and belong to calendars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// 10⁻³ s.
    Millisecond,
    /// 1 s.
    Second,
    /// 60 s.
    Minute,
    /// 3,600 s.
    Hour,
    /// 86,400 s.
    Day,
    /// 604,800 s.
    Week,
}

impl Unit {
    const ALL: [(Unit, &'static str, i128); 6] = [
        (Unit::Week, "w", 604_800_000_000_000),
        (Unit::Day, "d", 86_400_000_000_000),
        (Unit::Hour, "h", 3_600_000_000_000),
        (Unit::Minute, "m", 60_000_000_000),
        (Unit::Second, "s", 1_000_000_000),
        (Unit::Millisecond, "ms", 1_000_000),
    ];
}

/// A length of time: a whole number of one [`Unit`], kept as written.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    count: u32,
    unit: Unit,
}

impl Span {
    /// `count` times `unit`.
    pub const fn new(count: u32, unit: Unit) -> Self {
        Span { count, unit }
    }

    /// Reads an integer and a unit: `500ms`, `30s`, `5m`, `12h`, `30d`, `4w`.
    ///
    /// # Errors
    /// `bad-span` for anything else, zero included.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (count, suffix) = text.split_at(digits);
        let unit = Unit::ALL.iter().find(|(_, name, _)| *name == suffix).map(|(unit, ..)| *unit);
        match (count.parse(), unit) {
            (Ok(count), Some(unit)) if count > 0 => Ok(Span { count, unit }),
            _ => Err(Fault::usage("bad-span", format!("{text:?} is not a length of time"))
                .advise("Write a whole number and a unit: ms, s, m (minutes), h, d or w. For example 30d.")),
        }
    }

    /// The length in nanoseconds.
    pub fn nanos(self) -> i128 {
        let (.., nanos) = Unit::ALL[self.unit_index()];
        i128::from(self.count) * nanos
    }

    /// The length in whole seconds, cut down.
    pub fn seconds(self) -> u64 {
        // u32::MAX weeks are 2.6e15 s, well inside u64.
        (self.nanos() / 1_000_000_000) as u64
    }

    fn unit_index(self) -> usize {
        Unit::ALL.iter().position(|(unit, ..)| *unit == self.unit).unwrap_or(0)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, name, _) = Unit::ALL[self.unit_index()];
        f.pad(&format!("{}{name}", self.count))
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Option<i128>) {
        assert_eq!(Span::parse(text).ok().map(Span::nanos), expect, "{text}");
    }

    #[test]
    fn a_span_is_an_integer_and_a_unit() {
        check("500ms", Some(500_000_000));
        check("1m", Some(60_000_000_000));
        check("30d", Some(2_592_000_000_000_000));
        check("0s", None);
        check("1.5h", None);
        check("1M", None);
        check("h", None);
        check("", None);
        assert_eq!(Span::parse("12h").map(|span| span.to_string()).ok().as_deref(), Some("12h"));
    }
}
