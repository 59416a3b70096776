//! In which order the rows of one store are deleted: what refers before what is referred to.
//!
//! Where links lead in a circle they are loosened, in this order: the store's own ON DELETE CASCADE; emptying a link that
//! can be empty; a constraint that can be checked at the end of the transaction. What is still a circle stays.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::fates::{At, Fate, Work};
use super::order::{components, placed};
use crate::catalog::OnDelete;
use crate::graph::Edge;
use crate::row::FieldPath;

/// The deletions of one store.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    /// A node and rows of it, one after the other.
    pub(super) batches: Vec<(usize, Vec<usize>)>,
    /// Links that are emptied before anything is deleted.
    pub(super) loosened: BTreeMap<At, BTreeSet<FieldPath>>,
    /// Constraints have to wait for the end of the transaction.
    pub(super) defer: bool,
    /// Edges that the store's own rule takes care of.
    pub(super) cascades: BTreeSet<usize>,
}

/// More steps than that for one chain of rows, and its links are emptied instead, where they can be.
const LAYERS_MAX: usize = 32;

/// A row that is deleted refers to another: edge, child, parent.
type Ref = (usize, At, At);

/// The order of every store; says which rows cannot be deleted because of circles (then the orders are not final).
pub(super) fn orders(work: &Work<'_>, orders: &mut BTreeMap<usize, Order>) -> Vec<At> {
    orders.clear();
    let mut by_member: BTreeMap<usize, Vec<At>> = BTreeMap::new();
    for row in work.all().filter(|row| *work.fate(*row) == Fate::Delete) {
        by_member.entry(work.graph.nodes[row.0].member).or_default().push(row);
    }
    let mut cyclic = Vec::new();
    for (member, rows) in by_member {
        let mut order = Order::default();
        cyclic.extend(one_store(work, &rows, &mut order));
        orders.insert(member, order);
    }
    cyclic
}

fn one_store(work: &Work<'_>, rows: &[At], order: &mut Order) -> Vec<At> {
    let mut cyclic = clinging(work, rows, order);
    let refs = refs(work, rows);
    let mut nodes: Vec<usize> = rows.iter().map(|(node, _)| *node).collect();
    nodes.dedup();
    let place: HashMap<usize, usize> = nodes.iter().enumerate().map(|(place, node)| (*node, place)).collect();
    let arrows: BTreeSet<(usize, usize)> =
        refs.iter().map(|(_, child, parent)| (place[&child.0], place[&parent.0])).collect();
    let component = components(nodes.len(), &arrows);
    for group in placed(work, &nodes, &component, &arrows) {
        let of_group = |node: usize| component[place[&node]] == group;
        let members: Vec<At> = rows.iter().copied().filter(|(node, _)| of_group(*node)).collect();
        let inside: Vec<Ref> =
            refs.iter().copied().filter(|(_, child, parent)| of_group(child.0) && of_group(parent.0)).collect();
        cyclic.extend(one_group(work, &members, inside, order));
    }
    cyclic
}

/// Rows that refer to themselves, in stores that mind: their link is emptied first. Those whose link cannot be empty stay.
fn clinging(work: &Work<'_>, rows: &[At], order: &mut Order) -> Vec<At> {
    let mut stay = Vec::new();
    for &row in rows.iter().filter(|row| work.graph.nodes[row.0].collection.clings_to_itself) {
        for &number in &work.graph.out[row.0] {
            let edge = &work.graph.edges[number];
            let minds = edge.link.as_ref().is_some_and(|link| link.on_delete != OnDelete::Cascade);
            if minds
                && edge.parent == row.0
                && work.parents(row, number).contains(&row)
                && !loosen(work, row, edge, order)
            {
                stay.push(row);
            }
        }
    }
    stay
}

fn refs(work: &Work<'_>, rows: &[At]) -> Vec<Ref> {
    let mut refs = Vec::new();
    for &row in rows {
        for &number in work.graph.out[row.0].iter().filter(|number| work.graph.edges[**number].link.is_some()) {
            let parents = work.parents(row, number).into_iter();
            // A row that refers to itself goes with itself; see `clinging`.
            let others = parents.filter(|parent| *parent != row && *work.fate(*parent) == Fate::Delete);
            refs.extend(others.map(|parent| (number, row, parent)));
        }
    }
    refs
}

