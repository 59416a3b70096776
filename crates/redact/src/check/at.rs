//! Austria.

use super::text::digits;
use super::weighted::weigh;

/// Sozialversicherungsnummer: serial, check digit, then day, month and year of birth, which need not exist.
pub(super) fn vnr(raw: &[u8]) -> bool {
    let Some(d) = digits::<10>(raw, b" -/.") else { return false };
    d[0] != 0 && weigh(&d, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 == i32::from(d[3])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(vnr, &["1907010180", "4833010180", "9258 120465"], &["1907010181", "190701018", ""]);
    }
}
