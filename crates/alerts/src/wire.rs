//! The documents `alert/1`, `silence/1` and `alert-event/1`.

use model::Instant;
use serde_json::{Map, Value, json};

use crate::Limits;
use crate::alert::{Alert, Moment, Status};
use crate::event::Event;
use crate::register::Register;
use crate::silence::Silence;
use crate::standing::{Standing, Voice};

impl Standing<'_> {
    /// As `alert/1`.
    pub fn to_json(&self, now: Instant) -> Value {
        let alert = self.alert;
        let (silenced, inhibited) = match &self.voice {
            Voice::Told => (None, None),
            Voice::Silenced(id) => (Some(id), None),
            Voice::Inhibited(id) => (None, Some(id)),
        };
        let labels: Map<String, Value> =
            alert.labels.pairs().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let time = |time: Option<Instant>| time.map(|time| time.to_string());
        let acknowledged = alert.acknowledged.as_ref();
        json!({
            "schema": "alert/1", "id": alert.id, "fingerprint": alert.labels.fingerprint().to_string(),
            "labels": labels, "kind": alert.kind.word(), "severity": alert.severity.word(),
            "found_severity": alert.base.word(), "status": alert.status.word(), "summary": alert.summary,
            "runbook": alert.runbook, "count": alert.count, "breaches": alert.breaches,
            "since": alert.active.to_string(), "fired": time(alert.fired), "resolved": time(alert.resolved),
            "seen": alert.seen.to_string(), "clear_since": time(alert.clear), "age_seconds": alert.age(now),
            "acknowledged": acknowledged.map(|it| json!({"at": it.at.to_string(), "by": it.by, "note": it.note})),
            "escalated": time(alert.escalated), "flapping": alert.flapping, "silenced_by": silenced,
            "inhibited_by": inhibited, "incidents": alert.incidents, "history": history(alert),
        })
    }
}

impl Register {
    /// The lines behind the first `after`, each with its number, its event, and as `alert-event/1`. What is said of the alert
    /// is how it stands now.
    pub fn events(&self, after: u64) -> impl Iterator<Item = (u64, Event, Value)> {
        let skipped = usize::try_from(after).unwrap_or(usize::MAX);
        self.lines().enumerate().skip(skipped).map(|(number, (entry, digest))| {
            let alert = self.alert(&entry.about);
            let id = number as u64 + 1;
            let about = Some(entry.about.as_str()).filter(|about| !about.is_empty());
            let event = json!({
                "schema": "alert-event/1", "id": id, "at": entry.at.to_string(), "by": entry.by,
                "event": entry.event.word(), "about": about, "line": digest.hex(), "said": entry.said,
                "fingerprint": alert.map(|alert| alert.labels.fingerprint().to_string()),
                "status": alert.map(|alert| alert.status.word()), "severity": alert.map(|alert| alert.severity.word()),
                "summary": alert.map(|alert| alert.summary.as_str()),
            });
            (id, entry.event, event)
        })
    }
}

impl Alert {
    /// For how many seconds it was open, until now or until it was over.
    pub fn age(&self, now: Instant) -> i64 {
        let end = if self.status == Status::Pending || self.status == Status::Firing {
            now
        } else {
            self.resolved.unwrap_or(now)
        };
        (end.seconds() - self.active.seconds()).max(0)
    }
}

fn history(alert: &Alert) -> Vec<Value> {
    let moment = |moment: &Moment| json!({"at": moment.at.to_string(), "by": moment.by, "event": moment.event.word(), "note": moment.note});
    alert.history.iter().take(Limits::HISTORY).map(moment).collect()
}

impl Silence {
    /// As `silence/1`.
    pub fn to_json(&self, now: Instant) -> Value {
        json!({
            "schema": "silence/1", "id": self.id,
            "matchers": self.matchers.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "reason": self.reason, "by": self.by, "from": self.from.to_string(), "until": self.until.to_string(),
            "ended": self.ended.map(|time| time.to_string()), "holds": self.holds(now),
        })
    }
}
