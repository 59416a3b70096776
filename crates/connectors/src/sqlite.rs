//! SQLite: one file, one connection.
//!
//! A column of SQLite holds values of any type; a cell's text follows the value, not the declaration: integers and reals in
//! plain digits, blobs in hexadecimal, text as it stands (times too: SQLite has none of its own). `BOOLEAN` columns show 1 and
//! 0 as `true` and `false`, `JSON` columns their text compacted.

mod catalog;
mod scan;
mod words;

use std::time::Duration;

use model::Fault;
use privacy::catalog::{Catalog, Collection, Column, ColumnKind};
use privacy::map::Dataset;
use privacy::row::{Cell, Key};
use privacy::store::{DataStore, Fold, Scanned};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{ConnectOptions as _, Row as _, TypeInfo as _, ValueRef as _};
use tokio::runtime::Runtime;

use crate::access::Access;
use crate::sql::{self, Bind, Change, Engine, Field, Naming, Scan, SqlStore, Statement};

/// Databases up to this size are rewritten by VACUUM after a deletion; larger ones would take minutes and as much disk again.
const VACUUM_BYTES: i64 = 4 << 30;

/// Opens the file at `url`: `sqlite:FILE` or `sqlite://FILE`. Nothing is created.
pub(crate) fn open(url: &str, access: &Access, dataset: &Dataset) -> Result<Box<dyn DataStore>, Fault> {
    let path = url.split_once(':').map_or("", |(_, rest)| rest);
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() {
        return Err(Fault::bad_config("bad-store-address", "The address names no file").advise("Write sqlite:FILE."));
    }
    let file = access.folder.join(path);
    if !file.is_file() {
        return Err(sql::unreachable(path, "there is no such file"));
    }
    let mut options = SqliteConnectOptions::new()
        .filename(&file)
        .read_only(access.read_only)
        .busy_timeout(access.lock_timeout.max(Duration::from_millis(1)))
        .foreign_keys(true)
        .pragma("secure_delete", "ON")
        .statement_cache_capacity(0)
        .collation("probity_address", |a, b| sql::address(a).cmp(&sql::address(b)))
        .collation("probity_lower", |a, b| sql::lower(a).cmp(&sql::lower(b)));
    for count in 1..=words::DIGITS_MOST {
        let compare = move |a: &str, b: &str| sql::digits(a, count).cmp(&sql::digits(b, count));
        options = options.collation(format!("probity_digits_{count}"), compare);
    }
    let runtime = sql::runtime()?;
    let connection = runtime.block_on(options.connect()).map_err(|error| fault(path, error))?;
    let mut engine = Sqlite { path: path.to_owned(), runtime, connection };
    engine.texts("SELECT name FROM sqlite_schema LIMIT 1", &[])?;
    Ok(Box::new(SqlStore::new(engine, dataset)))
}

/// One connection to one file.
pub(crate) struct Sqlite {
    path: String,
    runtime: Runtime,
    connection: SqliteConnection,
}

impl Sqlite {
    /// All rows of a short question.
    fn texts(&mut self, sql: &str, binds: &[&str]) -> Result<Vec<Vec<Cell>>, Fault> {
        let binds = binds.iter().map(|bind| Bind::Text((*bind).to_owned())).collect();
        let mut rows = Vec::new();
        self.each(&Statement { sql: sql.to_owned(), binds }, |row| {
            rows.push((0..row.len()).map(|at| text(row, at)).collect());
            Ok(())
        })?;
        Ok(rows)
    }

    /// Gives each row of a question to `each`.
    fn each(
        &mut self,
        statement: &Statement,
        mut each: impl FnMut(&SqliteRow) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let Sqlite { path, runtime, connection } = self;
        let query = bound(statement);
        let stream = query.fetch(connection);
        sql::drain(runtime, stream, |error| fault(path, error), |row| each(&row))
    }

