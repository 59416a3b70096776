//! Logs of statements, as real servers write them.

use std::fs;

use super::{answers_with, fact, later, project, shown};
use crate::house::{House, judge};

const MAP: &str = "dataset:
- fides_key: shop
  meta: {probity: {store: shop}}
  collections:
  - name: person
    fields:
    - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
    - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}
    - {name: name, data_categories: [user.name]}
    - {name: born, data_categories: [user.demographic.date_of_birth]}
";

/// What two applications and somebody with a shell ask.
const PEOPLE: &str = "CREATE TABLE person (id int PRIMARY KEY, mail varchar(90), name varchar(90), born varchar(10));";
const SHOP: &str = "INSERT INTO person (id, mail, name) VALUES (1, 'ann@example.org', 'O''Neil'); \
    SELECT p.name FROM person p WHERE p.mail = 'ann@example.org'; SELECT count(*) FROM person;";
const REPORTS: &str = "SELECT mail\n FROM person;";

/// Which accounts may be used for what.
fn record(accounts: &str) -> String {
    format!(
        "system:
- fides_key: shop
  meta: {{probity: {{accounts: [{{store: shop, name: shop}}]}}}}
  privacy_declarations:
  - {{name: Orders, data_use: essential.service, data_categories: [user.contact, user.name], dataset_references: [shop]}}
- fides_key: reports
  meta: {{probity: {{accounts: [{accounts}]}}}}
  privacy_declarations:
  - {{name: Figures, data_use: analytics, data_categories: [user.demographic], dataset_references: [shop]}}
- fides_key: protection
  meta: {{probity: {{accounts: [{{store: shop, name: auditor}}]}}}}
  privacy_declarations:
  - {{name: Checks, data_use: essential.legal_obligation, data_categories: [user], dataset_references: [shop]}}
"
    )
}

