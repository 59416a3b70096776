//! Calendar windows: months and days as the clocks of a place have them.
//!
//! A window has a first beginning, a wall time in a zone, and a length. Days, weeks, months, quarters and years are counted on the
//! calendar from there: where clocks are turned, a day has 23 or 25 hours. A month that lacks the day of the first beginning
//! begins on its last one. Minutes and hours are elapsed time. A wall time that clocks skip is taken as the time after the gap, one
//! that they show twice as the first of the two. The zone database is in the program.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use model::{Fault, Instant, Place};

use crate::duration::{Count, Duration};

/// When a calendar window begins for the first time, and where.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    begin: DateTime,
    zone: TimeZone,
    zone_name: String,
}

/// One window of a calendar: from its first instant to the first one after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// The name of the zone, as the tz database has it.
    pub zone: String,
    /// The first instant that belongs to it.
    pub from: Instant,
    /// The first instant that does not any more.
    pub to: Instant,
    /// `from` in local time, RFC 3339 with its offset.
    pub from_local: String,
    /// `to` in local time.
    pub to_local: String,
}

impl Calendar {
    /// `startTime` and `timeZone` as they are written.
    ///
    /// # Errors
    /// `bad-start-time`, `unknown-zone`.
    pub(crate) fn read((start, at): (&str, &Place), (zone, zone_at): (&str, &Place)) -> Result<Self, Fault> {
        let begin = start.parse::<DateTime>().map_err(|_| {
            Fault::bad_config("bad-start-time", format!("{start:?} is no time on a clock"))
                .advise("Write it without a zone: 2026-01-01 00:00:00.")
                .at(at.clone())
        })?;
        let found = TimeZone::get(zone).map_err(|_| {
            Fault::bad_config("unknown-zone", format!("There is no time zone {zone:?}"))
                .advise("Write a name of the tz database, such as Europe/Berlin or UTC.")
                .at(zone_at.clone())
        })?;
        let zone_name = found.iana_name().unwrap_or(zone).to_owned();
        Ok(Calendar { begin, zone: found, zone_name })
    }

    /// What a calendar is without one: days and months of UTC, weeks from Monday on.
    pub(crate) fn universal(duration: Duration) -> Self {
        let day = if duration.is_weeks() { (1969, 12, 29) } else { (1970, 1, 1) };
        let begin = jiff::civil::date(day.0, day.1, day.2).at(0, 0, 0, 0);
        Calendar { begin, zone: TimeZone::UTC, zone_name: "UTC".to_owned() }
    }

    /// The window that `at` lies in. An instant at which one ends and the next begins is the end of the first: at midnight of the
    /// first of a month the month before is judged, whole.
    ///
    /// # Errors
    /// `window-not-begun` before the first, `window-out-of-range` beyond 2262.
    pub(crate) fn period(&self, duration: Duration, at: Instant) -> Result<Period, Fault> {
        let far = || {
            Fault::bad_config("window-out-of-range", format!("A window of {duration} around {at} ends too late"))
                .advise("Instants lie between 1677 and 2262.")
        };
        let first = self.beginning(duration, 0).ok_or_else(far)?;
        if at <= first {
            let zone = &self.zone_name;
            return Err(Fault::no_verdict(
                "window-not-begun",
                format!("The first window begins at {} ({zone})", self.begin),
            )
            .advise("Judge it later, or let it begin earlier."));
        }
        let mut number = self.guess(duration, at);
        while number > 0 && self.beginning(duration, number).is_none_or(|from| from >= at) {
            number -= 1;
        }
        while self.beginning(duration, number + 1).is_some_and(|to| to < at) {
            number += 1;
        }
        let from = self.beginning(duration, number).ok_or_else(far)?;
        let to = self.beginning(duration, number + 1).ok_or_else(far)?;
        let (from_local, to_local) = (self.local(from), self.local(to));
        Ok(Period { zone: self.zone_name.clone(), from, to, from_local, to_local })
    }

    /// About how many windows lie before `at`: at most a few too many or too few.
    fn guess(&self, duration: Duration, at: Instant) -> i64 {
        let elapsed = self.beginning(duration, 0).map_or(0, |first| at.nanos().saturating_sub(first.nanos()));
        // A rolling month is 30 days and a real one longer: the guess is too high by one in seventy, and walked back.
        let length = i64::try_from(duration.rolling().nanos()).unwrap_or(i64::MAX).max(1);
        elapsed / length + 1
    }

