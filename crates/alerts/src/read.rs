//! The documents of `evaluate` as signals.

use model::Severity;
use serde_json::Value;

use crate::Limits;
use crate::alert::Kind;
use crate::labels::Labels;
use crate::observed::{Sight, Signal};

/// An objective is not met.
const SLO_BREACH: &str = "SloBreach";
/// A rule of a pack is broken.
const RULE_BROKEN: &str = "RuleBroken";
/// Nobody could judge it.
pub(crate) const NO_DATA: &str = "NoData";

/// The objectives of `evaluation/1`.
pub(crate) fn evaluation(document: &Value) -> Option<Vec<Signal>> {
    let mut signals = Vec::new();
    for objective in document.get("objectives")?.as_array()? {
        let text = |name: &str| objective.get(name).and_then(Value::as_str);
        let (rule, verdict) = (text("rule")?, text("verdict")?);
        let window = objective.get("window")?.get("length")?.as_str()?;
        let labels = |name| {
            Labels::new([
                ("alertname", name),
                ("rule", rule),
                ("objective", text("objective").unwrap_or_default()),
                ("service", text("service").unwrap_or_default()),
                ("window", window),
                ("pack", text("pack").unwrap_or_default()),
            ])
        };
        let count = objective.get("bad")?.as_u64()?;
        // Percentiles are shown beside thresholds alone: whether something is fast enough.
        let is_threshold = objective.get("shown").and_then(Value::as_array).is_some_and(|shown| !shown.is_empty());
        let kind = if is_threshold { Kind::Performance } else { Kind::SloBreach };
        let severity = text("severity").and_then(Severity::parse);
        let (sight, blind) = sights(verdict)?;
        let summary = short(&format!("{}: {}", text("title").unwrap_or(rule), text("reason").unwrap_or_default()));
        signals.push(Signal { labels: labels(SLO_BREACH), kind, severity, sight, count, summary: summary.clone() });
        signals.push(Signal { labels: labels(NO_DATA), kind, severity: None, sight: blind, count: 1, summary });
    }
    Some(signals)
}

/// Whether a verdict is one of wrong, and whether it is one of blindness.
fn sights(verdict: &str) -> Option<(Sight, Sight)> {
    match verdict {
        "broken" => Some((Sight::Wrong, Sight::Clear)),
        "met" => Some((Sight::Clear, Sight::Clear)),
        "no data" => Some((Sight::Unknown, Sight::Wrong)),
        _ => None,
    }
}

/// The rules of `judgement/1`. Findings that are suppressed are no trouble; that a fact is not given is nobody's blindness.
pub(crate) fn judgement(document: &Value) -> Option<Vec<Signal>> {
    let mut signals = Vec::new();
    for rule in document.get("rules")?.as_array()? {
        let text = |name: &str| rule.get(name).and_then(Value::as_str);
        let (id, title, answer) = (text("rule")?, text("title")?, text("answer")?);
        let pack = id.split_once('.').map_or("", |(pack, _)| pack);
        let labels = |name| Labels::new([("alertname", name), ("rule", id), ("pack", pack)]);
        let kind = if pack == "infrastructure" { Kind::Security } else { Kind::Compliance };
        let severity = text("severity").and_then(Severity::parse);
        let (sight, blind) = match answer {
            "broken" => (Sight::Wrong, Sight::Clear),
            "met" | "not applicable" => (Sight::Clear, Sight::Clear),
            "not judged" => (Sight::Unknown, Sight::Wrong),
            "not given" => (Sight::Unknown, Sight::Unknown),
            _ => return None,
        };
        let count = rule.get("broken")?.as_u64()?;
        let first = |verdict: &str| {
            let findings = rule.get("findings").and_then(Value::as_array);
            let found = findings.into_iter().flatten().find(|finding| finding["verdict"] == verdict);
            found.and_then(|finding| finding.get("message")).and_then(Value::as_str).unwrap_or_default()
        };
        let wrong = short(&format!("{title}: {}", first("broken")));
        let why = text("why").filter(|why| !why.is_empty()).unwrap_or_else(|| first("no data"));
        let unseen = short(&format!("{title}: {why}"));
        signals.push(Signal { labels: labels(RULE_BROKEN), kind, severity, sight, count, summary: wrong });
        signals.push(Signal { labels: labels(NO_DATA), kind, severity: None, sight: blind, count: 1, summary: unseen });
    }
    Some(signals)
}

/// A text of a document, on one line and not longer than is kept.
fn short(text: &str) -> String {
    let line = text.trim_end_matches([':', ' ']).chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    line.take(Limits::TEXT_CHARS).collect()
}
