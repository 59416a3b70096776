//! Redaction as a user meets it: what is found, what is left, what is refused, and what the log says.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::house::{House, NOW, Ran, fit_their_schemas, judge, repository, with_own_mounts};

/// Lines as logs have them, with `\r\n`, a byte that is no UTF-8, a tab and no newline at the end.
const LOG: &[u8] = b"2026-11-21T10:00:00Z INFO mail from <jan.muster@example.org> by 84.12.7.9\r\n\
    2026-11-21T10:00:01Z WARN card 4111 1111 1111 1111 \xff declined\n\
    2026-11-21T10:00:02Z INFO\tiban NL91ABNA0417164300; nothing else, order 20261121\n\
    2026-11-21T10:00:03Z DEBUG again jan.muster@example.org";

const VALUES: [&str; 4] = ["jan.muster@example.org", "84.12.7.9", "4111 1111 1111 1111", "NL91ABNA0417164300"];

const RECORDS: &str = "{\"id\": 1, \"user\":{\"email\":\"jan.muster@example.org\",\"n\":1.50e3},\"tags\":[\"a\",\"84.12.7.9\"]}\n\n\
    {\"id\":2,\"note\":\"card 4111111111111111 \\u0026 more\", \"none\":null}\n";

const TABLE: &str =
    "id;email;note\r\n1;jan.muster@example.org;\"said \"\"hello\"\"; left\"\r\n2;;\"paid by\n4111 1111 1111 1111\"\r\n";

/// A key of age that guards nothing.
pub(crate) const IDENTITY: &str = "AGE-SECRET-KEY-1QQ2YSD3JG3MN7ME7VK2D8EMQGVDUFLM09PDMEQQDCGESP3EN9T0QJQYDWS\n";
pub(crate) const RECIPIENT: &str = "age1yyxkdxqx7lhhzgszam5ez70pz5y4fx5x4g6etx53wctfueqqvsysgt5n9r";

