//! An incident as it stands.

use std::collections::BTreeMap;

use model::Instant;
use serde_json::{Value, json};

use super::clock::Clock;
use super::draft::missing;
use super::register::{Entry, Event};

/// What is known of a breach, and what was done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// `inc-0001`.
    pub id: String,
    /// When it was entered.
    pub opened: Instant,
    /// When it was closed.
    pub closed: Option<Instant>,
    /// What was said last, by the words of the register.
    pub details: BTreeMap<String, String>,
    /// Who was told, in the order of the register.
    pub told: Vec<Told>,
    /// What is to be done.
    pub actions: Vec<Action>,
    /// Every entry: when, by whom, what.
    pub history: Vec<Entry>,
}

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The supervisory authority (Art. 33(1)), in phases where not all is known at once (Art. 33(4)).
    Authority,
    /// The people concerned (Art. 34).
    People,
    /// The controller, by its processor (Art. 33(2)).
    Controller,
}

impl Notice {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Notice::Authority => "authority",
            Notice::People => "people",
            Notice::Controller => "controller",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Notice::Authority, Notice::People, Notice::Controller].into_iter().find(|notice| notice.word() == word)
    }
}

/// Somebody was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Who.
    pub to: Notice,
    /// When it was sent.
    pub sent: Instant,
    /// `first`, `further`, `final`.
    pub phase: String,
    /// Under which it can be found with them.
    pub reference: Option<String>,
    /// Why it came after 72 hours.
    pub delay: Option<String>,
}

/// Something that is to be done so that it does not happen again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// From 1.
    pub number: usize,
    /// What.
    pub what: String,
    /// Who does it.
    pub owner: String,
    /// By which day.
    pub due: Option<String>,
    /// When it was done.
    pub done: Option<Instant>,
}

impl Incident {
    pub(super) fn opened(entry: &Entry) -> Self {
        let mut incident = Incident {
            id: entry.incident.clone(),
            opened: entry.at,
            closed: None,
            details: BTreeMap::new(),
            told: Vec::new(),
            actions: Vec::new(),
            history: Vec::new(),
        };
        incident.take(entry);
        incident
    }

    pub(super) fn take(&mut self, entry: &Entry) {
        let said = |name: &str| entry.said.get(name).cloned();
        match entry.event {
            Event::Notified => {
                let to = said("to").and_then(|word| Notice::parse(&word)).unwrap_or(Notice::Authority);
                let sent = said("sent").and_then(|time| Instant::parse(&time).ok()).unwrap_or(entry.at);
                let phase = said("phase").unwrap_or_default();
                self.told.push(Told { to, sent, phase, reference: said("reference"), delay: said("delay") });
            }
            Event::Action => self.action(entry),
            Event::Closed => self.closed = Some(entry.at),
            Event::Opened | Event::Updated => {
                let told = entry.said.iter().filter(|(name, _)| *name != "note");
                self.details.extend(told.map(|(name, text)| (name.clone(), text.clone())));
            }
        }
        self.history.push(entry.clone());
    }

    fn action(&mut self, entry: &Entry) {
        let said = |name: &str| entry.said.get(name).cloned();
        let done = said("done").and_then(|number| number.parse::<usize>().ok());
        match done.and_then(|number| self.actions.iter_mut().find(|action| action.number == number)) {
            Some(action) => action.done = Some(entry.at),
            None => self.actions.push(Action {
                number: self.actions.len() + 1,
                what: said("what").unwrap_or_default(),
                owner: said("owner").unwrap_or_default(),
                due: said("due"),
                done: None,
            }),
        }
    }

    /// What was said last under this word; an empty text takes it back.
    pub fn said(&self, name: &str) -> Option<&str> {
        self.details.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// When the controller became aware.
    pub fn aware(&self) -> Instant {
        self.said("aware").and_then(|time| Instant::parse(time).ok()).unwrap_or(self.opened)
    }

    /// The first time that somebody was told.
    pub fn first_told(&self, to: Notice) -> Option<&Told> {
        self.told.iter().filter(|told| told.to == to).min_by_key(|told| told.sent)
    }

    /// The clock of Art. 33(1).
    pub fn clock(&self) -> Clock {
        Clock::of(self)
    }

    /// Whether the people concerned are to be told and were not (Art. 34(1)).
    pub fn owes_people(&self) -> bool {
        self.said("risk") == Some("high")
            && self.first_told(Notice::People).is_none()
            && (self.said("exemption").is_none() || self.said("exemption-reason").is_none())
    }

    /// What the register still lacks (Art. 33(5)), by its words.
    pub fn missing(&self) -> Vec<&'static str> {
        missing(self)
    }

    /// As `incident/1`.
    pub fn to_json(&self, now: Instant) -> Value {
        let clock = self.clock();
        let told = |told: &Told| {
            json!({
                "to": told.to.word(), "sent": told.sent.to_string(), "phase": told.phase,
                "reference": told.reference, "delay": told.delay,
            })
        };
        let action = |action: &Action| {
            json!({
                "number": action.number, "what": action.what, "owner": action.owner, "due": action.due,
                "done": action.done.map(|time| time.to_string()),
            })
        };
        let entry = |entry: &Entry| json!({"at": entry.at.to_string(), "by": entry.by, "event": entry.event.word(), "said": entry.said});
        json!({
            "schema": "incident/1", "id": self.id, "opened": self.opened.to_string(),
            "closed": self.closed.map(|time| time.to_string()), "aware": self.aware().to_string(),
            "due": clock.due.to_string(), "clock": clock.standing(now).word(),
            "hours_left": clock.hours_left(now), "details": self.details,
            "told": self.told.iter().map(told).collect::<Vec<_>>(), "owes_people": self.owes_people(),
            "actions": self.actions.iter().map(action).collect::<Vec<_>>(),
            "missing": self.missing(), "history": self.history.iter().map(entry).collect::<Vec<_>>(),
        })
    }
}
