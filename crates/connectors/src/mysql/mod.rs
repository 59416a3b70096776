//! MySQL and MariaDB: one connection to one database.
//!
//! What a server thinks of as its own business is pinned for the session: UTC, `utf8mb4`, strict mode, and READ COMMITTED,
//! so that a question inside a transaction sees what was locked. A column of the character type is compared by its own
//! collation where a value is to be equal (foreign keys are, too), and letter by letter where rows have no key.
//!
//! Columns of numbers, times and bytes are never compared with text: MySQL would make the text a number, and `'7 apples'`
//! equal to 7. A value that the column's type cannot hold finds nothing.

mod catalog;
mod compact;
mod faults;
mod rights;
mod scan;
mod session;
mod settings;
mod words;

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

/// Opens the database at `url`: `mysql://USER@HOST:PORT/DATABASE`.
pub(crate) fn open(url: &str, access: &Access, dataset: &Dataset) -> Result<Box<dyn DataStore>, Fault> {
    let session = Session::open(url, access)?;
    Ok(Box::new(SqlStore::new(MySql { session, facts: HashMap::new() }, dataset)))
}

/// What the catalog does not hold of a column, by table and name.
type Facts = HashMap<(String, String), Fact>;

/// How the server takes a column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fact {
    /// `varchar`, `timestamp`, `uuid`, …
    pub(super) data_type: String,
    /// Empty for what is no text.
    pub(super) collation: String,
}

impl Fact {
    /// `latin1` of `latin1_swedish_ci`.
    pub(super) fn charset(&self) -> &str {
        self.collation.split('_').next().unwrap_or_default()
    }

    pub(super) fn ignores_case(&self) -> bool {
        self.collation.ends_with("_ci")
    }
}

/// One connection.
pub(crate) struct MySql {
    session: Session,
    facts: Facts,
}

impl MySql {
    fn fact(&self, collection: &Collection, column: &Column) -> Fact {
        self.facts.get(&(collection.name.clone(), column.name.clone())).cloned().unwrap_or_default()
    }

    fn dialect<'a>(&'a self, collection: &'a Collection) -> words::Dialect<'a> {
        words::Dialect { engine: self, collection, has_json_table: self.session.has_json_table() }
    }
}

impl Engine for MySql {
    /// A row without a key takes a place per column, and a statement has 65,535 places.
    const BATCH: usize = 500;

    fn quote(&self, name: &str) -> String {
        sql::quoted(name, '`')
    }

    fn table(&self, collection: &Collection) -> String {
        self.quote(&collection.name)
    }

    fn shown(&self, collection: &Collection, column: &Column) -> String {
        words::shown(&self.quote(&column.name), &self.fact(collection, column).data_type)
    }

    fn cell(column: &Column, text: String) -> String {
        words::cell(column, text)
    }

    fn among(
        &self,
        collection: &Collection,
        fields: &[Field<'_>],
        fold: Fold,
        tuples: &[&[String]],
        binds: &mut Vec<Bind>,
    ) -> Option<String> {
        self.dialect(collection).among(fields, fold, tuples, binds)
    }

    fn before(&self, column: &Column, day: &str, binds: &mut Vec<Bind>) -> Option<String> {
        let is_date = ["date", "datetime", "timestamp"].iter().any(|kind| {
            column.type_name.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with(['(', ' ']))
        });
        let name = self.quote(&column.name);
        is_date.then(|| {
            binds.push(Bind::Text(day.to_owned()));
            format!("({name} < CAST(? AS DATETIME) OR {name} IS NULL)")
        })
    }

    fn named(&self, collection: &Collection, naming: &Naming<'_>, keys: &[&Key], binds: &mut Vec<Bind>) -> String {
        self.dialect(collection).named(naming, keys, binds)
    }

    fn update(&self, collection: &Collection, naming: &Naming<'_>, change: &Change<'_>) -> Statement {
        self.dialect(collection).update(naming, change)
    }

    fn index_statement(&self, collection: &Collection, fields: &[Field<'_>], fold: Fold) -> Option<String> {
        self.dialect(collection).index_statement(fields, fold)
    }

    fn lock(&self, _: &Collection) -> &'static str {
        " FOR UPDATE"
    }

    fn query(
        &mut self,
        statement: &Statement,
        width: usize,
        each: &mut dyn FnMut(Vec<Cell>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.session.each(statement, |row| each((0..width).map(|at| session::text(row, at)).collect()))
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

    /// Neither MySQL nor MariaDB can: each statement is checked at once.
    fn defer_constraints(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    fn standing(&mut self) -> Result<Standing, Fault> {
        self.session.standing()
    }

    fn version(&mut self) -> Result<String, Fault> {
        Ok(self.session.version().to_owned())
    }

    fn describe(&mut self) -> Result<Catalog, Fault> {
        let (catalog, facts) = catalog::describe(&mut self.session)?;
        self.facts = facts;
        Ok(catalog)
    }

    fn scan(&mut self, catalog: &Catalog, scan: &mut Scan<'_>) -> Result<Scanned, Fault> {
        scan::scan(self, catalog, scan)
    }

    fn compact(&mut self, collections: &[&Collection]) -> Result<Vec<String>, Fault> {
        compact::compact(self, collections)
    }
}

/// Whether a column's values are texts for the server.
fn is_text(column: &Column) -> bool {
    matches!(column.kind, ColumnKind::Text | ColumnKind::Json | ColumnKind::List)
}
