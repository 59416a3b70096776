//! Rules to verdicts.

use std::fmt;

use model::{Decimal, Fault, Instant, Kind, Place, RecordKind, Severity, Verdict, counted, grouped, readable};

use crate::alarm::{self, Alarm, Burn, Watch};
use crate::arithmetic::{self, Budget, BurnRate};
use crate::book::{Book, Indicator, Objective, Rule};
use crate::cost::Cost;
use crate::lint;
use crate::measure::{Basis, Comparison, Counts, Interval, Measure, Source};
use crate::notes::Warning;
use crate::openslo::{Method, Metric, RawType, WindowSpec};
use crate::source::{Role, describe, one_line};

/// The answer to every objective of a book.
#[derive(Debug)]
pub struct Evaluation {
    /// The instant that windows end at.
    pub at: Instant,
    /// The state of the data.
    pub basis: Basis,
    /// Broken if one objective is broken, else no data if one has none, else met.
    pub verdict: Verdict,
    /// One for each objective and window, in the order of the files.
    pub outcomes: Vec<Outcome>,
    /// What was worth a warning while the rules were read.
    pub warnings: Vec<Warning>,
}

impl Evaluation {
    /// The first reason why an objective could not be answered although its data may be there: a rule that is wrong, or
    /// asks for what is not evaluated yet. Missing data is no such reason.
    pub fn fault(&self) -> Option<&Fault> {
        self.outcomes.iter().find_map(|outcome| outcome.fault.as_ref())
    }
}

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
    /// The answer. "No data" whenever [`Outcome::fault`] is there.
    pub verdict: Verdict,
    /// What was looked at.
    pub window: Window,
    /// The share that must be good, in [0, 1).
    pub target: Decimal,
    /// Events that are good, or values that hold.
    pub good: u64,
    /// All events, or all values.
    pub total: u64,
    /// How many must be good: the nearest rank `⌈target · total⌉`.
    pub needed: u64,
    /// `total − good`; 0 when more are good than there are.
    pub bad: u64,
    /// What may go wrong and what is left; `None` without data.
    pub budget: Option<Budget>,
    /// How fast the budget burns; `None` without data.
    pub burn_rate: Option<BurnRate>,
    /// What makes an event good, in words: `latency_ms ≤ 500 ms`.
    pub condition: String,
    /// What was read, in words: `logs where service = 'web'`.
    pub source: String,
    /// Percentiles beside the verdict: for showing, never for deciding.
    pub shown: Vec<Shown>,
    /// When the first and the last of them happened.
    pub seen: Option<(Instant, Instant)>,
    /// What its alert policies say; they decide no verdict.
    pub alarms: Vec<Alarm>,
    /// Why the verdict is what it is, in one sentence.
    pub reason: String,
    /// Why there is no verdict although there may be data.
    pub fault: Option<Fault>,
}

impl Outcome {
    /// `good / total`, cut after as many decimals as the target has and six at least; `None` without data.
    pub fn ratio(&self) -> Option<String> {
        arithmetic::ratio(self.good, self.total, self.target)
    }
}

/// A stretch of time and how it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The stretch; empty when there is none to speak of.
    pub interval: Interval,
    /// As written: `30d`.
    pub length: String,
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

/// What an objective asks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Question {
    /// How many of `total` are `part`; `bad` says that these are the bad ones.
    Ratio { part: Source, total: Source, bad: bool },
    /// How many values hold.
    Threshold { source: Source, op: Comparison, value: Decimal },
    /// In how many stretches of time a cost per unit holds.
    Cost { cost: Cost, op: Comparison, value: Decimal },
}

/// Evaluates every objective of `book` over the windows that end at `at`.
///
/// What is wrong with one rule, or not evaluated yet, stands in its [`Outcome::fault`] and leaves the others alone.
///
/// # Errors
/// Faults of the data itself (`io-failed` and its like): nobody could answer anything then. `no-rules` when the book
/// holds no SLO.
pub fn evaluate(book: &Book, at: Instant, measure: &dyn Measure) -> Result<Evaluation, Fault> {
    if book.rules().is_empty() {
        return Err(Fault::no_verdict("no-rules", "There is no SLO to evaluate")
            .advise("Name a rule file with --rule or a pack with --pack."));
    }
    let mut outcomes = vec![];
    for rule in book.rules() {
        let mut asked = Asked { measure, counts: vec![], shown: vec![] };
        let windows: Vec<Option<&WindowSpec>> = match &rule.windows {
            windows if windows.is_empty() => vec![None],
            windows => windows.iter().map(Some).collect(),
        };
        for window in windows {
            for objective in &rule.objectives {
                outcomes.push(outcome(rule, objective, window, at, &mut asked)?);
            }
        }
    }
    let verdict = Verdict::of_all(outcomes.iter().map(|outcome| outcome.verdict));
    Ok(Evaluation { at, basis: measure.basis(), verdict, outcomes, warnings: book.warnings().to_vec() })
}

