//! The residual scan: every column that can hold words is read once by a binary COPY, all needles together, on two connections.
//!
//! Nothing but those columns is read. Only a table in which something was found is read again, with what names its rows, and
//! then field by field. Values longer than [`PIECE`] are read afterwards, in overlapping pieces.

mod rows;

use std::collections::HashSet;

use model::Fault;
use privacy::catalog::{Catalog, Collection, Column};
use privacy::row::{Cell, Key};
use privacy::store::{Needles, Scanned};

use super::session::Session;
use super::types::{Class, column};
use super::{Postgres, is_wordless};
use crate::sql::{self, Bind, Engine as _, Scan, Shape, Statement};
use rows::Rows;

/// Longest value that comes in one piece.
const PIECE: usize = 64 << 20;

/// How much of a piece comes again with the next one: longer than any needle.
const OVERLAP: usize = 64 << 10;

/// How much of a table is gathered to one answer: a megabyte on the disk.
const BLOCKS_AT_ONCE: usize = 128;

/// The size of a table when the snapshot was taken; what comes later is not seen. Nothing where rows have no place in blocks.
const BLOCKS: &str = "SELECT (pg_relation_size(c.oid) / current_setting('block_size')::int)::text
  FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE c.oid = to_regclass($1) AND a.amname = 'heap'";

/// Tables without a value longer than [`PIECE`]: what is stored out of line, unpacked at the best rate that PostgreSQL's
/// packers reach (255 to 1), is shorter than that in sum.
const SHORT: &str = "SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'm') AND c.oid >= 16384 AND (SELECT coalesce(sum(pg_relation_size(nullif(k.reltoastrelid, 0))), 0)
    FROM pg_class k WHERE k.oid = c.oid OR k.oid IN (SELECT relid FROM pg_partition_tree(c.oid))) < 262144";

pub(super) fn scan(store: &mut Postgres, catalog: &Catalog, scan: &mut Scan<'_>) -> Result<Scanned, Fault> {
    scan.progress.start("scan", catalog.collections.iter().filter_map(|collection| collection.rows_estimated).sum());
    scan.scanned.unread.extend(catalog.gaps.iter().filter(|gap| !gap.contains("not changed")).cloned());
    let plans = plans(store, catalog, &mut scan.scanned)?;
    let (needles, progress) = (scan.needles, scan.progress);
    let rows = plans.iter().filter_map(|plan| plan.collection.rows_estimated).sum();
    let sieve = |session: &mut Session, plan: &Plan<'_>| match plan.sieve(session, needles) {
        Ok(sieved) => {
            progress.advance(sieved.rows);
            Ok(Ok(sieved))
        }
        Err(fault) if matches!(fault.code(), "store-permission" | "store-refused") => Ok(Err(fault)),
        Err(fault) => Err(fault),
    };
    let sieved = sql::side_by_side(&mut store.session, &plans, rows, sieve)?;
    for (plan, sieved) in plans.iter().zip(sieved) {
        match sieved.and_then(|sieved| plan.tell(store, sieved, scan)) {
            Ok(()) => scan.scanned.collections += 1,
            Err(fault) if matches!(fault.code(), "store-permission" | "store-refused") => {
                scan.scanned.unread.push(format!("{} was not read: {}", plan.collection.name, fault.message()));
            }
            Err(fault) => return Err(fault),
        }
    }
    let objects = store.session.rows("SELECT count(*)::text FROM pg_largeobject_metadata", 1)?;
    match objects.first().and_then(|row| row[0].as_deref()) {
        None | Some("0") => {}
        Some(count) => scan.scanned.unread.push(format!("{count} large objects (pg_largeobject) were not read")),
    }
    scan.progress.finish();
    Ok(std::mem::take(&mut scan.scanned))
}

