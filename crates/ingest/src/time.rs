//! Times as logs write them.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use model::Instant;

/// What a time text may look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TimeFormat {
    /// RFC 3339 (also with a blank for the `T`, a comma for the point, without zone), or a Unix time by its magnitude.
    Guess,
    /// RFC 3339 only.
    Rfc3339,
    /// Unix time in a unit of 10^-n seconds: 0, 3, 6 or 9.
    Epoch(u32),
    /// `10/Oct/2000:13:55:36 -0700`.
    Clf,
    /// A pattern as of `strftime`.
    Pattern(String),
}

/// A time, and whether its zone had to be assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) instant: Instant,
    pub(crate) zone_assumed: bool,
}

impl TimeFormat {
    /// Reads `text`; times without a zone are local times of `zone` (a time that a clock shows twice is the first of both).
    pub(crate) fn read(&self, text: &str, zone: &TimeZone) -> Option<Reading> {
        let certain = |instant| Reading { instant, zone_assumed: false };
        let bytes = text.as_bytes();
        match self {
            TimeFormat::Guess if bytes.len() > 9 && bytes[4] == b'-' => date_time(bytes, zone),
            TimeFormat::Guess => epoch_by_magnitude(bytes).map(certain),
            TimeFormat::Rfc3339 => date_time(bytes, zone).filter(|reading| !reading.zone_assumed),
            TimeFormat::Epoch(digits) => epoch(bytes, *digits).map(certain),
            TimeFormat::Clf => clf(bytes).map(certain),
            TimeFormat::Pattern(pattern) => by_pattern(pattern, text, zone),
        }
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Date and time of day as numbers, checked.
#[derive(Clone, Copy)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    pub(crate) nanos: i64,
}

impl Civil {
    pub(crate) fn is_real(&self) -> bool {
        // A leap second is written as :60 and only as the last second of a day in UTC; offsets move it to any minute.
        (1..=12).contains(&self.month)
            && (1..=days_in_month(self.year, self.month)).contains(&self.day)
            && (0..24).contains(&self.hour)
            && (0..60).contains(&self.minute)
            && (0..=60).contains(&self.second)
    }

    /// The instant, when the clock is `offset` seconds ahead of UTC.
    pub(crate) fn at_offset(&self, offset: i64) -> Option<Instant> {
        let days = days_from_civil(self.year, self.month, self.day);
        let seconds = days * 86_400 + self.hour * 3_600 + self.minute * 60 + self.second - offset;
        seconds.checked_mul(1_000_000_000)?.checked_add(self.nanos).map(Instant::from_nanos)
    }

