//! One file per subcommand; this file is the list.

#[cfg(feature = "alerts")]
mod alert;
#[cfg(feature = "house")]
mod audit;
#[cfg(feature = "house")]
mod case;
mod config;
#[cfg(feature = "privacy")]
mod consent;
#[cfg(feature = "privacy")]
mod erase;
#[cfg(any(feature = "engine", feature = "rules"))]
mod evaluate;
#[cfg(feature = "privacy")]
mod export;
#[cfg(feature = "rules")]
mod facts;
#[cfg(feature = "house")]
mod health;
#[cfg(feature = "privacy")]
mod hold;
#[cfg(feature = "privacy")]
mod incident;
#[cfg(feature = "house")]
mod ingest;
#[cfg(feature = "house")]
mod init;
#[cfg(feature = "privacy")]
mod map;
#[cfg(feature = "pdf")]
mod package;
#[cfg(feature = "house")]
mod probe;
#[cfg(feature = "redact")]
mod produce;
#[cfg(feature = "engine")]
mod query;
#[cfg(feature = "privacy")]
mod rectify;
#[cfg(feature = "redact")]
mod redact;
#[cfg(feature = "privacy")]
mod request;
#[cfg(feature = "privacy")]
mod restrict;
#[cfg(feature = "privacy")]
mod retain;
#[cfg(feature = "house")]
mod run;
#[cfg(feature = "sampler")]
mod sampler;
#[cfg(feature = "house")]
mod slo;
mod util;
#[cfg(feature = "verify")]
mod verify;

#[cfg(feature = "privacy")]
pub(crate) use rectify::ConfirmArgs;

use clap::{Args as _, Subcommand};
use model::Fault;

use crate::cli::context::Context;
use crate::cli::examples::{self, Example};
use crate::cli::exit::Exit;
use crate::cli::output::Show;

/// Every subcommand, in the order of the work.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    #[cfg(feature = "house")]
    Init(init::InitArgs),
    #[cfg(feature = "house")]
    Ingest(ingest::IngestArgs),
    #[cfg(feature = "engine")]
    Query(query::QueryArgs),
    #[cfg(any(feature = "engine", feature = "rules"))]
    Evaluate(Box<evaluate::EvaluateArgs>),
    #[cfg(feature = "rules")]
    Facts(facts::FactsArgs),
    #[cfg(feature = "privacy")]
    Map(map::MapArgs),
    #[cfg(feature = "redact")]
    Redact(Box<redact::RedactArgs>),
    #[cfg(feature = "redact")]
    Produce(produce::ProduceArgs),
    #[cfg(feature = "privacy")]
    Export(Box<export::ExportArgs>),
    #[cfg(feature = "privacy")]
    Rectify(rectify::RectifyArgs),
    #[cfg(feature = "privacy")]
    Restrict(restrict::RestrictArgs),
    #[cfg(feature = "privacy")]
    Erase(Box<erase::EraseArgs>),
    #[cfg(feature = "privacy")]
    Request(Box<request::RequestArgs>),
    #[cfg(feature = "privacy")]
    Hold(hold::HoldArgs),
    #[cfg(feature = "privacy")]
    Consent(consent::ConsentArgs),
    #[cfg(feature = "privacy")]
    Retain(retain::RetainArgs),
    #[cfg(feature = "privacy")]
    Incident(incident::IncidentArgs),
    #[cfg(feature = "house")]
    Case(case::CaseArgs),
    #[cfg(feature = "pdf")]
    Package(package::PackageArgs),
    #[cfg(feature = "verify")]
    Verify(verify::VerifyArgs),
    #[cfg(feature = "alerts")]
    Alert(alert::AlertArgs),
    #[cfg(feature = "house")]
    Audit(audit::AuditArgs),
    #[cfg(feature = "house")]
    Run(run::RunArgs),
    #[cfg(feature = "house")]
    Health(health::HealthArgs),
    #[cfg(feature = "house")]
    Probe(probe::ProbeArgs),
    #[cfg(feature = "sampler")]
    Sampler(sampler::SamplerArgs),
    #[cfg(feature = "house")]
    Slo(slo::SloArgs),
    Config(config::ConfigArgs),
    Util(util::UtilArgs),
}

