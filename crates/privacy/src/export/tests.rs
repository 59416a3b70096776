use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;

use model::Instant;
use serde_json::Value;

use super::*;
use crate::catalog::{Column, ColumnKind};
use crate::identity::{self, Rules};
use crate::row::{Cell, Key};

/// An archive in memory.
#[derive(Default)]
struct Memory {
    files: BTreeMap<String, Vec<u8>>,
    open: Option<String>,
}

impl Archive for Memory {
    fn begin(&mut self, name: &str) -> Result<(), Fault> {
        assert!(self.files.insert(name.to_owned(), Vec::new()).is_none(), "{name} twice");
        self.open = Some(name.to_owned());
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let name = self.open.as_ref().expect("a file is open");
        self.files.get_mut(name).expect("it is there").extend_from_slice(bytes);
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fault> {
        self.open = None;
        Ok(())
    }
}

impl Memory {
    fn text(&self, name: &str) -> &str {
        std::str::from_utf8(&self.files[name]).unwrap()
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(self.text(name)).unwrap()
    }
}

const MAP: &str = r#"
dataset:
- fides_key: shop
  meta: {probity: {purposes: [orders], legal_basis: [Contract]}}
  collections:
  - name: person
    description: People with an account
    meta: {probity: {provided: true}}
    fields:
    - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true, identity: user_id}}
    - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}
    - {name: name, data_categories: [user.name]}
    - {name: secret, data_categories: [user.authorization.password]}
    - {name: note, data_categories: [system.operations]}
    - {name: manager, data_categories: [system.operations]}
  - name: message
    meta: {probity: {about: nobody}}
    fields:
    - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
    - {name: to, data_categories: [user.contact.email], fides_meta: {identity: email}}
    - {name: text, data_categories: [user.content.private]}
    - {name: rival, data_categories: [user.name], meta: {probity: {other_people: true}}}
"#;

fn map() -> DataMap {
    crate::map::read::read([(Path::new("map.yml"), MAP)], &crate::map::read::Limits::default()).unwrap().map
}

fn column(name: &str, kind: ColumnKind) -> Column {
    Column {
        name: name.to_owned(),
        kind,
        type_name: "text".to_owned(),
        nullable: true,
        has_default: false,
        generated: false,
        max_chars: None,
        words: Vec::new(),
        comment: None,
        label: None,
        checks: Vec::new(),
    }
}

fn person() -> Collection {
    let text = |name| column(name, ColumnKind::Text);
    let columns = vec![
        column("id", ColumnKind::Integer),
        text("mail"),
        text("name"),
        text("secret"),
        text("note"),
        column("manager", ColumnKind::Integer),
    ];
    Collection { name: "person".to_owned(), columns, key: vec!["id".to_owned()], ..Collection::default() }
}

fn message() -> Collection {
    let text = |name| column(name, ColumnKind::Text);
    let columns = vec![column("id", ColumnKind::Integer), text("to"), text("text"), text("rival")];
    Collection { name: "message".to_owned(), columns, key: vec!["id".to_owned()], ..Collection::default() }
}

fn row(cells: &[&str]) -> Row {
    let cells: Vec<Cell> = cells.iter().map(|cell| (*cell != "∅").then(|| (*cell).to_owned())).collect();
    Row { key: Key(vec![cells[0].clone()]), cells }
}

/// Finds addresses, as the detectors of another room do.
fn detect(text: &str) -> Vec<Finding> {
    let words = text.split(' ').filter(|word| word.contains('@'));
    let at = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    words.map(|word| Finding { range: at(word)..at(word) + word.len(), kind: "email".to_owned() }).collect()
}

/// Everybody here is called Carl or Ann.
fn named(text: &str) -> Vec<Finding> {
    let places = ["Carl", "Ann"].into_iter().flat_map(|name| text.match_indices(name));
    let mut found: Vec<Finding> =
        places.map(|(at, name)| Finding { range: at..at + name.len(), kind: "person".to_owned() }).collect();
    found.sort_by_key(|finding| finding.range.start);
    found
}

const ANN: &[&str] = &["7", "Ann@Example.org", "Ann <b>Lee</b>", "hunter2", "=1+1", "3"];

