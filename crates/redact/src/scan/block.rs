//! Blocks of a structured text that are scanned raw: what stands in their values need not be scanned again.

use std::ops::Range;

use super::settle::settle;
use super::{Finding, Foreseen, NO_NAMES, Scanner, Scratch};

/// The block scanned last: the bytes of the input, and what was found in it.
#[derive(Debug, Default)]
pub(super) struct Block {
    range: Range<u64>,
    found: Vec<Finding>,
}

/// A thread is given so many bytes at once, and what is left of the line.
const PART: usize = 128 << 10;

/// Whole lines, that several threads can share.
fn parts(text: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let end =
            rest.get(PART..).and_then(|rest| memchr::memchr(b'\n', rest)).map_or(rest.len(), |end| PART + end + 1);
        let part;
        (part, rest) = rest.split_at(end);
        parts.push(part);
    }
    parts
}

impl Scanner {
    /// What is found in `text`, lines of which each stands for itself, on as many threads as `jobs` says. It is remembered
    /// for [`Scanner::within_block`] if it is said where the text begins.
    pub(crate) fn scan_block<'s>(
        &self,
        scratch: &'s mut Scratch,
        text: &[u8],
        start: Option<u64>,
        jobs: usize,
    ) -> &'s [Finding] {
        let mut found = std::mem::take(&mut scratch.block.found);
        found.clear();
        let parts = if jobs > 1 { parts(text) } else { vec![text] };
        let mut crew = scratch.crew();
        let mut from = 0;
        let mut each = |number: usize, foreseen: Foreseen| {
            let moved =
                |finding: Finding| Finding { range: finding.range.start + from..finding.range.end + from, ..finding };
            found.extend(foreseen.found.into_iter().map(moved));
            from += parts[number].len();
            Ok(())
        };
        match parts.len() {
            0 | 1 => found.extend_from_slice(self.scan(scratch, text, NO_NAMES)),
            _ => {
                let scanned = self.foresee(&mut crew, &parts, jobs, &|text| (text.into(), true), &mut each);
                scanned.unwrap_or_else(|_| unreachable!("nothing fails here"));
            }
        }
        scratch.rest(crew);
        let range = start.map_or(0..0, |start| start..start + text.len() as u64);
        scratch.block = Block { range, found };
        &scratch.block.found
    }

    /// What [`Scanner::scan`] finds in `text`, a value that begins at `start` of the input, when the block scanned last
    /// tells it: no name around is a context word, and nothing that was found there needed more than itself, which could
    /// stand beside the value. Signs stand around values, so that the edges of what is found in them are free in the block as well.
    pub(crate) fn within_block<'s>(
        &self,
        scratch: &'s mut Scratch,
        start: u64,
        text: &[u8],
        names: &[impl AsRef<str>],
    ) -> Option<&'s [Finding]> {
        let Scratch { block, near, found, .. } = scratch;
        let is_known = block.range.start <= start && start + text.len() as u64 <= block.range.end;
        if !is_known || names.iter().any(|name| self.words.names(near, name.as_ref())) {
            return None;
        }
        let start = (start - block.range.start) as usize;
        let end = start + text.len();
        let first = block.found.partition_point(|finding| finding.range.end <= start);
        found.clear();
        for finding in block.found[first..].iter().take_while(|finding| finding.range.start < end) {
            let is_within = start <= finding.range.start && finding.range.end <= end;
            let detector = &self.detectors[finding.detector];
            if !is_within || !detector.context.is_empty() || detector.marks_value {
                return None;
            }
            found.push(Finding { range: finding.range.start - start..finding.range.end - start, ..*finding });
        }
        self.scan_field(scratch, text, names);
        settle(&mut scratch.found);
        Some(&scratch.found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Detector;

    /// Of every example of every detector, as a value among others, the block tells what a scan of the value finds, or
    /// nothing; and it tells most.
    #[test]
    fn a_block_tells_what_its_values_hold() {
        let scanner = Scanner::unproven(Detector::built_in().unwrap()).unwrap();
        let examples = scanner.detectors().iter().flat_map(|detector| detector.yes.iter().chain(&detector.no));
        let examples: Vec<&String> = examples.filter(|text| !text.contains(['"', '\\', '\n', '['])).collect();
        let (mut scratch, mut other, mut told, mut asked) = (scanner.scratch(), scanner.scratch(), 0, 0);
        for field in ["note", "remote_addr", "email"] {
            let mut block = String::new();
            let mut places = Vec::new();
            for example in &examples {
                block.push_str(&format!("{{\"id\":7,\"{field}\":\""));
                places.push(block.len());
                block.push_str(&format!("{example}\"}}\n"));
            }
            let one = scanner.scan_block(&mut scratch, block.as_bytes(), Some(1000), 1).to_vec();
            assert_eq!(scanner.scan_block(&mut scratch, block.repeat(9).as_bytes(), None, 2).len(), one.len() * 9);
            assert_eq!(scanner.scan_block(&mut scratch, block.as_bytes(), Some(1000), 2), one);
            for (place, example) in places.into_iter().zip(&examples) {
                let expected = scanner.scan(&mut other, example.as_bytes(), &[field]).to_vec();
                let start = 1000 + place as u64;
                if let Some(found) = scanner.within_block(&mut scratch, start, example.as_bytes(), &[field]) {
                    assert_eq!(found, expected, "{field} {example:?}");
                    told += 1;
                }
                asked += 1;
            }
        }
        assert!(told > asked / 2 && asked > 1000, "{told} of {asked}");
        assert!(scanner.within_block(&mut scratch, 999, b"x", NO_NAMES).is_none());
        scanner.scan_block(&mut scratch, b"x", None, 1);
        assert!(scanner.within_block(&mut scratch, 0, b"x", NO_NAMES).is_none());
    }
}
