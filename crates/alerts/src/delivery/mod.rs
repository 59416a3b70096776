//! Who is to be told what, and who cannot be told now.
//!
//! A delivery is entered before it is begun and when it was made. Of one that a run was killed in, nobody knows whether it
//! arrived: that is entered (`uncertain`), and it is made again with the same [`key`], by which a receiver knows it again. What
//! could not be told stays due; nothing is given up while it is true.

mod group;
mod mail;
mod payload;
mod syslog;

use std::collections::BTreeMap;

use model::{Fault, Instant, Severity};
use serde_json::{Map, Value, json};

pub use payload::{Envelope, Payload};

use crate::acts::Actor;
use crate::alert::{Alert, Status};
use crate::event::{Entry, Event};
use crate::labels::Labels;
use crate::policy::{Policy, Target, routed};
use crate::register::Register;
use crate::standing::Standing;

const MINUTE: i64 = 60;

/// What a target is to be told of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letter<'r> {
    /// The alert.
    pub alert: &'r Alert,
    /// Whether it is over.
    pub over: bool,
    /// When the target was told of this alert last.
    pub told: Option<Instant>,
}

/// A delivery that was begun and of which no end is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsettled {
    /// To whom.
    pub target: String,
    /// Its [`key`].
    pub key: String,
    /// What it tells of.
    pub alerts: Vec<String>,
}

/// What is due to a target.
#[derive(Clone, Debug)]
pub struct Due<'r> {
    /// The target.
    pub target: &'r Target,
    /// What its alerts agree on.
    pub group: Labels,
    /// What it is to be told, the gravest first.
    pub letters: Vec<Letter<'r>>,
    /// Why it is not told now; nothing: it is.
    pub held: Option<Held>,
}

/// Why a target is not told now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It failed so often that it is left alone until then.
    Open(Instant),
    /// It was told so often in the last minute.
    Rate,
    /// The alerts wait for others of their group until then.
    Group(Instant),
}

/// How deliveries to a target went.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    /// What was told of each alert last, and when.
    told: BTreeMap<String, (String, Instant)>,
    /// When it was told something, within the last minute of the last line.
    times: Vec<Instant>,
    /// How often it could not be told, one time after the other, and when last.
    failures: u64,
    failed: Option<Instant>,
    /// Deliveries that were begun, by their key, with their alerts.
    open: BTreeMap<String, Vec<String>>,
}

impl Letter<'_> {
    /// What is told, in a word: it is told again when this changes.
    fn word(&self) -> String {
        let severity = self.alert.severity.word();
        if self.over { "resolved".to_owned() } else { format!("firing {severity}") }
    }

    /// The same whenever the same is told to the same receiver, until it was told.
    fn key(&self, receiver: &str) -> String {
        let (alert, told) = (self.alert, self.told.map_or(0, Instant::nanos));
        let (fingerprint, active) = (alert.labels.fingerprint(), alert.active.nanos());
        let what = format!("{receiver}\n{}\n{fingerprint}\n{active}\n{}\n{told}\n", alert.id, self.word());
        short(&what)
    }
}

