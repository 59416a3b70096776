//! The writer.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use model::{Digest, Fault, Instant, Place};
use seal::SigningKey;
use seal::note::{Signer, Verifier};

use crate::entry::too_large;
use crate::tile::{self, Content, Tile, WIDTH};
use crate::tree::{self, Edge};
use crate::{Checkpoint, Entry, Fact, Limits, Pin, files, segment};

/// Who writes: the log's name and its key.
pub struct Identity<'k> {
    /// The log's name, for example `ledger.example/probity`.
    pub origin: &'k str,
    /// The key that signs checkpoints and nothing else.
    pub key: &'k SigningKey,
}

/// A log opened for writing. One per folder at a time: the others wait for its lock.
///
/// Entries are durable when [`Log::append`] returns and signed when [`Log::seal`] returns. Dropping a log without
/// sealing loses nothing: the next one finds the entries in the segment.
pub struct Log {
    pub(crate) folder: PathBuf,
    pub(crate) origin: String,
    pub(crate) key: SigningKey,
    pub(crate) checkpoint: Checkpoint,
    /// The tree over all durable entries.
    pub(crate) edge: Edge,
    /// What is not in full, signed tiles: per level the hashes of the partial tile.
    pub(crate) levels: Vec<Vec<Digest>>,
    /// Bundle bytes and leaf hashes from the start of the last, partial bundle under the checkpoint.
    pub(crate) open: OpenBundles,
    pub(crate) segment: Option<Segment>,
    /// Whether a write failed, so that nothing more may be written.
    pub(crate) suspect: bool,
    buffer: Vec<u8>,
    _lock: File,
}

/// Entries from the last bundle boundary at or below the signed size.
#[derive(Default)]
pub(crate) struct OpenBundles {
    pub(crate) bytes: Vec<u8>,
    /// Where in `bytes` each entry ends.
    pub(crate) ends: Vec<usize>,
    pub(crate) leaves: Vec<Digest>,
}

impl OpenBundles {
    fn push(&mut self, entry: &[u8], leaf: Digest) {
        // Entries are at most 65,535 bytes: checked where they enter.
        self.bytes.extend_from_slice(&(entry.len() as u16).to_be_bytes());
        self.bytes.extend_from_slice(entry);
        self.ends.push(self.bytes.len());
        self.leaves.push(leaf);
    }
}

pub(crate) struct Segment {
    pub(crate) path: PathBuf,
    file: File,
    length: u64,
}

impl Log {
    /// Starts a new log in `folder`, which is made if it is not there, and signs its empty checkpoint.
    ///
    /// # Errors
    /// `ledger-exists` when there is a log or a part of one, `ledger-busy`, or an I/O failure.
    pub fn create(folder: &Path, identity: &Identity<'_>) -> Result<Log, Fault> {
        files::ensure_folder(folder)?;
        let lock = take_lock(folder)?;
        for part in ["checkpoint", "tile", "segment"] {
            if folder.join(part).symlink_metadata().is_ok() {
                return Err(Fault::refused("ledger-exists", format!("{} already holds a ledger", folder.display()))
                    .advise("Open it. If it is damaged, restore it from a backup; never start over beside it."));
            }
        }
        let signer = Signer::new(identity.origin, identity.key)?;
        files::ensure_folder(&folder.join("tmp"))?;
        files::ensure_folder(&folder.join("segment"))?;
        let checkpoint = Checkpoint::sign(identity.origin, 0, Edge::new().root(), signer)?;
        files::replace(folder, Path::new("checkpoint"), checkpoint.note().as_bytes())?;
        Log::load(folder, identity, checkpoint, lock)
    }

