//! What goes in comes out, of every kind and column.

use std::fs::File;
use std::io::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, MapArray, RecordBatch};
use model::{Body, Hidden, Instant, Log, Place, Record, RecordKind, Rejection, Sample, SampleType, SpanRecord};
use parquet::file::reader::{FileReader, SerializedFileReader};
use probity_store::{OriginalKey, Store, columns};

use crate::bench::{READER, add, assert_holds, batches, bring, key, notes, now, original, rows, tiny, tree};

const SECRET: &str = "jane.doe@example.org";

pub(crate) fn records(attributes: &[(&'static str, &'static str)], each: &mut dyn FnMut(&Record<'_>)) {
    let time = Instant::parse("2026-10-01T10:00:00.123456789Z").unwrap();
    let common = |line, body| Record { time, line, service: Some("web"), host: Some("h1"), attributes, body };
    let log = Log {
        severity: Some("INFO"),
        severity_number: Some(9),
        message: Some(SECRET),
        method: Some("GET"),
        path: Some("/a?b"),
        status: Some(200),
        latency_ms: Some(1.5),
        bytes: Some(7),
        trace_id: Some("0af7651916cd43dd8448eb211c80319c"),
        span_id: Some("b7ad6b7169203331"),
    };
    each(&common(1, Body::Log(log)));
    let sample = Sample {
        name: "up",
        series: "up{job=\"a\"}",
        sample_type: SampleType::Counter,
        unit: Some("1"),
        value: 3.0,
        value_int: Some(3),
        start: Instant::from_seconds(1_790_000_000),
    };
    each(&common(2, Body::Sample(sample)));
    let span = SpanRecord {
        trace_id: "0af7651916cd43dd8448eb211c80319c",
        span_id: "b7ad6b7169203331",
        parent_id: Some("00f067aa0ba902b7"),
        name: "GET /",
        span_kind: "server",
        duration_ns: 12_345,
        status: "ok",
    };
    each(&common(3, Body::Span(span)));
    // A row of which nothing is known: every column but a few is null.
    let bare = Body::Log(Log::default());
    each(&Record { time: now(), line: 4, service: None, host: None, attributes: &[], body: bare });
}

fn text<'a>(batch: &'a RecordBatch, name: &str) -> &'a str {
    batch[name].as_string::<i32>().value(0)
}

fn long(batch: &RecordBatch, name: &str) -> i64 {
    batch[name].as_primitive::<Int64Type>().value(0)
}

#[test]
fn every_column_of_every_kind_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let store = Store::open(folder.path(), Some(&key)).unwrap();
    let mut batch = store.begin(now(), &Hidden).unwrap();
    let mut writer = batch.original().unwrap();
    writer.write_all(b"four lines").unwrap();
    records(&[("k1", "v1"), ("k2", SECRET)], &mut |record| batch.push(record).unwrap());
    let original = writer.finish().unwrap();
    let digest = original.digest;
    batch.finish_original(original, &OriginalKey { digest, reader: READER.into() }).unwrap();
    let commit = batch.commit(&notes()).unwrap().unwrap();
    assert_eq!((commit.version, commit.records, commit.files), (0, 4, 4));

    let snapshot = store.snapshot().unwrap();
    assert_eq!((snapshot.version, snapshot.head), (Some(0), commit.digest));
    assert_eq!(snapshot.rows(RecordKind::Logs), 2);
    assert_eq!(snapshot.newest(), Some(now()));
    for kind in RecordKind::ALL {
        let file = snapshot.of_kind(kind).find(|file| file.date == "2026-10-01").unwrap();
        let batch = &batches(&file.path)[0];
        let names: Vec<_> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(names, columns(kind).fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>());
        assert_eq!(batch["ts"].as_primitive::<TimestampMicrosecondType>().value(0), file.first.micros());
        assert_eq!(long(batch, "ts_ns"), file.first.nanos());
        assert_eq!(text(batch, "raw"), digest.hex());
        assert_eq!((text(batch, "service"), text(batch, "host")), ("web", "h1"));
        let attributes: &MapArray = batch["attributes"].as_map();
        assert_eq!(attributes.value(0).column(1).as_string::<i32>().value(1), SECRET);
    }
    check_kinds(&snapshot);
    assert!(store.verify(&key.public(), &Hidden).unwrap().is_intact());
}

