//! Plans on real SQLite files, and what is left after they were applied.

#![cfg(feature = "sqlite")]

mod subject;

use privacy::plan::{Hold, Holds, Outcome};
use privacy::row::Key;
use subject::{World, lines};

fn check(sql: &str, map: &str, who: &[&str], expect: &[&str]) {
    let world = World::shop(sql, map);
    let plan = world.plan(who).unwrap_or_else(|fault| panic!("{fault:?}"));
    assert_eq!(lines(&plan), expect, "{sql}");
    assert_eq!(world.plan(who).unwrap().digest().unwrap(), plan.digest().unwrap(), "a plan is the same each time");
    world.apply(&plan);
    world.dump("shop");
    world.apply(&plan);
}

fn refused(sql: &str, map: &str, code: &str, says: &str) {
    let fault = World::shop(sql, map).plan(&["email=ann@example.org"]).unwrap_err();
    assert_eq!(fault.code(), code, "{fault:?}");
    assert!(fault.message().contains(says), "{fault:?}");
}

const ANN: &[&str] = &["email=ann@example.org"];

/// A map of person(id, mail) and what else is said; `more` are further fields of person, `others` further collections.
fn map(more: &str, others: &str) -> String {
    format!(
        "dataset:
- fides_key: shop
  collections:
  - name: person
    fields:
    - {{name: id, fides_meta: {{primary_key: true}}}}
    - {{name: mail, data_categories: [user.contact.email], fides_meta: {{identity: email}}}}
{more}
{others}"
    )
}

const PEOPLE: &str =
    "CREATE TABLE person(id INTEGER PRIMARY KEY, mail TEXT NOT NULL UNIQUE, boss INT REFERENCES person);
INSERT INTO person VALUES (1,'ann@example.org',3),(2,'bob@example.org',1),(3,'cy@example.org',1);";

/// What refers goes before what is referred to; reports lose their boss, and are not touched otherwise.
#[test]
fn order_and_unlinking() {
    let sql = format!(
        "{PEOPLE} CREATE TABLE a_parcel(id INTEGER PRIMARY KEY, person INT NOT NULL REFERENCES person);
        CREATE TABLE z_item(id INTEGER PRIMARY KEY, parcel INT NOT NULL REFERENCES a_parcel);
        INSERT INTO a_parcel VALUES (1,1),(2,2); INSERT INTO z_item VALUES (1,1),(2,2);"
    );
    let expect = ["person unlinked boss 2 3", "z_item delete 1", "a_parcel delete 1", "person delete 1"];
    check(&sql, &map("", ""), ANN, &expect);
}

/// A row that another's row must refer to stays, without personal data; what it must refer to itself stays too.
#[test]
fn not_null_keeps_the_row_without_the_person() {
    let sql = "CREATE TABLE person(id INTEGER PRIMARY KEY, mail TEXT NOT NULL UNIQUE, name TEXT NOT NULL, born TEXT, club INT);
        CREATE TABLE pet(id INTEGER PRIMARY KEY, mail TEXT, person INT NOT NULL REFERENCES person);
        INSERT INTO person VALUES (1,'ann@example.org','Ann','1980-01-01',7); INSERT INTO pet VALUES (1,'rex@example.org',1);";
    let more = "    - {name: name, data_categories: [user.name]}
    - {name: born, data_categories: [user.demographic.date_of_birth]}";
    let others = "  - name: pet
    fields: [{name: mail, fides_meta: {identity: email}}]";
    let world = World::shop(sql, &map(more, others));
    let plan = world.erase(ANN);
    assert_eq!(lines(&plan), ["person anonymised born,mail,name 1"]);
    assert_eq!(plan.steps[0].reason, "Rows of pet of others refer to it, and their person cannot be empty.");
    let row = world.judge("SELECT * FROM person");
    assert!(row.starts_with("1|erased-") && row.ends_with("@erased.invalid|erased||7"), "{row}");
    assert_eq!(world.judge("SELECT * FROM pet"), "1|rex@example.org|1");
    assert!(world.plan(ANN).unwrap().is_empty(), "erased is erased");
}

/// A message between two stays, without its sender.
#[test]
fn messages_stay_without_the_person() {
    let sql = format!(
        "{PEOPLE} CREATE TABLE message(id INTEGER PRIMARY KEY, sender INT REFERENCES person, recipient INT REFERENCES person, text TEXT);
        INSERT INTO message VALUES (1,1,2,'x'),(2,3,1,'y'),(3,1,1,'z'),(4,2,3,'w');"
    );
    let expect = [
        "message unlinked recipient 2",
        "message unlinked sender 1",
        "person unlinked boss 2 3",
        "message delete 3",
        "person delete 1",
        "shared message 2: It is another person's as well, by sender. The link to the person is taken out.",
        "shared message 1: It is another person's as well, by recipient. The link to the person is taken out.",
    ];
    let mut expect = expect.to_vec();
    expect.swap(5, 6);
    check(&sql, &map("", ""), ANN, &expect);
}

