//! The 72 hours of Art. 33(1).

use model::Instant;

use super::state::{Incident, Notice};

const HOUR: i64 = 3_600;
/// GDPR Art. 33(1).
const HOURS: i64 = 72;

/// By when the authority is to be told, and whether it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    /// 72 hours after the controller became aware.
    pub due: Instant,
    told: Option<Instant>,
    delay: bool,
    needed: bool,
}

/// How the clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody was told, and there is time.
    Running,
    /// Nobody was told, and the time is over.
    Over,
    /// The authority was told in time.
    Met,
    /// The authority was told later, with the reason for the delay.
    Late,
    /// The breach is unlikely to result in a risk, and it is recorded why.
    NotNeeded,
}

impl Standing {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Standing::Running => "running",
            Standing::Over => "over",
            Standing::Met => "met",
            Standing::Late => "late",
            Standing::NotNeeded => "not-needed",
        }
    }
}

impl Clock {
    pub(super) fn of(incident: &Incident) -> Self {
        let aware = incident.aware();
        let first = incident.first_told(Notice::Authority);
        let due = aware.nanos().saturating_add(HOURS * HOUR * 1_000_000_000);
        Clock {
            due: Instant::from_nanos(due),
            told: first.map(|told| told.sent),
            delay: first.is_some_and(|told| told.delay.is_some()),
            needed: incident.said("risk") != Some("none") || incident.said("risk-reason").is_none(),
        }
    }

    /// How it stands at `now`. Told late without the reason for the delay is as if nobody were told: Art. 33(1) wants both.
    pub fn standing(&self, now: Instant) -> Standing {
        match self.told {
            Some(told) if told <= self.due => Standing::Met,
            Some(_) if self.delay => Standing::Late,
            None if !self.needed => Standing::NotNeeded,
            None if now <= self.due => Standing::Running,
            _ => Standing::Over,
        }
    }

    /// Whole hours that are left; negative when they are over. None: nothing is waited for.
    pub fn hours_left(&self, now: Instant) -> Option<i64> {
        let seconds = self.due.seconds() - now.seconds();
        matches!(self.standing(now), Standing::Running | Standing::Over).then(|| seconds.div_euclid(HOUR))
    }

    /// How it stands at `now`, in words.
    pub fn words(&self, now: Instant) -> String {
        let hours = self.hours_left(now).unwrap_or_default();
        match self.standing(now) {
            Standing::Running => format!("{hours} h left"),
            Standing::Over => format!("over since {} h", -hours),
            Standing::Met => "told in time".to_owned(),
            Standing::Late => "told late, with the reason".to_owned(),
            Standing::NotNeeded => "no risk, no notification".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::register::{Entry, Event};
    use super::*;

    fn time(text: &str) -> Instant {
        Instant::parse(text).expect("a time")
    }

    fn entry(event: Event, said: &[(&str, &str)]) -> Entry {
        let said: BTreeMap<_, _> = said.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let (incident, at, by) = ("inc-0001".to_owned(), time("2026-12-25T08:00:00Z"), "uid-0".to_owned());
        Entry { incident, at, by, event, said }
    }

    /// Hours are hours, over Christmas and over a change of the clocks.
    #[test]
    fn seventy_two_hours_from_awareness() {
        let check = |aware: &str, now: &str, due: &str, left: i64, standing: Standing| {
            let clock = Incident::opened(&entry(Event::Opened, &[("aware", aware)])).clock();
            assert_eq!(
                (clock.due, clock.hours_left(time(now)), clock.standing(time(now))),
                (time(due), Some(left), standing)
            );
        };
        check("2026-12-24T18:00:00Z", "2026-12-25T18:30:00Z", "2026-12-27T18:00:00Z", 47, Standing::Running);
        check("2026-12-24T18:00:00Z", "2026-12-27T18:00:00Z", "2026-12-27T18:00:00Z", 0, Standing::Running);
        check("2026-12-24T18:00:00Z", "2026-12-27T18:00:01Z", "2026-12-27T18:00:00Z", -1, Standing::Over);
        check(
            "2027-03-27T12:00:00+01:00",
            "2027-03-30T12:59:00+02:00",
            "2027-03-30T13:00:00+02:00",
            0,
            Standing::Running,
        );
    }

    /// Too late is late only with its reason; no risk needs a reason as well.
    #[test]
    fn what_ends_the_clock() {
        let check = |more: &[(Event, &[(&str, &str)])], standing: Standing| {
            let mut incident = Incident::opened(&entry(Event::Opened, &[("aware", "2026-12-01T00:00:00Z")]));
            more.iter().for_each(|(event, said)| incident.take(&entry(*event, said)));
            assert_eq!(incident.clock().standing(time("2026-12-25T00:00:00Z")), standing, "{more:?}");
        };
        use Event::{Notified, Updated};
        let (soon, late) = (("sent", "2026-12-03T23:59:00Z"), ("sent", "2026-12-04T00:00:01Z"));
        check(&[], Standing::Over);
        check(&[(Notified, &[("to", "authority"), soon])], Standing::Met);
        check(&[(Notified, &[("to", "people"), soon])], Standing::Over);
        check(&[(Notified, &[("to", "authority"), late])], Standing::Over);
        check(&[(Notified, &[("to", "authority"), late, ("delay", "the log had to be restored")])], Standing::Late);
        check(&[(Updated, &[("risk", "none")])], Standing::Over);
        check(&[(Updated, &[("risk", "none"), ("risk-reason", "the disk is encrypted")])], Standing::NotNeeded);
    }
}
