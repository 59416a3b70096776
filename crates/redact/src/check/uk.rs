//! The United Kingdom.

use super::text::{chars, digits, plain, values};
use super::weighted::{divides, weigh};

/// NHS number.
pub(super) fn nhs(raw: &[u8]) -> bool {
    digits::<10>(raw, b" -").is_some_and(|d| divides(11, &d, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]))
}

/// National Insurance number: prefixes that are given, suffix A–D.
pub(super) fn nino(raw: &[u8]) -> bool {
    let Some(text) = chars::<9>(raw, b" -") else { return false };
    let prefix = b"ABCEGHJKLMNOPRSTWXYZ".contains(&text[0]) && b"ABCEGHJKLMNPRSTWXYZ".contains(&text[1]);
    let kept_free = [b"BG", b"GB", b"NK", b"KN", b"TN", b"NT", b"ZZ"].iter().any(|free| text.starts_with(*free));
    prefix && !kept_free && values::<6>(&text[2..8]).is_some() && (b'A'..=b'D').contains(&text[8])
}

/// Unique Taxpayer Reference: the first digit checks the others; K may stand beside.
pub(super) fn utr(raw: &[u8]) -> bool {
    let Some(text) = plain(raw, b" Kk") else { return false };
    let Some(d) = values::<10>(&text) else { return false };
    let check = b"21987654321"[(weigh(&d[1..], &[6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11) as usize];
    check - b'0' == d[0]
}

/// Driver number: five of the surname (9 fills up), born with the decade before and the year behind (50 added to the
/// month for women), initials, serial.
pub(super) fn driver(raw: &[u8]) -> bool {
    let Some(text) = chars::<16>(raw, b" ") else { return false };
    let letters = text[..5].iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let Some(born) = values::<6>(&text[5..11]) else { return false };
    let month = (born[1] * 10 + born[2]) % 50;
    let day = born[3] * 10 + born[4];
    letters > 0
        && text[letters..5].iter().all(|byte| *byte == b'9')
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && text[11..13].iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'9')
        && text[13].is_ascii_alphanumeric()
        && text[14..].iter().all(u8::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(driver, &["MORGA657054SM9IJ", "SMITH711215JJ9AA"], &["MORGA677054SM9IJ", "MORGA657054SM9I", ""]);
        known(nhs, &["9438956700", "9434735335", "922 640 0148"], &["9438956701", "943895670", ""]);
        known(nino, &["AB123456C", "JG 12 13 16 A"], &["BG123456C", "AB123456E", "AB123456", ""]);
        known(utr, &["1683221641", "1973098102", "62445 15785"], &["5683221642", "168322164", ""]);
    }
}
