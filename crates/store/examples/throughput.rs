//! How many CPU seconds the store needs for a gigabyte of JSON Lines: hashing, raw zstd and Parquet, without parsing.
//!
//! `cargo run --release -p probity-store --example throughput -- FOLDER [MB] [attributes] [days]`
//! With more than one day, every record lies on another day than the one before.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use model::{Body, Hidden, Instant, Log, Record};
use probity_store::{CommitNotes, OriginalKey, Store};

struct Line {
    text: String,
    nanos: i64,
    service: String,
    host: String,
    message: String,
    path: String,
    trace_id: String,
    status: u16,
    latency_ms: f64,
    bytes: u64,
    attributes: Vec<(&'static str, String)>,
}

/// A linear congruential generator (Knuth's MMIX constants): the same lines on every machine.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

fn line(numbers: &mut Numbers, number: i64, attributes: usize) -> Line {
    let paths = ["/api/v1/orders", "/api/v1/users", "/checkout", "/login", "/search", "/static/app.js"];
    let user = numbers.below(100_000);
    let mut all = vec![
        ("user.id", format!("u-{user:06}")),
        ("user.ip", format!("10.{}.{}.{}", user % 7, user % 251, user % 253)),
        ("offloaded", if numbers.below(10) == 0 { "true" } else { "false" }.to_owned()),
        ("region", format!("eu-{}", numbers.below(4))),
    ];
    all.truncate(attributes);
    let mut line = Line {
        text: String::new(),
        nanos: 1_790_000_000_000_000_000 + number * 4_321_000,
        service: format!("svc-{:02}", numbers.below(20)),
        host: format!("host-{:03}", numbers.below(200)),
        message: format!("request {} finished for order {}", numbers.below(1 << 31), numbers.below(1_000_000)),
        path: paths[numbers.below(6) as usize].to_owned(),
        trace_id: format!(
            "{:016x}{:016x}",
            numbers.below(u64::MAX) | numbers.below(1 << 31) << 33,
            numbers.below(u64::MAX)
        ),
        status: if numbers.below(1000) < 994 { 200 } else { 503 },
        latency_ms: (numbers.below(1_000_000) as f64) / 1000.0,
        bytes: numbers.below(100_000),
        attributes: all,
    };
    let Line { service, host, message, path, trace_id, status, latency_ms, bytes, .. } = &line;
    let mut text = format!(
        "{{\"ts\":\"{}\",\"level\":\"INFO\",\"service\":\"{service}\",\"host\":\"{host}\",\"method\":\"GET\",\
         \"path\":\"{path}\",\"status\":{status},\"latency_ms\":{latency_ms},\"bytes\":{bytes},\
         \"trace_id\":\"{trace_id}\",\"msg\":\"{message}\"",
        Instant::from_nanos(line.nanos)
    );
    for (name, value) in &line.attributes {
        let _ = write!(text, ",\"{name}\":\"{value}\"");
    }
    text.push_str("}\n");
    line.text = text;
    line
}

fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn main() -> Result<(), model::Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.first().expect("FOLDER");
    let megabytes: usize = arguments.get(1).map_or(256, |text| text.parse().expect("MB"));
    let attributes: usize = arguments.get(2).map_or(4, |text| text.parse().expect("attributes"));
    let days: i64 = arguments.get(3).map_or(1, |text| text.parse().expect("days"));
    let mut numbers = Numbers(7);
    let lines: Vec<Line> = (0..200_000).map(|number| line(&mut numbers, number, attributes)).collect();
    let pairs: Vec<Vec<(&str, &str)>> = lines
        .iter()
        .map(|line| line.attributes.iter().map(|(name, value)| (*name, value.as_str())).collect())
        .collect();
    let text: String = lines.iter().map(|line| line.text.as_str()).collect();

    let key = seal::SigningKey::from_seed([7; 32]);
    let store = Store::open(Path::new(folder), Some(&key))?;
    let (cpu, wall) = (cpu_seconds(), std::time::Instant::now());
    let mut batch = store.begin(Instant::from_nanos(1_790_000_000_000_000_000), &Hidden)?;
    let mut writer = batch.original()?;
    let (mut bytes, mut number) = (0, 0_u64);
    while bytes < megabytes * 1_000_000 {
        writer.write_all(text.as_bytes()).expect("write");
        bytes += text.len();
        for (line, attributes) in lines.iter().zip(&pairs) {
            number += 1;
            let log = Log {
                severity: Some("INFO"),
                severity_number: Some(9),
                message: Some(&line.message),
                method: Some("GET"),
                path: Some(&line.path),
                status: Some(line.status),
                latency_ms: Some(line.latency_ms),
                bytes: Some(line.bytes),
                trace_id: Some(&line.trace_id),
                span_id: None,
            };
            let day = (number as i64 * 7_919) % days;
            let time = Instant::from_nanos(line.nanos + (bytes as i64) * 1_000 + day * 86_400_000_000_000);
            let (service, host) = (Some(line.service.as_str()), Some(line.host.as_str()));
            batch.push(&Record { time, line: number, service, host, attributes, body: Body::Log(log) })?;
        }
    }
    let original = writer.finish()?;
    let key = OriginalKey { digest: original.digest, reader: "throughput 1".into() };
    batch.finish_original(original, &key)?;
    let commit = batch.commit(&CommitNotes { tool: "throughput".into() })?;
    let (cpu, wall) = (cpu_seconds() - cpu, wall.elapsed().as_secs_f64());
    let gigabytes = bytes as f64 / 1e9;
    let peak = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = peak.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    println!("{commit:?}");
    println!(
        "{number} lines of {} bytes, {gigabytes:.3} GB: {cpu:.2} CPU-s ({:.2} CPU-s/GB), {wall:.2} s; {peak}",
        text.len() / lines.len(),
        cpu / gigabytes
    );
    Ok(())
}
