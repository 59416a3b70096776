//! Addresses of Bitcoin, Ethereum and Monero.

use bech32::primitives::decode::SegwitHrpstring;
// Two versions of one trait: each crate brings its own.
use sha2::{Digest as _, Sha256};
use sha3::{Digest as _, Keccak256};

/// Base58Check with version and twenty bytes, or a witness program (BIP 173, BIP 350).
pub(super) fn btc(raw: &[u8]) -> bool {
    match raw {
        [b'1' | b'3', ..] => {
            let mut bytes = [0; 25];
            base58(raw, &mut bytes) && leading_ones(raw) == leading_zeros(&bytes) && {
                let digest = Sha256::digest(Sha256::digest(&bytes[..21]));
                digest[..4] == bytes[21..]
            }
        }
        _ => std::str::from_utf8(raw).is_ok_and(witness),
    }
}

fn witness(text: &str) -> bool {
    SegwitHrpstring::new(text).is_ok_and(|parts| parts.hrp() == bech32::hrp::BC)
}

/// `0x` and forty hexadecimal digits; where the case is mixed it is the checksum (EIP-55).
pub(super) fn eth(raw: &[u8]) -> bool {
    let Some(digits) = raw.strip_prefix(b"0x").filter(|digits| digits.len() == 40) else { return false };
    if digits.iter().all(|byte| *byte == digits[0]) {
        return false;
    }
    let mixed = digits.iter().any(u8::is_ascii_lowercase) && digits.iter().any(u8::is_ascii_uppercase);
    let mut lower = [0; 40];
    lower.copy_from_slice(digits);
    lower.make_ascii_lowercase();
    let hash = Keccak256::digest(lower);
    let fits = |(place, byte): (usize, &u8)| {
        let nibble = hash[place / 2] >> (4 - place % 2 * 4) & 15;
        !byte.is_ascii_alphabetic() || byte.is_ascii_uppercase() == (nibble > 7)
    };
    digits.iter().all(u8::is_ascii_hexdigit) && (!mixed || digits.iter().enumerate().all(fits))
}

/// Base58 in blocks of eight bytes, the last four bytes Keccak-256 of the others.
pub(super) fn xmr(raw: &[u8]) -> bool {
    let mut bytes = [0; 77];
    let length = match raw.len() {
        95 => 69,
        106 => 77,
        _ => return false,
    };
    let blocks = raw.chunks(11).zip(bytes[..length].chunks_mut(8));
    if !blocks.into_iter().all(|(text, block)| base58(text, block)) {
        return false;
    }
    let (body, check) = bytes[..length].split_at(length - 4);
    matches!(body[0], 18 | 19 | 42) && Keccak256::digest(body)[..4] == *check
}

/// The number that `text` writes, big-endian, filling `bytes`; false when it does not fit.
fn base58(text: &[u8], bytes: &mut [u8]) -> bool {
    const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    bytes.fill(0);
    text.iter().all(|byte| {
        let Some(value) = ALPHABET.iter().position(|letter| letter == byte) else { return false };
        let carry = bytes.iter_mut().rev().fold(value as u32, |carry, byte| {
            let sum = u32::from(*byte) * 58 + carry;
            *byte = sum as u8;
            sum >> 8
        });
        carry == 0
    })
}

/// Each leading `1` writes a zero byte.
fn leading_ones(text: &[u8]) -> usize {
    text.iter().take_while(|byte| **byte == b'1').count()
}

fn leading_zeros(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| **byte == 0).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn addresses() {
        known(
            btc,
            &[
                "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
                "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
                "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
                "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
                "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
            ],
            &[
                "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3",
                "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdz",
                "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4",
                "0",
            ],
        );
        known(
            eth,
            &["0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"],
            &["0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed", "0x0000000000000000000000000000000000000000", "0x5aae"],
        );
        known(
            xmr,
            &[
                "4AdUndXHHZ6cfufTMvppY6JwXNouMBzSkbLYfpAV5Usx3skxNgYeYTRj5UzqtReoS44qo9mtmXCqY45DJ852K5Jv2684Rge",
                "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A",
            ],
            &["4AdUndXHHZ6cfufTMvppY6JwXNouMBzSkbLYfpAV5Usx3skxNgYeYTRj5UzqtReoS44qo9mtmXCqY45DJ852K5Jv2684Rgf"],
        );
    }
}
