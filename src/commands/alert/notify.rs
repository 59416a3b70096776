//! `alert notify|test|route`: who is told, who could not be, who would be.

use alerts::{Labels, Letter, Policy, Register, trial};
use clap::Args;
use model::{Fault, Instant};
use serde_json::{Value, json};

use super::PolicyArgs;
use crate::cli::alerts as project;
use crate::cli::context::Context;
use crate::cli::delivery;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::output::{Page, Show};
use crate::cli::table::{Cell, Table};
use crate::cli::telling::{self, Told};
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

pub(super) fn notify(context: &mut Context, args: &NotifyArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "alert.notified");
    let policy = project::policy(context, args.policy.policy.as_deref())?;
    let all = telling::tell(context, &policy)?;
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
    let remark =
        delivery::ready(context, target, &Labels::default(), &[Letter { alert: &alert, over: false, told: None }])?
            .deliver()?;
    let told = Told {
        target: target.name.clone(),
        instead_of: None,
        key: String::new(),
        letters: vec![(alert.id, "test".to_owned())],
        begun: false,
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
