//! Proofs that the audit log had the lines of the custody log: `data/ledger/NNNNNN.entry` is the entry whose digest `custody` is
//! that of line NNNNNN, `data/ledger/NNNNNN.tlog-proof` (C2SP tlog-proof) shows that the log has it.

use std::io;

use ledger::{Checkpoint, Entry, Proof, tree};
use model::Digest;
use seal::PublicKey;
use seal::note::Verifier;

use super::LedgerAnchor;
use super::paths::CASE_JSON;
use super::verification::Check;
use crate::Limits;
use crate::custody::Chain;
use crate::document::Document;
use crate::wire::LedgerWire;

/// The entry of the audit log about one line of the custody log, and the proof that the log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerProof {
    /// The number of the line.
    pub line: u64,
    /// The entry, byte for byte.
    pub entry: Vec<u8>,
    /// The proof (`.tlog-proof`), under the checkpoint of [`LedgerAnchor::proof_text`].
    pub proof: String,
}

/// The folder of the proofs.
const FOLDER: &str = "data/ledger/";

fn path(line: u64, ending: &str) -> String {
    format!("{FOLDER}{line:06}.{ending}")
}

/// The files that travel.
pub(super) fn files(anchor: Option<&LedgerAnchor>) -> Vec<(String, Vec<u8>)> {
    let proofs = anchor.map_or(&[][..], |anchor| &anchor.proofs);
    let both = |proof: &LedgerProof| {
        [
            (path(proof.line, "entry"), proof.entry.clone()),
            (path(proof.line, "tlog-proof"), proof.proof.clone().into_bytes()),
        ]
    };
    proofs.iter().flat_map(both).collect()
}

/// Reads a file of the package of at most so many bytes; `None` where it is missing or larger.
pub(super) type ReadFile<'a> = dyn FnMut(&str, u64) -> io::Result<Option<Vec<u8>>> + 'a;

/// Every proof shows what it says it shows. `keys` are those that the user trusts; `there` are the paths of the package.
pub(super) fn check<'p>(
    read: &mut ReadFile<'_>,
    there: impl Iterator<Item = &'p String>,
    document: &Document,
    chain: &Chain,
    keys: &[PublicKey],
) -> io::Result<Check> {
    let Some(said) = document.wire.ledger.as_ref().filter(|ledger| !ledger.acts.is_empty()) else {
        return Ok(Check::not_checked("ledger", "No proof of an audit log is in this package."));
    };
    let digests = chain.line_digests();
    let case = seal::sha256(document.wire.id.as_bytes());
    let mut places = Vec::new();
    for line in &said.acts {
        let entry = read(&path(*line, "entry"), Limits::LEDGER_FILE_BYTES)?;
        let proof = read(&path(*line, "tlog-proof"), Limits::LEDGER_FILE_BYTES)?;
        let digest = line.checked_sub(1).and_then(|index| digests.get(index as usize));
        let shown = entry.zip(proof).ok_or_else(|| "entry or proof is missing or too large".to_owned());
        let shown = shown.and_then(|(entry, proof)| show(&entry, &proof, digest, case, said));
        places.extend(shown.err().map(|why| format!("{}: {why}", path(*line, "tlog-proof"))));
    }
    let files = there.filter(|path| path.starts_with(FOLDER)).count();
    if files != said.acts.len() * 2 {
        places.push(format!("{FOLDER}: it has {files} files, {CASE_JSON} says {}", said.acts.len() * 2));
    }
    let last = said.acts.last().copied().unwrap_or_default();
    let passed = format!(
        "The audit log {} had {} of the {} lines of the custody log when it had {} entries, the last of them line {last}; {}.",
        said.origin,
        said.acts.len(),
        chain.entries.len(),
        said.size,
        signed(said, keys)
    );
    Ok(Check::of("ledger", passed, places))
}

/// Whether entry and proof show that the log of the document had a line with this digest.
fn show(entry: &[u8], proof: &[u8], digest: Option<&Digest>, case: Digest, said: &LedgerWire) -> Result<(), String> {
    let text = std::str::from_utf8(proof).map_err(|_| "it is not UTF-8".to_owned())?;
    let proof = Proof::parse(text).map_err(|fault| fault.message().to_owned())?;
    let known = Entry::parse(entry).map_err(|fault| fault.message().to_owned())?;
    let has = |name: &str, digest: Option<&Digest>| {
        known.digests.iter().any(|(known, value)| known == name && Some(value) == digest)
    };
    let Checkpoint { origin, size, root, .. } = &proof.checkpoint;
    if !has("custody", digest) || !has("case", Some(&case)) {
        return Err("its entry is not about this line of this case".to_owned());
    }
    if (origin, *size, root.hex().as_str()) != (&said.origin, said.size, said.root.as_str()) {
        return Err(format!("its checkpoint is not the one in {CASE_JSON}"));
    }
    match tree::verify_inclusion(&proof.hashes, tree::leaf(entry), proof.index, *size, *root) {
        true => Ok(()),
        false => Err("it does not show that the audit log has its entry".to_owned()),
    }
}

/// Who signed the checkpoint, as far as the user's keys tell.
fn signed(said: &LedgerWire, keys: &[PublicKey]) -> &'static str {
    let by = |key: &PublicKey| {
        let verifier = Verifier::new(&said.origin, key);
        verifier.is_ok_and(|verifier| Checkpoint::open(said.proof.as_bytes(), &[verifier]).is_ok())
    };
    match keys.iter().any(by) {
        true => "its state is signed with a key that you trust",
        false => "who keeps that log was not checked, for none of the keys that you gave signed its state",
    }
}
