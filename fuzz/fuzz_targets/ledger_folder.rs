//! One file of a log is edited: readers never panic, and verification accepts the log only where nothing that is signed
//! has changed.

#![no_main]

mod edits;

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::LazyLock;

use ledger::{Entry, Fact, Filter, Identity, Log, View};
use model::{Hidden, Instant};
use seal::SigningKey;
use seal::note::Verifier;
use tempfile::TempDir;

const ORIGIN: &str = "ledger.example/fuzz";
const SIGNED: u64 = 300;
const ENTRIES: u64 = 303;

struct World {
    folder: TempDir,
    known: Vec<Verifier>,
    /// Every file and its bytes.
    files: Vec<(PathBuf, Vec<u8>)>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let folder = TempDir::new().expect("a temporary folder");
    let key = SigningKey::from_seed([7; 32]);
    let mut log = Log::create(folder.path(), &Identity { origin: ORIGIN, key: &key }).expect("a fresh folder");
    log.append(&(0..SIGNED).map(entry).collect::<Vec<_>>()).expect("room for it");
    log.seal().expect("sound");
    log.append(&(SIGNED..ENTRIES).map(entry).collect::<Vec<_>>()).expect("room for it");
    let known = vec![Verifier::new(ORIGIN, &key.public()).expect("a name")];
    let files =
        ["checkpoint", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44"];
    let segment = format!("segment/{SIGNED:020}");
    let files = files.into_iter().chain([segment.as_str()]).map(|name| folder.path().join(name));
    let files = files.map(|path| (path.clone(), fs::read(&path).expect("the log wrote it"))).collect();
    World { folder, known, files }
});

fn entry(number: u64) -> Entry {
    Entry {
        time: Instant::from_seconds(1_767_225_600 + number as i64).expect("within range"),
        actor: "user".to_owned(),
        command: "ingest".to_owned(),
        act: "ingest.committed".to_owned(),
        outcome: "done".to_owned(),
        code: 0,
        digests: Vec::new(),
        facts: vec![("records".to_owned(), Fact::Integer(number as i64))],
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    let (path, original) = &WORLD.files[usize::from(*choice) % WORLD.files.len()];
    let edited = edits::apply(original, data);
    fs::write(path, &edited).expect("a file of ours");
    let verified = ledger::verify(WORLD.folder.path(), &WORLD.known, &[], &Hidden);
    read_all();
    fs::write(path, original).expect("a file of ours");

    let Ok(verified) = verified else { return assert_ne!(&edited, original) };
    assert_eq!((verified.signed_size, verified.origin.as_str()), (SIGNED, ORIGIN));
    let below = path.strip_prefix(WORLD.folder.path()).expect("inside");
    // Foreign signatures may stand below ours, and what was not yet signed may be torn.
    if below.starts_with("tile") {
        assert_eq!(&edited, original, "{}", below.display());
    }
});

/// What somebody who has no key sees.
fn read_all() {
    let Ok(view) = View::open(WORLD.folder.path()) else { return };
    let _ = view.search(&Filter::default(), |_| ControlFlow::Continue(()));
    let _ = view.prove(SIGNED - 1);
}
