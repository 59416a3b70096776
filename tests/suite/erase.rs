//! Erasing: plan, confirmation, approval, certificate, resuming after a kill, holds, restored backups.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::house::{House, fit_their_schemas, judge};

pub(crate) const MAP: &str = "dataset:
- fides_key: shop
  collections:
  - name: person
    fields:
    - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true}}
    - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}
    - {name: name, data_categories: [user.name]}
  - name: parcel
    meta: {probity: {recipients: [Carrier]}}
    fields: [{name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}]
- fides_key: sales
  collections:
  - name: orders
    fields:
    - name: person
      data_categories: [user.unique_id]
      fides_meta: {references: [{dataset: shop, field: person.id, direction: from}]}
";

pub(crate) const SHOP: &str = "CREATE TABLE person(id INTEGER PRIMARY KEY, mail VARCHAR(60) NOT NULL UNIQUE, name VARCHAR(60), boss INT REFERENCES person);
CREATE TABLE parcel(id INTEGER PRIMARY KEY, person INT NOT NULL REFERENCES person, note VARCHAR(60));
INSERT INTO person VALUES (1,'Ann@Example.org','Ann Example',NULL);
INSERT INTO person VALUES (2,'bob@example.org','Bob',1);";

pub(crate) const SALES: &str = "CREATE TABLE orders(id INTEGER PRIMARY KEY, person INT, what VARCHAR(60));";

/// Rows of Ann and of Bob: `rows` each.
pub(crate) fn rows(table: &str, rows: u32) -> String {
    let one = |row: u32| format!("({row},{},'thing {row}')", row % 2 + 1);
    let values: Vec<String> = (1..=2 * rows).map(one).collect();
    format!("INSERT INTO {table} VALUES {};", values.join(","))
}

/// A project with two stores in files.
fn shop(parcels: u32) -> House {
    let house = House::initialised();
    sqlite(&house.path("shop.db"), &(SHOP.to_owned() + &rows("parcel", parcels)));
    sqlite(&house.path("sales.db"), &(SALES.to_owned() + &rows("orders", parcels)));
    settings(&house, "sqlite:shop.db", "sqlite:sales.db");
    house
}

fn settings(house: &House, shop: &str, sales: &str) {
    let stores = format!("\n[stores.shop]\nurl = \"{shop}\"\n[stores.sales]\nurl = \"{sales}\"\n");
    house.write("probity.toml", house.read("probity.toml") + &stores);
    house.write("probity-map.yml", MAP);
}

fn sqlite(file: &Path, sql: &str) -> String {
    let mut child = Command::new("sqlite3")
        .args(["-batch", "-bail"])
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sqlite3 is installed");
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), sql.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn dump(house: &House) -> String {
    ["shop.db", "sales.db"].map(|file| sqlite(&house.path(file), ".dump")).concat()
}

pub(crate) const ANN: &str = "email=ann@example.org";

fn digest(house: &House, who: &str) -> String {
    let plan = house.json(&["erase", who, "--dry-run"], 0);
    plan["digest"].as_str().unwrap().to_owned()
}

