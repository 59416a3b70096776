//! A document against what is known: what begins, what fires, what is over.

use model::{Fault, Instant, Severity, Span};
use serde_json::{Map, Value, json};

use crate::alert::{Alert, Status};
use crate::event::{Entry, Event};
use crate::matcher::Subject;
use crate::observed::{Observed, Sight, Signal};
use crate::policy::{Policy, Terms};
use crate::read::NO_DATA;
use crate::register::Register;

/// What an observation came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Whether the document was read before: then nothing changed.
    pub known: bool,
    /// What is wrong.
    pub wrong: usize,
    /// What could not be judged.
    pub unknown: usize,
    /// Signals that are older than what is known of their alert.
    pub stale: usize,
}

/// Holds a document against the register and enters what changed. What the document does not speak of stays as it is.
///
/// # Errors
/// `time-to-come` when the document was judged after `now`.
pub fn observe(
    register: &mut Register,
    policy: &Policy,
    observed: &Observed,
    by: &str,
    now: Instant,
) -> Result<Changes, Fault> {
    if observed.at > now {
        return Err(Fault::bad_input("time-to-come", format!("The document was judged at {}, after now", observed.at))
            .advise("Evaluate as of now, or say with --time as of when to observe it."));
    }
    let mut desk = Desk { register, by, now, at: observed.at, noted: Noted::default() };
    let mut changes = Changes { known: desk.register.knows(&observed.digest), ..Changes::default() };
    for signal in &observed.signals {
        let is_wrong = usize::from(signal.sight == Sight::Wrong);
        *(if is_blind(signal) { &mut changes.unknown } else { &mut changes.wrong }) += is_wrong;
        let Some(case) = Case::of(signal, policy) else { continue };
        if !changes.known {
            changes.stale += usize::from(!desk.take(&case, policy)?);
        }
    }
    if !changes.known {
        desk.close(observed)?;
    }
    Ok(changes)
}

/// Whether it is about that nobody could judge.
fn is_blind(signal: &Signal) -> bool {
    signal.labels.value("alertname") == NO_DATA
}

/// A signal under the terms of the policy.
struct Case<'s> {
    signal: &'s Signal,
    severity: Severity,
    terms: Terms,
}

impl<'s> Case<'s> {
    /// Nothing where the policy wants no such alert.
    fn of(signal: &'s Signal, policy: &Policy) -> Option<Self> {
        let of_blindness = if is_blind(signal) { Some(policy.no_data?) } else { None };
        let said = of_blindness.map(|no_data| no_data.severity).or(signal.severity).unwrap_or(Severity::Medium);
        let mut terms = policy.terms(&Subject { labels: &signal.labels, severity: said, kind: signal.kind });
        terms.hold = terms.hold.or(of_blindness.map(|no_data| no_data.hold)).or(signal.hold.map(Some));
        Some(Case { signal, severity: terms.severity.unwrap_or(said), terms })
    }
}

/// What the line of the observation says of alerts that neither began nor ended.
#[derive(Default)]
struct Noted {
    wrong: Vec<String>,
    clear: Vec<String>,
    counts: Map<String, Value>,
    summaries: Map<String, Value>,
}

struct Desk<'r> {
    register: &'r mut Register,
    by: &'r str,
    now: Instant,
    /// The time of the observation.
    at: Instant,
    noted: Noted,
}

