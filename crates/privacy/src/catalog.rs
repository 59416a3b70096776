//! What a store says about itself: collections, columns, keys, links, traps.

/// Everything that a store holds, as its own catalog tells it.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// In the order of their names.
    pub collections: Vec<Collection>,
    /// What could not be read (a schema without permission, a table of an engine without catalog), a sentence each.
    pub gaps: Vec<String>,
    /// What holds at this moment only (how far a replica is behind), a sentence each: told, and no part of what is confirmed.
    pub passing: Vec<String>,
}

impl Catalog {
    /// The collection of that name.
    pub fn collection(&self, name: &str) -> Option<&Collection> {
        self.collections.iter().find(|collection| collection.name == name)
    }
}

/// A table, a file of rows, a pattern of keys or objects, a stream.
#[derive(Clone, Debug, Default)]
pub struct Collection {
    /// As the data map writes it: `table`, or `schema.table` outside the default schema.
    pub name: String,
    /// In the store's order.
    pub columns: Vec<Column>,
    /// The primary key, or else the first unique key without nullable columns; empty: rows are named by all columns.
    pub key: Vec<String>,
    /// Every unique constraint and unique index over plain columns, the primary key too.
    pub unique: Vec<Vec<String>>,
    /// Indexes that a search by value can use.
    pub indexes: Vec<Index>,
    /// Foreign keys out of this collection.
    pub links: Vec<Link>,
    /// How many rows the store believes to have.
    pub rows_estimated: Option<u64>,
    /// The store's comment on it.
    pub comment: Option<String>,
    /// Triggers that fire on DELETE or UPDATE, by name: they may write old values elsewhere.
    pub triggers: Vec<String>,
    /// Changes take part in the store's transaction (false for MyISAM, Aria, CSV and the like).
    pub transactional: bool,
    /// Views, partitions of a mapped parent, logs: rows are not to be deleted here.
    pub read_only: bool,
    /// Columns that the store gives each row for itself (a path, a number, a time to live): no data, and no line of a map.
    pub own: Vec<String>,
    /// What `meta.probity` of the collection has to say for the store to know its rows again: word and text.
    pub words: Vec<(String, String)>,
    /// The store refuses to delete a row that refers to itself, unless the link cascades (InnoDB).
    pub clings_to_itself: bool,
}

impl Collection {
    /// The columns that name a row: the key, or all columns that are not generated when there is none.
    pub fn naming(&self) -> Vec<&str> {
        if self.key.is_empty() {
            self.columns.iter().map(|column| column.name.as_str()).collect()
        } else {
            self.key.iter().map(String::as_str).collect()
        }
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// One column of a table, or one field that the rows of a document collection were seen to have.
#[derive(Clone, Debug)]
pub struct Column {
    /// As the store spells it.
    pub name: String,
    /// How its text is to be read.
    pub kind: ColumnKind,
    /// As the store names the type, for people: `character varying(40)`.
    pub type_name: String,
    /// May be without a value.
    pub nullable: bool,
    /// The store fills it in when nothing is given.
    pub has_default: bool,
    /// The store computes it: never written.
    pub generated: bool,
    /// Longest text, in characters.
    pub max_chars: Option<u64>,
    /// The words that are allowed, for an enumeration.
    pub words: Vec<String>,
    /// The store's comment on it.
    pub comment: Option<String>,
    /// A security label (`pg_seclabel`, provider `anon`: `MASKED WITH …`).
    pub label: Option<String>,
    /// CHECK constraints that name it, as the store prints them.
    pub checks: Vec<String>,
}

/// How the text of a cell is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColumnKind {
    /// Words, enumerations, network addresses, UUIDs.
    Text,
    /// Whole numbers.
    Integer,
    /// Decimals and floats.
    Number,
    /// `true`, `false`.
    Boolean,
    /// Dates and times.
    Time,
    /// Hexadecimal.
    Bytes,
    /// A JSON document.
    Json,
    /// A list, as a JSON array.
    List,
    /// Ranges, geometry and what else is shown as the store prints it.
    Other,
}

/// An index that serves equality on its first columns.
#[derive(Clone, Debug)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Columns, or expressions as the store prints them: `lower((email)::text)`.
    pub on: Vec<String>,
}

/// A foreign key.
#[derive(Clone, Debug)]
pub struct Link {
    /// The constraint's name; made up where the store has none.
    pub name: String,
    /// The referring columns.
    pub columns: Vec<String>,
    /// The collection referred to.
    pub target: String,
    /// Its columns, in the order of `columns`.
    pub target_columns: Vec<String>,
    /// What the store does to the referring row when the row referred to goes.
    pub on_delete: OnDelete,
    /// May be checked at the end of the transaction.
    pub deferrable: bool,
}

/// What a store does to referring rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDelete {
    /// Refuses, at the end of the statement or of the transaction.
    NoAction,
    /// Refuses at once.
    Restrict,
    /// Deletes them.
    Cascade,
    /// Takes the reference out.
    SetNull,
    /// Puts the default in.
    SetDefault,
}
