//! Changes in one transaction: reread with locks, delete, set; batches, never a statement per row.

use std::collections::{HashMap, HashSet};

use model::Fault;
use privacy::catalog::{Catalog, Collection, Column};
use privacy::row::{Cell, FieldPath, Key};
use privacy::store::{EachRow, Find, Transaction};

use super::engine::{Change, Engine, Naming};
use super::json;
use super::search;
use super::shape::{Field, Shape, collection, naming};
use super::statement::{Bind, Statement};

/// A transaction at work. Dropped without commit, it is rolled back.
pub(crate) struct Work<'a, E: Engine> {
    engine: &'a mut E,
    catalog: &'a Catalog,
    is_over: bool,
}

impl<'a, E: Engine> Work<'a, E> {
    /// Over an engine that has begun.
    pub(crate) fn new(engine: &'a mut E, catalog: &'a Catalog) -> Self {
        Work { engine, catalog, is_over: false }
    }

    /// The keys in batches, each key once and with what names it in a statement.
    fn batches<'k>(&mut self, collection: &'a Collection, keys: &'k [Key]) -> Result<Vec<Batch<'a, 'k>>, Fault> {
        let columns = naming(collection);
        if let Some(odd) = keys.iter().find(|key| key.0.len() != columns.len()) {
            let message = format!("{}: a key of {} cells instead of {}", collection.name, odd.0.len(), columns.len());
            return Err(Fault::unavailable("unknown-key", message)
                .advise("The table's key has changed since the plan was made: make the plan again."));
        }
        let mut once = HashSet::new();
        let keys: Vec<&Key> = keys.iter().filter(|key| once.insert(*key)).collect();
        let is_keyed = !collection.key.is_empty() && keys.iter().all(|key| key.0.iter().all(Option::is_some));
        let cut = |naming: fn(Vec<&'a Column>) -> Naming<'a>| {
            let batch =
                |keys: &[&'k Key]| Batch { naming: naming(columns.clone()), keys: keys.to_vec(), at: Vec::new() };
            keys.chunks(E::BATCH).map(batch).collect()
        };
        match self.engine.address(collection) {
            _ if is_keyed => Ok(cut(Naming::Key)),
            None => Ok(cut(Naming::All)),
            Some(address) => self.addressed(collection, &keys, address),
        }
    }

    /// Goes through the collection once and notes where the rows are.
    fn addressed<'k>(
        &mut self,
        collection: &'a Collection,
        keys: &[&'k Key],
        address: String,
    ) -> Result<Vec<Batch<'a, 'k>>, Fault> {
        let shape = Shape::new(collection, &[])?;
        let wanted: HashMap<&[Cell], &'k Key> = keys.iter().map(|key| (key.0.as_slice(), *key)).collect();
        let sql = format!("SELECT {}, {address} FROM {}", shape.list(self.engine), self.engine.table(collection));
        let mut found: Vec<(&'k Key, Key)> = Vec::new();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        self.engine.query(&Statement::plain(sql), shape.width() + 1, &mut |mut texts| {
            let at = texts.pop().flatten();
            if let Some(key) = wanted.get(shape.key(&shape.cells::<E>(texts)).0.as_slice()) {
                found.push((key, Key(vec![at])));
            }
            Ok(())
        })?;
        let batch = |rows: &[(&'k Key, Key)]| Batch {
            naming: Naming::Address(address.clone()),
            keys: rows.iter().map(|(key, _)| *key).collect(),
            at: rows.iter().map(|(_, at)| at.clone()).collect(),
        };
        Ok(found.chunks(E::BATCH).map(batch).collect())
    }

    /// Reads `columns` of the rows of one batch, locked.
    fn read(
        &mut self,
        collection: &Collection,
        shape: &Shape<'_>,
        batch: &Batch<'_, '_>,
        each: &mut dyn FnMut(&[Cell]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut statement = Statement::default();
        let named = self.engine.named(collection, &batch.naming, &batch.names(), &mut statement.binds);
        let (list, table) = (shape.list(self.engine), self.engine.table(collection));
        statement.sql = format!("SELECT {list} FROM {table} WHERE {named}{}", self.engine.lock(collection));
        self.engine.query(&statement, shape.width(), &mut |texts| each(&shape.cells::<E>(texts)))
    }

    /// The new cells of whole columns for the rows of a batch: documents are read, and changed at their paths.
    fn documents<'f>(
        &mut self,
        collection: &Collection,
        fields: &[Field<'f>],
        batch: &Batch<'_, '_>,
        cells: &HashMap<&Key, &[Cell]>,
    ) -> Result<Documents<'f>, Fault> {
        let mut columns: Vec<&Column> = Vec::new();
        for field in fields {
            if !columns.iter().any(|known| std::ptr::eq(*known, field.column)) {
                columns.push(field.column);
            }
        }
        let paths: Vec<FieldPath> = columns.iter().map(|column| FieldPath::column(&column.name)).collect();
        let shape = Shape::new(collection, &paths)?;
        let mut changed = HashMap::new();
        self.read(collection, &shape, batch, &mut |read| {
            let mut row = shape.row(read);
            let Some(new) = cells.get(&row.key) else { return Ok(()) };
            for (field, cell) in fields.iter().zip(*new) {
                let at = columns.iter().position(|known| std::ptr::eq(*known, field.column)).unwrap_or_default();
                row.cells[at] = match (&row.cells[at], field.path.is_empty()) {
                    (_, true) => cell.clone(),
                    (None, false) => None,
                    (Some(text), false) => Some(json::replace(text, field.path, cell.as_deref()).ok_or_else(|| {
                        Fault::unavailable(
                            "not-a-document",
                            format!("{}.{} holds something that is no JSON", collection.name, field.column.name),
                        )
                        .advise("Name the whole column in the data map, not a path in it.")
                    })?),
                };
            }
            changed.insert(row.key, row.cells);
            Ok(())
        })?;
        Ok((columns, changed))
    }

    /// A key that names more rows than one would take what nobody asked for.
    fn counted(&self, collection: &Collection, batch: &Batch<'_, '_>, met: u64) -> Result<u64, Fault> {
        if matches!(batch.naming, Naming::All(_)) || met <= batch.names().len() as u64 {
            return Ok(met);
        }
        let (rows, keys) = (met, batch.keys.len());
        Err(Fault::unavailable("key-not-unique", format!("{}: {keys} keys met {rows} rows", collection.name))
            .advise("Nothing was changed. The table's key names several rows: repair it, then make the plan again."))
    }
}

/// Columns, and their new cells row by row.
type Documents<'f> = (Vec<&'f Column>, HashMap<Key, Vec<Cell>>);

