//! What verify found: one answer for each question, never one answer for all.

use model::{Digest, Fault, Instant};
use seal::PublicKey;

use crate::Limits;
use crate::wire::{CheckWire, VerificationWire};

/// The outcome of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was checked, and it holds.
    Passed,
    /// It was checked, and it does not hold.
    Failed,
    /// It was not checked; the detail says why.
    NotChecked,
}

impl Outcome {
    /// The word that people and machines read.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::NotChecked => "not checked",
        }
    }
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Stable kebab-case name.
    pub name: &'static str,
    /// The outcome.
    pub verdict: Outcome,
    /// One sentence: what was checked, or what is wrong.
    pub detail: String,
    /// What is wrong, place by place; at most [`Limits::PLACES`].
    pub places: Vec<String>,
}

impl Check {
    pub(super) fn passed(name: &'static str, detail: impl Into<String>) -> Self {
        Check { name, verdict: Outcome::Passed, detail: detail.into(), places: Vec::new() }
    }

    pub(super) fn failed(name: &'static str, detail: impl Into<String>) -> Self {
        Check { name, verdict: Outcome::Failed, detail: detail.into(), places: Vec::new() }
    }

    pub(super) fn not_checked(name: &'static str, why: impl Into<String>) -> Self {
        Check { name, verdict: Outcome::NotChecked, detail: why.into(), places: Vec::new() }
    }

    /// Passed when nothing is wrong, else failed with the first fault as detail and all of them as places.
    pub(super) fn of(name: &'static str, passed: impl Into<String>, mut places: Vec<String>) -> Self {
        let Some(first) = places.first() else { return Check::passed(name, passed) };
        let detail = match places.len() {
            1 => first.clone(),
            count => format!("{first}; {} more", count - 1),
        };
        places.truncate(Limits::PLACES);
        Check { name, verdict: Outcome::Failed, detail, places }
    }
}

/// What verify found.
#[derive(Clone, Debug)]
pub struct Verification {
    /// Every check, in the order in which they build on one another.
    pub checks: Vec<Check>,
    /// The key whose signatures are good; `None` when no signature is.
    pub signer: Option<PublicKey>,
    /// Whether that key is one of those the caller trusts.
    pub signer_trusted: bool,
    /// The case, as the manifest says.
    pub case: Option<String>,
    /// When the package was made, as the manifest says.
    pub created: Option<Instant>,
    /// Digest of `manifest.json`: it names the package.
    pub manifest: Option<Digest>,
    /// Files in the zip.
    pub files: u64,
    /// Bytes of the zip.
    pub bytes: u64,
}

/// The checks without which nothing is intact.
const NEEDED: [&str; 8] = [
    "zip-structure",
    "zip-names",
    "zip-contents",
    "payload-manifest",
    "tag-manifest",
    "manifest",
    "ssh-signature",
    "minisign-signature",
];

impl Verification {
    /// Whether the package is, to the last byte, what was sealed by the key in it: no check failed and none that is needed
    /// was left out. Whether to trust that key is another question: [`Verification::signer_trusted`].
    pub fn is_intact(&self) -> bool {
        let passed =
            |name: &str| self.checks.iter().any(|check| check.name == name && check.verdict == Outcome::Passed);
        let failed = |check: &Check| check.verdict == Outcome::Failed && check.name != "signer";
        NEEDED.into_iter().all(passed) && !self.checks.iter().any(failed)
    }

    /// The check of that name.
    pub fn check(&self, name: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.name == name)
    }

    /// `verification/1` as JSON.
    ///
    /// # Errors
    /// None that an input can cause.
    pub fn to_json(&self) -> Result<Vec<u8>, Fault> {
        let signer = self.signer.as_ref().map(PublicKey::fingerprint);
        let check = |check: &'_ Check| (check.name, check.verdict.word(), check.detail.clone(), check.places.clone());
        let checks: Vec<_> = self.checks.iter().map(check).collect();
        crate::json::to_pretty(&VerificationWire {
            schema: "verification/1",
            intact: self.is_intact(),
            signer: signer.as_deref(),
            signer_trusted: self.signer_trusted,
            case: self.case.as_deref(),
            created: self.created.map(|created| created.to_string()),
            manifest: self.manifest.map(|digest| digest.hex()),
            files: self.files,
            bytes: self.bytes,
            checks: checks
                .iter()
                .map(|(name, verdict, detail, places)| CheckWire { name, verdict, detail, places })
                .collect(),
        })
    }
}
