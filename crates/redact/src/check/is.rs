//! Iceland.

use super::date::{exists, pair};
use super::text::digits;
use super::weighted::divides;

/// Kennitala: born (day + 40 for organisations), serial, check digit, century.
pub(super) fn kennitala(raw: &[u8]) -> bool {
    let Some(d) = digits::<10>(raw, b"- ") else { return false };
    let century = match d[9] {
        9 => 1900,
        0 => 2000,
        _ => return false,
    };
    let day = if pair(&d, 0) >= 40 { pair(&d, 0) - 40 } else { pair(&d, 0) };
    d[0] <= 7 && exists(century + pair(&d, 4), pair(&d, 2), day) && divides(11, &d, &[3, 2, 7, 6, 5, 4, 3, 2, 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(
            kennitala,
            &["120174-0379", "120174-0459", "230501-2700", "1201748789", "1201748869"],
            &["120174-3389", "321374-3399", "3213743399", "120174-037", ""],
        );
    }
}
