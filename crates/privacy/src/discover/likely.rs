//! References that nobody declared, asked about before a row goes because only the person's rows refer to it.
//!
//! A map that has not been looked through says nothing of `person.address_id`; the address that it names is somebody's all the
//! same, and stays.

use std::collections::{BTreeSet, HashMap, HashSet};

use model::{Fault, Progress};

use super::ask::Question;
use super::up::At;
use super::{Member, Search, State};
use crate::Limits;
use crate::graph::{gap, joined};
use crate::row::FieldPath;
use crate::store::{Condition, Fold};

/// A row of another's, or one found going up (which it is), that seems to refer to a row.
pub(super) struct Referrer {
    pub(super) to: At,
    /// Where it was found going up.
    pub(super) from: Option<At>,
}

/// Asks every column that is named and typed like the key of `rows`, and that no reference speaks of, who else refers to them.
pub(super) fn referrers(
    search: &mut Search<'_>,
    members: &mut [Member],
    rows: &[At],
    progress: &dyn Progress,
) -> Result<Vec<Referrer>, Fault> {
    let nodes: BTreeSet<usize> = rows.iter().map(|(node, _)| *node).collect();
    let mut found = Vec::new();
    for node in nodes {
        let keys = keys(search, node, rows);
        for (child, field) in search.graph.likely(node) {
            let before = found.len();
            for keys in keys.chunks(Limits::BATCH) {
                let by_key = keys.iter().cloned().collect();
                ask(search, members, (child, &field), &by_key, &mut found, progress)?;
            }
            if found.len() > before {
                tell(search, (child, &field), node);
            }
        }
    }
    Ok(found)
}

/// The keys of those of `rows` that are `node`'s, where they have one column.
fn keys(search: &Search<'_>, node: usize, rows: &[At]) -> Vec<(String, At)> {
    let meant: HashSet<usize> = rows.iter().filter(|(of, _)| *of == node).map(|(_, at)| *at).collect();
    let mut keys: Vec<(String, At)> = search.nodes[node]
        .index
        .iter()
        .filter(|(_, at)| meant.contains(at))
        .filter_map(|(key, at)| Some((key.0.first()?.clone()?, (node, *at))))
        .collect();
    keys.sort();
    keys
}

fn ask(
    search: &mut Search<'_>,
    members: &mut [Member],
    (child, field): (usize, &FieldPath),
    by_key: &HashMap<String, At>,
    found: &mut Vec<Referrer>,
    progress: &dyn Progress,
) -> Result<(), Fault> {
    let mut values: Vec<Vec<String>> = by_key.keys().map(|key| vec![key.clone()]).collect();
    values.sort();
    let condition = Condition { fields: vec![field.clone()], fold: Fold::Exact, values, when: None };
    let question = Question {
        node: child,
        conditions: vec![condition],
        edges: Vec::new(),
        extra: vec![field.clone()],
        limit: None,
    };
    let answers = search.asked.ask(search.graph, members, vec![question], search.options, progress)?;
    for row in answers.into_iter().flat_map(|answer| answer.rows) {
        let known = search.nodes[child].index.get(&row.key).copied();
        let state = known.map(|at| search.nodes[child].rows[at].state);
        if state == Some(State::Owned) {
            continue;
        }
        let from = known.filter(|_| state == Some(State::Up)).map(|at| (child, at));
        let value = row.cells.last().cloned().flatten();
        match value.and_then(|value| by_key.get(&value)) {
            Some(to) => found.push(Referrer { to: *to, from }),
            // The store found it equal by a rule of its own: nobody can say which one it means.
            None => found.extend(by_key.values().map(|to| Referrer { to: *to, from: None })),
        }
    }
    Ok(())
}

fn tell(search: &mut Search<'_>, (child, field): (usize, &FieldPath), parent: usize) {
    let (child, parent) = (&search.graph.nodes[child], &search.graph.nodes[parent]);
    let key = joined(&parent.collection.key.iter().map(|column| FieldPath::column(column)).collect::<Vec<_>>());
    let text = format!(
        "{}.{field} looks like a reference to {}.{key}, and the map does not say so: what another's rows name there stays",
        child.collection.name, parent.collection.name
    );
    search.asked.gaps.push(gap("likely-reference", Some(&child.member_name), Some(&child.collection.name), text, None));
}
