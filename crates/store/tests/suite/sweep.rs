//! Rubbish goes, work in progress and everything named stays.

use std::time::{Duration, SystemTime};

use model::{Hidden, Instant};
use probity_store::{Store, Swept};

use crate::bench::{assert_holds, bring, feed, key, original};

fn now() -> Instant {
    let nanos = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
    Instant::from_nanos(i64::try_from(nanos).unwrap())
}

fn later(hours: u64) -> Instant {
    Instant::from_nanos(now().nanos() + i64::try_from(Duration::from_secs(hours * 3600).as_nanos()).unwrap())
}

#[test]
fn what_no_commit_names_goes_after_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let store = Store::open(folder.path(), Some(&key)).unwrap();
    let text = original("a", 10);
    bring(&store, &[&text]).unwrap();
    let stray = folder.path().join("data/kind=logs/dt=2026-01-01");
    std::fs::create_dir_all(&stray).unwrap();
    std::fs::write(stray.join("x.parquet"), "stray").unwrap();
    std::fs::create_dir_all(folder.path().join("raw/sha256/00")).unwrap();
    std::fs::write(folder.path().join("raw/sha256/00/00.zst"), "stray").unwrap();
    std::fs::create_dir(folder.path().join("tmp/batch-dead-0")).unwrap();
    assert_eq!(store.verify(&key.public(), &Hidden).unwrap().unnamed.len(), 2);
    assert_eq!(store.sweep(now()).unwrap(), Swept::default(), "too young");
    assert_eq!(store.sweep(later(25)).unwrap(), Swept { batches: 1, files: 2, bytes: 10 });
    assert_eq!(store.verify(&key.public(), &Hidden).unwrap().unnamed, Vec::<std::path::PathBuf>::new());
    assert_holds(&store, &[&text]);
}

#[test]
fn a_batch_at_work_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let store = Store::open(folder.path(), Some(&key)).unwrap();
    let text = original("a", 10);
    let mut batch = store.begin(now(), &Hidden).unwrap();
    let read = feed(&mut batch, &text).unwrap();
    assert_eq!(store.sweep(later(48)).unwrap(), Swept::default());
    let digest = read.digest;
    batch.finish_original(read, &probity_store::OriginalKey { digest, reader: "r".into() }).unwrap();
    batch.commit(&crate::bench::notes()).unwrap().unwrap();
    assert_holds(&store, &[&text]);
}
