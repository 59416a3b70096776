//! What changed since an earlier judgement.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::answer::{Answer, Judgement};

/// The difference between two judgements, over the rules that both could judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trend {
    /// When the earlier one was made, RFC 3339.
    pub since: String,
    /// Its verdict.
    pub before: String,
    /// Findings that were not there: rule, subject, message.
    pub new: Vec<Line>,
    /// Findings that are no more.
    pub gone: Vec<Line>,
    /// How many findings are as they were.
    pub still: u64,
    /// Rules that were judged then and could not be now.
    pub lost: Vec<String>,
    /// When each finding of the earlier one was seen first, by rule and subject: its words may have changed. RFC 3339.
    pub first: BTreeMap<(String, String), String>,
}

/// A finding, as it is told from others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The rule's id.
    pub rule: String,
    /// What it is about.
    pub subject: String,
    /// What is wrong.
    pub message: String,
}

impl Trend {
    /// Holds `now` against a document `judgement/1`; nothing when it is none.
    pub fn since(before: &Value, now: &Judgement) -> Option<Self> {
        let outcomes = before.get("rules")?.as_array()?;
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let judged = |word: &str| matches!(word, "met" | "broken" | "not applicable");
        let mut then = BTreeSet::new();
        let mut judged_then = BTreeSet::new();
        for outcome in outcomes.iter().filter(|outcome| judged(outcome["answer"].as_str().unwrap_or_default())) {
            let rule = text(outcome, "rule");
            let broken = outcome["findings"].as_array()?.iter().filter(|finding| finding["verdict"] == "broken");
            then.extend(broken.map(|finding| Line {
                rule: rule.clone(),
                subject: text(finding, "subject"),
                message: text(finding, "message"),
            }));
            judged_then.insert(rule);
        }
        let judged_now: BTreeSet<&str> = now
            .outcomes
            .iter()
            .filter(|outcome| judged(outcome.answer.word()))
            .map(|outcome| outcome.rule.as_str())
            .collect();
        let lines = now_lines(now);
        let both = |line: &&Line| judged_then.contains(&line.rule) && judged_now.contains(line.rule.as_str());
        Some(Trend {
            since: text(before, "at"),
            before: text(before, "verdict"),
            new: lines.difference(&then).filter(both).cloned().collect(),
            gone: then.difference(&lines).filter(both).cloned().collect(),
            still: lines.intersection(&then).count() as u64,
            lost: judged_then
                .into_iter()
                .filter(|rule| asked(now, rule) && !judged_now.contains(rule.as_str()))
                .collect(),
            first: first_seen(before),
        })
    }
}

/// Rule and subject of each finding of `before`, with the time it was seen first.
fn first_seen(before: &Value) -> BTreeMap<(String, String), String> {
    let text = |value: &Value, key: &str| value[key].as_str().map(str::to_owned);
    let mut first: BTreeMap<(String, String), String> = BTreeMap::new();
    for outcome in before["rules"].as_array().into_iter().flatten() {
        let broken = outcome["findings"].as_array().into_iter().flatten().filter(|one| one["verdict"] == "broken");
        for finding in broken {
            // A judgement of before findings had a date tells when it was seen at the latest.
            let since = text(finding, "since").or_else(|| text(before, "at"));
            let (Some(rule), Some(subject), Some(since)) = (text(outcome, "rule"), text(finding, "subject"), since)
            else {
                continue;
            };
            // RFC 3339 in UTC sorts as time does.
            let known = first.entry((rule, subject)).or_insert_with(|| since.clone());
            if since < *known {
                *known = since;
            }
        }
    }
    first
}

/// Whether this run was about the rule at all.
fn asked(now: &Judgement, rule: &str) -> bool {
    now.outcomes.iter().any(|outcome| outcome.rule == rule)
}

fn now_lines(now: &Judgement) -> BTreeSet<Line> {
    let broken = now.outcomes.iter().filter(|outcome| outcome.answer == Answer::Broken);
    let lines = broken.flat_map(|outcome| {
        let findings = outcome.findings.iter().filter(|finding| finding.verdict == model::Verdict::Broken);
        findings.map(|finding| Line {
            rule: outcome.rule.clone(),
            subject: finding.subject.clone(),
            message: finding.message.clone(),
        })
    });
    lines.collect()
}
