//! Verifying: one pass over the bytes, then one answer for each question.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use model::{Digest, Fault, Progress};
use seal::{Hasher, PublicKey, minisign, sha256, sshsig};

use super::build::trusted_comment;
use super::manifest::Manifest;
use super::paths::*;
use super::verification::{Check, Verification};
use super::{bag, records, texts};
use crate::Limits;
use crate::case::{exhibit_of, recorded_of};
use crate::custody::{self, Chain};
use crate::document::{self, Document};
use crate::zip::{self, Directory, Entry};

/// Checks a package. Memory does not grow with the exhibits; nothing is written anywhere.
///
/// `trusted` are the keys the caller has from elsewhere; what the package says about its own key is never believed. A package
/// that does not hold is an answer (`Ok`), not a fault.
///
/// # Errors
/// `not-a-package` when the file is no zip, or what the disk says.
pub fn verify(
    mut input: impl Read + Seek,
    trusted: &[PublicKey],
    progress: &dyn Progress,
) -> Result<Verification, Fault> {
    let failed = |error| Fault::io("read", Path::new("the package"), error);
    let bytes = input.seek(SeekFrom::End(0)).map_err(failed)?;
    let Some(directory) = zip::open(&mut input).map_err(failed)? else {
        return Err(Fault::bad_input("not-a-package", "This is not an evidence package: it is no zip file")
            .advise("Give the .zip file as it was sent; if it was unpacked, run verify.sh in its folder bag."));
    };
    progress.start("verify the package", bytes);
    let package = Package::read(&mut input, directory, bytes, progress).map_err(failed)?;
    let verification = judge(&package, &mut input, trusted).map_err(failed)?;
    progress.finish();
    Ok(verification)
}

/// What one pass over the zip has seen. Paths are those in the bag.
pub(super) struct Package {
    pub(super) directory: Directory,
    bytes: u64,
    pub(super) seen: BTreeMap<String, Seen>,
    /// The content of what the checks read as a whole.
    held: BTreeMap<String, Vec<u8>>,
    /// Files whose CRC is not that of their content.
    crc: Vec<String>,
}

pub(super) struct Seen {
    pub(super) size: u64,
    sha256: Digest,
}

impl Package {
    fn read<R: Read + Seek>(
        input: &mut R,
        directory: Directory,
        bytes: u64,
        progress: &dyn Progress,
    ) -> io::Result<Self> {
        let mut package = Package { directory, bytes, seen: BTreeMap::new(), held: BTreeMap::new(), crc: Vec::new() };
        let mut left = bytes;
        for entry in package.directory.entries.clone() {
            let Some(begins) = package.directory.contents.get(&entry.name) else { continue };
            // Entries that overlap would be read again and again; the structure check has named them.
            let Some(rest) = left.checked_sub(entry.size) else { continue };
            left = rest;
            input.seek(SeekFrom::Start(*begins))?;
            package.read_entry(input, &entry, progress)?;
        }
        Ok(package)
    }

    fn read_entry<R: Read>(&mut self, input: &mut R, entry: &Entry, progress: &dyn Progress) -> io::Result<()> {
        let path = entry.name.strip_prefix(BAG).unwrap_or(&entry.name).to_owned();
        let hold = is_held(&path) && entry.size <= Limits::HELD_BYTES;
        let (mut hasher, mut crc, mut held) = (Hasher::new(), crc32fast::Hasher::new(), Vec::new());
        let mut block = vec![0; (1 << 18).min(entry.size as usize).max(1)];
        let mut left = entry.size;
        while left > 0 {
            let want = block.len().min(left as usize);
            input.read_exact(&mut block[..want])?;
            hasher.update(&block[..want]);
            crc.update(&block[..want]);
            if hold {
                held.extend_from_slice(&block[..want]);
            }
            left -= want as u64;
            progress.advance(want as u64);
        }
        if crc.finalize() != entry.crc {
            self.crc.push(format!("{path}: its content does not have the CRC that the zip states"));
        }
        if hold {
            self.held.insert(path.clone(), held);
        }
        self.seen.insert(path, Seen { size: entry.size, sha256: hasher.finish() });
        Ok(())
    }

    /// A file that a check needs; the error is the check's sentence.
    pub(super) fn held(&self, path: &str) -> Result<&[u8], String> {
        self.held.get(path).map(Vec::as_slice).ok_or_else(|| format!("{path} is missing or cannot be read"))
    }

