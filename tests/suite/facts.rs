//! Facts of what was ingested, from the store's own log, from a sample of its rows and from SQL of one's own, and facts that
//! are kept.

use serde_json::Value;

use crate::house::{House, fit_their_schemas};

/// Three days of a log, with a day between without any, an address in one message and another as the name of a field.
fn ingested() -> House {
    let house = House::initialised();
    house.write(
        "web.jsonl",
        concat!(
            "{\"time\":\"2026-11-18T10:00:00Z\",\"message\":\"start\",\"status\":200,\"path\":\"/\"}\n",
            "{\"time\":\"2026-11-19T10:00:00Z\",\"message\":\"mail to anna.lind@example.com failed\",\"status\":500}\n",
            "not a line\n",
            "{\"time\":\"2026-11-21T10:00:01.5Z\",\"message\":\"stop\",\"bob.berg@example.com\":\"x\",\"path\":\"/\"}\n",
        ),
    );
    house.run(&["ingest", "web.jsonl", "--max-rejected", "50%"]).expect(0);
    house
}

fn fact<'d>(document: &'d Value, name: &str) -> &'d Value {
    let all = document["facts"].as_array().unwrap();
    all.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("no {name}: {document}"))
}

/// The rule that was judged alone.
fn only(house: &House, rule: &str, more: &[&str], exit: i32) -> Value {
    let pack = if rule.starts_with('a') { "gdpr" } else { "soc2" };
    let args = ["evaluate", "--pack", pack, "--only", rule];
    house.json(&[&args[..], more].concat(), exit)["rules"][0].clone()
}

/// How many, from when to when, by which reader and how many lines were not understood; no row is read for it.
#[test]
fn the_log_of_the_store_tells_what_was_ingested() {
    let house = ingested();
    let told = house.json(&["facts", "ingested"], 0);
    let value = &fact(&told, "ingested")["value"];
    let logs = &value["kinds"][0];
    assert_eq!(
        (&logs["kind"], &logs["records"], &logs["days"], &logs["days_missing"]),
        (&"logs".into(), &3.into(), &3.into(), &1.into()),
        "{value}"
    );
    assert_eq!(
        (logs["first"].as_str(), logs["last"].as_str()),
        (Some("2026-11-18T10:00:00Z"), Some("2026-11-21T10:00:01.5Z"))
    );
    let reader = &value["readers"][0];
    let counted = ["originals", "records", "rejected"].map(|key| reader[key].as_u64().unwrap());
    assert_eq!((counted, reader["reader"].as_str().unwrap().starts_with("jsonlines")), ([1, 3, 1], true), "{reader}");
    let source = &fact(&told, "ingested")["sources"][0];
    assert!(source["name"].as_str().unwrap().ends_with("store, version 0"), "{source}");
    fit_their_schemas(&[told]);

    only(&house, "a5-1-e-ingested", &[], 0);
    let old = only(&house, "a5-1-e-ingested", &["--set", "gdpr.log_retention=2d"], 1);
    let message = old["findings"][0]["message"].as_str().unwrap();
    assert!(message.contains("3 records is of 2026-11-18T10:00:00Z") && message.contains("2 d"), "{message}");
    only(&house, "cc7-2-monitoring", &["--set", "soc2.monitoring_silence=100d"], 1);
    let gaps = ["--set", "soc2.monitoring_silence=100d", "--set", "soc2.monitoring_days_missing=1"];
    only(&house, "cc7-2-monitoring", &gaps, 0);
    only(&house, "cc7-2-monitoring", &[&gaps[..], &["--at", "2027-11-22T12:00:00Z"]].concat(), 1);
    only(&house, "cc7-2-understood", &[], 1);
    only(&house, "cc7-2-understood", &["--set", "soc2.rejected_share=0.3"], 0);
}