fn check_kinds(snapshot: &probity_store::Snapshot) {
    let first = |kind| batches(&snapshot.of_kind(kind).next().unwrap().path).remove(0);
    let logs = first(RecordKind::Logs);
    assert_eq!((text(&logs, "severity"), text(&logs, "message")), ("INFO", SECRET));
    assert_eq!((text(&logs, "method"), text(&logs, "path")), ("GET", "/a?b"));
    assert_eq!(logs["status"].as_primitive::<Int32Type>().value(0), 200);
    assert_eq!(logs["severity_number"].as_primitive::<Int32Type>().value(0), 9);
    assert_eq!(logs["latency_ms"].as_primitive::<Float64Type>().value(0), 1.5);
    assert_eq!(long(&logs, "bytes"), 7);
    assert_eq!(text(&logs, "trace_id"), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(text(&logs, "span_id"), "b7ad6b7169203331");
    let metrics = first(RecordKind::Metrics);
    assert_eq!((text(&metrics, "name"), text(&metrics, "series")), ("up", "up{job=\"a\"}"));
    assert_eq!((text(&metrics, "sample_type"), text(&metrics, "unit")), ("counter", "1"));
    assert_eq!(metrics["value"].as_primitive::<Float64Type>().value(0), 3.0);
    assert_eq!(long(&metrics, "value_int"), 3);
    assert_eq!(metrics["start_ts"].as_primitive::<TimestampMicrosecondType>().value(0), 1_790_000_000_000_000);
    let traces = first(RecordKind::Traces);
    assert_eq!((text(&traces, "span_id"), text(&traces, "parent_id")), ("b7ad6b7169203331", "00f067aa0ba902b7"));
    assert_eq!((text(&traces, "name"), text(&traces, "span_kind")), ("GET /", "server"));
    assert_eq!((long(&traces, "duration_ns"), text(&traces, "span_status")), (12_345, "ok"));
    let bare = batches(&snapshot.of_kind(RecordKind::Logs).last().unwrap().path).remove(0);
    let nulls = bare.columns().iter().filter(|column| column.is_null(0)).count();
    assert_eq!(nulls, bare.num_columns() - 3, "only ts, raw and line are known");
}

#[test]
fn neither_the_log_nor_a_footer_repeats_what_can_be_personal() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let store = Store::open(folder.path(), Some(&key)).unwrap();
    let text = format!("1790000000 {SECRET}\n1790000001 {SECRET}\n");
    bring(&store, &[&text]).unwrap();
    for (name, bytes) in tree(folder.path()).into_iter().filter(|(name, _)| name.contains("_delta_log")) {
        assert!(!bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()), "{name}");
    }
    let file = store.snapshot().unwrap().files.remove(0);
    let reader = SerializedFileReader::new(File::open(file.path).unwrap()).unwrap();
    for column in reader.metadata().row_group(0).columns() {
        let (path, statistics) = (column.column_path().string(), column.statistics().is_some());
        assert_eq!(statistics, path == "ts", "{path}");
        assert!(column.bloom_filter_offset().is_none() && column.column_index_offset().is_none(), "{path}");
    }
}

#[test]
fn rows_are_sorted_by_time_inside_a_row_group() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let store = Store::open(folder.path(), Some(&key)).unwrap();
    let text = original("unsorted", 5_000);
    bring(&store, &[&text]).unwrap();
    for file in store.snapshot().unwrap().files {
        for batch in batches(&file.path) {
            let ts = batch["ts"].as_primitive::<TimestampMicrosecondType>();
            assert!(ts.values().is_sorted());
        }
    }
    assert_holds(&store, &[&text]);
}

#[test]
fn the_same_bytes_twice_are_stored_once() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let store = Store::open(folder.path(), Some(&key)).unwrap();
    let (a, b) = (original("a", 10), original("b", 10));
    assert!(bring(&store, &[&a, &a]).unwrap().is_some());
    assert_eq!(bring(&store, &[&a]).unwrap(), None);
    assert_eq!(bring(&store, &[&a, &b]).unwrap().unwrap().records, 10);
    assert_holds(&store, &[&a, &b]);
    let batch = store.begin(now(), &Hidden).unwrap();
    let digest = seal::sha256(a.as_bytes());
    assert!(batch.known(&OriginalKey { digest, reader: READER.into() }));
    assert!(!batch.known(&OriginalKey { digest, reader: "lines 2".into() }));
    assert_eq!(batch.readers(&digest), [READER]);
    assert!(batch.size_known(a.len() as u64) && !batch.size_known(a.len() as u64 + 1));
}

#[test]
fn another_reading_of_the_same_bytes_is_other_records() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let store = Store::open(folder.path(), Some(&key)).unwrap().with_limits(tiny());
    let text = original("scrape", 8);
    let mut batch = store.begin(now(), &Hidden).unwrap();
    for reader in ["stamp 1", "stamp 2", "stamp 1"] {
        add(&mut batch, &text, reader).unwrap();
    }
    assert_eq!(batch.commit(&notes()).unwrap().unwrap().records, 16);
    assert!(rows(&store).values().all(|count| *count == 2));
}

#[test]
fn the_same_input_key_and_time_give_the_same_bytes() {
    let make = || {
        let folder = tempfile::tempdir().unwrap();
        let key = key();
        let store = Store::open(folder.path(), Some(&key)).unwrap().with_limits(tiny());
        let (a, b) = (original("a", 300), original("b", 20));
        bring(&store, &[&a]).unwrap();
        bring(&store, &[&b]).unwrap();
        tree(folder.path())
    };
    assert_eq!(make(), make());
}

#[test]
fn an_original_without_records_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let store = Store::open(folder.path(), Some(&key)).unwrap();
    let commit = bring(&store, &[""]).unwrap().unwrap();
    assert_eq!((commit.records, commit.files), (0, 0));
    assert_eq!(bring(&store, &[""]).unwrap(), None);
    assert_holds(&store, &[""]);
}

#[test]
fn rejected_lines_are_kept_even_when_the_batch_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let store = Store::open(folder.path(), Some(&key)).unwrap();
    let mut batch = store.begin(now(), &Hidden).unwrap();
    let mut writer = batch.original().unwrap();
    writer.write_all(b"what?\n").unwrap();
    let rejection = Rejection::new(Place::line(1, 3), "bad-line", "It is no line", b"what?\n");
    batch.reject(&rejection).unwrap();
    let path = batch.abandon_original(Some(writer.finish().unwrap())).unwrap().unwrap();
    assert_eq!(batch.commit(&notes()).unwrap(), None);
    assert!(path.ends_with(format!("rejected/{}.jsonl", seal::sha256(b"what?\n"))));
    let line = r#"{"line":1,"column":3,"code":"bad-line","reason":"It is no line","text":"what?"}"#;
    assert_eq!(std::fs::read_to_string(path).unwrap(), format!("{line}\n"));
    assert_eq!(store.snapshot().unwrap().version, None);
}
