//! What a person gets: their data in every store, for people and for programs, with what the law says goes with it.
//!
//! GDPR Art. 15 (access) and Art. 20 (portability). Rows come in one by one ([`Export::row`]), wait in a spool outside
//! memory, and go out in the order of their keys, so that equal data make equal bytes. Nothing but keys and places is held.
//!
//! Other people's data in the rows are taken out unless asked otherwise (Art. 15(4)), and what was taken is listed; what the
//! data map does not say is listed as missing, never made up.

mod archive;
mod csv;
mod entries;
mod gather;
mod html;
mod information;
mod met;
mod others;
mod package;
mod prose;
mod schema;
mod spool;
mod table;
mod value;

pub use archive::{Archive, Written, WrittenFile};
pub use gather::gather;
pub use information::Controller;
pub use others::{Finding, Taken};
pub use package::{Cover, Signature, Signed};
pub use spool::Spool;

use std::collections::BTreeSet;
use std::io::Read;

use model::Fault;

use crate::catalog::Collection;
use crate::identity::Identity;
use crate::map::DataMap;
use crate::row::{FieldPath, Row};
use met::Met;
use others::Own;
use spool::Shelf;
use table::Table;

/// What is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Art. 15: everything.
    Access,
    /// Art. 20: what the person provided, on consent or contract.
    Portability,
}

/// What becomes of other people's data in the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// Taken out, and listed.
    Redact,
    /// Handed over: somebody weighed it (Art. 15(4), recital 63).
    Keep,
}

/// What a row is to the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Theirs, or a row that theirs refer to.
    Own,
    /// Theirs and somebody else's.
    Shared,
    /// Somebody else's that points at them, by these fields.
    Other(Vec<FieldPath>),
}

/// Looks for data of people in text: the places, and what each is. Knows nothing of whose they are.
pub type Detect<'a> = dyn Fn(&str) -> Vec<Finding> + 'a;

/// What looks for data of people in free text.
#[derive(Clone, Copy)]
pub struct Detectors<'a> {
    /// Identifiers: addresses, numbers. Asked of every text.
    pub identifiers: &'a Detect<'a>,
    /// Names of people, of the kind `person`. Asked of prose.
    pub names: &'a Detect<'a>,
}

/// An export that rows come into.
pub struct Export<'a> {
    map: &'a DataMap,
    scope: Scope,
    others: Others,
    own: Own<'a>,
    detect: Option<Detectors<'a>>,
    met: Met,
    shelf: Shelf<'a>,
    tables: Vec<Table>,
    gaps: Vec<String>,
    settled: bool,
    takes_files: bool,
}

impl<'a> Export<'a> {
    /// An export for the person of these identities. `spool` is empty and private: rows wait in it in clear.
    pub fn new(
        map: &'a DataMap,
        identities: &'a [Identity],
        scope: Scope,
        others: Others,
        detect: Option<Detectors<'a>>,
        spool: &'a mut dyn Spool,
    ) -> Self {
        Export {
            map,
            scope,
            others,
            own: Own::new(identities),
            detect,
            met: Met::default(),
            shelf: Shelf::new(spool),
            tables: Vec::new(),
            gaps: Vec::new(),
            settled: false,
            takes_files: true,
        }
    }

    /// The number of the table that rows of `collection` in a member of `dataset` belong to. Members of one dataset share it.
    pub fn table(&mut self, dataset: &str, collection: &Collection) -> usize {
        let known =
            self.tables.iter().position(|table| table.dataset == dataset && table.collection == collection.name);
        known.unwrap_or_else(|| {
            self.tables.push(Table::new(self.map, dataset, collection));
            self.tables.len() - 1
        })
    }

    /// What to ask of a store for rows of that table, in the order in which [`Export::row`] wants the cells.
    pub fn fields(&self, table: usize) -> Vec<FieldPath> {
        self.tables[table].columns.iter().map(|column| FieldPath::column(&column.name)).collect()
    }

    /// How many rows of that table came in.
    pub fn rows_in(&self, table: usize) -> usize {
        self.tables[table].rows.len()
    }

