//! `incident report`: facts, effects, remedies (Art. 33(5)), the timeline from register and ledger, and what was learnt.

use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::Args;
use evidence::{Act, Case, NewExhibit, Origin};
use ledger::{Filter, View};
use model::{Fault, Instant};
use privacy::incident::{Incident, Moment, Report};
use serde_json::Value;

use super::Done;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::files::{self, Existing};
use crate::cli::incidents;
use crate::cli::journal::{self, Wanted};
use crate::cli::output::{Page, Show};
use crate::cli::progress::Count;
use crate::commands::case;

#[derive(Args, Debug)]
pub(super) struct ReportArgs {
    /// The incident
    id: String,
    /// The form of the report
    #[arg(long, value_name = "FORM", value_parser = ["markdown", "html", "json"], default_value = "markdown")]
    format: String,
    /// Write the report to this file
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Take the report into this case as an exhibit
    #[arg(long, value_name = "ID")]
    case: Option<String>,
}

pub(super) fn run(context: &mut Context, args: &ReportArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "incident.reported");
    incidents::read_whole(context)?;
    let incident = incidents::one(context, &args.id)?;
    let mut acts = of_ledger(context, &incident)?;
    acts.extend(of_alerts(context, &incident.id)?);
    let told = Report::new(incident, acts, context.now());
    let form = if context.output.is_json() { "json" } else { args.format.as_str() };
    let text = match form {
        "json" => format!("{:#}\n", told.to_json()),
        "html" => told.to_html(),
        _ => told.to_markdown(),
    };
    context.trace.word("incident", args.id.clone());
    context.trace.digest("report", seal::sha256(text.as_bytes()));
    if let Some(path) = &args.output {
        files::write(path, text.as_bytes(), Existing::Keep)?;
    }
    if let Some(id) = &args.case {
        into_case(context, id, &args.id, form, &text)?;
    }
    Ok(Done::showing(
        Exit::Done,
        Reported { told: told.to_json(), text, file: args.output.clone(), case: args.case.clone() },
    ))
}

fn into_case(context: &mut Context, id: &str, incident: &str, form: &str, text: &str) -> Result<(), Fault> {
    let mut case = Case::open(&case::folder(context), id)?;
    let by = context.actor();
    let act = Act { time: context.now(), by: &by, purpose: "record the report of an incident" };
    let ending = if form == "markdown" { "md" } else { form };
    let (name, description) = (format!("{incident}.{ending}"), format!("Report of the incident {incident}"));
    let new = NewExhibit { name: &name, description: &description };
    let progress = context.progress(Count::Bytes);
    case.take_in(&mut text.as_bytes(), new, &Origin::default(), &act, &*progress)?;
    context.trace.custody(&case);
    Ok(())
}

/// What the project did from when it began until it was closed, but for the register's own acts.
fn of_ledger(context: &Context, incident: &Incident) -> Result<Vec<Moment>, Fault> {
    let Ok(folder) = journal::existing_folder(context) else { return Ok(Vec::new()) };
    let (from, until) = incident.span(context.now());
    let mut acts = Vec::new();
    // A filter leaves out what is at its end; this span has it.
    let until = Instant::from_nanos(until.nanos().saturating_add(1));
    let filter = Filter { since: Some(from), until: Some(until), ..Filter::default() };
    View::open(&folder)?.search(&filter, |found| {
        let entry = &found.entry;
        // Transitions of alerts stand in the register of alerts, with what they are about.
        let is_transition = entry.command == "alert" && entry.digests.iter().any(|(name, _)| name == "line");
        if entry.command != "incident" && !is_transition {
            acts.push(Moment::of_ledger(entry.time, &entry.act, &entry.actor, &entry.outcome));
        }
        ControlFlow::Continue(())
    })?;
    Ok(acts)
}

/// What happened to the alerts that name it.
#[cfg(feature = "alerts")]
fn of_alerts(context: &Context, incident: &str) -> Result<Vec<Moment>, Fault> {
    let register = crate::cli::alerts::read_whole(context)?;
    let named = register.alerts().iter().filter(|alert| alert.incidents.iter().any(|id| id == incident));
    let moment = |alert: &alerts::Alert, it: &alerts::Moment| {
        let note = it.note.as_deref().map(|note| format!(" ({note})")).unwrap_or_default();
        let about = format!("{} {} {}", alert.id, alert.labels.value("alertname"), alert.labels.value("rule"));
        Moment::of_alert(it.at, &format!("{about}: {} by {}{note}", it.event.word(), it.by))
    };
    Ok(named.flat_map(|alert| alert.history.iter().map(move |it| moment(alert, it))).collect())
}

#[cfg(not(feature = "alerts"))]
fn of_alerts(_: &Context, _: &str) -> Result<Vec<Moment>, Fault> {
    Ok(Vec::new())
}

struct Reported {
    told: Value,
    text: String,
    file: Option<PathBuf>,
    case: Option<String>,
}

impl Show for Reported {
    fn json(&self) -> Value {
        self.told.clone()
    }

    fn human(&self, page: &mut Page) {
        if self.file.is_none() && self.case.is_none() {
            return self.text.lines().for_each(|line| page.line(line));
        }
        if let Some(file) = &self.file {
            page.field("report", file.display().to_string());
        }
        if let Some(case) = &self.case {
            page.field("case", case);
        }
    }
}
