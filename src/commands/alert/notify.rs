//! `alert notify|test|route`: who is told, who could not be, who would be.

use alerts::{Actor, Due, Held, Letter, Policy, Register, Target, trial};
use clap::Args;
use model::{Fault, Instant};
use serde_json::{Value, json};

use super::PolicyArgs;
use crate::cli::alerts as project;
use crate::cli::context::Context;
use crate::cli::delivery::{self, Ready};
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::output::{Page, Show};
use crate::cli::table::{Cell, Table};
use crate::commands::Done;

#[derive(Args, Debug)]
pub(super) struct NotifyArgs {
    #[command(flatten)]
    policy: PolicyArgs,
}

#[derive(Args, Debug)]
pub(super) struct TestArgs {
    /// The target, as alerts.yaml names it
    target: String,
    #[command(flatten)]
    policy: PolicyArgs,
}

#[derive(Args, Debug)]
pub(super) struct RouteArgs {
    /// The alert, or its fingerprint
    alert: String,
    #[command(flatten)]
    policy: PolicyArgs,
}

/// What became of one delivery.
struct Told {
    target: String,
    /// The target that it stands in for.
    instead_of: Option<String>,
    letters: Vec<(String, String)>,
    /// `told`, `failed`, `held`.
    outcome: &'static str,
    why: Option<String>,
}

/// A delivery that is to be made.
struct Task<'a> {
    told: Told,
    ready: Option<Ready<'a>>,
}

pub(super) fn notify(context: &mut Context, args: &NotifyArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "alert.notified");
    let policy = project::policy(context, args.policy.policy.as_deref())?;
    let register = project::read_whole(context)?;
    let due = register.due(&policy, context.now());
    let mut all = deliver(due.iter().map(|due| task(context, due.target, &due.letters, due.held, None)).collect());
    // Whoever could not be told has somebody who is told instead.
    let stand_in = |told: &Told| {
        let due = due.iter().find(|due| due.target.name == told.target)?;
        let fallback = policy.target(due.target.fallback.as_deref()?)?;
        let letters = register.news(fallback, &due.letters, context.now());
        (!letters.is_empty()).then(|| task(context, fallback, &letters, None, Some(told.target.clone())))
    };
    let tasks = all.iter().filter(|told| told.outcome != "told").filter_map(stand_in).collect();
    all.extend(deliver(tasks));
    record(context, &all)?;
    for (name, outcome) in [("told", "told"), ("failed", "failed"), ("held", "held")] {
        context.trace.count(name, all.iter().filter(|told| told.outcome == outcome).count() as u64);
    }
    let exit = exit(&all);
    Ok(Done::showing(exit, Notified { all }))
}

/// Every target that failed or is held makes it partial, even where somebody was told instead; all of them, unavailable.
fn exit(all: &[Told]) -> Exit {
    let lost = all.iter().filter(|told| told.outcome != "told").count();
    match lost {
        0 => Exit::Done,
        lost if lost == all.len() => Exit::Unavailable,
        _ => Exit::Partial,
    }
}

fn task<'a>(
    context: &Context,
    target: &'a Target,
    letters: &[Letter<'_>],
    held: Option<Held>,
    instead_of: Option<String>,
) -> Task<'a> {
    let words = Due { target, letters: letters.to_vec(), held }.words();
    let told = |outcome, why| Told { target: target.name.clone(), instead_of, letters: words, outcome, why };
    match held {
        Some(Held::Open(until)) => {
            Task { told: told("held", Some(format!("failed too often, left alone until {until}"))), ready: None }
        }
        Some(Held::Rate) => Task { told: told("held", Some("told too often in this minute".to_owned())), ready: None },
        None => match delivery::ready(context, target, letters) {
            Ok(ready) => Task { told: told("told", None), ready: Some(ready) },
            Err(fault) => Task { told: told("failed", Some(fault.message().to_owned())), ready: None },
        },
    }
}

/// Tells every target at once: one that is slow holds up no other.
fn deliver(tasks: Vec<Task<'_>>) -> Vec<Told> {
    std::thread::scope(|scope| {
        let started: Vec<_> = tasks
            .into_iter()
            .map(|task| {
                let Task { told, ready } = task;
                (told, ready.map(|ready| scope.spawn(move || ready.deliver())))
            })
            .collect();
        let done = |(mut told, handle): (Told, Option<std::thread::ScopedJoinHandle<'_, Result<_, Fault>>>)| {
            let Some(handle) = handle else { return told };
            (told.outcome, told.why) = match handle.join() {
                Ok(Ok(remark)) => ("told", remark),
                Ok(Err(fault)) => ("failed", Some(fault.message().to_owned())),
                Err(_) => ("failed", Some("the thread ended".to_owned())),
            };
            told
        };
        started.into_iter().map(done).collect()
    })
}

