//! From what was found to what is to be done.

use std::collections::{BTreeMap, BTreeSet};

use model::{Digest, Fault, Progress};

use super::fates::{Fate, Work};
use super::{Estimates, Gap, Holds, Plan, Recipient, StorePlan, Trap, cycles, fates, order, steps, traps};
use crate::discover::{Found, Member};
use crate::graph::Graph;
use crate::retention::Ages;
use crate::tombstone::Secret;

/// What a plan is made under.
pub struct Policy<'a> {
    /// `gdpr`, `ccpa`.
    pub regime: &'a str,
    /// `17`.
    pub article: &'a str,
    /// `17-1-a` … `17-1-f`.
    pub ground: Option<&'a str>,
    /// Kind and pseudonym of each identity.
    pub subject: Vec<(String, String)>,
    /// Digests of what the plan is made from.
    pub inputs: BTreeMap<String, Digest>,
    /// Today, `YYYY-MM-DD`: retention ends on a day.
    pub today: &'a str,
    /// What must stay.
    pub holds: &'a dyn Holds,
    /// For fields that the map wants pseudonymised.
    pub secret: Option<&'a Secret>,
    /// What is known to be out of sight: [`Graph::new`] tells it.
    pub gaps: Vec<Gap>,
    /// Rows go because of their age, not because of their person.
    pub ages: Option<&'a Ages<'a>>,
}

/// Plans the erase of what was found (with [`crate::discover::Options::digests`]). Reads the rows that are to change; changes
/// nothing.
///
/// # Errors
/// `cannot-erase-field` with every field for which there is no replacement; `erase-order-cycle`; `plan-drift` when rows
/// changed since they were found; what holds and stores say.
pub fn plan(
    graph: &Graph,
    members: &mut [Member],
    found: &Found,
    policy: &Policy<'_>,
    progress: &dyn Progress,
) -> Result<Plan, Fault> {
    let mut work = Work::new(graph, found, policy)?;
    let mut orders = BTreeMap::new();
    loop {
        fates::settle(&mut work);
        while fates::belong(&mut work) {
            fates::settle(&mut work);
        }
        // What a cycle keeps can keep other rows in turn; there are fewer to delete each time.
        let cyclic = cycles::orders(&work, &mut orders);
        if cyclic.is_empty() {
            break;
        }
        for row in cyclic {
            work.stay(
                row,
                "Its links and those of other rows lead in a circle, and none of them can be empty.".to_owned(),
            );
        }
    }
    fates::cut(&mut work);
    let mut traps = traps::of(&work, &orders);
    let stores = stores(&work, members, &orders)?;
    let steps = steps::steps(&work, members, &stores, &orders, policy, &mut traps, progress)?;
    traps.sort();
    traps.dedup();
    let mut gaps = policy.gaps.clone();
    gaps.extend(found.gaps.iter().cloned());
    gaps.extend(traps::gaps(&work));
    gaps.sort();
    gaps.dedup();
    Ok(Plan {
        regime: policy.regime.to_owned(),
        article: policy.article.to_owned(),
        ground: policy.ground.map(str::to_owned),
        as_of: policy.ages.map(|ages| ages.today.to_string()),
        subject: policy.subject.clone(),
        inputs: policy.inputs.clone(),
        stores,
        steps,
        kept: fates::kept(&work),
        shared: fates::shared(&work),
        gaps,
        traps,
        recipients: recipients(graph, &|node| {
            let is_theirs = |fate: &Fate| matches!(fate, Fate::Delete | Fate::Keep(_) | Fate::Stay(_));
            policy.ages.is_none() && work.fates[node].iter().any(is_theirs)
        }),
        backups: Vec::new(),
        estimates: Estimates { rows_read: rows_read(members, found), indexes: found.indexes.clone() },
    })
}

fn rows_read(members: &[Member], found: &Found) -> Vec<(String, u64)> {
    members.iter().zip(&found.rows_read).map(|(member, rows)| (member.name.clone(), *rows)).collect()
}

fn stores(
    work: &Work<'_>,
    members: &[Member],
    orders: &BTreeMap<usize, cycles::Order>,
) -> Result<Vec<StorePlan>, Fault> {
    let touched = |member: usize| {
        let nodes = work.graph.nodes.iter().enumerate().filter(move |(_, node)| node.member == member);
        nodes.filter(|(number, _)| work.touches(*number)).map(|(_, node)| node)
    };
    let transactional = |member: usize| {
        members[member].store.abilities().transactions && touched(member).all(|node| node.collection.transactional)
    };
    let order = order::stores(work, members.len(), &transactional)?;
    let store = |member: usize| StorePlan {
        member: members[member].name.clone(),
        dataset: members[member].dataset.clone(),
        transactional: transactional(member),
        defer: orders.get(&member).is_some_and(|order| order.defer),
        collections: work.graph.nodes.iter().filter(|node| node.member == member).count() as u64,
    };
    Ok(order.into_iter().map(store).collect())
}

/// Whoever got data of a collection that is `concerned`: they are to be told (Art. 19).
pub fn recipients(graph: &Graph, concerned: &dyn Fn(usize) -> bool) -> Vec<Recipient> {
    let mut by_name: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (number, node) in graph.nodes.iter().enumerate() {
        let (Some(dataset), Some(mapped), true) = (graph.dataset(number), node.mapped.as_ref(), concerned(number))
        else {
            continue;
        };
        for name in dataset.list(mapped, "recipients") {
            by_name.entry(name.to_owned()).or_default().insert(format!("{}.{}", node.dataset, node.collection.name));
        }
    }
    let recipient = |(name, collections): (String, BTreeSet<String>)| Recipient {
        name,
        collections: collections.into_iter().collect(),
    };
    by_name.into_iter().map(recipient).collect()
}

/// A trap, for people.
pub(super) fn trap(work: &Work<'_>, kind: &str, node: usize, text: String) -> Trap {
    let node = &work.graph.nodes[node];
    Trap { kind: kind.to_owned(), member: node.member_name.clone(), collection: node.collection.name.clone(), text }
}
