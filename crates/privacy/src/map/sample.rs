//! A look into a store: a bounded number of rows of each collection, read only, for telling what its columns hold.
//!
//! Values are personal data: they stay in memory, are never printed, and are gone with the [`Sample`].

use model::Fault;

use crate::catalog::{Catalog, Collection, ColumnKind};
use crate::row::FieldPath;
use crate::store::{DataStore, Find};

/// How much is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Rows of each collection.
    pub rows: u64,
    /// Characters that are kept of each value.
    pub chars: usize,
    /// Fields that are told apart within the documents of one column.
    pub paths: usize,
    /// How deep documents are looked into.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { rows: 200, chars: 2000, paths: 60, depth: 5 }
    }
}

/// What was seen of one collection.
#[derive(Clone, Default)]
pub struct Sample {
    /// As the catalog names it.
    pub collection: String,
    /// Rows that were read.
    pub rows: u64,
    /// Columns in the catalog's order, each followed by the fields of the documents in it.
    pub fields: Vec<SampledField>,
}

/// The values that were seen in one field.
#[derive(Clone)]
pub struct SampledField {
    /// The column, or the path into its documents.
    pub path: FieldPath,
    /// Those that are there and not empty, cut to [`Limits::chars`].
    pub values: Vec<String>,
    /// Whether the field only holds other fields.
    pub is_object: bool,
}

/// Values are not for traces.
impl std::fmt::Debug for Sample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sample({}: {} rows)", self.collection, self.rows)
    }
}

impl Sample {
    /// The values of one field.
    pub fn field(&self, path: &FieldPath) -> Option<&SampledField> {
        self.fields.iter().find(|field| field.path == *path)
    }
}

/// Reads a sample of `collection`.
///
/// # Errors
/// What the store says.
pub fn take(store: &mut dyn DataStore, collection: &Collection, limits: &Limits) -> Result<Sample, Fault> {
    let columns: Vec<FieldPath> = collection.columns.iter().map(|column| FieldPath::column(&column.name)).collect();
    let mut seen: Vec<Seen> = collection.columns.iter().map(|column| Seen::new(&column.name, column.kind)).collect();
    let mut rows = 0;
    let find = Find { collection: &collection.name, fields: &columns, any: &[], limit: Some(limits.rows) };
    store.find(&find, &mut |row| {
        rows += 1;
        for (seen, cell) in seen.iter_mut().zip(row.cells) {
            seen.value(cell, limits);
        }
        Ok(())
    })?;
    let fields = seen.into_iter().flat_map(Seen::fields).collect();
    Ok(Sample { collection: collection.name.clone(), rows, fields })
}

/// Samples of every collection that is worth a look; what could not be read is said in a sentence each.
pub fn take_all(store: &mut dyn DataStore, catalog: &Catalog, limits: &Limits) -> (Vec<Sample>, Vec<String>) {
    let (mut samples, mut gaps) = (Vec::new(), Vec::new());
    for collection in worth_a_look(catalog) {
        match take(store, collection, limits) {
            Ok(sample) => samples.push(sample),
            Err(fault) => gaps.push(format!("{} was not looked at: {}", collection.name, fault.message())),
        }
    }
    (samples, gaps)
}

/// The values of parts of one store, as if they had been in one place.
pub fn join(mut samples: Vec<Sample>, others: Vec<Sample>) -> Vec<Sample> {
    for other in others {
        let Some(known) = samples.iter_mut().find(|sample| sample.collection == other.collection) else {
            samples.push(other);
            continue;
        };
        known.rows += other.rows;
        for field in other.fields {
            match known.fields.iter_mut().find(|known| known.path == field.path) {
                Some(known) => {
                    known.values.extend(field.values);
                    known.is_object |= field.is_object;
                }
                None => known.fields.push(field),
            }
        }
    }
    samples
}

/// The collections of a catalog that are looked at: those that hold rows of their own.
pub fn worth_a_look(catalog: &Catalog) -> impl Iterator<Item = &Collection> {
    catalog.collections.iter().filter(|collection| !collection.read_only)
}

/// One column while its rows come in.
struct Seen {
    field: SampledField,
    is_document: bool,
    inside: Vec<SampledField>,
}

impl Seen {
    fn new(name: &str, kind: ColumnKind) -> Self {
        let field = SampledField { path: FieldPath::column(name), values: vec![], is_object: false };
        Seen { field, is_document: kind == ColumnKind::Json, inside: vec![] }
    }

    fn value(&mut self, cell: Option<String>, limits: &Limits) {
        let Some(text) = cell.filter(|text| !text.trim().is_empty()) else { return };
        if self.is_document
            && let Ok(serde_json::Value::Object(map)) = serde_json::from_str(&text)
        {
            self.field.is_object = true;
            let path = self.field.path.clone();
            self.document(&path, &map, limits);
            return;
        }
        self.field.values.push(cut(text, limits.chars));
    }

    fn document(&mut self, above: &FieldPath, map: &serde_json::Map<String, serde_json::Value>, limits: &Limits) {
        for (key, value) in map {
            let path = FieldPath(above.0.iter().chain([key]).cloned().collect());
            if let (serde_json::Value::Object(inner), true) = (value, path.0.len() < limits.depth) {
                if let Some(field) = self.field_at(&path, limits) {
                    field.is_object = true;
                }
                self.document(&path, inner, limits);
                continue;
            }
            let text = match value {
                serde_json::Value::Null => continue,
                serde_json::Value::String(text) if text.trim().is_empty() => continue,
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            if let Some(field) = self.field_at(&path, limits) {
                field.values.push(cut(text, limits.chars));
            }
        }
    }

    fn field_at(&mut self, path: &FieldPath, limits: &Limits) -> Option<&mut SampledField> {
        let at = self.inside.iter().position(|field| field.path == *path);
        let at = match at {
            Some(at) => at,
            None if self.inside.len() < limits.paths => {
                self.inside.push(SampledField { path: path.clone(), values: vec![], is_object: false });
                self.inside.len() - 1
            }
            None => return None,
        };
        self.inside.get_mut(at)
    }

    fn fields(mut self) -> Vec<SampledField> {
        self.inside.sort_by(|a, b| a.path.cmp(&b.path));
        [vec![self.field], self.inside].concat()
    }
}

fn cut(mut text: String, chars: usize) -> String {
    if let Some((at, _)) = text.char_indices().nth(chars) {
        text.truncate(at);
    }
    text
}
