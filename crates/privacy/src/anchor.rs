//! Anchors: by which values rows of other stores hang on rows of a person.
//!
//! Orders of one store belong to customer 4711 of another. When both are erased nobody knows 4711 any more; when a backup of
//! the orders comes back, they say nothing but 4711. So the value is remembered as who was erased is: as a tombstone, of a
//! kind that names the field ([`kind`]). Read back it is an identity of that kind, and [`crate::discover`] goes on from it as
//! if the row were still there, by the same rules of whose a row is.

use std::collections::BTreeSet;

use crate::discover::{Found, Role, is_list, texts, tuples};
use crate::graph::{Edge, Graph, Tie};
use crate::identity::{self, Identity, Rules};
use crate::row::FieldPath;

/// As much of the names of store, collection and field as a kind shows.
const SHOWN: usize = 40;

/// The kind of identity that a value of this field is: `row.shop.person.id.1a2b3c4d5e6f7081`.
pub fn kind(dataset: &str, collection: &str, field: &FieldPath) -> String {
    let field = field.to_string();
    let digest = crate::row::digest(&[dataset, collection, &field].map(|name| Some(name.to_owned())));
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
    let shown: Vec<String> =
        [dataset, collection, &field].iter().map(|name| name.chars().map(plain).collect()).collect();
    let shown: String = shown.join(".").chars().take(SHOWN).collect();
    format!("row.{shown}.{}", &digest.hex()[..16])
}

/// The kind of the field that an edge leads to, where a row of another dataset may be the person's by it.
pub fn of_edge(graph: &Graph, edge: &Edge) -> Option<String> {
    let (child, parent) = (&graph.nodes[edge.child], &graph.nodes[edge.parent]);
    let is_across = edge.down && child.dataset != parent.dataset && matches!(edge.tie, Tie::Owns(_));
    match edge.parent_fields.as_slice() {
        [field] if is_across => Some(kind(&parent.dataset, &parent.collection.name, field)),
        _ => None,
    }
}

/// The values in a cell of the field from which an edge leads: several where it is a list.
pub fn values(graph: &Graph, edge: usize, cell: &str) -> Vec<String> {
    let edge = &graph.edges[edge];
    match edge.child_fields.as_slice() {
        [field] if is_list(graph, edge.child, field) => texts(cell),
        _ => vec![cell.to_owned()],
    }
}

/// The values of each kind among `identities`.
pub(crate) fn given<'i>(kind: &str, identities: &'i [Identity]) -> impl Iterator<Item = &'i str> {
    identities.iter().filter(move |identity| identity.kind() == kind).map(Identity::given)
}

/// Kind and normalised value of everything by which rows elsewhere hang on rows that were found.
pub fn anchors(graph: &Graph, found: &Found) -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    for edge in &graph.edges {
        let Some(kind) = of_edge(graph, edge) else { continue };
        for row in found.rows[edge.parent].iter().filter(|row| row.role == Role::Owned) {
            let values = tuples(graph, edge.parent, &edge.parent_fields, &row.cells);
            let normal =
                values.iter().flatten().filter_map(|value| identity::normalise(&kind, value, &Rules::default()));
            all.extend(normal.map(|value| (kind.clone(), value)));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_a_word_and_names_one_field() {
        let of = |dataset: &str, collection: &str, field: &str| kind(dataset, collection, &FieldPath::column(field));
        assert!(of("shop", "person", "id").starts_with("row.shop.person.id."));
        assert_ne!(of("shop", "person", "id"), of("shop", "Person", "id"));
        assert_ne!(of("a.b", "c", "d"), of("a", "b.c", "d"));
        for kind in [of("shop", "person", "id"), of("ü", &"x".repeat(200), "a b\n")] {
            let read = Identity::new(&kind, "4711", &Rules::default()).expect("a word");
            assert_eq!((read.kind(), read.normalised()), (&*kind, "4711"));
        }
    }
}
