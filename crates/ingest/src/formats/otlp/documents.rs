//! Cuts a stream into JSON documents, without knowing what is in them.

use std::io::{ErrorKind, Read};

use model::{Fault, Place};

use crate::decode::read_failed;

const PIECE: usize = 1 << 20;

/// Documents of a stream, one after the other.
pub(super) struct Documents<'r> {
    input: &'r mut dyn Read,
    buffer: Vec<u8>,
    /// Where the next document begins.
    start: usize,
    limit: usize,
    line: u64,
    bytes: u64,
    ended: bool,
}

/// How far into a document the search for its end has come.
#[derive(Default)]
struct Search {
    at: usize,
    depth: usize,
    quoted: bool,
    escaped: bool,
}

impl Search {
    /// The offset behind the document's last brace, if `text` holds it. The JSON itself is checked later.
    fn end(&mut self, text: &[u8]) -> Option<usize> {
        while self.at < text.len() {
            let byte = text[self.at];
            self.at += 1;
            if self.quoted {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.quoted = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.quoted = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(self.at);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

impl<'r> Documents<'r> {
    pub(super) fn new(input: &'r mut dyn Read, limit: usize) -> Self {
        Documents {
            input,
            buffer: Vec::new(),
            start: 0,
            limit: limit.min(crate::lines::LINE_MAX),
            line: 1,
            bytes: 0,
            ended: false,
        }
    }

    pub(super) fn lines(&self) -> u64 {
        let open = self.buffer.last().is_some_and(|byte| *byte != b'\n');
        self.line - 1 + u64::from(open)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next document and the line where it begins.
    pub(super) fn next(&mut self) -> Result<Option<(&[u8], u64)>, Fault> {
        if !self.skip_blank()? {
            return Ok(None);
        }
        let line = self.line;
        if self.buffer[self.start] != b'{' {
            return Err(super::broken(Place::line(line, 0), "A document begins with a brace".to_owned()));
        }
        let mut search = Search::default();
        let length = loop {
            if let Some(end) = search.end(&self.buffer[self.start..]) {
                break end;
            }
            if self.buffer.len() - self.start > self.limit {
                let message = format!("The document is larger than {} bytes", self.limit);
                return Err(Fault::bad_input("document-too-large", message)
                    .advise("Write one document per line, or split the file.")
                    .at(Place::line(line, 0)));
            }
            if self.ended {
                return Err(super::broken(Place::line(line, 0), "The document that begins here never ends".to_owned()));
            }
            self.fill()?;
        };
        let document = &self.buffer[self.start..self.start + length];
        self.line += memchr::memchr_iter(b'\n', document).count() as u64;
        self.start += length;
        Ok(Some((document, line)))
    }

    fn skip_blank(&mut self) -> Result<bool, Fault> {
        // A byte order mark is three bytes, which may arrive one by one.
        while self.line == 1 && self.start == 0 && self.buffer.len() < 3 && !self.ended {
            self.fill()?;
        }
        if self.bytes as usize == self.buffer.len() && self.buffer.starts_with(b"\xef\xbb\xbf") {
            self.start = self.start.max(3);
        }
        loop {
            while let Some(byte) = self.buffer.get(self.start).filter(|byte| byte.is_ascii_whitespace()) {
                self.line += u64::from(*byte == b'\n');
                self.start += 1;
            }
            if self.start < self.buffer.len() {
                return Ok(true);
            }
            if self.ended {
                return Ok(false);
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> Result<(), Fault> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let held = self.buffer.len();
        self.buffer.resize(held + PIECE, 0);
        let count = loop {
            match self.input.read(&mut self.buffer[held..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(read_failed(error).at(Place::line(self.line, 0))),
                Ok(count) => break count,
            }
        };
        self.buffer.truncate(held + count);
        self.bytes += count as u64;
        self.ended = count == 0;
        Ok(())
    }
}
