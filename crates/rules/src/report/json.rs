//! `judgement/1`: everything, in probity's own form.

use serde_json::{Value, json};

use model::Verdict;

use crate::answer::{Answer, Basis, Finding, Judgement, Outcome, Suppressed};
use crate::control::Coverage;
use crate::trend::{Line, Trend};

/// The judgement as one JSON document.
pub fn to_json(judgement: &Judgement, trend: Option<&Trend>) -> Value {
    let packs: Vec<Value> =
        judgement.packs.iter().map(|(name, version)| json!({"name": name, "version": version})).collect();
    let counts: serde_json::Map<String, Value> = ["met", "broken", "not applicable", "not given", "not judged"]
        .iter()
        .map(|word| (word.replace(' ', "_"), json!(judgement.count(word))))
        .collect();
    json!({
        "schema": "judgement/1",
        "at": judgement.at.to_string(),
        "verdict": judgement.verdict().word(),
        "packs": packs,
        "counts": counts,
        "rules": judgement.outcomes.iter().map(|one| outcome(one, judgement, trend)).collect::<Vec<_>>(),
        "controls": judgement.controls.iter().map(control).collect::<Vec<_>>(),
        "stale_suppressions": judgement.stale.iter().map(finding).collect::<Vec<_>>(),
        "facts": judgement.facts.iter().map(fact).collect::<Vec<_>>(),
        "trend": trend.map(changed),
    })
}

fn changed(trend: &Trend) -> Value {
    let lines = |lines: &[Line]| -> Vec<Value> {
        lines.iter().map(|one| json!({"rule": one.rule, "subject": one.subject, "message": one.message})).collect()
    };
    json!({
        "since": trend.since, "verdict": trend.before, "new": lines(&trend.new), "gone": lines(&trend.gone),
        "still": trend.still, "no_longer_judged": trend.lost,
    })
}

fn control(coverage: &Coverage) -> Value {
    let rules = coverage.evidence.iter().map(|(rule, answer)| json!({"rule": rule, "answer": answer}));
    json!({
        "pack": coverage.pack, "control": coverage.control.id, "article": coverage.control.article,
        "title": coverage.control.title, "sight": coverage.sight.word(), "rules": rules.collect::<Vec<_>>(),
        "person": coverage.control.person,
    })
}

fn outcome(outcome: &Outcome, judgement: &Judgement, trend: Option<&Trend>) -> Value {
    let law: Vec<Value> = outcome.law.iter().map(|law| json!({"article": law.article, "link": law.link})).collect();
    let mut value = json!({
        "rule": outcome.rule,
        "title": outcome.title,
        "law": law,
        "severity": outcome.severity.word(),
        "answer": outcome.answer.word(),
        "met": outcome.met,
        "broken": outcome.broken,
        "not_applicable": outcome.not_applicable,
        "not_judged": outcome.not_judged,
        "findings": outcome.findings.iter().map(|one| standing(one, outcome, judgement, trend)).collect::<Vec<_>>(),
        "suppressed": outcome.suppressed.iter().map(suppressed).collect::<Vec<_>>(),
        "fix": outcome.fix,
        "place": outcome.place.to_string(),
    });
    if let Answer::NotGiven(why) | Answer::NotJudged(why) = &outcome.answer {
        value["why"] = json!(why);
    }
    if let Some(person) = &outcome.person {
        value["person"] = json!(person);
    }
    value
}

/// A finding with the time it was seen first: in an earlier judgement, or now.
fn standing(one: &Finding, outcome: &Outcome, judgement: &Judgement, trend: Option<&Trend>) -> Value {
    let mut value = finding(one);
    if one.verdict == Verdict::Broken {
        let known = (outcome.rule.clone(), one.subject.clone());
        let before = trend.and_then(|trend| trend.first.get(&known)).cloned();
        value["since"] = json!(before.unwrap_or_else(|| judgement.at.to_string()));
    }
    value
}

fn finding(finding: &Finding) -> Value {
    json!({
        "verdict": finding.verdict.word(),
        "subject": finding.subject,
        "message": finding.message,
        "place": finding.place,
    })
}

fn suppressed(one: &Suppressed) -> Value {
    let mut value = finding(&one.finding);
    value["suppressed"] = json!({"reason": one.reason, "by": one.by, "until": one.until});
    value
}

fn fact((name, basis): &(String, Basis)) -> Value {
    let sources: Vec<Value> = basis
        .sources
        .iter()
        .map(|source| json!({"name": source.name, "sha256": source.digest.map(|digest| digest.hex())}))
        .collect();
    let gaps: Vec<Value> =
        basis.gaps.iter().map(|gap| json!({"what": gap.what, "why": gap.why, "remedy": gap.remedy})).collect();
    json!({
        "name": name, "collected": basis.collected.to_string(), "cached": basis.cached, "sources": sources, "gaps": gaps,
    })
}
