//! Decisions of people, saved on the review page and replayed on the same bytes.

use std::collections::HashMap;
use std::path::Path;

use model::{ByteSize, Digest, Fault};
use redact::{Decision, Decisions};
use serde_json::Value;

use crate::cli::files;

const FILE_MAX: ByteSize = ByteSize(256 << 20);

/// Decisions by the digest of the input that they were made on.
#[derive(Default)]
pub(crate) struct Decided(HashMap<Digest, Decisions>);

impl Decided {
    /// Reads a file of `decisions/1`.
    ///
    /// # Errors
    /// I/O faults; `bad-decisions`.
    pub(crate) fn read(path: &Path) -> Result<Self, Fault> {
        let text = files::read_text(path, FILE_MAX)?;
        parse(&text).map(Decided).ok_or_else(|| {
            Fault::bad_input("bad-decisions", "this is no file of decisions")
                .in_file(path)
                .advise("Save it from the page that `probity redact --preview FILE` writes.")
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The decisions about an input.
    ///
    /// # Errors
    /// `no-decision`: the input, or its present content, was not reviewed.
    pub(crate) fn about(&self, digest: Digest) -> Result<&Decisions, Fault> {
        self.0.get(&digest).ok_or_else(|| {
            Fault::refused("no-decision", "nobody has decided about this input as it is now")
                .advise("Make the review page again with --preview, decide, and save.")
        })
    }
}

fn parse(text: &str) -> Option<HashMap<Digest, Decisions>> {
    let document: Value = serde_json::from_str(text).ok()?;
    if document["schema"] != "decisions/1" {
        return None;
    }
    let about = |input: &Value| {
        let mut decisions = Decisions::default();
        decisions.reviewed();
        for id in input["keep"].as_array()? {
            decisions.add(id.as_str()?, Decision::Keep);
        }
        Some((Digest::parse(input["sha256"].as_str()?).ok()?, decisions))
    };
    document["inputs"].as_array()?.iter().map(about).collect()
}
