//! `incident report`: facts, effects, remedies (Art. 33(5)), the timeline from register and ledger, and what was learnt.

mod forms;

use std::path::PathBuf;

use clap::Args;
use evidence::{Act, Case, NewExhibit, Origin};
use ledger::View;
use model::{Fault, Instant};
use privacy::incident::{DETAILS, Entry, Incident};
use serde_json::{Value, json};

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

/// So many acts of the ledger are in a report.
const ACTS_MOST: usize = 1_000;
/// The ledger is looked through from so long before the incident was noticed, when nobody says when it began.
const BEFORE_NANOS: i64 = 72 * 3_600 * 1_000_000_000;

/// Something that happened.
struct Moment {
    at: Instant,
    source: &'static str,
    text: String,
}

/// What a report says.
struct Told {
    incident: Incident,
    timeline: Vec<Moment>,
    /// Acts of the ledger that are not in it.
    left_out: usize,
    now: Instant,
}

pub(super) fn run(context: &mut Context, args: &ReportArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "incident.reported");
    incidents::read_whole(context)?;
    let incident = incidents::one(context, &args.id)?;
    let told = Told::new(context, incident)?;
    let form = if context.output.is_json() { "json" } else { args.format.as_str() };
    let text = match form {
        "json" => format!("{:#}\n", told.json()),
        "html" => told.html(),
        _ => told.markdown(),
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
        Report { told: told.json(), text, file: args.output.clone(), case: args.case.clone() },
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

impl Told {
    fn new(context: &Context, incident: Incident) -> Result<Self, Fault> {
        let mut timeline: Vec<Moment> = incident.history.iter().map(of_register).collect();
        let stated = [("occurred", "it began"), ("aware", "the controller became aware"), ("ended", "it ended")];
        for (word, text) in stated {
            let at = incident.said(word).and_then(|time| Instant::parse(time).ok());
            timeline.extend(at.map(|at| Moment { at, source: "stated", text: text.to_owned() }));
        }
        for told in &incident.told {
            let text = format!("the {} was told ({})", told.to.word(), told.phase);
            timeline.push(Moment { at: told.sent, source: "stated", text });
        }
        let acts = of_ledger(context, &incident)?;
        let left_out = acts.len().saturating_sub(ACTS_MOST);
        timeline.extend(acts.into_iter().take(ACTS_MOST));
        timeline.sort_by(|a, b| (a.at, a.source, &a.text).cmp(&(b.at, b.source, &b.text)));
        Ok(Told { incident, timeline, left_out, now: context.now() })
    }

    fn details(&self) -> impl Iterator<Item = (&'static str, Option<&str>)> {
        DETAILS.iter().map(|(word, title)| (*title, self.incident.said(word)))
    }

    fn json(&self) -> Value {
        let moment = |it: &Moment| json!({"at": it.at.to_string(), "source": it.source, "text": it.text});
        json!({
            "schema": "incident-report/1", "incident": self.incident.to_json(self.now),
            "timeline": self.timeline.iter().map(moment).collect::<Vec<_>>(), "acts_left_out": self.left_out,
        })
    }
}

fn of_register(entry: &Entry) -> Moment {
    let said: Vec<String> = entry.said.iter().map(|(word, text)| format!("{word}: {text}")).collect();
    Moment {
        at: entry.at,
        source: "register",
        text: format!("{} by {} ({})", entry.event.word(), entry.by, said.join("; ")),
    }
}

/// What the project did from when it began until it was closed, but for the register's own acts.
fn of_ledger(context: &Context, incident: &Incident) -> Result<Vec<Moment>, Fault> {
    let Ok(folder) = journal::existing_folder(context) else { return Ok(Vec::new()) };
    let began = incident.said("occurred").and_then(|time| Instant::parse(time).ok());
    let from = began.unwrap_or_else(|| Instant::from_nanos(incident.aware().nanos().saturating_sub(BEFORE_NANOS)));
    let until = incident.closed.unwrap_or_else(|| context.now());
    let view = View::open(&folder)?;
    let mut acts = Vec::new();
    for item in view.entries(0..view.size()) {
        let entry = item?.entry()?;
        if entry.time >= from && entry.time <= until && entry.command != "incident" {
            let text = format!("{} by {}: {}", entry.act, entry.actor, entry.outcome);
            acts.push(Moment { at: entry.time, source: "ledger", text });
        }
    }
    Ok(acts)
}

struct Report {
    told: Value,
    text: String,
    file: Option<PathBuf>,
    case: Option<String>,
}

impl Show for Report {
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
