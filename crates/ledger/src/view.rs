//! The reader: needs no key, writes nothing, and works while a writer writes.

use std::ops::Range;
use std::path::{Path, PathBuf};

use model::Fault;

use crate::log::{load_edge, missing};
use crate::tile::{self, Tile, WIDTH};
use crate::{Checkpoint, Entry, Limits, Pin, Proof, files, segment, tree};

/// A ledger as it was when it was opened or last refreshed.
///
/// A view trusts the files: it shows what is there. Whether that is what was signed is the business of
/// [`crate::verify`]; a proof from [`View::prove`] is checked against the checkpoint before it is handed out.
pub struct View {
    folder: PathBuf,
    checkpoint: Checkpoint,
    tail: segment::Tail,
}

/// One entry, not yet parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its index, from 0.
    pub index: u64,
    /// Its bytes, as they were hashed.
    pub bytes: Vec<u8>,
}

impl Item {
    /// The entry.
    ///
    /// # Errors
    /// `bad-ledger-entry` when the bytes are not one of ours.
    pub fn entry(&self) -> Result<Entry, Fault> {
        Entry::parse(&self.bytes)
    }
}

impl View {
    /// Opens the ledger in `folder` for reading.
    ///
    /// # Errors
    /// `ledger-missing`, `bad-checkpoint`, `ledger-truncated`, `ledger-segment-damaged`, or an I/O failure.
    pub fn open(folder: &Path) -> Result<Self, Fault> {
        let mut last = None;
        for _ in 0..Limits::VIEW_RETRIES {
            let before = read_checkpoint(folder)?;
            let tail = load_edge(folder, &before).and_then(|(_, edge)| segment::read_tail(folder, &edge));
            // A writer that sealed meanwhile has removed the segment we looked for: look again.
            if read_checkpoint(folder)? == before {
                return tail.map(|tail| View { folder: folder.to_path_buf(), checkpoint: before, tail });
            }
            last = tail.err();
        }
        Err(last.unwrap_or_else(|| {
            Fault::unavailable("ledger-busy", "The ledger changes faster than it can be read")
                .advise("Run the command again when fewer processes write.")
        }))
    }

    /// Looks again. What was signed before must still be there.
    ///
    /// # Errors
    /// Those of [`View::open`] and [`Pin::check`].
    pub fn refresh(&mut self) -> Result<(), Fault> {
        let new = View::open(&self.folder)?;
        new.check_pin(&Pin::of(&self.checkpoint))?;
        *self = new;
        Ok(())
    }

    /// The number of durable entries.
    pub fn size(&self) -> u64 {
        self.checkpoint.size + self.tail.replay.entries.len() as u64
    }

    /// The number of entries under the checkpoint.
    pub fn signed_size(&self) -> u64 {
        self.checkpoint.size
    }

    /// The checkpoint; its signature is not checked here.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Whether this ledger continues what was pinned: reads a handful of tiles.
    ///
    /// # Errors
    /// See [`Pin::check`].
    pub fn check_pin(&self, pin: &Pin) -> Result<(), Fault> {
        let mut tiles = tile::Reader::new(&self.folder, self.checkpoint.size);
        pin.check(&self.checkpoint, |size| tree::root_at(size, &mut |height, index| tiles.subtree(height, index)))
    }

