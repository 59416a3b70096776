//! SARIF 2.1.0.
//!
//! Source: OASIS SARIF v2.1.0, §3.27 `result`, §3.35 `suppression`, §3.20 `invocation`; GitHub's `security-severity`.

use model::Instant;
use yaml::Node;

use super::{Finding, Report, Severity};
use crate::Gap;
use crate::tree::{Document, at, flag, integer, list, place, text, time};

/// One report for each run.
pub(super) fn reports(document: &Document<'_>, reports: &mut Vec<Report>, gaps: &mut Vec<Gap>) {
    for run in list(&document.node, &["runs"]) {
        let tool = text(run, &["tool", "driver", "name"]).unwrap_or("a scanner without a name");
        for invocation in list(run, &["invocations"]) {
            if flag(invocation, &["executionSuccessful"]) == Some(false) {
                let why = format!("{tool} says of itself that it did not succeed");
                gaps.push(Gap::at(place(document.file, invocation), why, "Run the scanner again."));
            }
        }
        // §3.14.23: without `results` it is not known what was found, which is other than nothing.
        if at(run, &["results"]).is_none() {
            gaps.push(Gap::at(
                place(document.file, run),
                format!("{tool} gives no list of results"),
                "Run the scanner again.",
            ));
        }
        let rules = rules(run);
        let findings = list(run, &["results"]).iter().filter_map(|result| finding(document.file, result, &rules));
        reports.push(Report {
            tool: tool.to_owned(),
            format: "SARIF",
            time: when(run),
            findings: findings.collect(),
            place: place(document.file, run),
        });
    }
}

/// The rules of the driver and of its extensions, which results name by id.
fn rules(run: &Node) -> Vec<&Node> {
    let extensions = list(run, &["tool", "extensions"]).iter().flat_map(|one| list(one, &["rules"]));
    list(run, &["tool", "driver", "rules"]).iter().chain(extensions).collect()
}

fn when(run: &Node) -> Option<Instant> {
    let one = |node: &Node| time(node, &["endTimeUtc"]).or_else(|| time(node, &["startTimeUtc"]));
    list(run, &["invocations"]).iter().filter_map(one).max()
}

fn finding(file: &str, result: &Node, rules: &[&Node]) -> Option<Finding> {
    // §3.27.9: only `fail` is a finding; §3.27.24: `absent` is gone since the baseline.
    let is_one =
        text(result, &["kind"]).unwrap_or("fail") == "fail" && text(result, &["baselineState"]) != Some("absent");
    if !is_one {
        return None;
    }
    let id = text(result, &["ruleId"]).or(text(result, &["rule", "id"]));
    let by_index = || rules.get(usize::try_from(integer(result, &["ruleIndex"])?).ok()?).copied();
    let rule = id.and_then(|id| rules.iter().find(|rule| text(rule, &["id"]) == Some(id)).copied()).or_else(by_index);
    let name = id.or(rule.and_then(|rule| text(rule, &["id"]))).unwrap_or("a rule without a name");
    // §3.35.6: a suppression that is under review or was rejected is none.
    let accepted = list(result, &["suppressions"])
        .iter()
        .any(|one| text(one, &["status"]).is_none_or(|status| status == "accepted"));
    Some(Finding {
        rule: name.to_owned(),
        severity: severity(result, rule),
        accepted,
        subject: subject(result),
        place: place(file, result),
    })
}

/// `security-severity` where the scanner gives one, as GitHub reads it; else by the level.
fn severity(result: &Node, rule: Option<&Node>) -> Severity {
    let score = |node: &Node| text(node, &["properties", "security-severity"])?.parse::<f64>().ok();
    if let Some(score) = score(result).or(rule.and_then(score)) {
        return Severity::of_score(score);
    }
    let default = rule.and_then(|rule| text(rule, &["defaultConfiguration", "level"]));
    match text(result, &["level"]).or(default).unwrap_or("warning") {
        "error" => Severity::High,
        "warning" => Severity::Medium,
        "note" => Severity::Low,
        "none" => Severity::None,
        _ => Severity::Unknown,
    }
}

/// The file and line that it is about.
fn subject(result: &Node) -> String {
    let Some(location) = list(result, &["locations"]).first() else { return "the project".to_owned() };
    let file = text(location, &["physicalLocation", "artifactLocation", "uri"]).unwrap_or("the project");
    match text(location, &["physicalLocation", "region", "startLine"]) {
        Some(line) => format!("{file}:{line}"),
        None => file.to_owned(),
    }
}
