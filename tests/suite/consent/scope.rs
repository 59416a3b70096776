//! What a consent covers (ISO/IEC TS 27560): said once, kept as it was when somebody agreed, written into records and receipts.

use std::process::Command;

use serde_json::Value;

use super::{ANN, args, house, record, standing, withdraw};
use crate::house::{House, Ran, fit_their_schemas, interpreter, python, repository};

const PURPOSES: &str = "defaults:\n  jurisdictions: [DE]\n  withdrawal: https://shop.example/consents\n  rights: https://shop.example/rights\n\
    purposes:\n  newsletter:\n    title: The weekly letter\n    locations: [DE, IE]\n    retention: 2 years\n    recipients: [Mailer GmbH]\n";
const MAP: &str = "dataset:\n- fides_key: shop\n  collections:\n  - name: person\n    meta: {probity: {purposes: [newsletter], locations: [FR], \
    recipients: [Carrier]}}\n    fields:\n    - {name: mail, data_categories: [user.contact.email]}\n";

/// A house that says what its consents cover.
fn said() -> House {
    let house = house();
    let settings = house.read("probity.toml");
    let settings = settings.replacen("controller = \"\"", "controller = \"Shop\"", 1);
    house.write("probity.toml", settings.replacen("contact = \"\"", "contact = \"shop@example.org\"", 1));
    house.write("purposes.yaml", PURPOSES);
    house.write("probity-map.yml", MAP);
    house
}

/// A document of JSON-LD before rdflib, and before the schema; what the judge says of it.
fn judged(house: &House, file: &str) -> String {
    if let Some(python) = python() {
        let script = "import json, jsonschema, sys; schema = json.load(open(sys.argv[1])); \
            jsonschema.Draft202012Validator.check_schema(schema); \
            jsonschema.Draft202012Validator(schema).validate(json.load(open(sys.argv[2])))";
        let schema = repository("schemas/dpv-27560.v1.schema.json");
        Ran::of(Command::new(python).args(["-c", script]).arg(schema).arg(house.path(file)).output().unwrap())
            .expect(0);
    }
    let Some(python) = interpreter("PROBITY_TEST_CASE") else { return String::new() };
    let judge = repository("tests/judges/consent/dpv");
    Ran::of(Command::new(python).arg(judge).arg(house.path(file)).output().unwrap()).expect(0).stdout
}

/// What the file of purposes and the data map say is in the record, also when both say something else later.
#[test]
fn what_a_consent_covers_is_kept_as_it_was() {
    let house = said();
    let first = record(&house, "email=ann@example.org", &["--language", "en"]);
    let scope = &first["records"][0]["scope"];
    assert_eq!((&scope["locations"], &scope["retention"]), (&["DE", "IE"][..].into(), &["P2Y"][..].into()));
    // What the file does not say is in the data map.
    assert_eq!(scope["categories"], Value::from(&["user.contact.email"][..]));
    let again = record(&house, "email=bob@example.org", &["--language", "en"]);
    assert!(again["records"][0].get("scope").is_none(), "it was said like this before: {again}");
    house.write("purposes.yaml", PURPOSES.replace("2 years", "until it is withdrawn").replace("[Mailer GmbH]", "none"));
    record(&house, "email=ann@example.org", &["--language", "en"]);
    withdraw(&house, "email=ann@example.org", &[]);
    let shown = house.json(&args("show", ANN), 0);
    let retention: Vec<&Value> =
        shown["records"].as_array().unwrap().iter().map(|one| &one["scope"]["retention"][0]).collect();
    assert_eq!(retention, [&Value::from("P2Y"), &Value::from("until it is withdrawn"), &Value::Null]);
    let exported = house.json(&args("export", &["--output", "all.jsonld"]), 0);
    assert_eq!((&exported["records"], &exported["complete"]), (&3.into(), &3.into()));
    let told = judged(&house, "all.jsonld");
    assert!(
        told.is_empty()
            || told.lines().filter(|line| line.starts_with("covers ")).eq([
                "covers data user.contact.email; in DE, IE; for P2Y; to Mailer GmbH, Shop",
                "covers data user.contact.email; in DE, IE; for P2Y; to Mailer GmbH, Shop",
                "covers data user.contact.email; in DE, IE; for until it is withdrawn; to Shop",
            ]),
        "{told}"
    );
    // Under the same secret all of it is taken in again.
    let other = super::house();
    std::fs::copy(house.path(".probity/keys/tombstone.key"), other.path(".probity/keys/tombstone.key")).unwrap();
    std::fs::copy(house.path("all.jsonld"), other.path("all.jsonld")).unwrap();
    other.run(&args("import", &["all.jsonld"])).expect(0);
    let back = other.json(&args("show", ANN), 0);
    assert_eq!(back["records"][0]["scope"], shown["records"][0]["scope"]);
    fit_their_schemas(&[first, again, shown, exported, back]);
}

