//! What the room asks of a data store. `connectors` has one implementation per kind.
//!
//! A store is used by one thread at a time and may block; several stores work side by side on threads of their own.
//! Every fault of the network or the server is of the kind `Unavailable` (`store-unreachable`, `store-timeout`,
//! `store-login-refused`, `store-read-only`, `store-lock-timeout`, …), so that "could not ask" is never read as "not there".

mod nothing;

use std::time::Duration;

use model::{Fault, Progress};

use crate::catalog::Catalog;
use crate::row::{Cell, FieldPath, Key, Row};

pub use nothing::Nothing;

/// What a kind of store can do.
#[derive(Clone, Copy, Debug)]
pub struct Abilities {
    /// Acts between `begin` and `commit` happen all or not at all.
    pub transactions: bool,
    /// Deleting keeps older versions unless they are deleted too (objects, KV buckets); the connector deletes all of them.
    pub versions: bool,
}

/// What part a server plays among those that hold the same data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// It refuses to be written to: a replica, a standby, a server that is being taken out of service.
    pub read_only: bool,
    /// For a replica: how long ago what it shows was true; `None` where it cannot say.
    pub behind: Option<Duration>,
}

/// One question: the rows of a collection that meet any of the conditions.
#[derive(Clone, Debug)]
pub struct Find<'a> {
    /// The collection, as the catalog names it.
    pub collection: &'a str,
    /// Which cells a row is to have, in this order. Empty: keys alone.
    pub fields: &'a [FieldPath],
    /// A row meets any of them. None at all: every row.
    pub any: &'a [Condition],
    /// Stop after so many rows.
    pub limit: Option<u64>,
}

/// Rows whose date lies before a day.
#[derive(Clone, Copy, Debug)]
pub struct Before<'a> {
    /// The field that holds the date.
    pub field: &'a FieldPath,
    /// `2023-11-22`.
    pub day: &'a str,
}

/// `(fields) IN (values)`, after folding both sides.
#[derive(Clone, Debug)]
pub struct Condition {
    /// One field, or several that are compared together (a composite key).
    pub fields: Vec<FieldPath>,
    /// How text is compared.
    pub fold: Fold,
    /// Tuples as long as `fields`. Thousands are welcome: they are bound as arrays, in batches of the connector's choice.
    pub values: Vec<Vec<String>>,
    /// And this field has this value (links that say of what kind they are: `owner_type = 'person'`).
    pub when: Option<(FieldPath, String)>,
}

/// How a stored text is compared with a wanted one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fold {
    /// As it stands, in the type of the column (`7` finds the integer 7; text that no value of the type can be finds nothing).
    Exact,
    /// Without regard to case and to blanks around: `lower(trim(field))`. The values are lower case already.
    Lower,
    /// As `Lower`, and what stands from the first `+` to the `@` does not count: `ann+news@example.org` is `ann@example.org`.
    /// A `+` at the very start is kept. Asked for only when plus addresses are folded.
    Address,
    /// Only the last `n` digits count (telephone numbers); the caller looks at the whole afterwards.
    Digits(u8),
}

/// Receives rows one by one; a fault ends the search.
pub type EachRow<'a> = dyn FnMut(Row) -> Result<(), Fault> + 'a;

/// A store of personal data.
pub trait DataStore: Send {
    /// What this kind can do.
    fn abilities(&self) -> Abilities;

    /// Whether the server can be written to, and how far it is behind the one that can.
    fn standing(&mut self) -> Result<Standing, Fault> {
        Ok(Standing::default())
    }

    /// Kind, server and version in words, for certificates: `PostgreSQL 15.14`.
    fn version(&mut self) -> Result<String, Fault>;

    /// Reads the catalog.
    fn describe(&mut self) -> Result<Catalog, Fault>;

    /// The statement that makes an index which serves questions for `fields` of `collection` compared by `fold`; `None`
    /// where the store has no such thing.
    fn index_statement(&self, collection: &str, fields: &[FieldPath], fold: Fold) -> Option<String> {
        let _ = (collection, fields, fold);
        None
    }

    /// Streams the rows that meet `find`, each row once. Nothing is held but the row at hand and the batch of the driver.
    fn find(&mut self, find: &Find<'_>, each: &mut EachRow<'_>) -> Result<(), Fault>;

    /// As [`DataStore::find`]; of the rows those may be left out whose date is not `before` that day. Rows without a date come.
    /// Says whether the store left any out itself: then an index on the field serves it.
    fn find_before(&mut self, find: &Find<'_>, before: Before<'_>, each: &mut EachRow<'_>) -> Result<bool, Fault> {
        let _ = before;
        self.find(find, each).map(|()| false)
    }

