//! Retention: what is past its time goes, on every engine; holds win; what is confirmed is what is done; certificate and resume.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::databases::Engine;
use super::faults::database;
use super::house::{House, fit_their_schemas, judge};

const MAP: &str = "dataset:
- fides_key: shop
  collections:
  - name: person
    fields:
    - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true}}
    - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}
    - {name: name, data_categories: [user.name]}
    - {name: closed_at, data_categories: [system.operations]}
  - name: orders
    fields:
    - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
    - {name: address, data_categories: [user.contact.address]}
    - {name: booked_on, data_categories: [system.operations]}
  - name: line
    fields: [{name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}]
  - name: visit
    meta: {probity: {retention: 90 days, retention_from: seen, retention_action: anonymise}}
    fields:
    - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
    - {name: agent, data_categories: [user.device]}
    - {name: seen, data_categories: [system.operations]}
";

const RULES: &str = "jurisdictions: DE
events:
  contract end: {shop.person: closed_at}
rules:
  - {name: accounts, collections: [shop.person], keep: 3 years, from: contract end, empty: runs-on}
  - {name: orders, collections: shop.orders, keep: P2Y, from: booked_on}
  - {name: books, collections: shop.orders, jurisdictions: [DE, AT], at_least: P10Y, from: booked_on, law: § 147 AO}
  - {name: France, collections: shop.orders, jurisdictions: [FR], at_least: P50Y, from: booked_on}
";

/// Ann's contract and her order are over. Bob's is, and his order is not. Cay's runs on. Dan's last day is today. Eve's is over.
const SHOP: &str = "CREATE TABLE person(id INT PRIMARY KEY, mail VARCHAR(60) NOT NULL UNIQUE, name VARCHAR(60), closed_at DATE);
CREATE TABLE orders(id INT PRIMARY KEY, person INT NOT NULL REFERENCES person(id), address VARCHAR(60), booked_on DATE NOT NULL);
CREATE TABLE line(id INT PRIMARY KEY, orders INT NOT NULL REFERENCES orders(id), what VARCHAR(60));
CREATE TABLE visit(id INT PRIMARY KEY, person INT REFERENCES person(id), agent VARCHAR(60), seen TIMESTAMP NULL);
INSERT INTO person VALUES (1,'ann@example.org','Ann','2020-01-01'),(2,'bob@example.org','Bob','2020-01-01'),(3,'cay@example.org','Cay',NULL),(4,'dan@example.org','Dan','2023-11-22'),(5,'eve@example.org','Eve','2023-11-21');
INSERT INTO orders VALUES (1,1,'Ann Lane 1','2012-05-01'),(2,2,'Bob Lane 2','2019-06-01'),(3,5,'Eve Lane 5','2010-01-01');
INSERT INTO line VALUES (1,1,'pen'),(2,1,'ink'),(3,2,'cup'),(4,3,'pot');
INSERT INTO visit VALUES (1,3,'Agent 1','2026-01-01 10:00:00'),(2,3,'Agent 2',NULL),(3,3,'Agent 3','2026-11-01 10:00:00');";

/// Every row that is left, as the engine's own program tells it.
fn dump(shop: &Engine) -> String {
    ["person", "orders", "line", "visit"]
        .map(|table| shop.ask(&format!("SELECT * FROM {table} ORDER BY id;")))
        .join("\n")
        .replace('\t', "|")
        .replace("NULL", "")
}

/// A project with a shop on this engine; nothing where the engine is not there.
fn scene(kind: &str, name: &str) -> Option<(House, Engine)> {
    let house = House::initialised();
    let shop = database(&house, kind, &format!("retain_{name}"))?;
    shop.ask(SHOP);
    let store = format!("\n[stores.shop]\nurl = \"{}\"\n", shop.url());
    house.write("probity.toml", house.read("probity.toml") + &store);
    house.write("probity-map.yml", MAP);
    house.write("retention.yaml", RULES);
    Some((house, shop))
}

fn planned(house: &House) -> Value {
    house.json(&["retain", "plan"], 0)
}

fn digest(plan: &Value) -> String {
    plan["digest"].as_str().unwrap().to_owned()
}

fn line<'p>(plan: &'p Value, collection: &str) -> &'p Value {
    let lines = plan["retention"]["collections"].as_array().unwrap();
    lines.iter().find(|line| line["collection"] == collection).expect(collection)
}

