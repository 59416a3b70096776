//! Keyed digests of values, and the numbers that persons go by in a case.

use std::collections::HashMap;

use hmac::{Hmac, KeyInit, Mac};
use model::Digest;
use sha2::Sha256;

/// HMAC-SHA-256(key of the case, type ‖ 0x00 ‖ normalised value): the same value gives the same tag wherever it stands,
/// and without the key nobody can try values out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag([u8; 32]);

impl Tag {
    /// The tag of a value of a type.
    ///
    /// # Panics
    /// Never: HMAC takes keys of every length (RFC 2104 §3).
    pub fn of(key: &[u8; 32], kind: &str, value: &str) -> Self {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap_or_else(|_| unreachable!("any length"));
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(normal(kind, value).as_bytes());
        Tag(mac.finalize().into_bytes().into())
    }

    /// `hmac-sha256:` and 64 hexadecimal digits.
    pub fn full(&self) -> String {
        format!("hmac-sha256:{}", Digest::new(self.0).hex())
    }

    /// What [`Tag::full`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let digest = Digest::parse(text.strip_prefix("hmac-sha256:")?).ok()?;
        Some(Tag(*digest.as_bytes()))
    }

    /// The first 80 bits in base 32 (RFC 4648 §6), 16 characters: 40 bits would collide among a million values.
    pub fn short(&self) -> String {
        const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let number = self.0[..10].iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
        (0..16).rev().map(|i| char::from(ALPHABET[(number >> (i * 5) & 31) as usize])).collect()
    }
}

/// A value without what people vary: case and white space; for numbers everything but digits and letters.
fn normal(kind: &str, value: &str) -> String {
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let letters = value.chars().filter(|char| char.is_alphabetic()).count();
    if kind == "phone" || digits > letters {
        return value.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    }
    let words: Vec<String> = value.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

/// The numbers that values go by, in order of first appearance, each type for itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    given: HashMap<Tag, u64>,
    last: HashMap<String, u64>,
}

impl Numbers {
    /// The number of `tag` among its type; a new one when it has none.
    pub(crate) fn of(&mut self, kind: &str, tag: Tag) -> u64 {
        if let Some(number) = self.given.get(&tag) {
            return *number;
        }
        let last = self.last.entry(kind.to_owned()).or_default();
        *last += 1;
        self.given.insert(tag, *last);
        *last
    }

    /// Remembers a number given earlier, by another run of the same case.
    pub(crate) fn remember(&mut self, kind: &str, tag: Tag, number: u64) {
        self.given.insert(tag, number);
        let last = self.last.entry(kind.to_owned()).or_default();
        *last = number.max(*last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spelling does not matter, the type does, and the key does.
    #[test]
    fn one_value_one_tag() {
        let key = [1; 32];
        let same = [("person", "Jan  Muster", "jan muster"), ("card", "4111 1111 1111 1111", "4111111111111111")];
        for (kind, a, b) in same {
            assert_eq!(Tag::of(&key, kind, a), Tag::of(&key, kind, b));
        }
        assert_ne!(Tag::of(&key, "a", "x"), Tag::of(&key, "b", "x"));
        assert_ne!(Tag::of(&key, "a", "x"), Tag::of(&[2; 32], "a", "x"));
        assert_eq!(Tag::of(&key, "a", "x").short().len(), 16);
    }

    /// HMAC-SHA-256 as OpenSSL gives it: `printf 'a\0x' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0101…`.
    #[test]
    fn the_tag_is_hmac_sha256() {
        let expected = include_str!("../../../fixtures/vectors/redact-tag.txt").trim();
        assert_eq!(Tag::of(&[1; 32], "a", "x").full(), expected);
    }

    /// Numbers count up per type and are given once.
    #[test]
    fn numbers_are_given_once() {
        let mut numbers = Numbers::default();
        let tag = |value| Tag::of(&[1; 32], "p", value);
        assert_eq!([numbers.of("p", tag("a")), numbers.of("p", tag("b")), numbers.of("p", tag("a"))], [1, 2, 1]);
        numbers.remember("p", tag("c"), 9);
        assert_eq!(numbers.of("p", tag("d")), 10);
    }
}
