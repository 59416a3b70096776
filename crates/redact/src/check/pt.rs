//! Portugal.

use super::luhn;
use super::text::{alphanumeric, chars, digits};
use super::weighted::{eleven, weigh};

/// Número de identificação fiscal.
pub(super) fn nif(raw: &[u8]) -> bool {
    let Some(d) = digits::<9>(raw, b" -.") else { return false };
    d[0] != 0 && eleven(&d, &[9, 8, 7, 6, 5, 4, 3, 2]) % 10 == i32::from(d[8])
}

/// Cartão de cidadão: nine digits, two characters, check digit; Luhn with letters from 10.
pub(super) fn cc(raw: &[u8]) -> bool {
    let Some(text) = chars::<12>(raw, b" -") else { return false };
    let shape = text[..9].iter().all(u8::is_ascii_digit) && text[11].is_ascii_digit();
    let values = text.map(|byte| alphanumeric(byte).unwrap_or(u8::MAX));
    // A letter is up to 35: doubled it may need the nine taken away only once, as the rule of the card says.
    shape && values.iter().all(|value| *value < 36) && luhn::sum(&values).is_multiple_of(10)
}

/// NISS, social security: prime weights.
pub(super) fn niss(raw: &[u8]) -> bool {
    let Some(d) = digits::<11>(raw, b" -.") else { return false };
    matches!(d[0], 1 | 2) && 9 - weigh(&d, &[29, 23, 19, 17, 13, 11, 7, 5, 3, 2]) % 10 == i32::from(d[10])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(cc, &["11108546 2 ZZ9", "121743090YG0"], &["11108546 2 ZZ0", "11108546 2 ZZ", ""]);
        known(nif, &["288883721", "290390427", "142 013 870"], &["288883722", "28888372", ""]);
        known(niss, &["11234567892", "21987654326"], &["11234567893", "1123456789", ""]);
    }
}
