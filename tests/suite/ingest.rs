//! `ingest`: everything once, whatever happens.

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::house::{House, Ran, fit_their_schemas, python, repository, with_own_mounts};

/// `count` lines of a log, one second apart, told apart by `word`.
fn lines(word: &str, count: usize) -> String {
    let line = |second: usize| {
        let (hour, minute, second_of) = (second / 3600 % 24, second / 60 % 60, second % 60);
        format!("{{\"time\":\"2026-11-21T{hour:02}:{minute:02}:{second_of:02}Z\",\"message\":\"{word} {second}\"}}\n")
    };
    (0..count).map(line).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// A zstd frame of one raw block (RFC 8878 §3.1.1): single segment, content size of two bytes.
fn zstd(bytes: &[u8]) -> Vec<u8> {
    assert!((256..65_536 + 256).contains(&bytes.len()));
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x60];
    frame.extend(((bytes.len() - 256) as u16).to_le_bytes());
    frame.extend(&(((bytes.len() as u32) << 3) | 1).to_le_bytes()[..3]);
    frame.extend(bytes);
    frame
}

/// Every format is known by its content and by its name, and its records arrive in the table of their kind.
#[test]
fn every_format_by_content_and_by_name() {
    let check = |fixture: &str, format: &str, table: &str| {
        let house = House::new();
        let path = repository("fixtures").join(fixture);
        let path = path.to_str().unwrap();
        let detected = house.json(&["ingest", path, "--any-time"], 0);
        let input = &detected["inputs"][0];
        assert_eq!((input["state"].as_str(), input["format"].as_str()), (Some("ingested"), Some(format)), "{detected}");
        let records = input["records"].as_u64().unwrap();
        assert!(records > 0, "{detected}");
        let all = if table == "all" { ["logs", "metrics", "traces"].as_slice() } else { &[table] };
        let rows: u64 = all.iter().map(|table| house.count(&format!("SELECT count(*) FROM {table}"))).sum();
        assert_eq!(rows, records, "{fixture}");
        let named = house.json(&["ingest", path, "--any-time", "--check", "--format", format], 0);
        assert_eq!(named["inputs"][0]["records"], input["records"], "{fixture}");
        fit_their_schemas(&[detected, named]);
    };
    check("accesslog/valid/combined.log", "access-log", "logs");
    check("text/valid/syslog.log", "text", "logs");
    check("jsonlines/valid/requests.jsonl", "jsonlines", "logs");
    check("jsonlines/valid/packed.jsonl.gz", "jsonlines", "logs");
    check("csv/valid/comma.csv", "csv", "logs");
    check("otlp/valid/logs.jsonl", "otlp-json", "logs");
    check("otlp/valid/one-document.json", "otlp-json", "all");
    check("otlp/valid/pretty-and-concatenated.json", "otlp-json", "all");
    check("prometheus/valid/types.prom", "prometheus", "metrics");
    check("openmetrics/valid/all-types.om", "openmetrics", "metrics");
    check("syslog/valid/counted.log", "syslog", "logs");
    check("journald/valid/journalctl.export", "journald", "logs");
    check("journald-json/valid/journalctl.json", "journald-json", "logs");
    check("logfmt/valid/requests.log", "logfmt", "logs");
    check("statsd/valid/clients.log", "statsd", "metrics");
    check("remote-write/valid/two-series.snappy", "remote-write", "metrics");
    check("otlp-protobuf/valid/traces-varint.bin", "otlp-protobuf", "traces");
}

/// The demo's recorded folder goes in whole, once.
#[test]
fn the_recorded_demo_goes_in_once() {
    let house = House::new();
    let logs = repository("fixtures/demo/logs");
    let first = house.json(&["ingest", logs.to_str().unwrap()], 0);
    assert!(first["records"].as_u64().unwrap() > 1_000, "{first}");
    let again = house.json(&["ingest", logs.to_str().unwrap()], 0);
    let states: Vec<_> = again["inputs"].as_array().unwrap().iter().map(|input| input["state"].clone()).collect();
    assert!(states.iter().all(|state| state == "known"), "{again}");
    assert_eq!(house.count("SELECT count(*) FROM logs"), first["records"].as_u64().unwrap());
}

