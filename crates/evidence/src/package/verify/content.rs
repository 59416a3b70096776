//! What the files say agrees: custody log, exhibits, evaluations, XML, script.

use std::collections::BTreeSet;
use std::io;

use seal::{PublicKey, sha256};

use super::super::intake::Package;
use super::super::manifest::Manifest;
use super::super::paths::*;
use super::super::records;
use super::super::texts;
use super::super::verification::{Check, Question};
use crate::Limits;
use crate::bytes::Bytes;
use crate::case::{exhibit_of, recorded_of};
use crate::custody::{self, Chain};
use crate::document::{self, Document};
use model::Digest;

/// What the files say agrees: custody log, exhibits, evaluations, XML.
pub(super) fn content_checks(
    package: &Package,
    input: &dyn Bytes,
    manifest: Result<&Manifest, &String>,
    keys: &[PublicKey],
) -> io::Result<Vec<Check>> {
    let chain = package.held(CUSTODY).and_then(|log| {
        let chain = custody::read(log).map_err(|fault| fault.message().to_owned())?;
        if chain.torn == 0 { Ok(chain) } else { Err(format!("{CUSTODY} does not end with a line feed")) }
    });
    let document = package.held(CASE_JSON).and_then(|bytes| {
        Document::parse(bytes).map_err(|why| format!("{CASE_JSON} is not the document of a case: {why}"))
    });
    let mut checks = vec![custody_check(chain.as_ref(), manifest).about(Question::Custody)];
    match (&document, &chain) {
        (Ok(document), Ok(chain)) => {
            checks.push(document_check(package, document, chain, manifest));
            checks.push(exhibits_check(package, document, chain));
            checks.push(evaluations_check(package, input, document, chain)?);
            checks.extend(records::checks(package, input, document, chain, keys)?);
        }
        (Err(why), _) => checks.push(Check::failed("document", why.clone())),
        (_, Err(_)) => checks.push(Check::not_checked("document", "The custody log cannot be read.")),
    }
    checks.push(match &document {
        Ok(document) => xml_check(package, document),
        Err(_) => Check::not_checked("xml", format!("{CASE_JSON} cannot be read.")),
    });
    Ok(checks)
}

fn custody_check(chain: Result<&Chain, &String>, manifest: Result<&Manifest, &String>) -> Check {
    let chain = match chain {
        Ok(chain) => chain,
        Err(why) => return Check::failed("custody", why.clone()),
    };
    let entries = chain.entries.len() as u64;
    match manifest {
        Err(_) => Check::not_checked("custody", format!("{MANIFEST} cannot be read; the log itself is unbroken.")),
        Ok(manifest) if manifest.custody_entries != entries => Check::failed(
            "custody",
            format!("{CUSTODY} has {entries} entries, {MANIFEST} says {}", manifest.custody_entries),
        ),
        Ok(manifest) if manifest.custody_head != chain.head => {
            Check::failed("custody", format!("The last line of {CUSTODY} is not the one that was sealed"))
        }
        Ok(_) => Check::passed(
            "custody",
            format!("The {entries} entries of the custody log follow one another to the sealed end."),
        ),
    }
}

/// `case.json` says of case, key and custody what the other files say.
fn document_check(
    package: &Package,
    document: &Document,
    chain: &Chain,
    manifest: Result<&Manifest, &String>,
) -> Check {
    let wire = &document.wire;
    let mut places = Vec::new();
    if document.to_json().ok().as_deref() != package.held(CASE_JSON).ok() {
        places.push(format!("{CASE_JSON}: it is not written as probity writes it"));
    }
    if wire.custody != document::custody(chain, &wire.id) {
        places.push(format!("{CASE_JSON}: its custody log is not that of {CUSTODY}"));
    }
    if let Ok(manifest) = manifest {
        let same = wire.id == manifest.case
            && wire.created == manifest.created.to_string()
            && wire.signer == manifest.signer
            && wire.certificates.iter().map(|one| one.sha256.clone()).eq(manifest.signers.iter().map(Digest::hex))
            && (&wire.tool.name, &wire.tool.version) == (&manifest.tool.name, &manifest.tool.version);
        if !same {
            places.push(format!("{CASE_JSON}: case, time, signer or tool are not those of {MANIFEST}"));
        }
    }
    Check::of("document", format!("{CASE_JSON} agrees with the custody log and the manifest."), places)
}

