//! Reads and hashes on a thread of its own, while others work on what was read.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use model::Digest;
use seal::Hasher;

use crate::cli::signals;

/// Bytes that pass from the thread at once, and how often it may be ahead by them.
const CHUNK: usize = 256 << 10;
const CHUNKS: usize = 4;

/// How long to wait until somebody's Ctrl-C is looked for.
const PATIENCE: Duration = Duration::from_millis(100);

/// An input that is read ahead.
pub(super) struct Ahead {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: io::Cursor<Vec<u8>>,
    thread: Option<JoinHandle<Hasher>>,
}

impl Ahead {
    pub(super) fn new(mut input: impl Read + Send + 'static) -> Self {
        let (sender, chunks) = sync_channel(CHUNKS);
        let thread = thread::spawn(move || {
            let mut hasher = Hasher::new();
            loop {
                let mut chunk = Vec::with_capacity(CHUNK);
                let outcome = input.by_ref().take(CHUNK as u64).read_to_end(&mut chunk);
                hasher.update(&chunk);
                let is_end = chunk.is_empty() || outcome.is_err();
                // What was read before a failure comes first. Nobody may listen any more.
                let failed = outcome.err().map(Err);
                let sent = std::iter::once(Ok(chunk)).chain(failed).try_for_each(|part| sender.send(part));
                if is_end || sent.is_err() {
                    return hasher;
                }
            }
        });
        Ahead { chunks, chunk: io::Cursor::default(), thread: Some(thread) }
    }

    /// The digest of everything, once it was read to its end.
    pub(super) fn digest(mut self) -> Digest {
        drop(self.chunks);
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(hasher)) => hasher.finish(),
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => unreachable!("the thread is joined here only"),
        }
    }
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.chunk.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            match self.chunks.recv_timeout(PATIENCE) {
                Ok(chunk) => self.chunk = io::Cursor::new(chunk?),
                Err(RecvTimeoutError::Timeout) => {
                    signals::check().map_err(io::Error::other)?;
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
            }
            if self.chunk.get_ref().is_empty() {
                return Ok(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything comes, in order, with its digest; a failure comes after what was read before it.
    #[test]
    fn everything_comes() {
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
        let mut ahead = Ahead::new(io::Cursor::new(bytes.clone()));
        let mut read = Vec::new();
        ahead.read_to_end(&mut read).unwrap();
        assert!(read == bytes);
        assert_eq!(ahead.digest(), seal::sha256(&bytes));
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("gone"))
            }
        }
        let mut ahead = Ahead::new(io::Cursor::new(b"abc".to_vec()).chain(Broken));
        let mut read = Vec::new();
        assert_eq!(ahead.read_to_end(&mut read).unwrap_err().to_string(), "gone");
        assert_eq!(read, b"abc");
    }
}
