//! Lines and messages as other programs write them: what they say is what is read.
//!
//! `logger` of util-linux, `journalctl` of systemd, and the encoders that `tests/judges/formats/write` calls.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use model::{Body, Fault, Instant, Record, Rejection};
use probity_ingest::{Format, Request, Sink};
use serde_json::{Value, json};

/// Everything that was read, without where it stood.
#[derive(Default)]
struct Rows(Vec<Value>);

impl Sink for Rows {
    fn record(&mut self, record: Record<'_>) -> Result<(), Fault> {
        let attributes: Value =
            record.attributes.iter().map(|(name, value)| (name.to_string(), json!(value))).collect();
        let mut row = json!({"time": record.time.to_string(), "service": record.service, "host": record.host});
        let more = match record.body {
            Body::Log(log) => {
                json!({"level": log.severity, "number": log.severity_number, "msg": log.message, "ids": [log.trace_id, log.span_id]})
            }
            Body::Sample(sample) => json!({
                "name": sample.name, "series": sample.series, "type": sample.sample_type.word(), "unit": sample.unit,
                "value": sample.value, "exact": sample.value_int, "start": sample.start.map(|start| start.to_string()),
            }),
            Body::Span(span) => json!({"span": format!("{span:?}")}),
        };
        row["attributes"] = attributes;
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.0.push(row);
        Ok(())
    }

    fn reject(&mut self, rejection: Rejection) -> Result<(), Fault> {
        self.0.push(json!({"rejected": rejection.code, "reason": rejection.reason}));
        Ok(())
    }
}

fn read(bytes: &[u8], format: Format) -> Vec<Value> {
    assert_eq!(
        probity_ingest::detect(bytes),
        Some(format),
        "{}",
        String::from_utf8_lossy(&bytes[..bytes.len().min(200)])
    );
    let now = Instant::from_nanos(1_780_272_000_000_000_000);
    let request = Request { stamp: Some(now), any_time: true, ..Request::new(format, now) };
    let mut rows = Rows::default();
    let mut input = bytes;
    probity_ingest::read(&mut input, &request, &mut rows).unwrap();
    rows.0
}

/// Whether a program is there; where all are required it has to be.
fn is_there(program: &str) -> bool {
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .any(|folder| folder.join(program).exists());
    let required = std::env::var_os("PROBITY_TEST_JUDGES").is_some_and(|judges| judges == "required");
    assert!(found || !required, "{program} is not there");
    if !found {
        eprintln!("skipped: {program} is not there; run tests/run");
    }
    found
}

fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What `tests/judges/formats/write` wrote, or `None` where there is no Python for it and none is required.
fn written() -> Option<PathBuf> {
    let python = std::env::var_os("PROBITY_TEST_PYTHON");
    let required = std::env::var_os("PROBITY_TEST_JUDGES").is_some_and(|judges| judges == "required");
    assert!(!required || python.is_some(), "PROBITY_TEST_PYTHON is not set");
    let Some(python) = python else {
        eprintln!("skipped: no Python with the encoders; run tests/run");
        return None;
    };
    static WRITTEN: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    let folder = WRITTEN.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("written");
        fs::create_dir_all(&folder).unwrap();
        let write = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/judges/formats/write");
        run(Command::new(python).arg(write).arg(&folder));
        folder
    });
    Some(folder.clone())
}