impl Desk<'_> {
    /// False where something newer is known.
    fn take(&mut self, case: &Case<'_>, policy: &Policy) -> Result<bool, Fault> {
        let newest = self.register.newest(case.signal.labels.fingerprint());
        let is_stale =
            newest.is_some_and(|alert| self.at < alert.resolved.map_or(alert.observed, |at| at.max(alert.observed)));
        if is_stale {
            return Ok(false);
        }
        let open = newest.filter(|alert| alert.is_open()).cloned();
        match (case.signal.sight, open) {
            (Sight::Wrong, Some(alert)) => self.still(case, &alert, policy)?,
            (Sight::Wrong, None) => self.begins(case, policy)?,
            (Sight::Clear, Some(alert)) => self.clears(case, &alert, policy)?,
            (Sight::Clear, None) | (Sight::Unknown, _) => {}
        }
        Ok(true)
    }

    fn enter(&mut self, event: Event, about: &str, said: Value) -> Result<(), Fault> {
        let Value::Object(said) = said else { return Ok(()) };
        let (at, by) = (self.now, self.by.to_owned());
        self.register.enter(Entry { at, by, event, about: about.to_owned(), said })
    }

    fn begins(&mut self, case: &Case<'_>, policy: &Policy) -> Result<(), Fault> {
        let (signal, id) = (case.signal, self.register.next_alert());
        let labels: Map<String, Value> =
            signal.labels.pairs().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let mut said = json!({
            "labels": labels, "kind": case.terms.kind.unwrap_or(signal.kind).word(), "severity": case.severity.word(),
            "summary": signal.summary, "count": signal.count, "since": self.at.to_string(),
        });
        if !signal.tells_end {
            said["tells_end"] = false.into();
        }
        if !signal.notify.is_empty() {
            said["notify"] = signal.notify.iter().map(|named| named.name.as_str()).collect();
        }
        if let Some(runbook) = &case.terms.runbook {
            said["runbook"] = runbook.as_str().into();
        }
        self.enter(Event::Pending, &id, said)?;
        let alert = self.register.alert(&id).cloned();
        alert.map_or(Ok(()), |alert| self.still(case, &alert, policy))
    }

    /// It is still wrong: a pending one fires when it lasted.
    fn still(&mut self, case: &Case<'_>, alert: &Alert, policy: &Policy) -> Result<(), Fault> {
        let hold = case.terms.hold.flatten();
        if alert.status == Status::Pending && lasted(alert.active, self.at, hold) {
            self.enter(Event::Fired, &alert.id, json!({"since": self.at.to_string()}))?;
            if let Some(flapping) = &policy.flapping {
                let since = self.at.minus(flapping.within).unwrap_or(alert.active);
                let times = self.register.fired_since(alert.labels.fingerprint(), since);
                if times as u64 >= flapping.times {
                    let why = format!("fired {times} times within {}", flapping.within);
                    self.enter(Event::Flapping, &alert.id, json!({"why": why}))?;
                }
            }
        }
        if alert.count != case.signal.count {
            self.noted.counts.insert(alert.id.clone(), case.signal.count.into());
        }
        if alert.summary != case.signal.summary {
            self.noted.summaries.insert(alert.id.clone(), case.signal.summary.as_str().into());
        }
        self.noted.wrong.push(alert.id.clone());
        Ok(())
    }

    /// It is clear: a firing one is over when that lasted.
    fn clears(&mut self, case: &Case<'_>, alert: &Alert, policy: &Policy) -> Result<(), Fault> {
        let since = json!({"since": self.at.to_string()});
        if alert.status == Status::Pending {
            return self.enter(Event::Withdrawn, &alert.id, since);
        }
        let keep = case.terms.keep.flatten();
        let quiet = policy.flapping.filter(|_| alert.flapping).map(|flapping| flapping.quiet);
        let longest = [keep, quiet].into_iter().flatten().max_by_key(|span| span.nanos());
        match lasted(alert.clear.unwrap_or(self.at), self.at, longest) {
            true => self.enter(Event::Resolved, &alert.id, since),
            false => {
                self.noted.clear.push(alert.id.clone());
                Ok(())
            }
        }
    }

    /// The last line: the document was read whole.
    fn close(mut self, observed: &Observed) -> Result<(), Fault> {
        let noted = std::mem::take(&mut self.noted);
        let said = json!({
            "document": observed.digest.hex(), "schema": observed.schema, "time": observed.at.to_string(),
            "wrong": noted.wrong, "clear": noted.clear, "counts": noted.counts, "summaries": noted.summaries,
        });
        self.enter(Event::Observed, "", said)
    }
}

/// Whether the time from `since` until `at` is as long; without a length every time is.
fn lasted(since: Instant, at: Instant, span: Option<Span>) -> bool {
    span.is_none_or(|span| i128::from(at.nanos()) - i128::from(since.nanos()) >= span.nanos())
}
