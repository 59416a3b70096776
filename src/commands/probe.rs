//! `probe`: synthetic user journeys.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ::probe::{Browser as _, Report, StepReport};
use clap::{Args, Subcommand};
use model::{Fault, Span, Unit, counted};
use serde_json::{Value, json};

use super::Done;
use crate::cli::args::span;
use crate::cli::browser::Network;
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::output::{Page, Show};
use crate::cli::{probes, signals};

pub(crate) const EXAMPLES: &[Example] = &[
    Example { about: "Only read a journey, and say what is wrong where", line: "probity probe check shop.yaml" },
    Example { about: "Walk it once; exit 1 when a step failed", line: "probity probe run shop.yaml" },
];

/// Walk synthetic user journeys over HTTP
///
/// A journey is a file (YAML) with steps: requests, values that are taken from answers, and what must be true of them. In a project
/// every run leaves samples in the store, so that objectives can be evaluated over them. Values of secrets, and what answers hold,
/// are neither shown nor kept.
#[derive(Args, Debug)]
pub(crate) struct ProbeArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Walk a journey; exit 1 when a step failed
    Run(RunArgs),
    /// Only read a journey; nothing is sent
    Check {
        /// The journey
        file: PathBuf,
    },
}

#[derive(Args, Debug)]
struct RunArgs {
    /// The journey
    file: PathBuf,
    /// So many times
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// From the beginning of a run to that of the next, such as 30s or 5m
    #[arg(long, value_name = "DURATION", value_parser = span)]
    interval: Option<Span>,
    /// Keep no samples in the store
    #[arg(long)]
    no_ingest: bool,
}

pub(crate) fn run(context: &mut Context, args: ProbeArgs) -> Result<Done, Fault> {
    match args.verb {
        Verb::Run(args) => walk(context, &args),
        Verb::Check { file } => check(&file),
    }
}

fn check(file: &Path) -> Result<Done, Fault> {
    let journey = probes::read(file)?;
    Ok(Done::showing(Exit::Done, Checked { name: journey.name, service: journey.service, steps: journey.steps.len() }))
}

fn walk(context: &mut Context, args: &RunArgs) -> Result<Done, Fault> {
    let is_kept = !args.no_ingest && context.project.is_initialised();
    context.trace.begin(if is_kept { Wanted::Always } else { Wanted::WhereThere }, "probe.ran");
    let journey = probes::read(&args.file)?;
    let secrets = probes::secrets(&journey, &args.file)?;
    let interval = args.interval.unwrap_or(Span::new(30, Unit::Second));
    let interval = Duration::from_secs(interval.seconds());
    let mut network = Network::new(probes::identity(&journey, &args.file)?);
    let (mut passed, mut failed) = (0_u64, 0_u64);
    for number in 0..args.repeat {
        let begun = std::time::Instant::now();
        let report = ::probe::run(&journey, &secrets, context.now(), &mut network);
        *(if report.passed() { &mut passed } else { &mut failed }) += 1;
        if is_kept {
            probes::keep(context, &report)?;
        }
        context.report(&Walked { report, is_kept })?;
        signals::check()?;
        if number + 1 < args.repeat && !network.wait(interval.saturating_sub(begun.elapsed())) {
            signals::check()?;
        }
    }
    context.trace.count("passed", passed);
    context.trace.count("failed", failed);
    Ok(Done::streamed(if failed == 0 { Exit::Done } else { Exit::No }))
}

struct Checked {
    name: String,
    service: String,
    steps: usize,
}

impl Show for Checked {
    fn json(&self) -> Value {
        json!({"schema": "probe-check/1", "journey": self.name, "service": self.service, "steps": self.steps})
    }

    fn human(&self, page: &mut Page) {
        page.line(format!("{}: {}", self.name, counted(self.steps as u64, "step", "steps")));
    }
}

struct Walked {
    report: Report,
    is_kept: bool,
}

impl Show for Walked {
    fn json(&self) -> Value {
        let mut document = self.report.to_json();
        document["kept"] = self.is_kept.into();
        document
    }

    fn human(&self, page: &mut Page) {
        let word = if self.report.passed() { "passed" } else { "failed" };
        page.line(format!("{} {word} at {}", self.report.journey, self.report.at));
        self.report.steps.iter().for_each(|step| line(step, page));
    }
}

fn line(step: &StepReport, page: &mut Page) {
    let word = match (step.passed, step.is_skipped) {
        (true, _) => "ok",
        (false, true) => "skipped",
        (false, false) => "FAILED",
    };
    let status = step.status.map(|status| format!(" {status}")).unwrap_or_default();
    let time = step.phases.map(|phases| {
        let ms = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1_000.0);
        let [dns, connect, tls] = [phases.dns, phases.connect, phases.tls].map(ms);
        let [first, transfer, total] = [phases.first_byte, phases.transfer, phases.total()].map(ms);
        format!(" {total} ms (dns {dns}, connect {connect}, tls {tls}, first byte {first}, transfer {transfer})")
    });
    page.line(format!("  {word} {}{status}{}", step.name, time.unwrap_or_default()));
    for (code, message) in &step.failures {
        page.line(format!("    {message} [{code}]"));
    }
}
