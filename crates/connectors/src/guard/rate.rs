//! How many questions a store is asked at most.

use std::time::{Duration, Instant};

use model::Fault;

/// So many questions in so long a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// At least one.
    pub questions: u32,
    /// A second, a minute or an hour.
    pub within: Duration,
}

impl Rate {
    /// Reads `100/s`, `50/m`, `1000/h`.
    ///
    /// # Errors
    /// `bad-rate`.
    pub fn parse(text: &str) -> Result<Rate, Fault> {
        let parts = text.split_once('/').and_then(|(number, unit)| {
            let seconds = match unit.trim() {
                "s" => 1,
                "m" => 60,
                "h" => 3600,
                _ => return None,
            };
            let questions = number.trim().parse().ok().filter(|questions| *questions > 0)?;
            Some(Rate { questions, within: Duration::from_secs(seconds) })
        });
        parts.ok_or_else(|| {
            Fault::bad_config("bad-rate", format!("{text:?} is no rate"))
                .advise("Write it like \"100/s\", \"50/m\" or \"1000/h\".")
        })
    }

    fn per_second(self) -> f64 {
        f64::from(self.questions) / self.within.as_secs_f64()
    }
}

/// A bucket of tokens, one for each question. It holds what comes in within a second, and one at least.
pub(super) struct Bucket {
    rate: Rate,
    /// Below zero: questions that wait for their token.
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    pub(super) fn new(rate: Rate, now: Instant) -> Self {
        Bucket { rate, tokens: rate.per_second().max(1.0), filled: now }
    }

    /// Takes tokens for so many questions; says how long to wait before they are asked.
    pub(super) fn take(&mut self, questions: u32, now: Instant) -> Duration {
        let per_second = self.rate.per_second();
        let came_in = now.saturating_duration_since(self.filled).as_secs_f64() * per_second;
        self.tokens = (self.tokens + came_in).min(per_second.max(1.0)) - f64::from(questions);
        self.filled = now;
        Duration::from_secs_f64((-self.tokens).max(0.0) / per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_a_number_and_a_unit() {
        let check = |text: &str, expect: Option<(u32, u64)>| {
            let rate = Rate::parse(text).ok().map(|rate| (rate.questions, rate.within.as_secs()));
            assert_eq!(rate, expect, "{text}");
        };
        check("100/s", Some((100, 1)));
        check("50 / m", Some((50, 60)));
        check("1000/h", Some((1000, 3600)));
        check("0/s", None);
        check("100", None);
        check("1/d", None);
    }

    /// Whoever waits as told asks at most as often as the rate says, after the first second's worth.
    #[test]
    fn waiting_as_told_keeps_the_rate() {
        let check = |rate: &str, questions: u32, expect_at_least: f64| {
            let start = Instant::now();
            let (mut now, mut bucket) = (start, Bucket::new(Rate::parse(rate).unwrap(), start));
            for _ in 0..questions {
                now += bucket.take(1, now);
            }
            let took = (now - start).as_secs_f64();
            assert!(took > expect_at_least - 0.01 && took < expect_at_least + 0.01, "{rate}: {took}");
        };
        check("10/s", 10, 0.0);
        check("10/s", 30, 2.0);
        check("60/m", 11, 10.0);
        check("3600/h", 2, 1.0);
    }

    #[test]
    fn an_idle_bucket_does_not_fill_without_end() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Rate::parse("10/s").unwrap(), start);
        let later = start + Duration::from_secs(3600);
        assert_eq!(bucket.take(10, later), Duration::ZERO);
        assert_eq!(bucket.take(1, later), Duration::from_millis(100));
    }
}