    /// A word of SQL without rows.
    fn act(&mut self, sql: &'static str) -> Result<(), Fault> {
        self.execute(&Statement::plain(sql)).map(|_| ())
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn bound(statement: &Statement) -> Query<'static> {
    let mut query = sqlx::query(statement.checked());
    for bind in &statement.binds {
        query = match bind {
            Bind::Text(text) => query.bind(text.clone()),
            Bind::Texts(texts) => query.bind(sql::array(texts.iter().map(Option::as_deref))),
        };
    }
    query
}

/// The text of a value by its storage class.
fn text(row: &SqliteRow, at: usize) -> Cell {
    let class = {
        let value = row.try_get_raw(at).ok()?;
        if value.is_null() {
            return None;
        }
        value.type_info().name().to_owned()
    };
    match class.as_str() {
        "INTEGER" => row.try_get_unchecked::<i64, _>(at).ok().map(|number| number.to_string()),
        "REAL" => row.try_get_unchecked::<f64, _>(at).ok().map(|number| number.to_string()),
        "BLOB" => row.try_get_unchecked::<&[u8], _>(at).ok().map(sql::hex),
        _ => row.try_get_unchecked::<&[u8], _>(at).ok().map(|text| String::from_utf8_lossy(text).into_owned()),
    }
}

impl Engine for Sqlite {
    fn quote(&self, name: &str) -> String {
        sql::quoted(name, '"')
    }

    fn table(&self, collection: &Collection) -> String {
        format!("main.{}", self.quote(&collection.name))
    }

    fn shown(&self, _: &Collection, column: &Column) -> String {
        self.quote(&column.name)
    }

    fn cell(column: &Column, text: String) -> String {
        match (column.kind, text.as_str()) {
            (ColumnKind::Boolean, "0") => "false".to_owned(),
            (ColumnKind::Boolean, "1") => "true".to_owned(),
            (ColumnKind::Json, _) => sql::compact(&text),
            _ => text,
        }
    }

