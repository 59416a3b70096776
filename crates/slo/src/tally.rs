//! What an objective comes to over a stretch of time, by each of the three budgeting methods and by all members of a composite.
//!
//! Occurrences counts events or values. Timeslices counts slices of time, of which one is good when the share of it that is good
//! reaches `timeSliceTarget`. RatioTimeslices takes the mean of the shares of the slices, every slice alike. A slice without data is
//! left out of both and told. A calendar window that is not over has its whole budget of slices under Timeslices: those to come are
//! not bad yet.
//!
//! What lies in maintenance counts for nothing, and a slice that maintenance reaches into is left out.
//!
//! With fewer than `probity/min-events` events (in a slice: under the slice methods) nothing is said of them.
//!
//! Of a composite SLO the members burn one budget. Under Occurrences their burn rates add up, each times its weight. Under Timeslices
//! a slice is bad that is bad for any of them. Under RatioTimeslices what each lacks of 1 adds up, times its weight.

use std::collections::{BTreeSet, HashMap};

use model::{Decimal, Fault, Instant};
use num_bigint::BigInt;

use crate::arithmetic::{self, BurnRate};
use crate::asked::{Asked, drifted};
use crate::book::{Objective, Rule};
use crate::fraction::Fraction;
use crate::maintenance::{self, Maintenance};
use crate::measure::{Counts, Interval, Slice, Slicing, spanning};
use crate::openslo::{Method, SliceSpec};
use crate::question::{Question, question};
use crate::stretch::{Sliced, Stretch};

/// Whom a verdict is about.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'r> {
    /// One objective.
    One(&'r Objective),
    /// All of a composite SLO.
    All(&'r [Objective]),
}

impl Subject<'_> {
    /// The share that must be good; of a composite the highest of its members'.
    pub(crate) fn target(&self) -> Decimal {
        match self {
            Subject::One(objective) => objective.target,
            Subject::All(members) => members.iter().map(|member| member.target).max().unwrap_or(Decimal::ZERO),
        }
    }
}

/// What something comes to over a stretch of time.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Events that are good, values that hold, slices that are good. Of a mean the slices in which nothing is bad.
    pub(crate) good: u64,
    pub(crate) bad: u64,
    /// All of them; 0 is no data.
    pub(crate) total: u64,
    pub(crate) seen: Option<(Instant, Instant)>,
    /// The share that is good: `good / total`, or the mean. `None` without data, and where rates were added up.
    pub(crate) achieved: Option<Fraction>,
    /// How fast the budget burns; `None` without data.
    pub(crate) burn: Option<BurnRate>,
    pub(crate) slices: Option<Sliced>,
    /// Members of a composite that nothing is known of.
    pub(crate) unknown: u64,
    /// More are good than there are: no share and no rate.
    pub(crate) drifted: Option<Fault>,
}

impl Tally {
    /// Counts `subject` by the method of `rule` over `stretch`.
    ///
    /// # Errors
    /// What a rule asks that cannot be answered, and what is wrong with the data.
    pub(crate) fn of(
        rule: &Rule,
        subject: Subject<'_>,
        stretch: &Stretch,
        asked: &mut Asked<'_>,
    ) -> Result<Self, Fault> {
        match (rule.method, subject) {
            (Method::Occurrences, Subject::One(objective)) => events(rule, objective, stretch, asked),
            (Method::Occurrences, Subject::All(members)) => together(rule, members, stretch, asked),
            (_, Subject::One(objective)) => {
                slices(rule, std::slice::from_ref(objective), objective.target, stretch, asked)
            }
            (_, Subject::All(members)) => slices(rule, members, subject.target(), stretch, asked),
        }
    }

    fn counted(good: u64, total: u64, seen: Option<(Instant, Instant)>, target: Decimal) -> Self {
        let (bad, achieved) = (total - good, arithmetic::share(good, total));
        Tally { good, bad, total, seen, achieved, burn: BurnRate::of(bad, total, target), ..Tally::default() }
    }
}

