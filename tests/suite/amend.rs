//! `rectify` and `restrict`: rows of one person change in every store, after the digest of the plan was confirmed.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::house::House;

const MAP: &str = "
dataset:
- fides_key: shop
  collections:
  - name: person
    meta: {probity: {restriction: {field: state, set: restricted, clear: open}}}
    fields:
    - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}
    - {name: name, data_categories: [user.name]}
- fides_key: crm
  collections:
  - name: contact
    fields:
    - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
    - {name: name, data_categories: [user.name]}
";

const SHOP: &str = "
CREATE TABLE person (id INTEGER PRIMARY KEY, mail TEXT NOT NULL, name VARCHAR(20) NOT NULL, state TEXT);
INSERT INTO person VALUES (1, 'ann@example.org', 'Anne Lea', 'open'), (2, 'bob@example.org', 'Bob', 'open');
";

const CRM: &str = "
CREATE TABLE contact (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
INSERT INTO contact VALUES (7, 'ANN@example.org', 'Anne Lea'), (8, 'bob@example.org', 'Bob');
";

fn sqlite(file: &Path, sql: &str) -> String {
    let output = Command::new("sqlite3").arg(file).arg(sql).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn house() -> House {
    let house = House::initialised();
    let settings = house.read("probity.toml");
    let stores = "[stores.shop]\nurl = \"sqlite:shop.db\"\n[stores.crm]\nurl = \"sqlite:crm.db\"\n";
    house.write("probity.toml", format!("{settings}\n{stores}"));
    house.write("probity-map.yml", MAP);
    sqlite(&house.path("shop.db"), SHOP);
    sqlite(&house.path("crm.db"), CRM);
    house
}

fn people(house: &House) -> String {
    sqlite(&house.path("shop.db"), "SELECT id, name, state FROM person")
        + "\n"
        + &sqlite(&house.path("crm.db"), "SELECT id, name FROM contact")
}

const BEFORE: &str = "1|Anne Lea|open\n2|Bob|open\n7|Anne Lea\n8|Bob";

fn digest(plan: &Value) -> String {
    plan["digest"].as_str().unwrap().to_owned()
}

/// What is right is written in both stores, after its digest was confirmed; nobody else changes.
#[test]
fn wrong_data_are_put_right_in_every_store() {
    let house = house();
    let change =
        ["rectify", "email=Ann@example.org", "--set", "person.name=Ann Lee", "--set", "crm:contact.name=Ann Lee"];
    let plan = house.json(&[&change[..], &["--dry-run"]].concat(), 0);
    assert_eq!(plan["rows"], 2, "{plan}");
    assert!(!plan.to_string().contains("Ann Lee"), "{plan}");
    house.run(&change).expect(4).code("not-confirmed");
    house.run(&[&change[..], &["--confirm", &"0".repeat(64)]].concat()).expect(4).code("plan-changed");
    assert_eq!(people(&house), BEFORE);
    let done = house.json(&[&change[..], &["--confirm", &digest(&plan)]].concat(), 0);
    assert_eq!((&done["rows"], &done["complete"], &done["status"]), (&2.into(), &true.into(), &"fulfilled".into()));
    assert_eq!(people(&house), "1|Ann Lee|open\n2|Bob|open\n7|Ann Lee\n8|Bob");
    let kept: String = house
        .tree(".probity/requests")
        .into_values()
        .map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned())
        .collect();
    assert!(!kept.contains("Ann Lee") && !kept.contains("ann@"), "{kept}");
}

/// What has changed since the plan was looked at is not written over.
#[test]
fn what_changed_meanwhile_is_refused() {
    let house = house();
    let change = ["rectify", "email=ann@example.org", "--set", "person.name=Ann Lee"];
    let plan = house.json(&[&change[..], &["--dry-run"]].concat(), 0);
    sqlite(&house.path("shop.db"), "UPDATE person SET state = 'sleeping' WHERE id = 1");
    house.run(&[&change[..], &["--confirm", &digest(&plan)]].concat()).expect(4).code("plan-changed");
    assert_eq!(sqlite(&house.path("shop.db"), "SELECT name FROM person WHERE id = 1"), "Anne Lea");
}

/// Values that do not fit, keys, fields that nobody has, rows of nobody: refused before anything changes.
#[test]
fn what_cannot_be_written_is_refused() {
    let house = house();
    let check = |change: &[&str], exit, code| {
        let args = [&["rectify", "email=ann@example.org", "--dry-run"], change].concat();
        house.run(&args).expect(exit).code(code);
    };
    check(&["--set", "person.id=9"], 4, "cannot-rectify-field");
    check(&["--set", "person.name=A name of more than twenty letters"], 4, "cannot-rectify-field");
    check(&["--clear", "person.name"], 4, "cannot-rectify-field");
    check(&["--set", "person.mail=nobody"], 4, "cannot-rectify-field");
    check(&["--set", "person.nme=x"], 2, "no-such-field");
    check(&["--set", "nonsense"], 2, "bad-change");
    house
        .run(&["rectify", "email=eve@example.org", "--set", "person.name=Eve", "--dry-run"])
        .expect(3)
        .code("no-match");
    assert_eq!(people(&house), BEFORE);
}

/// SQL in a value is a value.
#[test]
fn hostile_values_are_values() {
    let house = house();
    let value = "x'; DROP TABLE--";
    let change = ["rectify", "email=ann@example.org", "--set", &format!("person.name={value}")];
    let plan = house.json(&[&change[..], &["--dry-run"]].concat(), 0);
    house.run(&[&change[..], &["--confirm", &digest(&plan)]].concat()).expect(0);
    assert_eq!(sqlite(&house.path("shop.db"), "SELECT name FROM person WHERE id = 1"), value);
}

/// A restriction stands in the list under a pseudonym and in the field that the map names; lifting takes it back.
#[test]
fn processing_is_restricted_and_lifted() {
    let house = house();
    let run = |more: &[&str]| {
        let base = [&["restrict", "email=ann@example.org"], more].concat();
        let plan = house.json(&[&base[..], &["--dry-run"]].concat(), 0);
        house.json(&[&base[..], &["--confirm", &digest(&plan)]].concat(), 0)
    };
    house.run(&["restrict", "email=ann@example.org", "--lift"]).expect(2);
    let lift = ["--lift", "--told", "2026-01-02"];
    house.run(&[&["restrict", "email=ann@example.org"][..], &lift].concat()).expect(4).code("not-restricted");
    let early = ["restrict", "email=ann@example.org", "--lift", "--told", "2200-01-01"];
    house.run(&early).expect(4).code("person-not-told");
    let done = run(&["--reason", "accuracy contested"]);
    assert_eq!((&done["restricted"], &done["rows"]), (&true.into(), &1.into()), "{done}");
    assert_eq!(people(&house).lines().next(), Some("1|Anne Lea|restricted"));
    let list = house.json(&["restrict", "--list"], 0);
    assert_eq!(list["restrictions"].as_array().unwrap().len(), 1, "{list}");
    assert!(!house.read(".probity/restrictions.jsonl").contains("ann@"));
    run(&lift);
    assert_eq!(people(&house), BEFORE);
    assert_eq!(house.json(&["restrict", "--list"], 0)["restrictions"].as_array().unwrap().len(), 0);
    house.write(".probity/restrictions.jsonl", "{}\n");
    house.run(&["restrict", "--list"]).expect(6).code("bad-restriction");
}
