//! Luxembourg.

use super::date::{exists, four, pair};
use super::luhn::luhn;
use super::text::digits;
use super::verhoeff::verhoeff;

/// Matricule: born, serial, one check digit by Luhn and one by Verhoeff, both over the first eleven.
pub(super) fn matricule(raw: &[u8]) -> bool {
    let Some(d) = digits::<13>(raw, b" -") else { return false };
    let mut other = [0; 12];
    other[..11].copy_from_slice(&d[..11]);
    other[11] = d[12];
    (1800..2100).contains(&four(&d, 0))
        && exists(four(&d, 0), pair(&d, 4), pair(&d, 6))
        && luhn(&d[..12])
        && verhoeff(&other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(matricule, &["1983072345696", "1955120178969"], &["1983072345697", "198307234569", ""]);
    }
}
