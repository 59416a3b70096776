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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(afm, &["101529989", "150229150"], &["101529980", "10152998", ""]);
        known(amka, &["01019021565", "01019011806", "15126686482"], &["01019021566", "0101902156", "01019001234", ""]);
    }
}
