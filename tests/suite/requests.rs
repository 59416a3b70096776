//! The register of requests: terms, whose data answer which request, restrictions that stop other commands, recipients.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::house::{House, NOW, fit_their_schemas};

const MAP: &str = "
dataset:
- fides_key: shop
  collections:
  - name: person
    meta: {probity: {recipients: [Carrier, Tax office]}}
    fields:
    - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true, identity: user_id}}
    - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}
    - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
    - {name: name, data_categories: [user.name]}
";

const SHOP: &str = "
CREATE TABLE person (id INTEGER PRIMARY KEY, mail TEXT, phone TEXT, name TEXT);
INSERT INTO person VALUES (1001, 'ann@example.org', '030 231250', 'Ann'), (1002, 'bob@example.org', '+49 30 999999', 'Bob'),
  (1003, 'ann+shop@example.org', NULL, 'Ann again');
";

fn sqlite(house: &House, sql: &str) -> String {
    let output = Command::new("sqlite3").arg(house.path("shop.db")).arg(sql).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn house(privacy: &str) -> House {
    let house = House::initialised();
    let settings = house.read("probity.toml");
    house.write("probity.toml", format!("{settings}\n[stores.shop]\nurl = \"sqlite:shop.db\"\n"));
    privacy.lines().for_each(|line| set(&house, line));
    house.write("probity-map.yml", MAP);
    sqlite(&house, SHOP);
    house
}

/// Puts a line of settings in the place of the one that is there.
fn set(house: &House, line: &str) {
    let (key, _) = line.split_once(" = ").unwrap();
    let settings = house.read("probity.toml");
    let is_it = |old: &&str| old.split_once(" = ").is_some_and(|(name, _)| name == key);
    let old = settings.lines().find(is_it).unwrap();
    house.write("probity.toml", settings.replacen(&format!("\n{old}\n"), &format!("\n{line}\n"), 1));
}

fn people(house: &House) -> String {
    sqlite(house, "SELECT id, mail, name FROM person ORDER BY id")
}

fn digest(house: &House, args: &[&str]) -> String {
    house.json(&[args, &["--dry-run"]].concat(), 0)["digest"].as_str().unwrap().to_owned()
}

fn one(document: &Value) -> &Value {
    &document["requests"][0]
}

/// Days before the time that the house has.
fn days_ago(days: u64) -> String {
    let then = format!("{NOW} {days} days ago");
    let output = Command::new("date").args(["-u", "-d", &then, "+%Y-%m-%dT00:00:01Z"]).output();
    String::from_utf8(output.unwrap().stdout).unwrap().trim().to_owned()
}

/// Two months more, once, and only when the person was told in time; every list shows the days that are left.
#[test]
fn a_term_is_extended_once_and_in_time() {
    let house = house("zone = \"Europe/Berlin\"\nholidays = \"DE\"");
    let opened = house.json(&["request", "open", "access", "email=ann@example.org", "--received", &days_ago(10)], 0);
    let before = one(&opened)["days_left"].as_i64().unwrap();
    assert!((17..=27).contains(&before), "{before}");
    house.run(&["request", "extend", "req-0001"]).expect(2);
    house
        .run(&["request", "extend", "req-0001", "--reason", "x", "--told", &days_ago(11)])
        .expect(2)
        .code("time-outside-request");
    house.run(&["request", "extend", "req-0009", "--reason", "x"]).expect(6).code("no-request");
    let told = ["request", "extend", "req-0001", "--reason", "eleven archives", "--told", &days_ago(1)];
    let extended = house.json(&told, 0);
    let after = one(&extended)["days_left"].as_i64().unwrap();
    assert!((before + 56..=before + 66).contains(&after), "{before} {after}");
    house.run(&told).expect(4).code("not-extendable");
    let late = ["request", "open", "erasure", "email=bob@example.org", "--received", &days_ago(50)];
    assert!(one(&house.json(&late, 0))["days_left"].as_i64().unwrap() < 0);
    house.run(&["request", "extend", "req-0002", "--reason", "x"]).expect(4).code("not-extendable");
    let list = house.json(&["request", "list"], 0);
    assert_eq!(list["requests"].as_array().unwrap().len(), 2);
    let said = house.run(&["erase", "--list"]).expect(0).stdout;
    assert!(said.contains("OVERDUE") && said.contains("req-0002") && !said.contains("req-0001"), "{said}");
    assert!(house.run(&["export", "--list"]).expect(0).stdout.contains("extended"));
    house.run(&["rectify", "--list"]).expect(0);
    house
        .run(&["request", "open", "access", "email=ann@example.org", "--received", "2200-01-01"])
        .expect(2)
        .code("time-outside-request");
    let acts = house.run(&["audit", "search", "--json"]).stdout;
    assert!(acts.is_empty() || !acts.contains("archives"), "reasons stay out of the ledger");
    house.run(&["audit", "verify"]).expect(0);
    fit_their_schemas(&[opened, extended, list]);
}

/// While the person is asked who they are the term stands still and nothing is handed over; the CCPA knows no such thing.
#[test]
fn a_term_stands_still_while_the_person_is_asked() {
    let house = house("");
    let opened = house.json(&["request", "open", "access", "email=ann@example.org", "--received", &days_ago(10)], 0);
    let left = one(&opened)["days_left"].as_i64().unwrap();
    let pause = ["request", "pause", "req-0001", "--reason", "asked for the number", "--asked", &days_ago(5)];
    let paused = house.json(&pause, 0);
    assert_eq!((&one(&paused)["reason"], &one(&paused)["paused"]), (&"need_user_verification".into(), &true.into()));
    let moved = one(&paused)["days_left"].as_i64().unwrap();
    assert!((left + 3..=left + 8).contains(&moved), "{left} {moved}");
    house.run(&["export", "--request", "req-0001", "--output", "ann.zip"]).expect(4).code("request-paused");
    assert!(!house.path("ann.zip").exists());
    house.run(&pause).expect(4).code("not-pausable");
    assert!(house.run(&["request", "list"]).expect(0).stdout.contains("stands still"));
    house.run(&["request", "resume", "req-0001", "--verified-by", "customer number"]).expect(0);
    house.run(&["request", "resume", "req-0001"]).expect(4).code("not-paused");
    let done = house.json(&["export", "--request", "req-0001", "--output", "ann.zip"], 0);
    assert_eq!((&done["request_id"], &done["status"]), (&"req-0001".into(), &"fulfilled".into()));
    let shown = house.json(&["request", "show", "req-0001"], 0);
    assert_eq!(one(&shown)["verification"], "customer number");
    house.run(&["request", "extend", "req-0001", "--reason", "x"]).expect(4).code("request-answered");
    fit_their_schemas(&[paused, shown]);
    let house = self::house("regime = \"ccpa\"");
    house.run(&["request", "open", "access", "email=ann@example.org"]).expect(0);
    house.run(&["request", "pause", "req-0001", "--reason", "x"]).expect(4).code("not-pausable");
}

/// A request of Ann is not answered with data of Bob, nor one for access by an erase; refused is over.
#[test]
fn an_answer_is_for_whoever_asked() {
    let house = house("");
    house.run(&["request", "open", "access", "email=ann@example.org"]).expect(0);
    let export = |who: &str| house.run(&["export", who, "--request", "req-0001", "--output", "x.zip"]);
    export("email=bob@example.org").expect(4).code("wrong-request");
    export("user_id=1001").expect(4).code("wrong-request");
    house.run(&["erase", "--request", "req-0001", "--dry-run"]).expect(4).code("wrong-request");
    house.run(&["request", "open", "erasure", "email=ann@example.org"]).expect(0);
    let digest = digest(&house, &["erase", "--request", "req-0002"]);
    let done = house.json(&["erase", "--request", "req-0002", "--confirm", &digest], 0);
    assert_eq!(done["request"], "req-0002");
    assert!(!people(&house).contains("ann@example.org"));
    let refused =
        house.json(&["request", "refuse", "req-0001", "--because", "not-verified", "--reason", "no answer"], 0);
    assert_eq!((&one(&refused)["status"], &one(&refused)["reason"]), (&"denied".into(), &"insuf_verification".into()));
    export("email=ann@example.org").expect(4).code("request-answered");
    assert!(!house.path(".probity/requests/req-0001/key").exists());
    house
        .run(&["request", "refuse", "req-0002", "--because", "other", "--reason", "x"])
        .expect(4)
        .code("request-answered");
    fit_their_schemas(&[refused]);
}

/// Restricted data are not erased, rectified or handed over for use elsewhere, by whatever identity the person is named; the
/// person's own access is answered and says so; an exception is told with its reason.
#[test]
fn restricted_data_are_not_used() {
    let house = house("");
    house.run(&["restrict", "email=ann@example.org", "--ground", "18-1-c", "--reason", "claim"]).expect(0);
    let erase = ["erase", "user_id=1001"];
    let erase_digest = digest(&house, &erase);
    let before = people(&house);
    let stopped = house.run(&["erase", "user_id=1001", "--confirm", &erase_digest]).expect(4);
    assert!(stopped.stderr.contains("18(1)(c)"), "{}", stopped.stderr);
    stopped.code("processing-restricted");
    let change = ["rectify", "email=ann@example.org", "--set", "person.name=Anne"];
    let change_digest = digest(&house, &change);
    house.run(&[&change[..], &["--confirm", &change_digest]].concat()).expect(4).code("processing-restricted");
    house
        .run(&["export", "user_id=1001", "--portability", "--output", "p.zip"])
        .expect(4)
        .code("processing-restricted");
    assert!(!house.path("p.zip").exists());
    assert_eq!(people(&house), before);
    house.run(&["export", "user_id=1001", "--output", "a.json", "--format", "json"]).expect(0);
    let access: Value = serde_json::from_str(&house.read("a.json")).unwrap();
    assert!(access["restricted_since"].is_string());
    house
        .run(&["erase", "email=bob@example.org", "--confirm", &digest(&house, &["erase", "email=bob@example.org"])])
        .expect(0);
    house.run(&["erase", "user_id=1001", "--confirm", &erase_digest, "--despite-restriction", "consent"]).expect(2);
    let despite = ["--despite-restriction", "consent", "--because", "asked for it in writing"];
    let done = house.json(&[&erase[..], &["--confirm", &erase_digest], &despite].concat(), 0);
    let shown = house.json(&["request", "show", done["request"].as_str().unwrap()], 0);
    assert_eq!(one(&shown)["despite_restriction"]["ground"], "consent");
    fit_their_schemas(&[shown, access, house.json(&["restrict", "--list"], 0)]);
}

/// A hold on an address holds the customer number as well.
#[test]
fn a_hold_is_met_by_every_identity() {
    let house = house("");
    house.run(&["hold", "add", "email=ann@example.org", "--law", "proceedings", "--approver", "counsel"]).expect(0);
    let plan = house.json(&["erase", "user_id=1001", "--dry-run"], 0);
    assert_eq!(plan["plan"]["steps"], serde_json::json!([]), "{plan}");
}

/// Who was told of it, when, by what; what proves impossible; drafts for the others.
#[test]
fn recipients_are_told() {
    let house = house("");
    let who = ["erase", "email=ann@example.org"];
    let done = house.json(&[&who[..], &["--confirm", &digest(&house, &who)]].concat(), 0);
    let id = done["request"].as_str().unwrap();
    assert!(house.run(&["erase", "--list"]).expect(0).stdout.contains("0 of 2"));
    let drafted = house.json(&["request", "notices", id, "--output", "notices"], 0);
    assert_eq!(drafted["notices"], serde_json::json!(["01-carrier.txt", "02-tax-office.txt"]));
    let text = house.read("notices/01-carrier.txt");
    assert!(text.contains("Article 19") && text.contains("shop.person") && !text.contains("ann"), "{text}");
    house.run(&["request", "notices", id, "--output", "notices"]).expect(4).code("output-exists");
    house.run(&["request", "told", id, "--recipient", "Nobody", "--by", "letter"]).expect(6).code("no-recipient");
    house.run(&["request", "told", id, "--recipient", "Carrier"]).expect(2);
    house.run(&["request", "told", id, "--recipient", "Carrier", "--by", "letter"]).expect(0);
    let early = ["request", "told", id, "--recipient", "Carrier", "--by", "letter", "--acknowledged", "2020-01-01"];
    house.run(&early).expect(2).code("time-outside-request");
    let told = house.json(&["request", "told", id, "--recipient", "Tax office", "--impossible", "it is dissolved"], 0);
    assert_eq!(one(&told)["recipients"][0]["told"]["by"], "letter");
    assert!(house.run(&["erase", "--list"]).expect(0).stdout.contains("2 of 2"));
    let change = ["rectify", "email=bob@example.org", "--set", "person.name=Rob"];
    let put_right = house.json(&[&change[..], &["--confirm", &digest(&house, &change)]].concat(), 0);
    assert_eq!(put_right["recipients"][0]["name"], "Carrier");
    fit_their_schemas(&[drafted, told, put_right]);
}

/// Tombstones as earlier versions wrote them.
fn forget(house: &House) {
    let old = |line: &str| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        line.as_object_mut().unwrap().remove("read");
        line.to_string() + "\n"
    };
    let lines: String = house.read(".probity/tombstones.jsonl").lines().map(old).collect();
    house.write(".probity/tombstones.jsonl", lines);
}