/// From the plan to the certificate: only what was confirmed is done, the certificate is checked by ssh-keygen and xmllint,
/// and nobody can read any more whom it was about.
#[test]
fn an_erase_from_plan_to_certificate() {
    let house = shop(3);
    let before = dump(&house);
    let digest = digest(&house, ANN);
    house.run(&["erase", ANN]).expect(4).code("not-confirmed");
    house.run(&["erase", ANN, "--confirm", &"0".repeat(64)]).expect(4).code("plan-changed");
    house.run(&["erase", "email=nobody@example.org", "--dry-run"]).expect(3).code("no-match");
    house.run(&["erase", "email=ann", "--dry-run"]).expect(2).code("bad-subject");
    assert_eq!(dump(&house), before);
    let done = house.json(&["erase", ANN, "--confirm", &digest], 0);
    assert_eq!(
        (&done["result"], &done["counts"]["deleted"], &done["closed"]),
        (&"complete".into(), &7.into(), &true.into())
    );
    assert_eq!(done["recipients"][0]["name"], "Carrier");
    let left = dump(&house);
    assert!(!left.to_lowercase().contains("ann") && left.matches(",2,'thing").count() == 6, "{left}");
    let folder = house.path(".probity/requests/req-0001");
    assert!(
        !folder.join("key").exists()
            && !folder.join("plan.json.age").exists()
            && !folder.join("subject.json.age").exists()
    );
    for (path, (mode, bytes)) in house.tree(".probity/requests") {
        assert_eq!(mode & 0o077, 0, "{}", path.display());
        assert!(!String::from_utf8_lossy(&bytes).to_lowercase().contains("ann@example"), "{}", path.display());
    }
    house.run(&["audit", "verify"]).expect(0);
    let listed = house.json(&["erase", "--list"], 0);
    assert_eq!(listed["requests"][0]["status"], "fulfilled");
    let certificate: Value = serde_json::from_str(&house.read(".probity/requests/req-0001/certificate.json")).unwrap();
    assert_eq!((&certificate["result"], &certificate["gaps"]), (&"complete".into(), &serde_json::json!([])));
    fit_their_schemas(&[done, listed, certificate]);
    if judge("ssh-keygen") {
        let check = "ssh-keygen -Y verify -f allowed_signers -I sealer@probity -n erase-certificate@probity -s certificate.json.sig";
        house.shell(&format!("cd {} && {check} < certificate.json", folder.display())).expect(0);
        house
            .shell(&format!("cd {} && sed s/complete/completE/ certificate.json | {check}", folder.display()))
            .expect(255);
    }
    if judge("xmllint") {
        let xsd = super::house::repository("schemas/erase-certificate.v1.xsd");
        house
            .shell(&format!("xmllint --noout --schema {} {}/certificate.xml", xsd.display(), folder.display()))
            .expect(0);
    }
    if judge("pdftotext") {
        let said = house.shell(&format!("pdftotext {}/certificate.pdf -", folder.display())).expect(0).stdout;
        assert!(said.find("What was not covered") < said.find("What was done"), "gaps come first");
    }
    if let Some(verapdf) = std::env::var_os("VERAPDF") {
        let ran = super::house::Ran::of(
            Command::new(verapdf).arg("3a,ua1").arg(folder.join("certificate.pdf")).output().unwrap(),
        );
        assert_eq!(ran.expect(0).stdout.matches("PASS").count(), 2);
    }
    house.run(&["erase", ANN, "--dry-run"]).expect(3).code("no-match");
    house.run(&["erase", "--resume", "req-0001"]).expect(0);
    house.run(&["erase", "--resume", "req-0002"]).expect(6).code("no-request");
}

/// A plan can be carried from one place to the next as a file; a file that was changed, or is older than the stores, is refused.
#[test]
fn the_plan_of_a_file_is_carried_out() {
    let house = shop(1);
    house.run(&["erase", ANN, "--dry-run", "--plan", "plan.json"]).expect(0);
    let digest = digest(&house, ANN);
    let text = house.read("plan.json");
    house.write("changed.json", text.replacen("\"count\": 1", "\"count\": 2", 1));
    house.run(&["erase", ANN, "--plan", "changed.json", "--confirm", &digest]).expect(6).code("bad-plan");
    house.run(&["erase", ANN, "--plan", "plan.json"]).expect(4).code("not-confirmed");
    sqlite(&house.path("shop.db"), "UPDATE parcel SET note='other' WHERE person=1;");
    house.run(&["erase", ANN, "--plan", "plan.json", "--confirm", &digest]).expect(4).code("plan-changed");
    sqlite(&house.path("shop.db"), "UPDATE parcel SET note='thing 2' WHERE person=1;");
    house.run(&["erase", ANN, "--plan", "plan.json", "--confirm", &digest]).expect(0);
}

