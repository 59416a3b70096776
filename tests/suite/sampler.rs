//! `sampler`: a device measures itself.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::house::{House, fit_their_schemas, judge, python, repository};

/// A machine made of files.
pub(super) fn machine(house: &House) {
    house.write("fake/proc/stat", "cpu  100 0 100 700 100 0 0 0 0 0\n");
    house.write("fake/proc/meminfo", "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 600 kB\n");
    house.write("fake/proc/net/dev", "h\nh\n  eth0: 4294967000 1 0 0 0 0 0 0 500 1 0 0 0 0 0 0\n");
    house.write("fake/proc/sys/kernel/random/boot_id", "6f2c0f5e-8c0e-4c3e-9b1e-1d3a5f7b9c2d\n");
    house.write("fake/proc/sys/kernel/hostname", "device-7\n");
    for (name, value) in
        [("type", "Battery"), ("status", "Discharging"), ("energy_now", "40000000"), ("energy_full", "50000000")]
    {
        house.write(&format!("fake/sys/class/power_supply/BAT0/{name}"), value);
    }
}

/// Runs until as many lines were printed as are wanted, stops it as systemd does, and gives the lines.
pub(super) fn run(house: &House, wanted: usize, args: &[&str]) -> Vec<Value> {
    let args = [&["sampler", "run", "--output", "samples", "--root", "fake", "--json"], args].concat();
    let mut child = house.command(&args).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said: Vec<Value> = Vec::new();
    let mut take = |line: String| said.push(serde_json::from_str(&line).unwrap());
    lines.by_ref().take(wanted).for_each(|line| take(line.unwrap()));
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    lines.for_each(|line| take(line.unwrap()));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    said
}

#[test]
fn a_machine_says_what_it_is() {
    let house = House::new();
    machine(&house);
    let said = house.json(&["sampler", "once", "--root", "fake"], 0);
    fit_their_schemas(std::slice::from_ref(&said));
    let points = said["m"].as_array().unwrap();
    let value = |name: &str| points.iter().find(|point| point[0] == name).map(|point| point[1].clone());
    assert_eq!(value("hw.battery.charge"), Some(0.8.into()));
    assert_eq!(value("system.memory.usage"), Some(409_600.into()));
    let page = house.run(&["sampler", "once", "--root", "fake"]).expect(0).stdout;
    assert!(page.contains("hw.battery.charge\thw.id=BAT0\t0.8\t\n"), "{page}");
    // Nothing but the machine was touched: a device needs no project.
    assert!(!house.path(".probity").exists());
}

/// Every line of a run fits the schema of segments, and openssl agrees with the signatures.
#[test]
fn a_run_writes_what_its_format_says() {
    let house = House::new();
    machine(&house);
    let said = run(&house, 4, &["--interval", "10ms"]);
    assert_eq!(said[0]["host"], "device-7");
    assert_eq!(said.last().unwrap()["event"], "stop");
    let segment = house.read("samples/00000000000000000000.segment");
    let written: Vec<Value> = segment.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(written, said);
    house.write("said.json", serde_json::to_vec(&said).unwrap());
    if let Some(python) = python() {
        let check = "import json, sys, jsonschema\n\
                     schema = jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))\n\
                     [schema.validate(line) for line in json.load(open(sys.argv[2]))]";
        let schema = repository("schemas/segment.v1.schema.json");
        let ran = Command::new(python).args(["-c", check]).arg(schema).arg(house.path("said.json")).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }
    if judge("openssl") {
        house.write("line", segment.lines().nth(1).unwrap());
        let script = "body=$(sed 's/,\"h\":\"[^,]*,\"sig\":\"[^\"]*\"}$/}/' line)
            test \"$(printf %s \"$body\" | sha256sum | cut -c1-64)\" = \"$(sed 's/.*\"h\":\"\\([^\"]*\\)\".*/\\1/' line)\"
            sed 's/.*\"h\":\"\\([^\"]*\\)\".*/\\1/' line | xxd -r -p > digest
            sed 's/.*\"sig\":\"\\([^\"]*\\)\".*/\\1/' line | xxd -r -p > signature
            openssl pkeyutl -verify -rawin -pubin -inkey samples/device.pub -in digest -sigfile signature";
        house.shell(&format!("set -e\n{script}")).expect(0);
    }
}

