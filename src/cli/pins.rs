//! Remembered checkpoints: what the last look at a ledger saw, kept outside the ledger.
//!
//! They lie in the user's state folder, so that whoever puts an older copy of a project back does not put the memory of
//! it back as well. Trust begins at the first look, and that is said.

use std::path::{Path, PathBuf};

use ledger::{Checkpoint, Pin};
use model::{ByteSize, Fault};
use seal::note::Verifier;

use super::context::user_state_folder;
use super::files::{self, Existing};

/// Where the pin of one ledger is kept.
pub(crate) struct Memory {
    path: PathBuf,
}

impl Memory {
    /// The memory of the ledger with this key. Without a home folder it lies beside the ledger's folder.
    pub(crate) fn of(ledger: &Path, key: &Verifier) -> Self {
        let name = seal::sha256(format!("{}\n{}", key.name(), key.key().fingerprint()).as_bytes()).hex();
        let folder = user_state_folder().unwrap_or_else(|| ledger.parent().unwrap_or(Path::new(".")).to_path_buf());
        Memory { path: folder.join("pins").join(format!("{name}.checkpoint")) }
    }

    /// What was remembered.
    ///
    /// # Errors
    /// I/O faults; what a pin says that does not verify.
    pub(crate) fn recall(&self, known: &[Verifier]) -> Result<Option<Pin>, Fault> {
        if !self.path.exists() {
            return Ok(None);
        }
        let text = files::read_text(&self.path, ByteSize(1 << 20))?;
        Pin::parse(&text, known).map(Some).map_err(|fault| fault.in_file(&self.path))
    }

    /// Remembers `checkpoint`.
    ///
    /// # Errors
    /// I/O faults.
    pub(crate) fn keep(&self, checkpoint: &Checkpoint) -> Result<(), Fault> {
        files::write(&self.path, checkpoint.note().as_bytes(), Existing::Replace)
    }
}
