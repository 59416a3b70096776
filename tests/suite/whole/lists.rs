//! Lists and documents of JSON in columns, whatever the engine calls them: whole requests through the program.

use serde_json::{Value, json};

use super::{ANN, digest, exported, project};
use crate::databases::{Engine, server};
use crate::house::{House, judge};

const MAP: &str = "dataset:
- fides_key: shop
  collections:
  - name: person
    fields:
    - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true}}
    - {name: mails, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: 'string[]'}}
    - {name: name, data_categories: [user.name]}
  - name: team
    fields:
    - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
    - name: members
      data_categories: [user.unique_id]
      fides_meta: {data_type: 'integer[]', references: [{dataset: shop, field: person.id, direction: from}]}
  - name: event
    fields:
    - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
    - name: data
      data_categories: [user.behavior]
      fields:
      - name: who
        fields:
        - {name: id, data_categories: [user.unique_id], fides_meta: {references: [{dataset: shop, field: person.id, direction: from}]}}
  - name: letter
    fields:
    - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
    - name: sent
      fides_meta: {data_type: 'object[]'}
      fields:
      - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}
";

/// `JSON` stands for what the engine calls it.
const TABLES: &str = r#"CREATE TABLE person(id INTEGER PRIMARY KEY, mails JSON, name VARCHAR(60));
CREATE TABLE team(id INTEGER PRIMARY KEY, members JSON);
CREATE TABLE event(id INTEGER PRIMARY KEY, data JSON);
CREATE TABLE letter(id INTEGER PRIMARY KEY, sent JSON);
INSERT INTO person VALUES (1, '["ann@old.example", "Ann@Example.org"]', 'Ann'), (2, '["bob@example.org"]', 'Bob'), (3, '[]', 'Cy'), (4, NULL, 'Di');
INSERT INTO team VALUES (1, '[1]'), (2, '[2, 1, 3]'), (3, '[2]'), (4, '[]'), (5, NULL), (6, '[11, 12]');
INSERT INTO event VALUES (1, '{"who": {"id": 1}, "n": 1.50}'), (2, '{"who": {"id": 2}}'), (3, '{"who": null}'), (4, '{}');
INSERT INTO letter VALUES (1, '[{"mail": "ann@example.org"}]'), (2, '[{"mail": "bob@example.org"}]'), (3, '[{"mail": "joann@example.org"}]');"#;

/// What is there, a row a line, without blanks.
fn dump(engine: &Engine) -> Vec<String> {
    let tables = ["person", "team", "event", "letter"];
    let of = |table: &&str| engine.ask(&format!("SELECT * FROM {table} ORDER BY id;")).replace([' ', '\t'], "|");
    tables
        .iter()
        .flat_map(|table| of(table).lines().map(|line| format!("{table}|{line}")).collect::<Vec<_>>())
        .collect()
}

fn check(engine: &Engine, json_type: &str) {
    engine.create();
    let schema: String = TABLES
        .lines()
        .map(|line| if line.starts_with("CREATE") { line.replace("JSON", json_type) } else { line.to_owned() } + "\n")
        .collect();
    let house = project(&format!("[stores.shop]\nurl = \"{}\"\n", engine.url()));
    // As it stands: quotes are those of JSON here, not those of names.
    house.write("schema.sql", schema);
    let url = engine.url();
    let mut program = engine.program(url.rsplit('/').next().unwrap());
    let filled = program.stdin(std::fs::File::open(house.path("schema.sql")).unwrap()).status().unwrap();
    assert!(filled.success(), "{json_type}");
    house.write("probity-map.yml", MAP);
    house.run(&["map", "check"]).expect(0);
    let before = dump(engine);
    handed_over(&house);
    assert_eq!(dump(engine), before);
    let done = house.json(&["erase", ANN, "--confirm", &digest(&house, ANN)], 0);
    assert_eq!((&done["result"], &done["counts"]["deleted"]), (&"complete".into(), &4.into()), "{json_type}: {done}");
    assert_eq!(done["counts"]["unlinked"], 1, "{json_type}: {done}");
    // Her rows are gone, of a list that others are in she alone is, and not a byte of others has changed.
    let hers = ["person|1|", "team|1|", "event|1|", "letter|1|"];
    let left: Vec<String> =
        before.iter().filter(|line| !hers.iter().any(|key| line.starts_with(key))).cloned().collect();
    let after = dump(engine);
    let changed: Vec<&String> = after.iter().filter(|line| !left.contains(line)).collect();
    assert_eq!((after.len(), changed.len()), (left.len(), 1), "{json_type}: {after:?}");
    assert_eq!(changed[0].replace(",|", ","), "team|2|[2,3]", "{json_type}");
    house.run(&["erase", ANN, "--dry-run"]).expect(3).code("no-match");
    house.run(&["export", ANN, "--output", "again.zip"]).expect(3).code("no-match");
    house.run(&["audit", "verify"]).expect(0);
    engine.remove();
}

/// All of hers, lists and documents as such, and nobody else's.
fn handed_over(house: &House) {
    let done = house.json(&["export", ANN, "--output", "ann.zip"], 0);
    assert_eq!(done["complete"], true, "{done}");
    let data = exported(house, "ann.zip");
    assert_eq!(data["shop:person"][0]["mails"], json!(["[redacted: another person]", "Ann@Example.org"]), "{data}");
    // A text stays one, whatever stands in it.
    let event = &data["shop:event"][0]["data"];
    let event = event.as_str().map_or(event.clone(), |text| serde_json::from_str(text).unwrap());
    assert_eq!(event["who"]["id"], 1, "{data}");
    let ids = |name: &str| -> Vec<&Value> { data[name].as_array().unwrap().iter().map(|row| &row["id"]).collect() };
    assert_eq!(
        (ids("shop:person"), ids("shop:event"), ids("shop:letter")),
        (vec![&json!(1)], vec![&json!(1)], vec![&json!(1)])
    );
    assert_eq!(ids("shop:team"), [&json!(1), &json!(2)], "{data}");
    assert!(!data.to_string().contains("bob@") && !data.to_string().contains("Cy"), "{data}");
}

#[test]
fn lists_in_texts_of_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    if judge("sqlite3") {
        check(&Engine::Sqlite(folder.path().join("lists.db")), "TEXT");
    }
}

#[test]
fn lists_in_postgresql() {
    let Some(url) = server("PROBITY_TEST_POSTGRES_URL") else { return };
    for json_type in ["jsonb", "text", "json"] {
        check(&Engine::Postgres(url.clone(), format!("lists_{json_type}_{}", std::process::id())), json_type);
    }
}

#[test]
fn lists_in_mariadb() {
    let Some(url) = server("PROBITY_TEST_MARIADB_URL") else { return };
    for json_type in ["JSON", "TEXT"] {
        let name = format!("lists_{json_type}_{}", std::process::id()).to_lowercase();
        check(&Engine::MariaDb(url.clone(), name), json_type);
    }
}
