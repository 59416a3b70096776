//! What is too much.

use std::path::PathBuf;
use std::time::Duration;

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
    /// How long an answer may take, reading its rows included; then the fault is `query-timeout`. `None`: as long as it takes.
    pub time_max: Option<Duration>,
}

impl Default for Limits {
    /// 512 MiB of memory, nowhere to spill to, queries up to 1 MiB, every row, any time.
    fn default() -> Self {
        Limits {
            memory_bytes_max: 512 << 20,
            spill: None,
            spill_bytes_max: 64 << 30,
            sql_bytes_max: 1 << 20,
            rows_max: None,
            time_max: None,
        }
    }
}
