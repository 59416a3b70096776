//! Rows as the stores give them: canonical texts, keys, digests.

use std::fmt;

use model::Digest;
use seal::Hasher;

/// What stands in one field of one row: the canonical text of the value, or nothing (SQL `NULL`, an absent key).
///
/// The text is the same on every connection: integers and decimals in plain digits, booleans `true` and `false`, times
/// as ISO 8601 in UTC (`2026-11-22T12:00:00Z`, fraction without trailing zeros; a time without a zone has no `Z`), bytes in
/// lowercase hexadecimal, JSON and arrays as the compact JSON of their content with keys as the store keeps them.
pub type Cell = Option<String>;

/// A field: a column, or a column and the path into the document that it holds (`profile.contact.email`).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath(pub Vec<String>);

impl FieldPath {
    /// The field that `text` names, with dots between its parts.
    pub fn parse(text: &str) -> Self {
        FieldPath(text.split('.').map(str::to_owned).collect())
    }

    /// A whole column, dots in its name included.
    pub fn column(name: &str) -> Self {
        FieldPath(vec![name.to_owned()])
    }

    /// The column; the whole name of a field without a path.
    pub fn root(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    /// The path below the column.
    pub fn below(&self) -> &[String] {
        self.0.get(1..).unwrap_or(&[])
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// What names one row for good: the cells of its collection's key columns, in their order.
///
/// A collection without a key is named by all its columns; rows that are equal in all of them count together.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub Vec<Cell>);

/// Keys can name a person: they do not come into traces.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key([…])")
    }
}

/// One row: a cell for each field that was asked for, in that order.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// What names the row.
    pub key: Key,
    /// As many as the fields that were asked for.
    pub cells: Vec<Cell>,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Row([…])")
    }
}

/// Digest of `cells`: SHA-256 over each cell's marker (`0` absent, `1` there), length (64 bits, big-endian) and bytes.
///
/// No two lists of cells have the same input, so that a value cannot move over a border unnoticed.
pub fn digest(cells: &[Cell]) -> Digest {
    let mut hasher = Hasher::new();
    for cell in cells {
        match cell {
            None => hasher.update(&[0]),
            Some(text) => {
                hasher.update(&[1]);
                hasher.update(&(text.len() as u64).to_be_bytes());
                hasher.update(text.as_bytes());
            }
        }
    }
    hasher.finish()
}
