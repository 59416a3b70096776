//! Ireland.

use super::text::{plain, values};
use super::weighted::weigh;

/// PPS number: seven digits, check letter, and perhaps a second letter; A, B and H count in the sum.
pub(super) fn pps(raw: &[u8]) -> bool {
    let Some(text) = plain(raw, b" -") else { return false };
    let (body, check, second) = match &*text {
        [body @ .., check] if body.len() == 7 => (body, *check, 0),
        [body @ .., check, second] if body.len() == 7 => match second {
            b'A' | b'B' | b'H' => (body, *check, second - b'A' + 1),
            b'T' | b'W' | b'X' => (body, *check, 0),
            _ => return false,
        },
        _ => return false,
    };
    values::<7>(body).is_some_and(|d| check == letter(&d, second))
}

/// The check letter of seven digits and the value of a second letter (W is 0).
pub(super) fn letter(d: &[u8; 7], second: u8) -> u8 {
    let sum = weigh(d, &[8, 7, 6, 5, 4, 3, 2]) + 9 * i32::from(second);
    b"WABCDEFGHIJKLMNOPQRSTUV"[(sum % 23) as usize]
}

/// The value of a letter in the check alphabet.
pub(super) fn value(letter: u8) -> Option<u8> {
    b"WABCDEFGHIJKLMNOPQRSTUV".iter().position(|known| *known == letter).map(|at| at as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(pps, &["2710685N", "5153206T", "9735474KA"], &["2710685O", "2710685", ""]);
    }
}
