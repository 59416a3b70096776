//! What SQL stores share: one way to ask, read, lock, delete and change, in batches, over an [`Engine`] per vendor.
//!
//! The catalog that `describe` read is the only source of names: a collection or field that it does not know is a fault,
//! so that no name from a map or a plan ever reaches a statement unseen.

mod engine;
mod faults;
mod fold;
mod json;
mod lists;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod pair;
mod pump;
mod search;
mod shape;
mod statement;
mod write;

pub(crate) use engine::{Change, Engine, Naming, Scan};
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) use faults::driver;
pub(crate) use faults::{corrupt, unreachable};
pub(crate) use fold::{address, digits, hex, lower, with_blanks};
#[cfg(feature = "postgres")]
pub(crate) use json::elements;
pub(crate) use json::{array, compact, string};
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) use pair::{Beside, side_by_side};
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) use pump::within;
pub(crate) use pump::{drain, patient, runtime};
pub(crate) use shape::{Field, Shape};
pub(crate) use statement::{Bind, Statement, quoted};

use model::{Fault, Progress};
use privacy::catalog::Catalog;
use privacy::map::Dataset;
use privacy::row::FieldPath;
use privacy::store::{Abilities, Before, DataStore, EachRow, Find, Fold, Hit, Needles, Scanned, Standing, Transaction};

use lists::Lists;
use write::Work;

/// A store behind an engine.
pub(crate) struct SqlStore<E> {
    engine: E,
    catalog: Option<Catalog>,
    lists: Lists,
}

impl<E: Engine> SqlStore<E> {
    /// `dataset` tells which texts are lists.
    pub(crate) fn new(engine: E, dataset: &Dataset) -> Self {
        SqlStore { engine, catalog: None, lists: Lists::of(dataset) }
    }

    /// The engine, and the catalog, which is read once.
    fn ready(&mut self) -> Result<(&mut E, &Catalog), Fault> {
        if self.catalog.is_none() {
            let mut catalog = self.engine.describe()?;
            self.lists.mark(&mut catalog);
            self.catalog = Some(catalog);
        }
        let catalog = self.catalog.as_ref().ok_or_else(|| Fault::internal("no-catalog", "The catalog was not kept"))?;
        Ok((&mut self.engine, catalog))
    }
}

impl<E: Engine> DataStore for SqlStore<E> {
    fn abilities(&self) -> Abilities {
        Abilities { transactions: true, versions: false }
    }

    fn standing(&mut self) -> Result<Standing, Fault> {
        self.engine.standing()
    }

    fn version(&mut self) -> Result<String, Fault> {
        self.engine.version()
    }

    fn describe(&mut self) -> Result<Catalog, Fault> {
        self.catalog = None;
        self.ready().map(|(_, catalog)| catalog.clone())
    }

    fn index_statement(&self, collection: &str, fields: &[FieldPath], fold: Fold) -> Option<String> {
        let collection = self.catalog.as_ref()?.collection(collection)?;
        let fields = fields.iter().map(|path| Field::of(collection, path)).collect::<Result<Vec<_>, _>>().ok()?;
        self.engine.index_statement(collection, &fields, fold)
    }

    fn find(&mut self, find: &Find<'_>, each: &mut EachRow<'_>) -> Result<(), Fault> {
        let (engine, catalog) = self.ready()?;
        search::find(engine, catalog, find, each)
    }

    fn find_before(&mut self, find: &Find<'_>, before: Before<'_>, each: &mut EachRow<'_>) -> Result<bool, Fault> {
        let (engine, catalog) = self.ready()?;
        search::find_before(engine, catalog, find, before, each)
    }

    fn begin(&mut self) -> Result<Box<dyn Transaction + '_>, Fault> {
        let (engine, catalog) = self.ready()?;
        engine.begin()?;
        Ok(Box::new(Work::new(engine, catalog)))
    }

    fn scan(
        &mut self,
        needles: &dyn Needles,
        hit: &mut dyn FnMut(Hit) -> Result<(), Fault>,
        progress: &dyn Progress,
    ) -> Result<Scanned, Fault> {
        let (engine, catalog) = self.ready()?;
        engine.scan(catalog, &mut Scan::new(needles, hit, progress))
    }

    fn compact(&mut self, collections: &[&str]) -> Result<Vec<String>, Fault> {
        let (engine, catalog) = self.ready()?;
        let known = collections.iter().filter_map(|name| catalog.collection(name)).collect::<Vec<_>>();
        engine.compact(&known)
    }
}