    /// When window number `number` begins.
    fn beginning(&self, duration: Duration, number: i64) -> Option<Instant> {
        let begin =
            |begin: DateTime| self.zone.to_ambiguous_zoned(begin).compatible().ok().map(|zoned| zoned.timestamp());
        let stamp = match duration.on_a_calendar(number)? {
            Count::Seconds(seconds) => begin(self.begin)?.checked_add(SignedDuration::from_secs(seconds)).ok()?,
            Count::Days(days) => begin(self.begin.checked_add(Span::new().try_days(days).ok()?).ok()?)?,
            Count::Months(months) => begin(self.begin.checked_add(Span::new().try_months(months).ok()?).ok()?)?,
        };
        i64::try_from(stamp.as_nanosecond()).ok().map(Instant::from_nanos)
    }

    fn local(&self, at: Instant) -> String {
        let stamp = Timestamp::from_nanosecond(at.nanos().into()).unwrap_or(Timestamp::UNIX_EPOCH);
        stamp.display_with_offset(self.zone.to_offset(stamp)).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The window around `at`: its local edges and its length in minutes.
    fn check(start: &str, zone: &str, length: &str, at: &str, expect: Result<(&str, &str, i64), &str>) {
        let place = Place::default();
        let calendar = Calendar::read((start, &place), (zone, &place)).unwrap();
        let duration = Duration::parse(length, "duration", &place).unwrap();
        let found = calendar.period(duration, Instant::parse(at).unwrap());
        let found = found.as_ref().map(|period| {
            let minutes = (period.to.nanos() - period.from.nanos()) / 60_000_000_000;
            (period.from_local.as_str(), period.to_local.as_str(), minutes)
        });
        assert_eq!(found.map_err(Fault::code), expect, "{start} {zone} {length} {at}");
    }

    /// Figures by hand: a month has days · 1,440 minutes, 60 fewer where clocks go forward and 60 more where they go back.
    #[test]
    fn months_over_turned_clocks() {
        let new_york = "America/New_York";
        let start = "2026-01-01 00:00:00";
        let march = ("2026-03-01T00:00:00-05:00", "2026-04-01T00:00:00-04:00", 44_580);
        check(start, new_york, "1M", "2026-03-15T12:00:00Z", Ok(march));
        let november = ("2026-11-01T00:00:00-04:00", "2026-12-01T00:00:00-05:00", 43_260);
        check(start, new_york, "1M", "2026-11-30T12:00:00Z", Ok(november));
        let berlin = ("2026-10-01T00:00:00+02:00", "2026-11-01T00:00:00+01:00", 44_700);
        check(start, "Europe/Berlin", "1M", "2026-10-25T00:30:00Z", Ok(berlin));
        // Half an hour: the clocks of Lord Howe go by thirty minutes.
        let howe = ("2026-04-01T00:00:00+11:00", "2026-05-01T00:00:00+10:30", 43_230);
        check(start, "Australia/Lord_Howe", "1M", "2026-04-20T00:00:00Z", Ok(howe));
        // Clocks of the south go back in April, and midnight is what Santiago's skip in September.
        let sydney = ("2026-10-01T00:00:00+10:00", "2026-11-01T00:00:00+11:00", 44_580);
        check(start, "Australia/Sydney", "1M", "2026-10-20T00:00:00Z", Ok(sydney));
        let santiago = ("2026-09-06T01:00:00-03:00", "2026-09-07T00:00:00-03:00", 1_380);
        check(start, "America/Santiago", "1d", "2026-09-06T12:00:00Z", Ok(santiago));
        let kathmandu = ("2026-02-01T00:00:00+05:45", "2026-03-01T00:00:00+05:45", 40_320);
        check(start, "Asia/Kathmandu", "1M", "2026-02-20T00:00:00Z", Ok(kathmandu));
    }

    #[test]
    fn days_weeks_quarters_and_years() {
        let start = "2023-12-31 08:00:00";
        check(
            start,
            "UTC",
            "1M",
            "2024-02-15T00:00:00Z",
            Ok(("2024-01-31T08:00:00+00:00", "2024-02-29T08:00:00+00:00", 41_760)),
        );
        check(
            start,
            "UTC",
            "1M",
            "2024-03-01T00:00:00Z",
            Ok(("2024-02-29T08:00:00+00:00", "2024-03-31T08:00:00+00:00", 44_640)),
        );
        check(
            start,
            "UTC",
            "1Q",
            "2024-04-01T00:00:00Z",
            Ok(("2024-03-31T08:00:00+00:00", "2024-06-30T08:00:00+00:00", 131_040)),
        );
        check(
            "2024-02-29 00:00:00",
            "UTC",
            "1Y",
            "2027-01-01T00:00:00Z",
            Ok(("2026-02-28T00:00:00+00:00", "2027-02-28T00:00:00+00:00", 525_600)),
        );
        check(
            "2024-02-29 00:00:00",
            "UTC",
            "1Y",
            "2028-06-01T00:00:00Z",
            Ok(("2028-02-29T00:00:00+00:00", "2029-02-28T00:00:00+00:00", 525_600)),
        );
    }

    /// A day of 23 hours and one of 25, a week over each; hours are elapsed time.
    #[test]
    fn days_and_hours_over_turned_clocks() {
        let berlin = "Europe/Berlin";
        check(
            "2026-01-05 00:00:00",
            berlin,
            "1d",
            "2026-03-29T12:00:00Z",
            Ok(("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", 1_380)),
        );
        check(
            "2026-01-05 00:00:00",
            berlin,
            "1w",
            "2026-10-20T12:00:00Z",
            Ok(("2026-10-19T00:00:00+02:00", "2026-10-26T00:00:00+01:00", 10_140)),
        );
        check(
            "2026-01-05 00:00:00",
            berlin,
            "12h",
            "2026-03-29T00:30:00Z",
            Ok(("2026-03-29T00:00:00+01:00", "2026-03-29T13:00:00+02:00", 720)),
        );
        // A wall time that is skipped is the one after the gap, one that comes twice the first.
        check(
            "2026-03-28 02:30:00",
            berlin,
            "1d",
            "2026-03-29T12:00:00Z",
            Ok(("2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00", 1_380)),
        );
        check(
            "2026-10-24 02:30:00",
            berlin,
            "1d",
            "2026-10-25T12:00:00Z",
            Ok(("2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00", 1_500)),
        );
    }

    #[test]
    fn an_edge_belongs_to_what_ends_there() {
        let start = "2026-01-01 00:00:00";
        let january = Ok(("2026-01-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00", 44_640));
        check(start, "UTC", "1M", "2026-02-01T00:00:00Z", january);
        check(start, "UTC", "1M", "2026-01-01T00:00:00.000000001Z", january);
        check(start, "UTC", "1M", "2026-01-01T00:00:00Z", Err("window-not-begun"));
        check(start, "UTC", "1M", "2025-06-01T00:00:00Z", Err("window-not-begun"));
        check(
            "1971-01-01 00:00:00",
            "UTC",
            "1d",
            "2261-01-01T12:00:00Z",
            Ok(("2261-01-01T00:00:00+00:00", "2261-01-02T00:00:00+00:00", 1_440)),
        );
        check(start, "UTC", "300Y", "2026-06-01T00:00:00Z", Err("window-out-of-range"));
        check(start, "UTC", "1000000Y", "2026-06-01T00:00:00Z", Err("window-out-of-range"));
    }

    #[test]
    fn what_is_no_time_or_zone_is_refused() {
        let place = Place::default();
        let code =
            |start, zone| Calendar::read((start, &place), (zone, &place)).map(|_| ()).map_err(|fault| fault.code());
        assert_eq!(code("2026-01-01", "UTC"), Ok(()));
        assert_eq!(code("2026-01-01T05:00:00", "europe/berlin"), Ok(()));
        assert_eq!(code("2026-02-30 00:00:00", "UTC"), Err("bad-start-time"));
        assert_eq!(code("yesterday", "UTC"), Err("bad-start-time"));
        assert_eq!(code("2026-01-01 00:00:00", "Mars/Base"), Err("unknown-zone"));
        assert_eq!(code("2026-01-01 00:00:00", ""), Err("unknown-zone"));
    }
}
