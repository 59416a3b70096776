//! `export`: a person's data, found, handed over, checked with the programs that people have.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::browser;
use crate::house::{House, Ran, judge, python};

const STORES: &str = "[stores.shop]\nurl = \"sqlite:shop.db\"\n";

const CHINOOK_MAP: &str = "
dataset:
- fides_key: shop
  meta: {probity: {purposes: [Selling music], retention: P10Y, legal_basis: [Contract], provided: true}}
  collections:
  - name: Customer
    description: Who buys.
    fields:
    - {name: Email, data_categories: [user.contact.email], fides_meta: {identity: email}}
    - {name: FirstName, data_categories: [user.name.first]}
  - name: Employee
    fields: [{name: Email, data_categories: [user.contact.email], fides_meta: {identity: email}}]
  - name: Invoice
    fields: [{name: BillingAddress, data_categories: [user.contact.address]}]
  - name: InvoiceLine
    fields: [{name: InvoiceLineId, data_categories: [system.operations]}]
";

const PEOPLE_MAP: &str = "
dataset:
- fides_key: shop
  collections:
  - name: person
    fields:
    - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}
    - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone}}
    - {name: name, data_categories: [user.name]}
  - name: note
    fields:
    - {name: text, data_categories: [system.operations]}
";

const PEOPLE: &str = "
CREATE TABLE person (id INTEGER PRIMARY KEY, mail TEXT, phone TEXT, name TEXT);
CREATE TABLE note (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES person(id), text TEXT);
INSERT INTO person VALUES
  (1, 'Ann@Example.ORG', '+49 30 231250', 'Ann <script>document.title=\"run\"</script>'),
  (2, 'jose' || char(769) || '@example.org', NULL, 'José'),
  (3, 'bob@example.org', '030/231250', '=cmd|calc'),
  (4, 'bob+shop@example.org', NULL, 'Bob');
INSERT INTO note VALUES (1, 1, 'called about carl@example.net, see ann@example.org'), (2, 3, '<img src=x onerror=alert(1)>');
";