    /// Opens the log in `folder` for writing, waiting for another writer at most [`Limits::LOCK_WAIT_MS`].
    ///
    /// A torn tail behind the last acknowledged group is cut, and the cut is logged. A clock that stands more than
    /// [`Limits::CLOCK_SLACK_SECONDS`] before the last entry is logged too.
    ///
    /// # Errors
    /// `ledger-missing` when there is no log (see [`Log::create`]), `ledger-busy`, `ledger-other-key` when another key
    /// or origin signed it, `ledger-damaged`, `ledger-truncated` or `ledger-segment-damaged` when it does not fit
    /// together, or an I/O failure.
    pub fn open(folder: &Path, identity: &Identity<'_>, now: Instant) -> Result<Log, Fault> {
        if folder.join("checkpoint").symlink_metadata().is_err() {
            return Err(missing(folder));
        }
        let lock = take_lock(folder)?;
        let checkpoint = read_own_checkpoint(folder, identity)?;
        clear(&folder.join("tmp"))?;
        let mut log = Log::load(folder, identity, checkpoint, lock)?;
        log.recover(now)?;
        Ok(log)
    }

    fn load(folder: &Path, identity: &Identity<'_>, checkpoint: Checkpoint, lock: File) -> Result<Log, Fault> {
        let (levels, edge) = load_edge(folder, &checkpoint)?;
        let open = load_open_bundle(folder, &checkpoint, &levels)?;
        Ok(Log {
            folder: folder.to_path_buf(),
            origin: identity.origin.to_owned(),
            key: identity.key.clone(),
            checkpoint,
            edge,
            levels,
            open,
            segment: None,
            suspect: false,
            buffer: Vec::new(),
            _lock: lock,
        })
    }

    /// Takes over what the segment holds.
    fn recover(&mut self, now: Instant) -> Result<(), Fault> {
        let tail = segment::read_tail(&self.folder, &self.edge)?;
        for stale in &tail.stale {
            files::remove(stale)?;
        }
        for (range, leaf) in tail.replay.entries.iter().zip(&tail.replay.leaves) {
            self.open.push(&tail.bytes[range.clone()], *leaf);
            self.edge.push(*leaf);
        }
        if let Some(path) = tail.path {
            self.segment = Some(Segment::reopen(path, tail.replay.committed as u64)?);
        }
        let last = self.last_time()?;
        let mut notices = Vec::new();
        if let Some(tear) = &tail.replay.tear {
            notices.push(self.recovered(now, tail.bytes.len() - tail.replay.committed, tear));
        }
        let slack = Limits::CLOCK_SLACK_SECONDS;
        if let Some(last) = last.filter(|last| now.seconds().saturating_add(slack) < last.seconds()) {
            notices.push(clock_went_back(now, last));
        }
        self.append(&notices).map(|_| ())
    }

    fn recovered(&self, now: Instant, bytes: usize, tear: &segment::Tear) -> Entry {
        let facts = vec![
            ("bytes_cut".to_owned(), Fact::Integer(bytes as i64)),
            ("reason".to_owned(), Fact::Text(tear.reason.to_owned())),
            ("first_index".to_owned(), Fact::Integer(self.size() as i64)),
        ];
        notice(now, "ledger.recovered", facts)
    }

    /// The time of the last entry; `None` when there is none, or it is not one of ours.
    fn last_time(&self) -> Result<Option<Instant>, Fault> {
        let end = self.open.bytes.len();
        if let Some(last) = self.open.ends.len().checked_sub(1) {
            let start = if last == 0 { 0 } else { self.open.ends[last - 1] };
            return Ok(Entry::parse(&self.open.bytes[start + 2..end]).ok().map(|entry| entry.time));
        }
        let Some(number) = (self.size() / WIDTH).checked_sub(1) else { return Ok(None) };
        let bundle = tile::read(&self.folder, Tile::entries(number, WIDTH))?;
        let last = tile::entries(&bundle).last().and_then(Result::ok);
        Ok(last.and_then(|bytes| Entry::parse(bytes).ok()).map(|entry| entry.time))
    }

    /// The number of durable entries.
    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    /// The last signed state; it covers the entries below its size.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Whether this log continues what was pinned: reads a handful of tiles.
    ///
    /// # Errors
    /// See [`Pin::check`].
    pub fn check_pin(&self, pin: &Pin) -> Result<(), Fault> {
        let mut tiles = tile::Reader::new(&self.folder, self.checkpoint.size);
        pin.check(&self.checkpoint, |size| tree::root_at(size, &mut |height, index| tiles.subtree(height, index)))
    }

