//! Latvia.

use super::date::{exists, pair};
use super::text::digits;
use super::weighted::weigh;

/// Personas kods: born, century, serial, check digit; or 32 and no birthday, since 2017.
pub(super) fn personas_kods(raw: &[u8]) -> bool {
    let Some(d) = digits::<11>(raw, b" -") else { return false };
    let born = || exists(1800 + u32::from(d[6]) * 100 + pair(&d, 4), pair(&d, 2), pair(&d, 0));
    let check = (1 + weigh(&d, &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9])) % 11 % 10;
    d[0] <= 3 && (pair(&d, 0) == 32 || born()) && check == i32::from(d[10])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(personas_kods, &["161175-19049", "161175-12285", "32677691779"], &["161175-19040", "161175-1904", ""]);
    }
}