/// Rows whose collections refer to each other in a circle, or to themselves.
fn one_group(work: &Work<'_>, rows: &[At], mut refs: Vec<Ref>, order: &mut Order) -> Vec<At> {
    let edge = |number: usize| &work.graph.edges[number];
    let rule = |number: usize| edge(number).link.as_ref();
    let (mut found, mut left) = layers(rows, &refs);
    let is_done = |found: &Vec<Vec<At>>, left: &Vec<At>| left.is_empty() && found.len() <= LAYERS_MAX;
    if !left.is_empty() {
        let cascades = |number: usize| rule(number).is_some_and(|rule| rule.on_delete == OnDelete::Cascade);
        order.cascades.extend(refs.iter().map(|(number, ..)| *number).filter(|number| cascades(*number)));
        refs = without_cascades(&refs, &cascades);
        (found, left) = layers(rows, &refs);
    }
    if !is_done(&found, &left) {
        refs.retain(|(number, child, _)| !loosen(work, *child, edge(*number), order));
        (found, left) = layers(rows, &refs);
    }
    if !left.is_empty() {
        let deferrable = |number: usize| rule(number).is_some_and(|rule| rule.deferrable);
        order.defer |= refs.iter().any(|(number, ..)| deferrable(*number));
        refs.retain(|(number, ..)| !deferrable(*number));
        (found, left) = layers(rows, &refs);
    }
    // A statement may check row by row: rows of one collection that refer to each other go in one step each layer.
    for layer in found {
        let mut by_node: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        layer.into_iter().for_each(|(node, at)| by_node.entry(node).or_default().push(at));
        order.batches.extend(by_node);
    }
    circles(&left, &refs)
}

/// A row that the store deletes with another need not go before it; but what refers to such a row must have gone by then.
fn without_cascades(refs: &[Ref], cascades: &dyn Fn(usize) -> bool) -> Vec<Ref> {
    let mut taken: HashMap<At, Vec<At>> = HashMap::new();
    let mut referrers: HashMap<At, Vec<(usize, At)>> = HashMap::new();
    for (number, child, parent) in refs {
        match cascades(*number) {
            true => taken.entry(*parent).or_default().push(*child),
            false => referrers.entry(*parent).or_default().push((*number, *child)),
        }
    }
    let mut all: BTreeSet<Ref> = refs.iter().copied().filter(|(number, ..)| !cascades(*number)).collect();
    for parent in taken.keys() {
        let mut with: HashSet<At> = HashSet::from([*parent]);
        let mut queue = vec![*parent];
        while let Some(row) = queue.pop() {
            queue.extend(taken.get(&row).into_iter().flatten().filter(|child| with.insert(**child)));
        }
        let from_outside =
            with.iter().filter_map(|row| referrers.get(row)).flatten().filter(|(_, row)| !with.contains(row));
        all.extend(from_outside.map(|(number, row)| (*number, *row, *parent)));
    }
    all.into_iter().collect()
}

fn loosen(work: &Work<'_>, row: At, edge: &Edge, order: &mut Order) -> bool {
    let Some(fields) = work.cuttable(row, edge) else { return false };
    order.loosened.entry(row).or_default().extend(fields);
    true
}

/// Rows to which nothing refers, then those to which only they referred, and so on; and what is left over.
fn layers(rows: &[At], refs: &[Ref]) -> (Vec<Vec<At>>, Vec<At>) {
    let mut referrers: HashMap<At, usize> = rows.iter().map(|row| (*row, 0)).collect();
    let mut parents: HashMap<At, Vec<At>> = HashMap::new();
    for (_, child, parent) in refs {
        *referrers.entry(*parent).or_default() += 1;
        parents.entry(*child).or_default().push(*parent);
    }
    let mut layers = Vec::new();
    let mut ready: Vec<At> = rows.iter().copied().filter(|row| referrers[row] == 0).collect();
    let mut done: HashSet<At> = HashSet::new();
    while !ready.is_empty() {
        ready.sort_unstable();
        let mut next = Vec::new();
        for row in &ready {
            done.insert(*row);
            for parent in parents.get(row).into_iter().flatten() {
                let left = referrers.entry(*parent).or_default();
                *left -= 1;
                if *left == 0 {
                    next.push(*parent);
                }
            }
        }
        layers.push(std::mem::replace(&mut ready, next));
    }
    let left = rows.iter().copied().filter(|row| !done.contains(row)).collect();
    (layers, left)
}

