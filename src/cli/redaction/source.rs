//! Inputs that are read more than once, and outputs that are read again before anybody sees them.

mod ahead;

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::Path;

use model::{Digest, Fault, Progress};
use redact::format::detect::{self, Kind};
use redact::{Delta, Limits, Source, Vessel};
use seal::Hasher;

use ahead::Ahead;

use crate::cli::files::{NewFile, WrittenFile};
use crate::cli::intake::Input;
use crate::cli::signals;

/// So many bytes are looked at to see what an input is.
const PREFIX: u64 = 64 << 10;

/// An input on its way: what passes is hashed and counted.
pub(super) struct Reading<'a> {
    flow: Flow,
    progress: &'a dyn Progress,
}

/// Where the bytes come from: from here, or from a thread that reads and hashes them ahead.
enum Flow {
    Here(Chained, Hasher),
    Ahead(Ahead),
}

type Chained = io::Chain<io::Cursor<Vec<u8>>, Box<dyn Read + Send>>;

impl<'a> Reading<'a> {
    /// Opens an input and sees what it is. With several `jobs` it is read ahead.
    pub(super) fn begin(
        input: &Input,
        kind: Option<Kind>,
        jobs: usize,
        progress: &'a dyn Progress,
    ) -> Result<(Self, Kind), Fault> {
        let mut inner = open(input)?;
        let mut prefix = Vec::new();
        inner.by_ref().take(PREFIX).read_to_end(&mut prefix).map_err(|error| Fault::io("read", input.path(), error))?;
        let name = if input.is_stdin() { None } else { input.path().file_name().and_then(|name| name.to_str()) };
        let kind = kind.unwrap_or_else(|| detect::detect(name, &prefix));
        // What is seen whole already need not be waited for.
        let jobs = if (prefix.len() as u64) < PREFIX { 1 } else { jobs };
        Ok((Self::over(io::Cursor::new(prefix).chain(inner), jobs, progress), kind))
    }

    fn over(inner: Chained, jobs: usize, progress: &'a dyn Progress) -> Self {
        let flow = if jobs > 1 { Flow::Ahead(Ahead::new(inner)) } else { Flow::Here(inner, Hasher::new()) };
        Reading { flow, progress }
    }

    /// The digest of everything, to its end.
    pub(super) fn digest(mut self) -> Result<Digest, Fault> {
        io::copy(&mut self, &mut io::sink()).map_err(read_failed)?;
        Ok(match self.flow {
            Flow::Here(_, hasher) => hasher.finish(),
            Flow::Ahead(ahead) => ahead.digest(),
        })
    }
}

impl Read for Reading<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        signals::check().map_err(io::Error::other)?;
        let count = match &mut self.flow {
            Flow::Here(inner, hasher) => {
                let count = inner.read(buffer)?;
                hasher.update(&buffer[..count]);
                count
            }
            Flow::Ahead(ahead) => ahead.read(buffer)?,
        };
        self.progress.advance(count as u64);
        Ok(count)
    }
}

/// The first bytes of a file: enough to see what it is.
///
/// # Errors
/// I/O faults.
pub(crate) fn prefix(path: &Path) -> Result<Vec<u8>, Fault> {
    let mut prefix = Vec::new();
    let file = File::open(path).map_err(|error| Fault::io("open", path, error))?;
    file.take(PREFIX).read_to_end(&mut prefix).map_err(|error| Fault::io("read", path, error))?;
    Ok(prefix)
}

fn open(input: &Input) -> Result<Box<dyn Read + Send>, Fault> {
    match input.is_stdin() {
        true => Ok(Box::new(io::stdin())),
        false => {
            let file = File::open(input.path()).map_err(|error| Fault::io("open", input.path(), error))?;
            Ok(Box::new(file))
        }
    }
}

fn read_failed(error: io::Error) -> Fault {
    error.downcast::<Fault>().unwrap_or_else(|error| Fault::io("read", "the input".as_ref(), error))
}

pub(super) fn write_failed(error: io::Error) -> Fault {
    error.downcast::<Fault>().unwrap_or_else(|error| Fault::io("write", "the output".as_ref(), error))
}

/// A file that is read as often as needed, and must be the same each time.
pub(super) struct Replay<'a> {
    input: &'a Input,
    progress: &'a dyn Progress,
}