/// What is still there is never called erased: exit 1 with its place, and the request stays open until it is clean.
#[test]
fn what_is_left_keeps_the_request_open() {
    let house = shop(1);
    sqlite(
        &house.path("sales.db"),
        "CREATE TABLE note(id INTEGER PRIMARY KEY, text TEXT); INSERT INTO note VALUES (7,'call ann@example.org');",
    );
    let done = house.json(&["erase", ANN, "--confirm", &digest(&house, ANN)], 1);
    assert_eq!((&done["result"], &done["closed"]), (&"residual-found".into(), &false.into()));
    assert_eq!(done["places"].as_array().unwrap().len(), 1, "{done}");
    assert_eq!((&done["places"][0]["collection"], &done["places"][0]["key"][0]), (&"note".into(), &"7".into()));
    assert_eq!(house.json(&["erase", "--list"], 0)["requests"][0]["days_left"], 30);
    house.run(&["erase", "--resume", "req-0001"]).expect(1);
    sqlite(&house.path("sales.db"), "DELETE FROM note;");
    let done = house.json(&["erase", "--resume", "req-0001"], 0);
    assert_eq!((&done["result"], &done["counts"]["deleted"]), (&"complete".into(), &3.into()));
}

/// With `approvals = 2` two different people must sign this very plan with keys that may.
#[test]
fn two_people_approve() {
    if !judge("ssh-keygen") {
        return;
    }
    let house = shop(1);
    house.write("probity.toml", house.read("probity.toml").replace("approvals = 0", "approvals = 2"));
    let digest = digest(&house, ANN).replace("sha256:", "");
    let sign = |name: &str, plan: &str| {
        house.shell(&format!(
            "[ -f {name} ] || ssh-keygen -q -t ed25519 -N '' -C {name} -f {name}; \
             printf 'I approve the erase plan sha256:{plan}\\n' | ssh-keygen -q -Y sign -n erase-approval@probity -f {name} > {name}.sig"
        ))
        .expect(0);
    };
    ["one", "two", "stranger"].into_iter().for_each(|name| sign(name, &digest));
    let erase = |names: &[&str]| {
        let files: Vec<String> = names.iter().map(|name| format!("{name}.sig")).collect();
        let mut args = vec!["erase", ANN, "--confirm", &digest];
        files.iter().for_each(|file| args.extend(["--approval", file]));
        house.run(&args)
    };
    erase(&[]).expect(4).code("too-few-approvals");
    house.shell("{ echo \"one $(cat one.pub)\"; echo \"two namespaces=\\\"erase-approval@probity\\\" $(cat two.pub)\"; } > approvers").expect(0);
    erase(&["one"]).expect(4).code("too-few-approvals");
    erase(&["one", "one"]).expect(4).code("too-few-approvals");
    erase(&["one", "stranger"]).expect(4).code("unknown-approver");
    sign("two", &"0".repeat(64));
    erase(&["one", "two"]).expect(1).code("wrong-signature");
    sign("two", &digest);
    erase(&["one", "two"]).expect(0);
    let certificate: Value = serde_json::from_str(&house.read(".probity/requests/req-0001/certificate.json")).unwrap();
    assert_eq!(certificate["approvers"].as_array().unwrap().len(), 2);
}