    /// The entries of `range`, oldest first, read bundle by bundle; what lies beyond the size is left out.
    /// Call `.rev()` for newest first.
    pub fn entries(&self, range: Range<u64>) -> Entries<'_> {
        let end = range.end.min(self.size());
        Entries { view: self, range: range.start.min(end)..end, front: None, back: None }
    }

    /// One entry.
    ///
    /// # Errors
    /// `ledger-no-such-entry`, `ledger-truncated`, or an I/O failure.
    pub fn entry(&self, index: u64) -> Result<Item, Fault> {
        self.entries(index..index.saturating_add(1)).next().unwrap_or_else(|| Err(no_such_entry(index, self.size())))
    }

    /// The proof that entry `index` is under the checkpoint.
    ///
    /// # Errors
    /// `ledger-no-such-entry`; `ledger-entry-unsigned` when it is durable but not signed yet; `ledger-damaged` when
    /// the tiles do not give the signed root.
    pub fn prove(&self, index: u64) -> Result<Proof, Fault> {
        if index >= self.size() {
            return Err(no_such_entry(index, self.size()));
        }
        if index >= self.signed_size() {
            return Err(Fault::no_verdict(
                "ledger-entry-unsigned",
                format!("Entry {index} is not under a checkpoint yet"),
            )
            .advise("Seal the ledger; the next command that writes to it does so."));
        }
        let mut tiles = tile::Reader::new(&self.folder, self.signed_size());
        let mut subtrees = |height, at| tiles.subtree(height, at);
        let hashes = tree::prove_inclusion(index, self.signed_size(), &mut subtrees)?;
        let leaf = tree::leaf(&self.entry(index)?.bytes);
        let Checkpoint { size, root, .. } = self.checkpoint;
        if !tree::verify_inclusion(&hashes, leaf, index, size, root) {
            let message = format!("Entry {index} and the tiles do not give the root that the checkpoint signs");
            return Err(crate::log::damaged(&self.folder, &message));
        }
        Ok(Proof::new(index, hashes, self.checkpoint.clone()))
    }

    /// The bytes of bundle `number`: from the tree as far as it is signed, from the segment beyond.
    pub(crate) fn chunk(&self, number: u64) -> Result<Chunk, Fault> {
        let first = number * WIDTH;
        let signed = (self.signed_size().saturating_sub(first)).min(WIDTH);
        let mut chunk = Chunk { first, bytes: Vec::new(), ranges: Vec::new() };
        if signed > 0 {
            let tile = Tile::entries(number, signed);
            chunk.bytes = tile::read(&self.folder, tile)?;
            chunk.ranges = bundle_ranges(&chunk.bytes).ok_or_else(|| tile::short(&self.folder, tile))?;
            if chunk.ranges.len() as u64 != signed {
                return Err(tile::short(&self.folder, tile));
            }
        }
        let skip = (first + signed).saturating_sub(self.signed_size()) as usize;
        for range in self.tail.replay.entries.iter().skip(skip).take((WIDTH - signed) as usize) {
            let start = chunk.bytes.len();
            chunk.bytes.extend_from_slice(&self.tail.bytes[range.clone()]);
            chunk.ranges.push(start..chunk.bytes.len());
        }
        Ok(chunk)
    }
}

/// Up to 256 entries that share a bundle number.
pub(crate) struct Chunk {
    first: u64,
    bytes: Vec<u8>,
    ranges: Vec<Range<usize>>,
}

impl Chunk {
    pub(crate) fn bytes(&self, index: u64) -> Option<&[u8]> {
        let at = usize::try_from(index.checked_sub(self.first)?).ok()?;
        self.ranges.get(at).map(|range| &self.bytes[range.clone()])
    }
}

/// The entries of a range of a [`View`], in either direction. Holds at most two bundles.
pub struct Entries<'v> {
    view: &'v View,
    range: Range<u64>,
    front: Option<Chunk>,
    back: Option<Chunk>,
}

impl Iterator for Entries<'_> {
    type Item = Result<Item, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let index = self.range.next()?;
        Some(item(self.view, &mut self.front, index))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.range.size_hint()
    }
}

impl DoubleEndedIterator for Entries<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let index = self.range.next_back()?;
        Some(item(self.view, &mut self.back, index))
    }
}

fn item(view: &View, slot: &mut Option<Chunk>, index: u64) -> Result<Item, Fault> {
    let number = index / WIDTH;
    if slot.as_ref().is_none_or(|chunk| chunk.first != number * WIDTH) {
        *slot = Some(view.chunk(number)?);
    }
    let bytes = slot.as_ref().and_then(|chunk| chunk.bytes(index)).ok_or_else(|| no_such_entry(index, view.size()))?;
    Ok(Item { index, bytes: bytes.to_vec() })
}

fn bundle_ranges(bundle: &[u8]) -> Option<Vec<Range<usize>>> {
    let mut ranges = Vec::with_capacity(WIDTH as usize);
    let mut at = 0;
    for entry in tile::entries(bundle) {
        let start = at + 2;
        at = start + entry.ok()?.len();
        ranges.push(start..at);
    }
    Some(ranges)
}

pub(crate) fn read_checkpoint(folder: &Path) -> Result<Checkpoint, Fault> {
    let path = folder.join("checkpoint");
    let note = files::read(&path)?.ok_or_else(|| missing(folder))?;
    Checkpoint::parse(&note).map_err(|fault| fault.in_file(&path))
}

fn no_such_entry(index: u64, size: u64) -> Fault {
    Fault::bad_input("ledger-no-such-entry", format!("There is no entry {index}: the ledger has {size}, from 0"))
        .advise("List the entries to find the index you want.")
}
