//! Lines of a stream, borrowed from one buffer.

use std::io::{ErrorKind, Read};

use model::{Fault, Place, Rejection};

use crate::decode::read_failed;

/// First size of the buffer; it grows to the line limit when a line asks for it.
const BUFFER: usize = 1 << 20;

/// No limit may be set above this: offsets in a line are kept in 31 bits, and a row's own text may be twice as long.
pub(crate) const LINE_MAX: usize = 1 << 29;

/// One line without its `\n`.
#[derive(Clone, Copy)]
pub(crate) struct Line<'b> {
    /// From 1.
    pub(crate) number: u64,
    /// The bytes; of a line beyond the limit only the beginning.
    pub(crate) bytes: &'b [u8],
    /// The same as text, where it is already known to be UTF-8.
    pub(crate) text: Option<&'b str>,
    /// Ended by `\n` (the last line of a stream may not be).
    pub(crate) terminated: bool,
    /// Longer than the limit: to be rejected.
    pub(crate) too_long: bool,
}

impl<'b> Line<'b> {
    /// The line without a `\r` at its end.
    pub(crate) fn without_return(self) -> Line<'b> {
        match self.bytes {
            [before @ .., b'\r'] => Line { bytes: before, text: self.text.map(|text| &text[..before.len()]), ..self },
            _ => self,
        }
    }

    /// The line without a byte order mark, where it is the first of the stream.
    pub(crate) fn without_mark(self) -> Line<'b> {
        match self.bytes {
            [0xef, 0xbb, 0xbf, after @ ..] if self.number == 1 => {
                Line { bytes: after, text: self.text.map(|text| &text[3..]), ..self }
            }
            _ => self,
        }
    }
}

/// Reads lines; a line is valid until the next one is asked for.
pub(crate) struct Lines<'r> {
    input: &'r mut dyn Read,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    limit: usize,
    number: u64,
    bytes: u64,
    /// Of what [`Lines::take`] was asked for and is beyond the limit.
    beginning: Vec<u8>,
}

impl<'r> Lines<'r> {
    pub(crate) fn new(input: &'r mut dyn Read, limit: usize) -> Self {
        let limit = limit.min(LINE_MAX);
        let buffer = vec![0; BUFFER.min(limit.max(1))];
        Lines { input, buffer, start: 0, end: 0, ended: false, limit, number: 0, bytes: 0, beginning: Vec::new() }
    }

    /// Lines handed out so far.
    pub(crate) fn count(&self) -> u64 {
        self.number
    }