/// What is past its time goes, and nothing else does; the certificate is signed; a second run has nothing to do.
fn whole(kind: &str) {
    let Some((house, shop)) = scene(kind, "whole") else { return };
    house.run(&["hold", "add", "email=Eve@example.org", "--law", "case 7", "--approver", "counsel"]).expect(0);
    let before = dump(&shop);
    let plan = planned(&house);
    let told = |collection: &str, what: &str| line(&plan, collection)[what].clone();
    assert_eq!(
        (told("person", "over"), told("person", "held"), told("person", "oldest")),
        (2.into(), 1.into(), "2023-01-01".into())
    );
    assert_eq!((told("orders", "over"), told("orders", "held")), (1.into(), 1.into()));
    assert_eq!((told("visit", "over"), told("visit", "undated")), (1.into(), 1.into()));
    assert!(plan["plan"]["gaps"].to_string().contains("1 row has no date in seen"), "{plan}");
    house.run(&["retain", "apply"]).expect(4).code("not-confirmed");
    assert_eq!(dump(&shop), before);
    let done = house.json(&["retain", "apply", "--confirm", &digest(&plan)], 0);
    assert_eq!(
        (&done["result"], &done["counts"]["deleted"], &done["counts"]["anonymised"]),
        (&"complete".into(), &4.into(), &2.into())
    );
    let left = dump(&shop);
    for gone in ["Ann", "pen", "ink", "bob@example.org", "Agent 1"] {
        assert!(!left.contains(gone), "{gone}: {left}");
    }
    for stays in [
        "2|2|Bob Lane 2|2019-06-01",
        "3|2|cup",
        "3|cay@example.org|Cay|",
        "4|dan@example.org",
        "5|eve@example.org",
        "3|5|Eve Lane 5",
        "4|3|pot",
        "Agent 2",
        "Agent 3",
    ] {
        assert!(left.contains(stays), "{stays}: {left}");
    }
    let folder = house.path(".probity/retentions/ret-0001");
    let certificate: Value =
        serde_json::from_str(&house.read(".probity/retentions/ret-0001/certificate.json")).unwrap();
    assert_eq!(
        (&certificate["result"], &certificate["article"], &certificate["subject"]),
        (&"complete".into(), &"5(1)(e)".into(), &serde_json::json!([]))
    );
    assert_eq!(
        certificate["retained"].as_array().unwrap().iter().filter(|kept| kept["hold"] == "hold-0001").count(),
        3,
        "{certificate}"
    );
    fit_their_schemas(&[plan, done, certificate]);
    if judge("ssh-keygen") {
        let check = "ssh-keygen -Y verify -f allowed_signers -I sealer@probity -n erase-certificate@probity -s certificate.json.sig";
        house.shell(&format!("cd {} && {check} < certificate.json", folder.display())).expect(0);
    }
    house.run(&["audit", "verify"]).expect(0);
    assert!(
        house.json(&["request", "list"], 0)["requests"].as_array().unwrap().is_empty(),
        "it is no request of a person"
    );
    let again = planned(&house);
    assert_eq!((&again["retention"]["over"], &again["plan"]["steps"]), (&0.into(), &serde_json::json!([])));
    house.run(&["retain", "apply"]).expect(0);
    house.run(&["hold", "release", "hold-0001"]).expect(0);
    let digest = digest(&planned(&house));
    house.run(&["retain", "apply", "--confirm", &digest]).expect(0);
    assert!(!dump(&shop).contains("Eve"), "what the hold kept goes when it is released");
    shop.remove();
}

#[test]
fn sqlite_keeps_nothing_past_its_time() {
    whole("sqlite");
}

#[test]
fn postgresql_keeps_nothing_past_its_time() {
    whole("postgres");
}

#[test]
fn mariadb_keeps_nothing_past_its_time() {
    whole("mariadb");
}

/// A hold that comes between plan and apply wins; holds that cannot be read stop everything.
#[test]
fn holds_win_between_plan_and_apply() {
    let Some((house, shop)) = scene("sqlite", "holds") else { return };
    let before = dump(&shop);
    let digest = digest(&planned(&house));
    house.run(&["hold", "add", "--collection", "shop.orders", "--law", "audit", "--approver", "cfo"]).expect(0);
    house.run(&["retain", "apply", "--confirm", &digest]).expect(4).code("plan-changed");
    let plan = planned(&house);
    assert_eq!((&line(&plan, "orders")["over"], &line(&plan, "orders")["held"]), (&0.into(), &2.into()));
    house.write(".probity/holds.jsonl", "{\"schema\":\"hold/1\"\n");
    house.run(&["retain", "plan"]).expect(6).code("bad-hold");
    house.run(&["retain", "apply", "--confirm", &self::digest(&plan)]).expect(6).code("bad-hold");
    assert_eq!(dump(&shop), before);
}

