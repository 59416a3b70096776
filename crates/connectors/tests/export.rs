//! Exports of real SQLite files, judged by `sqlite3`: every row of the person, and nobody else's.
#![cfg(feature = "sqlite")]
#![allow(missing_docs)]

mod subject;

use std::collections::BTreeMap;
use std::io::Cursor;

use model::{Fault, Hidden};
use privacy::discover;
use privacy::export::{Archive, Export, Others, Scope, gather};
use privacy::identity::{self, Rules};
use serde_json::Value;
use subject::World;

/// The one document that `fides` writes.
#[derive(Default)]
struct Document(Vec<u8>);

impl Archive for Document {
    fn begin(&mut self, _: &str) -> Result<(), Fault> {
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

/// Rows by `dataset:collection`, as they are handed over.
fn export(world: &World, who: &[&str]) -> BTreeMap<String, Vec<Value>> {
    let subject = identity::parse_all(who, &Rules::default()).unwrap();
    let mut members = world.members();
    let (graph, _) = world.graph(&members);
    let options = discover::Options { digests: false, tolerant: true };
    let found = discover::discover(&graph, &mut members, &subject, &options, &Hidden).unwrap();
    let mut spool = Cursor::new(Vec::new());
    let mut export = Export::new(&world.map, &subject, Scope::Access, Others::Redact, None, &mut spool);
    assert_eq!(gather(&mut export, &graph, &mut members, &found, &Hidden).unwrap(), 0);
    let mut document = Document::default();
    export.fides(&mut document).unwrap();
    serde_json::from_slice(&document.0).unwrap()
}

/// Each of the 59 customers of Chinook gets their own rows and no other's.
#[test]
fn every_customer_gets_their_own_rows() {
    let folder = std::env::var("PROBITY_TEST_CHINOOK").expect("PROBITY_TEST_CHINOOK, as tests/run sets it");
    let sql = std::fs::read_to_string(std::path::Path::new(&folder).join("sqlite.sql")).unwrap();
    let map = "
dataset:
- fides_key: shop
  collections:
  - name: Customer
    fields: [{name: Email, data_categories: [user.contact.email], fides_meta: {identity: email}}]
  - name: Employee
    fields: [{name: Email, data_categories: [user.contact.email], fides_meta: {identity: email}}]
";
    let world = World::shop(&sql, map);
    let judged = world.judge(
        "SELECT Email, CustomerId, (SELECT group_concat(InvoiceId) FROM (SELECT InvoiceId FROM Invoice i WHERE i.CustomerId = c.CustomerId ORDER BY 1)),
           (SELECT group_concat(InvoiceLineId) FROM (SELECT InvoiceLineId FROM InvoiceLine JOIN Invoice i USING (InvoiceId) WHERE i.CustomerId = c.CustomerId ORDER BY 1))
         FROM Customer c;",
    );
    let ids = |rows: &[Value], field: &str| rows.iter().map(|row| row[field].to_string()).collect::<Vec<_>>().join(",");
    assert_eq!(judged.lines().count(), 59);
    for line in judged.lines() {
        let [mail, customer, invoices, lines] = line.split('|').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let rows = export(&world, &[&format!("email={}", mail.to_uppercase())]);
        assert_eq!(rows.keys().collect::<Vec<_>>(), ["shop:Customer", "shop:Invoice", "shop:InvoiceLine"], "{mail}");
        assert_eq!(ids(&rows["shop:Customer"], "CustomerId"), customer);
        assert_eq!(ids(&rows["shop:Invoice"], "InvoiceId"), invoices);
        assert_eq!(ids(&rows["shop:InvoiceLine"], "InvoiceLineId"), lines);
    }
}

/// Names with blanks and quotes, composite keys, equal rows without a key, blobs, documents, no values: all come as they are.
#[test]
fn every_shape_of_a_table_is_handed_over() {
    let sql = r#"
CREATE TABLE person (id INTEGER PRIMARY KEY, mail TEXT, "last ""seen""" TEXT, big INTEGER, half REAL, photo BLOB);
INSERT INTO person VALUES (1, 'ann@example.org', 'today', 9007199254740993, 0.5, x'00ff'), (2, 'bob@example.org', NULL, 1, 1, NULL);
CREATE TABLE "an order" (shop INTEGER, no INTEGER, person_id INTEGER REFERENCES person(id), PRIMARY KEY (shop, no));
INSERT INTO "an order" VALUES (1, 10, 1), (1, 9, 1), (2, 1, 2);
CREATE TABLE click (person_id INTEGER REFERENCES person(id), page TEXT);
INSERT INTO click VALUES (1, 'start'), (1, 'start'), (1, NULL), (2, 'start');
"#;
    let map = "
dataset:
- fides_key: shop
  collections:
  - name: person
    fields: [{name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}]
";
    let rows = export(&World::shop(sql, map), &["email=ann@example.org"]);
    let json = |rows: &[Value]| Value::from(rows.to_vec()).to_string();
    let person = &rows["shop:person"][0];
    assert_eq!(person["last \"seen\""], "today");
    assert_eq!((&person["big"], &person["photo"]), (&Value::from("9007199254740993"), &Value::from("00ff")));
    assert_eq!(json(&rows["shop:an order"]), r#"[{"no":9,"person_id":1,"shop":1},{"no":10,"person_id":1,"shop":1}]"#);
    let mut clicks: Vec<String> = rows["shop:click"].iter().map(ToString::to_string).collect();
    clicks.sort();
    assert_eq!(
        clicks,
        [r#"{"page":"start","person_id":1}"#, r#"{"page":"start","person_id":1}"#, r#"{"page":null,"person_id":1}"#]
    );
}
