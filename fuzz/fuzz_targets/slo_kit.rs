//! What the rule targets share: small limits, made-up numbers, and what every book and every fault promises.

use model::{Decimal, Digest, Fault, Instant, Verdict};
use slo::measure::{Basis, Comparison, Counts, Interval, Measure, Percentile, Source};
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

impl Measure for Numbers {
    fn ratio(&self, good: &Source, total: &Source, window: Interval) -> Result<Counts, Fault> {
        Ok(Self::counts(&format!("{good:?}{total:?}"), window))
    }

    fn threshold(&self, source: &Source, op: Comparison, value: Decimal, window: Interval) -> Result<Counts, Fault> {
        Ok(Self::counts(&format!("{source:?}{op:?}{value}"), window))
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
        let expected = match outcome.total {
            _ if outcome.fault.is_some() => Verdict::NoData,
            0 => Verdict::NoData,
            _ if outcome.good >= outcome.needed => Verdict::Met,
            _ => Verdict::Broken,
        };
        assert_eq!(outcome.verdict, expected, "{outcome:?}");
        assert!(outcome.needed <= outcome.total);
    }
    assert!(slo::to_json(&evaluation).is_object());
    assert!(slo::to_junit(&evaluation).starts_with("<?xml"));
}
