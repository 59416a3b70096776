//! What targets read: one body for all letters, or one for each.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit as _, Mac as _};
use model::{Instant, Severity, Span, Unit, hex};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::{Letter, key, mail, syslog};
use crate::labels::Labels;
use crate::policy::TargetKind;

/// An alert that still fires ends for Alertmanager so long after it was told, unless it is told again.
const FIRING_FOR: Span = Span::new(24, Unit::Hour);
/// The time that Alertmanager writes where there is none.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// What is the same for a whole delivery.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// When it is made.
    pub now: Instant,
    /// The name of the target.
    pub receiver: &'a str,
    /// The secret of the target: of the signature, or the routing key.
    pub secret: Option<&'a str>,
    /// What the alerts agree on.
    pub group: &'a Labels,
}

/// A body, and what goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// JSON; of syslog and mail their message.
    pub body: String,
    /// Headers of HTTP; of NATS the id of the message.
    pub headers: Vec<(&'static str, String)>,
}

impl Payload {
    /// The bodies of a delivery, in the form that the kind of target reads.
    pub fn of(kind: &TargetKind, letters: &[Letter<'_>], envelope: &Envelope<'_>) -> Vec<Payload> {
        let plain = |body: Value| Payload { body: body.to_string(), headers: Vec::new() };
        let each = |one: fn(&Letter<'_>, &Envelope<'_>) -> Value| {
            letters.iter().map(|letter| plain(one(letter, envelope))).collect()
        };
        match kind {
            TargetKind::File { .. } | TargetKind::Command { .. } => vec![plain(delivery(letters, envelope))],
            TargetKind::Webhook(_) => {
                vec![keyed(signed(delivery(letters, envelope).to_string(), envelope), letters, envelope)]
            }
            TargetKind::WebhookV4(_) => vec![keyed(plain(webhook_v4(letters, envelope)), letters, envelope)],
            TargetKind::Alertmanager(_) => {
                vec![plain(letters.iter().map(|letter| alertmanager(letter, envelope)).collect())]
            }
            TargetKind::Slack(_) => each(slack),
            TargetKind::PagerDuty(_) => each(pagerduty),
            TargetKind::Email(target) => letters.iter().map(|letter| mail::message(letter, envelope, target)).collect(),
            TargetKind::Nats(_) => vec![numbered(delivery(letters, envelope).to_string(), letters, envelope)],
            TargetKind::Syslog { facility, .. } => {
                let one = |letter| syslog::message(letter, envelope.now, *facility);
                letters.iter().map(|letter| Payload { body: one(letter), headers: Vec::new() }).collect()
            }
        }
    }
}

/// With an id by which a stream knows the message again when it is handed over twice.
fn numbered(body: String, letters: &[Letter<'_>], envelope: &Envelope<'_>) -> Payload {
    Payload { body, headers: vec![("Nats-Msg-Id", key(envelope.receiver, letters))] }
}

/// With the header by which a receiver knows a request again (IETF draft «The Idempotency-Key HTTP Header Field»: a string
/// in quotes).
fn keyed(mut payload: Payload, letters: &[Letter<'_>], envelope: &Envelope<'_>) -> Payload {
    payload.headers.push(("Idempotency-Key", format!("\"{}\"", key(envelope.receiver, letters))));
    payload
}

/// Our own form, `alert-delivery/1`.
fn delivery(letters: &[Letter<'_>], envelope: &Envelope<'_>) -> Value {
    let one = |letter: &Letter<'_>| {
        let alert = letter.alert;
        json!({
            "id": alert.id, "fingerprint": alert.labels.fingerprint().to_string(), "status": word(letter),
            "labels": labels(letter), "kind": alert.kind.word(), "severity": alert.severity.word(),
            "summary": alert.summary, "runbook": alert.runbook, "count": alert.count,
            "since": alert.active.to_string(), "fired": alert.fired.map(|time| time.to_string()),
            "resolved": alert.resolved.map(|time| time.to_string()),
        })
    };
    json!({
        "schema": "alert-delivery/1", "sent": envelope.now.to_string(), "receiver": envelope.receiver,
        "delivery": key(envelope.receiver, letters), "alerts": letters.iter().map(one).collect::<Vec<_>>(),
    })
}

/// HMAC-SHA-256 over the second, a point, and the body: whoever plays it back later is late.
fn signed(body: String, envelope: &Envelope<'_>) -> Payload {
    let second = envelope.now.seconds().to_string();
    let mut headers = vec![("X-Probity-Timestamp", second.clone())];
    // HMAC takes keys of any length.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(envelope.secret.unwrap_or_default().as_bytes()) {
        for part in [second.as_bytes(), b".", body.as_bytes()] {
            mac.update(part);
        }
        headers.push(("X-Probity-Signature", format!("sha256={}", hex(&mac.finalize().into_bytes()))));
    }
    Payload { body, headers }
}

fn word(letter: &Letter<'_>) -> &'static str {
    if letter.over { "resolved" } else { "firing" }
}

fn labels(letter: &Letter<'_>) -> Map<String, Value> {
    letter.alert.labels.pairs().map(|(name, value)| (name.to_owned(), value.into())).collect()
}

/// Labels as receivers of Prometheus know them: `severity` is one of them there.
fn labels_with_severity(letter: &Letter<'_>) -> Map<String, Value> {
    let mut labels = labels(letter);
    // Its first severity: Alertmanager would take another for another alert, and the first would never end.
    labels.insert("severity".to_owned(), letter.alert.base.word().into());
    labels.insert("kind".to_owned(), letter.alert.kind.word().into());
    labels
}

fn annotations(letter: &Letter<'_>) -> Map<String, Value> {
    let alert = letter.alert;
    let mut annotations = Map::from_iter([
        ("summary".to_owned(), Value::from(alert.summary.as_str())),
        ("probity_id".to_owned(), Value::from(alert.id.as_str())),
    ]);
    if let Some(runbook) = &alert.runbook {
        annotations.insert("runbook_url".to_owned(), runbook.as_str().into());
    }
    if alert.severity != alert.base {
        annotations.insert("escalated_to".to_owned(), alert.severity.word().into());
    }
    annotations
}

fn starts(letter: &Letter<'_>) -> String {
    letter.alert.fired.unwrap_or(letter.alert.active).to_string()
}

/// One alert of `POST /api/v2/alerts`.
fn alertmanager(letter: &Letter<'_>, envelope: &Envelope<'_>) -> Value {
    let end = match letter.over {
        true => letter.alert.resolved,
        false => envelope.now.plus(FIRING_FOR),
    };
    json!({
        "labels": labels_with_severity(letter), "annotations": annotations(letter), "startsAt": starts(letter),
        "endsAt": end.unwrap_or(envelope.now).to_string(), "generatorURL": "",
    })
}

/// The webhook of Alertmanager, version 4: all letters are one group.
fn webhook_v4(letters: &[Letter<'_>], envelope: &Envelope<'_>) -> Value {
    let one = |letter: &Letter<'_>| {
        let end = letter.alert.resolved.filter(|_| letter.over).map_or_else(|| NEVER.to_owned(), |at| at.to_string());
        json!({
            "status": word(letter), "labels": labels_with_severity(letter), "annotations": annotations(letter),
            "startsAt": starts(letter), "endsAt": end, "generatorURL": "",
            "fingerprint": letter.alert.labels.fingerprint().to_string(),
        })
    };
    let common = |of: fn(&Letter<'_>) -> Map<String, Value>| -> Map<String, Value> {
        let mut all = letters.iter().map(of);
        let mut common = all.next().unwrap_or_default();
        all.for_each(|other| common.retain(|name, value| other.get(name) == Some(value)));
        common
    };
    let status = if letters.iter().all(|letter| letter.over) { "resolved" } else { "firing" };
    json!({
        "version": "4", "receiver": envelope.receiver, "status": status,
        "alerts": letters.iter().map(one).collect::<Vec<_>>(), "groupLabels": envelope.group.pairs().collect::<BTreeMap<_, _>>(),
        "commonLabels": common(labels_with_severity), "commonAnnotations": common(annotations),
        "externalURL": "", "groupKey": format!("{{receiver={:?}}}:{}", envelope.receiver, envelope.group), "truncatedAlerts": 0,
    })
}

/// A message of an incoming webhook; `&`, `<` and `>` are its markup.
fn slack(letter: &Letter<'_>, _: &Envelope<'_>) -> Value {
    let alert = letter.alert;
    let plain = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let head = format!("[{} {}] {} {}", word(letter), alert.severity.word(), alert.id, plain(&alert.summary));
    let runbook = alert.runbook.as_deref().map(|runbook| format!("\n{}", plain(runbook))).unwrap_or_default();
    json!({"text": format!("{head}{runbook}")})
}

/// An event of the Events API, version 2.
fn pagerduty(letter: &Letter<'_>, envelope: &Envelope<'_>) -> Value {
    let alert = letter.alert;
    let severity = match alert.severity {
        Severity::Critical => "critical",
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "info",
    };
    // Their limit for a summary.
    let summary: String = alert.summary.chars().take(1024).collect();
    let mut event = json!({
        "routing_key": envelope.secret.unwrap_or_default(), "dedup_key": alert.labels.fingerprint().to_string(),
        "event_action": if letter.over { "resolve" } else { "trigger" },
        "payload": {
            "summary": summary, "source": "probity", "severity": severity, "timestamp": starts(letter),
            "component": alert.labels.value("rule"), "class": alert.kind.word(), "custom_details": labels(letter),
        },
    });
    if let Some(runbook) = &alert.runbook {
        event["links"] = json!([{"href": runbook, "text": "runbook"}]);
    }
    event
}
