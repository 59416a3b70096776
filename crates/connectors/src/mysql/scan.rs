//! The residual scan: every text, document and byte of every table once, earlier versions of rows included.

use model::Fault;
use privacy::catalog::{Catalog, Collection, ColumnKind};
use privacy::store::Scanned;
use sqlx::Row as _;
use sqlx::mysql::MySqlRow;

use super::{MySql, session};
use crate::sql::{Engine as _, Scan, Shape, Statement};

/// Rows between two words about the progress.
const ROWS_TOLD: u64 = 4096;

pub(super) fn scan(store: &mut MySql, catalog: &Catalog, scan: &mut Scan<'_>) -> Result<Scanned, Fault> {
    let total = catalog.collections.iter().filter_map(|collection| collection.rows_estimated).sum();
    scan.progress.start("scan", total);
    let versioned = versioned(store)?;
    for collection in catalog.collections.iter().filter(|collection| !collection.read_only) {
        match table(store, scan, collection, versioned.contains(&collection.name)) {
            Ok(()) => scan.scanned.collections += 1,
            Err(fault) if ["store-refused", "store-permission", "store-corrupt"].contains(&fault.code()) => {
                scan.scanned.unread.push(format!("{} was not read: {}", collection.name, fault.message()));
            }
            Err(fault) => return Err(fault),
        }
    }
    // Tables of which nothing but the name is known.
    scan.scanned.unread.extend(catalog.gaps.iter().filter(|gap| gap.contains(" cannot be read: ")).cloned());
    scan.progress.finish();
    Ok(std::mem::take(&mut scan.scanned))
}

/// Tables that keep every version of their rows.
fn versioned(store: &mut MySql) -> Result<Vec<String>, Fault> {
    let rows = store.session.texts(
        "SELECT TABLE_NAME FROM information_schema.TABLES
         WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'SYSTEM VERSIONED'",
        &[],
    )?;
    Ok(rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())
}

fn table(store: &mut MySql, scan: &mut Scan<'_>, collection: &Collection, versioned: bool) -> Result<(), Fault> {
    use ColumnKind::{Bytes, Json, List, Other, Text};
    let is_read = |kind| matches!(kind, Text | Json | List | Bytes | Other);
    let columns: Vec<&str> = collection
        .columns
        .iter()
        .filter(|column| is_read(column.kind) && column.words.is_empty())
        .map(|column| column.name.as_str())
        .collect();
    if columns.is_empty() {
        return Ok(());
    }
    let shape = Shape::new(collection, &[])?;
    let mut list: Vec<String> = columns.iter().map(|column| store.quote(column)).collect();
    list.push(shape.list(store));
    let history = if versioned { " FOR SYSTEM_TIME ALL" } else { "" };
    let sql = format!("SELECT {} FROM {}{history}", list.join(", "), store.table(collection));
    let mut rows = 0;
    let statement = Statement::plain(sql);
    let each = |row: &MySqlRow| {
        for (at, column) in columns.iter().enumerate() {
            let Ok(Some(value)) = row.try_get_unchecked::<Option<&[u8]>, _>(at) else { continue };
            scan.look(&collection.name, column, value, || {
                let texts = (0..shape.width()).map(|key| session::text(row, columns.len() + key)).collect();
                shape.key(&shape.cells::<MySql>(texts))
            })?;
        }
        rows += 1;
        if rows % ROWS_TOLD == 0 {
            scan.progress.advance(ROWS_TOLD);
        }
        Ok(())
    };
    store.session.without_limit(|session| session.each(&statement, each))?;
    scan.progress.advance(rows % ROWS_TOLD);
    scan.scanned.rows += rows;
    Ok(())
}
