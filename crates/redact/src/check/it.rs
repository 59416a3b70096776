//! Italy.

use super::date::exists;
use super::text::{alphanumeric, chars};

/// Codice fiscale: consonants of the name, born, place, check letter. Where two people would share one, digits are
/// written as letters (omocodia).
pub(super) fn codice_fiscale(raw: &[u8]) -> bool {
    let Some(text) = chars::<16>(raw, b" -:") else { return false };
    let shape = text.iter().enumerate().all(|(place, byte)| match place {
        6 | 7 | 9 | 10 | 12..=14 => digit(*byte).is_some(),
        _ => byte.is_ascii_uppercase(),
    });
    shape && born(&text) && checked(&text)
}

fn digit(byte: u8) -> Option<u32> {
    let at = b"LMNPQRSTUV".iter().position(|letter| *letter == byte).map(|at| at as u8);
    Some(u32::from(at.or(super::text::value(byte))?))
}

fn born(text: &[u8; 16]) -> bool {
    let two = |at: usize| Some(digit(text[at])? * 10 + digit(text[at + 1])?);
    let month = b"ABCDEHLMPRST".iter().position(|letter| *letter == text[8]);
    let (Some(year), Some(month), Some(day)) = (two(6), month, two(9)) else { return false };
    // 40 is added to the day for women. Nobody who has one was born before 1920.
    let year = if year < 20 { 2000 + year } else { 1900 + year };
    exists(year, month as u32 + 1, day % 40)
}

fn checked(text: &[u8; 16]) -> bool {
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let value = |(place, byte): (usize, &u8)| {
        let at = alphanumeric(*byte).map_or(0, |value| if value > 9 { value - 10 } else { value });
        if place % 2 == 0 { ODD[usize::from(at)] } else { u32::from(at) }
    };
    let sum: u32 = text[..15].iter().enumerate().map(value).sum();
    u32::from(text[15] - b'A') == sum % 26
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(
            codice_fiscale,
            &["RSSMRA85T10A562S", "BNCLRA72E45F205B", "VRDGPP60M1TH501W"],
            &["RSSMRA85T10A562T", "RSSMRA85T10A562", "RSSMRA85B31A562S", ""],
        );
    }
}