/// Faults about a rule stay with its objective; faults about the data end the evaluation.
fn concerns_the_rule(fault: &Fault) -> bool {
    matches!(fault.kind(), Kind::BadConfig | Kind::BadInput | Kind::Usage | Kind::NoVerdict)
}

fn outcome(
    rule: &Rule,
    objective: &Objective,
    window: Option<&WindowSpec>,
    at: Instant,
    asked: &mut Asked<'_>,
) -> Result<Outcome, Fault> {
    let mut outcome = blank(rule, objective, at);
    match answer(&mut outcome, rule, objective, window, at, asked) {
        Ok(()) => {}
        Err(fault) if concerns_the_rule(&fault) => {
            outcome.verdict = Verdict::NoData;
            outcome.reason = sentence(fault.message());
            outcome.fault = Some(fault);
        }
        Err(fault) => return Err(fault),
    }
    Ok(outcome)
}

fn sentence(message: &str) -> String {
    let mut text = message.trim_end_matches('.').to_owned();
    text.push('.');
    text
}

fn blank(rule: &Rule, objective: &Objective, at: Instant) -> Outcome {
    Outcome {
        rule: rule.name.clone(),
        title: rule.title.clone(),
        service: rule.service.clone(),
        objective: objective.name.clone(),
        pack: rule.pack.clone(),
        severity: rule.severity,
        place: objective.place.clone(),
        verdict: Verdict::NoData,
        window: Window { interval: Interval { from: at, to: at }, length: String::new() },
        target: objective.target,
        good: 0,
        total: 0,
        needed: 0,
        bad: 0,
        budget: None,
        burn_rate: None,
        condition: String::new(),
        source: String::new(),
        shown: vec![],
        seen: None,
        alarms: vec![],
        reason: String::new(),
        fault: None,
    }
}

fn answer(
    outcome: &mut Outcome,
    rule: &Rule,
    objective: &Objective,
    window: Option<&WindowSpec>,
    at: Instant,
    asked: &mut Asked<'_>,
) -> Result<(), Fault> {
    outcome.window.length = window.map(|window| window.duration.to_string()).unwrap_or_default();
    let indicator = &objective.indicator;
    let located = |fault: Fault| match fault.place() {
        Some(_) => fault.in_file(&indicator.file),
        None => fault.at(indicator.place.clone()).in_file(&indicator.file),
    };
    let question = question(indicator, objective);
    if let Ok(question) = &question {
        (outcome.condition, outcome.source) = question.words(indicator.unit.as_deref());
    }
    if let Some(fault) = lint::obstacle(rule) {
        return Err(fault);
    }
    let question = question.map_err(located)?;
    let Some(window) = window else { return Ok(()) };
    outcome.window.interval = interval(window, at)?;
    let counts = asked.counts(&question, outcome.window.interval).map_err(located)?;
    count(outcome, &question, counts, indicator)?;
    if let Some((source, interval)) = question.shown(outcome.window.interval) {
        outcome.shown = asked.shown(&source, interval, indicator.unit.as_deref()).map_err(located)?;
    }
    // A rule with several windows has its alarms once.
    if rule.windows.first().is_some_and(|first| std::ptr::eq(first, window)) {
        for watch in alarm::watches(rule) {
            outcome.alarms.push(alarm(watch, &question, outcome.target, at, asked).map_err(located)?);
        }
    }
    Ok(())
}

/// Counts what a policy watches.
fn alarm(
    watch: Watch,
    question: &Question,
    target: Decimal,
    at: Instant,
    asked: &mut Asked<'_>,
) -> Result<Alarm, Fault> {
    let mut alarm = watch.alarm;
    for duration in watch.windows {
        let spec = Interval { from: at.minus(duration.rolling()).unwrap_or(at), to: at };
        let counts = asked.counts(question, spec)?;
        let window = Window { interval: spec, length: duration.to_string() };
        alarm.burns.push(Burn::of(window, counts, question.counts_bad(), target));
    }
    Ok(alarm)
}

fn interval(window: &WindowSpec, at: Instant) -> Result<Interval, Fault> {
    let from = at.minus(window.duration.rolling()).ok_or_else(|| {
        Fault::bad_config(
            "window-out-of-range",
            format!("A window of {} before {at} begins too early", window.duration),
        )
        .advise("Instants lie between 1677 and 2262.")
        .at(window.place.clone())
    })?;
    Ok(Interval { from, to: at })
}

