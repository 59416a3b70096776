//! Bad input: a located message with a recommendation, the right exit code, bounded memory, nothing half-written.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::Command;

use serde_json::Value;

use crate::house::{House, Ran, fit_their_schemas, repository};

const GOOD: &str = "{\"time\":\"2026-11-21T10:00:00Z\",\"message\":\"good\"}\n";

/// Ingests `bytes` as the only file: the whole original is refused with `code`, at `place`, and the store holds nothing.
#[track_caller]
fn refused(name: &str, bytes: impl AsRef<[u8]>, options: &[&str], code: &str, place: &str) {
    let house = House::new();
    house.write(name, bytes);
    let ran = house.run(&[&["ingest", name], options].concat()).expect(6).code(code);
    assert!(ran.stderr.contains(&format!("error: {name}{place}:")), "{place}: {ran:?}");
    assert!(ran.stderr.contains("  hint: "), "{ran:?}");
    for table in ["logs", "metrics", "traces"] {
        assert_eq!(house.count(&format!("SELECT count(*) FROM {table}")), 0);
    }
    let document = house.json(&[&["ingest", name], options].concat(), 6);
    assert_eq!(document["inputs"][0]["failure"]["code"], code, "{document}");
    fit_their_schemas(&[document]);
}

/// Ingests `bytes` with half of its lines rejected at most: `(line, column, code)` of each rejection.
#[track_caller]
fn rejected(name: &str, bytes: impl AsRef<[u8]>, options: &[&str], expect: &[(u64, u64, &str)]) {
    let house = House::new();
    house.write(name, bytes);
    let args = [&["ingest", name, "--max-rejected", "80%"], options].concat();
    let document = house.json(&args, 0);
    let rejections = document["inputs"][0]["rejections"].as_array().unwrap();
    let seen: Vec<(u64, u64, &str)> = rejections
        .iter()
        .map(|one| (one["line"].as_u64().unwrap(), one["column"].as_u64().unwrap(), one["code"].as_str().unwrap()))
        .collect();
    assert_eq!(seen, expect, "{document}");
    fit_their_schemas(&[document]);
}

/// Compression that ends early or is damaged refuses the original and says how far it was sound.
#[test]
fn damaged_compression() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    (0..20_000).for_each(|row| writeln!(packed, "{}", GOOD.replace("good", &row.to_string()).trim_end()).unwrap());
    let packed = packed.finish().unwrap();
    refused("cut.gz", &packed[..packed.len() / 2], &[], "truncated-gzip", "");
    refused("cut-by-one.gz", &packed[..packed.len() - 1], &[], "truncated-gzip", "");
    let mut flipped = packed.clone();
    flipped[packed.len() / 2] ^= 0x55;
    refused("flipped.gz", flipped, &[], "corrupt-gzip", "");
    refused("cut.zst", [0x28, 0xb5, 0x2f, 0xfd, 0x60, 0x00], &[], "truncated-zstd", "");
}

/// Whatever is in the folder of bad samples is answered: in place, with advice, never with a bug.
#[test]
fn every_bad_sample_is_answered() {
    let house = House::new();
    for format in ["prometheus", "openmetrics", "jsonlines", "csv", "accesslog", "otlp", "text", "map"] {
        let folder = repository("fixtures").join(format).join("invalid");
        let document = house.json(&["ingest", "--check", folder.to_str().unwrap()], 6);
        let inputs = document["inputs"].as_array().unwrap();
        let mut refused = 0;
        for input in inputs.iter().filter(|input| input["state"] == "refused") {
            assert!(input["failure"]["advice"].as_str().is_some_and(|advice| advice.ends_with(['.', '?'])), "{input}");
            assert_eq!(input["failure"]["place"]["file"], input["input"]);
            refused += 1;
        }
        assert!(refused > 0, "{format}: {document}");
        fit_their_schemas(&[document]);
    }
}

/// A small file that unpacks to a very large one is refused in bounded time and memory.
#[test]
fn a_bomb_is_refused() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(GOOD.as_bytes()).unwrap();
    let zeros = vec![b' '; 1 << 20];
    (0..200).for_each(|_| packed.write_all(&zeros).unwrap());
    refused("bomb.gz", packed.finish().unwrap(), &[], "expands-too-much", "");
}

