//! Erases on real SQLite files when something is not as it should be: whatever happens, a store is changed as planned or not
//! at all, nothing of others is touched, and what is still there is not called erased.

#![cfg(feature = "sqlite")]

mod subject;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use model::{Fault, Hidden};
use privacy::apply::{self, Applied, Means, Part, State};
use privacy::certificate::{About, Certificate, Outcomes};
use privacy::identity::{self, Rules};
use privacy::journal::{Act, Journal, Phase, standing};
use privacy::plan::{Hold, Holds, NoHolds, Outcome, Plan};
use privacy::row::Key;
use privacy::store::DataStore;
use privacy::verify::{Verified, unplanned, verify};
use probity_connectors::{Access, open};
use subject::{Memory, World, judge};

const ANN: &[&str] = &["email=ann@example.org"];

const SQL: &str =
    "CREATE TABLE person(id INTEGER PRIMARY KEY, mail TEXT NOT NULL UNIQUE, name TEXT, boss INT REFERENCES person);
CREATE TABLE parcel(id INTEGER PRIMARY KEY, person INT NOT NULL REFERENCES person ON DELETE CASCADE, note TEXT);
CREATE TABLE tag(parcel INT REFERENCES parcel, word TEXT);
INSERT INTO person VALUES (1,'ann@example.org','Ann',NULL),(2,'bob@example.org','Bob',1),(3,'cy@example.org','Cy',2);
INSERT INTO parcel VALUES (1,1,'a'),(2,1,'b'),(3,2,'c');
INSERT INTO tag VALUES (1,'red'),(1,'red'),(3,'red');";

const MAP: &str = "dataset:
- fides_key: shop
  collections:
  - name: person
    fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}
    - {name: name, data_categories: [user.name]}
";

/// What stands in the way of a run.
struct Way<'a> {
    access: Access,
    holds: &'a dyn Holds,
    proceed: &'a dyn Fn() -> Result<(), Fault>,
}

impl Default for Way<'_> {
    fn default() -> Self {
        Way { access: Access::default(), holds: &NoHolds, proceed: &|| Ok(()) }
    }
}

fn stores(world: &World, access: &Access, names: &[&str]) -> Vec<(String, Box<dyn DataStore>)> {
    let one = |name: &&str| {
        let url = format!("sqlite:{}", world.file(name).display());
        ((*name).to_owned(), open(&url, access, &Default::default()).expect("opens"))
    };
    names.iter().map(one).collect()
}

fn run(world: &World, names: &[&str], plan: &Plan, journal: &mut dyn Journal, way: &Way<'_>) -> Applied {
    let mut stores = stores(world, &way.access, names);
    let catalogs: Vec<_> = stores.iter_mut().map(|(_, store)| store.describe().expect("describes")).collect();
    let mut parts: Vec<Part<'_>> = stores
        .iter_mut()
        .zip(&catalogs)
        .map(|((name, store), catalog)| Part { name, store: &mut **store, catalog })
        .collect();
    let means = Means { holds: way.holds, proceed: way.proceed, progress: &Hidden };
    apply::apply(plan, &mut parts, journal, &means).expect("every store is open")
}

fn look(world: &World, plan: &Plan) -> Verified {
    let mut members = world.members();
    let (graph, _) = world.graph(&members);
    let who = identity::parse_all(ANN, &Rules::default()).expect("an address");
    verify(plan, &graph, &mut members, &who, &Hidden).expect("looks")
}

/// Erases Ann after `meanwhile` was done to the store: the fault's code, and nothing but `meanwhile` has changed.
fn refused(meanwhile: &str, way: &Way<'_>, code: &str) {
    let world = World::shop(SQL, MAP);
    let plan = world.plan(ANN).expect("a plan");
    world.judge(meanwhile);
    let before = world.dump("shop");
    let mut journal = Memory::default();
    let applied = run(&world, &["shop"], &plan, &mut journal, way);
    assert_eq!(applied.fault.as_ref().map(Fault::code), Some(code), "{meanwhile}: {:?}", applied.fault);
    assert_eq!(world.dump("shop"), before, "{meanwhile}: nothing was changed");
    assert!(!applied.has_changed() && !applied.is_whole());
    assert_ne!(standing(journal.acts(), "shop"), Some(Phase::Committed));
}

