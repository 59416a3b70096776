//! One collection of the export: its columns with what the map says of them, and where its rows lie.

use super::Role;
use super::spool::{Bytes, Place};
use crate::catalog::{Collection, Column, ColumnKind};
use crate::map::{DataMap, Dataset, MappedCollection, MappedField, taxonomy};
use crate::row::{Cell, FieldPath, Key};

/// A collection of one dataset, of all its members.
pub(super) struct Table {
    pub(super) dataset: String,
    pub(super) collection: String,
    pub(super) described: Option<Dataset>,
    pub(super) mapped: Option<MappedCollection>,
    pub(super) columns: Vec<Field>,
    /// It is about people of their own.
    pub(super) about_people: bool,
    pub(super) rows: Vec<Entry>,
}

/// A row of it.
pub(super) struct Entry {
    pub(super) member: String,
    pub(super) key: Key,
    pub(super) role: Role,
    pub(super) place: Place,
    /// The file that it stands for.
    pub(super) content: Option<Content>,
}

/// A whole file of the person's.
pub(super) struct Content {
    pub(super) bytes: Bytes,
    /// As the store calls it, without folders.
    pub(super) name: String,
    /// Where it is in the archive.
    pub(super) path: String,
}

/// A column.
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: ColumnKind,
    pub(super) type_name: String,
    pub(super) nullable: bool,
    pub(super) comment: Option<String>,
    /// Its categories, most telling first, without those of collection and dataset.
    pub(super) categories: Vec<String>,
    /// Kind of identity.
    pub(super) identity: Option<String>,
    /// `other_people` of the map.
    pub(super) other_people: Option<bool>,
    /// Lets whoever reads it log in.
    pub(super) is_secret: bool,
    /// Provided by the person, by consent or contract (Art. 20(1)).
    pub(super) is_portable: bool,
    /// Addresses or telephone numbers stand in it, of whoever.
    pub(super) is_contact: bool,
    /// A name of whoever stands in it.
    pub(super) is_name: bool,
    /// Free text may stand in it: whatever the map does not call a datum of its own.
    pub(super) is_free: bool,
    /// Fields below it that hold other people's data or identities.
    pub(super) inner: Vec<Inner>,
}

/// A field inside a document.
pub(super) struct Inner {
    pub(super) path: Vec<String>,
    pub(super) identity: Option<String>,
    pub(super) other_people: Option<bool>,
    pub(super) is_secret: bool,
}

impl Table {
    pub(super) fn new(map: &DataMap, dataset: &str, collection: &Collection) -> Self {
        let described = map.dataset(dataset);
        let mapped = described.and_then(|dataset| dataset.of_catalog(&collection.name));
        let has_identity = mapped.is_some_and(|mapped| mapped.fields.iter().any(|field| field.identity.is_some()));
        let about_people = match mapped.and_then(|mapped| mapped.settings.word("about")) {
            Some("nobody") => false,
            Some("subject") => true,
            _ => has_identity,
        };
        let columns = collection.columns.iter().map(|column| Field::new(described, mapped, column)).collect();
        Table {
            dataset: dataset.to_owned(),
            collection: collection.name.clone(),
            described: described.cloned(),
            mapped: mapped.cloned(),
            columns,
            about_people,
            rows: Vec::new(),
        }
    }

