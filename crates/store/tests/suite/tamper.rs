//! Whatever is changed, removed or added is named, with its place.

use std::fs;
use std::path::{Path, PathBuf};

use model::{Hidden, Kind};
use probity_store::{Store, StoreReport};
use seal::SigningKey;

use crate::bench::{bring, key, original};

fn commit(folder: &Path, version: u64) -> PathBuf {
    folder.join(format!("data/_delta_log/{version:020}.json"))
}

fn edit(path: &Path, change: impl Fn(String) -> String) {
    let text = fs::read_to_string(path).unwrap();
    let changed = change(text.clone());
    assert_ne!(text, changed, "the damage changes something");
    fs::write(path, changed).unwrap();
}

fn flip_middle(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

fn data_file(folder: &Path) -> PathBuf {
    Store::open(folder, None).unwrap().snapshot().unwrap().files[1].path.clone()
}

fn raw_file(folder: &Path) -> PathBuf {
    Store::open(folder, None).unwrap().snapshot().unwrap().originals[1].1.path.clone()
}

/// A store of four commits, damaged.
fn damaged(damage: &dyn Fn(&Path) -> PathBuf) -> (StoreReport, PathBuf, Option<&'static str>) {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let store = Store::open(folder.path(), Some(&key)).unwrap();
    for name in ["a", "b", "c", "d"] {
        bring(&store, &[&original(name, 4)]).unwrap();
    }
    assert!(store.verify(&key.public(), &Hidden).unwrap().is_intact());
    let place = damage(folder.path());
    let read = store.snapshot().err().map(|fault| fault.code());
    (store.verify(&key.public(), &Hidden).unwrap(), place, read)
}

/// The damage is named with this code at the place that `damage` returns; reading the store says `read`.
fn check(code: &str, read: Option<&str>, damage: &dyn Fn(&Path) -> PathBuf) {
    let (report, place, found) = damaged(damage);
    let first = report.findings.first().unwrap_or_else(|| panic!("{code}: nothing was found"));
    assert_eq!((first.code(), first.kind()), (code, Kind::Unverified), "{:?}", report.findings);
    assert_eq!(first.place().and_then(|place| place.file.clone()), Some(place), "{code}");
    assert!(first.advice().is_some(), "{code} says what to do");
    assert_eq!(found, read, "{code}");
}

#[test]
fn a_changed_commit_is_named() {
    let change = |version, from: &'static str, to: &'static str| {
        move |folder: &Path| {
            edit(&commit(folder, version), |text| text.replacen(from, to, 1));
            commit(folder, version)
        }
    };
    // The commit after a changed one no longer follows it: reading stops there.
    check("bad-signature", Some("broken-chain"), &change(1, "\"size\":", "\"size\":1"));
    check("bad-signature", Some("broken-chain"), &change(0, "\"false\"", "\"true\""));
    // Nothing follows the last one: only the signature tells.
    check("bad-signature", None, &change(3, "\"rejected\":0", "\"rejected\":1"));
    check("foreign-commit", Some("foreign-commit"), &change(2, "x_prev_sha256", "x_prev_sha25"));
    check("bad-signature", Some("bad-commit"), &change(2, "dt=2026", "dt=../"));
    check("bad-commit", Some("bad-commit"), &change(2, "{\"add\"", "{add\""));
    check("foreign-commit", Some("broken-chain"), &change(2, "\"x_sig\":\"ed25519:", "\"x_sig\":\"rsa:"));
}

#[test]
fn a_removed_commit_is_named() {
    let remove = |folder: &Path| {
        fs::remove_file(commit(folder, 1)).unwrap();
        commit(folder, 1)
    };
    check("missing-commit", Some("missing-commit"), &remove);
    let (report, ..) = damaged(&remove);
    assert_eq!(report.findings.len(), 1, "the loss is named once: {:?}", report.findings);
}

#[test]
fn two_commits_in_the_wrong_order_are_named() {
    let swap = |folder: &Path| {
        let (one, two) = (commit(folder, 1), commit(folder, 2));
        let (first, second) = (fs::read(&one).unwrap(), fs::read(&two).unwrap());
        fs::write(&one, second).unwrap();
        fs::write(&two, first).unwrap();
        one
    };
    check("broken-chain", Some("broken-chain"), &swap);
}

#[test]
fn a_commit_of_another_program_is_named() {
    let foreign = |folder: &Path| {
        let line =
            r#"{"commitInfo":{"timestamp":1790000000000,"operation":"WRITE","operationParameters":{"mode":"Append"}}}"#;
        fs::write(commit(folder, 4), format!("{line}\n")).unwrap();
        commit(folder, 4)
    };
    check("foreign-commit", Some("foreign-commit"), &foreign);
    let without_info = |folder: &Path| {
        fs::write(commit(folder, 4), "{\"remove\":{\"path\":\"x\",\"dataChange\":true}}\n").unwrap();
        commit(folder, 4)
    };
    check("foreign-commit", Some("foreign-commit"), &without_info);
}

#[test]
fn a_commit_signed_with_another_key_is_named() {
    let other = |folder: &Path| {
        let key = SigningKey::from_seed([8; 32]);
        let store = Store::open(folder, Some(&key)).unwrap();
        bring(&store, &[&original("e", 4)]).unwrap().unwrap();
        commit(folder, 4)
    };
    check("wrong-key", None, &other);
}

#[test]
fn changed_and_missing_files_are_named() {
    let flip = |find: fn(&Path) -> PathBuf| {
        move |folder: &Path| {
            let path = find(folder);
            flip_middle(&path);
            path
        }
    };
    let remove = |find: fn(&Path) -> PathBuf| {
        move |folder: &Path| {
            let path = find(folder);
            fs::remove_file(&path).unwrap();
            path
        }
    };
    check("changed-data", None, &flip(data_file));
    check("missing-data", None, &remove(data_file));
    check("changed-original", None, &flip(raw_file));
    check("missing-original", None, &remove(raw_file));
    // Whole frames of another original: valid zstd, other bytes.
    check("changed-original", None, &|folder| {
        let path = raw_file(folder);
        fs::remove_file(&path).unwrap();
        fs::write(&path, zstd::bulk::compress(b"1790000000 forged\n", 1).unwrap()).unwrap();
        path
    });
}

#[test]
fn a_log_cut_at_its_end_shows_in_its_length_and_in_what_it_left_behind() {
    let (report, ..) = damaged(&|folder| {
        fs::remove_file(commit(folder, 3)).unwrap();
        commit(folder, 3)
    });
    // The chain alone cannot know: the ledger holds version and digest of every commit.
    assert!(report.is_intact());
    assert_eq!((report.commits.len(), report.unnamed.is_empty()), (3, false));
}

#[test]
fn all_of_a_commit_is_covered() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let store = Store::open(folder.path(), Some(&key)).unwrap();
    // The second commit of two: no schema in it, nothing after it.
    bring(&store, &[""]).unwrap();
    bring(&store, &["1790000000 a\n"]).unwrap();
    let path = commit(folder.path(), 1);
    let bytes = fs::read(&path).unwrap();
    // Every byte takes a minute; every seventh, with another bit each time, meets every member.
    for index in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[index] ^= 1 << (index % 7);
        fs::write(&path, changed).unwrap();
        let intact = store.verify(&key.public(), &Hidden).is_ok_and(|report| report.is_intact());
        assert!(!intact, "byte {index} of the commit can be changed unnoticed");
    }
}
