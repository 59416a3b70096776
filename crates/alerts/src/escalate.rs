//! What nobody answers becomes graver: by severity, age and how often it was found wrong.

use model::{Fault, Instant};
use serde_json::{Map, Value};

use crate::alert::{Alert, Status};
use crate::event::{Entry, Event};
use crate::policy::{Escalation, Policy};
use crate::register::Register;

impl Register {
    /// Raises the severity of what fires and nobody acknowledged, one step at a time. Age counts from when the alert got its
    /// present severity. Gives how many it were.
    ///
    /// # Errors
    /// `internal`.
    pub fn escalate(&mut self, policy: &Policy, by: &str, now: Instant) -> Result<usize, Fault> {
        let is_open = |alert: &&Alert| alert.status == Status::Firing && alert.acknowledged.is_none();
        let due = |alert: &Alert| {
            let fitting = policy.escalate.iter().filter(|escalation| escalation.from == alert.severity);
            let mut found =
                fitting.filter_map(|escalation| Some((alert.id.clone(), escalation.to, why(escalation, alert, now)?)));
            found.next()
        };
        let raised: Vec<_> = self.alerts().iter().filter(is_open).filter_map(due).collect();
        for (id, to, why) in &raised {
            let said = [("to", to.word()), ("why", why.as_str())];
            let said: Map<String, Value> =
                said.map(|(name, text)| (name.to_owned(), text.into())).into_iter().collect();
            let (by, about) = (by.to_owned(), id.clone());
            self.enter(Entry { at: now, by, event: Event::Escalated, about, said })?;
        }
        Ok(raised.len())
    }
}

/// Why an escalation is due; nothing where it is not.
fn why(escalation: &Escalation, alert: &Alert, now: Instant) -> Option<String> {
    let since = alert.escalated.or(alert.fired)?;
    let age = i128::from(now.nanos()) - i128::from(since.nanos());
    let old = escalation.after.filter(|after| age >= after.nanos());
    let often = escalation.breaches.filter(|breaches| alert.breaches >= *breaches);
    match (old, often) {
        (Some(after), _) => Some(format!("nobody acknowledged it for {after}")),
        (None, Some(breaches)) => Some(format!("found wrong {breaches} times, and nobody acknowledged it")),
        (None, None) => None,
    }
}
