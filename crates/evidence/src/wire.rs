//! The formats of this room, as serde sees them: `case-folder/1`, `custody/2`, `transfer/1`, `evaluation/1` (read),
//! `judgement/1` (read), `reasoning/1` (read), `redaction/1` (read), `case/2`, `manifest/2`, `verification/2`. Members stand in the order in which
//! they are written.

use std::collections::BTreeMap;

use model::{Digest, Instant};
use serde::{Deserialize, Serialize};

use crate::custody::Deed;
use crate::names::quote;
use crate::package::Check;

mod custody;
mod judgement;
mod reasoning;
mod redaction;

pub(crate) use custody::{CustodyLine, StatementWire};
pub(crate) use judgement::{ControlWire, FactWire, FindingWire, JudgementWire, LawWire, RuleWire, TrendWire};
pub(crate) use reasoning::{InputWire, ParameterWire, REVIEW_DECISIONS, ReasonedWire, ReasoningFile, ReviewWire};
pub(crate) use redaction::{CountWire, RedactedFileLine, RedactionLine, RedactionsWire};

/// `case.json` of a case folder: what never changes about a case.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseFolder {
    pub(crate) schema: String,
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) opened: String,
    pub(crate) by: String,
}

/// 64 lower-case hex digits.
pub(crate) fn digest(text: &str) -> Result<Digest, String> {
    Digest::parse(text)
        .ok()
        .filter(|digest| digest.hex() == text)
        .ok_or_else(|| format!("{} is no SHA-256 digest in lower-case hex", quote(text)))
}

/// RFC 3339 as we write it.
pub(crate) fn instant(text: &str) -> Result<Instant, String> {
    Instant::parse(text)
        .ok()
        .filter(|instant| instant.to_string() == text)
        .ok_or_else(|| format!("{} is no time in UTC", quote(text)))
}

/// `evaluation/1`, as much of it as a report shows. Written by the room that judges; members it adds later are left alone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct EvaluationFile {
    pub(crate) at: String,
    pub(crate) store: Option<StoreWire>,
    pub(crate) verdict: String,
    #[serde(default)]
    pub(crate) objectives: Vec<ObjectiveWire>,
    #[serde(default)]
    pub(crate) warnings: Vec<WarningWire>,
}

/// Which data was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoreWire {
    pub(crate) version: u64,
    pub(crate) head: String,
}

/// One objective and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ObjectiveWire {
    pub(crate) rule: String,
    #[serde(default)]
    pub(crate) title: Option<String>,
    #[serde(default)]
    pub(crate) service: Option<String>,
    pub(crate) objective: String,
    #[serde(default)]
    pub(crate) pack: Option<String>,
    #[serde(default)]
    pub(crate) severity: Option<String>,
    pub(crate) verdict: String,
    pub(crate) window: WindowWire,
    pub(crate) target: String,
    pub(crate) good: u64,
    pub(crate) total: u64,
    #[serde(default)]
    pub(crate) needed: Option<u64>,
    #[serde(default)]
    pub(crate) bad: Option<u64>,
    #[serde(default)]
    pub(crate) ratio: Option<String>,
    #[serde(default)]
    pub(crate) budget: Option<BudgetWire>,
    #[serde(default)]
    pub(crate) burn_rate: Option<String>,
    #[serde(default)]
    pub(crate) condition: Option<String>,
    #[serde(default)]
    pub(crate) source: Option<String>,
    #[serde(default)]
    pub(crate) shown: Vec<ShownWire>,
    #[serde(default)]
    pub(crate) first: Option<String>,
    #[serde(default)]
    pub(crate) last: Option<String>,
    pub(crate) reason: String,
}

/// From when to when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WindowWire {
    pub(crate) from: String,
    pub(crate) to: String,
    #[serde(default)]
    pub(crate) length: Option<String>,
}

/// What may go wrong, what did, what is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BudgetWire {
    pub(crate) allowed: String,
    pub(crate) spent: String,
    pub(crate) remaining: String,
}

/// A number that is shown and decides nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShownWire {
    pub(crate) name: String,
    pub(crate) value: String,
    #[serde(default)]
    pub(crate) unit: Option<String>,
    #[serde(default)]
    pub(crate) definition: Option<String>,
}

/// Something that was odd about a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WarningWire {
    pub(crate) code: String,
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) place: Option<String>,
}

/// `data/case.json`: everything a package says (`case/2`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentWire {
    pub(crate) schema: String,
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) opened: String,
    pub(crate) opened_by: String,
    pub(crate) marking: String,
    pub(crate) watermark: String,
    pub(crate) created: String,
    pub(crate) tool: ToolWire,
    pub(crate) signer: String,
    pub(crate) certificates: Vec<CertificateWire>,
    pub(crate) verdict: Option<String>,
    pub(crate) evaluations: Vec<RecordedWire>,
    pub(crate) exhibits: Vec<ExhibitWire>,
    pub(crate) redactions: Vec<RedactionsWire>,
    pub(crate) reasoning: Vec<ReasonedWire>,
    pub(crate) custody: CustodyWire,
    pub(crate) ledger: Option<LedgerWire>,
}

