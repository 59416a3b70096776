//! Small stores made by hand: rows in, Parquet files and a snapshot out.

use std::cell::RefCell;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, Float64Array, Int32Array, Int64Array, MapBuilder, RecordBatch, StringArray, StringBuilder,
    TimestampMicrosecondArray, new_null_array,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::parquet::arrow::ArrowWriter;
use model::{Decimal, Digest, Instant, RecordKind};
use probity_engine::Engine;
use slo::measure::Interval;
use store::{DataFile, Snapshot};

pub(crate) fn at(second: i64) -> Instant {
    Instant::from_seconds(second).unwrap()
}

pub(crate) fn window(from: i64, to: i64) -> Interval {
    Interval { from: at(from), to: at(to) }
}

pub(crate) fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

#[derive(Clone, Debug)]
pub(crate) struct Event {
    nanos: i64,
    service: String,
    message: String,
    attribute: Option<(String, String)>,
    status: Option<i32>,
    pub(crate) latency: Option<f64>,
    bytes: Option<i64>,
}

impl Event {
    pub(crate) fn new(second: i64) -> Self {
        Self::at_nanos(second * 1_000_000_000)
    }

    pub(crate) fn at_nanos(nanos: i64) -> Self {
        let (service, message) = ("web".into(), "GET /".into());
        Event { nanos, service, message, attribute: None, status: None, latency: None, bytes: None }
    }

    pub(crate) fn service(self, service: &str) -> Self {
        Event { service: service.into(), ..self }
    }

    pub(crate) fn message(self, message: &str) -> Self {
        Event { message: message.into(), ..self }
    }

    pub(crate) fn attribute(self, name: &str, value: &str) -> Self {
        Event { attribute: Some((name.into(), value.into())), ..self }
    }

    pub(crate) fn status(self, status: i32) -> Self {
        Event { status: Some(status), ..self }
    }

    pub(crate) fn latency(self, latency: Option<f64>) -> Self {
        Event { latency, ..self }
    }

    pub(crate) fn bytes(self, bytes: i64) -> Self {
        Event { bytes: Some(bytes), ..self }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Point {
    nanos: i64,
    series: String,
    sample_type: &'static str,
    value: f64,
    integer: Option<i64>,
    start: Option<i64>,
}

impl Point {
    pub(crate) fn new(second: i64, series: &str, sample_type: &'static str, value: f64) -> Self {
        Point { nanos: second * 1_000_000_000, series: series.into(), sample_type, value, integer: None, start: None }
    }

    pub(crate) fn integer(self, integer: i64) -> Self {
        Point { integer: Some(integer), ..self }
    }

    pub(crate) fn start(self, second: i64) -> Self {
        Point { start: Some(second * 1_000_000), ..self }
    }
}

/// Numbers without a pattern, and the same every time (Knuth's MMIX generator).
fn noise(mut state: u64) -> impl FnMut() -> u64 {
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    }
}

/// Events over one day: five services, one in fifty fails, one in ten has no latency.
pub(crate) fn events(count: u64) -> Vec<Event> {
    let mut noise = noise(7);
    let one = |n: u64| {
        let (status, latency) = (noise(), noise());
        Event::at_nanos((n * 86_400_000_000_000 / count) as i64)
            .service(&format!("svc-{}", noise() % 5))
            .message(&format!("request {n} {}", noise()))
            .status(if status.is_multiple_of(50) { 503 } else { 200 })
            .latency((latency % 10 > 0).then_some((latency % 1_000_000) as f64 / 1000.0))
    };
    (0..count).map(one).collect()
}

/// Samples over one day: counters of three codes on which one in twenty samples is a reset, and a gauge.
pub(crate) fn points(count: u64) -> Vec<Point> {
    let mut noise = noise(11);
    let mut totals = [0_i64; 3];
    let one = |n: u64| {
        let second = (n * 86_400 / count) as i64;
        let which = (noise() % 4) as usize;
        if which == 3 {
            return Point::new(second, "load", "gauge", (noise() % 100) as f64 / 7.0);
        }
        totals[which] =
            if noise().is_multiple_of(20) { (noise() % 3) as i64 } else { totals[which] + (noise() % 50) as i64 };
        let series = format!("hits_total{{code=\"{}\"}}", ["200", "404", "503"][which]);
        let point = Point::new(second, &series, "counter", totals[which] as f64);
        if noise().is_multiple_of(2) { point.integer(totals[which]) } else { point }
    };
    (0..count).map(one).collect()
}

pub(crate) fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut noise = noise(seed);
    for at in (1..items.len()).rev() {
        items.swap(at, noise() as usize % (at + 1));
    }
}

/// A folder with Parquet files.
pub(crate) struct Shelf {
    folder: PathBuf,
    files: RefCell<Vec<DataFile>>,
    _temporary: Option<tempfile::TempDir>,
}

impl Shelf {
    /// In a folder whose name has to be escaped in URLs.
    pub(crate) fn new() -> Self {
        let temporary = tempfile::Builder::new().prefix("über 100% #1?").tempdir().unwrap();
        Shelf { folder: temporary.path().to_owned(), files: RefCell::default(), _temporary: Some(temporary) }
    }

