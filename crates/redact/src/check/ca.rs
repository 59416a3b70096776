//! Canada.

use super::luhn::luhn;
use super::text::digits;

/// Social Insurance Number: Luhn, and not 0 or 8 in front.
pub(super) fn sin(raw: &[u8]) -> bool {
    digits::<9>(raw, b"- ").is_some_and(|d| !matches!(d[0], 0 | 8) && luhn(&d))
}

/// Personal Health Number of British Columbia.
pub(super) fn bc_phn(raw: &[u8]) -> bool {
    let Some(d) = digits::<10>(raw, b"- ") else { return false };
    let each = d[1..9].iter().zip([2, 4, 8, 5, 10, 9, 7, 3]).map(|(digit, weight)| u32::from(*digit) * weight % 11);
    d[0] == 9 && (11 - each.sum::<u32>() % 11) % 11 == u32::from(d[9])
}

/// Ontario health card: Luhn over ten digits; a version of one or two letters may follow.
pub(super) fn ohip(raw: &[u8]) -> bool {
    let end = raw.iter().rposition(u8::is_ascii_digit).map_or(0, |last| last + 1);
    digits::<10>(&raw[..end], b"- ").is_some_and(|d| d[0] != 0 && luhn(&d))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(bc_phn, &["9633380548", "9437406756", "9823 409 922"], &["9633380549", "963338054", ""]);
        known(ohip, &["9876543217", "1234-567-897-AB"], &["9876543218", "987654321", ""]);
        known(sin, &["130692544", "123-456-782"], &["130692545", "13069254", ""]);
    }
}
