//! Other readers' verdicts: on metric text those of prometheus_client's OpenMetrics parser and of `promtool check metrics`,
//! on recordings of browsers what Python's json finds in them.
//!
//! Every sample of `fixtures/` and deterministic damage to the valid ones is judged by both sides.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use model::{Body, Fault, Instant, Record, Rejection};
use probity_ingest::{Format, Request, Sink};

/// How often each valid sample is damaged, per format.
const DAMAGED_OPENMETRICS: u64 = 300;
const DAMAGED_PROMETHEUS: u64 = 60;

#[derive(Default)]
struct Codes(Vec<&'static str>);

impl Sink for Codes {
    fn record(&mut self, _: Record<'_>) -> Result<(), Fault> {
        Ok(())
    }

    fn reject(&mut self, rejection: Rejection) -> Result<(), Fault> {
        self.0.push(rejection.code);
        Ok(())
    }
}

fn verdict(text: &[u8], format: Format) -> Vec<&'static str> {
    let now = Instant::from_nanos(1_780_272_000_000_000_000);
    let request = Request { stamp: Some(now), any_time: true, ..Request::new(format, now) };
    let mut sink = Codes::default();
    let mut input = text;
    if let Err(fault) = probity_ingest::read(&mut input, &request, &mut sink) {
        sink.0.push(fault.code());
    }
    sink.0
}

/// A generator that gives the same numbers in every run (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as usize % limit.max(1)
    }
}

/// One act of damage: a byte changed, put in or taken out, a line doubled, dropped or moved.
fn damage(text: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    const BYTES: &[u8] = b" \t\n\"\\{}=,#_aZ019.-+eN";
    let mut lines: Vec<Vec<u8>> = text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let mut bytes = text.to_vec();
    let (at, line, other) = (numbers.below(bytes.len()), numbers.below(lines.len()), numbers.below(lines.len()));
    let byte = BYTES[numbers.below(BYTES.len())];
    match numbers.below(6) {
        0 => bytes[at] = byte,
        1 => bytes.insert(at, byte),
        2 => _ = bytes.remove(at),
        3 => {
            lines.insert(line, lines[line].clone());
            bytes = lines.concat();
        }
        4 => {
            lines.remove(line);
            bytes = lines.concat();
        }
        _ => {
            lines.swap(line, other);
            bytes = lines.concat();
        }
    }
    bytes
}

fn samples(format: &str) -> Vec<(bool, Vec<u8>)> {
    let folder =
        |verdict: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(format).join(verdict);
    let mut samples = Vec::new();
    for verdict in ["valid", "invalid"] {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(folder(verdict)).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|end| end != "expect"));
        paths.sort();
        samples.extend(paths.iter().map(|path| (verdict == "valid", fs::read(path).unwrap())));
    }
    samples
}

fn write(folder: &Path, format: Format, name: &str, ending: &str, damaged: u64) -> String {
    let mut texts = Vec::new();
    for (valid, text) in samples(name) {
        let mut numbers = Numbers(text.len() as u64);
        for _ in 0..if valid { damaged } else { 0 } {
            texts.push(damage(&text, &mut numbers));
        }
        texts.push(text);
    }
    let mut verdicts = String::new();
    for (number, text) in texts.iter().enumerate() {
        let file = format!("{number:04}.{ending}");
        fs::write(folder.join(&file), text).unwrap();
        let codes = verdict(text, format);
        let word = if codes.is_empty() { "accepted" } else { "rejected" };
        verdicts.push_str(&format!("{file}\t{word}\t{}\n", codes.join(",")));
    }
    verdicts
}

/// The Python that judges, or `None` where there is none and none is required.
fn python() -> Option<std::ffi::OsString> {
    let python = std::env::var_os("PROBITY_TEST_PYTHON");
    let required = std::env::var_os("PROBITY_TEST_JUDGES").is_some_and(|judges| judges == "required");
    assert!(!required || python.is_some(), "PROBITY_TEST_PYTHON is not set");
    if python.is_none() {
        eprintln!("skipped: no Python with prometheus_client; run tests/run");
    }
    python
}

