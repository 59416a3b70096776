//! A proposal joins the map: what is new is added, what people wrote stays.

use super::propose::Proposal;
use super::{DataMap, Dataset, MappedCollection, MappedField};

/// What a merge added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// Keys of datasets.
    pub datasets: Vec<String>,
    /// Dataset and collection, in datasets that were there.
    pub collections: Vec<(String, String)>,
    /// Dataset, collection and field, in collections that were there.
    pub fields: Vec<(String, String, String)>,
}

impl Added {
    /// Whether the map stays what it was.
    pub fn is_empty(&self) -> bool {
        self.datasets.is_empty() && self.collections.is_empty() && self.fields.is_empty()
    }
}

/// Adds to `map` what it does not say yet about the store of `proposal`. Nothing of what is there is changed.
pub fn merge(map: &mut DataMap, proposal: &Proposal) -> Added {
    let mut added = Added::default();
    let proposed = &proposal.dataset;
    let Some(dataset) = map.datasets.iter_mut().find(|dataset| dataset.store == proposed.store) else {
        added.datasets.push(proposed.key.clone());
        map.datasets.push(proposed.clone());
        map.datasets.sort_by(|a, b| a.key.cmp(&b.key));
        return added;
    };
    for collection in &proposed.collections {
        match dataset.of_catalog(&collection.name).map(|known| known.name.clone()) {
            None => {
                added.collections.push((dataset.key.clone(), collection.name.clone()));
                dataset.collections.push(named(collection, &proposed.key, dataset));
            }
            Some(name) => {
                let key = dataset.key.clone();
                let known = dataset.collections.iter_mut().filter(|known| known.name == name);
                known.for_each(|known| merge_fields(known, collection, (&proposed.key, &key), &mut added));
            }
        }
    }
    dataset.collections.sort_by(|a, b| a.name.cmp(&b.name));
    added
}

/// References within the store lead to the dataset that describes it, whatever its key.
fn named(collection: &MappedCollection, proposed: &str, dataset: &Dataset) -> MappedCollection {
    let mut collection = collection.clone();
    let references = collection.fields.iter_mut().flat_map(|field| &mut field.references);
    references
        .filter(|reference| reference.dataset == proposed)
        .for_each(|reference| reference.dataset.clone_from(&dataset.key));
    collection
}

/// `keys`: of the proposal, and of the dataset that takes it.
fn merge_fields(known: &mut MappedCollection, proposed: &MappedCollection, keys: (&str, &str), added: &mut Added) {
    let dataset = keys.1;
    for field in &proposed.fields {
        // A column that is mapped as a whole has been decided about; so have its documents.
        let decided = known.fields.iter().any(|known| known.path == field.path || is_below(field, known));
        if decided {
            continue;
        }
        let mut field = field.clone();
        let own = field.references.iter_mut().filter(|reference| reference.dataset == keys.0);
        own.for_each(|reference| dataset.clone_into(&mut reference.dataset));
        added.fields.push((dataset.to_owned(), known.name.clone(), field.path.to_string()));
        known.fields.push(field);
    }
    known.fields.sort_by(|a, b| a.path.cmp(&b.path));
}

/// Whether `field` lies in a document about which the map says something: a category of its own.
fn is_below(field: &MappedField, known: &MappedField) -> bool {
    field.path.0.len() > known.path.0.len() && field.path.0.starts_with(&known.path.0) && !known.categories.is_empty()
}
