//! Finland.

use super::date::{exists, pair};
use super::text::{chars, int, values};

/// Henkilötunnus: born, a sign for the century, serial 002–899, check character.
pub(super) fn hetu(raw: &[u8]) -> bool {
    let Some(text) = chars::<11>(raw, b"") else { return false };
    let (Some(day), Some(serial)) = (values::<6>(&text[..6]), values::<3>(&text[7..10])) else { return false };
    let century = match text[6] {
        b'+' => 1800,
        b'-' | b'U'..=b'Y' => 1900,
        b'A'..=b'F' => 2000,
        _ => return false,
    };
    let check = b"0123456789ABCDEFHJKLMNPRSTUVWXY"[((int(&day) * 1000 + int(&serial)) % 31) as usize];
    exists(century + pair(&day, 4), pair(&day, 2), pair(&day, 0))
        && (2..900).contains(&int(&serial))
        && check == text[10]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(hetu, &["131052-824E", "131052-4435", "010203A210T"], &["131052-308U", "131052-824", "131052-901M", ""]);
    }
}
