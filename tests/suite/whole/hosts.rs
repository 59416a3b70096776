//! Erasing from stores of several servers: shards, replicas that are read from, hosts of which one takes over.

use serde_json::Value;

use super::super::house::House;
use super::judges::{Databases, mariadb, psql, service};
use super::{ANN, digest, exported, project, rows_of};
use crate::proxy::{self, Proxy, REFUSE};
use crate::standby::{Standby, until};

const TABLES: &str = "
CREATE TABLE customer (id int PRIMARY KEY, mail varchar(60) NOT NULL, name varchar(60));
CREATE TABLE purchase (id int PRIMARY KEY, customer int NOT NULL REFERENCES customer (id), what varchar(60));
CREATE TABLE memo (id int PRIMARY KEY, text varchar(60));";
const PEOPLE: &str = "
INSERT INTO customer VALUES (1, 'Ann@Example.org', 'Ann'), (2, 'bob@example.org', 'Bob');
INSERT INTO purchase VALUES (10, 1, 'lamp'), (11, 2, 'lamp'), (12, 1, 'chair');";

const MAP: &str = "dataset:
- fides_key: shop
  collections:
  - name: customer
    fields:
    - {name: id, data_categories: [user.unique_id]}
    - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}
    - {name: name, data_categories: [user.name]}
  - name: purchase
    fields:
    - {name: id, data_categories: [system.operations]}
    - {name: customer, data_categories: [user.unique_id]}
    - {name: what, data_categories: [user.behavior.purchase_history]}
  - name: memo
    fields: [{name: id, data_categories: [system.operations]}, {name: text, data_categories: [system.operations]}]
";

const DUMP: &str = "SELECT 'c', id, mail, name FROM customer UNION ALL SELECT 'p', id, what, what FROM purchase UNION ALL SELECT 'm', id, text, text FROM memo ORDER BY 1, 2;";
const BOB: &str = "c|2|bob@example.org|Bob\np|11|lamp|lamp\n";

fn shop(settings: &str) -> House {
    let house = project(&format!("[stores.shop]\nretries = 1\n{settings}\n"));
    house.write("probity-map.yml", MAP);
    house
}

fn certificate(house: &House, done: &Value) -> Value {
    let file = format!(".probity/requests/{}/certificate.json", done["request"].as_str().unwrap());
    serde_json::from_str(&house.read(&file)).unwrap()
}

/// A person who is in two of three shards goes from both; one shard that is down stops it before it begins.
#[test]
fn shards() {
    let Some(shards) = Databases::make(&["shard_a", "shard_b", "shard_c"], &format!("{TABLES}{PEOPLE}")) else {
        return;
    };
    shards.ask(1, "DELETE FROM purchase WHERE customer = 1; DELETE FROM customer WHERE id = 1;");
    shards.ask(2, "UPDATE purchase SET customer = 2; UPDATE customer SET id = 7 WHERE id = 1; INSERT INTO purchase VALUES (20, 7, 'bed');");
    let list = |last: &str| format!("shards = [\"{}\", \"{}\", \"{last}\"]", shards.url_of(0), shards.url_of(1));
    // Ann of another shard bears another number; whoever bears hers there is somebody else.
    shards.ask(
        1,
        "INSERT INTO customer VALUES (7, 'eve@example.org', 'Eve'); INSERT INTO purchase VALUES (21, 7, 'rug');",
    );
    let house = shop(&list(&shards.url_of(2)));
    house.run(&["map", "check"]).expect(0);
    let done = house.json(&["export", ANN, "--output", "ann.zip"], 0);
    assert_eq!((&done["rows"], rows_of(&exported(&house, "ann.zip"))), (&5.into(), 5), "{done}");
    let (confirmed, before) = (digest(&house, ANN), [0, 1, 2].map(|shard| shards.ask(shard, DUMP)));
    let settings = house.read("probity.toml");
    house.write("probity.toml", settings.replace(&shards.url_of(2), "postgres://postgres@127.0.0.1:9/x"));
    let ran = house.run(&["erase", ANN, "--confirm", &confirmed]).expect(8);
    assert!(ran.stderr.contains("The store shop/3"), "{ran:?}");
    let ran = house.run(&["export", ANN, "--output", "less.zip"]).expect(5);
    assert!(format!("{}{}", ran.stdout, ran.stderr).contains("shop/3"), "{ran:?}");
    assert_eq!(rows_of(&exported(&house, "less.zip")), 3);
    assert_eq!([0, 1, 2].map(|shard| shards.ask(shard, DUMP)), before);
    house.write("probity.toml", settings);
    let done = house.json(&["erase", ANN, "--confirm", &confirmed], 0);
    assert_eq!((&done["result"], &done["counts"]["deleted"]), (&"complete".into(), &5.into()), "{done}");
    assert_eq!(certificate(&house, &done)["scope"].as_array().unwrap().len(), 3);
    assert_eq!(shards.ask(0, DUMP), BOB);
    assert_eq!(shards.ask(1, DUMP), before[1], "nobody of the second shard is touched");
    assert_eq!(shards.ask(2, DUMP).lines().filter(|line| line.contains("Ann") || line.contains("bed")).count(), 0);
    house.run(&["erase", ANN, "--dry-run"]).expect(3).code("no-match");
}

