//! `judgement/1`, read as far as a report shows it. Written by the room that judges; members it adds later are left alone.

use serde::{Deserialize, Serialize};

/// What the rules of packs came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JudgementWire {
    pub(crate) at: String,
    pub(crate) verdict: String,
    pub(crate) packs: Vec<PackWire>,
    pub(crate) rules: Vec<RuleWire>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) controls: Vec<ControlWire>,
    pub(crate) stale_suppressions: Vec<FindingWire>,
    pub(crate) facts: Vec<FactWire>,
    pub(crate) trend: Option<TrendWire>,
}

/// A pack that was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PackWire {
    pub(crate) name: String,
    pub(crate) version: String,
}

/// One rule and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RuleWire {
    pub(crate) rule: String,
    pub(crate) title: String,
    pub(crate) law: Vec<LawWire>,
    pub(crate) severity: String,
    pub(crate) answer: String,
    pub(crate) met: u64,
    pub(crate) broken: u64,
    pub(crate) not_applicable: u64,
    pub(crate) not_judged: u64,
    pub(crate) findings: Vec<FindingWire>,
    pub(crate) suppressed: Vec<SuppressedWire>,
    pub(crate) fix: String,
    pub(crate) place: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) person: Option<String>,
}

/// Where a rule comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LawWire {
    pub(crate) article: String,
    pub(crate) link: String,
}

/// One thing that is not as it must be, or could not be judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FindingWire {
    pub(crate) verdict: String,
    pub(crate) subject: String,
    pub(crate) message: String,
    pub(crate) place: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<String>,
}

/// A control of a framework, and what the rules say of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ControlWire {
    pub(crate) pack: String,
    pub(crate) control: String,
    pub(crate) article: String,
    pub(crate) title: String,
    pub(crate) sight: String,
    pub(crate) rules: Vec<AnsweredWire>,
    pub(crate) person: String,
}

/// A rule that looks at a control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AnsweredWire {
    pub(crate) rule: String,
    pub(crate) answer: String,
}

/// A finding that somebody accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SuppressedWire {
    #[serde(flatten)]
    pub(crate) finding: FindingWire,
    pub(crate) suppressed: AcceptedWire,
}

/// Who accepted a finding, why, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AcceptedWire {
    pub(crate) reason: String,
    pub(crate) by: String,
    pub(crate) until: String,
}

/// What a fact was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FactWire {
    pub(crate) name: String,
    pub(crate) collected: String,
    #[serde(default)]
    pub(crate) cached: bool,
    pub(crate) sources: Vec<SourceWire>,
    pub(crate) gaps: Vec<GapWire>,
}

/// Something a fact was read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourceWire {
    pub(crate) name: String,
    pub(crate) sha256: Option<String>,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GapWire {
    pub(crate) what: String,
    pub(crate) why: String,
    pub(crate) remedy: Option<String>,
}

/// What changed since an earlier judgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TrendWire {
    pub(crate) since: String,
    pub(crate) verdict: String,
    pub(crate) new: Vec<ChangeWire>,
    pub(crate) gone: Vec<ChangeWire>,
    pub(crate) still: u64,
    pub(crate) no_longer_judged: Vec<String>,
}

/// A finding that came or went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChangeWire {
    pub(crate) rule: String,
    pub(crate) subject: String,
    pub(crate) message: String,
}