/// How a buffer stands, before and after everything went to a folder; what came there is ingested.
#[test]
fn a_folder_receives() {
    let house = House::initialised();
    machine(&house);
    run(&house, 3, &["--interval", "10ms"]);
    house.shell("mkdir received").expect(0);
    let before = house.json(&["sampler", "status", "--output", "samples"], 0);
    let after = house.json(&["sampler", "flush", "--output", "samples", "--push", "received"], 0);
    assert_eq!((&before["running"], &before["receivers"]), (&false.into(), &Value::Array(Vec::new())));
    assert_eq!((&after["receivers"][0]["behind"], &after["lines"]), (&0.into(), &before["lines"]));
    fit_their_schemas(&[before, after]);
    let document = house.json(&["ingest", "received", "--any-time"], 0);
    assert_eq!((&document["inputs"][0]["state"], &document["devices"][0]["segments"]), (&"ingested".into(), &1.into()));
    house
        .run(&["sampler", "flush", "--output", "samples", "--push", "http://127.0.0.1:1/"])
        .expect(8)
        .code("push-failed");
    house.run(&["sampler", "flush", "--output", "samples", "--push", "ftp://example.org/"]).expect(2);
    house.run(&["sampler", "run", "--output", "samples", "--listen", "0.0.0.0:0"]).expect(4).code("not-loopback");
    house.run(&["sampler", "run", "--output", "samples", "--statsd", "0.0.0.0:0"]).expect(2);
    house.run(&["sampler", "install", "cron"]).expect(2);
}

#[test]
fn what_cannot_be_run_is_said() {
    let house = House::new();
    machine(&house);
    house.run(&["sampler", "run", "--output", "samples", "--interval", "2d"]).expect(2);
    house.run(&["sampler", "run", "--output", "samples", "--max-size", "1MB"]).expect(2);
    run(&house, 1, &[]);
    house.shell("chmod 644 samples/device.key").expect(0);
    house.run(&["sampler", "run", "--output", "samples"]).expect(4).code("key-mode");
    house.write("file", "");
    house.run(&["sampler", "run", "--output", "file"]).expect(8);
}

