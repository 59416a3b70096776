//! Files under names, wherever they lie: in a folder, in a zip. Several threads read and hash them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use model::Progress;

use super::hash::{Algorithm, Hasher};
use crate::bytes::threads;

/// Why a file cannot be read.
#[derive(Debug)]
pub(super) enum Unread {
    /// Its content is not what the container says: a sentence without the name of the file.
    Flawed(String),
    /// What the disk says.
    Disk(io::Error),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Unread::Disk(error)
    }
}

/// Files under names that are safe to show and to compare.
pub(super) trait Tree: Sync {
    /// Every file and its size.
    fn files(&self) -> &BTreeMap<String, u64>;

    /// Gives the content of a file, piece by piece. Nothing that was given counts unless the answer is `Ok`.
    ///
    /// # Errors
    /// [`Unread`], also where there is no such file.
    fn read(&self, path: &str, sink: &mut dyn FnMut(&[u8])) -> Result<(), Unread>;

    /// The content of a file of at most `most` bytes; the error is a sentence.
    fn held(&self, path: &str, most: u64) -> io::Result<Result<Vec<u8>, String>> {
        let Some(size) = self.files().get(path) else { return Ok(Err(format!("{path} is missing"))) };
        if *size > most {
            return Ok(Err(format!("{path} has {size} bytes; at most {most} are read")));
        }
        let mut bytes = Vec::new();
        match self.read(path, &mut |piece| bytes.extend_from_slice(piece)) {
            Ok(()) => Ok(Ok(bytes)),
            Err(Unread::Flawed(why)) => Ok(Err(format!("{path}: {why}"))),
            Err(Unread::Disk(error)) => Err(error),
        }
    }
}

/// The digests of one file, or why it has none.
pub(super) type Digests = Result<BTreeMap<Algorithm, Vec<u8>>, String>;

/// The digests of the files in `wanted`, those that are there. Every byte is read once.
pub(super) fn hash_all(
    tree: &dyn Tree,
    wanted: &BTreeMap<String, BTreeSet<Algorithm>>,
    progress: &dyn Progress,
) -> io::Result<BTreeMap<String, Digests>> {
    let there: Vec<_> = wanted.iter().filter(|(path, _)| tree.files().contains_key(*path)).collect();
    let (next, done) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let work = || -> io::Result<()> {
        while let Some((path, algorithms)) = there.get(next.fetch_add(1, Ordering::Relaxed)) {
            let digests = hash_one(tree, path, algorithms, progress)?;
            let mut done = done.lock().map_err(|_| io::Error::other("a thread that hashes ended early"))?;
            done.insert((*path).clone(), digests);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads().min(there.len())).map(|_| scope.spawn(work)).collect();
        let own = work();
        others.into_iter().try_for_each(|other| other.join().unwrap_or_else(|_| Err(io::Error::other("lost"))))?;
        own
    })?;
    done.into_inner().map_err(|_| io::Error::other("a thread that hashes ended early"))
}

fn hash_one(
    tree: &dyn Tree,
    path: &str,
    algorithms: &BTreeSet<Algorithm>,
    progress: &dyn Progress,
) -> io::Result<Digests> {
    let mut hashers: Vec<(Algorithm, Hasher)> = algorithms.iter().map(|one| (*one, Hasher::new(*one))).collect();
    let read = tree.read(path, &mut |piece| {
        hashers.iter_mut().for_each(|(_, hasher)| hasher.update(piece));
        progress.advance(piece.len() as u64);
    });
    match read {
        Ok(()) => Ok(Ok(hashers.into_iter().map(|(algorithm, hasher)| (algorithm, hasher.finish())).collect())),
        Err(Unread::Flawed(why)) => Ok(Err(why)),
        Err(Unread::Disk(error)) => Err(error),
    }
}
