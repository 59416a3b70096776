//! Every sample under `fixtures/` is read, and what it comes to is compared with the file beside it.
//!
//! `NAME.expect` holds one line per record, rejection, warning or fault. `UPDATE=1` rewrites them: the diff is the review.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use probity_ingest as ingest;

use ingest::{Format, Map, Request, Sink};
use model::{Body, Fault, Instant, Record, RecordKind, Rejection};

/// 2026-06-01T00:00:00Z.
const NOW: Instant = Instant::from_nanos(1_780_272_000_000_000_000);

/// Writes everything down.
#[derive(Default)]
struct Dump(String);

impl Sink for Dump {
    fn record(&mut self, record: Record<'_>) -> Result<(), Fault> {
        let Record { time, line, service, host, attributes, body } = record;
        let out = &mut self.0;
        write!(out, "{line} {time}").unwrap();
        for (name, value) in [("service", service), ("host", host)] {
            value.iter().for_each(|value| write!(out, " {name}={value:?}").unwrap());
        }
        match body {
            Body::Log(log) => write!(out, " {log:?}").unwrap(),
            Body::Sample(sample) => write!(out, " {sample:?}").unwrap(),
            Body::Span(span) => write!(out, " {span:?}").unwrap(),
        }
        writeln!(out, " {attributes:?}").unwrap();
        Ok(())
    }

    fn reject(&mut self, rejection: Rejection) -> Result<(), Fault> {
        let Rejection { place, code, reason, .. } = rejection;
        writeln!(self.0, "rejected {}:{} {code}: {reason}", place.line, place.column).unwrap();
        Ok(())
    }
}

fn dump(bytes: &[u8], request: &Request) -> String {
    let mut sink = Dump::default();
    let mut input = match ingest::decode(Box::new(bytes), &request.limits) {
        Ok(input) => input,
        Err(fault) => return format!("fault {fault:?}\n"),
    };
    let outcome = ingest::read(&mut input, request, &mut sink);
    let mut out = sink.0;
    match outcome {
        Err(fault) => writeln!(out, "fault {fault:?}").unwrap(),
        Ok(tally) => {
            for warning in &tally.warnings {
                writeln!(out, "warning {} {}: {}", warning.place.line, warning.code, warning.message).unwrap();
            }
            let (records, rejected, absent) = (tally.records, tally.rejected, tally.absent);
            writeln!(out, "{records} records, {rejected} rejected, {absent} absent, {} lines", tally.lines).unwrap();
        }
    }
    out
}

fn folder(format: &str, verdict: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(format).join(verdict)
}

fn samples(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| !["expect", "toml"].iter().any(|end| path.extension().is_some_and(|it| it == *end)));
    paths.sort();
    assert!(!paths.is_empty(), "no samples in {}", folder.display());
    paths
}

/// The request of a sample: `NAME.toml` is its map; names that begin with a kind ask for that kind.
fn request(format: Format, path: &Path) -> Request {
    let mut request = Request::new(format, NOW);
    request.stamp = Some(NOW);
    let name = path.file_name().unwrap().to_str().unwrap();
    request.kind = RecordKind::ALL.into_iter().find(|kind| name.starts_with(kind.word()));
    request.map = fs::read_to_string(path.with_extension("toml")).ok().map(|text| Map::parse(&text).unwrap());
    request
}

fn check(format: Format, name: &str) {
    for verdict in ["valid", "invalid"] {
        for path in samples(&folder(name, verdict)) {
            let outcome = dump(&fs::read(&path).unwrap(), &request(format, &path));
            let refused = outcome.lines().any(|line| line.starts_with("rejected ") || line.starts_with("fault "));
            assert_eq!(refused, verdict == "invalid", "{}:\n{outcome}", path.display());
            let beside = PathBuf::from(format!("{}.expect", path.display()));
            if std::env::var_os("UPDATE").is_some() {
                fs::write(&beside, &outcome).unwrap();
            }
            let expect = fs::read_to_string(&beside).unwrap_or_default();
            assert_eq!(outcome, expect, "{}: UPDATE=1 rewrites the expectation", path.display());
        }
    }
}

