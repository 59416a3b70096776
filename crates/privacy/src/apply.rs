//! Applying a plan: store after store, journal first, all or nothing in each of them.
//!
//! ```text
//!  for each store, in the plan's order:
//!    intent of every step ─▶ journal
//!    begin ─▶ each step: read again and lock ─▶ as planned? ─▶ delete, set ─▶ looked at once more
//!    holds asked again ─▶ done ─▶ journal ─▶ commit ─▶ journal
//! ```
//!
//! A row that is not there any more is done. A row that is not as it was planned, a row that refers to one that is to go and
//! does not stand in the plan, a hold that has come since: the store is put back as it was and the plan is refused
//! (`plan-drift`, `hold-in-the-way`). A step that was done is never taken back: a run that was stopped is finished by the next
//! (forward recovery), because every step may be done twice.

mod children;
mod rows;

use std::collections::HashSet;

use model::{Fault, Kind, Progress};

use crate::Limits;
use crate::catalog::{Catalog, Collection};
use crate::journal::{Act, Journal, Phase, standing};
use crate::plan::{Action, Holds, Outcome, Plan, Step, StorePlan, Target};
use crate::row::Key;
use crate::store::{DataStore, Transaction};

/// One store to work on.
pub struct Part<'a> {
    /// As the plan names it.
    pub name: &'a str,
    /// The store.
    pub store: &'a mut dyn DataStore,
    /// As it is now.
    pub catalog: &'a Catalog,
}

/// What the executor asks of the world.
pub struct Means<'a> {
    /// What must stay.
    pub holds: &'a dyn Holds,
    /// Asked before each step and before each commit: a fault stops the run there (a file that says stop, a signal).
    pub proceed: &'a dyn Fn() -> Result<(), Fault>,
    /// Whoever watches.
    pub progress: &'a dyn Progress,
}

/// What was done.
#[derive(Debug, Default)]
pub struct Applied {
    /// In the plan's order.
    pub stores: Vec<StoreApplied>,
    /// Why it ended before the last store.
    pub fault: Option<Fault>,
}

/// What was done in one store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreApplied {
    /// The store.
    pub member: String,
    /// How it ended.
    pub state: State,
    /// One per step.
    pub steps: Vec<StepApplied>,
}

/// How a store ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// An earlier run had finished it.
    Before,
    /// This run finished it.
    Done,
    /// It is as it was before this run; where it has no transactions, some steps may be done.
    Failed,
    /// It was not begun.
    Untouched,
}

/// What one step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepApplied {
    /// The step's number.
    pub number: u64,
    /// Rows that were changed or deleted.
    pub rows: u64,
    /// Rows that were as they should be already: not there any more, or changed by an earlier run.
    pub already: u64,
}

impl Applied {
    /// Whether every store is done.
    pub fn is_whole(&self) -> bool {
        self.fault.is_none() && self.stores.iter().all(|store| store.is_done())
    }

    /// Whether anything was changed, by this run or an earlier one.
    pub fn has_changed(&self) -> bool {
        self.stores.iter().any(|store| store.is_done() || store.steps.iter().any(|step| step.rows > 0))
    }
}

impl StoreApplied {
    /// Whether all of its steps are done.
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Before | State::Done)
    }
}

/// Tries for one store: a deadlock and a commit of which nobody knows are met with another.
const TRIES: usize = 4;

