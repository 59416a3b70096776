//! Removing what crashes have left.

use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::{Fault, Instant};

use crate::Store;
use crate::layout::{Layout, WORKPLACE_LOCK};
use crate::manifest::Manifest;
use crate::verify::{list, stored_files};

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Workplaces of batches that died.
    pub batches: u64,
    /// Data files and originals that no commit names.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A workplace younger than this may be about to take its lock.
const WORKPLACE_AGE: Duration = Duration::from_secs(10 * 60);
/// Files on shared folders may be placed by machines whose locks are not seen here: they commit within a day.
const FILE_AGE: Duration = Duration::from_secs(24 * 60 * 60);

impl Store<'_> {
    /// Removes workplaces of dead processes older than ten minutes, and data files and originals that no commit names
    /// and that are older than 24 hours at `now`. Does nothing while another process commits.
    ///
    /// # Errors
    /// The errors of [`Store::snapshot`]; failures to remove.
    pub fn sweep(&self, now: Instant) -> Result<Swept, Fault> {
        let mut swept = Swept::default();
        if !self.layout.tmp().is_dir() {
            return Ok(swept);
        }
        let path = self.layout.lock();
        let lock = File::options().create(true).append(true).open(&path);
        let lock = lock.map_err(|error| Fault::io("lock", &path, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(swept),
            Err(TryLockError::Error(error)) => return Err(Fault::io("lock", &path, error)),
        }
        swept.batches = sweep_workplaces(&self.layout, now)?;
        self.sweep_files(now, &mut swept)?;
        Ok(swept)
    }

    fn sweep_files(&self, now: Instant, swept: &mut Swept) -> Result<(), Fault> {
        let manifest = Manifest::read(&self.layout, self.limits)?;
        let originals = manifest.present().map(|(_, original)| original.path.clone());
        let named: HashSet<PathBuf> = manifest.files.values().map(|file| file.path.clone()).chain(originals).collect();
        for path in stored_files(&self.layout)? {
            let metadata = fs::symlink_metadata(&path).map_err(|error| Fault::io("read", &path, error))?;
            if metadata.is_file() && !named.contains(&path) && is_older(metadata.modified().ok(), now, FILE_AGE) {
                fs::remove_file(&path).map_err(|error| Fault::io("remove", &path, error))?;
                swept.files += 1;
                swept.bytes += metadata.len();
            }
        }
        Ok(())
    }
}

fn sweep_workplaces(layout: &Layout, now: Instant) -> Result<u64, Fault> {
    let mut count = 0;
    for folder in list(&layout.tmp())?.into_iter().filter(|path| path.is_dir()) {
        let modified = fs::metadata(&folder).and_then(|metadata| metadata.modified()).ok();
        if is_older(modified, now, WORKPLACE_AGE) && is_dead(&folder) {
            fs::remove_dir_all(&folder).map_err(|error| Fault::io("remove", &folder, error))?;
            count += 1;
        }
    }
    Ok(count)
}

/// Nobody holds the lock of the workplace. The lock falls with the process that took it.
fn is_dead(folder: &Path) -> bool {
    File::open(folder.join(WORKPLACE_LOCK)).map_or(true, |lock| lock.try_lock().is_ok())
}

fn is_older(modified: Option<SystemTime>, now: Instant, age: Duration) -> bool {
    let modified = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let now = u64::try_from(now.nanos()).map(Duration::from_nanos);
    modified.zip(now.ok()).is_some_and(|(modified, now)| modified + age < now)
}
