//! A store in whose place nothing is found, for when one of several is meant and the others are to be left alone.

use model::{Fault, Progress};

use super::{Abilities, DataStore, EachRow, Find, Hit, Needles, Scanned, Transaction};
use crate::catalog::Catalog;

/// Says of every question that nothing is there. Nothing can be written to it.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

impl DataStore for Nothing {
    fn abilities(&self) -> Abilities {
        Abilities { transactions: true, versions: false }
    }

    fn version(&mut self) -> Result<String, Fault> {
        Ok("not asked".to_owned())
    }

    fn describe(&mut self) -> Result<Catalog, Fault> {
        Ok(Catalog::default())
    }

    fn find(&mut self, _find: &Find<'_>, _each: &mut EachRow<'_>) -> Result<(), Fault> {
        Ok(())
    }

    fn begin(&mut self) -> Result<Box<dyn Transaction + '_>, Fault> {
        Err(Fault::internal("store-left-alone", "A store that is to be left alone would have been changed"))
    }

    fn scan(
        &mut self,
        _needles: &dyn Needles,
        _hit: &mut dyn FnMut(Hit) -> Result<(), Fault>,
        _progress: &dyn Progress,
    ) -> Result<Scanned, Fault> {
        Ok(Scanned::default())
    }

    fn compact(&mut self, _collections: &[&str]) -> Result<Vec<String>, Fault> {
        Ok(Vec::new())
    }
}
