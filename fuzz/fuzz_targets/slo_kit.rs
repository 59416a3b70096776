//! What the rule targets share: small limits, made-up numbers, and what every book and every fault promises.

use model::{Decimal, Digest, Fault, Instant, Verdict};
use slo::measure::{Basis, Comparison, Counts, Interval, Measure, Percentile, Slice, Slices, Slicing, Source};
use slo::{Book, Faults, Limits, Reading};

/// Answers with numbers that depend on nothing but the question.
struct Numbers;

impl Numbers {
    fn counts(question: &str, window: Interval) -> Counts {
        let seed = question.bytes().fold(17_u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let total = [0, 1, seed % 1000, seed][(seed % 4) as usize];
        let good = [total, total / 2, total.saturating_sub(1), total.saturating_add(1)][(seed / 4 % 4) as usize];
        Counts { good, total, seen: (total > 0).then_some((window.to, window.to)) }
    }
}

impl Numbers {
    fn slices(question: &str, slicing: Slicing) -> Slices {
        let counts = Self::counts(question, slicing.interval());
        let numbers = (0..slicing.count).step_by((counts.total % 97 + 1) as usize).take(50);
        let slice = |number| Slice { number, good: counts.good.into(), total: counts.total.into() };
        let slices = if counts.total > 0 { numbers.map(slice).collect() } else { vec![] };
        Slices { slices, seen: counts.seen }
    }
}

impl Measure for Numbers {
    fn ratio(&self, good: &Source, total: &Source, window: Interval) -> Result<Counts, Fault> {
        Ok(Self::counts(&format!("{good:?}{total:?}"), window))
    }

    fn threshold(&self, source: &Source, op: Comparison, value: Decimal, window: Interval) -> Result<Counts, Fault> {
        Ok(Self::counts(&format!("{source:?}{op:?}{value}"), window))
    }

    fn ratio_slices(&self, good: &Source, total: &Source, slicing: Slicing) -> Result<Slices, Fault> {
        Ok(Self::slices(&format!("{good:?}{total:?}"), slicing))
    }

    fn threshold_slices(&self, source: &Source, op: Comparison, value: Decimal, slicing: Slicing) -> Result<Slices, Fault> {
        Ok(Self::slices(&format!("{source:?}{op:?}{value}"), slicing))
    }

    fn raw_slices(&self, source: &Source, slicing: Slicing) -> Result<Slices, Fault> {
        Ok(Self::slices(&format!("{source:?}"), slicing))
    }

    fn percentile(&self, _: &Source, rank: Decimal, _: Interval) -> Result<Option<Percentile>, Fault> {
        assert!(rank > Decimal::ZERO && rank <= Decimal::integer(1));
        Ok(Some(Percentile { value: 1.5, definition: "made up".to_owned() }))
    }

    fn newest(&self) -> Result<Option<Instant>, Fault> {
        Ok(None)
    }

    fn basis(&self) -> Basis {
        Basis { version: Some(0), head: Digest::ZERO }
    }
}

/// Small limits, so that the fuzzer reaches them.
pub fn reading(strict: bool) -> Reading {
    Reading { strict, limits: Limits { file_bytes: 16 << 10, nodes: 2000, depth: 12, objects: 40, faults: 10 } }
}

/// Evaluates what was read; a fault has words.
pub fn check(book: Result<Book, Faults>) {
    let book = match book {
        Ok(book) => book,
        Err(faults) => return assert!(faults.iter().all(|fault| !fault.code().is_empty() && fault.advice().is_some())),
    };
    let at = Instant::from_nanos(1_780_272_000_000_000_000);
    let Ok(evaluation) = slo::evaluate(&book, at, &Numbers) else { return assert!(book.rules().is_empty()) };
    for outcome in &evaluation.outcomes {
        let enough = outcome.needed.map(|needed| outcome.good >= needed);
        match (outcome.verdict, enough) {
            (Verdict::NoData, _) => {}
            (Verdict::Met, Some(enough)) => assert!(enough, "{outcome:?}"),
            (Verdict::Broken, Some(enough)) => assert!(!enough, "{outcome:?}"),
            (_, None) => assert!(outcome.burn_rate.is_some(), "{outcome:?}"),
        }
        assert!(outcome.fault.is_none() || outcome.verdict == Verdict::NoData);
        assert!(outcome.verdict == Verdict::NoData || outcome.total > 0);
        assert!(outcome.needed.is_none_or(|needed| needed <= outcome.total));
    }
    assert!(slo::to_json(&evaluation).is_object());
    assert!(slo::to_junit(&evaluation).starts_with("<?xml"));
}
