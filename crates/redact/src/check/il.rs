//! Israel.

use super::luhn::luhn;
use super::text::{figures, int};

/// Teudat zehut: nine digits with Luhn; zeros in front may be missing.
pub(super) fn id(raw: &[u8]) -> bool {
    figures(raw, b" -").is_some_and(|d| (8..=9).contains(&d.len()) && int(&d) > 0 && luhn(&d))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(id, &["039337423", "747535631"], &["039337424", "03933742", ""]);
    }
}
