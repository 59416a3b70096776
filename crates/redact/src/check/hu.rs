//! Hungary.

use super::date::{exists, pair};
use super::text::digits;
use super::weighted::weigh;

/// Személyi azonosító: sex and century, born, serial, check digit. Births from 1997 are weighed the other way round.
pub(super) fn personal(raw: &[u8]) -> bool {
    let Some(d) = digits::<11>(raw, b" -") else { return false };
    let year = pair(&d, 1)
        + match d[0] {
            1 | 2 | 5 | 6 => 1900,
            3 | 4 | 7 | 8 => 2000,
            _ => return false,
        };
    let up = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    let down = [10, 9, 8, 7, 6, 5, 4, 3, 2, 1];
    let late = (year, pair(&d, 3)) >= (1997, 1);
    exists(year, pair(&d, 3), pair(&d, 5)) && weigh(&d, if late { &down } else { &up }) % 11 == i32::from(d[10])
}

/// TAJ, the number of social security.
pub(super) fn taj(raw: &[u8]) -> bool {
    let Some(d) = digits::<9>(raw, b" -") else { return false };
    weigh(&d, &[3, 7, 3, 7, 3, 7, 3, 7]) % 10 == i32::from(d[8])
}

/// Adóazonosító jel, the tax number of a person: 8, days since 1867, serial, check digit.
pub(super) fn tax(raw: &[u8]) -> bool {
    let Some(d) = digits::<10>(raw, b" -") else { return false };
    d[0] == 8 && weigh(&d, &[1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11 == i32::from(d[9])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(personal, &["27204121256", "3-010203-4584"], &["27204121257", "2720412125", ""]);
        known(taj, &["037105231", "123 456 788"], &["037105232", "03710523", ""]);
        known(tax, &["8071925950", "8445312065"], &["8071925951", "807192595", ""]);
    }
}