/// gzip and zstd are known by content, and the original is the same whatever it was packed in.
#[test]
fn compression_is_seen_through() {
    let house = House::new();
    let text = lines("a", 500);
    house.write("plain.jsonl", &text);
    house.write("no-ending", gzip(text.as_bytes()));
    house.write("wrong-ending.log", zstd(text.as_bytes()));
    let of = |path: &str| house.json(&["ingest", path], 0)["inputs"][0].clone();
    let (packed, plain, frame) = (of("no-ending"), of("plain.jsonl"), of("wrong-ending.log"));
    assert_eq!(
        (&packed["compression"], &packed["state"], &packed["records"]),
        (&"gzip".into(), &"ingested".into(), &500.into())
    );
    assert_eq!((&plain["compression"], &plain["state"]), (&Value::Null, &"known".into()));
    assert_eq!((&frame["compression"], &frame["state"]), (&"zstd".into(), &"known".into()));
    assert_eq!((&packed["sha256"], &packed["sha256"]), (&plain["sha256"], &frame["sha256"]));
    assert_eq!(house.count("SELECT count(*) FROM logs"), 500);
}

/// A folder is read with everything below; standard input is `-`.
#[test]
fn folders_and_standard_input() {
    let house = House::new();
    house.write("logs/one.jsonl", lines("one", 3));
    house.write("logs/deep/er/two.jsonl", lines("two", 4));
    house.write("more.jsonl", lines("more", 5));
    let taken = house.json(&["ingest", "logs", "more.jsonl"], 0);
    assert_eq!((taken["records"].as_u64(), taken["inputs"].as_array().unwrap().len()), (Some(12), 3), "{taken}");
    let piped = house.run_with(&["ingest", "--json", "-"], lines("piped", 6).as_bytes()).expect(0);
    assert_eq!(serde_json::from_str::<Value>(&piped.stdout).unwrap()["inputs"][0]["input"], "-");
    assert_eq!(house.count("SELECT count(*) FROM logs"), 18);
    // Bytes that came by file before are known when they come by pipe.
    let again = house.run_with(&["ingest", "-"], lines("more", 5).as_bytes()).expect(0);
    assert!(again.stdout.contains("1 of 1 was in the store already"), "{again:?}");
}

/// What probity keeps in a project is no input.
#[test]
fn a_project_is_not_its_own_input() {
    let house = House::initialised();
    house.write("a.jsonl", lines("a", 3));
    house.write(".probity/notes.log", lines("notes", 3));
    for _ in 0..2 {
        let taken = house.json(&["ingest", "a.jsonl", "--project", "."], 0);
        assert_eq!(taken["inputs"].as_array().unwrap().len(), 1);
    }
    let checked = house.run(&["ingest", ".", "--check", "--json"]);
    assert!(checked.stdout.contains("./a.jsonl") && !checked.stdout.contains(".probity"), "{checked:?}");
}

/// Many inputs are shown by folder, and each of them in JSON.
#[test]
fn many_inputs_are_summed_up_for_people() {
    let house = House::new();
    for number in 0..300 {
        house.write(&format!("logs/{number}.jsonl"), lines(&format!("file {number}"), 2));
    }
    let ran = house.run(&["ingest", "logs"]).expect(0);
    assert!(ran.stdout.contains("logs\tingested\tjsonlines\t300\t600\t0\n"), "{ran:?}");
    assert_eq!(house.json(&["ingest", "logs"], 0)["inputs"].as_array().unwrap().len(), 300);
    assert_eq!(house.count("SELECT count(DISTINCT raw) FROM logs"), 300);
}

/// `--check` parses, says what it would, and leaves no trace.
#[test]
fn a_check_keeps_nothing() {
    let house = House::new();
    house.write("good.jsonl", lines("good", 3));
    house.write("bad.prom", "# TYPE up gauge\nup 1\nup{\n");
    let before = house.tree(".");
    let good = house.json(&["ingest", "--check", "good.jsonl"], 0);
    assert_eq!(
        (&good["checked"], &good["inputs"][0]["state"], &good["store"]),
        (&true.into(), &"checked".into(), &Value::Null)
    );
    let bad = house.run(&["ingest", "--check", "bad.prom"]).expect(6).code("too-many-rejected");
    assert!(bad.stdout.contains("bad.prom:3:"), "{bad:?}");
    assert_eq!(house.tree("."), before);
}

