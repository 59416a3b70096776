//! OSCAL 1.2.1 Assessment Results, with the small Assessment Plan that they must point to (`import-ap`).
//!
//! UUIDs are version 5 (RFC 9562 §5.5) over what they name, so that the same judgement gives the same file.

use model::{Digest, Verdict};
use serde_json::{Value, json};

use crate::answer::{Answer, Finding, Judgement, Outcome};
use crate::control::{Coverage, Sight};

/// The version that is written and validated.
const VERSION: &str = "1.2.1";

/// Makes a version 5 UUID from a name. SHA-1 is the edge's to bring: this room has no cryptography.
pub type Uuid<'u> = &'u dyn Fn(&str) -> String;

/// The assessment results; `plan` is the file name of the plan beside them.
pub fn to_oscal(judgement: &Judgement, plan: &str, uuid: Uuid<'_>) -> Value {
    let run = run_id(judgement);
    let id = |what: &str| uuid(&format!("{run}/{what}"));
    let judged: Vec<&Outcome> =
        judgement.outcomes.iter().filter(|outcome| !matches!(outcome.answer, Answer::NotGiven(_))).collect();
    let observations: Vec<Value> = judged.iter().map(|outcome| observation(outcome, judgement, &id)).collect();
    let of_rules = judged.iter().filter_map(|outcome| finding(outcome, &id));
    let findings: Vec<Value> = of_rules.chain(judgement.controls.iter().map(|one| control(one, &id))).collect();
    let packs: Vec<String> = judgement.packs.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let time = judgement.at.to_millis();
    let mut result = json!({
        "uuid": id("result"),
        "title": format!("probity evaluate: {}", packs.join(", ")),
        "description": format!("{} rules: {}", judgement.outcomes.len(), judgement.verdict().word()),
        "start": time, "end": time,
        "reviewed-controls": {"control-selections": [{"include-controls": controls(&judged, &judgement.controls)}]},
    });
    // OSCAL has no empty arrays.
    if judged.is_empty() && judgement.controls.is_empty() {
        result["reviewed-controls"] = json!({"control-selections": [{"include-all": {}}]});
    }
    for (key, list) in [("observations", observations), ("findings", findings)] {
        if !list.is_empty() {
            result[key] = Value::Array(list);
        }
    }
    json!({"assessment-results": {
        "uuid": id("results"),
        "metadata": metadata("probity assessment results", &time),
        "import-ap": {"href": plan},
        "results": [result],
    }})
}

/// The assessment plan that the results point to.
pub fn to_oscal_plan(judgement: &Judgement, uuid: Uuid<'_>) -> Value {
    let judged: Vec<&Outcome> = judgement.outcomes.iter().collect();
    json!({"assessment-plan": {
        "uuid": uuid(&format!("{}/plan", run_id(judgement))),
        "metadata": metadata("probity assessment plan", &judgement.at.to_millis()),
        "import-ssp": {"href": "#none", "remarks": "No system security plan was given."},
        "reviewed-controls": {"control-selections": [{"include-controls": controls(&judged, &judgement.controls)}]},
    }})
}

fn metadata(title: &str, time: &str) -> Value {
    json!({"title": title, "last-modified": time, "version": "1", "oscal-version": VERSION})
}

fn run_id(judgement: &Judgement) -> String {
    let sources = judgement.facts.iter().flat_map(|(_, basis)| &basis.sources);
    let digests: Vec<String> = sources.filter_map(|source| source.digest.as_ref().map(Digest::hex)).collect();
    format!("{}/{:?}/{}", judgement.at, judgement.packs, digests.join(","))
}

fn controls(outcomes: &[&Outcome], controls: &[Coverage]) -> Vec<Value> {
    let of_rules = outcomes.iter().map(|outcome| token(&outcome.rule));
    let mut ids: Vec<String> = of_rules.chain(controls.iter().map(target)).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().map(|id| json!({"control-id": id})).collect()
}