fn judge(python: &std::ffi::OsStr, judge: &str, folder: &Path) {
    let check = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/judges").join(judge).join("check");
    let output = Command::new(python).arg(check).arg(folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    println!("{}", said.trim());
}

#[test]
fn other_readers_give_the_same_verdict() {
    let Some(python) = python() else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("metric-verdicts");
    fs::create_dir_all(&folder).unwrap();
    let openmetrics = write(&folder, Format::OpenMetrics, "openmetrics", "om", DAMAGED_OPENMETRICS);
    let prometheus = write(&folder, Format::Prometheus, "prometheus", "prom", DAMAGED_PROMETHEUS);
    fs::write(folder.join("verdicts.tsv"), openmetrics + &prometheus).unwrap();
    judge(&python, "metrics", &folder);
}

/// What was read of recordings, one line each.
#[derive(Default)]
struct Rows(String);

impl Sink for Rows {
    fn record(&mut self, record: Record<'_>) -> Result<(), Fault> {
        use std::fmt::Write as _;
        let attribute =
            |name| record.attributes.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| *value);
        match record.body {
            Body::Sample(sample) => writeln!(self.0, "page\t{}\t{}\t{}", record.time, sample.name, sample.value),
            Body::Log(log) => {
                let [status, latency] = [log.status.map(f64::from), log.latency_ms].map(|n| n.map(|n| n.to_string()));
                let (wait, host) = (attribute("wait_ms"), attribute("server.address"));
                let [method, path] = [log.method, log.path].map(Option::unwrap_or_default);
                let [status, latency] = [status, latency].map(Option::unwrap_or_default);
                writeln!(self.0, "log\t{}\t{method}\t{status}\t{latency}\t{wait}\t{host}\t{path}", record.time)
            }
            Body::Span(_) => unreachable!("a recording has no spans"),
        }
        .unwrap();
        Ok(())
    }

    fn reject(&mut self, rejection: Rejection) -> Result<(), Fault> {
        panic!("{rejection:?}");
    }
}

/// A recording with times, phases and texts of many shapes.
fn recording(numbers: &mut Numbers) -> String {
    let entries: Vec<String> = (0..400)
        .map(|_| {
            let number = |numbers: &mut Numbers| match numbers.below(6) {
                0 => "-1".to_owned(),
                1 => numbers.below(9_000).to_string(),
                2 => format!("{}e-{}", numbers.below(99_999), numbers.below(5)),
                _ => format!("{}.{:0width$}", numbers.below(3_000), numbers.below(100_000), width = 5 + numbers.below(12)),
            };
            let url = ["https://shop.example/a?b=1", "HTTP://Shop.example:81", "data:,x", "wss://[::1]/\\u00e9"][numbers.below(4)];
            format!(
                r#"{{"startedDateTime":"2026-05-{:02}T{:02}:00:00.{:03}{}","time":{},"request":{{"url":"{url}","method":"{}"}},{}"response":{{"content":{{"text":"}}]\\\"{{"}},"status":{}}},"timings":{{"wait":{},"send":0}}}}"#,
                1 + numbers.below(28),
                numbers.below(24),
                numbers.below(1_000),
                ["Z", "+02:00", "-05:30"][numbers.below(3)],
                number(numbers),
                ["GET", "POST"][numbers.below(2)],
                ["", "\n", "\"_x\":[[{}]],"][numbers.below(3)],
                [0, 200, 304, 404, 503][numbers.below(5)],
                number(numbers),
            )
        })
        .collect();
    format!(r#"{{"log":{{"version":"1.2","entries":[{}]}}}}"#, entries.join(","))
}

#[test]
fn another_reader_finds_the_same_requests() {
    let Some(python) = python() else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("recordings");
    fs::create_dir_all(&folder).unwrap();
    let now = Instant::from_nanos(1_780_272_000_000_000_000);
    let mut numbers = Numbers(7);
    for name in ["one", "two"] {
        let (text, mut rows) = (recording(&mut numbers), Rows::default());
        probity_ingest::read(&mut text.as_bytes(), &Request::new(Format::Har, now), &mut rows).unwrap();
        fs::write(folder.join(name).with_extension("har"), text).unwrap();
        fs::write(folder.join(name).with_extension("tsv"), rows.0).unwrap();
    }
    judge(&python, "har", &folder);
}
