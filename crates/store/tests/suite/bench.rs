//! The workbench: small stores, small originals, and a reader that shares nothing with the writer but Parquet.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use model::{Body, ByteSize, Fault, Hidden, Instant, Log, Record};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use probity_store::{Batch, Commit, CommitNotes, Finished, Limits, OriginalKey, Store};
use seal::SigningKey;

pub(crate) const READER: &str = "lines 1";

pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed([7; 32])
}

pub(crate) fn now() -> Instant {
    Instant::parse("2026-10-02T00:00:00Z").unwrap()
}

pub(crate) fn notes() -> CommitNotes {
    CommitNotes { tool: "probity 0.1.0".into() }
}

/// Limits so small that every test flushes, closes and rolls files.
pub(crate) fn tiny() -> Limits {
    Limits {
        group_rows_max: 3,
        waiting_bytes_max: 2_000,
        partitions_max: 6,
        files_open_max: 2,
        file_size_max: ByteSize(5_000),
        ..Limits::DEFAULT
    }
}

/// An original: lines `<seconds> <message>`, each one a log record.
pub(crate) fn original(name: &str, rows: i64) -> String {
    (0..rows).map(|row| format!("{} {name}-{row}\n", 1_790_000_000 + row * 7_919 % 400_000)).collect()
}

/// Writes and pushes an original without ending it.
pub(crate) fn feed(batch: &mut Batch<'_>, text: &str) -> Result<probity_store::Original, Fault> {
    let mut writer = batch.original()?;
    for (index, line) in text.lines().enumerate() {
        writeln!(writer, "{line}").map_err(|error| Fault::io("write", Path::new("original"), error))?;
        let (seconds, message) = line.split_once(' ').unwrap();
        let time = Instant::from_seconds(seconds.parse().unwrap()).unwrap();
        let body = Body::Log(Log { message: Some(message), ..Log::default() });
        let record = Record { time, line: index as u64 + 1, service: Some("web"), host: None, attributes: &[], body };
        batch.push(&record)?;
    }
    writer.finish()
}

pub(crate) fn add(batch: &mut Batch<'_>, text: &str, reader: &str) -> Result<Finished, Fault> {
    let original = feed(batch, text)?;
    let key = OriginalKey { digest: original.digest, reader: reader.into() };
    batch.finish_original(original, &key)
}

/// One batch with these originals.
pub(crate) fn bring(store: &Store<'_>, texts: &[&str]) -> Result<Option<Commit>, Fault> {
    let mut batch = store.begin(now(), &Hidden)?;
    for text in texts {
        add(&mut batch, text, READER)?;
    }
    batch.commit(&notes())
}

pub(crate) fn batches(path: &Path) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    reader.with_batch_size(1 << 20).build().unwrap().map(|batch| batch.unwrap()).collect()
}

/// Every row of every file of the newest snapshot: how often (digest of the original, line, message) occurs.
pub(crate) fn rows(store: &Store<'_>) -> BTreeMap<(String, i64, String), u64> {
    let mut rows = BTreeMap::new();
    for file in store.snapshot().unwrap().files {
        let found = batches(&file.path);
        assert_eq!(found.iter().map(RecordBatch::num_rows).sum::<usize>() as u64, file.rows);
        for batch in found {
            let (raw, message) = (batch["raw"].as_string::<i32>(), batch["message"].as_string::<i32>());
            let (line, ts) = (batch["line"].as_primitive::<Int64Type>(), batch["ts"].as_primitive());
            for row in 0..batch.num_rows() {
                check_time(&file, ts, row);
                let key = (raw.value(row).to_owned(), line.value(row), message.value(row).to_owned());
                *rows.entry(key).or_default() += 1;
            }
        }
    }
    rows
}

fn check_time(file: &probity_store::DataFile, ts: &arrow_array::PrimitiveArray<TimestampMicrosecondType>, row: usize) {
    let time = Instant::from_micros(ts.value(row)).unwrap();
    assert!(ts.is_valid(row) && time.date() == file.date, "{time} in {}", file.date);
    assert!((file.first..=file.last).contains(&time), "{time} outside of {:?}", (file.first, file.last));
}

/// What [`rows`] finds when exactly these originals are stored.
pub(crate) fn expected(texts: &[&str]) -> BTreeMap<(String, i64, String), u64> {
    let mut rows = BTreeMap::new();
    for text in texts {
        let digest = seal::sha256(text.as_bytes()).hex();
        for (index, line) in text.lines().enumerate() {
            let message = line.split_once(' ').unwrap().1.to_owned();
            *rows.entry((digest.clone(), index as i64 + 1, message)).or_default() += 1;
        }
    }
    rows
}

/// Every file below a folder, by its relative path.
pub(crate) fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                let name = entry.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                files.insert(name, std::fs::read(&entry).unwrap());
            }
        }
    }
    files
}

/// The store verifies, and holds exactly these originals.
pub(crate) fn assert_holds(store: &Store<'_>, texts: &[&str]) {
    let report = store.verify(&key().public(), &Hidden).unwrap();
    assert!(report.is_intact(), "{:?}", report.findings);
    assert_eq!(rows(store), expected(texts));
    for text in texts {
        let digest = seal::sha256(text.as_bytes());
        let snapshot = store.snapshot().unwrap();
        let (_, original) = snapshot.originals.iter().find(|(key, _)| key.digest == digest).unwrap();
        let bytes = zstd::stream::decode_all(File::open(&original.path).unwrap()).unwrap();
        assert!(bytes == text.as_bytes(), "the original reads back");
    }
}