/// Where nothing was ingested nothing is judged, and neither where the log of the store is damaged.
#[test]
fn what_is_not_there_or_damaged_is_never_met() {
    let empty = House::initialised();
    assert_eq!(only(&empty, "a5-1-e-ingested", &[], 3)["answer"], "not given");
    assert_eq!(only(&empty, "a25-ingested-clear", &[], 3)["answer"], "not given");
    let house = ingested();
    let commit = ".probity/store/data/_delta_log/00000000000000000000.json";
    house.write(commit, house.read(commit).replace("\"commitInfo\"", "\"commitInfos\""));
    let damaged = only(&house, "a5-1-e-ingested", &[], 3);
    assert_eq!(damaged["answer"], "not judged");
    assert!(damaged["why"].as_str().unwrap().contains("the log of the store"), "{damaged}");
}

/// What the detectors find in a sample is told by column and place, never by value; names of fields are values too.
#[cfg(all(feature = "privacy", feature = "redact"))]
#[test]
fn personal_data_in_ingested_records_are_told_by_place() {
    let house = ingested();
    let told = house.json(&["facts", "exposed"], 0);
    let columns = fact(&told, "exposed")["value"]["columns"].as_array().unwrap();
    let column = |name: &str| columns.iter().find(|one| one["column"] == name).unwrap_or_else(|| panic!("{told}"));
    let message = column("message");
    assert_eq!((&message["sampled"], &message["found"]), (&3.into(), &1.into()));
    assert_eq!(message["categories"], serde_json::json!(["user.contact.email"]));
    let digest = seal::sha256(house.read("web.jsonl").as_bytes()).hex();
    assert_eq!(message["place"], format!("{digest}:2"));
    assert_eq!(column("attributes.[…]")["sampled"], 1);
    assert!(!told.to_string().contains("example.com"), "{told}");
    fit_their_schemas(&[told]);

    let broken = house.json(&["evaluate", "--pack", "gdpr", "--only", "a25-ingested-clear"], 1);
    assert!(!broken.to_string().contains("example.com"), "{broken}");
    assert_eq!(broken["rules"][0]["findings"][0]["subject"], "logs.message");
    only(&house, "a25-ingested-clear", &["--set", "gdpr.log_categories=user.contact.email"], 0);

    // What was redacted before is found to be clear.
    let clear = House::initialised();
    clear.write("web.txt", "2026-11-18T10:00:00Z mail to anna.lind@example.com failed\n");
    clear.run(&["redact", "web.txt", "--output", "clear.txt"]).expect(0);
    clear.run(&["ingest", "clear.txt", "--format", "text"]).expect(0);
    only(&clear, "a25-ingested-clear", &[], 0);
}

const STATUS: &str = "name: status\ntitle: Answers by status\nsql: |\n  SELECT status, count(*) AS answers, max(ts) AS \
                      newest, avg(status) AS mean, bool_or(status >= 500) AS failed\n  FROM logs GROUP BY status ORDER \
                      BY status\ncolumns:\n  status?: integer, what was answered\n  answers: integer, how many\n  \
                      newest: time, of them\n  mean?: number, of them\n  failed?: flag, whether one did\n";

/// A pack of one's own with a rule over `status`.
fn pack(house: &House) {
    house.write("own/pack.yaml", "name: own\ntitle: Ours\nversion: 1.0.0\n");
    house.write(
        "own/failures.yaml",
        "id: failures\ntitle: Nothing failed\nlaw: [{article: ours, link: \"https://example.org\"}]\nseverity: low\n\
         needs: [status]\neach: status.rows\nas: row\nwhen: row.status != null\nexpect: row.failed == false\n\
         subject: \"{row.status}\"\nmessage: \"{row.answers} answers, the newest {row.newest}\"\nfix: Mend it.\n\
         since: 1.0.0\n",
    );
}

/// Without SQL the fact is a gap that says so, and the rule is not judged; the declaration is still read and checked.
#[cfg(not(feature = "engine"))]
#[test]
fn without_sql_a_fact_of_ones_own_is_a_gap() {
    let house = ingested();
    pack(&house);
    house.write("rules/facts/status.yaml", STATUS);
    let judged = house.json(&["evaluate", "--rule", "own"], 3);
    let rule = &judged["rules"][0];
    assert_eq!(rule["answer"], "not judged");
    assert!(rule["why"].as_str().unwrap().contains("built without SQL"), "{rule}");
    assert!(house.run(&["facts", "status"]).expect(3).stdout.contains("rules/facts/status.yaml:4:3"));
    declared_badly(&house);
}

