//! The residual scan: keys, names of fields and values of every type.

use std::collections::HashSet;
use std::ops::ControlFlow;

use model::{Fault, Progress};
use privacy::row::{FieldPath, Key};
use privacy::store::{Hit, Scanned};
use redis::cmd;

use crate::document::json::Value;
use crate::document::needle::Sought;
use crate::document::record::Record;
use crate::document::shape::Shape;

use super::rows::{self, Layout, shown};
use super::wire::{Cursor, Wire};

/// A scan in progress.
pub(super) struct Scan<'a> {
    sought: Sought<'a>,
    hit: &'a mut dyn FnMut(Hit) -> Result<(), Fault>,
    scanned: Scanned,
    names: HashSet<String>,
}

impl<'a> Scan<'a> {
    pub(super) fn of(sought: Sought<'a>, hit: &'a mut dyn FnMut(Hit) -> Result<(), Fault>) -> Self {
        Scan { sought, hit, scanned: Scanned::default(), names: HashSet::new() }
    }

    /// What was read.
    pub(super) fn finish(mut self) -> Scanned {
        self.scanned.collections = self.names.len() as u64;
        self.scanned
    }

    /// Reads every key of the database in which `wire` stands.
    pub(super) fn database(
        &mut self,
        wire: &mut Wire,
        db: i64,
        is_other: bool,
        shapes: &[Shape],
        progress: &dyn Progress,
    ) -> Result<(), Fault> {
        let mut turns = wire.turns()?;
        let mut cursor = Some(Cursor::default());
        while let Some(at) = cursor {
            let (next, keys) = wire.scan(at, b"*")?;
            for key in &keys {
                let name = shown(key);
                let shape = shapes.iter().find(|shape| shape.matches(&name).is_some());
                let collection = match (shape, is_other) {
                    (Some(shape), _) => shape.name.clone(),
                    (None, true) => format!("database {db}"),
                    (None, false) => name.clone(),
                };
                self.names.insert(collection.clone());
                self.key(wire, key, &collection, shape)?;
            }
            progress.advance(keys.len() as u64);
            turns.turn(wire.host(), next, !keys.is_empty())?;
            cursor = next;
        }
        Ok(())
    }

    fn key(&mut self, wire: &mut Wire, key: &[u8], collection: &str, shape: Option<&Shape>) -> Result<(), Fault> {
        let name = shown(key);
        for needle in self.sought.within(key) {
            (self.hit)(Hit {
                collection: collection.to_owned(),
                field: None,
                key: Key(vec![Some(name.clone())]),
                needle,
            })?;
        }
        let kind: String = wire.ask(cmd("TYPE").arg(key))?;
        let has_field_rows = shape.is_some_and(|shape| shape.settings.word("rows") == Some("fields"));
        let Some(layout) = Layout::of_word(&kind, has_field_rows) else {
            if kind != "none" {
                self.scanned.unread.push(format!("The value of a key of the type {kind} ({collection}) was not read."));
            }
            return Ok(());
        };
        let columns = layout.key();
        rows::rows(wire, key, layout, &[], &mut |record| {
            self.record(collection, &columns, &record)?;
            Ok(ControlFlow::Continue(()))
        })
        .map(drop)
    }

    fn record(&mut self, collection: &str, columns: &[FieldPath], record: &Record) -> Result<(), Fault> {
        let mut found: Vec<(String, usize)> = Vec::new();
        let bytes = self.sought.document(&record.body, &mut |field, needle| found.push((field.to_owned(), needle)));
        let has_body = record.body.value != Value::Null;
        for (name, text) in record.around.iter().filter(|(name, _)| name != "key" && !(has_body && name == "value")) {
            found.extend(self.sought.within(text.as_bytes()).into_iter().map(|needle| (name.clone(), needle)));
        }
        self.scanned.rows += 1;
        self.scanned.bytes += bytes + record.around.iter().map(|(_, text)| text.len() as u64).sum::<u64>();
        for (field, needle) in found {
            (self.hit)(Hit {
                collection: collection.to_owned(),
                field: Some(field),
                key: record.key(columns),
                needle,
            })?;
        }
        Ok(())
    }
}
