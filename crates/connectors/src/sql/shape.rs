//! From the fields that were asked for to the columns that are selected, and back.

use model::Fault;
use privacy::catalog::{Catalog, Collection, Column, ColumnKind};
use privacy::row::{Cell, FieldPath, Key, Row};

use super::engine::Engine;
use super::json;

/// A field that the catalog knows.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    /// Its column.
    pub(crate) column: &'a Column,
    /// The path below it.
    pub(crate) path: &'a [String],
}

impl<'a> Field<'a> {
    /// Whether what is looked for stands within a text: below a path, or in a list that the store keeps as JSON.
    pub(crate) fn is_within(&self) -> bool {
        !self.path.is_empty() || self.is_text_list()
    }

    /// Whether the column is a list for the map, and a text for the store. Lists that a store knows are called `…[]` there.
    pub(crate) fn is_text_list(&self) -> bool {
        self.column.kind == ColumnKind::List && !self.column.type_name.ends_with("[]")
    }

    /// The field at `path`; a column whose name has dots is found by its whole name.
    ///
    /// # Errors
    /// `unknown-field`.
    pub(crate) fn of(collection: &'a Collection, path: &'a FieldPath) -> Result<Self, Fault> {
        if let Some(column) = collection.column(path.root()) {
            return Ok(Field { column, path: path.below() });
        }
        let column = collection.column(&path.to_string()).ok_or_else(|| {
            Fault::unavailable("unknown-field", format!("{} has no column {}", collection.name, path.root()))
                .advise("Compare the data map with the store: `probity map check`.")
        })?;
        Ok(Field { column, path: &[] })
    }
}

/// The collection of that name.
///
/// # Errors
/// `unknown-collection`.
pub(crate) fn collection<'a>(catalog: &'a Catalog, name: &str) -> Result<&'a Collection, Fault> {
    catalog.collection(name).ok_or_else(|| {
        Fault::unavailable("unknown-collection", format!("The store has no collection {name}")).advise(
            "Compare the data map with the store: `probity map check`. What this user may not see is told there.",
        )
    })
}

/// Which columns are selected, and how a row is made of them.
pub(crate) struct Shape<'a> {
    collection: &'a Collection,
    /// Selected, in this order, each once.
    columns: Vec<&'a Column>,
    /// Where the key's cells are in it.
    key: Vec<usize>,
    /// Where the fields' columns are in it, with their paths.
    fields: Vec<(usize, &'a [String])>,
}

impl<'a> Shape<'a> {
    pub(crate) fn new(collection: &'a Collection, fields: &'a [FieldPath]) -> Result<Self, Fault> {
        let mut shape = Shape { collection, columns: Vec::new(), key: Vec::new(), fields: Vec::new() };
        for column in naming(collection) {
            let at = shape.column(column);
            shape.key.push(at);
        }
        for path in fields {
            let field = Field::of(collection, path)?;
            let at = shape.column(field.column);
            shape.fields.push((at, field.path));
        }
        Ok(shape)
    }

    /// Where `column` is among those selected; it is added when it is not.
    pub(crate) fn column(&mut self, column: &'a Column) -> usize {
        self.columns.iter().position(|known| std::ptr::eq(*known, column)).unwrap_or_else(|| {
            self.columns.push(column);
            self.columns.len() - 1
        })
    }

    /// What is selected.
    pub(crate) fn columns(&self) -> &[&'a Column] {
        &self.columns
    }

    pub(crate) fn width(&self) -> usize {
        self.columns.len()
    }

    /// What stands between SELECT and FROM.
    pub(crate) fn list(&self, engine: &impl Engine) -> String {
        let shown: Vec<String> = self.columns.iter().map(|column| engine.shown(self.collection, column)).collect();
        shown.join(", ")
    }

    /// The driver's texts as canonical cells, in the order of the columns.
    pub(crate) fn cells<E: Engine>(&self, texts: Vec<Cell>) -> Vec<Cell> {
        texts.into_iter().zip(&self.columns).map(|(text, column)| Some(E::cell(column, text?))).collect()
    }

    pub(crate) fn key(&self, cells: &[Cell]) -> Key {
        Key(self.key.iter().map(|at| cells[*at].clone()).collect())
    }

    pub(crate) fn row(&self, cells: &[Cell]) -> Row {
        let field = |(at, path): &(usize, &[String])| match (&cells[*at], path.is_empty()) {
            (cell, true) => cell.clone(),
            (cell, false) => cell.as_ref().and_then(|text| json::cell(text, path)),
        };
        Row { key: self.key(cells), cells: self.fields.iter().map(field).collect() }
    }
}

/// The columns that name a row.
pub(crate) fn naming(collection: &Collection) -> Vec<&Column> {
    collection.naming().into_iter().filter_map(|name| collection.column(name)).collect()
}