/// A backup comes back: numbers without calling code are read where they were dialled then, addresses with a plus as then, and
/// what cannot be compared is never taken for nobody.
#[test]
fn a_replay_decides_or_says_that_it_cannot() {
    let house = house("");
    let backup = |house: &House| std::fs::copy(house.path("shop.db"), house.path("backup.db")).unwrap();
    let restore = |house: &House| std::fs::copy(house.path("backup.db"), house.path("shop.db")).unwrap();
    backup(&house);
    let erase = |house: &House, args: &[&str]| {
        let args = [&["erase"], args].concat();
        house.run(&[&args[..], &["--confirm", &digest(house, &args)]].concat()).expect(0)
    };
    let again = |house: &House| erase(house, &["replay", "shop"]);
    erase(&house, &["phone=+4930231250", "--region", "DE"]);
    assert!(!people(&house).contains("1001"));
    restore(&house);
    again(&house);
    assert_eq!(people(&house), "1002|bob@example.org|Bob\n1003|ann+shop@example.org|Ann again");
    restore(&house);
    erase(&house, &["email=ann@example.org", "--fold-plus"]);
    restore(&house);
    again(&house);
    assert_eq!(people(&house), "1002|bob@example.org|Bob");
    // Tombstones of an earlier version do not say how identities were read.
    restore(&house);
    forget(&house);
    house.run(&["erase", "replay", "shop", "--dry-run"]).expect(4).code("replay-undecided");
    let told = ["replay", "shop", "--region", "DE", "--fold-plus"];
    erase(&house, &told);
    assert_eq!(people(&house), "1002|bob@example.org|Bob");
    sqlite(&house, "UPDATE person SET phone = '030 7777777' WHERE id = 1002");
    house.run(&["erase", "replay", "shop"]).expect(0);
    forget(&house);
    house.run(&["erase", "replay", "shop"]).expect(4).code("replay-undecided");
    let left = house.json(&["erase", "replay", "shop", "--leave-undecided"], 5);
    assert_eq!(left["undecided"], 1);
    set(&house, "region = \"DE\"");
    house.run(&["erase", "replay", "shop"]).expect(0);
    fit_their_schemas(&[left]);
}

