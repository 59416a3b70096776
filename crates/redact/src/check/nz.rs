//! New Zealand.

use super::text::{chars, figures, int, value};
use super::weighted::eleven;

/// IRD number: where the first weights leave 10, the second ones count.
pub(super) fn ird(raw: &[u8]) -> bool {
    let Some(d) = figures(raw, b" -") else { return false };
    let number = int(&d[..d.len().min(18)]);
    if !matches!(d.len(), 8 | 9) || number <= 10_000_000 || number >= 150_000_000 {
        return false;
    }
    let (check, body) = (i32::from(d[d.len() - 1]), &d[..d.len() - 1]);
    let skip = 8 - body.len();
    let first = eleven(body, &[3, 2, 7, 6, 5, 4, 3, 2][skip..]);
    check == if first == 10 { eleven(body, &[7, 4, 3, 2, 5, 2, 7, 6][skip..]) } else { first }
}

/// NHI number of a patient: three letters and four digits, or since 2022 two digits and two letters.
pub(super) fn nhi(raw: &[u8]) -> bool {
    let Some(text) = chars::<7>(raw, b" -") else { return false };
    let mut sum = 0;
    for (byte, weight) in text.iter().zip(2..=7_u32).map(|(byte, back)| (*byte, 9 - back)) {
        let Some(worth) = worth(byte) else { return false };
        sum += worth * weight;
    }
    let letters = |at: std::ops::Range<usize>| text[at].iter().all(u8::is_ascii_uppercase);
    let figures = |at: std::ops::Range<usize>| text[at].iter().all(u8::is_ascii_digit);
    // HISO 10046:2024. Old: modulus 11, a digit. New: modulus 23, a letter.
    match text[6] {
        b'0'..=b'9' => {
            letters(0..3)
                && figures(3..6)
                && sum % 11 != 0
                && value(text[6]).map(u32::from) == Some((11 - sum % 11) % 10)
        }
        _ => letters(0..3) && figures(3..5) && letters(5..6) && worth(text[6]) == Some(23 - sum % 23),
    }
}

/// 1–24 of a letter without I and O; a digit is itself.
fn worth(byte: u8) -> Option<u32> {
    match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        _ => b"ABCDEFGHJKLMNPQRSTUVWXYZ".iter().position(|letter| *letter == byte).map(|at| at as u32 + 1),
    }
}

/// Bank account: bank, branch, number, suffix; each bank has its rule.
pub(super) fn account(raw: &[u8]) -> bool {
    let Some(d) = bank_digits(raw) else { return false };
    let (weights, first, second): ([u32; 16], u32, u32) = match int(&d[..2]) {
        8 => ([0, 0, 0, 0, 0, 0, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0], 11, 11),
        9 => ([0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 4, 3, 2, 0, 0, 1], 9, 11),
        25 | 33 => ([0, 0, 0, 0, 0, 0, 1, 7, 3, 1, 7, 3, 1, 0, 0, 0], 10, 10),
        26 | 28 | 29 => ([0, 0, 0, 0, 0, 0, 1, 3, 7, 1, 3, 7, 1, 3, 7, 1], 9, 10),
        31 => return true,
        1..=4 | 6 | 10..=24 | 27 | 30 | 35 | 38 if int(&d[6..13]) < 990_000 => {
            ([0, 0, 6, 3, 7, 9, 0, 10, 5, 8, 4, 2, 1, 0, 0, 0], 11, 11)
        }
        1..=4 | 6 | 10..=24 | 27 | 30 | 35 | 38 => ([0, 0, 0, 0, 0, 0, 0, 10, 5, 8, 4, 2, 1, 0, 0, 0], 11, 11),
        _ => return false,
    };
    // Products above the first modulus are cast down before they are added.
    let cast = |product: u32| if product > first { product % first } else { product };
    let sum: u32 = d.iter().zip(weights).map(|(digit, weight)| cast(u32::from(*digit) * weight)).sum();
    sum.is_multiple_of(second)
}

/// Two, four, seven and three digits; a suffix of two is filled up.
fn bank_digits(raw: &[u8]) -> Option<[u8; 16]> {
    let d = figures(raw, b" -")?;
    let mut filled = [0; 16];
    filled[..13].copy_from_slice(d.get(..13)?);
    let suffix = &d[13..];
    filled
        .get_mut(16usize.checked_sub(suffix.len())?..)
        .filter(|_| matches!(suffix.len(), 2 | 3))?
        .copy_from_slice(suffix);
    Some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(account, &["01-0398-0007244-00", "12-3432-4772801-00"], &["01-0398-0007245-00", "01-0398-0007244-0", ""]);
        known(ird, &["094302714", "49-924-507"], &["094302715", "09430271", ""]);
        known(nhi, &["ZZZ0016", "ZBN77VL"], &["ZZZ0017", "ZZZ001", ""]);
    }
}
