//! `case reasoning`: what an AI model said is kept apart from facts, with who answers for it.

use std::path::PathBuf;

use clap::Args;
use evidence::{Case, Limits};
use model::{ByteSize, Fault};

use super::handling::WhoArgs;
use super::shown::Reasoned;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::files;
use crate::cli::journal::Wanted;
use crate::commands::Done;

#[derive(Args, Debug)]
pub(super) struct ReasoningArgs {
    /// The case
    id: String,
    /// The record (reasoning/1): model, prompt, inputs by digest, parameters, output, reviewer, error rates and limits
    #[arg(long, value_name = "FILE")]
    record: PathBuf,
    /// Why it is taken in
    #[arg(long, alias = "purpose", default_value = "what a model said", value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    who: WhoArgs,
}

pub(super) fn run(context: &mut Context, args: &ReasoningArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "case.reasoned");
    let record = files::read(&args.record, ByteSize(Limits::REASONING_BYTES))?;
    let mut case = Case::open(&super::folder(context), &args.id)?;
    let people = args.who.people(context);
    let handling = args.who.handling(&people, None);
    let recorded = case.record_reasoning(&record, &handling, &people.act(context, &args.reason));
    let recorded = recorded.map_err(|fault| fault.in_file(&args.record))?;
    context.trace.digest("reasoning", recorded.sha256);
    context.trace.custody(&case);
    Ok(Done::showing(Exit::Done, Reasoned { case: args.id.clone(), recorded }))
}
