//! Time zones by their present rule (`data/zones.tsv`, the tz database).

use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{Fault, Instant};

use super::timestamp;

/// Where days begin and end.
#[derive(Clone, Debug)]
pub struct Zone {
    name: &'static str,
    rule: TimeZone,
}

impl Default for Zone {
    fn default() -> Self {
        Zone { name: "UTC", rule: TimeZone::UTC }
    }
}

impl Zone {
    /// The zone of that name: `Europe/Berlin`.
    ///
    /// # Errors
    /// `unknown-zone`.
    pub fn of(name: &str) -> Result<Self, Fault> {
        let rows = include_str!("../../data/zones.tsv").lines().filter(|line| !line.starts_with('#'));
        let names = || rows.clone().filter_map(|row| row.split_once('\t'));
        let found = names().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let zone = found.and_then(|(name, rule)| TimeZone::posix(rule).ok().map(|rule| Zone { name, rule }));
        zone.ok_or_else(|| {
            let near = model::nearest(name, names().map(|(name, _)| name)).unwrap_or("Europe/Berlin");
            Fault::bad_config("unknown-zone", format!("There is no time zone {name:?}"))
                .advise(format!("Write a name of the tz database: {near}, for example."))
        })
    }

    /// As the tz database spells it.
    pub fn name(&self) -> &str {
        self.name
    }

    pub(super) fn date(&self, instant: Instant) -> Date {
        self.rule.to_datetime(timestamp(instant)).date()
    }

    pub(super) fn last_second(&self, day: Date) -> Option<Instant> {
        let end = day.at(23, 59, 59, 0).to_zoned(self.rule.clone()).ok()?;
        i64::try_from(end.timestamp().as_nanosecond()).ok().map(Instant::from_nanos)
    }
}
