//! Letting go: a commit that removes data files and originals, and then their bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use model::{Digest, Fault, Instant};
use seal::SigningKey;

use crate::commit::{commit_lock, key_name, sign, write_durable};
use crate::layout::{self, Placed, Workplace};
use crate::manifest::Manifest;
use crate::verify::{list, stored_files};
use crate::wire::{Action, CommitInfo, Remove, RemovedLine};
use crate::{CommitNotes, OriginalKey, SCHEMA_ID, Store, Swept};

/// What is to go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removal {
    /// Data files, by their digests.
    pub files: BTreeSet<Digest>,
    /// Originals, with the lines of them that were not understood.
    pub originals: BTreeSet<OriginalKey>,
}

/// A removal that is durable and visible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The number of its commit.
    pub version: u64,
    /// SHA-256 of the file of the commit.
    pub digest: Digest,
    /// Data files that it removed.
    pub files: u64,
    /// Rows in them.
    pub rows: u64,
    /// Originals that it let go.
    pub originals: u64,
}

impl Store<'_> {
    /// Removes what is there of `removal`, in one commit. `None` when nothing of it is there (any more).
    ///
    /// When it returns, readers do not see any of it; the bytes go with [`Store::let_go`]. When it fails, or the process
    /// dies, all of it is there or nothing; it can simply run again.
    ///
    /// # Errors
    /// `store-busy`, `disk-full`, `io-failed`; the errors of [`Store::snapshot`].
    pub fn remove(&self, removal: &Removal, notes: &CommitNotes, now: Instant) -> Result<Option<Removed>, Fault> {
        let key = self.key.ok_or_else(|| {
            Fault::refused("store-needs-key", "Removing from the store needs its signing key")
                .advise("Give the key of the project; reading needs none.")
        })?;
        let workplace = Workplace::new(&self.layout, now)?;
        let _lock = commit_lock(&self.layout)?;
        let mut manifest = Manifest::read(&self.layout, self.limits)?;
        for attempt in 0..self.limits.commit_tries_max {
            let files: BTreeMap<String, u64> = manifest
                .files
                .iter()
                .filter(|(_, file)| removal.files.contains(&file.sha256))
                .map(|(path, file)| (path.clone(), file.rows))
                .collect();
            let there = |key: &&OriginalKey| manifest.originals.get(*key).is_some_and(|file| file.removed.is_none());
            let originals: Vec<OriginalKey> = removal.originals.iter().filter(there).cloned().collect();
            if files.is_empty() && originals.is_empty() {
                return Ok(None);
            }
            let bytes = commit_bytes(&files, &originals, (manifest.head, notes, now), key)?;
            let temp = workplace.path(&format!("{attempt}.json"));
            write_durable(&temp, &bytes)?;
            let version = manifest.next;
            if layout::place(&temp, &self.layout.commit(version))? == Placed::Now {
                layout::sync_folder(&self.layout.log())?;
                return Ok(Some(Removed {
                    version,
                    digest: seal::sha256(&bytes),
                    files: files.len() as u64,
                    rows: files.values().sum(),
                    originals: originals.len() as u64,
                }));
            }
            // Somebody was faster: what they did is looked at first.
            manifest.advance()?;
        }
        Err(Fault::unavailable("store-busy", "Other processes kept committing while this one tried")
            .advise("Run the same command again; nothing was removed."))
    }

    /// Deletes the bytes of data files, originals and rejected lines that commits have removed. Waits for commits that are
    /// under way. What no commit ever named is left to [`Store::sweep`].
    ///
    /// # Errors
    /// The errors of [`Store::snapshot`]; failures to remove. What is left then goes the next time.
    pub fn let_go(&self) -> Result<Swept, Fault> {
        let mut swept = Swept::default();
        if !self.layout.tmp().is_dir() {
            return Ok(swept);
        }
        let path = self.layout.lock();
        let fail = |error| Fault::io("lock", &path, error);
        let lock = File::options().create(true).append(true).open(&path).map_err(fail)?;
        lock.lock().map_err(fail)?;
        let manifest = Manifest::read(&self.layout, self.limits)?;
        let there: BTreeSet<Digest> = manifest.present().map(|(key, _)| key.digest).collect();
        let gone: BTreeSet<Digest> = manifest.originals.keys().map(|key| key.digest).collect();
        for digest in gone.difference(&there) {
            for path in [self.layout.original(digest), self.layout.rejected(digest)] {
                remove(&path, &mut swept)?;
            }
        }
        for path in stored_files(&self.layout)? {
            let name = path.strip_prefix(self.layout.data()).ok().and_then(Path::to_str);
            if name.is_some_and(|name| manifest.removed.contains(name) && !manifest.files.contains_key(name)) {
                remove(&path, &mut swept)?;
            }
        }
        sync(&self.layout.originals(), 1)?;
        sync(&self.layout.data(), 2)?;
        Ok(swept)
    }
}

/// The commit that removes these files and originals, after `head`.
fn commit_bytes(
    files: &BTreeMap<String, u64>,
    originals: &[OriginalKey],
    (head, notes, now): (Digest, &CommitNotes, Instant),
    key: &SigningKey,
) -> Result<Vec<u8>, Fault> {
    let line = |key: &OriginalKey| RemovedLine { sha256: key.digest.hex(), reader: key.reader.clone() };
    let info = CommitInfo {
        timestamp: now.millis(),
        operation: "DELETE".into(),
        operation_parameters: BTreeMap::new(),
        x_schema: Some(SCHEMA_ID.into()),
        x_prev_sha256: Some(head.hex()),
        x_tool: Some(notes.tool.clone()),
        x_originals: Vec::new(),
        x_removed: originals.iter().map(line).collect(),
        x_key: Some(key_name(&key.public())),
        x_sig: Some(String::new()),
    };
    let remove = |path: &String| {
        let remove = Remove { path: path.clone(), deletion_timestamp: Some(now.millis()), data_change: true };
        Action { remove: Some(remove), ..Action::default() }
    };
    let first = Action { commit_info: Some(info), ..Action::default() };
    sign(&[first].into_iter().chain(files.keys().map(remove)).collect::<Vec<_>>(), key)
}

fn remove(path: &PathBuf, swept: &mut Swept) -> Result<(), Fault> {
    let bytes = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Fault::io("read", path, error)),
    };
    fs::remove_file(path).map_err(|error| Fault::io("remove", path, error))?;
    swept.files += 1;
    swept.bytes += bytes;
    Ok(())
}

/// Makes what was removed below `folder` durable, and takes out folders that are empty now.
fn sync(folder: &Path, deep: u8) -> Result<(), Fault> {
    if deep == 0 || !folder.is_dir() || folder.ends_with("_delta_log") {
        return Ok(());
    }
    for inside in list(folder)?.into_iter().filter(|path| path.is_dir()) {
        sync(&inside, deep - 1)?;
        layout::sync_folder(&inside)?;
        // One that is not empty stays; so does one that somebody fills just now.
        let _ = fs::remove_dir(&inside);
    }
    layout::sync_folder(folder)
}
