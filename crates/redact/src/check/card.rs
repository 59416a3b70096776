//! Payment cards: who issues what begins how and is how long, and Luhn.

use super::luhn::luhn;
use super::text::{figures, int};

/// Any scheme.
pub(super) fn card(raw: &[u8]) -> bool {
    valid(raw, |first, length| major(first, length) || maestro(first, length))
}

/// Schemes but Maestro, whose prefixes and lengths are so wide that plain numbers of other kinds fit too.
pub(super) fn card_major(raw: &[u8]) -> bool {
    valid(raw, major)
}

/// `scheme` is asked with the first six digits and the length.
fn valid(raw: &[u8], scheme: impl Fn(u64, usize) -> bool) -> bool {
    let mut buffer = [0; 48];
    let Some(d) = unescaped(raw, &mut buffer).and_then(|raw| figures(raw, b" -.+_")) else { return false };
    (12..=19).contains(&d.len()) && scheme(int(&d[..6]), d.len()) && luhn(&d)
}

/// A number as it stands in an address (RFC 3986 §2.1), without its blanks: `4111%201111…`.
fn unescaped<'b>(raw: &[u8], buffer: &'b mut [u8; 48]) -> Option<&'b [u8]> {
    let (mut at, mut length) = (0, 0);
    while at < raw.len() {
        if raw[at..].starts_with(b"%20") {
            at += 3;
            continue;
        }
        *buffer.get_mut(length)? = raw[at];
        (at, length) = (at + 1, length + 1);
    }
    Some(&buffer[..length])
}

fn major(first: u64, length: usize) -> bool {
    match first {
        // Visa
        400_000..=499_999 => matches!(length, 13 | 16 | 19),
        // Mastercard
        510_000..=559_999 | 222_100..=272_099 => length == 16,
        // American Express
        340_000..=349_999 | 370_000..=379_999 => length == 15,
        // Diners Club
        300_000..=305_999 | 309_500..=309_599 | 360_000..=369_999 | 380_000..=399_999 => (14..=19).contains(&length),
        // Discover, and what of it is UnionPay's too
        601_100..=601_199 | 644_000..=659_999 => (16..=19).contains(&length),
        // JCB
        352_800..=358_999 => (16..=19).contains(&length),
        180_000..=180_099 | 213_100..=213_199 => length == 15,
        // UnionPay
        620_000..=629_999 => (16..=19).contains(&length),
        // Mir
        220_000..=220_499 => (16..=19).contains(&length),
        // RuPay, Troy
        817_200..=820_199 | 979_200..=979_299 => length == 16,
        _ => false,
    }
}

fn maestro(first: u64, length: usize) -> bool {
    matches!(first, 500_000..=509_999 | 560_000..=589_999 | 600_000..=699_999) && (12..=19).contains(&length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn every_scheme_and_length() {
        known(
            card,
            &[
                "4111111111111111",
                "4222222222222",
                "4111 1111 1111 1111 110",
                "5555-5555-5555-4444",
                "2223003122003222",
                "378282246310005",
                "3714 496353 98431",
                "30569309025904",
                "6011111111111117",
                "3530111333300000",
                "213100000000001",
                "6240008631401148",
                "501800000009",
                "6759649826438453",
                "2200000000000004",
            ],
            &["4111111111111112", "1234567812345670", "41111111111111", "0000000000000000", "411111111111111", ""],
        );
        known(card_major, &["4111111111111111"], &["501800000009"]);
    }
}
