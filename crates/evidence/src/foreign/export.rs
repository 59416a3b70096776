//! What a person was handed by `export`: a zip, or the folder that it was unpacked to.
//!
//! `SHA256SUMS` lists every file, `manifest.json` says of each what it holds, and `SHA256SUMS` is signed in two ways by one
//! key. What is listed, is there; what is there, is listed.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use model::{Digest, Fault, Instant, Progress};
use seal::sshsig::Signature;
use seal::{PublicKey, minisign};
use serde_json::Value;

use super::archive::Archive;
use super::bag::lists::{self, Version};
use super::folder::{Folder, shown};
use super::hash::Algorithm;
use super::ssh::{SIGNATURE, judged, of_signer};
use super::tree::{Digests, Tree, hash_all};
use super::{Form, answer, unreadable};
use crate::Limits;
use crate::package::{Ask, Check, Verification};

/// What a signature of an export is for; the signer's address is the same.
pub(super) const NAMESPACE: &str = "export@probity";

const SUMS: &str = "SHA256SUMS";
const SUMS_SIG: &str = "SHA256SUMS.sig";
const SUMS_MINISIG: &str = "SHA256SUMS.minisig";
const MANIFEST: &str = "manifest.json";
const SCHEMA: &str = "export-package/1";
/// What lies beside the list and is not in it: signatures and keys.
const BESIDE: [&str; 6] = [SUMS, SUMS_SIG, SUMS_MINISIG, "allowed_signers", "minisign.pub", "signer.pub"];
/// What an export has besides; one of which a file or two was taken away is one still.
const TELLING: [&str; 6] = [MANIFEST, "data.json", "information.json", "third_party.json", "schema.json", "VERIFY.txt"];
const TELLING_LEAST: usize = 3;

/// The extra field of `crate::zip` where a size is not known when its file begins.
const PADDING: &[u8] = &crate::zip::PADDING.to_le_bytes();

const NEEDED: &[&str] = &["files", "manifest", SIGNATURE, "keys"];
const NEEDED_ZIPPED: &[&str] = &["zip-structure", "zip-names", "files", "manifest", SIGNATURE, "keys"];

/// Whether these are the names of an export.
pub(super) fn is_one(names: &BTreeMap<String, u64>) -> bool {
    let has = |name: &&&str| names.contains_key(**name);
    [SUMS, SUMS_SIG, SUMS_MINISIG].iter().filter(has).count() > 0 && TELLING.iter().filter(has).count() >= TELLING_LEAST
}

/// Whether a zip begins as one, whose list of files cannot be read any more: its first file is one of `data/`, with the room in
/// its header that no other writer leaves so.
pub(super) fn begins(prefix: &[u8]) -> bool {
    let name_len = prefix.get(26..28).map_or(0, |len| usize::from(u16::from_le_bytes([len[0], len[1]])));
    let name = prefix.get(30..30 + name_len).unwrap_or_default();
    name.starts_with(b"data/") && name.ends_with(b".json") && prefix.get(30 + name_len..32 + name_len) == Some(PADDING)
}

/// Checks one in a zip.
pub(super) fn verify_zip(archive: &Archive<'_>, ask: &Ask, progress: &dyn Progress) -> Result<Verification, Fault> {
    let mut checks = archive.checks();
    let size = (archive.files().len() as u64, archive.bytes());
    if !archive.is_sound() {
        let why = "Nothing is unpacked from a zip with such flaws.";
        checks.extend(["files", SIGNATURE].map(|name| Check::not_checked(name, why)));
        return Ok(answer(Form::Export, checks, NEEDED_ZIPPED, size));
    }
    let read = Read::of(archive, progress).map_err(unreadable)?;
    Ok(read.judge(checks, Vec::new(), NEEDED_ZIPPED, size, ask))
}

/// Checks one that was unpacked.
pub(super) fn verify_folder(folder: &Folder, ask: &Ask, progress: &dyn Progress) -> Result<Verification, Fault> {
    let size = (folder.files().len() as u64, folder.files().values().sum());
    let read = Read::of(folder, progress).map_err(unreadable)?;
    Ok(read.judge(Vec::new(), folder.flaws.clone(), NEEDED, size, ask))
}

