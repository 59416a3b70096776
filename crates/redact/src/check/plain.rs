//! The families of checksums by themselves, for detectors of one's own: over the digits of a number, whatever stands
//! between them.

use super::iso7064::mod_11_10;
use super::luhn;
use super::mod97::remainder;
use super::verhoeff;

/// More digits than any number has that a person writes down.
const DIGITS_MAX: usize = 64;

/// Luhn (ISO/IEC 7812-1).
pub(super) fn luhn(raw: &[u8]) -> bool {
    over_digits(raw, luhn::luhn)
}

/// Verhoeff: the last digit checks those before it.
pub(super) fn verhoeff(raw: &[u8]) -> bool {
    over_digits(raw, verhoeff::verhoeff)
}

/// ISO/IEC 7064 mod 11,10.
pub(super) fn iso7064_mod_11_10(raw: &[u8]) -> bool {
    over_digits(raw, mod_11_10)
}

/// ISO/IEC 7064 mod 97-10: digits and letters, read as they stand, leave 1.
pub(super) fn iso7064_mod_97_10(raw: &[u8]) -> bool {
    let signs = raw.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_uppercase);
    signs.clone().count() > 2 && remainder(signs) == Some(1)
}

/// Asks about the values of the digits, of which there are two at least.
fn over_digits(raw: &[u8], check: fn(&[u8]) -> bool) -> bool {
    let mut digits = [0; DIGITS_MAX];
    let mut count = 0;
    for byte in raw.iter().filter(|byte| byte.is_ascii_digit()) {
        let Some(digit) = digits.get_mut(count) else { return false };
        *digit = byte - b'0';
        count += 1;
    }
    count > 1 && check(&digits[..count])
}

#[cfg(test)]
mod tests {
    use super::super::known;
    use super::*;

    /// Published samples: Luhn and Verhoeff as their authors have them, the mod 11,10 of ISO 7064, a mod 97-10 of ISO 17442.
    #[test]
    fn samples_are_valid() {
        known(luhn, &["79927398713", "AC-12345674", "18"], &["79927398710", "AC-12345678", "0", ""]);
        known(verhoeff, &["2363", "84736430954837284567892"], &["2364", "3"]);
        known(iso7064_mod_11_10, &["0794 5"], &["0794 4", "5"]);
        known(iso7064_mod_97_10, &["213800WSGIIZCXF1P572", "794 44"], &["213800WSGIIZCXF1P573", "1"]);
        known(luhn, &[], &["0".repeat(DIGITS_MAX + 1).as_str()]);
    }
}
