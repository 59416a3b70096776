//! OpenSLO's shorthand for lengths of time.

use std::fmt;

use model::{Fault, Place, Span, Unit};

/// A whole number and a unit, as written: `30d`, `1M`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Duration {
    count: u32,
    unit: Letter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Letter {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// A stretch of a calendar.
pub(crate) enum Count {
    Seconds(i64),
    Days(i64),
    Months(i64),
}

const LETTERS: [(char, Letter); 7] = [
    ('m', Letter::Minute),
    ('h', Letter::Hour),
    ('d', Letter::Day),
    ('w', Letter::Week),
    ('M', Letter::Month),
    ('Q', Letter::Quarter),
    ('Y', Letter::Year),
];

impl Duration {
    /// Reads `m` (minutes), `h`, `d`, `w`, `M` (months), `Q`, `Y` after a whole number above 0.
    pub(crate) fn parse(text: &str, path: &str, place: &Place) -> Result<Self, Fault> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (count, letter) = text.split_at(digits);
        let unit = LETTERS.iter().find(|(name, _)| letter.chars().eq([*name])).map(|(_, unit)| *unit);
        match (count.parse(), unit) {
            (Ok(count), Some(unit)) if count > 0 && count <= 1_000_000 => Ok(Duration { count, unit }),
            _ => Err(Fault::bad_config("bad-duration", format!("{path} is {text:?}, which is not a length of time"))
                .advise("Write a whole number and a unit: m (minutes), h, d, w, M (months), Q or Y. For example 30d.")
                .at(place.clone())),
        }
    }

    /// The same for slices of time, of which some are shorter than a minute: `30s`, which OpenSLO has no letter for.
    pub(crate) fn seconds(text: &str) -> Option<Self> {
        let count = text.strip_suffix('s').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        let count = count.parse().ok().filter(|count| (1..=1_000_000).contains(count))?;
        Some(Duration { count, unit: Letter::Second })
    }

    /// So many minutes.
    pub(crate) fn minutes(count: u32) -> Self {
        Duration { count, unit: Letter::Minute }
    }

    /// So many minutes, in the largest unit that holds them whole: 1h for 60.
    pub(crate) fn rounded(minutes: u32) -> Self {
        match minutes {
            _ if minutes.is_multiple_of(1440) => Duration { count: minutes / 1440, unit: Letter::Day },
            _ if minutes.is_multiple_of(60) => Duration { count: minutes / 60, unit: Letter::Hour },
            _ => Duration::minutes(minutes),
        }
    }

    /// Months, quarters and years have no fixed length.
    pub fn is_calendar(self) -> bool {
        matches!(self.unit, Letter::Month | Letter::Quarter | Letter::Year)
    }

    /// Counted in weeks?
    pub(crate) fn is_weeks(self) -> bool {
        self.unit == Letter::Week
    }

    /// So many times this duration, on a calendar; `None` where that is beyond all calendars.
    pub(crate) fn on_a_calendar(self, times: i64) -> Option<Count> {
        let count = i64::from(self.count).checked_mul(times)?;
        Some(match self.unit {
            Letter::Second => Count::Seconds(count),
            Letter::Minute => Count::Seconds(count.checked_mul(60)?),
            Letter::Hour => Count::Seconds(count.checked_mul(3600)?),
            Letter::Day => Count::Days(count),
            Letter::Week => Count::Days(count.checked_mul(7)?),
            Letter::Month => Count::Months(count),
            Letter::Quarter => Count::Months(count.checked_mul(3)?),
            Letter::Year => Count::Months(count.checked_mul(12)?),
        })
    }

    /// The length of a rolling window. A rolling month is 30 days, a quarter 90, a year 365, as the OpenSLO SDK has it;
    /// calendar windows must never use this.
    pub fn rolling(self) -> Span {
        let span = |factor, unit| Span::new(self.count.saturating_mul(factor), unit);
        match self.unit {
            Letter::Second => span(1, Unit::Second),
            Letter::Minute => span(1, Unit::Minute),
            Letter::Hour => span(1, Unit::Hour),
            Letter::Day => span(1, Unit::Day),
            Letter::Week => span(1, Unit::Week),
            Letter::Month => span(30, Unit::Day),
            Letter::Quarter => span(90, Unit::Day),
            Letter::Year => span(365, Unit::Day),
        }
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = LETTERS.iter().find(|(_, unit)| *unit == self.unit).map_or('s', |(name, _)| *name);
        f.pad(&format!("{}{letter}", self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m_is_a_minute_and_capital_m_a_month() {
        let check = |text: &str, expect: Option<u64>| {
            let read = Duration::parse(text, "duration", &Place::default());
            assert_eq!(read.as_ref().ok().map(|duration| duration.rolling().seconds()), expect, "{text}");
            assert!(read.map_or(true, |duration| duration.to_string() == text));
        };
        check("1m", Some(60));
        check("1M", Some(2_592_000));
        check("2w", Some(1_209_600));
        check("1Q", Some(7_776_000));
        check("1Y", Some(31_536_000));
        for wrong in ["0d", "30", "1.5h", "30s", "d", "", "-1d", "4294967296d", "1 d", "1mm"] {
            check(wrong, None);
        }
    }
}
