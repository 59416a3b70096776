//! Writing the zip. Every byte is read once, and what is written is what was hashed. Where bytes go one after the other (to
//! recipients), small exhibits are read and hashed ahead by several threads, and large ones are hashed beside the writing.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use model::{Digest, Fault, Progress};
use seal::{Hasher, sha256};

use super::scatter::scatter;
use super::source::{Source, Sources};
use crate::bytes::threads;
use crate::case::changed;
use crate::zip::{Out, Writer, order};
use crate::{Limits, files};

/// An exhibit of at most this many bytes is read ahead.
const SMALL: u64 = 4 << 20;
/// How much is read ahead at once; three such batches may exist.
const BATCH: u64 = 8 << 20;
/// One read of a large exhibit.
const BLOCK: usize = 1 << 20;

/// Writes the zip: `mimetype`, then all by name. Returns number of files and length.
pub(super) fn write(sources: &Sources, out: &mut dyn Out, progress: &dyn Progress) -> Result<(u64, u64), Fault> {
    if sources.len() > Limits::FILES {
        return Err(Fault::refused("package-too-large", format!("The package would have {} files", sources.len()))
            .advise("Split the case in two."));
    }
    progress.start("build the package", sources.values().map(Source::size).sum());
    let mut names: Vec<(&String, &Source)> = sources.iter().collect();
    names.sort_by_key(|(name, _)| order(name));
    let scattered = out.places().map(|places| scatter(&names, places, progress)).transpose()?;
    let zip = match scattered {
        Some((entries, end)) => Writer::after(out, entries, end).map_err(not_written)?,
        None => in_turn(&names, out, progress)?,
    };
    let bytes = zip.finish().map_err(not_written)?;
    progress.finish();
    Ok((sources.len() as u64, bytes))
}

fn in_turn<'w>(names: &[Named<'_>], out: &'w mut dyn Out, progress: &dyn Progress) -> Result<Writer<'w>, Fault> {
    let mut zip = Writer::new(out);
    thread::scope(|scope| {
        let (send, ready) = sync_channel(1);
        scope.spawn(move || {
            // The receiver is gone when a file could not be written: then nothing more is read.
            batches(names).into_iter().map(fetch).try_for_each(|batch| send.send(batch).map_err(drop)).ok();
        });
        for (name, fetched) in ready.into_iter().flatten() {
            put(&mut zip, name, fetched, progress)?;
        }
        Ok(())
    })?;
    Ok(zip)
}

pub(super) fn not_written(error: io::Error) -> Fault {
    Fault::io("write", Path::new("the package"), error)
}

/// What one file of the zip begins with when its turn comes.
enum Fetched<'s> {
    /// At hand already.
    Held(&'s [u8]),
    /// Read and hashed.
    Read(Result<(Vec<u8>, u32), Fault>),
    /// To be read now.
    Large { path: &'s PathBuf, size: u64, sha256: Digest },
}

type Named<'s> = (&'s String, &'s Source);

/// The files in their order, in batches whose small exhibits fit into memory.
fn batches<'s>(names: &[Named<'s>]) -> Vec<Vec<Named<'s>>> {
    let mut batches = vec![Vec::new()];
    let mut held = 0;
    for (name, source) in names {
        let ahead = if source.is_held() || source.size() > SMALL { 0 } else { source.size() };
        if held + ahead > BATCH {
            batches.push(Vec::new());
            held = 0;
        }
        held += ahead;
        if let Some(last) = batches.last_mut() {
            last.push((*name, *source));
        }
    }
    batches
}

/// Reads the small exhibits of a batch, on as many threads as pay.
fn fetch(batch: Vec<Named<'_>>) -> Vec<(&String, Fetched<'_>)> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(batch.len()));
    let work = || {
        while let Some((at, (name, source))) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            batch.get(at).map(|named| (at, *named))
        } {
            let fetched = match source {
                Source::Held(bytes) => Fetched::Held(bytes),
                Source::Exhibit { path, size, sha256 } if *size > SMALL => {
                    Fetched::Large { path, size: *size, sha256: *sha256 }
                }
                Source::Exhibit { path, size, sha256: digest } => Fetched::Read(read(path, *size, *digest)),
            };
            // A panic elsewhere ends the process, so the lock is never poisoned.
            if let Ok(mut done) = done.lock() {
                done.push((at, name, fetched));
            }
        }
    };
    let exhibits = batch.iter().filter(|(_, source)| !source.is_held()).count();
    thread::scope(|scope| {
        (1..threads().min(exhibits)).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(at, ..)| *at);
    done.into_iter().map(|(_, name, fetched)| (name, fetched)).collect()
}

