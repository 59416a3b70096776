//! Objectives as other systems read them: what can be said in PromQL, and why the rest cannot.
//!
//! A ratio of counters is the same question in PromQL: `sum(rate(part[w])) / sum(rate(total[w]))`. Everything that PromQL would
//! answer differently is refused with its place, so that no rule that is written says something else than the file it comes from:
//! calendar windows, slices of time, composites, raw ratios, values that are compared one by one (a subquery takes samples of its
//! own), rows and SQL.
//!
//! Prometheus counts with floats and extrapolates at the edges of a window: a burn rate that is exactly its threshold may fall on
//! either side there, and does not fire here.

pub(crate) mod grafana;
mod openmetrics;
pub(crate) mod prometheus;

pub use openmetrics::to_openmetrics;

use std::collections::BTreeSet;

use model::{Decimal, Fault, Place, Severity};

use crate::alarm::{self, Watch};
use crate::book::{Book, Objective, Rule};
use crate::measure::{Selector, Source};
use crate::notes::Warning;
use crate::openslo::Method;
use crate::question::{Question, question};

/// What was written, and what was not.
#[derive(Debug)]
pub struct Exported {
    /// The file.
    pub text: String,
    /// How many objectives are in it.
    pub objectives: usize,
    /// Why other objectives are not.
    pub left_out: Vec<Fault>,
    /// What the other system does differently.
    pub warnings: Vec<Warning>,
    /// The alerts of rules.
    pub alerts: Vec<Announced>,
}

/// An alert that rules can raise.
#[derive(Clone, Debug)]
pub struct Announced {
    /// Its labels, with its name.
    pub labels: Vec<(&'static str, String)>,
    /// How much it matters.
    pub severity: Severity,
    /// The objective that it is about.
    pub place: Place,
}

/// An objective that PromQL can say.
pub(crate) struct Spoken<'b> {
    pub(crate) rule: &'b Rule,
    pub(crate) objective: &'b Objective,
    /// What its series are told apart by: `service-rule`, with the objective where there are several.
    pub(crate) id: String,
    pub(crate) budget: Decimal,
    part: Selector,
    total: Selector,
    bad: bool,
    pub(crate) watches: Vec<Watch>,
    /// The length of the window that the objective is about.
    pub(crate) period_seconds: u64,
}

/// Every objective that PromQL can say; of the others why not.
pub(crate) fn spoken<'b>(book: &'b Book, warnings: &mut Vec<Warning>) -> (Vec<Spoken<'b>>, Vec<Fault>) {
    let (mut said, mut unsaid) = (vec![], vec![]);
    for rule in book.rules() {
        for objective in &rule.objectives {
            match Spoken::of(rule, objective) {
                Ok(spoken) => said.push(spoken),
                Err(fault) => unsaid.push(fault),
            }
        }
        warnings.extend(several_windows(rule).map(Warning::from));
    }
    (said, unsaid)
}

fn several_windows(rule: &Rule) -> Option<Fault> {
    let second = rule.windows.get(1)?;
    let message = format!("Only the first window of {:?} is written: series of one name have one window", rule.name);
    Some(
        Fault::bad_config("not-in-prometheus", message)
            .advise("Write an SLO for each window.")
            .at(second.place.clone()),
    )
}

impl<'b> Spoken<'b> {
    fn of(rule: &'b Rule, objective: &'b Objective) -> Result<Self, Fault> {
        if let Some((what, place)) = obstacle(rule) {
            return Err(unsayable(rule, objective, &what).at(place.clone()));
        }
        let indicator = &objective.indicator;
        let located = |fault: Fault| indicator.locate(fault);
        let (part, total, bad) = match question(indicator, objective).map_err(located)? {
            Question::Ratio { part: Source::Increase(part), total: Source::Increase(total), bad } => (part, total, bad),
            Question::Ratio { .. } => return Err(located(unsayable(rule, objective, "rows of a table"))),
            Question::Raw { .. } => return Err(located(unsayable(rule, objective, "ratios without counts"))),
            Question::Cost { .. } => return Err(located(unsayable(rule, objective, "costs per unit"))),
            Question::Threshold { .. } => {
                let what = "values that are compared one by one (a subquery takes samples of its own)";
                return Err(located(unsayable(rule, objective, what)));
            }
        };
        let budget = objective.target.complement().ok_or_else(|| located(unsayable(rule, objective, "this target")))?;
        let written = alarm::watches(rule);
        let watches = if written.is_empty() { alarm::tiers(rule).collect() } else { written };
        let several = rule.objectives.len() > 1;
        let objective_name = if several { format!("-{}", objective.name) } else { String::new() };
        let id = format!("{}-{}{objective_name}", rule.service, rule.name);
        // A rule without a window is an obstacle.
        let period_seconds = rule.windows.first().map_or(0, |window| window.duration.rolling().seconds());
        Ok(Spoken { rule, objective, id, budget, part, total, bad, watches, period_seconds })
    }

