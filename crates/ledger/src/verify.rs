//! Verification of a whole log, from the bytes of its entries up to the signed root.
//!
//! Constant memory: one bundle per thread and at most 256 hashes per level, whatever the size.

use std::path::{Path, PathBuf};
use std::thread;

use model::{Digest, Fault, Instant, Progress};
use seal::note::Verifier;

use crate::log::{damaged, missing};
use crate::segment::{self, Tail};
use crate::tile::{self, Content, Tile, WIDTH};
use crate::tree::{self, Edge};
use crate::{Checkpoint, Limits, Pin, files, hash, walk};

/// A log that holds together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The log's name.
    pub origin: String,
    /// Durable entries; those from `signed_size` on are not under a checkpoint.
    pub size: u64,
    /// Entries under the checkpoint.
    pub signed_size: u64,
    /// The root that is signed and that the entries give.
    pub root: Digest,
    /// The largest size that something outside the log vouches for: a pin or a known witness. `None`: nothing does,
    /// and an older copy put back would look the same.
    pub anchored_at: Option<u64>,
    /// The checkpoint that was verified: pin it.
    pub checkpoint: Checkpoint,
    /// What is true but worth knowing, one sentence each.
    pub notes: Vec<String>,
}

/// Verifies the log in `folder`: the signature under one of `known`, every entry, every tile, the root, every pin, and
/// that nothing else lies there. Works while a writer writes; then it speaks of the checkpoint it began with.
///
/// # Errors
/// The first thing that is wrong, with its file. `ledger-missing`, `bad-checkpoint`, `wrong-signature`,
/// `unknown-signer`, `ledger-damaged`, `ledger-truncated`, `ledger-segment-damaged`, `ledger-unexpected-file`; against
/// pins `ledger-rolled-back`, `ledger-forked`, `ledger-other-origin`; or an I/O failure.
pub fn verify(folder: &Path, known: &[Verifier], pins: &[Pin], progress: &dyn Progress) -> Result<Verified, Fault> {
    let checkpoint = read_signed(folder, known)?;
    // Origin and size need no reading; the roots follow while the tree is rebuilt.
    pins.iter().try_for_each(|pin| pin.check_head(&checkpoint))?;
    let mut rebuild = Rebuild::new(folder, &checkpoint, pins);
    progress.start("verify the ledger", checkpoint.size);
    let rebuilt = rebuild.run(progress);
    progress.finish();
    rebuilt?;
    if rebuild.edge.root() != checkpoint.root {
        return Err(damaged(&folder.join("checkpoint"), "The entries do not give the root that the checkpoint signs"));
    }
    let walked = walk::walk(folder, checkpoint.size)?;
    let now = latest(folder, known, &checkpoint, &rebuild.edge)?;
    if let Some((end, path)) = &walked.beyond
        && *end > now.size
    {
        return Err(walk::unexpected(path));
    }
    Ok(conclude(checkpoint, pins, &walked, &now))
}

fn read_signed(folder: &Path, known: &[Verifier]) -> Result<Checkpoint, Fault> {
    let path = folder.join("checkpoint");
    let note = files::read(&path)?.ok_or_else(|| missing(folder))?;
    Checkpoint::open(&note, known).map_err(|fault| fault.in_file(&path))
}

/// The tree, rebuilt from the bundles and compared with every tile on the way.
struct Rebuild<'v> {
    folder: &'v Path,
    checkpoint: &'v Checkpoint,
    pins: &'v [Pin],
    edge: Edge,
    /// Per level from 1 on: the roots of full tiles below that are not yet in a full tile.
    levels: Vec<Vec<Digest>>,
}

impl<'v> Rebuild<'v> {
    fn new(folder: &'v Path, checkpoint: &'v Checkpoint, pins: &'v [Pin]) -> Self {
        Rebuild { folder, checkpoint, pins, edge: Edge::new(), levels: Vec::new() }
    }

