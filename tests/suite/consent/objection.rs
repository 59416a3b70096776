//! Objections (Art. 21): opened as requests, they end the purpose at once; upheld, outweighed, taken back.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::{LOG, args, house, record, standing};
use crate::house::{House, fit_their_schemas};

const ANN: &str = "email=ann@example.org";
const BOB: &str = "email=bob@example.org";

fn object(house: &House, who: &str, ground: &str, more: &[&str]) -> Value {
    let open = ["request", "open", "objection", who, "--purpose", "newsletter", "--ground", ground];
    house.json(&[&open[..], more].concat(), 0)["requests"][0].clone()
}

/// From the time at which it came in nothing may be done, also on a consent of before; a later consent is one.
#[test]
fn an_objection_ends_its_purpose_at_once() {
    let house = house();
    record(&house, ANN, &["--subject", "user_id=7", "--time", "2026-10-01T10:00:00Z"]);
    let received = ["--received", "2026-10-05T10:00:00Z", "--time", "2026-10-06T10:00:00Z"];
    let request = object(&house, ANN, "21-2", &received);
    assert_eq!(
        (&request["article"], &request["ground"], &request["status"]),
        (&"21".into(), &"21-2".into(), &"in_progress".into())
    );
    assert_eq!(
        (&request["purposes"][0], &request["expected_by"]),
        (&"newsletter".into(), &"2026-11-05T23:59:59Z".into())
    );
    let at = |subject, time| standing(&house, subject, &["--time", time]);
    // An act that was told late counts from when it was done; nobody asks for an earlier time than the last line.
    assert_eq!(at(ANN, "2026-10-06T10:00:00Z"), "objected");
    // It holds under every name that the person consented with, for no other purpose, and for nobody else.
    assert_eq!(at("user_id=7", "2026-10-07T10:00:00Z"), "objected");
    assert_eq!(at(BOB, "2026-10-07T10:00:00Z"), "never-given");
    house.run(&args("check", &["--subject", ANN, "--purpose", "payment"])).expect(1);
    let shown = house.json(&args("show", &["--subject", ANN]), 0);
    assert_eq!(
        (&shown["standing"][0]["standing"], &shown["records"][1]["act"]),
        (&"objected".into(), &"objected".into())
    );
    let summary = house.json(&args("show", &[]), 0);
    assert_eq!((&summary["purposes"][0]["given"], &summary["purposes"][0]["objected"]), (&0.into(), &1.into()));
    record(&house, ANN, &["--time", "2026-10-08T10:00:00Z"]);
    assert_eq!(at(ANN, "2026-10-09T10:00:00Z"), "given");
    let summary = house.json(&args("show", &[]), 0);
    assert_eq!((&summary["purposes"][0]["given"], &summary["purposes"][0]["objected"]), (&1.into(), &1.into()));
    assert!(!house.read(LOG).contains("ann@"));
    house.run(&["audit", "verify"]).expect(0);
    fit_their_schemas(&[shown, summary]);
}

