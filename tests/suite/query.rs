//! `query`: questions to the store, which never changes.

use std::process::Stdio;

use serde_json::Value;

use crate::house::{House, Ran, repository};

/// A store with a log, metrics of a counter that is reset once, and text that is hostile.
fn stored() -> House {
    let house = House::initialised();
    house.write(
        "web.jsonl",
        concat!(
            "{\"time\":\"2026-11-21T10:00:00Z\",\"message\":\"plain\",\"status\":200,\"user\":\"ann\"}\n",
            "{\"time\":\"2026-11-21T10:00:01Z\",\"message\":\"a \\\"quoted\\\", word\",\"status\":404}\n",
            "{\"time\":\"2026-11-21T10:00:02.5Z\",\"message\":\"=1+1\",\"latency_ms\":12.5}\n",
            "{\"time\":\"2026-11-21T10:00:03Z\",\"message\":\"\\u001b[31mred\\u0007\\ttab\\nline\\u202e\",\"status\":200}\n",
        ),
    );
    house.write(
        "jobs.prom",
        concat!(
            "# TYPE jobs_total counter\n",
            "jobs_total{queue=\"a\"} 5 1795255200000\n",
            "jobs_total{queue=\"a\"} 9 1795255210000\n",
            "jobs_total{queue=\"a\"} 2 1795255220000\n",
        ),
    );
    house.run(&["ingest", "web.jsonl", "jobs.prom"]).expect(0);
    house
}

/// The same rows as a table in a pipe, as CSV and as JSON Lines.
#[test]
fn three_forms_of_one_answer() {
    let house = stored();
    let sql = "SELECT ts, message, status, latency_ms FROM logs WHERE line < 4 ORDER BY ts";
    let check = |args: &[&str], expect: &str| {
        let ran = house.run(&[&["query", sql], args].concat()).expect(0);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (expect, ""), "{args:?}");
    };
    check(
        &[],
        "ts\tmessage\tstatus\tlatency_ms\n\
         2026-11-21T10:00:00Z\tplain\t200\tNULL\n\
         2026-11-21T10:00:01Z\ta \"quoted\", word\t404\tNULL\n\
         2026-11-21T10:00:02.5Z\t=1+1\tNULL\t12.5\n",
    );
    check(
        &["--csv"],
        "ts,message,status,latency_ms\r\n\
         2026-11-21T10:00:00Z,plain,200,\r\n\
         2026-11-21T10:00:01Z,\"a \"\"quoted\"\", word\",404,\r\n\
         2026-11-21T10:00:02.5Z,=1+1,,12.5\r\n",
    );
    check(
        &["--json"],
        "{\"ts\":\"2026-11-21T10:00:00Z\",\"message\":\"plain\",\"status\":200,\"latency_ms\":null}\n\
         {\"ts\":\"2026-11-21T10:00:01Z\",\"message\":\"a \\\"quoted\\\", word\",\"status\":404,\"latency_ms\":null}\n\
         {\"ts\":\"2026-11-21T10:00:02.5Z\",\"message\":\"=1+1\",\"status\":null,\"latency_ms\":12.5}\n",
    );
    let defused = house.run(&["query", sql, "--csv", "--defuse"]).expect(0);
    assert!(defused.stdout.contains(",'=1+1,"), "{defused:?}");
    house.run(&["query", sql, "--csv", "--json"]).expect(2);
    house.run(&["query", sql, "--defuse"]).expect(2);
}

/// Log text reaches no terminal raw, and machines get it exactly.
#[test]
fn hostile_text_is_neutralised_for_people_only() {
    let house = stored();
    let sql = "SELECT message FROM logs WHERE line = 4";
    for args in [&["query", sql][..], &["query", sql, "--color", "always"]] {
        let table = house.run(args).expect(0);
        assert_eq!(table.stdout, "message\n\\u{1b}[31mred\\u{7}\\ttab\\nline\\u{202e}\n");
    }
    let json = house.run(&["query", sql, "--json"]).expect(0);
    assert!(!json.stdout.contains(['\u{1b}', '\u{202e}']), "{json:?}");
    let row: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(row["message"], "\u{1b}[31mred\u{7}\ttab\nline\u{202e}");
}