/// What is in it, read once.
struct Read {
    names: BTreeSet<String>,
    digests: BTreeMap<String, Digests>,
    /// Small files, by their names.
    held: BTreeMap<&'static str, Result<Vec<u8>, String>>,
}

impl Read {
    fn of(tree: &dyn Tree, progress: &dyn Progress) -> io::Result<Self> {
        let names: BTreeSet<String> = tree.files().keys().cloned().collect();
        let all = names.iter().map(|name| (name.clone(), BTreeSet::from([Algorithm::Sha256]))).collect();
        let digests = hash_all(tree, &all, progress)?;
        let mut held = BTreeMap::new();
        for name in BESIDE.into_iter().chain([MANIFEST]) {
            held.insert(name, tree.held(name, Limits::FOREIGN_MANIFEST_BYTES)?);
        }
        Ok(Read { names, digests, held })
    }

    fn bytes(&self, name: &str) -> Result<&[u8], String> {
        match self.held.get(name) {
            Some(Ok(bytes)) => Ok(bytes),
            Some(Err(why)) => Err(why.clone()),
            None => Err(format!("{name} is missing")),
        }
    }

    fn text(&self, name: &str) -> Result<&str, String> {
        std::str::from_utf8(self.bytes(name)?).map_err(|_| format!("{name}: it is not UTF-8"))
    }