    /// Bytes taken from the stream so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next line, or `None` at the end of the stream.
    pub(crate) fn next(&mut self) -> Result<Option<Line<'_>>, Fault> {
        let Some(piece) = self.piece(memchr::memchr)? else { return Ok(None) };
        self.number += 1;
        let bytes = &self.buffer[piece.from..piece.to];
        let too_long = piece.cut || bytes.len() > self.limit;
        Ok(Some(Line { number: self.number, bytes, text: None, terminated: piece.terminated, too_long }))
    }

    /// The next lines, as many as are at hand, or `None` at the end of the stream. They are to be taken to the last one.
    pub(crate) fn block(&mut self) -> Result<Option<Block<'_>>, Fault> {
        let Some(piece) = self.piece(memchr::memrchr)? else { return Ok(None) };
        let bytes = &self.buffer[piece.from..piece.to];
        // A line ends where no character is cut, so that what holds for the block holds for each of its lines.
        let text = std::str::from_utf8(bytes).ok();
        let Piece { terminated, cut, .. } = piece;
        Ok(Some(Block { bytes: Some(bytes), text, number: &mut self.number, limit: self.limit, terminated, cut }))
    }

    /// The bytes ahead, without taking them: at least `count` (which is not above the limit), or all that are left.
    pub(crate) fn ahead(&mut self, count: usize) -> Result<&[u8], Fault> {
        while self.end - self.start < count && !self.ended {
            self.make_room();
            self.fill()?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// Passes over bytes that [`Lines::ahead`] has shown.
    pub(crate) fn pass(&mut self, count: usize) {
        self.start = self.end.min(self.start + count);
    }

    /// Exactly so many bytes as one line: `terminated` when they are all there. Beyond the limit only the beginning is kept.
    pub(crate) fn take(&mut self, count: u64) -> Result<Line<'_>, Fault> {
        self.number += 1;
        let limit = self.limit.max(Rejection::TEXT_MAX);
        let kept = usize::try_from(count).unwrap_or(limit).min(limit);
        let held = self.ahead(kept)?.len().min(kept);
        let mut left = count - held as u64;
        if left == 0 || held < kept {
            let from = self.start;
            self.start += held;
            let bytes = &self.buffer[from..self.start];
            return Ok(Line {
                number: self.number,
                bytes,
                text: None,
                terminated: left == 0,
                too_long: held > self.limit,
            });
        }
        let beginning = self.buffer[self.start..self.start + Rejection::TEXT_MAX].to_vec();
        self.start += held;
        while left > 0 && (self.start < self.end || !self.ended) {
            let here = u64::min(left, (self.end - self.start) as u64);
            left -= here;
            self.start += here as usize;
            if left > 0 {
                (self.start, self.end) = (0, 0);
                self.fill()?;
            }
        }
        self.beginning = beginning;
        let bytes = self.beginning.as_slice();
        Ok(Line { number: self.number, bytes, text: None, terminated: left == 0, too_long: true })
    }

    /// Takes the lines up to the line break that `find` finds among those at hand, or what stands behind the last one.
    fn piece(&mut self, find: impl Fn(u8, &[u8]) -> Option<usize>) -> Result<Option<Piece>, Fault> {
        let mut searched = self.start;
        loop {
            if let Some(found) = find(b'\n', &self.buffer[searched..self.end]) {
                let (from, to) = (self.start, searched + found);
                self.start = to + 1;
                return Ok(Some(Piece { from, to, terminated: true, cut: false }));
            }
            if self.ended {
                let (from, to) = (self.start, self.end);
                self.start = self.end;
                return Ok((from < to).then_some(Piece { from, to, terminated: false, cut: false }));
            }
            let held = self.end - self.start;
            if held > self.limit {
                return self.skip_line().map(Some);
            }
            self.make_room();
            searched = self.start + held;
            self.fill()?;
        }
    }

    fn make_room(&mut self) {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            // One byte more than the limit tells a full line from an overlong one.
            let size = (self.buffer.len() * 2).min(self.limit + 1).max(self.buffer.len() + 1);
            self.buffer.resize(size, 0);
        }
    }

    fn fill(&mut self) -> Result<(), Fault> {
        let count = loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    let fault = read_failed(error);
                    return Err(if fault.place().is_some() {
                        fault
                    } else {
                        fault.at(Place::line(self.number + 1, 0))
                    });
                }
                Ok(count) => break count,
            }
        };
        self.end += count;
        self.bytes += count as u64;
        self.ended = count == 0;
        Ok(())
    }

    /// Passes over the rest of a line that is too long, keeping its beginning for the rejection.
    fn skip_line(&mut self) -> Result<Piece, Fault> {
        let kept = self.buffer[self.start..self.start + Rejection::TEXT_MAX.min(self.end - self.start)].to_vec();
        let mut terminated = false;
        while !terminated && !self.ended {
            (self.start, self.end) = (0, 0);
            self.fill()?;
            if let Some(found) = memchr::memchr(b'\n', &self.buffer[..self.end]) {
                self.start = found + 1;
                terminated = true;
            } else {
                self.start = self.end;
            }
        }
        // The beginning is put in front of what was read since; there is room for it, or the buffer grows by 1 KiB.
        let tail = self.end - self.start;
        let needed = kept.len() + tail;
        if self.start < kept.len() {
            self.buffer.resize(self.buffer.len().max(needed), 0);
            self.buffer.copy_within(self.start..self.end, kept.len());
            (self.start, self.end) = (kept.len(), needed);
        }
        let from = self.start - kept.len();
        self.buffer[from..self.start].copy_from_slice(&kept);
        Ok(Piece { from, to: self.start, terminated, cut: true })
    }
}

