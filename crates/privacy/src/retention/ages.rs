//! The plan of a retention run, and looking again afterwards.

use std::collections::HashMap;

use jiff::civil::Date;
use model::{Fault, Progress};

use super::period::is_same;
use super::rules::Ending;
use super::select::Selected;
use super::terms::{Due, Term};
use crate::Limits;
use crate::discover::{FoundRow, Member, from_rows};
use crate::graph::Graph;
use crate::plan::{Action, Plan, Policy, Step, Target};
use crate::row::{Cell, FieldPath, Key};
use crate::store::{Condition, DataStore, Find, Fold, Scanned};
use crate::verify::{Left, StoreVerified, Verified};

/// What ends rows by their age.
#[derive(Debug)]
pub struct Ages<'a> {
    /// A term per node, as [`super::terms`] gives them.
    pub terms: &'a [Option<Term>],
    /// The first day on which a row whose last day was the day before is over.
    pub today: Date,
}

/// What age makes of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It goes.
    Goes,
    /// It stays without its personal data, for this reason.
    Anonymised(String),
    /// It stays as it is: these words say which period has not passed.
    Stays(String),
}

impl Ages<'_> {
    pub(crate) fn verdict(&self, graph: &Graph, node: usize, row: &FoundRow) -> Verdict {
        let Some(term) = &self.terms[node] else { return Verdict::Goes };
        // What goes cannot be put back: where nobody knows whether the time is over, it is not, whatever the row belongs to.
        if let Some(why) = &term.undefined {
            return Verdict::Stays(why.clone());
        }
        match (term.due(graph, &row.cells, self.today), term.ending) {
            (Due::Over(_), Ending::Delete) => Verdict::Goes,
            (Due::Over(_), Ending::Anonymise) => Verdict::Anonymised(self.reason(node)),
            _ => Verdict::Stays(term.words()),
        }
    }

    /// Whether the row goes by its own age, whatever becomes of others.
    pub(crate) fn ends(&self, graph: &Graph, node: usize, row: &FoundRow) -> bool {
        let is_known = self.terms[node].as_ref().is_some_and(|term| term.undefined.is_none() && term.is_said());
        is_known && self.verdict(graph, node, row) == Verdict::Goes
    }

    /// Why rows of the node that are over go.
    pub(crate) fn reason(&self, node: usize) -> String {
        let words = self.terms[node].as_ref().map(Term::words).unwrap_or_default();
        format!("It is past its time ({words}).")
    }
}

/// Plans what becomes of the rows that were selected, and of what belongs to them. Reads the rows that are to change; changes
/// nothing. `policy.ages` decides.
///
/// # Errors
/// As [`crate::plan::plan`].
pub fn plan(
    graph: &Graph,
    members: &mut [Member],
    selected: Selected,
    policy: &Policy<'_>,
    progress: &dyn Progress,
) -> Result<Plan, Fault> {
    let Selected { seeds, indexes, .. } = selected;
    let mut found = from_rows(graph, members, seeds, progress)?;
    found.indexes.extend(indexes);
    found.indexes.sort();
    found.indexes.dedup();
    crate::plan::plan(graph, members, &found, policy, progress)
}

/// Reads every row of the plan again: those that were to go must be gone, the others must hold what was planned. Copies of
/// them elsewhere are not sought: a period ends rows, not people. `compacts`: the stores are asked to let the bytes go too.
///
/// # Errors
/// What the stores say, but for scans: there are none.
pub fn look_again(
    plan: &Plan,
    members: &mut [Member],
    compacts: bool,
    progress: &dyn Progress,
) -> Result<Verified, Fault> {
    members.iter_mut().for_each(|member| member.store.leave_replicas());
    let physical = match compacts {
        true => crate::verify::compact(plan, members),
        false => vec![Vec::new(); members.len()],
    };
    let mut verified = Verified::default();
    for (member, physical) in members.iter_mut().zip(physical) {
        let mut scanned = Scanned::default();
        let mut left: HashMap<&str, Vec<Key>> = HashMap::new();
        let steps: Vec<&Step> = plan.steps_of(&member.name).collect();
        for step in &steps {
            progress.advance(step.rows);
            scanned.rows += step.rows;
            left.entry(&step.collection).or_default().extend(as_before(&mut *member.store, step, &steps)?);
        }
        scanned.collections = left.len() as u64;
        left.retain(|_, rows| !rows.is_empty());
        let mut left: Vec<Left> = left
            .into_iter()
            .map(|(collection, rows)| Left { member: member.name.clone(), collection: collection.to_owned(), rows })
            .collect();
        left.sort_by(|a, b| a.collection.cmp(&b.collection));
        verified.left.extend(left);
        let member = member.name.clone();
        verified.stores.push(StoreVerified { member, scanned, physical, ..StoreVerified::default() });
    }
    verified.unsearched.push("Copies of these rows elsewhere were not looked for.".to_owned());
    let unnamed = plan.steps.iter().flat_map(|step| &step.targets).filter(|target| !is_named(target)).count();
    if unnamed > 0 {
        let rows = model::counted(unnamed as u64, "row", "rows");
        verified.unsearched.push(format!("{rows} without a key and with empty cells could not be read again."));
    }
    Ok(verified)
}

/// Whether a row can be asked for by its name: of rows without a key, which are named by all their columns, those cannot in which a cell
/// is empty.
fn is_named(target: &Target) -> bool {
    target.key.0.iter().all(Option::is_some)
}

/// The rows of a step that are not as the step wants them.
fn as_before(store: &mut dyn DataStore, step: &Step, all: &[&Step]) -> Result<Vec<Key>, Fault> {
    let none = Vec::new();
    let fields = match &step.action {
        Action::Delete => &none,
        Action::Set(fields) => fields,
    };
    let goes_later = |key: &Key| {
        let mut later = all.iter().filter(|other| other.number > step.number && other.collection == step.collection);
        step.action != Action::Delete && later.any(|other| other.targets.iter().any(|target| target.key == *key))
    };
    let mut left = Vec::new();
    for batch in step.targets.chunks(Limits::BATCH) {
        let wanted: HashMap<&Key, &[Cell]> =
            batch.iter().map(|target| (&target.key, target.cells.as_slice())).collect();
        let values = batch.iter().filter_map(|target| target.key.0.iter().cloned().collect()).collect();
        let columns = step.key.iter().map(|name| FieldPath::column(name)).collect();
        let any = [Condition { fields: columns, fold: Fold::Exact, values, when: None }];
        let find = Find { collection: &step.collection, fields, any: &any, limit: None };
        store.find(&find, &mut |row| {
            let is_as_planned = wanted.get(&row.key).is_none_or(|cells| {
                !cells.is_empty() && cells.iter().zip(&row.cells).all(|(wanted, now)| is_same(wanted, now))
            });
            if !is_as_planned && !goes_later(&row.key) {
                left.push(row.key);
            }
            Ok(())
        })?;
    }
    Ok(left)
}