/// The plan is done, once and for all; rows of others are as they were.
#[test]
fn an_erase_is_done_and_done_again_changes_nothing() {
    let world = World::shop(SQL, MAP);
    let plan = world.plan(ANN).expect("a plan");
    let mut journal = Memory::default();
    let applied = run(&world, &["shop"], &plan, &mut journal, &Way::default());
    assert!(applied.is_whole(), "{:?}", applied.fault);
    assert_eq!(apply::rows_of(&plan, &applied, Outcome::Deleted), 5);
    let left = "INSERT INTO parcel VALUES(3,2,'c');|INSERT INTO person VALUES(2,'bob@example.org','Bob',NULL);|\
        INSERT INTO person VALUES(3,'cy@example.org','Cy',2);|INSERT INTO tag VALUES(3,'red');";
    let dump = || world.dump("shop").into_keys().collect::<Vec<_>>().join("|");
    assert_eq!(dump(), left);
    assert!(look(&world, &plan).is_clean());
    // A run that knows it is done asks nothing; one that does not know finds nothing to do.
    let known = run(&world, &["shop"], &plan, &mut journal, &Way::default());
    assert_eq!(
        (known.stores[0].state, known.stores[0].steps[0].rows),
        (State::Before, applied.stores[0].steps[0].rows)
    );
    let unknown = run(&world, &["shop"], &plan, &mut Memory::default(), &Way::default());
    assert!(unknown.is_whole());
    assert_eq!(apply::rows_of(&plan, &unknown, Outcome::Deleted), 0);
    assert_eq!(dump(), left);
}

/// Whatever has changed since the plan was made, but for what is merely gone: refused, and nothing is done.
#[test]
fn drift_is_refused() {
    let way = Way::default();
    for meanwhile in [
        "UPDATE parcel SET note='other' WHERE id=1",
        "UPDATE person SET name='Anna' WHERE id=1",
        "INSERT INTO parcel VALUES (9,1,'new')",
        "INSERT INTO person VALUES (4,'dee@example.org','Dee',1)",
        "INSERT INTO tag VALUES (1,'red')",
        "INSERT INTO tag VALUES (2,'blue')",
        "ALTER TABLE parcel ADD COLUMN weight INT",
        "ALTER TABLE parcel DROP COLUMN note",
        "DROP TABLE tag",
        "CREATE TABLE gift(id INTEGER PRIMARY KEY, person INT REFERENCES person); INSERT INTO gift VALUES (1,1)",
        "CREATE TABLE gift(id INTEGER PRIMARY KEY, parcel INT REFERENCES parcel ON DELETE CASCADE); INSERT INTO gift VALUES (1,2)",
    ] {
        refused(meanwhile, &way, "plan-drift");
    }
}

/// What is gone already is done.
#[test]
fn what_is_gone_is_done() {
    let world = World::shop(SQL, MAP);
    let plan = world.plan(ANN).expect("a plan");
    world
        .judge("DELETE FROM tag WHERE rowid=1; DELETE FROM parcel WHERE id=2; UPDATE person SET boss=NULL WHERE id=2;");
    let applied = run(&world, &["shop"], &plan, &mut Memory::default(), &Way::default());
    assert!(applied.is_whole(), "{:?}", applied.fault);
    let already: u64 = applied.stores[0].steps.iter().map(|step| step.already).sum();
    assert_eq!((apply::rows_of(&plan, &applied, Outcome::Deleted), already), (3, 3));
    assert!(look(&world, &plan).is_clean());
}

/// Answers from the question number `from` on; with a fault where `answers` is not set.
struct Held {
    asked: AtomicU32,
    from: u32,
    answers: bool,
}

impl Held {
    fn new(from: u32, answers: bool) -> Self {
        Held { asked: AtomicU32::new(0), from, answers }
    }
}

