//! What is too much.

use model::ByteSize;

/// The limits of the store. [`Limits::DEFAULT`] is what runs; tests choose smaller ones.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of text of one record.
    pub record_bytes_max: usize,
    /// Rows of one row group.
    pub group_rows_max: usize,
    /// Memory of the rows of one partition before they are written as a row group.
    pub group_bytes_max: usize,
    /// Memory of all rows that wait to be written; what is allocated for them may be twice as much.
    pub waiting_bytes_max: usize,
    /// Partitions (kind × day) with rows in memory.
    pub partitions_max: usize,
    /// Parquet files open at once.
    pub files_open_max: usize,
    /// Size at which a Parquet file is closed and the next one begun.
    pub file_size_max: ByteSize,
    /// Size of one commit; larger ones are refused when read.
    pub commit_size_max: ByteSize,
    /// Bytes of the name of a reader.
    pub reader_bytes_max: usize,
    /// Attempts to commit while other processes commit.
    pub commit_tries_max: u32,
    /// What `verify` names before it stops collecting.
    pub findings_max: usize,
}

impl Limits {
    /// About 256 MB of memory at most, and files that a reader can use in parallel.
    pub const DEFAULT: Limits = Limits {
        record_bytes_max: 16 << 20,
        group_rows_max: 131_072,
        group_bytes_max: 64 << 20,
        waiting_bytes_max: 96 << 20,
        partitions_max: 1024,
        files_open_max: 64,
        file_size_max: ByteSize(256 << 20),
        commit_size_max: ByteSize(256 << 20),
        reader_bytes_max: 512,
        commit_tries_max: 1000,
        findings_max: 100,
    };
}
