//! Greece.

use super::date::{exists, pair};
use super::luhn::luhn;
use super::text::digits;

/// ΑΜΚΑ: born, serial, Luhn.
pub(super) fn amka(raw: &[u8]) -> bool {
    let Some(d) = digits::<11>(raw, b" -") else { return false };
    let born = |century| exists(century + pair(&d, 4), pair(&d, 2), pair(&d, 0));
    luhn(&d) && (born(1900) || born(2000))
}

/// ΑΦΜ: powers of two.
pub(super) fn afm(raw: &[u8]) -> bool {
    let Some(d) = digits::<9>(raw, b" -./:") else { return false };
    let sum = d[..8].iter().fold(0, |sum, digit| sum * 2 + u32::from(*digit));
    sum * 2 % 11 % 10 == u32::from(d[8])
}
