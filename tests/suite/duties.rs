//! Duties of the GDPR that are judged from stores and registers as they are.

use serde_json::Value;

use crate::handed::sqlite;
use crate::house::House;

/// The answer of one rule of the pack, and what its first finding says.
fn answer(house: &House, rule: &str, more: &[&str]) -> (String, String) {
    let ran = house.run(&[&["evaluate", "--pack", "gdpr", "--only", rule, "--json"], more].concat());
    let judged: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let one = &judged["rules"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&one["answer"]), text(&one["findings"][0]["message"]))
}

fn shop(region: &str) -> House {
    let house = House::initialised();
    let settings = house.read("probity.toml");
    house.write("probity.toml", format!("{settings}\n[stores.shop]\nurl = \"sqlite:shop.db\"\n{region}"));
    house.write(
        "probity-map.yml",
        "dataset:\n- fides_key: shop\n  collections:\n  - name: account\n    fields:\n    - {name: id, data_categories: \
         [system.operations], fides_meta: {primary_key: true}}\n    - {name: mail, data_categories: [user.contact.email], \
         fides_meta: {identity: email}}\n    - {name: secret, data_categories: [user.authorization.credentials]}\n",
    );
    sqlite(&house.path("shop.db"), "CREATE TABLE account(id INTEGER PRIMARY KEY, mail TEXT, secret TEXT)");
    house
}

/// Art. 5(1)(f): hashes are fine, passwords are not, and what could be either is not judged. No value is ever told.
#[test]
fn credentials_in_clear_are_found() {
    let house = shop("");
    let check = |secret: &str, expect: &str, says: &str| {
        sqlite(
            &house.path("shop.db"),
            &format!("DELETE FROM account; INSERT INTO account VALUES (1, 'ann@example.org', {secret})"),
        );
        let (answer, said) = answer(&house, "a5-1-f-credentials", &[]);
        assert!(answer == expect && said.contains(says), "{secret}: {answer}, {said}");
        assert!(!said.contains("Summer"), "{said}");
    };
    check("'Summer-2026'", "broken", "1 of 1 values are neither");
    check("'$2b$12$C6UzMDM.H6dfI/f/IKcEeO3bGxm1FzWvN1Z0nT0aQn0uC0wKqQH6e'", "met", "");
    check("'5f4dcc3b5aa765d61d8327deb882cf99'", "not judged", "1 of 1 values may be digests");
    check("NULL", "not applicable", "");
}

/// Art. 44: a store whose region lies outside of the Union needs a record that says so.
#[test]
fn a_store_abroad_is_a_transfer() {
    let check = |region: &str, countries: &str, expect: &str| {
        let house = shop(region);
        house.write(
            "record.yaml",
            format!(
                "system:\n- fides_key: crm\n  does_international_transfers: true\n  legal_basis_for_transfers: [SCCs]\n  meta: {{probity: \
                 {{transfers: {{countries: [{countries}], assessment: tia.pdf}}}}}}\n  privacy_declarations: []\n"
            ),
        );
        let (found, said) = answer(&house, "a44-located", &["--input", "record.yaml"]);
        assert_eq!(found, expect, "{region}, {countries}: {said}");
    };
    check("region = \"us-east-1\"\n", "US", "met");
    check("region = \"us-east-1\"\n", "us", "met");
    check("region = \"us-east-1\"\n", "CH", "broken");
    check("region = \"eu-central-1\"\n", "CH", "met");
    check("", "CH", "not applicable");
}

/// Art. 33(3): a notification that says too little once the 72 hours are over.
#[test]
fn a_notification_says_what_it_must() {
    let house = House::initialised();
    let run = |args: &[&str]| drop(house.run(&[&["--time", "2026-11-22T11:00:00Z"], args].concat()).expect(0));
    run(&[
        "incident",
        "open",
        "--title",
        "Laptop lost",
        "--nature",
        "a disk without encryption",
        "--risk",
        "risk",
        "--risk-reason",
        "names",
    ]);
    assert_eq!(answer(&house, "a33-3-content", &[]).0, "not applicable");
    run(&["incident", "notify", "inc-0001", "--sent", "2026-11-22T11:00:00Z"]);
    // 72 hours are over.
    let late = ["--time", "2026-11-26T11:00:00Z"];
    let (found, said) = answer(&house, "a33-3-content", &late);
    assert_eq!(
        (found.as_str(), said.as_str()),
        (
            "broken",
            "nobody has said: people-categories, people, record-categories, records, contact, consequences, measures"
        )
    );
    let told = ["people-categories", "people", "record-categories", "records", "contact", "consequences", "measures"];
    let flags: Vec<String> = told.iter().flat_map(|word| [format!("--{word}"), "5".to_owned()]).collect();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    run(&[&["incident", "update", "inc-0001"], &flags[..]].concat());
    assert_eq!(answer(&house, "a33-3-content", &late).0, "met");
}
