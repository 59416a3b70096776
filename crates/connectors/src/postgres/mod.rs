//! PostgreSQL 15 and newer: one connection with settings of its own, so that the same value has the same text whatever the
//! role, the database or the environment say.
//!
//! Partitions are read through their parent and do not appear; a parent of old-style inheritance and its children are
//! collections of their own, each without the other's rows. Views, materialized views and foreign tables can be read.

mod address;
mod catalog;
mod compact;
mod faults;
mod scan;
mod session;
mod settings;
mod statements;
mod types;
mod words;

use std::time::Duration;

use std::collections::HashMap;

use model::Fault;
use privacy::catalog::{Catalog, Collection, Column, ColumnKind};
use privacy::map::Dataset;
use privacy::row::{Cell, Key};
use privacy::store::{DataStore, Fold, Scanned, Standing};

use crate::access::Access;
use crate::sql::{self, Bind, Change, Engine, Field, Naming, Scan, SqlStore, Statement};

use session::Session;
pub(crate) use settings::settings;
pub(crate) use statements::statements;
use types::Type;

/// Opens the database at `url`: `postgres://USER@HOST:PORT/DATABASE?sslmode=…`.
pub(crate) fn open(url: &str, access: &Access, dataset: &Dataset) -> Result<Box<dyn DataStore>, Fault> {
    let mut session = Session::new(address::read(url, access)?, access)?;
    session.connect()?;
    Ok(Box::new(SqlStore::new(Postgres { session, tables: HashMap::new() }, dataset)))
}

/// A session, and what the catalog says beyond the shared nouns.
pub(crate) struct Postgres {
    session: Session,
    tables: HashMap<String, Table>,
}

/// What is known of one collection.
struct Table {
    schema: String,
    name: String,
    /// `r` table, `p` partitioned, `v` view, `m` materialized view, `f` foreign.
    kind: char,
    types: HashMap<String, Type>,
}

impl Table {
    /// As it stands after FROM and DELETE FROM. Rows of children belong to these, but those of partitions to the parent.
    fn from(&self) -> String {
        format!("{}{} AS t", self.only(), self.qualified())
    }

    fn only(&self) -> &'static str {
        if self.kind == 'r' { "ONLY " } else { "" }
    }

    fn qualified(&self) -> String {
        format!("{}.{}", sql::quoted(&self.schema, '"'), sql::quoted(&self.name, '"'))
    }
}

impl Postgres {
    fn type_of(&self, collection: &Collection, column: &Column) -> Type {
        let of = |table: &Table| table.types.get(&column.name).cloned();
        self.tables.get(&collection.name).and_then(of).unwrap_or_default()
    }

    fn fields(&self, collection: &Collection, fields: &[Field<'_>]) -> Vec<words::Typed> {
        let typed = |field: &Field<'_>| words::Typed::new(field, self.type_of(collection, field.column));
        fields.iter().map(typed).collect()
    }

    fn columns(&self, collection: &Collection, columns: &[&Column]) -> Vec<words::Typed> {
        let field =
            |column: &&Column| words::Typed::new(&Field { column, path: &[] }, self.type_of(collection, column));
        columns.iter().map(field).collect()
    }
}

impl Engine for Postgres {
    fn quote(&self, name: &str) -> String {
        sql::quoted(name, '"')
    }

    fn table(&self, collection: &Collection) -> String {
        self.tables.get(&collection.name).map_or_else(|| self.quote(&collection.name), Table::from)
    }

    fn shown(&self, collection: &Collection, column: &Column) -> String {
        self.type_of(collection, column).shown(&column.name)
    }

    fn cell(column: &Column, text: String) -> String {
        types::canonical(column.kind, text)
    }

