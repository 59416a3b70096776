//! France.

use super::text::{chars, digits, int, values};

/// Numéro de sécurité sociale: 13 characters, and 97 minus their remainder. Corsica writes 2A and 2B.
pub(super) fn nir(raw: &[u8]) -> bool {
    let Some(mut text) = chars::<15>(raw, b" .-") else { return false };
    match &text[5..7] {
        b"2A" => text[5..7].copy_from_slice(b"19"),
        b"2B" => text[5..7].copy_from_slice(b"18"),
        _ => {}
    }
    values::<15>(&text).is_some_and(|d| 97 - int(&d[..13]) % 97 == int(&d[13..]))
}

/// Numéro fiscal: ten digits and their remainder by 511.
pub(super) fn nif(raw: &[u8]) -> bool {
    digits::<13>(raw, b" ").is_some_and(|d| d[0] <= 3 && int(&d[..10]) % 511 == int(&d[10..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(nif, &["3002523382313", "07 87 148 886 398"], &["3002523382314", "300252338231", ""]);
        known(
            nir,
            &["285057814366110", "285057814402336", "1 72 08 92 320 495 73", "284052A06620553"],
            &["285057814366111", "28505781436611", "1 55 08 14 168 025 39", ""],
        );
    }
}
