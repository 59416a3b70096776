//! Switzerland and Liechtenstein.

use super::text::digits;
use super::weighted::divides;

/// AHV number: 756, nine digits, check digit of EAN-13.
pub(super) fn ahv(raw: &[u8]) -> bool {
    let Some(d) = digits::<13>(raw, b" .") else { return false };
    d[..3] == [7, 5, 6] && divides(10, &d, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(ahv, &["756.5378.7270.87", "7563158819267"], &["756.5378.7270.88", "756.5378.7270.8", ""]);
    }
}
