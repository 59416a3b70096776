//! What one vendor's SQL is: how it writes, what it can, how it is spoken to.

use model::{Fault, Progress};
use privacy::catalog::{Catalog, Collection, Column};
use privacy::row::{Cell, Key};
use privacy::store::{Fold, Hit, Needles, Scanned, Standing};

use super::shape::Field;
use super::statement::{Bind, Statement};

/// One vendor's SQL, and one connection. The connection is made anew when it broke, outside transactions only.
pub(crate) trait Engine: Send {
    /// Most tuples in one statement.
    const BATCH: usize = 2_000;

    /// A name, quoted.
    fn quote(&self, name: &str) -> String;

    /// The collection as it stands after FROM, UPDATE and DELETE FROM.
    fn table(&self, collection: &Collection) -> String;

    /// What is selected for `column`: something from which the driver makes a text.
    fn shown(&self, collection: &Collection, column: &Column) -> String;

    /// The canonical text of what the driver gave for [`Engine::shown`].
    fn cell(column: &Column, text: String) -> String;

    /// The predicate "`fields` are among `tuples`", both sides folded; binds are appended. With several fields that have no
    /// path it holds for whole tuples. It may hold for more rows where a field has a path: those are looked at again.
    /// `None`: no row can meet it.
    fn among(
        &self,
        collection: &Collection,
        fields: &[Field<'_>],
        fold: Fold,
        tuples: &[&[String]],
        binds: &mut Vec<Bind>,
    ) -> Option<String>;

    /// The predicate "the date in `column` is before `day`, or there is none", which an index on the column serves. `None`:
    /// the store does not know what a date is there.
    fn before(&self, column: &Column, day: &str, binds: &mut Vec<Bind>) -> Option<String> {
        let _ = (column, day, binds);
        None
    }

    /// The predicate "the row is one of these", by its key, or by all columns.
    fn named(&self, collection: &Collection, naming: &Naming<'_>, keys: &[&Key], binds: &mut Vec<Bind>) -> String;

    /// The statement that sets `columns` of each row.
    fn update(&self, collection: &Collection, naming: &Naming<'_>, change: &Change<'_>) -> Statement;

    /// What names a row physically while a transaction lasts, for collections without a key; `None`: [`Engine::named`]
    /// compares all columns.
    fn address(&self, collection: &Collection) -> Option<String> {
        let _ = collection;
        None
    }

    /// See [`privacy::store::DataStore::index_statement`].
    fn index_statement(&self, collection: &Collection, fields: &[Field<'_>], fold: Fold) -> Option<String>;

    /// What follows a SELECT that locks its rows; starts with a blank.
    fn lock(&self, collection: &Collection) -> &'static str {
        let _ = collection;
        ""
    }

    /// Runs a question of `width` columns; rows come one by one.
    fn query(
        &mut self,
        statement: &Statement,
        width: usize,
        each: &mut dyn FnMut(Vec<Cell>) -> Result<(), Fault>,
    ) -> Result<(), Fault>;

    /// Runs a change; says how many rows it met.
    fn execute(&mut self, statement: &Statement) -> Result<u64, Fault>;

    /// Begins a transaction that can write.
    fn begin(&mut self) -> Result<(), Fault>;

    /// Ends it. `commit-unknown` when the connection broke.
    fn commit(&mut self) -> Result<(), Fault>;

    /// Ends it without a trace. A connection that cannot do that is dropped.
    fn rollback(&mut self);

    /// Lets constraints be checked at the end of the transaction.
    fn defer_constraints(&mut self) -> Result<(), Fault>;

    /// See [`privacy::store::DataStore::standing`].
    fn standing(&mut self) -> Result<Standing, Fault> {
        Ok(Standing::default())
    }

    /// Kind and version.
    fn version(&mut self) -> Result<String, Fault>;

    /// Reads the catalog.
    fn describe(&mut self) -> Result<Catalog, Fault>;

    /// Reads everything once.
    fn scan(&mut self, catalog: &Catalog, scan: &mut Scan<'_>) -> Result<Scanned, Fault>;

    /// See [`privacy::store::DataStore::compact`].
    fn compact(&mut self, collections: &[&Collection]) -> Result<Vec<String>, Fault>;
}

/// What names a row.
pub(crate) enum Naming<'a> {
    /// The collection's key.
    Key(Vec<&'a Column>),
    /// All its columns: cells can be absent.
    All(Vec<&'a Column>),
    /// An expression, while the transaction lasts.
    Address(String),
}

/// What is set: one cell per column, for each row.
pub(crate) struct Change<'a> {
    /// What is written.
    pub(crate) columns: Vec<&'a Column>,
    /// What names the row, and its new cells.
    pub(crate) rows: Vec<(&'a Key, &'a [Cell])>,
}

/// One residual scan: looks at values, tells hits, counts.
pub(crate) struct Scan<'a> {
    /// What is looked for.
    pub(crate) needles: &'a dyn Needles,
    hit: &'a mut dyn FnMut(Hit) -> Result<(), Fault>,
    /// Whoever watches.
    pub(crate) progress: &'a dyn Progress,
    found: Vec<usize>,
    /// What was read so far.
    pub(crate) scanned: Scanned,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(
        needles: &'a dyn Needles,
        hit: &'a mut dyn FnMut(Hit) -> Result<(), Fault>,
        progress: &'a dyn Progress,
    ) -> Self {
        Scan { needles, hit, progress, found: Vec::new(), scanned: Scanned::default() }
    }

    /// Looks at one value, and counts it; `key` is asked only for a hit.
    pub(crate) fn look(
        &mut self,
        collection: &str,
        field: &str,
        value: &[u8],
        key: impl FnOnce() -> Key,
    ) -> Result<(), Fault> {
        self.scanned.bytes += value.len() as u64;
        self.tell(collection, field, value, key)
    }

    /// Tells what stands in one value that is counted elsewhere.
    pub(crate) fn tell(
        &mut self,
        collection: &str,
        field: &str,
        value: &[u8],
        key: impl FnOnce() -> Key,
    ) -> Result<(), Fault> {
        if !self.is_in(value) {
            return Ok(());
        }
        let key = key();
        for needle in self.found.drain(..) {
            (self.hit)(Hit {
                collection: collection.to_owned(),
                field: Some(field.to_owned()),
                key: key.clone(),
                needle,
            })?;
        }
        Ok(())
    }

    /// Whether any needle stands in `bytes`.
    pub(crate) fn is_in(&mut self, bytes: &[u8]) -> bool {
        self.found.clear();
        self.needles.within(bytes, &mut self.found);
        !self.found.is_empty()
    }
}