/// Whoever can only be known by a number that nobody can dial is not deleted past a hold.
#[test]
fn what_cannot_be_compared_with_a_hold_stops_everything() {
    let Some((house, shop)) = scene("sqlite", "undecided") else { return };
    shop.ask("UPDATE person SET name='030 231250' WHERE id=1;");
    house.write(
        "probity-map.yml",
        MAP.replace(
            "data_categories: [user.name]}",
            "data_categories: [user.name], fides_meta: {identity: phone_number}}",
        ),
    );
    house.run(&["retain", "plan"]).expect(0);
    house.run(&["hold", "add", "email=eve@example.org", "--law", "case 7", "--approver", "counsel"]).expect(0);
    house.run(&["retain", "plan"]).expect(4).code("hold-undecided");
    house.write("probity.toml", house.read("probity.toml").replacen("region = \"\"", "region = \"DE\"", 1));
    house.run(&["retain", "plan"]).expect(0);
}

/// A plan that was kept is carried out as of its day, and not when a row has changed since.
#[test]
fn a_plan_is_of_its_day_and_drift_is_refused() {
    let Some((house, shop)) = scene("sqlite", "drift") else { return };
    house.run(&["retain", "plan", "--plan", "plan.json"]).expect(0);
    let digest = digest(&serde_json::from_str(&house.read("plan.json")).unwrap());
    let later = |args: &[&str]| house.run(&[&["--time", "2026-12-24T00:00:00Z"], args].concat());
    later(&["retain", "apply", "--confirm", &digest]).expect(4).code("plan-changed");
    shop.ask("UPDATE orders SET address='elsewhere' WHERE id=1;");
    later(&["retain", "apply", "--plan", "plan.json", "--confirm", &digest]).expect(4).code("plan-changed");
    shop.ask("UPDATE orders SET address='Ann Lane 1' WHERE id=1;");
    later(&["retain", "apply", "--plan", "plan.json", "--confirm", &digest]).expect(0);
    assert!(dump(&shop).contains("dan@example.org"), "his last day was the day of the plan");
}

/// What nobody gave a period is a "no", and is named; what is wrong in the rules is told with its place.
#[test]
fn what_is_undefined_is_no_and_what_is_wrong_is_located() {
    let Some((house, _shop)) = scene("sqlite", "undefined") else { return };
    let without = RULES.replace("  - {name: orders, collections: shop.orders, keep: P2Y, from: booked_on}\n", "");
    house.write("retention.yaml", &without);
    let plan = house.json(&["retain", "plan"], 1);
    assert_eq!(line(&plan, "orders")["undefined"], "Nothing says how long its rows are kept");
    assert_eq!(line(&plan, "orders")["over"], 0);
    house.run(&["retain", "plan", "--strict"]).expect(4).code("plan-has-gaps");
    for (old, new, code, place) in [
        ("3 years", "ages", "bad-retention", "retention.yaml:5:"),
        ("closed_at}", "closed}", "bad-retention", "retention.yaml:3:"),
        ("[shop.person]", "[shop.people]", "bad-retention", "retention.yaml:5:"),
        ("keep: P2Y", "kept: P2Y", "unknown-key", "retention.yaml:6:"),
    ] {
        house.write("retention.yaml", RULES.replace(old, new));
        let ran = house.run(&["retain", "plan"]).expect(7).code(code);
        assert!(ran.stderr.contains(place), "{new}: {}", ran.stderr);
    }
}

/// Where nothing says that the time of rows is over, or a law keeps them, they stay although what they belong to is over: that stays
/// with them, without its personal data.
#[test]
fn what_belongs_to_a_row_that_is_over_has_to_be_over_too() {
    let orders = "  - {name: orders, collections: shop.orders, keep: P2Y, from: booked_on}\n";
    let books = "  - {name: books, collections: shop.orders, jurisdictions: [DE, AT], at_least: P10Y, from: booked_on, law: § 147 AO}\n";
    let kept = "  - name: line\n    meta: {probity: {retain: {code: 17-3-b, law: a law, until: 2099-12-31}}}\n";
    let (floor, nothing) = (RULES.replace(orders, ""), RULES.replace(orders, "").replace(books, ""));
    let lines = MAP.replace("  - name: line\n", kept);
    for (name, map, rules, exit) in
        [("floor", MAP, &*floor, 1), ("nothing", MAP, &*nothing, 1), ("lines", &*lines, RULES, 0)]
    {
        let Some((house, shop)) = scene("sqlite", name) else { return };
        house.write("probity-map.yml", map);
        house.write("retention.yaml", rules);
        let plan = house.json(&["retain", "plan"], exit);
        house.run(&["retain", "apply", "--confirm", &digest(&plan)]).expect(0);
        let left = dump(&shop);
        for stays in ["1|1|", "pen", "ink", "cup", "pot", "2012-05-01", "2010-01-01"] {
            assert!(left.contains(stays), "{name}: {stays}: {left}");
        }
        assert!(!left.contains("ann@example.org") && !left.contains("eve@example.org"), "{name}: {left}");
        assert_eq!(left.contains("Ann Lane 1"), name != "lines", "{name}: {left}");
    }
}

