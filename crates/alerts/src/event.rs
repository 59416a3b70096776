//! What is entered in the register.

use model::Instant;
use serde_json::{Map, Value};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// A document was read whole; its line is the last of what it changed.
    Observed,
    /// Something is wrong; it has yet to last.
    Pending,
    /// It is wrong for long enough.
    Fired,
    /// It went away before it fired.
    Withdrawn,
    /// It is well again, or a person says so.
    Resolved,
    /// A person knows of it.
    Acknowledged,
    /// Nobody answered: its severity was raised.
    Escalated,
    /// It comes and goes: it stays firing until it is quiet for longer.
    Flapping,
    /// It belongs to an incident.
    Linked,
    /// Whoever matches is not to be disturbed.
    Silenced,
    /// A silence was ended before its time.
    Unsilenced,
    /// A target is about to be told.
    Telling,
    /// Nobody knows whether a target was told: the run that did it was ended in between. It is told again.
    Uncertain,
    /// A target was told.
    Told,
    /// A target could not be told.
    Untold,
}

const EVENTS: [(Event, &str); 15] = [
    (Event::Observed, "observed"),
    (Event::Pending, "pending"),
    (Event::Fired, "fired"),
    (Event::Withdrawn, "withdrawn"),
    (Event::Resolved, "resolved"),
    (Event::Acknowledged, "acknowledged"),
    (Event::Escalated, "escalated"),
    (Event::Flapping, "flapping"),
    (Event::Linked, "linked"),
    (Event::Silenced, "silenced"),
    (Event::Unsilenced, "unsilenced"),
    (Event::Telling, "telling"),
    (Event::Uncertain, "uncertain"),
    (Event::Told, "told"),
    (Event::Untold, "untold"),
];

impl Event {
    /// In a word.
    pub fn word(self) -> &'static str {
        EVENTS.iter().find(|(event, _)| *event == self).map_or("", |(_, word)| word)
    }

    /// The event of this word.
    pub fn parse(word: &str) -> Option<Self> {
        EVENTS.iter().find(|(_, known)| *known == word).map(|(event, _)| *event)
    }
}

/// One line of the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it was entered.
    pub at: Instant,
    /// By whom.
    pub by: String,
    /// What happened.
    pub event: Event,
    /// To which alert or silence: `alert-0001`, `silence-0001`; empty for an observation or a delivery.
    pub about: String,
    /// What is said of it.
    pub said: Map<String, Value>,
}

impl Entry {
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.said.get(name).and_then(Value::as_str)
    }

    pub(crate) fn time(&self, name: &str) -> Option<Instant> {
        Instant::parse(self.text(name)?).ok()
    }

    pub(crate) fn names(&self, name: &str) -> Vec<String> {
        let list = self.said.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    pub(crate) fn read(line: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| line.get(name).and_then(Value::as_str);
        Some(Entry {
            at: Instant::parse(text("at")?).ok()?,
            by: text("by")?.to_owned(),
            event: Event::parse(text("event")?)?,
            about: text("about")?.to_owned(),
            said: line.get("said")?.as_object()?.clone(),
        })
    }

    pub(crate) fn line(&self) -> Map<String, Value> {
        Map::from_iter([
            ("at".to_owned(), self.at.to_string().into()),
            ("by".to_owned(), self.by.clone().into()),
            ("event".to_owned(), self.event.word().into()),
            ("about".to_owned(), self.about.clone().into()),
            ("said".to_owned(), Value::Object(self.said.clone())),
        ])
    }
}
