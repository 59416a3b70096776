//! The acts, with a digest of every row as it is right before.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{Digest, Fault, Progress};

use super::build::{Policy, trap};
use super::cycles::Order;
use super::fates::{At, Fate, Work};
use super::replace::{Replacer, fields};
use super::{Action, Outcome, Step, StorePlan, Target, Trap};
use crate::discover::{self, FoundRow, Member, Role};
use crate::graph::Node;
use crate::row::{Cell, FieldPath, Key, digest};

/// What makes a step: collection, what it comes to, why, which fields.
type Group = (usize, Outcome, String, Vec<FieldPath>);

/// Digests of rows after their change; and their new names, where a row is named by all its columns.
type After = HashMap<At, (Digest, Option<Key>)>;

/// What a row that changes is to have.
#[derive(Default)]
struct Wanted {
    empty: BTreeSet<FieldPath>,
    treat: Vec<FieldPath>,
    outcome: Option<Outcome>,
    reason: String,
}

/// The steps of all stores, in order.
///
/// # Errors
/// As [`super::plan`].
pub(super) fn steps(
    work: &Work<'_>,
    members: &mut [Member],
    stores: &[StorePlan],
    orders: &BTreeMap<usize, Order>,
    policy: &Policy<'_>,
    traps: &mut Vec<Trap>,
    progress: &dyn Progress,
) -> Result<Vec<Step>, Fault> {
    let mut steps = Vec::new();
    let mut refused: BTreeSet<String> = BTreeSet::new();
    let none = Order::default();
    for store in stores {
        let Some(number) = members.iter().position(|member| member.name == store.member) else { continue };
        let order = orders.get(&number).unwrap_or(&none);
        let mut sets =
            Sets { work, policy, groups: BTreeMap::new(), after: HashMap::new(), refused: &mut refused, traps };
        for (node, wanted) in wanted(work, number, order, policy) {
            progress.advance(wanted.len() as u64);
            sets.one_node(&mut members[number], node, wanted)?;
        }
        let Sets { groups, after, .. } = sets;
        let told = Told { work, policy };
        steps.extend(groups.into_iter().map(|(group, targets)| told.set(group, targets)));
        let batches = order.batches.iter().filter(|(_, rows)| !rows.is_empty());
        let deletes: Vec<(usize, Step)> =
            batches.map(|(node, rows)| (*node, told.delete(*node, rows, &after))).collect();
        for (node, step) in &deletes {
            traps.extend(along(work, &mut members[number], *node, step)?);
        }
        steps.extend(deletes.into_iter().map(|(_, step)| step));
    }
    if !refused.is_empty() {
        return Err(cannot(refused));
    }
    for (number, step) in steps.iter_mut().enumerate() {
        step.number = number as u64 + 1;
    }
    Ok(steps)
}

/// Older versions go with the rows of a step: that is said before.
fn along(work: &Work<'_>, member: &mut Member, node: usize, step: &Step) -> Result<Option<Trap>, Fault> {
    if !member.store.abilities().versions {
        return Ok(None);
    }
    let keys: Vec<Key> = step.targets.iter().map(|target| target.key.clone()).collect();
    let along = member.store.goes_along(&step.collection, &keys)?;
    if along.versions == 0 {
        return Ok(None);
    }
    let mut text = format!(
        "{} with the rows that are deleted, for a version is kept or deleted whole",
        model::counted(along.versions, "older version goes", "older versions go")
    );
    if along.others > 0 {
        let others = model::counted(along.others, "row or value", "rows or values");
        text.push_str(&format!(
            "; {others} in them that the search did not find to be the person's: they can be another's"
        ));
    }
    if along.unread > 0 {
        let unread = model::counted(along.unread, "of them is a whole object", "of them are whole objects");
        text.push_str(&format!("; {unread} whose earlier content was not looked at"));
    }
    Ok(Some(trap(work, "older-versions", node, text + ".")))
}

fn cannot(refused: BTreeSet<String>) -> Fault {
    let all = refused.into_iter().collect::<Vec<_>>().join("\n");
    Fault::bad_config(
        "cannot-erase-field",
        format!("Rows have to stay whose personal data cannot be taken out:\n{all}"),
    )
    .advise("Say in the data map what is to stand there (`masking_strategy_override`), or that the rows may go.")
}

