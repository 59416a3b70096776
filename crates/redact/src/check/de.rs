//! Germany.

use super::date::pair;
use super::iso7064::mod_11_10;
use super::text::{alphanumeric, chars, digits, value};

/// Steuerliche Identifikationsnummer: among the first ten exactly one digit stands twice or three times.
pub(super) fn idnr(raw: &[u8]) -> bool {
    let Some(d) = digits::<11>(raw, b" -./,") else { return false };
    let mut counts = [0_u8; 10];
    d[..10].iter().for_each(|digit| counts[usize::from(*digit)] += 1);
    let mut repeated = counts.iter().filter(|count| **count > 1);
    d[0] != 0 && matches!((repeated.next(), repeated.next()), (Some(2 | 3), None)) && mod_11_10(&d)
}

/// Rentenversicherungsnummer: area, birthday, initial, serial, check digit.
pub(super) fn svnr(raw: &[u8]) -> bool {
    const WEIGHTS: [u32; 12] = [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1];
    let Some(text) = chars::<12>(raw, b" ") else { return false };
    if !text[8].is_ascii_uppercase() {
        return false;
    }
    let letter = text[8] - b'A' + 1;
    let mut d = [0; 12];
    let written =
        text[..8].iter().copied().chain([b'0' + letter / 10, b'0' + letter % 10]).chain(text[9..11].iter().copied());
    for (digit, byte) in d.iter_mut().zip(written) {
        let Some(value) = value(byte) else { return false };
        *digit = value;
    }
    let each = d.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(*digit) * weight);
    let sum: u32 = each.map(|product| product / 10 + product % 10).sum();
    // Serials of women begin at 50, and 50 is added to the day when they ran out.
    let born = (1..=31).contains(&(pair(&d, 2) % 50)) && (1..=12).contains(&pair(&d, 4));
    born && u8::try_from(sum % 10).ok() == value(text[11])
}

/// Number of an identity card or passport: nine characters and their check digit, weights 7, 3, 1.
pub(super) fn ausweis(raw: &[u8]) -> bool {
    let Some(text) = chars::<10>(raw, b" ") else { return false };
    super::mrz::checked(&text[..9], text[9]) && text[..9].iter().all(|byte| alphanumeric(*byte).is_some())
}

/// Krankenversichertennummer: a letter as two digits, weights 1 and 2, digit sums.
pub(super) fn kvnr(raw: &[u8]) -> bool {
    let Some(text) = chars::<10>(raw, b" ") else { return false };
    let Some(tail) = super::text::values::<9>(&text[1..]) else { return false };
    let letter = text[0].wrapping_sub(b'A') + 1;
    let body = [letter / 10, letter % 10].into_iter().chain(tail[..8].iter().copied());
    let each = body.zip([1, 2].into_iter().cycle()).map(|(digit, weight)| digit * weight);
    text[0].is_ascii_uppercase() && each.map(|product| product / 10 + product % 10).sum::<u8>() % 10 == tail[8]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(ausweis, &["T220001293", "L01X00T471"], &["T220001294", "T22000129", ""]);
        known(
            idnr,
            &["67219386654", "90764200317", "42 573 338 106"],
            &["67219386655", "6721938665", "01234567899", ""],
        );
        known(kvnr, &["A123456780", "A000500015"], &["A123456781", "A12345678", ""]);
        known(svnr, &["15070649C103", "15 070649 C 103"], &["15070649C104", "15070649C10", ""]);
    }
}
