//! Romania.

use super::date::{exists, pair};
use super::text::digits;
use super::weighted::weigh;

/// Cod numeric personal: sex and century, born, county, serial, check digit.
pub(super) fn cnp(raw: &[u8]) -> bool {
    let Some(d) = digits::<13>(raw, b" -") else { return false };
    let century = match d[0] {
        0 => return false,
        3 | 4 => 1800,
        5 | 6 => 2000,
        _ => 1900,
    };
    let county = matches!(pair(&d, 7), 1..=48 | 51 | 52 | 70 | 80..=83);
    let check = match weigh(&d, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11 {
        10 => 1,
        check => check,
    };
    county && exists(century + pair(&d, 1), pair(&d, 3), pair(&d, 5)) && check == i32::from(d[12])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(cnp, &["1630615249651", "1630615195718", "2920701187167"], &["1630615249652", "163061524965", ""]);
    }
}
