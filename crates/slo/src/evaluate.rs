//! Rules to verdicts.

use model::{Fault, Instant, Kind, Verdict};

use crate::alarm::{self, Alarm, Burn, Watch};
use crate::arithmetic::{self, Budget};
use crate::asked::Asked;
use crate::book::{Book, Rule};
use crate::fraction::Fraction;
use crate::history::history;
use crate::lint;
use crate::measure::{Basis, Interval, Measure};
use crate::notes::Warning;
use crate::openslo::{Method, WindowSpec};
use crate::outcome::{Outcome, Window, reason};
use crate::question::{Question, question};
use crate::stretch::Stretch;
use crate::tally::{Subject, Tally};

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

/// What is told besides verdicts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extent {
    /// The budget of each objective day by day, and how long the rest of it lasts: another pass over the data each.
    pub history: bool,
}

/// Evaluates every objective of `book` as [`evaluate_to`] does, and tells verdicts alone.
///
/// # Errors
/// As there.
pub fn evaluate(book: &Book, at: Instant, measure: &dyn Measure) -> Result<Evaluation, Fault> {
    evaluate_to(Extent::default(), book, at, measure)
}

/// Evaluates every objective of `book` over the windows around `at`, and every composite SLO as a whole.
///
/// What is wrong with one rule stands in its [`Outcome::fault`] and leaves the others alone.
///
/// # Errors
/// Faults of the data itself (`io-failed` and its like): nobody could answer anything then. `no-rules` when the book
/// holds no SLO.
pub fn evaluate_to(extent: Extent, book: &Book, at: Instant, measure: &dyn Measure) -> Result<Evaluation, Fault> {
    if book.rules().is_empty() {
        return Err(Fault::no_verdict("no-rules", "There is no SLO to evaluate")
            .advise("Name a rule file with --rule or a pack with --pack."));
    }
    let mut outcomes = vec![];
    for rule in book.rules() {
        let mut asked = Asked::new(measure, extent);
        let windows: Vec<Option<&WindowSpec>> = match &rule.windows {
            windows if windows.is_empty() => vec![None],
            windows => windows.iter().map(Some).collect(),
        };
        for window in windows {
            for subject in subjects(rule) {
                outcomes.push(outcome(rule, subject, window, at, &mut asked)?);
            }
        }
    }
    let verdict = Verdict::of_all(outcomes.iter().map(|outcome| outcome.verdict));
    Ok(Evaluation { at, basis: measure.basis(), verdict, outcomes, warnings: book.warnings().to_vec() })
}

/// Each objective, and all of them where they are the members of a composite.
fn subjects(rule: &Rule) -> impl Iterator<Item = Subject<'_>> {
    let all = rule.is_composite().then_some(Subject::All(rule.objectives.as_slice()));
    rule.objectives.iter().map(Subject::One).chain(all)
}

/// Faults about a rule stay with its objective; faults about the data end the evaluation.
fn concerns_the_rule(fault: &Fault) -> bool {
    matches!(fault.kind(), Kind::BadConfig | Kind::BadInput | Kind::Usage | Kind::NoVerdict)
}