/// Of the rows that are left over, those that also refer to one that is: the others go once the circle is dealt with.
fn circles(left: &[At], refs: &[Ref]) -> Vec<At> {
    let is_left: HashSet<At> = left.iter().copied().collect();
    let turned: Vec<Ref> = refs
        .iter()
        .filter(|(_, child, parent)| is_left.contains(child) && is_left.contains(parent))
        .map(|(number, child, parent)| (*number, *parent, *child))
        .collect();
    layers(left, &turned).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Catalog, Collection, Column, ColumnKind, Link};
    use crate::discover::{Found, FoundRow, Role};
    use crate::graph::{Graph, Part};
    use crate::plan::{NoHolds, Policy};
    use crate::row::Key;

    fn table(name: &str, links: &[(&str, &str, OnDelete, bool, bool)]) -> Collection {
        let column = |name: &str, nullable| Column {
            name: name.to_owned(),
            kind: ColumnKind::Integer,
            type_name: "int".to_owned(),
            nullable,
            has_default: false,
            generated: false,
            max_chars: None,
            words: Vec::new(),
            comment: None,
            label: None,
            checks: Vec::new(),
        };
        let own = [column("id", false)].into_iter();
        let link = |(name, target, on_delete, deferrable, _): &(&str, &str, OnDelete, bool, bool)| Link {
            name: format!("fk_{name}"),
            columns: vec![(*name).to_owned()],
            target: (*target).to_owned(),
            target_columns: vec!["id".to_owned()],
            on_delete: *on_delete,
            deferrable: *deferrable,
        };
        Collection {
            name: name.to_owned(),
            columns: own.chain(links.iter().map(|link| column(link.0, link.4))).collect(),
            key: vec!["id".to_owned()],
            links: links.iter().map(link).collect(),
            transactional: true,
            ..Collection::default()
        }
    }

    /// Two tables, a(id, b) and b(id, a); rows a1 → b1 → a1, and b2 → a1, which is in no circle.
    fn check(a: (OnDelete, bool, bool), b: (OnDelete, bool, bool), expect: (usize, usize, usize, bool)) {
        let collections = vec![table("a", &[("b", "b", a.0, a.1, a.2)]), table("b", &[("a", "a", b.0, b.1, b.2)])];
        let catalog = Catalog { collections, ..Catalog::default() };
        let parts = [Part { member: "m", dataset: "m", catalog: &catalog }];
        let (graph, _) = Graph::new(&Default::default(), &parts).unwrap();
        let row = |id: &str, of: &[&str]| FoundRow {
            key: Key(vec![Some(id.to_owned())]),
            role: Role::Owned,
            count: 1,
            digest: None,
            cells: of.iter().map(|cell| Some((*cell).to_owned())).collect(),
            ties: Vec::new(),
            referrers: Vec::new(),
            seed: false,
        };
        // The cells of the needs, in the order of their names: b and id; a and id.
        let rows = vec![vec![row("1", &["1", "1"])], vec![row("1", &["1", "1"]), row("2", &["1", "2"])]];
        let found = Found { rows, ..Found::default() };
        let policy = Policy {
            regime: "gdpr",
            article: "17",
            ground: None,
            subject: Vec::new(),
            inputs: BTreeMap::new(),
            today: "2026-11-22",
            holds: &NoHolds,
            secret: None,
            gaps: Vec::new(),
            ages: None,
        };
        let work = Work::new(&graph, &found, &policy).unwrap();
        let mut all = BTreeMap::new();
        let cyclic = orders(&work, &mut all);
        let order = &all[&0];
        let told = (cyclic.len(), order.loosened.len(), order.cascades.len(), order.defer);
        assert_eq!(told, expect, "{a:?} {b:?}");
        let rows: usize = order.batches.iter().map(|(_, rows)| rows.len()).sum();
        assert!(rows + cyclic.len() == 3 || !cyclic.is_empty());
    }

    #[test]
    fn circles_are_broken_in_the_order_of_the_law_of_the_house() {
        use OnDelete::{Cascade, NoAction, Restrict};
        // Cyclic rows, rows loosened, links left to the store, constraints deferred.
        check((Cascade, false, true), (NoAction, false, true), (0, 0, 1, false));
        check((NoAction, false, true), (NoAction, false, false), (0, 1, 0, false));
        check((NoAction, false, false), (NoAction, false, true), (0, 2, 0, false));
        check((NoAction, true, false), (NoAction, false, false), (0, 0, 0, true));
        check((NoAction, false, false), (Restrict, false, false), (2, 0, 0, false));
    }
}
