//! A store without transactions that breaks off in the middle of a batch: what it has deleted is counted as deleted by this
//! request, in the journal and in the certificate, and not as gone before.

use serde_json::Value;

use crate::erase::ANN;
use crate::house::{House, judge, repository};

/// How many rows Ann has: three batches.
const ROWS: usize = 5_000;

/// Deletes one after the other, each for good; breaks off where the file beside its data says so.
const DELETE: &str = r#"
def delete(question):
    global held, people
    only(question, "collection", "keys")
    wanted = {key[0] for key in question["keys"]}
    left, kept = limit(), []
    for person in held:
        if str(person["no"]) not in wanted or left == 0:
            kept.append(person)
        elif left is not None:
            left -= 1
    count, held, people = len(held) - len(kept), kept, kept
    with open(path, "w") as file:
        json.dump(kept, file)
    if left is not None:
        with open(path + ".break", "w") as file:
            file.write(str(left))
    if left == 0:
        os.remove(path + ".break")
        raise Told("down", "a part of it is done")
    yield {"ok": {"rows": count}}


def limit():
    return int(open(path + ".break").read()) if os.path.exists(path + ".break") else None


def change(question):"#;

/// A phone book that keeps each deletion at once.
fn phonebook() -> House {
    let house = House::initialised();
    let plugin = std::fs::read_to_string(repository("fixtures/exec/phonebook.py")).unwrap();
    let plugin = plugin.replace("\"transactions\": True", "\"transactions\": False");
    let plugin = plugin.replace("def delete(question):", "def together(question):");
    house.write("plugin.py", plugin.replace("\ndef change(question):", DELETE));
    let person = |no: usize, mail: &str| serde_json::json!({"no": no, "name": "A", "mail": mail, "phone": null});
    let anns = (1..=ROWS).map(|no| person(no, "ann@example.org"));
    let people: Vec<Value> = anns.chain([person(ROWS + 1, "bob@example.org")]).collect();
    house.write("people.json", Value::from(people).to_string());
    let settings = house.read("probity.toml");
    house.write(
        "probity.toml",
        format!("{settings}\n[stores.book]\nurl = \"exec:python3 plugin.py people.json\"\nretries = 0\n"),
    );
    house.write(
        "probity-map.yml",
        "dataset:\n- fides_key: book\n  collections:\n  - name: people\n    fields:\n    - {name: no, data_categories: [user.unique_id]}\n    - {name: name, data_categories: [user.name]}\n    - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}\n    - {name: phone, data_categories: [user.contact.phone_number]}\n",
    );
    house
}

/// The rows of the last line of the journal that says that something was done.
fn done(house: &House) -> u64 {
    let journal = house.read(".probity/requests/req-0001/journal.jsonl");
    let last = journal.lines().rev().find(|line| line.contains("\"phase\":\"done\"")).unwrap();
    serde_json::from_str::<Value>(last).unwrap()["rows"].as_u64().unwrap()
}

/// It breaks off twice, each time in the middle of a batch; in the end the request has deleted all of it.
#[test]
fn what_a_store_deleted_before_it_broke_off_is_counted() {
    if !judge("python3") {
        return;
    }
    let house = phonebook();
    let digest = house.json(&["erase", ANN, "--dry-run"], 0)["digest"].as_str().unwrap().to_owned();
    house.write("people.json.break", "2700");
    let told = house.json(&["erase", ANN, "--confirm", &digest], 5);
    assert_eq!(told["stores"][0]["state"], "unsure", "{told}");
    assert_eq!((&told["counts"]["deleted"], done(&house)), (&2700.into(), 2700), "{told}");
    house.write("people.json.break", "100");
    let told = house.json(&["erase", "--resume", "req-0001"], 5);
    assert_eq!((&told["counts"]["deleted"], done(&house)), (&2800.into(), 2800), "{told}");
    house.json(&["erase", "--resume", "req-0001"], 0);
    let certificate: Value = serde_json::from_str(&house.read(".probity/requests/req-0001/certificate.json")).unwrap();
    assert_eq!(certificate["counts"]["deleted"], ROWS, "{certificate:#}");
    assert_eq!((&certificate["done"][0]["rows"], &certificate["done"][0]["already"]), (&ROWS.into(), &0.into()));
    assert!(house.read("people.json").contains("bob@example.org") && !house.read("people.json").contains("ann@"));
}
