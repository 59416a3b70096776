//! Belgium.

use super::date::{LAST_YEAR, pair};
use super::text::{digits, int};

/// Rijksregisternummer: born, serial, check. Months run to 12; 0 where the birthday is not known.
pub(super) fn nn(raw: &[u8]) -> bool {
    national(raw, |month| month <= 12)
}

/// BIS number, for who is not in the register: 20 or 40 is added to the month.
pub(super) fn bis(raw: &[u8]) -> bool {
    national(raw, |month| (20..=32).contains(&month) || (40..=52).contains(&month))
}

fn national(raw: &[u8], month: impl Fn(u32) -> bool) -> bool {
    let Some(d) = digits::<11>(raw, b" -.") else { return false };
    let (body, check) = (int(&d[..9]), int(&d[9..]));
    // Births from 2000 put a 2 before the number that is divided.
    let century = |lead: u64| 97 - (lead + body) % 97 == check;
    let valid = century(0) || pair(&d, 0) + 2000 <= LAST_YEAR && century(2_000_000_000);
    let unknown = matches!(int(&d[..6]), 1 | 2001 | 4001);
    int(&d) > 0 && valid && month(pair(&d, 2)) && (unknown || pair(&d, 2) % 20 <= 12)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(bis, &["85279597589", "85.41.30-178.24"], &["85279597580", "8527959758", ""]);
        known(
            nn,
            &["85.07.52-993.57", "85.07.34-289.40", "72032603440", "72039265360"],
            &["85.07.52-993.58", "72032603441", "85.07.52-993.5", "85073003329", ""],
        );
    }
}