    fn judge(
        &self,
        mut checks: Vec<Check>,
        flaws: Vec<String>,
        needed: &'static [&'static str],
        size: (u64, u64),
        ask: &Ask,
    ) -> Verification {
        let (files, listed) = self.files(flaws);
        let manifest: Option<Value> = self.bytes(MANIFEST).ok().and_then(|bytes| serde_json::from_slice(bytes).ok());
        checks.push(files);
        checks.push(self.manifest(manifest.as_ref(), &listed));
        let (signed, key) = self.signature();
        checks.push(signed);
        checks.push(self.keys(key.as_ref()));
        checks.extend(of_signer(key.as_ref(), ask));
        let created = manifest.as_ref().and_then(|it| Instant::parse(it["created"].as_str()?).ok());
        Verification {
            signer: key,
            created,
            manifest: self.bytes(MANIFEST).ok().map(seal::sha256),
            ..answer(Form::Export, checks, needed, size)
        }
    }

    /// `SHA256SUMS` against what is there; and what it lists.
    fn files(&self, flaws: Vec<String>) -> (Check, BTreeMap<String, Vec<u8>>) {
        let name = "files";
        let sums = match self.bytes(SUMS) {
            Ok(sums) => sums,
            Err(why) => {
                return (
                    Check::failed(name, format!("{why}: nothing says which files there should be.")),
                    BTreeMap::new(),
                );
            }
        };
        let list = lists::list(sums, Algorithm::Sha256, Version::ONE);
        let mut places = flaws;
        places.extend(list.faults.iter().map(|fault| format!("{SUMS}: {fault}")));
        for (path, digest) in &list.files {
            let what = match self.digests.get(path) {
                None => "missing".to_owned(),
                Some(Err(why)) => why.clone(),
                Some(Ok(there)) if there.get(&Algorithm::Sha256) == Some(digest) => continue,
                Some(Ok(_)) => format!("changed (its SHA-256 digest is not the one in {SUMS})"),
            };
            places.push(format!("{}: {what}", shown(path)));
        }
        let unknown = |name: &&String| !list.files.contains_key(*name) && !BESIDE.contains(&name.as_str());
        places.extend(
            self.names.iter().filter(unknown).map(|name| format!("{}: added ({SUMS} does not list it)", shown(name))),
        );
        let count = model::counted(list.files.len() as u64, "file", "files");
        (
            Check::of(name, format!("The {count} that {SUMS} lists are there, unchanged, and no other."), places),
            list.files,
        )
    }

    /// The manifest names the same files with the same digests and their sizes.
    fn manifest(&self, manifest: Option<&Value>, listed: &BTreeMap<String, Vec<u8>>) -> Check {
        let name = "manifest";
        let Some(manifest) = manifest.filter(|it| it["schema"] == SCHEMA) else {
            let why = match self.bytes(MANIFEST) {
                Ok(_) => format!("{MANIFEST}: it is not the manifest of an export ({SCHEMA})"),
                Err(why) => why,
            };
            return Check::failed(name, format!("{why}."));
        };
        let entries = manifest["files"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut places = Vec::new();
        let mut named = BTreeSet::from([MANIFEST]);
        for entry in entries {
            let path = entry["path"].as_str().unwrap_or_default();
            let digest = entry["sha256"].as_str().and_then(|hex| Digest::parse(hex).ok());
            if !named.insert(path) {
                places.push(format!("{}: {MANIFEST} names it twice", shown(path)));
            }
            match (listed.get(path), digest) {
                (Some(there), Some(digest)) if there.as_slice() == digest.as_bytes() => {}
                (Some(_), _) => places.push(format!("{}: {MANIFEST} and {SUMS} do not agree", shown(path))),
                (None, _) => places.push(format!("{}: {MANIFEST} names it, {SUMS} does not", shown(path))),
            }
        }
        let open = listed.keys().filter(|path| !named.contains(path.as_str()));
        places.extend(open.map(|path| format!("{}: {SUMS} lists it, {MANIFEST} does not", shown(path))));
        let rows = model::grouped(manifest["rows"].as_u64().unwrap_or_default());
        let article = manifest["article"].as_str().unwrap_or_default();
        let request = manifest["request_id"].as_str().unwrap_or_default();
        let passed =
            format!("{MANIFEST} names the same files: {rows} records, Art. {article} GDPR, request {request}.");
        Check::of(name, passed, places)
    }

    /// `SHA256SUMS.sig`.
    fn signature(&self) -> (Check, Option<PublicKey>) {
        let signature = self
            .text(SUMS_SIG)
            .and_then(|text| Signature::parse(text).map_err(|fault| format!("{SUMS_SIG}: {}", fault.message())));
        match (signature, self.bytes(SUMS)) {
            (Err(why), _) | (_, Err(why)) => (Check::failed(SIGNATURE, format!("{why}.")), None),
            (Ok(signature), _) if signature.namespace() != NAMESPACE => {
                let why = format!("{SUMS_SIG}: it is for {:?}, not for {NAMESPACE:?}.", signature.namespace());
                (Check::failed(SIGNATURE, why), None)
            }
            (Ok(signature), Ok(sums)) => judged(&signature, &signature.hash().of(sums), SUMS, sums.len() as u64),
        }
    }

    /// The other signature and the files with keys, which a receiver gives to other programs: all are of the key that signed.
    fn keys(&self, key: Option<&PublicKey>) -> Check {
        let name = "keys";
        let Some(key) = key else {
            return Check::not_checked(name, "The key is not known without the SSH signature.");
        };
        let line = key.openssh("");
        let forms = [
            ("signer.pub", format!("{}\n", key.openssh(NAMESPACE))),
            ("allowed_signers", format!("{NAMESPACE} namespaces=\"{NAMESPACE}\" {}\n", line.trim())),
            ("minisign.pub", minisign::public_key_text(key, minisign::key_id(key))),
        ];
        let mut places = Vec::new();
        for (path, expect) in forms {
            match self.text(path) {
                Ok(there) if there == expect => {}
                Ok(_) => places.push(format!("{path}: it does not hold the key that signed")),
                Err(why) => places.push(why),
            }
        }
        let other = self.text(SUMS_MINISIG).and_then(|text| {
            let sums = self.bytes(SUMS)?;
            minisign::verify(text, key, sums).map_err(|fault| format!("{SUMS_MINISIG}: {}", fault.message()))
        });
        places.extend(other.err());
        Check::of(name, "The minisign signature and the files with keys are of the key that signed.", places)
    }
}
