//! Denmark.

use super::date::{LAST_YEAR, exists, pair};
use super::text::digits;

/// CPR number: born, and a serial whose first digit tells the century. Its check digit was given up in 2007.
pub(super) fn cpr(raw: &[u8]) -> bool {
    let Some(d) = digits::<10>(raw, b" -") else { return false };
    let two = pair(&d, 4);
    let year = two
        + match d[6] {
            5..=8 if two >= 58 => 1800,
            0..=3 => 1900,
            4 | 9 if two >= 37 => 1900,
            _ => 2000,
        };
    year <= LAST_YEAR && exists(year, pair(&d, 2), pair(&d, 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(cpr, &["211062-5381", "211062-6281", "0707614285"], &["311362-1234", "211062-538", ""]);
    }
}
