//! A zip whose files come as streams: sizes are filled in when they are known.

use std::io;

use super::form::Entry;
use super::write::{Out, Writer};

/// A zip of the same form, for other packages than a case's: entries in the order in which they are written, of any size (ZIP64
/// where it takes that).
pub struct ZipStream<'w> {
    writer: Writer<'w>,
    open: Option<(Entry, crc32fast::Hasher)>,
}

impl<'w> ZipStream<'w> {
    /// A zip that begins at the start of `out`, which can be patched.
    pub fn new(out: &'w mut dyn Out) -> Self {
        ZipStream { writer: Writer::new(out), open: None }
    }

    /// Begins a file. Its name is made of ASCII letters, digits, `.`, `_`, `-` and `/`.
    ///
    /// # Errors
    /// What `out` says.
    pub fn begin(&mut self, name: &str) -> io::Result<()> {
        let entry = self.writer.begin_unknown(name)?;
        self.open = Some((entry, crc32fast::Hasher::new()));
        Ok(())
    }

    /// The next bytes of it.
    ///
    /// # Errors
    /// What `out` says.
    pub fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some((entry, crc)) = &mut self.open {
            crc.update(bytes);
            entry.size += bytes.len() as u64;
        }
        self.writer.put(bytes)
    }

    /// It is whole.
    ///
    /// # Errors
    /// What `out` says.
    pub fn end(&mut self) -> io::Result<()> {
        let Some((mut entry, crc)) = self.open.take() else { return Ok(()) };
        entry.crc = crc.finalize();
        self.writer.end_unknown(entry)
    }

    /// Writes the directory. Returns the length of the zip.
    ///
    /// # Errors
    /// What `out` says.
    pub fn finish(self) -> io::Result<u64> {
        self.writer.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

    use super::*;

    /// The crate `zip` reads it back, and no byte depends on how the contents came.
    #[test]
    fn another_program_reads_it() {
        let written = |chunk: usize| {
            let mut out = Cursor::new(Vec::new());
            let mut zip = ZipStream::new(&mut out);
            for (name, content) in [("a.txt", "hello world"), ("data/empty.csv", ""), ("data/b.json", "[1,2,3]\n")] {
                zip.begin(name).unwrap();
                content.as_bytes().chunks(chunk).for_each(|bytes| zip.put(bytes).unwrap());
                zip.end().unwrap();
            }
            zip.finish().unwrap();
            out.into_inner()
        };
        assert_eq!(written(1), written(100));
        let mut read = zip::ZipArchive::new(Cursor::new(written(3))).unwrap();
        let mut content = String::new();
        read.by_name("data/b.json").unwrap().read_to_string(&mut content).unwrap();
        assert_eq!((read.len(), content.as_str()), (3, "[1,2,3]\n"));
    }
}
