//! After an erase: is anything of the person still there?
//!
//! Three questions: the search that found the rows is run again and must find nothing but what the plan keeps; every identity
//! is looked for in every text of every store ([`crate::residual`]); each store does what it can so that the bytes go too, and
//! says what remains physically. What is found is told with its place and never deleted.

use std::collections::{HashMap, HashSet};

use model::{Fault, Progress};

use crate::discover::{Found, Member, Options, Role, discover};
use crate::graph::Graph;
use crate::identity::Identity;
use crate::plan::Plan;
use crate::residual::{self, Remains, Search, Value};
use crate::row::Key;
use crate::store::DataStore;

/// What was found.
#[derive(Debug, Default)]
pub struct Verified {
    /// Rows that the search finds again and that the plan does not keep.
    pub left: Vec<Left>,
    /// What the scan of each store says, in the order of the members.
    pub stores: Vec<StoreVerified>,
    /// Identities that were not looked for in texts, a sentence each.
    pub unsearched: Vec<String>,
}

/// Rows that should be gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The store.
    pub member: String,
    /// The collection.
    pub collection: String,
    /// The rows.
    pub rows: Vec<Key>,
}

/// One store.
#[derive(Debug, Default)]
pub struct StoreVerified {
    /// Its name.
    pub member: String,
    /// Hits that nothing explains.
    pub hits: Vec<residual::Remain>,
    /// Hits in rows that the plan keeps, each with the reason.
    pub explained: Vec<(residual::Remain, String)>,
    /// How many hits there were in all, listed or not.
    pub hits_all: u64,
    /// Collections, rows and bytes that were looked at, and what was not.
    pub scanned: crate::store::Scanned,
    /// Why it could not be scanned.
    pub fault: Option<Fault>,
    /// What remains physically, a sentence each.
    pub physical: Vec<String>,
}

impl Verified {
    /// Whether everything was looked at and nothing is left.
    pub fn is_clean(&self) -> bool {
        self.left.is_empty() && self.stores.iter().all(|store| store.fault.is_none() && store.hits.is_empty())
    }

    /// Hits that nothing explains, over all stores.
    pub fn hits(&self) -> u64 {
        self.stores.iter().map(|store| store.hits.len() as u64).sum()
    }

    /// Whether a store could not be looked at.
    pub fn fault(&self) -> Option<&Fault> {
        self.stores.iter().find_map(|store| store.fault.as_ref())
    }
}

/// Looks for the person again.
///
/// # Errors
/// What the search says; that a store cannot be scanned stands in [`StoreVerified::fault`].
pub fn verify(
    plan: &Plan,
    graph: &Graph,
    members: &mut [Member],
    identities: &[Identity],
    progress: &dyn Progress,
) -> Result<Verified, Fault> {
    let reasons = Reasons::of(plan);
    // A replica may show what is gone, and may not show what has come.
    members.iter_mut().for_each(|member| member.store.leave_replicas());
    let found = discover(graph, members, identities, &Options { digests: false, tolerant: false }, progress)?;
    let search = Search::new(&identities.iter().map(Value::of).collect::<Vec<_>>())?;
    let physical = compact(plan, members);
    let numbers = numbers(members, identities);
    let mut stores: Vec<(&str, &mut dyn DataStore)> =
        members.iter_mut().map(|member| (member.name.as_str(), &mut *member.store as &mut dyn DataStore)).collect();
    let scans = residual::scan(&mut stores, &search, progress);
    let scans = scans.into_iter().zip(numbers).map(|(scan, numbers)| {
        let (mut scan, numbers) = (scan?, numbers?);
        scan.hits += numbers.0.len() as u64;
        scan.places.extend(numbers.0);
        scan.scanned.unread.extend(numbers.1);
        Ok(scan)
    });
    let stores = members.iter().zip(scans).zip(physical);
    Ok(Verified {
        left: left(graph, &found, &reasons),
        stores: stores.map(|((member, scan), physical)| store(&member.name, scan, physical, &reasons)).collect(),
        unsearched: search.unsearched().to_vec(),
    })
}

/// Places, and what could not be asked.
type InNumbers = (Vec<residual::Remain>, Vec<String>);

/// What stands in columns of numbers, in the order of the members.
fn numbers(members: &mut [Member], identities: &[Identity]) -> Vec<Result<InNumbers, Fault>> {
    let values: Vec<Value> = identities.iter().map(Value::of).collect();
    let one = |member: &mut Member| {
        let mut all = InNumbers::default();
        for (number, value) in values.iter().enumerate() {
            let (places, unread) = residual::numeric(&mut *member.store, &member.catalog, number, value)?;
            all.0.extend(places);
            all.1.extend(unread);
        }
        Ok(all)
    };
    members.iter_mut().map(one).collect()
}

