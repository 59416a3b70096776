//! How long to wait after a failure: twice as long each time, and nobody at the same time as everybody.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(2);
const MOST: Duration = Duration::from_secs(15 * 60);

/// The failures in a row.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff(u32);

impl Backoff {
    /// It went well.
    pub(crate) fn reset(&mut self) {
        self.0 = 0;
    }

    /// The wait after one more failure: between half and the whole of what the number of failures gives. `random` spreads a
    /// thousand devices that lost the same receiver.
    pub(crate) fn next(&mut self, random: u64) -> Duration {
        let whole = FIRST.saturating_mul(1 << self.0.min(20)).min(MOST);
        self.0 = self.0.saturating_add(1);
        whole / 2 + whole.mul_f64((random % 1_000) as f64 / 2_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_bound() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..12).map(|_| backoff.next(999).as_secs()).collect();
        assert_eq!(waits[..4], [1, 3, 7, 15]);
        assert_eq!(waits[11], 899);
        assert!((0..100).all(|_| backoff.next(0) == MOST / 2));
        backoff.reset();
        assert_eq!(backoff.next(0), FIRST / 2);
    }
}