/// A small exhibit, if it still is what was collected.
fn read(path: &Path, size: u64, digest: Digest) -> Result<(Vec<u8>, u32), Fault> {
    let bytes = files::read_bounded(path, size).map_err(|fault| match fault.code() {
        "too-large" => changed(&path.display().to_string()),
        _ => fault,
    })?;
    match bytes.len() as u64 == size && sha256(&bytes) == digest {
        true => {
            let crc = crc32fast::hash(&bytes);
            Ok((bytes, crc))
        }
        false => Err(changed(&path.display().to_string())),
    }
}

fn put(zip: &mut Writer<'_>, name: &str, fetched: Fetched<'_>, progress: &dyn Progress) -> Result<(), Fault> {
    match fetched {
        Fetched::Held(bytes) => {
            zip.bytes(name, bytes, crc32fast::hash(bytes)).map_err(not_written)?;
            progress.advance(bytes.len() as u64);
        }
        Fetched::Read(read) => {
            let (bytes, crc) = read?;
            zip.bytes(name, &bytes, crc).map_err(not_written)?;
            progress.advance(bytes.len() as u64);
        }
        Fetched::Large { path, size, sha256 } => stream(zip, name, path, (size, sha256), progress)?,
    }
    Ok(())
}

/// A large exhibit.
fn stream(
    zip: &mut Writer<'_>,
    name: &str,
    path: &Path,
    expect: (u64, Digest),
    progress: &dyn Progress,
) -> Result<(), Fault> {
    // Where nothing that was written can be changed, the CRC is found out first.
    let known = if zip.can_patch() { None } else { Some(crc_of(open(path)?, path)?) };
    let mut content = zip.begin(name, expect.0, known).map_err(not_written)?;
    let crc = hashed_beside(path, expect, &mut |bytes| content.put(bytes), progress)?;
    if known.is_some_and(|known| known != crc) {
        return Err(changed(&path.display().to_string()));
    }
    content.end(crc).map_err(not_written)
}

fn open(path: &Path) -> Result<File, Fault> {
    File::open(path).map_err(|error| Fault::io("read", path, error))
}

/// Copies an exhibit, if it still is what was collected: one thread hashes what another has just written. Returns its CRC.
pub(super) fn hashed_beside(
    path: &Path,
    expect: (u64, Digest),
    put: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    progress: &dyn Progress,
) -> Result<u32, Fault> {
    let mut file = open(path)?;
    let (crc, seen, digest) = thread::scope(|scope| {
        let (send, blocks) = sync_channel::<Vec<u8>>(4);
        let hashing = scope.spawn(move || {
            let mut hasher = Hasher::new();
            blocks.iter().for_each(|block| hasher.update(&block));
            hasher.finish()
        });
        let (mut crc, mut seen) = (crc32fast::Hasher::new(), 0);
        loop {
            let mut block = Vec::with_capacity(BLOCK);
            let read = (&mut file).take(BLOCK as u64).read_to_end(&mut block);
            let got = read.map_err(|error| Fault::io("read", path, error))? as u64;
            seen += got;
            // What is longer than it was would be written over what follows.
            if got == 0 || seen > expect.0 {
                break;
            }
            crc.update(&block);
            put(&block).map_err(not_written)?;
            progress.advance(got);
            // The thread takes everything until this end is dropped.
            send.send(block).ok();
        }
        drop(send);
        let digest = hashing.join().map_err(|_| Fault::internal("thread-lost", "A thread that hashes ended early"))?;
        Ok((crc.finalize(), seen, digest))
    })?;
    match (seen, digest) == expect {
        true => Ok(crc),
        false => Err(changed(&path.display().to_string())),
    }
}

fn crc_of(mut file: File, path: &Path) -> Result<u32, Fault> {
    let mut crc = crc32fast::Hasher::new();
    let mut block = vec![0; BLOCK];
    loop {
        match file.read(&mut block) {
            Ok(0) => return Ok(crc.finalize()),
            Ok(got) => crc.update(&block[..got]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Fault::io("read", path, error)),
        }
    }
}