/// The lines of a JSON Lines text.
fn documents(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn lossy(house: &House, name: &str) -> String {
    String::from_utf8_lossy(&fs::read(house.path(name)).unwrap()).into_owned()
}

#[track_caller]
fn holds_no_value(text: &str) {
    for value in VALUES {
        assert!(!text.contains(value), "{value}: {text}");
    }
}

/// Names of all files below a folder, hidden ones included.
fn names(house: &House, folder: &str) -> BTreeSet<String> {
    let root = house.path(folder);
    if !root.exists() {
        return BTreeSet::new();
    }
    let files = house.tree(folder).into_keys().filter(|path| path.is_file());
    files.map(|path| path.strip_prefix(&root).unwrap().display().to_string()).collect()
}

/// Characters that readers do not see, or see as ASCII, hide nothing; what goes are whole characters.
#[test]
fn hidden_characters_hide_nothing() {
    let house = House::new();
    house.write("a.log", "mail jan\u{200B}.muster@exa\u{AD}mple.org, ssn １２３-45\u{2011}6789 – Größe 5\n");
    house.write("a.jsonl", "{\"mail\":\"jan.muster\\u200b@example.org\",\"size\":\"Größe\"}\n{\"x\":\"y\"}\n");
    house.run(&["redact", "a.log", "-o", "b.log", "--profile", "logs"]).expect(0);
    assert_eq!(house.read("b.log"), "mail [EMAIL], ssn [NATIONAL-ID] – Größe 5\n");
    house.run(&["redact", "a.jsonl", "-o", "b.jsonl", "--profile", "logs"]).expect(0);
    assert_eq!(house.read("b.jsonl"), "{\"mail\":\"[EMAIL]\",\"size\":\"Größe\"}\n{\"x\":\"y\"}\n");
}

/// Of dates, the safe harbor of 45 CFR § 164.514(b)(2)(i)(C) leaves the year; other profiles leave dates alone.
#[test]
fn dates_go_where_a_profile_names_them() {
    let house = House::new();
    house.write("a.log", "admitted on 2024-03-01, discharged May 3, 2024.\n");
    let redacted = |profile| house.run(&["redact", "a.log", "-o", "-", "--profile", profile]).expect(0).stdout;
    assert_eq!(redacted("hipaa-safe-harbor"), "admitted on 2024, discharged 2024.\n");
    assert_eq!(redacted("logs"), "admitted on 2024-03-01, discharged May 3, 2024.\n");
}

/// The question is answered with 1 where there is personal data and with 0 where there is none; nothing is written.
#[test]
fn a_check_answers_and_writes_nothing() {
    let house = House::new();
    house.write("in/a.log", LOG);
    house.write("in/sub/b.log", "nothing here\n");
    house.write("empty.log", "");
    let before = house.tree(".");
    let ran = house.run(&["redact", "--check", "in"]).expect(1);
    assert!(ran.stdout.contains("in/a.log:1: bytes 37 to 59: email") && ran.stdout.contains("5 values"), "{ran:?}");
    holds_no_value(&ran.stdout);
    for clean in [&["redact", "--check", "in/sub"][..], &["redact", "--check", "empty.log"]] {
        assert!(house.run(clean).expect(0).stdout.contains("No personal data"));
    }
    house.run_with(&["redact", "--check", "-"], LOG).expect(1);
    house.run_with(&["redact", "--check", "-"], b"nothing\n").expect(0);
    assert_eq!(house.tree("."), before);
}

/// Each finding as JSON fits its schema, its bytes of the file are the value, and the value is told on request alone.
#[test]
fn findings_as_json_name_the_bytes() {
    let house = House::new();
    house.write("a.log", LOG);
    house.write("b.jsonl", RECORDS);
    house.write("c.csv", TABLE);
    let ran = house.run(&["redact", "--json", "--check", "a.log", "b.jsonl", "c.csv"]).expect(1);
    holds_no_value(&ran.stdout);
    let plain = documents(&ran.stdout);
    let ran = house.run(&["redact", "--json", "--check", "--show-values", "a.log", "b.jsonl", "c.csv"]).expect(1);
    let shown = documents(&ran.stdout);
    assert_eq!((plain.len(), shown.len()), (10, 10), "{ran:?}");
    for (plain, mut shown) in plain.iter().zip(shown.clone()) {
        let bytes = fs::read(house.path(shown["file"].as_str().unwrap())).unwrap();
        let place = |end: &str| usize::try_from(shown[end].as_u64().unwrap()).unwrap();
        let (start, end) = (place("start"), place("end"));
        let value = shown["value"].as_str().unwrap();
        assert_eq!(String::from_utf8_lossy(&bytes[start..end]), value);
        let line = 1 + bytes[..start].iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(shown["line"], line, "{shown}");
        shown.as_object_mut().unwrap().remove("value");
        assert_eq!(*plain, shown);
    }
    fit_their_schemas(&[plain, shown].concat());
    house.run(&["redact", "--show-values", "a.log", "-o", "b"]).expect(2);
}

/// Every byte outside a redaction is the byte that stood there: the log's places, filled in by hand, give the output.
#[test]
fn every_byte_outside_is_unchanged() {
    let house = House::new();
    house.write("a.log", LOG);
    let ran = house.run(&["redact", "a.log", "-o", "b.log", "--report", "r.jsonl", "--operator", "label"]).expect(0);
    holds_no_value(&ran.stdout);
    let (lines, output) = (documents(&house.read("r.jsonl")), fs::read(house.path("b.log")).unwrap());
    let mut expect = LOG.to_vec();
    let found = documents(&house.run(&["redact", "--json", "--check", "a.log"]).expect(1).stdout);
    assert_eq!(found.len() + 1, lines.len());
    for (line, found) in lines.iter().zip(&found).rev() {
        let place = |end: &str| usize::try_from(found[end].as_u64().unwrap()).unwrap();
        assert_eq!((&line["place"]["start"], &line["place"]["line"]), (&found["start"], &found["line"]));
        expect.splice(place("start")..place("end"), line["after"].as_str().unwrap().bytes());
    }
    assert_eq!(String::from_utf8_lossy(&output), String::from_utf8_lossy(&expect));
    // What holds nothing personal comes out as it went in.
    let quiet: Vec<u8> = (0..=255_u8).filter(|byte| byte.is_ascii() && *byte >= b' ').chain(*b"\r\n\xff\n\r").collect();
    assert_eq!(house.run_with(&["redact", "-"], &quiet).expect(0).stdout, String::from_utf8_lossy(&quiet));
}

/// JSON Lines and CSV keep their structure, to the space: only strings change.
#[test]
fn structure_is_kept() {
    let house = House::new();
    house.write("a.jsonl", RECORDS);
    house.write("a.csv", TABLE);
    house.run(&["redact", "a.jsonl", "a.csv", "-o", "out", "--operator", "label"]).expect(0);
    let expect = RECORDS
        .replace("jan.muster@example.org", "[EMAIL]")
        .replace("84.12.7.9", "[IP]")
        .replace("4111111111111111", "[CARD]");
    assert_eq!(house.read("out/a.jsonl"), expect);
    let expect = TABLE.replace("jan.muster@example.org", "[EMAIL]").replace("4111 1111 1111 1111", "[CARD]");
    assert_eq!(house.read("out/a.csv"), expect);
}

/// A folder in gives the same tree out; several arguments meet in one folder, unless two of them have the same name.
#[test]
fn a_folder_gives_the_same_tree() {
    let house = House::new();
    house.write("in/a.log", LOG);
    house.write("in/sub/deep/b.jsonl", RECORDS);
    house.write("in/sub/c.csv", "id\n1\n");
    house.run(&["redact", "in", "-o", "out"]).expect(0);
    assert_eq!(names(&house, "out"), names(&house, "in"));
    assert_eq!(house.read("out/sub/c.csv"), "id\n1\n");
    names(&house, "out").iter().for_each(|name| holds_no_value(&lossy(&house, &format!("out/{name}"))));
    house.write("other/a.log", "other\n");
    house.run(&["redact", "in", "other", "-o", "both"]).expect(2).code("same-output");
    assert_eq!(names(&house, "both"), BTreeSet::new());
    house.run(&["redact", "in", "-o", "-"]).expect(2).code("one-stream");
    house.run(&["redact", "in"]).expect(2).code("no-output");
}

/// A stream is what a file is: the same bytes through a pipe, and nothing else on standard output.
#[test]
fn a_stream_is_what_a_file_is() {
    let house = House::new();
    for (name, bytes) in [("a.log", LOG), ("a.jsonl", RECORDS.as_bytes())] {
        house.write(name, bytes);
        house.run(&["redact", name, "-o", "out", "--overwrite", "--key", "key"]).expect(0);
        let expect = lossy(&house, "out");
        let ran = house.run_with(&["redact", "-", "--key", "key"], bytes).expect(0);
        assert_eq!((ran.stdout, ran.stderr.as_str()), (expect.clone(), ""), "{name}");
        assert_eq!(house.run(&["redact", name, "-o", "-", "--key", "key"]).expect(0).stdout, expect);
    }
    // A document that is no stream passes through a pipe as well, once all of it has been audited.
    let ran =
        house.run_with(&["redact", "-", "--format", "yaml"], b"mail: jan.muster@example.org # 84.12.7.9\n").expect(0);
    holds_no_value(&ran.stdout);
    assert!(ran.stdout.starts_with("mail: ") && ran.stdout.contains("[EMAIL-1]"), "{ran:?}");
}

/// One refused file in a folder, and nothing is written: not its neighbours, not the log.
#[test]
fn all_or_nothing() {
    let house = House::new();
    house.write("in/a.log", LOG);
    house.write("in/b.json", "{\"a\": [1, 2");
    house.write("in/z.log", LOG);
    let ran = house.run(&["redact", "in", "-o", "out", "--report", "r.jsonl"]).expect(6).code("json-malformed");
    assert!(ran.stderr.contains("error: in/b.json") && ran.stdout.contains("NOTHING was written"), "{ran:?}");
    assert_eq!((names(&house, "out"), house.path("r.jsonl").exists()), (BTreeSet::new(), false));
    let document = house.json(&["redact", "in", "-o", "out"], 6);
    assert_eq!(document["inputs"][1]["failure"]["code"], "json-malformed");
    fit_their_schemas(&[document]);
    fs::remove_file(house.path("in/b.json")).unwrap();
    let document = house.json(&["redact", "in", "-o", "out"], 0);
    assert_eq!(document["found"], serde_json::json!({"card": 2, "email": 4, "iban": 2, "ip": 2}));
    fit_their_schemas(&[document]);
    assert_eq!(names(&house, "out"), names(&house, "in"));
}

/// An output that exists is left alone unless it is to be replaced, and is never half of two.
#[test]
fn an_output_that_exists_is_left_alone() {
    let house = House::new();
    house.write("a.log", LOG);
    house.write("old.log", "old\n");
    house.write("out/a.log", "old\n");
    for args in [
        &["redact", "a.log", "-o", "old.log"][..],
        &["redact", "a.log", "-o", "out"],
        &["redact", "a.log", "-o", "new.log", "--report", "old.log"],
    ] {
        let before = house.tree(".");
        house.run(args).expect(4).code("output-exists");
        assert_eq!(house.tree("."), before, "{args:?}");
    }
    house.run(&["redact", "a.log", "-o", "old.log", "--overwrite"]).expect(0);
    assert!(lossy(&house, "old.log").contains("[EMAIL-1]"));
    // Onto itself: the original is read to its end before the output takes its place.
    house.write("self.log", LOG);
    house.run(&["redact", "self.log", "-o", "self.log"]).expect(4).code("output-exists");
    assert_eq!(fs::read(house.path("self.log")).unwrap(), LOG);
    // A bad input replaces nothing.
    house.write("bad.json", "{\"a\": ");
    house.run(&["redact", "bad.json", "-o", "old.log", "--overwrite"]).expect(6);
    assert!(lossy(&house, "old.log").contains("[EMAIL-1]"));
}

/// Each operator leaves what it says.
#[test]
fn operators_leave_what_they_say() {
    let house = House::new();
    let text = "card 4111 1111 1111 1111, mail jan.muster@example.org, card 4111 1111 1111 1111\n";
    for (operator, expect) in [
        ("remove", "card , mail , card \n"),
        ("label", "card [CARD], mail [EMAIL], card [CARD]\n"),
        ("pseudonym", "card [CARD-1], mail [EMAIL-1], card [CARD-1]\n"),
        ("mask", "card **** **** **** 1111, mail ***.******@******e.org, card **** **** **** 1111\n"),
        ("initials", "card [CARD], mail J. M. E. O., card [CARD]\n"),
        ("year", "card [CARD], mail [EMAIL], card [CARD]\n"),
        ("keep", text),
    ] {
        let ran = house.run_with(&["redact", "-", "--operator", operator], text.as_bytes()).expect(0);
        assert_eq!(ran.stdout, expect, "{operator}");
        house.run_with(&["redact", "--check", "-"], ran.stdout.as_bytes()).expect(i32::from(operator == "keep"));
    }
    let ran = house.run_with(&["redact", "-", "--operator", "tag"], text.as_bytes()).expect(0);
    let tags: Vec<&str> = ran.stdout.split(['[', ']']).skip(1).step_by(2).collect();
    assert!(tags.len() == 3 && tags[0] == tags[2] && tags[0].len() == "CARD-".len() + 16, "{tags:?}");
}

/// What goes and what stays can be chosen by type and by detector.
#[test]
fn types_and_detectors_are_chosen() {
    let house = House::new();
    let found = |args: &[&str]| {
        let args = [&["redact", "--json", "--check", "-"], args].concat();
        let lines = documents(&house.run_with(&args, LOG).stdout);
        lines.iter().map(|line| line["type"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    assert_eq!(found(&["--detector", "card"]), BTreeSet::from(["card".to_owned()]));
    assert_eq!(
        found(&["--detector", "card.grouped", "--detector", "iban"]),
        BTreeSet::from(["card".to_owned(), "iban".to_owned()])
    );
    let ran = house.run_with(&["redact", "-", "--exclude", "email", "--exclude", "ip"], LOG).expect(0);
    assert!(ran.stdout.contains("<jan.muster@example.org> by 84.12.7.9") && !ran.stdout.contains("4111"), "{ran:?}");
}

/// A name that does not exist is answered with the nearest one that does.
#[test]
fn unknown_names_get_a_suggestion() {
    let house = House::new();
    house.write("a.log", LOG);
    for (option, name, code, near) in [
        ("--profile", "gdpr-shar", "unknown-profile", "gdpr-share"),
        ("--detector", "emial", "unknown-detector", "email"),
        ("--exclude", "ibn", "unknown-detector", "iban"),
        ("--operator", "pseudonim", "unknown-operator", "pseudonym"),
        ("--format", "jsn", "unknown-format", "json"),
        ("--names", "sometimes", "bad-names", "always"),
    ] {
        let ran = house.run(&["redact", "a.log", "-o", "b.log", option, name]).expect(2).code(code);
        assert!(ran.stderr.contains(near), "{ran:?}");
        assert!(!house.path("b.log").exists());
    }
    house.run(&["redact", "--check", "a.log", "--profile", "./none.toml"]).expect(6).code("not-found");
}

/// Every built-in profile works; Rule 5.2(a) leaves four digits and a year; FOIA says its exemption at the place.
#[test]
fn profiles_do_what_their_rules_say() {
    let house = House::new();
    let text =
        "Plaintiff's SSN: 536-90-4399, date of birth: 04/05/1984, card 4111 1111 1111 1111, jan.muster@example.org\n";
    let with = |profile: &str, text: &str| {
        house.run_with(&["redact", "-", "--format", "text", "--profile", profile], text.as_bytes()).expect(0).stdout
    };
    let files = fs::read_dir(repository("crates/redact/data/profiles")).unwrap();
    let stems = files.map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned());
    let profiles: Vec<String> = stems.collect();
    assert!(profiles.len() >= 7, "{profiles:?}");
    for profile in &profiles {
        assert_eq!(with(profile, "nothing here\n"), "nothing here\n");
        let once = with(profile, text);
        assert_eq!(with(profile, &once), once, "{profile}");
        assert_eq!(once == text, profile == "secrets", "{profile}: {once}");
    }
    for profile in ["frcp-5.2", "frcrimp-49.1", "frbp-9037"] {
        let expect =
            "Plaintiff's SSN: ***-**-4399, date of birth: 1984, card **** **** **** 1111, jan.muster@example.org\n";
        assert_eq!(with(profile, text), expect, "{profile}");
    }
    let expect = "Plaintiff's SSN: [(b)(6) NATIONAL-ID], date of birth: [(b)(6) BIRTH-DATE], card [(b)(4) CARD], [(b)(6) EMAIL]\n";
    assert_eq!(with("foia", text), expect);
    house.write("ours.toml", "name = \"ours\"\nabout = \"Cards alone\"\nunlisted = \"keep\"\nrule = [{ types = [\"card\"], op = \"remove\" }]\n");
    assert!(with("ours.toml", text).contains("1984, card , jan.muster@example.org"));
    house.write("bad.toml", "name = \"ours\"\nabout = \"x\"\nrule = [{ types = [\"card\"], op = \"burn\" }]\n");
    let ran = house.run_with(&["redact", "-", "--profile", "bad.toml"], LOG).expect(7).code("bad-profile");
    assert!(ran.stderr.contains("error: bad.toml:3:") && ran.stdout.is_empty(), "{ran:?}");
}

/// The log is a chain, speaks of every redaction, and holds neither a value nor a digest that can be tried out.
#[test]
fn the_log_is_a_chain_without_a_value() {
    let house = House::new();
    house.write("in/a.log", LOG);
    house.write("in/b.jsonl", RECORDS);
    house.run(&["redact", "in", "-o", "out", "--report", "r.jsonl"]).expect(0);
    let text = house.read("r.jsonl");
    holds_no_value(&text);
    for value in VALUES {
        assert!(!text.contains(&seal::sha256(value.as_bytes()).hex()), "{text}");
    }
    let lines = documents(&text);
    let mut previous = Value::Null;
    for (index, (line, document)) in text.lines().zip(&lines).enumerate() {
        assert_eq!((&document["seq"], &document["prev"]), (&index.into(), &previous));
        previous = format!("sha256:{}", seal::sha256(line.as_bytes()).hex()).into();
    }
    let files: Vec<&Value> = lines.iter().filter(|line| line["schema"] == "redacted-file/1").collect();
    assert_eq!((files.len(), lines.len()), (2, 2 + 8));
    for file in files {
        let name = file["file"].as_str().unwrap();
        let digest = |path: PathBuf| format!("sha256:{}", seal::sha256(&fs::read(path).unwrap()).hex());
        assert_eq!(file["input"], digest(house.path(name)));
        assert_eq!(file["output"], digest(house.path(&name.replace("in/", "out/"))));
        assert_eq!((&file["profile"], &file["time"]), (&"gdpr-share".into(), &NOW.into()));
    }
    fit_their_schemas(&lines);
}

/// With a key file the same value has the same tag tomorrow; without one nobody can tell. The key is its owner's alone.
#[test]
fn a_key_file_makes_tags_stable() {
    let house = House::new();
    let tags =
        |args: &[&str]| house.run_with(&[&["redact", "-", "--operator", "tag"], args].concat(), LOG).expect(0).stdout;
    let first = tags(&["--key", "key"]);
    assert_eq!(tags(&["--key", "key"]), first);
    assert_ne!(tags(&["--key", "other"]), first);
    assert_ne!(tags(&[]), tags(&[]));
    let (mode, bytes) = house.tree("key").into_values().next().unwrap();
    assert_eq!((mode, bytes.len()), (0o600, 65));
    house.write("bad", "no key\n");
    house.run_with(&["redact", "-", "--key", "bad"], LOG).expect(6).code("bad-key-file");
}

/// A detector of one's own works with its checks and examples, and is refused at its line when an example fails.
#[test]
fn a_detector_of_ones_own() {
    let house = House::new();
    let detector = |yes: &str| {
        format!(
            "id = \"ours.badge\"\ntype = \"badge\"\nabout = \"Badge\"\npattern = 'B-\\d{{4}}'\nyes = [\"{yes}\"]\nno = [\"B-12345\"]\n"
        )
    };
    house.write("badge.toml", detector("badge B-1234"));
    let ran = house.run_with(&["redact", "-", "--own", "badge.toml"], b"by B-1234, not B-12345\n").expect(0);
    assert_eq!(ran.stdout, "by [BADGE], not B-12345\n");
    house.write("bad.toml", detector("badge B-123"));
    let ran = house.run_with(&["redact", "-", "--own", "bad.toml"], b"by B-1234\n").expect(7).code("bad-detector");
    assert!(ran.stderr.contains("error: bad.toml") && ran.stdout.is_empty(), "{ran:?}");
    house.write("worse.toml", detector("x").replace("type", "tpye"));
    let ran = house.run_with(&["redact", "-", "--own", "worse.toml"], b"x").expect(7).code("bad-detector");
    assert!(ran.stderr.contains("error: worse.toml:"), "{ran:?}");
}

/// The detectors are listed for people and for machines.
#[test]
fn the_detectors_are_listed() {
    let house = House::new();
    let list = house.json(&["redact", "--list"], 0);
    let ids: Vec<&str> = list["detectors"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert!(ids.len() >= 100 && ids.contains(&"nl.bsn"), "{ids:?}");
    let text = house.run(&["redact", "--list"]).expect(0).stdout;
    assert!(ids.iter().all(|id| text.contains(id)));
    fit_their_schemas(&[list]);
}

/// Every sample of every format, container included: redacted twice is redacted once, and a refusal leaves nothing.
#[test]
fn redacting_twice_is_redacting_once() {
    let house = House::new();
    let (mut done, mut changed) = (0, Vec::new());
    for path in samples(&house) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let (once, twice) = (format!("once/{name}"), format!("twice/{name}"));
        let take = |from: &str, to: &str| {
            let ran = house.run(&["redact", from, "-o", to, "--allow-unscanned"]);
            match ran.stderr.contains("code: ambiguous-name ") {
                true => house.run(&["redact", from, "-o", to, "--allow-unscanned", "--operator", "label"]),
                false => ran,
            }
        };
        let ran = take(path.to_str().unwrap(), &once);
        if ran.exit == 6 {
            assert!(!house.path(&once).exists() && ran.stderr.contains("code: "), "{name}: {ran:?}");
            continue;
        }
        let again = take(&once, &twice);
        let whole = [0, 5].contains(&ran.exit) && [0, 5].contains(&again.exit);
        if !whole || fs::read(house.path(&once)).unwrap() != fs::read(house.path(&twice)).unwrap() {
            changed.push((name, ran, again));
        }
        done += 1;
    }
    assert!(changed.is_empty(), "{changed:#?}");
    // Where names are looked for everywhere, the paths of a container's parts are none.
    for name in names(&house, ".").iter().filter(|name| name.starts_with("parts.")) {
        let to = format!("always/{name}");
        house.run(&["redact", name, "-o", &to, "--operator", "label", "--profile", "hipaa-safe-harbor"]).expect(0);
    }
    assert!(done >= 35, "{done}");
}

/// Every file below `fixtures/redact`, and each folder of office parts as the archive that it makes up.
fn samples(house: &House) -> Vec<PathBuf> {
    let root = repository("fixtures/redact");
    let (mut samples, mut open) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = open.pop() {
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let is_part = folder == root.join("office");
            match path.extension().and_then(|end| end.to_str()) {
                Some("expect" | "py") => {}
                _ if path.is_dir() && is_part => samples.extend(packed(house, &path)),
                _ if path.is_dir() => open.push(path),
                _ => samples.push(path),
            }
        }
    }
    samples.sort();
    samples
}

/// A folder of parts as a ZIP, in the order that office programs write.
fn packed(house: &House, folder: &std::path::Path) -> Option<PathBuf> {
    if !judge("zip") {
        return None;
    }
    let path = house.path(&format!("parts.{}", folder.file_name().unwrap().to_str().unwrap()));
    let (out, from) = (path.display(), folder.display());
    let script = format!(
        "cd '{from}' && {{ [ ! -e mimetype ] || zip -qX0 '{out}' mimetype; }} && zip -qXr '{out}' . -x mimetype"
    );
    house.shell(&script).expect(0);
    Some(path)
}

/// A zip bomb, a broken PDF, an archive and a picture are refused with a reason, in bounded time.
#[test]
fn what_cannot_be_cleaned_is_refused() {
    let house = House::new();
    if judge("zip") {
        let script = "mkdir -p b/word && head -c 300000000 /dev/zero | tr '\\0' ' ' >b/word/document.xml && cd b && \
            printf x >'[Content_Types].xml' && zip -qXr ../bomb.docx . && cd .. && rm -r b";
        house.shell(script).expect(0);
        house.run(&["redact", "bomb.docx", "-o", "out.docx"]).expect(6).code("expands-too-much");
    }
    for (name, bytes, code) in [
        ("cut.pdf", &b"%PDF-1.7\n1 0 obj\n<</Type"[..], "pdf-broken"),
        ("a.docx", b"PK\x03\x04 and no more", "bad-zip"),
        ("a.png", b"\x89PNG\r\n\x1a\nxxxx", "format-not-cleaned"),
        ("a.log.gz", b"\x1f\x8b\x08\0", "format-not-cleaned"),
        ("a.bin", &[0, 1, 2, 3, 4, 5, 6, 7, 14, 15], "format-not-cleaned"),
    ] {
        house.write(name, bytes);
        let ran = house.run(&["redact", name, "-o", "out"]).expect(6).code(code);
        assert!(ran.stderr.contains(&format!("error: {name}")) && ran.stderr.contains("  hint: "), "{ran:?}");
        assert!(!house.path("out").exists());
        house.run(&["redact", "--check", name]).expect(6).code(code);
    }
}

/// Bytes that are no UTF-8, UTF-16, NUL bytes, values over two lines: found or left alone byte for byte, never a panic.
#[test]
fn hostile_text_is_found_in() {
    let house = House::new();
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let text = "mail jan.muster@example.org, card 4111 1111 1111 1111\n";
    let cleaned = "mail [EMAIL], card [CARD]\n";
    let marked = |text: &str| [vec![0xff, 0xfe], wide(text)].concat();
    let cases: [(Vec<u8>, Vec<u8>); 5] = [
        ([b"\xff\xfe\xfd\x80\n", text.as_bytes()].concat(), [b"\xff\xfe\xfd\x80\n", cleaned.as_bytes()].concat()),
        ([b"a\0b\0\n", text.as_bytes()].concat(), [b"a\0b\0\n", cleaned.as_bytes()].concat()),
        ([b"\xef\xbb\xbf", text.as_bytes()].concat(), [b"\xef\xbb\xbf", cleaned.as_bytes()].concat()),
        (marked(text), marked(cleaned)),
        (wide(text), wide(cleaned)),
    ];
    for (index, (bytes, expect)) in cases.into_iter().enumerate().skip(1) {
        house.write("a.log", bytes);
        house.run(&["redact", "a.log", "-o", "b.log", "--overwrite", "--operator", "label"]).expect(0);
        assert_eq!(lossy(&house, "b.log"), String::from_utf8_lossy(&expect), "{index}");
    }
}

/// What was decided on the review page is replayed on the same bytes, and on no others.
#[test]
fn decisions_are_replayed() {
    let house = House::new();
    house.write("a.log", LOG);
    house.run(&["redact", "a.log", "--preview", "review.html"]).expect(0);
    let page = house.read("review.html");
    assert!(!page.contains("src=\"http") && !page.contains("href=\"http"), "the page needs nothing from elsewhere");
    let ids: Vec<&str> = page.split("data-id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(ids.len(), 5, "{page}");
    let digest = seal::sha256(LOG).hex();
    assert!(page.contains(&digest));
    let decisions =
        serde_json::json!({"schema": "decisions/1", "inputs": [{"file": "a.log", "sha256": digest, "keep": [ids[1]]}]});
    house.write("decisions.json", decisions.to_string());
    house.run(&["redact", "a.log", "-o", "b.log", "--decisions", "decisions.json"]).expect(0);
    let output = lossy(&house, "b.log");
    assert!(output.contains("by 84.12.7.9") && !output.contains("4111") && !output.contains("muster"), "{output}");
    fit_their_schemas(&[decisions]);
    house.write("a.log", [LOG, b"\n"].concat());
    house.run(&["redact", "a.log", "-o", "c.log", "--decisions", "decisions.json"]).expect(4).code("no-decision");
    house.write("decisions.json", "{}");
    house.run(&["redact", "a.log", "-o", "c.log", "--decisions", "decisions.json"]).expect(6).code("bad-decisions");
    assert!(!house.path("c.log").exists());
}

/// The holder of the key has the original back, byte for byte; nobody else, and from nothing but the output itself.
#[test]
fn the_way_back_is_the_key_holders_alone() {
    let house = House::new();
    house.write("identity", IDENTITY);
    for (name, bytes) in [("a.log", LOG), ("a.jsonl", RECORDS.as_bytes()), ("a.csv", TABLE.as_bytes())] {
        house.write(name, bytes);
        let (out, map, back) = (format!("out-{name}"), format!("{name}.age"), format!("back-{name}"));
        house.run(&["redact", name, "-o", &out, "--mapping", &map, "--recipient", RECIPIENT]).expect(0);
        holds_no_value(&lossy(&house, &map));
        let restore = |from: &str, to: &str, identity: &str| {
            house.run(&["redact", "--restore", from, "-o", to, "--mapping", &map, "--identity", identity])
        };
        restore(&out, &back, "identity").expect(0);
        assert_eq!(fs::read(house.path(&back)).unwrap(), bytes, "{name}");
        house.write("changed", [fs::read(house.path(&out)).unwrap(), b"\n".to_vec()].concat());
        restore("changed", "x", "identity").expect(4).code("not-in-mapping");
        house.write("nobody", "no key\n");
        restore(&out, "x", "nobody").expect(6).code("bad-identity");
        assert!(!house.path("x").exists());
    }
    house
        .run(&["redact", "a.log", "-o", "y", "--mapping", "m", "--recipient", "age1nobody"])
        .expect(2)
        .code("bad-recipient");
    assert!(!house.path("y").exists());
}

/// In a project the ledger says that it was done and how much was found; never a file's name, a value or a plain digest of one.
#[test]
fn the_ledger_knows_and_does_not_tell() {
    let house = House::initialised();
    house.write("jan.muster@example.org.log", LOG);
    house.run(&["redact", "jan.muster@example.org.log", "-o", "out.log", "--report", "r.jsonl"]).expect(0);
    house.run(&["redact", "--check", "jan.muster@example.org.log"]).expect(1);
    let text = house.run(&["audit", "search", "--command", "redact", "--json"]).expect(0).stdout;
    holds_no_value(&text);
    assert!(!text.contains("out.log"), "{text}");
    let entries = documents(&text);
    let acts: BTreeSet<&str> = entries.iter().map(|entry| entry["act"].as_str().unwrap()).collect();
    assert_eq!(acts, BTreeSet::from(["redact.checked", "redact.finished"]), "{text}");
    let done = entries.iter().find(|entry| entry["act"] == "redact.finished").unwrap();
    assert_eq!(done["facts"]["found"], 5);
    let log = house.read("r.jsonl");
    let last = seal::sha256(log.trim_end().lines().last().unwrap().as_bytes()).hex();
    assert!(done["digests"].to_string().contains(&last), "{done}");
    assert!(done["digests"].to_string().contains(&seal::sha256(&fs::read(house.path("out.log")).unwrap()).hex()));
    house.run(&["audit", "verify"]).expect(0);
}

/// Lines as `LOG` has them, so many of them that a run takes its time.
fn long_log(lines: usize) -> Vec<u8> {
    let line = |number: usize| {
        format!("2026-11-21T10:00:00Z INFO {number} request of user {number} took 17 ms, by u{number}@example.org\n")
    };
    (0..lines).map(line).collect::<String>().into_bytes()
}

/// Killed at any moment, no output has its name: all of it is there, or nothing.
#[test]
fn a_kill_leaves_no_output() {
    let house = House::new();
    house.write("in/a.log", long_log(20_000));
    house.write("in/b.log", long_log(20_000));
    let mut killed = 0;
    let mut wait = Duration::from_millis(10);
    for round in 0..12 {
        let args = ["redact", "in", "-o", "out", "--report", "r.jsonl"];
        let mut child = house.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(wait);
        child.kill().unwrap();
        if child.wait().unwrap().success() {
            break;
        }
        killed += 1;
        let left = names(&house, "out");
        // Both names appear one after the other, at the very end.
        let whole = |name: &String| {
            name.starts_with(".probity-") || fs::read(house.path("out").join(name)).unwrap().ends_with(b"]\n")
        };
        assert!(left.iter().all(whole) && !house.path("r.jsonl").exists(), "{round}: {left:?}");
        wait = wait * 3 / 2;
    }
    assert!(killed >= 3, "{killed}");
    house.run(&["redact", "in", "-o", "out", "--report", "r.jsonl", "--overwrite"]).expect(0);
    assert_eq!(documents(&house.read("r.jsonl")).len(), 40_002);
}

/// A disk that fills up ends the run with exit 8 and leaves nothing on it; so does a full disk behind a stream.
#[test]
fn a_full_disk_leaves_nothing() {
    let house = House::new();
    house.write("a.log", long_log(20_000));
    house.shell("probity redact - <a.log >/dev/full").expect(8).code("disk-full");
    let script = "mount -t tmpfs -o size=256k none /mnt\nset +e\nprobity redact a.log -o /mnt/out/a.log --report /mnt/r.jsonl\ncode=$?\nfind /mnt -type f >&2\nexit $code";
    let Some(ran) = with_own_mounts(&house, script) else { return };
    let ran = ran.expect(8).code("disk-full");
    assert!(!ran.stderr.contains("/mnt/out/") && !ran.stderr.contains("/mnt/r.jsonl"), "{ran:?}");
}

/// Ctrl-C while a pipe is being read: a clean stop, exit 130, no output.
#[test]
fn ctrl_c_stops_cleanly() {
    let house = House::new();
    let mut command = house.command(&["redact", "-", "-o", "out.log"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let id = child.id().to_string();
    let feeder = std::thread::spawn(move || {
        let block = long_log(100);
        for round in 0..1_000_000 {
            if stdin.write_all(&block).is_err() {
                return round;
            }
            if round == 200 {
                assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
            }
        }
        panic!("it did not stop");
    });
    Ran::of(child.wait_with_output().unwrap()).expect(130).code("interrupted");
    assert!(feeder.join().unwrap() >= 200);
    assert_eq!(names(&house, "."), BTreeSet::new());
}

/// Runs a shell line that ends in the program reading standard input; its peak of memory in MiB.
fn peak_mib(house: &House, feed: &str, program: &str) -> u64 {
    let script = format!(
        "mkfifo pipe; {feed} >pipe & {program} <pipe >out & child=$!; peak=0\n\
         while now=$(awk '/VmHWM/ {{ print $2 }}' /proc/$child/status 2>/dev/null) && [ -n \"$now\" ]; do peak=$now; sleep 0.05; done\n\
         wait $child || exit; echo $((peak / 1024))"
    );
    house.shell(&script).expect(0).stdout.trim().parse().unwrap()
}

/// A stream of 100 MB passes in less than 50 MB of memory, with something to take out every thousand lines.
#[test]
fn a_long_stream_needs_little_memory() {
    let house = House::new();
    let mut block = "2026-11-21T10:00:00Z INFO GET /index.html 200 17 ms, nothing to see here\n".repeat(999);
    block += "2026-11-21T10:00:00Z WARN card 4111 1111 1111 1111 declined\n";
    house.write("block", block.repeat(4));
    let size = house.path("block").metadata().unwrap().len();
    let count = 100_000_000 / size + 1;
    let feed = format!("for i in $(seq {count}); do cat block; done");
    let peak = peak_mib(&house, &feed, "probity redact - --operator label");
    assert!(peak < 50, "{peak} MiB");
    let written = house.path("out").metadata().unwrap().len();
    assert_eq!(written, count * (size - 4 * ("4111 1111 1111 1111".len() - "[CARD]".len()) as u64));
}

/// A line of 50 MB without an end is looked through to its end, in bounded memory.
#[test]
fn a_line_of_50_mb() {
    let house = House::new();
    let feed = "{ head -c 50000000 /dev/zero | tr '\\0' x; printf ' jan.muster@example.org '; head -c 1000000 /dev/zero | tr '\\0' y; }";
    let peak = peak_mib(&house, feed, "probity redact - --operator label");
    assert!(peak < 50, "{peak} MiB");
    let output = fs::read(house.path("out")).unwrap();
    assert_eq!(output.len(), 51_000_000 + " [EMAIL] ".len());
    assert_eq!(&output[50_000_000..50_000_009], b" [EMAIL] ");
}

/// A redacted copy of an exhibit is an exhibit with its log beside it; the original stays as it is, and the case is sound.
#[test]
fn an_exhibit_gets_a_redacted_copy() {
    let house = House::initialised();
    house.write("a.log", LOG);
    house.run(&["case", "new", "c1", "--title", "T"]).expect(0);
    house.run(&["case", "add", "c1", "a.log"]).expect(0);
    let document = house.json(&["case", "derive", "c1", "EX-001", "--redact", "--profile", "logs"], 0);
    let names: Vec<&str> =
        document["exhibits"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap_or_default()).collect();
    assert_eq!(document["exhibits"].as_array().unwrap().len(), 2, "{names:?}: {document}");
    let digest = |index: usize| document["exhibits"][index]["sha256"].as_str().unwrap();
    let files: Vec<Vec<u8>> = house.tree(".probity/cases/c1").into_values().map(|(_, bytes)| bytes).collect();
    let of = |wanted: &str| files.iter().find(|bytes| seal::sha256(bytes).hex() == wanted).unwrap();
    holds_no_value(&String::from_utf8_lossy(of(digest(0))));
    let log = documents(std::str::from_utf8(of(digest(1))).unwrap());
    assert_eq!(log.last().unwrap()["output"], format!("sha256:{}", digest(0)));
    of(&seal::sha256(LOG).hex());
    fit_their_schemas(&[document, log[0].clone(), log.last().unwrap().clone()]);
    house.run(&["case", "derive", "c1", "EX-009", "--redact"]).expect(6).code("no-such-exhibit");
    house.run(&["package", "build", "c1", "--output", "c1.zip"]).expect(0);
    house.run(&["verify", "c1.zip"]).expect(0);
    house.run(&["audit", "verify"]).expect(0);
}

/// The profile and the detector that the README shows work as they stand.
#[test]
fn what_the_readme_shows_works() {
    let house = House::new();
    let readme = fs::read_to_string(repository("README.md")).unwrap();
    let shown: Vec<&str> = readme.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(shown.len(), 2);
    house.write("ours.toml", shown[0]);
    house.write("badge.toml", shown[1]);
    let args = ["redact", "-", "--profile", "./ours.toml", "--own", "badge.toml"];
    let ran = house.run_with(&args, b"card 4111 1111 1111 1111, mail a.b@example.org, badge B-1234\n").expect(0);
    assert_eq!(ran.stdout, "card **** **** **** 1111, mail [EMAIL-1], badge [BADGE]\n");
}