    fn run(&mut self, progress: &dyn Progress) -> Result<(), Fault> {
        let full = self.checkpoint.size / WIDTH;
        let mut number = 0;
        self.check_pins(&[], 0)?;
        while number < full {
            let (start, end) = (number, full.min(number + WIDTH));
            for root in bundle_roots(self.folder, start..end)? {
                self.add_bundle(number, root)?;
                number += 1;
            }
            progress.advance((end - start) * WIDTH);
        }
        if let Some(tile) = Tile::partial(Content::Entries, self.checkpoint.size) {
            let leaves = bundle_leaves(self.folder, tile, &mut Buffers::default())?;
            self.check_pins(&leaves, tile.number)?;
            leaves.into_iter().for_each(|leaf| self.edge.push(leaf));
            progress.advance(tile.width);
        }
        self.check_partial_tiles()
    }

    fn add_bundle(&mut self, number: u64, root: Digest) -> Result<(), Fault> {
        let (start, end) = (number * WIDTH, (number + 1) * WIDTH);
        if self.pins.iter().any(|pin| (start + 1..end).contains(&pin.checkpoint().size)) {
            let leaves = bundle_leaves(self.folder, Tile::entries(number, WIDTH), &mut Buffers::default())?;
            self.check_pins(&leaves, number)?;
        }
        self.edge.push_subtree(8, root);
        self.check_pins(&[], number + 1)?;
        self.add_root(1, root)
    }

    /// Adds the root of a full tile to the level above; a tile that becomes full is compared and carried up.
    fn add_root(&mut self, level: usize, root: Digest) -> Result<(), Fault> {
        if self.levels.len() < level {
            self.levels.push(Vec::new());
        }
        self.levels[level - 1].push(root);
        if (self.levels[level - 1].len() as u64) < WIDTH {
            return Ok(());
        }
        let hashes = std::mem::take(&mut self.levels[level - 1]);
        let number = self.edge.size().checked_shr(8 * (level as u32 + 1)).unwrap_or(0) - 1;
        compare(self.folder, Tile::hashes(level as u8, number, WIDTH), &hashes)?;
        self.add_root(level + 1, tree::root_of(&hashes))
    }

    fn check_partial_tiles(&self) -> Result<(), Fault> {
        for (at, hashes) in self.levels.iter().enumerate() {
            if let Some(tile) = Tile::partial(Content::Hashes(at as u8 + 1), self.checkpoint.size) {
                compare(self.folder, tile, hashes)?;
            }
        }
        Ok(())
    }

    /// Checks the pins whose size is reached within `leaves`, which begin bundle `number`, or now if there are none.
    fn check_pins(&self, leaves: &[Digest], number: u64) -> Result<(), Fault> {
        let start = number * WIDTH;
        for pin in self.pins {
            let ahead = pin.checkpoint().size.checked_sub(start).filter(|ahead| *ahead <= leaves.len() as u64);
            let Some(ahead) = ahead else { continue };
            let mut edge = self.edge.clone();
            leaves[..ahead as usize].iter().for_each(|leaf| edge.push(*leaf));
            pin.check(self.checkpoint, |_| Ok(edge.root()))?;
        }
        Ok(())
    }
}

/// The roots of full bundles, in order. The work is shared among the processors; the first bad bundle is the answer.
fn bundle_roots(folder: &Path, numbers: std::ops::Range<u64>) -> Result<Vec<Digest>, Fault> {
    let threads = thread::available_parallelism().map_or(1, |threads| threads.get() as u64).min(16);
    let share = (numbers.end - numbers.start).div_ceil(threads);
    let roots = |numbers: std::ops::Range<u64>| -> Result<Vec<Digest>, Fault> {
        let mut buffers = Buffers::default();
        let root = |number| Ok(tree::root_of(&bundle_leaves(folder, Tile::entries(number, WIDTH), &mut buffers)?));
        numbers.map(root).collect()
    };
    let results: Vec<Result<Vec<Digest>, Fault>> = thread::scope(|scope| {
        let shares = (0..threads).map(|at| {
            let start = (numbers.start + at * share).min(numbers.end);
            let share = start..(start + share).min(numbers.end);
            scope.spawn(move || roots(share))
        });
        let running: Vec<_> = shares.collect();
        running.into_iter().map(|share| share.join().unwrap_or_else(|_| Err(panicked()))).collect()
    });
    let mut all = Vec::new();
    for roots in results {
        all.extend(roots?);
    }
    Ok(all)
}