/// `--kind` says what the fields of JSON Lines and CSV mean; a kind that a format cannot hold is refused.
#[test]
fn kinds() {
    let house = House::new();
    let fixture = |below: &str| repository("fixtures").join(below).display().to_string();
    house.run(&["ingest", "--kind", "traces", &fixture("jsonlines/valid/traces.jsonl")]).expect(0);
    house.run(&["ingest", "--kind", "metrics", &fixture("jsonlines/valid/metrics.jsonl")]).expect(0);
    assert_eq!((house.count("SELECT count(*) FROM traces"), house.count("SELECT count(*) FROM metrics")), (1, 2));
    assert_eq!(
        house.run(&["query", "SELECT span_kind, duration_ns FROM traces", "--csv"]).stdout,
        "span_kind,duration_ns\r\nserver,12500000\r\n"
    );
    let wrong = house.run(&["ingest", "--kind", "log", "x"]).expect(2);
    assert!(wrong.stderr.contains("'logs'"), "{wrong:?}");
}

/// A map says which field of JSON Lines or CSV is which, and what must not be kept.
#[test]
fn maps() {
    let house = House::new();
    let fixture = |below: &str| repository("fixtures").join(below).display().to_string();
    let json = [fixture("jsonlines/valid/mapped.jsonl"), fixture("jsonlines/valid/mapped.toml")];
    house.run(&["ingest", &json[0], "--map", &json[1]]).expect(0);
    let rows = house.run(&["query", "SELECT ts, latency_ms, status, service FROM logs", "--csv"]).expect(0);
    assert_eq!(rows.stdout, "ts,latency_ms,status,service\r\n2026-01-31T09:00:00Z,290.0,404,billing\r\n");
    let kept = house.run(&["query", "SELECT attributes FROM logs"]).expect(0);
    assert!(!kept.stdout.contains("secret"), "{kept:?}");
    let csv = [fixture("csv/valid/semicolon.csv"), fixture("csv/valid/semicolon.toml")];
    house.run(&["ingest", &csv[0], "--map", &csv[1]]).expect(0);
    // Without the map's zone nobody would know where the clock stood; with it there is nothing to warn of.
    let silent = house.run(&["ingest", "--check", &csv[0], "--map", &csv[1]]).expect(0);
    assert_eq!(silent.stderr, "");
    house.write("no-zone.toml", "[fields]\ntime = \"wann\"\nmessage = \"ort\"\n");
    let warned = house.run(&["ingest", "--check", &csv[0], "--map", "no-zone.toml"]).expect(0);
    assert!(warned.stderr.contains("warning: ") && warned.stderr.contains("[zone-assumed]"), "{warned:?}");
    assert_eq!(house.count("SELECT count(*) FROM logs WHERE attributes['ort'] = 'Bern' AND message = '1,5'"), 1);
    // Another map makes other records of the same bytes: that is another reading, not a repetition.
    house.write("other.toml", "[fields]\ntime = \"wann\"\nmessage = \"ort\"\n[time]\nzone = \"+01:00\"\n");
    house.run(&["ingest", &csv[0], "--map", "other.toml"]).expect(0);
    assert_eq!(house.count("SELECT count(*) FROM logs WHERE message IN ('1,5', 'Bern')"), 2);
}

