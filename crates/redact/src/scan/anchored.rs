//! Patterns that are found from the inside: by bytes that stand in the middle of every match.

use std::ops::Range;

use memchr::memmem;
use regex_automata::{Anchored, Input, meta};

use crate::detector::Anchor;

/// The longest local part of an address, or user name of a URL, that is looked at (RFC 5321 §4.5.3.1.1 allows 64).
const BACK_MAX: usize = 320;
const AHEAD_MAX: usize = 512;

/// A pattern and the bytes in the middle of its matches.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) detector: usize,
    finder: memmem::Finder<'static>,
    back: Box<[bool; 256]>,
    regex: meta::Regex,
}

impl Inner {
    pub(super) fn new(detector: usize, anchor: &Anchor, regex: meta::Regex) -> Self {
        let finder = memmem::Finder::new(anchor.text.as_bytes()).into_owned();
        Inner { detector, finder, back: anchor.back.clone(), regex }
    }

    /// Shows `each` the matches, from left to right. It answers where the next one can begin at the earliest.
    pub(super) fn each(&self, text: &[u8], mut each: impl FnMut(Range<usize>) -> usize) {
        let (mut from, size) = (0, self.finder.needle().len());
        for at in self.finder.find_iter(text) {
            if at < from {
                continue;
            }
            let back = text[from..at].iter().rev().take(BACK_MAX).take_while(|byte| self.back[usize::from(**byte)]);
            let least = at - back.count();
            let ahead = text.len().min(at + AHEAD_MAX);
            // The leftmost beginning whose match reaches over the anchor.
            let input = Input::new(text).range(least..ahead);
            // Most begin as far back as they can, and to see that takes a third of the search.
            let first = self.regex.find(input.clone().anchored(Anchored::Yes));
            let found = first.or_else(|| self.regex.find(input));
            if let Some(found) = found.filter(|found| found.start() <= at && found.end() >= at + size) {
                from = each(found.range());
            }
        }
    }
}
