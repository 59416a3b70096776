//! What becomes of each row: it goes, or it stays and why.
//!
//! Everything starts as "goes". What the law, a hold or another person keeps stays; and what a row that stays must refer to
//! stays too, without its personal data. Rows only ever move from "goes" to "stays", so that the result is the same in
//! whatever order they are looked at.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{Fault, counted};
use serde_json::Value;

use super::build::Policy;
use super::retain::Retention;
use super::{Hold, Kept, Shared};
use crate::catalog::Column;
use crate::discover::{Found, FoundRow, Role, holds, is_list, tuples};
use crate::graph::{Edge, Graph, Tie, joined};
use crate::retention::{Ages, Verdict};
use crate::row::{Cell, FieldPath, Key};

/// A row: node and place among those found there.
pub(super) type At = (usize, usize);

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    /// It goes.
    Delete,
    /// The law keeps it.
    Keep(Retention),
    /// A hold keeps it as it is.
    Hold(Hold),
    /// Its own time is not over: it stays as it is.
    NotYet(String),
    /// It must stay for the sake of other rows, without its personal data.
    Stay(String),
    /// It is another's too.
    Shared(String),
    /// It is another's, and refers to a row of the person.
    Points,
    /// The store takes no changes there.
    Fixed,
}

/// Columns of a node, and which row has which values in them.
type Places<'a> = HashMap<(usize, &'a [FieldPath]), HashMap<Vec<String>, Vec<usize>>>;

/// What the plan is made of, while it is made.
pub(super) struct Work<'a> {
    pub(super) graph: &'a Graph,
    pub(super) found: &'a Found,
    pub(super) fates: Vec<Vec<Fate>>,
    /// Rows on which a hold lies: nothing of them is changed.
    held: BTreeMap<At, Hold>,
    /// The fields of rows that stay which lose their link.
    pub(super) cuts: BTreeMap<At, BTreeSet<FieldPath>>,
    /// For the columns that edges lead to.
    places: Places<'a>,
    ages: Option<&'a Ages<'a>>,
}

impl<'a> Work<'a> {
    pub(super) fn new(graph: &'a Graph, found: &'a Found, policy: &Policy<'a>) -> Result<Self, Fault> {
        let mut work = Work {
            graph,
            found,
            fates: Vec::with_capacity(found.rows.len()),
            held: BTreeMap::new(),
            cuts: BTreeMap::new(),
            places: places(graph, found),
            ages: policy.ages,
        };
        for (number, rows) in found.rows.iter().enumerate() {
            let node = &graph.nodes[number];
            let keys: Vec<Key> = rows.iter().map(|row| row.key.clone()).collect();
            let holds = match keys.is_empty() {
                true => Vec::new(),
                false => policy.holds.on(&node.member_name, &node.dataset, &node.collection.name, &keys)?,
            };
            if holds.len() != keys.len() {
                return Err(Fault::internal("holds-unanswered", "Not every row was answered for by the holds"));
            }
            let mut fates = Vec::with_capacity(rows.len());
            for (at, (row, hold)) in rows.iter().zip(holds).enumerate() {
                fates.push(first(graph, number, row, hold.as_ref(), policy));
                if let Some(hold) = hold {
                    work.held.insert((number, at), hold);
                }
            }
            work.fates.push(fates);
        }
        Ok(work)
    }

    pub(super) fn fate(&self, (node, at): At) -> &Fate {
        &self.fates[node][at]
    }