fn events(rule: &Rule, objective: &Objective, stretch: &Stretch, asked: &mut Asked<'_>) -> Result<Tally, Fault> {
    let located = |fault: Fault| objective.indicator.locate(fault);
    let question = question(&objective.indicator, objective).map_err(located)?;
    let counts = held_to(rule, &question, stretch.interval()?, asked).map_err(located)?;
    let (part, total, seen) = (counts.good, counts.total, counts.seen);
    let bad = question.counts_bad();
    if part > total {
        let drifted = Some(located(drifted(&question, part.into(), total.into())));
        let (good, bad) = if bad { (0, part) } else { (part, 0) };
        return Ok(Tally { good, bad, total, seen, drifted, ..Tally::default() });
    }
    let counted = Tally::counted(if bad { total - part } else { part }, total, seen, objective.target);
    Ok(match total < rule.min_events {
        true => Tally { achieved: None, burn: None, ..counted },
        false => counted,
    })
}

/// What lies in `window` and outside maintenance: the sum over the pieces that are left, so that no increase of a counter reaches
/// from one into the other.
pub(crate) fn held_to(
    rule: &Rule,
    question: &Question,
    window: Interval,
    asked: &mut Asked<'_>,
) -> Result<Counts, Fault> {
    let mut all = Counts::default();
    for piece in maintenance::without(&rule.maintenance, window) {
        let counts = asked.counts(question, piece)?;
        all.good += counts.good;
        all.total += counts.total;
        all.seen = spanning(all.seen, counts.seen);
    }
    Ok(all)
}

/// Rates that add up.
fn together(rule: &Rule, members: &[Objective], stretch: &Stretch, asked: &mut Asked<'_>) -> Result<Tally, Fault> {
    let mut all = Tally::default();
    let mut rates = vec![];
    for member in members {
        let tally = events(rule, member, stretch, asked)?;
        if tally.drifted.is_some() {
            return Ok(tally);
        }
        all.good += tally.good;
        all.bad += tally.bad;
        all.total += tally.total;
        all.seen = spanning(all.seen, tally.seen);
        match tally.burn {
            Some(rate) => rates.push((rate, member.weight)),
            None => all.unknown += 1,
        }
    }
    all.burn = (!rates.is_empty()).then(|| BurnRate::together(rates.iter().map(|(rate, weight)| (rate, *weight))));
    Ok(all)
}

/// Both slice methods, over one member or several.
fn slices(
    rule: &Rule,
    members: &[Objective],
    target: Decimal,
    stretch: &Stretch,
    asked: &mut Asked<'_>,
) -> Result<Tally, Fault> {
    let spec = shared(members)?;
    let (slicing, mut sliced) = stretch.slices(spec.width).map_err(|fault| members[0].indicator.locate(fault))?;
    let spared = slicing.map(|slicing| spared(&rule.maintenance, slicing)).unwrap_or_default();
    let mut tally = Tally::default();
    // By number: whether anything in it was bad, for any member.
    let mut found: HashMap<u32, bool> = HashMap::new();
    let mut missing = Fraction::zero();
    for member in members {
        let located = |fault: Fault| member.indicator.locate(fault);
        let question = question(&member.indicator, member).map_err(located)?;
        let Some(slicing) = slicing else { continue };
        let slices = asked.slices(&question, slicing).map_err(located)?;
        tally.seen = spanning(tally.seen, slices.seen);
        let enough = |slice: &&Slice| is_enough(rule, &question, slice) && !spared.contains(&slice.number);
        let slices: Vec<Slice> = slices.slices.iter().filter(enough).copied().collect();
        tally.unknown += u64::from(slices.is_empty());
        let least = member.slice.and_then(|slice| slice.target).unwrap_or(Decimal::ONE);
        for slice in &slices {
            *found.entry(slice.number).or_default() |= !reaches(slice, least);
        }
        if let Some(mean) = mean(&slices).filter(|_| rule.method == Method::RatioTimeslices) {
            missing = missing.plus(&mean.complement().times(&Fraction::from(weight(members, member))));
        }
    }
    sliced.counted = found.len() as u64;
    sliced.excluded = spared.len() as u64;
    sliced.empty -= sliced.counted + sliced.excluded;
    let bad = found.values().filter(|bad| **bad).count() as u64;
    tally.slices = Some(sliced);
    if sliced.counted == 0 {
        return Ok(tally);
    }
    match rule.method {
        Method::RatioTimeslices => {
            let burn = BurnRate::of_share(&missing, target);
            let (total, achieved) = (sliced.counted, Some(missing.complement()));
            Ok(Tally { good: total - bad, bad, total, achieved, burn, ..tally })
        }
        _ => {
            let total = sliced.whole - sliced.empty - sliced.excluded;
            let counted = Tally::counted(total - bad, total, tally.seen, target);
            Ok(Tally { slices: tally.slices, unknown: tally.unknown, ..counted })
        }
    }
}