    /// The share of bad events over a window, as PromQL. Without events there is no series; without bad ones it is 0.
    pub(crate) fn bad_share(&self, window: &str) -> String {
        let (part, total) = (&self.part, &self.total);
        let part = format!("(sum(rate({part}[{window}])) or vector(0))");
        let total = format!("sum(rate({total}[{window}]))");
        match self.bad {
            true => format!("{part} / ({total} > 0)"),
            false => format!("({total} - {part}) / ({total} > 0)"),
        }
    }

    /// Every window that something is written about, in seconds, the shortest first.
    pub(crate) fn windows(&self) -> BTreeSet<u64> {
        let watched = self.watches.iter().flat_map(|watch| &watch.windows).map(|window| window.rolling().seconds());
        watched.chain([NOW_SECONDS, self.period_seconds]).collect()
    }

    /// Names that only Prometheus 3 reads.
    pub(crate) fn needs_prometheus_3(&self) -> bool {
        [&self.part, &self.total].into_iter().any(|selector| {
            let text = selector.to_string();
            text.starts_with("{\"") || selector.matchers.iter().any(|matcher| matcher.to_string().starts_with('"'))
        })
    }
}

/// What of a rule no expression over rates of counters can say, and where that stands.
fn obstacle(rule: &Rule) -> Option<(String, &Place)> {
    let calendar = || rule.windows.iter().find(|window| !window.rolling);
    if rule.method != Method::Occurrences {
        Some((format!("the budgeting method {}", rule.method), &rule.method_place))
    } else if rule.is_composite() {
        Some(("a composite SLO".to_owned(), &rule.place))
    } else if let Some(window) = calendar() {
        Some(("a calendar window".to_owned(), &window.place))
    } else {
        rule.windows.is_empty().then(|| ("an SLO without a timeWindow".to_owned(), &rule.place))
    }
}

/// What "now" is when a burn rate is shown.
pub(crate) const NOW_SECONDS: u64 = 300;

fn unsayable(rule: &Rule, objective: &Objective, what: &str) -> Fault {
    let message = format!("{:?} ({}) cannot be said in PromQL: {what}", rule.name, objective.name);
    Fault::bad_config("not-in-prometheus", message)
        .advise("Count events with counters over a rolling window, or leave it out with --partial.")
        .at(objective.place.clone())
}

/// The length of a window as Prometheus prints it: weeks, days, hours or minutes, whichever divides.
pub(crate) fn length(seconds: u64) -> String {
    let units = [(604_800, 'w'), (86_400, 'd'), (3_600, 'h'), (60, 'm')];
    let unit = units.into_iter().find(|(unit, _)| seconds.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{seconds}s"), |(unit, letter)| format!("{}{letter}", seconds / unit))
}

/// The severity of an alert, as probity's own alerts have it: OpenSLO leaves the word free.
pub(crate) fn severity(written: &str, rule: &Rule) -> Severity {
    match written {
        "page" => Severity::Critical,
        "ticket" => Severity::Medium,
        word => Severity::parse(word).or(rule.severity).unwrap_or(Severity::Medium),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_called_as_prometheus_calls_them() {
        let check = |seconds: u64, expect: &str| assert_eq!(length(seconds), expect);
        check(300, "5m");
        check(3_600, "1h");
        check(21_600, "6h");
        check(259_200, "3d");
        check(2_592_000, "30d");
        check(2_419_200, "4w");
    }
}
