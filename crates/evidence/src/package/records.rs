//! What `case.json` says of redaction logs and AI-reasoning records is what these files say.

use std::io::{self, BufReader};

use seal::PublicKey;

use super::audit;
use super::intake::Package;
use super::paths::{BAG, CASE_JSON, COUNTERSIGNATURES, DATA, PROVENANCE};
use super::verification::{Check, Question};
use crate::Limits;
use crate::bytes::{Bytes, Window};
use crate::case::{Exhibit, exhibit_of, reasoned_of};
use crate::custody::{Chain, Deed};
use crate::document::{self, Document};
use crate::{provenance, redactions};

/// Reasoning, redactions, countersignatures, provenance, proofs of the audit log.
pub(super) fn checks(
    package: &Package,
    input: &dyn Bytes,
    document: &Document,
    chain: &Chain,
    keys: &[PublicKey],
) -> io::Result<Vec<Check>> {
    let mut read = |path: &str, max| package.again(input, path, max);
    Ok(vec![
        reasoning(package, input, document, chain)?,
        redactions(package, input, document, chain)?,
        countersignatures(package, input, document, chain)?.about(Question::Custody),
        provenance(package, document),
        audit::check(&mut read, package.seen.keys(), document, chain, keys)?.about(Question::Custody),
    ])
}

/// Each signature of a receiver is good for the transfer it stands with, and travels with what was signed as a file, too.
fn countersignatures(package: &Package, input: &dyn Bytes, document: &Document, chain: &Chain) -> io::Result<Check> {
    let case = &document.wire.id;
    let signed = chain.entries.iter().filter(|entry| entry.countersignature.is_some()).count();
    let transfers = chain.entries.iter().filter(|entry| entry.deed == Deed::Transferred).count();
    let mut places = chain.wrong_countersignatures(case);
    let files = chain.countersigned_files(case).unwrap_or_default();
    for (name, bytes) in &files {
        let path = format!("{COUNTERSIGNATURES}{name}");
        if package.again(input, &path, Limits::CUSTODY_LINE_BYTES as u64)?.as_ref() != Some(bytes) {
            places.push(format!("{path}: it is missing or not what the custody log says"));
        }
    }
    let there = package.seen.keys().filter(|path| path.starts_with(COUNTERSIGNATURES)).count();
    if there != files.len() {
        places.push(format!("{COUNTERSIGNATURES}: it has {there} files, the custody log says {}", files.len()));
    }
    let passed = format!(
        "{signed} of {transfers} transfers are countersigned, each with a good signature; who holds the keys is not known."
    );
    Ok(Check::of("countersignatures", passed, places))
}

/// Every AI-reasoning record is the file that was recorded, and `case.json` says what it says.
fn reasoning(package: &Package, input: &dyn Bytes, document: &Document, chain: &Chain) -> io::Result<Check> {
    let recorded: Vec<_> = chain.entries.iter().filter_map(reasoned_of).collect();
    let mut places = Vec::new();
    if recorded.len() != document.wire.reasoning.len() {
        places.push(format!("{CASE_JSON}: it has another number of AI-reasoning records than the custody log"));
    }
    for (at, said) in recorded.iter().zip(&document.wire.reasoning) {
        let path = format!("{DATA}{}", at.file);
        let Some(bytes) = package.again(input, &path, Limits::REASONING_BYTES)? else {
            places.push(format!("{path}: the AI-reasoning record is missing or too large"));
            continue;
        };
        if seal::sha256(&bytes) != at.sha256 {
            places.push(format!("{path}: the AI-reasoning record is not the one that was recorded"));
        } else if document::reasoned(at, &bytes).ok().as_ref() != Some(said) {
            places.push(format!("{CASE_JSON}: it says something different than {path}"));
        }
    }
    let passed = format!("The {} AI-reasoning records are as they were recorded.", recorded.len());
    Ok(Check::of("reasoning", passed, places))
}

/// `case.json` says of each redaction log what the log says.
fn redactions(package: &Package, input: &dyn Bytes, document: &Document, chain: &Chain) -> io::Result<Check> {
    let exhibits: Vec<Exhibit> = chain.entries.iter().filter_map(exhibit_of).collect();
    let mut places = Vec::new();
    let mut said = document.wire.redactions.iter();
    let mut count = 0;
    let gone = chain.destroyed();
    let there = exhibits.iter().filter(|exhibit| !gone.contains_key(exhibit.id.as_str()));
    for log in there.filter(|exhibit| redactions::is_log(exhibit)) {
        let path = format!("{DATA}{}", log.file);
        count += 1;
        let begins = package.directory.contents.get(&format!("{BAG}{path}"));
        let Some((begins, seen)) = begins.zip(package.seen.get(&path)) else {
            places.push(format!("{path}: the redaction log is missing"));
            said.next();
            continue;
        };
        let content = BufReader::with_capacity(1 << 16, Window::new(input, *begins, seen.size));
        if said.next() != Some(&redactions::summary(log, &exhibits, content)) {
            places.push(format!("{CASE_JSON}: it says something different than {path}"));
        }
    }
    if said.next().is_some() {
        places.push(format!("{CASE_JSON}: it has more redaction logs than the custody log"));
    }
    Ok(Check::of("redactions", format!("{CASE_JSON} says what the {count} redaction logs say."), places))
}

/// `provenance.jsonld` is what follows from `case.json`, byte for byte.
fn provenance(package: &Package, document: &Document) -> Check {
    let same = provenance::write(document).is_ok_and(|bytes| package.held(PROVENANCE) == Ok(&bytes));
    let places = if same { Vec::new() } else { vec![format!("{PROVENANCE}: it does not say what {CASE_JSON} says")] };
    Check::of("provenance", format!("{PROVENANCE} says what {CASE_JSON} says."), places)
}
