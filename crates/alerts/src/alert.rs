//! An alert as it stands.

use model::{Instant, Severity};
use serde_json::Value;

use crate::event::{Entry, Event};
use crate::labels::Labels;
use crate::matcher::Subject;

/// What kind of trouble it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An objective is not met.
    SloBreach,
    /// It is too slow.
    Performance,
    /// It is open to attack.
    Security,
    /// A rule of law or of a standard is broken.
    Compliance,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 4] = [Kind::SloBreach, Kind::Performance, Kind::Security, Kind::Compliance];

    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Kind::SloBreach => "slo_breach",
            Kind::Performance => "performance",
            Kind::Security => "security",
            Kind::Compliance => "compliance",
        }
    }

    /// The kind of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Where an alert is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Wrong, but not for long enough.
    Pending,
    /// Wrong.
    Firing,
    /// Well again.
    Resolved,
    /// It went away before it fired.
    Withdrawn,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 4] = [Status::Pending, Status::Firing, Status::Resolved, Status::Withdrawn];

    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Firing => "firing",
            Status::Resolved => "resolved",
            Status::Withdrawn => "withdrawn",
        }
    }

    /// The status of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Status::ALL.into_iter().find(|status| status.word() == word)
    }
}

/// That a person knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// When.
    pub at: Instant,
    /// Who.
    pub by: String,
    /// What they say.
    pub note: Option<String>,
}

/// Something that happened to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When it was entered.
    pub at: Instant,
    /// By whom.
    pub by: String,
    /// What.
    pub event: Event,
    /// More about it, in words.
    pub note: Option<String>,
}

/// One alert, from when it was noticed to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// `alert-0001`.
    pub id: String,
    /// What it is about; no two open alerts have the same.
    pub labels: Labels,
    /// What kind of trouble it is.
    pub kind: Kind,
    /// How much it matters, as whoever found it says.
    pub base: Severity,
    /// How much it matters by now.
    pub severity: Severity,
    /// What is wrong, in a sentence.
    pub summary: String,
    /// What to do about it: the address of a page, or a sentence.
    pub runbook: Option<String>,
    /// Whether its end is told as well.
    pub tells_end: bool,
    /// The targets that its alert policy names, known or not.
    pub notify: Vec<String>,
    /// How often it is wrong: findings, or bad events.
    pub count: u64,
    /// Where it is in its life.
    pub status: Status,
    /// Since when it is wrong.
    pub active: Instant,
    /// When it fired.
    pub fired: Option<Instant>,
    /// When it was well again.
    pub resolved: Option<Instant>,
    /// The newest observation that spoke of it.
    pub observed: Instant,
    /// The newest observation that found it wrong.
    pub seen: Instant,
    /// Since when it is clear, while it is kept firing.
    pub clear: Option<Instant>,
    /// How many observations found it wrong.
    pub breaches: u64,
    /// Who knows of it.
    pub acknowledged: Option<Acknowledgement>,
    /// When it got its present severity, if it was raised.
    pub escalated: Option<Instant>,
    /// Whether it comes and goes.
    pub flapping: bool,
    /// The incidents that it belongs to.
    pub incidents: Vec<String>,
    /// What happened to it, in the order of the register.
    pub history: Vec<Moment>,
}

impl Alert {
    /// Whether it is pending or firing.
    pub fn is_open(&self) -> bool {
        matches!(self.status, Status::Pending | Status::Firing)
    }

    /// When it was answered: acknowledged, or over.
    pub fn answered(&self) -> Option<Instant> {
        let acknowledged = self.acknowledged.as_ref().map(|it| it.at);
        [acknowledged, self.resolved].into_iter().flatten().min()
    }

    pub(crate) fn subject(&self) -> Subject<'_> {
        Subject { labels: &self.labels, severity: self.severity, kind: self.kind }
    }

    pub(crate) fn opened(entry: &Entry) -> Option<Self> {
        let labels = entry.said.get("labels")?.as_object()?;
        let labels = labels.iter().map(|(name, value)| Some((name.as_str(), value.as_str()?)));
        let severity = Severity::parse(entry.text("severity")?)?;
        let since = entry.time("since")?;
        Some(Alert {
            id: entry.about.clone(),
            labels: Labels::new(labels.collect::<Option<Vec<_>>>()?),
            kind: Kind::parse(entry.text("kind")?)?,
            base: severity,
            severity,
            summary: entry.text("summary")?.to_owned(),
            runbook: entry.text("runbook").map(str::to_owned),
            tells_end: entry.said.get("tells_end").and_then(Value::as_bool).unwrap_or(true),
            notify: entry.names("notify"),
            count: entry.said.get("count")?.as_u64()?,
            status: Status::Pending,
            active: since,
            fired: None,
            resolved: None,
            observed: since,
            seen: since,
            clear: None,
            breaches: 0,
            acknowledged: None,
            escalated: None,
            flapping: false,
            incidents: Vec::new(),
            history: Vec::new(),
        })
    }

    /// Takes what happened to it; nothing where the line makes no sense.
    pub(crate) fn take(&mut self, entry: &Entry) -> Option<()> {
        match entry.event {
            Event::Pending => {}
            Event::Fired => {
                self.status = Status::Firing;
                self.fired = Some(entry.time("since")?);
            }
            Event::Withdrawn | Event::Resolved => {
                self.status = if entry.event == Event::Resolved { Status::Resolved } else { Status::Withdrawn };
                self.resolved = Some(entry.time("since")?);
            }
            Event::Acknowledged => {
                let note = entry.text("note").map(str::to_owned);
                self.acknowledged = Some(Acknowledgement { at: entry.at, by: entry.by.clone(), note });
            }
            Event::Escalated => {
                self.severity = Severity::parse(entry.text("to")?)?;
                self.escalated = Some(entry.at);
            }
            Event::Flapping => self.flapping = true,
            Event::Linked => {
                let incident = entry.text("incident")?.to_owned();
                if !self.incidents.contains(&incident) {
                    self.incidents.push(incident);
                }
            }
            Event::Observed | Event::Silenced | Event::Unsilenced => return None,
            Event::Telling | Event::Uncertain | Event::Told | Event::Untold => return None,
        }
        let note = ["why", "note", "incident"].iter().find_map(|name| entry.text(name)).map(str::to_owned);
        self.history.push(Moment { at: entry.at, by: entry.by.clone(), event: entry.event, note });
        Some(())
    }
}
