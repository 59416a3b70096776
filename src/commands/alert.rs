//! `alert`: what is wrong now, who knows of it, and how it ended.

mod notify;
mod shown;
mod silence;
mod watch;

use std::path::PathBuf;

use alerts::{Actor, Changes, Policy, Register, Standing, Status};
use clap::{Args, Subcommand};
use model::{Fault, Severity};

use super::Done;
use crate::cli::alerts as project;
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;

pub(crate) const EXAMPLES: &[Example] = &[
    Example { about: "Make alerts of the newest judgements; exit 1 when one fires", line: "probity alert eval" },
    Example { about: "What is wrong, and who knows of it", line: "probity alert list" },
    Example { about: "Has everybody answered? Exit 1 when not", line: "probity alert list --due" },
    Example { about: "Tell the targets of alerts.yaml what is new", line: "probity alert notify" },
    Example { about: "Alerts as they happen, told at once, until Ctrl-C", line: "probity alert watch --every 10s" },
    Example { about: "You know of it", line: "probity alert ack alert-0001 --note \"on it\"" },
    Example {
        about: "Nobody is to be disturbed during the maintenance",
        line: "probity alert silence --match \"rule=infrastructure.*\" --for 2h --reason \"maintenance\"",
    },
];

/// Keep alerts: what is wrong now, since when, who knows of it, how it ended
///
/// Alerts are made from what `evaluate` found. One is pending until it lasted, fires, and is resolved when an evaluation shows that
/// all is well; what nobody could judge resolves nothing. Terms, escalation and inhibition stand in alerts.yaml. Every
/// transition is a line of a chain, `.probity/alerts.jsonl`, and an entry of the ledger.
#[derive(Args, Debug)]
pub(crate) struct AlertArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Make alerts of judgements and evaluations; exit 1 when one fires and is told
    Eval(EvalArgs),
    /// List the alerts that are open
    List(ListArgs),
    /// Show one alert with its history
    Show {
        /// The alert, or its fingerprint
        alert: String,
    },
    /// Say that you know of alerts
    Ack(AckArgs),
    /// Say that alerts are over, and why
    Resolve(ResolveArgs),
    /// Disturb nobody with alerts that match, for a time and a reason
    Silence(silence::SilenceArgs),
    /// Tell the targets of alerts.yaml what is new; exit 5 when one could not be told
    Notify(notify::NotifyArgs),
    /// Make alerts, tell targets and print events as they happen, until SIGTERM or Ctrl-C
    ///
    /// What `evaluate` finds becomes alerts within a second, and targets are told at once. With --json each event is a line,
    /// `alert-event/1`. A target that is slow or down holds up nobody else.
    Watch(watch::WatchArgs),
    /// Say to which targets an alert goes; exit 1 when to none
    Route(notify::RouteArgs),
    /// Send a test to a target
    Test(notify::TestArgs),
}

#[derive(Args, Debug)]
struct EvalArgs {
    /// What `evaluate --json` printed, - for standard input; otherwise the newest judgements that this project keeps
    files: Vec<PathBuf>,
    #[command(flatten)]
    policy: PolicyArgs,
}

