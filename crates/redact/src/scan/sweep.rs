//! One pass over a text: which words may begin a match, which may be context words.

use super::automaton::{Entry, LONG_PREFIX, PREFIX};
use super::gate::Known;
use super::{Scanner, Scratch, stamp};
use crate::starts::{BATCH, BLOCK, Batch, Before, Masks};

/// Places in a batch.
#[derive(Debug)]
struct Places {
    at: [u16; BATCH * BLOCK],
    count: usize,
}

impl Places {
    const NONE: Places = Places { at: [0; BATCH * BLOCK], count: 0 };

    /// Takes note of a place, without a branch.
    #[inline(always)]
    fn note(&mut self, at: usize, is_one: bool) {
        self.at[self.count & (BATCH * BLOCK - 1)] = at as u16;
        self.count += usize::from(is_one);
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        self.at[..self.count].iter().map(|at| usize::from(*at))
    }
}

/// Room for what is seen of a batch. It is not made anew for each: texts can be as short as a field.
#[derive(Debug)]
pub(super) struct Sight {
    batch: Batch,
    /// Where a pattern goes on that needs no word.
    runs: Places,
    /// Where a context word may stand.
    tells: Places,
}

impl Default for Sight {
    fn default() -> Self {
        Sight { batch: Batch::new(), runs: Places::NONE, tells: Places::NONE }
    }
}

impl Scanner {
    /// Finds the context words, the matches of the plain automaton, and the places for the labelled one.
    pub(super) fn sweep(&self, scratch: &mut Scratch, text: &[u8]) {
        scratch.matches.clear();
        scratch.places.clear();
        scratch.clear = 0;
        let (blocks, rest) = text.as_chunks::<BLOCK>();
        let mut before = Before::default();
        let mut sight = std::mem::take(&mut scratch.sight).unwrap_or_default();
        let mut base = 0;
        for blocks in blocks.chunks(BATCH) {
            let end = base + blocks.as_flattened().len();
            self.starts.look(blocks, &text[end..], &mut before, &mut sight.batch);
            self.visit(scratch, text, base, &mut sight, blocks.len());
            base = end;
        }
        if !rest.is_empty() {
            let mut last = [0; BLOCK];
            last[..rest.len()].copy_from_slice(rest);
            self.starts.look(&[last], &[], &mut before, &mut sight.batch);
            self.visit(scratch, text, base, &mut sight, 1);
        }
        scratch.sight = Some(sight);
        self.words.settle(&mut scratch.near);
    }

