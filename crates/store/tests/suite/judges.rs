//! Programs that know nothing of probity read the store: deltalake, Polars, DuckDB. See tests/judges/store.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use model::{Hidden, RecordKind};
use probity_store::{OriginalKey, Removal, Store};
use serde_json::{Value, json};

use crate::bench::{READER, bring, key, notes, now, original, tiny};
use crate::round_trip::records;

/// Several commits, kinds, days, files and row groups.
fn fill(store: &Store<'_>) {
    bring(store, &[&original("a", 200), &original("b", 3)]).unwrap();
    let mut batch = store.begin(now(), &Hidden).unwrap();
    let mut writer = batch.original().unwrap();
    writer.write_all(b"four lines").unwrap();
    records(&[("k1", "v1"), ("k2", "v2")], &mut |record| batch.push(record).unwrap());
    let original = writer.finish().unwrap();
    let digest = original.digest;
    batch.finish_original(original, &OriginalKey { digest, reader: READER.into() }).unwrap();
    batch.commit(&notes()).unwrap();
}

/// The answer of the judges, or `None` when they cannot be installed here.
fn judge(folder: &Path) -> Option<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/judges/store/check");
    let output = Command::new(script).arg(folder).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    if errors.contains("No matching distribution") || errors.contains("not found") {
        eprintln!("SKIPPED: the judges of the store cannot be installed here: {errors}");
        return None;
    }
    assert!(output.status.success(), "{errors}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// After a removal they read what is left, and nothing else.
#[test]
fn other_programs_read_the_rest_after_a_removal() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let store = Store::open(folder.path(), Some(&key)).unwrap().with_limits(tiny());
    fill(&store);
    let first = store.sources().unwrap().into_iter().find(|source| source.files.len() > 3).unwrap();
    let removal = Removal { files: first.files, originals: [first.key].into() };
    store.remove(&removal, &notes(), now()).unwrap().unwrap();
    store.let_go().unwrap();
    let Some(answer) = judge(folder.path()) else { return };
    let snapshot = store.snapshot().unwrap();
    let counts: Value =
        RecordKind::ALL.map(|kind| (kind.word().to_owned(), json!(snapshot.rows(kind)))).into_iter().collect();
    assert_eq!(answer["deltalake"]["version"], json!(2));
    assert_eq!(answer["deltalake"]["files"], json!(snapshot.files.len()));
    for reader in ["deltalake", "polars", "duckdb"] {
        assert_eq!(answer[reader]["rows"], counts, "{reader}");
    }
}

#[test]
fn other_programs_read_every_row_and_may_not_write() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let store = Store::open(folder.path(), Some(&key)).unwrap().with_limits(tiny());
    fill(&store);
    let Some(answer) = judge(folder.path()) else { return };
    let snapshot = store.snapshot().unwrap();
    let counts: Value =
        RecordKind::ALL.map(|kind| (kind.word().to_owned(), json!(snapshot.rows(kind)))).into_iter().collect();
    let newest = snapshot.newest().unwrap();
    assert_eq!(answer["deltalake"]["version"], json!(snapshot.version.unwrap()));
    assert_eq!(answer["deltalake"]["files"], json!(snapshot.files.len()));
    for reader in ["deltalake", "polars", "duckdb"] {
        assert_eq!(answer[reader]["rows"], counts, "{reader}");
    }
    assert_eq!(answer["deltalake"]["attributes"], json!(6), "two pairs on each of three records");
    assert_eq!(answer["polars"]["filtered"], json!(207), "statistics of ts hide no row");
    assert_eq!(answer["polars"]["at_last_span"], json!(1), "nor the last row, whose time is finer than a millisecond");
    assert_eq!(answer["duckdb"]["newest_us"], json!(newest.micros()));
    assert_eq!(answer["duckdb"]["originals"], json!(3));
    let chain: Vec<&str> =
        answer["deltalake"]["history"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(chain.len(), 2, "another reader sees the chain: {chain:?}");
    assert_eq!(answer["deltalake"]["append"]["refused"], json!(true), "another writer is kept out");
    assert!(store.verify(&key.public(), &Hidden).unwrap().is_intact(), "and has changed nothing");
}
