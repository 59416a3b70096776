//! South Korea.

use super::date::{exists, pair};
use super::text::digits;
use super::weighted::weigh;

/// Resident registration number: born, sex and century, place, serial, check digit.
pub(super) fn rrn(raw: &[u8]) -> bool {
    let Some(d) = digits::<13>(raw, b"-") else { return false };
    let century = match d[6] {
        1 | 2 | 5 | 6 => 1900,
        3 | 4 | 7 | 8 => 2000,
        _ => 1800,
    };
    let check = (11 - weigh(&d, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11) % 10;
    exists(century + pair(&d, 0), pair(&d, 2), pair(&d, 4)) && pair(&d, 7) <= 96 && check == i32::from(d[12])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(
            rrn,
            &["971013-9830838", "850420-1638821", "8504201341802", "8504201144127"],
            &["971013-9830839", "8504201341803", "971013-983083", "971313-9019902", ""],
        );
    }
}
