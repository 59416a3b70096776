//! `incident notify`: the draft of Art. 33(3), and that it was sent.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use model::{Fault, Instant, xml_text};
use privacy::incident::{Event, Incident, Section, items};
use serde_json::{Value, json};

use super::{Done, shown};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::files::{self, Existing};
use crate::cli::incidents;
use crate::cli::journal::Wanted;
use crate::cli::output::{Page, Show};

#[derive(Args, Debug)]
pub(super) struct NotifyArgs {
    /// The incident
    id: String,
    /// Draft what the authority is to be told (Art. 33(3)); nothing is entered
    #[arg(long, conflicts_with_all = ["sent", "reference", "delay"])]
    draft: bool,
    /// The form of the draft
    #[arg(long, value_name = "FORM", value_parser = ["text", "html"], default_value = "text", requires = "draft")]
    format: String,
    /// Write the draft to this file
    #[arg(long, value_name = "FILE", requires = "draft")]
    output: Option<PathBuf>,
    /// Who was told: the authority (Art. 33(1)), the people concerned (Art. 34), the controller by its processor (Art. 33(2))
    #[arg(long, value_name = "WHOM", value_parser = ["authority", "people", "controller"], default_value = "authority")]
    to: String,
    /// When it was sent
    #[arg(long, value_name = "TIME", value_parser = Instant::parse, required_unless_present = "draft")]
    sent: Option<Instant>,
    /// Which phase it is (Art. 33(4)); default: first, and further once they were told
    #[arg(long, value_name = "PHASE", value_parser = ["first", "further", "final"])]
    phase: Option<String>,
    /// Under which it can be found with them
    #[arg(long, value_name = "WORDS")]
    reference: Option<String>,
    /// Why it was sent later than 72 hours after awareness
    #[arg(long, value_name = "WORDS")]
    delay: Option<String>,
}

pub(super) fn run(context: &mut Context, args: &NotifyArgs) -> Result<Done, Fault> {
    match args.sent {
        Some(sent) if !args.draft => sent_to(context, args, sent),
        _ => draft(context, args),
    }
}

fn sent_to(context: &mut Context, args: &NotifyArgs, sent: Instant) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "incident.notified");
    let incident = incidents::one(context, &args.id)?;
    let time = incidents::past(context, "--sent", sent)?;
    if sent < incident.aware() {
        let message = format!("--sent: {time} is before you became aware, {}", incident.aware());
        return Err(Fault::usage("told-before-aware", message)
            .advise("Check the time and its zone; nobody is told of what nobody knows."));
    }
    let is_first = !incident.told.iter().any(|told| told.to.word() == args.to);
    let is_late = args.to == "authority" && sent > incident.clock().due && is_first;
    if is_late && args.delay.is_none() {
        let message = format!("It was sent after {}, 72 hours after awareness", incident.clock().due);
        return Err(Fault::refused("delay-without-reason", message)
            .advise("Art. 33(1) wants the reasons for the delay with the notification: --delay WORDS."));
    }
    let phase = args.phase.as_deref().unwrap_or(if is_first { "first" } else { "further" });
    let mut said = vec![("to", args.to.clone()), ("sent", time), ("phase", phase.to_owned())];
    said.extend(args.reference.clone().map(|text| ("reference", text)));
    said.extend(args.delay.clone().map(|text| ("delay", text)));
    let incident = incidents::enter(context, Some(&args.id), vec![(Event::Notified, said)])?;
    Ok(Done::showing(Exit::Done, shown::One { incident, now: context.now() }))
}

fn draft(context: &mut Context, args: &NotifyArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "incident.drafted");
    let incident = incidents::one(context, &args.id)?;
    let setting = |name: &str| Some(context.config.text(name).to_owned()).filter(|text| !text.is_empty());
    let sections = items(&incident, &incidents::contact(context), context.now());
    let controller = setting("privacy.controller");
    let text = match args.format.as_str() {
        "html" => html(&incident, &sections, controller.as_deref()),
        _ => text(&incident, &sections, controller.as_deref()),
    };
    if let Some(path) = &args.output {
        files::write(path, text.as_bytes(), Existing::Keep)?;
    }
    Ok(Done::showing(Exit::Done, Drafted { incident, sections, text, file: args.output.clone(), now: context.now() }))
}