/// Enters what was told and what was not. Whoever stood in heard it; the target itself has yet to.
fn record(context: &Context, all: &[Told]) -> Result<(), Fault> {
    let (by, now) = (context.actor(), context.now());
    let actor = Actor { by: &by, now };
    let made: Vec<&Told> = all.iter().filter(|told| told.outcome != "held").collect();
    if made.is_empty() {
        return Ok(());
    }
    let enter = |register: &mut Register| {
        made.iter().try_for_each(|told| match (told.outcome, &told.why) {
            ("told", why) => register.told(&told.target, &told.letters, why.as_deref(), actor),
            (_, why) => register.untold(&told.target, &told.letters, why.as_deref().unwrap_or_default(), actor),
        })
    };
    project::change(context, enter).map(drop)
}

pub(super) fn test(context: &mut Context, args: &TestArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "alert.tested");
    let policy = project::policy(context, args.policy.policy.as_deref())?;
    let target = policy.target(&args.target).ok_or_else(|| {
        let near = model::nearest(&args.target, policy.targets.iter().map(|target| target.name.as_str()));
        Fault::usage("no-target", format!("There is no target {:?}", args.target)).advise(match near {
            Some(near) => format!("Did you mean {near:?}?"),
            None => "Write it under targets in alerts.yaml.".to_owned(),
        })
    })?;
    let alert = trial(context.now());
    let remark = delivery::ready(context, target, &[Letter { alert: &alert, over: false }])?.deliver()?;
    let told = Told {
        target: target.name.clone(),
        instead_of: None,
        letters: vec![(alert.id, "test".to_owned())],
        outcome: "told",
        why: remark,
    };
    Ok(Done::showing(Exit::Done, Notified { all: vec![told] }))
}

pub(super) fn route(context: &mut Context, args: &RouteArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "alert.routed");
    let policy = project::policy(context, args.policy.policy.as_deref())?;
    let register = project::read(context)?;
    let alert = register.known(&args.alert)?;
    let targets: Vec<String> = policy.routed(alert).into_iter().map(str::to_owned).collect();
    let exit = if targets.is_empty() { Exit::No } else { Exit::Done };
    let due = waiting(&register, &policy, context.now(), &alert.id);
    Ok(Done::showing(exit, Routed { alert: alert.id.clone(), targets, due }))
}

/// The targets that have yet to hear what is new of an alert.
fn waiting(register: &Register, policy: &Policy, now: Instant, id: &str) -> Vec<String> {
    let due = register.due(policy, now);
    let theirs = due.iter().filter(|due| due.letters.iter().any(|letter| letter.alert.id == id));
    theirs.map(|due| due.target.name.clone()).collect()
}

struct Routed {
    alert: String,
    targets: Vec<String>,
    due: Vec<String>,
}

impl Show for Routed {
    fn json(&self) -> Value {
        json!({"schema": "alert-route/1", "alert": self.alert, "targets": self.targets, "due": self.due})
    }

    fn human(&self, page: &mut Page) {
        page.field("alert", &self.alert);
        page.field("targets", if self.targets.is_empty() { "none".to_owned() } else { self.targets.join(", ") });
        page.field("has yet to hear", if self.due.is_empty() { "nobody".to_owned() } else { self.due.join(", ") });
    }
}

struct Notified {
    all: Vec<Told>,
}

impl Show for Notified {
    fn json(&self) -> Value {
        let one = |told: &Told| {
            let alerts: Vec<Value> = told.letters.iter().map(|(id, word)| json!({"alert": id, "said": word})).collect();
            json!({
                "target": told.target, "instead_of": told.instead_of, "outcome": told.outcome, "why": told.why,
                "alerts": alerts,
            })
        };
        json!({"schema": "alert-notification/1", "deliveries": self.all.iter().map(one).collect::<Vec<_>>()})
    }

    fn human(&self, page: &mut Page) {
        if self.all.is_empty() {
            return page.line("Nothing to tell.");
        }
        let mut table = Table::new(&["target", "outcome", "alerts", "instead of", "why"]);
        for told in &self.all {
            let instead_of = told.instead_of.as_deref().unwrap_or_default();
            table.row([
                told.target.as_str().into(),
                told.outcome.into(),
                Cell::Count(told.letters.len() as u64),
                instead_of.into(),
                told.why.as_deref().unwrap_or_default().into(),
            ]);
        }
        page.table(&table);
    }
}
