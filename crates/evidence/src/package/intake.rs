//! One pass over a package: every byte hashed, what the checks read as a whole kept. Several threads share the files.

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use model::{Digest, Progress};
use seal::Hasher;

use super::paths::*;
use crate::Limits;
use crate::bytes::{Bytes, take, threads};
use crate::zip::{Directory, Entry};

/// What one pass over the zip has seen.
pub(super) struct Package {
    pub(super) directory: Directory,
    pub(super) bytes: u64,
    /// The files of the bag, by their path in it.
    pub(super) seen: BTreeMap<String, Seen>,
    /// The content of what the checks read as a whole, by path in the bag.
    held: BTreeMap<String, Vec<u8>>,
    /// What stands beside the bag: `mimetype` and the files of `META-INF/`, by name.
    pub(super) beside: BTreeMap<String, Vec<u8>>,
    /// Files whose CRC is not that of their content.
    pub(super) crc: Vec<String>,
}

/// A file as it was read.
pub(super) struct Seen {
    pub(super) size: u64,
    pub(super) sha256: Digest,
}

struct Read {
    seen: Seen,
    held: Option<Vec<u8>>,
    crc: u32,
}

impl Package {
    pub(super) fn read(
        input: &dyn Bytes,
        directory: Directory,
        bytes: u64,
        progress: &dyn Progress,
    ) -> io::Result<Self> {
        let mut left = bytes;
        let mut wanted = Vec::new();
        for entry in &directory.entries {
            let Some(begins) = directory.contents.get(&entry.name) else { continue };
            // Entries that overlap would be read again and again; the structure check has named them.
            let Some(rest) = left.checked_sub(entry.size) else { continue };
            left = rest;
            wanted.push((entry, *begins));
        }
        let read = read_all(input, &wanted, progress)?;
        let mut package = Package {
            bytes,
            seen: BTreeMap::new(),
            held: BTreeMap::new(),
            beside: BTreeMap::new(),
            crc: Vec::new(),
            directory: Directory::default(),
        };
        for ((entry, _), read) in wanted.iter().zip(read) {
            package.file(entry, read);
        }
        package.directory = directory;
        Ok(package)
    }

    fn file(&mut self, entry: &Entry, read: Read) {
        let in_bag = entry.name.strip_prefix(BAG);
        if read.crc != entry.crc {
            let path = in_bag.unwrap_or(&entry.name);
            self.crc.push(format!("{path}: its content does not have the CRC that the zip states"));
        }
        match in_bag {
            Some(path) => {
                self.seen.insert(path.to_owned(), read.seen);
                read.held.and_then(|bytes| self.held.insert(path.to_owned(), bytes));
            }
            None => drop(self.beside.insert(entry.name.clone(), read.held.unwrap_or_default())),
        }
    }

    /// A file that a check needs; the error is the check's sentence.
    pub(super) fn held(&self, path: &str) -> Result<&[u8], String> {
        self.held.get(path).map(Vec::as_slice).ok_or_else(|| format!("{path} is missing or cannot be read"))
    }

    pub(super) fn held_text(&self, path: &str) -> Result<&str, String> {
        std::str::from_utf8(self.held(path)?).map_err(|_| format!("{path} is not UTF-8"))
    }

    /// A file of the bag that was not kept, read once more.
    pub(super) fn again(&self, input: &dyn Bytes, path: &str, most: u64) -> io::Result<Option<Vec<u8>>> {
        let begins = self.directory.contents.get(&format!("{BAG}{path}"));
        let size = self.seen.get(path).map(|seen| seen.size).filter(|size| *size <= most);
        match (begins, size) {
            (Some(begins), Some(size)) => take(input, *begins, size as usize).map(Some),
            _ => Ok(None),
        }
    }
}

/// Whether a file of the bag is kept: everything but the report, the exhibits and the evaluations.
fn is_held(name: &str) -> bool {
    match name.strip_prefix(BAG) {
        Some(path) => !path.starts_with(EXHIBITS) && !path.starts_with(EVALUATIONS) && path != REPORT,
        None => true,
    }
}

fn read_all(input: &dyn Bytes, wanted: &[(&Entry, u64)], progress: &dyn Progress) -> io::Result<Vec<Read>> {
    let next = AtomicUsize::new(0);
    // All that is held together stays below one limit: a package of a million small tag files is refused, not held.
    let done = Mutex::new((Vec::with_capacity(wanted.len()), Limits::HELD_BYTES));
    let work = || -> io::Result<()> {
        let mut block = vec![0; 1 << 18];
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some((entry, begins)) = wanted.get(at) else { return Ok(()) };
            let hold = is_held(&entry.name) && entry.size <= Limits::HELD_BYTES;
            let mut read = read_entry(input, (entry.size, *begins), hold, &mut block, progress)?;
            let mut done = done.lock().map_err(|_| io::Error::other("a thread that hashes ended early"))?;
            match done.1.checked_sub(read.held.as_ref().map_or(0, |held| held.len() as u64)) {
                Some(left) => done.1 = left,
                None => read.held = None,
            }
            done.0.push((at, read));
        }
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads().min(wanted.len())).map(|_| scope.spawn(work)).collect();
        let own = work();
        others.into_iter().try_for_each(|other| other.join().unwrap_or_else(|_| Err(io::Error::other("lost"))))?;
        own
    })?;
    let (mut done, _) = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, read)| read).collect())
}

fn read_entry(
    input: &dyn Bytes,
    (size, begins): (u64, u64),
    hold: bool,
    block: &mut [u8],
    progress: &dyn Progress,
) -> io::Result<Read> {
    let (mut hasher, mut crc, mut held) = (Hasher::new(), crc32fast::Hasher::new(), Vec::new());
    let mut at = 0;
    while at < size {
        let want = block.len().min((size - at).try_into().unwrap_or(usize::MAX));
        input.read_at(begins + at, &mut block[..want])?;
        hasher.update(&block[..want]);
        crc.update(&block[..want]);
        if hold {
            held.extend_from_slice(&block[..want]);
        }
        at += want as u64;
        progress.advance(want as u64);
    }
    let seen = Seen { size, sha256: hasher.finish() };
    Ok(Read { seen, held: hold.then_some(held), crc: crc.finalize() })
}
