//! What is left: operators and profiles do what they say, every other byte is as it was.

use std::fs;
use std::path::PathBuf;

use super::{LOG, RECORDS, TABLE, documents, holds_no_value, names};
use crate::house::{House, judge, repository};

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

/// Of dates, the safe harbor of 45 CFR § 164.514(b)(2)(i)(C) leaves the year; other profiles leave dates alone.
#[test]
fn dates_go_where_a_profile_names_them() {
    let house = House::new();
    house.write("a.log", "admitted on 2024-03-01, discharged May 3, 2024.\n");
    let redacted = |profile| house.run(&["redact", "a.log", "-o", "-", "--profile", profile]).expect(0).stdout;
    assert_eq!(redacted("hipaa-safe-harbor"), "admitted on 2024, discharged 2024.\n");
    assert_eq!(redacted("logs"), "admitted on 2024-03-01, discharged May 3, 2024.\n");
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
pub(super) fn packed(house: &House, folder: &std::path::Path) -> Option<PathBuf> {
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
