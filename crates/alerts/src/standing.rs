//! Whom an alert disturbs: silences and inhibition.

use std::collections::BTreeMap;

use model::{Fault, Instant, Severity};

use crate::alert::{Alert, Status};
use crate::matcher::all_hold;
use crate::policy::Policy;
use crate::register::Register;

/// Whether an alert is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Voice {
    /// It is.
    Told,
    /// A silence holds: its id.
    Silenced(String),
    /// A graver alert about the same thing fires: its id.
    Inhibited(String),
}

/// An alert, and whether it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing<'r> {
    /// The alert.
    pub alert: &'r Alert,
    /// Whether it is told.
    pub voice: Voice,
}

impl Standing<'_> {
    /// Whether it fires and is told.
    pub fn speaks(&self) -> bool {
        self.alert.status == Status::Firing && self.voice == Voice::Told
    }
}

impl Register {
    /// Every alert with whether it is told at `now`, the oldest first.
    pub fn standings(&self, policy: &Policy, now: Instant) -> Vec<Standing<'_>> {
        let gravest = gravest(self, policy);
        let standing = |alert| Standing { alert, voice: self.voice(alert, policy, &gravest, now) };
        self.alerts().iter().map(standing).collect()
    }

    /// The alert of this id or fingerprint, with whether it is told at `now`.
    ///
    /// # Errors
    /// `no-alert`.
    pub fn standing(&self, name: &str, policy: &Policy, now: Instant) -> Result<Standing<'_>, Fault> {
        let alert = self.known(name)?;
        Ok(Standing { alert, voice: self.voice(alert, policy, &gravest(self, policy), now) })
    }

    fn voice(&self, alert: &Alert, policy: &Policy, gravest: &Gravest<'_>, now: Instant) -> Voice {
        let mut silences = self.silences().iter().filter(|silence| silence.holds(now));
        if let Some(silence) = silences.find(|silence| all_hold(&silence.matchers, &alert.subject())) {
            return Voice::Silenced(silence.id.clone());
        }
        let graver = groups(policy, alert).filter_map(|group| gravest.get(&group));
        let mut graver = graver.filter(|(severity, _)| alert.status == Status::Firing && *severity > alert.severity);
        graver.next().map_or(Voice::Told, |(_, id)| Voice::Inhibited((*id).to_owned()))
    }
}

/// An inhibition by its number, with the values of the labels that its alerts agree on.
type Group = (usize, Vec<String>);
/// The gravest alert of each group that fires.
type Gravest<'r> = BTreeMap<Group, (Severity, &'r str)>;

fn groups<'a>(policy: &'a Policy, alert: &'a Alert) -> impl Iterator<Item = Group> + 'a {
    let fits = |(_, inhibition): &(usize, &crate::policy::Inhibition)| all_hold(&inhibition.matchers, &alert.subject());
    policy.inhibit.iter().enumerate().filter(fits).map(|(number, inhibition)| {
        (number, inhibition.equal.iter().map(|label| alert.labels.value(label).to_owned()).collect())
    })
}

fn gravest<'r>(register: &'r Register, policy: &Policy) -> Gravest<'r> {
    let mut gravest = Gravest::new();
    for alert in register.alerts().iter().filter(|alert| alert.status == Status::Firing) {
        for group in groups(policy, alert) {
            let best = gravest.entry(group).or_insert((alert.severity, &alert.id));
            if alert.severity > best.0 {
                *best = (alert.severity, &alert.id);
            }
        }
    }
    gravest
}