    /// Looks at the words of a batch. What a word is cannot be foreseen: they are sorted without a branch, and only then
    /// are those few gone through with which something begins.
    fn visit(&self, scratch: &mut Scratch, text: &[u8], base: usize, sight: &mut Sight, count: usize) {
        let Sight { batch, runs, tells } = sight;
        (runs.count, tells.count) = (0, 0);
        for (number, masks) in batch.masks[..count].iter().enumerate() {
            let block = number * BLOCK;
            let mut left = (masks.starts | masks.words) & from(scratch.clear, base + block);
            let mut places = 0_u64;
            let unseen = Unseen::of(masks);
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                let at = block + bit as usize;
                let known = self.known(scratch, batch.folded(at));
                if known.may_be_stamp() && stamp::is_likely(batch.folded(at)) {
                    scratch.clear = stamp::end(text, base + at);
                    left &= from(scratch.clear, base + block);
                }
                let (is_start, is_word) = (masks.starts >> bit & 1 == 1, masks.words >> bit & 1 == 1);
                let length = (masks.letters >> bit).trailing_ones();
                places |= u64::from(known.is_labelled()) << bit;
                runs.note(at, is_start & known.is_plain());
                tells.note(at, is_word & (known.is_length(length) | unseen.is_open(bit, known)));
            }
            scratch.places.push(places & masks.starts);
        }
        runs.iter().for_each(|at| self.run_plain(scratch, text, base + at, batch.folded(at)));
        tells.iter().for_each(|at| self.words.note(&mut scratch.near, text, base + at));
    }

    /// Runs the plain automaton. Most runs end within a few bytes that were met before.
    fn run_plain(&self, scratch: &mut Scratch, text: &[u8], at: usize, prefix: [u8; LONG_PREFIX]) {
        let entry = scratch.gate.far(prefix).unwrap_or_else(|| self.meet_far(scratch, prefix));
        if !entry.is_alive() {
            return;
        }
        let Scratch { plain, ends, .. } = scratch;
        if at + LONG_PREFIX <= text.len() {
            self.plain.run_from(plain, entry, LONG_PREFIX, ends, text, at);
        } else {
            self.plain.run(plain, ends, text, at);
        }
        scratch.matches.extend(scratch.ends.iter().map(|(detector, end)| (at, *detector, *end)));
        self.forget(scratch);
    }

    /// What the first bytes of a word say.
    #[inline(always)]
    fn known(&self, scratch: &mut Scratch, prefix: [u8; PREFIX]) -> Known {
        scratch.gate.known(prefix).unwrap_or_else(|| self.meet(scratch, prefix))
    }

    #[cold]
    fn meet(&self, scratch: &mut Scratch, prefix: [u8; PREFIX]) -> Known {
        let is_labelled = self.labelled.enter(&mut scratch.labelled, &prefix).is_alive();
        self.labelled.has_forgotten(&mut scratch.labelled);
        let is_plain = self.enter(scratch, &prefix).is_alive();
        let known = Known::new(prefix, self.words.lengths(&prefix), is_plain, is_labelled);
        scratch.gate.learn(prefix, known);
        known
    }

    #[cold]
    fn meet_far(&self, scratch: &mut Scratch, prefix: [u8; LONG_PREFIX]) -> Entry {
        let entry = self.enter(scratch, &prefix);
        scratch.gate.learn_far(prefix, entry);
        entry
    }

    /// Where the plain automaton stands after `prefix`.
    fn enter(&self, scratch: &mut Scratch, prefix: &[u8]) -> Entry {
        let entry = self.plain.enter(&mut scratch.plain, prefix);
        match self.forget(scratch) {
            true => self.plain.enter(&mut scratch.plain, prefix),
            false => entry,
        }
    }

    /// What is known of prefixes ends with the states that it speaks of.
    fn forget(&self, scratch: &mut Scratch) -> bool {
        let forgets = self.plain.has_forgotten(&mut scratch.plain);
        if forgets {
            scratch.gate.clear();
        }
        forgets
    }
}

/// The bits of the bytes from `at` on, of a block that begins at `base`.
#[inline]
fn from(at: usize, base: usize) -> u64 {
    u64::MAX.checked_shl(at.saturating_sub(base).min(BLOCK) as u32).unwrap_or(0)
}

/// The places of the bits of a mask.
#[inline]
pub(super) fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = mask.trailing_zeros() as usize;
        mask &= mask.wrapping_sub(1);
        (bit < BLOCK).then_some(bit)
    })
}

/// Words of a block whose first bytes and length do not tell whether they are context words.
struct Unseen {
    /// Those with bytes that are not ASCII.
    foreign: u64,
    /// The one that goes on in the next block.
    cut: u64,
}

impl Unseen {
    fn of(masks: &Masks) -> Self {
        let has_foreign = |bit: &usize| {
            let length = (masks.letters >> bit).trailing_ones();
            (masks.foreign >> bit).trailing_zeros() < length
        };
        let foreign = match masks.foreign {
            0 => 0,
            _ => bits(masks.words).filter(has_foreign).fold(0, |foreign, bit| foreign | 1 << bit),
        };
        let cut = 1_u64.checked_shl(u64::BITS - masks.letters.leading_ones()).unwrap_or(0);
        Unseen { foreign, cut }
    }

    #[inline(always)]
    fn is_open(&self, bit: u32, known: Known) -> bool {
        (self.foreign >> bit & 1 == 1) | known.is_word() & (self.cut >> bit & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits of bytes before, within and behind a block.
    #[test]
    fn bytes_from_a_place() {
        assert_eq!(from(0, 64), u64::MAX);
        assert_eq!(from(66, 64), u64::MAX - 3);
        assert_eq!(from(127, 64), 1 << 63);
        assert_eq!(from(128, 64), 0);
        assert_eq!(from(1000, 64), 0);
        assert_eq!(bits(0b1000_0110).collect::<Vec<_>>(), [1, 2, 7]);
        assert_eq!(bits(1 << 63).collect::<Vec<_>>(), [63]);
    }
}