impl Holds for Held {
    fn on(&self, _: &str, _: &str, collection: &str, keys: &[Key]) -> Result<Vec<Option<Hold>>, Fault> {
        let now = self.asked.fetch_add(1, Ordering::Relaxed) + 1 >= self.from;
        if now && !self.answers {
            return Err(Fault::unavailable("holds-away", "The holds cannot be asked"));
        }
        let hold = Hold {
            id: "hold-0007".to_owned(),
            code: "17-3-e".to_owned(),
            law: "proceedings".to_owned(),
            until: None,
            approver: None,
            anonymise: Vec::new(),
        };
        Ok(vec![(now && collection == "parcel").then_some(hold); keys.len()])
    }
}

/// A hold that comes between plan and apply, or between the first step and the commit, is found; holds that do not answer
/// count as held.
#[test]
fn a_hold_that_has_come_since_is_found() {
    for from in 1..8 {
        let held = Held::new(from, true);
        refused("SELECT 1", &Way { holds: &held, ..Way::default() }, "hold-in-the-way");
        let silent = Held::new(from, false);
        refused("SELECT 1", &Way { holds: &silent, ..Way::default() }, "holds-away");
    }
}

/// Stopped between any two steps: nothing is half done, and the next run finishes it.
#[test]
fn a_run_that_is_stopped_is_finished_by_the_next() {
    for stop_at in 0..7 {
        let world = World::shop(SQL, MAP);
        let plan = world.plan(ANN).expect("a plan");
        let before = world.dump("shop");
        let asked = AtomicU32::new(0);
        let proceed = || match asked.fetch_add(1, Ordering::Relaxed) == stop_at {
            true => Err(Fault::refused("erase-stopped", "Stop")),
            false => Ok(()),
        };
        let mut journal = Memory::default();
        let applied = run(&world, &["shop"], &plan, &mut journal, &Way { proceed: &proceed, ..Way::default() });
        if let Some(fault) = &applied.fault {
            assert_eq!(fault.code(), "erase-stopped");
            assert_eq!(world.dump("shop"), before, "stopped at {stop_at}");
        }
        let applied = run(&world, &["shop"], &plan, &mut journal, &Way::default());
        assert!(applied.is_whole(), "{stop_at}: {:?}", applied.fault);
        assert!(look(&world, &plan).is_clean());
    }
}

/// A journal that cannot be written (disk full) at any of its entries: what it does not hold is not done, or is known to be
/// done by the next run.
#[test]
fn nothing_is_done_that_the_journal_does_not_announce() {
    struct Full {
        memory: Memory,
        room: usize,
    }
    impl Journal for Full {
        fn enter(&mut self, acts: &[Act]) -> Result<(), Fault> {
            if self.room == 0 {
                return Err(Fault::unavailable("disk-full", "No space left on device"));
            }
            self.room -= 1;
            self.memory.enter(acts)
        }
        fn acts(&self) -> &[Act] {
            self.memory.acts()
        }
    }
    for room in 0..3 {
        let world = World::shop(SQL, MAP);
        let plan = world.plan(ANN).expect("a plan");
        let before = world.dump("shop");
        let mut journal = Full { memory: Memory::default(), room };
        let applied = run(&world, &["shop"], &plan, &mut journal, &Way::default());
        assert_eq!(applied.fault.as_ref().map(Fault::code), Some("disk-full"));
        // The last entry is about a commit that was made: the store has it, and the next run finds it done.
        assert_eq!(world.dump("shop") == before, room < 2, "{room}");
        assert!(!applied.is_whole());
        journal.room = 9;
        let applied = run(&world, &["shop"], &plan, &mut journal, &Way::default());
        assert!(applied.is_whole(), "{:?}", applied.fault);
        assert!(look(&world, &plan).is_clean());
    }
}

