//! The document `evaluation/1` (`schemas/evaluation.v1.schema.json`).
//!
//! Counts are integers; every other number is a text with exactly the digits it has, so that no reader rounds it.

use model::Instant;
use serde::Serialize;

use crate::evaluate::Evaluation;
use crate::notes::Warning;
use crate::outcome::Outcome;

/// The name and major version of the document.
pub const SCHEMA: &str = "evaluation/1";

/// An evaluation as one JSON document.
///
/// The same evaluation gives the same bytes.
pub fn to_json(evaluation: &Evaluation) -> serde_json::Value {
    // Strings, integers, booleans and lists of them: serialisation into a value cannot fail.
    serde_json::to_value(Document::of(evaluation)).unwrap_or_default()
}

#[derive(Serialize)]
struct Document<'e> {
    schema: &'static str,
    at: String,
    store: Option<Store>,
    verdict: &'static str,
    objectives: Vec<Objective<'e>>,
    warnings: Vec<Note<'e>>,
}

#[derive(Serialize)]
struct Store {
    version: u64,
    head: String,
}

#[derive(Serialize)]
struct Objective<'e> {
    rule: &'e str,
    title: &'e str,
    service: &'e str,
    objective: &'e str,
    pack: Option<&'e str>,
    severity: Option<&'static str>,
    place: String,
    method: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    composite: bool,
    verdict: &'static str,
    window: Window<'e>,
    target: String,
    good: u64,
    total: u64,
    needed: Option<u64>,
    bad: u64,
    ratio: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slices: Option<Slices>,
    budget: Option<Budget>,
    #[serde(skip_serializing_if = "Option::is_none")]
    projected_budget: Option<Budget>,
    burn_rate: Option<String>,
    condition: &'e str,
    source: &'e str,
    shown: Vec<Shown<'e>>,
    first: Option<String>,
    last: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alarms: Vec<Alarm<'e>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    excluded: Vec<Excluded<'e>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Vec<Day>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forecast: Option<Forecast>,
    reason: &'e str,
    fault: Option<Fault<'e>>,
}

#[derive(Serialize)]
struct Alarm<'e> {
    policy: &'e str,
    severity: &'e str,
    op: &'static str,
    threshold: String,
    after_seconds: u64,
    burns: Vec<Burn<'e>>,
    holds: Option<bool>,
    when_breaching: bool,
    when_resolved: bool,
    when_no_data: bool,
    targets: Vec<&'e str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notify: Vec<Notified<'e>>,
}

#[derive(Serialize)]
struct Notified<'e> {
    name: &'e str,
    place: String,
}

#[derive(Serialize)]
struct Burn<'e> {
    window: Window<'e>,
    bad: u64,
    total: u64,
    rate: Option<String>,
}

#[derive(Serialize)]
struct Window<'e> {
    from: String,
    to: String,
    length: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    calendar: Option<Calendar<'e>>,
}

#[derive(Serialize)]
struct Calendar<'e> {
    zone: &'e str,
    from: &'e str,
    to: &'e str,
}

#[derive(Serialize)]
struct Day {
    from: String,
    to: String,
    bad: u64,
    total: u64,
}

#[derive(Serialize)]
struct Forecast {
    burn_rate: String,
    lasts_seconds: Option<u64>,
    assumption: &'static str,
}

#[derive(Serialize)]
struct Slices {
    width: String,
    whole: u64,
    counted: u64,
    empty: u64,
    #[serde(skip_serializing_if = "is_zero")]
    excluded: u64,
    to_come: u64,
}

/// Only rules with maintenance have excluded slices.
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[derive(Serialize)]
struct Excluded<'e> {
    name: &'e str,
    from: String,
    to: String,
    reason: &'e str,
    place: String,
}

#[derive(Serialize)]
struct Budget {
    allowed: String,
    spent: String,
    remaining: String,
}

#[derive(Serialize)]
struct Shown<'e> {
    name: &'static str,
    value: String,
    unit: Option<&'e str>,
    definition: &'e str,
}

#[derive(Serialize)]
struct Fault<'e> {
    code: &'static str,
    message: &'e str,
    advice: Option<&'e str>,
    place: Option<String>,
}

#[derive(Serialize)]
struct Note<'e> {
    code: &'static str,
    message: &'e str,
    advice: Option<&'e str>,
    place: Option<String>,
}

impl<'e> Document<'e> {
    fn of(evaluation: &'e Evaluation) -> Self {
        let head = evaluation.basis.head.hex();
        Document {
            schema: SCHEMA,
            at: evaluation.at.to_string(),
            store: evaluation.basis.version.map(|version| Store { version, head }),
            verdict: evaluation.verdict.word(),
            objectives: evaluation.outcomes.iter().map(Objective::of).collect(),
            warnings: evaluation.warnings.iter().map(Note::of).collect(),
        }
    }
}

