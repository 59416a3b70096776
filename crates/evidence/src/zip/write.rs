//! Writing: one pass over each content; where a CRC is not known before, back to fill it in.

use std::io::{self, Seek, SeekFrom, Write};

use super::form::{self, Entry};

/// Where a zip goes.
pub trait Out: Write {
    /// Writes `bytes` over those at `at`, and goes on at `end`.
    ///
    /// # Errors
    /// `Unsupported` where nothing that was written can be changed, or what the disk says.
    fn patch(&mut self, at: u64, bytes: &[u8], end: u64) -> io::Result<()>;

    /// Whether [`Out::patch`] works.
    fn can_patch(&self) -> bool;

    /// Where several threads write at once; `None` where bytes go one after the other. After that [`Out::patch`] says where to
    /// go on.
    fn places(&mut self) -> Option<&dyn Places> {
        None
    }
}

/// Bytes that several threads write at any place.
pub trait Places: Sync {
    /// Writes `bytes` at `at`.
    ///
    /// # Errors
    /// What the disk says.
    fn write_at(&self, at: u64, bytes: &[u8]) -> io::Result<()>;
}

impl<W: Write + Seek> Out for W {
    fn patch(&mut self, at: u64, bytes: &[u8], end: u64) -> io::Result<()> {
        self.seek(SeekFrom::Start(at))?;
        self.write_all(bytes)?;
        self.seek(SeekFrom::Start(end)).map(drop)
    }

    fn can_patch(&self) -> bool {
        true
    }
}

/// Writes entries in the order they are given; the caller sorts them.
pub(crate) struct Writer<'w> {
    out: &'w mut dyn Out,
    entries: Vec<Entry>,
    at: u64,
}

impl<'w> Writer<'w> {
    /// A zip that begins at the start of `out`.
    pub(crate) fn new(out: &'w mut dyn Out) -> Self {
        Writer { out, entries: Vec::new(), at: 0 }
    }

    /// Goes on in `out`, which has these entries up to `at`.
    pub(crate) fn after(out: &'w mut dyn Out, entries: Vec<Entry>, at: u64) -> io::Result<Self> {
        if let Some(first) = entries.first() {
            out.patch(first.offset, &first.local_header(), at)?;
        }
        Ok(Writer { out, entries, at })
    }

    /// Whether a content may come before its CRC is known.
    pub(crate) fn can_patch(&self) -> bool {
        self.out.can_patch()
    }

    /// A file whose content is at hand.
    pub(crate) fn bytes(&mut self, name: &str, content: &[u8], crc: u32) -> io::Result<()> {
        let mut file = self.begin(name, content.len() as u64, Some(crc))?;
        file.put(content)?;
        file.end(crc)
    }

    /// A file of `size` bytes whose content follows with [`Content::put`]. `crc` may be missing where `out` can be patched.
    pub(crate) fn begin(&mut self, name: &str, size: u64, crc: Option<u32>) -> io::Result<Content<'_, 'w>> {
        let entry = Entry { name: name.to_owned(), size, crc: crc.unwrap_or(0), offset: self.at };
        self.put(&entry.local_header())?;
        Ok(Content { zip: self, entry, known: crc.is_some() })
    }

    /// A file whose size nobody knows yet; [`Writer::end_unknown`] fills it in.
    pub(super) fn begin_unknown(&mut self, name: &str) -> io::Result<Entry> {
        let entry = Entry { name: name.to_owned(), size: 0, crc: 0, offset: self.at };
        self.put(&entry.roomy_header())?;
        Ok(entry)
    }

    /// The file is whole: its header says so.
    pub(super) fn end_unknown(&mut self, entry: Entry) -> io::Result<()> {
        self.out.patch(entry.offset, &entry.roomy_header(), self.at)?;
        self.entries.push(entry);
        Ok(())
    }

    /// Writes the directory. Returns the length of the zip.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        let directory = self.at;
        let entries = std::mem::take(&mut self.entries);
        for entry in &entries {
            self.put(&entry.central_header())?;
        }
        self.put(&form::end_records(entries.len() as u64, directory, self.at - directory))?;
        self.out.flush()?;
        Ok(self.at)
    }

    pub(super) fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.at += bytes.len() as u64;
        Ok(())
    }
}

/// A file that is being written.
pub(crate) struct Content<'z, 'w> {
    zip: &'z mut Writer<'w>,
    entry: Entry,
    known: bool,
}

impl Content<'_, '_> {
    /// The next bytes of it.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.zip.put(bytes)
    }

    /// It had `size` bytes in all, with this CRC.
    pub(crate) fn end(mut self, crc: u32) -> io::Result<()> {
        if !self.known {
            self.entry.crc = crc;
            self.zip.out.patch(self.entry.offset, &self.entry.local_header(), self.zip.at)?;
        }
        self.zip.entries.push(self.entry);
        Ok(())
    }
}
