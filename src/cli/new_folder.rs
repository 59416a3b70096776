//! A folder that appears whole, under its name, or not at all.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use model::Fault;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use walkdir::{DirEntry, WalkDir};

use super::drafts;
use super::files::{self, Existing};

/// A folder that is written beside its place and renamed once. Where there is a folder already, the files go into it,
/// one rename after the other: a kill between two of them leaves some there and some not, each of them whole.
///
/// Dropped unfinished, it leaves nothing behind.
pub(crate) struct NewFolder {
    path: PathBuf,
    existing: Existing,
    /// What is there stays, and the files go into it.
    joins: bool,
    draft: tempfile::TempDir,
    /// The lock on the draft.
    _held: File,
}

impl NewFolder {
    /// Starts `path`.
    ///
    /// # Errors
    /// I/O faults.
    pub(crate) fn create(path: &Path, existing: Existing) -> Result<Self, Fault> {
        let joins = path.is_dir();
        let beside = if joins { path } else { files::folder_of(path) };
        fs::create_dir_all(beside).map_err(|error| Fault::io("create the folder", beside, error))?;
        drafts::sweep(beside);
        let (draft, held) = draft(beside).map_err(|error| Fault::io("write in", beside, error))?;
        // The draft is its owner's alone; the folder in it is as open as folders are.
        let inner = draft.path().join("out");
        fs::create_dir(&inner).map_err(|error| Fault::io("create the folder", &inner, error))?;
        Ok(NewFolder { path: path.to_path_buf(), existing, joins, draft, _held: held })
    }

    /// Where its files are written meanwhile.
    pub(crate) fn draft(&self) -> PathBuf {
        self.draft.path().join("out")
    }

    /// Makes it appear. On return its names are on the disk; its files were before.
    ///
    /// # Errors
    /// I/O faults; `output-exists` when somebody else has written it meanwhile.
    pub(crate) fn appear(self) -> Result<(), Fault> {
        let draft = self.draft();
        let tree: Result<Vec<DirEntry>, _> =
            WalkDir::new(&draft).min_depth(1).sort_by_file_name().into_iter().collect();
        let tree = tree.map_err(|error| Fault::io("read", &draft, error.into()))?;
        if self.joins { self.join(&tree) } else { self.replace(&tree) }
    }

    fn replace(&self, tree: &[DirEntry]) -> Result<(), Fault> {
        let draft = self.draft();
        let folders = tree.iter().filter(|entry| entry.file_type().is_dir()).map(DirEntry::path);
        folders.chain([draft.as_path()]).try_for_each(sync)?;
        fs::rename(&draft, &self.path).map_err(|error| match error.kind() {
            ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
                files::exists(&self.path)
            }
            _ => Fault::io("write", &self.path, error),
        })?;
        sync(files::folder_of(&self.path))
    }

    fn join(&self, tree: &[DirEntry]) -> Result<(), Fault> {
        let draft = self.draft();
        let place = |entry: &DirEntry| self.path.join(entry.path().strip_prefix(&draft).unwrap_or(entry.path()));
        let files: Vec<(&Path, PathBuf)> =
            tree.iter().filter(|entry| entry.file_type().is_file()).map(|entry| (entry.path(), place(entry))).collect();
        for (_, to) in files.iter().filter(|_| self.existing == Existing::Keep) {
            files::free(to)?;
        }
        for folder in tree.iter().filter(|entry| entry.file_type().is_dir()).map(place) {
            fs::create_dir_all(&folder).map_err(|error| Fault::io("create the folder", &folder, error))?;
        }
        files.iter().try_for_each(|(from, to)| rename(from, to, self.existing))?;
        let mut folders: Vec<&Path> = files.iter().map(|(_, to)| files::folder_of(to)).collect();
        folders.dedup();
        folders.into_iter().try_for_each(sync)
    }
}

fn draft(beside: &Path) -> std::io::Result<(tempfile::TempDir, File)> {
    loop {
        let draft = tempfile::Builder::new().prefix(drafts::FOLDER).tempdir_in(beside)?;
        let held = match File::open(draft.path()) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            held => held?,
        };
        if drafts::hold(&held, draft.path())? {
            return Ok((draft, held));
        }
    }
}

fn rename(from: &Path, to: &Path, existing: Existing) -> Result<(), Fault> {
    let fault = |error| Fault::io("write", to, error);
    if existing == Existing::Replace {
        return fs::rename(from, to).map_err(fault);
    }
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(Errno::EXIST) => Err(files::exists(to)),
        // A file system that cannot refuse to replace: the name was free a moment ago.
        Err(Errno::INVAL | Errno::NOSYS) => files::free(to).and_then(|()| fs::rename(from, to).map_err(fault)),
        Err(error) => Err(fault(error.into())),
    }
}

fn sync(folder: &Path) -> Result<(), Fault> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| Fault::io("write", folder, error))
}
