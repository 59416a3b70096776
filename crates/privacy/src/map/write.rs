//! The data map as fideslang YAML, in one order, the same bytes for the same map.
//!
//! Reading what was written gives the same map again; what Fides knows and probity does not is written back as it was.
//! Words that YAML 1.1 would read as something else (`no`, `1e3`, `2026-01-01`) are quoted, because Fides reads YAML 1.1.

mod emit;
mod nodes;

use std::collections::BTreeMap;

use yaml::Node;

use super::{DataMap, Dataset, MappedCollection, MappedField};
use emit::Page;
use nodes::{collection_entries, dataset_entries, field_entries};

/// Remarks for people, written as comments above what they are about. Reading does not see them.
#[derive(Clone, Debug, Default)]
pub struct Comments {
    lines: BTreeMap<(String, String, String), Vec<String>>,
}

impl Comments {
    /// Says `line` about a field; with an empty `field` about the collection, with an empty `collection` about the dataset.
    pub fn say(&mut self, dataset: &str, collection: &str, field: &str, line: impl Into<String>) {
        let key = (dataset.to_owned(), collection.to_owned(), field.to_owned());
        self.lines.entry(key).or_default().push(line.into());
    }

    /// Says `line` about a field, and nothing else.
    pub fn say_only(&mut self, dataset: &str, collection: &str, field: &str, line: impl Into<String>) {
        let key = (dataset.to_owned(), collection.to_owned(), field.to_owned());
        self.lines.insert(key, vec![line.into()]);
    }

    /// Takes over what `others` say.
    pub fn extend(&mut self, others: Comments) {
        for (key, lines) in others.lines {
            self.lines.entry(key).or_default().extend(lines);
        }
    }

    /// The same remarks about a dataset of another key.
    pub fn renamed(mut self, dataset: &str) -> Self {
        let lines = std::mem::take(&mut self.lines);
        let rename = |((_, collection, field), lines)| ((dataset.to_owned(), collection, field), lines);
        Comments { lines: lines.into_iter().map(rename).collect() }
    }

    fn of(&self, dataset: &str, collection: &str, field: &str) -> &[String] {
        let key = (dataset.to_owned(), collection.to_owned(), field.to_owned());
        self.lines.get(&key).map_or(&[], Vec::as_slice)
    }
}

/// What a file is begun with.
const HEADER: &str = "\
# Data map: which store holds which categories of whom, and how rows refer to each other.
# fideslang dataset YAML, which Fides reads as it is; what stands under meta.probity is described in probity-map(5).
";

/// A whole file: the datasets of `map`, and the keys that stand beside `dataset` at the top of the file.
pub fn write(map: &DataMap, others: &[(String, Node)], comments: &Comments) -> String {
    let mut page = Page::new();
    page.raw(HEADER);
    let mut datasets: Vec<&Dataset> = map.datasets.iter().collect();
    datasets.sort_by(|a, b| a.key.cmp(&b.key));
    page.key(0, "dataset", datasets.is_empty());
    for dataset in datasets {
        put_dataset(&mut page, STEP, dataset, comments);
    }
    for (key, node) in others {
        page.entry(0, key, node);
    }
    page.finish()
}

/// How far the items of `dataset`, `collections` and `fields` stand in from their key, in a file that is written here.
const STEP: usize = 2;

/// One item of `dataset`, its dash so far in.
pub(super) fn dataset_text(dash: usize, dataset: &Dataset, comments: &Comments) -> String {
    let mut page = Page::new();
    put_dataset(&mut page, dash, dataset, comments);
    page.finish()
}

/// One item of `collections`.
pub(super) fn collection_text(
    dash: usize,
    dataset: &str,
    collection: &MappedCollection,
    comments: &Comments,
) -> String {
    let mut page = Page::new();
    put_collection(&mut page, dash, dataset, collection, comments);
    page.finish()
}

/// Items of `fields`.
pub(super) fn fields_text(
    dash: usize,
    dataset: &str,
    collection: &str,
    fields: &[&MappedField],
    comments: &Comments,
) -> String {
    let mut page = Page::new();
    put_fields(&mut page, dash, fields, 0, &|field| comments.of(dataset, collection, field));
    page.finish()
}

fn put_dataset(page: &mut Page, dash: usize, dataset: &Dataset, comments: &Comments) {
    page.comments(dash, comments.of(&dataset.key, "", ""));
    page.item(dash, &dataset_entries(dataset));
    let mut collections: Vec<&MappedCollection> = dataset.collections.iter().collect();
    collections.sort_by(|a, b| a.name.cmp(&b.name));
    page.key(dash + STEP, "collections", collections.is_empty());
    for collection in collections {
        put_collection(page, dash + 2 * STEP, &dataset.key, collection, comments);
    }
}

fn put_collection(page: &mut Page, dash: usize, dataset: &str, collection: &MappedCollection, comments: &Comments) {
    page.comments(dash, comments.of(dataset, &collection.name, ""));
    page.item(dash, &collection_entries(collection));
    let mut fields: Vec<&MappedField> = collection.fields.iter().collect();
    fields.sort_by(|a, b| a.path.cmp(&b.path));
    page.key(dash + STEP, "fields", fields.is_empty());
    let about = |field: &str| comments.of(dataset, &collection.name, field);
    put_fields(page, dash + 2 * STEP, &fields, 0, &about);
}

/// Fields that share the first `depth` parts of their paths, each with those below it.
fn put_fields<'c>(
    page: &mut Page,
    dash: usize,
    fields: &[&MappedField],
    depth: usize,
    about: &dyn Fn(&str) -> &'c [String],
) {
    let mut rest = fields;
    while let Some(first) = rest.first() {
        let Some(name) = first.path.0.get(depth) else {
            rest = &rest[1..];
            continue;
        };
        let end = rest.iter().position(|field| field.path.0.get(depth) != Some(name)).unwrap_or(rest.len());
        let (family, later) = rest.split_at(end);
        let own = family.first().filter(|field| field.path.0.len() == depth + 1);
        let below = if own.is_some() { &family[1..] } else { family };
        match own {
            Some(field) => {
                page.comments(dash, about(&field.path.to_string()));
                page.item(dash, &field_entries(field));
            }
            None => page.item(dash, &[("name".to_owned(), nodes::text(name))]),
        }
        if !below.is_empty() {
            page.key(dash + STEP, "fields", false);
            put_fields(page, dash + 2 * STEP, below, depth + 1, about);
        }
        rest = later;
    }
}