impl DocumentWire {
    /// The exhibits that were destroyed, each with the line that says so.
    pub(crate) fn destroyed(&self) -> BTreeMap<&str, &CustodyLine> {
        let lines = self.custody.log.iter().filter(|line| line.act == Deed::Destroyed.word());
        lines.filter_map(|line| Some((line.exhibit.as_deref()?, line))).collect()
    }
}

/// What wrote the package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToolWire {
    pub(crate) name: String,
    pub(crate) version: String,
}

/// The certificate of somebody who signs as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CertificateWire {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    pub(crate) sha256: String,
}

/// An evaluation and the file it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordedWire {
    pub(crate) file: String,
    pub(crate) size: u64,
    pub(crate) sha256: String,
    pub(crate) recorded: String,
    pub(crate) recorded_by: String,
    pub(crate) at: String,
    pub(crate) store: Option<StoreWire>,
    pub(crate) verdict: String,
    pub(crate) objectives: Vec<ObjectiveWire>,
    pub(crate) warnings: Vec<WarningWire>,
    /// What the rules of packs came to, where these were judged and not objectives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) judgement: Option<JudgementWire>,
}

/// An exhibit. `null` is "not recorded", or does not apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExhibitWire {
    pub(crate) id: String,
    pub(crate) status: Option<String>,
    pub(crate) parent: Option<String>,
    pub(crate) derivation: Option<String>,
    pub(crate) file: String,
    pub(crate) original_name: String,
    pub(crate) original_path: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) modified: Option<String>,
    pub(crate) period: Option<String>,
    pub(crate) description: String,
    pub(crate) size: u64,
    pub(crate) sha256: String,
    pub(crate) collected: String,
    pub(crate) collected_by: String,
}

/// The custody log: what it must come to, what happened to each exhibit and to the case, and entry by entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustodyWire {
    pub(crate) entries: u64,
    pub(crate) head: String,
    pub(crate) exhibits: Vec<HistoryWire>,
    pub(crate) case: Vec<ActWire>,
    pub(crate) log: Vec<CustodyLine>,
}

/// What happened to an exhibit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HistoryWire {
    pub(crate) exhibit: String,
    pub(crate) holder: String,
    pub(crate) transfers: u64,
    pub(crate) acts: Vec<ActWire>,
}

/// An entry of the log, by its number, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActWire {
    pub(crate) seq: u64,
    pub(crate) hash_match: Option<bool>,
    pub(crate) countersigned: Option<String>,
}

/// Where the audit log stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LedgerWire {
    pub(crate) origin: String,
    pub(crate) size: u64,
    pub(crate) root: String,
    pub(crate) proof: String,
    /// The lines of the custody log that the log had, with proofs that travel.
    pub(crate) acts: Vec<u64>,
}

/// `manifest.json`. Members in alphabetical order, as canonical JSON has them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManifestWire {
    pub(crate) case: String,
    pub(crate) created: String,
    pub(crate) custody: HeadWire,
    pub(crate) files: Vec<FileWire>,
    pub(crate) package: String,
    pub(crate) schema: String,
    pub(crate) signer: String,
    pub(crate) signers: Vec<String>,
    pub(crate) tool: ToolWire,
}

/// Count and head of the custody log.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeadWire {
    pub(crate) entries: u64,
    pub(crate) head: String,
}

/// One file of the package.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileWire {
    pub(crate) path: String,
    pub(crate) sha256: String,
    pub(crate) size: u64,
}

/// `verification/2`: what verify found. A question that was not answered is `null`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct VerificationWire<'a> {
    pub(crate) schema: &'static str,
    pub(crate) form: &'a str,
    pub(crate) intact: bool,
    pub(crate) signer_trusted: Option<bool>,
    pub(crate) time_trusted: Option<bool>,
    pub(crate) anchored: Option<bool>,
    pub(crate) custody_unbroken: Option<bool>,
    pub(crate) answers: Vec<AnswerWire<'a>>,
    pub(crate) signer: Option<&'a str>,
    pub(crate) signers: Vec<&'a str>,
    pub(crate) case: Option<&'a str>,
    pub(crate) created: Option<String>,
    pub(crate) manifest: Option<String>,
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    pub(crate) checks: Vec<CheckWire<'a>>,
}

/// The answer to one question.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AnswerWire<'a> {
    pub(crate) question: &'a str,
    pub(crate) verdict: &'static str,
    pub(crate) why: &'a str,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CheckWire<'a> {
    pub(crate) name: &'a str,
    pub(crate) question: &'static str,
    pub(crate) verdict: &'static str,
    pub(crate) detail: &'a str,
    pub(crate) places: &'a [String],
}

impl<'a> From<&'a Check> for CheckWire<'a> {
    fn from(check: &'a Check) -> Self {
        CheckWire {
            name: &check.name,
            question: check.question.word(),
            verdict: check.verdict.word(),
            detail: &check.detail,
            places: &check.places,
        }
    }
}