fn left(graph: &Graph, found: &Found, reasons: &Reasons<'_>) -> Vec<Left> {
    let mut left = Vec::new();
    for (node, rows) in graph.nodes.iter().zip(&found.rows) {
        let concerns = |role: Role| !matches!(role, Role::Up { exclusive: false });
        let keys = rows.iter().filter(|row| concerns(row.role)).map(|row| &row.key);
        let keys: Vec<Key> = keys
            .filter(|key| reasons.of_row(&node.member_name, &node.collection.name, key).is_none())
            .cloned()
            .collect();
        if !keys.is_empty() {
            left.push(Left { member: node.member_name.clone(), collection: node.collection.name.clone(), rows: keys });
        }
    }
    left
}

/// Rows of the person that the plan does not know: they have come since it was made.
///
/// # Errors
/// What the search says.
pub fn unplanned(
    plan: &Plan,
    graph: &Graph,
    members: &mut [Member],
    identities: &[Identity],
    progress: &dyn Progress,
) -> Result<Vec<Left>, Fault> {
    let mut known = Reasons::of(plan);
    for step in &plan.steps {
        let rows = known.0.entry((step.member.as_str(), step.collection.as_str())).or_default();
        rows.extend(step.targets.iter().map(|target| (&target.key, "planned")));
    }
    let found = discover(graph, members, identities, &Options { digests: false, tolerant: false }, progress)?;
    Ok(left(graph, &found, &known))
}

/// Rows of the plan that the search finds, though they were to go: in a store that is done they have come back.
///
/// # Errors
/// What the search says.
pub fn planned(
    plan: &Plan,
    graph: &Graph,
    members: &mut [Member],
    identities: &[Identity],
    progress: &dyn Progress,
) -> Result<Vec<Left>, Fault> {
    let mut known: HashMap<(&str, &str), HashSet<&Key>> = HashMap::new();
    for step in &plan.steps {
        let rows = known.entry((step.member.as_str(), step.collection.as_str())).or_default();
        rows.extend(step.targets.iter().map(|target| &target.key));
    }
    let found = discover(graph, members, identities, &Options { digests: false, tolerant: false }, progress)?;
    let mut left = left(graph, &found, &Reasons::of(plan));
    for of in &mut left {
        let planned = known.get(&(of.member.as_str(), of.collection.as_str()));
        of.rows.retain(|key| planned.is_some_and(|rows| rows.contains(key)));
    }
    left.retain(|of| !of.rows.is_empty());
    Ok(left)
}

/// Asks each store that was changed to let the bytes go too; that it cannot is said, and is no fault of the erase.
pub(crate) fn compact(plan: &Plan, members: &mut [Member]) -> Vec<Vec<String>> {
    let one = |member: &mut Member| {
        let mut touched: Vec<&str> = plan.steps_of(&member.name).map(|step| step.collection.as_str()).collect();
        touched.sort_unstable();
        touched.dedup();
        match touched.is_empty() {
            true => Vec::new(),
            false => member.store.compact(&touched).unwrap_or_else(|fault| {
                vec![format!(
                    "The store could not be compacted, so that deleted bytes remain in it: {}",
                    fault.message()
                )]
            }),
        }
    };
    members.iter_mut().map(one).collect()
}

fn store(member: &str, scan: Result<Remains, Fault>, physical: Vec<String>, reasons: &Reasons<'_>) -> StoreVerified {
    let mut verified = StoreVerified { member: member.to_owned(), physical, ..StoreVerified::default() };
    match scan {
        Err(fault) => verified.fault = Some(fault),
        Ok(remains) => {
            for place in remains.places {
                match reasons.of_row(member, &place.collection, &place.key) {
                    Some(reason) => verified.explained.push((place, reason.to_owned())),
                    None => verified.hits.push(place),
                }
            }
            verified.hits_all = remains.hits;
            verified.scanned = remains.scanned;
        }
    }
    verified
}

/// Why rows may still be there.
struct Reasons<'p>(HashMap<(&'p str, &'p str), HashMap<&'p Key, &'p str>>);

impl<'p> Reasons<'p> {
    fn of(plan: &'p Plan) -> Self {
        let mut rows: HashMap<_, HashMap<&Key, &str>> = HashMap::new();
        let kept = plan.kept.iter().map(|it| (&it.member, &it.collection, &it.rows, it.code.as_str()));
        let shared = plan.shared.iter().map(|it| (&it.member, &it.collection, &it.rows, "shared"));
        for (member, collection, keys, reason) in kept.chain(shared) {
            let of = rows.entry((member.as_str(), collection.as_str())).or_default();
            of.extend(keys.iter().map(|key| (key, reason)));
        }
        Reasons(rows)
    }

    fn of_row(&self, member: &str, collection: &str, key: &Key) -> Option<&'p str> {
        self.0.get(&(member, collection))?.get(key).copied()
    }
}
