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
