//! One input, open: counted for progress, decoded, its first bytes looked at.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::Path;

use ingest::{Decoded, Format, Limits};
use model::{Fault, Progress};
use store::OriginalWriter;

use super::Input;
use crate::cli::signals;

const PREFIX: usize = 64 << 10;

/// Decoded bytes of an input.
pub(crate) struct Source<'p> {
    prefix: Vec<u8>,
    given: usize,
    rest: Decoded<'p>,
}

impl<'p> Source<'p> {
    /// Opens `input`; `None` when it is empty.
    ///
    /// # Errors
    /// I/O faults; damaged compression in the first bytes.
    pub(crate) fn open(input: &Input, progress: &'p dyn Progress) -> Result<Option<Self>, Fault> {
        let raw: Box<dyn Read + 'p> = match input.is_stdin() {
            true => Box::new(io::stdin().lock()),
            false => Box::new(File::open(input.path()).map_err(|error| Fault::io("open", input.path(), error))?),
        };
        let counted = Counted { raw, progress };
        let mut rest = ingest::decode(Box::new(counted), &Limits::default())?;
        let mut prefix = Vec::new();
        let read = rest.by_ref().take(PREFIX as u64).read_to_end(&mut prefix);
        if let Err(error) = read {
            return Err(ingest::read_failed(error));
        }
        Ok((!prefix.is_empty()).then_some(Source { prefix, given: 0, rest }))
    }

    pub(crate) fn compression(&self) -> Option<&'static str> {
        self.rest.compression()
    }

    /// All of it, held in memory from now on.
    ///
    /// # Errors
    /// `file-too-large` above `limit`; damaged compression.
    pub(super) fn whole(&mut self, limit: u64) -> Result<&[u8], Fault> {
        let read = self.rest.by_ref().take(limit + 1).read_to_end(&mut self.prefix);
        read.map_err(ingest::read_failed)?;
        if self.prefix.len() as u64 > limit {
            return Err(Fault::bad_input(
                "file-too-large",
                format!("The file is larger than {}", model::ByteSize(limit)),
            )
            .advise("Check that this is the file you meant."));
        }
        Ok(&self.prefix)
    }

    /// The format that the first bytes tell.
    ///
    /// # Errors
    /// `is-archive`, `unrecognised-format`.
    pub(crate) fn detect(&self) -> Result<Format, Fault> {
        let is_zip =
            [&b"PK\x03\x04"[..], b"PK\x05\x06", b"PK\x07\x08"].iter().any(|magic| self.prefix.starts_with(magic));
        let is_tar = self.prefix.get(257..262) == Some(b"ustar");
        if is_zip || is_tar {
            return Err(Fault::bad_input("is-archive", "This is an archive, not a log or metrics")
                .advise("Unpack it into a folder and name the folder; then each file is an original of its own."));
        }
        ingest::detect(&self.prefix).ok_or_else(|| {
            let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
            Fault::bad_input("unrecognised-format", "The content fits none of the known formats")
                .advise(format!("Name it with --format: {}.", names.join(", ")))
        })
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given < self.prefix.len() {
            let count = (&self.prefix[self.given..]).read(buffer)?;
            self.given += count;
            return Ok(count);
        }
        self.rest.read(buffer)
    }
}

struct Counted<'p> {
    raw: Box<dyn Read + 'p>,
    progress: &'p dyn Progress,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Checked here, so that no input is too slow or too broken to be stopped.
        signals::check().map_err(|fault| io::Error::other(fault.message().to_owned()))?;
        let count = self.raw.read(buffer)?;
        self.progress.advance(count as u64);
        Ok(count)
    }
}

/// Hands every byte that is read to the writer of the original as well.
pub(crate) struct Tee<'p> {
    pub(crate) source: Source<'p>,
    pub(crate) writer: OriginalWriter,
}

impl Read for Tee<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        // A fault inside the error: what cannot be written is not what cannot be read.
        let kept = self.writer.write_all(&buffer[..count]);
        kept.map_err(|error| io::Error::other(Fault::io("write to", Path::new("the store"), error)))?;
        Ok(count)
    }
}
