//! Sweden.

use super::date::{LAST_YEAR, exists, four, pair};
use super::luhn::luhn;
use super::text::figures;

/// Personnummer: born (day + 60 in a coordination number), serial, Luhn over ten digits. `+` says that a person of
/// two-digit year is over a hundred.
pub(super) fn personnummer(raw: &[u8]) -> bool {
    let Some(d) = figures(raw, b" :-+") else { return false };
    let (year, rest) = match d.len() {
        12 => (four(&d, 0), &d[2..]),
        10 => (two_digits(pair(&d, 0), raw.contains(&b'+')), &d[..]),
        _ => return false,
    };
    let day = if pair(rest, 4) > 60 { pair(rest, 4) - 60 } else { pair(rest, 4) };
    exists(year, pair(rest, 2), day) && luhn(rest)
}

fn two_digits(two: u32, over_a_hundred: bool) -> u32 {
    let century = if two > LAST_YEAR % 100 { 1900 } else { 2000 };
    century + two - if over_a_hundred { 100 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(
            personnummer,
            &["811228-0170", "19121212-2079", "121212+7672", "8112283851", "197904125668"],
            &["811228-0171", "8112283852", "811228-017", ""],
        );
    }
}