fn expected(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Both encodings of one request, and every framing of it, give the same records and the same complaints.
#[test]
fn otlp_in_protobuf_says_what_it_says_in_json() {
    let Some(folder) = written() else { return };
    let mut rows = 0;
    for number in 0..300 {
        let bytes = |ending: &str| fs::read(folder.join(format!("otlp-{number}.{ending}"))).unwrap();
        let json = read(&bytes("json"), Format::OtlpJson);
        for ending in ["pb", "fixed", "varint"] {
            assert_eq!(read(&bytes(ending), Format::OtlpProtobuf), json, "{number}.{ending}");
        }
        rows += json.len();
    }
    assert!(rows > 3_000, "{rows}");
    println!("{rows} rows of 300 requests are the same in four encodings");
}

/// What a formatter for Python's logging writes is read field by field.
#[test]
fn logfmt_of_another_program() {
    let Some(folder) = written() else { return };
    let rows = read(&fs::read(folder.join("logfmt.log")).unwrap(), Format::Logfmt);
    let expect = expected(&folder.join("logfmt.expect"));
    assert_eq!(rows.len(), expect.len());
    for (row, expect) in rows.iter().zip(&expect) {
        for (name, value) in expect.as_object().unwrap() {
            let found =
                if ["time", "level", "msg"].contains(&name.as_str()) { &row[name] } else { &row["attributes"][name] };
            assert_eq!(found, value, "{name} of {row}");
        }
        assert_eq!(row["attributes"].as_object().unwrap().len(), expect.as_object().unwrap().len() - 3, "{row}");
    }
}

/// What the clients of StatsD and DogStatsD send, they mean.
#[test]
fn statsd_of_its_clients() {
    let Some(folder) = written() else { return };
    let rows = read(&fs::read(folder.join("statsd.log")).unwrap(), Format::Statsd);
    let said: Vec<Value> = rows
        .iter()
        .map(|row| json!({"name": row["name"], "type": row["type"], "value": row["value"].as_f64()}))
        .collect();
    let mut expect = expected(&folder.join("statsd.expect"));
    expect.iter_mut().for_each(|one| one["value"] = json!(one["value"].as_f64()));
    assert_eq!(said, expect);
    let find = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap();
    assert_eq!(find("hits")["attributes"], json!({"beta": "true", "env": "prod"}));
    assert_eq!(find("then")["time"], "2026-01-31T09:00:00Z");
    assert_eq!(find("shop.wait")["unit"], "s");
    assert_eq!(find("members")["attributes"], json!({"set_member": "a"}));
}

/// What `logger` sends, in both framings and both forms.
#[test]
fn syslog_of_logger() {
    if !is_there("logger") {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let send = |arguments: &[&str]| {
        let mut command = Command::new("logger");
        run(command.args(["--tcp", "--server", "127.0.0.1", "--port", &port, "--tag", "shop"]).args(arguments));
        let mut bytes = Vec::new();
        listener.accept().unwrap().0.read_to_end(&mut bytes).unwrap();
        bytes
    };
    let data = [
        "--rfc5424=notq",
        "--msgid",
        "M1",
        "--id=77",
        "--priority",
        "local3.err",
        "--sd-id",
        "a@1",
        "--sd-param",
        "k=\"v\\\"\\]w\"",
    ];
    let text = "grün: 1 [x] \"y\"";
    let counted = send(&[&data[..], &["--octet-count", text]].concat());
    assert!(counted[0].is_ascii_digit(), "{}", String::from_utf8_lossy(&counted));
    let plain = send(&[&data[..], &[text]].concat());
    for bytes in [&counted, &plain, &[counted.as_slice(), b"\n", &plain].concat()] {
        for row in read(bytes, Format::Syslog) {
            let said = ["level", "number", "msg"].map(|name| row[name].clone());
            assert_eq!(said, [json!("err"), json!(17), json!(text)], "{row}");
            assert_eq!(
                row["attributes"],
                json!({"facility": "local3", "app": "shop", "pid": "77", "msgid": "M1", "a@1.k": "v\"]w"}),
                "{row}"
            );
        }
    }
    // The older form: a file of it is `text` as before, and `syslog` says the same.
    let mut old = send(&["--rfc3164", "--id=78", "--priority", "auth.crit", "no year"]);
    old.push(b'\n');
    let now = Instant::from_nanos(1_780_272_000_000_000_000);
    let as_format = |format| {
        let mut rows = Rows::default();
        let mut input = old.as_slice();
        probity_ingest::read(&mut input, &Request { any_time: true, ..Request::new(format, now) }, &mut rows).unwrap();
        rows.0
    };
    assert_eq!(as_format(Format::Syslog), as_format(Format::Text));
    let row = &as_format(Format::Syslog)[0];
    assert_eq!((&row["msg"], &row["attributes"]["pid"]), (&json!("no year"), &json!("78")), "{row}");
}

/// `journalctl` writes one journal in both forms: they say the same, but for what the JSON leaves out for its length.
#[test]
fn both_forms_of_a_journal() {
    if !is_there("journalctl") {
        return;
    }
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/journald/six-entries.journal.zst");
    let journal = Path::new(env!("CARGO_TARGET_TMPDIR")).join("six-entries.journal");
    let file = fs::File::open(packed).unwrap();
    let mut decoded = probity_ingest::decode(Box::new(file), &probity_ingest::Limits::default()).unwrap();
    std::io::copy(&mut decoded, &mut fs::File::create(&journal).unwrap()).unwrap();
    let write = |arguments: &[&str]| {
        run(Command::new("journalctl").args(["--file", journal.to_str().unwrap()]).args(arguments))
    };
    let export = read(&write(&["-o", "export"]), Format::Journald);
    assert_eq!(export.len(), 6);
    assert_eq!(read(&write(&["-o", "json", "--all"]), Format::JournaldJson), export);
    let mut short = export.clone();
    short[4]["msg"] = Value::Null;
    assert_eq!(read(&write(&["-o", "json"]), Format::JournaldJson), short);
    assert_eq!(export[1]["msg"], "two\nlines = here");
    assert_eq!(export[2]["attributes"]["OBJECT"], "[\"a\",\"b\"]");
}

/// Ends with the test that started it.
struct Server(std::process::Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The body of the next request that somebody posts; it is answered with 204.
fn posted(listener: &TcpListener) -> Vec<u8> {
    listener.set_nonblocking(true).unwrap();
    let begun = std::time::Instant::now();
    let mut stream = loop {
        match listener.accept() {
            Ok((stream, _)) => break stream,
            Err(_) => assert!(begun.elapsed().as_secs() < 60, "nobody posts"),
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    stream.set_nonblocking(false).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
    body
}

/// What Prometheus writes about itself to a remote end.
#[test]
fn remote_write_of_prometheus() {
    if !is_there("prometheus") {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prometheus");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let config = format!(
        "global: {{scrape_interval: 200ms}}\nscrape_configs: [{{job_name: self, static_configs: [{{targets: ['{own}']}}]}}]\nremote_write: [{{url: 'http://{}/write', queue_config: {{batch_send_deadline: 100ms}}}}]\n",
        listener.local_addr().unwrap()
    );
    fs::write(folder.join("prometheus.yml"), config).unwrap();
    let server = Command::new("prometheus")
        .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data", &format!("--web.listen-address={own}")])
        .current_dir(&folder)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let server = Server(server);
    let mut rows: Vec<Value> = Vec::new();
    // Requests about metadata alone have no series; they are read and hold nothing.
    while !["up", "prometheus_build_info", "prometheus_http_requests_total"]
        .iter()
        .all(|name| rows.iter().any(|row| row["name"] == *name))
    {
        let body = posted(&listener);
        let now = Instant::from_nanos(1_780_272_000_000_000_000);
        let request = Request { any_time: true, ..Request::new(Format::RemoteWrite, now) };
        let mut found = Rows::default();
        let mut input = body.as_slice();
        probity_ingest::read(&mut input, &request, &mut found).unwrap();
        if !found.0.is_empty() {
            assert_eq!(probity_ingest::detect(&body[..body.len().min(64 << 10)]), Some(Format::RemoteWrite));
        }
        rows.extend(found.0);
    }
    drop(server);
    assert!(rows.iter().all(|row| row.get("rejected").is_none()), "{rows:?}");
    let up = rows.iter().rfind(|row| row["name"] == "up").unwrap();
    assert_eq!(up["series"], format!("up{{instance=\"{own}\",job=\"self\"}}"));
    let build = rows.iter().find(|row| row["name"] == "prometheus_build_info").unwrap();
    assert_eq!((&build["value"], build["attributes"]["version"].is_string()), (&json!(1.0), true), "{build}");
}