const MISSING: &str = "[MISSING: nobody has said it]";

/// Lines above the letters: from whom, about what, by when.
fn head(incident: &Incident, controller: Option<&str>) -> Vec<(&'static str, String)> {
    let clock = incident.clock();
    vec![
        ("From", controller.map_or_else(|| MISSING.to_owned(), str::to_owned)),
        ("Our reference", incident.id.clone()),
        ("Aware since", incident.aware().to_string()),
        ("Due (72 hours)", clock.due.to_string()),
    ]
}

fn text(incident: &Incident, sections: &[Section], controller: Option<&str>) -> String {
    let mut text = String::from(
        "DRAFT – to be completed and checked by a person before it is sent\n\n\
         Notification of a personal data breach, Article 33 of Regulation (EU) 2016/679\n\n",
    );
    for (name, value) in head(incident, controller) {
        let _ = writeln!(text, "{name}: {value}");
    }
    for section in sections {
        let _ = writeln!(text, "\n{} {}", article(section.code), section.title);
        for item in &section.items {
            let _ = writeln!(text, "  {}: {}", item.title, item.said.as_deref().unwrap_or(MISSING));
        }
    }
    text.push_str("\nWhat is missing is provided in phases without undue further delay (Art. 33(4)).\n");
    text
}

fn html(incident: &Incident, sections: &[Section], controller: Option<&str>) -> String {
    let mut html = String::from(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Notification of a personal data breach</title></head>\n\
         <body><p><strong>DRAFT – to be completed and checked by a person before it is sent</strong></p>\n\
         <h1>Notification of a personal data breach, Article 33 of Regulation (EU) 2016/679</h1>\n<dl>\n",
    );
    for (name, value) in head(incident, controller) {
        let _ = writeln!(html, "<dt>{name}</dt><dd>{}</dd>", xml_text(&value));
    }
    html.push_str("</dl>\n");
    for section in sections {
        let _ = writeln!(html, "<h2>{} {}</h2>\n<dl>", article(section.code), section.title);
        for item in &section.items {
            let value = match &item.said {
                Some(text) => xml_text(text),
                None => format!("<mark>{MISSING}</mark>"),
            };
            let _ = writeln!(html, "<dt>{}</dt><dd>{value}</dd>", item.title);
        }
        html.push_str("</dl>\n");
    }
    html.push_str(
        "<p>What is missing is provided in phases without undue further delay (Art. 33(4)).</p>\n</body></html>\n",
    );
    html
}

/// `33-3-a` as `Art. 33(3)(a)`.
fn article(code: &str) -> String {
    let mut parts = code.split('-');
    let first = parts.next().unwrap_or_default();
    format!("Art. {first}{}", parts.map(|part| format!("({part})")).collect::<String>())
}

struct Drafted {
    incident: Incident,
    sections: Vec<Section>,
    text: String,
    file: Option<PathBuf>,
    now: Instant,
}

impl Show for Drafted {
    fn json(&self) -> Value {
        let item = |item: &privacy::incident::Item| json!({"word": item.word, "title": item.title, "said": item.said});
        let section = |section: &Section| {
            json!({
                "code": section.code, "title": section.title,
                "items": section.items.iter().map(item).collect::<Vec<_>>(),
            })
        };
        let all = self.sections.iter().flat_map(|section| &section.items);
        json!({
            "schema": "incident-draft/1", "id": self.incident.id, "due": self.incident.clock().due.to_string(),
            "hours_left": self.incident.clock().hours_left(self.now),
            "sections": self.sections.iter().map(section).collect::<Vec<_>>(),
            "missing": all.filter(|item| item.said.is_none()).map(|item| item.word).collect::<Vec<_>>(),
            "file": self.file.as_ref().map(|file| file.display().to_string()),
        })
    }

    fn human(&self, page: &mut Page) {
        match &self.file {
            Some(file) => page.field("draft", file.display().to_string()),
            None => self.text.lines().for_each(|line| page.line(line)),
        }
    }
}
