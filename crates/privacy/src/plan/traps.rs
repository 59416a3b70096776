//! What happens on the side, or would have happened without the plan; and what it cannot reach.

use std::collections::{BTreeMap, BTreeSet};

use super::build::trap;
use super::cycles::Order;
use super::fates::{At, Fate, Work, rows};
use super::{Gap, Trap};
use crate::catalog::OnDelete;
use crate::discover::Role;
use crate::graph::{Edge, gap, joined};
use crate::map::Masking;

pub(super) fn of(work: &Work<'_>, orders: &BTreeMap<usize, Order>) -> Vec<Trap> {
    let mut traps = Vec::new();
    for (number, node) in work.graph.nodes.iter().enumerate().filter(|(number, _)| work.touches(*number)) {
        if !node.collection.triggers.is_empty() {
            let names = node.collection.triggers.join(", ");
            let text = format!("Triggers fire when its rows change, and may keep old values elsewhere: {names}.");
            traps.push(trap(work, "trigger", number, text));
        }
        if !node.collection.transactional {
            let text = "Changes to it cannot be taken back: it takes no part in transactions.".to_owned();
            traps.push(trap(work, "not-transactional", number, text));
        }
        for field in node.mapped.iter().flat_map(|mapped| &mapped.fields) {
            if field.masking == Some(Masking::Keep) && work.fates[number].iter().any(stays) {
                let text = format!("The map preserves {}: it stays in rows that stay.", field.path);
                traps.push(trap(work, "preserved", number, text));
            }
        }
    }
    for (number, edge) in work.graph.edges.iter().enumerate() {
        cascade(work, number, edge, &mut traps);
    }
    parts_of_kept(work, &mut traps);
    folded(work, &mut traps);
    for order in orders.values() {
        circles(work, order, &mut traps);
    }
    traps
}

fn stays(fate: &Fate) -> bool {
    matches!(fate, Fate::Keep(_) | Fate::Stay(_))
}

/// A rule of the store that would reach rows which are not the person's.
fn cascade(work: &Work<'_>, number: usize, edge: &Edge, traps: &mut Vec<Trap>) {
    let Some(link) = &edge.link else { return };
    let does = match link.on_delete {
        OnDelete::Cascade => "delete",
        OnDelete::SetDefault => "set to their default",
        OnDelete::SetNull | OnDelete::NoAction | OnDelete::Restrict => return,
    };
    let reached = |at: &usize| {
        let row: At = (edge.child, *at);
        *work.fate(row) != Fate::Delete && work.row(row).ties.contains(&number)
    };
    let count = (0..work.fates[edge.child].len()).filter(reached).count() as u64;
    if count > 0 {
        let text = format!(
            "The foreign key {} would {does} {} that stay when {} goes; the plan cuts or keeps them first.",
            link.name,
            rows(count),
            work.graph.nodes[edge.parent].collection.name
        );
        traps.push(trap(work, "cascade", edge.child, text));
    }
}

/// Rows that go although they are part of a row that the law keeps: often an oversight of the map.
fn parts_of_kept(work: &Work<'_>, traps: &mut Vec<Trap>) {
    let mut parts: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    for row in work.all().filter(|row| *work.fate(*row) == Fate::Delete && work.row(*row).role == Role::Owned) {
        for &number in &work.row(row).ties {
            let edge = &work.graph.edges[number];
            let is_part = !work.graph.nodes[edge.parent].about_people;
            let kept = |parent: &At| matches!(work.fate(*parent), Fate::Keep(_));
            if is_part && work.parents(row, number).iter().any(kept) {
                *parts.entry((row.0, edge.parent)).or_default() += work.row(row).count;
            }
        }
    }
    for ((node, parent), count) in parts {
        let text = format!(
            "{} of it go although they belong to rows of {} that the law keeps; if it keeps them too, give it `retain` as well.",
            rows(count),
            work.graph.nodes[parent].collection.name
        );
        traps.push(trap(work, "part-of-kept", node, text));
    }
}

fn folded(work: &Work<'_>, traps: &mut Vec<Trap>) {
    for (number, node) in work.graph.nodes.iter().enumerate() {
        for (field, _) in &node.identities {
            if work.found.folded.contains(&format!("{}.{field}", node.name())) {
                let text = format!("{field} was matched without regard to case, composition or punctuation.");
                traps.push(trap(work, "folded-match", number, text));
            }
            if work.found.alongside.contains(&format!("{}.{field}", node.name())) {
                let text = format!(
                    "Lists in {field} name others beside the person, or more of the person than was asked for; such rows are \
                     taken for the person's. Set `shared: keep` on the collection where they are not."
                );
                traps.push(trap(work, "identity-list", number, text));
            }
        }
    }
}

fn circles(work: &Work<'_>, order: &Order, traps: &mut Vec<Trap>) {
    let nodes: BTreeSet<usize> = order.loosened.keys().map(|(node, _)| *node).collect();
    for node in nodes {
        let of_node = order.loosened.iter().filter(|((of, _), _)| *of == node);
        let fields: BTreeSet<String> = of_node.flat_map(|(_, fields)| fields).map(ToString::to_string).collect();
        let fields = fields.into_iter().collect::<Vec<_>>().join(", ");
        traps.push(trap(
            work,
            "cycle",
            node,
            format!("Rows refer to each other in a circle: {fields} is emptied first."),
        ));
    }
    for number in &order.cascades {
        let edge = &work.graph.edges[*number];
        let text = format!(
            "Rows refer to each other in a circle: the store deletes over {} by itself.",
            joined(&edge.child_fields)
        );
        traps.push(trap(work, "cycle", edge.child, text));
    }
}

/// Rows that are the person's and cannot be deleted.
pub(super) fn gaps(work: &Work<'_>) -> Vec<Gap> {
    let mut gaps = Vec::new();
    for (number, node) in work.graph.nodes.iter().enumerate() {
        let fixed = work.fates[number].iter().zip(&work.found.rows[number]).filter(|(fate, _)| **fate == Fate::Fixed);
        let count: u64 = fixed.map(|(_, row)| row.count).sum();
        if count > 0 {
            let text =
                format!("{} of {} are the person's and cannot be deleted there", rows(count), node.collection.name);
            gaps.push(gap("read-only", Some(&node.member_name), Some(&node.collection.name), text, None));
        }
        let mapped = node.mapped.as_ref();
        if let Some(mapped) = mapped.filter(|mapped| mapped.skip) {
            let text = format!("{} is skipped (`skip_processing`): nothing of it is looked for", node.collection.name);
            gaps.push(gap("skipped", Some(&node.member_name), Some(&node.collection.name), text, Some(&mapped.place)));
        }
    }
    gaps
}
