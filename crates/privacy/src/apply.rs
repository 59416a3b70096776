//! Applying a plan: store after store, journal first, all or nothing in each of them.
//!
//! ```text
//!  every store: can it be written to?
//!  for each store, in the plan's order:
//!    intent of every step ─▶ journal
//!    begin ─▶ each step: read again and lock ─▶ as planned? ─▶ delete, set ─▶ looked at once more
//!    holds asked again ─▶ done ─▶ journal ─▶ commit ─▶ journal
//! ```
//!
//! A row that is not there any more is done. A row that is not as it was planned, a row that refers to one that is to go and
//! does not stand in the plan, a hold that has come since: the store is put back as it was and the plan is refused
//! (`plan-drift`, `hold-in-the-way`). A step that was done is never taken back: a run that was stopped is finished by the next
//! (forward recovery), because every step may be done twice. Where nobody knew what had become of a store, what is found in
//! the next attempt says it, and the rows count as what they are: changed by this request.

mod children;
mod rows;

use std::collections::{BTreeMap, HashSet};

use model::{Fault, Kind, Progress};

use crate::Limits;
use crate::catalog::{Catalog, Collection};
use crate::journal::{Act, Journal, Phase, doubtful, is_unsure, standing};
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
    /// It is as it was before.
    Failed,
    /// A part of it may be done, or all: it has no transactions, or nobody knows what became of the last one.
    Unsure,
    /// It was not begun.
    Untouched,
}

/// What one step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepApplied {
    /// The step's number.
    pub number: u64,
    /// Rows that were changed or deleted, by earlier attempts of this request too.
    pub rows: u64,
    /// Rows that were as they should be already, and not by this request as far as its journal knows.
    pub already: u64,
}

impl Applied {
    /// Whether every store is done.
    pub fn is_whole(&self) -> bool {
        self.fault.is_none() && self.stores.iter().all(|store| store.is_done())
    }