/// Applies `plan`. `parts` holds a store for each that the plan names.
///
/// # Errors
/// `plan-without-store` before anything is done. Everything later stands in [`Applied::fault`], with what was done until then.
pub fn apply(
    plan: &Plan,
    parts: &mut [Part<'_>],
    journal: &mut dyn Journal,
    means: &Means<'_>,
) -> Result<Applied, Fault> {
    for store in &plan.stores {
        if !parts.iter().any(|part| part.name == store.member) {
            let message = format!("The plan names the store {}, which is not open", store.member);
            return Err(Fault::refused("plan-without-store", message)
                .advise("Name the same stores in probity.toml as when the plan was made, or make a new plan."));
        }
    }
    means.progress.start("erasing", plan.steps.iter().map(|step| step.rows).sum());
    let mut applied = Applied::default();
    for store in &plan.stores {
        let Some(part) = parts.iter_mut().find(|part| part.name == store.member) else { continue };
        let steps: Vec<&Step> = plan.steps_of(&store.member).collect();
        if applied.fault.is_some() {
            applied.stores.push(outcome(store, State::Untouched, Vec::new()));
        } else if standing(journal.acts(), &store.member) == Some(Phase::Committed) {
            applied.stores.push(outcome(store, State::Before, before(journal.acts(), &steps)));
        } else {
            let mut work = Work { plan, store, steps: &steps, journal, means, done: Vec::new() };
            match work.store(part) {
                Ok(steps) => applied.stores.push(outcome(store, State::Done, steps)),
                Err(fault) => {
                    // What a store without transactions has kept is told; elsewhere all of it was taken back.
                    let kept = if store.transactional { Vec::new() } else { work.done };
                    applied.stores.push(outcome(store, State::Failed, kept));
                    applied.fault = Some(fault);
                }
            }
        }
    }
    means.progress.finish();
    Ok(applied)
}

fn outcome(store: &StorePlan, state: State, steps: Vec<StepApplied>) -> StoreApplied {
    StoreApplied { member: store.member.clone(), state, steps }
}

/// What earlier runs entered about `steps`: the rows of each, by its last entry of each kind.
fn before(acts: &[Act], steps: &[&Step]) -> Vec<StepApplied> {
    let rows = |step: &Step, phase| {
        let of = |act: &&Act| act.phase == phase && act.step == Some(step.number);
        acts.iter().filter(of).map(|act| act.rows).max().unwrap_or(0)
    };
    let one = |step: &&Step| StepApplied {
        number: step.number,
        rows: rows(step, Phase::Done),
        already: rows(step, Phase::Absent),
    };
    steps.iter().map(one).collect()
}

/// The work on one store.
struct Work<'w> {
    plan: &'w Plan,
    store: &'w StorePlan,
    steps: &'w [&'w Step],
    journal: &'w mut dyn Journal,
    means: &'w Means<'w>,
    done: Vec<StepApplied>,
}

impl Work<'_> {
    fn store(&mut self, part: &mut Part<'_>) -> Result<Vec<StepApplied>, Fault> {
        let mut tries = 1;
        loop {
            let fault = match self.once(part) {
                Ok(()) => return Ok(std::mem::take(&mut self.done)),
                Err(fault) => fault,
            };
            let (phase, again) = match fault.code() {
                "commit-unknown" => (Phase::Unknown, true),
                "store-deadlock" | "store-conflict" => (Phase::RolledBack, true),
                _ => (Phase::RolledBack, false),
            };
            // The fault of the store is the one to act on, whatever the journal says now.
            let entered = self.journal.enter(&[Act::of(phase).in_store(&self.store.member).because(fault.code())]);
            if !again || tries == TRIES || entered.is_err() {
                return Err(fault);
            }
            tries += 1;
        }
    }

    fn once(&mut self, part: &mut Part<'_>) -> Result<(), Fault> {
        self.done.clear();
        for step in self.steps {
            unchanged(step, part.catalog, self.store.transactional)?;
        }
        (self.means.proceed)()?;
        self.ask_holds()?;
        let name = self.store.member.clone();
        let intent = |step: &&Step| Act::of(Phase::Intent).in_store(&name).at(step.number, step.rows);
        self.journal.enter(&self.steps.iter().map(intent).collect::<Vec<_>>())?;
        let mut transaction = part.store.begin()?;
        if self.store.defer {
            transaction.defer_constraints()?;
        }
        let planned = children::Planned::new(self.steps);
        let mut touched = HashSet::new();
        for step in self.steps {
            let done = self.step(&mut *transaction, step, part.catalog, &planned, &mut touched)?;
            self.done.push(done);
            if !self.store.transactional {
                self.journal.enter(&acts(&name, &done))?;
            }
        }
        if self.store.transactional {
            (self.means.proceed)()?;
            self.ask_holds()?;
            self.journal.enter(&self.done.iter().flat_map(|done| acts(&name, done)).collect::<Vec<_>>())?;
        }
        transaction.commit()?;
        self.journal.enter(&[Act::of(Phase::Committed).in_store(&name)])
    }

    fn step(
        &self,
        transaction: &mut dyn Transaction,
        step: &Step,
        catalog: &Catalog,
        planned: &children::Planned<'_>,
        touched: &mut HashSet<(String, Key)>,
    ) -> Result<StepApplied, Fault> {
        let mut done = StepApplied { number: step.number, rows: 0, already: 0 };
        for batch in step.targets.chunks(Limits::BATCH) {
            (self.means.proceed)()?;
            let found = rows::read(transaction, step, batch, catalog, touched)?;
            done.already += found.already;
            done.rows += match &step.action {
                Action::Delete => {
                    children::none_unplanned(transaction, step, &found, catalog, planned)?;
                    rows::delete(transaction, step, &found)?
                }
                Action::Set(fields) => {
                    touched.extend(found.to_do.iter().map(|row| (step.collection.clone(), row.target.key.clone())));
                    rows::set(transaction, step, fields, &found)?
                }
            };
            self.means.progress.advance(batch.iter().map(|target| target.count).sum());
        }
        Ok(done)
    }

    /// No hold may lie on a row that is about to change, unless the plan says that it is kept and what of it changes.
    fn ask_holds(&self) -> Result<(), Fault> {
        for step in self.steps {
            for batch in step.targets.chunks(Limits::BATCH) {
                let keys: Vec<Key> = batch.iter().map(|target| target.key.clone()).collect();
                let holds = self.means.holds.on(&self.store.member, &self.store.dataset, &step.collection, &keys)?;
                if holds.len() != keys.len() {
                    return Err(Fault::internal("holds-unanswered", "Not every row was answered for by the holds"));
                }
                let of = |(target, hold): (&Target, Option<crate::plan::Hold>)| {
                    hold.filter(|hold| !self.knows(step, &target.key, &hold.id))
                };
                if let Some(hold) = batch.iter().zip(holds).find_map(of) {
                    return Err(held(step, &hold.id));
                }
            }
        }
        Ok(())
    }

    fn knows(&self, step: &Step, key: &Key, hold: &str) -> bool {
        let same = |kept: &&crate::plan::Kept| {
            kept.member == step.member && kept.collection == step.collection && kept.hold.as_deref() == Some(hold)
        };
        matches!(step.action, Action::Set(_)) && self.plan.kept.iter().filter(same).any(|kept| kept.rows.contains(key))
    }
}

