//! The cells of rows that were found, read again in batches: nothing is held but the row at hand.

use std::collections::HashMap;

use model::Fault;

use super::{FoundRow, Member};
use crate::Limits;
use crate::graph::Graph;
use crate::row::{Cell, FieldPath, Key};
use crate::store::{Condition, Find, Fold};

/// Receives a row that was found and its cells.
pub type EachFound<'a> = dyn FnMut(&FoundRow, Vec<Cell>) -> Result<(), Fault> + 'a;

/// Streams `fields` of `rows`, which were found in `node`. `member` is the node's. Rows that have gone meanwhile do not come;
/// equal rows of a collection without a key come once, with their count in [`FoundRow::count`].
///
/// # Errors
/// What the store or `each` says.
pub fn rows<'r>(
    graph: &Graph,
    member: &mut Member,
    node: usize,
    rows: impl IntoIterator<Item = &'r FoundRow>,
    fields: &[FieldPath],
    each: &mut EachFound<'_>,
) -> Result<(), Fault> {
    let collection = &graph.nodes[node].collection;
    let naming = collection.naming();
    if collection.key.is_empty() {
        return rows.into_iter().try_for_each(|row| each(row, of_key(&naming, &row.key, fields)));
    }
    let rows: Vec<&FoundRow> = rows.into_iter().collect();
    for rows in rows.chunks(Limits::BATCH) {
        let by_key: HashMap<&Key, &FoundRow> = rows.iter().map(|row| (&row.key, *row)).collect();
        let values = rows.iter().map(|row| row.key.0.iter().flatten().cloned().collect()).collect();
        let columns = naming.iter().map(|name| FieldPath::column(name)).collect();
        let any = [Condition { fields: columns, fold: Fold::Exact, values, when: None }];
        let find = Find { collection: &collection.name, fields, any: &any, limit: None };
        member.store.find(&find, &mut |row| match by_key.get(&row.key) {
            Some(found) => each(found, row.cells),
            None => Ok(()),
        })?;
    }
    Ok(())
}

/// A row without a key is named by all its columns: its cells are known.
fn of_key(naming: &[&str], key: &Key, fields: &[FieldPath]) -> Vec<Cell> {
    let of_field = |field: &FieldPath| {
        let at = naming.iter().position(|name| *name == field.root())?;
        let whole = key.0.get(at)?.as_ref()?;
        if field.below().is_empty() { Some(whole.clone()) } else { below(whole, field.below()) }
    };
    fields.iter().map(of_field).collect()
}

/// The text at `path` in a JSON document.
fn below(document: &str, path: &[String]) -> Cell {
    let document: serde_json::Value = serde_json::from_str(document).ok()?;
    let value = path.iter().try_fold(&document, |value, part| value.get(part))?;
    match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