/// The law keeps invoices for ten years; what names the person goes from them, and the customer goes as well.
#[test]
fn retained_invoices() {
    let sql = format!(
        "{PEOPLE} CREATE TABLE invoice(id INTEGER PRIMARY KEY, person INT REFERENCES person, day TEXT, street TEXT, total INT);
        CREATE TABLE line(id INTEGER PRIMARY KEY, invoice INT REFERENCES invoice, what TEXT);
        INSERT INTO invoice VALUES (1,1,'2020-05-01','Road 1',5),(2,1,'2010-05-01','Road 2',6),(3,2,'2020-01-01','Road 3',7),
          (4,1,'2020-05-01',NULL,5);
        INSERT INTO line VALUES (1,1,'pen'),(2,2,'ink'),(3,3,'pot');"
    );
    let others = "  - name: invoice
    meta: {probity: {retain: {code: 17-3-b, law: \"Tax Code s. 147\", period: P10Y, from: day, approver: counsel}}}
    fields: [{name: day}, {name: street, data_categories: [user.contact.address.street]}]";
    let expect = [
        "invoice anonymised person,street 1 4",
        "person unlinked boss 2 3",
        "line delete 1 2",
        "invoice delete 2",
        "person delete 1",
        "kept invoice 17-3-b until Some(\"2030-05-01\")",
        "trap part-of-kept line: 1 row of it go although they belong to rows of invoice that the law keeps; if it keeps them too, give it `retain` as well.",
    ];
    check(&sql, &map("", others), ANN, &expect);
}

/// Circles: loosened where a link can be empty, left to the store where it cascades; otherwise the rows stay.
#[test]
fn circles() {
    let sql = |a: &str, b: &str| {
        format!(
            "CREATE TABLE person(id INTEGER PRIMARY KEY, mail TEXT, name TEXT, main INT {a} REFERENCES card);
            CREATE TABLE card(id INTEGER PRIMARY KEY, person INT {b} REFERENCES person);
            INSERT INTO person VALUES (1,'ann@example.org','Ann',1),(2,'bob@example.org','Bob',2); INSERT INTO card VALUES (1,1),(2,2),(3,1);"
        )
    };
    let map = map("    - {name: name, data_categories: [user.name]}", "");
    let empty = "trap cycle card: Rows refer to each other in a circle: person is emptied first.";
    let both = "trap cycle person: Rows refer to each other in a circle: main is emptied first.";
    check(
        &sql("", ""),
        &map,
        ANN,
        &["card loosened person 1 3", "person loosened main 1", "card delete 1 3", "person delete 1", empty, both],
    );
    check(
        &sql("NOT NULL", ""),
        &map,
        ANN,
        &["card loosened person 1 3", "card delete 3", "person delete 1", "card delete 1", empty],
    );
    check(&sql("", "NOT NULL"), &map, ANN, &["person loosened main 1", "card delete 1 3", "person delete 1", both]);
    // SQLite checks at the end of the transaction, when it is asked to.
    let world = World::shop(&sql("NOT NULL", "NOT NULL"), &map);
    let plan = world.erase(ANN);
    assert_eq!(lines(&plan), ["card delete 1 3", "person delete 1"]);
    assert!(plan.stores[0].defer);
    assert_eq!(world.judge("SELECT id FROM card UNION ALL SELECT id FROM person"), "2\n2");
}

/// What no replacement is found for is an error that names the field, never a silence.
#[test]
fn fields_without_a_replacement_are_refused() {
    let sql = |column: &str, value: &str| {
        format!(
            "CREATE TABLE person(id INTEGER PRIMARY KEY, mail TEXT, secret {column});
            CREATE TABLE pet(id INTEGER PRIMARY KEY, mail TEXT, person INT NOT NULL REFERENCES person);
            INSERT INTO person VALUES (1,'ann@example.org',{value}); INSERT INTO pet VALUES (1,'rex@example.org',1);"
        )
    };
    let pet = "  - name: pet\n    fields: [{name: mail, fides_meta: {identity: email}}]";
    let map = map("    - {name: secret, data_categories: [user.name]}", pet);
    refused(
        &sql("TEXT NOT NULL CHECK(length(secret) = 20)", "'12345678901234567890'"),
        &map,
        "cannot-erase-field",
        "shop.person.secret: No replacement passes",
    );
    refused(&sql("VARCHAR(4) NOT NULL UNIQUE", "'1234'"), &map, "cannot-erase-field", "room for 4 characters");
    let sql = sql("TEXT CHECK(secret IS NOT NULL AND secret <> 'x')", "'y'");
    let world = World::shop(&sql, &map);
    world.erase(ANN);
    assert_eq!(world.judge("SELECT secret FROM person"), "erased", "what may be NULL by its type but not by its CHECK");
}

/// The address of one person alone goes with them; version tables that the schema deletes by itself are in the plan.
#[test]
fn addresses_and_histories() {
    let sql = "CREATE TABLE address(id INTEGER PRIMARY KEY, street TEXT);
        CREATE TABLE person(id INTEGER PRIMARY KEY, mail TEXT, home INT NOT NULL REFERENCES address);
        CREATE TABLE person_log(id INTEGER PRIMARY KEY, person INT NOT NULL REFERENCES person ON DELETE CASCADE, mail TEXT);
        CREATE TABLE firm(id INTEGER PRIMARY KEY, name TEXT, home INT REFERENCES address ON DELETE CASCADE, head INT REFERENCES person ON DELETE CASCADE);
        INSERT INTO address VALUES (1,'a'),(2,'b'); INSERT INTO person VALUES (1,'ann@example.org',1),(2,'bob@example.org',2);
        INSERT INTO person_log VALUES (1,1,'old@example.org'),(2,2,'x'); INSERT INTO firm VALUES (1,'f',2,2);";
    let others = "  - name: address
    fields: [{name: street, data_categories: [user.contact.address.street]}]
  - name: firm
    fields: [{name: head, meta: {probity: {owner: false}}}]";
    let map = map("", others);
    check(sql, &map, ANN, &["person_log delete 1", "person delete 1", "address delete 1"]);
    let bob = [
        "firm unlinked head 1",
        "person_log delete 2",
        "person delete 2",
        "shared address 2: Rows of others refer to it too.",
        "trap cascade firm: The foreign key fk_1 would delete 1 row that stay when person goes; the plan cuts or keeps them first.",
    ];
    let world = World::shop(sql, &map);
    let plan = world.plan(&["email=bob@example.org"]).unwrap();
    let told: Vec<_> = lines(&plan);
    assert_eq!(told[..4], bob[..4]);
    assert!(told[4].starts_with("trap cascade firm"), "{told:?}");
    world.apply(&plan);
    assert_eq!(world.judge("SELECT * FROM firm"), "1|f|2|");
}

struct Held(&'static str);

impl Holds for Held {
    fn on(&self, _: &str, _: &str, collection: &str, keys: &[Key]) -> Result<Vec<Option<Hold>>, model::Fault> {
        let hold = Hold {
            id: "hold-0001".into(),
            code: "17-3-e".into(),
            law: "case 7".into(),
            until: None,
            approver: None,
            anonymise: Vec::new(),
        };
        Ok(vec![(collection == self.0).then_some(hold); keys.len()])
    }
}

/// What a hold lies on is not changed at all; what it must refer to stays for its sake.
#[test]
fn holds_keep_rows_as_they_are() {
    let sql = format!(
        "{PEOPLE} CREATE TABLE claim(id INTEGER PRIMARY KEY, person INT REFERENCES person, text TEXT);
        CREATE TABLE visit(id INTEGER PRIMARY KEY, person INT REFERENCES person);
        INSERT INTO claim VALUES (1,1,'x'); INSERT INTO visit VALUES (1,1);"
    );
    let world = World::shop(&sql, &map("", ""));
    let plan = world.plan_with(ANN, &Held("claim")).unwrap();
    let expect =
        ["person anonymised mail 1", "person unlinked boss 2 3", "visit delete 1", "kept claim 17-3-e until None"];
    let mut told = lines(&plan);
    told.sort();
    let mut expect = expect.to_vec();
    expect.sort_unstable();
    assert_eq!(told, expect);
    assert_eq!(plan.kept[0].hold.as_deref(), Some("hold-0001"));
}

/// Rows of a table without a key go all together, however many are equal.
#[test]
fn keyless_duplicates() {
    let sql = format!(
        "{PEOPLE} CREATE TABLE \"a \"\"b\"\"\"(person INT REFERENCES person, \"what's up\" TEXT, n REAL);
        INSERT INTO \"a \"\"b\"\"\" VALUES (1,'x',1.5),(1,'x',1.5),(1,NULL,NULL),(2,'x',1.5);"
    );
    let world = World::shop(&sql, &map("", ""));
    let plan = world.erase(ANN);
    assert_eq!(plan.rows(Outcome::Deleted), 4);
    assert_eq!(world.judge("SELECT * FROM \"a \"\"b\"\"\""), "2|x|1.5");
}

/// Stores: the one with the identities is the last; `erase_after` is kept, and a circle of it refused.
#[test]
fn the_order_of_stores() {
    let map = |after: &str| {
        format!(
            "dataset:
- fides_key: crm
  collections:
  - name: person
    fides_meta: {{erase_after: [{after}]}}
    fields:
    - {{name: id, fides_meta: {{primary_key: true}}}}
    - {{name: mail, fides_meta: {{identity: email}}}}
- fides_key: shop
  collections:
  - name: orders
    fides_meta: {{erase_after: [ware.box]}}
    fields:
    - {{name: id, fides_meta: {{primary_key: true}}}}
    - {{name: who, fides_meta: {{references: [{{dataset: crm, field: person.id, direction: from}}]}}}}
- fides_key: ware
  collections:
  - name: box
    fides_meta: {{erase_after: [{}]}}
    fields:
    - {{name: orders, fides_meta: {{references: [{{dataset: shop, field: orders.id, direction: from}}]}}}}
",
            if after == "x.y" { "crm.person" } else { "" }
        )
    };
    let crm =
        "CREATE TABLE person(id INTEGER PRIMARY KEY, mail TEXT); INSERT INTO person VALUES (1,'ann@example.org');";
    let shop = "CREATE TABLE orders(id INTEGER PRIMARY KEY, who INT); INSERT INTO orders VALUES (5,1),(6,2);";
    let ware = "CREATE TABLE box(id INTEGER PRIMARY KEY, orders INT); INSERT INTO box VALUES (1,5),(2,6);";
    let stores = [("crm", "crm", crm), ("shop", "shop", shop), ("ware", "ware", ware)];
    let world = World::new(&stores, &map("shop.orders"));
    let plan = world.erase(ANN);
    assert_eq!(plan.stores.iter().map(|store| store.member.as_str()).collect::<Vec<_>>(), ["ware", "shop", "crm"]);
    assert_eq!(lines(&plan), ["box delete 1", "orders delete 5", "person delete 1"]);
    assert!(world.plan(ANN).unwrap().is_empty());
    let circle = "ware.box";
    let map = map(circle).replace("erase_after: []", "erase_after: [crm.person]");
    let fault = World::new(&stores, &map).plan(ANN).unwrap_err();
    assert_eq!(fault.code(), "erase-order-cycle");
}

/// Without the database there is nothing to test; `tests/run` fetches it. Chinook: one customer, and the rest is as it was; invoices that the law keeps are anonymised.
#[test]
fn chinook() {
    let Ok(folder) = std::env::var("PROBITY_TEST_CHINOOK") else { return };
    let sql = std::fs::read_to_string(std::path::Path::new(&folder).join("sqlite.sql")).unwrap();
    let map = |retain: &str| {
        format!(
            "dataset:
- fides_key: shop
  collections:
  - name: Customer
    fields: [{{name: Email, data_categories: [user.contact.email], fides_meta: {{identity: email}}}}]
  - name: Employee
    fields: [{{name: Email, data_categories: [user.contact.email], fides_meta: {{identity: email}}}}]
  - name: Invoice
{retain}
    fields: [{{name: BillingAddress, data_categories: [user.contact.address.street]}}]
"
        )
    };
    let world = World::shop(&sql, &map(""));
    let plan = world.erase(&["email=luisg@embraer.com.br"]);
    assert_eq!(
        lines(&plan),
        ["InvoiceLine delete (38)", "Invoice delete 121 143 195 316 327 382 98", "Customer delete 1"]
    );
    let counts =
        "SELECT (SELECT count(*) FROM Customer), (SELECT count(*) FROM Invoice), (SELECT count(*) FROM InvoiceLine),
        (SELECT count(*) FROM Track), (SELECT count(*) FROM Employee);";
    assert_eq!(world.judge(counts), "58|405|2202|3503|8");
    let plan = world.erase(&["email=nancy@chinookcorp.com"]);
    assert_eq!(lines(&plan), ["Employee unlinked ReportsTo 3 4 5", "Employee delete 2"]);
    let plan = world.erase(&["email=jane@chinookcorp.com"]);
    assert_eq!(lines(&plan)[1..], ["Employee delete 3"]);
    assert_eq!(
        (plan.steps[0].collection.as_str(), plan.rows(Outcome::Unlinked)),
        ("Customer", 20),
        "one of 21 is gone"
    );
    world.dump("shop");

    let retain = "    meta: {probity: {retain: {code: 17-3-b, law: tax, until: 2033-12-31}}}";
    let world = World::shop(&sql, &map(retain));
    let plan = world.erase(&["email=luisg@embraer.com.br"]);
    // Invoice.CustomerId cannot be empty: the customer stays, without what names them.
    assert_eq!(
        lines(&plan)[..2],
        ["Customer anonymised Email 1", "Invoice anonymised BillingAddress 121 143 195 316 327 382 98"]
    );
    assert_eq!(world.judge("SELECT count(*) FROM Invoice WHERE CustomerId=1 AND BillingAddress IS NULL"), "7");
}

/// In a document only the personal parts of it go.
#[test]
fn parts_of_documents() {
    let others = "  - name: contract
    meta: {probity: {retain: {code: 17-3-b, law: tax, until: 2033-12-31}}}
    fields:
    - name: data
      fields:
      - {name: total}
      - name: who
        fields:
        - {name: name, data_categories: [user.name]}
        - {name: phone, data_categories: [user.contact.phone_number]}";
    let sql = format!(
        "{PEOPLE} CREATE TABLE contract(id INTEGER PRIMARY KEY, person INT REFERENCES person, data TEXT);
        INSERT INTO contract VALUES (1,1,'{{\"total\":5,\"who\":{{\"name\":\"Ann\",\"phone\":\"1\"}}}}'),(2,1,'{{\"total\":7}}'),(3,2,'{{\"who\":{{\"name\":\"Bob\"}}}}');"
    );
    let world = World::shop(&sql, &map("", others));
    let plan = world.erase(ANN);
    assert_eq!(lines(&plan)[0], "contract anonymised data.who.name,data.who.phone,person 1 2");
    let left = world.judge("SELECT data FROM contract ORDER BY id");
    let left: Vec<serde_json::Value> = left.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(left[0]["total"], 5);
    assert!(left[0]["who"]["name"].is_null() && left[0]["who"]["phone"].is_null(), "{left:?}");
    assert_eq!(left[2]["who"]["name"], "Bob");
    assert!(world.plan(ANN).unwrap().is_empty());
}

/// Triggers on what is touched are named; rows of people that no plan touches are not locked into it.
#[test]
fn traps_are_told() {
    let sql = format!(
        "{PEOPLE} CREATE TABLE old(id INTEGER PRIMARY KEY, mail TEXT);
        CREATE TABLE quiet(id INTEGER PRIMARY KEY);
        CREATE TRIGGER keep_mail AFTER DELETE ON person BEGIN INSERT INTO old(mail) VALUES (old.mail); END;
        CREATE TRIGGER unseen AFTER DELETE ON quiet BEGIN SELECT 1; END;"
    );
    let plan = World::shop(&sql, &map("", "")).plan(ANN).unwrap();
    let told: Vec<_> = plan.traps.iter().map(|trap| (trap.kind.as_str(), trap.collection.as_str())).collect();
    assert_eq!(told, [("trigger", "person")]);
    assert!(plan.traps[0].text.contains("keep_mail"));
    let gaps: Vec<_> =
        plan.gaps.iter().map(|gap| (gap.kind.as_str(), gap.collection.as_deref().unwrap_or(""))).collect();
    assert_eq!(gaps, [("unmapped", "old"), ("unmapped", "quiet")]);
}

/// Recipients of what goes are to be told (Art. 19); those of other collections are not.
#[test]
fn recipients() {
    let others = "  - name: parcel
    meta: {probity: {recipients: [Carrier Ltd, Insurer plc]}}
    fields: [{name: id}]
  - name: other
    meta: {probity: {recipients: [Nobody]}}
    fields: [{name: id}]";
    let sql = format!(
        "{PEOPLE} CREATE TABLE parcel(id INTEGER PRIMARY KEY, person INT REFERENCES person);
        CREATE TABLE other(id INTEGER PRIMARY KEY, person INT REFERENCES person);
        INSERT INTO parcel VALUES (1,1); INSERT INTO other VALUES (1,2);"
    );
    let plan = World::shop(&sql, &map("", others)).plan(ANN).unwrap();
    let told: Vec<_> = plan.recipients.iter().map(|one| (one.name.as_str(), one.collections.join(","))).collect();
    assert_eq!(told, [("Carrier Ltd", "shop.parcel".to_owned()), ("Insurer plc", "shop.parcel".to_owned())]);
}
