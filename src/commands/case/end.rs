//! `case return` and `case destroy`: how the custody of an exhibit ends.

use clap::Args;
use evidence::custody::Entry;
use evidence::{Case, Transfer};
use model::Fault;

use super::handling::{KeptArgs, WhoArgs};
use super::shown::Handled;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::progress::Count;
use crate::commands::Done;

#[derive(Args, Debug)]
pub(super) struct ReturnArgs {
    /// The case
    id: String,
    /// The exhibit, for example EX-001
    exhibit: String,
    /// Who gets it back
    #[arg(long, value_name = "NAME")]
    to: String,
    /// Why it is given back
    #[arg(long, alias = "purpose", value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    who: WhoArgs,
    #[command(flatten)]
    kept: KeptArgs,
}

#[derive(Args, Debug)]
pub(super) struct DestroyArgs {
    /// The case
    id: String,
    /// The exhibit, for example EX-001
    exhibit: String,
    /// Why it is destroyed
    #[arg(long, alias = "purpose", value_name = "TEXT")]
    reason: String,
    /// How it is destroyed, for the custody record
    #[arg(long, default_value = "its file was removed from the case", value_name = "TEXT")]
    how: String,
    #[command(flatten)]
    who: WhoArgs,
}

pub(super) fn give_back(context: &mut Context, args: &ReturnArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "case.returned");
    let mut case = Case::open(&super::folder(context), &args.id)?;
    let people = args.who.people(context);
    let handling = args.who.handling(&people, Some(&args.kept));
    let transfer = Transfer { exhibit: &args.exhibit, to: &args.to, handling };
    let act = people.act(context, &args.reason);
    let entry = case.give_back(&transfer, &act, &*context.progress(Count::Bytes))?;
    Ok(done(context, &case, entry))
}

pub(super) fn destroy(context: &mut Context, args: &DestroyArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "case.destroyed");
    let mut case = Case::open(&super::folder(context), &args.id)?;
    let people = args.who.people(context);
    let handling = args.who.handling(&people, None);
    let act = people.act(context, &args.reason);
    let entry = case.destroy(&args.exhibit, &args.how, &handling, &act, &*context.progress(Count::Bytes))?;
    Ok(done(context, &case, entry))
}

fn done(context: &mut Context, case: &Case, entry: Entry) -> Done {
    context.trace.custody(case);
    Done::showing(Exit::Done, Handled { case: case.id().to_owned(), entry, countersigned: None, file: None })
}