#[derive(Default)]
struct Buffers {
    bundle: Vec<u8>,
    hashes: Vec<u8>,
}

/// The leaf hashes of a bundle, which must be those of the tile beside it. Names the first entry that is wrong.
fn bundle_leaves(folder: &Path, tile: Tile, buffers: &mut Buffers) -> Result<Vec<Digest>, Fault> {
    let beside = Tile::hashes(0, tile.number, tile.width);
    read_tile(folder, beside, &mut buffers.hashes)?;
    let hashes = tile::parse_hashes(&buffers.hashes, tile.width).ok_or_else(|| tile::short(folder, beside))?;
    read_tile(folder, tile, &mut buffers.bundle)?;
    if holds(&mut buffers.bundle, &hashes) {
        return Ok(hashes);
    }
    // The first look has overwritten what it read.
    read_tile(folder, tile, &mut buffers.bundle)?;
    Err(wrong_bundle(folder, tile, &buffers.bundle, &hashes))
}

/// Whether `bundle` holds exactly the entries with these hashes. The hot path: entries are hashed two at a time.
fn holds(bundle: &mut [u8], hashes: &[Digest]) -> bool {
    let mut rest = bundle;
    let (pairs, single) = hashes.as_chunks::<2>();
    for pair in pairs {
        let Some((a, tail)) = split_leaf(rest) else { return false };
        let Some((b, tail)) = split_leaf(tail) else { return false };
        if hash::sha256_of_two(a, b) != *pair {
            return false;
        }
        rest = tail;
    }
    for hash in single {
        let Some((entry, tail)) = split_leaf(rest) else { return false };
        if seal::sha256(entry) != *hash {
            return false;
        }
        rest = tail;
    }
    rest.is_empty()
}

/// What is hashed of the first entry of `bundle`, and the bytes after it. The second byte of its length makes room for
/// the 0x00 in front of a leaf, so that the hash runs over one slice.
fn split_leaf(bundle: &mut [u8]) -> Option<(&[u8], &mut [u8])> {
    let length = bundle.first_chunk::<2>()?;
    let end = 2 + usize::from(u16::from_be_bytes(*length));
    let (entry, tail) = bundle.split_at_mut_checked(end)?;
    entry[1] = 0;
    Some((&entry[1..], tail))
}

fn wrong_bundle(folder: &Path, tile: Tile, bundle: &[u8], hashes: &[Digest]) -> Fault {
    for (at, entry) in tile::entries(bundle).enumerate() {
        let index = tile.number * WIDTH + at as u64;
        let message = match (entry, hashes.get(at)) {
            (Err(offset), _) => format!("Entry {index}, at byte {offset}, is cut"),
            (Ok(_), None) => break,
            (Ok(entry), Some(hash)) if tree::leaf(entry) == *hash => continue,
            (Ok(_), Some(_)) => {
                let beside = Tile::hashes(0, tile.number, tile.width).path();
                format!("Entry {index} does not have the hash that {} holds", beside.display())
            }
        };
        return damaged(&folder.join(tile.path()), &message);
    }
    tile::short(folder, tile)
}

fn read_tile(folder: &Path, tile: Tile, buffer: &mut Vec<u8>) -> Result<(), Fault> {
    if !files::read_into(&folder.join(tile.path()), buffer, Limits::FILE_BYTES)? {
        *buffer = tile::read(folder, tile)?;
    }
    Ok(())
}

