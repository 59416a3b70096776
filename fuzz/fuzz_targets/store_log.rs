//! The first commit of a store, edited: no panic, no path outside the store, and no signature for other bytes.

#![no_main]

mod edits;

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use model::Hidden;
use seal::{PublicKey, SigningKey};
use store::Store;
use tempfile::TempDir;

const COMMIT: &[u8] = include_bytes!("../../fixtures/vectors/store/data/_delta_log/00000000000000000000.json");

struct World {
    folder: TempDir,
    commit: PathBuf,
    key: PublicKey,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let folder = TempDir::new().expect("a temporary folder");
    let log = folder.path().join("data/_delta_log");
    fs::create_dir_all(&log).expect("a fresh folder");
    World { commit: log.join("00000000000000000000.json"), folder, key: SigningKey::from_seed([7; 32]).public() }
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    check(data);
    check(&edits::apply(COMMIT, data));
});

fn check(commit: &[u8]) {
    fs::write(&WORLD.commit, commit).expect("a file of ours");
    let store = Store::open(WORLD.folder.path(), None).expect("an absolute path");
    if let Ok(snapshot) = store.snapshot() {
        assert_eq!((snapshot.version, snapshot.head), (Some(0), seal::sha256(commit)));
        snapshot.files.iter().for_each(|file| inside(&file.path));
        snapshot.originals.iter().for_each(|(_, original)| inside(&original.path));
    }
    // The data files are missing here: what counts is whether the commit itself is believed.
    if let Ok(report) = store.verify(&WORLD.key, &Hidden) {
        let believed = report.findings.iter().all(|fault| ["missing-data", "missing-original"].contains(&fault.code()));
        assert_eq!(believed, commit == COMMIT);
    }
}

fn inside(path: &Path) {
    let below = path.strip_prefix(WORLD.folder.path()).expect("inside the store");
    assert!(below.components().all(|part| matches!(part, Component::Normal(_))));
}
