//! Telling every target what is new to it, and entering what became of it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant as Moment};

use alerts::{Actor, Due, Held, Policy, Register};
use model::Fault;
use rustix::fs::{FlockOperation, flock};

use super::context::Context;
use super::delivery::{self, Ready};
use super::{alerts as project, keys};

/// How long whoever tells now waits for whoever does already.
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(50);
/// What a watch writes into the lock, so that nobody waits for its end.
const WATCH: &str = "watch\n";

/// What became of one delivery.
pub(crate) struct Told {
    pub(crate) target: String,
    /// The target that it stands in for.
    pub(crate) instead_of: Option<String>,
    pub(crate) letters: Vec<(String, String)>,
    /// Knows the delivery again.
    pub(crate) key: String,
    /// Whether it was entered that it is about to be told.
    pub(crate) begun: bool,
    /// `told`, `failed`, `held`.
    pub(crate) outcome: &'static str,
    pub(crate) why: Option<String>,
}

/// A delivery that is to be made.
pub(crate) struct Task {
    pub(crate) told: Told,
    ready: Option<Ready>,
}

/// Held by whoever tells: two at once would both tell the same.
pub(crate) struct Lock {
    _file: File,
}

/// Tells every target what is due to it, and somebody else where it could not be told.
///
/// # Errors
/// `watch-running`; those of the register and the ledger.
pub(crate) fn tell(context: &Context, policy: &Policy) -> Result<Vec<Told>, Fault> {
    let _lock = lock(context, false)?;
    settle(context)?;
    let register = project::read_whole(context)?;
    let mut due = register.due(policy, context.now());
    // That alerts wait for others is as it should be.
    due.retain(|due| !matches!(due.held, Some(Held::Group(_))));
    let mut all = deliver(context, due.iter().map(|due| task(context, due, None)).collect())?;
    let tasks =
        due.iter().zip(&all).filter_map(|(due, told)| stand_in(context, policy, &register, due, told)).collect();
    all.extend(deliver(context, tasks)?);
    record(context, &all)?;
    Ok(all)
}

/// Enters that nobody knows what became of deliveries that were begun and not ended. Only for whoever holds the lock: what
/// somebody else is about to tell looks the same.
///
/// # Errors
/// Those of the register and the ledger.
pub(crate) fn settle(context: &Context) -> Result<(), Fault> {
    let unsettled = project::read_whole(context)?.unsettled();
    if unsettled.is_empty() {
        return Ok(());
    }
    let (by, now) = (context.actor(), context.now());
    let enter =
        |register: &mut Register| unsettled.iter().try_for_each(|one| register.uncertain(one, Actor { by: &by, now }));
    project::change(context, enter).map(drop)
}

/// Enters what is about to be told; on return it is on the disk.
///
/// # Errors
/// Those of the register and the ledger: then nothing is told.
pub(crate) fn announce<'t>(context: &Context, tasks: impl Iterator<Item = &'t Task>) -> Result<(), Fault> {
    let begun: Vec<&Told> = tasks.map(|task| &task.told).filter(|told| told.begun).collect();
    if begun.is_empty() {
        return Ok(());
    }
    let (by, now) = (context.actor(), context.now());
    let enter = |register: &mut Register| {
        begun
            .iter()
            .try_for_each(|told| register.telling(&told.target, &told.key, &told.letters, Actor { by: &by, now }))
    };
    project::change(context, enter).map(drop)
}

/// Waits until nobody else tells.
///
/// # Errors
/// `watch-running` where a watch does, which does not end; or where it takes too long. I/O faults.
pub(crate) fn lock(context: &Context, is_watch: bool) -> Result<Lock, Fault> {
    let folder = context.project.state("run");
    keys::private_folder(&context.project.state(""))?;
    keys::private_folder(&folder)?;
    let path = folder.join("alert-delivery.lock");
    let fault = |error| Fault::io("lock", &path, error);
    let mut file = File::options().create(true).read(true).write(true).truncate(false).open(&path).map_err(fault)?;
    let begun = Moment::now();
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => break,
            Err(rustix::io::Errno::WOULDBLOCK) => {}
            Err(error) => return Err(fault(error.into())),
        }
        let mut word = String::new();
        let _ = File::open(&path).and_then(|mut file| file.read_to_string(&mut word));
        if word == WATCH || begun.elapsed() > PATIENCE {
            return Err(Fault::refused("watch-running", "Another run tells the targets of this project")
                .advise("While `alert watch` runs it tells them; stop it first, or let it."));
        }
        sleep(POLL);
    }
    file.set_len(0).map_err(fault)?;
    file.write_all(if is_watch { WATCH } else { "" }.as_bytes()).map_err(fault)?;
    Ok(Lock { _file: file })
}