/// Against direct marketing nothing is weighed; other interests can outweigh, and then it stands as before. So it does when the
/// person takes the objection back, or was somebody else.
#[test]
fn an_objection_is_answered() {
    let house = house();
    let refuse = |id: &Value, because| {
        let id = id["request_id"].as_str().unwrap();
        house.run(&["request", "refuse", id, "--because", because, "--reason", "as was explained"])
    };
    let marketing = object(&house, ANN, "21-2", &[]);
    refuse(&marketing, "compelling-grounds").expect(4).code("objection-not-weighed");
    refuse(&marketing, "too-many").expect(4).code("objection-not-weighed");
    let id = marketing["request_id"].as_str().unwrap();
    house.run(&["request", "uphold", id, "--told", "2026-01-01"]).expect(2).code("time-outside-request");
    let upheld = house.json(&["request", "uphold", id], 0);
    assert_eq!(
        (&upheld["requests"][0]["status"], standing(&house, ANN, &[])),
        (&"fulfilled".into(), "objected".to_owned())
    );
    house.run(&["request", "uphold", id]).expect(4).code("request-answered");

    record(&house, BOB, &["--time", "2026-11-01T10:00:00Z"]);
    let weighed = object(&house, BOB, "21-1", &[]);
    assert_eq!(standing(&house, BOB, &[]), "objected");
    refuse(&weighed, "compelling-grounds").expect(0);
    assert_eq!(standing(&house, BOB, &[]), "given");
    let stranger = object(&house, BOB, "21-2", &[]);
    refuse(&stranger, "not-verified").expect(0);
    assert_eq!(standing(&house, BOB, &[]), "given");
    let taken_back = object(&house, BOB, "21-6", &[]);
    let id = taken_back["request_id"].as_str().unwrap();
    house.run(&["request", "withdraw", id, "--reason", "the person asked for it"]).expect(0);
    assert_eq!(standing(&house, BOB, &[]), "given");

    let access = house.json(&["request", "open", "access", BOB], 0)["requests"][0].clone();
    refuse(&access, "compelling-grounds").expect(4).code("wrong-request");
    house.run(&["request", "uphold", access["request_id"].as_str().unwrap()]).expect(4).code("wrong-request");
    house.run(&["request", "open", "objection", ANN, "--purpose", "a"]).expect(2).code("objection-incomplete");
    house.run(&["request", "open", "objection", ANN, "--ground", "21-1"]).expect(2).code("objection-incomplete");
    house.run(&["request", "open", "access", ANN, "--purpose", "a"]).expect(2).code("objection-incomplete");
    fit_their_schemas(&[upheld, house.json(&["request", "list"], 0)]);
}

/// What is entered by a request is known to the ledger: a log from which the objection was cut is no log. Rows hold objections,
/// linked data do not: an objection is no status of a consent.
#[test]
fn an_objection_is_not_lost() {
    let house = house();
    record(&house, BOB, &["--time", "2026-11-01T10:00:00Z"]);
    let before = house.read(LOG);
    object(&house, ANN, "21-2", &[]);
    let exported = house.json(&args("export", &["--output", "all.jsonld"]), 0);
    assert_eq!(exported["records"], 1);
    house.run(&args("export", &["--format", "csv", "--output", "all.csv"])).expect(0);
    let other = super::house();
    std::fs::copy(house.path(".probity/keys/tombstone.key"), other.path(".probity/keys/tombstone.key")).unwrap();
    std::fs::copy(house.path("all.csv"), other.path("all.csv")).unwrap();
    let imported = other.json(&args("import", &["all.csv"]), 0);
    assert_eq!((&imported["given"], &imported["objected"]), (&1.into(), &1.into()));
    assert_eq!(standing(&other, ANN, &[]), "objected");
    house.write(LOG, before);
    let ask = args("check", &["--subject", BOB, "--purpose", "newsletter"]);
    house.run(&ask).expect(1).code("consent-log-cut");
    fit_their_schemas(&[imported]);
}

