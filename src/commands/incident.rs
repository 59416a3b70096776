//! `incident`: breaches of personal data, from awareness to lessons.

mod notify;
mod report;
mod shown;
mod update;

use clap::{Args, Subcommand};
use model::{Fault, Instant};
use privacy::incident::{Event, Standing};

use super::Done;
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::incidents;
use crate::cli::journal::Wanted;

pub(crate) const EXAMPLES: &[Example] = &[
    Example {
        about: "Somebody became aware; 72 hours run from then",
        line: "probity incident open --title \"Laptop stolen\" --aware 2026-11-21T17:30:00+01:00",
    },
    Example {
        about: "More is known",
        line: "probity incident update inc-0001 --people \"about 1200\" --people-categories customers --risk high",
    },
    Example {
        about: "What the authority is to be told, and what is missing",
        line: "probity incident notify inc-0001 --draft",
    },
    Example {
        about: "The authority was told",
        line: "probity incident notify inc-0001 --to authority --sent 2026-11-22T10:00:00Z --reference LDA-4711",
    },
    Example { about: "Is a clock running out? Exit 1 when one has", line: "probity incident list --due" },
];

/// Keep the register of breaches: the 72 hours, who was told, what was learnt
///
/// The register is a chain of lines that nobody can change unnoticed (Art. 33(5)). The clock of Art. 33(1) runs from when the
/// controller became aware, over holidays too. A notification can be sent in phases; one that comes later than 72 hours
/// needs the reason for the delay. Drafts say what is known and name what is missing. Write no names of people into it.
#[derive(Args, Debug)]
pub(crate) struct IncidentArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Open an incident: the clock runs from when you became aware
    Open(Box<OpenArgs>),
    /// Enter what is known by now, and what is to be done
    Update(Box<update::UpdateArgs>),
    /// Draft a notification, or enter that it was sent
    Notify(notify::NotifyArgs),
    /// Close an incident: everything is told and known
    Close(CloseArgs),
    /// Write the report of an incident, with its timeline
    Report(report::ReportArgs),
    /// List the incidents with the hours that are left
    List(ListArgs),
    /// Show one incident
    Show {
        /// The incident
        id: String,
    },
}

#[derive(Args, Debug)]
struct OpenArgs {
    /// What it is, in a few words; no names of people
    #[arg(long, value_name = "WORDS")]
    title: String,
    /// When you became aware; default: now
    #[arg(long, value_name = "TIME", value_parser = Instant::parse)]
    aware: Option<Instant>,
    #[command(flatten)]
    details: update::DetailArgs,
}

#[derive(Args, Debug)]
struct CloseArgs {
    /// The incident
    id: String,
    /// What came of it
    #[arg(long, value_name = "WORDS")]
    summary: String,
}

#[derive(Args, Debug)]
struct ListArgs {
    /// Only those whose clock runs or has run out; exit 1 when one has run out
    #[arg(long)]
    due: bool,
}

pub(crate) fn run(context: &mut Context, args: IncidentArgs) -> Result<Done, Fault> {
    match args.verb {
        Verb::Open(args) => open(context, *args),
        Verb::Update(args) => update::run(context, &args),
        Verb::Notify(args) => notify::run(context, &args),
        Verb::Close(args) => close(context, args),
        Verb::Report(args) => report::run(context, &args),
        Verb::List(args) => list(context, &args),
        Verb::Show { id } => {
            context.trace.begin(Wanted::WhereThere, "incident.shown");
            let incident = incidents::one(context, &id)?;
            Ok(Done::showing(Exit::Done, shown::One { incident, now: context.now() }))
        }
    }
}

fn open(context: &mut Context, args: OpenArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "incident.opened");
    if args.title.trim().is_empty() {
        return Err(Fault::usage("no-title", "The incident has no title")
            .advise("Say in a few words what it is: --title WORDS."));
    }
    let aware = args.aware.unwrap_or_else(|| context.now());
    let mut said = vec![("title", args.title), ("aware", incidents::past(context, "--aware", aware)?)];
    said.extend(args.details.said(context)?);
    let incident = incidents::enter(context, None, vec![(Event::Opened, said)])?;
    Ok(Done::showing(Exit::Done, shown::One { incident, now: context.now() }))
}

fn close(context: &mut Context, args: CloseArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "incident.closed");
    let incident = incidents::one(context, &args.id)?;
    shown::still_open(&incident)?;
    let missing = incident.missing();
    let clock = incident.clock().standing(context.now());
    let why = match clock {
        Standing::Running | Standing::Over => {
            Some("the authority was not told, or too late and without the reason for the delay".to_owned())
        }
        _ if incident.owes_people() => {
            Some("the risk is high, and the people concerned were not told (Art. 34)".to_owned())
        }
        _ if !missing.is_empty() => Some(format!("nobody has said: {} (Art. 33(5))", missing.join(", "))),
        _ => None,
    };
    if let Some(why) = why {
        return Err(Fault::refused("incident-unfinished", format!("{} cannot be closed: {why}", args.id))
            .advise("Enter it with `incident update` or `incident notify`; actions may stay open."));
    }
    let said = vec![("summary", args.summary)];
    let incident = incidents::enter(context, Some(&args.id), vec![(Event::Closed, said)])?;
    Ok(Done::showing(Exit::Done, shown::One { incident, now: context.now() }))
}

fn list(context: &mut Context, args: &ListArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "incident.listed");
    let now = context.now();
    let mut all = incidents::read(context)?.incidents();
    let is_due = |standing: Standing| matches!(standing, Standing::Running | Standing::Over);
    if args.due {
        all.retain(|incident| is_due(incident.clock().standing(now)));
    }
    let is_over = args.due && all.iter().any(|incident| incident.clock().standing(now) == Standing::Over);
    context.trace.count("incidents", all.len() as u64);
    Ok(Done::showing(if is_over { Exit::No } else { Exit::Done }, shown::Listed { all, now }))
}
