//! The report of an incident: facts, effects, remedies (Art. 33(5)), the timeline, and what was learnt.
//!
//! The timeline has what the register, the stated times, the ledger and the alerts say. Who has the last two hands them over.

use model::Instant;
use serde_json::{Value, json};

use super::{DETAILS, Entry, Incident, Notice};

mod forms;

/// So many acts of the ledger are in a report.
const ACTS_MOST: usize = 1_000;
/// The ledger is looked through from so long before the incident was noticed, when nobody says when it began.
const BEFORE_NANOS: i64 = 72 * 3_600 * 1_000_000_000;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: Instant,
    /// Who says so: `register`, `stated`, `ledger`, `alert`.
    pub source: &'static str,
    /// What.
    pub text: String,
}

/// What a report says.
#[derive(Clone, Debug)]
pub struct Report {
    incident: Incident,
    timeline: Vec<Moment>,
    /// Acts of the ledger that are not in it.
    left_out: usize,
    now: Instant,
}

impl Moment {
    /// An act that the ledger has.
    pub fn of_ledger(at: Instant, act: &str, actor: &str, outcome: &str) -> Self {
        Moment { at, source: "ledger", text: format!("{act} by {actor}: {outcome}") }
    }

    /// What happened to an alert that names the incident.
    pub fn of_alert(at: Instant, text: &str) -> Self {
        Moment { at, source: "alert", text: text.to_owned() }
    }
}

impl Incident {
    /// From when until when the ledger's acts belong to it: from when it began until it was closed, or `now`.
    pub fn span(&self, now: Instant) -> (Instant, Instant) {
        let began = self.said("occurred").and_then(|time| Instant::parse(time).ok());
        let before = || Instant::from_nanos(self.aware().nanos().saturating_sub(BEFORE_NANOS));
        (began.unwrap_or_else(before), self.closed.unwrap_or(now))
    }
}

impl Report {
    /// The report as of `now`, with these acts of the ledger and of alerts: the first many of them.
    pub fn new(incident: Incident, mut acts: Vec<Moment>, now: Instant) -> Self {
        acts.sort_by_key(|act| act.at);
        let mut timeline: Vec<Moment> = incident.history.iter().map(of_register).collect();
        let stated = [("occurred", "it began"), ("aware", "the controller became aware"), ("ended", "it ended")];
        for (word, text) in stated {
            let at = incident.said(word).and_then(|time| Instant::parse(time).ok());
            timeline.extend(at.map(|at| Moment { at, source: "stated", text: text.to_owned() }));
        }
        for told in &incident.told {
            let were = if told.to == Notice::People { "were" } else { "was" };
            let text = format!("the {} {were} told ({})", told.to.word(), told.phase);
            timeline.push(Moment { at: told.sent, source: "stated", text });
        }
        let left_out = acts.len().saturating_sub(ACTS_MOST);
        timeline.extend(acts.into_iter().take(ACTS_MOST));
        // What one source says of one time stays in its order.
        timeline.sort_by_key(|it| (it.at, it.source));
        Report { incident, timeline, left_out, now }
    }

    fn details(&self) -> impl Iterator<Item = (&'static str, Option<&str>)> {
        DETAILS.iter().map(|(word, title)| (*title, self.incident.said(word)))
    }

    /// As `incident-report/1`.
    pub fn to_json(&self) -> Value {
        let moment = |it: &Moment| json!({"at": it.at.to_string(), "source": it.source, "text": it.text});
        json!({
            "schema": "incident-report/1", "incident": self.incident.to_json(self.now),
            "timeline": self.timeline.iter().map(moment).collect::<Vec<_>>(), "acts_left_out": self.left_out,
        })
    }
}

fn of_register(entry: &Entry) -> Moment {
    let said: Vec<String> = entry.said.iter().map(|(word, text)| format!("{word}: {text}")).collect();
    Moment {
        at: entry.at,
        source: "register",
        text: format!("{} by {} ({})", entry.event.word(), entry.by, said.join("; ")),
    }
}
