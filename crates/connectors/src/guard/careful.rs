//! A transaction that keeps the rate. Nothing in it is ever repeated.

use std::time::Instant;

use model::Fault;
use privacy::row::{Cell, FieldPath, Key};
use privacy::store::{EachRow, Find, Transaction};

use super::patience::is_broken;
use super::{VALUES_OF_A_QUESTION, Watch};

pub(super) struct Careful<'a> {
    inner: Box<dyn Transaction + 'a>,
    watch: &'a mut Watch,
}

impl<'a> Careful<'a> {
    pub(super) fn new(inner: Box<dyn Transaction + 'a>, watch: &'a mut Watch) -> Self {
        Careful { inner, watch }
    }

    fn ask<T>(
        &mut self,
        values: usize,
        act: impl FnOnce(&mut dyn Transaction) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let questions = values.div_ceil(VALUES_OF_A_QUESTION).max(1);
        self.watch.slow_down(u32::try_from(questions).unwrap_or(u32::MAX));
        act(self.inner.as_mut()).inspect_err(|fault| {
            if is_broken(fault) {
                self.watch.breaker.failed(fault, Instant::now());
            }
        })
    }
}

impl Transaction for Careful<'_> {
    fn reread(
        &mut self,
        collection: &str,
        fields: &[FieldPath],
        keys: &[Key],
        each: &mut EachRow<'_>,
    ) -> Result<(), Fault> {
        self.ask(keys.len(), |inner| inner.reread(collection, fields, keys, each))
    }

    fn find(&mut self, find: &Find<'_>, each: &mut EachRow<'_>) -> Result<(), Fault> {
        let values = find.any.iter().map(|condition| condition.values.len()).sum();
        self.ask(values, |inner| inner.find(find, each))
    }

    fn delete(&mut self, collection: &str, keys: &[Key]) -> Result<u64, Fault> {
        self.ask(keys.len(), |inner| inner.delete(collection, keys))
    }

    fn set(&mut self, collection: &str, fields: &[FieldPath], rows: &[(Key, Vec<Cell>)]) -> Result<u64, Fault> {
        self.ask(rows.len(), |inner| inner.set(collection, fields, rows))
    }

    fn defer_constraints(&mut self) -> Result<(), Fault> {
        self.ask(1, |inner| inner.defer_constraints())
    }

    fn commit(self: Box<Self>) -> Result<(), Fault> {
        self.watch.slow_down(1);
        self.inner.commit()
    }
}
