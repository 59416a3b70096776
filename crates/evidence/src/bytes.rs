//! Bytes that several threads read at any place: a file, or a slice.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// Something with a length whose bytes can be read at any place, by several threads at once.
pub trait Bytes: Sync {
    /// How many bytes there are.
    ///
    /// # Errors
    /// What the disk says.
    fn size(&self) -> io::Result<u64>;

    /// Fills `into` with the bytes from `at` on.
    ///
    /// # Errors
    /// `UnexpectedEof` where there are fewer, or what the disk says.
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()>;
}

impl Bytes for File {
    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        self.read_exact_at(into, at)
    }
}

impl Bytes for &[u8] {
    fn size(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        let begin = usize::try_from(at).unwrap_or(usize::MAX);
        let there = begin.checked_add(into.len()).and_then(|end| self.get(begin..end));
        there.map(|there| into.copy_from_slice(there)).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

/// A part of something, to be read from its beginning to its end.
pub(crate) struct Window<'b> {
    of: &'b dyn Bytes,
    at: u64,
    left: u64,
}

impl<'b> Window<'b> {
    pub(crate) fn new(of: &'b dyn Bytes, at: u64, len: u64) -> Self {
        Window { of, at, left: len }
    }
}

impl io::Read for Window<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let want = into.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.of.read_at(self.at, &mut into[..want])?;
        self.at += want as u64;
        self.left -= want as u64;
        Ok(want)
    }
}

/// `len` bytes from `at` on. The caller bounds `len`.
pub(crate) fn take(input: &dyn Bytes, at: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    input.read_at(at, &mut bytes)?;
    Ok(bytes)
}

/// How many threads hash at once. The answer depends on none of them.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(8)
}
