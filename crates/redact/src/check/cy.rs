//! Cyprus.

use super::text::{chars, values};

/// Tax identification code: eight digits and a letter; what begins with 12 is kept free.
pub(super) fn tic(raw: &[u8]) -> bool {
    const ODD: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    let Some(text) = chars::<9>(raw, b" -") else { return false };
    let Some(d) = values::<8>(&text[..8]) else { return false };
    let value =
        |(place, digit): (usize, &u8)| if place % 2 == 0 { ODD[usize::from(*digit)] } else { u32::from(*digit) };
    let sum: u32 = d.iter().enumerate().map(value).sum();
    (d[0], d[1]) != (1, 2) && u32::from(text[8]) == u32::from(b'A') + sum % 26
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(tic, &["00295359B", "00306161O"], &["00295359C", "00295359", ""]);
    }
}