/// What a replica has not heard of yet is told as a gap, is seen before anything is deleted, and is looked for on the primary.
fn behind(house: &House, primary: &dyn Fn(&str) -> String, pause: &dyn Fn(), go_on: &dyn Fn()) {
    go_on();
    house.run(&["map", "check"]).expect(0);
    pause();
    primary("INSERT INTO purchase VALUES (30, 1, 'sofa');");
    let plan = house.json(&["erase", ANN, "--dry-run"], 0);
    assert!(plan["estimates"]["gaps"].to_string().contains("replica"), "{plan}");
    let before = primary(DUMP);
    let ran = house.run(&["erase", ANN, "--confirm", plan["digest"].as_str().unwrap()]).expect(4).code("plan-drift");
    assert!(ran.stderr.contains("shop"), "{ran:?}");
    assert_eq!(primary(DUMP), before);
    go_on();
    let digest = digest(house, ANN);
    pause();
    primary("INSERT INTO memo VALUES (1, 'write to ann@example.org');");
    let done = house.json(&["erase", ANN, "--confirm", &digest], 1);
    assert_eq!((&done["result"], &done["counts"]["deleted"]), (&"residual-found".into(), &4.into()), "{done}");
    assert_eq!(done["places"][0]["collection"], "memo", "the replica knows nothing of it: {done}");
    primary("DELETE FROM memo;");
    // The replica still has her; the one that counts has not.
    let done = house.json(&["erase", "--resume", done["request"].as_str().unwrap()], 0);
    assert_eq!(done["result"], "complete", "{done}");
    assert_eq!(primary(DUMP).replace('\t', "|"), BOB);
    go_on();
    house.run(&["erase", ANN, "--dry-run"]).expect(3).code("no-match");
}

