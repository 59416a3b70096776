//! Whether this project can do its work: one check after the other, none of which keeps another from being made.
//!
//! Nothing is changed and nothing is recorded, so that it may be asked every minute. What is hashed and signed is the business
//! of `audit verify`; here is looked whether the newest of it is there and goes together.

mod inside;
#[cfg(any(feature = "alerts", feature = "pdf", feature = "privacy"))]
mod outside;

use model::Fault;
use serde_json::{Map, Value, json};

use super::context::Context;

/// How well a part does, from well to badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// There is no such part in this project, or nobody asked for it.
    Absent,
    Ok,
    /// It works, and something about it does not, or will not for long.
    Degraded,
    Failed,
}

impl State {
    pub(crate) const ALL: [State; 4] = [State::Absent, State::Ok, State::Degraded, State::Failed];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            State::Absent => "absent",
            State::Ok => "ok",
            State::Degraded => "degraded",
            State::Failed => "failed",
        }
    }
}

/// What one check came to.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    /// `disk`, `ledger`, …
    pub(crate) name: &'static str,
    pub(crate) state: State,
    /// What was seen, in a sentence.
    pub(crate) says: String,
    /// What to do about it.
    pub(crate) advice: Option<String>,
    /// The code of the fault, where there was one (`util explain`).
    pub(crate) code: Option<&'static str>,
    /// Numbers by their names, with units: `free_bytes`.
    pub(crate) figures: Vec<(&'static str, i64)>,
}

impl Check {
    fn of(name: &'static str, state: State, says: impl Into<String>) -> Self {
        Check { name, state, says: says.into(), advice: None, code: None, figures: Vec::new() }
    }

    fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    fn figure(mut self, name: &'static str, value: impl TryInto<i64>) -> Self {
        self.figures.push((name, value.try_into().unwrap_or(i64::MAX)));
        self
    }

    /// The part does not work.
    fn failed(name: &'static str, fault: &Fault) -> Self {
        let place = fault.place().map(|place| format!("{place}: ")).unwrap_or_default();
        let check = Check::of(name, State::Failed, format!("{place}{}", fault.message()));
        Check { advice: fault.advice().map(str::to_owned), code: Some(fault.code()), ..check }
    }

    pub(crate) fn json(&self) -> Value {
        let figures: Map<String, Value> =
            self.figures.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        json!({
            "name": self.name, "state": self.state.word(), "says": self.says, "advice": self.advice, "code": self.code,
            "figures": figures,
        })
    }
}

/// Every check; `reach`: also of what is somewhere else, each of which is waited for at most so long as its settings say.
pub(crate) fn checks(context: &Context, reach: bool) -> Vec<Check> {
    let mut all = Vec::new();
    all.extend([inside::disk(context), inside::keys(context), inside::ledger(context), inside::clock(context)]);
    all.extend([inside::store(context), inside::jobs(context)]);
    #[cfg(not(any(feature = "pdf", feature = "privacy")))]
    let _ = reach;
    #[cfg(feature = "alerts")]
    all.push(outside::targets(context));
    #[cfg(feature = "pdf")]
    all.push(outside::authorities(context, reach));
    #[cfg(feature = "privacy")]
    all.push(outside::stores(context, reach));
    all
}

/// A time of so many seconds, for people: the largest unit that is a whole one.
fn ago(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}
