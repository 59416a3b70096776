//! The columns of a collection of documents: what the map declares, and what a sample of the rows has.

use privacy::catalog::{Column, ColumnKind};
use privacy::row::FieldPath;

use super::json::{Node, Value};
use super::shape::Shape;

/// How many rows of a collection are looked at.
pub(crate) const SAMPLE_ROWS: u64 = 1_000;

/// Columns as they are seen.
#[derive(Default)]
pub(crate) struct Columns {
    seen: Vec<(String, Option<ColumnKind>)>,
}

impl Columns {
    /// What the map declares, without the columns `around` that the name gives.
    pub(crate) fn declared(shape: &Shape, around: &[&str]) -> Self {
        let mut columns = Columns::default();
        for (field, data_type) in &shape.fields {
            if !around.contains(&field.root()) {
                let kind =
                    if field.below().is_empty() { declared_kind(data_type.as_deref()) } else { Some(ColumnKind::Json) };
                columns.add(field.root(), kind);
            }
        }
        columns
    }

    /// Learns from one row.
    pub(crate) fn see(&mut self, body: &Node) {
        for member in body.members() {
            self.add(&member.name, seen_kind(&member.node));
        }
    }

    fn add(&mut self, name: &str, kind: Option<ColumnKind>) {
        match self.seen.iter_mut().find(|(known, _)| known == name) {
            None => self.seen.push((name.to_owned(), kind)),
            Some((_, known)) => *known = merged(*known, kind),
        }
    }

    /// The columns: first those that the name gives, none of which is ever without a value.
    pub(crate) fn into_columns(self, around: &[&str], key: &[FieldPath]) -> Vec<Column> {
        let outside = around.iter().map(|name| column(name, ColumnKind::Text, false));
        let inside = self.seen.into_iter().filter(|(name, _)| !around.contains(&name.as_str()));
        let is_key = |name: &str| key.iter().any(|field| field.below().is_empty() && field.root() == name);
        let inside = inside.map(|(name, kind)| column(&name, kind.unwrap_or(ColumnKind::Text), !is_key(&name)));
        outside.chain(inside).collect()
    }
}

/// A column of a document store.
pub(crate) fn column(name: &str, kind: ColumnKind, nullable: bool) -> Column {
    let type_name = match kind {
        ColumnKind::Text => "string",
        ColumnKind::Integer => "integer",
        ColumnKind::Number => "float",
        ColumnKind::Boolean => "boolean",
        ColumnKind::Time => "timestamp",
        ColumnKind::Bytes => "bytes",
        ColumnKind::Json => "object",
        ColumnKind::List => "list",
        ColumnKind::Other => "other",
    };
    Column {
        name: name.to_owned(),
        kind,
        type_name: type_name.to_owned(),
        nullable,
        has_default: false,
        generated: false,
        max_chars: None,
        words: Vec::new(),
        comment: None,
        label: None,
        checks: Vec::new(),
    }
}

fn declared_kind(data_type: Option<&str>) -> Option<ColumnKind> {
    match data_type? {
        text if text.ends_with("[]") => Some(ColumnKind::List),
        "integer" => Some(ColumnKind::Integer),
        "float" => Some(ColumnKind::Number),
        "boolean" => Some(ColumnKind::Boolean),
        "object" => Some(ColumnKind::Json),
        _ => Some(ColumnKind::Text),
    }
}

fn seen_kind(node: &Node) -> Option<ColumnKind> {
    match &node.value {
        Value::Null => None,
        Value::Boolean(_) => Some(ColumnKind::Boolean),
        Value::Number(number) if number.contains(['.', 'e', 'E']) => Some(ColumnKind::Number),
        Value::Number(_) => Some(ColumnKind::Integer),
        Value::Text(_) => Some(ColumnKind::Text),
        Value::List(_) => Some(ColumnKind::List),
        Value::Object(_) => Some(ColumnKind::Json),
    }
}

/// The kind that can hold both.
fn merged(one: Option<ColumnKind>, other: Option<ColumnKind>) -> Option<ColumnKind> {
    use ColumnKind::{Integer, Json, List, Number, Text};
    match (one, other) {
        (None, kind) | (kind, None) => kind,
        (Some(one), Some(other)) if one == other => Some(one),
        (Some(Integer | Number), Some(Integer | Number)) => Some(Number),
        (Some(Json | List), _) | (_, Some(Json | List)) => Some(Json),
        _ => Some(Text),
    }
}