    fn held_text(&self, path: &str) -> Result<&str, String> {
        std::str::from_utf8(self.held(path)?).map_err(|_| format!("{path} is not UTF-8"))
    }
}

/// What is read as a whole: the files that every package has, but for the report; exhibits and evaluations never.
fn is_held(path: &str) -> bool {
    const HELD: [&str; 16] = [
        PROVENANCE,
        VERIFY_TXT,
        VERIFY_SH,
        ALLOWED_SIGNERS,
        SIGNER,
        BAGIT,
        BAG_INFO,
        PAYLOAD_MANIFEST,
        TAG_MANIFEST,
        MANIFEST,
        SSH_SIGNATURE,
        MINISIGNATURE,
        MINISIGN_KEY,
        CASE_JSON,
        CASE_XML,
        CASE_XSD,
    ];
    path == CUSTODY || HELD.contains(&path)
}

fn judge<R: Read + Seek>(package: &Package, input: &mut R, trusted: &[PublicKey]) -> io::Result<Verification> {
    let mut checks = zip_checks(package);
    let manifest = package.held(MANIFEST).and_then(|bytes| {
        Manifest::parse(bytes).map_err(|why| format!("{MANIFEST} is not the manifest of a package: {why}"))
    });
    let manifest = manifest.as_ref();
    checks.push(bag_check(package, manifest));
    checks.push(list_check(package, "payload-manifest", PAYLOAD_MANIFEST, is_payload));
    checks.push(list_check(package, "tag-manifest", TAG_MANIFEST, |path| !is_payload(path) && path != TAG_MANIFEST));
    checks.push(manifest_check(package, manifest));
    let (signature_checks, signer) = signature_checks(package, manifest);
    checks.extend(signature_checks);
    checks.push(signer_check(signer.as_ref(), trusted));
    checks.extend(content_checks(package, input, manifest)?);
    checks.push(script_check(package));
    checks.push(Check::not_checked(
        "report",
        "The copies of case.json and case.xml inside data/report.pdf are not read; the report is covered by its digest.",
    ));
    let manifest = manifest.ok();
    Ok(Verification {
        checks,
        signer_trusted: signer.as_ref().is_some_and(|key| trusted.contains(key)),
        signer,
        case: manifest.map(|manifest| manifest.case.clone()),
        created: manifest.map(|manifest| manifest.created),
        manifest: package.held(MANIFEST).ok().map(sha256),
        files: package.directory.entries.len() as u64,
        bytes: package.bytes,
    })
}

fn zip_checks(package: &Package) -> Vec<Check> {
    let flaws = |name: bool| {
        let flaws = package.directory.flaws.iter().filter(|flaw| flaw.name == name);
        flaws.map(|flaw| format!("{}: {}", flaw.place, flaw.what)).collect()
    };
    vec![
        Check::of("zip-structure", "Every byte of the zip outside the files is as it must be.", flaws(false)),
        Check::of("zip-names", "Every name is safe, and stands once.", flaws(true)),
        Check::of("zip-contents", "Every file has the CRC that the zip states.", package.crc.clone()),
    ]
}

/// `bagit.txt` and `bag-info.txt` say what they must.
fn bag_check(package: &Package, manifest: Result<&Manifest, &String>) -> Check {
    let mut places = Vec::new();
    if package.held(BAGIT) != Ok(bag::DECLARATION) {
        places.push(format!("{BAGIT}: it is missing or does not say BagIt 1.0, UTF-8"));
    }
    if let Ok(manifest) = manifest {
        let payload: Vec<&Seen> =
            package.seen.iter().filter(|(path, _)| is_payload(path)).map(|(_, seen)| seen).collect();
        let bytes = payload.iter().map(|seen| seen.size).sum();
        let expect = bag::info(&manifest.case, manifest.created, bytes, payload.len() as u64);
        if package.held(BAG_INFO) != Ok(&expect) {
            places.push(format!("{BAG_INFO}: it does not state this case, date, and size and number of payload files"));
        }
    }
    Check::of("bag", "The bag is declared as BagIt 1.0, and its size and number of files are as stated.", places)
}

