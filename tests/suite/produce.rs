//! A production as a user makes it and the other side reads it.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::house::{House, Ran, fit_their_schemas, judge, repository};

const MAIL: &str = "From: Jan Muster <jan.muster@example.org>\r\nTo: Petra <petra@example.net>\r\n\
    Subject: =?utf-8?Q?=3DGr=C3=B6=C3=9Fe?=\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\nCard 4111 1111 1111 1111.\r\n";

/// A folder that was redacted for a request under the FOIA.
fn redacted() -> House {
    let house = House::new();
    house.write("papers/a.log", "mail jan.muster@example.org, card 4111 1111 1111 1111\n");
    house.write("papers/m.eml", MAIL);
    fs::copy(repository("fixtures/redact/pdf/shared.pdf"), house.path("papers/b.pdf")).unwrap();
    house.write("papers/none.log", "nothing here\n");
    let args = ["redact", "papers", "-o", "clean", "--report", "r.jsonl", "--operator", "label", "--profile", "foia"];
    house.run(&[&args[..], &["--allow-unscanned"]].concat()).expect(0);
    house
}

fn produce(house: &House, more: &[&str]) -> Ran {
    let args = ["produce", "r.jsonl", "--documents", "clean", "--bates", "PROB000001", "-o", "VOL001"];
    house.run(&[&args[..], more].concat())
}

/// What Python reads in a volume; nothing where there is no Python.
fn read(house: &House) -> Option<Value> {
    if !judge("python3") {
        return None;
    }
    let read =
        Command::new("python3").arg(repository("tests/judges/production/read")).arg(house.path("VOL001")).output();
    let ran = Ran::of(read.unwrap()).expect(0);
    serde_json::from_str(&ran.stdout).ok()
}

/// The load files, the privilege log and the list of redactions agree with each other and with the documents; numbers have
/// no gap; what is said of a mail is read from the redacted one, and no cell is a formula.
#[test]
fn a_production_is_read_by_others() {
    let house = redacted();
    produce(&house, &["--custodian", "=Records, Office"]).expect(0);
    let all: String =
        house.tree("VOL001").into_values().map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned()).collect();
    for value in ["jan.muster", "4111", "petra", "papers/", "a.log"] {
        assert!(!all.contains(value), "{value}");
    }
    let Some(found) = read(&house) else { return };
    let column = |table: &str, name: &str| -> Vec<String> {
        found[table].as_array().unwrap().iter().map(|row| row[name].as_str().unwrap().to_owned()).collect()
    };
    let pages: u64 = column("dat", "PAGECOUNT")[1].parse().unwrap();
    let number = |number: u64| format!("PROB{number:06}");
    assert_eq!(column("dat", "BEGBATES"), [number(1), number(2), number(2 + pages), number(3 + pages)]);
    assert_eq!(column("dat", "ENDBATES"), [number(1), number(1 + pages), number(2 + pages), number(3 + pages)]);
    assert_eq!(column("dat", "DOCTYPE"), ["Data or log", "PDF", "E-mail", "Data or log"]);
    let mail = &found["dat"][2];
    assert_eq!((&mail["SUBJECT"], &mail["DATESENT"]), (&"=Größe".into(), &"20261121".into()));
    assert_eq!(mail["FROM"], "[(b)(6) PERSON] <[(b)(6) EMAIL]>");
    assert_eq!((&mail["FILENAME"], &mail["CUSTODIAN"]), (&"".into(), &"=Records, Office".into()));
    assert_eq!(found["dat"][0]["REDACTTYPES"], "1 card®1 email");
    assert_eq!(found["privilege"].as_array().unwrap().len(), 3, "nothing was taken out of the fourth");
    let first = &found["privilege"][0];
    assert_eq!((&first["ground"], &first["basis"]), (&"(b)(4); (b)(6)".into(), &"5 U.S.C. § 552(b)".into()));
    assert_eq!(
        (&first["description"], &first["treatment"]),
        (&"taken out: 1 card, 1 email".into(), &"redacted".into())
    );
    assert_eq!(column("privilege", "custodian")[0], "'=Records, Office");
    assert_eq!(found["redactions"][0]["place"], "line 1");
}

/// The names of files are told when that is asked for.
#[test]
fn names_of_files_are_told_on_request() {
    let house = redacted();
    let document = house
        .json(&["produce", "r.jsonl", "--documents", "clean", "--bates", "X1000", "-o", "VOL001", "--file-names"], 0);
    assert_eq!(document["documents"][0]["begin"], "X1000");
    fit_their_schemas(&[document]);
    assert!(house.read("VOL001/DATA/VOL001.dat").contains("þnone.logþ"));
}

/// What was changed since the redaction is not produced, and nothing is half-done.
#[test]
fn what_was_changed_is_not_produced() {
    let house = redacted();
    let before = house.tree(".");
    for (number, code) in [("PROB", "bad-control-number"), ("P9", "control-numbers-used-up")] {
        let args = ["produce", "r.jsonl", "--documents", "clean", "-o", "VOL001", "--bates", number];
        house.run(&args).expect(2).code(code);
    }
    house
        .run(&["produce", "r.jsonl", "--documents", "clean", "--bates", "P1", "-o", "VOL 1"])
        .expect(2)
        .code("bad-volume");
    house
        .run(&["produce", "r.jsonl", "--documents", "papers", "--bates", "P01", "-o", "V"])
        .expect(6)
        .code("document-missing");
    house
        .run(&["produce", "clean/a.log", "--documents", "clean", "--bates", "P01", "-o", "V"])
        .expect(6)
        .code("bad-redaction-log");
    assert_eq!(house.tree("."), before);
    let log = house.read("r.jsonl");
    let lines: Vec<&str> = log.lines().collect();
    for changed in [
        log.replacen("\"card\"", "\"iban\"", 1),
        [&lines[..1], &lines[2..]].concat().join("\n"),
        lines[1..].join("\n"),
        lines.iter().copied().chain(lines.last().copied()).collect::<Vec<_>>().join("\n"),
    ] {
        house.write("r.jsonl", changed);
        produce(&house, &[]).expect(1).code("redaction-log-changed");
    }
    house.write("r.jsonl", lines[..1].join("\n"));
    produce(&house, &[]).expect(6).code("bad-redaction-log");
    house.write("r.jsonl", log);
    produce(&house, &[]).expect(0);
    produce(&house, &[]).expect(4).code("output-exists");
}
