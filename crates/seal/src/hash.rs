//! SHA-256: of one message, and of many that advance side by side.

use std::io;

use model::Digest;
use sha2::block_api::compress256;

mod many;
#[cfg(target_arch = "x86_64")]
mod wide;

pub use many::update_each;

/// What the function takes at a time.
type Block = [u8; 64];

/// The state before the first block (FIPS 180-4 §5.3.3).
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// The SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(bytes);
    hasher.finish()
}

/// SHA-256 of bytes that arrive in pieces. Also an [`io::Write`], so that `io::copy` can feed it.
#[derive(Clone)]
pub struct Hasher {
    state: [u32; 8],
    /// The beginning of the next block: as many bytes as `length` says.
    rest: Block,
    length: u64,
}

impl Default for Hasher {
    fn default() -> Self {
        Hasher { state: INITIAL, rest: [0; 64], length: 0 }
    }
}

impl Hasher {
    /// A hasher that has seen nothing.
    pub fn new() -> Self {
        Hasher::default()
    }

    /// Adds `bytes`.
    pub fn update(&mut self, bytes: &[u8]) {
        let blocks = self.take(bytes);
        compress256(&mut self.state, blocks);
    }

    /// Counts `bytes` as added, and adds what is not a whole block. The blocks that come back are for whoever calls.
    fn take<'b>(&mut self, bytes: &'b [u8]) -> &'b [Block] {
        let held = (self.length % 64) as usize;
        self.length += bytes.len() as u64;
        let mut bytes = bytes;
        if held > 0 {
            let (first, others) = bytes.split_at(bytes.len().min(64 - held));
            self.rest[held..held + first.len()].copy_from_slice(first);
            if held + first.len() < 64 {
                return &[];
            }
            compress256(&mut self.state, &[self.rest]);
            bytes = others;
        }
        let (blocks, rest) = bytes.as_chunks();
        self.rest[..rest.len()].copy_from_slice(rest);
        blocks
    }

    /// The digest of all that was added.
    pub fn finish(mut self) -> Digest {
        // FIPS 180-4 §5.1.1: a one, zeros, and the length in bits at the end of a block.
        let held = (self.length % 64) as usize;
        let mut blocks: [Block; 2] = [[0; 64]; 2];
        let needed = if held < 56 { 1 } else { 2 };
        let bytes = blocks[..needed].as_flattened_mut();
        bytes[..held].copy_from_slice(&self.rest[..held]);
        bytes[held] = 0x80;
        let end = bytes.len();
        bytes[end - 8..].copy_from_slice(&self.length.wrapping_mul(8).to_be_bytes());
        compress256(&mut self.state, &blocks[..needed]);
        let mut digest = [0; 32];
        for (bytes, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(self.state) {
            *bytes = word.to_be_bytes();
        }
        Digest::new(digest)
    }
}

impl io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn whole_and_in_pieces_agree_with_fips_180_4() {
        let expect = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc").hex(), expect);
        let mut hasher = Hasher::new();
        hasher.update(b"a");
        io::Write::write_all(&mut hasher, b"bc").expect("a hasher takes everything");
        assert_eq!(hasher.finish().hex(), expect);
    }

    /// The message of 1 GiB of the test vectors that NIST's implementers share: its length in bits has more than 32 bits, and it
    /// comes in pieces that end in the middle of blocks.
    #[test]
    fn a_gibibyte_has_the_digest_that_others_state() {
        let unit = b"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno";
        let text = unit.repeat(20_000);
        let (mut hasher, mut at) = (Hasher::new(), 0);
        while at < 1 << 30 {
            let from = at % unit.len();
            let piece = 1_000_003.min((1 << 30) - at);
            hasher.update(&text[from..from + piece]);
            at += piece;
        }
        let expect = "50e72a0e26442fe2552dc3938ac58658228c0cbfb1d2ca872ae435266fcd055e";
        assert_eq!(hasher.finish().hex(), expect);
    }

    proptest! {
        /// In whatever pieces bytes come, the digest is that of another implementation of the same function.
        #[test]
        fn pieces_do_not_matter(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..12)) {
            let mut hasher = Hasher::new();
            pieces.iter().for_each(|piece| hasher.update(piece));
            prop_assert_eq!(*hasher.finish().as_bytes(), <[u8; 32]>::from(Sha256::digest(pieces.concat())));
        }
    }
}
