//! Records in and out: CSV, DPV JSON-LD before rdflib, Fides.

use std::process::Command;

use super::{ANN, args, house, record, standing, withdraw};
use crate::house::{Ran, fit_their_schemas, interpreter, repository};

/// What is written as JSON-LD is RDF to somebody else's parser, says what was recorded in terms of the vocabulary, and is read back.
#[test]
fn records_are_linked_data() {
    let house = house();
    record(
        &house,
        "email=ann@example.org",
        &["--expires", "P1Y", "--language", "de", "--time", "2026-10-01T10:00:00Z"],
    );
    withdraw(&house, "email=ann@example.org", &["--time", "2026-10-02T10:00:00Z"]);
    record(&house, "email=bob@example.org", &["--explicit", "--channel", "sms"]);
    let exported = house.json(&args("export", &["--output", "all.jsonld"]), 0);
    assert_eq!((&exported["acts"], &exported["records"]), (&3.into(), &2.into()));
    house.run(&args("export", &["--output", "all.jsonld"])).expect(4).code("output-exists");
    let one = house.json(&args("export", &[ANN, &["--output", "ann.jsonld"]].concat()), 0);
    assert_eq!(one["records"], 1);
    if let Some(python) = interpreter("PROBITY_TEST_CASE") {
        let judge = repository("tests/judges/consent/dpv");
        let ran = Ran::of(Command::new(python).arg(judge).arg(house.path("all.jsonld")).output().unwrap()).expect(0);
        let expect = "ConsentGiven newsletter 2026-10-01T10:00:00Z notice 1 de\n\
            ConsentGiven newsletter 2026-11-22T12:00:00Z notice 1 de\n\
            ConsentWithdrawn newsletter 2026-10-02T10:00:00Z   \n";
        assert_eq!(ran.stdout, expect);
    }
    // The log is lost; what was exported is taken in again under the same secret.
    let other = super::house();
    std::fs::copy(house.path(".probity/keys/tombstone.key"), other.path(".probity/keys/tombstone.key")).unwrap();
    std::fs::copy(house.path("all.jsonld"), other.path("all.jsonld")).unwrap();
    let imported = other.json(&args("import", &["all.jsonld"]), 0);
    assert_eq!((&imported["given"], &imported["withdrawn"]), (&2.into(), &1.into()));
    assert_eq!(standing(&other, "email=ann@example.org", &[]), "withdrawn");
    assert_eq!(standing(&other, "email=bob@example.org", &["--channel", "sms"]), "given");
    let stranger = super::house();
    std::fs::copy(house.path("all.jsonld"), stranger.path("all.jsonld")).unwrap();
    stranger.run(&args("import", &["all.jsonld"])).expect(6).code("consent-other-key");
    fit_their_schemas(&[exported, one, imported]);
}

/// CSV goes out and comes back; a bad row leaves nothing; a dry run too.
#[test]
fn rows_go_out_and_come_back() {
    let house = house();
    let rows = "subject,purpose,channel,act,time,expires,notice,notice_version,method\r\n\
        email=ann@example.org;user_id=7,newsletter,,given,2026-01-01T10:00:00Z,P2Y,terms,3,paper\r\n\
        user_id=7,newsletter,,withdrawn,2026-02-01T10:00:00Z,,,,\r\n\
        phone=030 231250,newsletter,sms,given,2026-02-01T10:00:00Z,,terms,3,paper\r\n";
    house.write("rows.csv", rows);
    house.run(&args("import", &["rows.csv"])).expect(6).code("phone-without-region");
    assert!(!house.path(super::LOG).exists());
    let german = args("import", &["rows.csv", "--region", "DE"]);
    let dry = house.json(&[&german[..], &["--dry-run"]].concat(), 0);
    assert_eq!((&dry["given"], &dry["withdrawn"], &dry["notices"]), (&2.into(), &1.into(), &1.into()));
    assert!(!house.path(super::LOG).exists());
    house.run(&german).expect(0);
    // Who withdrew under one name withdrew under both.
    assert_eq!(standing(&house, "email=ann@example.org", &[]), "withdrawn");
    assert_eq!(standing(&house, "phone=+4930231250", &["--channel", "sms"]), "given");
    house.run(&args("export", &["--format", "csv", "--output", "out.csv"])).expect(0);
    let text = house.read("out.csv");
    assert_eq!(text.lines().count(), 4);
    assert!(!text.contains("ann@") && !text.contains("231250"), "{text}");
    std::fs::remove_dir_all(house.path(".probity/ledger")).unwrap();
    std::fs::remove_dir_all(house.path(".probity/consent")).unwrap();
    house.run(&args("import", &["out.csv"])).expect(0);
    assert_eq!(standing(&house, "user_id=7", &[]), "withdrawn");
    assert_eq!(standing(&house, "phone=+4930231250", &["--channel", "sms"]), "given");
    house.write(
        "bad.csv",
        "subject,purpose,time\nemail=x@example.org,news,2026-01-01\nemail=y@example.org,,2026-01-01\n",
    );
    let before = house.read(super::LOG);
    let ran = house.run(&args("import", &["bad.csv"])).expect(6).code("bad-consent-row");
    assert!(ran.stderr.contains("bad.csv:3"), "{ran:?}");
    assert_eq!(house.read(super::LOG), before);
}