/// A hold keeps what it covers; a file of holds that cannot be read keeps everything.
#[test]
fn holds_keep_what_they_cover() {
    let house = shop(1);
    let digest_before = digest(&house, ANN);
    let held = house.json(
        &["hold", "add", "--collection", "shop.parcel", "--code", "17-3-b", "--law", "audit", "--approver", "cfo"],
        0,
    );
    house.run(&["erase", ANN, "--confirm", &digest_before]).expect(4).code("plan-changed");
    let plan = house.json(&["erase", ANN, "--dry-run"], 0);
    assert_eq!(plan["plan"]["retained"][0]["hold"], "hold-0001", "{plan}");
    let file = house.read(".probity/holds.jsonl");
    house.write(".probity/holds.jsonl", &file[..file.len() - 5]);
    house.run(&["erase", ANN, "--dry-run"]).expect(6).code("bad-hold");
    house.write(".probity/holds.jsonl", &file);
    let released = house.json(&["hold", "release", "hold-0001"], 0);
    house.run(&["hold", "release", "hold-0002"]).expect(6).code("no-hold");
    house.run(&["hold", "add", ANN, "--law", "x", "--approver", "y", "--code", "18"]).expect(2).code("bad-hold-code");
    // What would keep nothing is no hold.
    let on = |name: &str, more: &[&str]| {
        let add = ["hold", "add", "--collection", name, "--law", "audit", "--approver", "cfo"];
        house.run(&[&add[..], more].concat())
    };
    let ran = on("shpo.parcel", &[]).expect(2).code("unknown-dataset");
    assert!(ran.stderr.contains("\"shop\""), "{ran:?}");
    on("", &[]).expect(2).code("unknown-dataset");
    on("shop.parcel", &["--until", "2020-01-01"]).expect(2).code("hold-over");
    assert_eq!(house.json(&["hold", "list"], 0)["holds"].as_array().unwrap().len(), 1);
    house.json(&["hold", "add", ANN, "--law", "proceedings", "--approver", "counsel"], 0);
    assert!(!house.read(".probity/holds.jsonl").contains("ann"));
    let plan = house.json(&["erase", ANN, "--dry-run"], 0);
    assert_eq!(plan["plan"]["steps"], serde_json::json!([]), "everything of the person is kept");
    house.run(&["hold", "release", "hold-0002"]).expect(0);
    assert_eq!(digest(&house, ANN), digest_before);
    fit_their_schemas(&[held, released, house.json(&["hold", "list"], 0)]);
    house.write(".probity/STOP", "");
    house.run(&["erase", ANN, "--confirm", &digest_before]).expect(4).code("erase-stopped");
}

/// What a hold keeps is not forgotten: the request stays open, and closes when nothing is left after the release.
#[test]
fn a_held_request_stays_open_until_all_is_erased() {
    let house = shop(1);
    house.run(&["hold", "add", "--collection", "sales.orders", "--law", "audit", "--approver", "cfo"]).expect(0);
    let done = house.json(&["erase", ANN, "--confirm", &digest(&house, ANN)], 0);
    assert_eq!((&done["result"], &done["closed"], &done["kept"]), (&"complete".into(), &false.into(), &1.into()));
    let status = || house.json(&["erase", "--list"], 0)["requests"][0]["status"].clone();
    assert_eq!(status(), "in_progress");
    house.run(&["hold", "release", "hold-0001"]).expect(0);
    sqlite(&house.path("sales.db"), "DELETE FROM orders WHERE person=1;");
    let done = house.json(&["erase", "--resume", "req-0001"], 0);
    assert_eq!((&done["closed"], status()), (&true.into(), "fulfilled".into()));
}

/// A backup comes back, and with it whoever was erased: known by tombstones, erased again; nobody else is touched.
#[test]
fn a_restored_backup_is_erased_again() {
    let house = shop(2);
    fs::copy(house.path("shop.db"), house.path("backup.db")).unwrap();
    house.run(&["erase", ANN, "--confirm", &digest(&house, ANN)]).expect(0);
    let erased = dump(&house);
    let nobody = house.json(&["erase", "replay", "shop"], 0);
    assert_eq!(nobody["came_back"], 0);
    fs::copy(house.path("backup.db"), house.path("shop.db")).unwrap();
    let plan = house.json(&["erase", "replay", "shop", "--dry-run"], 0);
    house.run(&["erase", "replay", "shop"]).expect(4).code("not-confirmed");
    house.run(&["erase", "replay", "shop", "--confirm", plan["digest"].as_str().unwrap()]).expect(0);
    assert_eq!(dump(&house), erased);
    // Of her address, and of the value by which orders hang on her.
    assert_eq!(house.read(".probity/tombstones.jsonl").lines().count(), 2);
    fs::remove_file(house.path(".probity/keys/tombstone.key")).unwrap();
    house.run(&["erase", "replay", "shop"]).expect(8).code("no-key");
    fit_their_schemas(&[nobody]);
}

