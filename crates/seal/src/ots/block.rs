//! The header of a Bitcoin block: 80 bytes that cost work to make.

use model::{Fault, Instant, hex};

use crate::sha256;

/// A block header as Bitcoin hashes it: version, previous block, merkle root, time, target, nonce.
pub type Header = [u8; 80];

const ROOT: std::ops::Range<usize> = 36..68;
const TIME: usize = 68;
const TARGET: usize = 72;

/// A block whose header agrees with a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its height, as the proof states it. The header does not say it.
    pub height: u64,
    /// When its finder says it was found. The network lets this be wrong by up to two hours.
    pub time: Instant,
    /// Its hash as Bitcoin displays it: byte-reversed, in hex. Compare it with any block explorer.
    pub hash: String,
    /// It took about 2 to this power hashes to make the header: 32 at the beginning of the chain, more than 70 since 2018.
    /// A header with far less was made for a test, or by a forger.
    pub work_bits: u32,
}

/// Whether `header` has one of `roots` as its merkle root, and its hash meets its own target.
pub(super) fn check(height: u64, header: &Header, roots: &[Vec<u8>]) -> Result<Block, Fault> {
    if roots.is_empty() {
        return Err(refuse(format!("The proof says nothing about block {height}")));
    }
    if !roots.iter().any(|root| root == &header[ROOT]) {
        return Err(refuse(format!("The merkle root of block {height} is not what the proof computes")));
    }
    let target = target(header).ok_or_else(|| refuse(format!("The header of block {height} states no target")))?;
    let hash = hash(header);
    if hash > target {
        return Err(refuse(format!("The header of block {height} does not meet its own target: nobody found it")));
    }
    let seconds = u32::from_le_bytes([header[TIME], header[TIME + 1], header[TIME + 2], header[TIME + 3]]);
    let time = Instant::from_seconds(i64::from(seconds))
        .ok_or_else(|| refuse(format!("The time of block {height} lies outside 1677-2262")))?;
    Ok(Block { height, time, hash: hex(&hash), work_bits: leading_zeros(&target) })
}

/// Twice SHA-256, most significant byte first.
fn hash(header: &Header) -> [u8; 32] {
    let mut hash = *sha256(sha256(header).as_bytes()).as_bytes();
    hash.reverse();
    hash
}

/// The target of the header's compact form: a 23-bit number and how many bytes it is followed by. `None` when it is zero,
/// negative or beyond 256 bits.
fn target(header: &Header) -> Option<[u8; 32]> {
    let [low, middle, high, size] = [header[TARGET], header[TARGET + 1], header[TARGET + 2], header[TARGET + 3]];
    let is_negative = high & 0x80 != 0;
    let mut target = [0; 32];
    for (place, byte) in [(0, high), (1, middle), (2, low)] {
        // The number's most significant byte is the `size`-th from the end.
        let at = 32 + place - i32::from(size);
        match usize::try_from(at).ok() {
            Some(at) if at < 32 => target[at] = byte,
            Some(_) => {}
            None if byte == 0 => {}
            None => return None,
        }
    }
    (!is_negative && target != [0; 32]).then_some(target)
}

fn leading_zeros(target: &[u8; 32]) -> u32 {
    let zeros = target.iter().take_while(|byte| **byte == 0).count();
    8 * zeros as u32 + target.get(zeros).map_or(0, |byte| byte.leading_zeros())
}

fn refuse(message: String) -> Fault {
    Fault::unverified("block-mismatch", message)
        .advise("Take the header of that height from another source, a node of your own at best.")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first block: its header is known to everybody.
    fn genesis() -> Header {
        let mut header = [0; 80];
        header[0] = 1;
        let root = "3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a";
        for (at, byte) in header[ROOT].iter_mut().enumerate() {
            *byte = u8::from_str_radix(&root[2 * at..2 * at + 2], 16).expect("hex");
        }
        header[TIME..TIME + 4].copy_from_slice(&1_231_006_505u32.to_le_bytes());
        header[TARGET..TARGET + 4].copy_from_slice(&0x1d00_ffffu32.to_le_bytes());
        header[76..].copy_from_slice(&2_083_236_893u32.to_le_bytes());
        header
    }

    fn compact(bits: u32) -> Option<u32> {
        let mut header = genesis();
        header[TARGET..TARGET + 4].copy_from_slice(&bits.to_le_bytes());
        target(&header).map(|target| leading_zeros(&target))
    }

    #[test]
    fn the_first_block_is_as_everybody_knows_it() {
        let header = genesis();
        let block = check(0, &header, &[header[ROOT].to_vec()]).expect("a real block");
        assert_eq!(block.hash, "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f");
        assert_eq!((block.time.to_string().as_str(), block.work_bits), ("2009-01-03T18:15:05Z", 32));
    }

    #[test]
    fn a_header_that_is_another_or_nobodys_work_is_refused() {
        let header = genesis();
        let message = |header: &Header, roots: &[Vec<u8>]| {
            let fault = check(0, header, roots).expect_err("no proof");
            assert_eq!(fault.code(), "block-mismatch");
            fault.message().to_owned()
        };
        assert!(message(&header, &[]).contains("says nothing"));
        assert!(message(&header, &[vec![0; 32]]).contains("merkle root"));
        let mut other = header;
        other[76] ^= 1;
        assert!(message(&other, &[header[ROOT].to_vec()]).contains("own target"));
    }

    #[test]
    fn targets_are_read_as_bitcoin_does() {
        assert_eq!(compact(0x1d00_ffff), Some(32));
        assert_eq!(compact(0x207f_ffff), Some(1));
        assert_eq!(compact(0x0100_0000 | 0x0012_3456), Some(8 * 31 + 3), "shifted out to one byte, 0x12");
        assert_eq!(compact(0x2100_ffff), Some(0));
        assert_eq!(compact(0x2200_00ff), Some(0));
        for none in [0, 0x1d00_0000, 0x1d80_ffff, 0x0000_00ff, 0x2201_0000, 0xff12_3456, 0x0080_0000] {
            assert_eq!(compact(none), None, "{none:08x}");
        }
    }
}
