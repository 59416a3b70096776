//! Whether a row holds personal data any more.

use super::replace::{self, Replacer};
use crate::graph::Graph;
use crate::retention::is_same;
use crate::row::{Cell, FieldPath, Key};
use crate::tombstone::Secret;

/// The personal fields of a node's rows.
pub(crate) fn fields(graph: &Graph, node: usize) -> Vec<FieldPath> {
    replace::fields(graph, node, false)
}

/// Whether `field` of the row holds what it would hold in an anonymised row; `now` gives its cells.
pub(crate) fn is_blank(
    graph: &Graph,
    node: usize,
    secret: Option<&Secret>,
    field: &FieldPath,
    key: &Key,
    now: &dyn Fn(&FieldPath) -> Cell,
) -> bool {
    let cell = now(field);
    let of_column = |name: &str| Some(now(&FieldPath::column(name)));
    let replaced = Replacer { graph, node, secret }.cell(field, key, &cell, &of_column);
    // What the map preserves is as it is to be; what cannot be replaced is still there.
    replaced.is_ok_and(|replaced| replaced.is_none_or(|(new, _)| is_same(&new, &cell)))
}
