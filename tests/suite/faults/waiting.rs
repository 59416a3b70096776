//! Others work on the same rows: locks that are not given, sessions that wait for each other.

use std::process::Stdio;

use super::{ANN, Engine, KINDS, Ran, Scene};

/// Another session holds Ann's row for as long as the erase waits: it gives up, takes back what it did there, and says so.
#[test]
fn a_lock_that_is_not_given() {
    for kind in KINDS {
        let Some(scene) = Scene::of(kind, "locked", 3) else { continue };
        scene.settings(&scene.shop.url(), &scene.sales.url(), "lock_timeout = \"1s\"");
        let digest = scene.digest();
        let mut other = scene.shop.session();
        match &scene.shop {
            Engine::Sqlite(_) => other.say("BEGIN IMMEDIATE; CREATE TABLE held(x);"),
            _ => other.say("BEGIN; SELECT * FROM person WHERE id = 1 FOR UPDATE;"),
        }
        until_it_holds(&scene.shop);
        // One file has one lock: nothing can be begun there, so that nothing is done anywhere.
        let exit = if kind == "sqlite" { 8 } else { 5 };
        scene.fails(&digest, exit, "store-lock-timeout");
        let told = scene.house.json(&["erase", "--resume", "req-0001"], exit);
        let states: Vec<&str> =
            told["stores"].as_array().unwrap().iter().map(|store| store["state"].as_str().unwrap()).collect();
        let expect = if kind == "sqlite" { ["not-begun", "failed"] } else { ["done", "failed"] };
        assert_eq!(states, expect, "{told}");
        drop(other);
        scene.resumes();
    }
}

/// Waits until another session has locked something.
pub(super) fn until_it_holds(engine: &Engine) {
    match engine {
        Engine::Sqlite(_) => {
            // Whoever cannot lock the file learns that somebody else has.
            let began = std::time::Instant::now();
            let free = || engine.program("").arg("BEGIN IMMEDIATE; ROLLBACK;").stderr(Stdio::null()).status().unwrap().success();
            while free() {
                assert!(began.elapsed().as_secs() < 60);
            }
        }
        Engine::Postgres(..) => engine.until(
            "SELECT count(*) > 0 FROM pg_locks JOIN pg_database d ON d.oid = database WHERE datname = current_database() AND mode = 'RowShareLock';",
            "t",
        ),
        Engine::MariaDb(..) => engine.until(LOCKED_HERE, "1"),
    }
}

/// Whether a transaction of this database's sessions holds rows.
const LOCKED_HERE: &str = "SELECT count(*) FROM information_schema.innodb_trx t JOIN information_schema.processlist p
    ON p.id = t.trx_mysql_thread_id WHERE p.db = database() AND t.trx_rows_locked > 0;";

/// Whether somebody waits for a row.
fn waits(engine: &Engine) -> &'static str {
    match engine {
        Engine::Postgres(..) => {
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock';"
        }
        _ => {
            "SELECT count(*) FROM information_schema.innodb_trx t JOIN information_schema.processlist p
                ON p.id = t.trx_mysql_thread_id WHERE p.db = database() AND t.trx_state = 'LOCK WAIT';"
        }
    }
}

/// The erase holds parcels and waits for the person; the other holds the person and asks for parcels. The server gives the
/// erase up, and it does its work once more.
fn deadlock(kind: &str) {
    let Some(scene) = Scene::of(kind, "deadlock", 3) else { return };
    if kind == "mariadb" {
        scene.shop.ask("CREATE TABLE heavy(n INT PRIMARY KEY);");
    }
    let digest = scene.digest();
    let mut other = scene.shop.session();
    match &scene.shop {
        Engine::Postgres(..) => {
            // Only the erase looks for deadlocks, and leaves the other time to step into one.
            scene.shop.ask(&format!(
                "ALTER DATABASE {} SET deadlock_timeout = '3s';",
                scene.shop.url().rsplit('/').next().unwrap()
            ));
            other.say("SET deadlock_timeout = '1h'; BEGIN; SELECT * FROM person WHERE id = 1 FOR UPDATE;");
        }
        _ => {
            // The one that has changed less is given up.
            other.say(
                "BEGIN; INSERT INTO heavy SELECT seq FROM seq_1_to_5000; SELECT * FROM person WHERE id = 1 FOR UPDATE;",
            );
        }
    }
    until_it_holds(&scene.shop);
    let mut child = scene.house.command(&["erase", ANN, "--confirm", &digest, "--json"]);
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    scene.shop.until(waits(&scene.shop), "1");
    other.say("SELECT * FROM parcel WHERE person = 1 FOR UPDATE; ROLLBACK;");
    Ran::of(child.wait_with_output().unwrap()).expect(0);
    let phases = scene.phases("shop");
    assert!(phases.contains(&"rolled-back".to_owned()), "{phases:?}");
    let journal = scene.house.read(".probity/requests/req-0001/journal.jsonl");
    assert!(journal.contains("\"code\":\"store-deadlock\""), "{journal}");
    scene.is_over("req-0001");
}

#[test]
fn a_deadlock_in_postgresql() {
    deadlock("postgres");
}

#[test]
fn a_deadlock_in_mariadb() {
    deadlock("mariadb");
}
