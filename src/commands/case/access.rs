//! `case access`: somebody looked at an exhibit.

use clap::Args;
use evidence::Case;
use model::Fault;

use super::handling::WhoArgs;
use super::shown::Handled;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::progress::Count;
use crate::commands::Done;

#[derive(Args, Debug)]
pub(super) struct AccessArgs {
    /// The case
    id: String,
    /// The exhibit, for example EX-001
    exhibit: String,
    /// Why it is looked at
    #[arg(long, alias = "purpose", value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    who: WhoArgs,
}

pub(super) fn run(context: &mut Context, args: &AccessArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "case.accessed");
    let mut case = Case::open(&super::folder(context), &args.id)?;
    let people = args.who.people(context);
    let progress = context.progress(Count::Bytes);
    let handling = args.who.handling(&people, None);
    let entry = case.access(&args.exhibit, &handling, &people.act(context, &args.reason), &*progress)?;
    let file = case.exhibit(&args.exhibit)?.file;
    context.trace.custody(&case);
    let file = Some(case.folder().join(file).display().to_string());
    Ok(Done::showing(Exit::Done, Handled { case: args.id.clone(), entry, countersigned: None, file }))
}