/// Rejected lines are kept with place and reason; as many as allowed let the rest in, one more refuses the whole original.
#[test]
fn rejected_lines_are_counted_and_kept() {
    let house = House::new();
    let mut text = lines("good", 198);
    text.push_str("not json\n{\"time\":\"2026-11-21T10:00:00Z\",\"message\":}\n");
    house.write("a.jsonl", &text);
    // 2 of 200 is exactly the default of 1 %.
    let taken = house.json(&["ingest", "a.jsonl"], 0);
    let input = &taken["inputs"][0];
    assert_eq!((input["records"].as_u64(), input["rejected"].as_u64()), (Some(198), Some(2)), "{taken}");
    let kept = house.path(input["rejected_file"].as_str().unwrap());
    let rejected: Vec<Value> =
        fs::read_to_string(&kept).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rejected.len(), 2);
    assert_eq!((&rejected[0]["line"], &rejected[0]["text"]), (&199.into(), &"not json".into()));
    assert_eq!((&rejected[1]["line"], &rejected[1]["column"]), (&200.into(), &42.into()));
    assert!(rejected.iter().all(|line| line["code"].is_string() && line["reason"].is_string()), "{rejected:?}");
    assert_eq!(house.count("SELECT count(*) FROM logs"), 198);

    house.write("b.jsonl", text + "neither\n");
    let refused = house.json(&["ingest", "b.jsonl"], 6);
    let input = &refused["inputs"][0];
    assert_eq!((&input["state"], &input["failure"]["code"]), (&"refused".into(), &"too-many-rejected".into()));
    let kept = house.path(input["rejected_file"].as_str().unwrap());
    assert_eq!(fs::read_to_string(kept).unwrap().lines().count(), 3);
    assert_eq!((&refused["store"], house.count("SELECT count(*) FROM logs")), (&Value::Null, 198));
    // What was refused comes in when more is allowed, by flag, by variable or by file.
    house.run(&["ingest", "--check", "--max-rejected", "2%", "b.jsonl"]).expect(0);
    house.run(&["ingest", "--check", "--max-rejected", "0.0149", "b.jsonl"]).expect(6);
    Ran::of(house.command(&["ingest", "b.jsonl"]).env("PROBITY_INGEST_MAX_REJECTED", "2%").output().unwrap()).expect(0);
    assert_eq!(house.count("SELECT count(*) FROM logs"), 396);
    for wrong in ["200%", "-1", "many", ""] {
        house.run(&["ingest", "--max-rejected", wrong, "b.jsonl"]).expect(2);
    }
    fit_their_schemas(&[taken, refused]);
}

/// One bad file among good ones: the good ones are kept, the bad one is named, and the exit says so.
#[test]
fn a_bad_file_does_not_hold_up_the_others() {
    let house = House::new();
    house.write("logs/1.jsonl", lines("one", 3));
    house.write("logs/2.zip", b"PK\x03\x04 and so on");
    house.write("logs/3.jsonl", lines("three", 4));
    let ran = house.run(&["ingest", "logs", "--quiet"]).expect(6).code("is-archive");
    assert!(ran.stdout.is_empty() && ran.stderr.contains("logs/2.zip"), "{ran:?}");
    assert_eq!(house.count("SELECT count(*) FROM logs"), 7);
    // A path that is not there is a mistake in the command line: nothing is begun.
    house.write("more.jsonl", lines("more", 5));
    house.run(&["ingest", "more.jsonl", "nowhere"]).expect(6).code("not-found");
    assert_eq!(house.count("SELECT count(*) FROM logs"), 7);
}

/// The same bytes again change nothing, and it says so.
#[test]
fn the_same_bytes_again_are_a_no_op() {
    let house = House::new();
    house.write("a.jsonl", lines("a", 10));
    house.write("b/renamed.log", lines("a", 10));
    house.run(&["ingest", "a.jsonl"]).expect(0);
    let before = house.tree(".probity/store");
    for path in ["a.jsonl", "b", "b/renamed.log"] {
        let ran = house.run(&["ingest", path]).expect(0);
        assert!(ran.stdout.contains("1 of 1 was in the store already; nothing was added for it."), "{ran:?}");
        assert!(ran.stdout.contains("\tknown\t"), "{ran:?}");
    }
    let both = house.json(&["ingest", "a.jsonl", "b", "-"], 0);
    assert_eq!((both["records"].as_u64(), &both["store"]), (Some(0), &Value::Null), "{both}");
    assert_eq!(house.tree(".probity/store"), before);
}

/// Flags that change nothing about an input make no second reading of it.
#[test]
fn flags_without_effect_bring_nothing_twice() {
    let house = House::new();
    let log = repository("fixtures/accesslog/valid/combined.log").display().to_string();
    house.write("a.jsonl", lines("a", 3));
    house.write("map.toml", "[fields]\nmessage = \"text\"\n");
    for options in [&[][..], &["--kind", "logs"], &["--max-rejected", "5%"]] {
        house.run(&[&["ingest", log.as_str(), "a.jsonl"], options].concat()).expect(0);
    }
    let mapped = house.run(&["ingest", &log, "--map", "map.toml"]).expect(0);
    assert!(mapped.stderr.contains("The map was not used"), "{mapped:?}");
    assert_eq!(house.count("SELECT count(*) FROM logs"), 10);
}