/// A delivery; one that is held, or cannot be made ready, has its outcome already.
pub(crate) fn task(context: &Context, due: &Due<'_>, instead_of: Option<String>) -> Task {
    let key = alerts::key(&due.target.name, &due.letters);
    let told = |outcome, why| Told {
        target: due.target.name.clone(),
        instead_of,
        letters: due.words(),
        key,
        begun: false,
        outcome,
        why,
    };
    match due.held {
        Some(Held::Open(until)) => {
            Task { told: told("held", Some(format!("failed too often, left alone until {until}"))), ready: None }
        }
        Some(Held::Group(until)) => {
            Task { told: told("held", Some(format!("waits for others of its group until {until}"))), ready: None }
        }
        Some(Held::Rate) => Task { told: told("held", Some("told too often in this minute".to_owned())), ready: None },
        None => match delivery::ready(context, due.target, &due.group, &due.letters) {
            Ok(ready) => Task { told: Told { begun: true, ..told("told", None) }, ready: Some(ready) },
            Err(fault) => Task { told: told("failed", Some(fault.message().to_owned())), ready: None },
        },
    }
}

/// Whoever could not be told has somebody who is told instead.
pub(crate) fn stand_in(
    context: &Context,
    policy: &Policy,
    register: &Register,
    due: &Due<'_>,
    told: &Told,
) -> Option<Task> {
    if told.outcome == "told" {
        return None;
    }
    let fallback = policy.target(due.target.fallback.as_deref()?)?;
    let letters = register.news(fallback, &due.letters, context.now());
    let held = register.held(fallback, context.now());
    let due = Due { target: fallback, group: due.group.clone(), letters, held };
    (!due.letters.is_empty()).then(|| task(context, &due, Some(told.target.clone())))
}

impl Task {
    /// Makes the delivery.
    pub(crate) fn run(self) -> Told {
        let Task { mut told, ready } = self;
        if let Some(ready) = ready {
            (told.outcome, told.why) = match ready.deliver() {
                Ok(remark) => ("told", remark),
                Err(fault) => ("failed", Some(fault.message().to_owned())),
            };
        }
        told
    }
}

/// Tells every target at once, one delivery after the other: one that is slow holds up no other, and one that is down is not
/// asked for each of its groups.
///
/// # Errors
/// Those of the register and the ledger.
fn deliver(context: &Context, tasks: Vec<Task>) -> Result<Vec<Told>, Fault> {
    announce(context, tasks.iter())?;
    let mut by_target: Vec<Vec<Task>> = Vec::new();
    for task in tasks {
        match by_target.last_mut().filter(|last| last[0].told.target == task.told.target) {
            Some(last) => last.push(task),
            None => by_target.push(vec![task]),
        }
    }
    let started: Vec<JoinHandle<Vec<Told>>> =
        by_target.into_iter().map(|tasks| spawn(move || one_after_the_other(tasks))).collect();
    // A thread ends early through a panic alone, which ends the program.
    Ok(started.into_iter().filter_map(|handle| handle.join().ok()).flatten().collect())
}

fn one_after_the_other(tasks: Vec<Task>) -> Vec<Told> {
    let mut all: Vec<Told> = Vec::new();
    for task in tasks {
        let is_down = all.last().is_some_and(|told| told.outcome != "told");
        all.push(match is_down && task.ready.is_some() {
            true => Told { outcome: "held", why: Some("the delivery before failed".to_owned()), ..task.told },
            false => task.run(),
        });
    }
    all
}

/// Enters what was told and what was not. Whoever stood in heard it; the target itself has yet to.
///
/// # Errors
/// Those of the register and the ledger.
pub(crate) fn record(context: &Context, all: &[Told]) -> Result<(), Fault> {
    let (by, now) = (context.actor(), context.now());
    let actor = Actor { by: &by, now };
    let made: Vec<&Told> = all.iter().filter(|told| told.begun || told.outcome != "held").collect();
    if made.is_empty() {
        return Ok(());
    }
    let enter = |register: &mut Register| {
        made.iter().try_for_each(|told| match (told.outcome, &told.why) {
            ("told", why) => register.told(&told.target, &told.key, &told.letters, why.as_deref(), actor),
            (outcome, why) => {
                let enter = if outcome == "held" { Register::withheld } else { Register::untold };
                enter(register, &told.target, &told.key, &told.letters, why.as_deref().unwrap_or_default(), actor)
            }
        })
    };
    project::change(context, enter).map(drop)
}