    /// Appends a group of entries and returns their indices. Durable on return: one write, one `fdatasync`. All of
    /// the group or none of it is in the log. Seals by itself when much is unsigned (see [`Limits`]).
    ///
    /// # Errors
    /// `bad-ledger-entry`, `ledger-entry-too-large`, `ledger-group-too-large`: nothing was written, go on.
    /// `disk-full`, `io-failed`, `ledger-sync-failed`, `ledger-moved`: the group may or may not be there; this log
    /// refuses everything more with `ledger-suspect`. Open it again to learn what survived.
    pub fn append(&mut self, entries: &[Entry]) -> Result<Range<u64>, Fault> {
        self.append_with(entries.len(), |at, out| entries[at].push_to(out))
    }

    /// As [`Log::append`], for `count` entries whose bytes `write` appends.
    pub(crate) fn append_with(
        &mut self,
        count: usize,
        write: impl Fn(usize, &mut Vec<u8>) -> Result<(), Fault>,
    ) -> Result<Range<u64>, Fault> {
        let first = self.size();
        if self.suspect {
            return Err(suspect(&self.folder));
        }
        if count == 0 {
            return Ok(first..first);
        }
        let mut out = std::mem::take(&mut self.buffer);
        out.clear();
        let group = self.encode(&mut out, count, write)?;
        self.write_durably(&out)?;
        for (range, leaf) in group.payloads.iter().zip(&group.leaves) {
            self.open.push(&out[range.clone()], *leaf);
        }
        self.edge = group.edge;
        self.buffer = out;
        if self.open.bytes.len() > Limits::UNSIGNED_BYTES || self.open.ends.len() > Limits::UNSIGNED_ENTRIES {
            self.seal()?;
        }
        Ok(first..self.size())
    }

    fn encode(
        &self,
        out: &mut Vec<u8>,
        count: usize,
        write: impl Fn(usize, &mut Vec<u8>) -> Result<(), Fault>,
    ) -> Result<Group, Fault> {
        let mut group =
            Group { payloads: Vec::with_capacity(count), leaves: Vec::with_capacity(count), edge: self.edge.clone() };
        for at in 0..count {
            let payload = segment::push_record(out, group.edge.size(), |out| write(at, out))?;
            if payload.len() > Limits::ENTRY_BYTES {
                return Err(too_large(payload.len()));
            }
            if out.len() > Limits::GROUP_BYTES {
                return Err(Fault::bad_input("ledger-group-too-large", "A group of entries exceeds 64 MiB")
                    .advise("Append it in smaller groups."));
            }
            let leaf = tree::leaf(&out[payload.clone()]);
            group.edge.push(leaf);
            group.leaves.push(leaf);
            group.payloads.push(payload);
        }
        // A group of 64 MiB has far fewer than 2^32 entries: each takes 17 bytes.
        segment::push_commit(out, count as u32, group.edge.size(), &group.edge.root());
        Ok(group)
    }

    fn write_durably(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let segment = match self.segment.take() {
            Some(segment) => Ok(segment),
            None => Segment::create(&self.folder, self.checkpoint.size),
        };
        let written = segment.and_then(|segment| self.segment.insert(segment).write(bytes));
        // Whatever failed, a second try on this descriptor proves nothing.
        self.suspect = written.is_err();
        written
    }
}

/// A group on its way into the segment.
struct Group {
    payloads: Vec<Range<usize>>,
    leaves: Vec<Digest>,
    edge: Edge,
}

impl Segment {
    fn create(folder: &Path, first: u64) -> Result<Self, Fault> {
        let path = folder.join(segment::path(first));
        files::ensure_folder(&folder.join("segment"))?;
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        let file = file.map_err(|error| Fault::io("create", &path, error))?;
        files::sync_folder(&folder.join("segment"))?;
        Ok(Segment { path, file, length: 0 })
    }

