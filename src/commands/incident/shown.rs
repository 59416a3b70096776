//! What `incident` shows: one incident, or the list with the hours that are left.

use model::{Fault, Instant};
use privacy::incident::{DETAILS, Incident};
use serde_json::{Value, json};

use crate::cli::output::{Page, Show};
use crate::cli::table::Table;

/// What is said of a closed incident stays.
///
/// # Errors
/// `incident-closed`.
pub(super) fn still_open(incident: &Incident) -> Result<(), Fault> {
    match incident.closed {
        None => Ok(()),
        Some(closed) => {
            Err(Fault::refused("incident-closed", format!("{} was closed on {}", incident.id, closed.date()))
                .advise("Actions can still be entered and done; open a new incident for what is new."))
        }
    }
}

pub(super) struct One {
    pub(super) incident: Incident,
    pub(super) now: Instant,
}

impl Show for One {
    fn json(&self) -> Value {
        self.incident.to_json(self.now)
    }

    fn human(&self, page: &mut Page) {
        let incident = &self.incident;
        page.field("incident", &incident.id);
        page.field("state", if incident.closed.is_some() { "closed" } else { "open" });
        page.field("authority", format!("{}; due {}", incident.clock().words(self.now), incident.clock().due));
        if incident.owes_people() {
            page.field("people", "are to be told without undue delay: the risk is high (Art. 34)");
        }
        for (word, title) in DETAILS {
            if let Some(said) = incident.said(word) {
                page.field(&title.to_lowercase(), said);
            }
        }
        for told in &incident.told {
            let reference = told.reference.as_deref().map(|text| format!(" ({text})")).unwrap_or_default();
            page.field("told", format!("{} on {}, {}{reference}", told.to.word(), told.sent, told.phase));
        }
        for action in &incident.actions {
            let due = action.due.as_deref().map(|day| format!(", due {day}")).unwrap_or_default();
            let state = action.done.map_or_else(|| format!("open{due}"), |time| format!("done {}", time.date()));
            page.field("action", format!("{}. {} ({}): {state}", action.number, action.what, action.owner));
        }
        let missing = incident.missing();
        if !missing.is_empty() {
            page.field("missing", missing.join(", "));
        }
    }
}

pub(super) struct Listed {
    pub(super) all: Vec<Incident>,
    pub(super) now: Instant,
}

impl Show for Listed {
    fn json(&self) -> Value {
        json!({
            "schema": "incidents/1",
            "incidents": self.all.iter().map(|incident| incident.to_json(self.now)).collect::<Vec<_>>(),
        })
    }

    fn human(&self, page: &mut Page) {
        if self.all.is_empty() {
            return page.line("No incident.");
        }
        let mut table = Table::new(&["incident", "title", "aware", "due", "authority", "people", "state"]);
        for incident in &self.all {
            let people = match (incident.owes_people(), incident.said("risk")) {
                (true, _) => "to be told",
                (false, Some("high")) => "told or exempt",
                _ => "",
            };
            let state = if incident.closed.is_some() { "closed" } else { "open" };
            let (aware, due) = (incident.aware().to_string(), incident.clock().due.to_string());
            let clock = incident.clock().words(self.now);
            let title = incident.said("title").unwrap_or_default();
            table.row([&*incident.id, title, &aware, &due, &clock, people, state].map(Into::into));
        }
        page.table(&table);
    }
}