    /// Whether anything was changed, by this run or an earlier one, or may have been.
    pub fn has_changed(&self) -> bool {
        let changed = |store: &StoreApplied| {
            store.is_done() || store.state == State::Unsure || store.steps.iter().any(|step| step.rows > 0)
        };
        self.stores.iter().any(changed)
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
    let mut closed = unwritable(plan, parts, journal.acts());
    for store in &plan.stores {
        let Some(part) = parts.iter_mut().find(|part| part.name == store.member) else { continue };
        let steps: Vec<&Step> = plan.steps_of(&store.member).collect();
        if standing(journal.acts(), &store.member) == Some(Phase::Committed) {
            applied.stores.push(outcome(store, State::Before, before(journal.acts(), &store.member, &steps)));
        } else if closed.as_ref().is_some_and(|(member, _)| *member == store.member) {
            let work = Work::new(plan, store, &steps, journal, means);
            applied.stores.push(outcome(store, work.ended(), Vec::new()));
            applied.fault = closed.take().map(|(_, fault)| fault);
        } else if closed.is_some() || applied.fault.is_some() {
            applied.stores.push(outcome(store, State::Untouched, Vec::new()));
        } else {
            let mut work = Work::new(plan, store, &steps, journal, means);
            match work.store(part) {
                Ok(steps) => applied.stores.push(outcome(store, State::Done, steps)),
                Err(fault) => {
                    applied.stores.push(outcome(store, work.ended(), work.kept()));
                    applied.fault = Some(fault);
                }
            }
        }
    }
    means.progress.finish();
    Ok(applied)
}

/// The first store that is still to be done and cannot be written to now, with the reason: then nothing is changed anywhere.
fn unwritable(plan: &Plan, parts: &mut [Part<'_>], acts: &[Act]) -> Option<(String, Fault)> {
    let open = |store: &&StorePlan| standing(acts, &store.member) != Some(Phase::Committed);
    plan.stores.iter().filter(open).find_map(|store| {
        let part = parts.iter_mut().find(|part| part.name == store.member)?;
        let fault = part.store.begin().map(drop).err()?;
        Some((store.member.clone(), fault))
    })
}

fn outcome(store: &StorePlan, state: State, steps: Vec<StepApplied>) -> StoreApplied {
    StoreApplied { member: store.member.clone(), state, steps }
}

/// What earlier runs entered about `steps`: the last attempt is the one that the store has kept.
fn before(acts: &[Act], store: &str, steps: &[&Step]) -> Vec<StepApplied> {
    let one = |step: &&Step| {
        let own = acts.iter().filter(|act| act.store.as_deref() == Some(store) && act.step == Some(step.number));
        own.fold(StepApplied { number: step.number, rows: 0, already: 0 }, |so_far, act| match act.phase {
            Phase::Done => StepApplied { rows: act.rows, already: 0, ..so_far },
            Phase::Absent => StepApplied { already: act.rows, ..so_far },
            _ => so_far,
        })
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
    lasting: Lasting,
    /// Rows by step that earlier attempts changed, while nobody knew whether the store has kept it.
    doubtful: BTreeMap<u64, u64>,
    /// Whether earlier attempts may have left something done.
    was_unsure: bool,
}

/// What of an attempt stays, however it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lasting {
    /// Nothing.
    Nothing,
    /// What was done so far: there are no transactions.
    Part,
    /// All or nothing, and nobody knows which.
    Unknown,
    /// All of it.
    All,
}

impl<'w> Work<'w> {
    fn new(
        plan: &'w Plan,
        store: &'w StorePlan,
        steps: &'w [&'w Step],
        journal: &'w mut dyn Journal,
        means: &'w Means<'w>,
    ) -> Self {
        let doubtful = doubtful(journal.acts(), &store.member, store.transactional);
        let was_unsure = is_unsure(journal.acts(), &store.member, store.transactional);
        Work { plan, store, steps, journal, means, done: Vec::new(), lasting: Lasting::Nothing, doubtful, was_unsure }
    }

    /// How the store stands after the last attempt failed.
    fn ended(&self) -> State {
        match self.lasting != Lasting::Nothing || self.was_unsure {
            true => State::Unsure,
            false => State::Failed,
        }
    }

    fn store(&mut self, part: &mut Part<'_>) -> Result<Vec<StepApplied>, Fault> {
        let mut tries = 1;
        loop {
            let fault = match self.once(part) {
                Ok(()) => return Ok(std::mem::take(&mut self.done)),
                Err(fault) => fault,
            };
            let phase = match self.lasting {
                Lasting::Nothing => Phase::RolledBack,
                Lasting::Part => Phase::Stopped,
                Lasting::Unknown => Phase::Unknown,
                // The store has it, and only the journal does not say so: the next run finds that out.
                Lasting::All => return Err(unfinished(fault)),
            };
            let again = ["commit-unknown", "store-deadlock", "store-conflict"].contains(&fault.code());
            // The fault of the store is the one to act on, whatever the journal says now.
            let entered = self.journal.enter(&[Act::of(phase).in_store(&self.store.member).because(fault.code())]);
            self.doubtful = doubtful(self.journal.acts(), &self.store.member, self.store.transactional);
            self.was_unsure = is_unsure(self.journal.acts(), &self.store.member, self.store.transactional);
            if !again || tries == TRIES || entered.is_err() {
                return Err(if self.ended() == State::Unsure { unfinished(fault) } else { fault });
            }
            tries += 1;
        }
    }

    fn once(&mut self, part: &mut Part<'_>) -> Result<(), Fault> {
        self.done.clear();
        self.lasting = Lasting::Nothing;
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
            self.step(&mut *transaction, step, part.catalog, &planned, &mut touched)?;
        }
        if self.store.transactional {
            self.settle_doubt();
            (self.means.proceed)()?;
            self.ask_holds()?;
            self.journal.enter(&self.done.iter().flat_map(|done| acts(&name, done)).collect::<Vec<_>>())?;
            self.lasting = Lasting::Unknown;
        }
        let kept = transaction.commit();
        self.lasting = match &kept {
            Ok(()) => Lasting::All,
            Err(fault) if self.store.transactional && fault.code() != "commit-unknown" => Lasting::Nothing,
            Err(_) => self.lasting,
        };
        kept?;
        self.journal.enter(&[Act::of(Phase::Committed).in_store(&name)])
    }