/// Some keys, and how their rows are named.
struct Batch<'a, 'k> {
    naming: Naming<'a>,
    keys: Vec<&'k Key>,
    /// With [`Naming::Address`]: one for each of `keys`.
    at: Vec<Key>,
}

impl Batch<'_, '_> {
    fn names(&self) -> Vec<&Key> {
        if self.at.is_empty() { self.keys.clone() } else { self.at.iter().collect() }
    }
}

impl<E: Engine> Transaction for Work<'_, E> {
    fn reread(&mut self, name: &str, fields: &[FieldPath], keys: &[Key], each: &mut EachRow<'_>) -> Result<(), Fault> {
        let collection = collection(self.catalog, name)?;
        let shape = Shape::new(collection, fields)?;
        for batch in self.batches(collection, keys)? {
            self.read(collection, &shape, &batch, &mut |cells| each(shape.row(cells)))?;
        }
        Ok(())
    }

    fn find(&mut self, find: &Find<'_>, each: &mut EachRow<'_>) -> Result<(), Fault> {
        search::find(self.engine, self.catalog, find, each)
    }

    fn delete(&mut self, name: &str, keys: &[Key]) -> Result<u64, Fault> {
        let collection = collection(self.catalog, name)?;
        let mut deleted = 0;
        for batch in self.batches(collection, keys)? {
            let mut binds: Vec<Bind> = Vec::new();
            let named = self.engine.named(collection, &batch.naming, &batch.names(), &mut binds);
            let sql = format!("DELETE FROM {} WHERE {named}", self.engine.table(collection));
            let met = self.engine.execute(&Statement { sql, binds })?;
            deleted += self.counted(collection, &batch, met)?;
        }
        Ok(deleted)
    }

    fn set(&mut self, name: &str, fields: &[FieldPath], rows: &[(Key, Vec<Cell>)]) -> Result<u64, Fault> {
        let collection = collection(self.catalog, name)?;
        let fields = fields.iter().map(|path| Field::of(collection, path)).collect::<Result<Vec<_>, _>>()?;
        if fields.is_empty() {
            return Ok(0);
        }
        let keys: Vec<Key> = rows.iter().map(|(key, _)| key.clone()).collect();
        let cells: HashMap<&Key, &[Cell]> = rows.iter().map(|(key, cells)| (key, cells.as_slice())).collect();
        let has_paths = fields.iter().any(|field| !field.path.is_empty());
        let mut changed = 0;
        for batch in self.batches(collection, &keys)? {
            let (columns, documents) = match has_paths {
                true => self.documents(collection, &fields, &batch, &cells)?,
                false => (fields.iter().map(|field| field.column).collect(), HashMap::new()),
            };
            let names = batch.names();
            let new = |key: &Key| match has_paths {
                true => documents.get(key).map(Vec::as_slice),
                false => cells.get(key).copied(),
            };
            let rows =
                batch.keys.iter().zip(names).filter_map(|(key, name)| Some((name, new(key)?))).collect::<Vec<_>>();
            if rows.is_empty() {
                continue;
            }
            let statement = self.engine.update(collection, &batch.naming, &Change { columns, rows });
            let met = self.engine.execute(&statement)?;
            changed += self.counted(collection, &batch, met)?;
        }
        Ok(changed)
    }

    fn defer_constraints(&mut self) -> Result<(), Fault> {
        self.engine.defer_constraints()
    }

    fn commit(mut self: Box<Self>) -> Result<(), Fault> {
        self.is_over = true;
        self.engine.commit()
    }
}

impl<E: Engine> Drop for Work<'_, E> {
    fn drop(&mut self) {
        if !self.is_over {
            self.engine.rollback();
        }
    }
}
