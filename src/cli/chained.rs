//! A file that is a chain of lines: one writer at a time, and on return what was added is on the disk.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use model::Fault;
use rustix::fs::{FlockOperation, flock};

use super::{files, keys};

/// Such a file, held against other writers until it is dropped.
pub(crate) struct Chained {
    file: File,
    path: PathBuf,
    bytes: Vec<u8>,
}

/// The bytes of the file; none where there is none.
///
/// # Errors
/// I/O faults.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Fault::io("read", path, error)),
    }
}

impl Chained {
    /// Opens the file for writing, makes it where there is none, and reads it. Waits for whoever writes.
    ///
    /// # Errors
    /// I/O faults.
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        keys::private_folder(files::folder_of(path))?;
        let fault = |error: std::io::Error| Fault::io("write", path, error);
        let mut file = File::options().create(true).read(true).append(true).mode(0o600).open(path).map_err(fault)?;
        // Two who write at once would both follow the same line.
        flock(&file, FlockOperation::LockExclusive).map_err(|error| fault(error.into()))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(fault)?;
        Ok(Chained { file, path: path.to_path_buf(), bytes })
    }

    /// What it holds.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Adds lines behind the first `whole` bytes; what is behind those was never promised to anybody, and is cut.
    ///
    /// # Errors
    /// I/O faults.
    pub(crate) fn append(&mut self, whole: usize, lines: &[u8]) -> Result<(), Fault> {
        let fault = |error: std::io::Error| Fault::io("write", &self.path, error);
        if whole < self.bytes.len() {
            self.file.set_len(whole as u64).map_err(fault)?;
        }
        self.file.write_all(lines).and_then(|()| self.file.sync_all()).map_err(fault)?;
        File::open(files::folder_of(&self.path)).and_then(|folder| folder.sync_all()).map_err(fault)
    }
}