/// For each node of a store the rows that change and what they are to have.
fn wanted(
    work: &Work<'_>,
    member: usize,
    order: &Order,
    policy: &Policy<'_>,
) -> BTreeMap<usize, BTreeMap<usize, Wanted>> {
    let whose = if policy.ages.is_some() { "referred to a row that goes" } else { "referred to the person" };
    let mut all: BTreeMap<usize, BTreeMap<usize, Wanted>> = BTreeMap::new();
    let is_here = |row: &At| work.graph.nodes[row.0].member == member;
    for row in work.all().filter(is_here) {
        let (treat, outcome, reason) = match work.fate(row) {
            Fate::Keep(by) => (fields(work.graph, row.0, true), Outcome::Anonymised, kept_reason(&by.code, &by.law)),
            Fate::Stay(reason) => (fields(work.graph, row.0, false), Outcome::Anonymised, reason.clone()),
            Fate::Hold(_) | Fate::NotYet(_) | Fate::Fixed => continue,
            Fate::Delete => match order.loosened.get(&row) {
                Some(_) => (Vec::new(), Outcome::Loosened, "Rows that go refer to each other in a circle.".to_owned()),
                None => continue,
            },
            Fate::Shared(_) | Fate::Points => (Vec::new(), Outcome::Unlinked, format!("It is another's, and {whose}.")),
        };
        let empty = work.cuts.get(&row).or(order.loosened.get(&row)).cloned().unwrap_or_default();
        if !treat.is_empty() || !empty.is_empty() {
            let wanted = Wanted { empty, treat, outcome: Some(outcome), reason };
            all.entry(row.0).or_default().insert(row.1, wanted);
        }
    }
    all
}

fn kept_reason(code: &str, law: &str) -> String {
    let law = if law.is_empty() { String::new() } else { format!(": {law}") };
    format!("The law keeps it ({code}{law}), without what names the person.")
}

struct Sets<'s, 'w> {
    work: &'s Work<'w>,
    policy: &'s Policy<'s>,
    groups: BTreeMap<Group, Vec<Target>>,
    after: After,
    refused: &'s mut BTreeSet<String>,
    traps: &'s mut Vec<Trap>,
}

impl Sets<'_, '_> {
    /// Reads the rows whole: what stands there decides what is to stand there.
    fn one_node(&mut self, member: &mut Member, number: usize, wanted: BTreeMap<usize, Wanted>) -> Result<(), Fault> {
        let graph = self.work.graph;
        let node = &graph.nodes[number];
        let columns: Vec<&str> = node.digest_columns();
        let mut asked: Vec<FieldPath> = columns.iter().map(|column| FieldPath::column(column)).collect();
        let all: BTreeSet<&FieldPath> =
            wanted.values().flat_map(|wanted| wanted.empty.iter().chain(&wanted.treat)).collect();
        asked.extend(
            all.into_iter().filter(|field| !field.below().is_empty() || !columns.contains(&field.root())).cloned(),
        );
        let found = &self.work.found.rows[number];
        let rows: Vec<&FoundRow> = wanted.keys().map(|at| &found[*at]).collect();
        let places: HashMap<&Key, usize> = wanted.keys().map(|at| (&found[*at].key, *at)).collect();
        let mut came = 0;
        let mut results = Vec::with_capacity(rows.len());
        discover::rows(graph, member, number, rows, &asked, &mut |row, cells| {
            came += 1;
            if row.digest != Some(digest(&cells[..columns.len()])) {
                return Err(drift(node));
            }
            let at = places[&row.key];
            results.push((at, self.one_row((number, at), &wanted[&at], &asked, &cells)));
            Ok(())
        })?;
        if came != wanted.len() {
            return Err(drift(node));
        }
        results.sort_by_key(|(at, _)| *at);
        for (at, result) in results {
            let Some((group, cells, after)) = result else { continue };
            let row = &found[at];
            let Some(digest) = row.digest else { return Err(drift(node)) };
            let name = node.collection.key.is_empty().then(|| renamed(node, &row.key, &group.3, &cells));
            self.after.insert((number, at), (after, name));
            self.groups.entry(group).or_default().push(Target {
                key: row.key.clone(),
                digest,
                count: row.count,
                cells,
            });
        }
        Ok(())
    }

    /// The group of a row, its new cells, and its digest with them. `None`: everything is as it should be already.
    fn one_row(
        &mut self,
        row: At,
        wanted: &Wanted,
        asked: &[FieldPath],
        cells: &[Cell],
    ) -> Option<(Group, Vec<Cell>, Digest)> {
        let graph = self.work.graph;
        let node = &graph.nodes[row.0];
        let mut outcome = wanted.outcome.unwrap_or(Outcome::Unlinked);
        let place = |field: &FieldPath| asked.iter().position(|other| other == field);
        let known = |name: &str| {
            asked.iter().position(|field| field.below().is_empty() && field.root() == name).map(|at| cells[at].clone())
        };
        let now = |field: &FieldPath| place(field).map(|at| cells[at].clone()).unwrap_or_default();
        let emptied =
            wanted.empty.iter().map(|field| (field.clone(), self.work.without_links(row, field, &now(field))));
        let mut new: BTreeMap<FieldPath, Cell> = emptied.collect();
        let replacer = Replacer { graph, node: row.0, secret: self.policy.secret };
        for field in wanted.treat.iter().filter(|field| !wanted.empty.contains(*field)) {
            match replacer.cell(field, &self.work.row(row).key, &now(field), &known) {
                Ok(None) => {}
                Ok(Some((cell, how))) => {
                    outcome = outcome.max(how);
                    new.insert(field.clone(), cell);
                }
                Err(why) => {
                    self.refused.insert(format!("{}.{field}: {why}", node.name()));
                }
            }
        }
        let same = |(field, cell): (&FieldPath, &Cell)| place(field).is_some_and(|at| cells[at] == *cell);
        if new.iter().all(same) {
            return None;
        }
        let columns = node.digest_columns();
        let mut then: Vec<Cell> = cells[..columns.len()].to_vec();
        for (field, cell) in new.iter().filter(|(field, _)| field.below().is_empty()) {
            if let Some(at) = columns.iter().position(|column| *column == field.root()) {
                then[at] = cell.clone();
            }
        }
        if outcome == Outcome::Pseudonymised {
            let text = "Fields get a pseudonym: that is no erasure (GDPR recital 26).".to_owned();
            self.traps.push(trap(self.work, "pseudonym", row.0, text));
        }
        let (fields, cells): (Vec<_>, Vec<_>) = new.into_iter().unzip();
        Some(((row.0, outcome, wanted.reason.clone(), fields), cells, digest(&then)))
    }
}