/// Orders that name nobody come back: they are known by the value by which they hung on who was erased. Where that value is
/// somebody's again, or nobody wrote it down then, nothing is claimed and nothing is erased.
#[test]
fn a_backup_of_rows_that_hang_on_another_store() {
    let house = shop(3);
    let restore =
        |name: &str| fs::copy(house.path(&format!("{name}.backup")), house.path(&format!("{name}.db"))).unwrap();
    fs::copy(house.path("sales.db"), house.path("sales.backup")).unwrap();
    house.run(&["erase", ANN, "--confirm", &digest(&house, ANN)]).expect(0);
    let erased = dump(&house);
    assert_eq!(house.json(&["erase", "replay", "sales"], 0)["came_back"], 0);
    restore("sales");
    let plan = house.json(&["erase", "replay", "sales", "--dry-run"], 0);
    assert_eq!(
        (&plan["plan"]["steps"][0]["collection"], &plan["plan"]["steps"][0]["expect"]),
        (&"orders".into(), &3.into()),
        "{plan}"
    );
    assert_eq!(plan["plan"]["stores"].as_array().unwrap().len(), 1, "the other store is left alone: {plan}");
    let done = house.json(&["erase", "replay", "sales", "--confirm", plan["digest"].as_str().unwrap()], 0);
    assert_eq!((&done["result"], &done["counts"]["deleted"]), (&"complete".into(), &3.into()), "{done}");
    assert_eq!(dump(&house), erased);
    assert_eq!(house.json(&["erase", "replay", "sales"], 0)["came_back"], 0);
    // Somebody else has her number now: whose the orders are nobody can say.
    sqlite(&house.path("shop.db"), "INSERT INTO person VALUES (1, 'eve@example.org', 'Eve', NULL);");
    restore("sales");
    let before = dump(&house);
    let ran = house.run(&["erase", "replay", "sales", "--dry-run"]).expect(4).code("replay-undecided");
    assert!(ran.stderr.contains("somebody has again"), "{ran:?}");
    let left = house.json(&["erase", "replay", "sales", "--leave-undecided"], 5);
    assert_eq!((&left["came_back"], &left["undecided"]), (&0.into(), &1.into()));
    sqlite(&house.path("shop.db"), "DELETE FROM person WHERE id = 1;");
    // Earlier versions wrote down who was erased, and not what hung on them.
    let lines = house.read(".probity/tombstones.jsonl");
    let old: String = lines
        .lines()
        .filter(|line| line.contains("\"email\""))
        .map(|line| line.replace("\"anchored\":true,", "") + "\n")
        .collect();
    house.write(".probity/tombstones.jsonl", old);
    let ran = house.run(&["erase", "replay", "sales"]).expect(4).code("replay-undecided");
    assert!(ran.stderr.contains("leads to no row"), "{ran:?}");
    assert_ne!(dump(&house), before, "Eve is gone");
    house.write(".probity/tombstones.jsonl", lines);
    let plan = house.json(&["erase", "replay", "sales", "--dry-run"], 0);
    house.run(&["erase", "replay", "sales", "--confirm", plan["digest"].as_str().unwrap()]).expect(0);
    assert_eq!(dump(&house), erased);
    house.run(&["audit", "verify"]).expect(0);
    fit_their_schemas(&[left, done]);
}