/// An OSCAL token: a letter or `_` first, then letters, digits, `-`, `_`, `.`.
fn token(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let kept: String = text.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    match kept.chars().next() {
        Some(first) if first.is_ascii_alphabetic() || first == '_' => kept,
        _ => format!("_{kept}"),
    }
}

fn observation(outcome: &Outcome, judgement: &Judgement, id: &dyn Fn(&str) -> String) -> Value {
    let counts = format!(
        "{}: {} met, {} broken, {} not judged, {} not applicable",
        outcome.answer.word(),
        outcome.met,
        outcome.broken,
        outcome.not_judged,
        outcome.not_applicable
    );
    let mut value = json!({
        "uuid": id(&format!("observation/{}", outcome.rule)),
        "title": outcome.title,
        "description": counts,
        "methods": ["TEST"],
        "collected": judgement.at.to_millis(),
    });
    if !outcome.findings.is_empty() {
        value["subjects"] = outcome.findings.iter().map(|one| subject(outcome, one, id)).collect();
        value["relevant-evidence"] = outcome.findings.iter().map(evidence).collect();
    }
    value
}

fn subject(outcome: &Outcome, finding: &Finding, id: &dyn Fn(&str) -> String) -> Value {
    json!({
        "subject-uuid": id(&format!("subject/{}/{}/{:?}", outcome.rule, finding.subject, finding.place)),
        "type": "inventory-item",
        "title": finding.subject,
    })
}

fn evidence(finding: &Finding) -> Value {
    let word = if finding.verdict == Verdict::Broken { "broken" } else { "not judged" };
    let mut value = json!({"description": format!("{word}: {}: {}", finding.subject, finding.message)});
    if let Some(place) = &finding.place {
        value["remarks"] = json!(place);
    }
    value
}

/// The token of a control, beside which that of a rule stands: `soc2.CC6.1`.
fn target(coverage: &Coverage) -> String {
    token(&format!("{}.{}", coverage.pack, coverage.control.id))
}

/// A control is broken where a rule is; it is satisfied by no machine, because a person has something left to supply.
fn control(coverage: &Coverage, id: &dyn Fn(&str) -> String) -> Value {
    let reason = if coverage.sight == Sight::Broken { "fail" } else { "other" };
    let remarks = format!("{}; {}", coverage.sight.word(), coverage.person());
    let mut value = json!({
        "uuid": id(&format!("control/{}", target(coverage))),
        "title": format!("{}: {}", coverage.control.article, coverage.control.title),
        "description": format!("what machines see: {}", coverage.sight.word()),
        "target": {
            "type": "objective-id", "target-id": target(coverage),
            "status": {"state": "not-satisfied", "reason": reason, "remarks": remarks},
        },
    });
    let observed = coverage.evidence.iter().filter(|(_, answer)| *answer != "not given");
    let observed: Vec<Value> =
        observed.map(|(rule, _)| json!({"observation-uuid": id(&format!("observation/{rule}"))})).collect();
    if !observed.is_empty() {
        value["related-observations"] = json!(observed);
    }
    value
}

fn finding(outcome: &Outcome, id: &dyn Fn(&str) -> String) -> Option<Value> {
    let status = match &outcome.answer {
        Answer::Met => json!({"state": "satisfied", "reason": "pass"}),
        Answer::Broken => json!({"state": "not-satisfied", "reason": "fail"}),
        Answer::NotJudged(why) => json!({"state": "not-satisfied", "reason": "other", "remarks": why}),
        Answer::NotApplicable | Answer::NotGiven(_) => return None,
    };
    let articles: Vec<&str> = outcome.law.iter().map(|law| law.article.as_str()).collect();
    Some(json!({
        "uuid": id(&format!("finding/{}", outcome.rule)),
        "title": outcome.title,
        "description": format!("{}; to do: {}", articles.join(", "), outcome.fix),
        "target": {"type": "objective-id", "target-id": token(&outcome.rule), "status": status},
        "related-observations": [{"observation-uuid": id(&format!("observation/{}", outcome.rule))}],
    }))
}
