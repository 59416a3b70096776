//! What is found, and how it is told.

use std::collections::BTreeSet;
use std::fs;

use super::{LOG, RECORDS, TABLE, documents, holds_no_value};
use crate::house::{House, fit_their_schemas, repository};

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
    let only =
        house.run_with(&["redact", "--check", "--json", "-", "--exclude", "email"], b"a@example.org\n").expect(0);
    assert_eq!(only.stdout, "", "what is left in is no finding");
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

/// The detector that the explanation shows is one, and finds what it says; every check is named there.
#[test]
fn the_explained_detector_works() {
    let house = House::new();
    let explained = house.run(&["util", "explain", "bad-detector"]).expect(0).stdout;
    let sample = explained.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a sample");
    let unnamed: Vec<&str> = redact::check::names().filter(|name| !explained.contains(&format!("`{name}`"))).collect();
    assert!(unnamed.is_empty(), "checks that the page does not name: {unnamed:?}");
    house.write("own.toml", sample);
    let ran =
        house.run_with(&["redact", "-", "--own", "own.toml"], b"order of AC-12345674, not AC-12345678\n").expect(0);
    assert_eq!(ran.stdout, "order of AC-[CUSTOMER-NUMBER], not AC-12345678\n");
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

/// The profile and the detector that the README shows work as they stand.
#[test]
fn what_the_readme_shows_works() {
    let house = House::new();
    let readme = fs::read_to_string(repository("README.md")).unwrap();
    let shown = readme.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    // The other samples are sections of probity.toml.
    let shown: Vec<&str> = shown.filter(|sample| !sample.starts_with("[stores.")).collect();
    assert_eq!(shown.len(), 2);
    house.write("ours.toml", shown[0]);
    house.write("badge.toml", shown[1]);
    let args = ["redact", "-", "--profile", "./ours.toml", "--own", "badge.toml"];
    let ran = house.run_with(&args, b"card 4111 1111 1111 1111, mail a.b@example.org, badge B-1234\n").expect(0);
    assert_eq!(ran.stdout, "card **** **** **** 1111, mail [EMAIL-1], badge [BADGE]\n");
}
