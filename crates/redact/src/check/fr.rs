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
