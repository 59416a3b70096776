//! Writing the zip into a file: sizes are known, so every file of it has its place before it is written. Several threads read,
//! hash and write at once, each block while the processor still has it at hand.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use model::{Digest, Fault, Progress};
use seal::Hasher;

use super::source::Source;
use super::write::{hashed_beside, not_written};
use crate::bytes::threads;
use crate::case::changed;
use crate::zip::{Entry, Places};

/// One read: what a core keeps in its cache.
const BLOCK: usize = 256 << 10;
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
    let work = || -> Result<Vec<(usize, u32)>, Fault> {
        let (mut block, mut done) = (vec![0; BLOCK], Vec::new());
        while !failed.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let (Some(entry), Some((_, source))) = (entries.get(at), names.get(at)) else { break };
            let crc = one(entry, source, places, &mut block, progress);
            done.push((at, crc.inspect_err(|_| failed.store(true, Ordering::Relaxed))?));
        }
        Ok(done)
    };
    let done = thread::scope(|scope| {
        let others: Vec<_> = (1..threads().min(names.len())).map(|_| scope.spawn(work)).collect();
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

/// Writes one file and its header. Returns its CRC.
fn one(
    entry: &Entry,
    source: &Source,
    places: &dyn Places,
    block: &mut [u8],
    progress: &dyn Progress,
) -> Result<u32, Fault> {
    let begins = entry.offset + entry.local_header().len() as u64;
    let crc = match source {
        Source::Held(bytes) => {
            places.write_at(begins, bytes).map_err(not_written)?;
            progress.advance(bytes.len() as u64);
            crc32fast::hash(bytes)
        }
        Source::Exhibit { path, size, sha256 } if *size > LARGE => {
            let mut at = begins;
            let mut put = |bytes: &[u8]| {
                places.write_at(at, bytes)?;
                at += bytes.len() as u64;
                Ok(())
            };
            hashed_beside(path, (*size, *sha256), &mut put, progress)?
        }
        Source::Exhibit { path, size, sha256 } => copied(path, (*size, *sha256), begins, places, block, progress)?,
    };
    let header = Entry { crc, ..entry.clone() }.local_header();
    places.write_at(entry.offset, &header).map_err(not_written)?;
    Ok(crc)
}

/// Copies an exhibit, if it still is what was collected. Returns its CRC.
fn copied(
    path: &Path,
    expect: (u64, Digest),
    begins: u64,
    places: &dyn Places,
    block: &mut [u8],
    progress: &dyn Progress,
) -> Result<u32, Fault> {
    let failed = |error| Fault::io("read", path, error);
    let mut file = File::open(path).map_err(failed)?;
    let (mut hasher, mut crc, mut seen) = (Hasher::new(), crc32fast::Hasher::new(), 0);
    loop {
        let got = match file.read(block) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            got => got.map_err(failed)?,
        };
        // What is longer than it was would be written over what follows.
        if got == 0 || seen + got as u64 > expect.0 {
            break;
        }
        hasher.update(&block[..got]);
        crc.update(&block[..got]);
        places.write_at(begins + seen, &block[..got]).map_err(not_written)?;
        seen += got as u64;
        progress.advance(got as u64);
    }
    let ended = file.read(&mut block[..1]).map_err(failed)? == 0;
    match ended && (seen, hasher.finish()) == expect {
        true => Ok(crc.finalize()),
        false => Err(changed(&path.display().to_string())),
    }
}
