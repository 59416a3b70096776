//! Input that is read once and passes through: what nobody replaces is written as it came.

use std::io::{self, Read, Write};
use std::ops::Range;

use model::{Fault, Place};

/// Bytes asked for at once.
const CHUNK: usize = 256 << 10;

/// A window on the input. What lies before `at` is done with and goes out unchanged, except where [`Stream::replace`]
/// said otherwise; what lies after it is being looked at and stays in memory until it is passed.
pub(super) struct Stream<'a> {
    input: &'a mut dyn Read,
    output: &'a mut dyn Write,
    /// What was read lies before `end`.
    buffer: Vec<u8>,
    end: usize,
    /// Everything before this index is written.
    written: usize,
    at: usize,
    /// Offset in the input of the buffer's first byte.
    offset: u64,
    /// Line of the byte at `counted`, from 1, and where that line begins in the input.
    line: u64,
    line_start: u64,
    counted: usize,
    ended: bool,
}

impl<'a> Stream<'a> {
    pub(super) fn new(input: &'a mut dyn Read, output: &'a mut dyn Write) -> Self {
        Stream {
            input,
            output,
            buffer: Vec::new(),
            end: 0,
            written: 0,
            at: 0,
            offset: 0,
            line: 1,
            line_start: 0,
            counted: 0,
            ended: false,
        }
    }

    /// What has been read and not been passed.
    pub(super) fn rest(&self) -> &[u8] {
        &self.buffer[self.at..self.end]
    }

    /// Reads at least one byte more; `false` at the end of the input.
    pub(super) fn more(&mut self) -> Result<bool, Fault> {
        if self.ended {
            return Ok(false);
        }
        self.release()?;
        if self.end == self.buffer.len() {
            // Room grows with what has to be held, so that a long value is not copied again for every chunk.
            self.buffer.resize(self.end + CHUNK.max(self.end), 0);
        }
        let count = loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result.map_err(read_failed)?,
            }
        };
        self.end += count;
        self.ended = count == 0;
        Ok(count > 0)
    }

    /// Writes what was passed and forgets it.
    fn release(&mut self) -> Result<(), Fault> {
        self.line_here();
        // A replaced stretch may reach past what was passed.
        write(self.output, &self.buffer[self.written.min(self.at)..self.at])?;
        self.buffer.copy_within(self.at..self.end, 0);
        self.end -= self.at;
        self.offset += self.at as u64;
        self.written = self.written.saturating_sub(self.at);
        (self.at, self.counted) = (0, 0);
        Ok(())
    }

    /// Reads until `size` bytes lie ahead or the input ends.
    pub(super) fn fill(&mut self, size: usize) -> Result<(), Fault> {
        while self.rest().len() < size && self.more()? {}
        Ok(())
    }

    /// Passes `count` bytes.
    pub(super) fn pass(&mut self, count: usize) {
        self.at += count;
    }

    /// Offset in the input of the next byte.
    pub(super) fn here(&self) -> u64 {
        self.offset + self.at as u64
    }

    /// Line of the next byte, from 1.
    pub(super) fn line_here(&mut self) -> u64 {
        let passed = &self.buffer[self.counted..self.at];
        // Most of what is passed is shorter than it takes to begin a search.
        if passed.len() <= 16 && !passed.contains(&b'\n') {
            self.counted = self.at;
            return self.line;
        }
        for newline in memchr::memchr_iter(b'\n', passed) {
            self.line += 1;
            self.line_start = self.offset + (self.counted + newline) as u64 + 1;
        }
        self.counted = self.at;
        self.line
    }

    /// Whether a line begins here.
    pub(super) fn is_line_start(&mut self) -> bool {
        self.line_here();
        self.here() == self.line_start
    }

    /// Where the byte `ahead` of the next one stands.
    pub(super) fn place(&self, ahead: usize) -> Place {
        let end = self.end.min(self.at + ahead);
        let (mut line, mut start) = (self.line, self.line_start);
        for newline in memchr::memchr_iter(b'\n', &self.buffer[self.counted..end]) {
            line += 1;
            start = self.offset + (self.counted + newline) as u64 + 1;
        }
        Place::line(line, self.offset + end as u64 - start + 1)
    }

    /// Writes `with` in place of `range` of the input, which has not been replaced yet and is still in memory.
    pub(super) fn replace(&mut self, range: &Range<u64>, with: &[u8]) -> Result<(), Fault> {
        let start = (range.start - self.offset) as usize;
        write(self.output, &self.buffer[self.written..start])?;
        write(self.output, with)?;
        self.written = (range.end - self.offset) as usize;
        Ok(())
    }

    /// What has been read and not been passed, for good.
    pub(super) fn into_rest(mut self) -> Vec<u8> {
        self.buffer.truncate(self.end);
        self.buffer.drain(..self.at);
        self.buffer
    }

    /// Writes what is left.
    pub(super) fn finish(self) -> Result<(), Fault> {
        write(self.output, &self.buffer[self.written..self.end])?;
        self.output.flush().map_err(write_failed)
    }
}

/// Writes `bytes`; an error is a fault.
pub(super) fn write(output: &mut dyn Write, bytes: &[u8]) -> Result<(), Fault> {
    if bytes.is_empty() { Ok(()) } else { output.write_all(bytes).map_err(write_failed) }
}

/// More than is held in memory.
pub(super) fn too_large(limit: u64) -> Fault {
    Fault::bad_input("too-large", format!("More than {limit} bytes would have to be held in memory at once"))
        .advise("Split the input into smaller files.")
}

pub(crate) fn read_failed(error: io::Error) -> Fault {
    match error.downcast::<Fault>() {
        Ok(fault) => fault,
        Err(error) => Fault::unavailable("read-failed", format!("The input could not be read: {error}"))
            .advise("Run the command again; if it fails again, check the disk or the sender.")
            .caused_by(error),
    }
}

pub(crate) fn write_failed(error: io::Error) -> Fault {
    match error.downcast::<Fault>() {
        Ok(fault) => fault,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            Fault::interrupted("broken-pipe", "Nobody reads the output any more").caused_by(error)
        }
        Err(error) => Fault::io("write", "the output".as_ref(), error),
    }
}
