//! The data map: which store holds which categories of whom, how rows refer to each other, how long they stay.
//!
//! Written as fideslang dataset YAML (fideslang 3.1.4), read unchanged; what only probity knows stands under `meta: {probity: {…}}`.

use std::collections::BTreeMap;

use model::Place;

use crate::row::FieldPath;

/// Every dataset, in the order of their keys.
#[derive(Clone, Debug, Default)]
pub struct DataMap {
    /// One per store, as a rule: the store of the same name, unless `meta.probity.store` says another.
    pub datasets: Vec<Dataset>,
}

/// What one store holds.
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    /// `fides_key`.
    pub key: String,
    /// The name in `[stores.NAME]`: `meta.probity.store`, or the key.
    pub store: String,
    /// For people.
    pub name: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// Categories that hold for everything in it.
    pub categories: Vec<String>,
    /// `fides_meta.after`: datasets that are read before.
    pub after: Vec<String>,
    /// In the order of their names.
    pub collections: Vec<MappedCollection>,
    /// Everything else of `meta.probity`.
    pub settings: Settings,
    /// Where it stands.
    pub place: Place,
}

/// One collection of a dataset.
#[derive(Clone, Debug, Default)]
pub struct MappedCollection {
    /// As in the catalog.
    pub name: String,
    /// For people.
    pub description: Option<String>,
    /// Categories that hold for every field.
    pub categories: Vec<String>,
    /// Nested fields are flattened: `address.city`. In the order of their paths.
    pub fields: Vec<MappedField>,
    /// `dataset.collection`: read after these.
    pub after: Vec<String>,
    /// `dataset.collection`: erased after these.
    pub erase_after: Vec<String>,
    /// `fides_meta.skip_processing`.
    pub skip: bool,
    /// `masking_strategy_override: {strategy: delete}`.
    pub delete: bool,
    /// `meta.probity` of the collection.
    pub settings: Settings,
    /// Where it stands.
    pub place: Place,
}

/// One field.
#[derive(Clone, Debug)]
pub struct MappedField {
    /// Column and path.
    pub path: FieldPath,
    /// Its categories: `user.contact.email`.
    pub categories: Vec<String>,
    /// The kind of identity that it holds: `email`, `phone_number`, a word of one's own.
    pub identity: Option<String>,
    /// Part of the key.
    pub primary_key: bool,
    /// `string`, `integer`, …; `[]` marks arrays.
    pub data_type: Option<String>,
    /// Longest text.
    pub length: Option<u64>,
    /// Must not be written.
    pub read_only: bool,
    /// What it refers to, or is referred to by.
    pub references: Vec<Reference>,
    /// `masking_strategy_override`.
    pub masking: Option<Masking>,
    /// `meta.probity` of the field.
    pub settings: Settings,
    /// Where it stands.
    pub place: Place,
}

/// A reference of the data map.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The other field's dataset.
    pub dataset: String,
    /// Its collection.
    pub collection: String,
    /// The field.
    pub field: FieldPath,
    /// Which one feeds the other; `None`: both ways.
    pub direction: Option<Direction>,
    /// `when: {field: owner_type, is: person}` under `meta.probity.references`: the link holds only for such rows.
    pub when: Option<(FieldPath, String)>,
    /// Where it stands.
    pub place: Place,
}

/// Which field feeds the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The other field feeds this one.
    From,
    /// This field feeds the other one.
    To,
}

/// How a value is replaced where its row stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Masking {
    /// `null_rewrite`.
    Null,
    /// `string_rewrite`, with what is appended (`format_preservation.suffix`).
    Text {
        /// The new value.
        value: String,
        /// Appended to it.
        suffix: String,
    },
    /// `random_string_rewrite`: so many characters.
    Random(u64),
    /// `hash`, `hmac`, `aes_encrypt`: the outcome is called pseudonymised.
    Pseudonym,
    /// `preserve`.
    Keep,
}

/// What probity adds to a dataset, collection or field under `meta.probity`.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The words as written, dotted (`keys`, `retention.period`), each with its place. A list is a word per entry, `key[0]`.
    pub words: BTreeMap<String, (String, Place)>,
}

impl Settings {
    /// The word under `key`.
    pub fn word(&self, key: &str) -> Option<&str> {
        self.words.get(key).map(|(word, _)| word.as_str())
    }

    /// `true` or `false` under `key`.
    pub fn flag(&self, key: &str) -> Option<bool> {
        self.word(key).and_then(|word| word.parse().ok())
    }
}
