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

pub(super) fn scan(store: &mut Sqlite, catalog: &Catalog, scan: &mut Scan<'_>) -> Result<Scanned, Fault> {
    let tables = store.texts(
        "SELECT name FROM pragma_table_list WHERE schema = 'main'
         AND (type IN ('table', 'virtual', 'shadow') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' OR name GLOB 'sqlite_stat[34]')
         ORDER BY name",
        &[],
    )?;
    let total = catalog.collections.iter().filter_map(|collection| collection.rows_estimated).sum();
    scan.progress.start("scan", total);
    for name in tables.into_iter().filter_map(|row| row.into_iter().next().flatten()) {
        match table(store, catalog, scan, &name) {
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

fn table(store: &mut Sqlite, catalog: &Catalog, scan: &mut Scan<'_>, name: &str) -> Result<(), Fault> {
    let facts = store.texts("SELECT name FROM pragma_table_xinfo(?1) WHERE hidden <> 1", &[name])?;
    let columns: Vec<String> = facts.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect();
    let shape = match catalog.collection(name) {
        Some(collection) => Some(Shape::new(collection, &[])?),
        None => None,
    };
    let mut list: Vec<String> = columns.iter().map(|column| quoted(column, '"')).collect();
    if let Some(shape) = &shape {
        list.push(shape.list(store));
    }
    let statement = Statement::plain(format!("SELECT {} FROM main.{}", list.join(", "), quoted(name, '"')));
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
            scan.look(name, column, value, || match &shape {
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
