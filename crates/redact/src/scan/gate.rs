//! What the first bytes of a word rule out: most words end here.

use super::automaton::{Entry, PREFIX};
use super::stamp;

/// What is known of a place by the bytes that begin there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    prefix: u32,
    /// Lengths of the context words that begin so, a bit each; the last bit is for the longer ones.
    lengths: u32,
    pub(super) plain: Entry,
    /// A pattern that needs a word goes on.
    pub(super) is_labelled: bool,
    /// No pattern goes on, and no context word of ASCII begins so.
    pub(super) is_nothing: bool,
    /// A date and time, or a UUID, may begin so.
    pub(super) may_be_stamp: bool,
}

impl Known {
    pub(super) fn new(prefix: [u8; PREFIX], lengths: u64, plain: Entry, is_labelled: bool) -> Self {
        let most = u64::from(u32::MAX >> 1);
        let lengths = (lengths & most) as u32 | u32::from(lengths & !most != 0) << 31;
        let may_be_stamp = stamp::may_begin(prefix);
        let is_nothing = lengths == 0 && plain.is_dead && !is_labelled && !may_be_stamp;
        Known { prefix: u32::from_le_bytes(prefix), lengths, plain, is_labelled, is_nothing, may_be_stamp }
    }

    /// Whether a context word of so many bytes begins so.
    #[inline]
    pub(super) fn is_length(&self, length: u32) -> bool {
        self.lengths >> length.min(31) & 1 == 1
    }
}

/// What is known of the prefixes met last. The same words come again and again.
#[derive(Debug)]
pub(super) struct Gate {
    /// Prefixes with which nothing begins: most of them, in little memory.
    nothing: Box<[u32; 1 << BITS]>,
    known: Box<[Known; 1 << BITS]>,
}

const BITS: u32 = 12;

impl Default for Gate {
    fn default() -> Self {
        // No word begins with four zeros: an empty place is never taken for a known one.
        Gate { nothing: Box::new([0; 1 << BITS]), known: Box::new([Known::default(); 1 << BITS]) }
    }
}

impl Gate {
    /// Whether nothing is known to begin with `prefix`.
    #[inline]
    pub(super) fn is_nothing(&self, prefix: [u8; PREFIX]) -> bool {
        let number = u32::from_le_bytes(prefix);
        self.nothing[place(number)] == number
    }

    /// What is known of `prefix`, made by `make` when it is not known.
    #[inline]
    pub(super) fn known(&mut self, prefix: [u8; PREFIX], make: impl FnOnce() -> Known) -> Known {
        let number = u32::from_le_bytes(prefix);
        let slot = &mut self.known[place(number)];
        if slot.prefix != number {
            *slot = make();
            if slot.is_nothing {
                self.nothing[place(number)] = number;
            }
        }
        *slot
    }

    /// Forgets all but what holds for good.
    pub(super) fn clear(&mut self) {
        self.known.fill(Known::default());
    }
}

fn place(prefix: u32) -> usize {
    (prefix.wrapping_mul(0x9E37_79B1) >> (32 - BITS)) as usize
}

/// The bytes that begin at `at`, zeros behind the end.
#[inline]
pub(super) fn prefix(text: &[u8], at: usize) -> [u8; PREFIX] {
    text[at..].first_chunk().copied().unwrap_or_else(|| {
        let mut prefix = [0; PREFIX];
        prefix[..text.len() - at].copy_from_slice(&text[at..]);
        prefix
    })
}
