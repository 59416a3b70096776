//! Times of day as text, without a calendar: every file lies within one fixed day.

use std::io::Write;

/// 2026-11-01T00:00:00Z in seconds since 1970.
pub(crate) const START: u64 = 1_793_491_200;
pub(crate) const DAY_US: f64 = 86_400e6;

/// Microseconds since the start of the day, cut into the parts that clocks show.
pub(crate) struct Time {
    pub(crate) hour: u64,
    pub(crate) minute: u64,
    pub(crate) second: u64,
    pub(crate) micro: u64,
}

/// The time when `passed` (0 to 1) of the day is over.
pub(crate) fn at(passed: f64) -> Time {
    let us = (passed.min(0.999_999_999) * DAY_US) as u64;
    let seconds = us / 1_000_000;
    Time { hour: seconds / 3600, minute: seconds / 60 % 60, second: seconds % 60, micro: us % 1_000_000 }
}

/// `2026-11-01T07:05:09.000123Z`
pub(crate) fn rfc3339(time: &Time, line: &mut Vec<u8>) {
    line.extend_from_slice(b"2026-11-01T");
    hms(time, line);
    let _ = write!(line, ".{:06}Z", time.micro);
}

/// `07:05:09`
pub(crate) fn hms(time: &Time, line: &mut Vec<u8>) {
    for (part, after) in [(time.hour, b':'), (time.minute, b':'), (time.second, 0)] {
        line.extend_from_slice(&[b'0' + (part / 10) as u8, b'0' + (part % 10) as u8]);
        if after != 0 {
            line.push(after);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_passed_from_its_first_to_its_last_second() {
        let check = |passed, expect: &str| {
            let mut line = Vec::new();
            rfc3339(&at(passed), &mut line);
            assert_eq!(String::from_utf8(line).unwrap(), expect);
        };
        check(0.0, "2026-11-01T00:00:00.000000Z");
        check(0.5, "2026-11-01T12:00:00.000000Z");
        check(1.0, "2026-11-01T23:59:59.999913Z");
    }
}
