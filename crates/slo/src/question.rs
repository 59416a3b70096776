//! What an objective asks of the data.

use std::fmt;

use model::{Decimal, Fault, RecordKind};

use crate::book::{Indicator, Objective};
use crate::cost::Cost;
use crate::measure::{Comparison, Interval, Source};
use crate::openslo::{Metric, RawType};
use crate::source::{Role, describe, one_line};

/// What an objective asks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Question {
    /// How many of `total` are `part`; `bad` says that these are the bad ones.
    Ratio { part: Source, total: Source, bad: bool },
    /// How many values hold.
    Threshold { source: Source, op: Comparison, value: Decimal },
    /// What ratios come to that somebody else has divided; `failures` says that they are of the bad ones.
    Raw { source: Source, failures: bool },
    /// In how many stretches of time a cost per unit holds.
    Cost { cost: Cost, op: Comparison, value: Decimal },
}

pub(crate) fn question(indicator: &Indicator, objective: &Objective) -> Result<Question, Fault> {
    match &indicator.metric {
        Metric::Threshold(source) => {
            // The book refuses a threshold without op and value.
            let (op, value) = objective.condition.unwrap_or((Comparison::LessOrEqual, Decimal::ZERO));
            Ok(match source.cost()? {
                Some(cost) => Question::Cost { cost, op, value },
                None => Question::Threshold { source: source.source(Role::Values)?, op, value },
            })
        }
        Metric::Ratio(ratio) => {
            let role = Role::Events { counter: ratio.counter };
            let total = ratio.total.source(role)?;
            let part = ratio.part.source(role)?;
            if !same_kind(&part, &total) {
                let message = "The parts of the ratio count different kinds of things";
                return Err(Fault::bad_config("mixed-sources", message)
                    .advise("Let both read the same table, or let both be increases of counters.")
                    .at(ratio.total.place.clone()));
            }
            Ok(Question::Ratio { part, total, bad: ratio.bad })
        }
        Metric::Raw { source, raw_type } => {
            Ok(Question::Raw { source: source.source(Role::Values)?, failures: *raw_type == RawType::Failure })
        }
    }
}

fn same_kind(a: &Source, b: &Source) -> bool {
    fn table(source: &Source) -> Option<RecordKind> {
        match source {
            Source::Rows { table, .. } => Some(*table),
            _ => None,
        }
    }
    std::mem::discriminant(a) == std::mem::discriminant(b) && table(a) == table(b)
}

impl Question {
    pub(crate) fn counts_bad(&self) -> bool {
        matches!(self, Question::Ratio { bad: true, .. } | Question::Raw { failures: true, .. })
    }

    /// The values that are shown beside the verdict, and of when.
    pub(crate) fn shown(&self, window: Interval) -> Option<(Source, Interval)> {
        match self {
            Question::Ratio { .. } | Question::Raw { .. } => None,
            Question::Threshold { source, .. } => Some((source.clone(), window)),
            Question::Cost { cost, .. } => Some((cost.divided(), cost.whole(window)?)),
        }
    }

    /// Condition and source.
    pub(crate) fn words(&self, unit: Option<&str>) -> (String, String) {
        match self {
            Question::Ratio { part, total, bad } => {
                let condition = match part {
                    Source::Rows { filter: Some(filter), .. } => one_line(filter),
                    other => describe(other),
                };
                let not = if *bad { "not: " } else { "" };
                (format!("{not}{condition}"), describe(total))
            }
            Question::Threshold { source, op, value } => {
                let name = match source {
                    Source::Rows { value: Some(value), .. } => one_line(value),
                    Source::Samples(selector) => selector.name.clone(),
                    _ => "value".to_owned(),
                };
                let unit = unit.map(|unit| format!(" {unit}")).unwrap_or_default();
                (format!("{name} {} {value}{unit}", Sign(*op)), describe(source))
            }
            Question::Raw { source, failures } => {
                let word = if *failures { "failures" } else { "successes" };
                (format!("the ratio of {word}"), describe(source))
            }
            Question::Cost { cost, op, value } => {
                let (name, source) = cost.words();
                (format!("{name} {} {value} {}", Sign(*op), cost.currency()), source)
            }
        }
    }
}

/// The sign as people print it.
struct Sign(Comparison);

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Comparison::Less => "<",
            Comparison::LessOrEqual => "≤",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => "≥",
        })
    }
}