/// What a row without a key is called after its change.
fn renamed(node: &Node, key: &Key, fields: &[FieldPath], cells: &[Cell]) -> Key {
    let of_column = |(name, cell): (&str, &Cell)| {
        let changed = fields.iter().position(|field| field.below().is_empty() && field.root() == name);
        changed.map_or_else(|| cell.clone(), |at| cells[at].clone())
    };
    Key(node.collection.naming().into_iter().zip(&key.0).map(of_column).collect())
}

fn drift(node: &Node) -> Fault {
    Fault::refused("plan-drift", format!("Rows of {} changed while the plan was made", node.name()))
        .advise("Run the same command again: it plans anew.")
}

/// Makes steps of what was decided.
struct Told<'t> {
    work: &'t Work<'t>,
    policy: &'t Policy<'t>,
}

impl Told<'_> {
    fn set(&self, (number, outcome, reason, fields): Group, targets: Vec<Target>) -> Step {
        let keys: BTreeSet<&Key> = targets.iter().map(|target| &target.key).collect();
        let found = &self.work.found.rows[number];
        let via = self.via(number, found.iter().filter(|row| keys.contains(&row.key)));
        step(&self.work.graph.nodes[number], Action::Set(fields), outcome, reason, via, targets)
    }

    fn delete(&self, number: usize, rows: &[usize], after: &After) -> Step {
        let found = &self.work.found.rows[number];
        let mut rows = rows.to_vec();
        rows.sort_unstable();
        let reasons: BTreeSet<String> = rows.iter().map(|at| self.delete_reason(number, &found[*at])).collect();
        let via = self.via(number, rows.iter().map(|at| &found[*at]));
        let target = |at: &usize| {
            let row = &found[*at];
            let before = || (row.digest.unwrap_or(Digest::ZERO), None);
            let (digest, name) = after.get(&(number, *at)).cloned().unwrap_or_else(before);
            Target { key: name.unwrap_or_else(|| row.key.clone()), digest, count: row.count, cells: Vec::new() }
        };
        let targets = rows.iter().map(target).collect();
        let reason = reasons.into_iter().collect::<Vec<_>>().join(" ");
        step(&self.work.graph.nodes[number], Action::Delete, Outcome::Deleted, reason, via, targets)
    }

    fn delete_reason(&self, number: usize, row: &FoundRow) -> String {
        let reason = match (self.policy.ages, row.role, row.seed) {
            (None, _, true) => "It holds an identity of the person.",
            (None, Role::Up { .. }, _) => "Only rows of the person refer to it.",
            (None, ..) => "It belongs to the person.",
            (Some(ages), _, true) => return ages.reason(number),
            (Some(_), Role::Up { .. }, _) => "Only rows that go refer to it.",
            (Some(_), ..) => "It belongs to a row that is past its time.",
        };
        reason.to_owned()
    }

    /// The links and identities by which rows were found.
    fn via<'r>(&self, number: usize, rows: impl Iterator<Item = &'r FoundRow>) -> Vec<String> {
        let mut via: BTreeSet<String> = BTreeSet::new();
        let mut ties: BTreeSet<usize> = BTreeSet::new();
        let mut is_seed = false;
        for row in rows {
            is_seed |= row.seed;
            ties.extend(row.ties.iter().chain(&row.referrers));
        }
        let graph = self.work.graph;
        let node = &graph.nodes[number];
        if is_seed && self.policy.ages.is_none() {
            let identities = node.identities.iter();
            via.extend(identities.map(|(field, kind)| format!("{}.{field} ({kind})", node.collection.name)));
        }
        via.extend(ties.into_iter().map(|edge| graph.describe(&graph.edges[edge])));
        via.into_iter().collect()
    }
}

fn step(node: &Node, action: Action, outcome: Outcome, reason: String, via: Vec<String>, targets: Vec<Target>) -> Step {
    let words = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
    Step {
        number: 0,
        member: node.member_name.clone(),
        collection: node.collection.name.clone(),
        action,
        outcome,
        reason,
        via,
        key: words(node.collection.naming()),
        digest_of: words(node.digest_columns()),
        rows: targets.iter().map(|target| target.count).sum(),
        targets,
    }
}
