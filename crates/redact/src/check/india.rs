//! India.

use super::luhn::luhn;
use super::text::{chars, digits, values};
use super::verhoeff::verhoeff;

/// Aadhaar: not 0 or 1 in front, no palindrome, Verhoeff.
pub(super) fn aadhaar(raw: &[u8]) -> bool {
    let Some(d) = digits::<12>(raw, b" -") else { return false };
    d[0] > 1 && !d.iter().eq(d.iter().rev()) && verhoeff(&d)
}

/// Permanent Account Number: the fourth letter is the kind of holder; serials begin with 0001.
pub(super) fn pan(raw: &[u8]) -> bool {
    let Some(text) = chars::<10>(raw, b" -") else { return false };
    let letters = text[..5].iter().chain(&text[9..]).all(u8::is_ascii_uppercase);
    letters && b"ABCFGHLJPTK".contains(&text[3]) && values::<4>(&text[5..9]).is_some_and(|d| d != [0; 4])
}

/// Voter's card: three letters, seven digits with Luhn.
pub(super) fn epic(raw: &[u8]) -> bool {
    let Some(text) = chars::<10>(raw, b" -") else { return false };
    text[..3].iter().all(u8::is_ascii_uppercase) && values::<7>(&text[3..]).is_some_and(|d| luhn(&d))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(aadhaar, &["212643264568", "6259 0657 7593"], &["212643264569", "21264326456", "222222222222", ""]);
        known(epic, &["WKH1186253", "ABC8372054"], &["WKH1186254", "WKH118625", ""]);
        known(pan, &["ACUPA7085R", "AAPFU0939F"], &["ACUPA0000R", "ACUZA7085R", "ACUPA7085", ""]);
    }
}
