//! Rules of packs, judged against facts.

use model::{Fault, Instant};
use rules::report::{to_html, to_json, to_junit, to_oscal, to_oscal_plan, to_sarif};
use rules::{Judgement, Limits, Trend};
use serde_json::Value;

use super::shown::{Judged, Listed, Written};
use super::{EvaluateArgs, history, paper, refuse};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::files::{self, Existing};
use crate::cli::journal::Wanted;
use crate::cli::{facts, packs};
use crate::commands::Done;

pub(super) fn run(context: &mut Context, args: EvaluateArgs) -> Result<Done, Fault> {
    refuse(&args, &["human", "json", "junit", "sarif", "oscal", "html", "pdf"], "rules of packs")?;
    paper::check(&args)?;
    let known = facts::Known::of(context)?;
    let chosen = packs::Chosen { rule: &args.rule, pack: &args.pack, set: &args.set, only: &args.only };
    let book = packs::load(context, &chosen, &known.catalogue)?;
    if args.list {
        context.trace.begin(Wanted::WhereThere, "evaluate.listed");
        return Ok(Done::showing(Exit::Done, Listed::of(&book)));
    }
    context.trace.begin(Wanted::WhereThere, "evaluate.judged");
    let mut suppressions = packs::suppressions(context, args.suppressions.as_deref())?;
    let needs = book.needs().into_iter().collect();
    let asked = facts::Asked { needs, inputs: &args.input, sheets: &args.facts, age_max: args.max_age };
    let facts = facts::gather(context, &asked, &known)?;
    let at = args.at.as_deref().filter(|text| *text != "now").map_or(Ok(context.now()), Instant::parse)?;
    let mut judgement = rules::judge(&book, &facts, &known.catalogue, &mut suppressions, at, &Limits::default());
    judgement.strict = args.strict;
    trace(context, &judgement);
    let trend = history::trend(context, args.against.as_deref(), &judgement)?;
    let document = to_json(&judgement, trend.as_ref());
    // What cannot be drawn is said before anything is kept.
    let pdf = (args.format == "pdf").then(|| paper::write(context, &document, &args.font_dir)).transpose()?;
    history::remember(context, &judgement, &document)?;
    if let Some(id) = &args.case {
        super::record(context, id, &document)?;
    }
    let form = if context.output.is_json() { "json" } else { args.format.as_str() };
    let text = in_form(form, &judgement, trend.as_ref(), &document, &args);
    if let Some(path) = &args.output {
        files::write(path, pdf.as_deref().unwrap_or(text.as_bytes()), Existing::from_flag(args.overwrite))?;
    }
    let exit = Exit::from(judgement.verdict());
    Ok(match (text, form) {
        (text, "junit" | "sarif" | "oscal" | "html") => Done::showing(exit, Written { text, document }),
        _ => Done::showing(exit, Judged { judgement, trend, document, as_json: form == "json" }),
    })
}

/// The text of the form; a person's page has none but on the screen, and goes into a file as JSON.
fn in_form(form: &str, judgement: &Judgement, trend: Option<&Trend>, document: &Value, args: &EvaluateArgs) -> String {
    let pretty = |value: &Value| format!("{value:#}\n");
    match form {
        "html" => to_html(judgement, trend, env!("CARGO_PKG_VERSION")),
        "junit" => to_junit(judgement),
        "sarif" => pretty(&to_sarif(judgement, env!("CARGO_PKG_VERSION"))),
        "oscal" => {
            let uuid = |name: &str| seal::uuid(&format!("urn:probity:judgement:{name}"));
            // One document on the screen: plan and results, each under its own key.
            let mut results = to_oscal(judgement, "#plan", &uuid);
            if args.output.is_none() {
                results["assessment-plan"] = to_oscal_plan(judgement, &uuid)["assessment-plan"].clone();
            }
            pretty(&results)
        }
        _ => format!("{document}\n"),
    }
}

fn trace(context: &mut Context, judgement: &Judgement) {
    context.trace.word("at", judgement.at.to_string());
    context.trace.word("verdict", judgement.verdict().word());
    for (name, word) in [("met", "met"), ("broken", "broken"), ("not_judged", "not judged"), ("not_given", "not given")]
    {
        context.trace.count(name, judgement.count(word));
    }
}