/// Two scrapes with equal bytes at different times are two facts; the time is in the name or given.
#[test]
fn two_scrapes_with_equal_bytes_are_two_facts() {
    let house = House::new();
    for name in ["node-20261121T100000Z.prom", "node-20261121T100005Z.prom"] {
        house.write(name, "# TYPE up gauge\nup 1\n");
        house.run(&["ingest", name]).expect(0);
    }
    house.run(&["ingest", "--scrape-time", "2026-11-21T10:00:10Z", "node-20261121T100000Z.prom"]).expect(0);
    house.run(&["ingest", "node-20261121T100000Z.prom"]).expect(0);
    let rows = house.run(&["query", "SELECT ts FROM metrics ORDER BY ts", "--csv"]).expect(0);
    assert_eq!(rows.stdout, "ts\r\n2026-11-21T10:00:00Z\r\n2026-11-21T10:00:05Z\r\n2026-11-21T10:00:10Z\r\n");
}

/// Four processes bring the same files at once: every row once, every process content, and a sound history.
#[test]
fn processes_at_once_bring_nothing_twice() {
    let house = House::initialised();
    for number in 0..20 {
        house.write(&format!("logs/{number}.jsonl"), lines(&format!("file {number}"), 50));
    }
    let start = || {
        let mut command = house.command(&["ingest", "logs", "--json"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let runs: Vec<_> = (0..4).map(|_| start()).collect::<Vec<_>>();
    let mut added = 0;
    for run in runs {
        let ran = Ran::of(run.wait_with_output().unwrap()).expect(0);
        added += serde_json::from_str::<Value>(&ran.stdout).unwrap()["records"].as_u64().unwrap();
    }
    assert_eq!((house.count("SELECT count(*) FROM logs"), added), (1_000, 1_000));
    assert_eq!(house.count("SELECT count(DISTINCT message) FROM logs"), 1_000);
    house.run(&["audit", "verify"]).expect(0);
}

/// Killed thirty times at moments that are spread over a run, then left alone: all rows, each once, history sound.
#[test]
fn kill_at_any_moment_loses_nothing() {
    let house = House::initialised();
    for number in 0..40 {
        house.write(&format!("logs/{number:02}.jsonl"), lines(&format!("file {number}"), 250));
    }
    let mut killed = 0;
    let mut wait = Duration::from_millis(5);
    for round in 0..30 {
        // Some files at a time, so that later rounds still have something to do.
        let some: Vec<String> = (0..=round.min(38)).map(|number| format!("logs/{number:02}.jsonl")).collect();
        let args: Vec<&str> = std::iter::once("ingest").chain(some.iter().map(String::as_str)).collect();
        let mut child = house.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(wait);
        child.kill().unwrap();
        let done = child.wait().unwrap().success();
        killed += u32::from(!done);
        // The moment moves through the run: later while it is killed early, back to the start once it gets through.
        wait = if done { Duration::from_millis(5) } else { wait * 5 / 4 };
    }
    assert!(killed >= 15, "only {killed} of 30 runs were killed");
    house.run(&["ingest", "logs"]).expect(0);
    assert_eq!(house.count("SELECT count(*) FROM logs"), 10_000);
    assert_eq!(house.count("SELECT count(DISTINCT message) FROM logs"), 10_000);
    house.run(&["audit", "verify"]).expect(0);
}

/// A disk that fills up ends the run with exit 8 and a located message; with room again the next run brings the rest.
#[test]
fn a_full_disk_loses_nothing() {
    let house = House::new();
    house.run(&["init", "project"]).expect(0);
    house.write("small.jsonl", lines("small", 10));
    // Bytes that do not compress.
    let mut state = 1_u64;
    let noise: String = (0..60_000)
        .map(|second| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            format!(
                "{{\"time\":\"2026-11-21T10:00:00Z\",\"message\":\"{second} {:016x}{:016x}\"}}\n",
                state,
                state.rotate_left(23) ^ 77
            )
        })
        .collect();
    house.write("large.jsonl", &noise);
    let script = "
        mkdir disk; mount -t tmpfs -o size=1m none disk; cp -a project/. disk/; cd disk
        probity ingest ../small.jsonl; echo \"small $?\"
        set +e; probity ingest ../large.jsonl; echo \"large $?\"
        probity query 'SELECT count(*) AS rows FROM logs'
        mount -o remount,size=64m none .
        probity ingest ../large.jsonl; echo \"again $?\"
        probity query 'SELECT count(DISTINCT message) AS rows FROM logs'
        probity audit verify; echo \"verify $?\"";
    let Some(ran) = with_own_mounts(&house, script) else { return };
    for line in ["small 0", "large 8", "rows\n10\n", "again 0", "rows\n60010\n", "verify 0"] {
        assert!(ran.stdout.contains(line), "{line}: {ran:?}");
    }
    let ran = ran.code("disk-full");
    assert!(ran.stderr.contains("Free some space"), "{ran:?}");
}

/// The first run in a folder finds the disk full at every moment in turn: keys, store and ledger are whole when it comes again.
#[test]
fn a_first_run_without_room_keeps_no_second_one_out() {
    let house = House::new();
    house.write("a.jsonl", lines("a", 10));
    let script = "
        for room in $(seq 2 48); do
            mkdir $room; mount -t tmpfs -o size=2m,nr_inodes=$room none $room; cd $room; set +e
            probity -q ingest ../a.jsonl; echo \"room $room: $?\"
            mount -o remount,nr_inodes=200 .
            probity -q ingest ../a.jsonl; echo \"again $?\"
            probity query --csv 'SELECT count(*) FROM logs' | tail -n 1 | tr -d '\\r'
            probity -q audit verify; echo \"verify $?\"
            cd ..
        done";
    let Some(ran) = with_own_mounts(&house, script) else { return };
    let mut full = 0;
    for room in 2..=48 {
        let said = |first| format!("room {room}: {first}\nagain 0\n10\nverify 0\n");
        let was_full = ran.stdout.contains(&said(8));
        assert!(was_full || ran.stdout.contains(&said(0)), "{room}: {ran:?}");
        full += u32::from(was_full);
    }
    assert!((20..47).contains(&full), "{full} of 47 disks were full: {ran:?}");
}

/// Where nothing can be written it says so, and reading goes on.
#[test]
fn a_read_only_folder_says_so() {
    let house = House::initialised();
    house.write("a.jsonl", lines("a", 10));
    house.run(&["ingest", "a.jsonl"]).expect(0);
    house.write("b.jsonl", lines("b", 10));
    let script = "
        mount --bind . /mnt; mount -o remount,bind,ro /mnt; cd /mnt; set +e
        probity ingest b.jsonl; echo \"ingest $?\"
        probity ingest --check b.jsonl; echo \"check $?\"
        probity query 'SELECT count(*) AS rows FROM logs'; echo \"query $?\"
        probity init new; echo \"init $?\"";
    let Some(ran) = with_own_mounts(&house, script) else { return };
    assert!(ran.stderr.contains("is not in its ledger"), "{ran:?}");
    for line in ["ingest 8", "check 0", "query 0", "init 8"] {
        assert!(ran.stdout.contains(line), "{line}: {ran:?}");
    }
    ran.code("read-only");
    assert_eq!(house.count("SELECT count(*) FROM logs"), 10);
}

/// Ctrl-C while a pipe is being read: a clean stop, exit 130, nothing half-written.
#[test]
fn ctrl_c_stops_cleanly() {
    let house = House::initialised();
    house.write("a.jsonl", lines("a", 10));
    house.run(&["ingest", "a.jsonl"]).expect(0);
    house.write("b.jsonl", lines("b", 5));
    let mut command = house.command(&["ingest", "b.jsonl", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let id = child.id().to_string();
    let feeder = std::thread::spawn(move || {
        // As much as it takes: the reader goes away once it has heard the signal.
        for round in 0..1_000_000 {
            if stdin.write_all(lines(&format!("round {round}"), 100).as_bytes()).is_err() {
                return round;
            }
            if round == 200 {
                let status = std::process::Command::new("kill").args(["-INT", &id]).status().unwrap();
                assert!(status.success());
            }
        }
        panic!("it did not stop");
    });
    let ran = Ran::of(child.wait_with_output().unwrap()).expect(130).code("interrupted");
    assert!(feeder.join().unwrap() >= 200);
    assert!(ran.stderr.contains("Run the same command again"), "{ran:?}");
    // The file that was read to its end is kept, the pipe that was not is not.
    assert_eq!(house.count("SELECT count(*) FROM logs"), 15);
    house.run(&["audit", "verify"]).expect(0);
    let last = house.json(&["audit", "search", "--command", "ingest", "--reverse", "--limit", "1"], 0);
    assert_eq!((&last["code"], &last["facts"]["fault"]), (&130.into(), &"interrupted".into()), "{last}");
    // The next run tells the ledger what the stopped one left in the store.
    house.run(&["ingest", "b.jsonl"]).expect(0);
    let acts = house.run(&["audit", "search", "--command", "ingest"]).expect(0);
    assert!(acts.stdout.contains("\tingest.recovered\t"), "{acts:?}");
}

/// What was ingested stands in the ledger, with digests and counts and without a name of a file.
#[test]
fn the_ledger_knows_what_was_ingested() {
    let house = House::initialised();
    house.write("jane-doe.jsonl", lines("jane", 10));
    let taken = house.json(&["ingest", "jane-doe.jsonl"], 0);
    let entry = house.json(&["audit", "search", "--command", "ingest"], 0);
    assert_eq!((&entry["act"], &entry["outcome"]), (&"ingest.finished".into(), &"done".into()), "{entry}");
    assert_eq!(entry["digests"]["original_0"], taken["inputs"][0]["sha256"]);
    assert_eq!(entry["digests"]["commit_0"], taken["store"]["head"]);
    assert_eq!(entry["facts"]["records"], 10);
    assert!(!entry.to_string().contains("jane"), "{entry}");
    fit_their_schemas(&[entry]);
}

/// deltalake, Polars and DuckDB, which know nothing of probity, read the same rows.
#[test]
fn foreign_readers_see_the_same_rows() {
    if python().is_none() {
        return;
    }
    let house = House::initialised();
    for fixture in ["accesslog/valid/combined.log", "prometheus/valid/types.prom", "otlp/valid/one-document.json"] {
        house.run(&["ingest", "--any-time", repository("fixtures").join(fixture).to_str().unwrap()]).expect(0);
    }
    let judge =
        std::process::Command::new(repository("tests/judges/store/check")).arg(house.path(".probity/store")).output();
    let ran = Ran::of(judge.unwrap()).expect(0);
    let seen: Value = serde_json::from_str(&ran.stdout).unwrap();
    for table in ["logs", "metrics", "traces"] {
        let rows = house.count(&format!("SELECT count(*) FROM {table}"));
        for reader in ["deltalake", "polars", "duckdb"] {
            assert_eq!(seen[reader]["rows"][table], rows, "{reader} {table}: {seen}");
        }
    }
    assert_eq!(seen["duckdb"]["originals"], 3);
    assert_eq!(seen["deltalake"]["append"]["refused"], true, "{seen}");
    house.run(&["audit", "verify"]).expect(0);
}

/// The original is kept byte for byte.
#[test]
fn the_original_is_kept() {
    let house = House::new();
    let text = lines("a", 100);
    house.write("a.jsonl.gz", gzip(text.as_bytes()));
    let taken = house.json(&["ingest", "a.jsonl.gz"], 0);
    let digest = taken["inputs"][0]["sha256"].as_str().unwrap();
    let kept = house.path(&format!(".probity/store/raw/sha256/{}/{digest}.zst", &digest[..2]));
    assert!(kept.is_file(), "{}", kept.display());
    let again = house.json(&["ingest", "--check", kept.to_str().unwrap()], 0);
    assert_eq!(
        (&again["inputs"][0]["compression"], &again["inputs"][0]["bytes"]),
        (&"zstd".into(), &text.len().into())
    );
    let mut plain = String::new();
    flate2::read::GzDecoder::new(fs::File::open(house.path("a.jsonl.gz")).unwrap()).read_to_string(&mut plain).unwrap();
    assert_eq!(plain, text);
    let left: Vec<_> =
        house.path(".probity/store/tmp").read_dir().unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["commit.lock"]);
}