    fn among(
        &self,
        collection: &Collection,
        fields: &[Field<'_>],
        fold: Fold,
        tuples: &[&[String]],
        binds: &mut Vec<Bind>,
    ) -> Option<String> {
        words::among(collection, &self.fields(collection, fields), fold, tuples, binds)
    }

    fn before(&self, column: &Column, day: &str, binds: &mut Vec<Bind>) -> Option<String> {
        let is_date = column.type_name == "date" || column.type_name.starts_with("timestamp");
        let name = self.quote(&column.name);
        is_date.then(|| {
            binds.push(Bind::Text(day.to_owned()));
            let day = format!("CAST(${}::text AS pg_catalog.timestamp)", binds.len());
            format!("({name} OPERATOR(pg_catalog.<) {day} OR {name} IS NULL)")
        })
    }

    fn named(&self, collection: &Collection, naming: &Naming<'_>, keys: &[&Key], binds: &mut Vec<Bind>) -> String {
        match naming {
            Naming::Key(columns) => words::named(&self.columns(collection, columns), keys, binds),
            Naming::All(columns) => words::same(&self.columns(collection, columns), keys, binds),
            // Never asked for: `address` tells none.
            Naming::Address(_) => "false".to_owned(),
        }
    }

    fn update(&self, collection: &Collection, naming: &Naming<'_>, change: &Change<'_>) -> Statement {
        let set = self.columns(collection, &change.columns);
        let table = self.tables.get(&collection.name);
        let table = table.map_or_else(String::new, Table::from);
        match naming {
            Naming::Key(columns) => words::update(&table, &self.columns(collection, columns), &set, change, false),
            Naming::All(columns) => words::update(&table, &self.columns(collection, columns), &set, change, true),
            Naming::Address(_) => Statement::default(),
        }
    }

    fn index_statement(&self, collection: &Collection, fields: &[Field<'_>], fold: Fold) -> Option<String> {
        let table = self.tables.get(&collection.name)?;
        words::index_statement(&table.qualified(), &self.fields(collection, fields), fold)
    }

    fn lock(&self, collection: &Collection) -> &'static str {
        if collection.read_only { "" } else { " FOR UPDATE" }
    }

    fn query(
        &mut self,
        statement: &Statement,
        width: usize,
        each: &mut dyn FnMut(Vec<Cell>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.session.query(statement, width, each)
    }

    fn execute(&mut self, statement: &Statement) -> Result<u64, Fault> {
        self.session.execute(statement)
    }

    fn begin(&mut self) -> Result<(), Fault> {
        self.session.begin()
    }

    fn commit(&mut self) -> Result<(), Fault> {
        self.session.commit()
    }

    fn rollback(&mut self) {
        self.session.rollback();
    }

    fn defer_constraints(&mut self) -> Result<(), Fault> {
        self.session.run("SET CONSTRAINTS ALL DEFERRED")
    }

    fn standing(&mut self) -> Result<Standing, Fault> {
        // A standby that has replayed all it got is not behind, as long as it gets something.
        let question = "SELECT pg_is_in_recovery()::text, CASE WHEN NOT pg_is_in_recovery() THEN NULL
             WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN '0'
             ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::text END";
        let row = self.session.rows(question, 2)?.into_iter().next().unwrap_or_default();
        let cell = |at: usize| row.get(at).cloned().flatten();
        let seconds = cell(1).and_then(|text| text.parse::<f64>().ok());
        let behind = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).ok());
        Ok(Standing { read_only: cell(0).as_deref() == Some("true") || self.session.reads_only(), behind })
    }

    fn version(&mut self) -> Result<String, Fault> {
        let rows = self.session.rows("SHOW server_version", 1)?;
        let version = rows.first().and_then(|row| row[0].as_deref()).unwrap_or("of unknown version").to_owned();
        Ok(format!("PostgreSQL {}", version.split(' ').next().unwrap_or(&version)))
    }

    fn describe(&mut self) -> Result<Catalog, Fault> {
        let (catalog, tables) = catalog::describe(&mut self.session)?;
        self.tables = tables;
        Ok(catalog)
    }

    fn scan(&mut self, catalog: &Catalog, scan: &mut Scan<'_>) -> Result<Scanned, Fault> {
        scan::scan(self, catalog, scan)
    }

    fn compact(&mut self, collections: &[&Collection]) -> Result<Vec<String>, Fault> {
        compact::compact(self, collections)
    }
}

/// Kinds in which no text can stand.
fn is_wordless(column: &Column) -> bool {
    let is_number =
        matches!(column.kind, ColumnKind::Integer | ColumnKind::Number | ColumnKind::Boolean | ColumnKind::Time);
    is_number || !column.words.is_empty()
}