/// Commands that are not in this build, with the feature that brings them.
pub(crate) const ABSENT: &[(&str, &str)] = &[
    #[cfg(not(feature = "house"))]
    ("init", "house"),
    #[cfg(not(feature = "house"))]
    ("ingest", "house"),
    #[cfg(not(feature = "engine"))]
    ("query", "engine"),
    #[cfg(not(any(feature = "engine", feature = "rules")))]
    ("evaluate", "rules"),
    #[cfg(not(feature = "rules"))]
    ("facts", "rules"),
    #[cfg(not(feature = "privacy"))]
    ("map", "privacy"),
    #[cfg(not(feature = "privacy"))]
    ("retain", "privacy"),
    #[cfg(not(feature = "privacy"))]
    ("incident", "privacy"),
    #[cfg(not(feature = "redact"))]
    ("redact", "redact"),
    #[cfg(not(feature = "redact"))]
    ("produce", "redact"),
    #[cfg(not(feature = "privacy"))]
    ("export", "privacy"),
    #[cfg(not(feature = "privacy"))]
    ("rectify", "privacy"),
    #[cfg(not(feature = "privacy"))]
    ("restrict", "privacy"),
    #[cfg(not(feature = "privacy"))]
    ("erase", "privacy"),
    #[cfg(not(feature = "privacy"))]
    ("request", "privacy"),
    #[cfg(not(feature = "privacy"))]
    ("hold", "privacy"),
    #[cfg(not(feature = "privacy"))]
    ("consent", "privacy"),
    #[cfg(not(feature = "house"))]
    ("slo", "house"),
    #[cfg(not(feature = "house"))]
    ("case", "house"),
    #[cfg(not(feature = "pdf"))]
    ("package", "pdf"),
    #[cfg(not(feature = "verify"))]
    ("verify", "verify"),
    #[cfg(not(feature = "alerts"))]
    ("alert", "alerts"),
    #[cfg(not(feature = "house"))]
    ("audit", "house"),
    #[cfg(not(feature = "house"))]
    ("run", "house"),
    #[cfg(not(feature = "house"))]
    ("health", "house"),
    #[cfg(not(feature = "house"))]
    ("probe", "house"),
    #[cfg(not(feature = "sampler"))]
    ("sampler", "sampler"),
];

/// A command by its name: what gives it its arguments, and its examples.
type Named = (&'static str, fn(clap::Command) -> clap::Command, &'static [Example]);

/// Every command in this build.
pub(crate) const COMMANDS: &[Named] = &[
    #[cfg(feature = "house")]
    ("init", init::InitArgs::augment_args, init::EXAMPLES),
    #[cfg(feature = "house")]
    ("ingest", ingest::IngestArgs::augment_args, ingest::EXAMPLES),
    #[cfg(feature = "engine")]
    ("query", query::QueryArgs::augment_args, query::EXAMPLES),
    #[cfg(any(feature = "engine", feature = "rules"))]
    ("evaluate", evaluate::EvaluateArgs::augment_args, evaluate::EXAMPLES),
    #[cfg(feature = "rules")]
    ("facts", facts::FactsArgs::augment_args, facts::EXAMPLES),
    #[cfg(feature = "privacy")]
    ("map", map::MapArgs::augment_args, map::EXAMPLES),
    #[cfg(feature = "redact")]
    ("redact", redact::RedactArgs::augment_args, redact::EXAMPLES),
    #[cfg(feature = "redact")]
    ("produce", produce::ProduceArgs::augment_args, produce::EXAMPLES),
    #[cfg(feature = "privacy")]
    ("export", export::ExportArgs::augment_args, export::EXAMPLES),
    #[cfg(feature = "privacy")]
    ("rectify", rectify::RectifyArgs::augment_args, rectify::EXAMPLES),
    #[cfg(feature = "privacy")]
    ("restrict", restrict::RestrictArgs::augment_args, restrict::EXAMPLES),
    #[cfg(feature = "privacy")]
    ("erase", erase::EraseArgs::augment_args, erase::EXAMPLES),
    #[cfg(feature = "privacy")]
    ("request", request::RequestArgs::augment_args, request::EXAMPLES),
    #[cfg(feature = "privacy")]
    ("hold", hold::HoldArgs::augment_args, hold::EXAMPLES),
    #[cfg(feature = "privacy")]
    ("consent", consent::ConsentArgs::augment_args, consent::EXAMPLES),
    #[cfg(feature = "privacy")]
    ("retain", retain::RetainArgs::augment_args, retain::EXAMPLES),
    #[cfg(feature = "privacy")]
    ("incident", incident::IncidentArgs::augment_args, incident::EXAMPLES),
    #[cfg(feature = "house")]
    ("case", case::CaseArgs::augment_args, case::EXAMPLES),
    #[cfg(feature = "pdf")]
    ("package", package::PackageArgs::augment_args, package::EXAMPLES),
    #[cfg(feature = "verify")]
    ("verify", verify::VerifyArgs::augment_args, verify::EXAMPLES),
    #[cfg(feature = "alerts")]
    ("alert", alert::AlertArgs::augment_args, alert::EXAMPLES),
    #[cfg(feature = "house")]
    ("audit", audit::AuditArgs::augment_args, audit::EXAMPLES),
    #[cfg(feature = "house")]
    ("run", run::RunArgs::augment_args, run::EXAMPLES),
    #[cfg(feature = "house")]
    ("health", health::HealthArgs::augment_args, health::EXAMPLES),
    #[cfg(feature = "house")]
    ("probe", probe::ProbeArgs::augment_args, probe::EXAMPLES),
    #[cfg(feature = "sampler")]
    ("sampler", sampler::SamplerArgs::augment_args, sampler::EXAMPLES),
    #[cfg(feature = "house")]
    ("slo", slo::SloArgs::augment_args, slo::EXAMPLES),
    ("config", config::ConfigArgs::augment_args, config::EXAMPLES),
    ("util", util::UtilArgs::augment_args, util::EXAMPLES),
];

