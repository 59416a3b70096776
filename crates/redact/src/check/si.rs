//! Slovenia, and the rest of what was Yugoslavia.

use super::date::{exists, pair};
use super::text::{digits, int};
use super::weighted::{eleven, weigh};

/// EMŠO, JMBG: born with three digits of the year, region, serial, check digit.
pub(super) fn emso(raw: &[u8]) -> bool {
    let Some(d) = digits::<13>(raw, b" ") else { return false };
    let year = match int(&d[4..7]) as u32 {
        three @ ..800 => three + 2000,
        three => three + 1000,
    };
    exists(year, pair(&d, 2), pair(&d, 0)) && eleven(&d, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 10 == i32::from(d[12])
}

/// Davčna številka, the tax number of people and companies.
pub(super) fn davcna(raw: &[u8]) -> bool {
    let Some(d) = digits::<8>(raw, b" -") else { return false };
    // A remainder of 0 writes no number at all, one of 1 a zero.
    let check = 11 - weigh(&d[..7], &[8, 7, 6, 5, 4, 3, 2]) % 11;
    d[0] != 0 && (if check == 10 { 0 } else { check }) == i32::from(d[7])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(davcna, &["55446205", "55225551"], &["55446206", "5544620", ""]);
        known(emso, &["0101006500669", "0101006500774", "2402974505094"], &["0101006500660", "010100650066", ""]);
    }
}
