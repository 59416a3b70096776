//! `case`: exhibits and who handled them.

mod access;
mod add;
mod anchored;
#[cfg(feature = "redact")]
mod derive;
mod end;
mod handling;
mod reasoning;
mod shown;
mod transfer;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use evidence::{Act, Case};
use model::Fault;

use super::Done;
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::keys;
use crate::cli::progress::Count;
use handling::WhoArgs;
use shown::{Listed, Said, Shown};

pub(crate) use anchored::open as open_as_in_ledger;

pub(crate) const EXAMPLES: &[Example] = &[
    Example { about: "Open a case", line: "probity case new c42 --title \"Outage of 31 January\"" },
    Example {
        about: "Take files in as exhibits",
        line: "probity case add c42 logs/access.log --purpose \"first copy\"",
    },
    Example {
        about: "An exhibit changes hands",
        line: "probity case transfer c42 EX-001 --to \"Evidence room\" --reason storage --seal \"B-1042, unbroken\"",
    },
    Example {
        about: "The same, with something to sign for whoever receives it",
        line: "probity case transfer c42 EX-001 --to \"Evidence room\" --reason storage --statement transfer.json",
    },
    Example {
        about: "Somebody looked at an exhibit",
        line: "probity case access c42 EX-001 --reason \"search for errors\" --by \"Dr. Expert\"",
    },
    Example {
        about: "What a model said, kept apart from facts",
        line: "probity case reasoning c42 --record model.json",
    },
    Example {
        about: "Its owner gets an exhibit back",
        line: "probity case return c42 EX-001 --to \"Shop Ltd\" --reason \"case closed\"",
    },
    Example { about: "Who handled what, when and why", line: "probity case show c42" },
];

/// Keep exhibits and who handled them
#[derive(Args, Debug)]
pub(crate) struct CaseArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Open a case
    New {
        /// Its name: lower-case letters, digits and hyphens
        id: String,
        /// What it is about
        #[arg(long)]
        title: String,
        /// Do nothing when the case is there already
        #[arg(long)]
        if_absent: bool,
    },
    /// Take files in as exhibits
    Add(Box<add::AddArgs>),
    /// Record that an exhibit changes hands
    Transfer(Box<transfer::TransferArgs>),
    /// Record that an exhibit was looked at
    Access(access::AccessArgs),
    /// Take a redacted copy of an exhibit in as an exhibit, with the log of its redactions
    #[cfg(feature = "redact")]
    Derive(Box<derive::DeriveArgs>),
    /// Take in the record of what an AI model said, apart from facts
    Reasoning(reasoning::ReasoningArgs),
    /// Write a remark into the custody record
    Note {
        /// The case
        id: String,
        /// The remark
        text: String,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// Record that an exhibit is given back; its file stays in the case
    Return(end::ReturnArgs),
    /// Record that an exhibit is destroyed, and remove its file
    Destroy(end::DestroyArgs),
    /// Show exhibits and custody
    Show {
        /// The case
        id: String,
    },
    /// List the cases
    List,
}

/// Where the cases of a project are.
pub(crate) fn folder(context: &Context) -> PathBuf {
    context.project.state("cases")
}

pub(crate) fn run(context: &mut Context, args: CaseArgs) -> Result<Done, Fault> {
    match args.verb {
        Verb::New { id, title, if_absent } => new(context, &id, &title, if_absent),
        Verb::Add(args) => add::run(context, &args),
        Verb::Transfer(args) => transfer::run(context, &args),
        Verb::Access(args) => access::run(context, &args),
        #[cfg(feature = "redact")]
        Verb::Derive(args) => derive::run(context, &args),
        Verb::Reasoning(args) => reasoning::run(context, &args),
        Verb::Note { id, text, who } => note(context, &id, &text, &who),
        Verb::Return(args) => end::give_back(context, &args),
        Verb::Destroy(args) => end::destroy(context, &args),
        Verb::Show { id } => show(context, &id),
        Verb::List => list(context),
    }
}

fn new(context: &mut Context, id: &str, title: &str, if_absent: bool) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "case.opened");
    let root = folder(context);
    if if_absent && Case::list(&root)?.iter().any(|known| known == id) {
        context.trace.begin(Wanted::WhereThere, "case.present");
        return Ok(Done::showing(Exit::Done, Said { what: "present", id: id.to_owned() }));
    }
    keys::private_folder(&root)?;
    let by = context.actor();
    let case = Case::create(&root, id, title, &Act { time: context.now(), by: &by, purpose: "open the case" })?;
    context.trace.custody(&case);
    Ok(Done::showing(Exit::Done, Said { what: "opened", id: id.to_owned() }))
}

fn note(context: &mut Context, id: &str, text: &str, who: &WhoArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "case.annotated");
    let people = who.people(context);
    let mut case = Case::open(&folder(context), id)?;
    case.remark(text, &who.handling(&people, None), &people.act(context, "remark"))?;
    context.trace.custody(&case);
    Ok(Done::showing(Exit::Done, Said { what: "noted", id: id.to_owned() }))
}

fn show(context: &mut Context, id: &str) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "case.shown");
    let case = open_as_in_ledger(context, id, |case| case.check(&*context.progress(Count::Bytes)).map(|_| ()))?;
    Ok(Done::showing(Exit::Done, Shown(case)))
}

fn list(context: &mut Context) -> Result<Done, Fault> {
    Ok(Done::showing(Exit::Done, Listed(Case::list(&folder(context))?)))
}
