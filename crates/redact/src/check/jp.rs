//! Japan.

use super::text::digits;
use super::weighted::eleven;

/// My Number.
pub(super) fn my_number(raw: &[u8]) -> bool {
    let Some(d) = digits::<12>(raw, b"- ") else { return false };
    eleven(&d, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 10 == i32::from(d[11])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(my_number, &["869838696720", "9832 7601 7865"], &["869838696721", "86983869672", ""]);
    }
}
