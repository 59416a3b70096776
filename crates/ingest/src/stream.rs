//! JSON that streams in: where a value ends is found without knowing what is in it, and only what is asked for is held.

use std::io::{ErrorKind, Read};

use model::{Fault, Place};

use crate::decode::read_failed;

const PIECE: usize = 1 << 20;

/// Where something begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    /// From 1.
    pub(crate) line: u64,
    /// Bytes of the line before it.
    pub(crate) column: u64,
}

impl Spot {
    pub(crate) fn place(self) -> Place {
        Place::line(self.line, self.column + 1)
    }
}

/// A value that was asked for.
pub(crate) enum Ahead<'s> {
    /// All of it, and where it begins; it is taken. Whether it is JSON is checked later.
    Whole(&'s [u8], Spot),
    /// It is larger than the limit, and still ahead.
    TooLarge,
    /// The stream ends before it does.
    Unfinished,
}

/// A stream of JSON, walked forwards.
pub(crate) struct Stream<'r> {
    input: &'r mut dyn Read,
    buffer: Vec<u8>,
    /// Where the unread rest begins.
    start: usize,
    spot: Spot,
    bytes: u64,
    ended: bool,
}

/// How far into a value the search for its end has come.
#[derive(Default)]
struct Search {
    at: usize,
    depth: usize,
    quoted: bool,
    escaped: bool,
}

impl Search {
    /// The offset behind the value's last byte, if `text` holds it.
    fn end(&mut self, text: &[u8]) -> Option<usize> {
        while self.at < text.len() {
            let byte = text[self.at];
            self.at += 1;
            if self.quoted {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => {
                        self.quoted = false;
                        if self.depth == 0 {
                            return Some(self.at);
                        }
                    }
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.quoted = true,
                b'{' | b'[' => self.depth += 1,
                // Behind a number or a word.
                b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 => return Some(self.at - 1),
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(self.at);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// Whether the value may end where the stream ends.
    fn is_open(&self) -> bool {
        self.quoted || self.depth > 0
    }
}

impl<'r> Stream<'r> {
    pub(crate) fn new(input: &'r mut dyn Read) -> Self {
        Stream { input, buffer: Vec::new(), start: 0, spot: Spot { line: 1, column: 0 }, bytes: 0, ended: false }
    }

    /// Lines taken so far; one without its end is counted.
    pub(crate) fn lines(&self) -> u64 {
        self.spot.line - 1 + u64::from(self.spot.column > 0)
    }

    /// Bytes taken from the input so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Where the stream is now.
    pub(crate) fn spot(&self) -> Spot {
        self.spot
    }

    /// The next byte that is not blank, still ahead, or `None` at the end.
    pub(crate) fn peek(&mut self) -> Result<Option<u8>, Fault> {
        self.pass_mark()?;
        loop {
            let ahead = &self.buffer[self.start..];
            let blank = ahead.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let found = ahead.get(blank).copied();
            self.advance(blank);
            if found.is_some() || self.ended {
                return Ok(found);
            }
            self.fill()?;
        }
    }

    /// Takes the byte that was peeked at.
    pub(crate) fn take(&mut self) {
        self.advance(1);
    }

    /// The value ahead, whose first byte was peeked at, when it has no more than `limit` bytes.
    pub(crate) fn value(&mut self, limit: usize) -> Result<Ahead<'_>, Fault> {
        let limit = limit.min(crate::lines::LINE_MAX);
        let mut search = Search::default();
        let length = loop {
            let ahead = &self.buffer[self.start..];
            if let Some(end) = search.end(ahead) {
                break end;
            }
            if ahead.len() > limit {
                return Ok(Ahead::TooLarge);
            }
            if self.ended && search.is_open() {
                return Ok(Ahead::Unfinished);
            }
            if self.ended {
                break ahead.len();
            }
            self.fill()?;
        };
        if length > limit {
            return Ok(Ahead::TooLarge);
        }
        let spot = self.spot;
        self.advance(length);
        Ok(Ahead::Whole(&self.buffer[self.start - length..self.start], spot))
    }

    /// Passes over the value ahead without holding it; `false` when the stream ends before it does.
    pub(crate) fn skip(&mut self) -> Result<bool, Fault> {
        let mut search = Search::default();
        loop {
            if let Some(end) = search.end(&self.buffer[self.start..]) {
                self.advance(end);
                return Ok(true);
            }
            self.advance(self.buffer.len() - self.start);
            search.at = 0;
            if self.ended {
                return Ok(!search.is_open());
            }
            self.fill()?;
        }
    }

    fn advance(&mut self, by: usize) {
        let passed = &self.buffer[self.start..self.start + by];
        match memchr::memrchr(b'\n', passed) {
            None => self.spot.column += by as u64,
            Some(last) => {
                self.spot.line += memchr::memchr_iter(b'\n', passed).count() as u64;
                self.spot.column = (by - last - 1) as u64;
            }
        }
        self.start += by;
    }

    /// A byte order mark is three bytes, which may arrive one by one.
    fn pass_mark(&mut self) -> Result<(), Fault> {
        while self.bytes < 3 && !self.ended {
            self.fill()?;
        }
        let untouched = self.bytes as usize == self.buffer.len() && self.start == 0;
        if untouched && self.buffer.starts_with(b"\xef\xbb\xbf") {
            self.start = 3;
        }
        Ok(())
    }

    fn fill(&mut self) -> Result<(), Fault> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let held = self.buffer.len();
        self.buffer.resize(held + PIECE, 0);
        let count = loop {
            match self.input.read(&mut self.buffer[held..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(read_failed(error).at(Place::line(self.spot.line, 0))),
                Ok(count) => break count,
            }
        };
        self.buffer.truncate(held + count);
        self.bytes += count as u64;
        self.ended = count == 0;
        Ok(())
    }
}

/// Which line an offset in a value stands in. Offsets mostly rise: the count goes on from the last one.
pub(crate) struct LineOf<'t> {
    text: &'t [u8],
    first: Spot,
    at: usize,
    line: u64,
    /// The text stands nowhere: only its number is known.
    is_number: bool,
}

impl<'t> LineOf<'t> {
    pub(crate) fn new(text: &'t [u8], first: Spot) -> Self {
        LineOf { text, first, at: 0, line: first.line, is_number: false }
    }

    /// For a text that was made of something else: all of it is at the number of that, without a column.
    pub(crate) fn numbered(number: u64) -> LineOf<'static> {
        LineOf { text: &[], first: Spot { line: number, column: 0 }, at: 0, line: number, is_number: true }
    }

    pub(crate) fn line(&mut self, at: usize) -> u64 {
        let at = at.min(self.text.len());
        if at < self.at {
            (self.at, self.line) = (0, self.first.line);
        }
        self.line += memchr::memchr_iter(b'\n', &self.text[self.at..at]).count() as u64;
        self.at = at;
        self.line
    }

    pub(crate) fn place(&mut self, at: usize) -> Place {
        if self.is_number {
            return Place::line(self.line, 0);
        }
        let at = at.min(self.text.len());
        let column = match memchr::memrchr(b'\n', &self.text[..at]) {
            Some(end) => (at - end - 1) as u64,
            None => self.first.column + at as u64,
        };
        Place::line(self.line(at), column + 1)
    }
}