impl<'a> Replay<'a> {
    pub(super) fn new(input: &'a Input, progress: &'a dyn Progress) -> Self {
        Replay { input, progress }
    }

    pub(super) fn digest(&self) -> Result<Digest, Fault> {
        Reading::over(io::Cursor::new(Vec::new()).chain(open(self.input)?), 1, &model::Hidden).digest()
    }
}

impl Source for Replay<'_> {
    fn open(&self) -> Result<Box<dyn Read + '_>, Fault> {
        Ok(Box::new(Again { inner: open(self.input)?, progress: self.progress }))
    }
}

/// An input that is read once more: nobody asks for its digest.
struct Again<'a> {
    inner: Box<dyn Read + Send>,
    progress: &'a dyn Progress,
}

impl Read for Again<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        signals::check().map_err(io::Error::other)?;
        let count = self.inner.read(buffer)?;
        self.progress.advance(count as u64);
        Ok(count)
    }
}

/// An input that cannot be read twice, in memory.
pub(super) struct Held(Vec<u8>);

/// Reads the whole of an input.
pub(super) fn hold(reading: &mut Reading<'_>, limits: &Limits) -> Result<Held, Fault> {
    let mut bytes = Vec::new();
    reading.take(limits.document_bytes + 1).read_to_end(&mut bytes).map_err(read_failed)?;
    if bytes.len() as u64 > limits.document_bytes {
        return Err(Fault::bad_input("too-large", "the document is larger than what is held in memory at once")
            .advise("Split it, or redact its parts."));
    }
    Ok(Held(bytes))
}

impl Held {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The way from an output back to its original.
pub(super) fn delta(original: &Replay<'_>, output: &Draft, limits: &Limits) -> Result<Delta, Fault> {
    Ok(Delta::between(&whole(original, limits)?, &whole(output, limits)?))
}

/// All bytes of a document.
pub(super) fn whole(source: &dyn Source, limits: &Limits) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    // An output can be a little larger than its input.
    let most = limits.document_bytes.saturating_mul(2);
    source.open()?.take(most).read_to_end(&mut bytes).map_err(read_failed)?;
    Ok(bytes)
}

impl Source for Held {
    fn open(&self) -> Result<Box<dyn Read + '_>, Fault> {
        Ok(Box::new(self.0.as_slice()))
    }
}

/// An output in memory.
#[derive(Default)]
pub(super) struct Made {
    pub(super) bytes: Vec<u8>,
}

impl Source for Made {
    fn open(&self) -> Result<Box<dyn Read + '_>, Fault> {
        Ok(Box::new(self.bytes.as_slice()))
    }
}

impl Vessel for Made {
    fn create(&mut self) -> Result<Box<dyn Write + '_>, Fault> {
        self.bytes.clear();
        Ok(Box::new(&mut self.bytes))
    }
}

/// A new file before it has its name.
pub(crate) struct Draft {
    file: NewFile,
}

impl Draft {
    pub(crate) fn new(file: NewFile) -> Self {
        Draft { file }
    }

    /// Ends the writing; it appears together with the others.
    pub(crate) fn close(self) -> Result<WrittenFile, Fault> {
        self.file.close()
    }

    pub(super) fn digest(&self) -> Result<Digest, Fault> {
        let mut hasher = Hasher::new();
        io::copy(&mut self.file.reopen()?, &mut hasher).map_err(read_failed)?;
        Ok(hasher.finish())
    }
}

impl Source for Draft {
    fn open(&self) -> Result<Box<dyn Read + '_>, Fault> {
        Ok(Box::new(self.file.reopen()?))
    }
}

impl Vessel for Draft {
    fn create(&mut self) -> Result<Box<dyn Write + '_>, Fault> {
        let file = self.file.file();
        file.set_len(0).and_then(|()| file.rewind()).map_err(write_failed)?;
        Ok(Box::new(BufWriter::with_capacity(256 << 10, file)))
    }
}

/// A writer that hashes what passes.
pub(super) struct Hashing<W> {
    inner: W,
    hasher: Hasher,
}

impl<W: Write> Hashing<W> {
    pub(super) fn new(inner: W) -> Self {
        Hashing { inner, hasher: Hasher::new() }
    }

    pub(super) fn finish(mut self) -> Result<Digest, Fault> {
        self.inner.flush().map_err(write_failed)?;
        Ok(self.hasher.finish())
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(buffer)?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