/// Knows a delivery again: a second attempt at the same has the same key, also in another run; what is told anew, because
/// time has passed or because the alert changed, has another.
pub fn key(receiver: &str, letters: &[Letter<'_>]) -> String {
    let mut keys: Vec<String> = letters.iter().map(|letter| letter.key(receiver)).collect();
    keys.sort_unstable();
    short(&keys.concat())
}

/// Enough of a digest that no two are the same.
fn short(text: &str) -> String {
    seal::sha256(text.as_bytes()).hex()[..32].to_owned()
}

impl Log {
    /// Takes a line; nothing where it makes no sense.
    pub(crate) fn take(&mut self, entry: &Entry) -> Option<()> {
        let key = entry.text("delivery").unwrap_or_default();
        match entry.event {
            Event::Telling => {
                self.open.insert(key.to_owned(), entry.names("alerts"));
                return Some(());
            }
            _ => self.open.remove(key),
        };
        match entry.event {
            // Whoever was not asked did not fail.
            Event::Uncertain => return Some(()),
            Event::Untold if entry.said.get("attempted") == Some(&Value::Bool(false)) => return Some(()),
            Event::Untold => {
                (self.failures, self.failed) = (self.failures + 1, Some(entry.at));
                return Some(());
            }
            _ => {}
        }
        (self.failures, self.failed) = (0, None);
        self.times.retain(|time| entry.at.seconds() - time.seconds() < MINUTE);
        self.times.push(entry.at);
        for (id, word) in entry.said.get("letters")?.as_object()? {
            self.told.insert(id.clone(), (word.as_str()?.to_owned(), entry.at));
        }
        Some(())
    }

    pub(crate) fn open(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.open.iter().map(|(key, alerts)| (key.as_str(), alerts.as_slice()))
    }

    fn last(&self, alert: &Alert) -> Option<Instant> {
        self.told.get(&alert.id).map(|(_, told)| *told)
    }

    /// `more`: so many deliveries are to be made before.
    fn held(&self, target: &Target, more: u64, now: Instant) -> Option<Held> {
        let until = self.failed.and_then(|failed| failed.plus(target.rest));
        let recent = self.times.iter().filter(|time| now.seconds() - time.seconds() < MINUTE).count() as u64;
        match until {
            Some(until) if self.failures >= target.failures && now < until => Some(Held::Open(until)),
            _ if recent + more >= target.rate => Some(Held::Rate),
            _ => None,
        }
    }

    /// Whether the letter says something new, or is to be said again.
    fn wants(&self, letter: &Letter<'_>, target: &Target, now: Instant) -> bool {
        let Some((word, told)) = self.told.get(&letter.alert.id) else { return !letter.over };
        let again = || target.repeat.and_then(|repeat| told.plus(repeat)).is_some_and(|again| again <= now);
        *word != letter.word() || (!letter.over && again())
    }
}

impl Register {
    /// What is due to each target at `now`, group by group. An alert that is silenced or inhibited is not told; that it is over is
    /// told to whom its beginning was told.
    pub fn due<'r>(&'r self, policy: &'r Policy, now: Instant) -> Vec<Due<'r>> {
        let standings = self.standings(policy, now);
        policy.targets.iter().flat_map(|target| self.due_to(target, policy, &standings, now)).collect()
    }

    fn due_to<'r>(
        &'r self,
        target: &'r Target,
        policy: &Policy,
        standings: &[Standing<'r>],
        now: Instant,
    ) -> Vec<Due<'r>> {
        let none = Log::default();
        let log = self.log(&target.name).unwrap_or(&none);
        let mut groups: BTreeMap<Labels, Vec<Letter<'r>>> = BTreeMap::new();
        for standing in standings {
            let alert = standing.alert;
            let over = alert.status == Status::Resolved;
            let is_told = (over && alert.tells_end) || standing.speaks();
            let letter = Letter { alert, over, told: log.last(alert) };
            let is_theirs = || policy.routed(alert).contains(&target.name.as_str());
            if is_told && is_theirs() && log.wants(&letter, target, now) {
                groups.entry(group::of(alert, target)).or_default().push(letter);
            }
        }
        let last = group::told(self.alerts().iter(), target, log);
        let mut made = 0;
        let due = |(group, mut letters): (Labels, Vec<Letter<'r>>)| {
            letters.sort_by_key(|letter| std::cmp::Reverse(letter.alert.severity));
            let waits = group::until(&letters, target, last.get(&group).copied(), now).map(Held::Group);
            let held = waits.or_else(|| log.held(target, made, now));
            made += u64::from(held.is_none());
            Due { target, group, letters, held }
        };
        groups.into_iter().map(due).collect()
    }

    /// Why a target is not told now; nothing: it can be.
    pub fn held(&self, target: &Target, now: Instant) -> Option<Held> {
        self.log(&target.name).and_then(|log| log.held(target, 0, now))
    }

    /// Those letters that say something new to this target.
    pub fn news<'r>(&self, target: &Target, letters: &[Letter<'r>], now: Instant) -> Vec<Letter<'r>> {
        let none = Log::default();
        let log = self.log(&target.name).unwrap_or(&none);
        let new = letters.iter().filter(|letter| log.wants(letter, target, now));
        new.map(|letter| Letter { told: log.last(letter.alert), ..*letter }).collect()
    }

    /// Enters that a target is about to be told: on the disk before anything is sent, it shows after a kill what may have
    /// arrived.
    ///
    /// # Errors
    /// `internal`.
    pub fn telling(
        &mut self,
        target: &str,
        key: &str,
        letters: &[(String, String)],
        actor: Actor<'_>,
    ) -> Result<(), Fault> {
        let said = json!({"target": target, "delivery": key, "alerts": ids(letters)});
        self.delivery(Event::Telling, said, actor)
    }

    /// Enters that nobody knows whether a target was told.
    ///
    /// # Errors
    /// `internal`.
    pub fn uncertain(&mut self, unsettled: &Unsettled, actor: Actor<'_>) -> Result<(), Fault> {
        let Unsettled { target, key, alerts } = unsettled;
        self.delivery(Event::Uncertain, json!({"target": target, "delivery": key, "alerts": alerts}), actor)
    }

    /// Enters that a delivery was not begun after all.
    ///
    /// # Errors
    /// `internal`.
    pub fn withheld(
        &mut self,
        target: &str,
        key: &str,
        letters: &[(String, String)],
        why: &str,
        actor: Actor<'_>,
    ) -> Result<(), Fault> {
        let said = json!({"target": target, "delivery": key, "alerts": ids(letters), "why": why, "attempted": false});
        self.delivery(Event::Untold, said, actor)
    }

    /// Enters that a target was told, and what is to be said of it all the same.
    ///
    /// # Errors
    /// `internal`.
    pub fn told(
        &mut self,
        target: &str,
        key: &str,
        letters: &[(String, String)],
        why: Option<&str>,
        actor: Actor<'_>,
    ) -> Result<(), Fault> {
        let letters: Map<String, Value> =
            letters.iter().map(|(id, word)| (id.clone(), Value::from(word.as_str()))).collect();
        let mut said = json!({"target": target, "delivery": key, "letters": letters});
        if let Some(why) = why {
            said["why"] = why.into();
        }
        self.delivery(Event::Told, said, actor)
    }

    /// Enters that a target could not be told.
    ///
    /// # Errors
    /// `internal`.
    pub fn untold(
        &mut self,
        target: &str,
        key: &str,
        letters: &[(String, String)],
        why: &str,
        actor: Actor<'_>,
    ) -> Result<(), Fault> {
        let said = json!({"target": target, "delivery": key, "alerts": ids(letters), "why": why});
        self.delivery(Event::Untold, said, actor)
    }

    fn delivery(&mut self, event: Event, said: Value, actor: Actor<'_>) -> Result<(), Fault> {
        let said = said.as_object().cloned().unwrap_or_default();
        self.enter(Entry { at: actor.now, by: actor.by.to_owned(), event, about: String::new(), said })
    }
}