    /// A row, whose cells stand in the order of [`Export::fields`].
    ///
    /// # Errors
    /// What the spool says.
    pub fn row(&mut self, table: usize, member: &str, row: &Row, role: &Role) -> Result<(), Fault> {
        let place = self.shelf.put(&row.cells)?;
        self.settled = false;
        self.tables[table].rows.push(table::Entry {
            member: member.to_owned(),
            key: row.key.clone(),
            role: role.clone(),
            place,
            content: None,
        });
        Ok(())
    }

    /// Whether whole files are taken in: one document has no room for them.
    pub fn takes_files(&self) -> bool {
        self.takes_files
    }

    /// Leaves whole files out.
    pub fn leave_files(&mut self) {
        self.takes_files = false;
    }

    /// The file for which the row of that number of the table stands, by its name without folders. No row comes in meanwhile. `Ok(Err(…))`: it could not be read.
    ///
    /// # Errors
    /// What the spool says.
    pub fn file(
        &mut self,
        table: usize,
        row: usize,
        name: &str,
        input: &mut dyn Read,
    ) -> Result<std::io::Result<()>, Fault> {
        let bytes = match self.shelf.keep(input)? {
            Ok(bytes) => bytes,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(entry) = self.tables[table].rows.get_mut(row) {
            entry.content = Some(table::Content { bytes, name: name.to_owned(), path: String::new() });
        }
        Ok(Ok(()))
    }

    /// Who may be meant by contact data, numbers and names in the person's rows that are not known to be theirs, once all rows are
    /// in. Nobody where other people's data are kept.
    ///
    /// # Errors
    /// What the spool says.
    pub fn strangers(&mut self) -> Result<Vec<Identity>, Fault> {
        if self.others == Others::Keep {
            return Ok(Vec::new());
        }
        self.settle()?;
        let mut strangers = BTreeSet::new();
        for table in &self.tables {
            for entry in table.rows.iter().filter(|entry| !matches!(entry.role, Role::Other(_))) {
                let cells = self.shelf.cells(entry.place)?;
                let texts = table.columns.iter().zip(&cells);
                for (column, text) in texts.filter_map(|(column, cell)| Some((column, cell.as_ref()?))) {
                    strangers.extend(self.own.stranger(column, text));
                    let detect = self.detect.filter(|_| column.is_free && column.other_people.is_none());
                    if let Some(detect) = detect {
                        self.met.look(&self.own, &detect, column, text);
                    }
                }
            }
        }
        strangers.extend(self.met.asked().cloned());
        Ok(strangers.into_iter().collect())
    }

    /// Of the strangers these, by kind and normalised value, are other people: they are taken out.
    pub fn others_are(&mut self, others: BTreeSet<(String, String)>) {
        self.met.settle(&others);
        self.own.others_are(others);
    }

    /// What could not be asked, in a sentence: it stands in everything that is handed over.
    pub fn gap(&mut self, text: impl Into<String>) {
        self.gaps.push(text.into());
    }

    /// What could not be asked.
    pub fn gaps(&self) -> &[String] {
        &self.gaps
    }

    /// How many rows came in.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows.len() as u64).sum()
    }

    /// Rows by `dataset:collection`, for people and for the ledger.
    pub fn counts(&self) -> Vec<(String, u64)> {
        let mut counts: Vec<_> = self.tables.iter().map(|table| (table.name(), table.rows.len() as u64)).collect();
        counts.retain(|(_, rows)| *rows > 0);
        counts.sort();
        counts
    }

    /// Everything is in: puts rows in order, and learns what is the person's own.
    fn settle(&mut self) -> Result<(), Fault> {
        self.gaps.sort();
        self.gaps.dedup();
        if self.settled {
            return Ok(());
        }
        self.tables.retain(|table| !table.rows.is_empty());
        self.tables.sort_by(|a, b| (&a.dataset, &a.collection).cmp(&(&b.dataset, &b.collection)));
        for table in &mut self.tables {
            table.rows.sort_by(|a, b| (table::by_value(&a.key), &a.member).cmp(&(table::by_value(&b.key), &b.member)));
        }
        self.own.learn(&self.tables, &mut self.shelf)?;
        self.settled = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
