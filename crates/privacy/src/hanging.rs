//! Rows that say nothing of people but by which value they hang on a row of another store: orders of customer 4711. Whether
//! 4711 was erased is told by tombstones of that value; whether somebody else is 4711 now, by the other store.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use model::Fault;

use crate::anchor;
use crate::discover::{Member, is_of};
use crate::graph::Graph;
use crate::identity::{self, Identity, Rules};
use crate::map::{DataMap, Direction};
use crate::plan::Gap;
use crate::row::FieldPath;
use crate::store::{Condition, DataStore, Find, Fold, Nothing};
use crate::tombstone::{Secret, Tombstones};

/// So many different values are asked for at once.
const BATCH: usize = 2_000;

/// What came of it.
#[derive(Debug, Default)]
pub struct Hanging {
    /// Values that were erased, and that nobody has now.
    pub back: BTreeSet<Identity>,
    /// Rows that were looked at.
    pub looked: u64,
    /// Values that were erased and that somebody has again.
    pub again: u64,
    /// Values that nobody has, and of which tombstones of earlier versions would say nothing.
    pub unknown: u64,
    /// References of the map that lead to no store.
    pub lost: u64,
}

/// Whether rows of this store can be a person's by a reference to another store.
pub fn can_be(map: &DataMap, store: &str) -> bool {
    let is_own = |key: &str| map.datasets.iter().any(|dataset| dataset.key == key && dataset.store == store);
    map.datasets.iter().any(|dataset| {
        let fields = dataset.collections.iter().flat_map(|collection| &collection.fields);
        fields.flat_map(|field| &field.references).any(|reference| {
            match (dataset.store == store, is_own(&reference.dataset)) {
                (true, false) => reference.direction != Some(Direction::To),
                (false, true) => reference.direction != Some(Direction::From),
                _ => false,
            }
        })
    })
}

/// The stores, all of them open, and what tells who was erased.
pub struct Scene<'s> {
    /// How rows refer to each other.
    pub graph: &'s Graph,
    /// The stores.
    pub members: &'s mut [Member],
    /// What map and stores do not show.
    pub gaps: &'s [Gap],
    /// What makes pseudonyms.
    pub secret: &'s Secret,
    /// Who was erased.
    pub stones: &'s Tombstones,
}

/// Looks at every row of the store that hangs on another one.
///
/// # Errors
/// What the stores say.
pub fn look(scene: &mut Scene<'_>, store: &str) -> Result<Hanging, Fault> {
    let mut hanging = Hanging::default();
    let is_lost =
        |gap: &&Gap| gap.kind == "dangling-reference" && gap.member.as_ref().is_some_and(|member| is_of(store, member));
    hanging.lost = scene.gaps.iter().filter(is_lost).count() as u64;
    for hook in hooks(scene.graph, store) {
        // Taken out meanwhile, so that the others can be asked while its rows are coming.
        let mut own = std::mem::replace(&mut scene.members[hook.member].store, Box::new(Nothing));
        let looked = hanging.look_at(scene, &hook, &mut *own);
        scene.members[hook.member].store = own;
        looked?;
    }
    Ok(hanging)
}

/// A field whose values lead to rows of other stores.
struct Hook {
    /// The kind of identity that its values are.
    kind: String,
    /// Of the edges; they differ in the store alone that they lead to.
    edges: Vec<usize>,
    member: usize,
    collection: String,
    field: FieldPath,
    when: Option<(FieldPath, String)>,
}

fn hooks(graph: &Graph, store: &str) -> Vec<Hook> {
    let mut hooks: Vec<Hook> = Vec::new();
    for (number, edge) in graph.edges.iter().enumerate() {
        let child = &graph.nodes[edge.child];
        let (Some(kind), [field], true) =
            (anchor::of_edge(graph, edge), edge.child_fields.as_slice(), is_of(store, &child.member_name))
        else {
            continue;
        };
        let hook = Hook {
            kind,
            edges: vec![number],
            member: child.member,
            collection: child.collection.name.clone(),
            field: field.clone(),
            when: edge.when.clone(),
        };
        let is_same = |one: &&mut Hook| {
            (&one.kind, one.member, &one.collection, &one.field, &one.when)
                == (&hook.kind, hook.member, &hook.collection, &hook.field, &hook.when)
        };
        match hooks.iter_mut().find(is_same) {
            Some(known) => known.edges.push(number),
            None => hooks.push(hook),
        }
    }
    hooks
}

impl Hanging {
    /// Reads one field of one collection.
    fn look_at(&mut self, scene: &mut Scene<'_>, hook: &Hook, own: &mut dyn DataStore) -> Result<(), Fault> {
        let (graph, secret, stones) = (scene.graph, scene.secret, scene.stones);
        let fields: Vec<FieldPath> =
            [Some(&hook.field), hook.when.as_ref().map(|(field, _)| field)].into_iter().flatten().cloned().collect();
        let find = Find { collection: &hook.collection, fields: &fields, any: &[], limit: None };
        // By value: whether it was erased for sure.
        let mut open: BTreeMap<String, bool> = BTreeMap::new();
        own.find(&find, &mut |row| {
            let mut cells = row.cells.into_iter();
            let Some(cell) = cells.next().flatten() else { return Ok(()) };
            if hook.when.as_ref().is_some_and(|(_, is)| cells.next().flatten().as_ref() != Some(is)) {
                return Ok(());
            }
            self.looked += 1;
            for value in anchor::values(graph, hook.edges[0], &cell) {
                match identity::normalise(&hook.kind, &value, &Rules::default()) {
                    None => self.unknown += u64::from(!value.trim().is_empty() && !stones.is_empty()),
                    Some(normal) => {
                        let is_erased = stones.of(secret, &hook.kind, &normal).is_some();
                        if is_erased || stones.unanchored() > 0 {
                            open.insert(value, is_erased);
                        }
                    }
                }
            }
            match open.len() >= BATCH {
                true => self.judge(scene, hook, std::mem::take(&mut open)),
                false => Ok(()),
            }
        })?;
        self.judge(scene, hook, open)
    }

    /// Asks the other store which of these values somebody has.
    fn judge(&mut self, scene: &mut Scene<'_>, hook: &Hook, values: BTreeMap<String, bool>) -> Result<(), Fault> {
        let mut taken: HashSet<String> = HashSet::new();
        for edge in hook.edges.iter().filter(|_| !values.is_empty()) {
            let edge = &scene.graph.edges[*edge];
            let node = &scene.graph.nodes[edge.parent];
            let condition = Condition {
                fields: edge.parent_fields.clone(),
                fold: Fold::Exact,
                values: values.keys().map(|value| vec![value.clone()]).collect(),
                when: None,
            };
            let find =
                Find { collection: &node.collection.name, fields: &edge.parent_fields, any: &[condition], limit: None };
            scene.members[node.member].store.find(&find, &mut |row| {
                taken.extend(row.cells.into_iter().next().flatten());
                Ok(())
            })?;
        }
        for (value, is_erased) in values {
            match (is_erased, taken.contains(&value)) {
                (true, false) => drop(self.back.insert(Identity::new(&hook.kind, &value, &Rules::default())?)),
                (true, true) => self.again += 1,
                (false, false) => self.unknown += 1,
                (false, true) => {}
            }
        }
        Ok(())
    }
}
