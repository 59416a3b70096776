//! The documents of `evaluate` as signals.

use model::{Severity, Span, Unit};
use serde_json::Value;

use crate::Limits;
use crate::alert::Kind;
use crate::labels::Labels;
use crate::observed::{Named, Sight, Signal};

/// An objective is not met.
const SLO_BREACH: &str = "SloBreach";
/// A rule of a pack is broken.
const RULE_BROKEN: &str = "RuleBroken";
/// The budget of an objective burns too fast.
const BURN_RATE: &str = "BurnRate";
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
        let alarms = objective.get("alarms").and_then(Value::as_array).into_iter().flatten();
        let about = labels(BURN_RATE);
        for alarm in alarms {
            signals.push(burn(alarm, &about, severity, &summary)?);
        }
        let breach = Signal {
            labels: labels(SLO_BREACH),
            kind,
            severity,
            hold: None,
            tells_end: true,
            sight,
            count,
            summary,
            notify: vec![],
        };
        let unseen = Signal { labels: labels(NO_DATA), severity: None, sight: blind, count: 1, ..breach.clone() };
        signals.extend([breach, unseen]);
    }
    Some(signals)
}

/// An alert policy of an objective, or a tier. Words for severities that OpenSLO leaves free are those of the usual rules.
fn burn(alarm: &Value, about: &Labels, found: Option<Severity>, summary: &str) -> Option<Signal> {
    let text = |name: &str| alarm.get(name).and_then(Value::as_str);
    let severity = match text("severity")? {
        "page" => Some(Severity::Critical),
        "ticket" => Some(Severity::Medium),
        word => Severity::parse(word).or(found),
    };
    let burns = alarm.get("burns")?.as_array()?;
    let window = |burn: &Value| burn.get("window")?.get("length")?.as_str().map(str::to_owned);
    let windows = burns.iter().map(window).collect::<Option<Vec<_>>>()?.join("/");
    let rates: Vec<&str> = burns.iter().map(|burn| burn["rate"].as_str().unwrap_or("no data")).collect();
    let (policy, threshold) = (text("policy")?, text("threshold")?);
    let own = [("policy", policy), ("threshold", threshold), ("window", windows.as_str())];
    let sight = match (alarm.get("holds")?.as_bool(), alarm.get("when_breaching")?.as_bool()?) {
        (Some(true), true) => Sight::Wrong,
        (Some(_), _) => Sight::Clear,
        (None, _) if alarm.get("when_no_data")?.as_bool()? => Sight::Wrong,
        (None, _) => Sight::Unknown,
    };
    let seconds = u32::try_from(alarm.get("after_seconds")?.as_u64()?).ok()?;
    let said =
        format!("{policy}: burn rate {} over {windows}, {} {threshold}. {summary}", rates.join("/"), text("op")?);
    Some(Signal {
        labels: Labels::new(about.pairs().filter(|(name, _)| *name != "window").chain(own)),
        kind: Kind::SloBreach,
        severity,
        hold: (seconds > 0).then(|| Span::new(seconds, Unit::Second)),
        tells_end: alarm.get("when_resolved")?.as_bool()?,
        sight,
        count: burns.first()?.get("bad")?.as_u64()?,
        summary: short(&said),
        notify: notified(alarm)?,
    })
}

/// Documents of before have none.
fn notified(alarm: &Value) -> Option<Vec<Named>> {
    let Some(list) = alarm.get("notify") else { return Some(vec![]) };
    let text = |named: &Value, key: &str| named.get(key).and_then(Value::as_str).map(str::to_owned);
    let one = |named: &Value| Some(Named { name: text(named, "name")?, place: text(named, "place")? });
    list.as_array()?.iter().take(Limits::NOTIFIED).map(one).collect()
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
        let broken = Signal {
            labels: labels(RULE_BROKEN),
            kind,
            severity,
            hold: None,
            tells_end: true,
            sight,
            count,
            summary: wrong,
            notify: vec![],
        };
        let (labels, severity) = (labels(NO_DATA), None);
        let unseen = Signal { labels, severity, sight: blind, count: 1, summary: unseen, ..broken.clone() };
        signals.extend([broken, unseen]);
    }
    Some(signals)
}

/// A text of a document, on one line and not longer than is kept.
fn short(text: &str) -> String {
    let line = text.trim_end_matches([':', ' ']).chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    line.take(Limits::TEXT_CHARS).collect()
}
