//! Names of other people in free text (Art. 15(4)): what a person is handed names themselves, and nobody else that was found.

use serde_json::Value;

use crate::handed::sqlite;
use crate::house::{House, fit_their_schemas};

const MAP: &str = "
dataset:
- fides_key: desk
  collections:
  - name: person
    fields:
    - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true}}
    - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}
    - {name: first, data_categories: [user.name.first]}
    - {name: last, data_categories: [user.name.last]}
  - name: ticket
    fields:
    - {name: text, data_categories: [user.content]}
    - {name: doc, data_categories: [system.operations]}
    - {name: city, data_categories: [system.operations]}
";

/// Each with the other person that it names.
const TEXTS: &[(&str, &str)] = &[
    ("called about the invoice of Carl Meyer, wants a copy", "Carl Meyer"),
    ("Her neighbour John Smith signed for the parcel.", "John Smith"),
    ("Please ask Maria Gonzalez for the keys before Friday.", "Maria Gonzalez"),
    ("The complaint was handled by Peter Schneider.", "Peter Schneider"),
    ("Ann Miller said that her brother Robert Miller pays.", "Robert Miller"),
    ("Mrs. Rosalind Thornbury rang and left no number.", "Rosalind Thornbury"),
    ("Bitte die Lieferung an Herrn Thomas Becker umleiten.", "Thomas Becker"),
    ("Die Kundin wohnt jetzt bei Sabine Hoffmann in Bonn.", "Sabine Hoffmann"),
    ("Le colis a été remis à Monsieur Jean Dupont hier.", "Jean Dupont"),
    ("La señora Carmen Fernández recogió el paquete.", "Carmen Fernández"),
    ("Meeting with David Johnson and Ann about the refund.", "David Johnson"),
    ("Order was placed from the account of Emily Clark.", "Emily Clark"),
    ("Spoke to Michael Brown from the bank on her behalf.", "Michael Brown"),
    ("Regards, Susan Taylor, for the service team", "Susan Taylor"),
    ("Her lawyer is Dr. Andrew Wilson.", "Andrew Wilson"),
    ("The technician James Anderson found nothing wrong.", "James Anderson"),
];

/// What names her, or nobody: it is handed over as it is.
const OWN: &[&str] = &[
    "Ann Miller called and asked for a copy of the contract.",
    "Mrs. Miller will come on Monday.",
    "Refund sent to A. Miller as agreed.",
    "The parcel was left at the door on Tuesday.",
    "Invoice was sent twice, please check the printer.",
    "wants the blue one in size L",
];

fn desk() -> House {
    let house = House::initialised();
    let text = house.read("probity.toml");
    house.write("probity.toml", format!("{text}\n[stores.desk]\nurl = \"sqlite:desk.db\"\n"));
    house.write("probity-map.yml", MAP);
    let mut sql = String::from(
        "CREATE TABLE person (id INTEGER PRIMARY KEY, mail TEXT, first TEXT, last TEXT);
         CREATE TABLE ticket (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES person(id), text TEXT, doc JSON, city TEXT);
         INSERT INTO person VALUES (1, 'ann@example.org', 'Ann', 'Miller');",
    );
    for text in TEXTS.iter().map(|(text, _)| text).chain(OWN) {
        let text = text.replace('\'', "''");
        sql.push_str(&format!(
            "INSERT INTO ticket (person_id, text, doc, city) VALUES (1, '{text}', '{{\"n\":1.50,\"said\":\"{text}\"}}', 'São José dos Campos');"
        ));
    }
    sqlite(&house.path("desk.db"), &sql);
    house
}

/// Most of the names are found and none of the person's own, in texts and inside documents; what a search can miss is said.
#[test]
fn names_of_others_are_taken_out_of_prose() {
    let house = desk();
    house.run(&["export", "email=ann@example.org", "--output", "out.zip"]).expect(0);
    house.shell("unzip -q out.zip -d out").expect(0);
    let data: Value = serde_json::from_str(&house.read("out/data.json")).unwrap();
    let rows = data["desk:ticket"].as_array().unwrap();
    let text = |at: usize| rows[at]["text"].as_str().unwrap();
    let missed: Vec<&str> =
        (0..TEXTS.len()).filter(|at| text(*at).contains(TEXTS[*at].1)).map(|at| TEXTS[at].0).collect();
    eprintln!("missed: {missed:?}");
    assert!(missed.len() <= 1, "{missed:#?}");
    for (at, own) in OWN.iter().enumerate() {
        assert_eq!(text(TEXTS.len() + at), *own);
    }
    assert!(text(4).starts_with("Ann Miller said") && text(10).contains("and Ann about"), "{} {}", text(4), text(10));
    for (at, row) in rows.iter().enumerate() {
        // In the document the same goes, and nothing else of it changes.
        assert_eq!(row["doc"]["said"], row["text"], "{at}");
        assert_eq!(row["city"], "São José dos Campos");
    }
    assert!(house.read("out/data.json").contains("\"n\":1.50"), "numbers keep their digits");
    let third: Value = serde_json::from_str(&house.read("out/third_party.json")).unwrap();
    let named = third["entries"].as_array().unwrap().iter().filter(|entry| entry["reason"] == "name-in-text");
    let counts: Vec<u64> = named.map(|entry| entry["count"].as_u64().unwrap()).collect();
    let found = (TEXTS.len() - missed.len()) as u64;
    assert_eq!(counts, [found, found], "{third:#}");
    assert!(third["limits"][0].as_str().unwrap().contains("may have been missed"));
    assert!(house.read("out/index.html").contains("may have been missed"));
    assert!(house.read("out/VERIFY.txt").contains("can\nmiss"));
    house.run(&["export", "email=ann@example.org", "--format", "json", "--output", "out.json"]).expect(0);
    let document: Value = serde_json::from_str(&house.read("out.json")).unwrap();
    fit_their_schemas(&[third, document]);
}

