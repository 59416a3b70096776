//! `map show`: what the map says.

use model::{Fault, Place};
use privacy::map::{DataMap, Dataset, Direction, MappedCollection, MappedField, Reference, Settings};
use serde_json::{Map, Value, json};

use crate::cli::context::Context;
use crate::cli::data_map;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::output::{Page, Show};
use crate::cli::table::{Cell, Table};
use crate::commands::Done;

pub(super) fn run(context: &mut Context, dataset: Option<&str>) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Never, "map.shown");
    let reading = data_map::load(context)?;
    for warning in &reading.warnings {
        context.output.warn(&format!("{warning} [{}]", warning.code()));
    }
    let mut map = reading.map;
    if let Some(key) = dataset {
        let known: Vec<&str> = map.datasets.iter().map(|dataset| dataset.key.as_str()).collect();
        if !known.contains(&key) {
            let fault = Fault::usage("unknown-dataset", format!("The map has no dataset {key:?}"));
            return Err(fault.advise(match model::nearest(key, known.iter().copied()) {
                Some(near) => format!("Did you mean {near:?}?"),
                None => format!("The datasets are: {}.", known.join(", ")),
            }));
        }
        map.datasets.retain(|dataset| dataset.key == key);
    }
    Ok(Done::showing(Exit::Done, Shown(map)))
}

struct Shown(DataMap);

impl Show for Shown {
    fn json(&self) -> Value {
        json!({"schema": "map/1", "datasets": self.0.datasets.iter().map(dataset).collect::<Vec<_>>()})
    }

    fn human(&self, page: &mut Page) {
        let mut table =
            Table::new(&["dataset", "collection", "fields", "personal", "identities", "references", "settings"]);
        for dataset in &self.0.datasets {
            for collection in &dataset.collections {
                let personal = collection.fields.iter().filter(|field| dataset.is_personal(collection, field)).count();
                let identities: Vec<&str> =
                    collection.fields.iter().filter_map(|field| field.identity.as_deref()).collect();
                let references: usize = collection.fields.iter().map(|field| field.references.len()).sum();
                let settings = collection.settings.words.iter().map(|(key, (word, _))| format!("{key}={word}"));
                table.row([
                    dataset.key.as_str().into(),
                    collection.name.as_str().into(),
                    Cell::Count(collection.fields.len() as u64),
                    Cell::Count(personal as u64),
                    identities.join(", ").into(),
                    Cell::Count(references as u64),
                    settings.collect::<Vec<_>>().join(" ").into(),
                ]);
            }
        }
        page.table(&table);
    }
}

fn dataset(dataset: &Dataset) -> Value {
    json!({
        "key": dataset.key,
        "store": dataset.store,
        "name": dataset.name,
        "description": dataset.description,
        "categories": dataset.categories,
        "after": dataset.after,
        "settings": settings(&dataset.settings),
        "place": place(&dataset.place),
        "collections": dataset.collections.iter().map(|one| collection(dataset, one)).collect::<Vec<_>>(),
    })
}

fn collection(dataset: &Dataset, collection: &MappedCollection) -> Value {
    json!({
        "name": collection.name,
        "description": collection.description,
        "categories": collection.categories,
        "after": collection.after,
        "erase_after": collection.erase_after,
        "skip": collection.skip,
        "delete": collection.delete,
        "settings": settings(&collection.settings),
        "place": place(&collection.place),
        "fields": collection.fields.iter().map(|one| field(dataset, collection, one)).collect::<Vec<_>>(),
    })
}

fn field(dataset: &Dataset, collection: &MappedCollection, field: &MappedField) -> Value {
    json!({
        "path": field.path.0,
        "description": field.description,
        "categories": field.categories,
        "personal": dataset.is_personal(collection, field),
        "identity": field.identity,
        "primary_key": field.primary_key,
        "data_type": field.data_type,
        "length": field.length,
        "read_only": field.read_only,
        "references": field.references.iter().map(reference).collect::<Vec<_>>(),
        "settings": settings(&field.settings),
        "place": place(&field.place),
    })
}

fn reference(reference: &Reference) -> Value {
    json!({
        "dataset": reference.dataset,
        "collection": reference.collection,
        "field": reference.field.0,
        "direction": match reference.direction {
            Some(Direction::From) => Some("from"),
            Some(Direction::To) => Some("to"),
            None => None,
        },
        "when": reference.when.as_ref().map(|(field, word)| json!({"field": field.to_string(), "is": word})),
    })
}

fn settings(settings: &Settings) -> Value {
    let words = settings.words.iter().map(|(key, (word, _))| (key.clone(), Value::from(word.as_str())));
    Value::Object(words.collect::<Map<_, _>>())
}

pub(super) fn place(place: &Place) -> Value {
    json!({
        "file": place.file.as_ref().map(|file| file.display().to_string()),
        "line": place.line,
        "column": place.column,
    })
}
