//! Which tables and columns a statement of SQL reads and writes, and the logs that servers keep of statements.
//!
//! A name without its table belongs to the table that is known to have such a column: a server refuses a name that two tables
//! have, so that there is one at most. What functions, procedures and triggers do within the server is not seen.

mod log;
mod scope;
mod statement;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use model::Instant;

pub use log::{Logged, read_log};
pub use statement::touches;

/// Bytes of stack that [`touches`] needs at most, in a build without optimisation.
pub const STACK: usize = 64 << 20;

/// How a server writes SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL.
    PostgreSql,
    /// MariaDB and MySQL.
    MariaDb,
}

/// Whether a table (its name, with its schema where the statement says so) has a column of this name; both in small letters.
pub type Knows<'k> = dyn Fn(&[String], &str) -> bool + 'k;

/// A statement that a server logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Who asked.
    pub account: String,
    /// The database it was asked of.
    pub database: String,
    /// What the asking program called itself.
    pub application: String,
    /// When.
    pub at: Option<Instant>,
    /// What was asked.
    pub text: String,
    /// The line of the log, from 1.
    pub line: u64,
}

/// What a statement comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The tables it is about; none for one that is about no table (`SET`, `BEGIN`, `CREATE TABLE`).
    Tables(Vec<Touch>),
    /// It could not be read, and why.
    Unread(String),
}

/// A table as one statement uses it, names in small letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touch {
    /// Its name, after its schema where the statement names one.
    pub table: Vec<String>,
    /// Columns it reads, looks for or sorts by.
    pub read: BTreeSet<String>,
    /// Columns it writes.
    pub written: BTreeSet<String>,
    /// Whether it reads every column.
    pub every: bool,
    /// Whether it writes or erases whole rows.
    pub whole: bool,
}
