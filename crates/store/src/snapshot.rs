//! What a reader sees: the files and originals of one version.

use std::path::PathBuf;

use model::{Digest, Instant, RecordKind};

use crate::manifest::Manifest;

/// One state of the store. Files of a snapshot are immutable; later commits do not change them.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Number of the newest commit; `None` when nothing was ever committed.
    pub version: Option<u64>,
    /// SHA-256 of the newest commit file; zeros when there is none.
    pub head: Digest,
    /// The Parquet files, ordered by path.
    pub files: Vec<DataFile>,
    /// The originals, ordered by digest and reader.
    pub originals: Vec<(OriginalKey, OriginalFile)>,
}

/// One Parquet file: rows of one kind and one day (UTC), with the columns of [`crate::columns`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// Where it lies, absolute.
    pub path: PathBuf,
    /// Its table.
    pub kind: RecordKind,
    /// Its day, `YYYY-MM-DD`.
    pub date: String,
    /// How many rows.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// The earliest time in it.
    pub first: Instant,
    /// The latest time in it.
    pub last: Instant,
    /// The commit that added it.
    pub version: u64,
}

/// What identifies one reading of one original: the same bytes read in another way are other records.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OriginalKey {
    /// SHA-256 of the uncompressed bytes.
    pub digest: Digest,
    /// Everything else that the records depend on: parser and its version, digest of the mapping, time stamp given.
    pub reader: String,
}

/// One reading that was ever committed, whether its bytes are still there or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Which.
    pub key: OriginalKey,
    /// Uncompressed size in bytes.
    pub size: u64,
    /// Where its bytes lie, while they are there.
    pub path: Option<PathBuf>,
}

impl Reading {
    pub(crate) fn of((key, file): (OriginalKey, OriginalFile)) -> Self {
        Reading { key, size: file.size, path: file.removed.is_none().then_some(file.path) }
    }
}

/// One original as the log knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginalFile {
    /// Where its bytes lie, compressed with zstd; absolute.
    pub path: PathBuf,
    /// Uncompressed size in bytes.
    pub size: u64,
    /// Records read from it.
    pub records: u64,
    /// Lines of it that were not understood.
    pub rejected: u64,
    /// The commit that brought it in.
    pub version: u64,
    /// When that was.
    pub brought: Instant,
    /// The commit that let its bytes go; that it was there stays known.
    pub(crate) removed: Option<u64>,
    /// The latest time in data files of its commit that are gone.
    pub(crate) gone: Option<Instant>,
}

impl Snapshot {
    pub(crate) fn of(manifest: Manifest) -> Self {
        Snapshot {
            version: manifest.next.checked_sub(1),
            head: manifest.head,
            files: manifest.files.into_values().collect(),
            originals: manifest.originals.into_iter().filter(|(_, file)| file.removed.is_none()).collect(),
        }
    }

    /// The files of one kind.
    pub fn of_kind(&self, kind: RecordKind) -> impl Iterator<Item = &DataFile> {
        self.files.iter().filter(move |file| file.kind == kind)
    }

    /// How many rows of one kind.
    pub fn rows(&self, kind: RecordKind) -> u64 {
        self.of_kind(kind).map(|file| file.rows).sum()
    }

    /// The newest time of any row; `None` without rows.
    pub fn newest(&self) -> Option<Instant> {
        self.files.iter().map(|file| file.last).max()
    }
}
