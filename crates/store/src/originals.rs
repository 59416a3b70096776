//! Keeping an original: hash and compress while somebody else parses.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use model::{Digest, Fault};
use seal::Hasher;

use crate::layout::create_file;

/// Takes the bytes of one original, as they are read; [`OriginalWriter::finish`] says what they were.
///
/// Small originals are worked on where they are written; from the first full buffer on a thread does it.
pub struct OriginalWriter {
    path: PathBuf,
    buffer: Vec<u8>,
    worker: Worker,
}

/// An original that was read to its end and lies compressed in the workplace of its batch.
#[derive(Debug)]
pub struct Original {
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    pub(crate) path: PathBuf,
}

enum Worker {
    Here(Box<Press>),
    Thread(Thread),
    Gone,
}

struct Thread {
    full: SyncSender<Vec<u8>>,
    empty: Receiver<Vec<u8>>,
    handle: JoinHandle<io::Result<Press>>,
}

const BUFFER: usize = 1 << 20;
/// Buffers under way to the thread: enough to ride out a slow write, few enough to be forgotten in the memory bound.
const BUFFERS_AHEAD: usize = 4;
/// zstd level of originals: they are read seldom, and ingestion must not wait for them.
const LEVEL: i32 = 1;

impl OriginalWriter {
    pub(crate) fn create(path: PathBuf) -> Result<Self, Fault> {
        let press = Press::new(create_file(&path)?).map_err(|error| Fault::io("write", &path, error))?;
        Ok(OriginalWriter { path, buffer: Vec::new(), worker: Worker::Here(Box::new(press)) })
    }

    /// Ends the original. Its bytes are not durable before the commit.
    ///
    /// # Errors
    /// `disk-full`, `io-failed`.
    pub fn finish(mut self) -> Result<Original, Fault> {
        let rest = std::mem::take(&mut self.buffer);
        let rest = if rest.is_empty() { Ok(()) } else { self.hand_over(rest) };
        let press = rest.and_then(|()| self.join());
        let finished = press.and_then(|press| press.finish());
        let (digest, size) = finished.map_err(|error| Fault::io("write", &self.path, error))?;
        Ok(Original { digest, size, path: std::mem::take(&mut self.path) })
    }

    fn hand_over(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        match &mut self.worker {
            Worker::Here(press) => press.take(&bytes),
            // A thread that has ended has failed: `join` says how.
            Worker::Thread(thread) => thread.full.send(bytes).or_else(|_| self.join().and(Err(ended()))),
            Worker::Gone => Err(ended()),
        }
    }

    fn next_buffer(&mut self) -> Vec<u8> {
        let spare = match &self.worker {
            Worker::Thread(thread) => thread.empty.try_recv().ok(),
            _ => None,
        };
        spare.unwrap_or_else(|| Vec::with_capacity(BUFFER))
    }

    fn join(&mut self) -> io::Result<Press> {
        match std::mem::replace(&mut self.worker, Worker::Gone) {
            Worker::Here(press) => Ok(*press),
            Worker::Thread(Thread { full, handle, .. }) => {
                drop(full);
                handle.join().unwrap_or_else(|_| Err(ended()))
            }
            Worker::Gone => Err(ended()),
        }
    }

    /// The work moves to a thread as soon as there is enough of it.
    fn move_to_thread(&mut self) -> io::Result<()> {
        if !matches!(self.worker, Worker::Here(_)) {
            return Ok(());
        }
        let press = self.join()?;
        let (full, jobs) = sync_channel(BUFFERS_AHEAD);
        let (done, empty) = sync_channel(BUFFERS_AHEAD + 2);
        let handle = std::thread::Builder::new().name("original".into()).spawn(move || press.run(&jobs, &done))?;
        self.worker = Worker::Thread(Thread { full, empty, handle });
        Ok(())
    }
}

impl Write for OriginalWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(BUFFER - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..taken]);
        if self.buffer.len() == BUFFER {
            self.move_to_thread()?;
            let next = self.next_buffer();
            let full = std::mem::replace(&mut self.buffer, next);
            self.hand_over(full)?;
        }
        Ok(taken)
    }

    /// Nothing to do: durability comes with the commit.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn ended() -> io::Error {
    io::Error::other("the thread that keeps the original has ended")
}

/// Hashes and compresses. Each buffer becomes a zstd frame of its own: frames one after the other are a zstd file, and
/// a whole buffer compresses faster than a stream of pieces.
struct Press {
    hasher: Hasher,
    size: u64,
    compressor: zstd::bulk::Compressor<'static>,
    frame: Vec<u8>,
    file: File,
}

impl Press {
    fn new(file: File) -> io::Result<Self> {
        let compressor = zstd::bulk::Compressor::new(LEVEL)?;
        Ok(Press { hasher: Hasher::new(), size: 0, compressor, frame: Vec::new(), file })
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        self.frame.clear();
        self.frame.reserve(zstd::zstd_safe::compress_bound(bytes.len()));
        self.compressor.compress_to_buffer(bytes, &mut self.frame)?;
        self.file.write_all(&self.frame)
    }

    fn run(mut self, jobs: &Receiver<Vec<u8>>, done: &SyncSender<Vec<u8>>) -> io::Result<Press> {
        for mut buffer in jobs {
            self.take(&buffer)?;
            buffer.clear();
            // Nobody waits for buffers: a full channel only means that there are spare ones.
            let _ = done.try_send(buffer);
        }
        Ok(self)
    }

    fn finish(mut self) -> io::Result<(Digest, u64)> {
        if self.size == 0 {
            // An empty original is an empty frame, so that every original is a zstd file.
            self.take(&[])?;
        }
        Ok((self.hasher.finish(), self.size))
    }
}

/// Digest and size of a stored original, decompressed.
pub(crate) fn read_back(path: &Path, mut each: impl FnMut(u64)) -> io::Result<(Digest, u64)> {
    let mut decoder = zstd::stream::read::Decoder::new(File::open(path)?)?;
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; BUFFER];
    let mut size = 0;
    loop {
        let count = io::Read::read(&mut decoder, &mut buffer)?;
        if count == 0 {
            return Ok((hasher.finish(), size));
        }
        hasher.update(&buffer[..count]);
        size += count as u64;
        each(count as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_original_reads_back_whatever_its_size_and_its_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let check = |size: usize, piece: usize| {
            let bytes: Vec<u8> = (0..size).map(|n| (n * n / 7) as u8).collect();
            let path = folder.path().join(format!("{size}-{piece}"));
            let mut writer = OriginalWriter::create(path.clone()).unwrap();
            for part in bytes.chunks(piece) {
                writer.write_all(part).unwrap();
            }
            let original = writer.finish().unwrap();
            assert_eq!((original.digest, original.size), (seal::sha256(&bytes), size as u64));
            assert_eq!(read_back(&path, |_| {}).unwrap(), (original.digest, original.size));
        };
        check(0, 1);
        check(1, 1);
        check(BUFFER, BUFFER);
        check(BUFFER + 1, 4096);
        check(7 * BUFFER + 13, 300_000);
    }
}
