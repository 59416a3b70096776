//! `dataset[].collections[]`.

use model::{Fault, Place};
use yaml::{Fields, Node};

use super::{Reader, Shape, duplicate, fides_key};
use crate::map::settings::{self, Level};
use crate::map::{MappedCollection, MappedField, Settings};
use crate::row::FieldPath;

const SHAPE: Shape = Shape {
    name: "a collection",
    read: &["fields"],
    kept: &["data_uses", "data_purposes", "data_subjects"],
    meta_read: &["after", "erase_after", "skip_processing", "masking_strategy_override"],
    meta_kept: &["partitioning", "redact"],
};

impl Reader {
    pub(super) fn collection(&mut self, node: &Node, path: &str) -> Result<MappedCollection, Fault> {
        let parts = self.parts(node, path, &SHAPE)?;
        let mut collection = MappedCollection {
            name: parts.fields.required_text("name")?.to_owned(),
            description: self.text_of(&parts.fields, "description"),
            categories: self.categories(&parts.fields),
            place: self.place(node),
            ..MappedCollection::default()
        };
        if collection.name.contains(char::is_whitespace) {
            self.spaces(&parts.fields);
        }
        if let Some(meta) = &parts.meta {
            collection.after = self.collection_keys(meta, "after");
            collection.erase_after = self.collection_keys(meta, "erase_after");
            collection.skip = self.flag(meta, "skip_processing") == Some(true);
            let delete = delete(meta);
            collection.delete = self.keep(delete) == Some(true);
            self.partitioning(meta);
        }
        if let Some(probity) = parts.probity {
            collection.settings = settings::read(probity, Level::Collection, &self.file, &mut self.faults);
            for (key, after) in [("after", &mut collection.after), ("erase_after", &mut collection.erase_after)] {
                after.extend(take_list(&mut collection.settings, key));
            }
        }
        collection.rest = parts.rest;
        parts.fields.required("fields")?;
        for (path, node) in parts.fields.list("fields")? {
            let field = self.field(node, &path, &[], &mut collection.fields);
            self.keep(field);
        }
        self.sort_fields(&mut collection.fields);
        self.fields_that_settings_name(&collection);
        self.without_categories(&collection);
        Ok(collection)
    }

    fn spaces(&mut self, fields: &Fields<'_>) {
        let place = fields.node("name").map(|node| node.place.clone()).unwrap_or_default();
        let message = "The name of this collection has a space in it";
        let advice = "It is read as written; take it out where it is not part of the name in the store.";
        self.warn(Fault::bad_config("space-in-name", message).advise(advice).at(place));
    }

    fn partitioning(&mut self, meta: &Fields<'_>) {
        let Some(node) = meta.node("partitioning") else { return };
        let fault = Fault::bad_config("ignored-setting", "partitioning means nothing here: collections are read whole");
        self.warn(fault.advise("Leave it in for Fides.").at(node.place.clone()));
    }

