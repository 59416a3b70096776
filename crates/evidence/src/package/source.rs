//! The files of a package before they are written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use model::Digest;
use seal::sha256;

/// A file of the package: at hand, or to be streamed.
pub(super) enum Source {
    /// Its bytes.
    Held(Vec<u8>),
    /// A file of the case, as it was collected.
    Exhibit { path: PathBuf, size: u64, sha256: Digest },
}

/// Path → file. The paths are those in the bag until the zip is put together, then those in the zip.
pub(super) type Sources = BTreeMap<String, Source>;

impl Source {
    pub(super) fn size(&self) -> u64 {
        match self {
            Source::Held(bytes) => bytes.len() as u64,
            Source::Exhibit { size, .. } => *size,
        }
    }

    pub(super) fn sha256(&self) -> Digest {
        match self {
            Source::Held(bytes) => sha256(bytes),
            Source::Exhibit { sha256, .. } => *sha256,
        }
    }

    pub(super) fn is_held(&self) -> bool {
        matches!(self, Source::Held(_))
    }
}
