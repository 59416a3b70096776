//! Japan.

use super::text::digits;
use super::weighted::eleven;

/// My Number.
pub(super) fn my_number(raw: &[u8]) -> bool {
    let Some(d) = digits::<12>(raw, b"- ") else { return false };
    eleven(&d, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 10 == i32::from(d[11])
}