/// A record that lacks something says what, and not that it conforms; one of a log without any of it is read as before.
#[test]
fn a_record_that_is_not_complete_says_so() {
    let house = house();
    record(&house, "email=ann@example.org", &[]);
    let bare = house.json(&args("export", &["--output", "bare.jsonld"]), 0);
    assert_eq!((&bare["complete"], &bare["missing"]["storage_locations"]), (&0.into(), &1.into()));
    assert!(!house.read("bare.jsonld").contains("conformsTo"));
    judged(&house, "bare.jsonld");
    house.write("purposes.yaml", PURPOSES);
    record(&house, "email=ann@example.org", &["--language", "en"]);
    let half = house.json(&args("export", &["--output", "half.jsonld"]), 0);
    assert_eq!(
        (&half["records"], &half["missing"]["pii_type"], &half["missing"]["language"]),
        (&2.into(), &2.into(), &1.into())
    );
    assert_eq!(standing(&house, "email=ann@example.org", &[]), "given");
    house.write("purposes.yaml", "purposes:\n  newsletter:\n    keep: 2 years\n");
    let given = ["--purpose", "newsletter", "--notice", "notice.md"];
    let ran = house.run(&args("record", &[ANN, &given].concat())).expect(7).code("unknown-key");
    assert!(ran.stderr.contains("purposes.yaml:3:5"), "{ran:?}");
    let many: Vec<String> = (0..65).map(|number| format!("c{number}")).collect();
    house.write("purposes.yaml", format!("purposes:\n  newsletter: {{categories: [{}]}}\n", many.join(", ")));
    house.run(&args("record", &[ANN, &given].concat())).expect(7).code("bad-purposes");
    fit_their_schemas(&[bare, half]);
}

/// A person gets a receipt that somebody else's program checks; a changed one does not hold, and nobody stands in it by name.
#[test]
fn a_receipt_is_handed_over() {
    let house = said();
    record(&house, "email=ann@example.org", &["--language", "en"]);
    record(&house, "email=bob@example.org", &["--language", "en"]);
    let receipt = args("receipt", &[ANN, &["--output", "receipt.jsonld"]].concat());
    let handed = house.json(&receipt, 0);
    assert_eq!((&handed["records"], &handed["complete"]), (&1.into(), &true.into()));
    house.run(&receipt).expect(4).code("output-exists");
    assert!(!house.read("receipt.jsonld").contains("ann@"));
    judged(&house, "receipt.jsonld");
    house.run(&["verify", "receipt.jsonld"]).expect(0);
    house.run(&["verify", "receipt.jsonld", "--trust", ".probity/keys/evidence.pub"]).expect(0);
    let check = "ssh-keygen -Y check-novalidate -n consent-receipt@probity -s receipt.jsonld.sig < receipt.jsonld";
    house.shell(check).expect(0);
    let nobody = ["--subject", "email=cyd@example.org", "--output", "cyd.jsonld"];
    house.run(&args("receipt", &nobody)).expect(6).code("no-consent");
    // What was handed over is taken in again: the receipt wraps records.
    let other = super::house();
    std::fs::copy(house.path(".probity/keys/tombstone.key"), other.path(".probity/keys/tombstone.key")).unwrap();
    std::fs::copy(house.path("receipt.jsonld"), other.path("receipt.jsonld")).unwrap();
    other.run(&args("import", &["receipt.jsonld"])).expect(0);
    assert_eq!(standing(&other, "email=ann@example.org", &[]), "given");
    house.write("receipt.jsonld", house.read("receipt.jsonld").replace("P2Y", "P9Y"));
    house.run(&["verify", "receipt.jsonld"]).expect(1);
    house.shell(check).expect(255);
    fit_their_schemas(&[handed]);
}