/// The house of a store that keeps a log of its statements, judged by a record and without it.
fn judged(house: &House, log: &str) {
    house.write("probity-map.yml", MAP);
    let queries = fact(house, "queries");
    let accesses: Vec<String> = queries["accesses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["account"].as_str().unwrap(), one["category"].as_str().unwrap()))
        .collect();
    assert_eq!(accesses, ["reports user.contact.email", "shop user.contact.email", "shop user.name"], "{queries}");
    let read: Vec<&str> =
        queries["read"].as_array().unwrap().iter().map(|one| one["field"].as_str().unwrap()).collect();
    assert_eq!(read, ["shop.person.mail", "shop.person.name"]);
    assert!(queries.to_string().contains(log) && !queries.to_string().contains("ann@"), "{queries}");
    let asked = |record: &str, more: &[&str]| {
        house.write("record.yaml", record);
        answers_with(house, "gdpr", "a5-1-", &later(1), &[&["--input", "record.yaml"], more].concat())
    };
    let purposes = asked(&record("{store: shop, name: reports}"), &[]);
    assert_eq!((purposes["b-queries"].0.as_str(), purposes["c-read"].0.as_str()), ("broken", "not judged"));
    assert!(purposes["b-queries"].1.contains("uses its user.contact.email (in 1 statements)"), "{purposes:?}");
    let unknown = asked(&record(""), &[]);
    assert_eq!(unknown["b-queries"].0, "not judged", "{unknown:?}");
    assert!(unknown["b-queries"].1.contains("names the account reports of shop"), "{unknown:?}");
    let window = asked(&record(""), &["--set", "gdpr.read_window=1ms"]);
    assert_eq!(window["c-read"].0, "broken", "{window:?}");
    assert!(window["c-read"].1.starts_with("shop.person.born "), "{window:?}");
}

/// PostgreSQL writes it three ways.
#[test]
fn statements_that_postgresql_logs() {
    if !judge("psql") {
        return;
    }
    for (form, ending) in [("jsonlog", "json"), ("csvlog", "csv"), ("stderr", "log")] {
        let live = super::postgresql::server(
            &format!(
                "-c listen_addresses=127.0.0.1 -c logging_collector=on -c log_directory=\"$PWD/logs\" -c log_file_mode=0644 \
                 -c log_filename=shop.log -c log_statement=all -c log_destination={form} -c 'log_line_prefix=%m [%p] %q%u@%d '"
            ),
            "",
            "host all all 127.0.0.1/32 trust",
            &format!(
                "CREATE ROLE auditor LOGIN; CREATE ROLE shop LOGIN; CREATE ROLE reports LOGIN; {PEOPLE} \
                      GRANT ALL ON person TO PUBLIC;"
            ),
        );
        fs::write(live.path("shop.sql"), SHOP).unwrap();
        fs::write(live.path("reports.sql"), REPORTS).unwrap();
        live.shell("psql -Xq -v ON_ERROR_STOP=1 -f shop.sql \"postgres://shop@127.0.0.1:$PORT/postgres\"");
        live.shell("psql -Xq -v ON_ERROR_STOP=1 -f reports.sql \"postgres://reports@127.0.0.1:$PORT/postgres\"");
        // What other databases are asked is no affair of this store.
        live.shell("psql -Xqc 'SELECT 1 FROM pg_class' \"postgres://postgres@127.0.0.1:$PORT/template1\"");
        let house = project(&format!(
            "url = \"postgres://auditor@127.0.0.1:{}/postgres\"\ntls = \"never\"\nquery_log = [\"{}\"]\nquery_log_tools = [\"auditor\"]",
            live.port,
            shown(&live.path(&format!("logs/shop.{ending}")))
        ));
        judged(&house, &format!("shop.{ending}:"));
    }
}

/// MariaDB's audit plugin.
#[test]
fn statements_that_mariadb_logs() {
    if !judge("mariadb") {
        return;
    }
    let live = super::mariadb::server(
        "--plugin-load-add=server_audit --server-audit-logging=ON --server-audit-events=QUERY \
         --server-audit-file-path=\"$PWD/audit.log\"",
        &format!(
            "CREATE DATABASE shop; USE shop; {PEOPLE} CREATE USER auditor, shop, reports; \
             GRANT ALL ON shop.* TO auditor, shop, reports;"
        ),
    );
    fs::write(live.path("shop.sql"), SHOP).unwrap();
    fs::write(live.path("reports.sql"), REPORTS).unwrap();
    live.shell("mariadb -h 127.0.0.1 -P $PORT -u shop shop <shop.sql");
    live.shell("mariadb -h 127.0.0.1 -P $PORT -u reports shop <reports.sql");
    let house = project(&format!(
        "url = \"mariadb://auditor@127.0.0.1:{}/shop\"\ntls = \"never\"\nquery_log = [\"{}\"]\nquery_log_tools = [\"auditor\"]",
        live.port,
        shown(&live.path("audit.log"))
    ));
    judged(&house, "audit.log:");
}

/// What PostgreSQL counts by itself: nobody has to keep a log.
#[test]
fn statements_that_postgresql_counts() {
    if !judge("psql") {
        return;
    }
    let live = super::postgresql::server(
        "-c listen_addresses=127.0.0.1 -c shared_preload_libraries=pg_stat_statements",
        "",
        "host all all 127.0.0.1/32 trust",
        &format!(
            "CREATE EXTENSION pg_stat_statements; CREATE ROLE auditor LOGIN; CREATE ROLE shop LOGIN; CREATE ROLE reports LOGIN; \
             {PEOPLE} GRANT ALL ON person TO PUBLIC; SELECT pg_stat_statements_reset();"
        ),
    );
    fs::write(live.path("shop.sql"), SHOP).unwrap();
    fs::write(live.path("reports.sql"), REPORTS).unwrap();
    live.shell("psql -Xq -v ON_ERROR_STOP=1 -f shop.sql \"postgres://shop@127.0.0.1:$PORT/postgres\"");
    live.shell("psql -Xq -v ON_ERROR_STOP=1 -f reports.sql \"postgres://reports@127.0.0.1:$PORT/postgres\"");
    let house = project(&format!(
        "url = \"postgres://auditor@127.0.0.1:{}/postgres\"\ntls = \"never\"\nquery_log_tools = [\"auditor\"]",
        live.port
    ));
    house.write("probity-map.yml", MAP);
    let hidden = house.run(&["facts", "queries", "--json"]).stdout;
    assert!(hidden.contains("pg_read_all_stats"), "{hidden}");
    live.shell("psql -Xqc 'GRANT pg_read_all_stats TO auditor' \"postgres://postgres@127.0.0.1:$PORT/postgres\"");
    judged(&house, "statistics");
}