    /// Continues a segment behind its last commit; what stood there is cut off durably.
    fn reopen(path: PathBuf, committed: u64) -> Result<Self, Fault> {
        let cut = || -> std::io::Result<File> {
            let file = OpenOptions::new().append(true).open(&path)?;
            if file.metadata()?.len() != committed {
                file.set_len(committed)?;
                file.sync_all()?;
            }
            Ok(file)
        };
        let file = cut().map_err(|error| Fault::io("recover", &path, error))?;
        Ok(Segment { path, file, length: committed })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.check_place()?;
        if let Err(error) = self.file.write_all(bytes) {
            // Best effort: without it the next open finds a torn tail and logs it, which needs space too.
            let _ = self.file.set_len(self.length);
            return Err(Fault::io("append to", &self.path, error));
        }
        self.file.sync_data().map_err(|error| {
            Fault::unavailable("ledger-sync-failed", format!("Could not make {} durable: {error}", self.path.display()))
                .advise(
                    "Check the disk before anything else. Then run the command again: the ledger finds what survived.",
                )
                .caused_by(error)
        })?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// A file that was deleted or replaced under us would swallow entries.
    fn check_place(&self) -> Result<(), Fault> {
        let there = fs::symlink_metadata(&self.path).map(|file| (file.dev(), file.ino()));
        let here = self.file.metadata().map(|file| (file.dev(), file.ino()));
        match (there, here) {
            (Ok(there), Ok(here)) if there == here => Ok(()),
            _ => Err(Fault::unavailable(
                "ledger-moved",
                format!("{} was moved, deleted or replaced while the ledger was open", self.path.display()),
            )
            .advise("Find out who did it, put the folder back and run the command again.")),
        }
    }
}

/// The hashes of the partial tile of each level.
pub(crate) fn load_levels(folder: &Path, size: u64) -> Result<Vec<Vec<Digest>>, Fault> {
    let mut levels = Vec::new();
    for level in 0..tile::levels(size) {
        let hashes = match Tile::partial(Content::Hashes(level), size) {
            None => Vec::new(),
            Some(tile) => {
                let bytes = tile::read(folder, tile)?;
                tile::parse_hashes(&bytes, tile.width).ok_or_else(|| tile::short(folder, tile))?
            }
        };
        levels.push(hashes);
    }
    Ok(levels)
}

/// The partial tiles and the edge of the tree that `checkpoint` signs.
pub(crate) fn load_edge(folder: &Path, checkpoint: &Checkpoint) -> Result<(Vec<Vec<Digest>>, Edge), Fault> {
    let levels = load_levels(folder, checkpoint.size)?;
    let edge = edge_of(&levels);
    if edge.root() != checkpoint.root {
        return Err(damaged(&folder.join("tile"), "The tiles do not give the root that the checkpoint signs"));
    }
    Ok((levels, edge))
}

pub(crate) fn edge_of(levels: &[Vec<Digest>]) -> Edge {
    let mut edge = Edge::new();
    for (level, hashes) in levels.iter().enumerate().rev() {
        for hash in hashes {
            edge.push_subtree(8 * level as u32, *hash);
        }
    }
    edge
}

fn load_open_bundle(folder: &Path, checkpoint: &Checkpoint, levels: &[Vec<Digest>]) -> Result<OpenBundles, Fault> {
    let mut open = OpenBundles::default();
    let Some(tile) = Tile::partial(Content::Entries, checkpoint.size) else { return Ok(open) };
    let bytes = tile::read(folder, tile)?;
    for entry in tile::entries(&bytes) {
        let entry = entry.map_err(|_| tile::short(folder, tile))?;
        open.push(entry, tree::leaf(entry));
    }
    if levels.first() != Some(&open.leaves) {
        return Err(damaged(
            &folder.join(tile.path()),
            "The last bundle does not match the hashes under the checkpoint",
        ));
    }
    Ok(open)
}

fn read_own_checkpoint(folder: &Path, identity: &Identity<'_>) -> Result<Checkpoint, Fault> {
    let path = folder.join("checkpoint");
    let note = files::read(&path)?.ok_or_else(|| missing(folder))?;
    let verifier = Verifier::new(identity.origin, &identity.key.public())?;
    let other = |checkpoint: &str| {
        Fault::refused("ledger-other-key", format!("The ledger in {} is {checkpoint}", folder.display()))
            .advise("Write to it with the key and origin it was made with.")
    };
    match Checkpoint::open(&note, &[verifier]) {
        Ok(checkpoint) if checkpoint.origin == identity.origin => Ok(checkpoint),
        Ok(checkpoint) => Err(other(&format!("{}, not {}", checkpoint.origin, identity.origin))),
        Err(fault) if fault.code() == "unknown-signer" => Err(other("signed by another key")),
        Err(fault) => Err(fault.in_file(&path)),
    }
}

/// Waits for the lock of `folder`. Sleeps are counted, not timed: a room asks no clock.
fn take_lock(folder: &Path) -> Result<File, Fault> {
    const PAUSE_MS: u64 = 2;
    let path = folder.join("lock");
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(|error| Fault::io("open", &path, error))?;
    for _ in 0..=Limits::LOCK_WAIT_MS / PAUSE_MS {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => sleep(Duration::from_millis(PAUSE_MS)),
            Err(TryLockError::Error(error)) => return Err(Fault::io("lock", &path, error)),
        }
    }
    Err(Fault::unavailable("ledger-busy", "Another process has been writing to the ledger for 10 seconds")
        .advise("Wait for it to finish, or find it with `fuser` on the lock file, and run the command again.")
        .at(Place::file(path)))
}