/// What is read; what is not is told.
fn plans<'a>(store: &mut Postgres, catalog: &'a Catalog, scanned: &mut Scanned) -> Result<Vec<Plan<'a>>, Fault> {
    let short: HashSet<(Cell, Cell)> = store
        .session
        .rows(SHORT, 2)?
        .into_iter()
        .filter_map(|row| row.try_into().ok())
        .map(|[a, b]: [Cell; 2]| (a, b))
        .collect();
    let mut plans = Vec::new();
    for collection in &catalog.collections {
        let Some(table) = store.tables.get(&collection.name) else { continue };
        match table.kind {
            // A view shows what tables hold.
            'v' => continue,
            'f' => {
                scanned.unread.push(format!("{}: its rows lie on another server", collection.name));
                continue;
            }
            _ => {}
        }
        let may_be_long = !short.contains(&(Some(table.schema.clone()), Some(table.name.clone())));
        let columns: Vec<&Column> = collection.columns.iter().filter(|column| !is_wordless(column)).collect();
        match columns.is_empty() {
            true => scanned.collections += 1,
            false => plans.push(Plan::new(store, collection, columns, may_be_long)?),
        }
    }
    // The largest first, so that both connections end at about the same time.
    plans.sort_by_key(|plan| std::cmp::Reverse(plan.collection.rows_estimated));
    Ok(plans)
}

/// How one table is copied.
struct Plan<'a> {
    collection: &'a Collection,
    columns: Vec<&'a Column>,
    /// Without values that are too long for one piece nobody has to ask for lengths.
    may_be_long: bool,
    shape: Shape<'a>,
    /// Where the cells that name a row are among the fields: those that are searched anyway do not come twice.
    places: Vec<usize>,
    /// What is selected for the others.
    others: Vec<String>,
    /// The searched columns alone, then a flag for long values.
    quick: Statement,
    /// Where rows can be told apart by their place, and no value is long: so many columns gathered by the server, and a count.
    gathered: Option<String>,
    /// Its name, qualified, where it is gathered.
    name: String,
    /// The same with the others at the end.
    whole: Statement,
}

/// What a first reading of a table tells.
struct Sieved {
    rows: u64,
    bytes: u64,
    is_hit: bool,
    has_long: bool,
}

impl<'a> Plan<'a> {
    fn new(
        store: &Postgres,
        collection: &'a Collection,
        columns: Vec<&'a Column>,
        may_be_long: bool,
    ) -> Result<Self, Fault> {
        let shape = Shape::new(collection, &[])?;
        let (mut places, mut others) = (Vec::new(), Vec::new());
        let first = columns.len() + usize::from(may_be_long);
        for column in shape.columns() {
            let shown = store.shown(collection, column);
            let is_it = |searched: &&Column| searched.name == column.name && raw(store, collection, searched) == shown;
            places.push(columns.iter().position(is_it).filter(|_| !may_be_long).unwrap_or_else(|| {
                others.push(shown);
                first + others.len() - 1
            }));
        }
        let searched = searched(store, collection, &columns, may_be_long);
        let from = store.table(collection);
        let copy = |values: &[String]| {
            Statement::plain(format!("COPY (SELECT {} FROM {from}) TO STDOUT (FORMAT binary)", values.join(", ")))
        };
        let (quick, whole) = (copy(&searched), copy(&[&searched[..], &others].concat()));
        let table = store.tables.get(&collection.name).filter(|table| matches!(table.kind, 'r' | 'm') && !may_be_long);
        let gathered = table.map(|_| format!("SELECT {} FROM {from}", gathered(store, collection, &columns)));
        let name = table.map_or_else(String::new, super::Table::qualified);
        Ok(Plan { collection, columns, may_be_long, shape, places, others, quick, gathered, name, whole })
    }

    /// Reads the table once.
    fn sieve(&self, session: &mut Session, needles: &dyn Needles) -> Result<Sieved, Fault> {
        if let Some(gathered) = &self.gathered {
            match session.with_snapshot(|session| self.sieve_blocks(session, gathered, needles)) {
                Ok(Some(sieved)) => return Ok(sieved),
                // More than one value can hold, for example.
                Err(fault) if fault.code() != "store-refused" => return Err(fault),
                _ => {}
            }
        }
        self.sieve_rows(session, needles)
    }

