//! Turkey.

use super::text::digits;
use super::weighted::weigh;

/// T.C. kimlik numarası: two check digits.
pub(super) fn kimlik(raw: &[u8]) -> bool {
    let Some(d) = digits::<11>(raw, b" ") else { return false };
    let first = (-weigh(&d, &[3, 1, 3, 1, 3, 1, 3, 1, 3])).rem_euclid(10);
    let second = (first + weigh(&d, &[1; 9])) % 10;
    d[0] != 0 && first == i32::from(d[9]) && second == i32::from(d[10])
}

/// Vergi kimlik numarası, the tax number.
pub(super) fn vergi(raw: &[u8]) -> bool {
    let Some(d) = digits::<10>(raw, b" ") else { return false };
    let each = |(place, digit): (usize, &u8)| {
        let places = 9 - place as u32;
        match (u32::from(*digit) + places) % 10 {
            0 => 0,
            shifted => match shifted * (1 << places) % 9 {
                0 => 9,
                rest => rest,
            },
        }
    };
    let sum: u32 = d[..9].iter().enumerate().map(each).sum();
    (10 - sum % 10) % 10 == u32::from(d[9])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(kimlik, &["17291716060", "38836488570"], &["17291716061", "1729171606", ""]);
        known(vergi, &["4540536920", "5093247539"], &["4540536921", "454053692", ""]);
    }
}