/// What is wrong with a declaration is found when it is read, whatever is asked.
fn declared_badly(house: &House) {
    let check = |from: &str, to: &str, code: &str, at: &str| {
        house.write("rules/facts/status.yaml", STATUS.replace(from, to));
        let ran = house.run(&["facts", "--shape"]).expect(7).code(code);
        assert!(ran.stderr.contains(&format!("rules/facts/status.yaml:{at}")), "{ran:?}");
    };
    check("name: status", "name: keys", "duplicate-fact", "");
    check("name: status", "name: Status", "bad-fact", "1:");
    check("answers: integer", "answers: integr", "bad-shape", "8:");
    check("columns:\n", "colums:\n", "unknown-key", "6:");
    house.write("rules/facts/status.yaml", STATUS);
}

/// SQL over the ingested records, typed as declared, judged by a rule of one's own.
#[cfg(feature = "engine")]
#[test]
fn sql_of_ones_own_becomes_a_fact() {
    let house = ingested();
    pack(&house);
    house.write("rules/facts/status.yaml", STATUS);
    let told = house.json(&["facts", "status"], 0);
    let rows = fact(&told, "status")["value"]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 3, "{told}");
    assert_eq!(
        rows[1],
        serde_json::json!({
            "status": 500, "answers": 1, "newest": "2026-11-19T10:00:00Z", "mean": 500.0, "failed": true,
        })
    );
    let sources = fact(&told, "status")["sources"].as_array().unwrap();
    assert!(sources[0]["name"].as_str().unwrap().ends_with("store, version 0"), "{told}");
    assert!(sources[1]["name"].as_str().unwrap().starts_with("rules/facts/status.yaml:"), "{told}");
    let shapes = house.json(&["facts", "status", "--shape"], 0);
    fit_their_schemas(&[told, shapes]);
    let judged = house.json(&["evaluate", "--rule", "own"], 1);
    let findings = judged["rules"][0]["findings"].as_array().unwrap();
    assert_eq!((findings.len(), &findings[0]["subject"]), (1, &"500".into()), "{judged}");
    assert_eq!(findings[0]["message"], "1 answers, the newest 2026-11-19T10:00:00Z");
    // Facts of one's own are kept and judged later like all others.
    house.run(&["facts", "status", "--output", "kept.json"]).expect(0);
    house.json(&["evaluate", "--rule", "own", "--facts", "kept.json"], 1);
    declared_badly(&house);
    // Objectives in rules/ are not looked for among facts.
    assert_eq!(house.json(&["evaluate"], 1)["objectives"].as_array().unwrap().len(), 1);
}

