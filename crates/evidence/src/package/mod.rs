//! Packages: build one from a case, verify one from anywhere.
//!
//! `build` and `verify` share the description of the form (paths, bag, manifest, texts), so that they cannot disagree about
//! it; `man probity-package` says the same for others, and the judges of `tests/judges/package` hold both against it.

mod amend;
mod audit;
mod bag;
mod build;
mod container;
mod filing;
mod intake;
mod manifest;
mod paths;
pub(crate) mod people;
mod readers;
mod records;
mod scatter;
mod seals;
mod source;
mod texts;
mod verification;
mod verify;
mod write;

use model::{Digest, Instant};

use crate::court::Settings;

pub use crate::zip::{Out, Places, ZipStream};
pub use amend::{Amendment, Anchored, Calendars};
pub use audit::LedgerProof;
pub use build::build;
pub use paths::{IDENTITY, NAMESPACE, PREDICATE};
pub use readers::{Blocks, NoBlocks, PdfReader, PdfSignature};
pub use seals::{Keeper, NoTime, Seals, Stamp, TimeSource};
pub use verification::{Check, Outcome, Question, Verification};
pub(crate) use verify::attested;
pub use verify::{Ask, verify};

/// What goes into a package besides the case.
#[derive(Clone, Debug)]
pub struct Build {
    /// When the package is made.
    pub created: Instant,
    /// The confidentiality marking of every page; empty for none.
    pub marking: String,
    /// The watermark of every page; empty for none.
    pub watermark: String,
    /// Whether the report has frames in which its signatures are seen.
    pub visible_signature: bool,
    /// The program that makes it.
    pub tool: Tool,
    /// Where the audit log stands, with a proof; `None` where there is no audit log.
    pub ledger: Option<LedgerAnchor>,
    /// For which courts, and how.
    pub court: Settings,
}

/// A program and its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
}

/// Where the audit log stood when the package was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerAnchor {
    /// The name of the log.
    pub origin: String,
    /// How many entries it had.
    pub size: u64,
    /// Its root digest.
    pub root: Digest,
    /// The signed checkpoint of that state.
    pub proof_text: String,
    /// The entries about the lines of the custody log, with proofs under that checkpoint, sorted by line.
    pub proofs: Vec<LedgerProof>,
}

/// What was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// Digest of `manifest.json`: it names the package.
    pub manifest: Digest,
    /// Files in the zip.
    pub files: u64,
    /// Bytes of the zip.
    pub bytes: u64,
    /// What whoever files should know, one sentence or two each.
    pub warnings: Vec<String>,
}