// Which policy.
#[derive(Args, Debug)]
struct PolicyArgs {
    /// Take the terms from this file; otherwise from alerts.yaml of the project
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

#[derive(Args, Debug)]
struct ListArgs {
    /// Those that are over as well
    #[arg(long)]
    all: bool,
    /// Only those that fire, are told, and nobody acknowledged; exit 1 when there is one
    #[arg(long, conflicts_with_all = ["all", "status"])]
    due: bool,
    /// Only those where they are in their life
    #[arg(long, value_name = "STATUS", value_parser = ["pending", "firing", "resolved", "withdrawn"])]
    status: Option<String>,
    /// Only those that matter at least so much
    #[arg(long, value_name = "SEVERITY", value_parser = ["low", "medium", "high", "critical"])]
    severity: Option<String>,
    #[command(flatten)]
    policy: PolicyArgs,
}

#[derive(Args, Debug)]
struct AckArgs {
    /// The alerts, or their fingerprints
    #[arg(required = true)]
    alerts: Vec<String>,
    /// What you say; no names of people
    #[arg(long, value_name = "WORDS")]
    note: Option<String>,
    /// The incident that they belong to
    #[arg(long, value_name = "ID")]
    incident: Option<String>,
}

#[derive(Args, Debug)]
struct ResolveArgs {
    /// The alerts, or their fingerprints
    #[arg(required = true)]
    alerts: Vec<String>,
    /// Why they are over; no names of people
    #[arg(long, value_name = "WORDS")]
    reason: String,
    /// The incident that they belong to
    #[arg(long, value_name = "ID")]
    incident: Option<String>,
}

pub(crate) fn run(context: &mut Context, args: AlertArgs) -> Result<Done, Fault> {
    match args.verb {
        Verb::Eval(args) => eval(context, &args),
        Verb::List(args) => list(context, &args),
        Verb::Show { alert } => show(context, &alert),
        Verb::Ack(args) => act(context, &args.alerts, args.incident.as_deref(), |register, alert, actor| {
            register.acknowledge(alert, args.note.as_deref(), actor)
        }),
        Verb::Resolve(args) => act(context, &args.alerts, args.incident.as_deref(), |register, alert, actor| {
            register.resolve(alert, &args.reason, actor)
        }),
        Verb::Silence(args) => silence::run(context, args),
        Verb::Notify(args) => notify::notify(context, &args),
        Verb::Watch(args) => watch::run(context, args),
        Verb::Route(args) => notify::route(context, &args),
        Verb::Test(args) => notify::test(context, &args),
    }
}

fn eval(context: &mut Context, args: &EvalArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "alert.evaluated");
    let policy = project::policy(context, args.policy.policy.as_deref())?;
    let documents = project::documents(context, &args.files)?;
    project::strangers(&documents, &policy).iter().for_each(|sentence| context.output.warn(sentence));
    let (by, now) = (context.actor(), context.now());
    let (register, (before, changes)) = project::change(context, |register| {
        let before = register.lines().len();
        let observe = |observed| alerts::observe(register, &policy, observed, &by, now);
        let changes = documents.iter().map(observe).collect::<Result<Vec<Changes>, Fault>>()?;
        register.escalate(&policy, &by, now)?;
        Ok((before, changes))
    })?;
    let read: String = documents.iter().map(|observed| observed.digest.hex() + "\n").collect();
    context.trace.digest("documents", seal::sha256(read.as_bytes()));
    context.trace.count("documents", documents.len() as u64);
    let shown = shown::Evaluated::of(&register, &policy, &documents, &changes, before, now);
    context.trace.count("firing", shown.firing() as u64);
    Ok(Done::showing(shown.exit(), shown))
}

fn list(context: &mut Context, args: &ListArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "alert.listed");
    let policy = project::policy(context, args.policy.policy.as_deref())?;
    let (register, now) = (project::read(context)?, context.now());
    let status = args.status.as_deref().and_then(Status::parse);
    let least = args.severity.as_deref().and_then(Severity::parse);
    let is_wanted = |standing: &Standing<'_>| {
        let alert = standing.alert;
        let fits = match status {
            Some(status) => alert.status == status,
            None => args.all || alert.is_open(),
        };
        let is_due = standing.speaks() && alert.acknowledged.is_none();
        fits && least.is_none_or(|least| alert.severity >= least) && (is_due || !args.due)
    };
    let listed = shown::Listed::of(&register, &policy, now, is_wanted);
    let exit = if args.due && !listed.is_empty() { Exit::No } else { Exit::Done };
    context.trace.count("alerts", listed.len() as u64);
    Ok(Done::showing(exit, listed))
}

fn show(context: &mut Context, name: &str) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "alert.shown");
    let policy = project::policy(context, None)?;
    let (register, now) = (project::read(context)?, context.now());
    Ok(Done::showing(Exit::Done, shown::One::of(&register.standing(name, &policy, now)?, now)))
}

/// Does something to each of these alerts, all or none.
fn act(
    context: &mut Context,
    names: &[String],
    incident: Option<&str>,
    act: impl Fn(&mut Register, &str, Actor<'_>) -> Result<(), Fault>,
) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "alert.answered");
    let policy: Policy = project::policy(context, None)?;
    let (by, now) = (context.actor(), context.now());
    let actor = Actor { by: &by, now };
    incident.map_or(Ok(()), |incident| known_incident(context, incident))?;
    let (register, ids) = project::change(context, |register| {
        let mut ids = Vec::new();
        for name in names {
            ids.push(register.known(name)?.id.clone());
            act(register, name, actor)?;
            incident.map_or(Ok(()), |incident| register.link(name, incident, actor))?;
        }
        Ok(ids)
    })?;
    context.trace.count("alerts", ids.len() as u64);
    let listed = shown::Listed::of(&register, &policy, now, |standing| ids.contains(&standing.alert.id));
    Ok(Done::showing(Exit::Done, listed))
}

/// An incident of this project.
#[cfg(feature = "privacy")]
fn known_incident(context: &Context, id: &str) -> Result<(), Fault> {
    crate::cli::incidents::one(context, id).map(drop)
}

#[cfg(not(feature = "privacy"))]
fn known_incident(_: &Context, _: &str) -> Result<(), Fault> {
    Err(Fault::usage("not-built-in", "This probity was built without incidents").advise("Use the full build."))
}
