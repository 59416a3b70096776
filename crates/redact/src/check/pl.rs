//! Poland.

use super::date::{exists, pair};
use super::text::{alphanumeric, chars, digits};
use super::weighted::{divides, weigh};

/// PESEL: born (20, 40, 60 or 80 added to the month tell the century), serial, check digit.
pub(super) fn pesel(raw: &[u8]) -> bool {
    let Some(d) = digits::<11>(raw, b" -") else { return false };
    let century = [1900, 2000, 2100, 2200, 1800][pair(&d, 2) as usize / 20];
    exists(century + pair(&d, 0), pair(&d, 2) % 20, pair(&d, 4)) && divides(10, &d, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1])
}

/// NIP, the tax number of people and companies.
pub(super) fn nip(raw: &[u8]) -> bool {
    digits::<10>(raw, b" -").is_some_and(|d| divides(11, &d, &[6, 5, 7, 2, 3, 4, 5, 6, 7, -1]))
}

/// Dowód osobisty: three letters, check digit, five digits.
pub(super) fn dowod(raw: &[u8]) -> bool {
    document(raw, 3, [7, 3, 1, 9, 7, 3, 1, 7, 3])
}

/// Passport: two letters, check digit, six digits.
pub(super) fn passport(raw: &[u8]) -> bool {
    document(raw, 2, [7, 3, 9, 1, 7, 3, 1, 7, 3])
}

fn document(raw: &[u8], letters: usize, weights: [i32; 9]) -> bool {
    let Some(text) = chars::<9>(raw, b" ") else { return false };
    let values = text.map(|byte| alphanumeric(byte).unwrap_or(0));
    let shape = text[..letters].iter().all(u8::is_ascii_uppercase) && text[letters..].iter().all(u8::is_ascii_digit);
    shape && divides(10, &values, &weights) && weigh(&values[letters..], &[1; 9]) > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(dowod, &["ABA300000", "ABS123456"], &["ABA300001", "ABA30000", ""]);
        known(nip, &["8567922274", "8568336331", "768-838-90-39"], &["8567922275", "856792227", ""]);
        known(passport, &["ZS0000177", "AN0000177"], &["ZS0000178", "ZS000017", ""]);
        known(pesel, &["44051454852", "44051468224", "02210369207"], &["44051454853", "4405145485", ""]);
    }
}
