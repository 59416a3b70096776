//! Our own traces: what a collector gets of a command, what it never gets, and that nobody waits for one that is not there.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::Value;

use crate::house::{House, Ran};

/// A collector that takes one request, and its address.
fn collector(status: u16) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let taken = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut text, mut bytes) = (String::new(), [0; 4096]);
        loop {
            let read = stream.read(&mut bytes).unwrap();
            text.push_str(&String::from_utf8_lossy(&bytes[..read]));
            let length = text
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
            let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            if read == 0 || length.is_some_and(|length| body.len() >= length) {
                break;
            }
        }
        let _ = write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\n{{}}");
        text
    });
    (url, taken)
}

fn spans(request: &str) -> Vec<Value> {
    let body = request.split_once("\r\n\r\n").unwrap().1;
    let document: Value = serde_json::from_str(body).unwrap();
    document["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone()
}

/// A job and its steps are one trace; nothing of what was given or is there is in it.
#[test]
fn a_collector_gets_the_spans_of_a_job_and_nothing_else() {
    let house = House::initialised();
    house.write(
        "secret-7.toml",
        "[[step]]\nrun = [\"audit\", \"search\"]\n[[step]]\nrun = [\"ingest\", \"not-there-8\"]\n",
    );
    let (url, taken) = collector(200);
    let ran =
        Ran::of(house.command(&["run", "secret-7.toml"]).env("OTEL_EXPORTER_OTLP_ENDPOINT", &url).output().unwrap());
    assert_ne!(ran.exit, 0, "{ran:?}");
    let request = taken.join().unwrap();
    assert!(request.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{request}");
    let spans = spans(&request);
    let names: Vec<&str> = spans.iter().map(|span| span["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["probity audit", "probity ingest", "probity run"]);
    assert!(
        spans
            .iter()
            .all(|span| span["traceId"] == spans[2]["traceId"] && span["traceId"].as_str().unwrap().len() == 32)
    );
    assert_eq!((&spans[0]["parentSpanId"], spans[2].get("parentSpanId")), (&spans[2]["spanId"], None));
    assert_eq!((&spans[0]["status"]["code"], &spans[1]["status"]["code"]), (&1.into(), &2.into()));
    let failure = spans[1]["attributes"].as_array().unwrap().iter().find(|one| one["key"] == "error.type").unwrap();
    assert_eq!(failure["value"]["stringValue"], "not-found");
    let folder = house.root().file_name().unwrap().to_string_lossy().into_owned();
    for word in ["secret-7", "not-there-8", "uid-", &folder] {
        assert!(!request.contains(word), "{word}: {request}");
    }
}

/// `--otlp` goes before the environment; a collector that refuses, is not there, or is none, changes nothing but a remark.
#[test]
fn a_collector_makes_no_command_fail() {
    let house = House::new();
    let plain = house.run(&["util", "explain", "disk-full"]).expect(0);
    let (url, taken) = collector(500);
    let flagged = ["--otlp", &url, "util", "explain", "disk-full"];
    let ran =
        Ran::of(house.command(&flagged).env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1").output().unwrap());
    assert_eq!((ran.exit, &ran.stdout), (0, &plain.stdout));
    assert!(ran.stderr.contains("status 500"), "{ran:?}");
    assert_eq!(spans(&taken.join().unwrap())[0]["name"], "probity util");
    for url in ["http://127.0.0.1:1", "nonsense", "ftp://x"] {
        let ran = house.run(&["--otlp", url, "util", "explain", "disk-full"]).expect(0);
        assert_eq!(ran.stdout, plain.stdout);
        assert!(ran.stderr.contains("no trace"), "{url}: {ran:?}");
        house.run(&["--otlp", url, "util", "explain", "no-such-code"]).expect(2).code("unknown-name");
    }
    let off = house
        .command(&["util", "explain", "disk-full"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "nonsense")
        .env("OTEL_SDK_DISABLED", "true")
        .output()
        .unwrap();
    assert_eq!(Ran::of(off).stderr, "");
    assert_eq!(plain.stderr, "");
}

/// Whoever started the command has it in their trace; the collector is told by its own name, with headers.
#[test]
fn the_environment_names_collector_headers_and_parent() {
    let house = House::new();
    let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let command = |parent: &str, url: &str| {
        let mut command = house.command(&["util", "explain", "disk-full"]);
        command
            .env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", url)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
            .env("OTEL_EXPORTER_OTLP_HEADERS", "x-key=general,x-tenant=a%20b,bad=%0d%0aevil: 1")
            .env("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "X-Key=s3cret")
            .env("TRACEPARENT", parent);
        Ran::of(command.output().unwrap()).expect(0)
    };
    let (url, taken) = collector(200);
    let ran = command(&format!("00-{trace}-{span}-01"), &format!("{url}/own/path"));
    let request = taken.join().unwrap();
    let lower = request.to_lowercase();
    assert!(lower.starts_with("post /own/path http/1.1\r\n"), "{request}");
    assert!(lower.contains("\r\nx-key: s3cret\r\n") && lower.contains("\r\nx-tenant: a b\r\n"), "{request}");
    assert!(!lower.contains("general") && !lower.contains("evil"), "{request}");
    assert_eq!((&spans(&request)[0]["traceId"], &spans(&request)[0]["parentSpanId"]), (&trace.into(), &span.into()));
    assert_eq!(ran.stderr, "");
    // What is no parent begins a trace.
    let (url, taken) = collector(500);
    let ran = command(&format!("00-{trace}-{span}"), &url);
    let request = taken.join().unwrap();
    assert!(spans(&request)[0]["traceId"] != trace && spans(&request)[0].get("parentSpanId").is_none());
    assert!(ran.stderr.contains("status 500") && !ran.stderr.contains("s3cret"), "{ran:?}");
    // A trace that nobody keeps gets nothing: nobody is asked.
    assert_eq!(command(&format!("00-{trace}-{span}-00"), "http://127.0.0.1:1").stderr, "");
}