/// A store that cannot be written to, one whose lock another holds, and triggers that undo what was done.
#[test]
fn a_store_that_does_not_let_go_is_as_it_was() {
    let read_only = Access { read_only: true, ..Access::default() };
    refused("SELECT 1", &Way { access: read_only, ..Way::default() }, "store-read-only");
    refused("CREATE TRIGGER t BEFORE DELETE ON tag BEGIN SELECT RAISE(IGNORE); END", &Way::default(), "not-erased");
    let undo = "CREATE TRIGGER t AFTER UPDATE ON person WHEN new.boss IS NULL BEGIN UPDATE person SET boss=old.boss WHERE id=new.id; END";
    refused(undo, &Way::default(), "not-erased");
    let world = World::shop(SQL, MAP);
    let plan = world.plan(ANN).expect("a plan");
    let (before, held) = (world.dump("shop"), world.file("shop").to_path_buf());
    let mut other = std::process::Command::new("sqlite3")
        .arg(&held)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("sqlite3 is installed");
    let mut input = other.stdin.take().expect("piped");
    std::io::Write::write_all(&mut input, b"BEGIN IMMEDIATE; SELECT 'locked';\n").expect("written");
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(other.stdout.take().expect("piped")), &mut line)
        .expect("locked");
    let access = Access { lock_timeout: Duration::from_millis(50), ..Access::default() };
    let mut journal = Memory::default();
    let applied = run(&world, &["shop"], &plan, &mut journal, &Way { access, ..Way::default() });
    assert_eq!(applied.fault.as_ref().map(Fault::code), Some("store-lock-timeout"), "{:?}", applied.fault);
    drop(input);
    other.wait().expect("ends");
    assert_eq!(world.dump("shop"), before);
    assert!(run(&world, &["shop"], &plan, &mut journal, &Way::default()).is_whole());
}

/// What a trigger wrote elsewhere while the person was erased, and what no edge reaches, is found by the scan, told with its
/// place, and not deleted.
#[test]
fn what_is_left_elsewhere_is_found_and_told() {
    let sql = format!(
        "{SQL} CREATE TABLE history(at INTEGER PRIMARY KEY, old TEXT); CREATE TABLE log(id INTEGER PRIMARY KEY, line TEXT, raw BLOB);
        CREATE TRIGGER t AFTER DELETE ON person BEGIN INSERT INTO history(old) VALUES (json_object('mail', old.mail)); END;
        INSERT INTO log VALUES (1,'GET /?u=ann%40example.org',NULL),(2,'YW5uQGV4YW1wbGUub3Jn',NULL),(3,'joann@example.org',NULL),
          (4,NULL,CAST('<ann@example.org>' AS BLOB));"
    );
    let world = World::shop(&sql, MAP);
    let plan = world.plan(ANN).expect("a plan");
    assert!(plan.traps.iter().any(|trap| trap.kind == "trigger"), "{:?}", plan.traps);
    let applied = run(&world, &["shop"], &plan, &mut Memory::default(), &Way::default());
    assert!(applied.is_whole(), "{:?}", applied.fault);
    let verified = look(&world, &plan);
    let mut places: Vec<String> = verified.stores[0]
        .hits
        .iter()
        .map(|hit| format!("{}.{} {:?}", hit.collection, hit.field.as_deref().unwrap_or("-"), hit.key.0[0]))
        .collect();
    places.sort();
    let expect = ["history.old Some(\"1\")", "log.line Some(\"1\")", "log.line Some(\"2\")", "log.raw Some(\"4\")"];
    assert_eq!(places, expect);
    assert_eq!(world.judge("SELECT count(*) FROM log"), "4");
    let certificate = certificate(&plan, &applied, &verified);
    assert_eq!(certificate.result, Outcomes::Residual);
    let texts = [certificate.to_json().to_string(), certificate.to_xml()];
    assert!(texts.iter().all(|text| !text.contains("ann@example")), "a certificate names nobody");
}