fn fill(export: &mut Export<'_>) {
    let people = export.table("shop", &person());
    export
        .row(
            people,
            "shop",
            &row(&["9", "bob@example.org", "Bob", "s3cret", "∅", "7"]),
            &Role::Other(vec![FieldPath::column("manager")]),
        )
        .unwrap();
    export.row(people, "shop", &row(ANN), &Role::Own).unwrap();
    let messages = export.table("shop", &message());
    let text = "ask carl@example.org or ann@example.org";
    export.row(messages, "shop", &row(&["10", "ANN@example.org", text, "Dave"]), &Role::Own).unwrap();
    export
        .row(messages, "shop", &row(&["2", "eve@example.org", "<script>alert(1)</script>", "∅"]), &Role::Shared)
        .unwrap();
    export.table("shop", &Collection { name: "empty".to_owned(), ..Collection::default() });
    export.gap("The store crm could not be asked.");
}

fn package(scope: Scope, others: Others) -> (Memory, Written) {
    let map = map();
    let subject = identity::parse_all(&["email=ann@example.org"], &Rules::default()).unwrap();
    let mut spool = Cursor::new(Vec::new());
    let detectors = Detectors { identifiers: &detect, names: &named };
    let mut export = Export::new(&map, &subject, scope, others, Some(detectors), &mut spool);
    fill(&mut export);
    assert_eq!(export.rows(), 4);
    let mut archive = Memory::default();
    let controller = Controller { name: Some("Shop & Co".to_owned()), ..Controller::default() };
    let cover = Cover {
        request: "req-0001",
        created: Instant::parse("2026-11-22T12:00:00Z").unwrap(),
        tool: "probity",
        subject: &subject,
        controller: &controller,
        signer: "exporter@probity",
        fingerprint: "SHA256:x",
        restricted: None,
        consents: None,
    };
    let written = export.package(&cover, &|sums| Ok(vec![("SHA256SUMS.sig", sums.to_vec())]), &mut archive).unwrap();
    (archive, written)
}

#[test]
fn every_row_is_there_in_order_of_its_key_and_others_are_not() {
    let (archive, written) = package(Scope::Access, Others::Redact);
    let data = archive.json("data.json");
    assert_eq!(data.as_object().unwrap().keys().collect::<Vec<_>>(), ["shop:message", "shop:person"]);
    let messages = data["shop:message"].as_array().unwrap();
    assert_eq!(messages[0]["id"], 2);
    assert_eq!(messages[0]["to"], "[redacted: another person]");
    assert_eq!(messages[1]["to"], "ANN@example.org");
    assert_eq!(messages[1]["text"], "ask [redacted: email] or ann@example.org");
    assert_eq!(messages[1]["rival"], "[redacted: another person]");
    let people = data["shop:person"].as_array().unwrap();
    assert_eq!(
        (&people[0]["mail"], &people[0]["secret"]),
        (&Value::from("Ann@Example.org"), &Value::from("[withheld: credential]"))
    );
    assert_eq!(
        (&people[1]["manager"], &people[1]["name"]),
        (&Value::from(7), &Value::from("[redacted: another person]"))
    );
    for (name, content) in &archive.files {
        for other in ["bob@", "Bob", "eve@", "carl@", "Dave", "hunter2"] {
            assert!(!String::from_utf8_lossy(content).contains(other), "{other} in {name}");
        }
    }
    assert_eq!((written.rows, written.taken), (4, 8));
    let third = archive.json("third_party.json");
    let reasons: Vec<&str> =
        third["entries"].as_array().unwrap().iter().map(|entry| entry["reason"].as_str().unwrap()).collect();
    assert!(
        ["identity-of-another", "found-in-text", "other-people", "row-of-another", "credential"]
            .iter()
            .all(|reason| reasons.contains(reason))
    );
    assert!(archive.text("index.html").contains("The store crm could not be asked."));
}