/// Every exhibit of the custody log is in `case.json` and in the package, and no other file is.
fn exhibits_check(package: &Package, document: &Document, chain: &Chain) -> Check {
    let expect: Vec<_> =
        chain.entries.iter().filter_map(exhibit_of).map(|exhibit| document::exhibit(&exhibit)).collect();
    let mut places = Vec::new();
    if expect != document.wire.exhibits {
        places.push(format!("{CASE_JSON}: its exhibits are not those of the custody log"));
    }
    let gone = chain.destroyed();
    let (gone, expect): (Vec<_>, Vec<_>) = expect.into_iter().partition(|exhibit| gone.contains_key(&*exhibit.id));
    for exhibit in &expect {
        match package.seen.get(&exhibit.file) {
            None => places.push(format!("{}: the exhibit is missing", exhibit.file)),
            Some(seen) if seen.size != exhibit.size || seen.sha256.hex() != exhibit.sha256 => {
                places.push(format!("{}: the exhibit is not what was collected", exhibit.file));
            }
            Some(_) => {}
        }
    }
    let known: BTreeSet<&str> = expect.iter().map(|exhibit| exhibit.file.as_str()).collect();
    let unknown = package.seen.keys().filter(|path| path.starts_with(EXHIBITS) && !known.contains(path.as_str()));
    places.extend(unknown.map(|path| format!("{path}: no custody entry names this file")));
    let mut passed = format!("The {} exhibits are what the custody log says was collected.", expect.len());
    if !gone.is_empty() {
        passed.push_str(&format!(" {} more, which it says were destroyed, are not there.", gone.len()));
    }
    Check::of("exhibits", passed, places)
}

/// Every evaluation is the file that was recorded, and `case.json` says what it says.
fn evaluations_check(package: &Package, input: &dyn Bytes, document: &Document, chain: &Chain) -> io::Result<Check> {
    let recorded: Vec<_> = chain.entries.iter().filter_map(recorded_of).collect();
    let mut places = Vec::new();
    if recorded.len() != document.wire.evaluations.len() {
        places.push(format!("{CASE_JSON}: it has another number of evaluations than the custody log"));
    }
    for (at, said) in recorded.iter().zip(&document.wire.evaluations) {
        let path = format!("{DATA}{}", at.file);
        let Some(bytes) = package.again(input, &path, Limits::EVALUATION_BYTES)? else {
            places.push(format!("{path}: the evaluation is missing or too large"));
            continue;
        };
        if sha256(&bytes) != at.sha256 {
            places.push(format!("{path}: the evaluation is not the one that was recorded"));
        } else if document::recorded(at, &bytes).ok().as_ref() != Some(said) {
            places.push(format!("{CASE_JSON}: it says something different than {path}"));
        }
    }
    Ok(Check::of("evaluations", format!("The {} evaluations are as they were recorded.", recorded.len()), places))
}

/// `case.xml` is what follows from `case.json`, byte for byte.
fn xml_check(package: &Package, document: &Document) -> Check {
    let mut places = Vec::new();
    if package.held(CASE_XML) != Ok(&document.to_xml()) {
        places.push(format!("{CASE_XML}: it does not say what {CASE_JSON} says"));
    }
    if package.held(CASE_XSD) != Ok(texts::CASE_XSD) {
        places.push(format!("{CASE_XSD}: it is not the schema of this version"));
    }
    Check::of("xml", format!("{CASE_XML} says what {CASE_JSON} says."), places)
}

/// The script and the page that check are ours. Another version may have written others: they are covered by the seal, not
/// judged. Whoever sealed with a key of their own may have put in anything.
pub(super) fn script_check(package: &Package) -> Check {
    let ours = [(VERIFY_SH, texts::VERIFY_SH, "run"), (VERIFY_HTML, texts::VERIFY_HTML, "open")];
    let other = ours.into_iter().find(|(path, text, _)| package.held(path) != Ok(*text));
    match other {
        None => Check::passed("script", format!("{VERIFY_SH} and {VERIFY_HTML} are those of this version.")),
        Some((path, _, act)) => {
            Check::not_checked("script", format!("{path} is not the one of this version; do not {act} it unread."))
        }
    }
}