/// kill -9 between the register and the log of consents: the same command again finishes what was begun, and opens nothing twice.
#[test]
fn an_objection_that_was_stopped_is_finished() {
    let house = house();
    record(&house, ANN, &["--time", "2026-10-01T10:00:00Z"]);
    record(&house, BOB, &["--time", "2026-10-01T10:00:00Z"]);
    let killed = |who: &str, id: &str| {
        let lock = house.path(".probity/consent/lock");
        // Whoever holds the lock of the log keeps the run from entering anything there.
        let hold = "exec 9> \"$1\"; flock 9; echo held; read -r _ || true";
        let mut holder = Command::new("bash");
        holder.args(["-c", hold, "hold"]).arg(&lock).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut holder = holder.spawn().unwrap();
        let mut said = [0; 5];
        holder.stdout.as_mut().unwrap().read_exact(&mut said).unwrap();
        let open = ["request", "open", "objection", who, "--purpose", "newsletter", "--ground", "21-2"];
        let mut child = house.command(&open).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let register = house.path(&format!(".probity/requests/{id}/request.json"));
        while !register.is_file() {
            assert!(child.try_wait().unwrap().is_none(), "it ended before it was stopped");
            std::thread::sleep(Duration::from_millis(5));
        }
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().code(), None);
        drop(holder.stdin.take());
        holder.wait().unwrap();
    };
    let ids = |house: &House| -> Vec<Value> {
        let list = house.json(&["request", "list"], 0);
        list["requests"].as_array().unwrap().iter().map(|one| one["request_id"].clone()).collect()
    };
    killed(ANN, "req-0001");
    let shown = house.json(&["request", "show", "req-0001"], 0)["requests"][0].clone();
    assert_eq!((&shown["purposes"][0], &shown["ground"]), (&"newsletter".into(), &"21-2".into()), "it appears whole");
    assert_eq!(standing(&house, ANN, &[]), "given");
    let again = object(&house, ANN, "21-2", &[]);
    assert_eq!((&again["request_id"], standing(&house, ANN, &[])), (&"req-0001".into(), "objected".to_owned()));
    assert_eq!(ids(&house), ["req-0001"]);
    // Of somebody else it is finished as well, and theirs is a request of its own.
    killed(BOB, "req-0002");
    assert_eq!(object(&house, "email=eve@example.org", "21-1", &[])["request_id"], "req-0003");
    assert_eq!((standing(&house, BOB, &[]), ids(&house).len()), ("objected".to_owned(), 3));
    // Who answers it finishes it first.
    record(&house, "email=tim@example.org", &["--time", "2026-10-01T10:00:00Z"]);
    killed("email=tim@example.org", "req-0004");
    house.run(&["request", "uphold", "req-0004"]).expect(0);
    assert_eq!(standing(&house, "email=tim@example.org", &[]), "objected");
    assert!(!house.path(".probity/requests/req-0004/key").exists());
    house.run(&["audit", "verify"]).expect(0);
}

/// The rules see the objection, its term, and what was done in spite of it.
#[cfg(feature = "rules")]
#[test]
fn rules_judge_objections() {
    let house = house();
    object(&house, ANN, "21-1", &["--received", "2026-10-05T10:00:00Z", "--verified-by", "customer number"]);
    house.write("processing.csv", "subject,purpose,time\nemail=ann@example.org,newsletter,2026-10-15\n");
    let settings = house.read("probity.toml").replace("processing = \"\"", "processing = \"processing.csv\"");
    house.write("probity.toml", settings);
    let facts = house.json(&["facts", "consent", "requests"], 0);
    let value = |name: &str| {
        facts["facts"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap()["value"].clone()
    };
    assert_eq!(value("consent")["processed"][0]["reason"], "objected");
    let request = value("requests")["requests"][0].clone();
    assert_eq!(
        (&request["right"], &request["purposes"][0], &request["ground"]),
        (&"objection".into(), &"newsletter".into(), &"21-1".into())
    );
    let system = "system:\n- fides_key: shop\n  name: Shop\n  privacy_declarations:\n  - {name: letters, data_use: newsletter, \
        legal_basis_for_processing: Legitimate interests, data_categories: [user.contact.email], data_subjects: [customer]}\n";
    house.write("records.yaml", system);
    let only = ["--only", "a21-3-stopped", "--only", "a12-3-answered", "--input", "records.yaml"];
    let ran = house.json(&[&["evaluate", "--pack", "gdpr"], &only[..]].concat(), 1);
    let answers: Vec<&Value> = ran["rules"].as_array().unwrap().iter().map(|rule| &rule["answer"]).collect();
    // The term of a month is over, and nobody was told.
    assert_eq!(answers, ["broken", "broken"], "{ran}");
}