/// Two at once: one erases, the other is told, and a store that cannot be reached stops the erase before anything is done.
#[test]
fn one_at_a_time_and_every_store_or_none() {
    let house = shop(1);
    let digest = digest(&house, ANN);
    let before = dump(&house);
    fs::rename(house.path("sales.db"), house.path("away.db")).unwrap();
    house.run(&["erase", ANN, "--confirm", &digest]).expect(8).code("store-unreachable");
    fs::rename(house.path("away.db"), house.path("sales.db")).unwrap();
    assert_eq!(dump(&house), before);
    let lock = "exec 9> .probity/run/erase.lock; flock 9; probity erase email=ann@example.org --confirm";
    house.shell(&format!("mkdir -p .probity/run; {lock} {digest}")).expect(8).code("erase-busy");
    assert_eq!(dump(&house), before);
    house.run(&["erase", ANN, "--confirm", &digest]).expect(0);
}

/// Two stores of a kind that can be set back to the beginning.
pub(crate) trait Stores {
    fn set_back(&self);
    fn dump(&self) -> String;
}

struct Files<'h>(&'h House);

impl Stores for Files<'_> {
    fn set_back(&self) {
        for name in ["shop.db", "sales.db"] {
            for suffix in ["-journal", "-wal", "-shm"] {
                let _ = fs::remove_file(self.0.path(&format!("{name}{suffix}")));
            }
            fs::copy(self.0.path(&format!("first/{name}")), self.0.path(name)).unwrap();
        }
    }

    fn dump(&self) -> String {
        dump(self.0)
    }
}

/// Kills the program at `points` points of an erase and lets the next run finish it: the stores hold what they hold
/// after an erase that nobody disturbed, the journal and the ledger are whole, and one certificate says complete.
pub(crate) fn kill_at(points: u32, house: &House, stores: &dyn Stores) {
    let state = |name: &str| house.path(name);
    // The first plan makes the secret of pseudonyms, which all later ones use.
    let digest = digest(house, ANN);
    copy(&state(".probity"), &state("first/state"));
    let begun = Instant::now();
    house.run(&["erase", ANN, "--confirm", &digest]).expect(0);
    let (mut whole, expect) = (begun.elapsed(), stores.dump());
    let (mut killed, mut resumed) = (0, 0);
    for point in 0..points {
        stores.set_back();
        fs::remove_dir_all(state(".probity")).unwrap();
        copy(&state("first/state"), &state(".probity"));
        let mut child = house.command(&["erase", ANN, "--confirm", &digest]);
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Spread over the whole run and a little beyond, and not at the same places each time.
        let wait = whole.mul_f64(f64::from(point * 7 % points) / f64::from(points) * 1.1);
        std::thread::sleep(wait + Duration::from_micros(point.into()));
        let _ = child.kill();
        match child.wait().unwrap().code() {
            None => killed += 1,
            // The first run had to share the machine, and the others need not: they end earlier.
            Some(_) => whole = whole.min(wait),
        }
        let listed = house.json(&["erase", "--list"], 0);
        let id = listed["requests"].as_array().unwrap().iter().rev().find_map(|request| request["request_id"].as_str());
        let ran = id.map(|id| house.run(&["erase", "--resume", id]));
        match ran {
            Some(ran) if ran.exit == 0 => resumed += 1,
            // Nothing was begun: the plan is still the one that was confirmed.
            Some(ran) => drop(ran.expect(4).code("not-confirmed")),
            None => {}
        }
        if stores.dump() != expect {
            house.run(&["erase", ANN, "--confirm", &digest]).expect(0);
        }
        assert_eq!(stores.dump(), expect, "killed at {point}");
        let listed = house.json(&["erase", "--list"], 0);
        let done: Vec<&Value> =
            listed["requests"].as_array().unwrap().iter().filter(|it| it["status"] == "fulfilled").collect();
        assert_eq!(done.len(), 1, "{listed}");
        let folder = format!(".probity/requests/{}", done[0]["request_id"].as_str().unwrap());
        let certificate: Value = serde_json::from_str(&house.read(&format!("{folder}/certificate.json"))).unwrap();
        assert_eq!(certificate["result"], "complete", "{certificate}");
        whatever_went_is_counted(&certificate, point);
        assert!(!house.path(&format!("{folder}/key")).exists());
        assert!(
            house.read(&format!("{folder}/journal.jsonl")).trim_end().lines().last().unwrap().contains("\"closed\"")
        );
        // Each time the ledger is set back as well, which a memory outside of it would tell.
        house.shell("mkdir -p home; HOME=$(mktemp -d -p \"$PWD/home\") probity audit verify").expect(0);
    }
    assert!(killed > points / 2 && resumed > points / 5, "{killed} killed, {resumed} resumed of {points}");
}

