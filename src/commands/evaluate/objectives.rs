//! Objectives, judged against what is in the store.

use model::{Fault, Instant, counted};
use serde_json::Value;
use slo::{Evaluation, Extent};

use super::{EvaluateArgs, refuse};
use crate::cli::context::Context;
use crate::cli::files::{self, Existing};
use crate::cli::journal::Wanted;
use crate::cli::judgements;
use crate::cli::objectives;
use crate::cli::output::{Page, Show};
use crate::cli::rules;
use crate::cli::sql;
use crate::cli::table::{Cell, Table};
use crate::commands::Done;

pub(crate) fn run(context: &mut Context, args: EvaluateArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "evaluate.judged");
    refuse(&args, &["human", "json", "junit", "github", "openmetrics"], "objectives")?;
    let chosen = rules::Chosen { rule: &args.rule, pack: &args.pack, set: &args.set, strict: args.strict };
    let book = rules::load(context, &chosen)?;
    let engine = sql::open(context)?;
    let at = instant(context, args.at.as_deref(), engine.newest())?;
    let extent = Extent { history: args.history };
    let evaluation = slo::evaluate_to(extent, &book, at, &engine)?;
    trace(context, &evaluation);
    let document = slo::to_json(&evaluation);
    if let Err(fault) = judgements::keep_objectives(context, &document) {
        // An evaluation that cannot be kept is one all the same, such as that of a project on a read-only medium.
        context.output.warn(&format!("The evaluation was not kept: {}", fault.message()));
    }
    if let Some(id) = &args.case {
        super::record(context, id, &document)?;
    }
    let form = if context.output.is_json() { "json" } else { args.format.as_str() };
    if let Some(path) = &args.output {
        files::write(path, &in_form(form, &evaluation, &document), Existing::from_flag(args.overwrite))?;
    }
    let exit = match evaluation.fault() {
        Some(fault) => fault.kind().into(),
        None => evaluation.verdict.into(),
    };
    Ok(match form {
        "junit" | "github" | "openmetrics" => {
            let text = String::from_utf8_lossy(&in_form(form, &evaluation, &document)).into_owned();
            Done::showing(exit, Text(text, document))
        }
        "json" => Done::showing(exit, Judged { evaluation, document, as_json: true }),
        _ => Done::showing(exit, Judged { evaluation, document, as_json: false }),
    })
}

fn instant(context: &Context, at: Option<&str>, newest: Option<Instant>) -> Result<Instant, Fault> {
    match at {
        None | Some("now") => Ok(context.now()),
        Some("latest") => newest.ok_or_else(|| {
            Fault::no_verdict("no-records", "The store is empty, so there is no latest record")
                .advise("Ingest something first.")
        }),
        Some(text) => Instant::parse(text),
    }
}

fn trace(context: &mut Context, evaluation: &Evaluation) {
    context.trace.digest("store_head", evaluation.basis.head);
    if let Some(version) = evaluation.basis.version {
        context.trace.count("store_version", version);
    }
    context.trace.word("at", evaluation.at.to_string());
    context.trace.word("verdict", evaluation.verdict.word());
    let count = |word: &str| evaluation.outcomes.iter().filter(|outcome| outcome.verdict.word() == word).count() as u64;
    for (name, word) in [("met", "met"), ("broken", "broken"), ("no_data", "no data")] {
        context.trace.count(name, count(word));
    }
}

fn in_form(form: &str, evaluation: &Evaluation, document: &Value) -> Vec<u8> {
    match form {
        "junit" => slo::to_junit(evaluation).into_bytes(),
        "github" => objectives::annotations(evaluation).into_bytes(),
        "openmetrics" => slo::to_openmetrics(evaluation).into_bytes(),
        _ => format!("{document}\n").into_bytes(),
    }
}

/// A form that is no page: what is shown is what is written.
struct Text(String, Value);

impl Show for Text {
    fn json(&self) -> Value {
        self.1.clone()
    }

    fn human(&self, page: &mut Page) {
        page.raw(&self.0);
    }
}

struct Judged {
    evaluation: Evaluation,
    document: Value,
    as_json: bool,
}

impl Show for Judged {
    fn json(&self) -> Value {
        self.document.clone()
    }

    fn human(&self, page: &mut Page) {
        if self.as_json {
            page.raw(&format!("{}\n", self.document));
            return;
        }
        let evaluation = &self.evaluation;
        let mut table = Table::new(&["verdict", "rule", "objective", "target", "achieved", "good", "total", "window"]);
        for outcome in &evaluation.outcomes {
            table.row([
                Cell::Verdict(outcome.verdict),
                outcome.rule.as_str().into(),
                outcome.objective.as_str().into(),
                Cell::Number(format!("≥ {}", outcome.target)),
                Cell::Number(outcome.ratio().unwrap_or_else(|| "–".to_owned())),
                Cell::Count(outcome.good),
                Cell::Count(outcome.total),
                outcome.window.length.as_str().into(),
            ]);
        }
        page.table(&table);
        page.gap();
        let before = [None].into_iter().chain(evaluation.outcomes.iter().map(Some));
        for (outcome, before) in evaluation.outcomes.iter().zip(before) {
            objectives::explain(outcome, before, page);
        }
        for warning in &evaluation.warnings {
            let place = warning.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
            page.line(format!("warning: {place}{} [{}]", warning.message, warning.code));
        }
        page.gap();
        page.verdict_line(evaluation.verdict, &summary(evaluation));
    }
}

fn summary(evaluation: &Evaluation) -> String {
    let basis = match evaluation.basis.version {
        Some(version) => format!("store version {version}, commit {}", evaluation.basis.head.short()),
        None => "an empty store".to_owned(),
    };
    let objectives = counted(evaluation.outcomes.len() as u64, "objective", "objectives");
    format!("{objectives} at {}, from {basis}", evaluation.at)
}