fn outcome(
    rule: &Rule,
    subject: Subject<'_>,
    window: Option<&WindowSpec>,
    at: Instant,
    asked: &mut Asked<'_>,
) -> Result<Outcome, Fault> {
    let mut outcome = blank(rule, subject, at);
    match answer(&mut outcome, rule, subject, window, at, asked) {
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

fn blank(rule: &Rule, subject: Subject<'_>, at: Instant) -> Outcome {
    let (objective, place) = match subject {
        Subject::One(objective) => (objective.name.clone(), &objective.place),
        Subject::All(_) => (rule.name_of_all(), &rule.place),
    };
    Outcome {
        rule: rule.name.clone(),
        title: rule.title.clone(),
        service: rule.service.clone(),
        objective,
        pack: rule.pack.clone(),
        severity: rule.severity,
        place: place.clone(),
        method: rule.method,
        composite: matches!(subject, Subject::All(_)),
        verdict: Verdict::NoData,
        window: Window { interval: Interval { from: at, to: at }, length: String::new(), period: None },
        target: subject.target(),
        good: 0,
        total: 0,
        needed: None,
        bad: 0,
        achieved: None,
        slices: None,
        budget: None,
        projected: None,
        burn_rate: None,
        condition: String::new(),
        source: String::new(),
        shown: vec![],
        seen: None,
        alarms: vec![],
        excluded: vec![],
        history: None,
        reason: String::new(),
        fault: None,
    }
}

fn answer(
    outcome: &mut Outcome,
    rule: &Rule,
    subject: Subject<'_>,
    window: Option<&WindowSpec>,
    at: Instant,
    asked: &mut Asked<'_>,
) -> Result<(), Fault> {
    outcome.window.length = window.map(|window| window.duration.to_string()).unwrap_or_default();
    let question = asks(outcome, subject);
    let Some(window) = window else { return Err(lint::no_window(rule)) };
    let stretch = Stretch::of(window, at)?;
    outcome.window = named(&stretch, window.duration.to_string())?;
    let touching = rule.maintenance.iter().filter(|one| one.touches(outcome.window.interval));
    outcome.excluded = touching.cloned().collect();
    let tally = Tally::of(rule, subject, &stretch, asked)?;
    if let Subject::One(objective) = subject
        && asked.extent.history
        && tally.drifted.is_none()
    {
        let window = (&stretch, outcome.window.interval);
        let history =
            history(rule, objective, window, &tally, asked).map_err(|fault| objective.indicator.locate(fault))?;
        outcome.history = Some(history);
    }
    settle(outcome, rule, tally, &stretch, question.as_ref())?;
    if let (Subject::One(objective), Some(question)) = (subject, &question)
        && let Some((source, interval)) = question.shown(outcome.window.interval)
        && outcome.excluded.is_empty()
    {
        let (indicator, unit) = (&objective.indicator, objective.indicator.unit.as_deref());
        outcome.shown = asked.shown(&source, interval, unit).map_err(|fault| indicator.locate(fault))?;
    }
    // A rule with several windows has its alarms once.
    if rule.windows.first().is_some_and(|first| std::ptr::eq(first, window)) {
        for watch in alarm::watches(rule) {
            outcome.alarms.push(alarm(watch, rule, subject, at, asked)?);
        }
    }
    Ok(())
}

/// What is asked, in words as well; nothing where it cannot be asked: whoever counts says why.
fn asks(outcome: &mut Outcome, subject: Subject<'_>) -> Option<Question> {
    match subject {
        Subject::One(objective) => {
            let question = question(&objective.indicator, objective).ok()?;
            (outcome.condition, outcome.source) = question.words(objective.indicator.unit.as_deref());
            Some(question)
        }
        Subject::All(members) => {
            let of_one = |member: &crate::book::Objective| format!("{} · {}", member.weight, member.name);
            outcome.condition = members.iter().map(of_one).collect::<Vec<_>>().join(" + ");
            "all objectives".clone_into(&mut outcome.source);
            None
        }
    }
}

fn named(stretch: &Stretch, length: String) -> Result<Window, Fault> {
    Ok(Window { interval: stretch.interval()?, length, period: stretch.period().cloned() })
}

/// Counts what a policy watches.
fn alarm(watch: Watch, rule: &Rule, subject: Subject<'_>, at: Instant, asked: &mut Asked<'_>) -> Result<Alarm, Fault> {
    let mut alarm = watch.alarm;
    for length in watch.windows {
        let stretch = Stretch::Rolling { length, at };
        let tally = Tally::of(rule, subject, &stretch, asked)?;
        let window = named(&stretch, length.to_string())?;
        // A rate of which a member is not known may be higher: it is none.
        let rate = tally.burn.filter(|_| tally.unknown == 0);
        alarm.burns.push(Burn { window, bad: tally.bad, total: tally.total, rate });
    }
    Ok(alarm)
}

/// Counts to verdict, budget and sentence.
fn settle(
    outcome: &mut Outcome,
    rule: &Rule,
    tally: Tally,
    stretch: &Stretch,
    question: Option<&Question>,
) -> Result<(), Fault> {
    (outcome.good, outcome.bad, outcome.total) = (tally.good, tally.bad, tally.total);
    outcome.seen = tally.seen;
    outcome.slices = tally.slices;
    if let Some(slices) = &tally.slices {
        outcome.window.interval = slices.interval.unwrap_or(outcome.window.interval);
    }
    if let Some(fault) = tally.drifted {
        outcome.bad = 0;
        return Err(fault);
    }
    outcome.verdict = arithmetic::verdict(tally.burn.as_ref());
    let (target, total, bad) = (outcome.target, tally.total, tally.bad);
    match (outcome.method, &tally.achieved) {
        (Method::RatioTimeslices, share) => {
            let missing = share.as_ref().map(Fraction::complement);
            outcome.budget = missing.and_then(|missing| Budget::of_share(&missing, total, target));
        }
        // Rates that were added up have no count of their own.
        (Method::Occurrences, _) if outcome.composite => {}
        (method, share) => {
            outcome.needed = Some(arithmetic::needed(total, target));
            outcome.budget = share.as_ref().map(|_| Budget::of(bad, total, target));
            let progress =
                stretch.progress(&rule.maintenance).filter(|_| share.is_some() && method == Method::Occurrences);
            outcome.projected = progress.and_then(|progress| Budget::projected(bad, total, target, progress));
        }
    }
    (outcome.burn_rate, outcome.achieved) = (tally.burn, tally.achieved);
    outcome.reason = reason(outcome, question, rule.min_events);
    if tally.unknown > 0 && outcome.verdict == Verdict::Met {
        outcome.verdict = Verdict::NoData;
        let unknown = model::counted(tally.unknown, "objective has", "objectives have");
        outcome.reason = format!("{unknown} no data, so there is no verdict on all of them.");
    }
    if !outcome.excluded.is_empty() {
        let names: Vec<&str> = outcome.excluded.iter().map(|one| one.name.as_str()).collect();
        outcome.reason.push_str(&format!(" Left out is the maintenance {}.", names.join(", ")));
    }
    Ok(())
}
