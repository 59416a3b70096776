//! Where things lie, and how they get there: temp file, fsync, link, fsync of the folder.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use model::{Digest, Fault, Instant, RecordKind};

/// The folders of one store.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    root: PathBuf,
}

/// Whether a name was free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placed {
    Now,
    WasThere,
}

impl Layout {
    pub(crate) fn new(root: &Path) -> Self {
        Layout { root: root.to_path_buf() }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.root.join("data/_delta_log")
    }

    pub(crate) fn commit(&self, version: u64) -> PathBuf {
        self.log().join(format!("{version:020}.json"))
    }

    pub(crate) fn originals(&self) -> PathBuf {
        self.root.join("raw/sha256")
    }

    pub(crate) fn original(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        self.originals().join(&hex[..2]).join(format!("{hex}.zst"))
    }

    pub(crate) fn rejected(&self, digest: &Digest) -> PathBuf {
        self.root.join("rejected").join(format!("{}.jsonl", digest.hex()))
    }

    pub(crate) fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// Held shared while a commit is under way, exclusively while rubbish is removed.
    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("tmp/commit.lock")
    }

    /// The path of a data file relative to [`Layout::data`]: letters, digits and `=-/.` only, so that it needs no
    /// escaping as a URI.
    pub(crate) fn data_path(kind: RecordKind, date: &str, sha256: &Digest) -> String {
        format!("kind={kind}/dt={date}/{sha256}.parquet")
    }
}

/// A folder of one batch under `tmp`, removed with everything in it when the batch is over.
///
/// It is locked as long as its process lives: what is not locked was left by a crash.
#[derive(Debug)]
pub(crate) struct Workplace {
    folder: PathBuf,
    _lock: File,
}

/// The name of the lock inside a workplace.
pub(crate) const WORKPLACE_LOCK: &str = "lock";

impl Workplace {
    /// A fresh folder. Its name needs no randomness: `mkdir` succeeds for one process only.
    pub(crate) fn new(layout: &Layout, now: Instant) -> Result<Self, Fault> {
        let tmp = layout.tmp();
        make_folder(&tmp)?;
        for number in 0_u32.. {
            let folder = tmp.join(format!("batch-{}-{number}", now.nanos()));
            match fs::create_dir(&folder) {
                Ok(()) => return Self::locked(folder),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Fault::io("create", &folder, error)),
            }
        }
        Err(Fault::unavailable("store-busy", format!("Every name for a batch is taken in {}", tmp.display()))
            .advise("Remove the folders of batches that no longer run."))
    }

    fn locked(folder: PathBuf) -> Result<Self, Fault> {
        let path = folder.join(WORKPLACE_LOCK);
        let lock = create_file(&path)?;
        lock.lock().map_err(|error| Fault::io("lock", &path, error))?;
        Ok(Workplace { folder, _lock: lock })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        // What cannot be removed now is swept later.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Creates a file that must not exist, readable by its owner only: originals may hold personal data.
pub(crate) fn create_file(path: &Path) -> Result<File, Fault> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| Fault::io("create", path, error))
}

/// Creates a folder and its parents, and makes every new name durable.
pub(crate) fn make_folder(folder: &Path) -> Result<(), Fault> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_folder(parent)?;
    match fs::create_dir(folder) {
        Ok(()) => sync_folder(parent),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Fault::io("create", folder, error)),
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), Fault> {
    let handle = File::open(folder).map_err(|error| Fault::io("open", folder, error))?;
    handle.sync_all().map_err(|error| Fault::io("sync", folder, error))
}

/// Makes the bytes of a file durable.
pub(crate) fn sync_file(path: &Path) -> Result<(), Fault> {
    let handle = File::open(path).map_err(|error| Fault::io("open", path, error))?;
    handle.sync_all().map_err(|error| Fault::io("sync", path, error))
}

/// Gives `from`, whose bytes are durable, the name `to` as well, unless `to` exists. Never overwrites, never leaves
/// half a file: `link(2)` is atomic. The caller syncs the folder.
pub(crate) fn place(from: &Path, to: &Path) -> Result<Placed, Fault> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(Placed::Now),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Placed::WasThere),
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported) => {
            let message = format!("Could not link {}: this file system has no hard links", to.display());
            Err(Fault::unavailable("no-hard-links", message)
                .advise("Keep the project on a local file system such as ext4, xfs, btrfs, zfs or APFS.")
                .caused_by(error))
        }
        Err(error) => Err(Fault::io("write", to, error)),
    }
}

/// Moves a durable file to its name, durably.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), Fault> {
    let folder = to.parent().unwrap_or(Path::new("."));
    make_folder(folder)?;
    fs::rename(from, to).map_err(|error| Fault::io("write", to, error))?;
    sync_folder(folder)
}
