//! Files that are whole or not there: written aside, synced, renamed, and the folder synced.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::{self, DirEntry, File, FileType, OpenOptions};
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
    let mut read = || -> std::io::Result<bool> {
        let metadata = fs::symlink_metadata(path)?;
        if !metadata.is_file() {
            return Ok(false);
        }
        read_whole(File::open(path)?, metadata.len(), buffer, limit + 1)?;
        Ok(true)
    };
    match read() {
        Ok(true) => Ok(true),
        Ok(false) => Err(walk::unexpected(path)),
        Err(error) if is_absent(&error) => {
            buffer.clear();
            Ok(false)
        }
        Err(error) => Err(Fault::io("read", path, error)),
    }
}

/// Reads until the end or `most` bytes. One read for the `expected` length and one that finds the end, instead of
/// ever larger pieces; what the buffer held is overwritten, not cleared first.
fn read_whole(file: File, expected: u64, buffer: &mut Vec<u8>, most: u64) -> std::io::Result<()> {
    let first = expected.saturating_add(1).min(most);
    buffer.resize(first as usize, 0);
    let mut file = file.take(most);
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let grown = length == buffer.len();
    buffer.truncate(length);
    // It grew since it was looked at.
    if grown {
        file.read_to_end(buffer)?;
    }
    Ok(())
}

/// The names in a folder, sorted; none when it is not there. Names that are not UTF-8 are shown with replacements.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>, Fault> {
    let mut names = list(folder, |entry| Ok(shown(entry)))?;
    names.sort();
    Ok(names)
}

/// The names in a folder, sorted, each with what it is; a link is a link, wherever it leads.
pub(crate) fn names_and_types(folder: &Path) -> Result<Vec<(String, FileType)>, Fault> {
    // The listing says what each name is: asking for each name again would cost as much as reading it.
    let mut found = list(folder, |entry| Ok((shown(entry), entry.file_type()?)))?;
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found)
}

fn list<T>(folder: &Path, look: impl Fn(&DirEntry) -> std::io::Result<T>) -> Result<Vec<T>, Fault> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(Fault::io("list", folder, error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        match entry.and_then(|entry| look(&entry)) {
            Ok(item) => found.push(item),
            // Gone since it was listed: a writer tidied up.
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(Fault::io("list", folder, error)),
        }
    }
    Ok(found)
}

fn shown(entry: &DirEntry) -> String {
    entry.file_name().to_string_lossy().into_owned()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Every read into the same buffer gives exactly the file, or one byte more than the limit.
    #[test]
    fn a_buffer_that_is_used_again_holds_the_file_and_nothing_of_the_one_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        let mut buffer = Vec::new();
        for (bytes, limit) in [(100_000, 1 << 20), (7, 1 << 20), (0, 1 << 20), (300, 299), (300, 300), (9000, 100)] {
            let whole: Vec<u8> = (0..bytes).map(|at: u32| at as u8).collect();
            fs::write(&path, &whole).expect("written");
            assert!(read_into(&path, &mut buffer, limit).expect("readable"));
            assert_eq!(buffer, whole[..whole.len().min(limit as usize + 1)], "{bytes} bytes, limit {limit}");
        }
        fs::remove_file(&path).expect("removed");
        assert!(!read_into(&path, &mut buffer, 100).expect("absence is fine") && buffer.is_empty());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_that_claims_to_be_empty_is_read_all_the_same() {
        let mut buffer = Vec::new();
        assert!(read_into(Path::new("/proc/self/status"), &mut buffer, 1 << 20).expect("readable"));
        assert!(buffer.starts_with(b"Name:"));
    }
}
