//! Which edges make a row somebody's, and how near to people each of them leads.

use std::collections::VecDeque;

use super::{Edge, Graph, Node, Tie};

/// Sets the tie of every edge and the distance of every node.
pub(super) fn rank(graph: &mut Graph) {
    let owns: Vec<bool> = graph.edges.iter().map(|edge| may_own(&graph.nodes, edge)).collect();
    let distances = distances(graph, &owns);
    for (edge, owns) in graph.edges.iter_mut().zip(owns) {
        edge.tie = match (owns, edge.owner) {
            (false, _) => Tie::Points,
            // What the map says comes before everything that the links tell.
            (true, Some(true)) => Tie::Owns(0),
            // Rows whose parents have no owner are nobody's over that edge; where such a parent goes all the same, they
            // point at it.
            (true, _) => distances[edge.parent].map_or(Tie::Points, |distance| Tie::Owns(distance + 1)),
        };
    }
    for (node, distance) in graph.nodes.iter_mut().zip(distances) {
        node.distance = distance;
    }
}

fn may_own(nodes: &[Node], edge: &Edge) -> bool {
    let child = &nodes[edge.child];
    if !edge.down || child.skipped {
        return false;
    }
    edge.owner.unwrap_or(!child.about_people || is_same_person(nodes, edge))
}

/// A row about a person belongs to the person of the row that it refers to when that link is what it is known by: its own
/// key (`customer.person_id`, primary key and foreign key in one), or a field that holds an identity.
fn is_same_person(nodes: &[Node], edge: &Edge) -> bool {
    let child = &nodes[edge.child];
    let is_identity =
        edge.child_fields.iter().any(|field| child.identities.iter().any(|(identity, _)| identity == field));
    let is_key = |node: &Node, fields: &[crate::row::FieldPath]| {
        let mut columns: Vec<_> = fields.iter().map(ToString::to_string).collect();
        let mut key = node.collection.key.clone();
        columns.sort();
        key.sort();
        !key.is_empty() && columns == key
    };
    let is_one_to_one = edge.child != edge.parent && is_key(child, &edge.child_fields);
    is_identity || is_one_to_one && is_key(&nodes[edge.parent], &edge.parent_fields)
}

/// Breadth first from the nodes that are about people, down the edges that may own. An edge from a collection to itself
/// brings nobody nearer.
fn distances(graph: &Graph, owns: &[bool]) -> Vec<Option<u32>> {
    let mut distances: Vec<Option<u32>> = graph.nodes.iter().map(|node| node.about_people.then_some(0)).collect();
    let mut queue: VecDeque<usize> = (0..graph.nodes.len()).filter(|node| distances[*node].is_some()).collect();
    while let Some(parent) = queue.pop_front() {
        let next = distances[parent].map_or(0, |distance| distance + 1);
        for &number in graph.into[parent].iter().filter(|number| owns[**number]) {
            let child = graph.edges[number].child;
            if distances[child].is_none() {
                distances[child] = Some(next);
                queue.push_back(child);
            }
        }
    }
    distances
}
