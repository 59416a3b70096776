//! SHA-256 of short messages that lie in memory whole: most of what verifying a log is.
//!
//! The same function as [`seal::sha256`], which takes bytes in any pieces and therefore copies each message through a
//! buffer. Here blocks are compressed where they lie, and two messages advance in turn: the rounds of one message wait
//! for each other, so the processor works on both at once. Rejected: four or eight at a time, which gain 3 % more.

use model::Digest;
use sha2::block_api::compress256;

/// The state before the first block (FIPS 180-4 §5.3.3).
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// A block: what the function takes at a time.
type Block = [u8; 64];

/// The SHA-256 of each of two messages.
pub(crate) fn sha256_of_two(a: &[u8], b: &[u8]) -> [Digest; 2] {
    let ((a_blocks, a_rest), (b_blocks, b_rest)) = (a.as_chunks::<64>(), b.as_chunks::<64>());
    let (mut a_state, mut b_state) = (INITIAL, INITIAL);
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        compress256(&mut a_state, std::slice::from_ref(a));
        compress256(&mut b_state, std::slice::from_ref(b));
    }
    let both = a_blocks.len().min(b_blocks.len());
    compress256(&mut a_state, &a_blocks[both..]);
    compress256(&mut b_state, &b_blocks[both..]);
    [finish(a_state, a_rest, a.len()), finish(b_state, b_rest, b.len())]
}

/// SHA-256(0x01 ‖ left ‖ right), the hash of two subtrees: 65 bytes, so that the padding is always the same.
pub(crate) fn sha256_of_node(left: &Digest, right: &Digest) -> Digest {
    let mut blocks: [Block; 2] = [[0; 64]; 2];
    let bytes = blocks.as_flattened_mut();
    bytes[0] = 1;
    bytes[1..33].copy_from_slice(left.as_bytes());
    bytes[33..65].copy_from_slice(right.as_bytes());
    bytes[65] = 0x80;
    bytes[120..].copy_from_slice(&(65_u64 * 8).to_be_bytes());
    let mut state = INITIAL;
    compress256(&mut state, &blocks);
    digest(state)
}

/// Adds what is left behind the last whole block of a message of `length` bytes, and the padding (FIPS 180-4 §5.1.1).
fn finish(mut state: [u32; 8], rest: &[u8], length: usize) -> Digest {
    let mut blocks: [Block; 2] = [[0; 64]; 2];
    let needed = if rest.len() < 56 { 1 } else { 2 };
    let bytes = blocks[..needed].as_flattened_mut();
    bytes[..rest.len()].copy_from_slice(rest);
    bytes[rest.len()] = 0x80;
    let end = bytes.len();
    bytes[end - 8..].copy_from_slice(&(length as u64 * 8).to_be_bytes());
    compress256(&mut state, &blocks[..needed]);
    digest(state)
}

fn digest(state: [u32; 8]) -> Digest {
    let mut bytes = [0; 32];
    for (bytes, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    Digest::new(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every length around two block borders beside every other: the last block, the padding, messages of unlike length.
    #[test]
    fn two_at_a_time_are_what_seal_says_of_each() {
        let bytes: Vec<u8> = (0..70_000_u32).map(|at| ((at * 7) >> 3) as u8).collect();
        for a in (0..200).chain([65_536]) {
            for b in (0..200).chain([278, 65_536]) {
                let (a, b) = (&bytes[..a], &bytes[3..3 + b]);
                assert_eq!(sha256_of_two(a, b), [seal::sha256(a), seal::sha256(b)], "{} {}", a.len(), b.len());
            }
        }
    }

    #[test]
    fn a_node_is_what_seal_says_of_its_65_bytes() {
        let (mut left, mut right) = (seal::sha256(b"left"), seal::sha256(b"right"));
        for _ in 0..1000 {
            let whole = [&[1], left.as_bytes().as_slice(), right.as_bytes()].concat();
            let node = sha256_of_node(&left, &right);
            assert_eq!(node, seal::sha256(&whole));
            (left, right) = (right, node);
        }
    }
}