    pub(super) fn row(&self, (node, at): At) -> &'a FoundRow {
        &self.found.rows[node][at]
    }

    /// A row that was to go stays for the sake of others; without its personal data, unless its own time is not over.
    pub(super) fn stay(&mut self, row: At, reason: String) {
        let is_meant = self.ages.is_none_or(|ages| ages.ends(self.graph, row.0, self.row(row)));
        self.fates[row.0][row.1] = if is_meant { Fate::Stay(reason) } else { Fate::NotYet(reason) };
    }

    /// Whether a row goes by itself, or would if others let it.
    fn ends(&self, row: At) -> bool {
        let by_age = || self.ages.is_some_and(|ages| ages.ends(self.graph, row.0, self.row(row)));
        match self.fate(row) {
            Fate::Delete => true,
            Fate::Stay(_) => by_age(),
            _ => false,
        }
    }

    /// The rows of the person to which `row` refers over the edge of that number.
    pub(super) fn parents(&self, row: At, number: usize) -> Vec<At> {
        let edge = &self.graph.edges[number];
        let cells = &self.row(row).cells;
        if !holds(self.graph, edge, cells) {
            return Vec::new();
        }
        let Some(places) = self.places.get(&(edge.parent, edge.parent_fields.as_slice())) else { return Vec::new() };
        let values = tuples(self.graph, row.0, &edge.child_fields, cells);
        let mut found: Vec<At> =
            values.iter().filter_map(|value| places.get(value)).flatten().map(|at| (edge.parent, *at)).collect();
        if found.is_empty() && self.row(row).ties.contains(&number) {
            // The store found them equal by a rule of its own; letters may differ in case.
            let folded = |value: &[String]| value.iter().map(|part| part.trim().to_lowercase()).collect::<Vec<_>>();
            let wanted: Vec<_> = values.iter().map(|value| folded(value)).collect();
            let same = places.iter().filter(|(value, _)| wanted.contains(&folded(value)));
            found.extend(same.flat_map(|(_, rows)| rows).map(|at| (edge.parent, *at)));
            found.sort_unstable();
        }
        found
    }

    /// Every row that was found.
    pub(super) fn all(&self) -> impl Iterator<Item = At> + use<> {
        let sizes: Vec<usize> = self.fates.iter().map(Vec::len).collect();
        sizes.into_iter().enumerate().flat_map(|(node, size)| (0..size).map(move |at| (node, at)))
    }

    /// Whether anything of a node is deleted or changed.
    pub(super) fn touches(&self, node: usize) -> bool {
        let changes = |fate: &Fate| matches!(fate, Fate::Delete | Fate::Keep(_) | Fate::Stay(_));
        self.fates[node].iter().any(changes) || self.cuts.keys().any(|(of, _)| *of == node)
    }

    /// Whether anything of a row may be changed at all.
    fn is_changeable(&self, row: At) -> bool {
        let is_fixed = self.held.contains_key(&row) || self.graph.nodes[row.0].collection.read_only;
        !is_fixed && !matches!(self.fate(row), Fate::Fixed | Fate::NotYet(_))
    }

    /// The columns that have to be emptied so that `row` does not refer over `edge` any more; `None`: it cannot be done.
    pub(super) fn cuttable(&self, row: At, edge: &Edge) -> Option<Vec<FieldPath>> {
        let node = &self.graph.nodes[row.0];
        if !self.is_changeable(row) {
            return None;
        }
        let is_free = |column: &Column| {
            column.nullable
                && !column.generated
                && !node.collection.key.contains(&column.name)
                && !self.is_null_forbidden(row, &column.name)
        };
        let free: Vec<FieldPath> = edge
            .child_fields
            .iter()
            .filter(|field| match node.collection.column(field.root()) {
                Some(column) => {
                    field.below().is_empty() && is_free(column) || !field.below().is_empty() && !column.generated
                }
                None => false,
            })
            .filter(|field| node.field(field).is_none_or(|field| !field.read_only))
            .cloned()
            .collect();
        // A key of several columns does not refer to anything any more when one of them is empty. Those that other
        // links need as well are left alone where that is possible.
        let others = |field: &FieldPath| {
            let out = self.graph.out[row.0].iter().map(|number| &self.graph.edges[*number]);
            out.filter(|other| other.link.is_some() && other.child_fields.contains(field)).count() > 1
        };
        let alone: Vec<FieldPath> = free.iter().filter(|field| !others(field)).cloned().collect();
        match (alone.is_empty(), free.is_empty()) {
            (false, _) => Some(alone),
            (true, false) => Some(free),
            (true, true) => None,
        }
    }

    /// What is left in `field` of `row`, in which `now` stands, without its links to the person: nothing; or of a list, the rest.
    pub(super) fn without_links(&self, row: At, field: &FieldPath, now: &Cell) -> Cell {
        let list: Vec<Value> = match now {
            Some(text) if is_list(self.graph, row.0, field) => serde_json::from_str(text).ok()?,
            _ => return None,
        };
        let mut taken: BTreeSet<String> = BTreeSet::new();
        for &number in &self.graph.out[row.0] {
            let edge = &self.graph.edges[number];
            if edge.child_fields == [field.clone()] {
                for parent in self.parents(row, number) {
                    let values = tuples(self.graph, parent.0, &edge.parent_fields, &self.row(parent).cells);
                    taken.extend(values.into_iter().flatten());
                }
            }
        }
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let rest: Vec<Value> = list.into_iter().filter(|value| !taken.contains(&text(value))).collect();
        Some(Value::Array(rest).to_string())
    }

    fn is_null_forbidden(&self, row: At, column: &str) -> bool {
        let node = &self.graph.nodes[row.0];
        let Some(of) = node.collection.column(column) else { return true };
        let cells = &self.row(row).cells;
        let value = |name: &str| match name == column {
            true => Some(None),
            false => node
                .needs
                .iter()
                .position(|need| need.below().is_empty() && need.root() == name)
                .map(|at| cells[at].clone()),
        };
        of.checks.iter().any(|check| super::check::holds(check, &value) == Some(false))
    }
}

