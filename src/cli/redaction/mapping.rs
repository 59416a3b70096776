//! The way back, for the holder of an age key: which value each replacement stands for.
//!
//! Inside is JSON Lines: `mapping/1` with the key of the tags, one line per pseudonym, one line per file. It is kept apart
//! from the package; without it, or without the key, nothing comes back.

use std::collections::BTreeSet;
use std::path::Path;

use model::{ByteSize, Digest, Fault};
use redact::{Delta, Removal, Seen};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::Outcome;
use crate::cli::drafts;
use crate::cli::files::{self, Existing};
use crate::cli::intake::Input;

const FILE_MAX: ByteSize = ByteSize(1 << 30);

/// A mapping being made.
pub(crate) struct Mapping {
    lines: Zeroizing<String>,
    told: BTreeSet<(String, String)>,
}

impl Mapping {
    pub(crate) fn new(key: &[u8; 32], tool: &str, time: &str) -> Self {
        let head = json!({"schema": "mapping/1", "tool": tool, "time": time, "key": Digest::new(*key).hex()});
        Mapping { lines: Zeroizing::new(format!("{head}\n")), told: BTreeSet::new() }
    }

    /// Notes whom a pseudonym stands for; each spelling once.
    pub(crate) fn note(&mut self, seen: &Seen<'_>) {
        if !seen.operator.is_pseudonymous() {
            return;
        }
        let value = String::from_utf8_lossy(&seen.piece.text[seen.range.clone()]).into_owned();
        if self.told.insert((seen.with.to_owned(), value.clone())) {
            self.push(&json!({"pseudonym": seen.with, "type": seen.kind, "tag": seen.tag().full(), "value": value}));
        }
    }

    /// Notes what was taken out of a file, and where.
    pub(crate) fn close(&mut self, input: &Input, outcome: &Outcome) {
        let hex = |digest: Option<Digest>| digest.map(|digest| digest.hex());
        self.push(&json!({
            "file": input.path().display().to_string(),
            "format": outcome.kind.map(|kind| kind.name()),
            "input": hex(outcome.read),
            "output": hex(outcome.written),
            "delta": outcome.delta.as_ref().map(Delta::to_json),
            "removals": outcome.removals.iter().map(Removal::to_json).collect::<Vec<_>>(),
        }));
    }

    fn push(&mut self, line: &Value) {
        self.lines.push_str(&line.to_string());
        self.lines.push('\n');
    }

    /// Encrypts and writes it.
    ///
    /// # Errors
    /// `bad-recipient`; `output-exists`; I/O faults.
    pub(crate) fn finish(self, path: &Path, recipient: &str, existing: Existing) -> Result<(), Fault> {
        drafts::sweep(files::folder_of(path));
        files::write(path, &seal::encrypt_to(recipient, self.lines.as_bytes())?, existing)
    }
}

/// What a mapping says of one output.
pub(crate) struct Origin {
    pub(crate) kind: redact::format::detect::Kind,
    pub(crate) input: Digest,
    pub(crate) removals: Vec<Removal>,
    pub(crate) delta: Option<Delta>,
}

/// Opens a mapping and finds the file whose output has this digest.
///
/// # Errors
/// I/O faults; those of `seal::decrypt_with`; `bad-mapping`; `not-in-mapping`.
pub(crate) fn origin(mapping: &Path, identity: &Path, output: Digest) -> Result<Origin, Fault> {
    let secret = Zeroizing::new(files::read_text(identity, ByteSize(64 << 10))?);
    let bytes = files::read(mapping, FILE_MAX)?;
    let plain = seal::decrypt_with(&secret, &bytes).map_err(|fault| fault.in_file(mapping))?;
    let bad = || {
        Fault::bad_input("bad-mapping", "what is encrypted here is no mapping")
            .in_file(mapping)
            .advise("Give the file that --mapping wrote.")
    };
    let text = std::str::from_utf8(&plain).map_err(|_| bad())?;
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).map_err(|_| bad())?;
        if line["output"] == output.hex() {
            return read(&line).ok_or_else(bad);
        }
    }
    Err(Fault::refused("not-in-mapping", "this mapping does not know these bytes")
        .advise("Give the output exactly as redact wrote it; after any change the original cannot be made from it."))
}

fn read(line: &Value) -> Option<Origin> {
    let removals = line["removals"].as_array()?.iter().map(Removal::from_json).collect::<Option<_>>()?;
    let kind = redact::format::detect::Kind::parse(line["format"].as_str()?).ok()?;
    let delta = match &line["delta"] {
        Value::Null => None,
        steps => Some(Delta::from_json(steps)?),
    };
    Some(Origin { kind, input: Digest::parse(line["input"].as_str()?).ok()?, removals, delta })
}