/// Wrong SQL and columns that are not as declared end the run with their place; too many rows and too little time do not.
#[cfg(feature = "engine")]
#[test]
fn wrong_sql_is_located_and_limits_are_gaps() {
    let house = ingested();
    pack(&house);
    let check = |from: &str, to: &str, code: &str, at: &str, said: &str| {
        house.write("rules/facts/status.yaml", STATUS.replace(from, to));
        let ran = house.run(&["evaluate", "--rule", "own"]).expect(7).code(code);
        assert!(ran.stderr.contains(&format!("rules/facts/status.yaml:{at}")), "{ran:?}");
        assert!(ran.stderr.contains(said), "{ran:?}");
    };
    check("FROM logs", "FROM log", "bad-query", "4:3", "Did you mean logs?");
    check("max(ts)", "max(tss)", "bad-query", "4:3", "There is no column tss");
    check("SELECT status,", "SELECT statu,", "bad-query", "4:3", "Did you mean status?");
    check("  SELECT", "  DELETE FROM logs; SELECT", "bad-query", "4:3", "more than one statement");
    check("SELECT status, count(*) AS answers", "SELECT status, host, 1 AS answers", "bad-query", "4:3", "host");
    check("count(*) AS answers", "count(*) AS answer", "bad-fact", "4:3", "\"answer\"");
    check("  newest: time", "  newer: time, x\n  newest: time", "bad-fact", "9:3", "gives no column \"newer\"");
    check("newest: time", "newest: text", "bad-fact", "9:3", "declared as text");
    check("count(*) AS answers", "1 / 0 AS answers", "bad-query", "4:3", "ivide by");
    let gap = |from: &str, to: &str, said: &str| {
        house.write("rules/facts/status.yaml", STATUS.replace(from, to));
        let judged = house.json(&["evaluate", "--rule", "own"], 3);
        let rule = &judged["rules"][0];
        assert_eq!(rule["answer"], "not judged", "{rule}");
        assert!(rule["why"].as_str().unwrap().contains(said), "{rule}");
    };
    gap("columns:", "rows_max: 2\ncolumns:", "more rows than are allowed");
    gap("status?: integer", "status: integer", "\"status\" is NULL");
    // Nothing was ingested: the SQL is still held against the declaration.
    let empty = House::initialised();
    pack(&empty);
    empty.write("rules/facts/status.yaml", STATUS);
    let judged = empty.json(&["evaluate", "--rule", "own"], 3);
    assert_eq!(judged["rules"][0]["answer"], "not given");
    empty.write("rules/facts/status.yaml", STATUS.replace("newest: time", "newest: text"));
    empty.run(&["evaluate", "--rule", "own"]).expect(7).code("bad-fact");
}

/// What was collected is kept, and taken while it is young enough: the judgement says so, and nothing is asked again.
#[test]
fn facts_are_taken_from_earlier_runs_only_when_that_is_asked_for() {
    let house = ingested();
    let records = |args: &[&str]| {
        let told = house.json(&[&["facts", "ingested"], args].concat(), 0);
        let fact = fact(&told, "ingested").clone();
        fit_their_schemas(&[told]);
        (fact["value"]["kinds"][0]["records"].as_u64().unwrap(), fact["cached"] == true)
    };
    assert_eq!(records(&["--max-age", "1h"]), (3, false), "nothing was kept yet");
    house.write("more.jsonl", "{\"time\":\"2026-11-22T10:00:00Z\",\"message\":\"more\"}\n");
    house.run(&["ingest", "more.jsonl"]).expect(0);
    assert_eq!(records(&["--max-age", "1h"]), (3, true), "the store would answer 4");
    let args = ["evaluate", "--pack", "soc2", "--only", "cc7-2-understood", "--max-age", "1h"];
    let judged = house.json(&args, 1);
    let basis = &judged["facts"][0];
    assert_eq!((&basis["cached"], &basis["collected"]), (&true.into(), &"2026-11-22T12:00:00Z".into()));
    let source = basis["sources"][0]["name"].as_str().unwrap();
    assert!(source.contains(".probity/facts/ingested/"), "{basis}");
    let page = house.run(&args).expect(1);
    assert!(page.stdout.contains("2026-11-22T12:00:00Z (cached)"), "{page:?}");
    fit_their_schemas(&[judged]);
    // Of a time to come, or too old: asked again.
    assert_eq!(records(&["--max-age", "1h", "--time", "2026-11-22T11:00:00Z"]), (4, false));
    assert_eq!(records(&["--max-age", "30m", "--time", "2026-11-22T11:30:01Z"]), (4, false));
    // Whoever says nothing gets what is there.
    assert_eq!(records(&[]), (4, false));
    house.run(&["facts", "--max-age", "soon"]).expect(2);
    house.run(&["facts", "--shape", "--max-age", "1h"]).expect(2);
    let none = if cfg!(feature = "engine") { "flag-without-effect" } else { "not-built-in" };
    house.run(&["evaluate", "--pack", "production", "--max-age", "1h"]).expect(2).code(none);
}