/// Counts to verdict, budget and sentence.
fn count(outcome: &mut Outcome, question: &Question, counts: Counts, indicator: &Indicator) -> Result<(), Fault> {
    outcome.total = counts.total;
    outcome.seen = counts.seen;
    let (part, total) = (counts.good, counts.total);
    outcome.good = if question.counts_bad() { total.saturating_sub(part) } else { part };
    if part > total {
        // Two queries that drift apart (OpenSLO/OpenSLO#7) are reported, never clamped to a perfect ratio.
        let word = if question.counts_bad() { "bad" } else { "good" };
        return Err(Fault::bad_config("more-good-than-total", format!("{part} events are {word}, of {total} in all"))
            .advise("Let the query for the total include every event that the other query counts.")
            .at(indicator.place.clone())
            .in_file(&indicator.file));
    }
    outcome.bad = total - outcome.good;
    outcome.needed = arithmetic::needed(total, outcome.target);
    outcome.verdict = arithmetic::verdict(outcome.good, total, outcome.target);
    outcome.burn_rate = BurnRate::of(outcome.bad, total, outcome.target);
    outcome.budget = (total > 0).then(|| Budget::of(outcome.bad, total, outcome.target));
    outcome.reason = reason(outcome, question);
    Ok(())
}

/// The verdict as a sentence.
fn reason(outcome: &Outcome, question: &Question) -> String {
    let (thing, things) = match question {
        Question::Ratio { .. } => ("event", "events"),
        Question::Threshold { .. } => ("value", "values"),
        Question::Cost { .. } => ("cost per unit", "costs per unit"),
    };
    let of_total = counted(outcome.total, thing, things);
    let hold = match (question, outcome.good == 1 || outcome.total == 1) {
        (Question::Ratio { .. }, true) => "is good",
        (Question::Ratio { .. }, false) => "are good",
        (_, true) => "holds",
        (_, false) => "hold",
    };
    let hold = format!("{} of {of_total} {hold}", grouped(outcome.good));
    let needed = counted(outcome.needed, "is needed", "are needed");
    match (outcome.verdict, &outcome.budget) {
        (Verdict::Met, Some(budget)) => {
            let left = budget.remaining.to_string();
            let things = if left == "1" { thing } else { things };
            format!("{hold} and {needed}, which leaves an error budget of {} {things}.", readable(&left))
        }
        (Verdict::Broken, _) => {
            let short = grouped(outcome.needed - outcome.good);
            format!("{hold} where {needed}: {short} too few.")
        }
        _ => format!("There are no {things} in the window, so there is no verdict."),
    }
}

/// Questions of one rule and their answers: objectives that differ in their target alone cost one pass over the data.
struct Asked<'m> {
    measure: &'m dyn Measure,
    counts: Vec<(Question, Interval, Counts)>,
    shown: Vec<(Source, Interval, Vec<Shown>)>,
}

impl Asked<'_> {
    fn counts(&mut self, question: &Question, window: Interval) -> Result<Counts, Fault> {
        if let Some((.., counts)) = self.counts.iter().find(|(known, at, _)| known == question && *at == window) {
            return Ok(*counts);
        }
        let counts = match question {
            Question::Ratio { part, total, .. } => self.measure.ratio(part, total, window)?,
            Question::Threshold { source, op, value } => self.measure.threshold(source, *op, *value, window)?,
            Question::Cost { cost, op, value } => match cost.whole(window) {
                None => Counts::default(),
                Some(whole) => {
                    cost.refuse_strangers(self.measure, whole)?;
                    self.measure.threshold(&cost.judged(*value), *op, Decimal::ZERO, whole)?
                }
            },
        };
        self.counts.push((question.clone(), window, counts));
        Ok(counts)
    }

    fn shown(&mut self, source: &Source, window: Interval, unit: Option<&str>) -> Result<Vec<Shown>, Fault> {
        if let Some((.., shown)) = self.shown.iter().find(|(known, at, _)| known == source && *at == window) {
            return Ok(shown.clone());
        }
        let mut shown = vec![];
        for (name, percent) in [("P50", 50), ("P95", 95), ("P99", 99)] {
            let rank = Decimal::integer(percent).percent().unwrap_or(Decimal::ONE);
            let Some(found) = self.measure.percentile(source, rank, window)? else { continue };
            let unit = unit.map(str::to_owned);
            shown.push(Shown { name, value: found.value, unit, definition: found.definition });
        }
        self.shown.push((source.clone(), window, shown.clone()));
        Ok(shown)
    }
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
            let word = if *raw_type == RawType::Success { "successes" } else { "failures" };
            let message = format!("A raw ratio of {word} holds no counts, and an average of ratios is not their ratio");
            Err(Fault::no_verdict("not-yet-evaluated", message)
                .advise(format!("Name good and total; {} for raw ratios comes later.", Method::RatioTimeslices))
                .at(source.place.clone()))
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
    fn counts_bad(&self) -> bool {
        matches!(self, Question::Ratio { bad: true, .. })
    }

    /// The values that are shown beside the verdict, and of when.
    fn shown(&self, window: Interval) -> Option<(Source, Interval)> {
        match self {
            Question::Ratio { .. } => None,
            Question::Threshold { source, .. } => Some((source.clone(), window)),
            Question::Cost { cost, .. } => Some((cost.divided(), cost.whole(window)?)),
        }
    }

    /// Condition and source.
    fn words(&self, unit: Option<&str>) -> (String, String) {
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