    /// `dataset.collection`, each part a key.
    fn collection_keys(&mut self, meta: &Fields<'_>, key: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (path, node) in self.keep(meta.list(key)).unwrap_or_default() {
            let key = yaml::text(node, &path).and_then(|text| collection_key(text, node));
            found.extend(self.keep(key).map(str::to_owned));
        }
        found
    }

    fn sort_fields(&mut self, fields: &mut Vec<MappedField>) {
        fields.sort_by(|a, b| a.path.cmp(&b.path));
        fields.dedup_by(|second, first| {
            let same = first.path == second.path;
            if same {
                self.wrong(duplicate("field", &second.path.to_string(), &first.place).at(second.place.clone()));
            }
            same
        });
    }

    /// A misspelt field under `retain` or `when` would silently retain or follow nothing.
    fn fields_that_settings_name(&mut self, collection: &MappedCollection) {
        let words = &collection.settings.words;
        let retained = words.iter().filter(|(word, _)| *word == "retain.from" || word.starts_with("retain.anonymise"));
        let retained = retained.map(|(_, (field, place))| (FieldPath::parse(field), place));
        let references = collection.fields.iter().flat_map(|field| &field.references);
        let when = references.filter_map(|reference| Some((reference.when.as_ref()?.0.clone(), &reference.place)));
        let unknown: Vec<Fault> = retained
            .chain(when)
            .filter(|(path, _)| named(collection, path).is_none())
            .map(|(path, place)| unknown_field(collection, &path, place))
            .collect();
        unknown.into_iter().for_each(|fault| self.wrong(fault));
    }

    /// fideslang accepts fields without a category; a request that goes by categories does not see them.
    fn without_categories(&mut self, collection: &MappedCollection) {
        if !collection.categories.is_empty() {
            return;
        }
        let bare =
            collection.fields.iter().filter(|field| field.categories.is_empty() && !is_object(field, collection));
        let bare: Vec<String> = bare.map(|field| field.path.to_string()).collect();
        if bare.is_empty() {
            return;
        }
        let shown = bare.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        let more = if bare.len() > 5 { ", …" } else { "" };
        let many = model::counted(bare.len() as u64, "field", "fields");
        let message = format!("{many} of {} without a data category: {shown}{more}", collection.name);
        let advice = "Give each a category; what is about nobody is system.operations.";
        self.warn(Fault::bad_config("no-category", message).advise(advice).at(collection.place.clone()));
    }
}

/// Whether `field` only holds other fields.
fn is_object(field: &MappedField, collection: &MappedCollection) -> bool {
    let below =
        |other: &MappedField| other.path.0.len() > field.path.0.len() && other.path.0.starts_with(&field.path.0);
    field.data_type.as_deref().map(super::field::base) == Some("object") || collection.fields.iter().any(below)
}

/// The field that `path` names, also when it is a column with dots in its name.
fn named<'c>(collection: &'c MappedCollection, path: &FieldPath) -> Option<&'c MappedField> {
    collection.field(path).or_else(|| collection.column(&path.to_string()))
}

fn unknown_field(collection: &MappedCollection, path: &FieldPath, place: &Place) -> Fault {
    let names: Vec<String> = collection.fields.iter().map(|field| field.path.to_string()).collect();
    let advice = match model::nearest(&path.to_string(), names.iter().map(String::as_str)) {
        Some(near) => format!("Did you mean {near:?}?"),
        None => "Name a field of the same collection.".to_owned(),
    };
    Fault::bad_config("unknown-field", format!("{} has no field {:?}", collection.name, path.to_string()))
        .advise(advice)
        .at(place.clone())
}

fn take_list(settings: &mut Settings, key: &str) -> Vec<String> {
    let found = settings.list(key).into_iter().map(str::to_owned).collect();
    settings.words.retain(|word, _| word != key && !word.starts_with(&format!("{key}[")));
    found
}

fn collection_key<'t>(text: &'t str, node: &Node) -> Result<&'t str, Fault> {
    let is_one = text.split('.').count() == 2 && text.split('.').all(|part| fides_key(part, node).is_ok());
    if is_one {
        return Ok(text);
    }
    Err(Fault::bad_config("bad-collection-key", format!("{text:?} is not a dataset and a collection"))
        .advise("Write dataset.collection; names with more dots go under meta.probity.")
        .at(node.place.clone()))
}

/// `masking_strategy_override: {strategy: delete}`, the only one that there is for a collection.
fn delete(meta: &Fields<'_>) -> Result<bool, Fault> {
    let Some(node) = meta.node("masking_strategy_override") else { return Ok(false) };
    let masking = Fields::open(node, meta.path_of("masking_strategy_override"))?;
    match masking.required_text("strategy")? {
        "delete" => Ok(true),
        other => Err(Fault::bad_config("unknown-strategy", format!("A collection has no strategy {other:?}"))
            .advise("Write delete, or mask single fields.")
            .at(node.place.clone())),
    }
}