/// A manifest of the bag lists every file it must, with its digest, and no other.
fn list_check(package: &Package, name: &'static str, list: &str, belongs: impl Fn(&str) -> bool) -> Check {
    let listed =
        match package.held(list).and_then(|bytes| bag::read_manifest(bytes).map_err(|why| format!("{list}: {why}"))) {
            Ok(listed) => listed,
            Err(why) => return Check::failed(name, why),
        };
    let there = package.seen.iter().filter(|(path, _)| belongs(path)).map(|(path, seen)| (path, seen.sha256));
    let places = compare(listed.iter().map(|(path, digest)| (path, *digest)).collect(), there.collect(), list);
    Check::of(name, format!("The {} files that {list} lists are there, unchanged, and no other.", listed.len()), places)
}

/// Names what was changed, removed, added and renamed.
fn compare(listed: BTreeMap<&String, Digest>, there: BTreeMap<&String, Digest>, list: &str) -> Vec<String> {
    let mut places = Vec::new();
    let added: BTreeMap<Digest, &String> =
        there.iter().filter(|(path, _)| !listed.contains_key(*path)).map(|(path, digest)| (*digest, *path)).collect();
    let mut renamed = BTreeSet::new();
    for (path, digest) in &listed {
        match (there.get(path), added.get(digest)) {
            (Some(found), _) if found == digest => {}
            (Some(_), _) => places.push(format!("{path}: changed (its digest is not the one in {list})")),
            (None, Some(other)) => {
                renamed.insert(*other);
                places.push(format!("{path}: renamed to {other}"));
            }
            (None, None) => places.push(format!("{path}: missing ({list} lists it)")),
        }
    }
    let unlisted = added.values().filter(|path| !renamed.contains(*path));
    places.extend(unlisted.map(|path| format!("{path}: added ({list} does not list it)")));
    places
}

/// `manifest.json` lists every file but itself and what stands over it, with size and digest.
fn manifest_check(package: &Package, manifest: Result<&Manifest, &String>) -> Check {
    let manifest = match manifest {
        Ok(manifest) => manifest,
        Err(why) => return Check::failed("manifest", why.clone()),
    };
    let sealed = package.seen.iter().filter(|(path, _)| is_sealed(path));
    let there: BTreeMap<_, _> = sealed.clone().map(|(path, seen)| (path, seen.sha256)).collect();
    let listed = manifest.files.iter().map(|(path, (_, digest))| (path, *digest)).collect();
    let mut places = compare(listed, there, MANIFEST);
    for (path, seen) in sealed {
        if manifest.files.get(path).is_some_and(|(size, _)| *size != seen.size) {
            places.push(format!("{path}: it has {} bytes, {MANIFEST} says otherwise", seen.size));
        }
    }
    Check::of("manifest", format!("{MANIFEST} lists {} files, each as it is there.", manifest.files.len()), places)
}

/// Both signatures of `manifest.json`, by one key, which is the key that the other files name.
fn signature_checks(package: &Package, manifest: Result<&Manifest, &String>) -> (Vec<Check>, Option<PublicKey>) {
    let ssh = package.held(MANIFEST).and_then(|message| {
        let armoured = package.held_text(SSH_SIGNATURE)?;
        sshsig::verify(armoured, NAMESPACE, message).map_err(|fault| fault.message().to_owned())
    });
    let key = match ssh {
        Ok(key) => key,
        Err(why) => {
            let unknown = Check::not_checked("minisign-signature", "The key is not known without the SSH signature.");
            return (vec![Check::failed("ssh-signature", why), unknown], None);
        }
    };
    let mut places = Vec::new();
    let forms = [
        (SIGNER, texts::signer(&key)),
        (ALLOWED_SIGNERS, texts::allowed_signers(&key)),
        (MINISIGN_KEY, texts::minisign_key(&key)),
    ];
    for (path, expect) in forms {
        if package.held(path) != Ok(&expect) {
            places.push(format!("{path}: it does not hold the key that signed"));
        }
    }
    if manifest.is_ok_and(|manifest| manifest.signer != key.fingerprint()) {
        places.push(format!("{MANIFEST}: it names another signer than the key that signed it"));
    }
    let passed = format!("{MANIFEST} is signed with {} (ssh-ed25519).", key.fingerprint());
    let checks = vec![Check::of("ssh-signature", passed, places), minisign_check(package, manifest, &key)];
    (checks, Some(key))
}

