//! References find what they mean once every file is read: names of collections and columns can have dots.

use model::Fault;

use super::{DataMap, Dataset, Reference};
use crate::row::FieldPath;

/// Divides each reference into collection and field as the map has them. What refers to nothing is said.
pub(super) fn resolve(map: &mut DataMap) -> Vec<Fault> {
    let found: Vec<_> = references(&map.datasets).map(|reference| find(map, reference)).collect();
    let mut dangling = Vec::new();
    let fields = map.datasets.iter_mut().flat_map(|dataset| &mut dataset.collections);
    let fields = fields.flat_map(|collection| &mut collection.fields);
    for (reference, found) in fields.flat_map(|field| &mut field.references).zip(found) {
        match found {
            Ok((collection, field)) => (reference.collection, reference.field) = (collection, field),
            Err(fault) => dangling.push(fault.at(reference.place.clone())),
        }
    }
    dangling
}

fn references(datasets: &[Dataset]) -> impl Iterator<Item = &Reference> {
    let fields = datasets.iter().flat_map(|dataset| &dataset.collections).flat_map(|collection| &collection.fields);
    fields.flat_map(|field| &field.references)
}

/// Collection and field of the dataset referred to: the longest name of a collection that leaves a field of it.
fn find(map: &DataMap, reference: &Reference) -> Result<(String, FieldPath), Fault> {
    let whole = written(reference);
    let Some(dataset) = map.dataset(&reference.dataset) else {
        let known = map.datasets.iter().map(|dataset| dataset.key.as_str());
        return Err(dangling(
            &reference.dataset,
            &whole,
            "there is no such dataset",
            model::nearest(&reference.dataset, known),
        ));
    };
    if !whole.contains('.') {
        return Err(dangling(&dataset.key, &whole, "it names no field", None).advise("Write collection.field."));
    }
    let parts: Vec<&str> = whole.split('.').collect();
    let splits = (1..parts.len()).rev().map(|at| (parts[..at].join("."), &parts[at..]));
    let mut nearest = None;
    for (name, below) in splits {
        let Some(collection) = dataset.collection(&name) else { continue };
        let path = FieldPath(below.iter().map(|part| (*part).to_owned()).collect());
        let field = collection.field(&path).or_else(|| collection.column(&path.to_string()));
        if let Some(field) = field {
            return Ok((name, field.path.clone()));
        }
        let fields: Vec<String> = collection.fields.iter().map(|field| field.path.to_string()).collect();
        let near =
            model::nearest(&path.to_string(), fields.iter().map(String::as_str)).map(|near| format!("{name}.{near}"));
        nearest.get_or_insert(("the collection has no such field", near));
    }
    let (why, near) = nearest.unwrap_or_else(|| {
        let names = dataset.collections.iter().map(|collection| collection.name.as_str());
        ("there is no such collection", model::nearest(parts[0], names).map(str::to_owned))
    });
    Err(dangling(&dataset.key, &whole, why, near.as_deref()))
}

/// `collection.field`, as it stands in the file.
pub(super) fn written(reference: &Reference) -> String {
    match reference.field.0.is_empty() {
        true => reference.collection.clone(),
        false => format!("{}.{}", reference.collection, reference.field),
    }
}

fn dangling(dataset: &str, field: &str, why: &str, near: Option<&str>) -> Fault {
    let fault = Fault::bad_config("dangling-reference", format!("This refers to {field:?} of {dataset:?}, but {why}"));
    match near {
        Some(near) => fault.advise(format!("Did you mean {near:?}?")),
        None => fault.advise("Map what it refers to, or take the reference out."),
    }
}
