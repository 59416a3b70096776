//! The documents that commands print and write about people's data, each against the schema that it names.

#[cfg(feature = "privacy")]
use std::collections::BTreeSet;

#[cfg(feature = "privacy")]
use serde_json::Value;

#[cfg(feature = "privacy")]
use crate::house::{House, fit_their_schemas, repository};

#[cfg(feature = "privacy")]
const MAP: &str = "dataset:
- fides_key: shop
  collections:
  - name: person
    meta: {probity: {recipients: [Carrier]}}
    fields:
    - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}
    - {name: name, data_categories: [user.name]}
";

#[cfg(feature = "privacy")]
const PEOPLE: &str = "CREATE TABLE person(id INTEGER PRIMARY KEY, mail TEXT NOT NULL, name TEXT);
INSERT INTO person VALUES (1, 'ann@example.org', 'Ann'), (2, 'bob@example.org', 'Bob');";

/// What begins the names of these schemas.
const ABOUT_PEOPLE: &[&str] =
    &["consent", "erase", "export", "hold", "information", "map", "rectify", "request", "restrict", "third-party"];

/// Whether a schema is one of those that this file answers for.
pub(crate) fn is_about_people(schema: &str) -> bool {
    // Those of `retain`, `incident` and `alert` are seen in files of their own.
    ABOUT_PEOPLE.iter().chain(&["retain", "incident", "alert", "silence"]).any(|word| schema.starts_with(word))
}

/// Every one of them was seen, and fits.
#[cfg(feature = "privacy")]
#[test]
fn every_document_about_people_fits_its_schema() {
    let house = House::initialised();
    house.write("probity.toml", house.read("probity.toml") + "\n[stores.shop]\nurl = \"sqlite:shop.db\"\n");
    house.write("people.sql", PEOPLE);
    house.shell("sqlite3 -bail shop.db <people.sql").expect(0);
    let (ann, bob) = ("email=ann@example.org", "email=bob@example.org");
    let mut documents = vec![house.json(&["map", "scan", "--dry-run"], 0)];
    house.write("fides.yml", MAP);
    documents.push(house.json(&["map", "import", "fides.yml"], 0));
    let mut take = |args: &[&str], exit: i32| {
        documents.push(house.json(args, exit));
        documents.last().unwrap().clone()
    };
    take(&["map", "check"], 1);
    take(&["map", "show"], 0);
    take(&["map", "graph", "--output", "map.svg"], 0);
    take(&["hold", "add", bob, "--law", "proceedings", "--approver", "counsel"], 0);
    take(&["hold", "list"], 0);
    take(&["restrict", bob, "--reason", "contested"], 0);
    take(&["restrict", "--list"], 0);
    take(&["request", "open", "erasure", bob], 0);
    take(&["request", "notices", "req-0002", "--output", "notices"], 0);
    let change = ["rectify", ann, "--set", "person.name=Ann Lee"];
    let plan = take(&[&change[..], &["--dry-run"]].concat(), 0);
    take(&[&change[..], &["--confirm", plan["digest"].as_str().unwrap()]].concat(), 0);
    take(&["export", ann, "--output", "ann.zip"], 0);
    take(&["export", ann, "--output", "ann.json", "--format", "json"], 0);
    take(&["export", "--list"], 0);
    let plan = take(&["erase", ann, "--dry-run"], 0);
    let done = take(&["erase", ann, "--confirm", plan["digest"].as_str().unwrap()], 0);
    let request = done["request"].as_str().unwrap();
    take(&["request", "told", request, "--recipient", "Carrier", "--by", "letter"], 0);
    take(&["erase", "replay", "shop", "--dry-run"], 0);
    let given = ["--purpose", "newsletter", "--notice", "fides.yml"];
    take(&[&["consent", "record", "--subject", ann], &given[..]].concat(), 0);
    take(&["consent", "check", "--subject", ann, "--purpose", "newsletter"], 0);
    take(&["consent", "show"], 0);
    take(&["consent", "show", "--subject", ann], 0);
    house.write("rows.csv", format!("subject,purpose,time\n{bob},newsletter,2026-01-01\n"));
    take(&["consent", "import", "rows.csv"], 0);
    take(&["consent", "check", "--input", "rows.csv"], 0);
    take(&["consent", "export", "--output", "consents.jsonld"], 0);
    take(&["consent", "receipt", "--subject", ann, "--output", "receipt.jsonld"], 0);
    house.shell("unzip -q ann.zip -d ann").expect(0);
    let mut files: Vec<String> = ["certificate", "supplement-0001", "request"]
        .iter()
        .map(|name| format!(".probity/requests/{request}/{name}.json"))
        .collect();
    files.extend(["information", "manifest", "third_party"].map(|name| format!("ann/{name}.json")));
    files.push("ann.json".to_owned());
    documents.extend(files.iter().map(|file| serde_json::from_str::<Value>(&house.read(file)).unwrap()));
    let restrictions = house.read(".probity/restrictions.jsonl");
    documents.extend(restrictions.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
    let seen: BTreeSet<String> = documents
        .iter()
        .map(|document| document["schema"].as_str().unwrap().replace('/', ".v") + ".schema.json")
        .collect();
    let known: BTreeSet<String> = std::fs::read_dir(repository("schemas"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".schema.json") && ABOUT_PEOPLE.iter().any(|word| name.starts_with(word)))
        .collect();
    assert_eq!(seen, known, "left: documents seen, right: schemas");
    fit_their_schemas(&documents);
}
