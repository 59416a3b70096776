//! Somebody else's database on three engines: mapped from its catalog, exported, erased; what became of it is asked of the
//! engine's own program.

use std::path::PathBuf;

use serde_json::Value;

use crate::databases::{Engine, server};
use crate::house::{House, judge};

fn counts(engine: &Engine) -> Vec<String> {
    let tables = ["Customer", "Invoice", "InvoiceLine", "Track", "Employee"];
    tables.iter().map(|table| engine.ask(&format!("SELECT count(*) FROM \"{table}\";"))).collect()
}

/// Export and erase of a customer, and of a member of staff to whom others report.
fn people_leave(house: &House, engine: &Engine) {
    house.write("probity.toml", format!("[stores.shop]\nurl = \"{}\"\n", engine.url()));
    house.run(&["map", "scan"]).expect(0);
    assert_eq!(counts(engine), ["59", "412", "2240", "3503", "8"]);
    let everybody = "SELECT \"Email\" FROM \"Customer\" WHERE \"CustomerId\" <> 1 ORDER BY \"CustomerId\";";
    let others = engine.ask(everybody);

    house.run(&["export", "email=LuisG@Embraer.com.br", "--format", "json", "-o", "luis.json"]).expect(0);
    let document: Value = serde_json::from_str(&house.read("luis.json")).unwrap();
    let mut rows = Vec::new();
    count_rows(&document, &mut rows);
    rows.sort();
    assert_eq!(rows, [("Customer".to_owned(), 1), ("Invoice".to_owned(), 7), ("InvoiceLine".to_owned(), 38)]);

    let erase = |who: &str| {
        let plan = house.json(&["erase", who, "--dry-run"], 0);
        house.run(&["erase", who, "--confirm", plan["digest"].as_str().unwrap()]).expect(0);
    };
    erase("email=luisg@embraer.com.br");
    assert_eq!(counts(engine), ["58", "405", "2202", "3503", "8"]);
    assert_eq!(engine.ask(everybody), others);
    erase("email=nancy@chinookcorp.com");
    assert_eq!(counts(engine)[4], "7");
    let reports = "SELECT count(*) FROM \"Employee\" WHERE \"ReportsTo\" IS NULL;";
    assert_eq!(engine.ask(reports), "4", "Andrew, and the three who reported to her");
    erase("email=jane@chinookcorp.com");
    assert_eq!(engine.ask("SELECT count(*) FROM \"Customer\" WHERE \"SupportRepId\" IS NULL;"), "20");
    assert_eq!(counts(engine), ["58", "405", "2202", "3503", "6"]);
    // Nobody is there any more: that is no success.
    house.run(&["erase", "email=luisg@embraer.com.br", "--dry-run"]).expect(3);
}

/// Lists of rows by the last part of their name, wherever they stand in the document.
fn count_rows(document: &Value, rows: &mut Vec<(String, usize)>) {
    let Some(object) = document.as_object() else { return };
    for (name, value) in object {
        match value.as_array() {
            Some(list) if name.contains(':') => rows.push((name.rsplit(':').next().unwrap().to_owned(), list.len())),
            _ => count_rows(value, rows),
        }
    }
}

fn script(engine: &str) -> Option<String> {
    let folder = std::env::var_os("PROBITY_TEST_CHINOOK").map(PathBuf::from);
    assert!(folder.is_some() || std::env::var_os("PROBITY_TEST_JUDGES").is_none(), "PROBITY_TEST_CHINOOK is not set");
    Some(std::fs::read_to_string(folder?.join(engine).with_extension("sql")).unwrap())
}

#[test]
fn people_leave_a_file() {
    let Some(script) = script("sqlite").filter(|_| judge("sqlite3")) else { return };
    let house = House::initialised();
    let engine = Engine::Sqlite(house.path("chinook.db"));
    engine.ask(&script);
    people_leave(&house, &engine);
}

#[test]
fn people_leave_postgres() {
    let (Some(script), Some(url)) = (script("postgres"), server("PROBITY_TEST_POSTGRES_URL")) else { return };
    let name = format!("chinook_{}", std::process::id());
    let engine = Engine::Postgres(url, name.clone());
    engine.create();
    engine.ask(&script);
    people_leave(&House::initialised(), &engine);
    engine.remove();
}

#[test]
fn people_leave_mariadb() {
    let (Some(script), Some(url)) = (script("mysql"), server("PROBITY_TEST_MARIADB_URL")) else { return };
    let name = format!("chinook_{}", std::process::id());
    let engine = Engine::MariaDb(url, name.clone());
    engine.create();
    // Backticks stand in the script already; quotes stand in its texts.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sql");
    std::fs::write(&file, script).unwrap();
    assert!(engine.program(&name).stdin(std::fs::File::open(&file).unwrap()).status().unwrap().success());
    people_leave(&House::initialised(), &engine);
    engine.remove();
}