    /// `dataset:collection`.
    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.dataset, self.collection)
    }

    /// What the map says under `key`, of the collection or of all of its dataset.
    pub(super) fn words(&self, key: &str) -> Vec<&str> {
        match (&self.described, &self.mapped) {
            (Some(dataset), Some(mapped)) => dataset.list(mapped, key),
            (Some(dataset), None) => dataset.settings.list(key),
            _ => Vec::new(),
        }
    }

    /// Every category of its columns, each once.
    pub(super) fn categories(&self) -> Vec<&str> {
        let general = self.mapped.iter().flat_map(|mapped| &mapped.categories);
        let whole = self.described.iter().flat_map(|dataset| &dataset.categories);
        let mut all: Vec<&str> = self
            .columns
            .iter()
            .flat_map(|column| &column.categories)
            .chain(general)
            .chain(whole)
            .map(String::as_str)
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl Field {
    fn new(dataset: Option<&Dataset>, mapped: Option<&MappedCollection>, column: &Column) -> Self {
        let field = mapped.and_then(|mapped| mapped.column(&column.name));
        let below = mapped
            .iter()
            .flat_map(|mapped| &mapped.fields)
            .filter(|field| field.path.root() == column.name && field.path.0.len() > 1);
        let inner = below.map(|field| Inner {
            path: field.path.below().to_vec(),
            identity: field.identity.clone(),
            other_people: field.settings.flag("other_people"),
            is_secret: is_secret(&field.categories),
        });
        let categories = field.map(|field| field.categories.clone()).unwrap_or_default();
        let is_datum = |category: &String| {
            taxonomy::is_personal(category) && category != "user" && !taxonomy::within(category, "user.content")
        };
        Field {
            name: column.name.clone(),
            kind: column.kind,
            type_name: column.type_name.clone(),
            nullable: column.nullable,
            comment: column.comment.clone(),
            identity: field.and_then(|field| field.identity.clone()),
            other_people: field.and_then(|field| field.settings.flag("other_people")),
            is_secret: is_secret(&categories),
            is_portable: is_portable(dataset, mapped, field),
            is_name: categories.iter().any(|category| taxonomy::within(category, "user.name")),
            is_contact: categories.iter().any(|category| is_contact(category)),
            is_free: matches!(column.kind, ColumnKind::Text | ColumnKind::Json | ColumnKind::List | ColumnKind::Other)
                && !categories.iter().any(is_datum),
            categories,
            inner: inner.collect(),
        }
    }
}

fn is_contact(category: &str) -> bool {
    category == "user.contact"
        || ["user.contact.email", "user.contact.phone_number"].iter().any(|kind| taxonomy::within(category, kind))
}

fn is_secret(categories: &[String]) -> bool {
    let secrets = ["user.authorization.credentials", "user.authorization.password"];
    categories.iter().any(|category| secrets.iter().any(|secret| taxonomy::within(category, secret)))
}

/// Art. 20(1): provided by the person, on consent (Art. 6(1)(a), 9(2)(a)) or contract (Art. 6(1)(b)).
fn is_portable(dataset: Option<&Dataset>, mapped: Option<&MappedCollection>, field: Option<&MappedField>) -> bool {
    let (Some(dataset), Some(mapped)) = (dataset, mapped) else { return false };
    let of_field = field.and_then(|field| field.settings.flag("provided"));
    let provided = of_field.or_else(|| dataset.word(mapped, "provided").and_then(|word| word.parse().ok()));
    let basis = dataset.list(mapped, "legal_basis");
    let fits = |basis: &&str| {
        let basis = basis.to_lowercase();
        ["consent", "contract", "6-1-a", "6-1-b", "9-2-a", "6(1)(a)", "6(1)(b)", "9(2)(a)"]
            .iter()
            .any(|word| basis.contains(word))
    };
    provided == Some(true) && basis.iter().any(fits)
}

/// Numbers before texts, and in their order.
pub(super) fn by_value(key: &Key) -> Vec<(u8, i128, &str)> {
    let order = |cell: &Cell| match cell.as_deref() {
        None => (0, 0),
        Some(text) => match text.parse::<i128>() {
            Ok(number) => (1, number),
            Err(_) => (2, 0),
        },
    };
    key.0.iter().map(|cell| (order(cell).0, order(cell).1, cell.as_deref().unwrap_or_default())).collect()
}

/// Whether `links` name the column.
pub(super) fn is_link(links: &[FieldPath], column: &str) -> bool {
    links.iter().any(|link| link.root() == column)
}