#[test]
fn prometheus_samples() {
    check(Format::Prometheus, "prometheus");
}

#[test]
fn openmetrics_samples() {
    check(Format::OpenMetrics, "openmetrics");
}

#[test]
fn otlp_samples() {
    check(Format::OtlpJson, "otlp");
}

#[test]
fn json_lines_samples() {
    check(Format::JsonLines, "jsonlines");
}

#[test]
fn csv_samples() {
    check(Format::Csv, "csv");
}

#[test]
fn access_log_samples() {
    check(Format::AccessLog, "accesslog");
}

#[test]
fn text_samples() {
    check(Format::Text, "text");
}

#[test]
fn segment_samples() {
    check(Format::Segment, "segment");
}

#[test]
fn focus_samples() {
    check(Format::Focus, "focus");
}

#[test]
fn har_samples() {
    check(Format::Har, "har");
    // Nothing that may be secret leaves the reader: neither in records nor in complaints.
    for path in ["valid/shop.har.expect", "invalid/entries.har.expect"] {
        let told = fs::read_to_string(folder("har", path)).unwrap();
        assert!(!["s3cret", "ann", "pw@", "session"].iter().any(|word| told.contains(word)), "{told}");
    }
}

#[test]
fn syslog_samples() {
    check(Format::Syslog, "syslog");
}

#[test]
fn journald_samples() {
    check(Format::Journald, "journald");
    check(Format::JournaldJson, "journald-json");
}

#[test]
fn logfmt_samples() {
    check(Format::Logfmt, "logfmt");
}

#[test]
fn statsd_samples() {
    check(Format::Statsd, "statsd");
}

#[test]
fn otlp_protobuf_samples() {
    check(Format::OtlpProtobuf, "otlp-protobuf");
}

#[test]
fn remote_write_samples() {
    check(Format::RemoteWrite, "remote-write");
}

/// A valid map reads; an invalid one names the code and the place that its first line promises: `# code line:column`.
#[test]
fn map_samples() {
    let maps = |verdict| {
        let entries = fs::read_dir(folder("map", verdict)).unwrap();
        entries.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect::<Vec<_>>()
    };
    for text in maps("valid") {
        Map::parse(&text).unwrap();
    }
    for text in maps("invalid") {
        let fault = Map::parse(&text).unwrap_err();
        let place = fault.place().unwrap();
        let expect = format!("# {} {}:{}", fault.code(), place.line, place.column);
        assert_eq!(text.lines().next(), Some(expect.as_str()), "{fault:?}");
    }
}

/// The format is recognised from the content of every valid sample.
#[test]
fn valid_samples_are_recognised() {
    let folders = [
        (Format::Prometheus, "prometheus"),
        (Format::OpenMetrics, "openmetrics"),
        (Format::OtlpJson, "otlp"),
        (Format::JsonLines, "jsonlines"),
        (Format::Csv, "csv"),
        (Format::AccessLog, "accesslog"),
        (Format::Text, "text"),
        (Format::Segment, "segment"),
        (Format::Har, "har"),
        (Format::Focus, "focus"),
        (Format::Syslog, "syslog"),
        (Format::Journald, "journald"),
        (Format::JournaldJson, "journald-json"),
        (Format::Logfmt, "logfmt"),
        (Format::Statsd, "statsd"),
        (Format::OtlpProtobuf, "otlp-protobuf"),
        (Format::RemoteWrite, "remote-write"),
    ];
    for (format, name) in folders {
        for path in samples(&folder(name, "valid")) {
            let mut bytes = Vec::new();
            let file = fs::File::open(&path).unwrap();
            let mut decoded = ingest::decode(Box::new(file), &ingest::Limits::default()).unwrap();
            std::io::Read::read_to_end(&mut decoded, &mut bytes).unwrap();
            assert_eq!(ingest::detect(&bytes), Some(format), "{}", path.display());
        }
    }
}
