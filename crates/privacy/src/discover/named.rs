//! Which of many identities the stores know somebody by.

use std::collections::{BTreeSet, HashMap, HashSet};

use model::Fault;

use super::{Found, Member, Role, ask, texts};
use crate::Limits;
use crate::graph::{Graph, Node};
use crate::identity::{self, Identity};
use crate::map::taxonomy;
use crate::row::{FieldPath, Key};
use crate::store::{Condition, Find, Fold};

/// Kind and normalised value of those of `identities` that stand, in a row that is not among the person's (`found`), in a field
/// which the map calls an identity; or, in a collection about people that is small or has an index, in contact data or a whole
/// name (kind `name`). Asked in batches, whatever their number.
///
/// # Errors
/// What the stores say.
pub fn named(
    graph: &Graph,
    members: &mut [Member],
    found: &Found,
    identities: &[Identity],
) -> Result<BTreeSet<(String, String)>, Fault> {
    let mut known = BTreeSet::new();
    for (number, node) in graph.nodes.iter().enumerate().filter(|(_, node)| !node.skipped) {
        let own = found.rows[number].iter().filter(|row| row.role == Role::Owned).map(|row| &row.key).collect();
        for batch in identities.chunks(Limits::BATCH) {
            within(node, &mut members[node.member], &own, batch, &mut known)?;
        }
    }
    Ok(known)
}

fn within(
    node: &Node,
    member: &mut Member,
    own: &HashSet<&Key>,
    identities: &[Identity],
    known: &mut BTreeSet<(String, String)>,
) -> Result<(), Fault> {
    let asked = asked(node, identities);
    let any = conditions(&asked, identities);
    let Some(rules) = identities.first().map(|one| *one.rules()).filter(|_| !any.is_empty()) else { return Ok(()) };
    let wanted: BTreeSet<(&str, &str)> = identities.iter().map(|one| (one.kind(), one.normalised())).collect();
    let fields: Vec<FieldPath> = asked.iter().map(|(field, _)| field.clone()).collect();
    let find = Find { collection: &node.collection.name, fields: &fields, any: &any, limit: None };
    member.store.find(&find, &mut |row| {
        if own.contains(&row.key) {
            return Ok(());
        }
        for ((_, kind), cell) in asked.iter().zip(row.cells) {
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

/// The fields that can know somebody, and by what.
fn asked(node: &Node, identities: &[Identity]) -> Vec<(FieldPath, String)> {
    let mut fields = node.identities.clone();
    let is_known = |path: &FieldPath| node.identities.iter().any(|(field, _)| field == path);
    let mapped = node.mapped.iter().filter(|_| node.about_people).flat_map(|mapped| &mapped.fields);
    for field in mapped.filter(|field| !is_known(&field.path) && field.references.is_empty()) {
        let is_name = || field.categories.iter().any(|category| category == "user.name");
        let Some(kind) = taxonomy::reaches(&field.categories).or_else(|| is_name().then_some("name")) else { continue };
        let one = [(field.path.clone(), kind.to_owned())];
        if !ask::is_dear(&node.collection, &conditions(&one, identities)) {
            fields.extend(one);
        }
    }
    fields
}

/// One condition for each field and way of comparing, with the values of all.
fn conditions(fields: &[(FieldPath, String)], identities: &[Identity]) -> Vec<Condition> {
    let mut by_field: HashMap<(&FieldPath, Fold), Vec<Vec<String>>> = HashMap::new();
    for (field, kind) in fields {
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
