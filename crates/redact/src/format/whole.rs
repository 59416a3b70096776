//! A document that is held as a whole while it is looked at.

use std::borrow::Cow;
use std::io::{Read, Write};
use std::ops::Range;

use model::{Fault, Place};

use super::stream::{Stream, too_large, write};
use super::weave::{Patch, Weave, applied, straight};
use crate::{Decide, Edit, Offsets, Piece, Spot};

/// Reads all of `input`; more than `limit` bytes are refused.
pub(super) fn read(input: &mut dyn Read, limit: u64) -> Result<Vec<u8>, Fault> {
    let mut sink = std::io::sink();
    let mut stream = Stream::new(input, &mut sink);
    while stream.more()? {
        if stream.rest().len() as u64 > limit {
            return Err(too_large(limit));
        }
    }
    Ok(stream.into_rest())
}

/// The document, what has to change in it, and who decides.
pub(super) struct Whole<'a> {
    pub(super) bytes: &'a [u8],
    decide: &'a mut dyn Decide,
    patches: Vec<(Range<u64>, Vec<u8>)>,
    /// Lines before `counted`, from 1.
    line: u64,
    counted: usize,
}

/// What is said about a piece beside its text.
pub(super) struct About<'p> {
    pub(super) names: &'p [Cow<'p, str>],
    pub(super) spot: Spot<'p>,
    pub(super) prose: bool,
}

/// Writes a replacement that begins at an offset of the input.
pub(super) type Encode<'e> = &'e dyn Fn(&str, u64) -> Vec<u8>;

impl<'a> Whole<'a> {
    pub(super) fn new(bytes: &'a [u8], decide: &'a mut dyn Decide) -> Self {
        Whole { bytes, decide, patches: Vec::new(), line: 1, counted: 0 }
    }

    /// Line of a byte, from 1.
    pub(super) fn line(&mut self, at: usize) -> u64 {
        // A text that goes on through tags is shown after their attributes: a few bytes back, never from the start.
        let range = self.counted.min(at)..self.counted.max(at);
        let newlines = memchr::memchr_iter(b'\n', &self.bytes[range]).count() as u64;
        self.line = if at < self.counted { self.line - newlines } else { self.line + newlines };
        self.counted = at;
        self.line
    }

    /// Where a byte stands.
    pub(super) fn place(&self, at: usize) -> Place {
        let before = &self.bytes[..at.min(self.bytes.len())];
        let start = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
        let line = memchr::memchr_iter(b'\n', before).count() as u64 + 1;
        Place::line(line, (before.len() - start) as u64 + 1)
    }

    /// Shows text that stands in the document as it is; the edits, which the caller writes.
    pub(super) fn ask(&mut self, range: Range<usize>, about: About<'_>) -> Result<Vec<Edit>, Fault> {
        let line = self.line(range.start);
        let offsets = Offsets::Straight { start: range.start as u64, line };
        let About { names, spot, prose } = about;
        self.decide.decide(&Piece { text: &self.bytes[range], names, spot, offsets, prose })
    }

    /// Shows text that was decoded, from `at` of the document on; the edits, which the caller writes.
    pub(super) fn ask_woven(&mut self, weave: &Weave, at: usize, about: About<'_>) -> Result<Vec<Edit>, Fault> {
        let line = self.line(at);
        let About { names, spot, prose } = about;
        self.decide.decide(&Piece { text: weave.text(), names, spot, offsets: weave.offsets(line), prose })
    }

    /// Shows text that stands in the document as it is, and writes the edits.
    pub(super) fn show(&mut self, range: Range<usize>, about: About<'_>, encode: Encode<'_>) -> Result<(), Fault> {
        let edits = self.ask(range.clone(), about)?;
        self.patch(straight(range.start as u64, range.len(), &edits)?, encode);
        Ok(())
    }

    /// Shows text that was decoded, and writes the edits. Gives the text afterwards.
    pub(super) fn show_woven(
        &mut self,
        weave: &Weave,
        at: usize,
        about: About<'_>,
        encode: Encode<'_>,
    ) -> Result<Vec<u8>, Fault> {
        let edits = self.ask_woven(weave, at, about)?;
        self.patch(weave.patches(&edits)?, encode);
        Ok(applied(weave.text(), &edits))
    }

    /// Writes patches of the document.
    pub(super) fn patch(&mut self, patches: Vec<Patch<'_>>, encode: Encode<'_>) {
        for (source, with) in patches {
            let with = encode(with, source.start);
            self.patches.push((source, with));
        }
    }

    /// Writes `with` in place of a range of the document, which nothing else replaces.
    pub(super) fn replace(&mut self, range: Range<usize>, with: Vec<u8>) {
        self.patches.push((range.start as u64..range.end as u64, with));
    }

    /// Writes the document with everything that was replaced.
    pub(super) fn finish(mut self, output: &mut dyn Write) -> Result<(), Fault> {
        self.patches.sort_by_key(|(source, _)| (source.start, source.end));
        let mut done = 0;
        for (source, with) in &self.patches {
            write(output, &self.bytes[done..source.start as usize])?;
            write(output, with)?;
            done = source.end as usize;
        }
        write(output, &self.bytes[done..])
    }
}