/// Bytes that are no text, and control characters, are rejected where they stand.
#[test]
fn bytes_that_are_no_text() {
    let with = |bytes: &[u8]| {
        [GOOD.as_bytes(), b"{\"time\":\"2026-11-21T10:00:00Z\",\"message\":\"", bytes, b"\"}\n"].concat()
    };
    rejected("a.jsonl", with(b"\xff\xfe"), &[], &[(2, 43, "invalid-utf8")]);
    rejected("a.jsonl", with(b"\xc0\x80"), &[], &[(2, 43, "invalid-utf8")]);
    rejected("a.jsonl", with(b"x\0y"), &[], &[(2, 44, "bad-json")]);
    let log = b"10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 5\n\0\0\0\0\0\0\n";
    rejected("a.log", log, &["--format", "access-log"], &[(2, 1, "bad-access-line")]);
    refused("nul.log", vec![0_u8; 100_000], &[], "unrecognised-format", "");
    refused(
        "random.bin",
        (0..100_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect::<Vec<_>>(),
        &[],
        "unrecognised-format",
        "",
    );
}

/// 1970 and the far future are rejected, unless `--any-time` says that they are meant.
#[test]
fn times_that_cannot_be() {
    let text = GOOD.to_owned()
        + "{\"time\":\"1970-01-01T00:00:00Z\",\"message\":\"old\"}\n"
        + "{\"time\":\"2026-11-23T12:00:01Z\",\"message\":\"tomorrow\"}\n"
        + "{\"time\":\"2026-11-23T12:00:00Z\",\"message\":\"a day ahead is a clock that is off\"}\n"
        + "{\"time\":\"2026-02-30T12:00:00Z\",\"message\":\"no such day\"}\n"
        + "{\"time\":0,\"message\":\"zero\"}\n";
    rejected(
        "a.jsonl",
        &text,
        &[],
        &[(2, 9, "time-too-old"), (3, 9, "time-in-future"), (5, 9, "unreadable-time"), (6, 9, "time-too-old")],
    );
    rejected("a.jsonl", &text, &["--any-time"], &[(5, 9, "unreadable-time")]);
}

/// What an exposition must not hold is rejected line by line, or refuses it whole.
#[test]
fn expositions_that_break_the_rules() {
    rejected(
        "dup.prom",
        "# TYPE a gauge\na{x=\"1\"} 1\na{x=\"1\"} 2\na{x=\"2\"} 1\n",
        &[],
        &[(3, 1, "duplicate-sample")],
    );
    rejected("nan.prom", "# TYPE a counter\na 1\nb NaN\nc +Inf\nd -Inf\n", &[], &[]);
    rejected("value.prom", "# TYPE a gauge\na 1\nb one\n", &[], &[(3, 3, "bad-sample-value")]);
    refused("no-eof.om", "# TYPE a gauge\na 1\n", &["--format", "openmetrics"], "missing-eof", ":2");
    refused(
        "nan.om",
        "# TYPE a counter\na_total NaN\n# EOF\n",
        &["--format", "openmetrics"],
        "too-many-rejected",
        ":2:9",
    );
}

/// A legal NaN or infinity is counted as absent, neither kept nor rejected.
#[test]
fn a_legal_nan_is_counted() {
    let house = House::new();
    house.write("nan.prom", "# TYPE a gauge\na 1\nb NaN\nc +Inf\n");
    let document = house.json(&["ingest", "nan.prom"], 0);
    let input = &document["inputs"][0];
    assert_eq!(
        (&input["records"], &input["rejected"], &input["absent"]),
        (&1.into(), &0.into(), &2.into()),
        "{document}"
    );
    assert_eq!(house.count("SELECT count(*) FROM metrics"), 1);
}

/// JSON that is nested ten thousand deep is rejected before it fills the stack.
#[test]
fn json_ten_thousand_deep() {
    let deep = |open: &str, close: &str| {
        format!("{GOOD}{{\"time\":\"2026-11-21T10:00:00Z\",\"x\":{}1{}}}\n", open.repeat(10_000), close.repeat(10_000))
    };
    rejected("lists.jsonl", deep("[", "]"), &[], &[(2, 99, "too-deep")]);
    rejected("objects.jsonl", deep("{\"a\":", "}"), &[], &[(2, 351, "too-deep")]);
    let otlp = format!("{{\"resourceLogs\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let house = House::new();
    house.write("deep.json", otlp);
    house.run(&["ingest", "deep.json"]).expect(6);
}

/// A line of 64 MiB is rejected and passed over in bounded memory; its neighbours are read.
#[test]
fn one_line_of_64_mib() {
    let house = House::new();
    let mut file = fs::File::create(house.path("long.jsonl")).unwrap();
    file.write_all(GOOD.as_bytes()).unwrap();
    file.write_all(b"{\"time\":\"2026-11-21T10:00:00Z\",\"message\":\"").unwrap();
    let part = vec![b'x'; 1 << 20];
    (0..64).for_each(|_| file.write_all(&part).unwrap());
    file.write_all(b"\"}\n").unwrap();
    file.write_all(GOOD.replace("good", "after").as_bytes()).unwrap();
    drop(file);
    // The peak is read where the shell waits for its child; 160 MiB is far below keeping the line even three times.
    let ran = house.shell(
        "probity ingest long.jsonl --max-rejected 50% --json & child=$!; peak=0\n\
         while now=$(awk '/VmHWM/ { print $2 }' /proc/$child/status 2>/dev/null) && [ -n \"$now\" ]; do peak=$now; sleep 0.02; done\n\
         wait $child || exit; [ $peak -lt 163840 ] || { echo \"peak $peak KiB\"; exit 99; }",
    );
    let document: Value = serde_json::from_str(&ran.expect(0).stdout).unwrap();
    let input = &document["inputs"][0];
    assert_eq!((&input["records"], &input["rejections"][0]["line"]), (&2.into(), &2.into()), "{document}");
    assert_eq!(input["rejections"][0]["code"], "line-too-long");
    // What is kept of the line is short.
    let kept = house.path(input["rejected_file"].as_str().unwrap());
    assert!(kept.metadata().unwrap().len() < 1 << 20);
    assert_eq!(house.count("SELECT count(*) FROM logs"), 2);
    // The same from a pipe, without a newline anywhere.
    let ran = house.shell("head -c 67108864 /dev/zero | tr '\\0' x | probity ingest --format jsonlines -");
    ran.expect(6).code("too-many-rejected");
}

/// Archives are named as such; links, pipes and sockets in a folder do no harm.
#[test]
fn what_a_folder_may_hold() {
    let house = House::new();
    house.write("in/good.jsonl", GOOD);
    symlink("..", house.path("in/loop")).unwrap();
    symlink("in", house.path("self")).unwrap();
    symlink("/etc/passwd", house.path("in/outside")).unwrap();
    symlink("nowhere", house.path("in/dangling")).unwrap();
    assert!(Command::new("mkfifo").arg(house.path("in/pipe")).status().unwrap().success());
    let _socket = UnixListener::bind(house.path("in/socket")).unwrap();
    house.write("in/empty.log", "");
    let document = house.json(&["ingest", "in"], 0);
    let states: Vec<(&str, &str)> = document["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["input"].as_str().unwrap(), one["state"].as_str().unwrap()))
        .collect();
    assert_eq!(states, [("in/empty.log", "empty"), ("in/good.jsonl", "ingested")]);
    // A link that is named is meant.
    assert_eq!(house.json(&["ingest", "self"], 0)["inputs"].as_array().unwrap().len(), 2);
    // A socket that is named is a mistake; a folder with nothing to read says so.
    house.run(&["ingest", "in/socket"]).expect(6).code("not-a-file");
    fs::create_dir(house.path("hollow")).unwrap();
    symlink("..", house.path("hollow/loop")).unwrap();
    let ran = house.run(&["ingest", "hollow"]).expect(0);
    assert!(ran.stderr.contains("There is no file to read here"), "{ran:?}");
    // A zip among logs is refused by name, and the logs are read.
    house.write("in/logs.zip", b"PK\x03\x04\x14\0\0\0");
    let mut tar = vec![0_u8; 1024];
    tar[257..262].copy_from_slice(b"ustar");
    house.write("in/logs.tar", tar);
    let ran = house.run(&["ingest", "in"]).expect(6).code("is-archive");
    assert!(ran.stderr.contains("in/logs.zip") && ran.stderr.contains("in/logs.tar"), "{ran:?}");
    assert_eq!(house.count("SELECT count(*) FROM logs"), 1);
}

/// Links that lead back to themselves, and names that no file can have, are wrong paths and no failing disk.
#[test]
fn a_path_that_leads_nowhere() {
    let house = House::initialised();
    symlink("there", house.path("here")).unwrap();
    symlink("here", house.path("there")).unwrap();
    house.run(&["case", "new", "c1", "--title", "T"]).expect(0);
    let check = |path: &str, code: &str, hint: &str| {
        for command in [&["ingest"][..], &["case", "add", "c1"], &["verify"], &["run"], &["evaluate", "--rule"]] {
            let ran = house.run(&[command, &[path]].concat()).expect(6).code(code);
            assert!(ran.stderr.contains(hint) && ran.stderr.contains(path), "{command:?}: {ran:?}");
        }
    };
    check("here", "link-loop", "Name the file itself");
    check("here/a.log", "link-loop", "Name the file itself");
    check("nowhere.log", "not-found", "Check the path");
    check("probity.toml/a.log", "wrong-file-type", "a folder where a folder is meant");
    check(&"x".repeat(300), "bad-file-name", "by a name that the file system takes");
}

/// A pipe that is named is read to its end.
#[test]
fn a_named_pipe_is_read() {
    let house = House::new();
    house.write("a.jsonl", GOOD);
    let ran = house.shell("mkfifo pipe; cat a.jsonl >pipe & probity ingest pipe");
    assert!(ran.expect(0).stdout.contains("pipe\tingested\tjsonlines\t1\t0\t"));
}

/// An empty file and an empty pipe are facts, not failures.
#[test]
fn nothing_is_not_an_error() {
    let house = House::new();
    house.write("empty", "");
    assert_eq!(house.json(&["ingest", "empty"], 0)["inputs"][0]["state"], "empty");
    assert_eq!(house.json(&["ingest", "-"], 0)["inputs"][0]["state"], "empty");
}

/// A misspelt key is shown with its line, a caret under it and what was probably meant: exit 7, before anything is done.
#[test]
fn misspelt_keys() {
    let house = House::new();
    house.write("probity.toml", "[ingest]\nmax_rejectd = \"2%\"\n");
    house.write("a.jsonl", GOOD);
    let ran = house.run(&["ingest", "a.jsonl"]).expect(7).code("unknown-key");
    let place = format!("{}:2:1: ", house.path("probity.toml").display());
    for part in
        [place.as_str(), "  2 | max_rejectd = \"2%\"\n    | ^\n", "  hint: Did you mean \"ingest.max_rejected\"?"]
    {
        assert!(ran.stderr.contains(part), "{part}: {ran:?}");
    }
    assert!(!house.path(".probity").exists());
    let document = house.json(&["ingest", "a.jsonl"], 7);
    assert_eq!((&document["place"]["line"], &document["name"]), (&2.into(), &"bad-config".into()));
    fit_their_schemas(&[document]);

    let house = House::new();
    house.write("a.jsonl", GOOD);
    house.write("map.toml", "[fields]\nmesage = \"text\"\n");
    let ran = house.run(&["ingest", "a.jsonl", "--map", "map.toml"]).expect(7).code("unknown-map-key");
    for part in ["map.toml:2:1: ", "  2 | mesage = \"text\"\n    | ^\n", "  hint: Did you mean message?"] {
        assert!(ran.stderr.contains(part), "{part}: {ran:?}");
    }
    house.run(&["ingest", "a.jsonl", "--map", "."]).expect(6).code("wrong-file-type");
    house.write("map.toml", "[fields\n");
    let ran = house.run(&["ingest", "a.jsonl", "--map", "map.toml"]).expect(7);
    assert!(ran.stderr.contains("map.toml:1:"), "{ran:?}");
}

/// Settings of the wrong type or value are located too, wherever they came from.
#[test]
fn wrong_settings() {
    let check = |text: &str, code: &str, place: &str| {
        let house = House::new();
        house.write("probity.toml", text);
        house.write("a.jsonl", GOOD);
        let ran = house.run(&["ingest", "a.jsonl"]).expect(7).code(code);
        assert!(ran.stderr.contains(&format!("probity.toml{place}: ")) && ran.stderr.contains("hint: "), "{ran:?}");
    };
    check("[ingest]\nany_time = \"yes\"\n", "wrong-type", ":2:12");
    check("[ingest]\nmax_rejected = \"much\"\n", "bad-number", ":2:16");
    check("[ingest]\nmax_rejected = \"150%\"\n", "bad-share", ":2:16");
    check("[ingest\n", "bad-toml", ":1:8");
    check("[ingest]\nany_time = true\nany_time = true\n", "bad-toml", ":3:1");
    check("[ingst]\nany_time = true\n", "unknown-key", ":2:1");
    let house = House::new();
    house.write("probity.toml", b"# \xff\n");
    house.run(&["config", "show"]).expect(6).code("not-utf-8");
}

/// A misspelt flag, command or value is answered with the one that was probably meant.
#[test]
fn misspelt_flags() {
    let house = House::new();
    let check = |args: &[&str], says: &str| {
        let ran = house.run(args).expect(2);
        assert!(ran.stdout.is_empty() && ran.stderr.contains(says), "{args:?}: {ran:?}");
    };
    check(&["ingest", "--formt", "csv", "x"], "'--format'");
    check(&["ingset", "x"], "'ingest'");
    check(&["ingest", "--kind", "log", "x"], "'logs'");
    check(&["ingest", "--format", "cvs", "x"], "csv");
    check(&["ingest"], "<PATH>");
    check(&["--tim", "2026-01-01T00:00:00Z", "config", "show"], "'--time'");
    check(&["ingest", "x", "--time", "yesterday"], "yesterday");
    check(&["ing", "x"], "unrecognized subcommand");
}

/// Text from logs and names of files reach no terminal raw: every way out of `ingest`.
#[test]
fn hostile_text_is_neutralised() {
    let house = House::new();
    let clean = |ran: &Ran| {
        // Colours are our own where they are asked for; everything else of the kind came from outside.
        let all = format!("{}{}", ran.stdout, ran.stderr).replace("\u{1b}[", "[");
        assert!(!all.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']), "{ran:?}");
    };
    let junk = "\u{1b}]0;title\u{7}\u{9b}31m\u{202e}";
    house.write("lines.jsonl", format!("{GOOD}{junk}\n{{\"time\":\"{junk}\"}}\n"));
    house.write(&format!("name{junk}.zip"), b"PK\x03\x04");
    house.write("series.prom", format!("# TYPE a gauge\na{{x=\"{junk}\"}} 1\na{{x=\"{junk}\"}} 1\n"));
    for options in [&["--max-rejected", "99%"][..], &["--check"], &["--color", "always"], &["--json"]] {
        clean(&house.run(&[&["ingest", "."], options].concat()).expect(6));
    }
    clean(&house.run(&["ingest", &format!("no{junk}")]).expect(6));
    clean(&house.run(&["query", &format!("SELECT \"{junk}\" FROM logs")]).expect(2));
    clean(&house.run(&["query", "SELECT * FROM metrics"]).expect(0));
    clean(&house.run(&["ingest", "x", "--format", junk]).expect(2));
    house.write("map.toml", format!("\"{}\" = 1\n", "\\u001b[31m"));
    clean(&house.run(&["ingest", "lines.jsonl", "--map", "map.toml"]).expect(7));
}

/// Variables set settings, and `config show --origin` says which value came from where.
#[test]
fn settings_and_where_they_came_from() {
    let house = House::initialised();
    house.write("probity.toml", "[ingest]\nmax_rejected = \"3%\"\n");
    let show = |variables: &[(&str, &str)]| {
        let mut command = house.command(&["config", "show", "--origin", "--json"]);
        command.envs(variables.iter().copied());
        Ran::of(command.output().unwrap())
    };
    let variables =
        [("PROBITY_INGEST_ANY_TIME", "true"), ("PROBITY_EVALUATE_RULES", "a,b"), ("PROBITY_QUERY_THREADS", "2")];
    let document: Value = serde_json::from_str(&show(&variables).expect(0).stdout).unwrap();
    let check = |key: &str, value: &str, origin: &str| {
        let setting = &document["settings"][key];
        assert_eq!(setting["value"], value, "{key}");
        assert!(setting["origin"].as_str().unwrap().ends_with(origin), "{key}: {setting}");
    };
    check("ingest.max_rejected", "\"3%\"", "probity.toml:2:16");
    check("ingest.any_time", "true", "environment PROBITY_INGEST_ANY_TIME");
    check("evaluate.rules", "[\"a\", \"b\"]", "environment PROBITY_EVALUATE_RULES");
    check("query.threads", "2", "environment PROBITY_QUERY_THREADS");
    check("package.marking", "\"CONFIDENTIAL\"", "built-in default");
    let table = house.run(&["config", "show", "--origin"]).expect(0);
    assert!(table.stdout.starts_with("setting\tvalue\torigin\tvariable\n"), "{table:?}");
    assert!(table.stdout.contains("\tPROBITY_INGEST_MAX_REJECTED\n"), "{table:?}");
    fit_their_schemas(&[document]);
    // A variable that sets nothing, or not this, is a mistake and not silence.
    let ran = show(&[("PROBITY_INGEST_ANYTIME", "true")]).expect(7).code("unknown-key");
    assert!(ran.stderr.contains("Did you mean PROBITY_INGEST_ANY_TIME?"), "{ran:?}");
    show(&[("PROBITY_INGEST_ANY_TIME", "perhaps")]).expect(7).code("wrong-type");
    // The user's file lies below the project's.
    house.write("home/probity/config.toml", "[ingest]\nmax_rejected = \"9%\"\nany_time = true\n");
    let home = house.path("home").display().to_string();
    let document: Value = serde_json::from_str(&show(&[("XDG_CONFIG_HOME", &home)]).expect(0).stdout).unwrap();
    assert_eq!(document["settings"]["ingest.max_rejected"]["value"], "\"3%\"");
    assert_eq!(document["settings"]["ingest.any_time"]["value"], "true");
    house.run(&["config", "show", "--config", "nowhere.toml"]).expect(7).code("no-config");
}
