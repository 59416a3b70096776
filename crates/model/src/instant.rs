//! A point in time.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::{Fault, Span};

/// A point in time in UTC: nanoseconds since 1970-01-01T00:00:00Z, from 1677 to 2262.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// From nanoseconds since the Unix epoch.
    pub const fn from_nanos(nanos: i64) -> Self {
        Instant(nanos)
    }

    /// From microseconds since the Unix epoch; `None` outside 1677–2262.
    pub const fn from_micros(micros: i64) -> Option<Self> {
        match micros.checked_mul(1_000) {
            Some(nanos) => Some(Instant(nanos)),
            None => None,
        }
    }

    /// From milliseconds since the Unix epoch; `None` outside 1677–2262.
    pub const fn from_millis(millis: i64) -> Option<Self> {
        match millis.checked_mul(1_000_000) {
            Some(nanos) => Some(Instant(nanos)),
            None => None,
        }
    }

    /// From seconds since the Unix epoch; `None` outside 1677–2262.
    pub const fn from_seconds(seconds: i64) -> Option<Self> {
        match seconds.checked_mul(1_000_000_000) {
            Some(nanos) => Some(Instant(nanos)),
            None => None,
        }
    }

    /// Nanoseconds since the Unix epoch.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Microseconds since the Unix epoch, cut down.
    pub const fn micros(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Milliseconds since the Unix epoch, cut down.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Seconds since the Unix epoch, cut down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }

    /// Reads RFC 3339 with any offset, or a date (midnight UTC).
    ///
    /// # Errors
    /// `bad-time` when the text is anything else or lies outside 1677–2262.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let stamp = text.parse::<Timestamp>().ok().or_else(|| {
            let date = text.parse::<Date>().ok().filter(|_| text.len() == 10)?;
            date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
        });
        stamp.and_then(|stamp| i64::try_from(stamp.as_nanosecond()).ok()).map(Instant).ok_or_else(|| {
            Fault::usage("bad-time", format!("{text:?} is not a time"))
                .advise("Write it as RFC 3339, for example 2026-01-31T09:00:00Z, or as a date.")
        })
    }

    /// Later by `span`; `None` outside 1677–2262.
    pub fn plus(self, span: Span) -> Option<Self> {
        i64::try_from(i128::from(self.0) + span.nanos()).ok().map(Instant)
    }

    /// Earlier by `span`; `None` outside 1677–2262.
    pub fn minus(self, span: Span) -> Option<Self> {
        i64::try_from(i128::from(self.0) - span.nanos()).ok().map(Instant)
    }

    /// `YYYY-MM-DD` in UTC.
    pub fn date(self) -> String {
        self.timestamp().to_zoned(TimeZone::UTC).date().to_string()
    }

    /// RFC 3339 in UTC with exactly three decimals, so that texts sort as times do.
    pub fn to_millis(self) -> String {
        format!("{:.3}", self.timestamp())
    }

    fn timestamp(self) -> Timestamp {
        // Every i64 of nanoseconds lies inside jiff's range (years -9999 to 9999).
        Timestamp::from_nanosecond(i128::from(self.0)).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC with as many decimals as needed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.timestamp().to_string())
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Option<&str>) {
        assert_eq!(Instant::parse(text).ok().map(|instant| instant.to_string()).as_deref(), expect, "{text}");
    }

    #[test]
    fn rfc_3339_reads_with_any_offset_and_prints_in_utc() {
        check("2026-01-31T09:00:00Z", Some("2026-01-31T09:00:00Z"));
        check("2026-01-31T09:00:00.25+01:00", Some("2026-01-31T08:00:00.25Z"));
        check("2026-01-31", Some("2026-01-31T00:00:00Z"));
        check("1969-12-31T23:59:59.999999999Z", Some("1969-12-31T23:59:59.999999999Z"));
        check("2026-01-31T09:00:00", None);
        check("9999-01-01T00:00:00Z", None);
        check("yesterday", None);
    }

    #[test]
    fn coarser_units_are_cut_down_also_before_1970() {
        let instant = Instant::from_nanos(-1);
        assert_eq!((instant.micros(), instant.millis(), instant.seconds()), (-1, -1, -1));
        assert_eq!(instant.date(), "1969-12-31");
        assert_eq!(Instant::from_nanos(1_500_000).to_millis(), "1970-01-01T00:00:00.001Z");
    }
}
