//! Is everything as it was committed? Every commit, every data file and every original, from their bytes.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use model::{Digest, Fault, Place, Progress};
use seal::PublicKey;

use crate::commit::{hash_file, is_signed_by, key_name};
use crate::layout::Layout;
use crate::manifest::{Manifest, ReadCommit, check_link, foreign, missing_commit, parse, read_commit_file, versions};
use crate::originals::read_back;
use crate::{Limits, Store};

/// What a verification has seen.
#[derive(Debug)]
pub struct StoreReport {
    /// SHA-256 of every commit file, by version. The ledger holds them too: a log that was cut short, or written anew
    /// with the right key, differs there and only there.
    pub commits: Vec<Digest>,
    /// Data files whose digest was computed again.
    pub data_files: u64,
    /// Rows in them.
    pub rows: u64,
    /// Originals whose digest was computed again.
    pub originals: u64,
    /// Bytes of data files and of originals (uncompressed).
    pub bytes: u64,
    /// Files that no commit names: left by a crash, or put there. They are never read.
    pub unnamed: Vec<PathBuf>,
    /// What is wrong, each with its place; at most [`Limits::findings_max`].
    pub findings: Vec<Fault>,
    /// More was wrong than is listed.
    pub more: bool,
}

impl StoreReport {
    /// Nothing is wrong.
    pub fn is_intact(&self) -> bool {
        self.findings.is_empty()
    }

    /// The first thing that is wrong, if any.
    ///
    /// # Errors
    /// One of `bad-commit`, `broken-chain`, `foreign-commit`, `missing-commit`, `bad-signature`, `wrong-key`,
    /// `changed-data`, `missing-data`, `changed-original`, `missing-original`.
    pub fn into_result(mut self) -> Result<Self, Fault> {
        if self.findings.is_empty() { Ok(self) } else { Err(self.findings.swap_remove(0)) }
    }
}

impl Store<'_> {
    /// Checks the whole store against the public key that signs its commits. Goes on after the first finding.
    ///
    /// # Errors
    /// Only when checking itself is impossible: a folder that cannot be listed, a commit of a newer version.
    pub fn verify(&self, key: &PublicKey, progress: &dyn Progress) -> Result<StoreReport, Fault> {
        let mut check = Check::new(self.limits);
        let manifest = check.commits(&self.layout, key)?;
        let data: u64 = manifest.files.values().map(|file| file.bytes).sum();
        let originals: BTreeMap<&Path, (Digest, u64)> =
            manifest.present().map(|(key, file)| (file.path.as_path(), (key.digest, file.size))).collect();
        progress.start("verify", data + originals.values().map(|(_, size)| size).sum::<u64>());
        check.data_files(&manifest, progress);
        check.originals(&originals, progress);
        progress.finish();
        let files: HashSet<&Path> = manifest.files.values().map(|file| file.path.as_path()).collect();
        let named = |path: &Path| originals.contains_key(path) || files.contains(path);
        check.report.unnamed = stored_files(&self.layout)?;
        check.report.unnamed.retain(|path| !named(path));
        Ok(check.report)
    }
}

struct Check {
    report: StoreReport,
    limits: Limits,
}

impl Check {
    fn new(limits: Limits) -> Self {
        let report = StoreReport {
            commits: Vec::new(),
            data_files: 0,
            rows: 0,
            originals: 0,
            bytes: 0,
            unnamed: Vec::new(),
            findings: Vec::new(),
            more: false,
        };
        Check { report, limits }
    }

    fn found(&mut self, fault: Fault) {
        if self.report.findings.len() < self.limits.findings_max {
            self.report.findings.push(fault);
        } else {
            self.report.more = true;
        }
    }

    /// Every commit in order. One that is wrong is named once; the link of the one after it is then not judged.
    fn commits(&mut self, layout: &Layout, key: &PublicKey) -> Result<Manifest, Fault> {
        let mut manifest = Manifest::empty(layout, self.limits);
        let end = versions(layout)?.last().map_or(0, |last| last + 1);
        let mut trusted = true;
        while manifest.next < end {
            let path = layout.commit(manifest.next);
            let checked = match read_commit_file(&path, self.limits) {
                Ok(bytes) => self.commit(&mut manifest, &bytes, key, trusted),
                Err(fault) if fault.code() == "not-found" => {
                    self.report.commits.push(Digest::ZERO);
                    let missing = missing_commit(layout, manifest.next);
                    manifest.skip(Digest::ZERO);
                    Err(missing)
                }
                Err(fault) => return Err(fault),
            };
            trusted = checked.is_ok();
            match checked {
                Err(fault) if fault.code() == "newer-store" => return Err(fault.in_file(&path)),
                Err(fault) => self.found(fault.in_file(&path)),
                Ok(()) => {}
            }
        }
        Ok(manifest)
    }