/// On a terminal, which `script` plays, every form is neutralised, columns are aligned and long cells are cut.
#[test]
fn a_terminal_gets_columns_and_nothing_to_obey() {
    if !crate::house::judge("script") {
        return;
    }
    let house = stored();
    let on_terminal = |arguments: &str| {
        house.write("line", format!("probity query \"SELECT message, status FROM logs ORDER BY line\" {arguments}\n"));
        house.shell("export TERM=xterm; script -qec 'bash line' /dev/null </dev/null").expect(0).stdout
    };
    let table = on_terminal("");
    assert!(table.starts_with("message ") && table.contains("\r\nplain "), "{table:?}");
    for arguments in ["", "--csv", "--json"] {
        let text = on_terminal(arguments);
        assert!(text.contains("red") && !text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{arguments}: {text:?}");
    }
}

/// A full disk behind standard output is a failure, not silence.
#[test]
fn a_full_disk_behind_standard_output_is_said() {
    let house = stored();
    for form in ["", "--csv", "--json"] {
        house.shell(&format!("probity query 'SELECT * FROM logs' {form} >/dev/full")).expect(8).code("disk-full");
    }
}

/// Attributes by name, DESCRIBE, and the increments of a counter with its reset.
#[test]
fn attributes_columns_and_increments() {
    let house = stored();
    assert_eq!(house.count("SELECT count(*) FROM logs WHERE attributes['user'] = 'ann'"), 1);
    assert_eq!(house.count("SELECT count(*) FROM metrics WHERE attributes['queue'] = 'a'"), 3);
    let columns = house.run(&["query", "DESCRIBE logs"]).expect(0);
    for column in ["ts", "latency_ms", "status", "attributes"] {
        assert!(columns.stdout.lines().any(|line| line.starts_with(&format!("{column}\t"))), "{column}: {columns:?}");
    }
    let rows = house.run(&["query", "SELECT increase, reset FROM increments ORDER BY ts", "--csv"]).expect(0);
    assert_eq!(rows.stdout, "increase,reset\r\n4.0,false\r\n2.0,true\r\n");
    assert_eq!(house.count("SELECT CAST(sum(increase_micro) / 1000000 AS BIGINT) FROM increments"), 6);
}

/// Everything that would change something is refused, and nothing changes: no file anywhere in the project or beside it.
#[test]
fn queries_only_read() {
    let house = stored();
    let data = house.path("out.csv").display().to_string();
    let before = house.tree(".probity/store");
    for sql in [
        "INSERT INTO logs (message) VALUES ('x')",
        "INSERT INTO logs SELECT * FROM logs",
        "UPDATE logs SET message = ''",
        "DELETE FROM logs",
        "DROP TABLE logs",
        "CREATE TABLE copy AS SELECT * FROM logs",
        "CREATE VIEW v AS SELECT 1",
        "CREATE EXTERNAL TABLE passwd STORED AS CSV LOCATION '/etc/passwd'",
        &format!("COPY logs TO '{data}'"),
        &format!("COPY (SELECT 1) TO '{data}' STORED AS CSV"),
        "SET datafusion.execution.batch_size = 1",
        "BEGIN",
        "TRUNCATE TABLE logs",
        "EXPLAIN ANALYZE INSERT INTO logs (message) VALUES ('x')",
    ] {
        let ran = house.run(&["query", sql]).expect(2);
        assert!(ran.stdout.is_empty() && ran.stderr.contains("  hint: "), "{sql}: {ran:?}");
    }
    // Files of the machine are no tables.
    house.run(&["query", "SELECT * FROM '/etc/passwd'"]).expect(2).code("bad-query");
    assert_eq!(house.tree(".probity/store"), before);
    assert!(!house.path("out.csv").exists());
    assert_eq!(house.count("SELECT count(*) FROM logs"), 4);
}

/// A mistake in SQL is answered with what was probably meant.
#[test]
fn mistakes_are_answered_with_a_suggestion() {
    let house = stored();
    let check = |sql: &str, says: &str, hint: &str| {
        let ran = house.run(&["query", sql]).expect(2).code("bad-query");
        assert!(ran.stderr.contains(says), "{sql}: {ran:?}");
        assert!(ran.stderr.contains("hint: ") && ran.stderr.contains(hint), "{sql}: {ran:?}");
    };
    check("SELECT stats FROM logs", "stats", "Did you mean status?");
    check("SELECT * FROM lgs", "lgs", "Did you mean logs?");
    check("SELECT coutn(*) FROM logs", "coutn", "count");
    check("SELEC 1", "SELEC", "SELECT");
    check("SELECT * FORM logs", "", "");
    check("SELECT 1; SELECT 2", "one", "one");
    check("", "", "SELECT");
    check("SELECT 1 / 0", "Divide by zero", "NULLIF");
    check("SELECT approx_percentile_cont(latency_ms, 0.9) FROM logs", "approx_percentile_cont", "percentile(x, 0.95)");
    check("SELECT map_keys(attributes) FROM logs", "map_keys", "SHOW FUNCTIONS");
    check("SELECT message + 1 FROM logs", "", "DESCRIBE");
}

/// A reader that has seen enough is no error.
#[test]
fn a_closed_pipe_is_no_error() {
    let house = House::initialised();
    let many: String = (0..60_000)
        .map(|row| format!("{{\"time\":\"2026-11-21T10:00:00Z\",\"message\":\"row {row} {}\"}}\n", "x".repeat(40)))
        .collect();
    house.write("many.jsonl", many);
    house.run(&["ingest", "many.jsonl"]).expect(0);
    for form in ["", "--csv", "--json"] {
        let ran = house.shell(&format!(
            "set -o pipefail; probity query 'SELECT message FROM logs ORDER BY line' {form} | head -1; echo ${{PIPESTATUS[0]}}"
        ));
        assert_eq!((ran.exit, ran.stderr.as_str()), (0, ""), "{form}: {ran:?}");
        assert_eq!((ran.stdout.lines().count(), ran.stdout.lines().last()), (2, Some("0")), "{form}: {ran:?}");
    }
    // Nobody reads at all.
    let mut child =
        house.command(&["query", "SELECT 1"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    Ran::of(child.wait_with_output().unwrap()).expect(0);
}

/// A result goes into a file whole or not at all, and replaces nothing unless told to.
#[test]
fn output_goes_into_a_file() {
    let house = stored();
    let sql = "SELECT count(*) AS rows FROM logs";
    house.run(&["query", sql, "--csv", "--output", "deep/rows.csv"]).expect(0);
    assert_eq!(house.read("deep/rows.csv"), "rows\r\n4\r\n");
    house.run(&["query", sql, "--output", "deep/rows.csv"]).expect(4).code("output-exists");
    house.run(&["query", sql, "--json", "--output", "deep/rows.csv", "--overwrite"]).expect(0);
    assert_eq!(house.read("deep/rows.csv"), "{\"rows\":4}\n");
    house.run(&["query", "SELECT nothing FROM logs", "--csv", "--output", "new.csv"]).expect(2);
    house.run(&["query", "SELECT 1 / (status - status) FROM logs", "--csv", "--output", "new.csv"]).expect(2);
    assert!(!house.path("new.csv").exists());
    assert_eq!(house.path("deep").read_dir().unwrap().count(), 1);
}

/// An empty store answers with no rows, and a folder without a project does not become one by asking.
#[test]
fn asking_makes_nothing() {
    let house = House::new();
    assert_eq!(house.count("SELECT count(*) FROM logs"), 0);
    assert_eq!(house.root().read_dir().unwrap().count(), 0);
    let house = House::initialised();
    let ran = house.run(&["query", "SELECT ts, message FROM logs", "--csv"]).expect(0);
    assert_eq!(ran.stdout, "ts,message\r\n");
    // In a project it is an act, without the words of the question.
    let entry = house.json(&["audit", "search", "--command", "query"], 0);
    assert_eq!((&entry["act"], &entry["facts"]["rows"]), (&"query.answered".into(), &0.into()), "{entry}");
    assert!(!entry.to_string().contains("SELECT"), "{entry}");
}

/// A data file that is damaged or gone is named.
#[test]
fn damage_is_named() {
    let house = stored();
    let file =
        house.tree(".probity/store").into_keys().find(|path| path.extension().is_some_and(|end| end == "parquet"));
    let file = file.unwrap();
    let name = file.file_name().unwrap().to_str().unwrap().to_owned();
    let table = if file.display().to_string().contains("kind=logs") { "logs" } else { "metrics" };
    let sql = format!("SELECT * FROM {table}");
    std::fs::write(&file, b"PAR1 is not what it was PAR1").unwrap();
    let ran = house.run(&["query", &sql]);
    assert!(ran.exit == 1 || ran.exit == 8, "{ran:?}");
    assert!(ran.stderr.contains(&name), "{ran:?}");
    std::fs::remove_file(&file).unwrap();
    let ran = house.run(&["query", &sql]);
    assert!(ran.exit == 1 || ran.exit == 8, "{ran:?}");
    assert!(ran.stderr.contains(&name), "{ran:?}");
}

/// The recorded demo answers a question that is known from the recording.
#[test]
fn the_demo_answers() {
    let house = House::new();
    let log = repository("fixtures/demo/logs/access.log.gz");
    let taken = house.json(&["ingest", log.to_str().unwrap()], 0);
    let lines = taken["inputs"][0]["lines"].as_u64().unwrap();
    assert_eq!(house.count("SELECT count(*) FROM logs WHERE status IS NOT NULL AND latency_ms >= 0"), lines);
    assert!(house.count("SELECT count(*) FROM logs WHERE status >= 500") > 0);
    assert!(house.count("SELECT count(*) FROM logs WHERE latency_ms > 500") > 0);
}