fn compare(folder: &Path, tile: Tile, hashes: &[Digest]) -> Result<(), Fault> {
    let bytes = tile::read(folder, tile)?;
    let there = tile::parse_hashes(&bytes, tile.width).ok_or_else(|| tile::short(folder, tile))?;
    if let Some(at) = there.iter().zip(hashes).position(|(there, hash)| there != hash) {
        let message = format!("Hash {at} of {} is not that of the tile below it", tile.path().display());
        return Err(damaged(&folder.join(tile.path()), &message));
    }
    Ok(())
}

/// How far the log reaches by now.
struct Latest {
    size: u64,
    torn: Option<(PathBuf, usize)>,
}

/// The durable size after the walk: a writer may have gone on. What is new is taken from its own signed checkpoint.
fn latest(folder: &Path, known: &[Verifier], then: &Checkpoint, edge: &Edge) -> Result<Latest, Fault> {
    for _ in 0..Limits::VIEW_RETRIES {
        let now = read_signed(folder, known)?;
        if now != *then {
            if now.size >= then.size && now.origin == then.origin {
                return Ok(Latest { size: crate::View::open(folder)?.size().max(now.size), torn: None });
            }
            return Err(damaged(&folder.join("checkpoint"), "The checkpoint went back while it was being verified"));
        }
        let tail = segment::read_tail(folder, edge);
        if read_signed(folder, known)? == now {
            return tail.map(|tail| latest_of(then.size, &tail));
        }
    }
    Ok(Latest { size: then.size, torn: None })
}

fn latest_of(signed: u64, tail: &Tail) -> Latest {
    let torn = tail.replay.tear.as_ref().map(|_| tail.bytes.len() - tail.replay.committed);
    Latest { size: signed + tail.replay.entries.len() as u64, torn: tail.path.clone().zip(torn) }
}

fn conclude(checkpoint: Checkpoint, pins: &[Pin], walked: &walk::Walked, now: &Latest) -> Verified {
    let pinned = pins.iter().map(|pin| pin.checkpoint().size).max();
    let witnessed = (!checkpoint.witnesses.is_empty()).then_some(checkpoint.size);
    let anchored_at = pinned.max(witnessed);
    let mut notes = Vec::new();
    match anchored_at {
        None => {
            notes.push("Not anchored: without a pin or a witness, an older copy put back would look the same.".into())
        }
        Some(size) if size < checkpoint.size => {
            notes.push(format!("Anchored up to entry {size}: nothing outside vouches for those from there on."));
        }
        Some(_) => {}
    }
    for (name, seconds) in &checkpoint.witnesses {
        let time = i64::try_from(*seconds).ok().and_then(Instant::from_seconds);
        let time = time.map_or_else(|| format!("second {seconds}"), |time| time.to_string());
        notes.push(format!("Witnessed by {name} at {time}."));
    }
    if now.size > checkpoint.size {
        let unsigned = now.size - checkpoint.size;
        notes.push(format!("{unsigned} entries are durable but not signed: cutting them would not be noticed."));
    }
    if let Some((path, bytes)) = &now.torn {
        notes.push(format!("{} ends in {bytes} bytes of a group that was never acknowledged.", path.display()));
    }
    if walked.beyond.is_some() {
        notes.push("Some tiles go beyond the checkpoint: sealing was interrupted, or is under way.".into());
    }
    if walked.leftovers > 0 {
        notes.push(format!("{} unfinished files lie in tmp.", walked.leftovers));
    }
    Verified {
        origin: checkpoint.origin.clone(),
        size: now.size,
        signed_size: checkpoint.size,
        root: checkpoint.root,
        anchored_at,
        checkpoint,
        notes,
    }
}

fn panicked() -> Fault {
    Fault::internal("ledger-verify-stopped", "A part of the verification stopped unexpectedly")
        .advise("Run the command again and report it if it happens twice.")
}
