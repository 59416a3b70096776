//! Rows that refer to rows which are about to go: the store would refuse, or delete them as well.

use std::collections::{HashMap, HashSet};

use model::Fault;

use super::drift;
use super::rows::Found;
use crate::catalog::{Catalog, Link};
use crate::plan::Step;
use crate::row::{FieldPath, Key};
use crate::store::{Condition, Find, Fold, Transaction};

/// Every row that stands in a store's steps.
pub(super) struct Planned<'p>(HashMap<&'p str, HashSet<&'p Key>>);

impl<'p> Planned<'p> {
    pub(super) fn new(steps: &[&'p Step]) -> Self {
        let mut rows: HashMap<&str, HashSet<&Key>> = HashMap::new();
        for step in steps {
            rows.entry(&step.collection).or_default().extend(step.targets.iter().map(|target| &target.key));
        }
        Planned(rows)
    }

    fn has(&self, collection: &str, key: &Key) -> bool {
        self.0.get(collection).is_some_and(|rows| rows.contains(key))
    }
}

/// Makes sure that only rows of the plan refer to what was found.
///
/// # Errors
/// `plan-drift`; what the store says.
pub(super) fn none_unplanned(
    transaction: &mut dyn Transaction,
    step: &Step,
    found: &Found<'_>,
    catalog: &Catalog,
    planned: &Planned<'_>,
) -> Result<(), Fault> {
    for collection in &catalog.collections {
        for link in collection.links.iter().filter(|link| link.target == step.collection) {
            let Some(condition) = condition(link, found) else { continue };
            let mut strange = false;
            let find = Find { collection: &collection.name, fields: &[], any: &[condition], limit: None };
            transaction.find(&find, &mut |row| {
                strange |= !planned.has(&collection.name, &row.key);
                Ok(())
            })?;
            if strange {
                return Err(drift(step, &format!("rows of {} refer to it now", collection.name)));
            }
        }
    }
    Ok(())
}

/// The rows that refer to what was found; `None`: nothing can.
fn condition(link: &Link, found: &Found<'_>) -> Option<Condition> {
    let places: Vec<usize> = link
        .target_columns
        .iter()
        .map(|column| found.linked.iter().position(|known| known == column))
        .collect::<Option<_>>()?;
    let tuple = |cells: &[Option<String>]| places.iter().map(|at| cells.get(*at).cloned().flatten()).collect();
    let values: Vec<Vec<String>> = found.to_do.iter().filter_map(|row| tuple(&row.linked)).collect();
    let fields = link.columns.iter().map(|column| FieldPath::column(column)).collect();
    (!values.is_empty()).then_some(Condition { fields, fold: Fold::Exact, values, when: None })
}
