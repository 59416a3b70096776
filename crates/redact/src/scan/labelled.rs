//! Patterns that are run only near a word that says what the value is.

use std::ops::Range;

use regex_syntax::hir::{Class, Hir, HirKind};

use super::sweep::bits;
use super::{Scanner, Scratch};
use crate::context::{MATCH_MAX, WINDOW};
use crate::starts::BLOCK;

/// Where a detector's match can begin that has a word near it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reach {
    /// The longest match, in bytes.
    longest: usize,
    /// Whether a match can hold a line end.
    crosses: bool,
}

impl Reach {
    pub(super) fn of(pattern: &Hir) -> Self {
        let longest = pattern.properties().maximum_len().unwrap_or(MATCH_MAX).min(MATCH_MAX);
        Reach { longest, crosses: has_line_end(pattern) }
    }

    /// The places near the word at `word`.
    fn about(self, text: &[u8], word: &Range<usize>) -> Range<usize> {
        let most = text.len().min(word.start + WINDOW + 1);
        let to = memchr::memchr(b'\n', &text[word.end.min(most)..most]).map_or(most, |at| word.end + at + 1);
        // Not from the word's end: what is asked for from left to right begins further and further right.
        let least = word.start.saturating_sub(WINDOW + self.longest);
        if self.crosses {
            return least..to;
        }
        let from = memchr::memrchr(b'\n', &text[least..word.start]).map_or(least, |at| least + at + 1);
        from..to
    }
}

fn has_line_end(pattern: &Hir) -> bool {
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => literal.0.contains(&b'\n'),
        HirKind::Class(Class::Bytes(class)) => class.iter().any(|range| range.start() <= b'\n' && b'\n' <= range.end()),
        HirKind::Class(Class::Unicode(class)) => class.iter().any(|range| range.start() <= '\n' && '\n' <= range.end()),
        HirKind::Repetition(repetition) => has_line_end(&repetition.sub),
        HirKind::Capture(capture) => has_line_end(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(has_line_end),
    }
}

impl Scanner {
    /// Runs the patterns of detectors that find nothing without a word, where they have one.
    pub(super) fn weigh_labelled(&self, scratch: &mut Scratch, text: &[u8]) {
        if scratch.near.is_silent() {
            return;
        }
        scratch.weighed.clear();
        scratch.weighed.resize(self.detectors.len(), 0);
        for index in 0..scratch.near.named().len() {
            let detector = scratch.near.named()[index];
            if self.detectors[detector].is_labelled() {
                self.weigh_places(scratch, text, detector, 0..text.len());
            }
        }
        for label in 0..scratch.near.labels().len() {
            let (detector, word) = scratch.near.labels()[label].clone();
            if self.detectors[detector].is_labelled() {
                let about = self.reaches[detector].about(text, &word);
                self.weigh_places(scratch, text, detector, about);
            }
        }
    }

    /// Runs a detector's pattern at the places in `range` where it was not run yet.
    fn weigh_places(&self, scratch: &mut Scratch, text: &[u8], detector: usize, range: Range<usize>) {
        let from = range.start.max(scratch.weighed[detector]);
        scratch.weighed[detector] = range.end.max(from);
        for block in from / BLOCK..range.end.div_ceil(BLOCK) {
            for bit in bits(scratch.places[block]) {
                let at = block * BLOCK + bit;
                if from <= at && at < range.end {
                    self.weigh_alone(scratch, detector, text, at);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(pattern: &str) -> Reach {
        Reach::of(&regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).unwrap())
    }

    /// A match that cannot hold a line end stands on the word's line.
    #[test]
    fn places_are_on_the_line() {
        let text = format!("{}\n{} word 12\n34", "a".repeat(99), "b".repeat(9));
        let word = 110..114;
        let about = |pattern: &str| reach(pattern).about(text.as_bytes(), &word);
        assert_eq!(about("[0-9]{3}"), 100..118);
        assert_eq!(about(r"[0-9\s]{3}"), 47..118);
        assert_eq!(about(r"(?:1\n2)+"), 0..118);
        assert_eq!(reach("[ -9]{3}").about(text.as_bytes(), &(5..9)), 0..66);
    }
}