impl<'e> Objective<'e> {
    fn of(outcome: &'e Outcome) -> Self {
        let time = |instant: Option<Instant>| instant.map(|instant| instant.to_string());
        Objective {
            rule: &outcome.rule,
            title: &outcome.title,
            service: &outcome.service,
            objective: &outcome.objective,
            pack: outcome.pack.as_deref(),
            severity: outcome.severity.map(|severity| severity.word()),
            place: outcome.place.to_string(),
            method: outcome.method.to_string(),
            composite: outcome.composite,
            verdict: outcome.verdict.word(),
            window: Window::of(&outcome.window),
            target: outcome.target.to_string(),
            good: outcome.good,
            total: outcome.total,
            needed: outcome.needed,
            bad: outcome.bad,
            ratio: outcome.ratio(),
            slices: outcome.slices.map(Slices::of),
            budget: outcome.budget.map(Budget::of),
            projected_budget: outcome.projected.map(Budget::of),
            burn_rate: outcome.burn_rate.as_ref().map(|rate| rate.to_string()),
            condition: &outcome.condition,
            source: &outcome.source,
            shown: outcome.shown.iter().map(Shown::of).collect(),
            first: time(outcome.seen.map(|seen| seen.0)),
            last: time(outcome.seen.map(|seen| seen.1)),
            alarms: outcome.alarms.iter().map(Alarm::of).collect(),
            excluded: outcome.excluded.iter().map(Excluded::of).collect(),
            history: outcome.history.as_ref().map(|history| history.days.iter().map(Day::of).collect()),
            forecast: outcome.history.as_ref().and_then(|history| history.forecast.as_ref()).map(Forecast::of),
            reason: &outcome.reason,
            fault: outcome.fault.as_ref().map(Fault::of),
        }
    }
}

impl<'e> Window<'e> {
    fn of(window: &'e crate::outcome::Window) -> Self {
        let calendar = window.period.as_ref().map(|period| Calendar {
            zone: &period.zone,
            from: &period.from_local,
            to: &period.to_local,
        });
        let (from, to) = (window.interval.from.to_string(), window.interval.to.to_string());
        Window { from, to, length: &window.length, calendar }
    }
}

impl<'e> Excluded<'e> {
    fn of(one: &'e crate::maintenance::Maintenance) -> Self {
        let (from, to, place) = (one.from.to_string(), one.to.to_string(), one.place.to_string());
        Excluded { name: &one.name, from, to, reason: &one.reason, place }
    }
}

impl Day {
    fn of(day: &crate::history::Day) -> Self {
        Day { from: day.from.to_string(), to: day.to.to_string(), bad: day.bad, total: day.total }
    }
}

impl Forecast {
    fn of(forecast: &crate::history::Forecast) -> Self {
        let assumption = crate::history::Forecast::ASSUMPTION;
        Forecast { burn_rate: forecast.rate.to_string(), lasts_seconds: forecast.lasts, assumption }
    }
}

impl Slices {
    fn of(sliced: crate::stretch::Sliced) -> Self {
        let crate::stretch::Sliced { width, whole, counted, empty, excluded, to_come, .. } = sliced;
        Slices { width: width.to_string(), whole, counted, empty, excluded, to_come }
    }
}

impl Budget {
    fn of(budget: crate::arithmetic::Budget) -> Self {
        Budget {
            allowed: budget.allowed.to_string(),
            spent: budget.spent.to_string(),
            remaining: budget.remaining.to_string(),
        }
    }
}

impl<'e> Alarm<'e> {
    fn of(alarm: &'e crate::alarm::Alarm) -> Self {
        let burn = |burn: &'e crate::alarm::Burn| Burn {
            window: Window::of(&burn.window),
            bad: burn.bad,
            total: burn.total,
            rate: burn.rate.as_ref().map(|rate| rate.to_string()),
        };
        let notified =
            |target: &'e crate::openslo::Addressee| Notified { name: &target.name, place: target.place.to_string() };
        Alarm {
            policy: &alarm.policy,
            severity: &alarm.severity,
            op: alarm.op.sign(),
            threshold: alarm.threshold.to_string(),
            after_seconds: alarm.after.map_or(0, |after| after.rolling().seconds()),
            burns: alarm.burns.iter().map(burn).collect(),
            holds: alarm.holds(),
            when_breaching: alarm.when_breaching,
            when_resolved: alarm.when_resolved,
            when_no_data: alarm.when_no_data,
            targets: alarm.targets.iter().map(|target| target.kind.as_str()).collect(),
            notify: alarm.targets.iter().map(notified).collect(),
        }
    }
}

impl<'e> Shown<'e> {
    fn of(shown: &'e crate::outcome::Shown) -> Self {
        Shown {
            name: shown.name,
            value: shown.value.to_string(),
            unit: shown.unit.as_deref(),
            definition: &shown.definition,
        }
    }
}

impl<'e> Fault<'e> {
    fn of(fault: &'e model::Fault) -> Self {
        Fault {
            code: fault.code(),
            message: fault.message(),
            advice: fault.advice(),
            place: fault.place().map(ToString::to_string),
        }
    }
}

impl<'e> Note<'e> {
    fn of(warning: &'e Warning) -> Self {
        Note {
            code: warning.code,
            message: &warning.message,
            advice: warning.advice.as_deref(),
            place: warning.place.as_ref().map(ToString::to_string),
        }
    }
}
