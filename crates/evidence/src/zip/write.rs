//! Writing: one pass over each content, then back to fill in its CRC.

use std::io::{self, Read, Seek, SeekFrom, Write};

use super::form::{self, Entry};

/// Writes entries in the order they are given; the caller sorts them.
pub(crate) struct Writer<W> {
    out: W,
    entries: Vec<Entry>,
    at: u64,
}

impl<W: Write + Seek> Writer<W> {
    /// A zip that begins at the start of `out`.
    pub(crate) fn new(out: W) -> Self {
        Writer { out, entries: Vec::new(), at: 0 }
    }

    /// A file whose content is at hand.
    pub(crate) fn bytes(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        let entry =
            Entry { name: name.to_owned(), size: content.len() as u64, crc: crc32fast::hash(content), offset: self.at };
        self.put(&entry.local_header())?;
        self.put(content)?;
        self.entries.push(entry);
        Ok(())
    }

    /// A file of `size` bytes that is streamed; `each` sees every block. Returns how many bytes `content` really had: where
    /// that is not `size`, the zip is void and the caller drops it.
    pub(crate) fn stream(
        &mut self,
        name: &str,
        size: u64,
        content: &mut dyn Read,
        mut each: impl FnMut(&[u8]),
    ) -> io::Result<u64> {
        let mut entry = Entry { name: name.to_owned(), size, crc: 0, offset: self.at };
        self.put(&entry.local_header())?;
        let mut crc = crc32fast::Hasher::new();
        let mut block = vec![0; 1 << 18];
        let mut seen = 0;
        while seen <= size {
            let got = match content.read(&mut block) {
                Ok(0) => break,
                Ok(got) => got,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            crc.update(&block[..got]);
            each(&block[..got]);
            self.put(&block[..got])?;
            seen += got as u64;
        }
        entry.crc = crc.finalize();
        self.out.seek(SeekFrom::Start(entry.offset))?;
        self.out.write_all(&entry.local_header())?;
        self.out.seek(SeekFrom::Start(self.at))?;
        self.entries.push(entry);
        Ok(seen)
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

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.at += bytes.len() as u64;
        Ok(())
    }
}
