//! One pass over a package: every byte hashed, what the checks read as a whole kept. Several threads share the files.

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use model::{Digest, Progress};
use seal::{Hasher, update_each};

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

/// A file that is to be read.
struct Wanted<'d> {
    entry: &'d Entry,
    begins: u64,
    /// Whether its content is kept.
    hold: bool,
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
        let mut held = Limits::HELD_BYTES;
        let mut wanted = Vec::new();
        for entry in &directory.entries {
            let Some(begins) = directory.contents.get(&entry.name) else { continue };
            // Entries that overlap would be read again and again; the structure check has named them.
            let Some(rest) = left.checked_sub(entry.size) else { continue };
            left = rest;
            // All that is held together stays below one limit: a package of a million small tag files is refused, not held.
            let room = if is_held(&entry.name) { held.checked_sub(entry.size) } else { None };
            held = room.unwrap_or(held);
            wanted.push(Wanted { entry, begins: *begins, hold: room.is_some() });
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
        for (wanted, read) in wanted.iter().zip(read) {
            package.file(wanted.entry, read);
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

/// So many files does a thread read side by side, to verify them or to copy them: as many as `update_each` takes in one step.
pub(super) const SIDE: usize = 16;
/// And so much of each at a time; all together stays in what a core keeps in its cache.
pub(super) const STEP: usize = 64 << 10;

fn read_all(input: &dyn Bytes, wanted: &[Wanted<'_>], progress: &dyn Progress) -> io::Result<Vec<Read>> {
    let next = AtomicUsize::new(0);
    let threads = threads().min(wanted.len()).max(1);
    // No thread takes what another could do meanwhile.
    let side = wanted.len().div_ceil(threads).clamp(1, SIDE);
    let done = Mutex::new(Vec::with_capacity(wanted.len()));
    let work = || -> io::Result<()> {
        let (mut steps, mut open) = (vec![0; side * STEP], Vec::with_capacity(side));
        loop {
            let more = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed)).take(side - open.len());
            open.extend(more.map_while(|at| wanted.get(at).map(|wanted| Reading::new(at, wanted))));
            if open.is_empty() {
                return Ok(());
            }
            for (reading, step) in open.iter_mut().zip(steps.chunks_mut(STEP)) {
                reading.step(input, step, progress)?;
            }
            let pieces = open.iter_mut().zip(steps.chunks(STEP));
            update_each(pieces.map(|(reading, step)| (&mut reading.hasher, &step[..reading.got])));
            let mut done = done.lock().map_err(|_| io::Error::other("a thread that hashes ended early"))?;
            done.extend(open.extract_if(.., |reading| reading.is_whole()).map(Reading::finish));
        }
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let own = work();
        others.into_iter().try_for_each(|other| other.join().unwrap_or_else(|_| Err(io::Error::other("lost"))))?;
        own
    })?;
    let mut done = done.into_inner().map_err(|_| io::Error::other("a thread that hashes ended early"))?;
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, read)| read).collect())
}

/// A file that is being read.
struct Reading {
    /// Which of the files it is.
    at: usize,
    begins: u64,
    size: u64,
    seen: u64,
    /// How many bytes the last step brought.
    got: usize,
    hasher: Hasher,
    crc: crc32fast::Hasher,
    held: Option<Vec<u8>>,
}

impl Reading {
    fn new(at: usize, wanted: &Wanted) -> Self {
        Reading {
            at,
            begins: wanted.begins,
            size: wanted.entry.size,
            seen: 0,
            got: 0,
            hasher: Hasher::new(),
            crc: crc32fast::Hasher::new(),
            held: wanted.hold.then(Vec::new),
        }
    }

    /// Reads on; whoever calls hashes what came.
    fn step(&mut self, input: &dyn Bytes, step: &mut [u8], progress: &dyn Progress) -> io::Result<()> {
        self.got = step.len().min((self.size - self.seen).try_into().unwrap_or(usize::MAX));
        let step = &mut step[..self.got];
        input.read_at(self.begins + self.seen, step)?;
        self.crc.update(step);
        if let Some(held) = &mut self.held {
            held.extend_from_slice(step);
        }
        self.seen += self.got as u64;
        progress.advance(self.got as u64);
        Ok(())
    }

    fn is_whole(&self) -> bool {
        self.seen == self.size
    }

    fn finish(self) -> (usize, Read) {
        let seen = Seen { size: self.size, sha256: self.hasher.finish() };
        (self.at, Read { seen, held: self.held, crc: self.crc.finalize() })
    }
}