    /// What a row stands for whose key names a whole file or object: its bytes, from front to back. `None`: the row is all there is,
    /// or it is gone.
    fn content(&mut self, collection: &str, key: &Key) -> Result<Option<Box<dyn std::io::Read>>, Fault> {
        let _ = (collection, key);
        Ok(None)
    }

    /// What stands behind the rows with these keys and goes with them, though no question finds it: older versions. Nothing
    /// where [`Abilities::versions`] is not set.
    fn goes_along(&mut self, collection: &str, keys: &[Key]) -> Result<Along, Fault> {
        let _ = (collection, keys);
        Ok(Along::default())
    }

    /// From now on nothing is read from a replica that may be behind: what was changed has to be seen.
    fn leave_replicas(&mut self) {}

    /// Begins a transaction that can write. Reading inside sees what it wrote.
    fn begin(&mut self) -> Result<Box<dyn Transaction + '_>, Fault>;

    /// Reads every text, JSON, list and byte field of every collection, every key and object name once, and tells each
    /// place in which a needle stands. Restrictions that leave parts unread are told in [`Scanned::unread`], never silent.
    fn scan(
        &mut self,
        needles: &dyn Needles,
        hit: &mut dyn FnMut(Hit) -> Result<(), Fault>,
        progress: &dyn Progress,
    ) -> Result<Scanned, Fault>;

    /// After a deletion: does what the store offers so that the bytes go too (VACUUM, ANALYZE, purge), and says in a
    /// sentence per collection or store what remains physically (write-ahead log, older backups, block files).
    fn compact(&mut self, collections: &[&str]) -> Result<Vec<String>, Fault>;
}

/// Changes that a store makes together. Dropped without `commit`: nothing was changed, where the store has transactions.
pub trait Transaction {
    /// Reads the rows with these keys and locks them against change where the store can. Absent rows do not come.
    fn reread(
        &mut self,
        collection: &str,
        fields: &[FieldPath],
        keys: &[Key],
        each: &mut EachRow<'_>,
    ) -> Result<(), Fault>;

    /// As [`DataStore::find`], inside the transaction.
    fn find(&mut self, find: &Find<'_>, each: &mut EachRow<'_>) -> Result<(), Fault>;

    /// Deletes the rows with these keys; says how many were there. Batched, never one statement per row.
    fn delete(&mut self, collection: &str, keys: &[Key]) -> Result<u64, Fault>;

    /// Sets `fields` of each row: one new cell per field. Says how many rows were there. Batched.
    fn set(&mut self, collection: &str, fields: &[FieldPath], rows: &[(Key, Vec<Cell>)]) -> Result<u64, Fault>;

    /// Checks constraints at the end (`SET CONSTRAINTS ALL DEFERRED`) where the store can.
    fn defer_constraints(&mut self) -> Result<(), Fault>;

    /// Makes it all so. `commit-unknown` when the connection broke meanwhile: nobody knows, ask the store again.
    fn commit(self: Box<Self>) -> Result<(), Fault>;
}

/// Older versions behind rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Along {
    /// How many versions there are besides the rows that were asked about.
    pub versions: u64,
    /// Rows and values in them that are not among those that were asked about: they can be anybody's.
    pub others: u64,
    /// Versions whose content was not looked at: whole objects.
    pub unread: u64,
}

/// The values that must not be found any more, in every form that they may have.
pub trait Needles: Sync {
    /// The numbers of the needles that stand in `haystack`, each once.
    fn within(&self, haystack: &[u8], found: &mut Vec<usize>);

    /// Plain texts, lower case, that a server may look for itself where reading everything would be slower.
    fn plain(&self) -> &[String];
}

/// A needle, found.
#[derive(Clone, Debug)]
pub struct Hit {
    /// Where.
    pub collection: String,
    /// The field, or `None`: in the name of a key, object or subject.
    pub field: Option<String>,
    /// The row.
    pub key: Key,
    /// Which needle.
    pub needle: usize,
}

/// What a scan read.
#[derive(Clone, Debug, Default)]
pub struct Scanned {
    /// Collections that were read to the end.
    pub collections: u64,
    /// Rows, objects, messages.
    pub rows: u64,
    /// Bytes of text looked at.
    pub bytes: u64,
    /// What was not read, with the reason, a sentence each.
    pub unread: Vec<String>,
}
