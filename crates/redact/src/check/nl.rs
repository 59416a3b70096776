//! The Netherlands.

use super::text::{digits, figures, int};
use super::weighted::{divides, weigh};

/// Burgerservicenummer: the eleven-test. Old ones have eight digits.
pub(super) fn bsn(raw: &[u8]) -> bool {
    let Some(d) = figures(raw, b" -.") else { return false };
    match d.len() {
        9 => int(&d) > 0 && divides(11, &d, &[9, 8, 7, 6, 5, 4, 3, 2, -1]),
        8 => int(&d) > 0 && divides(11, &d, &[8, 7, 6, 5, 4, 3, 2, -1]),
        _ => false,
    }
}

/// Onderwijsnummer, a pupil without BSN: 10 in front, and the eleven-test leaves 5.
pub(super) fn onderwijsnummer(raw: &[u8]) -> bool {
    let Some(d) = digits::<9>(raw, b" -.") else { return false };
    d[..2] == [1, 0] && weigh(&d, &[9, 8, 7, 6, 5, 4, 3, 2, -1]).rem_euclid(11) == 5
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(bsn, &["123456782", "1234.56.782", "927386732"], &["123456783", "12345678", "000000000", ""]);
        known(onderwijsnummer, &["105917984", "103645579"], &["105917985", "10591798", ""]);
    }
}
