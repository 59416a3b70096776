//! Files at the edge: read whole with a limit, appear whole or not at all.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use model::{ByteSize, Fault};

use super::drafts;

/// Reads a small text file: configuration, rules, jobs.
///
/// # Errors
/// `not-found`, `no-permission`, `io-failed`; `file-too-large` above `limit`; `not-utf-8`.
pub(crate) fn read_text(path: &Path, limit: ByteSize) -> Result<String, Fault> {
    let bytes = read(path, limit)?;
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        Fault::bad_input("not-utf-8", "The file is not UTF-8 text")
            .at(model::Place::line(line as u64 + 1, 0).in_file(path))
            .advise("Save it as UTF-8.")
    })
}

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// `not-found`, `no-permission`, `io-failed`; `file-too-large` above `limit`.
pub(crate) fn read(path: &Path, limit: ByteSize) -> Result<Vec<u8>, Fault> {
    let file = File::open(path).map_err(|error| Fault::io("open", path, error))?;
    let too_large = || {
        Fault::bad_input("file-too-large", format!("{} is larger than {limit}", path.display()))
            .advise("Check that this is the file you meant.")
    };
    // Nothing of a file is held that says itself that it is too large; a pipe or a device does not say.
    if file.metadata().is_ok_and(|metadata| metadata.len() > limit.0) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    file.take(limit.0 + 1).read_to_end(&mut bytes).map_err(|error| Fault::io("read", path, error))?;
    if bytes.len() as u64 > limit.0 {
        return Err(too_large());
    }
    Ok(bytes)
}

/// Whether an existing file may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// An existing file is left alone and the command is refused.
    Keep,
    /// `--overwrite` was given.
    Replace,
}

impl Existing {
    pub(crate) fn from_flag(overwrite: bool) -> Self {
        if overwrite { Existing::Replace } else { Existing::Keep }
    }
}

/// A file that appears under its name only when it is finished: written beside it, synced, renamed, folder synced.
///
/// Dropped unfinished, it leaves nothing behind.
pub(crate) struct NewFile {
    path: PathBuf,
    existing: Existing,
    temporary: tempfile::NamedTempFile,
}

impl NewFile {
    /// Starts `path`.
    ///
    /// # Errors
    /// `output-exists` when the file is there and `existing` is [`Existing::Keep`]; I/O faults.
    pub(crate) fn create(path: &Path, existing: Existing) -> Result<Self, Fault> {
        if existing == Existing::Keep {
            free(path)?;
        }
        let folder = folder_of(path);
        std::fs::create_dir_all(folder).map_err(|error| Fault::io("create the folder", folder, error))?;
        let temporary = draft_in(folder).map_err(|error| Fault::io("write in", folder, error))?;
        Ok(NewFile { path: path.to_path_buf(), existing, temporary })
    }

    /// The open file.
    pub(crate) fn file(&mut self) -> &mut File {
        self.temporary.as_file_mut()
    }

    /// The same file opened once more, at its beginning.
    ///
    /// # Errors
    /// I/O faults.
    #[cfg(feature = "redact")]
    pub(crate) fn reopen(&self) -> Result<File, Fault> {
        self.temporary.reopen().map_err(|error| Fault::io("read", &self.path, error))
    }

    /// Ends the writing. On return its bytes are on the disk; it appears together with others.
    ///
    /// # Errors
    /// I/O faults.
    pub(crate) fn close(self) -> Result<WrittenFile, Fault> {
        self.temporary.as_file().sync_all().map_err(|error| Fault::io("write", &self.path, error))?;
        let (held, temporary) = self.temporary.into_parts();
        Ok(WrittenFile { path: self.path, existing: self.existing, temporary, _held: held })
    }

    /// Makes it appear. On return its bytes and its name are on the disk.
    ///
    /// # Errors
    /// I/O faults; `output-exists` when somebody else has written it meanwhile.
    pub(crate) fn finish(self) -> Result<(), Fault> {
        self.close()?.appear()
    }
}

/// A file that is written and does not have its name yet. Dropped, it leaves nothing behind.
pub(crate) struct WrittenFile {
    path: PathBuf,
    existing: Existing,
    temporary: tempfile::TempPath,
    /// The lock on the draft.
    _held: File,
}

impl WrittenFile {
    /// Makes it appear. On return its name is on the disk.
    ///
    /// # Errors
    /// I/O faults; `output-exists` when somebody else has written it meanwhile.
    pub(crate) fn appear(self) -> Result<(), Fault> {
        let path = &self.path;
        let fault = |error| Fault::io("write", path, error);
        match self.existing {
            Existing::Replace => self.temporary.persist(path).map_err(|error| fault(error.error))?,
            Existing::Keep => self.temporary.persist_noclobber(path).map_err(|error| match error.error.kind() {
                std::io::ErrorKind::AlreadyExists => exists(path),
                _ => fault(error.error),
            })?,
        };
        File::open(folder_of(path)).and_then(|folder| folder.sync_all()).map_err(fault)
    }
}

/// Writes a whole file at once, with the promises of [`NewFile`].
///
/// # Errors
/// As [`NewFile::create`] and [`NewFile::finish`].
pub(crate) fn write(path: &Path, bytes: &[u8], existing: Existing) -> Result<(), Fault> {
    let mut new = NewFile::create(path, existing)?;
    new.file().write_all(bytes).map_err(|error| Fault::io("write", path, error))?;
    new.finish()
}

/// A new draft, which nobody sweeps while it is open.
fn draft_in(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    loop {
        let draft = tempfile::Builder::new().prefix(drafts::FILE).permissions(readable()).tempfile_in(folder)?;
        if drafts::hold(draft.as_file(), draft.path())? {
            return Ok(draft);
        }
    }
}

/// Whether `path` is free.
///
/// # Errors
/// `output-exists`.
pub(crate) fn free(path: &Path) -> Result<(), Fault> {
    if path.symlink_metadata().is_ok() { Err(exists(path)) } else { Ok(()) }
}

/// The file behind a path: what replaces a file through a link replaces the file, not the link.
///
/// # Errors
/// I/O faults.
pub(crate) fn resolved(path: &Path) -> Result<PathBuf, Fault> {
    path.canonicalize().map_err(|error| Fault::io("open", path, error))
}

/// What is said when a file is in the way.
pub(crate) fn exists(path: &Path) -> Fault {
    Fault::refused("output-exists", format!("{} exists already", path.display()))
        .advise("Choose another name, or give --overwrite to replace it.")
}

pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn readable() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::Permissions::from_mode(0o644)
}
