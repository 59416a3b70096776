//! `evaluate`: judge rules against what is in the store, in other stores and in files.

#[cfg(feature = "rules")]
mod history;
#[cfg(feature = "rules")]
mod judged;
#[cfg(feature = "engine")]
mod objectives;
#[cfg(feature = "rules")]
mod paper;
#[cfg(feature = "rules")]
mod shown;

use std::path::PathBuf;

use clap::Args;
use evidence::{Act, Case};
use model::{Fault, Span};
use serde_json::Value;

use super::{Done, case};
use crate::cli::args::span;
use crate::cli::context::Context;
use crate::cli::examples::Example;

pub(crate) const EXAMPLES: &[Example] = &[
    Example { about: "The rules of the project, now", line: "probity evaluate" },
    Example {
        about: "A built-in pack at the newest record, with a threshold of your own",
        line: "probity evaluate --pack production --at latest --set production.latency_ms=300",
    },
    Example { about: "Where the budget went, and for how long it lasts", line: "probity evaluate --history" },
    Example { about: "For a CI job", line: "probity evaluate --rule rules --format junit --output slo.xml" },
    Example {
        about: "Manifests against the rules for infrastructure, for a code host",
        line: "probity evaluate --pack infrastructure --input k8s/ --format sarif --output k8s.sarif",
    },
    Example {
        about: "A page for people, with what changed since the last run",
        line: "probity evaluate --pack gdpr --format html --output gdpr.html",
    },
    Example {
        about: "A report to print, to file and to archive, with the judgement inside as JSON",
        line: "probity evaluate --pack gdpr --format pdf --output gdpr.pdf",
    },
    Example { about: "What a pack demands, and by which law", line: "probity evaluate --pack infrastructure --list" },
];

/// Judge rules against what is in the store, in other stores and in files
///
/// Service level objectives (OpenSLO) are counted from ingested records. Rules of compliance packs are judged against facts;
/// what could not be judged is said, and never counts as met. Policies in Rego (*.rego) in a pack are judged by a build with
/// the feature `rego`, which the full build does not have; others refuse them.
#[derive(Args, Debug)]
pub(crate) struct EvaluateArgs {
    /// Rule file, or folder with rules or a pack (can be repeated); otherwise the project's rules
    #[arg(long, value_name = "PATH")]
    rule: Vec<PathBuf>,
    /// Pack of rules, built in or a folder in rules/packs (can be repeated)
    #[arg(long, value_name = "NAME")]
    pack: Vec<String>,
    /// Parameter of a pack (can be repeated)
    #[arg(long, value_name = "PACK.NAME=VALUE")]
    set: Vec<String>,
    /// Judge only this rule of the packs, or those that begin with NAME* (can be repeated)
    #[arg(long, value_name = "RULE")]
    only: Vec<String>,
    /// File or folder that facts are read from: manifests, configuration, reports (can be repeated)
    #[arg(long, value_name = "PATH")]
    input: Vec<PathBuf>,
    /// Facts that were collected before, as `facts` writes them (can be repeated); they go before what is live
    #[arg(long, value_name = "FILE")]
    facts: Vec<PathBuf>,
    /// Take facts that this project collected at most so long ago, such as 90s, 2h or 7d, instead of asking again
    #[arg(long, value_name = "DURATION", value_parser = span)]
    max_age: Option<Span>,
    /// File of accepted findings; otherwise rules/suppressions.yaml, where it exists
    #[arg(long, value_name = "FILE")]
    suppressions: Option<PathBuf>,
    /// List the rules of the packs instead of judging them
    #[arg(long)]
    list: bool,
    /// Judge as of this time, or as of the newest record with `latest`; otherwise now
    #[arg(long, value_name = "RFC3339|latest")]
    at: Option<String>,
    /// Say what changed since this judgement (JSON); otherwise since the last run over the same rules in this project
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Tell the budget of each objective day by day, and for how long the rest of it lasts
    #[arg(long)]
    history: bool,
    /// Of OpenSLO, refuse what its own validator refuses; of packs, take a rule without facts for one that was not judged
    #[arg(long)]
    strict: bool,
    /// Form of the result
    #[arg(long, value_name = "NAME", value_parser = ["human", "json", "junit", "github", "openmetrics", "sarif", "oscal", "html", "pdf"], default_value = "human")]
    format: String,
    /// Write the result to this file as well
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Folder with fonts for names in other scripts, before those of the system, for --format pdf (can be repeated)
    #[arg(long, value_name = "DIR")]
    font_dir: Vec<PathBuf>,
    /// Replace the file when it exists
    #[arg(long, requires = "output")]
    overwrite: bool,
    /// Record the result in this case
    #[arg(long, value_name = "ID")]
    case: Option<String>,
}

pub(crate) fn run(context: &mut Context, args: EvaluateArgs) -> Result<Done, Fault> {
    #[cfg(feature = "rules")]
    {
        use crate::cli::packs;
        let chosen = packs::Chosen { rule: &args.rule, pack: &args.pack, set: &args.set, only: &args.only };
        if packs::are_meant(context, &chosen)? {
            return judged::run(context, args);
        }
    }
    #[cfg(feature = "engine")]
    return objectives::run(context, args);
    #[cfg(not(feature = "engine"))]
    Err(Fault::usage("not-built-in", "This probity was built without objectives").advise("Use the full build."))
}

/// Keeps the result in a case.
fn record(context: &mut Context, id: &str, document: &Value) -> Result<(), Fault> {
    let mut case = Case::open(&case::folder(context), id)?;
    let by = context.actor();
    let act = Act { time: context.now(), by: &by, purpose: "record an evaluation" };
    let recorded = case.record_evaluation(document.to_string().as_bytes(), &act)?;
    context.trace.digest("evaluation", recorded.sha256);
    context.trace.custody(&case);
    Ok(())
}

/// Flags that are for the other kind of rules would silently do nothing.
fn refuse(args: &EvaluateArgs, formats: &[&str], kind: &str) -> Result<(), Fault> {
    let format = args.format.as_str();
    if !formats.contains(&format) {
        return Err(Fault::usage("bad-format", format!("{kind} are not written as {format}"))
            .advise(format!("The forms for {kind} are {}.", formats.join(", "))));
    }
    let alien = match kind {
        "objectives" => vec![
            ("--input", !args.input.is_empty()),
            ("--facts", !args.facts.is_empty()),
            ("--max-age", args.max_age.is_some()),
            ("--only", !args.only.is_empty()),
            ("--list", args.list),
            ("--against", args.against.is_some()),
            ("--suppressions", args.suppressions.is_some()),
            ("--font-dir", !args.font_dir.is_empty()),
        ],
        _ => vec![("--at latest", args.at.as_deref() == Some("latest")), ("--history", args.history)],
    };
    match alien.into_iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((flag, _)) => Err(Fault::usage("flag-without-effect", format!("{flag} is not for {kind}"))
            .advise("Leave it out, or name a pack it is for with --pack.")),
    }
}
