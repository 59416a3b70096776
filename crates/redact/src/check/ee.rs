//! Estonia and Lithuania.

use super::date::{exists, pair};
use super::text::digits;
use super::weighted::weigh;

/// Isikukood: sex and century, born, serial, check digit.
pub(super) fn ik(raw: &[u8]) -> bool {
    digits::<11>(raw, b" ").is_some_and(|d| born(&d) && checked(&d))
}

/// Asmens kodas: the same, and numbers with 9 in front, whose birthday is not known.
pub(super) fn asmens_kodas(raw: &[u8]) -> bool {
    digits::<11>(raw, b" ").is_some_and(|d| (d[0] == 9 || born(&d)) && checked(&d))
}

fn born(d: &[u8; 11]) -> bool {
    let century = match d[0] {
        lead @ 1..=8 => 1800 + u32::from(lead - 1) / 2 * 100,
        _ => return false,
    };
    exists(century + pair(d, 1), pair(d, 3), pair(d, 5))
}

fn checked(d: &[u8; 11]) -> bool {
    let check = match weigh(&d[..10], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11 {
        10 => weigh(&d[..10], &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10,
        check => check,
    };
    check == i32::from(d[10])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(ik, &["36805217704", "36805215514", "49001230441"], &["36805217705", "3680521770", ""]);
        known(asmens_kodas, &["33309115801", "33309119292", "48801237431"], &["33309115802", "3330911580", ""]);
    }
}
