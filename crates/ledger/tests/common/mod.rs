//! A small world for the tests: a key, a log, entries that differ.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use std::fs;
use std::path::{Path, PathBuf};

use model::{Digest, Instant};
use probity_ledger::{Checkpoint, Entry, Fact, Identity, Log};
use seal::SigningKey;
use seal::note::Verifier;
use tempfile::TempDir;

pub const ORIGIN: &str = "ledger.example/probity";

pub fn key() -> SigningKey {
    SigningKey::from_seed(*seal::sha256(b"probity example log key").as_bytes())
}

pub fn verifier() -> Verifier {
    Verifier::new(ORIGIN, &key().public()).expect("a name")
}

pub fn time(seconds: u64) -> Instant {
    Instant::from_seconds(1_767_225_600 + seconds as i64).expect("within range")
}

pub fn entry(number: u64) -> Entry {
    Entry {
        time: time(number),
        actor: format!("user-{}", number % 3),
        command: "ingest".to_owned(),
        act: "ingest.committed".to_owned(),
        outcome: if number.is_multiple_of(7) { "partial" } else { "done" }.to_owned(),
        code: if number.is_multiple_of(7) { 5 } else { 0 },
        digests: vec![("original".to_owned(), seal::sha256(&number.to_be_bytes()))],
        facts: vec![
            ("records".to_owned(), Fact::Integer(number as i64)),
            ("tool".to_owned(), Fact::from("probity 0.1.0")),
        ],
    }
}

pub fn entries(range: std::ops::Range<u64>) -> Vec<Entry> {
    range.map(entry).collect()
}

/// A folder that is removed when the test ends; the log lies in `ledger` inside it.
pub struct World {
    pub home: TempDir,
    pub key: SigningKey,
}

impl World {
    pub fn new() -> Self {
        World { home: tempfile::tempdir().expect("a temporary folder"), key: key() }
    }

    pub fn folder(&self) -> PathBuf {
        self.home.path().join("ledger")
    }

    pub fn identity(&self) -> Identity<'_> {
        Identity { origin: ORIGIN, key: &self.key }
    }

    pub fn create(&self) -> Log {
        Log::create(&self.folder(), &self.identity()).expect("a new log")
    }

    pub fn open(&self) -> Log {
        Log::open(&self.folder(), &self.identity(), time(1_000_000)).expect("an intact log")
    }

    /// Appends entries `from..to` and seals.
    pub fn grow(&self, log: &mut Log, to: u64) -> Checkpoint {
        log.append(&entries(log.size()..to)).expect("appended");
        log.seal().expect("sealed")
    }
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for item in fs::read_dir(from).expect("listed") {
        let item = item.expect("listed");
        let target = to.join(item.file_name());
        match item.file_type().expect("a type").is_dir() {
            true => copy(&item.path(), &target),
            false => fs::copy(item.path(), target).map(|_| ()).expect("copied"),
        }
    }
}

pub fn root(hex: &str) -> Digest {
    Digest::parse(hex).expect("a digest")
}
