//! Orders that do not concern single rows: collections within a store, and stores.

use std::collections::BTreeSet;

use model::Fault;

use super::fates::Work;

/// For each node of a graph with arrows the number of its strongly connected component.
pub(super) fn components(count: usize, arrows: &BTreeSet<(usize, usize)>) -> Vec<usize> {
    let mut to = vec![Vec::new(); count];
    let mut from = vec![Vec::new(); count];
    for (a, b) in arrows {
        to[*a].push(*b);
        from[*b].push(*a);
    }
    // Kosaraju, without recursion: schemas may be deep.
    let mut finished = Vec::with_capacity(count);
    let mut seen = vec![false; count];
    for start in 0..count {
        walk(start, &to, &mut seen, &mut |node| finished.push(node));
    }
    let mut component = vec![usize::MAX; count];
    let mut seen = vec![false; count];
    for (number, start) in finished.into_iter().rev().enumerate() {
        walk(start, &from, &mut seen, &mut |node| component[node] = number);
    }
    component
}

/// Depth first; `leave` is called when everything behind a node has been seen.
fn walk(start: usize, to: &[Vec<usize>], seen: &mut [bool], leave: &mut dyn FnMut(usize)) {
    if std::mem::replace(&mut seen[start], true) {
        return;
    }
    let mut path = vec![(start, 0)];
    while let Some((node, at)) = path.pop() {
        match to[node].get(at) {
            Some(next) => {
                path.push((node, at + 1));
                if !std::mem::replace(&mut seen[*next], true) {
                    path.push((*next, 0));
                }
            }
            None => leave(node),
        }
    }
}

/// The components in the order in which they are deleted: referring ones first; as `erase_after` wants where links leave a
/// choice; those with identities last, so that whoever is stopped half-way can still find the person.
pub(super) fn placed(
    work: &Work<'_>,
    nodes: &[usize],
    component: &[usize],
    arrows: &BTreeSet<(usize, usize)>,
) -> Vec<usize> {
    let mut waiting: BTreeSet<usize> = component.iter().copied().collect();
    let mut order = Vec::with_capacity(waiting.len());
    let of = |group: usize| nodes.iter().zip(component).filter(move |(_, of)| **of == group).map(|(node, _)| *node);
    while !waiting.is_empty() {
        let is_free = |group: &usize| {
            let blocks = |(a, b): &(usize, usize)| {
                component[*b] == *group && component[*a] != *group && waiting.contains(&component[*a])
            };
            !arrows.iter().any(blocks)
        };
        let rank = |group: &usize| {
            let later = of(*group).any(|node| {
                waiting.iter().any(|other| other != group && of(*other).any(|before| comes_after(work, node, before)))
            });
            let seeds = of(*group).any(|node| !work.graph.nodes[node].identities.is_empty());
            (later, seeds, of(*group).min())
        };
        // Components have no circles among them: one is always free.
        let Some(next) = waiting.iter().copied().filter(|group| is_free(group)).min_by_key(|group| rank(group)) else {
            break;
        };
        waiting.remove(&next);
        order.push(next);
    }
    order
}

/// `erase_after` of the map: `node` is erased after `before`.
fn comes_after(work: &Work<'_>, node: usize, before: usize) -> bool {
    let (node, before) = (&work.graph.nodes[node], &work.graph.nodes[before]);
    // The map may leave out the schema with which the catalog names a table.
    let is_meant =
        |name: &str| node.mapped.as_ref().is_some_and(|mapped| mapped.erase_after.iter().any(|it| it == name));
    let named = |name: &String| is_meant(&format!("{}.{name}", before.dataset));
    named(&before.collection.name) || before.mapped.as_ref().is_some_and(|mapped| named(&mapped.name))
}

/// The members in the order in which they are worked on: as `erase_after` wants; those without transactions late; those
/// that hold the identities last of all.
pub(super) fn stores(
    work: &Work<'_>,
    members: usize,
    transactional: &dyn Fn(usize) -> bool,
) -> Result<Vec<usize>, Fault> {
    let mut after: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (number, node) in work.graph.nodes.iter().enumerate() {
        let others = work.graph.nodes.iter().enumerate().filter(|(_, other)| other.member != node.member);
        after.extend(
            others.filter(|(other, _)| comes_after(work, number, *other)).map(|(_, other)| (node.member, other.member)),
        );
    }
    let seeds =
        |member: usize| work.graph.nodes.iter().any(|node| node.member == member && !node.identities.is_empty());
    let mut waiting: BTreeSet<usize> = (0..members).collect();
    let mut order = Vec::with_capacity(members);
    while !waiting.is_empty() {
        let is_free = |member: &&usize| !after.iter().any(|(late, early)| late == *member && waiting.contains(early));
        let next =
            waiting.iter().filter(is_free).min_by_key(|member| (seeds(**member), !transactional(**member), **member));
        let Some(&next) = next else {
            return Err(Fault::bad_config("erase-order-cycle", "`erase_after` of the data map goes round in a circle")
                .advise("Take one of the `erase_after` out that lead from a store to another and back."));
        };
        waiting.remove(&next);
        order.push(next);
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_on_a_circle_is_one_component() {
        let arrows = BTreeSet::from([(0, 1), (1, 2), (2, 0), (2, 3), (4, 3), (5, 5)]);
        let found = components(6, &arrows);
        assert!(found[0] == found[1] && found[1] == found[2]);
        let others: BTreeSet<_> = [found[0], found[3], found[4], found[5]].into_iter().collect();
        assert_eq!(others.len(), 4);
    }
}
