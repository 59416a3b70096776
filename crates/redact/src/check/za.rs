//! South Africa.

use super::date::{exists, pair, recent};
use super::luhn::luhn;
use super::text::digits;

/// Identity number: born, serial, citizen or resident, Luhn.
pub(super) fn id(raw: &[u8]) -> bool {
    let Some(d) = digits::<13>(raw, b" ") else { return false };
    d[10] < 2 && exists(recent(pair(&d, 0)), pair(&d, 2), pair(&d, 4)) && luhn(&d)
}

/// Tax reference number.
pub(super) fn tin(raw: &[u8]) -> bool {
    digits::<10>(raw, b" -/").is_some_and(|d| matches!(d[0], 0..=3 | 9) && luhn(&d))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(id, &["7503306413069", "7503304635119", "820625 9133 18 4"], &["7503306413060", "750330641306", ""]);
        known(tin, &["0600442313", "0737165217", "9569/006/381"], &["0600442314", "060044231", ""]);
    }
}
