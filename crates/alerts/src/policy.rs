//! What the project says about its alerts: `alerts.yaml`.

mod network;
mod read;
mod targets;

use model::{Severity, Span};

use crate::alert::Kind;
use crate::matcher::{Matcher, Subject, all_hold};
pub use network::{Acknowledged, Encryption, Link, Mail, Nats, Secret};
pub(crate) use targets::routed;
pub use targets::{Address, Receiver, Route, Source, Target, TargetKind};

/// Terms of alerts, and what becomes of those that nobody answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Terms by condition; of each term, the first that matches and says it counts.
    pub terms: Vec<(Vec<Matcher>, Terms)>,
    /// What becomes of what nobody could judge; nothing: no alert.
    pub no_data: Option<NoData>,
    /// When an alert comes and goes; nothing: never.
    pub flapping: Option<Flapping>,
    /// Whose severity is raised when nobody answers.
    pub escalate: Vec<Escalation>,
    /// Which alerts are silent while a graver one about the same thing fires.
    pub inhibit: Vec<Inhibition>,
    /// Who can be told.
    pub targets: Vec<Target>,
    /// Who is told of which alerts: the first that matches, and those after it when it says so.
    pub routes: Vec<Route>,
}

/// What holds for some alerts. Nothing said: as whoever found it says, and at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// For how long it must be wrong before it fires; `Some(None)`: it fires at once, whatever a later line says.
    pub hold: Option<Option<Span>>,
    /// For how long it must be clear before it is resolved.
    pub keep: Option<Option<Span>>,
    /// How much it matters.
    pub severity: Option<Severity>,
    /// What kind of trouble it is.
    pub kind: Option<Kind>,
    /// What to do about it.
    pub runbook: Option<String>,
}

/// That something could not be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoData {
    /// How much that matters.
    pub severity: Severity,
    /// For how long it must last.
    pub hold: Option<Span>,
}

/// That an alert comes and goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flapping {
    /// So often it fired,
    pub times: u64,
    /// within this time;
    pub within: Span,
    /// then it is resolved when it was clear for so long.
    pub quiet: Span,
}

/// That the severity of an alert is raised when nobody answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Escalation {
    /// Of alerts that matter so much,
    pub from: Severity,
    /// to this,
    pub to: Severity,
    /// when they have fired for so long without an answer,
    pub after: Option<Span>,
    /// or were found wrong so often.
    pub breaches: Option<u64>,
}

/// That of the alerts which match and agree on labels only the gravest are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inhibition {
    /// Which alerts.
    pub matchers: Vec<Matcher>,
    /// The labels that they agree on.
    pub equal: Vec<String>,
}

impl Policy {
    /// What holds where a project says nothing.
    pub fn built_in() -> Self {
        // The file is part of the program, and a test reads it.
        Policy::read(include_str!("default.yaml")).unwrap_or(Policy {
            terms: vec![],
            no_data: None,
            flapping: None,
            escalate: vec![],
            inhibit: vec![],
            targets: vec![],
            routes: vec![],
        })
    }

    /// The text of what holds where a project says nothing.
    pub fn built_in_text() -> &'static str {
        include_str!("default.yaml")
    }

    pub(crate) fn terms(&self, subject: &Subject<'_>) -> Terms {
        let mut found = Terms::default();
        for (_, terms) in self.terms.iter().filter(|(matchers, _)| all_hold(matchers, subject)) {
            found.hold = found.hold.or(terms.hold);
            found.keep = found.keep.or(terms.keep);
            found.severity = found.severity.or(terms.severity);
            found.kind = found.kind.or(terms.kind);
            found.runbook = found.runbook.or_else(|| terms.runbook.clone());
        }
        found
    }
}
