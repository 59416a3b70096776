//! China.

use super::date::{exists, four, pair};
use super::text::{chars, values};
use super::weighted::weigh;

/// Resident identity card: province, born, serial, check character of ISO 7064 mod 11-2. Counties are not looked up:
/// their list changes every year.
pub(super) fn ric(raw: &[u8]) -> bool {
    let Some(text) = chars::<18>(raw, b"") else { return false };
    let Some(d) = values::<17>(&text[..17]) else { return false };
    let province = matches!(pair(&d, 0), 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83);
    let sum = weigh(&d, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    province && exists(four(&d, 6), pair(&d, 10), pair(&d, 12)) && b"10X98765432"[(sum % 11) as usize] == text[17]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(ric, &["360426199101010071", "11010519491231002X"], &["360426199101010072", "36042619910101007", ""]);
    }
}