/// A document stays one also where the store calls it a text: what goes from one of its texts takes nothing of the next, and what
/// stands for a number stands in quotes.
#[test]
fn documents_in_texts_stay_documents() {
    let house = desk();
    let said = r#"{"cc":"bob@example.org","by":"Carl Meyer told us that he agrees","card":4111111111111111,"n":1.50}"#;
    sqlite(
        &house.path("desk.db"),
        &format!("UPDATE ticket SET text = '{said}', doc = '{said}' WHERE id = 1; DELETE FROM ticket WHERE id > 1;"),
    );
    house.run(&["export", "email=ann@example.org", "--output", "out.zip"]).expect(0);
    house.shell("unzip -q out.zip -d out").expect(0);
    let data: Value = serde_json::from_str(&house.read("out/data.json")).unwrap();
    let row = &data["desk:ticket"][0];
    let expect = serde_json::json!({
        "cc": "[redacted: email]", "by": "[redacted: person] told us that he agrees", "card": "[redacted: card]", "n": 1.50,
    });
    assert_eq!(serde_json::from_str::<Value>(row["text"].as_str().unwrap()).unwrap(), expect);
    assert_eq!(row["doc"], expect);
}

/// Who weighed the rights of others hands the names over, and says so.
#[test]
fn names_stay_where_that_was_weighed() {
    let house = desk();
    house
        .run(&["export", "email=ann@example.org", "--keep-others", "--format", "json", "--output", "out.json"])
        .expect(0);
    let text = house.read("out.json");
    assert!(TEXTS.iter().all(|(_, name)| text.contains(name)));
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["third_party"]["limits"], serde_json::json!([]));
    assert_eq!(document["third_party"]["other_people"], "kept");
}

/// An address in a field that the map calls contact data, and not whose, is left out when the stores know somebody else by it, as an
/// identity or as contact data in a row about them; one that nobody is known by can be the person's second one, and stays.
#[test]
fn addresses_by_which_others_are_known_are_taken_out() {
    let house = House::initialised();
    let text = house.read("probity.toml");
    house.write("probity.toml", format!("{text}\n[stores.desk]\nurl = \"sqlite:desk.db\"\n"));
    house.write(
        "probity-map.yml",
        "
dataset:
- fides_key: desk
  collections:
  - name: person
    fields:
    - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true}}
    - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}
    - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone}}
    - {name: second, data_categories: [user.contact.email]}
  - name: gift
    fields:
    - {name: person_id, data_categories: [system.operations], fides_meta: {references: [{dataset: desk, field: person.id, direction: from}]}}
    - {name: for, data_categories: [user.contact.email]}
    - {name: call, data_categories: [user.contact.phone_number]}
    - {name: weighed, data_categories: [user.contact.email], meta: {probity: {other_people: false}}}
",
    );
    sqlite(
        &house.path("desk.db"),
        "CREATE TABLE person (id INTEGER PRIMARY KEY, mail TEXT, phone TEXT, second TEXT);
         CREATE TABLE gift (id INTEGER PRIMARY KEY, person_id INTEGER, \"for\" TEXT, call TEXT, weighed TEXT);
         INSERT INTO person VALUES (1, 'ann@example.org', '+49 30 231250', 'Eve@Example.org'), (2, 'eve@example.org', '+41795551234', NULL),
           (3, 'bob@example.org', NULL, 'ann.old@example.org');
         INSERT INTO gift VALUES (1, 1, 'eve@example.org', '+41 79 555 12 34', 'eve@example.org'),
           (2, 1, 'ANN@example.org', '+49 (30) 231250', NULL), (3, 1, 'nobody@example.org', '+49 40 123456', NULL),
           (4, 1, 'ann.old@example.org', NULL, NULL), (5, 2, 'bob@example.org', NULL, NULL);",
    );
    house.run(&["export", "email=ann@example.org", "--output", "out.zip"]).expect(0);
    house.shell("unzip -q out.zip -d out").expect(0);
    let data: Value = serde_json::from_str(&house.read("out/data.json")).unwrap();
    let gone = "[redacted: another person]";
    let cells = |at: usize| ["for", "call", "weighed"].map(|name| data["desk:gift"][at][name].as_str());
    assert_eq!(cells(0), [Some(gone), Some(gone), Some("eve@example.org")]);
    assert_eq!(cells(1), [Some("ANN@example.org"), Some("+49 (30) 231250"), None]);
    assert_eq!(cells(2), [Some("nobody@example.org"), Some("+49 40 123456"), None]);
    // Bob's own row says that he is reached by it.
    assert_eq!(cells(3), [Some(gone), None, None]);
    assert_eq!(data["desk:gift"].as_array().unwrap().len(), 4);
    assert_eq!(data["desk:person"][0]["second"], gone);
    let third: Value = serde_json::from_str(&house.read("out/third_party.json")).unwrap();
    let reasons: Vec<&str> =
        third["entries"].as_array().unwrap().iter().map(|one| one["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["identity-of-another"; 3], "{third:#}");
    fit_their_schemas(&[third]);
    house.run(&["export", "email=ann@example.org", "--keep-others", "--output", "kept.zip"]).expect(0);
    house.shell("unzip -q kept.zip -d kept").expect(0);
    assert!(!house.read("kept/data.json").contains(gone));
}
