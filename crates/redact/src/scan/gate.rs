//! What the first bytes of a word rule out: most words end here.

use super::automaton::{Entry, LONG_PREFIX, PREFIX};
use super::stamp;

/// What is known of a place by the bytes that begin there, packed so that many lie close together: the prefix, the lengths
/// of the context words that begin so (a bit each; the last is for all longer ones), and the bits below.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known(u64);

const LENGTHS: u32 = 32;
const LENGTH_MOST: u32 = 15;
const PLAIN: u32 = 48;
const LABELLED: u32 = 49;
const STAMP: u32 = 50;

impl Known {
    /// `lengths` has a bit for each length.
    pub(super) fn new(prefix: [u8; PREFIX], lengths: u64, is_plain: bool, is_labelled: bool) -> Self {
        let long = lengths >> LENGTH_MOST != 0;
        let lengths = lengths & ((1 << LENGTH_MOST) - 1) | u64::from(long) << LENGTH_MOST;
        let bits = [(is_plain, PLAIN), (is_labelled, LABELLED), (stamp::may_begin(prefix), STAMP)];
        let bits = bits.into_iter().fold(lengths << LENGTHS, |bits, (is, bit)| bits | u64::from(is) << bit);
        Known(bits | u64::from(u32::from_le_bytes(prefix)))
    }

    #[inline(always)]
    fn is_of(self, prefix: [u8; PREFIX]) -> bool {
        self.0 as u32 == u32::from_le_bytes(prefix)
    }

    /// Whether a pattern goes on that needs no word.
    #[inline(always)]
    pub(super) fn is_plain(self) -> bool {
        self.0 >> PLAIN & 1 == 1
    }

    /// Whether a pattern goes on that needs a word.
    #[inline(always)]
    pub(super) fn is_labelled(self) -> bool {
        self.0 >> LABELLED & 1 == 1
    }

    /// Whether a date and time, or a UUID, may begin so.
    #[inline(always)]
    pub(super) fn may_be_stamp(self) -> bool {
        self.0 >> STAMP & 1 == 1
    }

    /// Whether a context word of so many bytes begins so.
    #[inline(always)]
    pub(super) fn is_length(self, length: u32) -> bool {
        self.0 >> (LENGTHS + length.min(LENGTH_MOST)) & 1 == 1
    }

    /// Whether a context word begins so.
    #[inline(always)]
    pub(super) fn is_word(self) -> bool {
        self.0 >> LENGTHS & 0xFFFF != 0
    }
}

/// What is known of the prefixes met last. The same words come again and again.
#[derive(Debug)]
pub(super) struct Gate {
    known: Box<[Known; 1 << BITS]>,
    /// Of those words with which a pattern goes on, more bytes and where it goes on behind them.
    far: Box<[(u64, Entry); 1 << FAR_BITS]>,
}

/// Logs have three or four thousand prefixes of words, most of them hexadecimal numbers.
const BITS: u32 = 14;
const FAR_BITS: u32 = 13;

impl Default for Gate {
    fn default() -> Self {
        // No word begins with four zeros: an empty place is never taken for a known one.
        Gate { known: Box::new([Known::default(); 1 << BITS]), far: Box::new([(0, Entry::default()); 1 << FAR_BITS]) }
    }
}

impl Gate {
    /// What is known of `prefix`.
    #[inline(always)]
    pub(super) fn known(&self, prefix: [u8; PREFIX]) -> Option<Known> {
        let known = self.known[place(prefix)];
        known.is_of(prefix).then_some(known)
    }

    pub(super) fn learn(&mut self, prefix: [u8; PREFIX], known: Known) {
        self.known[place(prefix)] = known;
    }

    /// Where a pattern goes on behind `prefix`.
    #[inline(always)]
    pub(super) fn far(&self, prefix: [u8; LONG_PREFIX]) -> Option<Entry> {
        let (number, entry) = self.far[far_place(prefix)];
        (number == u64::from_le_bytes(prefix)).then_some(entry)
    }

    pub(super) fn learn_far(&mut self, prefix: [u8; LONG_PREFIX], entry: Entry) {
        self.far[far_place(prefix)] = (u64::from_le_bytes(prefix), entry);
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.known.fill(Known::default());
        self.far.fill((0, Entry::default()));
    }
}

#[inline(always)]
fn place(prefix: [u8; PREFIX]) -> usize {
    (u32::from_le_bytes(prefix).wrapping_mul(0x9E37_79B1) >> (32 - BITS)) as usize
}

#[inline(always)]
fn far_place(prefix: [u8; LONG_PREFIX]) -> usize {
    (u64::from_le_bytes(prefix).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - FAR_BITS)) as usize
}
