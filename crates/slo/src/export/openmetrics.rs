//! Verdicts as series: OpenMetrics 1.0 text, for whoever scrapes a file or pushes it.

use std::fmt::Write as _;

use model::Verdict;

use crate::evaluate::Evaluation;
use crate::outcome::Outcome;

/// A family: its name, what it is, and the value of an outcome, where it has one.
type Family = (&'static str, &'static str, fn(&Outcome) -> Option<String>);

const FAMILIES: [Family; 8] = [
    ("probity_slo_target", "The share that must be good.", |one| Some(one.target.to_string())),
    ("probity_slo_ratio", "The share that is good, cut.", Outcome::ratio),
    ("probity_slo_good", "Good events, values or slices in the window.", |one| Some(one.good.to_string())),
    ("probity_slo_bad", "Bad ones.", |one| Some(one.bad.to_string())),
    ("probity_slo_total", "All of them.", |one| Some(one.total.to_string())),
    ("probity_slo_burn_rate", "How fast the error budget burns; above 1 is broken.", |one| {
        one.burn_rate.as_ref().map(ToString::to_string)
    }),
    ("probity_slo_budget_allowed", "The error budget of the window.", |one| {
        one.budget.map(|budget| budget.allowed.to_string())
    }),
    ("probity_slo_budget_remaining", "What is left of it; negative when it is overdrawn.", |one| {
        one.budget.map(|budget| budget.remaining.to_string())
    }),
];

/// The evaluation as OpenMetrics text. Numbers have the digits they have in the document; what an objective lacks has no sample.
pub fn to_openmetrics(evaluation: &Evaluation) -> String {
    let mut text = String::new();
    // Writing into a string cannot fail; the results are dropped on purpose throughout.
    for (name, help, value) in FAMILIES {
        let _ = writeln!(text, "# TYPE {name} gauge\n# HELP {name} {help}");
        for outcome in &evaluation.outcomes {
            if let Some(value) = value(outcome) {
                let _ = writeln!(text, "{name}{{{}}} {value}", labels(outcome));
            }
        }
    }
    let name = "probity_slo_verdict";
    let _ = writeln!(text, "# TYPE {name} stateset\n# HELP {name} What the objective comes to.");
    for outcome in &evaluation.outcomes {
        for (state, verdict) in [("met", Verdict::Met), ("broken", Verdict::Broken), ("no data", Verdict::NoData)] {
            let is = u8::from(outcome.verdict == verdict);
            let _ = writeln!(text, "{name}{{{},{name}=\"{state}\"}} {is}", labels(outcome));
        }
    }
    let at = evaluation.at.millis();
    let (seconds, millis) = (at.div_euclid(1000), at.rem_euclid(1000));
    let name = "probity_slo_evaluated_timestamp_seconds";
    let _ = writeln!(text, "# TYPE {name} gauge\n# UNIT {name} seconds\n# HELP {name} The time that windows end at.");
    let _ = writeln!(text, "{name} {seconds}.{millis:03}\n# EOF");
    text
}

fn labels(outcome: &Outcome) -> String {
    let pairs = [
        ("service", outcome.service.as_str()),
        ("rule", &outcome.rule),
        ("objective", &outcome.objective),
        ("window", &outcome.window.length),
        ("pack", outcome.pack.as_deref().unwrap_or_default()),
    ];
    let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    pairs.map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect::<Vec<_>>().join(",")
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