    fn among(
        &self,
        collection: &Collection,
        fields: &[Field<'_>],
        fold: Fold,
        tuples: &[&[String]],
        binds: &mut Vec<Bind>,
    ) -> Option<String> {
        words::among(collection, fields, fold, tuples, binds)
    }

    fn named(&self, _: &Collection, naming: &Naming<'_>, keys: &[&Key], binds: &mut Vec<Bind>) -> String {
        words::named(naming, keys, binds)
    }

    fn update(&self, collection: &Collection, naming: &Naming<'_>, change: &Change<'_>) -> Statement {
        words::update(&self.table(collection), naming, change)
    }

    fn index_statement(&self, collection: &Collection, fields: &[Field<'_>], fold: Fold) -> Option<String> {
        words::index_statement(&self.quote(&collection.name), fields, fold)
    }

    fn address(&self, collection: &Collection) -> Option<String> {
        let is_free = |name: &&str| !collection.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
        ["rowid", "_rowid_", "oid"].into_iter().find(is_free).map(str::to_owned)
    }

    fn query(
        &mut self,
        statement: &Statement,
        width: usize,
        each: &mut dyn FnMut(Vec<Cell>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.each(statement, |row| each((0..width).map(|at| text(row, at)).collect()))
    }

    fn execute(&mut self, statement: &Statement) -> Result<u64, Fault> {
        let query = bound(statement);
        let Sqlite { path, runtime, connection } = self;
        let done = runtime.block_on(query.execute(connection)).map(|done| done.rows_affected());
        done.map_err(|error| fault(path, error))
    }

    /// A file that cannot be written to lets a transaction begin all the same: it is asked for a change that changes nothing.
    fn begin(&mut self) -> Result<(), Fault> {
        self.act("BEGIN IMMEDIATE")?;
        let version = self.texts("PRAGMA main.user_version", &[])?;
        let version = version.first().and_then(|row| row.first()?.clone()).unwrap_or_default();
        let written = self.execute(&Statement::plain(format!("PRAGMA main.user_version = {version}")));
        written.map(|_| ()).inspect_err(|_| self.rollback())
    }

    fn commit(&mut self) -> Result<(), Fault> {
        let done = self.act("COMMIT");
        match done {
            Err(fault) if fault.code() == "constraint-broken" => {
                let broken = self.texts("SELECT DISTINCT \"table\", parent FROM pragma_foreign_key_check LIMIT 3", &[]);
                self.rollback();
                Err(named_links(fault, broken.unwrap_or_default()))
            }
            Err(fault) => {
                self.rollback();
                Err(fault)
            }
            Ok(()) => Ok(()),
        }
    }

    fn rollback(&mut self) {
        // SQLite may have rolled back itself (disk full): then there is nothing to undo, and that is what it says.
        let _ = self.act("ROLLBACK");
    }

    fn defer_constraints(&mut self) -> Result<(), Fault> {
        self.act("PRAGMA defer_foreign_keys = ON")
    }

    fn version(&mut self) -> Result<String, Fault> {
        let rows = self.texts("SELECT sqlite_version()", &[])?;
        Ok(format!("SQLite {}", rows.first().and_then(|row| row.first()?.as_deref()).unwrap_or("of unknown version")))
    }

    fn describe(&mut self) -> Result<Catalog, Fault> {
        catalog::describe(self)
    }

    fn scan(&mut self, catalog: &Catalog, scan: &mut Scan<'_>) -> Result<Scanned, Fault> {
        scan::scan(self, catalog, scan)
    }

    /// Deleted cells were overwritten with zeros already (`secure_delete`); what is left are copies of pages that the
    /// journal or earlier deletions left behind, and samples of the query planner.
    fn compact(&mut self, collections: &[&Collection]) -> Result<Vec<String>, Fault> {
        let mut said = Vec::new();
        let has_statistics = self.texts("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'", &[])?;
        if !has_statistics.is_empty() {
            for collection in collections {
                self.execute(&Statement::plain(format!("ANALYZE {}", self.table(collection))))?;
            }
        }
        said.extend(catalog::indexed_words(self, collections)?);
        let size = self.texts("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", &[])?;
        let size = size.first().and_then(|row| row.first()?.as_deref()?.parse::<i64>().ok()).unwrap_or(i64::MAX);
        if size <= VACUUM_BYTES {
            match self.act("VACUUM") {
                Ok(()) => {
                    said.push("The file was rewritten (VACUUM); deleted values were overwritten before.".to_owned())
                }
                Err(fault) => said.push(format!(
                    "VACUUM failed ({}): run it again; deleted values were overwritten with zeros.",
                    fault.message()
                )),
            }
        } else {
            said.push("Deleted values were overwritten with zeros (secure_delete); run VACUUM to take out what earlier deletions left in free pages.".to_owned());
        }
        self.texts("PRAGMA wal_checkpoint(TRUNCATE)", &[])?;
        said.push(
            "The write-ahead log was emptied; backups and copies of the file still hold what they held.".to_owned(),
        );
        Ok(said)
    }
}

fn named_links(fault: Fault, broken: Vec<Vec<Cell>>) -> Fault {
    let names = |row: &Vec<Cell>| {
        let name = |at: usize| row.get(at).cloned().flatten().unwrap_or_default();
        format!("{} refers to {}", name(0), name(1))
    };
    let links: Vec<String> = broken.iter().map(names).collect();
    match links.is_empty() {
        true => fault,
        false => constraint(&format!("{} ({})", fault.message(), links.join(", "))),
    }
}

fn constraint(message: &str) -> Fault {
    Fault::unavailable("constraint-broken", message)
        .advise("Nothing was changed. Let the plan cover the rows that refer to what is deleted, then make it again.")
}

/// What SQLite said, in our codes. Its messages name tables, columns and constraints, never values.
fn fault(path: &str, error: sqlx::Error) -> Fault {
    let sqlx::Error::Database(database) = &error else {
        return sql::unreachable(path, &error.to_string());
    };
    let message = database.message();
    let code = database.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(1) & 0xff;
    let unavailable = |code, what: &str| Fault::unavailable(code, format!("{path}: {what}: {message}"));
    match code {
        5 | 6 => unavailable("store-lock-timeout", "another program holds the database")
            .advise("Nothing was changed. Run the same command again when the other program is done."),
        3 | 23 => unavailable("store-permission", "access is refused").advise("Give this user access to the file."),
        8 => unavailable("store-read-only", "the database cannot be written to")
            .advise("Nothing was changed. Give this user write access to the file and to the folder around it."),
        10 | 14 => sql::unreachable(path, message),
        11 | 26 => sql::corrupt(path, message),
        13 => unavailable("store-disk-full", "there is no room left")
            .advise("Nothing was changed. Free some space, then run the same command again."),
        19 => constraint(&format!("{path}: {message}")),
        _ => unavailable("store-refused", "a statement was refused")
            .advise("Nothing was changed. Compare the data map with the store: `probity map check`."),
    }
}