    /// The instant, when the clock shows the time of `zone`.
    pub(crate) fn in_zone(&self, zone: &TimeZone) -> Option<Instant> {
        if *zone == TimeZone::UTC {
            return self.at_offset(0);
        }
        let date =
            Date::new(self.year.try_into().ok()?, self.month.try_into().ok()?, self.day.try_into().ok()?).ok()?;
        let second = self.second.min(59);
        let time = date.at(self.hour.try_into().ok()?, self.minute.try_into().ok()?, second.try_into().ok()?, 0);
        let offset = zone.to_ambiguous_timestamp(time).compatible().ok()?;
        let seconds = offset.as_second() + (self.second - second);
        seconds.checked_mul(1_000_000_000)?.checked_add(self.nanos).map(Instant::from_nanos)
    }
}

/// `N` digits as a number.
pub(crate) fn digits(text: &[u8], from: usize, count: usize) -> Option<i64> {
    let text = text.get(from..from + count)?;
    let mut value = 0;
    for digit in text {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(digit - b'0');
    }
    Some(value)
}

/// Reads `2026-01-31T09:00:00`, up to the end of the seconds' fraction. Gives the length read too.
pub(crate) fn civil_prefix(text: &[u8]) -> Option<(Civil, usize)> {
    if text.len() < 19 || text[4] != b'-' || text[7] != b'-' || !matches!(text[10], b'T' | b't' | b' ') {
        return None;
    }
    if text[13] != b':' || text[16] != b':' {
        return None;
    }
    let mut civil = Civil {
        year: digits(text, 0, 4)?,
        month: digits(text, 5, 2)?,
        day: digits(text, 8, 2)?,
        hour: digits(text, 11, 2)?,
        minute: digits(text, 14, 2)?,
        second: digits(text, 17, 2)?,
        nanos: 0,
    };
    let mut end = 19;
    if matches!(text.get(19), Some(b'.' | b',')) {
        let count = text[20..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        // Finer than a nanosecond is more than an instant can hold.
        if count == 0 || count > 9 {
            return None;
        }
        civil.nanos = digits(text, 20, count)? * 10_i64.pow(9 - count as u32);
        end = 20 + count;
    }
    civil.is_real().then_some((civil, end))
}

/// Reads `Z`, `+01:00`, `+0100`, `+01`, `-07:00`: the offset in seconds.
pub(crate) fn offset(text: &[u8]) -> Option<i64> {
    let sign = match text {
        [b'Z' | b'z'] => return Some(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let (hours, minutes) = match text.len() {
        3 => (digits(text, 1, 2)?, 0),
        5 => (digits(text, 1, 2)?, digits(text, 3, 2)?),
        6 if text[3] == b':' => (digits(text, 1, 2)?, digits(text, 4, 2)?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

fn date_time(text: &[u8], zone: &TimeZone) -> Option<Reading> {
    let (civil, end) = civil_prefix(text)?;
    let rest = &text[end..];
    if rest.is_empty() {
        return civil.in_zone(zone).map(|instant| Reading { instant, zone_assumed: true });
    }
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    let seconds = if rest == b"UTC" { 0 } else { offset(rest)? };
    civil.at_offset(seconds).map(|instant| Reading { instant, zone_assumed: false })
}

/// Digits with an optional fraction, in units of 10^-`unit` seconds.
fn epoch(text: &[u8], unit: u32) -> Option<Instant> {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let point = memchr::memchr(b'.', text).unwrap_or(text.len());
    let (whole, fraction) = (&text[..point], text.get(point + 1..).unwrap_or_default());
    if whole.is_empty() || whole.len() > 19 || (point < text.len() && fraction.is_empty()) {
        return None;
    }
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let factor = 10_i64.pow(9 - unit);
    let kept = fraction.len().min(9 - unit as usize);
    let part = digits(fraction, 0, kept)? * 10_i64.pow(9 - unit - kept as u32);
    let nanos = crate::number::integer(whole)?.checked_mul(factor)?.checked_add(part)?;
    Some(Instant::from_nanos(if negative { -nanos } else { nanos }))
}

/// Seconds below 10^11 (the year 5138), milliseconds below 10^14, microseconds below 10^17, else nanoseconds.
fn epoch_by_magnitude(text: &[u8]) -> Option<Instant> {
    // Some producers write 1.7e9: the exponent is worked out first, exactly.
    if let Some(plain) = without_exponent(text) {
        return epoch_by_magnitude(plain.as_bytes());
    }
    let whole = text.strip_prefix(b"-").unwrap_or(text);
    let size = memchr::memchr(b'.', whole).unwrap_or(whole.len());
    epoch(
        text,
        match size {
            0..=11 => 0,
            12..=14 => 3,
            15..=17 => 6,
            _ => 9,
        },
    )
}

/// Unix seconds with sign, decimals and exponent as in OpenMetrics; finer than a nanosecond is cut.
pub(crate) fn seconds(text: &[u8]) -> Option<Instant> {
    let unsigned = text.strip_prefix(b"+").unwrap_or(text);
    match without_exponent(unsigned) {
        Some(plain) => epoch(plain.as_bytes(), 0),
        None => epoch(unsigned, 0),
    }
}

fn without_exponent(text: &[u8]) -> Option<String> {
    let at = memchr::memchr2(b'e', b'E', text)?;
    let mantissa = std::str::from_utf8(&text[..at]).ok()?;
    let exponent: usize = std::str::from_utf8(&text[at + 1..]).ok()?.parse().ok().filter(|exponent| *exponent <= 18)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let padded = format!("{fraction:0<exponent$}");
    let (moved, rest) = padded.split_at_checked(exponent)?;
    let plain = format!("{whole}{moved}");
    let trimmed = plain.trim_start_matches('0');
    Some(if rest.is_empty() { trimmed.to_owned() } else { format!("{trimmed}.{rest}") })
}

/// `Jan` … `Dec` as 1 … 12.
pub(crate) fn month(name: &[u8]) -> Option<i64> {
    const NAMES: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    NAMES.chunks_exact(3).position(|month| month == name).map(|index| index as i64 + 1)
}

/// The time of an access log, without its brackets: `10/Oct/2000:13:55:36 -0700`, 26 bytes.
pub(crate) fn clf(text: &[u8]) -> Option<Instant> {
    if text.len() != 26 || text[2] != b'/' || text[6] != b'/' || text[11] != b':' || text[20] != b' ' {
        return None;
    }
    if text[14] != b':' || text[17] != b':' {
        return None;
    }
    let civil = Civil {
        year: digits(text, 7, 4)?,
        month: month(&text[3..6])?,
        day: digits(text, 0, 2)?,
        hour: digits(text, 12, 2)?,
        minute: digits(text, 15, 2)?,
        second: digits(text, 18, 2)?,
        nanos: 0,
    };
    if !civil.is_real() {
        return None;
    }
    civil.at_offset(offset(&text[21..])?)
}

fn by_pattern(pattern: &str, text: &str, zone: &TimeZone) -> Option<Reading> {
    let broken = jiff::fmt::strtime::parse(pattern, text).ok()?;
    if let Ok(stamp) = broken.to_timestamp() {
        let instant = i64::try_from(stamp.as_nanosecond()).ok().map(Instant::from_nanos)?;
        return Some(Reading { instant, zone_assumed: false });
    }
    let local: DateTime = broken.to_datetime().ok()?;
    let stamp = zone.to_ambiguous_timestamp(local).compatible().ok()?;
    let instant = i64::try_from(stamp.as_nanosecond()).ok().map(Instant::from_nanos)?;
    Some(Reading { instant, zone_assumed: true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(format: &TimeFormat, text: &str, zone: &TimeZone, expect: Option<&str>) {
        let reading = format.read(text, zone).map(|reading| reading.instant.to_string());
        assert_eq!(reading.as_deref(), expect, "{text}");
    }

    #[test]
    fn times_are_read_in_every_usual_form() {
        let guess = |text, expect| check(&TimeFormat::Guess, text, &TimeZone::UTC, expect);
        guess("2026-01-31T09:00:00Z", Some("2026-01-31T09:00:00Z"));
        guess("2026-01-31t09:00:00.123456789+01:00", Some("2026-01-31T08:00:00.123456789Z"));
        guess("2026-01-31 09:00:00,5", Some("2026-01-31T09:00:00.5Z"));
        guess("2026-01-31 09:00:00 +0530", Some("2026-01-31T03:30:00Z"));
        guess("2016-12-31T23:59:60Z", Some("2017-01-01T00:00:00Z"));
        guess("1700000000", Some("2023-11-14T22:13:20Z"));
        guess("1700000000.25", Some("2023-11-14T22:13:20.25Z"));
        guess("1.7e9", Some("2023-11-14T22:13:20Z"));
        guess("1700000000123", Some("2023-11-14T22:13:20.123Z"));
        guess("1700000000123456", Some("2023-11-14T22:13:20.123456Z"));
        guess("1700000000123456789", Some("2023-11-14T22:13:20.123456789Z"));
        for wrong in [
            "",
            "-",
            "now",
            "2026-02-30T00:00:00Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T09:00:00.Z",
            "2026-01-31",
            "2026-01-31T09:00:00.1234567890Z",
            "2026-01-31T09:00:00+25:00",
            "17e99",
            "1.2.3",
            "1700000000.",
        ] {
            guess(wrong, None);
        }
    }

    #[test]
    fn local_times_follow_their_zone() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let pattern = TimeFormat::Pattern("%d.%m.%Y %H:%M:%S".into());
        check(&TimeFormat::Guess, "2026-07-01 12:00:00", &berlin, Some("2026-07-01T10:00:00Z"));
        // Shown twice: the first of both. Shown never: as far after the gap as it stands in it.
        check(&TimeFormat::Guess, "2026-10-25 02:30:00", &berlin, Some("2026-10-25T00:30:00Z"));
        check(&TimeFormat::Guess, "2026-03-29 02:30:00", &berlin, Some("2026-03-29T01:30:00Z"));
        check(&pattern, "31.01.2026 09:00:00", &berlin, Some("2026-01-31T08:00:00Z"));
        check(&TimeFormat::Clf, "10/Oct/2000:13:55:36 -0700", &berlin, Some("2000-10-10T20:55:36Z"));
        check(&TimeFormat::Epoch(6), "1", &berlin, Some("1970-01-01T00:00:00.000001Z"));
        check(&TimeFormat::Rfc3339, "2026-01-31T09:00:00", &berlin, None);
    }

    proptest! {
        #[test]
        fn what_an_instant_prints_is_read_back(nanos in any::<i64>()) {
            let instant = Instant::from_nanos(nanos);
            let reading = TimeFormat::Guess.read(&instant.to_string(), &TimeZone::UTC);
            prop_assert_eq!(reading.map(|reading| reading.instant), Some(instant));
        }
    }
}
