//! What no specification forbids and hardly anybody means: stable codes, never a fault.

use std::path::Path;

use model::{Decimal, Fault, Place};

use crate::book::Rule;
use crate::notes::Notes;
use crate::openslo::{Method, Metric, MetricSource};
use crate::source::Role;

/// Everything about one SLO.
pub(crate) fn rule(rule: &Rule, notes: &mut Notes) {
    description(rule, notes);
    objectives(rule, notes);
    windows(rule, notes);
    alerts(rule, notes);
    window(rule, notes);
    composite(rule, notes);
}

fn description(rule: &Rule, notes: &mut Notes) {
    if !rule.described {
        let fault = Fault::bad_config("no-description", format!("The SLO {:?} has no description", rule.name))
            .advise("Say in a sentence what it promises, and to whom.");
        notes.lint(fault.at(rule.place.clone()));
    }
}

fn objectives(rule: &Rule, notes: &mut Notes) {
    let half = Decimal::integer(50).percent().unwrap_or(Decimal::ZERO);
    for (number, objective) in rule.objectives.iter().enumerate() {
        if objective.target < half {
            let message = format!("{} promises less than half: {}", objective.path, objective.target);
            let fault =
                Fault::bad_config("objective-low", message).advise("Check that it is a share of good, not bad.");
            notes.lint(fault.at(objective.place.clone()));
        }
        if rule.objectives[..number].iter().any(|other| other.name == objective.name) {
            let message = format!("{} has the name {:?} of another objective", objective.path, objective.name);
            let fault = Fault::bad_config("duplicate-objective", message).advise("Give each its own displayName.");
            notes.lint(fault.at(objective.place.clone()));
        }
    }
}

fn windows(rule: &Rule, notes: &mut Notes) {
    for window in &rule.windows {
        if window.duration.rolling().seconds() < 3600 {
            let message = format!("A window of {} is too short for an error budget", window.duration);
            let fault = Fault::bad_config("period-too-short", message).advise("Windows are usually 7d to 90d long.");
            notes.lint(fault.at(window.place.clone()));
        }
    }
}

fn alerts(rule: &Rule, notes: &mut Notes) {
    let conditions = || rule.alerts.iter().flat_map(|policy| &policy.conditions);
    for (number, condition) in conditions().enumerate() {
        if conditions().take(number).any(|earlier| same_window(earlier, condition)) {
            let message = format!("Two alerts of {:?} watch the same {} window", rule.name, condition.lookback);
            let fault = Fault::bad_config("duplicate-alert-window", message).advise("Keep one of the two.");
            notes.lint_once(fault.at(condition.place.clone()));
        }
        for objective in &rule.objectives {
            let most = objective.target.complement().and_then(|budget| condition.threshold.times(budget));
            if most.is_some_and(|most| most >= Decimal::ONE) {
                let message = format!(
                    "A burn rate above {} cannot be reached at a target of {} ({:?}, {})",
                    condition.threshold, objective.target, rule.name, objective.name
                );
                let fault = Fault::bad_config("threshold-unreachable", message)
                    .advise("The burn rate of a total outage is 1 / (1 - target); write a smaller threshold.");
                notes.lint(fault.at(condition.place.clone()));
            }
        }
    }
    let urgent = ["critical", "high", "page"];
    if conditions().next().is_some() && !conditions().any(|condition| urgent.contains(&condition.severity.as_str())) {
        let message = format!("No alert of the SLO {:?} is critical, high or page", rule.name);
        let fault = Fault::bad_config("no-severity-windows", message).advise("Add a fast window that wakes somebody.");
        notes.lint(fault.at(rule.place.clone()));
    }
}

fn same_window(a: &crate::AlertCondition, b: &crate::AlertCondition) -> bool {
    a.lookback == b.lookback && a.severity == b.severity
}

/// Of a rule without a window nothing can be said: it is told when it is read, and again instead of a verdict.
fn window(rule: &Rule, notes: &mut Notes) {
    if rule.windows.is_empty() {
        notes.lint(no_window(rule));
    }
}

/// What is said instead of a verdict.
pub(crate) fn no_window(rule: &Rule) -> Fault {
    Fault::no_verdict("no-time-window", format!("The SLO {:?} has no timeWindow to be judged over", rule.name))
        .advise("Write one: timeWindow: [{duration: 30d, isRolling: true}].")
        .at(rule.place.clone())
}

/// Members of a composite burn one budget, whose target is the highest; weights have no meaning for good and bad slices.
fn composite(rule: &Rule, notes: &mut Notes) {
    let Some(first) = rule.objectives.first().filter(|_| rule.is_composite()) else { return };
    for objective in &rule.objectives {
        if rule.method != Method::Occurrences && objective.target != first.target {
            let message = format!("{} has another target than the other objectives of the composite", objective.path);
            let fault = Fault::bad_config("composite-targets", message)
                .advise("All of them together are held to the highest; write the same target for each.");
            return notes.lint(fault.at(objective.place.clone()));
        }
        if rule.method == Method::Timeslices && objective.weight != Decimal::ONE {
            let message = format!("{} has a weight, and a slice is either good or bad", objective.path);
            let fault = Fault::bad_config("weight-without-effect", message).advise("Leave compositeWeight out.");
            notes.lint(fault.at(objective.place.clone()));
        }
    }
}

/// A counter that only its name makes one.
pub(crate) fn counter_by_name(source: &MetricSource, role: Role, file: &Path, notes: &mut Notes) {
    let Role::Events { counter } = role else { return };
    if source.is_counter_by_name(counter) {
        let message = format!("{} is taken for a counter because of its name", source.path);
        let fault = Fault::bad_config("counter-by-name", message).advise("Write counter: true in the ratioMetric.");
        notes.lint(fault.at(source.place.clone().in_file(file)));
    }
}

/// Keys that other tools read and this one does not.
pub(crate) fn ignored(source: &MetricSource, file: &Path, notes: &mut Notes) {
    for key in source.ignored() {
        let message = format!("{}.spec.{} is not read", source.path, key.text);
        let fault =
            Fault::bad_config("ignored-key", message).advise("Only query counts; leave the key out, or ignore this.");
        notes.lint(fault.at(key.place.clone().in_file(file)));
    }
}

/// `or vector(0)` on one side only: a quiet service then looks perfect or broken.
pub(crate) fn fallback(metric: &Metric, place: &Place, file: &Path, notes: &mut Notes) {
    let Metric::Ratio(ratio) = metric else { return };
    let falls_back = |source: &MetricSource| source.query().is_some_and(|query| query.contains("or vector("));
    if falls_back(&ratio.part) != falls_back(&ratio.total) {
        let fault =
            Fault::bad_config("sli-fallback-asymmetry", "Only one side of the ratio has a fallback (or vector)")
                .advise("Give both sides the same fallback, or none: no traffic is an answer of its own.");
        notes.lint(fault.at(place.clone().in_file(file)));
    }
}
