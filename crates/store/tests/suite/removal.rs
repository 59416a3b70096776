//! What is removed is gone for every reader, the chain goes on, and the same bytes do not come back.

use std::collections::BTreeSet;

use model::{Digest, Hidden, Instant};
use probity_store::{OriginalKey, Removal, Store};

use crate::bench::{READER, add, assert_holds, bring, key, notes, now, original, rows, tiny, tree};

fn of(text: &str) -> OriginalKey {
    OriginalKey { digest: seal::sha256(text.as_bytes()), reader: READER.into() }
}

/// Everything of one original: it alone is in its commit.
fn everything(store: &Store<'_>, text: &str) -> Removal {
    let source = store.sources().unwrap().into_iter().find(|source| source.key == of(text)).unwrap();
    Removal { files: source.files, originals: BTreeSet::from([source.key]) }
}

#[test]
fn what_is_removed_is_gone_and_known() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let store = Store::open(folder.path(), Some(&key)).unwrap().with_limits(tiny());
    let (a, b) = (original("a", 50), original("b", 7));
    bring(&store, &[&a]).unwrap();
    bring(&store, &[&b]).unwrap();
    let removed = store.remove(&everything(&store, &a), &notes(), now()).unwrap().unwrap();
    assert_eq!((removed.version, removed.rows, removed.originals), (2, 50, 1));
    // Visible at once, also while the bytes are still there.
    assert_eq!(rows(&store).len(), 7);
    let swept = store.let_go().unwrap();
    assert_eq!(swept.files, removed.files + 1);
    assert_eq!(store.let_go().unwrap().files, 0);
    assert_holds(&store, &[&b]);
    let report = store.verify(&key.public(), &Hidden).unwrap();
    assert!(report.unnamed.is_empty() && report.commits[2] == removed.digest, "{report:?}");
    assert!(!tree(folder.path()).keys().any(|path| path.contains(&of(&a).digest.hex())));
    // The same bytes are known, and a second removal has nothing to do.
    assert_eq!(bring(&store, &[&a]).unwrap(), None);
    let again = Removal { files: BTreeSet::new(), originals: BTreeSet::from([of(&a)]) };
    assert_eq!(store.remove(&again, &notes(), now()).unwrap(), None);
    bring(&store, &[&original("c", 3)]).unwrap();
    assert_holds(&store, &[&b, &original("c", 3)]);
}

/// A day goes and its original stays: it has younger records. What the original says of its last day outlives them.
#[test]
fn days_go_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let store = Store::open(folder.path(), Some(&key)).unwrap();
    let lines = "1790000000 a\n1790086400 b\n1790172800 c\n";
    let mut batch = store.begin(now(), &Hidden).unwrap();
    add(&mut batch, lines, READER).unwrap();
    add(&mut batch, "1790000001 d\n", READER).unwrap();
    batch.commit(&notes()).unwrap();
    let last = |text: &str| store.sources().unwrap().iter().find(|source| source.key == of(text)).unwrap().last;
    let at = |seconds: i64| Instant::from_seconds(seconds).unwrap();
    assert_eq!((last(lines), last("1790000001 d\n")), (at(1_790_172_800), at(1_790_000_001)));
    let days = store.snapshot().unwrap().files;
    assert_eq!(days.len(), 3);
    for (gone, file) in days.iter().enumerate() {
        let removal = Removal { files: BTreeSet::from([file.sha256]), originals: BTreeSet::new() };
        store.remove(&removal, &notes(), now()).unwrap().unwrap();
        store.let_go().unwrap();
        assert!(!file.path.exists());
        assert!(store.verify(&key.public(), &Hidden).unwrap().is_intact());
        assert_eq!(store.snapshot().unwrap().files.len(), 2 - gone);
        assert_eq!(last(lines), at(1_790_172_800));
    }
    assert_eq!(store.snapshot().unwrap().originals.len(), 2);
    let without = Store::open(folder.path(), None).unwrap();
    let one = Removal { files: BTreeSet::from([Digest::ZERO]), originals: BTreeSet::new() };
    assert_eq!(without.remove(&one, &notes(), now()).unwrap_err().code(), "store-needs-key");
    assert_eq!(store.remove(&one, &notes(), now()).unwrap(), None);
}

/// A process died after the commit and before the bytes were deleted: sweeping or letting go again finishes it.
#[test]
fn the_bytes_go_later_where_a_process_died() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let store = Store::open(folder.path(), Some(&key)).unwrap().with_limits(tiny());
    let (a, b) = (original("a", 20), original("b", 2));
    bring(&store, &[&a]).unwrap();
    bring(&store, &[&b]).unwrap();
    store.remove(&everything(&store, &a), &notes(), now()).unwrap().unwrap();
    let report = store.verify(&key.public(), &Hidden).unwrap();
    assert!(report.is_intact() && !report.unnamed.is_empty(), "told as files that no commit names");
    let other = Store::open(folder.path(), Some(&key)).unwrap();
    assert!(other.let_go().unwrap().files > 1);
    assert_holds(&store, &[&b]);
}
