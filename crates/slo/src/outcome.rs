//! The answer to one objective.

use model::{Decimal, Fault, Instant, Place, Severity, Verdict, counted, grouped, readable};

use crate::alarm::Alarm;
use crate::arithmetic::{self, Budget, BurnRate};
use crate::calendar::Period;
use crate::fraction::Fraction;
use crate::history::History;
use crate::maintenance::Maintenance;
use crate::measure::Interval;
use crate::openslo::Method;
use crate::question::Question;
use crate::stretch::Sliced;

/// The answer to one objective over one window.
#[derive(Debug)]
pub struct Outcome {
    /// Name of the SLO.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// The service it is about.
    pub service: String,
    /// Name of the objective.
    pub objective: String,
    /// The pack the rule comes from.
    pub pack: Option<String>,
    /// How much it matters.
    pub severity: Option<Severity>,
    /// Where the objective is written.
    pub place: Place,
    /// How its budget is counted.
    pub method: Method,
    /// Whether it is what all members of a composite SLO come to.
    pub composite: bool,
    /// The answer. "No data" whenever [`Outcome::fault`] is there.
    pub verdict: Verdict,
    /// What was looked at.
    pub window: Window,
    /// The share that must be good, in [0, 1).
    pub target: Decimal,
    /// Events that are good, values that hold, slices that are good (under RatioTimeslices: in which nothing is bad).
    pub good: u64,
    /// All events, all values or all slices.
    pub total: u64,
    /// How many must be good: the nearest rank `⌈target · total⌉`. `None` where a mean decides, or rates that were added up.
    pub needed: Option<u64>,
    /// `total − good`; 0 when more are good than there are.
    pub bad: u64,
    /// The share that is good; see [`Outcome::ratio`].
    pub(crate) achieved: Option<Fraction>,
    /// How time was cut, by the slice methods.
    pub slices: Option<Sliced>,
    /// What may go wrong and what is left; `None` without data, and where rates were added up.
    pub budget: Option<Budget>,
    /// The budget of events of the whole calendar window, if the rest of it goes on as what is over: no verdict follows from it.
    pub projected: Option<Budget>,
    /// How fast the budget burns; `None` without data.
    pub burn_rate: Option<BurnRate>,
    /// What makes an event good (and, cut into slices, a slice), in words: `latency_ms ≤ 500 ms`.
    pub condition: String,
    /// What was read, in words: `logs where service = 'web'`.
    pub source: String,
    /// Percentiles beside the verdict: for showing, never for deciding.
    pub shown: Vec<Shown>,
    /// When the first and the last of them happened.
    pub seen: Option<(Instant, Instant)>,
    /// What its alert policies say; they decide no verdict.
    pub alarms: Vec<Alarm>,
    /// Maintenance inside the window: nothing that lies in it was counted.
    pub excluded: Vec<Maintenance>,
    /// The budget day by day, and a forecast, where they were asked for; a composite has none.
    pub history: Option<History>,
    /// Why the verdict is what it is, in one sentence.
    pub reason: String,
    /// Why there is no verdict although there may be data.
    pub fault: Option<Fault>,
}

impl Outcome {
    /// The share that is good (`good / total`, or the mean of slices), cut after as many decimals as the target has and six at
    /// least; `None` without data, and where rates were added up.
    pub fn ratio(&self) -> Option<String> {
        self.achieved.as_ref().map(|share| arithmetic::shown(share, self.target))
    }
}

/// A stretch of time and how it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The stretch; empty when there is none to speak of.
    pub interval: Interval,
    /// As written: `30d`.
    pub length: String,
    /// The whole window of the calendar that it is a part of.
    pub period: Option<Period>,
}

/// A percentile, as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// `P95`.
    pub name: &'static str,
    /// The value, with every digit it has.
    pub value: f64,
    /// The unit, where the rule names one.
    pub unit: Option<String>,
    /// How it is defined, in words.
    pub definition: String,
}

/// The verdict as a sentence; `counts` is what was counted, where one question was asked.
pub(crate) fn reason(outcome: &Outcome, counts: Option<&Question>, min_events: u64) -> String {
    if outcome.verdict == Verdict::NoData {
        let (thing, things, _) = words(outcome, counts);
        if outcome.total > 0 {
            let found = counted(outcome.total, thing, things);
            return format!("{found} in the window: fewer than {}, so there is no verdict.", grouped(min_events));
        }
        return format!("There are no {things} in the window, so there is no verdict.");
    }
    match (&outcome.needed, &outcome.achieved, &outcome.burn_rate) {
        (Some(needed), ..) => of_counts(outcome, *needed, counts),
        (None, Some(_), _) => of_a_mean(outcome),
        (None, None, Some(rate)) => match outcome.verdict {
            Verdict::Met => format!("Together the objectives burn {rate} of their budget."),
            _ => format!("Together the objectives burn {rate} times their budget."),
        },
        (None, None, None) => String::new(),
    }
}

/// What is counted, in the singular and in the plural, and whether it is good or holds.
fn words(outcome: &Outcome, counts: Option<&Question>) -> (&'static str, &'static str, [&'static str; 2]) {
    let are_good = ["is good", "are good"];
    match (outcome.slices, counts) {
        (Some(_), _) => ("slice", "slices", are_good),
        (None, Some(Question::Threshold { .. })) => ("value", "values", ["holds", "hold"]),
        (None, Some(Question::Cost { .. })) => ("cost per unit", "costs per unit", ["holds", "hold"]),
        _ => ("event", "events", are_good),
    }
}

fn of_counts(outcome: &Outcome, needed: u64, counts: Option<&Question>) -> String {
    let (thing, things, [one, many]) = words(outcome, counts);
    let of_total = counted(outcome.total, thing, things);
    let hold = if outcome.good == 1 || outcome.total == 1 { one } else { many };
    let to_come = outcome.slices.map_or(0, |slices| slices.to_come);
    let or_to_come = if to_come > 0 { " or to come" } else { "" };
    let hold = format!("{} of {of_total} {hold}{or_to_come}", grouped(outcome.good));
    let are_needed = counted(needed, "is needed", "are needed");
    match (outcome.verdict, &outcome.budget) {
        (Verdict::Met, Some(budget)) => {
            let left = budget.remaining.to_string();
            let things = if left == "1" { thing } else { things };
            format!("{hold} and {are_needed}, which leaves an error budget of {} {things}.", readable(&left))
        }
        _ => format!("{hold} where {are_needed}: {} too few.", grouped(needed - outcome.good)),
    }
}

fn of_a_mean(outcome: &Outcome) -> String {
    let slices = counted(outcome.total, "slice", "slices");
    let mean = outcome.ratio().unwrap_or_default();
    let remaining = outcome.budget.map(|budget| budget.remaining.to_string()).unwrap_or_default();
    let target = outcome.target;
    match outcome.verdict {
        Verdict::Met => {
            let left = readable(&remaining);
            format!(
                "The mean of {slices} is {mean} and {target} is needed, which leaves an error budget of {left} slices."
            )
        }
        _ => format!("The mean of {slices} is {mean} where {target} is needed."),
    }
}
