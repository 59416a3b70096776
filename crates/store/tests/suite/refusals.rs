//! What the store does not take.

use std::io::Write;

use model::{Body, Fault, Hidden, Kind, Log, Record};
use probity_store::{Limits, OriginalKey, Store};

use crate::bench::{bring, key, notes, now};

fn push(log: Log<'_>) -> Result<(), Fault> {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let limits = Limits { record_bytes_max: 100, ..Limits::DEFAULT };
    let store = Store::open(folder.path(), Some(&key)).unwrap().with_limits(limits);
    let mut batch = store.begin(now(), &Hidden).unwrap();
    let _writer = batch.original().unwrap();
    batch.push(&Record { time: now(), line: 3, service: None, host: None, attributes: &[], body: Body::Log(log) })
}

#[test]
fn a_record_that_cannot_be_kept_exactly_is_refused_at_its_line() {
    let check = |log: Log<'_>, code: &str| {
        let fault = push(log).unwrap_err();
        assert_eq!((fault.code(), fault.kind(), fault.place().unwrap().line), (code, Kind::BadInput, 3));
    };
    check(Log { latency_ms: Some(f64::NAN), ..Log::default() }, "not-finite");
    check(Log { latency_ms: Some(f64::INFINITY), ..Log::default() }, "not-finite");
    check(Log { bytes: Some(u64::MAX), ..Log::default() }, "number-too-large");
    check(Log { message: Some(&"x".repeat(101)), ..Log::default() }, "record-too-large");
    push(Log { message: Some(&"x".repeat(100)), ..Log::default() }).unwrap();
}

#[test]
fn reading_needs_no_key_and_writing_does() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), None).unwrap();
    assert_eq!(store.snapshot().unwrap().version, None);
    let fault = store.begin(now(), &Hidden).err().unwrap();
    assert_eq!((fault.code(), fault.kind()), ("store-needs-key", Kind::Refused));
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing was created");
}

#[test]
fn calls_out_of_order_are_our_bug_and_store_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let store = Store::open(folder.path(), Some(&key)).unwrap();
    let mut batch = store.begin(now(), &Hidden).unwrap();
    let record =
        Record { time: now(), line: 1, service: None, host: None, attributes: &[], body: Body::Log(Log::default()) };
    assert_eq!(batch.push(&record).unwrap_err().code(), "batch-misuse");
    let mut writer = batch.original().unwrap();
    assert_eq!(batch.original().err().unwrap().code(), "batch-misuse");
    writer.write_all(b"x").unwrap();
    let original = writer.finish().unwrap();
    let wrong = OriginalKey { digest: seal::sha256(b"y"), reader: "r".into() };
    assert_eq!(batch.finish_original(original, &wrong).unwrap_err().code(), "bad-original-key");
    assert_eq!(batch.commit(&notes()).unwrap_err().code(), "batch-misuse");
    assert_eq!(store.snapshot().unwrap().version, None);
}

#[test]
fn an_impossible_number_of_tries_says_busy() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let limits = Limits { commit_tries_max: 0, ..Limits::DEFAULT };
    let store = Store::open(folder.path(), Some(&key)).unwrap().with_limits(limits);
    assert_eq!(bring(&store, &["1790000000 a\n"]).unwrap_err().code(), "store-busy");
}
