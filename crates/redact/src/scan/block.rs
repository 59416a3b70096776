//! Blocks of a structured text that are scanned raw: what stands in their values need not be scanned again.

use std::ops::Range;

use super::{Finding, NO_NAMES, Scanner, Scratch};
use crate::context::{Near, Told};
use crate::detector::fold_name;

/// The block scanned last: the bytes of the input, and what was found in it.
#[derive(Debug, Default)]
pub(super) struct Block {
    range: Range<u64>,
    found: Vec<Finding>,
}

impl Scanner {
    /// What is found in `text`, and remembered for [`Scanner::within_block`] if it is said where it begins.
    pub(crate) fn scan_block<'s>(&self, scratch: &'s mut Scratch, text: &[u8], start: Option<u64>) -> &'s [Finding] {
        self.scan(scratch, text, NO_NAMES);
        let Scratch { block, found, .. } = scratch;
        block.range = start.map_or(0..0, |start| start..start + text.len() as u64);
        block.found.clone_from(found);
        &block.found
    }

    /// What [`Scanner::scan`] finds in a value of `length` bytes at `start` of the input, when the block scanned last
    /// tells it: no name around says anything, and nothing that was found there needed a word, which could stand beside
    /// the value. Signs stand around values, so that the edges of what is found in them are free in the block as well.
    pub(crate) fn within_block(
        &self,
        scratch: &mut Scratch,
        start: u64,
        length: usize,
        names: &[impl AsRef<str>],
    ) -> Option<Vec<Finding>> {
        let Scratch { block, near, told, .. } = scratch;
        if !(block.range.start <= start && start + length as u64 <= block.range.end) || self.is_told(near, told, names)
        {
            return None;
        }
        let start = (start - block.range.start) as usize;
        let end = start + length;
        let first = block.found.partition_point(|finding| finding.range.end <= start);
        let found = block.found[first..].iter().take_while(|finding| finding.range.start < end);
        let own = found.map(|finding| {
            let is_within = start <= finding.range.start && finding.range.end <= end;
            let is_free = self.detectors[finding.detector].context.is_empty();
            let range = finding.range.start.wrapping_sub(start)..finding.range.end.wrapping_sub(start);
            (is_within && is_free).then_some(Finding { range, ..*finding })
        });
        own.collect()
    }

    /// Whether a name of a field around says anything.
    fn is_told(&self, near: &mut Near, told: &mut Told, names: &[impl AsRef<str>]) -> bool {
        let of_field = |name: &str| self.fields.get(&fold_name(name)).cloned().unwrap_or_default();
        let mut names = names.iter().map(AsRef::as_ref);
        names.any(|name| !told.of(name, || of_field(name)).is_empty() || self.words.names(near, name))
    }
}
