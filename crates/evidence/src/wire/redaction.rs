//! `redaction/1` and `redacted-file/1` (read), as much of them as a report shows; and what `case/2` says of a log.

use serde::{Deserialize, Serialize};

/// One redaction. What stood there is in no log.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RedactionLine {
    pub(crate) r#type: String,
    pub(crate) op: String,
}

/// The file that the redactions above it belong to.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RedactedFileLine {
    pub(crate) input: Option<String>,
    pub(crate) output: Option<String>,
    pub(crate) redactions: u64,
    pub(crate) removed: Vec<RemovedWire>,
    pub(crate) unscanned: Vec<String>,
    pub(crate) actor: String,
    pub(crate) tool: String,
    pub(crate) time: String,
    pub(crate) profile: String,
    pub(crate) basis: Option<String>,
}

/// A part that was taken out whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RemovedWire {
    pub(crate) what: String,
    pub(crate) why: String,
}

/// What a redaction log says: how many of what, by whom, by which rules; no value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedactionsWire {
    pub(crate) log: String,
    pub(crate) of: Option<String>,
    pub(crate) copy: Option<String>,
    pub(crate) problem: Option<String>,
    pub(crate) time: Option<String>,
    pub(crate) actor: Option<String>,
    pub(crate) tool: Option<String>,
    pub(crate) profile: Option<String>,
    pub(crate) basis: Option<String>,
    pub(crate) total: u64,
    pub(crate) counts: Vec<CountWire>,
    pub(crate) removed: Vec<RemovedWire>,
    pub(crate) unscanned: Vec<String>,
}

/// How many values of a type were taken out, and what was done with them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CountWire {
    pub(crate) r#type: String,
    pub(crate) op: String,
    pub(crate) count: u64,
}
