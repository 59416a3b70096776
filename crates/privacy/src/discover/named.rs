//! Which of many identities the stores know somebody by.

use std::collections::{BTreeSet, HashMap};

use model::Fault;

use super::{Member, texts};
use crate::Limits;
use crate::graph::{Graph, Node};
use crate::identity::{self, Identity};
use crate::row::FieldPath;
use crate::store::{Condition, Find, Fold};

/// Kind and normalised value of those of `identities` that stand in a field which the map calls an identity. Asked in
/// batches, whatever their number.
///
/// # Errors
/// What the stores say.
pub fn named(
    graph: &Graph,
    members: &mut [Member],
    identities: &[Identity],
) -> Result<BTreeSet<(String, String)>, Fault> {
    let mut known = BTreeSet::new();
    for node in graph.nodes.iter().filter(|node| !node.skipped) {
        for batch in identities.chunks(Limits::BATCH) {
            within(node, &mut members[node.member], batch, &mut known)?;
        }
    }
    Ok(known)
}

fn within(
    node: &Node,
    member: &mut Member,
    identities: &[Identity],
    known: &mut BTreeSet<(String, String)>,
) -> Result<(), Fault> {
    let any = conditions(node, identities);
    let Some(rules) = identities.first().map(|one| *one.rules()).filter(|_| !any.is_empty()) else { return Ok(()) };
    let wanted: BTreeSet<(&str, &str)> = identities.iter().map(|one| (one.kind(), one.normalised())).collect();
    let fields: Vec<FieldPath> = node.identities.iter().map(|(field, _)| field.clone()).collect();
    let find = Find { collection: &node.collection.name, fields: &fields, any: &any, limit: None };
    member.store.find(&find, &mut |row| {
        for ((_, kind), cell) in node.identities.iter().zip(row.cells) {
            let Some(canonical) = identity::canonical_kind(kind) else { continue };
            for text in cell.iter().flat_map(|cell| texts(cell)) {
                let Some(normal) = identity::normalise(kind, &text, &rules) else { continue };
                if wanted.contains(&(canonical.as_str(), normal.as_str())) {
                    known.insert((canonical.clone(), normal));
                }
            }
        }
        Ok(())
    })
}

/// One condition for each field and way of comparing, with the values of all.
fn conditions(node: &Node, identities: &[Identity]) -> Vec<Condition> {
    let mut by_field: HashMap<(&FieldPath, Fold), Vec<Vec<String>>> = HashMap::new();
    for (field, kind) in &node.identities {
        for identity in identities.iter().filter(|identity| identity.is_of(kind)) {
            let condition = identity.condition(field);
            by_field.entry((field, condition.fold)).or_default().extend(condition.values);
        }
    }
    let condition = |((field, fold), values): ((&FieldPath, Fold), _)| Condition {
        fields: vec![field.clone()],
        fold,
        values,
        when: None,
    };
    by_field.into_iter().map(condition).collect()
}