fn minisign_check(package: &Package, manifest: Result<&Manifest, &String>, key: &PublicKey) -> Check {
    let comment = package.held(MANIFEST).and_then(|message| {
        let text = package.held_text(MINISIGNATURE)?;
        minisign::verify(text, key, message).map_err(|fault| fault.message().to_owned())
    });
    match (comment, manifest) {
        (Err(why), _) => Check::failed("minisign-signature", why),
        (Ok(comment), Ok(manifest)) if comment != trusted_comment(manifest) => {
            Check::failed("minisign-signature", "The comment of the minisign signature belongs to another package.")
        }
        (Ok(_), _) => {
            Check::passed("minisign-signature", format!("{MANIFEST} is signed with the same key (minisign)."))
        }
    }
}

fn signer_check(signer: Option<&PublicKey>, trusted: &[PublicKey]) -> Check {
    let Some(key) = signer else { return Check::not_checked("signer", "No signature is good, so there is no signer.") };
    let fingerprint = key.fingerprint();
    if trusted.contains(key) {
        return Check::passed("signer", format!("You trust the key {fingerprint}."));
    }
    if trusted.is_empty() {
        let why =
            format!("You gave no key to trust. Compare {fingerprint} with what the signer tells you by another way.");
        return Check::not_checked("signer", why);
    }
    Check::failed("signer", format!("The key {fingerprint} is not one that you trust."))
}

/// What the files say agrees: custody log, exhibits, evaluations, XML.
fn content_checks<R: Read + Seek>(
    package: &Package,
    input: &mut R,
    manifest: Result<&Manifest, &String>,
) -> io::Result<Vec<Check>> {
    let chain = package.held(CUSTODY).and_then(|log| {
        let chain = custody::read(log).map_err(|fault| fault.message().to_owned())?;
        if chain.torn == 0 { Ok(chain) } else { Err(format!("{CUSTODY} does not end with a line feed")) }
    });
    let document = package.held(CASE_JSON).and_then(|bytes| {
        Document::parse(bytes).map_err(|why| format!("{CASE_JSON} is not the document of a case: {why}"))
    });
    let mut checks = vec![custody_check(chain.as_ref(), manifest)];
    match (&document, &chain) {
        (Ok(document), Ok(chain)) => {
            checks.push(document_check(package, document, chain, manifest));
            checks.push(exhibits_check(package, document, chain));
            checks.push(evaluations_check(package, input, document, chain)?);
            checks.extend(records::checks(package, input, document, chain)?);
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
    Check::of("exhibits", format!("The {} exhibits are what the custody log says was collected.", expect.len()), places)
}

/// Every evaluation is the file that was recorded, and `case.json` says what it says.
fn evaluations_check<R: Read + Seek>(
    package: &Package,
    input: &mut R,
    document: &Document,
    chain: &Chain,
) -> io::Result<Check> {
    let recorded: Vec<_> = chain.entries.iter().filter_map(recorded_of).collect();
    let mut places = Vec::new();
    if recorded.len() != document.wire.evaluations.len() {
        places.push(format!("{CASE_JSON}: it has another number of evaluations than the custody log"));
    }
    for (at, said) in recorded.iter().zip(&document.wire.evaluations) {
        let path = format!("{DATA}{}", at.file);
        let Some(bytes) = read_again(package, input, &path, Limits::EVALUATION_BYTES)? else {
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

pub(super) fn read_again<R: Read + Seek>(
    package: &Package,
    input: &mut R,
    path: &str,
    max: u64,
) -> io::Result<Option<Vec<u8>>> {
    let begins = package.directory.contents.get(&format!("{BAG}{path}"));
    let size = package.seen.get(path).map(|seen| seen.size).filter(|size| *size <= max);
    let (Some(begins), Some(size)) = (begins, size) else { return Ok(None) };
    input.seek(SeekFrom::Start(*begins))?;
    let mut bytes = vec![0; size as usize];
    input.read_exact(&mut bytes)?;
    Ok(Some(bytes))
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

/// The script and the text are ours. Another version may have written others: they are covered by the seal, not judged.
fn script_check(package: &Package) -> Check {
    match package.held(VERIFY_SH) {
        Ok(script) if script == texts::VERIFY_SH => {
            Check::passed("script", format!("{VERIFY_SH} is the script of this version."))
        }
        _ => Check::not_checked(
            "script",
            format!("{VERIFY_SH} is not the script of this version; do not run it unread."),
        ),
    }
}
