//! Singapore.

use super::text::{chars, values};
use super::weighted::weigh;

/// NRIC (S, T), FIN (F, G, M): seven digits and a letter; later series shift the sum.
pub(super) fn nric(raw: &[u8]) -> bool {
    let Some(text) = chars::<9>(raw, b"") else { return false };
    let Some(d) = values::<7>(&text[1..8]) else { return false };
    let (shift, letters): (i32, &[u8; 11]) = match text[0] {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        b'M' => (3, b"XWUTRQPNJLK"),
        _ => return false,
    };
    letters[((weigh(&d, &[2, 7, 6, 5, 4, 3, 2]) + shift) % 11) as usize] == text[8]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(nric, &["S1234567D", "F1234567N"], &["S1234567E", "S1234567", ""]);
    }
}