/// The region of the settings is that of every command.
#[test]
fn a_region_is_set_once() {
    let house = house("region = \"DE\"");
    let plan = house.json(&["erase", "phone=030 999999", "--dry-run"], 0);
    assert_eq!(plan["plan"]["steps"][0]["rows"].as_array().unwrap().len(), 1, "{plan}");
    house.run(&["erase", "phone=030 999999", "--region", "AT", "--dry-run"]).expect(3);
    assert!(Path::new(&house.path("shop.db")).exists());
}

/// What lies under encodings, in packed bytes and in columns of numbers is found after an erase, and what nobody opens is told.
#[test]
fn nothing_hides_from_the_search_afterwards() {
    let check = |value: &str, form: &str| {
        let house = house("");
        sqlite(&house, "CREATE TABLE note (id INTEGER PRIMARY KEY, text, number BIGINT);");
        sqlite(&house, &format!("INSERT INTO note (text, number) VALUES {value};"));
        let who = ["erase", "email=ann@example.org", "phone=+4930231250"];
        let ran = house.run(&[&who[..], &["--confirm", &digest(&house, &who), "--json"]].concat());
        let done: Value = serde_json::from_str(&ran.expect(1).stdout).unwrap();
        (done.to_string().contains(&format!("\"{form}\"")), done.to_string())
    };
    let mut shell = Command::new("sh");
    shell.args(["-c", "printf 'to ann@example.org' | gzip -c | od -An -v -tx1 | tr -d ' \\n'"]);
    let packed = String::from_utf8(shell.output().unwrap().stdout).unwrap();
    for (value, form) in [
        ("('QW5u\nIGlz\nIGFu\nbkBl\neGFt\ncGxl\nLm9y\nZw==', 1)", "base64"),
        ("('to: ann=40example.org', 1)", "escaped"),
        ("('<a>&#97;nn&commat;example.org</a>', 1)", "escaped"),
        ("('x', 4930231250)", "digits"),
        (&format!("(x'{packed}', 1)"), "packed"),
    ] {
        let (found, said) = check(value, form);
        assert!(found, "{value}: {said}");
    }
}
