//! SARIF 2.1.0 (OASIS, 27 March 2020), for code hosts and editors.
//!
//! A broken rule is a `fail` of its severity at the place it was found; a rule that is met is a `pass`, one that does not
//! apply `notApplicable`; what could not be judged is an `open` result and a notification of the invocation, never a pass.
//! The controls of a pack are a taxonomy beside the rules.

mod taxonomy;

use serde_json::{Value, json};
use taxonomy::Taxonomies;

use crate::answer::{Answer, Finding, Judgement, Outcome};
use model::{Severity, Verdict};

/// Code hosts show the first many of a run and refuse more than 25,000.
const RESULTS_MAX: usize = 25_000;

/// The judgement as a SARIF log of one run; `version` is the program's.
pub fn to_sarif(judgement: &Judgement, version: &str) -> Value {
    let taxonomies = Taxonomies::of(&judgement.controls);
    let (rules, found): (Vec<Value>, Vec<Vec<Value>>) =
        judgement.outcomes.iter().enumerate().map(|(index, outcome)| described(index, outcome, &taxonomies)).unzip();
    // What a person must look at is not lost behind the findings.
    let results: Vec<Value> = taxonomies.reviews().chain(found.into_iter().flatten()).take(RESULTS_MAX).collect();
    let unjudged: Vec<Value> = judgement.outcomes.iter().filter_map(notification).collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "probity", "version": version, "rules": rules, "supportedTaxonomies": taxonomies.supported(),
            }},
            "taxonomies": taxonomies.components(),
            "invocations": [{
                "executionSuccessful": true,
                "endTimeUtc": judgement.at.to_millis(),
                "toolExecutionNotifications": unjudged,
            }],
            "results": results,
        }],
    })
}

/// A rule and its results, both with the controls that it gives evidence for.
fn described(index: usize, outcome: &Outcome, taxonomies: &Taxonomies<'_>) -> (Value, Vec<Value>) {
    let (mut rule, mut results) = (rule(outcome), results(index, outcome));
    let taxa = taxonomies.of_rule(&outcome.rule);
    if !taxa.is_empty() {
        results.iter_mut().for_each(|result| result["taxa"] = json!(taxa));
        let related = taxa.iter().map(|taxon| json!({"target": taxon, "kinds": ["relevant"]}));
        rule["relationships"] = related.collect();
    }
    (rule, results)
}

fn rule(outcome: &Outcome) -> Value {
    let articles: Vec<&str> = outcome.law.iter().map(|law| law.article.as_str()).collect();
    json!({
        "id": outcome.rule,
        "shortDescription": {"text": outcome.title},
        "help": {"text": outcome.fix},
        "helpUri": outcome.law.first().map(|law| law.link.as_str()).unwrap_or_default(),
        "defaultConfiguration": {"level": level(outcome.severity)},
        "properties": {"tags": articles, "security-severity": score(outcome.severity)},
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

/// What code hosts sort by: 9.0 and above is critical, 7.0 high, 4.0 medium.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
    }
}

fn results(index: usize, outcome: &Outcome) -> Vec<Value> {
    let plain = |kind: &str, text: &str| {
        vec![json!({
            "ruleId": outcome.rule, "ruleIndex": index, "kind": kind, "level": "none", "message": {"text": text},
        })]
    };
    let standing = outcome.findings.iter().map(|finding| result(index, outcome, finding));
    let suppressed = outcome.suppressed.iter().map(|one| {
        let mut value = result(index, outcome, &one.finding);
        let justification = format!("{} ({}, until {})", one.reason, one.by, one.until);
        value["suppressions"] = json!([{"kind": "external", "status": "accepted", "justification": justification}]);
        value
    });
    let found: Vec<Value> = standing.chain(suppressed).collect();
    match &outcome.answer {
        Answer::Met if found.is_empty() => plain("pass", &outcome.title),
        Answer::NotApplicable => plain("notApplicable", "There is nothing here that the rule is about."),
        Answer::NotGiven(why) => plain("notApplicable", why),
        Answer::NotJudged(why) if found.is_empty() => plain("open", why),
        _ => found,
    }
}

fn result(index: usize, outcome: &Outcome, finding: &Finding) -> Value {
    let broken = finding.verdict == Verdict::Broken;
    let mut value = json!({
        "ruleId": outcome.rule,
        "ruleIndex": index,
        "kind": if broken { "fail" } else { "open" },
        "level": if broken { level(outcome.severity) } else { "none" },
        "message": {"text": format!("{}: {}", finding.subject, finding.message)},
        // Lines move; the rule and what it is about stay (§3.27.17).
        "partialFingerprints": {"ruleAndSubject/v1": format!("{}|{}", outcome.rule, finding.subject)},
    });
    let location = finding.place.as_deref().map(physical);
    // Code hosts need a place; what stands in no file is shown at the rule itself.
    value["locations"] = json!([location.unwrap_or_else(|| physical(&outcome.place.to_string()))]);
    value["locations"][0]["logicalLocations"] = json!([{"fullyQualifiedName": finding.subject}]);
    value
}

/// `file:line:column` as a physical location.
fn physical(place: &str) -> Value {
    let mut parts = place.rsplitn(3, ':');
    let numbers: Option<(u64, u64)> = parts
        .next()
        .and_then(|column| Some((parts.next()?.parse().ok().filter(|line| *line > 0)?, column.parse().ok()?)));
    match (numbers, parts.next()) {
        (Some((line, column)), Some(file)) => json!({"physicalLocation": {
            "artifactLocation": {"uri": uri(file)}, "region": {"startLine": line, "startColumn": column.max(1)},
        }}),
        _ => json!({"physicalLocation": {"artifactLocation": {"uri": uri(place)}}}),
    }
}

/// A path as a relative URI reference (RFC 3986): everything but unreserved characters and slashes is escaped.
fn uri(path: &str) -> String {
    let keep = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(byte);
    path.bytes().map(|byte| if keep(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn notification(outcome: &Outcome) -> Option<Value> {
    let Answer::NotJudged(why) = &outcome.answer else { return None };
    Some(json!({
        "level": "error",
        "message": {"text": format!("{} was not judged: {why}", outcome.rule)},
        "associatedRule": {"id": outcome.rule},
    }))
}
