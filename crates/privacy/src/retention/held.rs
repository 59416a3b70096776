//! Whose rows holds keep: people are held as pseudonyms, so that every identity in the stores is looked at to find them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{Digest, Fault, Progress};

use crate::discover::{Member, Options, discover};
use crate::graph::Graph;
use crate::identity::{self, Identity, Rules};
use crate::row::{FieldPath, Key};
use crate::store::Find;
use crate::tombstone::Secret;

/// A person on whom a hold lies.
#[derive(Debug)]
struct Person {
    /// The hold.
    hold: String,
    /// As the stores know them.
    identities: Vec<Identity>,
}

/// Rows of held people: by store and collection each row's holds.
pub type HeldRows = HashMap<(String, String), HashMap<Key, BTreeSet<String>>>;

/// Finds the people of `holds` (id and pseudonyms) and every row of theirs.
///
/// # Errors
/// `hold-undecided` where an identity in a store cannot be compared with a hold; what the stores say.
pub fn people(
    graph: &Graph,
    members: &mut [Member],
    holds: &[(String, Vec<Digest>)],
    secret: &Secret,
    rules: &Rules,
    progress: &dyn Progress,
) -> Result<HeldRows, Fault> {
    let mut rows = HeldRows::new();
    if holds.is_empty() {
        return Ok(rows);
    }
    for person in find(graph, members, holds, secret, rules)? {
        let found = discover(graph, members, &person.identities, &Options::default(), progress)?;
        for (node, found) in graph.nodes.iter().zip(found.rows) {
            if found.is_empty() {
                continue;
            }
            let of = rows.entry((node.member_name.clone(), node.collection.name.clone())).or_default();
            for row in found {
                of.entry(row.key).or_default().insert(person.hold.clone());
            }
        }
    }
    Ok(rows)
}

fn find(
    graph: &Graph,
    members: &mut [Member],
    holds: &[(String, Vec<Digest>)],
    secret: &Secret,
    rules: &Rules,
) -> Result<Vec<Person>, Fault> {
    let wanted: HashMap<Digest, &String> =
        holds.iter().flat_map(|(id, pseudonyms)| pseudonyms.iter().map(move |one| (*one, id))).collect();
    let mut found: BTreeMap<&String, BTreeSet<Identity>> = BTreeMap::new();
    for node in graph.nodes.iter().filter(|node| !node.identities.is_empty()) {
        let fields: Vec<FieldPath> = node.identities.iter().map(|(field, _)| field.clone()).collect();
        let find = Find { collection: &node.collection.name, fields: &fields, any: &[], limit: None };
        members[node.member].store.find(&find, &mut |row| {
            let cells = node.identities.iter().zip(&row.cells);
            let own: Vec<(&str, &str)> =
                cells.filter_map(|((_, kind), cell)| Some((kind.as_str(), cell.as_deref()?))).collect();
            let mut of: BTreeSet<&String> = BTreeSet::new();
            for (kind, cell) in &own {
                of.extend(holds_of(kind, cell, &wanted, secret, rules).map_err(|fault| fault_in(&node.name(), fault))?);
            }
            for id in of {
                let own = own.iter().filter_map(|(kind, cell)| Identity::new(kind, cell, rules).ok());
                found.entry(id).or_default().extend(own);
            }
            Ok(())
        })?;
    }
    let person = |(id, identities): (&String, BTreeSet<Identity>)| Person {
        hold: id.clone(),
        identities: identities.into_iter().collect(),
    };
    Ok(found.into_iter().map(person).collect())
}

/// The holds on a value, read plainly and with its plus tag folded: a hold may have been made either way.
fn holds_of<'h>(
    kind: &str,
    cell: &str,
    wanted: &HashMap<Digest, &'h String>,
    secret: &Secret,
    rules: &Rules,
) -> Result<Vec<&'h String>, &'static str> {
    let Some(word) = identity::canonical_kind(kind) else { return Ok(Vec::new()) };
    let normals: BTreeSet<String> = [false, true]
        .into_iter()
        .filter_map(|fold_plus| identity::normalise(kind, cell, &Rules { fold_plus, ..*rules }))
        .collect();
    // A number without a calling code may be that of somebody on whom a hold lies, and nobody says where it is dialled.
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    if normals.is_empty() && word == "phone_number" && digits >= DIGITS && rules.region.is_none() {
        return Err("telephone numbers without a calling code");
    }
    Ok(normals.iter().filter_map(|normal| wanted.get(&secret.pseudonym(&word, normal)).copied()).collect())
}

/// Fewer digits are no telephone number in any country.
const DIGITS: usize = 5;

fn fault_in(collection: &str, what: &str) -> Fault {
    let message = format!("{collection} has {what}: nobody can say whether a hold lies on those people");
    Fault::refused("hold-undecided", message)
        .advise("Set privacy.region, so that they can be compared. Until then nothing is deleted.")
}
