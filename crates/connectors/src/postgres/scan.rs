//! The residual scan: every table read once by a binary COPY of its columns that can hold words, all needles together.
//!
//! Rows are gathered to a buffer that is searched as a whole, lengths of fields included: nothing is copied or decoded unless
//! something was found, and then field by field. Values longer than [`PIECE`] are read afterwards, in overlapping pieces.

use std::collections::HashSet;

use model::Fault;
use privacy::catalog::{Catalog, Collection, Column};
use privacy::row::{Cell, Key};
use privacy::store::Scanned;

use super::types::{Class, column};
use super::{Postgres, is_wordless};
use crate::sql::{Engine as _, Scan, Shape, Statement};

/// Longest value that comes in one piece.
const PIECE: usize = 64 << 20;

/// How much of a piece comes again with the next one: longer than any needle.
const OVERLAP: usize = 64 << 10;

/// How much is gathered before it is searched.
const BUFFER: usize = 1 << 20;

/// What stands before the first row of a binary COPY: signature, flags, length of an extension that is empty.
const HEADER: usize = 11 + 4 + 4;

/// Tables without a value longer than [`PIECE`]: what is stored out of line, unpacked at the best rate that PostgreSQL's
/// packers reach (255 to 1), is shorter than that in sum.
const SHORT: &str = "SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'm') AND c.oid >= 16384 AND (SELECT coalesce(sum(pg_relation_size(nullif(k.reltoastrelid, 0))), 0)
    FROM pg_class k WHERE k.oid = c.oid OR k.oid IN (SELECT relid FROM pg_partition_tree(c.oid))) < 262144";

