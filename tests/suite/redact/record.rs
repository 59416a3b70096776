//! What is recorded: the log, the ledger, keys, decisions, the way back, the case.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::leaving::packed;
use super::{IDENTITY, LOG, RECIPIENT, RECORDS, TABLE, VALUES, documents, holds_no_value, lossy};
use crate::house::{House, NOW, fit_their_schemas, repository};

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

/// Documents come back byte for byte as well, whatever of them was written anew; the mapping holds what the output lacks.
#[test]
fn documents_come_back() {
    let house = House::new();
    house.write("identity", IDENTITY);
    let sample = |name: &&str| repository("fixtures/redact").join(name);
    let mut samples: Vec<PathBuf> =
        ["pdf/plain.pdf", "pdf/compressed.pdf", "mail/everything.eml", "mail/two.mbox"].iter().map(sample).collect();
    samples.push(house.write("c.yaml", "mail: \"jan.muster\\x40example.org\"\ncard: '4111 1111 1111 1111'\n"));
    samples.push(house.write("d.html", "<p title=\"&#106;an.muster@example.org\">4111 1111&nbsp;1111 1111</p>\n"));
    samples
        .extend(["office/docx", "office/xlsx", "office/odt"].iter().filter_map(|name| packed(&house, &sample(name))));
    for (index, path) in samples.iter().enumerate() {
        let (from, out, back) = (path.to_str().unwrap(), format!("out{index}"), format!("back{index}"));
        let map = format!("map{index}");
        let args = ["redact", from, "-o", &out, "--mapping", &map, "--recipient", RECIPIENT, "--operator", "label"];
        let ran = house.run(&[&args[..], &["--allow-unscanned"]].concat());
        assert!([0, 5].contains(&ran.exit), "{from}: {ran:?}");
        assert_ne!(fs::read(path).unwrap(), fs::read(house.path(&out)).unwrap(), "{from}");
        house.run(&["redact", "--restore", &out, "-o", &back, "--mapping", &map, "--identity", "identity"]).expect(0);
        assert!(fs::read(path).unwrap() == fs::read(house.path(&back)).unwrap(), "{from}");
    }
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
