//! What stands in the cells of a row: of which person it speaks, and what its references say.

use crate::graph::{Edge, Graph};
use crate::row::{Cell, FieldPath};

/// Whether the condition of a polymorphic edge is met.
pub(crate) fn holds(graph: &Graph, edge: &Edge, cells: &[Cell]) -> bool {
    let Some((field, is)) = &edge.when else { return true };
    cell(graph, edge.child, field, cells).is_some_and(|cell| cell == is)
}

/// The text of `field` among the cells of the node's needs.
pub(crate) fn cell<'c>(graph: &Graph, node: usize, field: &FieldPath, cells: &'c [Cell]) -> Option<&'c String> {
    let at = graph.nodes[node].needs.binary_search(field).ok()?;
    cells.get(at)?.as_ref()
}

/// The values of `fields` in a row: none when one of them is absent; several when a single field is a list.
pub(crate) fn tuples(graph: &Graph, node: usize, fields: &[FieldPath], cells: &[Cell]) -> Vec<Vec<String>> {
    if let [field] = fields {
        let Some(text) = cell(graph, node, field, cells) else { return Vec::new() };
        return match is_list(graph, node, field) {
            true => texts(text).into_iter().map(|text| vec![text]).collect(),
            false => vec![vec![text.clone()]],
        };
    }
    let whole = fields.iter().map(|field| cell(graph, node, field, cells).cloned()).collect::<Option<Vec<_>>>();
    whole.into_iter().collect()
}

/// Whether the field holds a list, by the catalog or by the map.
pub(crate) fn is_list(graph: &Graph, node: usize, field: &FieldPath) -> bool {
    use crate::catalog::ColumnKind;
    let node = &graph.nodes[node];
    let column = node.collection.column(field.root()).map(|column| column.kind);
    let by_map =
        node.field(field).and_then(|field| field.data_type.as_deref()).is_some_and(|kind| kind.ends_with("[]"));
    by_map || field.below().is_empty() && column == Some(ColumnKind::List)
}

/// The texts of a cell: those of its elements when it is a JSON array.
pub(crate) fn texts(cell: &str) -> Vec<String> {
    let list = cell.starts_with('[').then(|| serde_json::from_str::<Vec<serde_json::Value>>(cell).ok()).flatten();
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => Some(text),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match list {
        Some(values) => values.into_iter().filter_map(text).collect(),
        None => vec![cell.to_owned()],
    }
}