pub(super) fn scan(store: &mut Postgres, catalog: &Catalog, scan: &mut Scan<'_>) -> Result<Scanned, Fault> {
    scan.progress.start("scan", catalog.collections.iter().filter_map(|collection| collection.rows_estimated).sum());
    scan.scanned.unread.extend(catalog.gaps.iter().filter(|gap| !gap.contains("not changed")).cloned());
    let short: HashSet<(Cell, Cell)> = store
        .session
        .rows(SHORT, 2)?
        .into_iter()
        .filter_map(|row| row.try_into().ok())
        .map(|[a, b]: [Cell; 2]| (a, b))
        .collect();
    for collection in &catalog.collections {
        match store.tables.get(&collection.name).map(|table| table.kind) {
            // A view shows what tables hold.
            Some('v') | None => continue,
            Some('f') => {
                scan.scanned.unread.push(format!("{}: its rows lie on another server", collection.name));
                continue;
            }
            Some(_) => {}
        }
        let may_be_long = store
            .tables
            .get(&collection.name)
            .is_none_or(|table| !short.contains(&(Some(table.schema.clone()), Some(table.name.clone()))));
        match table(store, collection, may_be_long, scan) {
            Ok(()) => scan.scanned.collections += 1,
            Err(fault) if matches!(fault.code(), "store-permission" | "store-refused") => {
                scan.scanned.unread.push(format!("{} was not read: {}", collection.name, fault.message()));
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

/// How one table is copied: the columns that are searched, then those that name the row, then a flag for long values.
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
}

fn table(store: &mut Postgres, collection: &Collection, may_be_long: bool, scan: &mut Scan<'_>) -> Result<(), Fault> {
    let columns: Vec<&Column> = collection.columns.iter().filter(|column| !is_wordless(column)).collect();
    if columns.is_empty() {
        return Ok(());
    }
    let plan = Plan::new(store, collection, columns, may_be_long)?;
    let statement = plan.statement(store);
    let mut reader = Reader {
        plan: &plan,
        scan,
        buffer: Vec::with_capacity(2 * BUFFER),
        ends: Vec::new(),
        header: HEADER,
        has_long: false,
    };
    store.session.copy(&statement, |piece| reader.take(&piece))?;
    reader.search()?;
    if reader.has_long {
        for column in &plan.columns {
            long_values(store, &plan, column, scan)?;
        }
    }
    Ok(())
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
        for column in shape.columns() {
            let shown = store.shown(collection, column);
            let is_it = |searched: &&Column| searched.name == column.name && raw(store, collection, searched) == shown;
            places.push(columns.iter().position(is_it).filter(|_| !may_be_long).unwrap_or_else(|| {
                others.push(shown);
                columns.len() + others.len() - 1
            }));
        }
        Ok(Plan { collection, columns, may_be_long, shape, places, others })
    }

    fn statement(&self, store: &Postgres) -> Statement {
        let raw = |column: &&Column| raw(store, self.collection, column);
        let table = store.table(self.collection);
        if !self.may_be_long {
            let values: Vec<String> = self.columns.iter().map(raw).chain(self.others.iter().cloned()).collect();
            return Statement::plain(format!(
                "COPY (SELECT {} FROM {table}) TO STDOUT (FORMAT binary)",
                values.join(", ")
            ));
        }
        let value = |column: &&Column| {
            format!("CASE WHEN {} <= {PIECE} THEN {} END", size(store, self.collection, column), raw(column))
        };
        let long = |column: &&Column| format!("coalesce({} > {PIECE}, false)", size(store, self.collection, column));
        let values: Vec<String> = self.columns.iter().map(value).chain(self.others.iter().cloned()).collect();
        let longs: Vec<String> = self.columns.iter().map(long).collect();
        Statement::plain(format!(
            "COPY (SELECT {}, CASE WHEN {} THEN 'long' END FROM {table}) TO STDOUT (FORMAT binary)",
            values.join(", "),
            longs.join(" OR ")
        ))
    }

    fn key(&self, fields: &[Option<&[u8]>]) -> Key {
        let text = |at: &usize| Some(String::from_utf8_lossy(fields.get(*at).copied().flatten()?).into_owned());
        let texts: Vec<Cell> = self.places.iter().map(text).collect();
        self.shape.key(&self.shape.cells::<Postgres>(texts))
    }
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

/// Gathers rows, and searches them.
struct Reader<'p, 's, 'a> {
    plan: &'p Plan<'p>,
    scan: &'s mut Scan<'a>,
    buffer: Vec<u8>,
    /// Where each row in the buffer ends.
    ends: Vec<usize>,
    /// How much of the header is still to come.
    header: usize,
    has_long: bool,
}

impl Reader<'_, '_, '_> {
    /// One message of the server: one row, the first one after the header; two bytes at the end.
    fn take(&mut self, piece: &[u8]) -> Result<(), Fault> {
        let piece = &piece[self.header.min(piece.len())..];
        self.header = 0;
        if piece.len() <= 2 {
            return Ok(());
        }
        self.buffer.extend_from_slice(piece);
        self.ends.push(self.buffer.len());
        if self.buffer.len() >= BUFFER { self.search() } else { Ok(()) }
    }

    /// Searches what was gathered.
    fn search(&mut self) -> Result<(), Fault> {
        let rows = self.ends.len() as u64;
        self.scan.scanned.rows += rows;
        self.scan.progress.advance(rows);
        let is_hit = self.scan.is_in(&self.buffer);
        let mut start = 0;
        for end in std::mem::take(&mut self.ends) {
            let row = &self.buffer[start..end];
            start = end;
            // The flag is the last field: four bytes of length, and the word when it is set.
            self.has_long |= self.plan.may_be_long && row.ends_with(b"\0\0\0\x04long");
            if !is_hit {
                continue;
            }
            let fields = fields(row);
            for (column, field) in self.plan.columns.iter().zip(&fields) {
                let Some(bytes) = field else { continue };
                self.scan.tell(&self.plan.collection.name, &column.name, bytes, || self.plan.key(&fields))?;
            }
        }
        self.scan.scanned.bytes += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// The fields of a row: a count of two bytes, then each with a length of four, -1 for NULL.
fn fields(row: &[u8]) -> Vec<Option<&[u8]>> {
    let mut fields = Vec::new();
    let mut rest = row.get(2..).unwrap_or_default();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = i32::from_be_bytes(*length);
        match usize::try_from(length).ok().and_then(|length| after.split_at_checked(length)) {
            Some((field, next)) => {
                fields.push(Some(field));
                rest = next;
            }
            None => {
                fields.push(None);
                rest = after;
            }
        }
    }
    fields
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
        let (mut header, mut is_over) = (HEADER, true);
        store.session.copy(&statement, |piece| {
            let piece = &piece[std::mem::take(&mut header).min(piece.len())..];
            if piece.len() <= 2 {
                return Ok(());
            }
            is_over = false;
            let fields = fields(piece);
            let text = |field: &Option<&[u8]>| field.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            let texts: Vec<Cell> = fields.iter().skip(1).take(width).map(text).collect();
            let key = || plan.shape.key(&plan.shape.cells::<Postgres>(texts));
            match fields.first() {
                Some(Some(bytes)) => scan.look(&plan.collection.name, &of.name, bytes, key),
                _ => Ok(()),
            }
        })?;
        if is_over {
            return Ok(());
        }
        from += step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_taken_apart_without_trust_in_its_lengths() {
        let row = b"\0\x03\0\0\0\x02ab\xff\xff\xff\xff\0\0\0\0";
        assert_eq!(fields(row), [Some(&b"ab"[..]), None, Some(&b""[..])]);
        assert_eq!(fields(b"\0\x01\0\0\0\x09ab"), [None]);
        assert_eq!(fields(b"").len(), 0);
    }
}
