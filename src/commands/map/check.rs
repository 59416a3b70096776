//! `map check`: drift between map and stores, for people and for CI.

use model::{Fault, counted};
use privacy::map::check::{self, Finding, Level, Part, RULES};
use serde_json::{Value, json};

use super::{CheckArgs, show};
use crate::cli::classify::Classifier;
use crate::cli::context::Context;
use crate::cli::data_map;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::output::{Page, Show};
use crate::cli::stores;
use crate::cli::survey::{self, Look, Survey};
use crate::commands::Done;

pub(super) fn run(context: &mut Context, args: &CheckArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "map.checked");
    let classifier = Classifier::new()?;
    let reading = data_map::load(context)?;
    let fleet = stores::open(context, &reading.map, &args.name)?;
    for (_, fault) in &fleet.unreachable {
        context.output.error(fault);
    }
    let rows = Some(args.sample.rows).filter(|rows| *rows > 0 && !args.sample.no_sample);
    let surveys = survey::take(context, fleet.members, rows.map_or(Look::Catalogs, Look::Rows))?;
    let parts: Vec<Part<'_>> = surveys.iter().map(Survey::part).collect();
    let mut findings = check::check(&reading.map, &parts, &|names, values| classifier.guess(names, values))?;
    let said = reading.warnings.iter().filter(|warning| warning.code() != "dangling-reference" || parts.is_empty());
    findings.extend(said.map(warning));
    let checked = Checked {
        stores: surveys.iter().map(|survey| (survey.store.clone(), survey.rows(), survey.gaps.clone())).collect(),
        unreachable: fleet.unreachable.iter().map(|(name, _)| name.clone()).collect(),
        strict: args.strict,
        findings,
    };
    context.trace.count("findings", checked.findings.len() as u64);
    context.trace.word("verdict", if checked.is_drift() { "drift" } else { "none" });
    let exit = checked.exit();
    if args.sarif {
        context.output.write(format!("{:#}\n", checked.sarif()).as_bytes())?;
        return Ok(Done::streamed(exit));
    }
    Ok(Done::showing(exit, checked))
}

fn warning(fault: &Fault) -> Finding {
    Finding {
        rule: fault.code(),
        level: Level::Warning,
        message: fault.message().to_owned(),
        advice: fault.advice().unwrap_or_default().to_owned(),
        place: fault.place().cloned().unwrap_or_default(),
        about: (String::new(), None, None),
    }
}

struct Checked {
    stores: Vec<(String, u64, Vec<String>)>,
    unreachable: Vec<String>,
    strict: bool,
    findings: Vec<Finding>,
}

impl Checked {
    fn is_drift(&self) -> bool {
        self.findings.iter().any(|finding| finding.level == Level::Error || self.strict)
    }

    /// What could not be asked is never "no drift".
    fn exit(&self) -> Exit {
        match (self.unreachable.is_empty(), self.is_drift()) {
            (false, _) if self.strict || self.stores.is_empty() => Exit::Unavailable,
            (false, _) => Exit::Partial,
            (true, true) => Exit::No,
            (true, false) => Exit::Done,
        }
    }

    /// SARIF 2.1.0, each finding on its line of the map.
    fn sarif(&self) -> Value {
        let mut names: Vec<&str> = self.findings.iter().map(|finding| finding.rule).collect();
        names.sort_unstable();
        names.dedup();
        let about = |name: &str| {
            RULES.iter().find(|(rule, _)| *rule == name).map_or("A doubtful line of the data map", |(_, text)| text)
        };
        let results = self.findings.iter().map(|finding| {
            let (dataset, collection, field) = &finding.about;
            let parts = [Some(dataset), collection.as_ref(), field.as_ref()];
            let about: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
            let file =
                finding.place.file.as_ref().map_or("probity-map.yml".to_owned(), |file| file.display().to_string());
            json!({
                "ruleId": finding.rule,
                "level": if finding.level == Level::Error || self.strict { "error" } else { "warning" },
                "kind": "fail",
                "message": {"text": format!("{}. {}", finding.message, finding.advice)},
                "locations": [{"physicalLocation": {
                    "artifactLocation": {"uri": file},
                    "region": {"startLine": finding.place.line.max(1), "startColumn": finding.place.column.max(1)},
                }}],
                "partialFingerprints": {"about/v1": format!("{}:{}", finding.rule, about.join("."))},
            })
        });
        json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {
                    "name": "probity",
                    "version": env!("CARGO_PKG_VERSION"),
                    "rules": names.iter().map(|name| json!({"id": name, "shortDescription": {"text": about(name)}})).collect::<Vec<_>>(),
                }},
                "invocations": [{
                    "executionSuccessful": self.unreachable.is_empty(),
                    "toolExecutionNotifications": self.unreachable.iter().map(|name| json!({
                        "level": "error", "message": {"text": format!("The store {name} could not be asked")},
                    })).collect::<Vec<_>>(),
                }],
                "results": results.collect::<Vec<_>>(),
            }],
        })
    }
}

impl Show for Checked {
    fn json(&self) -> Value {
        json!({
            "schema": "map-check/1",
            "verdict": if self.is_drift() { "drift" } else { "none" },
            "strict": self.strict,
            "unreachable": self.unreachable,
            "stores": self.stores.iter().map(|(name, rows, gaps)| json!({"store": name, "rows": rows, "gaps": gaps})).collect::<Vec<_>>(),
            "findings": self.findings.iter().map(|finding| json!({
                "rule": finding.rule,
                "level": if finding.level == Level::Error { "error" } else { "warning" },
                "message": finding.message,
                "advice": finding.advice,
                "place": show::place(&finding.place),
                "dataset": finding.about.0,
                "collection": finding.about.1,
                "field": finding.about.2,
            })).collect::<Vec<_>>(),
        })
    }

    fn human(&self, page: &mut Page) {
        for finding in &self.findings {
            let level = if finding.level == Level::Error { "drift" } else { "warning" };
            page.line(format!("{}: {level}: {} [{}]", finding.place, finding.message, finding.rule));
            page.line(format!("    {}", finding.advice));
        }
        for (name, rows, gaps) in &self.stores {
            page.line(format!("{name}: {} looked at", counted(*rows, "row", "rows")));
            gaps.iter().for_each(|gap| page.line(format!("    not seen: {gap}")));
        }
        let errors = self.findings.iter().filter(|finding| finding.level == Level::Error).count();
        let warnings = self.findings.len() - errors;
        page.line(match errors + warnings {
            0 => "Map and stores agree.".to_owned(),
            _ => format!(
                "{}, {}",
                counted(errors as u64, "finding", "findings"),
                counted(warnings as u64, "warning", "warnings")
            ),
        });
    }
}
