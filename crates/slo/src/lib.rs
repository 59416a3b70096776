//! OpenSLO documents to verdicts.
//!
//! Rule files (OpenSLO v1, v1alpha, v2alpha; YAML or JSON) are read into a [`Book`]; [`evaluate`] asks a [`Measure`](measure::Measure) for
//! counts and answers each objective with a [`Verdict`](model::Verdict), its error budget and its burn rate. Where
//! numbers come from is not known here.
//!
//! # How a verdict is reached
//!
//! A **ratio** indicator counts events: `SLI = good / total`, or `(total − bad) / total` when bad events are counted. A
//! **threshold** indicator counts values: `good` are those that hold against the objective's `value` by its `op`.
//! With a target of `t / 10^k`, kept as the decimal that was written:
//!
//! ```text
//! met     ⇔  good · 10^k ≥ t · total                 integers throughout; total = 0 is "no data", never a pass
//! needed   =  ⌈target · total⌉                       met ⇔ good ≥ needed
//! ```
//!
//! `needed` is the nearest rank: "at least 95 % of requests take at most 500 ms" and "P95 ≤ 500 ms" are the same
//! statement when P95 is the `⌈0.95 · n⌉`-th smallest value. For 1, 2, 3, 4, 100 that is the fifth value, so P95 = 100.
//! Percentiles that are shown beside a verdict are for people; they decide nothing, and each says how it is defined.
//!
//! ```text
//! error budget   EB = 1 − target       allowed = EB · total events     (EB · window in minutes: 99.9 % of 30 d is 43.2)
//! spent             = bad events       remaining = allowed − bad       (negative once it is overdrawn)
//! burn rate      B = (bad / total) / EB     B > 1 ⇔ broken; over the whole window B is also the share consumed
//! ```
//!
//! Allowed and remaining are printed with every digit. A ratio is cut (never rounded up) after as many decimals as the
//! target has and six at least; a burn rate is rounded up at six: so neither looks better than it is, the printed ratio
//! is at or above the target exactly when the verdict is "met", and the printed burn rate is above 1 exactly when it is
//! "broken". Comparisons use the fractions themselves: a burn rate of exactly 14.4 is not above 14.4.
//!
//! More good events than events at all is reported as a fault of the objective and never clamped: the two queries have
//! drifted apart.
//!
//! # What is evaluated
//!
//! The three budgeting methods, over rolling windows and windows of a calendar, by single objectives and by composites.
//!
//! A **rolling** window is the stretch of `duration` that ends at (and includes) the time of the evaluation. A rolling `1M`, `1Q` or
//! `1Y` is 30, 90 or 365 days, with a warning. A **calendar** window begins at `startTime` in `timeZone` and every `duration` after
//! it, as the clocks and calendars of that zone have it (November 2026 in New York has 43,260 minutes); it is judged as far as it is
//! over, and an instant at which one ends and the next begins belongs to the one that ends.
//!
//! ```text
//! Occurrences       Σ good / Σ total                                        (a mean of ratios is never taken)
//! Timeslices        a slice is good ⇔ good / total ≥ timeSliceTarget        SLI = good slices / slices
//! RatioTimeslices   SLI = mean of good / total over the slices              exact, however many denominators
//! composite         Occurrences: Σ weight · burn rate ≤ 1    Timeslices: a slice is bad if it is for any member
//!                   RatioTimeslices: 1 − Σ weight · (1 − SLI) against the highest target
//! ```
//!
//! Slices are whole: those of a rolling window lie on multiples of their width since 1970, and the window then ends with the last one
//! that is over; those of a calendar window begin with it. A slice without data counts for nothing, and how many there are is told.
//! The budget of a calendar window under Timeslices is that of all its slices but the empty ones: slices to come are not bad yet.
//! A **raw ratio** is the mean of its samples in a slice; Occurrences refuses it.
//!
//! Sources:
//!
//! | `metricSource.type` | `spec` | as a ratio | as a threshold |
//! |---|---|---|---|
//! | `probity` | `table`, `where` (and `value`) | rows are events | `value` of each row |
//! | `probity` | `sql` | – | its column `value`, at its column `ts` |
//! | `probity` | `selector`, `increase` | increases of counters (`increase: true`) | samples |
//! | `probity` | `cost`, `currency`, `units` or `quantity`, `where`, `every` | – | cost per unit of each stretch |
//! | `Prometheus` | `query`: a plain vector selector | increases (`counter: true`) | samples |
//!
//! All seven kinds of objects are read and checked. An SLO without a window has no verdict.
//!
//! The conditions of an SLO's alert policies, and the four tiers of `probity/burn-alerts: default`, are [`Alarm`]s of each of its
//! objectives: burn rates over windows of their own. They decide no verdict.
//!
//! # Strict and lenient
//!
//! A key that nobody knows is always an error. What OpenSLO's own validator refuses beyond what a verdict needs (a name
//! with capitals, `op` on a ratio, a missing `calendar`) is a warning with a stable code, or a fault when read strictly.
//!
//! # Deliberately absent
//!
//! Files, clocks, SQL, printing. Telling anybody. Rounding.

pub mod measure;

mod alarm;
mod arithmetic;
mod asked;
mod book;
mod calendar;
mod cost;
mod duration;
mod evaluate;
mod export;
mod files;
mod fraction;
mod history;
mod import;
mod junit;
mod limits;
mod lint;
mod maintenance;
mod notes;
mod openslo;
mod outcome;
mod pack;
mod question;
mod selector;
mod source;
mod stretch;
mod tally;
mod wire;

pub use alarm::{Alarm, Burn};
pub use arithmetic::{Budget, BurnRate, Exact, needed, verdict};
pub use book::{Book, Reading, Rule};
pub use calendar::Period;
pub use duration::Duration;
pub use evaluate::{Evaluation, Extent, evaluate, evaluate_to};
pub use export::{Announced, Exported, to_openmetrics};
pub use history::{Day, Forecast, History};
pub use import::Imported;
pub use junit::to_junit;
pub use limits::Limits;
pub use maintenance::Maintenance;
pub use notes::{Faults, Warning};
pub use openslo::{Addressee, AlertCondition, AlertPolicy, Method, ObjectKind};
pub use outcome::{Outcome, Shown, Window};
pub use pack::{Pack, Parameter, ParameterKind};
pub use stretch::Sliced;
pub use wire::{SCHEMA, to_json};
