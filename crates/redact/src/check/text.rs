//! A number without its separators, in a buffer of fixed size: checks allocate nothing.

use std::ops::Deref;

/// Longest number that is held; what is longer is no number of ours.
const LONGEST: usize = 48;

/// The characters of a number, or the values of its digits.
pub(super) struct Plain {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Deref for Plain {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// `raw` without `separators`; `None` when too long.
pub(super) fn plain(raw: &[u8], separators: &[u8]) -> Option<Plain> {
    let mut plain = Plain { bytes: [0; LONGEST], length: 0 };
    for &byte in raw.iter().filter(|byte| !separators.contains(byte)) {
        *plain.bytes.get_mut(plain.length)? = byte;
        plain.length += 1;
    }
    Some(plain)
}

/// The digits of `raw` as values 0–9; `None` when anything but digits and `separators` is there.
pub(super) fn figures(raw: &[u8], separators: &[u8]) -> Option<Plain> {
    let mut plain = plain(raw, separators)?;
    for byte in &mut plain.bytes[..plain.length] {
        *byte = value(*byte)?;
    }
    Some(plain)
}

/// Exactly `N` characters.
pub(super) fn chars<const N: usize>(raw: &[u8], separators: &[u8]) -> Option<[u8; N]> {
    plain(raw, separators)?[..].try_into().ok()
}

/// Exactly `N` digits, as values 0–9.
pub(super) fn digits<const N: usize>(raw: &[u8], separators: &[u8]) -> Option<[u8; N]> {
    figures(raw, separators)?[..].try_into().ok()
}

/// The digits of `text` as values, exactly `N` of them and nothing else.
pub(super) fn values<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    digits(text, b"")
}

/// 0–9 of an ASCII digit.
pub(super) fn value(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}

/// 0–9 of a digit, 10–35 of A–Z.
pub(super) fn alphanumeric(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'Z' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// The number that the digits write; at most 19 of them.
pub(super) fn int(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |sum, digit| sum * 10 + u64::from(*digit))
}