/// What a transaction kept counts as done by the request, whichever run learned of it.
fn whatever_went_is_counted(certificate: &Value, point: u32) {
    let list = |name: &str| certificate[name].as_array().unwrap().clone();
    for store in list("scope").iter().filter(|store| store["transactional"] == true) {
        for line in list("done").iter().filter(|line| line["store"] == store["store"]) {
            let counted = (&line["rows"], &line["already"]);
            assert_eq!(counted, (&line["planned"], &0.into()), "killed at {point}: {certificate}");
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

/// Files of SQLite, killed at fifty points.
#[test]
fn killed_at_fifty_points_a_resumed_erase_finishes_in_sqlite() {
    let house = shop(2_000);
    for name in ["shop.db", "sales.db"] {
        fs::create_dir_all(house.path("first")).unwrap();
        fs::copy(house.path(name), house.path(&format!("first/{name}"))).unwrap();
    }
    kill_at(50, &house, &Files(&house));
}

/// A database of PostgreSQL for each store.
struct Databases {
    url: String,
    /// What fills each of them, by the store's name.
    filling: [(&'static str, String); 2],
}

impl Databases {
    fn psql(&self, database: &str, sql: &str) -> String {
        let output = Command::new("psql")
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-At", "-d", &format!("{}/{database}", self.url), "-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .and_then(|mut child| {
                std::io::Write::write_all(&mut child.stdin.take().unwrap(), sql.as_bytes())?;
                child.wait_with_output()
            })
            .expect("psql is installed");
        assert!(output.status.success(), "{sql:.200}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Stores for Databases {
    fn set_back(&self) {
        // A backend whose client was killed lives until it notices.
        let alone = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend';";
        for (name, filling) in &self.filling {
            let tables = if *name == "shop" { "parcel, person" } else { "orders" };
            let rows: String = filling.lines().filter(|line| line.starts_with("INSERT")).collect();
            self.psql(&format!("erase_{name}"), &format!("{alone} BEGIN; TRUNCATE {tables}; {rows} COMMIT;"));
        }
    }

    fn dump(&self) -> String {
        let tables = [("shop", "person"), ("shop", "parcel"), ("sales", "orders")];
        let rows =
            |(name, table)| self.psql(&format!("erase_{name}"), &format!("SELECT t::text FROM {table} t ORDER BY id;"));
        tables.map(rows).concat()
    }
}

/// The same in PostgreSQL.
#[test]
fn killed_at_fifty_points_a_resumed_erase_finishes_in_postgresql() {
    let Ok(url) = std::env::var("PROBITY_TEST_POSTGRES_URL") else {
        eprintln!("SKIPPED: PROBITY_TEST_POSTGRES_URL is not set; tests/services starts a server");
        return;
    };
    let shop = SHOP.to_owned() + "\n" + &rows("parcel", 2_000);
    let sales = SALES.to_owned() + "\n" + &rows("orders", 2_000);
    let server = url.rsplit_once('/').filter(|(host, _)| !host.ends_with('/')).map_or(url.as_str(), |(host, _)| host);
    let stores = Databases { url: server.to_owned(), filling: [("shop", shop), ("sales", sales)] };
    for (name, sql) in &stores.filling {
        stores.psql("postgres", &format!("DROP DATABASE IF EXISTS erase_{name} WITH (FORCE);"));
        stores.psql("postgres", &format!("CREATE DATABASE erase_{name};"));
        stores.psql(&format!("erase_{name}"), sql);
    }
    let house = House::initialised();
    settings(&house, &format!("{}/erase_shop", stores.url), &format!("{}/erase_sales", stores.url));
    kill_at(50, &house, &stores);
    for (name, _) in &stores.filling {
        stores.psql("postgres", &format!("DROP DATABASE IF EXISTS erase_{name} WITH (FORCE);"));
    }
}

/// An address to which only the person's rows refer goes with them; one that somebody's `home_address_id` names stays, although
/// nobody declared that this refers to it. The map can say that it does not.
#[test]
fn what_looks_like_a_reference_of_another_keeps_a_row() {
    let house = House::initialised();
    let sql = "CREATE TABLE address(id INTEGER PRIMARY KEY, street TEXT);
        CREATE TABLE person(id INTEGER PRIMARY KEY, mail TEXT, home_address_id INTEGER);
        CREATE TABLE parcel(id INTEGER PRIMARY KEY, person INTEGER REFERENCES person, ship_to INTEGER REFERENCES address);
        INSERT INTO address VALUES (1,'Elm 1'),(2,'Elm 2'),(3,'Elm 3');
        INSERT INTO person VALUES (1,'ann@example.org',2),(2,'bob@example.org',1);
        INSERT INTO parcel VALUES (10,1,1),(11,1,2);";
    sqlite(&house.path("shop.db"), sql);
    house.write("probity.toml", house.read("probity.toml") + "\n[stores.shop]\nurl = \"sqlite:shop.db\"\n");
    let map = "dataset:
- fides_key: shop
  collections:
  - name: person
    fields:
    - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}
    - {name: home_address_id, data_categories: [user]}
  - name: address
    fields: [{name: street, data_categories: [user.contact.address.street]}]
  - {name: parcel, fields: [{name: id, data_categories: [system.operations]}]}
";
    house.write("probity-map.yml", map);
    let plan = |house: &House| house.json(&["erase", "email=ann@example.org", "--dry-run"], 0);
    let told = plan(&house);
    let gaps: Vec<&str> =
        told["plan"]["gaps"].as_array().unwrap().iter().map(|gap| gap["kind"].as_str().unwrap()).collect();
    assert_eq!(gaps, ["likely-reference"], "{told:#}");
    let text = told["plan"]["gaps"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("person.home_address_id looks like a reference to address.id"), "{text}");
    let digest = told["digest"].as_str().unwrap();
    house.run(&["erase", "email=ann@example.org", "--confirm", digest]).expect(0);
    // Ann's own second address went with her, by a declared reference and her own undeclared one; Bob's did not.
    assert_eq!(sqlite(&house.path("shop.db"), "SELECT id FROM address ORDER BY id"), "1\n3\n");
    house.write(
        "probity-map.yml",
        map.replace(
            "home_address_id, data_categories: [user]",
            "home_address_id, data_categories: [user], meta: {probity: {refers: false}}",
        ),
    );
    sqlite(
        &house.path("shop.db"),
        "INSERT INTO person VALUES (1,'ann@example.org',NULL); INSERT INTO parcel VALUES (12,1,1);",
    );
    let told = plan(&house);
    assert_eq!(told["plan"]["gaps"].as_array().unwrap().len(), 0, "{told:#}");
    let digest = told["digest"].as_str().unwrap();
    house.run(&["erase", "email=ann@example.org", "--confirm", digest]).expect(0);
    assert_eq!(sqlite(&house.path("shop.db"), "SELECT id FROM address ORDER BY id"), "3\n");
}