/// A standby of PostgreSQL that is read from.
#[test]
fn a_replica_of_postgresql() {
    let Some(databases) = Databases::make(&["replica"], &format!("{TABLES}{PEOPLE}")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let standby = Standby::of(&databases.url, folder.path());
    let replica = standby.url(&databases.names[0]);
    let house = shop(&format!("url = \"{}\"\nread_url = \"{replica}\"", databases.url_of(0)));
    let ask = |sql: &str| psql(&replica, sql);
    let pause = || {
        ask("SELECT pg_wal_replay_pause();");
        until(|| ask("SELECT pg_get_wal_replay_pause_state();") == "paused\n");
    };
    let go_on = || {
        ask("SELECT pg_wal_replay_resume();");
        let now = databases.ask(0, "SELECT pg_current_wal_lsn();");
        until(|| ask(&format!("SELECT pg_last_wal_replay_lsn() >= '{}';", now.trim())) == "t\n");
    };
    behind(&house, &|sql| databases.ask(0, sql), &pause, &go_on);
}

/// A replica of MariaDB that is read from.
#[test]
fn a_replica_of_mariadb() {
    let (Some(primary), Some(replica)) =
        (service("PROBITY_TEST_MARIADB_URL"), service("PROBITY_TEST_MARIADB_REPLICA_URL"))
    else {
        return;
    };
    let name = format!("replica_{}", std::process::id());
    mariadb(&primary, &format!("CREATE DATABASE {name}; USE {name}; {TABLES}{PEOPLE}"));
    let house = shop(&format!("url = \"{primary}{name}\"\nread_url = \"{replica}{name}\""));
    let pause = || drop(mariadb(&replica, "STOP SLAVE SQL_THREAD;"));
    let go_on = || {
        mariadb(&replica, "START SLAVE;");
        let now = mariadb(&primary, "SELECT @@gtid_binlog_pos;");
        let wait = format!("SELECT MASTER_GTID_WAIT('{}', 20);", now.trim());
        assert_eq!(mariadb(&replica, &wait).trim(), "0", "the replica has caught up");
    };
    behind(&house, &|sql| mariadb(&primary, &format!("USE {name}; {sql}")), &pause, &go_on);
    mariadb(&primary, &format!("DROP DATABASE {name}"));
}

/// The first host is gone: the next is read from; it is written to once it may be. A connection that breaks in the middle of the
/// erase leaves the store as it was, and the request is finished on the host that took over.
#[test]
fn another_host_takes_over() {
    let Some(databases) = Databases::make(&["takeover"], &format!("{TABLES}{PEOPLE}")) else { return };
    databases.ask(0, "INSERT INTO purchase SELECT n, 1 + n % 2, 'thing ' || n FROM generate_series(100, 4099) n;");
    let folder = tempfile::tempdir().unwrap();
    let standby = Standby::of(&databases.url, folder.path());
    let second = standby.url(&databases.names[0]);
    let first = Proxy::to(&databases.url);
    let through = format!("postgres://postgres@127.0.0.1:{}/{}", first.port, databases.names[0]);
    let house = shop(&format!("urls = [\"{through}\", \"{second}\"]"));
    let digest = digest(&house, ANN);
    let before = databases.ask(0, DUMP);
    // Nobody may be written to: refused, and nothing has changed.
    first.mode(REFUSE);
    let ran = house.run(&["erase", ANN, "--confirm", &digest]).expect(8);
    assert!(format!("{}{}", ran.stdout, ran.stderr).contains("cannot be written to"), "{ran:?}");
    assert_eq!(psql(&second, DUMP), before);
    house.json(&["export", ANN, "--output", "ann.zip"], 0);
    // The first is back, and is gone for good at some moment: some of these lie within the transaction.
    let mut broken = None;
    for bytes in (1..40).map(|step| step * 20_000) {
        first.mode(proxy::PASS);
        first.end_after(bytes);
        let ran = house.run(&["erase", ANN, "--confirm", &digest, "--json"]);
        assert_eq!(ran.exit, 8, "{bytes}: {ran:?}");
        assert_eq!(databases.ask(0, DUMP), before, "{bytes}");
        let said: Value = serde_json::from_str(&ran.stdout).unwrap();
        // Cut while it was planned, the standby is asked, and the request ends before it begins.
        let begun = |id: &&str| house.read(&format!(".probity/requests/{id}/journal.jsonl")).contains("\"intent\"");
        broken = said["request"].as_str().filter(begun).map(str::to_owned);
        if broken.is_some() {
            break;
        }
    }
    // It does not come back, and the standby takes over.
    assert_eq!(psql(&second, "SELECT pg_promote();"), "t\n");
    house.run(&["erase", "--resume", &broken.unwrap()]).expect(0);
    assert_eq!(psql(&second, DUMP).lines().filter(|line| line.contains("Ann")).count(), 0);
    assert_eq!(psql(&second, "SELECT count(*) FROM purchase WHERE customer = 2;"), "2001\n");
    house.run(&["erase", ANN, "--dry-run"]).expect(3).code("no-match");
}
