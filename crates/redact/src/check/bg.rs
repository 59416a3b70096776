//! Bulgaria.

use super::date::{exists, pair};
use super::text::digits;
use super::weighted::weigh;

/// ЕГН: born (month + 20 before 1900, + 40 from 2000), serial, check digit.
pub(super) fn egn(raw: &[u8]) -> bool {
    let Some(d) = digits::<10>(raw, b" -.") else { return false };
    let (year, month) = match pair(&d, 2) {
        month @ 41.. => (2000, month - 40),
        month @ 21.. => (1800, month - 20),
        month => (1900, month),
    };
    exists(year + pair(&d, 0), month, pair(&d, 4))
        && weigh(&d, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == i32::from(d[9])
}

/// ЛНЧ, the number of a foreigner.
pub(super) fn pnf(raw: &[u8]) -> bool {
    let Some(d) = digits::<10>(raw, b" -.") else { return false };
    weigh(&d, &[21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10 == i32::from(d[9])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(egn, &["7506127040", "7506220045", "0144216120"], &["7506127041", "750612704", ""]);
        known(pnf, &["7177257482", "7629430601"], &["7177257483", "717725748", ""]);
    }
}