fn certificate(plan: &Plan, applied: &Applied, verified: &Verified) -> Certificate {
    let now = model::Instant::from_nanos(0);
    let mut told = privacy::register::Recipient::new("Carrier & <Sons>", &["shop.parcel".to_owned()]);
    told.tell("registered letter", now, Some(now));
    let about = About {
        request: "req-0001".to_owned(),
        received: now,
        started: now,
        finished: now,
        operator: "uid-0".to_owned(),
        approvers: vec!["SHA256:x".to_owned()],
        identified_by: Some("letter & <call>".to_owned()),
        tool: "probity".to_owned(),
        digests: vec![("plan".to_owned(), plan.digest().expect("a digest"))],
        recipients: vec![told, privacy::register::Recipient::new("Auditor", &["shop.log".to_owned()])],
        tombstones: 1,
    };
    Certificate::new(about, plan, &["SQLite 3".to_owned()], applied, Some(verified))
}

/// The XML of a certificate is what its schema says, by `xmllint`.
#[test]
fn the_xml_of_a_certificate_fits_its_schema() {
    let world = World::shop(
        &format!(
            "{SQL} CREATE TABLE log(id INTEGER PRIMARY KEY, line TEXT); INSERT INTO log VALUES (1,'ann@example.org');"
        ),
        MAP,
    );
    let plan = world.plan(ANN).expect("a plan");
    let applied = run(&world, &["shop"], &plan, &mut Memory::default(), &Way::default());
    let folder = tempfile::tempdir().expect("a folder");
    let [xml, xsd] = ["c.xml", "c.xsd"].map(|name| folder.path().join(name));
    std::fs::write(&xml, certificate(&plan, &applied, &look(&world, &plan)).to_xml()).expect("written");
    std::fs::write(&xsd, privacy::certificate::XSD).expect("written");
    let judged = std::process::Command::new("xmllint").args(["--noout", "--schema"]).arg(&xsd).arg(&xml).output();
    let judged = judged.expect("xmllint is installed");
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stderr));
}

/// Two stores: what the second refuses does not undo the first, the certificate says so, and the identities stay until the end.
#[test]
fn the_store_with_the_identities_is_the_last() {
    let orders = "CREATE TABLE orders(id INTEGER PRIMARY KEY, person INT, what TEXT); INSERT INTO orders VALUES (1,1,'x'),(2,2,'y');";
    let map = format!(
        "{MAP}- fides_key: sales
  collections:
  - name: orders
    fields:
    - {{name: person, fides_meta: {{references: [{{dataset: shop, field: person.id, direction: from}}]}}}}
"
    );
    let world = World::new(&[("shop", "shop", SQL), ("sales", "sales", orders)], &map);
    let plan = world.plan(ANN).expect("a plan");
    let names: Vec<&str> = plan.stores.iter().map(|store| store.member.as_str()).collect();
    assert_eq!(names, ["sales", "shop"]);
    judge(world.file("shop"), "UPDATE parcel SET note='other' WHERE id=1");
    let before = world.dump("shop");
    let mut journal = Memory::default();
    let applied = run(&world, &["shop", "sales"], &plan, &mut journal, &Way::default());
    assert_eq!(applied.fault.as_ref().map(Fault::code), Some("plan-drift"));
    assert!(applied.has_changed() && !applied.is_whole());
    assert_eq!(judge(world.file("sales"), "SELECT * FROM orders"), "2|2|y");
    assert_eq!(world.dump("shop"), before);
    // The next plan knows what is left, and a row that has come is told before anything is done.
    judge(world.file("shop"), "UPDATE parcel SET note='a' WHERE id=1; INSERT INTO parcel VALUES (8,1,'new')");
    let mut members = world.members();
    let (graph, _) = world.graph(&members);
    let who = identity::parse_all(ANN, &Rules::default()).expect("an address");
    let new = unplanned(&plan, &graph, &mut members, &who, &Hidden).expect("looks");
    assert_eq!(new.iter().map(|left| left.collection.as_str()).collect::<Vec<_>>(), ["parcel"]);
    judge(world.file("shop"), "DELETE FROM parcel WHERE id=8");
    let applied = run(&world, &["shop", "sales"], &plan, &mut journal, &Way::default());
    assert!(applied.is_whole(), "{:?}", applied.fault);
    assert_eq!(applied.stores[0].state, State::Before);
    assert!(look(&world, &plan).is_clean());
}
