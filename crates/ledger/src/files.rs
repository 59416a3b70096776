//! Files that are whole or not there: written aside, synced, renamed, and the folder synced.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;

use model::Fault;

use crate::{Limits, walk};

/// The bytes of a file, or `None` when it is not there. More than [`Limits::FILE_BYTES`] are not read: such a file is
/// longer than anything that belongs here, and what is read of it does not fit either.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, Fault> {
    let mut bytes = Vec::new();
    Ok(read_into(path, &mut bytes, Limits::FILE_BYTES)?.then_some(bytes))
}

/// Reads at most `limit` bytes and one into `buffer`, which is reused; `false` when the file is not there.
///
/// # Errors
/// `ledger-unexpected-file` for links, pipes and devices, which would lead elsewhere or never end.
pub(crate) fn read_into(path: &Path, buffer: &mut Vec<u8>, limit: u64) -> Result<bool, Fault> {
    buffer.clear();
    let mut read = || -> std::io::Result<bool> {
        if !fs::symlink_metadata(path)?.is_file() {
            return Ok(false);
        }
        File::open(path)?.take(limit + 1).read_to_end(buffer)?;
        Ok(true)
    };
    match read() {
        Ok(true) => Ok(true),
        Ok(false) => Err(walk::unexpected(path)),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(Fault::io("read", path, error)),
    }
}

/// The names in a folder, sorted; none when it is not there. Names that are not UTF-8 are shown with replacements.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>, Fault> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(Fault::io("list", folder, error)),
    };
    let names: Result<Vec<_>, _> =
        entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned())).collect();
    let mut names = names.map_err(|error| Fault::io("list", folder, error))?;
    names.sort();
    Ok(names)
}

/// Replaces `folder/path` by `bytes`. Durable on return: bytes first, then the name.
pub(crate) fn replace(folder: &Path, path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    put(folder, path, bytes)?;
    let target = folder.join(path);
    sync_folder(target.parent().unwrap_or(folder))
}

/// Writes many files at once: all are durable on return, in no particular order.
///
/// Syncs wait for the disk, not for the processor, and the kernel merges those that are under way at once: a few
/// threads make many small files durable in a fraction of the time.
pub(crate) fn replace_all(folder: &Path, files: &[(PathBuf, Cow<'_, [u8]>)]) -> Result<(), Fault> {
    at_once(files, |(path, bytes)| put(folder, path, bytes))?;
    let folders: BTreeSet<PathBuf> =
        files.iter().filter_map(|(path, _)| folder.join(path).parent().map(Path::to_path_buf)).collect();
    at_once(&folders.into_iter().collect::<Vec<_>>(), |folder| sync_folder(folder))
}

fn at_once<T: Sync>(items: &[T], act: impl Fn(&T) -> Result<(), Fault> + Sync) -> Result<(), Fault> {
    const THREADS: usize = 16;
    let Some((first, rest)) = items.split_first() else { return Ok(()) };
    let share = rest.len().div_ceil(THREADS).max(1);
    thread::scope(|scope| {
        let act = &act;
        let others: Vec<_> =
            rest.chunks(share).map(|items| scope.spawn(move || items.iter().try_for_each(act))).collect();
        let first = act(first);
        let others = others.into_iter().map(|thread| {
            thread.join().unwrap_or_else(|_| Err(Fault::internal("ledger-writer-stopped", "A part of a write stopped")))
        });
        others.fold(first, Result::and)
    })
}

/// The bytes are durable on return, the name is not.
fn put(folder: &Path, path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let target = folder.join(path);
    ensure_folder(target.parent().unwrap_or(folder))?;
    let aside = folder.join("tmp").join(path.to_string_lossy().replace('/', "-"));
    let written = OpenOptions::new().write(true).create(true).truncate(true).open(&aside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|error| Fault::io("write", &aside, error))?;
    fs::rename(&aside, &target).map_err(|error| Fault::io("rename into place", &target, error))
}

/// Makes `folder` and its parents, each durable in its own parent.
pub(crate) fn ensure_folder(folder: &Path) -> Result<(), Fault> {
    match fs::create_dir(folder) {
        Ok(()) => sync_folder(parent(folder)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound && parent(folder) != folder => {
            ensure_folder(parent(folder))?;
            ensure_folder(folder)
        }
        Err(error) => Err(Fault::io("make the folder", folder, error)),
    }
}

/// Makes the names in `folder` durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), Fault> {
    File::open(folder).and_then(|file| file.sync_all()).map_err(|error| Fault::io("sync the folder", folder, error))
}

/// Removes a file that is no longer needed; absence is fine.
pub(crate) fn remove(path: &Path) -> Result<(), Fault> {
    match fs::remove_file(path) {
        Err(error) if !is_absent(&error) => Err(Fault::io("remove", path, error)),
        _ => Ok(()),
    }
}

/// A relative path of one part has the empty parent, which means the working folder.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}

/// A file where a folder should be leaves nothing to read either.
fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