/// What a device has written comes into a project whole: verified, with each hole and its reason, and once.
#[test]
fn segments_are_verified_and_ingested() {
    let house = House::initialised();
    machine(&house);
    let said = run(&house, 5, &["--interval", "10ms"]);
    house.shell("printf 'half a li' >> samples/00000000000000000000.segment").expect(0);
    let again = run(&house, 3, &["--interval", "10ms"]);
    let samples = said.iter().chain(&again).filter(|line| line["m"].is_array()).count() as u64;
    let now = ["--any-time"];
    let document = house.json(&[&["ingest", "samples"], &now[..]].concat(), 0);
    fit_their_schemas(std::slice::from_ref(&document));
    let device = &document["devices"][0];
    assert_eq!(device["samples"], samples);
    assert_eq!((&device["trusted"], &device["host"]), (&false.into(), &"device-7".into()));
    let whys = |device: &Value| -> Vec<String> {
        let holes = device["holes"].as_array().unwrap();
        let is_of_time = |why: &&Value| !["late", "stopped"].iter().any(|word| **why == *word);
        holes.iter().map(|hole| &hole["why"]).filter(is_of_time).map(|why| why.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(whys(device), ["cut"]);
    let states: Vec<&Value> = document["inputs"].as_array().unwrap().iter().map(|input| &input["state"]).collect();
    assert_eq!(states, ["ingested", "ingested"], "{document}");
    let trusting = [&["ingest", "samples", "--trust", "samples/device.pub"], &now[..]].concat();
    let document = house.json(&trusting, 0);
    assert_eq!((&document["devices"][0]["trusted"], &document["inputs"][0]["state"]), (&true.into(), &"known".into()));
    let page = house.run(&[&["ingest", "samples", "--check"], &now[..]].concat()).expect(0);
    assert!(page.stdout.contains("Device device-7 (SHA256:"), "{page:?}");
    assert!(page.stderr.contains("Nobody has said whose key"), "{page:?}");
}

/// A byte that was changed, another device, and a piece that is not there.
#[test]
fn what_is_wrong_with_segments_is_named() {
    let house = House::initialised();
    machine(&house);
    for _ in 0..3 {
        run(&house, 2, &["--interval", "10ms"]);
    }
    house.shell("cp -r samples altered; cp -r samples cut; cp -r samples late").expect(0);
    house.shell("sed -i '2s/\"m\"/\"n\"/' altered/00000000000000000000.segment").expect(0);
    let ran = house.run(&["ingest", "altered", "--any-time"]).expect(1).code("segment-altered");
    assert!(ran.stderr.contains("00000000000000000000.segment:2: "), "{ran:?}");
    house.shell("ls cut/*.segment | sed -n 2p | xargs rm; ls late/*.segment | sed -n 1p | xargs rm").expect(0);
    let document = house.json(&["ingest", "cut", "--any-time", "--check"], 1);
    let holes = document["devices"][0]["holes"].as_array().unwrap();
    assert!(holes.iter().any(|hole| hole["why"] == "missing" && hole["explained"] == false), "{holes:?}");
    let document = house.json(&["ingest", "late", "--any-time", "--check"], 0);
    assert!(document["devices"][0]["holes"].as_array().unwrap().iter().any(|hole| hole["why"] == "earlier"));
    house.shell("mv samples mine").expect(0);
    run(&house, 1, &[]);
    let ran = house.run(&["ingest", "samples", "--trust", "mine/device.pub", "--any-time"]).expect(1);
    ran.code("device-not-trusted");
    house.write("x.segment", "{\"v\":1,\"seq\":0,\"event\":\"segment\",\"format\":\"probity-segment/2\"}\n");
    house.run(&["ingest", "x.segment"]).expect(6).code("bad-segment");
}

/// A sampler that ends with its test, however that ends.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What an application posts over a Unix socket: status, media type and body of the answer.
fn post(house: &House, head: &str, body: &[u8]) -> (u16, String) {
    let mut stream = std::os::unix::net::UnixStream::connect(house.path("app.sock")).unwrap();
    // Who is refused early may not be read to the end.
    let _ = stream.write_all(format!("POST /v1/metrics HTTP/1.1\r\nHost: x\r\n{head}\r\n").as_bytes());
    let _ = stream.write_all(body);
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

/// An application speaks OTLP; what is hostile is located and counted, and the page of /metrics has its series.
#[test]
fn applications_speak_otlp() {
    let house = House::new();
    machine(&house);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let socket = format!("unix:{}", house.path("app.sock").display());
    let run = ["sampler", "run", "--output", "samples", "--root", "fake", "--interval", "20ms", "--json"];
    let args = [&run[..], &["--listen", &free, "--receive", &socket]].concat();
    let mut child = Running(house.command(&args).stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    let sent = include_bytes!("../../crates/sampler/src/application/exporter.pb");
    let typed = |media_type: &str, length: usize| format!("Content-Type: {media_type}\r\nContent-Length: {length}\r\n");
    let (json, protobuf) = ("application/json; charset=utf-8", "application/x-protobuf");
    assert_eq!(post(&house, &typed(protobuf, sent.len()), sent), (200, String::new()));
    let gauge = br#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"queue","gauge":{"dataPoints":[{"asInt":"3"},{}]}}]}]}]}"#;
    let (status, said) = post(&house, &typed(json, gauge.len()), gauge);
    assert!(status == 200 && said.contains("\"rejectedDataPoints\":\"1\""), "{said}");
    let check = |head: &str, body: &[u8], expect: u16, words: &str| {
        let (status, said) = post(&house, head, body);
        assert!(status == expect && said.contains(words), "{head}: {status} {said}");
    };
    check(&typed(protobuf, 100), &sent[..100], 400, "at byte 3");
    check(&typed(json, 9), b"{\"a\":\n tr", 400, "line 2 column 3");
    check(&typed(json, 200_000), "[".repeat(200_000).as_bytes(), 400, "recursion limit");
    check(&typed(json, 1 << 20), b"", 413, "More than 262144 bytes");
    check(&typed(json, 10), b"{", 400, "cut off");
    check("Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n", 411, "how long");
    check("Content-Encoding: gzip\r\n", b"", 415, "without compression");
    check(&typed("text/plain", 0), b"", 415, "application/x-protobuf");
    check(&format!("X: {}\r\n", "x".repeat(20_000)), b"", 431, "no end");
    let wanted = |line: &Value| line["gauges"].as_array().is_some_and(|all| all.iter().any(|one| one[0] == "queue"));
    let heard = lines.by_ref().map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap()).find(wanted).unwrap();
    let counter = |name: &str| {
        let all = heard["counters"].as_array().unwrap().iter();
        all.filter(|one| one[0] == name).map(|one| one[1].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!((counter("offload.done"), counter("request.duration_count")), (15, 4));
    assert_eq!(heard["gauges"][1][1], 0.8, "{heard}");
    let mut stream = std::net::TcpStream::connect(&free).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    let page = page.split_once("\r\n\r\n").unwrap().1;
    // Nine answers, and one point.
    assert!(page.contains("\nprobity_application_refused 10\n"), "{page}");
    if let Some(python) = python() {
        house.write("page", page);
        let read = "from prometheus_client.openmetrics.parser import text_string_to_metric_families as read
for family in read(open('page').read()):
    if family.name.startswith('app_'): print(family.name, family.type, float(sum(s.value for s in family.samples if not s.name.endswith('_bucket'))))";
        let ran = Command::new(python).current_dir(house.root()).args(["-c", read]).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        let expect = "app_active gauge 3.0\napp_offload_done counter 15.0\napp_offload_rate gauge 0.8\napp_queue gauge 3.0\napp_request_duration histogram 9167.0\n";
        assert_eq!(said, expect, "{}", String::from_utf8_lossy(&ran.stderr));
    }
    assert!(Command::new("kill").arg(child.0.id().to_string()).status().unwrap().success());
    lines.for_each(drop);
    assert_eq!(child.0.wait().unwrap().code(), Some(0));
    assert!(house.json(&["sampler", "status", "--output", "samples"], 0)["lines"].as_u64() > Some(1));
    house.run(&["sampler", "run", "--output", "samples", "--receive", "0.0.0.0:0"]).expect(2);
}

/// What our own rules find in the DaemonSet that we write is what stands in its head, and nothing else.
#[cfg(feature = "rules")]
#[test]
fn the_daemon_set_is_judged() {
    let house = House::initialised();
    let manifest = house.run(&["sampler", "install", "kubernetes"]).expect(0).stdout;
    house.write("in/daemonset.yaml", &manifest);
    let document = house.json(&["evaluate", "--pack", "infrastructure", "--input", "in"], 1);
    let rules = document["rules"].as_array().unwrap();
    let mut broken: Vec<&str> =
        rules.iter().filter(|rule| rule["answer"] == "broken").map(|rule| rule["rule"].as_str().unwrap()).collect();
    broken.sort_unstable();
    let expect = ["kubernetes-network-policy", "kubernetes-no-host", "kubernetes-non-root"];
    assert_eq!(broken, expect.map(|rule| format!("infrastructure.{rule}")), "{document}");
    assert!(expect.iter().all(|rule| manifest.contains(rule)), "{manifest}");
}