/// Files that a crash left before they were renamed into place.
fn clear(folder: &Path) -> Result<(), Fault> {
    files::ensure_folder(folder)?;
    files::names(folder)?.iter().try_for_each(|name| files::remove(&folder.join(name)))
}

fn notice(time: Instant, act: &str, facts: Vec<(String, Fact)>) -> Entry {
    Entry {
        time,
        actor: "ledger".to_owned(),
        command: "ledger".to_owned(),
        act: act.to_owned(),
        outcome: "done".to_owned(),
        code: 0,
        digests: Vec::new(),
        facts,
    }
}

fn clock_went_back(now: Instant, last: Instant) -> Entry {
    notice(now, "ledger.clock-went-back", vec![("last_time".to_owned(), Fact::Text(last.to_string()))])
}

pub(crate) fn missing(folder: &Path) -> Fault {
    Fault::unverified("ledger-missing", format!("There is no ledger in {}", folder.display())).advise(
        "If there was one, it was removed: restore it from a backup. If this is a new project, run `probity init`.",
    )
}

pub(crate) fn damaged(path: &Path, message: &str) -> Fault {
    Fault::unverified("ledger-damaged", message)
        .advise("Keep the folder as it is, and restore the ledger from a backup.")
        .at(Place::file(path))
}

pub(crate) fn suspect(folder: &Path) -> Fault {
    Fault::unavailable("ledger-suspect", "An earlier write to the ledger failed; nothing more is written through it")
        .advise("Check the disk and run the command again: the ledger then finds what survived.")
        .at(Place::file(folder))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{View, verify, verify_proof};

    fn vector(name: &str) -> Value {
        let path = format!("{}/../../fixtures/vectors/tlog/{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_slice(&fs::read(path).expect("the vector is there")).expect("the vector is JSON")
    }

    fn text<'v>(vector: &'v Value, name: &str) -> &'v str {
        vector[name].as_str().expect("the vector holds this text")
    }

    fn key(text: &str) -> SigningKey {
        SigningKey::from_seed(*seal::sha256(text.as_bytes()).as_bytes())
    }

    fn now() -> Instant {
        Instant::parse("2026-01-01T00:00:00Z").expect("a time")
    }

    fn append_texts(log: &mut Log, texts: &[&str]) {
        let write = |at: usize, out: &mut Vec<u8>| {
            out.extend_from_slice(texts[at].as_bytes());
            Ok(())
        };
        log.append_with(texts.len(), write).expect("the disk works");
    }

    #[test]
    fn the_worked_example_comes_out_byte_for_byte() {
        let vector = vector("three-entries");
        let folder = tempfile::tempdir().expect("a folder");
        let key = key(text(&vector, "log_key_text"));
        let identity = Identity { origin: text(&vector, "origin"), key: &key };
        let mut log = Log::create(folder.path(), &identity).expect("a new log");
        let entries: Vec<&str> =
            vector["entries"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        for (at, entry) in entries.iter().enumerate() {
            append_texts(&mut log, &[entry]);
            assert_eq!(Some(log.edge.root().hex().as_str()), vector["roots"][at].as_str());
        }
        let checkpoint = log.seal().expect("sealed");
        assert!(text(&vector, "checkpoint").starts_with(checkpoint.note()));
        let bundle = fs::read(folder.path().join("tile/entries/000.p/3")).expect("written");
        assert_eq!(model::hex(&bundle), text(&vector, "bundle"));
        let line = seal::note::cosign(
            text(&vector, "checkpoint")
                .split_once("\n\n")
                .map(|(head, _)| format!("{head}\n"))
                .expect("a note")
                .as_str(),
            "witness.example/w1",
            &self::key(text(&vector, "witness_key_text")),
            1_767_225_600,
        );
        assert_eq!(format!("{}{}", checkpoint.note(), line.expect("cosigned")), text(&vector, "checkpoint"));

        let proof = View::open(folder.path()).expect("readable").prove(1).expect("signed").to_text();
        assert!(text(&vector, "proof").starts_with(&proof));
    }

    #[test]
    fn the_example_proof_verifies_for_its_entry_and_names_its_witness() {
        let vector = vector("three-entries");
        let known = ["log_vkey", "witness_vkey"].map(|name| Verifier::parse(text(&vector, name)).expect("a vkey"));
        let proof = text(&vector, "proof");
        let proven = verify_proof(proof, b"two", &known).expect("it verifies");
        let witnesses = vec![("witness.example/w1".to_owned(), 1_767_225_600)];
        assert_eq!((proven.index, proven.checkpoint.size, proven.checkpoint.witnesses), (1, 3, witnesses));

        let code = |proof: &str, entry: &[u8], known: &[Verifier]| {
            verify_proof(proof, entry, known).expect_err("it must not verify").code()
        };
        assert_eq!(code(proof, b"three", &known), "proof-does-not-verify");
        assert_eq!(code(proof, b"two", &known[1..]), "unknown-signer");
        assert_eq!(code(&proof.replace("index 1", "index 0"), b"two", &known), "proof-does-not-verify");
        assert_eq!(code(&proof.replace("index 1", "index 01"), b"two", &known), "bad-proof");
        assert_eq!(code(&proof.replace("\n3\n", "\n4\n"), b"two", &known), "wrong-signature");
        assert_eq!(code(&proof.replace("@v1", "@v2"), b"two", &known), "bad-proof");
    }

    #[test]
    fn larger_logs_have_the_roots_of_the_vectors_and_verify() {
        let vector = vector("event-roots");
        let folder = tempfile::tempdir().expect("a folder");
        let key = key("probity example log key");
        let identity = Identity { origin: "ledger.example/probity", key: &key };
        let mut log = Log::create(folder.path(), &identity).expect("a new log");
        let known = [Verifier::new(identity.origin, &key.public()).expect("a name")];
        let mut pins = Vec::new();
        for row in vector["roots"].as_array().expect("a list") {
            let size = row[0].as_u64().expect("a size");
            let events: Vec<String> = (log.size()..size).map(|index| format!("event {index}")).collect();
            append_texts(&mut log, &events.iter().map(String::as_str).collect::<Vec<_>>());
            let checkpoint = log.seal().expect("sealed");
            assert_eq!((checkpoint.size, checkpoint.root.hex().as_str()), (size, row[1].as_str().expect("a root")));
            let verified = verify(folder.path(), &known, &pins, &model::Hidden).expect("intact");
            assert_eq!((verified.size, verified.root), (size, checkpoint.root));
            pins.push(Pin::of(&checkpoint));
            assert!(pins.iter().all(|pin| log.check_pin(pin).is_ok()));
        }
        drop(log);
        let log = Log::open(folder.path(), &identity, now()).expect("it opens again");
        assert_eq!(
            (log.size(), log.edge.root().hex().as_str()),
            (66_000, vector["roots"][4][1].as_str().unwrap_or(""))
        );
    }
}
