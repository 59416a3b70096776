//! Who else the person is: identities that stand in their rows beside those by which they were found.
//!
//! A hold or a restriction on `email=ann@example.org` is one on customer 4711 when that is Ann. Whoever names her by her number
//! must meet it all the same.

use std::collections::BTreeSet;

use model::Fault;

use super::{Found, FoundRow, Member, Role, rows};
use crate::graph::{Graph, Node};
use crate::identity::{self, Identity};
use crate::row::FieldPath;

/// Kind and normalised value of each identity in rows of the person, those of `identities` included. Of two addresses in a row
/// one of which is the person's the other can be somebody else's: kinds that were named are not learned.
///
/// # Errors
/// What the stores say.
pub fn also_known_as(
    graph: &Graph,
    members: &mut [Member],
    found: &Found,
    identities: &[Identity],
) -> Result<BTreeSet<(String, String)>, Fault> {
    let mut known: BTreeSet<(String, String)> =
        identities.iter().map(|one| (one.kind().to_owned(), one.normalised().to_owned())).collect();
    let named: BTreeSet<String> = known.iter().map(|(kind, _)| kind.clone()).collect();
    let rules = identities.first().map(|one| *one.rules()).unwrap_or_default();
    for (number, node) in graph.nodes.iter().enumerate() {
        let wanted: Vec<_> = node
            .identities
            .iter()
            .filter_map(|(field, kind)| Some((field, kind, identity::canonical_kind(kind)?)))
            .filter(|(field, _, canonical)| !named.contains(canonical) && !is_of_others(node, field))
            .collect();
        let own: Vec<&FoundRow> = found.rows[number].iter().filter(|row| row.role == Role::Owned).collect();
        if wanted.is_empty() || own.is_empty() {
            continue;
        }
        let fields: Vec<_> = wanted.iter().map(|(field, ..)| (*field).clone()).collect();
        rows(graph, &mut members[node.member], number, own, &fields, &mut |_, cells| {
            for ((_, kind, canonical), cell) in wanted.iter().zip(cells) {
                let normal = cell.and_then(|cell| identity::normalise(kind, &cell, &rules));
                known.extend(normal.map(|normal| (canonical.clone(), normal)));
            }
            Ok(())
        })?;
    }
    Ok(known)
}

/// Whether the map says of the field that it names other people.
pub(super) fn is_of_others(node: &Node, path: &FieldPath) -> bool {
    let field = node.mapped.as_ref().and_then(|mapped| mapped.column(path.root()));
    field.and_then(|field| field.settings.flag("other_people")) == Some(true)
}