    fn commit(&mut self, manifest: &mut Manifest, bytes: &[u8], key: &PublicKey, linked: bool) -> Result<(), Fault> {
        self.report.commits.push(seal::sha256(bytes));
        let commit = match parse(bytes) {
            Ok(commit) => commit,
            Err(fault) => {
                manifest.skip(seal::sha256(bytes));
                return Err(fault);
            }
        };
        let link = if linked { check_link(&commit.info, manifest.next, manifest.head) } else { Ok(()) };
        let signed = check_signature(&commit, bytes, key);
        // What a doubtful commit names is checked all the same; what it cannot say is a finding of its own.
        let applied = manifest.take_in(commit, bytes);
        // The signature first: a changed commit most often also fails to follow or to be followed.
        signed.and(link).and(applied)
    }

    fn data_files(&mut self, manifest: &Manifest, progress: &dyn Progress) {
        for file in manifest.files.values() {
            match hash_file(&file.path) {
                Ok((sha256, size)) if sha256 == file.sha256 && size == file.bytes => {
                    self.report.data_files += 1;
                    self.report.rows += file.rows;
                    self.report.bytes += size;
                }
                Ok(_) => self.found(changed("changed-data", "data file", &file.path)),
                Err(fault) => self.found(absent("missing-data", "data file", &file.path, fault)),
            }
            progress.advance(file.bytes);
        }
    }

    fn originals(&mut self, originals: &BTreeMap<&Path, (Digest, u64)>, progress: &dyn Progress) {
        for (path, expected) in originals {
            let read = if path.exists() { read_back(path, |count| progress.advance(count)) } else { Err(not_found()) };
            match read {
                Ok(found) if found == *expected => {
                    self.report.originals += 1;
                    self.report.bytes += expected.1;
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    let fault = Fault::io("read", path, error);
                    self.found(absent("missing-original", "original", path, fault));
                }
                // zstd itself notices most changes.
                Ok(_) | Err(_) => self.found(changed("changed-original", "original", path)),
            }
        }
    }
}

fn not_found() -> std::io::Error {
    std::io::ErrorKind::NotFound.into()
}

fn check_signature(commit: &ReadCommit, bytes: &[u8], key: &PublicKey) -> Result<(), Fault> {
    match is_signed_by(bytes, key) {
        Some(true) => Ok(()),
        _ if commit.info.x_prev_sha256.is_none() => Err(foreign("does not say what it follows")),
        None => Err(foreign("bears no signature")),
        Some(false) if commit.info.x_key.as_ref() != Some(&key_name(key)) => {
            Err(Fault::unverified("wrong-key", "The commit is signed with another key than the one given")
                .advise("Give the key of this store; if it is the right one, somebody else wrote the commit."))
        }
        Some(false) => Err(Fault::unverified("bad-signature", "The commit was changed after it was signed")
            .advise("Restore the file from a backup.")),
    }
}

fn changed(code: &'static str, what: &str, path: &Path) -> Fault {
    let message = format!("The {what} was changed after it was committed");
    Fault::unverified(code, message).advise("Restore the file from a backup.").at(Place::file(path))
}

fn absent(code: &'static str, what: &str, path: &Path, cause: Fault) -> Fault {
    let message = format!("The {what} that a commit names cannot be read: {}", cause.message());
    Fault::unverified(code, message).advise("Restore the file from a backup.").at(Place::file(path)).caused_by(cause)
}

/// Every data file and every original on disk, ordered by path.
pub(crate) fn stored_files(layout: &Layout) -> Result<Vec<PathBuf>, Fault> {
    let mut found = Vec::new();
    for kind in list(&layout.data())?.iter().filter(|path| !path.ends_with("_delta_log")) {
        for day in list(kind)? {
            found.extend(list(&day)?);
        }
    }
    for prefix in list(&layout.originals())? {
        found.extend(list(&prefix)?);
    }
    found.sort();
    Ok(found)
}

/// The entries of a folder; nothing when it is no folder.
pub(crate) fn list(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let fail = |error| Fault::io("list", folder, error);
    let entries = fs::read_dir(folder).map_err(fail)?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(fail)).collect()
}
