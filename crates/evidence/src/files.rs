//! Files of a case folder: written whole or not at all, and durable when the call returns.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::Fault;

/// Held while a case is being changed; released when dropped, also by a crash.
pub(crate) struct Lock(#[expect(dead_code, reason = "the file is held for its lock")] File);

/// Waits up to five seconds for another process that is changing the case.
///
/// # Errors
/// `case-busy`.
pub(crate) fn lock(folder: &Path) -> Result<Lock, Fault> {
    let path = folder.join(".lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| Fault::io("open", &path, error))?;
    for _ in 0..100 {
        match file.try_lock() {
            Ok(()) => return Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(50)),
            Err(TryLockError::Error(error)) => return Err(Fault::io("lock", &path, error)),
        }
    }
    Err(Fault::unavailable("case-busy", format!("Another process is changing the case in {}", folder.display()))
        .advise("Wait until it is done and run the command again; nothing was changed."))
}

/// Writes a new file through a temporary neighbour: complete and on the disk when this returns.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let draft = draft(path);
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    write().map_err(|error| Fault::io("write", path, error))?;
    sync_parent(path)
}

/// The temporary neighbour of a path.
pub(crate) fn draft(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".draft-{name}"))
}

/// Makes the names in the folder of `path` durable.
pub(crate) fn sync_parent(path: &Path) -> Result<(), Fault> {
    let Some(parent) = path.parent() else { return Ok(()) };
    File::open(parent).and_then(|folder| folder.sync_all()).map_err(|error| Fault::io("sync", parent, error))
}

/// Creates a folder and those above it.
pub(crate) fn make_folder(path: &Path) -> Result<(), Fault> {
    fs::create_dir_all(path).map_err(|error| Fault::io("create", path, error))
}

/// Reads the first `most` bytes of a file.
///
/// # Errors
/// What the disk says.
pub(crate) fn read_begin(path: &Path, most: u64) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    let mut read = || File::open(path)?.take(most).read_to_end(&mut bytes);
    read().map_err(|error| Fault::io("read", path, error))?;
    Ok(bytes)
}

/// Reads a file of at most `max` bytes.
///
/// # Errors
/// `too-large`, or what the disk says.
pub(crate) fn read_bounded(path: &Path, max: u64) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    let read = |bytes: &mut Vec<u8>| {
        let file = File::open(path)?;
        // As long as it says it is, and one byte to see that it ends there: one read, no moving about.
        let size = file.metadata()?.len().min(max);
        bytes.reserve_exact(usize::try_from(size).unwrap_or(0) + 1);
        file.take(max + 1).read_to_end(bytes)
    };
    read(&mut bytes).map_err(|error| Fault::io("read", path, error))?;
    if bytes.len() as u64 > max {
        return Err(Fault::bad_input("too-large", format!("{} is larger than {max} bytes", path.display()))
            .advise("No case that probity wrote has such a file. Check where it came from."));
    }
    Ok(bytes)
}