fn acts(store: &str, done: &StepApplied) -> Vec<Act> {
    let act = |phase, rows| Act::of(phase).in_store(store).at(done.number, rows);
    let absent = (done.already > 0).then(|| act(Phase::Absent, done.already));
    [act(Phase::Done, done.rows)].into_iter().chain(absent).collect()
}

fn held(step: &Step, hold: &str) -> Fault {
    let message =
        format!("Since the plan was made a hold ({hold}) lies on rows of {}.{}", step.member, step.collection);
    Fault::refused("hold-in-the-way", message)
        .advise("Make a new plan: it keeps what the hold covers. Nothing was changed in this store.")
}

/// The collection must still be what the plan was made for.
fn unchanged(step: &Step, catalog: &Catalog, transactional: bool) -> Result<(), Fault> {
    let now =
        catalog.collection(&step.collection).ok_or_else(|| drift(step, "the collection is not there any more"))?;
    if now.naming() != step.key {
        return Err(drift(step, "its key is another"));
    }
    if let Some(gone) = step.digest_of.iter().find(|column| now.column(column).is_none()) {
        return Err(drift(step, &format!("the column {gone} is not there any more")));
    }
    // Collections of documents have no columns of their own: what was not seen last time is no change.
    if let Some(new) = new_column(step, now).filter(|_| transactional) {
        return Err(drift(step, &format!("the column {new} was added")));
    }
    Ok(())
}

fn new_column<'c>(step: &Step, now: &'c Collection) -> Option<&'c str> {
    let own = now.columns.iter().filter(|column| !column.generated);
    own.map(|column| column.name.as_str()).find(|name| !step.digest_of.iter().any(|known| known == name))
}

/// The store is not as it was when the plan was made.
pub(crate) fn drift(step: &Step, what: &str) -> Fault {
    let message = format!("{}.{} has changed since the plan was made: {what}", step.member, step.collection);
    Fault::new(Kind::Refused, "plan-drift", message)
        .advise("Make a new plan with --dry-run and confirm that one. Nothing was changed in this store.")
}

/// How many rows came to which end.
pub fn rows_of(plan: &Plan, applied: &Applied, outcome: Outcome) -> u64 {
    let of = |step: &StepApplied| plan.steps.iter().any(|it| it.number == step.number && it.outcome == outcome);
    let stores = applied.stores.iter().filter(|store| store.state != State::Untouched);
    stores.flat_map(|store| &store.steps).filter(|step| of(step)).map(|step| step.rows).sum()
}
