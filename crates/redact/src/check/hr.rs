//! Croatia.

use super::iso7064::mod_11_10;
use super::text::digits;

/// OIB.
pub(super) fn oib(raw: &[u8]) -> bool {
    digits::<11>(raw, b" -").is_some_and(|d| mod_11_10(&d))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(oib, &["29448403425", "40312676086"], &["29448403426", "2944840342", ""]);
    }
}
