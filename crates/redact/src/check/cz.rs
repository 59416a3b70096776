//! Czechia and Slovakia.

use super::date::{exists, pair};
use super::text::{figures, int};

/// Rodné číslo: born (month + 50 for women, + 20 when serials ran out), serial, and since 1954 a check digit.
pub(super) fn rc(raw: &[u8]) -> bool {
    let Some(d) = figures(raw, b" /") else { return false };
    let checked = match d.len() {
        9 => true,
        10 => int(&d[..9]) % 11 % 10 == u64::from(d[9]),
        _ => return false,
    };
    let year = match (1900 + pair(&d, 0), d.len()) {
        (year @ 1980.., 9) => year - 100,
        (1954..=1979, 9) => return false,
        (year @ ..=1953, 10) => year + 100,
        (year, _) => year,
    };
    checked && exists(year, pair(&d, 2) % 50 % 20, pair(&d, 4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(
            rc,
            &["750612/5430", "750612/7343", "855612/0386", "7506123493", "520101/123", "7601027038", "7601316393"],
            &["750612/5431", "7506123494", "7601027039", "750612/543", "1103492745/", ""],
        );
    }
}