/// The slices that maintenance reaches into.
pub(crate) fn spared(maintenance: &[Maintenance], slicing: Slicing) -> BTreeSet<u32> {
    let mut spared = BTreeSet::new();
    for one in maintenance.iter().filter(|one| one.touches(slicing.interval())) {
        let number =
            |at: Instant| (i128::from(at.nanos()) - i128::from(slicing.from.nanos())).div_euclid(slicing.width.into());
        let last = i128::from(slicing.count) - 1;
        let [from, to] = [number(one.from).max(0), number(Instant::from_nanos(one.to.nanos() - 1)).min(last)];
        spared.extend((from..=to).filter_map(|number| u32::try_from(number).ok()));
    }
    spared
}

/// Weights are for composites: alone, an objective has its budget for itself.
fn weight(members: &[Objective], member: &Objective) -> Decimal {
    if members.len() > 1 { member.weight } else { Decimal::ONE }
}

/// The slices that all members have.
fn shared(members: &[Objective]) -> Result<SliceSpec, Fault> {
    let mut specs = members.iter().filter_map(|member| member.slice.map(|slice| (member, slice)));
    // The book refuses a slice method without timeSliceWindow.
    let Some((_, first)) = specs.next() else {
        return Err(Fault::bad_config("missing-key", "The objective lacks timeSliceWindow")
            .advise("Write the length of a slice, such as 1m."));
    };
    match specs.find(|(_, slice)| slice.width.rolling().nanos() != first.width.rolling().nanos()) {
        None => Ok(first),
        Some((member, slice)) => {
            let message = format!("Members of the composite have slices of {} and of {}", first.width, slice.width);
            Err(Fault::bad_config("composite-slices", message)
                .advise("Give every objective the same timeSliceWindow.")
                .at(member.place.clone()))
        }
    }
}

/// Whether so much lies in a slice that it counts.
pub(crate) fn is_enough(rule: &Rule, question: &Question, slice: &Slice) -> bool {
    let parts = if matches!(question, Question::Raw { .. }) { Slice::PARTS } else { 1 };
    slice.total >= u128::from(rule.min_events) * parts
}

/// Whether the share of a slice that is good reaches `least`.
pub(crate) fn reaches(slice: &Slice, least: Decimal) -> bool {
    let products = || {
        let unit = 10_u128.pow(least.scale());
        Some((slice.good.checked_mul(unit)?, slice.total.checked_mul(least.mantissa().unsigned_abs())?))
    };
    match products() {
        Some((good, needed)) => good >= needed,
        None => Fraction::new(slice.good, slice.total)
            .is_some_and(|share| share.compare(&Fraction::from(least)) != std::cmp::Ordering::Less),
    }
}

/// The mean of the shares of slices; `None` without slices.
fn mean(slices: &[Slice]) -> Option<Fraction> {
    let sum = Fraction::sum(slices.iter().map(|slice| (BigInt::from(slice.good), slice.total)));
    let count = Fraction::new(slices.len() as u64, 1_u8)?;
    sum.over(&count)
}