/// Preferences of Fides are taken in: opting in and out, not what was merely taken note of.
#[test]
fn preferences_of_fides_are_taken_in() {
    let house = house();
    let preferences = serde_json::json!({"items": [
        {"email": "ann@example.org", "notice_key": "newsletter", "preference": "opt_in", "method": "save",
         "privacy_notice_history_id": "pri_1", "request_timestamp": "2026-01-31T10:00:00.5"},
        {"identity": {"email": {"value": "cat@example.org"}}, "meta": {"fides": {"created_at": "2026-01-31T10:00:00Z"}},
         "preferences": [{"notice_key": "newsletter", "notice_history_id": "pri_1", "value": "opt_in",
           "collected_at": "2026-01-31T10:00:00Z", "meta": {"fides": {"preference_type": "default"}}}]},
        {"email": "bob@example.org", "notice_key": "newsletter", "preference": "opt_out", "request_timestamp": "2026-01-31T10:00:00Z"},
        {"email": "bob@example.org", "notice_key": "essential", "preference": "acknowledge", "request_timestamp": "2026-01-31T10:00:00Z"},
    ]});
    house.write("fides.json", preferences.to_string());
    let imported = house.json(&args("import", &["fides.json"]), 0);
    assert_eq!(
        (&imported["format"], &imported["given"], &imported["withdrawn"]),
        (&"fides".into(), &1.into(), &1.into())
    );
    assert_eq!(standing(&house, "email=ann@example.org", &[]), "given");
    assert_eq!(standing(&house, "email=bob@example.org", &[]), "withdrawn");
    assert_eq!(standing(&house, "email=cat@example.org", &[]), "never-given");
    fit_their_schemas(&[imported]);
}

/// Strings of the advertising industry, as its own encoder makes them, are taken in by purpose.
#[test]
fn strings_are_taken_in() {
    let house = house();
    let vectors = std::fs::read_to_string(repository("fixtures/vectors/consent/strings.jsonl")).unwrap();
    let vectors = vectors.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let vector = vectors.filter(|vector| vector["kind"] == "tcf").nth(1).unwrap();
    house.write("tcf.csv", format!("subject,string\ndevice=1,{}\n", vector["string"].as_str().unwrap()));
    let imported = house.json(&args("import", &["tcf.csv"]), 0);
    let given = vector["purposes"].as_array().unwrap().len() + vector["special_features"].as_array().unwrap().len();
    assert_eq!((&imported["format"], &imported["given"]), (&"tcf".into(), &given.into()));
    for purpose in 1..=11 {
        let is_given = vector["purposes"].as_array().unwrap().contains(&purpose.into());
        let name = format!("tcf.purpose-{purpose}");
        let check = ["--subject", "device=1", "--purpose", &name];
        house.run(&args("check", &check)).expect(if is_given { 0 } else { 1 });
    }
    house.write("bad.csv", "subject,string\ndevice=1,C!\n");
    let ran = house.run(&args("import", &["bad.csv"])).expect(6).code("bad-consent-string");
    assert!(ran.stderr.contains("bad.csv:2"), "{ran:?}");
    fit_their_schemas(&[imported]);
}

/// Whoever asks for their data gets what is on record of their consents; an erase leaves the proof, which names nobody.
#[test]
fn an_export_has_the_consents() {
    let house = house();
    house.write("probity.toml", house.read("probity.toml") + "\n[stores.shop]\nurl = \"sqlite:shop.db\"\n");
    let field = "{name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}";
    let map = format!("dataset:\n- fides_key: shop\n  collections:\n  - name: person\n    fields: [{field}]\n");
    house.write("probity-map.yml", map);
    let sql = "CREATE TABLE person(id INTEGER PRIMARY KEY, mail TEXT); INSERT INTO person VALUES (1,'ann@example.org'),(2,'bob@example.org')";
    house.shell(&format!("sqlite3 shop.db \"{sql}\"")).expect(0);
    record(&house, "email=ann@example.org", &["--place", "desk 3"]);
    let ann = "email=ann@example.org";
    house.run(&["export", ann, "--output", "ann.zip"]).expect(0);
    house.shell("unzip -q ann.zip -d ann && cd ann && sha256sum --quiet -c SHA256SUMS").expect(0);
    let consents: serde_json::Value = serde_json::from_str(&house.read("ann/consents.json")).unwrap();
    assert_eq!(
        (&consents["records"][0]["place"], &consents["standing"][0]["standing"]),
        (&"desk 3".into(), &"given".into())
    );
    house.run(&["export", ann, "--format", "json", "--output", "ann.json"]).expect(0);
    let document: serde_json::Value = serde_json::from_str(&house.read("ann.json")).unwrap();
    assert_eq!(document["consents"], consents);
    house.run(&["export", "email=bob@example.org", "--output", "bob.zip"]).expect(0);
    assert!(!house.shell("unzip -l bob.zip").expect(0).stdout.contains("consents.json"));
    fit_their_schemas(&[consents, document]);
    let plan = house.json(&["erase", ann, "--dry-run"], 0);
    house.run(&["erase", ann, "--confirm", plan["digest"].as_str().unwrap()]).expect(0);
    assert_eq!(standing(&house, ann, &[]), "given");
    assert!(!house.read(super::LOG).contains("ann@"));
}