/// The files of the kept fact `name`.
fn kept(house: &House, name: &str) -> Vec<String> {
    let folder = house.path(".probity/facts").join(name);
    let files = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().file_name());
    files.map(|file| format!(".probity/facts/{name}/{}", file.to_str().unwrap())).collect()
}

/// An edited file is refused, whichever part of it was edited; without the flag it is not looked at.
#[test]
fn a_kept_fact_that_was_edited_is_refused() {
    let house = ingested();
    house.run(&["facts", "ingested"]).expect(0);
    let file = kept(&house, "ingested").remove(0);
    let whole = house.read(&file);
    let check = |from: &str, to: &str| {
        assert!(whole.contains(from), "{whole}");
        house.write(&file, whole.replace(from, to));
        let ran = house.run(&["facts", "ingested", "--max-age", "1h"]).expect(1).code("fact-digest");
        assert!(ran.stderr.contains(&file), "{ran:?}");
        house.run(&["facts", "ingested"]).expect(0);
    };
    check("\"rejected\":1", "\"rejected\":0");
    check("\"collected\":\"2026-11-22T12", "\"collected\":\"2026-11-22T11");
    check("store, version 0", "store, version 1");
    check("{\"basis\"", "{\"bases\"");
    check("}\n", "");
    assert_eq!(kept(&house, "ingested").len(), 1);
    // Files that are given are read each time: nothing of them is kept.
    house.write(
        "k8s/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: b, image: c}]}\n",
    );
    house.run(&["facts", "kubernetes", "--input", "k8s"]).expect(0);
    assert_eq!(kept(&house, "kubernetes"), [""; 0]);
}

/// Another store, another setting, another data map: none gets the facts of another; what could not be read is not kept.
#[cfg(feature = "privacy")]
#[test]
fn another_basis_never_gets_these_facts() {
    let house = House::initialised();
    if !crate::house::judge("sqlite3") {
        return;
    }
    let fill = |file: &str, rows: usize| {
        let values: Vec<String> = (0..rows).map(|row| format!("({row}, 'p{row}@example.com')")).collect();
        let sql = format!(
            "CREATE TABLE IF NOT EXISTS person (id INTEGER PRIMARY KEY, mail TEXT);\nDELETE FROM person;\nINSERT INTO person VALUES {};\n",
            values.join(",")
        );
        house.write("fill.sql", sql);
        house.shell(&format!("sqlite3 -bail {file} <fill.sql")).expect(0);
    };
    let settings = house.read("probity.toml");
    let store =
        |file: &str| house.write("probity.toml", format!("{settings}\n[stores.shop]\nurl = \"sqlite:{file}\"\n"));
    let sampled = |args: &[&str]| {
        let told = house.json(&[&["facts", "stores", "--max-age", "1h"], args].concat(), 0);
        let fact = fact(&told, "stores").clone();
        (fact["value"]["stores"][0]["sampled"].as_u64().unwrap(), fact["cached"] == true)
    };
    fill("shop.db", 3);
    fill("other.db", 5);
    store("shop.db");
    house.run(&["map", "scan"]).expect(0);
    assert_eq!(sampled(&[]), (3, false));
    fill("shop.db", 4);
    assert_eq!(sampled(&[]), (3, true), "the store would say 4");
    store("other.db");
    assert_eq!(sampled(&[]), (5, false), "another store is asked");
    store("shop.db");
    assert_eq!(sampled(&[]), (3, true), "and the first one is still known");
    let map = house.read("probity-map.yml");
    house.write("probity-map.yml", format!("{map}\n# looked at\n"));
    assert_eq!(sampled(&[]), (4, false), "another data map");
    assert_eq!(kept(&house, "stores").len(), 3);
    store("missing.db");
    let told = house.json(&["facts", "stores"], 0);
    assert!(!fact(&told, "stores")["gaps"].as_array().unwrap().is_empty(), "{told}");
    assert_eq!(kept(&house, "stores").len(), 3, "a fact with a gap is not kept");
}
