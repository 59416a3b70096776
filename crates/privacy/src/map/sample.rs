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
    /// Whether what it holds stands in a list: of values, or of objects.
    pub is_list: bool,
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
                    known.is_list |= field.is_list;
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
    kind: ColumnKind,
    /// Whether every value of a text was a document.
    is_document: bool,
    inside: Vec<SampledField>,
}

impl Seen {
    fn new(name: &str, kind: ColumnKind) -> Self {
        Seen { field: SampledField::new(FieldPath::column(name)), kind, is_document: true, inside: vec![] }
    }

    fn value(&mut self, cell: Option<String>, limits: &Limits) {
        let Some(text) = cell.filter(|text| !text.trim().is_empty()) else { return };
        if let Some(document) = self.document_in(&text) {
            let path = self.field.path.clone();
            self.part(&path, document, limits);
            if self.kind == ColumnKind::Json {
                return;
            }
        } else {
            self.is_document = false;
        }
        self.field.values.push(cut(text, limits.chars));
    }

    /// The object or list that a cell holds: where the store says so, and where texts of the column are all written so.
    fn document_in(&self, text: &str) -> Option<serde_json::Value> {
        let may = matches!(self.kind, ColumnKind::Json | ColumnKind::List | ColumnKind::Text | ColumnKind::Other);
        let begins = text.trim_start().starts_with(['{', '[']);
        let document = (may && self.is_document || self.kind == ColumnKind::Json) && begins;
        document.then(|| serde_json::from_str(text).ok()).flatten()
    }

    /// What stands at `path` of a document: lists are gone through, as the paths of a map go through them.
    fn part(&mut self, path: &FieldPath, value: serde_json::Value, limits: &Limits) {
        match value {
            serde_json::Value::Null => {}
            serde_json::Value::Array(items) => {
                if let Some(field) = self.field_at(path, limits) {
                    field.is_list = true;
                }
                items.into_iter().for_each(|item| self.part(path, item, limits));
            }
            serde_json::Value::Object(map) if path.0.len() < limits.depth => {
                if let Some(field) = self.field_at(path, limits) {
                    field.is_object = true;
                }
                for (key, value) in map {
                    let below = FieldPath(path.0.iter().chain([&key]).cloned().collect());
                    self.part(&below, value, limits);
                }
            }
            value => {
                let text = match value {
                    serde_json::Value::String(text) => text,
                    other => other.to_string(),
                };
                if let Some(field) = self.field_at(path, limits).filter(|_| !text.trim().is_empty()) {
                    field.values.push(cut(text, limits.chars));
                }
            }
        }
    }

    /// The field at `path`; the column itself is one of them while its documents are looked into.
    fn field_at(&mut self, path: &FieldPath, limits: &Limits) -> Option<&mut SampledField> {
        let at = self.inside.iter().position(|field| field.path == *path);
        let at = match at {
            Some(at) => at,
            None if self.inside.len() <= limits.paths => {
                self.inside.push(SampledField::new(path.clone()));
                self.inside.len() - 1
            }
            None => return None,
        };
        self.inside.get_mut(at)
    }

    fn fields(mut self) -> Vec<SampledField> {
        let is_text = self.kind != ColumnKind::Json;
        if is_text && (self.field.values.is_empty() || !self.is_document) {
            return vec![self.field];
        }
        self.inside.sort_by(|a, b| a.path.cmp(&b.path));
        let whole = match self.inside.iter().position(|field| field.path == self.field.path) {
            Some(at) => self.inside.remove(at),
            None => SampledField::new(self.field.path.clone()),
        };
        self.field.is_object = whole.is_object;
        self.field.is_list = whole.is_list;
        if is_text {
            self.field.values.clear();
        }
        self.field.values.extend(whole.values);
        [vec![self.field], self.inside].concat()
    }
}

impl SampledField {
    fn new(path: FieldPath) -> Self {
        SampledField { path, values: vec![], is_object: false, is_list: false }
    }
}

fn cut(mut text: String, chars: usize) -> String {
    if let Some((at, _)) = text.char_indices().nth(chars) {
        text.truncate(at);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is seen of the cells of one column: `path kind values`.
    fn seen(kind: ColumnKind, cells: &[&str]) -> Vec<String> {
        let mut seen = Seen::new("c", kind);
        cells.iter().for_each(|cell| seen.value(Some((*cell).to_owned()), &Limits::default()));
        let kind = |field: &SampledField| match (field.is_object, field.is_list) {
            (true, true) => "objects",
            (true, false) => "object",
            (false, true) => "list",
            (false, false) => "value",
        };
        seen.fields().iter().map(|field| format!("{} {} {}", field.path, kind(field), field.values.join("|"))).collect()
    }

    #[test]
    fn documents_are_looked_into_wherever_they_are_kept() {
        let people = r#"[{"mail":"a@b.c","tags":["x","y"]},{"mail":"d@e.f","home":{"city":"Oslo"}}]"#;
        let fields =
            ["c objects ", "c.home object ", "c.home.city value Oslo", "c.mail value a@b.c|d@e.f", "c.tags list x|y"];
        for kind in [ColumnKind::Json, ColumnKind::Text, ColumnKind::Other] {
            assert_eq!(seen(kind, &[people]), fields, "{kind:?}");
            assert_eq!(seen(kind, &[r#"["a@b.c", 7]"#, "[]", r#"["d@e.f"]"#]), ["c list a@b.c|7|d@e.f"], "{kind:?}");
        }
        assert_eq!(seen(ColumnKind::List, &[r#"["a","b"]"#]), ["c list a|b"]);
        // One text that is none: the column holds texts.
        let mixed = [r#"{"mail": "a@b.c"}"#, "[sic]"];
        assert_eq!(seen(ColumnKind::Text, &mixed), [r#"c value {"mail": "a@b.c"}|[sic]"#]);
        assert_eq!(seen(ColumnKind::Bytes, &["[1]"]), ["c value [1]"]);
        assert_eq!(
            seen(ColumnKind::Json, &[r#"{"n": 1.50, "none": null}"#, "\"plain\""]),
            ["c object \"plain\"", "c.n value 1.5"]
        );
        assert_eq!(seen(ColumnKind::Text, &[]), ["c value "]);
    }
}
