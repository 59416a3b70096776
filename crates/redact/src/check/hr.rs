//! Croatia.

use super::iso7064::mod_11_10;
use super::text::digits;

/// OIB.
pub(super) fn oib(raw: &[u8]) -> bool {
    digits::<11>(raw, b" -").is_some_and(|d| mod_11_10(&d))
}