#[test]
fn keeping_others_keeps_all_but_credentials() {
    let (archive, written) = package(Scope::Access, Others::Keep);
    let data = archive.json("data.json");
    assert_eq!(data["shop:message"][0]["to"], "eve@example.org");
    assert_eq!(data["shop:person"][1]["mail"], "bob@example.org");
    assert_eq!((written.taken, data["shop:person"][1]["secret"].as_str()), (2, Some("[withheld: credential]")));
}

#[test]
fn values_are_text_in_html_and_no_formula_in_csv() {
    let (archive, _) = package(Scope::Access, Others::Redact);
    let html = archive.text("index.html");
    assert!(html.contains("Ann &lt;b&gt;Lee&lt;/b&gt;") && html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(!html.contains("<script") && !html.contains("<b>Lee"));
    assert!(html.contains("Shop &amp; Co"));
    assert!(archive.text("data/shop/person.csv").contains(",\"'=1+1\","), "{}", archive.text("data/shop/person.csv"));
    let files = archive.json("manifest.json")["files"].clone();
    let csv = files.as_array().unwrap().iter().find(|file| file["path"] == "data/shop/person.csv").unwrap().clone();
    assert_eq!((&csv["neutralised_cells"], &csv["rows"]), (&Value::from(1), &Value::from(2)));
}

#[test]
fn manifest_and_sums_name_every_file() {
    let (archive, written) = package(Scope::Access, Others::Redact);
    let manifest = archive.json("manifest.json");
    for file in manifest["files"].as_array().unwrap() {
        let content = &archive.files[file["path"].as_str().unwrap()];
        assert_eq!(file["size"], content.len() as u64);
        assert_eq!(file["sha256"], seal::sha256(content).hex().to_string());
    }
    let sums = archive.text("SHA256SUMS");
    let listed: Vec<&str> = sums.lines().map(|line| line.split_once("  ").unwrap().1).collect();
    let all: Vec<&str> =
        archive.files.keys().map(String::as_str).filter(|name| !name.starts_with("SHA256SUMS")).collect();
    assert_eq!(listed, all);
    assert_eq!(written.manifest, Some(seal::sha256(&archive.files["manifest.json"])));
    assert_eq!(archive.files["SHA256SUMS.sig"], archive.files["SHA256SUMS"]);
}

#[test]
fn what_the_map_does_not_say_is_missing_and_not_made_up() {
    let (archive, written) = package(Scope::Access, Others::Redact);
    let information = archive.json("information.json");
    assert_eq!(information["collections"][0]["purposes"], serde_json::json!(["orders"]));
    assert_eq!(information["collections"][0]["retention"], serde_json::json!([]));
    assert!(written.missing.iter().any(|text| text.contains("kept for of shop:message")), "{:?}", written.missing);
    assert!(written.missing.iter().any(|text| text.contains("supervisory authority")));
    assert!(!written.missing.iter().any(|text| text.contains("purposes")));
}

#[test]
fn portability_hands_over_what_was_provided_only() {
    let (archive, written) = package(Scope::Portability, Others::Redact);
    let data = archive.json("data.json");
    assert_eq!(data.as_object().unwrap().keys().collect::<Vec<_>>(), ["shop:person"]);
    assert_eq!(data["shop:person"].as_array().unwrap().len(), 1);
    assert_eq!(written.rows, 1);
    assert_eq!(archive.json("manifest.json")["article"], "20");
}

/// Equal data make equal bytes, in whatever order the rows came.
#[test]
fn the_order_of_discovery_does_not_show() {
    let map = map();
    let subject = identity::parse_all(&["email=ann@example.org"], &Rules::default()).unwrap();
    let written = |rows: &[&[&str]]| {
        let mut spool = Cursor::new(Vec::new());
        let mut export = Export::new(&map, &subject, Scope::Access, Others::Redact, None, &mut spool);
        for cells in rows {
            let people = export.table("shop", &person());
            export.row(people, "shop", &row(cells), &Role::Own).unwrap();
        }
        let mut archive = Memory::default();
        export.fides(&mut archive).unwrap();
        archive.files.remove("data.json").unwrap()
    };
    let other: &[&str] = &["12", "ann@example.org", "Ann", "∅", "∅", "∅"];
    assert_eq!(written(&[ANN, other]), written(&[other, ANN]));
}
