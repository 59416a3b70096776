//! Several writers at once: everything once, in one chain.

use std::sync::Barrier;

use model::Hidden;
use probity_store::{OriginalKey, Store};

use crate::bench::{READER, add, assert_holds, bring, key, notes, now, original, tiny};

#[test]
fn what_another_has_committed_meanwhile_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    // In the first store both originals share a row group, in the second they are in many files.
    for (name, limits) in [("wide", probity_store::Limits::DEFAULT), ("narrow", tiny())] {
        let store = Store::open(&folder.path().join(name), Some(&key)).unwrap().with_limits(limits);
        let (a, b, c) = (original("a", 40), original("b", 40), original("c", 40));
        let mut first = store.begin(now(), &Hidden).unwrap();
        let mut second = store.begin(now(), &Hidden).unwrap();
        let mut third = store.begin(now(), &Hidden).unwrap();
        for text in [&a, &b] {
            add(&mut first, text, READER).unwrap();
            add(&mut third, text, READER).unwrap();
        }
        for text in [&b, &c] {
            add(&mut second, text, READER).unwrap();
        }
        assert_eq!(first.commit(&notes()).unwrap().unwrap().records, 80);
        let commit = second.commit(&notes()).unwrap().unwrap();
        let of = |text: &str| OriginalKey { digest: seal::sha256(text.as_bytes()), reader: READER.into() };
        assert_eq!((commit.version, commit.records), (1, 40));
        assert_eq!((commit.originals, commit.overtaken), (vec![of(&c)], vec![of(&b)]));
        assert_eq!(third.commit(&notes()).unwrap(), None);
        assert_holds(&store, &[&a, &b, &c]);
    }
}

#[test]
fn threads_that_bring_the_same_originals_end_with_one_copy_of_each() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let texts: Vec<String> = (0..10).map(|number| original(&format!("t{number}"), 30)).collect();
    let barrier = Barrier::new(4);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (texts, key, barrier, folder) = (&texts, &key, &barrier, folder.path());
            scope.spawn(move || {
                let store = Store::open(folder, Some(key)).unwrap().with_limits(tiny());
                for round in 0..5 {
                    barrier.wait();
                    let pick = |offset: usize| texts[(thread + round * 2 + offset) % texts.len()].as_str();
                    bring(&store, &[pick(0), pick(1), pick(2)]).unwrap();
                }
            });
        }
    });
    let store = Store::open(folder.path(), Some(&key)).unwrap();
    assert_holds(&store, &texts.iter().map(String::as_str).collect::<Vec<_>>());
    let left = std::fs::read_dir(folder.path().join("tmp")).unwrap().count();
    assert_eq!(left, 1, "nothing is left in tmp but the lock");
}
