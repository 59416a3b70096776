//! Replicas: real ones that follow, that fall behind, and that are gone, and what the rules make of the numbers.

use serde_json::Value;

use super::{Live, answers, fact, later, project};
use crate::house::{House, judge};

/// Asks again until the fact has it: how fast a replica follows is the machine's affair.
#[track_caller]
fn until(house: &House, fact_name: &str, has: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    for _ in 0..150 {
        let replicas = fact(house, fact_name)["replicas"].as_array().unwrap().clone();
        if has(&replicas) {
            return replicas;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    panic!("{}", fact(house, fact_name));
}

/// What a rule about replicas comes to when they may be `lag` behind.
fn judged(house: &House, rule: &str, lag: &str) -> (String, String) {
    let (pack, name) = rule.split_once('.').unwrap();
    let set = format!("{pack}.replica_lag={lag}");
    let args = ["evaluate", "--pack", pack, "--only", name, "--set", &set, "--time", &later(0), "--json"];
    let ran = house.run(&args);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let one = &document["rules"][0];
    let message = one["findings"][0]["message"].as_str().unwrap_or_default();
    (one["answer"].as_str().unwrap_or_else(|| panic!("{ran:?}")).to_owned(), message.to_owned())
}

fn lag(replica: &Value) -> i64 {
    replica["lag"].as_i64().unwrap_or(-1)
}

/// A primary on `$PORT` and a standby on `$PORT2` that streams from it through a slot. It becomes a child of the primary, and
/// goes with it.
fn postgres() -> Live {
    let script = "bin=$(dirname \"$(find /usr/lib/postgresql -path '*/bin/initdb' | sort -V | tail -n 1)\")
as postgres env -C \"$PWD\" \"$bin/initdb\" -D \"$PWD/data\" -A trust -U postgres -E UTF8 --locale=C.UTF-8 --no-sync
printf 'local all all trust\\nlocal replication all trust\\nhost all all 127.0.0.1/32 scram-sha-256\\n' >data/pg_hba.conf
cp -a data copy
echo \"primary_conninfo = 'host=$PWD port=$PORT user=postgres application_name=copy'
primary_slot_name = 'copy'
wal_receiver_status_interval = 1s
wal_retrieve_retry_interval = 200ms\" >>copy/postgresql.conf
touch copy/standby.signal
become postgres \"$bin/postgres\" -D \"$PWD/copy\" -p \"$PORT2\" -k \"$PWD\" -c fsync=off -c listen_addresses=127.0.0.1 &
become postgres \"$bin/postgres\" -D \"$PWD/data\" -p \"$PORT\" -k \"$PWD\" -c fsync=off -c listen_addresses=127.0.0.1";
    let live = Live::start(script, "psql -Xqc 'SELECT 1' \"postgres://postgres@/postgres?host=$PWD&port=$PORT\"");
    psql(
        &live,
        live.port,
        "SELECT pg_create_physical_replication_slot('copy', true); \
         CREATE ROLE auditor LOGIN PASSWORD 'open sesame'; GRANT pg_monitor TO auditor",
    );
    // Who logs in to the standby has to have reached it.
    arrived(
        &live,
        "psql -XqtA -c \"SELECT count(*) FROM pg_roles WHERE rolname = 'auditor' AND pg_has_role('auditor', 'pg_monitor', 'member')\" \
         \"postgres://postgres@/postgres?host=$PWD&port=$PORT2\"",
    );
    live
}

/// Asks until a line of a shell says 1.
#[track_caller]
fn arrived(live: &Live, line: &str) {
    let line = format!("PORT2={}; {line} 2>/dev/null || true", live.port2);
    for _ in 0..150 {
        if live.shell(&line).trim() == "1" {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    panic!("it does not arrive: {line}\n{}", live.log());
}

fn psql(live: &Live, port: u16, sql: &str) {
    live.shell(&format!(
        "psql -Xqt -v ON_ERROR_STOP=1 -c \"{sql}\" \"postgres://postgres@/postgres?host=$PWD&port={port}\""
    ));
}

/// Followed, paused, followed again, gone: what the primary says of it and what it says of itself.
#[test]
fn a_standby_of_postgresql() {
    if !judge("psql") {
        return;
    }
    let live = postgres();
    let store = |port| {
        format!("url = \"postgres://auditor@127.0.0.1:{port}/postgres\"\npassword_file = \"secret\"\ntls = \"never\"")
    };
    let house = project(&format!("{}\n[stores.copy]\n{}", store(live.port), store(live.port2)));
    let rule = "infrastructure.postgresql-replica-lag";
    let follows = |all: &[Value]| all.len() == 2 && all.iter().all(|one| lag(one) == 0);
    let all = until(&house, "postgresql", follows);
    assert_eq!((&all[0]["name"], &all[0]["store"]), (&"(itself)".into(), &"copy".into()), "{all:?}");
    assert_eq!((&all[1]["name"], &all[1]["running"]), (&"copy".into(), &true.into()), "{all:?}");
    assert_eq!(judged(&house, rule, "1s").0, "met");
    assert_eq!(judged(&house, "soc2.a1-2-replicas", "1s").0, "met");

    psql(&live, live.port, "CREATE TABLE t AS SELECT 1");
    psql(&live, live.port2, "SELECT pg_wal_replay_pause()");
    psql(&live, live.port, "CREATE TABLE u AS SELECT 1");
    let all = until(&house, "postgresql", |all| all.iter().all(|one| lag(one) >= 2));
    assert_eq!(judged(&house, rule, "1h").0, "met", "{all:?}");
    let (answer, said) = judged(&house, rule, "1s");
    assert_eq!(answer, "broken");
    assert!(said.contains(" it is ") && said.ends_with(" behind"), "{said}");
    assert_eq!(judged(&house, "soc2.a1-2-replicas", "1s").0, "broken");
    psql(&live, live.port2, "SELECT pg_wal_replay_resume()");
    until(&house, "postgresql", follows);

    // A standby that is gone is seen by its slot only.
    live.shell("kill -INT \"$(head -n 1 copy/postmaster.pid)\"");
    let house = project(&store(live.port));
    let all = until(&house, "postgresql", |all| all.iter().all(|one| one["running"] == false));
    assert_eq!(all[0]["name"], "slot copy", "{all:?}");
    assert_eq!(answers(&house, "infrastructure", "postgresql-replica", &later(0))["-lag"].0, "broken");
}

/// A primary on `$PORT` and a replica on `$PORT2`.
fn mariadb() -> Live {
    let script = "for name in data copy; do as mysql mariadb-install-db --no-defaults --datadir=\"$PWD/$name\" \
         --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve; done
start() { local how=$1 name=$2; shift 2; \"$how\" mysql mariadbd --no-defaults --datadir=\"$PWD/$name\" --socket=\"$PWD/$name.s\" \
         --pid-file=\"$PWD/$name.pid\" --bind-address=127.0.0.1 --skip-name-resolve --innodb-flush-log-at-trx-commit=0 \"$@\"; }
start become copy --port=\"$PORT2\" --server-id=2 --read-only &
start become data --port=\"$PORT\" --server-id=1 --log-bin=\"$PWD/log\"";
    let answers = |name: &str| format!("mariadb --no-defaults --socket=\"$PWD/{name}.s\" -u root -e 'SELECT 1'");
    let live = Live::start(script, &format!("{} && {}", answers("data"), answers("copy")));
    let auditor = "CREATE USER auditor@'127.0.0.1' IDENTIFIED BY 'open sesame'; GRANT SELECT, SLAVE MONITOR ON *.* TO auditor@'127.0.0.1'";
    sql(&live, "data", auditor);
    let port = live.port;
    sql(
        &live,
        "copy",
        &format!(
            "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {port}, MASTER_USER = 'root', \
             MASTER_USE_GTID = slave_pos; START SLAVE"
        ),
    );
    live
}

fn sql(live: &Live, name: &str, sql: &str) {
    live.shell(&format!("mariadb --no-defaults --socket=\"$PWD/{name}.s\" -u root -e \"{sql}\""));
}

/// Followed, held up, stopped: a replica of MariaDB says it of itself.
#[test]
fn a_replica_of_mariadb() {
    if !judge("mariadbd") {
        return;
    }
    let live = mariadb();
    let house = project(&format!(
        "url = \"mariadb://auditor@127.0.0.1:{}/mysql\"\npassword_file = \"secret\"\ntls = \"never\"",
        live.port2
    ));
    let rule = "infrastructure.mariadb-replica-lag";
    arrived(
        &live,
        "mariadb --no-defaults --socket=\"$PWD/copy.s\" -u root -Ne \"SELECT count(*) FROM mysql.user WHERE User = 'auditor'\"",
    );
    until(&house, "mariadb", |all| all.len() == 1 && all[0]["running"] == true && lag(&all[0]) == 0);
    assert_eq!(judged(&house, rule, "1s").0, "met");
    assert_eq!(judged(&house, "soc2.a1-2-replicas", "1s").0, "met");

    sql(&live, "copy", "STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = 3600; START SLAVE");
    sql(&live, "data", "CREATE DATABASE shop");
    let all = until(&house, "mariadb", |all| all[0]["running"] == true && lag(&all[0]) >= 2);
    assert_eq!(judged(&house, rule, "1h").0, "met", "{all:?}");
    let (answer, said) = judged(&house, rule, "1s");
    assert!(answer == "broken" && said.starts_with("replication runs: yes; it is "), "{answer}: {said}");

    sql(&live, "copy", "STOP SLAVE SQL_THREAD");
    let all = until(&house, "mariadb", |all| all[0]["running"] == false);
    assert_eq!((judged(&house, rule, "1h").0.as_str(), &all[0]["lag"]), ("broken", &Value::Null));
    assert_eq!(judged(&house, "soc2.a1-2-replicas", "1h").0, "broken");
}
