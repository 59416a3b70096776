//! `reasoning/1` (read), and the same as `case/2` says it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an AI model was asked, what it said, and what a person made of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasoningFile {
    pub(crate) schema: String,
    pub(crate) time: String,
    pub(crate) model: ModelWire,
    pub(crate) prompt: Vec<MessageWire>,
    pub(crate) inputs: Vec<InputWire>,
    pub(crate) parameters: BTreeMap<String, Value>,
    pub(crate) output: String,
    pub(crate) review: Option<ReviewWire>,
    pub(crate) error_rates: Option<String>,
    pub(crate) limits: Vec<String>,
    #[serde(default)]
    pub(crate) disclaimer: Option<String>,
}

/// The model. `null` is "not recorded".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelWire {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) sha256: Option<String>,
    pub(crate) provider: Option<String>,
}

/// One message of the prompt, verbatim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageWire {
    pub(crate) role: String,
    pub(crate) text: String,
}

/// What the model was given besides the prompt: an exhibit of the case, or something outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InputWire {
    #[serde(default)]
    pub(crate) exhibit: Option<String>,
    #[serde(default)]
    pub(crate) name: Option<String>,
    pub(crate) sha256: String,
}

/// Who looked at what the model said, and what for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewWire {
    pub(crate) reviewer: String,
    #[serde(default)]
    pub(crate) role: Option<String>,
    pub(crate) time: String,
    pub(crate) decision: String,
    pub(crate) reason: String,
}

/// What a reviewer can decide.
pub(crate) const REVIEW_DECISIONS: [&str; 3] = ["accepted", "accepted in part", "rejected"];

/// A parameter and its value as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParameterWire {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// A record as `case/2` says it, with the file it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonedWire {
    pub(crate) file: String,
    pub(crate) size: u64,
    pub(crate) sha256: String,
    pub(crate) recorded: String,
    pub(crate) recorded_by: String,
    pub(crate) time: String,
    pub(crate) model: ModelWire,
    pub(crate) prompt: Vec<MessageWire>,
    pub(crate) inputs: Vec<InputWire>,
    pub(crate) parameters: Vec<ParameterWire>,
    pub(crate) output: String,
    pub(crate) review: Option<ReviewWire>,
    pub(crate) error_rates: Option<String>,
    pub(crate) limits: Vec<String>,
    pub(crate) disclaimer: String,
}
