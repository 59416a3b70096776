//! What alerts are made from and what they are kept in: policies, documents of evaluations, lines of the register.

#![no_main]

use std::sync::LazyLock;

use alerts::{Entry, Envelope, Event, Letter, Observed, Payload, Policy, Register, TargetKind, observe};
use model::Instant;
use serde_json::Value;

/// Targets of every kind.
static ALL: LazyLock<Policy> =
    LazyLock::new(|| Policy::read(include_str!("../../fixtures/alerts/targets.yaml")).expect("ours"));

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(policy) = Policy::read(text) {
        told(&kept(), &policy);
    }
    let _ = Register::read(text.as_bytes());
    if let Ok(observed) = Observed::read(text) {
        let mut register = Register::default();
        let changes = observe(&mut register, &ALL, &observed, "uid-0", observed.at).expect("not to come");
        assert!(!changes.known && changes.stale == 0, "{changes:?}");
        assert!(observe(&mut register, &ALL, &observed, "uid-0", observed.at).expect("again").known);
        same_again(&register);
        told(&register, &ALL);
    }
    let mut register = Register::default();
    // Behind what makes no sense nothing is entered.
    if text.lines().filter_map(entry).try_for_each(|entry| register.enter(entry)).is_ok() {
        same_again(&register);
        told(&register, &ALL);
    }
});

/// A register in which something fires.
fn kept() -> Register {
    let observed = Observed::read(include_str!("../../fixtures/alerts/evaluation.json")).expect("ours");
    let mut register = Register::default();
    observe(&mut register, &ALL, &observed, "uid-0", observed.at).expect("ours");
    register
}

/// A line without what chains it.
fn entry(line: &str) -> Option<Entry> {
    let line: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| line.get(name)?.as_str();
    Some(Entry {
        at: Instant::parse(text("at")?).ok()?,
        by: text("by")?.to_owned(),
        event: Event::parse(text("event")?)?,
        about: text("about")?.to_owned(),
        said: line.get("said")?.as_object()?.clone(),
    })
}

/// What is written is read again, and is the same.
fn same_again(register: &Register) {
    let (again, whole) = Register::read(register.fresh()).expect("what was entered");
    assert_eq!((whole, again.head()), (register.fresh().len(), register.head()));
    assert_eq!((again.alerts(), again.silences()), (register.alerts(), register.silences()));
}

/// Whatever stands in alerts, each message is one: no header, no line and no JSON of ours ends early.
fn told(register: &Register, policy: &Policy) {
    let last = register.lines().map(|(entry, _)| entry.at).max();
    let now = last.or_else(|| Instant::from_seconds(1_800_000_000)).expect("a time");
    for due in register.due(policy, now) {
        assert!(!due.letters.is_empty());
        payloads(&due.target.kind, &due.letters, &due.group, now);
    }
    for alert in register.alerts() {
        for target in &ALL.targets {
            payloads(&target.kind, &[Letter { alert, over: false, told: None }], &alert.labels, now);
        }
    }
}

fn payloads(kind: &TargetKind, letters: &[Letter<'_>], group: &alerts::Labels, now: Instant) {
    for payload in Payload::of(kind, letters, &Envelope { now, receiver: "r", secret: Some("s"), group }) {
        match kind {
            TargetKind::Email(_) => {
                let (head, body) = payload.body.split_once("\r\n\r\n").expect("a head");
                let names = head.split("\r\n").filter(|line| !line.starts_with(' ')).count();
                assert_eq!(names, 12, "{head}");
                assert!(payload.body.is_ascii() && payload.body.split("\r\n").all(|line| !line.contains(['\r', '\n'])));
                assert!(body.split("\r\n").all(|line| line.len() <= 76), "{body}");
            }
            TargetKind::Syslog { .. } => {
                assert!(payload.body.len() <= 2048 && !payload.body.contains(char::is_control), "{}", payload.body);
            }
            _ => drop(serde_json::from_str::<Value>(&payload.body).expect("JSON")),
        }
    }
}
