//! The residual scan: every text, document and byte of every table once, earlier versions of rows included, on two
//! connections.
//!
//! Values are gathered and searched together; only a table in which something was found is read again, with what names its
//! rows, and then value by value.

use model::Fault;
use privacy::catalog::{Catalog, Collection, ColumnKind};
use privacy::store::{Needles, Scanned};
use sqlx::Row as _;
use sqlx::mysql::MySqlRow;

use super::session::Session;
use super::{MySql, session};
use crate::sql::{self, Engine as _, Scan, Shape, Statement};

/// Rows between two words about the progress.
const ROWS_TOLD: u64 = 4096;

/// How much is gathered before it is searched.
const BUFFER: usize = 1 << 20;

/// What stands between two values: it belongs to no word, no escape and no base64.
const BETWEEN: u8 = b'|';

/// What keeps a table from being read, and no other.
const OF_ONE_TABLE: [&str; 3] = ["store-refused", "store-permission", "store-corrupt"];

pub(super) fn scan(store: &mut MySql, catalog: &Catalog, scan: &mut Scan<'_>) -> Result<Scanned, Fault> {
    let versioned = versioned(store)?;
    let mut plans = Vec::new();
    for collection in catalog.collections.iter().filter(|collection| !collection.read_only) {
        match Plan::new(store, collection, versioned.contains(&collection.name))? {
            Some(plan) => plans.push(plan),
            None => scan.scanned.collections += 1,
        }
    }
    // The largest first, so that both connections end at about the same time.
    plans.sort_by_key(|plan| std::cmp::Reverse(plan.collection.rows_estimated));
    let rows = plans.iter().filter_map(|plan| plan.collection.rows_estimated).sum();
    scan.progress.start("scan", rows);
    let (needles, progress) = (scan.needles, scan.progress);
    let sieve = |session: &mut Session, plan: &Plan<'_>| match plan.sieve(session, needles, progress) {
        Err(fault) if OF_ONE_TABLE.contains(&fault.code()) => Ok(Err(fault)),
        done => done.map(Ok),
    };
    let sieved = sql::side_by_side(&mut store.session, &plans, rows, sieve)?;
    for (plan, sieved) in plans.iter().zip(sieved) {
        match sieved.and_then(|sieved| plan.tell(&mut store.session, sieved, scan)) {
            Ok(()) => scan.scanned.collections += 1,
            Err(fault) if OF_ONE_TABLE.contains(&fault.code()) => {
                scan.scanned.unread.push(format!("{} was not read: {}", plan.collection.name, fault.message()));
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

/// How one table is read.
struct Plan<'a> {
    collection: &'a Collection,
    /// The columns that are searched.
    columns: Vec<&'a str>,
    /// Those columns alone.
    quick: Statement,
    shape: Shape<'a>,
    /// The same, then what names the row.
    whole: Statement,
}

/// What a first reading of a table tells.
struct Sieved {
    rows: u64,
    bytes: u64,
    is_hit: bool,
}

impl<'a> Plan<'a> {
    /// `None`: nothing in it can hold words.
    fn new(store: &MySql, collection: &'a Collection, versioned: bool) -> Result<Option<Self>, Fault> {
        use ColumnKind::{Bytes, Json, List, Other, Text};
        let is_read = |kind| matches!(kind, Text | Json | List | Bytes | Other);
        let columns: Vec<&str> = collection
            .columns
            .iter()
            .filter(|column| is_read(column.kind) && column.words.is_empty())
            .map(|column| column.name.as_str())
            .collect();
        if columns.is_empty() {
            return Ok(None);
        }
        let shape = Shape::new(collection, &[])?;
        let history = if versioned { " FOR SYSTEM_TIME ALL" } else { "" };
        let from = format!("FROM {}{history}", store.table(collection));
        let list = columns.iter().map(|column| store.quote(column)).collect::<Vec<_>>().join(", ");
        let quick = Statement::plain(format!("SELECT {list} {from}"));
        let whole = Statement::plain(format!("SELECT {list}, {} {from}", shape.list(store)));
        Ok(Some(Plan { collection, columns, quick, shape, whole }))
    }

    /// Reads the table once.
    fn sieve(
        &self,
        session: &mut Session,
        needles: &dyn Needles,
        progress: &dyn model::Progress,
    ) -> Result<Sieved, Fault> {
        let mut sieved = Sieved { rows: 0, bytes: 0, is_hit: false };
        let (mut text, mut found) = (Vec::new(), Vec::new());
        let each = |row: &MySqlRow| {
            for value in self.values(row).flatten() {
                sieved.bytes += value.len() as u64;
                text.extend_from_slice(value);
                text.push(BETWEEN);
            }
            if text.len() >= BUFFER {
                // What was found is found again, with its place.
                sieved.is_hit = sieved.is_hit || stands_in(needles, &text, &mut found);
                text.clear();
            }
            sieved.rows += 1;
            if sieved.rows.is_multiple_of(ROWS_TOLD) {
                progress.advance(ROWS_TOLD);
            }
            Ok(())
        };
        session.without_limit(|session| session.each(&self.quick, each))?;
        sieved.is_hit = sieved.is_hit || stands_in(needles, &text, &mut found);
        progress.advance(sieved.rows % ROWS_TOLD);
        Ok(sieved)
    }

    fn values<'r>(&self, row: &'r MySqlRow) -> impl Iterator<Item = Option<&'r [u8]>> + use<'r> {
        (0..self.columns.len()).map(|at| row.try_get_unchecked::<Option<&[u8]>, _>(at).ok().flatten())
    }

    /// Counts, and reads again what was found.
    fn tell(&self, session: &mut Session, sieved: Sieved, scan: &mut Scan<'_>) -> Result<(), Fault> {
        scan.scanned.rows += sieved.rows;
        scan.scanned.bytes += sieved.bytes;
        if !sieved.is_hit {
            return Ok(());
        }
        let each = |row: &MySqlRow| {
            for (column, value) in self.columns.iter().zip(self.values(row)) {
                let Some(value) = value else { continue };
                scan.tell(&self.collection.name, column, value, || {
                    let at = |key| session::text(row, self.columns.len() + key);
                    self.shape.key(&self.shape.cells::<MySql>((0..self.shape.width()).map(at).collect()))
                })?;
            }
            Ok(())
        };
        session.without_limit(|session| session.each(&self.whole, each))
    }
}

fn stands_in(needles: &dyn Needles, text: &[u8], found: &mut Vec<usize>) -> bool {
    needles.within(text, found);
    !found.is_empty()
}