impl Due<'_> {
    /// What is told, apart from the register: ids and words.
    pub fn words(&self) -> Vec<(String, String)> {
        words(&self.letters)
    }
}

fn ids(letters: &[(String, String)]) -> Vec<&str> {
    letters.iter().map(|(id, _)| id.as_str()).collect()
}

/// Letters apart from the register: ids and words.
pub fn words(letters: &[Letter<'_>]) -> Vec<(String, String)> {
    letters.iter().map(|letter| (letter.alert.id.clone(), letter.word())).collect()
}

impl Policy {
    /// The targets that an alert goes to: those that its alert policy names, as far as there are such, and those of the
    /// routes.
    pub fn routed(&self, alert: &Alert) -> Vec<&str> {
        let named = alert.notify.iter().filter_map(|name| self.target(name)).map(|target| target.name.as_str());
        routed(&self.routes, &alert.subject(), named.collect())
    }

    /// The target of this name.
    pub fn target(&self, name: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.name == name)
    }
}

/// An alert to try a target with: it is in no register.
pub fn trial(now: Instant) -> Alert {
    let labels = crate::Labels::new([("alertname", "Test"), ("rule", "test")]);
    Alert {
        id: "alert-0000".to_owned(),
        labels,
        kind: crate::Kind::SloBreach,
        base: Severity::Low,
        severity: Severity::Low,
        summary: "This is a test: nothing is wrong.".to_owned(),
        runbook: None,
        tells_end: true,
        notify: Vec::new(),
        count: 0,
        status: Status::Firing,
        active: now,
        fired: Some(now),
        resolved: None,
        observed: now,
        seen: now,
        clear: None,
        breaches: 0,
        acknowledged: None,
        escalated: None,
        flapping: false,
        incidents: Vec::new(),
        history: Vec::new(),
    }
}
