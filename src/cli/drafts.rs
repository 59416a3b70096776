//! What is being written and has no name yet: held by a lock for as long as its process lives, swept when nobody holds it.

#[cfg(any(feature = "privacy", feature = "redact"))]
use std::ffi::OsStr;
use std::fs::File;
#[cfg(any(feature = "privacy", feature = "redact"))]
use std::fs::{self, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// How the names of drafts begin; six letters or digits follow.
pub(crate) const FILE: &str = ".probity-";

/// How the names of folders of drafts begin; six letters or digits follow.
#[cfg(any(feature = "privacy", feature = "redact"))]
pub(crate) const FOLDER: &str = ".probity-tree-";

/// Holds the draft `file`, whose path is `path`, while it stays open. `false`: it was swept before it was held.
///
/// Where the file system knows no locks nothing is held, and nothing swept.
///
/// # Errors
/// Whatever looking at the two says.
pub(crate) fn hold(file: &File, path: &Path) -> io::Result<bool> {
    // Without the lock of one run no other run gets one to sweep with.
    let _ = file.lock();
    is_at(file, path)
}

/// Whether `path` still is the name of `file`.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let held = file.metadata()?;
    match path.symlink_metadata() {
        Ok(there) => Ok((there.dev(), there.ino()) == (held.dev(), held.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes the drafts in `folder` that runs left behind which were killed: nobody holds them any more. What cannot be
/// removed stays; it is in nobody's way.
#[cfg(any(feature = "privacy", feature = "redact"))]
pub(crate) fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        let is_draft = kind.is_file() && is_named(&entry.file_name(), FILE);
        let is_tree = kind.is_dir() && is_named(&entry.file_name(), FOLDER);
        if is_draft || is_tree {
            // A draft that could not be looked at is left alone.
            let _ = sweep_one(&entry.path(), is_tree);
        }
    }
}

#[cfg(any(feature = "privacy", feature = "redact"))]
fn sweep_one(path: &Path, is_tree: bool) -> io::Result<()> {
    let file = File::open(path)?;
    match file.try_lock() {
        Ok(()) if !is_at(&file, path)? => Ok(()),
        Ok(()) if is_tree => fs::remove_dir_all(path),
        Ok(()) => fs::remove_file(path),
        Err(TryLockError::WouldBlock) => Ok(()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(any(feature = "privacy", feature = "redact"))]
fn is_named(name: &OsStr, beginning: &str) -> bool {
    let rest = name.to_str().and_then(|name| name.strip_prefix(beginning));
    rest.is_some_and(|rest| rest.len() == 6 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(all(test, feature = "redact"))]
mod tests {
    use super::*;

    /// What is held stays, what nobody holds goes, and what is not ours is left alone.
    #[test]
    fn only_what_nobody_holds_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let held = File::create(path(".probity-held00")).unwrap();
        assert!(hold(&held, &path(".probity-held00")).unwrap());
        for name in [".probity-left00", ".probity-longer00", "probity-left00", ".other-left00"] {
            File::create(path(name)).unwrap();
        }
        for name in [".probity-tree-left00", ".probity-folder"] {
            fs::create_dir(path(name)).unwrap();
        }
        fs::write(path(".probity-tree-left00").join("a"), "a").unwrap();
        std::os::unix::fs::symlink("/", path(".probity-link00")).unwrap();
        sweep(folder.path());
        let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        let expect = [
            ".other-left00",
            ".probity-folder",
            ".probity-held00",
            ".probity-link00",
            ".probity-longer00",
            "probity-left00",
        ];
        assert_eq!(left, expect);
        drop(held);
        sweep(folder.path());
        assert!(!path(".probity-held00").exists());
    }

    /// A draft that is swept between its making and its holding is known to be gone.
    #[test]
    fn what_is_swept_before_it_is_held_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".probity-early0");
        let file = File::create(&path).unwrap();
        sweep(folder.path());
        assert!(!hold(&file, &path).unwrap());
    }
}
