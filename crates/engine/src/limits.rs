//! What is too much.

use std::path::PathBuf;

/// The limits of one engine or one query.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Memory that sorts, joins and groups may take, in bytes. Beyond it they spill, if there is a folder for it.
    pub memory_bytes_max: usize,
    /// The folder that sorts, joins and groups spill to; it exists. `None`: what needs more memory fails with
    /// `memory-limit`.
    pub spill: Option<PathBuf>,
    /// How much may be spilled, in bytes.
    pub spill_bytes_max: u64,
    /// Length of a query, in bytes.
    pub sql_bytes_max: usize,
    /// Rows of a result; one more is the fault `too-many-rows`. `None`: all of them.
    pub rows_max: Option<u64>,
}

impl Default for Limits {
    /// 512 MiB of memory, nowhere to spill to, queries up to 1 MiB, every row.
    fn default() -> Self {
        Limits {
            memory_bytes_max: 512 << 20,
            spill: None,
            spill_bytes_max: 64 << 30,
            sql_bytes_max: 1 << 20,
            rows_max: None,
        }
    }
}
