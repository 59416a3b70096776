//! Norway.

use super::date::{exists, pair};
use super::text::{digits, int};
use super::weighted::eleven;

/// Fødselsnummer: born (day + 40 for D-numbers, month + 40 for emergency numbers), serial, two check digits.
pub(super) fn fodselsnummer(raw: &[u8]) -> bool {
    let Some(d) = digits::<11>(raw, b" -:.") else { return false };
    let checked = eleven(&d, &[3, 7, 6, 1, 8, 9, 4, 5, 2]) == i32::from(d[9])
        && eleven(&d, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) == i32::from(d[10]);
    checked && pair(&d, 0) < 80 && born(&d)
}

fn born(d: &[u8; 11]) -> bool {
    let less = |number: u32| if number > 40 { number - 40 } else { number };
    let (day, month, two) = (less(pair(d, 0)), less(pair(d, 2)), pair(d, 4));
    let century = match int(&d[6..9]) {
        0..=499 => 1900,
        500..=749 if two >= 54 => 1800,
        500..=999 if two < 40 => 2000,
        900..=999 => 1900,
        _ => return false,
    };
    exists(century + two, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(fodselsnummer, &["15108601768", "15108650726", "55017298401"], &["15108601769", "1510860176", ""]);
    }
}