    /// Nothing was left to do in the whole store: then it has kept the attempt of which nobody knew.
    fn settle_doubt(&mut self) {
        if self.done.iter().any(|done| done.rows > 0) {
            return;
        }
        let mut done = std::mem::take(&mut self.done);
        done.iter_mut().for_each(|done| self.is_ours(done));
        self.done = done;
    }

    /// Counts rows that an earlier attempt changed as changed, not as found so.
    fn is_ours(&self, done: &mut StepApplied) {
        let ours = self.doubtful.get(&done.number).map_or(0, |rows| done.already.min(*rows));
        done.rows += ours;
        done.already -= ours;
    }

    fn step(
        &mut self,
        transaction: &mut dyn Transaction,
        step: &Step,
        catalog: &Catalog,
        planned: &children::Planned<'_>,
        touched: &mut HashSet<(String, Key)>,
    ) -> Result<(), Fault> {
        let mut done = StepApplied { number: step.number, rows: 0, already: 0 };
        self.note(done)?;
        for batch in step.targets.chunks(Limits::BATCH) {
            (self.means.proceed)()?;
            let found = rows::read(transaction, step, batch, catalog, touched)?;
            done.already += found.already;
            if step.action == Action::Delete {
                children::none_unplanned(transaction, step, &found, catalog, planned)?;
            }
            if !self.store.transactional && !found.to_do.is_empty() {
                self.lasting = Lasting::Part;
            }
            let changed = match &step.action {
                Action::Delete => rows::delete(transaction, step, &found),
                Action::Set(fields) => {
                    touched.extend(found.to_do.iter().map(|row| (step.collection.clone(), row.target.key.clone())));
                    rows::set(transaction, step, fields, &found)
                }
            };
            match changed {
                Ok(rows) => done.rows += rows,
                Err(fault) => {
                    // What was done of the batch stays done, and the store is asked how much that is. Where it does not
                    // answer any more, the next run finds those rows gone and does not know by whom.
                    if !self.store.transactional {
                        done.rows += rows::changed(transaction, step, &found).unwrap_or_default();
                        self.note(done)?;
                    }
                    return Err(fault);
                }
            }
            self.note(done)?;
            self.means.progress.advance(batch.iter().map(|target| target.count).sum());
        }
        Ok(())
    }

    /// Keeps how far a step is. Where nothing is taken back the journal learns of it after each batch, so that whoever
    /// finishes knows what this request has changed.
    fn note(&mut self, mut done: StepApplied) -> Result<(), Fault> {
        self.done.retain(|known| known.number != done.number);
        if !self.store.transactional {
            self.is_ours(&mut done);
        }
        self.done.push(done);
        match self.store.transactional || done.rows + done.already == 0 {
            true => Ok(()),
            false => self.journal.enter(&acts(&self.store.member, &done)),
        }
    }

    /// What stays of an attempt that failed, by all that is known of this one and of those before it. With transactions all of
    /// it was taken back.
    fn kept(&mut self) -> Vec<StepApplied> {
        if self.store.transactional {
            return Vec::new();
        }
        let done = std::mem::take(&mut self.done);
        let one = |step: &&Step| {
            let own = done.iter().find(|known| known.number == step.number);
            let own = own.copied().unwrap_or(StepApplied { number: step.number, rows: 0, already: 0 });
            let before = self.doubtful.get(&step.number).copied().unwrap_or_default();
            StepApplied { rows: own.rows.max(before), ..own }
        };
        self.steps.iter().map(one).filter(|step| step.rows + step.already > 0).collect()
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

/// The same fault, with what is to be done where a part of the store is done or may be.
fn unfinished(fault: Fault) -> Fault {
    fault.advise(
        "What was done in this store stays done. Go on with --resume: it asks the store for every row again, and finishes.",
    )
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
