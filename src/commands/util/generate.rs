//! `util prometheus-rules|alertmanager|grafana`: the same objectives and routes, as other systems read them.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use model::{Fault, counted};
use serde_json::{Value, json};
use slo::{Book, Exported, Warning};

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::files::{self, Existing};
use crate::cli::output::{Page, Show};
use crate::cli::rules;
use crate::commands::Done;

#[derive(Subcommand, Debug)]
pub(super) enum Verb {
    /// Write objectives as recording rules and alerts for Prometheus
    PrometheusRules(GenerateArgs),
    /// Write objectives as a dashboard for Grafana, over what the rules for Prometheus record
    Grafana {
        #[command(flatten)]
        args: GenerateArgs,
        /// What the dashboard is called
        #[arg(long, value_name = "TEXT", default_value = "Service level objectives")]
        title: String,
    },
    /// Write targets and routes of alerts.yaml as a configuration for Alertmanager
    #[cfg(feature = "alerts")]
    Alertmanager {
        #[command(flatten)]
        args: GenerateArgs,
        /// Take targets and routes from this file; otherwise from alerts.yaml of the project
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
}

// What is written, and where.
#[derive(Args, Debug)]
pub(super) struct GenerateArgs {
    /// OpenSLO file, or folder with them (can be repeated); otherwise the project's rules
    #[arg(long, value_name = "PATH")]
    rule: Vec<PathBuf>,
    /// Pack of rules (can be repeated)
    #[arg(long, value_name = "NAME")]
    pack: Vec<String>,
    /// Parameter of a pack (can be repeated)
    #[arg(long, value_name = "PACK.NAME=VALUE")]
    set: Vec<String>,
    /// Refuse what OpenSLO's own validator refuses
    #[arg(long)]
    strict: bool,
    /// Leave out what the other system cannot say, with a warning each and exit 5; otherwise nothing is written
    #[arg(long)]
    partial: bool,
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file when it exists
    #[arg(long, requires = "output")]
    overwrite: bool,
}

pub(super) fn run(context: &mut Context, verb: Verb) -> Result<Done, Fault> {
    match verb {
        Verb::PrometheusRules(args) => {
            let exported = book(context, &args)?.to_prometheus();
            deliver(context, &args, "prometheus-rules", exported)
        }
        Verb::Grafana { args, title } => {
            let exported = book(context, &args)?.to_grafana(&title);
            deliver(context, &args, "grafana", exported)
        }
        #[cfg(feature = "alerts")]
        Verb::Alertmanager { args, policy } => alertmanager(context, &args, policy.as_deref()),
    }
}

fn book(context: &Context, args: &GenerateArgs) -> Result<Book, Fault> {
    let chosen = rules::Chosen { rule: &args.rule, pack: &args.pack, set: &args.set, strict: args.strict };
    rules::load(context, &chosen)
}

/// The rules say which alerts there will be: one that no route takes is told to nobody.
#[cfg(feature = "alerts")]
fn alertmanager(context: &mut Context, args: &GenerateArgs, policy: Option<&std::path::Path>) -> Result<Done, Fault> {
    use crate::cli::{alertmanager, alerts};
    let policy = alerts::policy(context, policy)?;
    let written = alertmanager::write(&policy, context.project.root());
    let mut warnings: Vec<Warning> = written.warnings.into_iter().map(Warning::from).collect();
    let mut objectives = 0;
    if !args.rule.is_empty() || !args.pack.is_empty() {
        let exported = book(context, args)?.to_prometheus();
        objectives = exported.objectives;
        warnings.extend(exported.alerts.iter().filter_map(|alert| unrouted(&policy, alert, context.now())));
    }
    let exported = Exported { text: written.text, objectives, left_out: written.left_out, warnings, alerts: vec![] };
    deliver(context, args, "alertmanager", exported)
}

#[cfg(feature = "alerts")]
fn unrouted(policy: &alerts::Policy, alert: &slo::Announced, now: model::Instant) -> Option<Warning> {
    let mut trial = alerts::trial(now);
    let pairs = alert.labels.iter().filter(|(name, _)| !["severity", "kind"].contains(name));
    trial.labels = alerts::Labels::new(pairs.map(|(name, value)| (*name, value.as_str())));
    trial.severity = alert.severity;
    policy.routed(&trial).is_empty().then(|| {
        let message = format!("No route takes {} with severity {}", trial.labels, alert.severity.word());
        let fault = Fault::bad_config("alert-without-route", message).advise("Add a route to alerts.yaml.");
        fault.at(alert.place.clone()).into()
    })
}

/// Says what is missing or different, then writes: everything, or what can be said where that is enough.
fn deliver(
    context: &mut Context,
    args: &GenerateArgs,
    form: &'static str,
    mut exported: Exported,
) -> Result<Done, Fault> {
    for warning in &exported.warnings {
        context.output.warn(&rules::in_words(warning));
    }
    let mut left_out = std::mem::take(&mut exported.left_out);
    if !args.partial && !left_out.is_empty() {
        let first = left_out.remove(0);
        left_out.iter().for_each(|fault| context.output.error(fault));
        return Err(first);
    }
    let left_out: Vec<Warning> = left_out.into_iter().map(Warning::from).collect();
    left_out.iter().for_each(|warning| context.output.warn(&rules::in_words(warning)));
    let exit = if left_out.is_empty() { Exit::Done } else { Exit::Partial };
    if let Some(path) = &args.output {
        files::write(path, exported.text.as_bytes(), Existing::from_flag(args.overwrite))?;
    } else if !context.output.is_json() {
        context.output.write(exported.text.as_bytes())?;
        return Ok(Done::streamed(exit));
    }
    let file = args.output.as_ref().map(|path| path.display().to_string());
    Ok(Done::showing(exit, Generated { form, file, exported, left_out }))
}

struct Generated {
    form: &'static str,
    file: Option<String>,
    exported: Exported,
    left_out: Vec<Warning>,
}

fn remark(warning: &Warning) -> Value {
    let place = warning.place.as_ref().map(ToString::to_string);
    json!({"code": warning.code, "message": warning.message, "advice": warning.advice, "place": place})
}

impl Show for Generated {
    fn json(&self) -> Value {
        let remarks = |all: &[Warning]| all.iter().map(remark).collect::<Vec<_>>();
        json!({
            "schema": "generated/1", "form": self.form, "file": self.file, "objectives": self.exported.objectives,
            "text": if self.file.is_none() { Some(&self.exported.text) } else { None },
            "left_out": remarks(&self.left_out), "warnings": remarks(&self.exported.warnings),
        })
    }

    fn human(&self, page: &mut Page) {
        let objectives = counted(self.exported.objectives as u64, "objective", "objectives");
        page.line(format!("{}: {objectives}", self.file.as_deref().unwrap_or_default()));
    }
}