/// Rows are taken in portions, the longest overdue first, until nothing is left.
#[test]
fn portions_end_where_nothing_is_left() {
    let Some((house, shop)) = scene("sqlite", "portions") else { return };
    let mut runs = 0;
    loop {
        let plan = house.json(&["retain", "plan", "--rows", "1"], 0);
        if plan["retention"]["over"] == 0 {
            break;
        }
        house.run(&["retain", "apply", "--rows", "1", "--confirm", &digest(&plan)]).expect(0);
        runs += 1;
        assert!(runs < 10, "{plan}");
    }
    let left = dump(&shop);
    assert!(!left.contains("Ann") && !left.contains("Eve") && left.contains("dan@example.org"), "{left}");
}

/// kill -9 at many points: the next run finishes what was begun, and the store ends as it does undisturbed.
#[test]
fn killed_at_any_point_a_run_is_finished() {
    let Some((house, shop)) = scene("sqlite", "killed") else { return };
    let people: Vec<String> = (10..2_000).map(|id| format!("({id},'p{id}@example.org','P','2019-01-01')")).collect();
    shop.ask(&format!("INSERT INTO person VALUES {};", people.join(",")));
    let (fresh, file) = (house.path("fresh.db"), shop.url().trim_start_matches("sqlite:").to_owned());
    fs::copy(&file, &fresh).unwrap();
    let digest = digest(&planned(&house));
    let begun = Instant::now();
    house.run(&["retain", "apply", "--confirm", &digest]).expect(0);
    let (mut whole, expect) = (begun.elapsed(), dump(&shop));
    let (mut killed, mut resumed) = (0, 0);
    for point in 0..20_u32 {
        for left in ["", "-wal", "-shm", "-journal"] {
            let _ = fs::remove_file(format!("{file}{left}"));
        }
        fs::copy(&fresh, &file).unwrap();
        let _ = fs::remove_dir_all(house.path(".probity/retentions"));
        let mut child = house.command(&["retain", "apply", "--confirm", &digest]);
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let wait = whole.mul_f64(f64::from(point * 7 % 20) / 20.0);
        std::thread::sleep(wait + Duration::from_micros(point.into()));
        let _ = child.kill();
        match child.wait().unwrap().code() {
            None => killed += 1,
            // The first run had to share the machine, and the others need not: they end earlier.
            Some(_) => whole = whole.min(wait),
        }
        if house.path(".probity/retentions/ret-0001/request.json").exists() {
            let ran = house.run(&["retain", "apply", "--resume", "ret-0001"]);
            match ran.exit {
                0 => resumed += 1,
                _ => drop(ran.expect(4).code("not-confirmed")),
            }
        }
        if dump(&shop) != expect {
            house.run(&["retain", "apply", "--confirm", &digest]).expect(0);
        }
        assert_eq!(dump(&shop), expect, "killed at {point}");
    }
    assert!(killed > 5 && resumed > 0, "{killed} killed, {resumed} resumed");
}

/// A run that could not begin in its store goes on later: a hold that has come meanwhile stops it, and nothing is changed.
#[test]
fn a_hold_that_comes_before_a_run_goes_on_stops_it() {
    let Some((house, shop)) = scene("sqlite", "late_hold") else { return };
    let before = dump(&shop);
    let digest = digest(&planned(&house));
    let mut session = shop.session();
    session.say("BEGIN IMMEDIATE;");
    let is_locked = || !shop.program("").arg("BEGIN IMMEDIATE; ROLLBACK;").output().unwrap().status.success();
    let began = Instant::now();
    while !is_locked() {
        assert!(began.elapsed() < Duration::from_secs(60), "the other program does not get its lock");
    }
    house.run(&["retain", "apply", "--confirm", &digest]).expect(8);
    drop(session);
    house.run(&["hold", "add", "email=ann@example.org", "--law", "case 8", "--approver", "counsel"]).expect(0);
    house.run(&["retain", "apply", "--resume", "ret-0001"]).expect(4).code("hold-in-the-way");
    assert_eq!(dump(&shop), before);
    let plan = planned(&house);
    assert_eq!((&line(&plan, "person")["over"], &line(&plan, "person")["held"]), (&2.into(), &1.into()));
}
