//! What the tests of document stores share: maps made in place, rows as text, needles.
#![allow(dead_code, missing_docs, unreachable_pub)]

use std::collections::BTreeMap;

use model::{Fault, Hidden, Place};
use privacy::map::{Dataset, MappedCollection, MappedField, Settings};
use privacy::row::{Cell, FieldPath, Key};
use privacy::store::{Condition, DataStore, Find, Fold, Hit, Needles, Scanned};
use probity_connectors::Access;

/// A collection with words of `meta.probity` and fields; `*` before a field marks the key, `:type` after it its type.
pub fn collection(name: &str, words: &[(&str, &str)], fields: &[&str]) -> MappedCollection {
    let word = |(key, text): &(&str, &str)| ((*key).to_owned(), ((*text).to_owned(), Place::default()));
    let field = |text: &&str| {
        let (text, data_type) =
            text.split_once(':').map_or((*text, None), |(text, kind)| (text, Some(kind.to_owned())));
        let bare = text.strip_prefix('*');
        MappedField {
            path: FieldPath::parse(bare.unwrap_or(text)),
            primary_key: bare.is_some(),
            data_type,
            ..MappedField::default()
        }
    };
    MappedCollection {
        name: name.to_owned(),
        settings: Settings { words: words.iter().map(word).collect::<BTreeMap<_, _>>() },
        fields: fields.iter().map(field).collect(),
        ..MappedCollection::default()
    }
}

pub fn dataset(collections: Vec<MappedCollection>) -> Dataset {
    Dataset { key: "test".into(), store: "test".into(), collections, ..Dataset::default() }
}

pub fn open(url: &str, access: &Access, collections: Vec<MappedCollection>) -> Box<dyn DataStore> {
    probity_connectors::open(url, access, &dataset(collections)).unwrap()
}

pub fn equals(field: &str, fold: Fold, values: &[&str]) -> Condition {
    let values = values.iter().map(|value| vec![(*value).to_owned()]).collect();
    Condition { fields: vec![FieldPath::parse(field)], fold, values, when: None }
}

/// Rows as `cell|cell`, `∅` for nothing, and their keys.
pub fn find(
    store: &mut dyn DataStore,
    collection: &str,
    fields: &[&str],
    any: &[Condition],
) -> Result<Vec<(Key, String)>, Fault> {
    let fields: Vec<FieldPath> = fields.iter().map(|field| FieldPath::parse(field)).collect();
    let mut rows = Vec::new();
    store.find(&Find { collection, fields: &fields, any, limit: None }, &mut |row| {
        rows.push((row.key, shown(&row.cells)));
        Ok(())
    })?;
    rows.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(rows)
}

pub fn shown(cells: &[Cell]) -> String {
    cells.iter().map(|cell| cell.as_deref().unwrap_or("∅")).collect::<Vec<_>>().join("|")
}

pub fn texts(rows: &[(Key, String)]) -> Vec<&str> {
    rows.iter().map(|(_, text)| text.as_str()).collect()
}

pub fn keys(rows: &[(Key, String)]) -> Vec<Key> {
    rows.iter().map(|(key, _)| key.clone()).collect()
}

pub fn delete(store: &mut dyn DataStore, collection: &str, keys: &[Key]) -> Result<u64, Fault> {
    let mut acts = store.begin()?;
    let count = acts.delete(collection, keys)?;
    acts.commit()?;
    Ok(count)
}

pub fn set(
    store: &mut dyn DataStore,
    collection: &str,
    keys: &[Key],
    cells: &[(&str, Option<&str>)],
) -> Result<u64, Fault> {
    let fields: Vec<FieldPath> = cells.iter().map(|(field, _)| FieldPath::parse(field)).collect();
    let new: Vec<Cell> = cells.iter().map(|(_, cell)| cell.map(str::to_owned)).collect();
    let rows: Vec<(Key, Vec<Cell>)> = keys.iter().map(|key| (key.clone(), new.clone())).collect();
    let mut acts = store.begin()?;
    let count = acts.set(collection, &fields, &rows)?;
    acts.commit()?;
    Ok(count)
}

/// Plain texts, looked for without regard to case.
pub struct Plain(Vec<String>);

impl Plain {
    pub fn of(texts: &[&str]) -> Self {
        Plain(texts.iter().map(|text| text.to_lowercase()).collect())
    }
}

impl Needles for Plain {
    fn within(&self, haystack: &[u8], found: &mut Vec<usize>) {
        let text = haystack.to_ascii_lowercase();
        let stands = |needle: &String| text.windows(needle.len()).any(|window| window == needle.as_bytes());
        found.extend((0..self.0.len()).filter(|n| stands(&self.0[*n])));
    }

    fn plain(&self) -> &[String] {
        &self.0
    }
}

/// Every hit as `collection field key`, sorted, and what was read.
pub fn scan(store: &mut dyn DataStore, needles: &[&str]) -> (Vec<String>, Scanned) {
    let mut hits = Vec::new();
    let mut each = |hit: Hit| {
        hits.push(format!("{} {} {}", hit.collection, hit.field.as_deref().unwrap_or("(name)"), shown(&hit.key.0)));
        Ok(())
    };
    let scanned = store.scan(&Plain::of(needles), &mut each, &Hidden).unwrap();
    hits.sort();
    (hits, scanned)
}