fn places<'a>(graph: &'a Graph, found: &Found) -> Places<'a> {
    let mut places: Places<'_> = HashMap::new();
    for edge in &graph.edges {
        let name = (edge.parent, edge.parent_fields.as_slice());
        if places.contains_key(&name) || found.rows[edge.parent].is_empty() {
            continue;
        }
        let mut by_value: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
        for (at, row) in found.rows[edge.parent].iter().enumerate() {
            for value in tuples(graph, edge.parent, &edge.parent_fields, &row.cells) {
                by_value.entry(value).or_default().push(at);
            }
        }
        places.insert(name, by_value);
    }
    places
}

fn first(graph: &Graph, node: usize, row: &FoundRow, hold: Option<&Hold>, policy: &Policy<'_>) -> Fate {
    let of = &graph.nodes[node];
    match row.role {
        // What is only anonymised for its age is nobody's to follow; it is a seed all the same.
        Role::Points if !row.seed || policy.ages.is_none() => Fate::Points,
        Role::Shared => Fate::Shared(shared_reason(graph, node, row)),
        Role::Up { exclusive: false } => Fate::Shared("Rows of others refer to it too.".to_owned()),
        Role::Points | Role::Owned | Role::Up { exclusive: true } => match (hold, policy.ages) {
            (Some(hold), _) => Fate::Hold(hold.clone()),
            (None, _) if of.collection.read_only => Fate::Fixed,
            (None, None) => Retention::of(graph, node, row, policy.today).map_or(Fate::Delete, Fate::Keep),
            (None, Some(ages)) => match ages.verdict(graph, node, row) {
                Verdict::Goes => Fate::Delete,
                Verdict::Anonymised(reason) => Fate::Stay(reason),
                Verdict::Stays(words) => Fate::NotYet(words),
            },
        },
    }
}

/// Names the links that lead to others.
fn shared_reason(graph: &Graph, node: usize, row: &FoundRow) -> String {
    let others = graph.out[node].iter().filter(|number| !row.ties.contains(number)).filter_map(|number| {
        let edge = &graph.edges[*number];
        let is_there =
            holds(graph, edge, &row.cells) && !tuples(graph, node, &edge.child_fields, &row.cells).is_empty();
        (matches!(edge.tie, Tie::Owns(_)) && is_there).then(|| joined(&edge.child_fields))
    });
    let mut others: Vec<String> = others.collect();
    others.sort();
    others.dedup();
    match others.is_empty() {
        true => "It names others beside the person in one list.".to_owned(),
        false => format!("It is another person's as well, by {}.", others.join(", ")),
    }
}

/// Rows without a time of their own go only with a row that they belong to: where age decides, that row may stay. Says whether
/// any stays that was to go.
pub(super) fn belong(work: &mut Work<'_>) -> bool {
    let Some(ages) = work.ages else { return false };
    let is_part = |work: &Work<'_>, row: At| {
        let found = work.row(row);
        *work.fate(row) == Fate::Delete && found.role == Role::Owned && !ages.ends(work.graph, row.0, found)
    };
    let mut parts: Vec<At> = work.all().filter(|row| is_part(work, *row)).collect();
    let all = parts.len();
    loop {
        let before = parts.len();
        for row in std::mem::take(&mut parts) {
            let mut owners = work.graph.out[row.0].iter().filter(|number| {
                let edge = &work.graph.edges[**number];
                matches!(edge.tie, Tie::Owns(_))
            });
            if owners.any(|number| work.parents(row, *number).into_iter().any(|owner| work.ends(owner))) {
                parts.push(row);
            } else {
                work.fates[row.0][row.1] = Fate::NotYet("It belongs to a row that stays.".to_owned());
            }
        }
        if parts.len() == before {
            return before < all;
        }
    }
}

/// What rows that stay must refer to stays too.
pub(super) fn settle(work: &mut Work<'_>) {
    let mut queue: Vec<At> = work.all().filter(|row| *work.fate(*row) != Fate::Delete).collect();
    while let Some(row) = queue.pop() {
        for &number in &work.graph.out[row.0] {
            let edge = &work.graph.edges[number];
            if edge.link.is_none() {
                continue;
            }
            let goes: Vec<At> =
                work.parents(row, number).into_iter().filter(|parent| *work.fate(*parent) == Fate::Delete).collect();
            if goes.is_empty() || work.cuttable(row, edge).is_some() {
                continue;
            }
            for parent in goes {
                work.stay(parent, must_stay(work, row, edge));
                queue.push(parent);
            }
        }
    }
}