    /// Piece by piece, each of them one answer: that a row comes alone would cost more than to search it.
    fn sieve_blocks(
        &self,
        session: &mut Session,
        gathered: &str,
        needles: &dyn Needles,
    ) -> Result<Option<Sieved>, Fault> {
        let mut sieved = Sieved { rows: 0, bytes: 0, is_hit: false, has_long: false };
        let mut blocks = None;
        let size = Statement { sql: BLOCKS.to_owned(), binds: vec![Bind::Text(self.name.clone())] };
        session.query(&size, 1, &mut |row| {
            blocks = row.into_iter().next().flatten().and_then(|text| text.parse::<u64>().ok());
            Ok(())
        })?;
        let Some(blocks) = blocks else { return Ok(None) };
        let mut found = Vec::new();
        for from in (0..=blocks).step_by(BLOCKS_AT_ONCE) {
            let to = from + BLOCKS_AT_ONCE as u64;
            let end = if to > blocks { String::new() } else { format!(" AND t.ctid < '({to},0)'::tid") };
            let sql = format!("COPY ({gathered} WHERE t.ctid >= '({from},0)'::tid{end}) TO STDOUT (FORMAT binary)");
            let mut answer = Rows::new(self.columns.len() + 1);
            session.copy_in_time(&Statement::plain(sql), |piece| {
                answer.take(&piece);
                Ok(())
            })?;
            for row in answer.each() {
                let (count, texts) = row.split_last().unwrap_or((&None, &[]));
                let count = count.and_then(|count| <[u8; 8]>::try_from(count).ok()).map_or(0, u64::from_be_bytes);
                sieved.rows += count;
                for text in texts.iter().flatten() {
                    sieved.bytes += text.len() as u64;
                    if !sieved.is_hit {
                        needles.within(text, &mut found);
                        sieved.is_hit = !found.is_empty();
                    }
                }
            }
        }
        Ok(Some(sieved))
    }

    /// Row by row.
    fn sieve_rows(&self, session: &mut Session, needles: &dyn Needles) -> Result<Sieved, Fault> {
        let mut sieved = Sieved { rows: 0, bytes: 0, is_hit: false, has_long: false };
        let mut rows = Rows::new(self.columns.len() + usize::from(self.may_be_long));
        let mut found = Vec::new();
        let mut search = |rows: &mut Rows| {
            sieved.has_long |= self.may_be_long && rows.each().any(|row| self.is_long(&row));
            // What was found is found again, with its place.
            if !sieved.is_hit {
                needles.within(rows.text(), &mut found);
                sieved.is_hit = !found.is_empty();
            }
            sieved.rows += rows.count();
            sieved.bytes += rows.text().len() as u64;
            rows.clear();
        };
        session.copy(&self.quick, |piece| {
            if rows.take(&piece) {
                search(&mut rows);
            }
            Ok(())
        })?;
        search(&mut rows);
        Ok(sieved)
    }

    fn is_long(&self, row: &[Option<&[u8]>]) -> bool {
        row.get(self.columns.len()).copied().flatten() == Some(LONG.as_bytes())
    }

    /// Reads again what was found, and what was too long.
    fn tell(&self, store: &mut Postgres, sieved: Sieved, scan: &mut Scan<'_>) -> Result<(), Fault> {
        scan.scanned.rows += sieved.rows;
        scan.scanned.bytes += sieved.bytes;
        if sieved.is_hit {
            let mut rows = Rows::new(self.columns.len() + usize::from(self.may_be_long) + self.others.len());
            store.session.copy(&self.whole, |piece| match rows.take(&piece) {
                true => self.tell_rows(&mut rows, scan),
                false => Ok(()),
            })?;
            self.tell_rows(&mut rows, scan)?;
        }
        if sieved.has_long {
            for column in &self.columns {
                long_values(store, self, column, scan)?;
            }
        }
        Ok(())
    }

    fn tell_rows(&self, rows: &mut Rows, scan: &mut Scan<'_>) -> Result<(), Fault> {
        if scan.is_in(rows.text()) {
            for row in rows.each() {
                for (column, field) in self.columns.iter().zip(&row) {
                    let Some(bytes) = field else { continue };
                    scan.tell(&self.collection.name, &column.name, bytes, || self.key(&row))?;
                }
            }
        }
        rows.clear();
        Ok(())
    }

