//! `redact`: take personal data out of files and streams.

mod list;
mod look;
mod restore;
mod shown;
mod take;

use std::path::PathBuf;

use clap::Args;
use model::Fault;

use super::Done;
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::intake::{self, Input};
use crate::cli::journal::Wanted;
use crate::cli::progress::Count;
use crate::cli::redaction::{Plan, PlanArgs};

pub(crate) const EXAMPLES: &[Example] = &[
    Example { about: "Is there personal data in these files?", line: "probity redact --check logs" },
    Example {
        about: "A log to be shared, and a record of what was taken out",
        line: "probity redact access.log -o shared.log --profile logs --report redactions.jsonl",
    },
    Example {
        about: "See each finding in its context, decide, and replay the decisions",
        line: "probity redact letter.txt --preview review.html",
    },
    Example { about: "In a pipe", line: "probity redact - <access.log" },
];

/// Take personal data out of files and streams, and prove that it is gone
///
/// An output is written only when it has been opened again and nothing was found in it any more. A format that cannot
/// be cleaned completely is refused. A folder appears whole, with everything in it; only where it is there already do
/// the files go into it one by one, once all of them are clean.
///
/// Several files teach each other: who is named in one of them, and what stands with its label in one of them, is taken
/// out of all of them. Ordinary words are no lessons.
#[derive(Args, Debug)]
pub(crate) struct RedactArgs {
    /// Files, folders, or `-` for standard input
    #[arg(required_unless_present = "list")]
    input: Vec<PathBuf>,
    /// File, or folder for a folder or several inputs; `-` for standard output
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Replace files that exist
    #[arg(long)]
    overwrite: bool,
    /// Only look: exit 1 when personal data is found
    #[arg(long, conflicts_with_all = ["output", "report"])]
    check: bool,
    /// Write a line for each redaction: place, type, reason, operator, keyed digest
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Only look, and write a page on which people see each finding in its context and decide
    #[arg(long, value_name = "FILE", conflicts_with_all = ["output", "report"])]
    preview: Option<PathBuf>,
    /// Write the way back, encrypted to --recipient: keep it apart from the output
    #[arg(long, value_name = "FILE", requires = "output")]
    mapping: Option<PathBuf>,
    /// Public key of age, `age1...`, to which the way back is encrypted
    #[arg(long, value_name = "KEY", requires = "mapping")]
    recipient: Option<String>,
    /// Make the original of an output again, byte for byte, with --mapping and --identity
    #[arg(long, requires_all = ["mapping", "identity", "output"], conflicts_with_all = ["check", "preview", "report", "recipient"])]
    restore: bool,
    /// Secret key of age, as `age-keygen` wrote it
    #[arg(long, value_name = "FILE", requires = "restore")]
    identity: Option<PathBuf>,
    /// With --check --json: print the values, too
    #[arg(long, requires = "check", conflicts_with_all = ["output", "preview"])]
    show_values: bool,
    /// Write outputs although parts of them, such as pictures, could not be looked into
    #[arg(long)]
    allow_unscanned: bool,
    #[command(flatten)]
    plan: PlanArgs,
    /// List the detectors
    #[arg(long)]
    list: bool,
}

pub(crate) fn run(context: &mut Context, args: RedactArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, if args.check { "redact.checked" } else { "redact.finished" });
    if args.list {
        return Ok(Done::showing(Exit::Done, list::Detectors::all()?));
    }
    if args.restore {
        return restore::run(context, &args);
    }
    let plan = Plan { reversible: args.mapping.is_some(), ..args.plan.plan()? };
    let inputs = intake::find(&args.input)?;
    let progress = context.progress(Count::Bytes);
    progress.start("reading", inputs.iter().filter_map(Input::size).sum());
    let result = match args.check || args.preview.is_some() {
        true => look::look(context, &args, inputs, &plan, &*progress)?,
        false => take::take(context, &args, inputs, &plan, &*progress)?,
    };
    progress.finish();
    result.trace(context);
    result.complain(&context.output);
    let exit = result.exit();
    if result.is_streamed(&context.output) { Ok(Done::streamed(exit)) } else { Ok(Done::showing(exit, result)) }
}
