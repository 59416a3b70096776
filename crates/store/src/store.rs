//! The face of the store.

use std::path::{Path, PathBuf};

use model::Fault;
use seal::SigningKey;

use crate::layout::Layout;
use crate::manifest::Manifest;
use crate::{Limits, Reading, Snapshot};

/// One store: a folder, and the key that signs what is added to it.
///
/// Several processes may read and write one store at once.
#[derive(Debug)]
pub struct Store<'k> {
    pub(crate) layout: Layout,
    pub(crate) key: Option<&'k SigningKey>,
    pub(crate) limits: Limits,
}

impl<'k> Store<'k> {
    /// The store in `folder`. Nothing is created before the first write; without a key nothing can be written.
    ///
    /// # Errors
    /// `io-failed` when the folder cannot be made absolute.
    pub fn open(folder: &Path, key: Option<&'k SigningKey>) -> Result<Self, Fault> {
        let folder: PathBuf = std::path::absolute(folder).map_err(|error| Fault::io("find", folder, error))?;
        Ok(Store { layout: Layout::new(&folder), key, limits: Limits::DEFAULT })
    }

    /// The same store with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The newest state. Every commit is read and must name the digest of the one before it; signatures and data are
    /// the business of [`Store::verify`].
    ///
    /// # Errors
    /// `bad-commit`, `broken-chain`, `foreign-commit`, `missing-commit`, `newer-store`, and failures to read.
    pub fn snapshot(&self) -> Result<Snapshot, Fault> {
        Ok(Snapshot::of(Manifest::read(&self.layout, self.limits)?))
    }

    /// Every reading that was ever committed: what was taken once stays taken when its bytes are let go.
    ///
    /// # Errors
    /// The errors of [`Store::snapshot`].
    pub fn readings(&self) -> Result<Vec<Reading>, Fault> {
        let originals = Manifest::read(&self.layout, self.limits)?.originals;
        Ok(originals.into_iter().map(Reading::of).collect())
    }
}
