//! Where files go, and what is known of each afterwards.

use std::io;

use model::{Digest, Fault};
use seal::Hasher;

/// A container of files that is written once, from front to back. The edge has one (zip); nothing else is asked of it.
pub trait Archive {
    /// Begins a file. Its name is portable: ASCII letters, digits, `.`, `_`, `-`, `/`.
    ///
    /// # Errors
    /// What the disk says.
    fn begin(&mut self, name: &str) -> Result<(), Fault>;

    /// The next bytes of it.
    ///
    /// # Errors
    /// What the disk says.
    fn put(&mut self, bytes: &[u8]) -> Result<(), Fault>;

    /// It is whole.
    ///
    /// # Errors
    /// What the disk says.
    fn end(&mut self) -> Result<(), Fault>;
}

/// A file of the package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenFile {
    /// Its name in the archive.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Of its bytes.
    pub sha256: Digest,
    /// Rows of data, where it holds rows.
    pub rows: Option<u64>,
    /// The collection and the number of the row whose file it is.
    pub of_row: Option<(String, u64)>,
    /// Cells of a CSV that got an apostrophe in front, so that no spreadsheet takes them for a formula.
    pub neutralised: u64,
}

/// What was written.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// In the order of the archive.
    pub files: Vec<WrittenFile>,
    /// Rows handed over.
    pub rows: u64,
    /// Fields and texts that were taken out.
    pub taken: u64,
    /// What Art. 15(1) asks for and the map does not say.
    pub missing: Vec<String>,
    /// Digest of the manifest.
    pub manifest: Option<Digest>,
}

/// One file, being written: buffers, counts and hashes.
pub(super) struct FileOut<'a> {
    archive: &'a mut dyn Archive,
    name: String,
    hasher: Hasher,
    size: u64,
    buffer: Vec<u8>,
    fault: Option<Fault>,
}

const BUFFER: usize = 64 << 10;

impl<'a> FileOut<'a> {
    pub(super) fn begin(archive: &'a mut dyn Archive, name: &str) -> Result<Self, Fault> {
        archive.begin(name)?;
        let buffer = Vec::with_capacity(BUFFER + 4096);
        Ok(FileOut { archive, name: name.to_owned(), hasher: Hasher::new(), size: 0, buffer, fault: None })
    }

    pub(super) fn text(&mut self, text: &str) -> Result<(), Fault> {
        self.bytes(text.as_bytes())
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER { self.empty() } else { Ok(()) }
    }

    fn empty(&mut self) -> Result<(), Fault> {
        self.hasher.update(&self.buffer);
        self.size += self.buffer.len() as u64;
        self.archive.put(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    pub(super) fn end(mut self, rows: Option<u64>) -> Result<WrittenFile, Fault> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        self.empty()?;
        self.archive.end()?;
        Ok(WrittenFile {
            name: self.name,
            size: self.size,
            sha256: self.hasher.finish(),
            rows,
            of_row: None,
            neutralised: 0,
        })
    }
}

/// So that serde writes into it; the fault comes out at the end.
impl io::Write for FileOut<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.fault.is_none() {
            self.fault = self.bytes(bytes).err();
        }
        match self.fault {
            None => Ok(bytes.len()),
            Some(_) => Err(io::Error::other("the archive refused")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