    fn key(&self, fields: &[Option<&[u8]>]) -> Key {
        let text = |at: &usize| Some(String::from_utf8_lossy(fields.get(*at).copied().flatten()?).into_owned());
        let texts: Vec<Cell> = self.places.iter().map(text).collect();
        self.shape.key(&self.shape.cells::<Postgres>(texts))
    }
}

/// What the server puts together of each searched column: its values with bars between them, and the number of rows. A bar
/// belongs to no word, no escape and no base64; with the end of a line there, every value would be searched twice: once more
/// joined to the next one, as lines of base64 are.
fn gathered(store: &Postgres, collection: &Collection, columns: &[&Column]) -> String {
    let all = columns.iter().map(|column| match store.type_of(collection, column).class {
        Class::Bytes => format!("string_agg({}, '\\x7c'::bytea)", raw(store, collection, column)),
        _ => format!("string_agg({}, '|')", raw(store, collection, column)),
    });
    all.chain(["count(*)".to_owned()]).collect::<Vec<_>>().join(", ")
}

/// What stands in the flag of a row with a long value.
const LONG: &str = "long";

/// What is selected for the columns that are searched.
fn searched(store: &Postgres, collection: &Collection, columns: &[&Column], may_be_long: bool) -> Vec<String> {
    let raw = |column: &&Column| raw(store, collection, column);
    if !may_be_long {
        return columns.iter().map(raw).collect();
    }
    let value =
        |column: &&Column| format!("CASE WHEN {} <= {PIECE} THEN {} END", size(store, collection, column), raw(column));
    let long = |column: &&Column| format!("coalesce({} > {PIECE}, false)", size(store, collection, column));
    let longs: Vec<String> = columns.iter().map(long).collect();
    columns.iter().map(value).chain([format!("CASE WHEN {} THEN '{LONG}' END", longs.join(" OR "))]).collect()
}

/// What is searched: bytes as they are, everything else as text.
fn raw(store: &Postgres, collection: &Collection, of: &Column) -> String {
    match store.type_of(collection, of).class {
        Class::Bytes => column(&of.name),
        _ => format!("{}::text", column(&of.name)),
    }
}

/// A size that the server knows without reading the value: exact for texts and bytes, packed for the rest.
fn size(store: &Postgres, collection: &Collection, of: &Column) -> String {
    let kind = store.type_of(collection, of);
    match (&kind.class, kind.cast.as_str()) {
        (Class::Bytes, _) | (Class::Text, "text" | "character varying") => {
            format!("octet_length({})", column(&of.name))
        }
        _ => format!("pg_column_size({})", column(&of.name)),
    }
}

/// The values of one column that were too long for one piece.
fn long_values(store: &mut Postgres, plan: &Plan<'_>, of: &Column, scan: &mut Scan<'_>) -> Result<(), Fault> {
    let (value, size) = (raw(store, plan.collection, of), size(store, plan.collection, of));
    let table = store.table(plan.collection);
    let (list, width) = (plan.shape.list(store), plan.shape.width());
    let mut from = 1;
    loop {
        // `substr` counts characters in texts and bytes in bytes; a character has four bytes at most.
        let step = PIECE / 4;
        let statement = Statement::plain(format!(
            "COPY (SELECT substr({value}, {from}, {}), {list} FROM {table} WHERE {size} > {PIECE} AND length({value}) >= {from}) TO STDOUT (FORMAT binary)",
            step + OVERLAP
        ));
        let (mut rows, mut is_over) = (Rows::new(1 + width), true);
        store.session.copy(&statement, |piece| {
            rows.take(&piece);
            for fields in rows.each() {
                is_over = false;
                let text = |field: &Option<&[u8]>| field.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
                let key = || plan.shape.key(&plan.shape.cells::<Postgres>(fields.iter().skip(1).map(text).collect()));
                if let Some(Some(bytes)) = fields.first() {
                    scan.look(&plan.collection.name, &of.name, bytes, key)?;
                }
            }
            rows.clear();
            Ok(())
        })?;
        if is_over {
            return Ok(());
        }
        from += step;
    }
}