/// A stretch of the buffer without the `\n` at its end.
struct Piece {
    from: usize,
    to: usize,
    /// Ended by `\n`.
    terminated: bool,
    /// The beginning of a line beyond the limit.
    cut: bool,
}

/// Lines that follow each other. That they are UTF-8 is looked at once for all of them.
pub(crate) struct Block<'b> {
    /// What is left, without the `\n` at its end.
    bytes: Option<&'b [u8]>,
    text: Option<&'b str>,
    number: &'b mut u64,
    limit: usize,
    terminated: bool,
    cut: bool,
}

impl<'b> Iterator for Block<'b> {
    type Item = Line<'b>;

    fn next(&mut self) -> Option<Line<'b>> {
        let left = self.bytes?;
        let end = memchr::memchr(b'\n', left);
        let size = end.unwrap_or(left.len());
        let text = self.text.map(|text| &text[..size]);
        *self.number += 1;
        let line = Line {
            number: *self.number,
            bytes: &left[..size],
            text,
            terminated: end.is_some() || self.terminated,
            too_long: self.cut || size > self.limit,
        };
        self.bytes = end.map(|end| &left[end + 1..]);
        self.text = self.text.map(|text| text.get(size + 1..).unwrap_or_default());
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Hands out `step` bytes at a time, to cross every border.
    struct Dribble<'a>(&'a [u8], usize);

    impl Read for Dribble<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn lines_of(text: &[u8], step: usize, limit: usize) -> Vec<(Vec<u8>, bool, bool)> {
        let mut input = Dribble(text, step);
        let mut lines = Lines::new(&mut input, limit);
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push((line.bytes.to_vec(), line.terminated, line.too_long));
        }
        all
    }

    fn blocks_of(text: &[u8], step: usize, limit: usize) -> Vec<(Vec<u8>, bool, bool)> {
        let mut input = Dribble(text, step);
        let mut lines = Lines::new(&mut input, limit);
        let mut all = Vec::new();
        while let Some(block) = lines.block().unwrap() {
            for line in block {
                assert_eq!(line.number, all.len() as u64 + 1);
                assert!(line.text.is_none_or(|text| text.as_bytes() == line.bytes));
                assert!(line.text.is_some() || !text.is_ascii());
                all.push((line.bytes.to_vec(), line.terminated, line.too_long));
            }
        }
        assert_eq!((lines.count(), lines.bytes()), (all.len() as u64, text.len() as u64));
        all
    }

    #[test]
    fn a_line_beyond_the_limit_is_skipped_and_the_next_one_is_whole() {
        let text = format!("ab\n{}\ncd\n{}", "x".repeat(50_000), "y".repeat(5000));
        let lines = lines_of(text.as_bytes(), 700, 4096);
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[0], (b"ab".to_vec(), true, false));
        assert_eq!((lines[1].0.len(), lines[1].1, lines[1].2), (1024, true, true));
        assert_eq!(lines[2], (b"cd".to_vec(), true, false));
        assert!(lines[3].2 && !lines[3].1 && lines[3].0.iter().all(|byte| *byte == b'y'));
    }

    proptest! {
        #[test]
        fn blocks_hold_the_same_lines(text in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'a'), Just(b'b'), any::<u8>()], 0..300),
                                      step in 1_usize..400, limit in 1_usize..50) {
            prop_assert_eq!(blocks_of(&text, step, limit), lines_of(&text, step, limit));
        }

        #[test]
        fn lines_are_what_split_says(text in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'a'), any::<u8>()], 0..300),
                                     step in 1_usize..40) {
            let mut expect: Vec<Vec<u8>> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            if expect.last().is_some_and(Vec::is_empty) {
                expect.pop();
            }
            let lines: Vec<Vec<u8>> = lines_of(&text, step, 1000).into_iter().map(|line| line.0).collect();
            prop_assert_eq!(lines, expect);
        }
    }
}