/// How a command ended, and what it has to show.
pub(crate) struct Done {
    exit: Exit,
    result: Option<Box<dyn Show>>,
}

impl Done {
    /// Ended with `exit`, with something to show.
    pub(crate) fn showing(exit: Exit, result: impl Show + 'static) -> Self {
        Done { exit, result: Some(Box::new(result)) }
    }

    /// Ended with `exit`; what there was to show has been streamed.
    pub(crate) fn streamed(exit: Exit) -> Self {
        Done { exit, result: None }
    }
}

/// Does → records → reports. Nothing is reported as done before the ledger holds it.
///
/// # Errors
/// What the command or the ledger says.
pub(crate) fn dispatch(context: &mut Context, command: Command) -> Result<Exit, Fault> {
    // A step of a job begins with a trace of its own, or leaves none.
    #[cfg(feature = "house")]
    {
        context.trace = crate::cli::journal::Trace::default();
        if let Some(spans) = &mut context.spans {
            spans.begin(&command.word());
        }
    }
    let result = command.run(context);
    #[cfg(feature = "house")]
    if let Some(spans) = &mut context.spans {
        spans.end(context.trace.act(), &result.as_ref().map(|done| done.exit));
    }
    #[cfg(feature = "house")]
    crate::cli::journal::record(context, &result.as_ref().map(|done| done.exit))?;
    let done = result?;
    if let Some(shown) = done.result {
        context.report(&*shown)?;
    }
    Ok(done.exit)
}

impl Command {
    /// What it is called, and nothing of what it was given.
    #[cfg(feature = "house")]
    fn word(&self) -> String {
        let text = format!("{self:?}");
        text.split('(').next().unwrap_or_default().to_lowercase()
    }

    fn run(self, context: &mut Context) -> Result<Done, Fault> {
        match self {
            #[cfg(feature = "house")]
            Command::Init(args) => init::run(context, args),
            #[cfg(feature = "house")]
            Command::Ingest(args) => ingest::run(context, args),
            #[cfg(feature = "engine")]
            Command::Query(args) => query::run(context, args),
            #[cfg(any(feature = "engine", feature = "rules"))]
            Command::Evaluate(args) => evaluate::run(context, *args),
            #[cfg(feature = "rules")]
            Command::Facts(args) => facts::run(context, &args),
            #[cfg(feature = "privacy")]
            Command::Map(args) => map::run(context, args),
            #[cfg(feature = "redact")]
            Command::Redact(args) => redact::run(context, *args),
            #[cfg(feature = "redact")]
            Command::Produce(args) => produce::run(context, args),
            #[cfg(feature = "privacy")]
            Command::Export(args) => export::run(context, *args),
            #[cfg(feature = "privacy")]
            Command::Rectify(args) => rectify::run(context, args),
            #[cfg(feature = "privacy")]
            Command::Restrict(args) => restrict::run(context, args),
            #[cfg(feature = "privacy")]
            Command::Erase(args) => erase::run(context, *args),
            #[cfg(feature = "privacy")]
            Command::Request(args) => request::run(context, *args),
            #[cfg(feature = "privacy")]
            Command::Hold(args) => hold::run(context, args),
            #[cfg(feature = "privacy")]
            Command::Consent(args) => consent::run(context, args),
            #[cfg(feature = "privacy")]
            Command::Retain(args) => retain::run(context, args),
            #[cfg(feature = "privacy")]
            Command::Incident(args) => incident::run(context, args),
            #[cfg(feature = "house")]
            Command::Case(args) => case::run(context, args),
            #[cfg(feature = "pdf")]
            Command::Package(args) => package::run(context, args),
            #[cfg(feature = "verify")]
            Command::Verify(args) => verify::run(context, args),
            #[cfg(feature = "alerts")]
            Command::Alert(args) => alert::run(context, args),
            #[cfg(feature = "house")]
            Command::Audit(args) => audit::run(context, args),
            #[cfg(feature = "house")]
            Command::Run(args) => run::run(context, args),
            #[cfg(feature = "house")]
            Command::Health(args) => health::run(context, &args),
            #[cfg(feature = "house")]
            Command::Probe(args) => probe::run(context, args),
            #[cfg(feature = "sampler")]
            Command::Sampler(args) => sampler::run(context, args),
            #[cfg(feature = "house")]
            Command::Slo(args) => slo::run(context, args),
            Command::Config(args) => config::run(context, args),
            Command::Util(args) => util::run(context, args),
        }
    }
}

/// Puts each command's examples under its help.
pub(crate) fn with_examples(mut tree: clap::Command) -> clap::Command {
    for (name, _, list) in COMMANDS {
        tree = tree.mut_subcommand(name, |command| command.after_help(examples::help(list)));
    }
    tree
}

/// The command of this name, without the others; `None` where there is none in this build.
pub(crate) fn alone(name: &str) -> Option<clap::Command> {
    let (name, arguments, _) = COMMANDS.iter().find(|(known, ..)| *known == name)?;
    Some(arguments(clap::Command::new(*name)))
}
