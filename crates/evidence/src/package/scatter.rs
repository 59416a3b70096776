//! Writing the zip into a file: sizes are known, so every file of it has its place before it is written. Several threads read,
//! hash and write at once, each block while the processor still has it at hand.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use model::{Digest, Fault, Progress};
use seal::{Hasher, update_each};

use super::intake::{SIDE, STEP};
use super::source::Source;
use super::write::{hashed_beside, not_written};
use crate::bytes::threads;
use crate::case::changed;
use crate::zip::{Entry, Places};

/// A larger exhibit has a thread of its own for its digest.
const LARGE: u64 = 256 << 20;

/// Writes all files and their headers. Returns the entries, and where the directory belongs.
pub(super) fn scatter(
    names: &[(&String, &Source)],
    places: &dyn Places,
    progress: &dyn Progress,
) -> Result<(Vec<Entry>, u64), Fault> {
    let (mut entries, end) = laid_out(names);
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let threads = threads().min(names.len()).max(1);
    // No thread takes what another could do meanwhile.
    let side = names.len().div_ceil(threads).clamp(1, SIDE);
    let take = || {
        let at = next.fetch_add(1, Ordering::Relaxed);
        let (entry, (_, source)) = (entries.get(at)?, names.get(at)?);
        Some((at, entry, *source)).filter(|_| !failed.load(Ordering::Relaxed))
    };
    let work = || share(&take, side, places, progress).inspect_err(|_| failed.store(true, Ordering::Relaxed));
    let done = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let lost = || Err(Fault::internal("thread-lost", "A thread that writes ended early"));
        let mut all = vec![work()];
        all.extend(others.into_iter().map(|other| other.join().unwrap_or_else(|_| lost())));
        all.into_iter().collect::<Result<Vec<_>, Fault>>()
    })?;
    for (at, crc) in done.into_iter().flatten() {
        entries[at].crc = crc;
    }
    Ok((entries, end))
}

/// The next file that nobody has begun: its number, its entry, and where it comes from.
type Next<'n> = (usize, &'n Entry, &'n Source);

/// What one thread writes: `side` exhibits at a time, so that their digests advance side by side. Returns the CRC of each file.
fn share<'n>(
    next: &dyn Fn() -> Option<Next<'n>>,
    side: usize,
    places: &dyn Places,
    progress: &dyn Progress,
) -> Result<Vec<(usize, u32)>, Fault> {
    let (mut steps, mut open, mut done) = (vec![0; side * STEP], Vec::with_capacity(side), Vec::new());
    loop {
        while open.len() < side
            && let Some((at, entry, source)) = next()
        {
            match source {
                Source::Exhibit { path, size, sha256 } if *size <= LARGE => {
                    open.push(Copying::begin(at, entry, path, (*size, *sha256))?);
                }
                other => done.push((at, alone(entry, other, places, progress)?)),
            }
        }
        if open.is_empty() {
            return Ok(done);
        }
        for (copying, step) in open.iter_mut().zip(steps.chunks_mut(STEP)) {
            copying.step(step, places, progress)?;
        }
        update_each(open.iter_mut().zip(steps.chunks(STEP)).map(|(one, step)| (&mut one.hasher, &step[..one.got])));
        for copied in open.extract_if(.., |copying| copying.got == 0) {
            done.push(copied.end(places)?);
        }
    }
}

/// Where each file begins, and where the last one ends.
fn laid_out(names: &[(&String, &Source)]) -> (Vec<Entry>, u64) {
    let mut at = 0;
    let entry = |(name, source): &(&String, &Source)| {
        let entry = Entry { name: (*name).clone(), size: source.size(), crc: 0, offset: at };
        at += entry.local_header().len() as u64 + entry.size;
        entry
    };
    (names.iter().map(entry).collect(), at)
}

/// Writes one file that needs no company, and its header. Returns its CRC.
fn alone(entry: &Entry, source: &Source, places: &dyn Places, progress: &dyn Progress) -> Result<u32, Fault> {
    let begins = begins(entry);
    let crc = match source {
        Source::Held(bytes) => {
            places.write_at(begins, bytes).map_err(not_written)?;
            progress.advance(bytes.len() as u64);
            crc32fast::hash(bytes)
        }
        Source::Exhibit { path, size, sha256 } => {
            let mut at = begins;
            let mut put = |bytes: &[u8]| {
                places.write_at(at, bytes)?;
                at += bytes.len() as u64;
                Ok(())
            };
            hashed_beside(path, (*size, *sha256), &mut put, progress)?
        }
    };
    head(entry, crc, places)?;
    Ok(crc)
}

/// Where the content of a file begins.
fn begins(entry: &Entry) -> u64 {
    entry.offset + entry.local_header().len() as u64
}

/// Writes the header, which holds the CRC.
fn head(entry: &Entry, crc: u32, places: &dyn Places) -> Result<(), Fault> {
    let header = Entry { crc, ..entry.clone() }.local_header();
    places.write_at(entry.offset, &header).map_err(not_written)
}

/// An exhibit that is being copied, as long as it is what was collected.
struct Copying<'n> {
    at: usize,
    entry: &'n Entry,
    path: &'n Path,
    file: File,
    expect: (u64, Digest),
    begins: u64,
    seen: u64,
    /// How many bytes the last step brought; none at the end.
    got: usize,
    hasher: Hasher,
    crc: crc32fast::Hasher,
}

impl<'n> Copying<'n> {
    fn begin(at: usize, entry: &'n Entry, path: &'n Path, expect: (u64, Digest)) -> Result<Self, Fault> {
        let file = File::open(path).map_err(|error| Fault::io("read", path, error))?;
        let (hasher, crc, begins) = (Hasher::new(), crc32fast::Hasher::new(), begins(entry));
        Ok(Copying { at, entry, path, file, expect, begins, seen: 0, got: 0, hasher, crc })
    }

    /// Reads on and writes what came; whoever calls hashes it.
    fn step(&mut self, step: &mut [u8], places: &dyn Places, progress: &dyn Progress) -> Result<(), Fault> {
        self.got = loop {
            match self.file.read(step) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                got => break got.map_err(|error| Fault::io("read", self.path, error))?,
            }
        };
        let step = &step[..self.got];
        // What is longer than it was would be written over what follows.
        if self.seen + self.got as u64 > self.expect.0 {
            return Err(self.changed());
        }
        self.crc.update(step);
        places.write_at(self.begins + self.seen, step).map_err(not_written)?;
        self.seen += self.got as u64;
        progress.advance(self.got as u64);
        Ok(())
    }

    /// Writes the header of what is whole.
    fn end(self, places: &dyn Places) -> Result<(usize, u32), Fault> {
        if (self.seen, self.hasher.clone().finish()) != self.expect {
            return Err(self.changed());
        }
        let crc = self.crc.finalize();
        head(self.entry, crc, places)?;
        Ok((self.at, crc))
    }

    fn changed(&self) -> Fault {
        changed(&self.path.display().to_string())
    }
}
