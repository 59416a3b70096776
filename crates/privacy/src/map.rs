//! The data map: which store holds which categories of whom, how rows refer to each other, how long they stay.
//!
//! Written as fideslang dataset YAML (fideslang 3.1.4), read unchanged; what only probity knows stands under `meta: {probity: {…}}`.

pub mod check;
pub mod credential;
pub mod edit;
pub mod graph;
pub mod merge;
pub mod propose;
pub mod read;
pub mod sample;
pub mod taxonomy;
pub mod write;

mod references;
mod settings;

use std::collections::{BTreeMap, BTreeSet};

use model::Place;
use yaml::Node;

use crate::catalog::{self, Catalog};
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
    /// What is kept for others.
    pub rest: Rest,
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
    /// Nested fields are flattened, the field above them first: `address`, `address.city`. In the order of their paths.
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
    /// What is kept for others.
    pub rest: Rest,
    /// Where it stands.
    pub place: Place,
}

/// One field.
#[derive(Clone, Debug, Default)]
pub struct MappedField {
    /// Column and path.
    pub path: FieldPath,
    /// For people.
    pub description: Option<String>,
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
    /// What is kept for others.
    pub rest: Rest,
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

/// What a file says that means nothing here: kept, so that a map that is written again loses nothing.
#[derive(Clone, Debug, Default)]
pub struct Rest {
    /// Keys of the dataset, collection or field itself (`tags`, `data_uses`, …).
    pub keys: Vec<(String, Node)>,
    /// Keys under `fides_meta` (`namespace`, `redact`, …). `masking_strategy_override` of a field too, as it was written.
    pub fides_meta: Vec<(String, Node)>,
    /// Keys under `meta` beside `probity`.
    pub meta: Vec<(String, Node)>,
}

/// What probity adds to a dataset, collection or field under `meta.probity`.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The words as written, dotted (`keys`, `retain.period`), each with its place. A list is a word per entry, `keys[0]`.
    /// Without `store` and `references`, which have fields of their own.
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

    /// Where the word under `key` stands.
    pub fn place(&self, key: &str) -> Option<&Place> {
        self.words.get(key).map(|(_, place)| place)
    }

    /// The entries of the list under `key`; a single word is a list of one.
    pub fn list<'s>(&'s self, key: &str) -> Vec<&'s str> {
        let numbered = (0..).map_while(|index| self.word(&format!("{key}[{index}]")));
        self.word(key).into_iter().chain(numbered).collect()
    }

    /// Whether anything is said under `key`, also below it.
    pub fn has(&self, key: &str) -> bool {
        let below =
            |word: &String| word.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        self.words.keys().any(below)
    }
}

impl DataMap {
    /// The dataset with that key.
    pub fn dataset(&self, key: &str) -> Option<&Dataset> {
        self.datasets.iter().find(|dataset| dataset.key == key)
    }
}

impl Dataset {
    /// The collection of that name.
    pub fn collection(&self, name: &str) -> Option<&MappedCollection> {
        self.collections.iter().find(|collection| collection.name == name)
    }

    /// The schema that the dataset is about (`fides_meta.namespace.schema`).
    pub fn schema(&self) -> Option<&str> {
        let (_, namespace) = self.rest.fides_meta.iter().find(|(key, _)| key == "namespace")?;
        namespace.entry("schema")?.scalar()
    }

    /// What the store's catalog calls `collection`: the same name, or that name in the dataset's schema.
    pub fn in_catalog<'c>(&self, collection: &str, catalog: &'c Catalog) -> Option<&'c catalog::Collection> {
        let in_schema = || catalog.collection(&format!("{}.{collection}", self.schema()?));
        catalog.collection(collection).or_else(in_schema)
    }

    /// The mapped collection that the catalog calls `name`.
    pub fn of_catalog(&self, name: &str) -> Option<&MappedCollection> {
        let in_schema = || self.collection(name.strip_prefix(self.schema()?)?.strip_prefix('.')?);
        self.collection(name).or_else(in_schema)
    }

    /// The word under `key` for `collection`: what the collection says, or else what the dataset says for all of them.
    pub fn word<'d>(&'d self, collection: &'d MappedCollection, key: &str) -> Option<&'d str> {
        collection.settings.word(key).or_else(|| self.settings.word(key))
    }

    /// As [`Dataset::word`], for lists.
    pub fn list<'d>(&'d self, collection: &'d MappedCollection, key: &str) -> Vec<&'d str> {
        match collection.settings.has(key) {
            true => collection.settings.list(key),
            false => self.settings.list(key),
        }
    }

    /// `data_uses` of the dataset, of the collection and of its fields, as fideslang has them.
    pub fn uses<'d>(&'d self, collection: &'d MappedCollection) -> BTreeSet<&'d str> {
        let rests = [&self.rest, &collection.rest].into_iter().chain(collection.fields.iter().map(|field| &field.rest));
        let nodes = rests.flat_map(|rest| &rest.keys).filter(|(key, _)| key == "data_uses").map(|(_, node)| node);
        let words = nodes.flat_map(|node| match &node.value {
            yaml::Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        });
        words.filter_map(Node::scalar).collect()
    }

    /// Every category that holds for `field`: its own, those of its collection and those of the dataset.
    pub fn categories<'d>(
        &'d self,
        collection: &'d MappedCollection,
        field: &'d MappedField,
    ) -> impl Iterator<Item = &'d str> {
        let all = field.categories.iter().chain(&collection.categories).chain(&self.categories);
        all.map(String::as_str)
    }

    /// Whether `field` holds personal data: an identity, or a category below `user`.
    pub fn is_personal(&self, collection: &MappedCollection, field: &MappedField) -> bool {
        field.identity.is_some() || self.categories(collection, field).any(taxonomy::is_personal)
    }
}

impl MappedCollection {
    /// The field with that path.
    pub fn field(&self, path: &FieldPath) -> Option<&MappedField> {
        self.fields.iter().find(|field| field.path == *path)
    }

    /// The field of a whole column, dots in its name included.
    pub fn column(&self, name: &str) -> Option<&MappedField> {
        self.fields.iter().find(|field| field.path.0.len() == 1 && field.path.0[0] == name)
    }
}
