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
    /// Ended by `\n` (the last line of a stream may not be).
    pub(crate) terminated: bool,
    /// Longer than the limit: to be rejected.
    pub(crate) too_long: bool,
}

impl<'b> Line<'b> {
    /// The line without a `\r` at its end.
    pub(crate) fn without_return(self) -> Line<'b> {
        Line { bytes: self.bytes.strip_suffix(b"\r").unwrap_or(self.bytes), ..self }
    }

    /// The line without a byte order mark, where it is the first of the stream.
    pub(crate) fn without_mark(self) -> Line<'b> {
        let mark: &[u8] = if self.number == 1 { b"\xef\xbb\xbf" } else { b"" };
        Line { bytes: self.bytes.strip_prefix(mark).unwrap_or(self.bytes), ..self }
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
}

impl<'r> Lines<'r> {
    pub(crate) fn new(input: &'r mut dyn Read, limit: usize) -> Self {
        let limit = limit.min(LINE_MAX);
        let buffer = vec![0; BUFFER.min(limit.max(1))];
        Lines { input, buffer, start: 0, end: 0, ended: false, limit, number: 0, bytes: 0 }
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
        let mut searched = self.start;
        loop {
            if let Some(found) = memchr::memchr(b'\n', &self.buffer[searched..self.end]) {
                let (from, to) = (self.start, searched + found);
                self.start = to + 1;
                return Ok(Some(self.line(from, to, true)));
            }
            if self.ended {
                let (from, to) = (self.start, self.end);
                self.start = self.end;
                return Ok(if from == to { None } else { Some(self.line(from, to, false)) });
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

    fn line(&mut self, from: usize, to: usize, terminated: bool) -> Line<'_> {
        self.number += 1;
        let too_long = to - from > self.limit;
        Line { number: self.number, bytes: &self.buffer[from..to], terminated, too_long }
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
    fn skip_line(&mut self) -> Result<Line<'_>, Fault> {
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
        self.number += 1;
        Ok(Line { number: self.number, bytes: &self.buffer[from..self.start], terminated, too_long: true })
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
