//! Australia.

use super::text::{figures, int};
use super::weighted::{divides, weigh};

/// Tax File Number: nine digits, or eight of old.
pub(super) fn tfn(raw: &[u8]) -> bool {
    let Some(d) = figures(raw, b" -") else { return false };
    matches!(d.len(), 8 | 9) && divides(11, &d, &[1, 4, 3, 7, 5, 8, 6, 9, 10])
}

/// Medicare card: eight digits, check digit, number of the issue, and perhaps the person's on the card.
pub(super) fn medicare(raw: &[u8]) -> bool {
    let Some(d) = figures(raw, b" -/") else { return false };
    matches!(d.len(), 10 | 11)
        && (2..=6).contains(&d[0])
        && d[9..].iter().all(|digit| *digit > 0)
        && weigh(&d, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == i32::from(d[8])
}

/// Australian Business Number; a person who trades has one too.
pub(super) fn abn(raw: &[u8]) -> bool {
    let Some(d) = figures(raw, b" ") else { return false };
    d.len() == 11 && {
        let sum = weigh(&d[2..], &[3, 5, 7, 9, 11, 13, 15, 17, 19]);
        11 + u64::from((-sum - 1).rem_euclid(89).unsigned_abs()) == int(&d[..2])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(abn, &["51824753556", "83 914 571 673"], &["51824753557", "5182475355", ""]);
        known(medicare, &["2123456701", "2123 45670 1/2"], &["2123456711", "212345670", ""]);
        known(tfn, &["395094566", "360 056 229"], &["395094567", "39509456", ""]);
    }
}
