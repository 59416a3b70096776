//! How often and when a store is asked again, and when it is left alone.

use std::time::{Duration, Instant};

use model::Fault;

/// Faults after which the same question can have another answer.
const PASSING: [&str; 5] = ["store-unreachable", "store-timeout", "store-busy", "store-deadlock", "store-lock-timeout"];
/// Those of them after which the connection is no good any more.
const BROKEN: [&str; 2] = ["store-unreachable", "store-timeout"];

const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Whether asking again after attempt `number` may help. A lock was waited for already; a question that took too long may
/// have met a host that says nothing, once.
pub(super) fn may_pass(fault: &Fault, number: u32) -> bool {
    PASSING.contains(&fault.code()) && (fault.code() != "store-timeout" || number == 1)
}

/// Whether the connection is gone.
pub(super) fn is_broken(fault: &Fault) -> bool {
    BROKEN.contains(&fault.code())
}

/// Numbers that spread waits (splitmix64): programs that failed together do not come back together.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// How long to wait before attempt `number` (from 1): anything up to a bound that doubles each time.
    pub(super) fn wait(&mut self, number: u32) -> Duration {
        let bound = FIRST_WAIT.saturating_mul(1 << number.saturating_sub(1).min(16)).min(LONGEST_WAIT);
        let share = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        bound.mul_f64(share)
    }
}

/// Counts failures in a row; after [`Breaker::FAILURES`] of them the store is left alone for [`Breaker::REST`].
#[derive(Default)]
pub(super) struct Breaker {
    failures: u32,
    rests_until: Option<Instant>,
    last: String,
}

impl Breaker {
    pub(super) const FAILURES: u32 = 5;
    pub(super) const REST: Duration = Duration::from_secs(30);

    /// Whether the store may be asked now.
    ///
    /// # Errors
    /// `store-resting`.
    pub(super) fn check(&mut self, now: Instant) -> Result<(), Fault> {
        let Some(until) = self.rests_until else { return Ok(()) };
        let left = until.saturating_duration_since(now);
        if left.is_zero() {
            // One attempt decides whether it rests again.
            self.rests_until = None;
            self.failures = Self::FAILURES - 1;
            return Ok(());
        }
        let message = format!("It did not answer {} times in a row: {}", self.failures, self.last);
        Err(Fault::unavailable("store-resting", message).advise(format!(
            "It is asked again in {} s at the earliest; see to the server meanwhile.",
            left.as_secs() + 1
        )))
    }

    pub(super) fn answered(&mut self) {
        self.failures = 0;
    }

    /// Notes a failure; says whether the store rests from now on.
    pub(super) fn failed(&mut self, fault: &Fault, now: Instant) -> bool {
        self.failures = self.failures.saturating_add(1);
        self.last = fault.message().to_owned();
        if self.failures >= Self::FAILURES {
            self.rests_until = Some(now + Self::REST);
        }
        self.rests_until.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_spread_and_bounded() {
        let mut chance = Chance(7);
        for number in 1..=40 {
            let bound = Duration::from_millis(100 * (1 << (number - 1).min(10))).min(LONGEST_WAIT);
            let waits: Vec<Duration> = (0..100).map(|_| chance.wait(number)).collect();
            assert!(waits.iter().all(|wait| *wait <= bound), "{number}");
            let mean = waits.iter().sum::<Duration>() / 100;
            assert!(mean > bound / 3 && mean < bound.mul_f64(0.67), "{number}: {mean:?} of {bound:?}");
        }
        assert_ne!(Chance(1).wait(5), Chance(2).wait(5));
        assert_eq!(Chance(1).wait(5), Chance(1).wait(5));
    }

    #[test]
    fn a_store_that_fails_in_a_row_rests_and_is_tried_once() {
        let (mut breaker, start) = (Breaker::default(), Instant::now());
        let fault = || Fault::unavailable("store-unreachable", "nobody there");
        for _ in 0..Breaker::FAILURES - 1 {
            assert!(!breaker.failed(&fault(), start));
        }
        breaker.answered();
        for number in 1..=Breaker::FAILURES {
            breaker.check(start).unwrap();
            assert_eq!(breaker.failed(&fault(), start), number == Breaker::FAILURES);
        }
        let resting = breaker.check(start + Duration::from_secs(1)).unwrap_err();
        assert_eq!(resting.code(), "store-resting");
        assert!(resting.message().contains("nobody there"), "{resting}");
        let later = start + Breaker::REST;
        breaker.check(later).unwrap();
        assert!(breaker.failed(&fault(), later), "one more failure is enough");
        assert!(breaker.check(later).is_err());
        breaker.check(later + Breaker::REST).unwrap();
        breaker.answered();
        assert!(!breaker.failed(&fault(), later));
    }
}