fn sqlite(file: &Path, sql: &str) -> String {
    let script = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(script.path(), sql).unwrap();
    let input = std::fs::File::open(script.path()).unwrap();
    let output = Command::new("sqlite3").args(["-batch", "-bail"]).arg(file).stdin(input).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn house(sql: &str, map: &str) -> House {
    let house = House::initialised();
    let settings = house.read("probity.toml");
    house.write("probity.toml", format!("{settings}\n{STORES}"));
    house.write("probity-map.yml", map);
    sqlite(&house.path("shop.db"), sql);
    house
}

fn chinook() -> House {
    let folder = std::env::var("PROBITY_TEST_CHINOOK").expect("PROBITY_TEST_CHINOOK, as tests/run sets it");
    let sql = std::fs::read_to_string(Path::new(&folder).join("sqlite.sql")).unwrap();
    house(&format!("PRAGMA foreign_keys=OFF;\n{sql}"), CHINOOK_MAP)
}

fn people() -> House {
    house(PEOPLE, PEOPLE_MAP)
}

/// Unpacks with `unzip` into a folder of that name.
fn unpack(house: &House, zip: &str) -> String {
    let folder = format!("{zip}.d");
    house.shell(&format!("unzip -q {zip} -d {folder}")).expect(0);
    folder
}

fn data(house: &House, folder: &str) -> Value {
    serde_json::from_str(&house.read(&format!("{folder}/data.json"))).unwrap()
}

/// A customer of Chinook gets 1 + 7 + 38 rows, the same as sqlite3 shows, in a package that checks with tools people have.
#[test]
fn a_customers_rows_are_those_of_the_store() {
    let house = chinook();
    let done = house.json(&["export", "email=LUISG@Embraer.com.br", "--output", "out.zip"], 0);
    assert_eq!((&done["rows"], &done["complete"]), (&Value::from(46), &Value::from(true)), "{done}");
    assert_eq!(done["found_folded"], serde_json::json!(["shop.Customer.Email"]));
    let folder = unpack(&house, "out.zip");
    let data = data(&house, &folder);
    for (table, rows, of) in [
        ("Customer", 1, "CustomerId = 1"),
        ("Invoice", 7, "CustomerId = 1"),
        ("InvoiceLine", 38, "InvoiceId IN (SELECT InvoiceId FROM Invoice WHERE CustomerId = 1)"),
    ] {
        let exported = data[format!("shop:{table}")].as_array().unwrap();
        assert_eq!(exported.len(), rows, "{table}");
        let sql = format!(".mode json\nSELECT * FROM {table} WHERE {of} ORDER BY 1;");
        let judged: Vec<Value> = serde_json::from_str(&sqlite(&house.path("shop.db"), &sql)).unwrap();
        for (ours, theirs) in exported.iter().zip(&judged) {
            for (name, value) in theirs.as_object().unwrap() {
                let same =
                    ours[name] == *value || ours[name].as_f64().is_some() && ours[name].as_f64() == value.as_f64();
                // The store keeps times as text; a cell is ISO 8601.
                let is_time = name.ends_with("Date");
                assert!(same || is_time, "{table}.{name}: {} is {value}", ours[name]);
            }
        }
    }
    house.shell(&format!("cd {folder} && sha256sum -c --strict --quiet SHA256SUMS")).expect(0);
    house
        .shell(&format!(
            "cd {folder} && ssh-keygen -Y verify -f allowed_signers -I export@probity -n export@probity -s SHA256SUMS.sig < SHA256SUMS"
        ))
        .expect(0);
    if judge("minisign") {
        house
            .shell(&format!("cd {folder} && minisign -V -q -p minisign.pub -m SHA256SUMS -x SHA256SUMS.minisig"))
            .expect(0);
    }
    house.shell(&format!("cd {folder} && echo x >> data.json && ! sha256sum -c --status SHA256SUMS")).expect(0);
}

/// Python's own readers of zip, JSON and CSV get the same rows; the schema that is in the package fits.
#[test]
fn python_reads_it() {
    let Some(python) = python() else { return };
    let house = chinook();
    house.run(&["export", "email=luisg@embraer.com.br", "--output", "out.zip"]).expect(0);
    let script = r#"
import csv, io, json, sys, zipfile
with zipfile.ZipFile("out.zip") as pack:
    assert pack.testzip() is None
    data = json.loads(pack.read("data.json"))
    manifest = json.loads(pack.read("manifest.json"))
    assert {f["path"] for f in manifest["files"]} | {"manifest.json", "SHA256SUMS", "SHA256SUMS.sig", "SHA256SUMS.minisig",
        "allowed_signers", "minisign.pub", "signer.pub"} == set(pack.namelist()), pack.namelist()
    for name, rows in data.items():
        stem = "data/" + name.replace(":", "/")
        assert json.loads(pack.read(stem + ".json")) == rows
        table = list(csv.DictReader(io.StringIO(pack.read(stem + ".csv").decode(), newline="")))
        assert len(table) == len(rows), name
        for ours, theirs in zip(table, rows):
            for key, value in theirs.items():
                text = "" if value is None else str(value)
                assert ours[key].removeprefix("'") == text or float(ours[key]) == float(value), (name, key, ours[key], value)
    try:
        import jsonschema
        jsonschema.validate(data, json.loads(pack.read("schema.json")))
    except ImportError:
        pass
"#;
    let script = house.write("judge.py", script);
    Ran::of(Command::new(python).arg(script).current_dir(house.root()).output().unwrap()).expect(0);
}

/// What a member of staff gets names no customer: their rows only refer to the person.
#[test]
fn a_member_of_staff_gets_no_customers_addresses() {
    let house = chinook();
    let done = house.json(&["export", "email=jane@chinookcorp.com", "--output", "out.zip"], 0);
    assert_eq!(done["rows"], 22, "{done}");
    let folder = unpack(&house, "out.zip");
    let customers = sqlite(
        &house.path("shop.db"),
        "SELECT Email FROM Customer UNION SELECT LastName FROM Customer WHERE length(LastName) > 6;",
    );
    for path in ["data.json", "index.html", "data/shop/Customer.csv", "third_party.json"] {
        let text = house.read(&format!("{folder}/{path}"));
        for name in customers.lines() {
            assert!(!text.contains(name), "{name} in {path}");
        }
    }
    let data = data(&house, &folder);
    assert_eq!(data["shop:Customer"][0]["SupportRepId"], 3);
    assert_eq!(data["shop:Customer"][0]["Email"], "[redacted: another person]");
    let third: Value = serde_json::from_str(&house.read(&format!("{folder}/third_party.json"))).unwrap();
    assert!(
        third["entries"]
            .as_array()
            .unwrap()
            .iter()
            .any(|entry| entry["reason"] == "row-of-another" && entry["count"] == 21)
    );
    let kept = house.json(&["export", "email=jane@chinookcorp.com", "--output", "kept.zip", "--keep-others"], 0);
    assert_eq!(kept["taken_out"], 0);
}

/// The same person is found however the store spells them, and nobody else is.
#[test]
fn identities_are_found_in_any_spelling() {
    let house = people();
    let rows = |args: &[&str], exit| {
        let all = [&["export"][..], args, &["--output", "out.json", "--format", "fides", "--overwrite"]].concat();
        let ran = house.run(&all).expect(exit);
        if exit != 0 {
            return vec![Value::from(ran.exit)];
        }
        let data: Value = serde_json::from_str(&house.read("out.json")).unwrap();
        data["shop:person"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect()
    };
    assert_eq!(rows(&["email= ANN@example.org "], 0), [1]);
    assert_eq!(rows(&["email=JOSÉ@example.org"], 0), [2]);
    assert_eq!(rows(&["email=bob@example.org"], 0), [3]);
    assert_eq!(rows(&["email=bob+news@example.org"], 3), [3]);
    assert_eq!(rows(&["email=bob+news@example.org", "--fold-plus"], 0), [3, 4]);
    assert_eq!(rows(&["phone=+4930231250"], 0), [1]);
    assert_eq!(rows(&["phone=030-231250", "--region", "DE"], 0), [1, 3]);
}

/// Values are values: SQL in an identity finds nobody and does nothing; markup is text in the page and formulas are in the CSV.
#[test]
fn hostile_values_do_nothing() {
    let house = people();
    let before = sqlite(&house.path("shop.db"), "SELECT * FROM person;");
    for subject in ["email=\"x' OR '1'='1\"@example.org", "phone=+4930999999", "email=ann@example.org'--.org"] {
        let ran = house.run(&["export", subject, "--output", "out.zip"]);
        assert!([2, 3].contains(&ran.exit), "{subject}: {ran:?}");
        assert!(!house.path("out.zip").exists());
    }
    assert_eq!(sqlite(&house.path("shop.db"), "SELECT * FROM person;"), before);
    house.run(&["export", "email=ann@example.org", "email=bob@example.org", "--output", "out.zip"]).expect(0);
    let folder = unpack(&house, "out.zip");
    assert!(house.read(&format!("{folder}/data/shop/person.csv")).contains(",\"'=cmd|calc\"\r\n"));
    let data = data(&house, &folder);
    assert_eq!(data["shop:note"][0]["text"], "called about [redacted: email], see ann@example.org");
    if judge("chromium") {
        let dom = browser::dom(&house.path(&format!("{folder}/index.html")));
        assert!(dom.contains("<title>Your personal data</title>"), "{dom}");
        assert!(dom.contains("&lt;script&gt;") && dom.contains("&lt;img src=x onerror=alert(1)&gt;"));
        assert!(!dom.contains("<script") && !dom.contains("<img"));
    }
}

/// A store that is down is told; when nobody was found nothing is written; an output is not overwritten.
#[test]
fn what_is_not_whole_says_so() {
    let house = people();
    let settings = house.read("probity.toml");
    house.write("probity.toml", format!("{settings}\n[stores.crm]\nurl = \"postgres://nobody@127.0.0.1:1/crm\"\n"));
    let done = house.json(&["export", "email=ann@example.org", "--output", "out.zip"], 5);
    assert_eq!((&done["complete"], &done["status"]), (&Value::from(false), &Value::from("in_progress")), "{done}");
    assert!(done["gaps"].as_array().unwrap().iter().any(|gap| gap.as_str().unwrap().contains("crm")), "{done}");
    let folder = unpack(&house, "out.zip");
    assert!(house.read(&format!("{folder}/index.html")).contains("This is not everything"));
    house.run(&["export", "email=nobody@example.org", "--output", "none.zip"]).expect(8).code("store-unreachable");
    assert!(!house.path("none.zip").exists());
    house.run(&["export", "email=ann@example.org", "--output", "out.zip"]).expect(4).code("output-exists");
    house.write("probity.toml", settings);
    house.run(&["export", "email=nobody@example.org", "--output", "none.zip"]).expect(3).code("no-match");
    house.run(&["export", "badge=7", "--output", "none.zip"]).expect(2).code("no-such-identity");
    house
        .run(&["export", "email=ann@example.org", "--output", "none.zip", "--encrypt-to", "age1x"])
        .expect(2)
        .code("bad-recipient");
    assert!(!house.path("none.zip").exists());
    let list = house.json(&["export", "--list"], 0);
    let requests = list["requests"].as_array().unwrap();
    assert_eq!((requests.len(), &requests[0]["days_left"]), (1, &Value::from(30)), "{list}");
    let again = house.json(&["export", "email=ann@example.org", "--output", "whole.zip", "--request", "req-0001"], 0);
    assert_eq!(again["status"], "fulfilled");
    let listed = house.json(&["export", "--list"], 0);
    assert_eq!(listed["requests"][0]["status"], "fulfilled");
    assert!(
        !house.tree(".probity/requests").values().any(|(_, bytes)| String::from_utf8_lossy(bytes).contains("ann@"))
    );
}

/// The same request at the same time over the same data is the same file.
#[test]
fn equal_data_make_equal_bytes() {
    let house = people();
    house.shell("cp -a .probity before").expect(0);
    house.run(&["export", "email=ann@example.org", "--output", "one.zip"]).expect(0);
    house.run(&["export", "--output", "two.zip", "--request", "req-0001"]).expect(4).code("request-answered");
    house.shell("rm -r .probity && mv before .probity").expect(0);
    house.run(&["export", "email=ann@example.org", "--output", "two.zip"]).expect(0);
    assert_eq!(std::fs::read(house.path("one.zip")).unwrap(), std::fs::read(house.path("two.zip")).unwrap());
}

/// What is encrypted opens with age itself, and nothing of it lies about in clear.
#[test]
fn only_the_recipient_opens_it() {
    if !judge("age") {
        return;
    }
    let house = people();
    house.shell("age-keygen -o key.txt 2>/dev/null").expect(0);
    let recipient = house.shell("age-keygen -y key.txt").expect(0).stdout;
    let done = house
        .json(&["export", "email=ann@example.org", "--output", "out.zip.age", "--encrypt-to", recipient.trim()], 0);
    assert_eq!(done["encrypted"], true);
    house
        .shell("age -d -i key.txt -o out.zip out.zip.age && unzip -q out.zip -d clear && grep -q Ann clear/data.json")
        .expect(0);
    let bytes = std::fs::read(house.path("out.zip.age")).unwrap();
    assert!(!bytes.windows(9).any(|window| window == b"data.json"));
}

/// Portability hands over what was provided on contract, as one document that says what it is.
#[test]
fn what_was_provided_can_be_taken_along() {
    let house = chinook();
    house
        .run(&["export", "email=luisg@embraer.com.br", "--portability", "--format", "json", "--output", "out.json"])
        .expect(0);
    let document: Value = serde_json::from_str(&house.read("out.json")).unwrap();
    assert_eq!((&document["schema"], &document["article"]), (&Value::from("export/1"), &Value::from("20")));
    assert_eq!(document["data"]["shop:Customer"].as_array().unwrap().len(), 1);
    assert_eq!(document["information"]["collections"][0]["purposes"], serde_json::json!(["Selling music"]));
}