    pub(crate) fn at(folder: &Path) -> Self {
        Shelf { folder: folder.to_owned(), files: RefCell::default(), _temporary: None }
    }

    pub(crate) fn engine(&self, threads: usize) -> Engine {
        Engine::open(&self.snapshot(), threads).unwrap()
    }

    pub(crate) fn files(&self) -> Vec<DataFile> {
        self.files.borrow().clone()
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot { version: Some(1), head: Digest::ZERO, files: self.files(), originals: Vec::new() }
    }

    pub(crate) fn logs(&self, events: &[Event]) {
        let text =
            |of: fn(&Event) -> &str| -> ArrayRef { Arc::new(StringArray::from_iter_values(events.iter().map(of))) };
        let mut attributes = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
        for event in events {
            if let Some((name, value)) = &event.attribute {
                attributes.keys().append_value(name);
                attributes.values().append_value(value);
            }
            attributes.append(event.attribute.is_some()).unwrap();
        }
        self.write(
            RecordKind::Logs,
            &events.iter().map(|event| event.nanos).collect::<Vec<_>>(),
            vec![
                ("service", text(|event| &event.service)),
                ("message", text(|event| &event.message)),
                ("attributes", Arc::new(attributes.finish())),
                ("status", Arc::new(Int32Array::from_iter(events.iter().map(|event| event.status)))),
                ("latency_ms", Arc::new(Float64Array::from_iter(events.iter().map(|event| event.latency)))),
                ("bytes", Arc::new(Int64Array::from_iter(events.iter().map(|event| event.bytes)))),
            ],
        );
    }

    pub(crate) fn metrics(&self, points: &[Point]) {
        let text =
            |of: fn(&Point) -> &str| -> ArrayRef { Arc::new(StringArray::from_iter_values(points.iter().map(of))) };
        let starts = points.iter().map(|point| point.start);
        self.write(
            RecordKind::Metrics,
            &points.iter().map(|point| point.nanos).collect::<Vec<_>>(),
            vec![
                ("name", text(|point| point.series.split('{').next().unwrap_or_default())),
                ("series", text(|point| &point.series)),
                ("sample_type", text(|point| point.sample_type)),
                ("value", Arc::new(Float64Array::from_iter_values(points.iter().map(|point| point.value)))),
                ("value_int", Arc::new(Int64Array::from_iter(points.iter().map(|point| point.integer)))),
                ("start_ts", Arc::new(TimestampMicrosecondArray::from_iter(starts).with_timezone("UTC"))),
            ],
        );
    }

    fn write(&self, kind: RecordKind, nanos: &[i64], columns: Vec<(&str, ArrayRef)>) {
        let micros = nanos.iter().map(|nanos| nanos.div_euclid(1000));
        let finer = nanos.iter().map(|nanos| (nanos % 1000 != 0).then_some(*nanos));
        let times: [(&str, ArrayRef); 3] = [
            ("ts", Arc::new(TimestampMicrosecondArray::from_iter_values(micros).with_timezone("UTC"))),
            ("ts_ns", Arc::new(Int64Array::from_iter(finer))),
            ("line", Arc::new(Int64Array::from_iter_values(1..=nanos.len() as i64))),
        ];
        let schema = store::columns(kind);
        let arrays = schema.fields().iter().map(|field| {
            let given = times.iter().chain(&columns).find(|(name, _)| name == field.name()).map(|(_, array)| array);
            match given {
                Some(array) if matches!(field.data_type(), DataType::Map(..)) => {
                    cast(array, field.data_type()).unwrap()
                }
                Some(array) => Arc::clone(array),
                None => new_null_array(field.data_type(), nanos.len()),
            }
        });
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays.collect()).unwrap();
        let path = self.folder.join(format!("{kind} {}.parquet", self.files.borrow().len()));
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), schema, None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let time = |nanos: Option<&i64>| Instant::from_nanos(nanos.copied().unwrap_or_default());
        self.files.borrow_mut().push(DataFile {
            bytes: path.metadata().unwrap().len(),
            path,
            kind,
            date: "1970-01-01".into(),
            rows: nanos.len() as u64,
            sha256: Digest::ZERO,
            first: time(nanos.iter().min()),
            last: time(nanos.iter().max()),
            version: 1,
        });
    }
}

/// The folder that the judge reads.
pub(crate) struct Answers(PathBuf);

impl Answers {
    pub(crate) fn new(target: &str) -> Self {
        let folder = Path::new(target).join("judge-engine");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Answers(folder)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, name: &str, answer: &str) {
        std::fs::write(self.0.join(format!("{name}.txt")), answer).unwrap();
    }

    /// Asks DuckDB the same questions, where the Python of the tests is installed.
    pub(crate) fn judge(&self) {
        let Some(python) = std::env::var_os("PROBITY_TEST_PYTHON") else {
            let required = std::env::var_os("PROBITY_TEST_JUDGES").is_some_and(|judges| judges == "required");
            assert!(!required, "PROBITY_TEST_PYTHON is not set");
            eprintln!("skipped: no Python with DuckDB; run tests/run");
            return;
        };
        let check = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/judges/engine/check");
        let output = Command::new(python).arg(check).arg(self.folder()).output().unwrap();
        assert!(
            output.status.success(),
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