fn must_stay(work: &Work<'_>, row: At, edge: &Edge) -> String {
    let node = &work.graph.nodes[row.0];
    let why = match work.fate(row) {
        Fate::Keep(_) => "that the law keeps",
        Fate::Hold(_) => "on which a hold lies",
        Fate::NotYet(_) => "whose own time is not over",
        Fate::Fixed => "that cannot be changed",
        Fate::Points | Fate::Shared(_) => "of others",
        _ => "that stay",
    };
    let so = match work.is_changeable(row) {
        true => format!("their {} cannot be empty", joined(&edge.child_fields)),
        false => "stay as they are".to_owned(),
    };
    format!("Rows of {} {why} refer to it, and {so}.", node.collection.name)
}

/// Which rows that stay lose their link to the person: where the row they refer to goes, and where it is another's row.
pub(super) fn cut(work: &mut Work<'_>) {
    for row in work.all().collect::<Vec<_>>() {
        if *work.fate(row) == Fate::Delete {
            continue;
        }
        for &number in &work.graph.out[row.0] {
            let edge = &work.graph.edges[number];
            if !is_cut(work, row, number, edge) {
                continue;
            }
            if let Some(fields) = work.cuttable(row, edge) {
                work.cuts.entry(row).or_default().extend(fields);
            }
        }
    }
}

fn is_cut(work: &Work<'_>, row: At, number: usize, edge: &Edge) -> bool {
    let node = &work.graph.nodes[row.0];
    let keeps = node.mapped.as_ref().is_some_and(|mapped| mapped.settings.word("shared") == Some("keep"));
    let is_anothers =
        matches!(work.fate(row), Fate::Points | Fate::Shared(_)) && !matches!(work.row(row).role, Role::Up { .. });
    work.parents(row, number).into_iter().any(|parent| match work.fate(parent) {
        Fate::Delete => edge.link.is_some() || is_anothers && !keeps,
        Fate::Stay(_) => is_anothers && !keeps,
        _ => false,
    })
}

/// What the law and holds keep, grouped.
pub(super) fn kept(work: &Work<'_>) -> Vec<Kept> {
    let mut groups: BTreeMap<(usize, &Fate), Vec<Key>> = BTreeMap::new();
    for row in work.all() {
        if matches!(work.fate(row), Fate::Keep(_) | Fate::Hold(_) | Fate::NotYet(_)) {
            groups.entry((row.0, work.fate(row))).or_default().push(work.row(row).key.clone());
        }
    }
    let kept = |((node, fate), rows): ((usize, &Fate), Vec<Key>)| {
        let of = &work.graph.nodes[node];
        let own = ("5-1-e".to_owned(), None);
        let (code, law, until, approver, hold, anonymise) = match fate {
            Fate::Hold(hold) => {
                (&hold.code, &hold.law, &hold.until, &hold.approver, Some(hold.id.clone()), hold.anonymise.clone())
            }
            Fate::Keep(by) => (&by.code, &by.law, &by.until, &by.approver, None, by.fields(work.graph, node)),
            Fate::NotYet(words) => (&own.0, words, &own.1, &own.1, None, Vec::new()),
            _ => return None,
        };
        Some(Kept {
            member: of.member_name.clone(),
            collection: of.collection.name.clone(),
            key: of.collection.naming().into_iter().map(str::to_owned).collect(),
            rows,
            code: code.clone(),
            law: law.clone(),
            until: until.clone(),
            approver: approver.clone(),
            hold,
            anonymise,
        })
    };
    groups.into_iter().filter_map(kept).collect()
}

/// What is another's too, grouped.
pub(super) fn shared(work: &Work<'_>) -> Vec<Shared> {
    let mut groups: BTreeMap<(usize, &String, bool), Vec<Key>> = BTreeMap::new();
    for row in work.all() {
        if let Fate::Shared(reason) = work.fate(row) {
            let is_cut = work.cuts.contains_key(&row);
            groups.entry((row.0, reason, is_cut)).or_default().push(work.row(row).key.clone());
        }
    }
    let shared = |((node, reason, is_cut), rows): ((usize, &String, bool), Vec<Key>)| {
        let of = &work.graph.nodes[node];
        let cut = if is_cut { " The link to the person is taken out." } else { "" };
        let advice = format!(
            "Set `shared: delete` on {} in the data map, or `owner: false` on the link that does not say whose a row is.",
            of.collection.name
        );
        Shared {
            member: of.member_name.clone(),
            collection: of.collection.name.clone(),
            key: of.collection.naming().into_iter().map(str::to_owned).collect(),
            rows,
            reason: format!("{reason}{cut}"),
            advice,
        }
    };
    groups.into_iter().map(shared).collect()
}

/// `3 rows`.
pub(super) fn rows(count: u64) -> String {
    counted(count, "row", "rows")
}
