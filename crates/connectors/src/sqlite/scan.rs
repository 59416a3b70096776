//! The residual scan: every value of every table once, shadow tables of indexes and the planner's samples included.

use model::Fault;
use privacy::catalog::Catalog;
use privacy::row::Key;
use privacy::store::Scanned;
use sqlx::{Row as _, TypeInfo as _, ValueRef as _};

use super::{Sqlite, text};
use crate::sql::{Scan, Shape, Statement, quoted};

/// Rows between two words about the progress.
const ROWS_TOLD: u64 = 4096;

/// How much text changes hands at once, about.
const GATHERED: i64 = 2 << 20;

/// Most rows that are put together.
const AHEAD_MOST: i64 = 8192;

/// Most columns that are put together: SQLite nests an operator for each.
const COLUMNS_MOST: usize = 200;

pub(super) fn scan(store: &mut Sqlite, catalog: &Catalog, scan: &mut Scan<'_>) -> Result<Scanned, Fault> {
    let tables = store.texts(
        "SELECT name, (type = 'table' AND NOT wr AND (SELECT encoding FROM pragma_encoding) = 'UTF-8') FROM pragma_table_list WHERE schema = 'main'
         AND (type IN ('table', 'virtual', 'shadow') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' OR name GLOB 'sqlite_stat[34]')
         ORDER BY name",
        &[],
    )?;
    let total = catalog.collections.iter().filter_map(|collection| collection.rows_estimated).sum();
    scan.progress.start("scan", total);
    for row in tables {
        let [Some(name), has_numbers] = row.as_slice() else { continue };
        let read = Table::new(store, catalog, name).and_then(|table| match table.address() {
            Some(address) if has_numbers.as_deref() == Some("1") => gathered(store, &table, address, scan),
            _ => rows(store, &table, None, scan),
        });
        match read {
            Ok(()) => scan.scanned.collections += 1,
            Err(fault) if fault.code() == "store-refused" => {
                scan.scanned.unread.push(format!("{name} was not read: {}", fault.message()));
            }
            Err(fault) => return Err(fault),
        }
    }
    scan.progress.finish();
    Ok(std::mem::take(&mut scan.scanned))
}

/// One table: all its columns, and how its rows are named, if the catalog knows it.
struct Table<'a> {
    name: &'a str,
    columns: Vec<String>,
    shape: Option<Shape<'a>>,
}

impl<'a> Table<'a> {
    fn new(store: &mut Sqlite, catalog: &'a Catalog, name: &'a str) -> Result<Self, Fault> {
        let facts = store.texts("SELECT name FROM pragma_table_xinfo(?1) WHERE hidden <> 1", &[name])?;
        let columns = facts.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect();
        let shape = catalog.collection(name).map(|collection| Shape::new(collection, &[])).transpose()?;
        Ok(Table { name, columns, shape })
    }

    /// The word for a row's number, where no column has taken it. Long tables are read row by row.
    fn address(&self) -> Option<&'static str> {
        let is_free = |word: &&str| !self.columns.iter().any(|column| column.eq_ignore_ascii_case(word));
        ["rowid", "_rowid_", "oid"].into_iter().find(is_free).filter(|_| self.columns.len() <= COLUMNS_MOST)
    }
}

/// Reads many rows at once, put together by SQLite itself, so that they change hands once. Only where something is found are
/// they read again one by one.
fn gathered(store: &mut Sqlite, table: &Table<'_>, address: &str, scan: &mut Scan<'_>) -> Result<(), Fault> {
    let name = quoted(table.name, '"');
    let each = |form: fn(String) -> String, between: &str| {
        table.columns.iter().map(|column| form(quoted(column, '"'))).collect::<Vec<_>>().join(between)
    };
    let size = each(|column| format!("ifnull(octet_length({column}), 0)"), " + ");
    let text = each(|column| format!("ifnull({column}, '')"), " || char(10) || ");
    let (mut from, mut ahead) = (i64::MIN, 64);
    loop {
        let facts = store.texts(
            &format!(
                "SELECT max(r), count(*), sum(n) FROM (SELECT {address} AS r, {size} AS n FROM main.{name}
                 WHERE {address} >= {from} ORDER BY {address} LIMIT {ahead})"
            ),
            &[],
        )?;
        let fact = |at: usize| facts.first().and_then(|row| row[at].as_deref()?.parse::<i64>().ok());
        let (Some(last), Some(count), Some(bytes)) = (fact(0), fact(1), fact(2)) else { return Ok(()) };
        if bytes > 4 * GATHERED && ahead > 1 {
            ahead = (ahead / 8).max(1);
            continue;
        }
        let range = format!("{address} BETWEEN {from} AND {last}");
        let sql = format!("SELECT group_concat(t, char(10)) FROM (SELECT {text} AS t FROM main.{name} WHERE {range})");
        let mut is_hit = false;
        store.each(&Statement::plain(sql), |row| {
            is_hit |= row.try_get_unchecked::<&[u8], _>(0).is_ok_and(|bytes| scan.is_in(bytes));
            Ok(())
        })?;
        match is_hit {
            true => rows(store, table, Some(&range), scan)?,
            false => {
                scan.scanned.rows += count.unsigned_abs();
                scan.scanned.bytes += bytes.unsigned_abs();
                scan.progress.advance(count.unsigned_abs());
            }
        }
        if bytes < GATHERED / 2 {
            ahead = (ahead * 4).min(AHEAD_MOST);
        }
        let Some(next) = last.checked_add(1) else { return Ok(()) };
        from = next;
    }
}

/// Reads row by row, all of them or those of a range.
fn rows(store: &mut Sqlite, table: &Table<'_>, range: Option<&str>, scan: &mut Scan<'_>) -> Result<(), Fault> {
    let (name, columns) = (table.name, &table.columns);
    let mut list: Vec<String> = columns.iter().map(|column| quoted(column, '"')).collect();
    if let Some(shape) = &table.shape {
        list.push(shape.list(store));
    }
    let only = range.map_or_else(String::new, |range| format!(" WHERE {range}"));
    let statement = Statement::plain(format!("SELECT {} FROM main.{}{only}", list.join(", "), quoted(name, '"')));
    let mut rows = 0;
    store.each(&statement, |row| {
        for (at, column) in columns.iter().enumerate() {
            let is_text = row
                .try_get_raw(at)
                .is_ok_and(|value| !value.is_null() && matches!(value.type_info().name(), "TEXT" | "BLOB"));
            if !is_text {
                continue;
            }
            let Ok(value) = row.try_get_unchecked::<&[u8], _>(at) else { continue };
            scan.look(name, column, value, || match &table.shape {
                None => Key(Vec::new()),
                Some(shape) => {
                    let texts = (0..shape.width()).map(|key| text(row, columns.len() + key)).collect();
                    shape.key(&shape.cells::<Sqlite>(texts))
                }
            })?;
        }
        rows += 1;
        if rows % ROWS_TOLD == 0 {
            scan.progress.advance(ROWS_TOLD);
        }
        Ok(())
    })?;
    scan.progress.advance(rows % ROWS_TOLD);
    scan.scanned.rows += rows;
    Ok(())
}
