//! The guard over a real PostgreSQL and its standby, promoted. Under `tests/services postgres` only.

#![cfg(feature = "postgres")]

#[path = "common/proxy.rs"]
mod proxy;
#[path = "common/standby.rs"]
mod standby;

use std::process::Command;
use std::time::Duration;

use model::Fault;
use privacy::map::Dataset;
use privacy::row::{FieldPath, Key};
use privacy::store::{DataStore, Find};
use probity_connectors::Access;
use probity_connectors::guard::{Route, open};
use proxy::{Proxy, REFUSE};
use standby::{Standby, until};

fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok();
    assert!(
        value.is_some() || std::env::var_os("PROBITY_TEST_JUDGES").is_none(),
        "{name} is not set: run tests/services postgres -- …"
    );
    value
}

fn judge(url: &str, sql: &str) -> String {
    let output = Command::new("psql").args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-c", sql, url]).output();
    let output = output.expect("psql is installed");
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

fn through(proxy: &Proxy, database: &str) -> String {
    format!("postgres://postgres@127.0.0.1:{}/{database}", proxy.port)
}

fn route(hosts: &[&str]) -> Route {
    let access = Access { statement_timeout: Duration::from_millis(500), ..Access::default() };
    let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
    Route { hosts, replica: None, access, rate: None, retries: 3, seed: 7 }
}

fn opened(route: &Route) -> Box<dyn DataStore> {
    let mut store = open(route, &Dataset::default()).unwrap_or_else(|fault| panic!("{fault:?}"));
    store.describe().expect("described");
    store
}

fn count(store: &mut dyn DataStore) -> Result<usize, Fault> {
    let fields = [FieldPath::parse("about")];
    let mut ids = std::collections::BTreeSet::new();
    store.find(&Find { collection: "person", fields: &fields, any: &[], limit: None }, &mut |row| {
        assert!(ids.insert(row.key), "each row comes once");
        Ok(())
    })?;
    Ok(ids.len())
}

fn key(id: u32) -> Key {
    Key(vec![Some(id.to_string())])
}

fn code<T>(outcome: Result<T, Fault>) -> &'static str {
    outcome.err().map_or("ok", |fault| fault.code())
}

fn delete(store: &mut dyn DataStore, id: u32) -> Result<u64, Fault> {
    let mut work = store.begin()?;
    let deleted = work.delete("person", &[key(id)])?;
    work.commit()?;
    Ok(deleted)
}

/// Answers that break off are completed; writes are not repeated; a standby is read, and written to once it is promoted.
#[test]
fn a_postgres_is_guarded() {
    let Some(url) = variable("PROBITY_TEST_POSTGRES_URL") else { return };
    let name = format!("guard_{}", std::process::id());
    judge(&url, &format!("CREATE DATABASE {name}"));
    let primary = format!("{}/{name}", url.rsplit_once('/').unwrap().0);
    judge(
        &primary,
        "CREATE TABLE person (id int PRIMARY KEY, about text);
         INSERT INTO person SELECT n, repeat('x', 500) FROM generate_series(1, 3000) n",
    );
    let first = Proxy::to(&primary);
    let mut store = opened(&route(&[&through(&first, &name)]));
    for bytes in [0, 100, 40_000, 900_000] {
        let before = first.connections();
        first.cut_after(bytes);
        assert_eq!(count(&mut *store).expect("completed"), 3000, "{bytes}");
        assert_eq!(first.connections(), before + 1, "{bytes}: cut once, connected once more");
    }
    let mut work = store.begin().expect("begun");
    assert_eq!(work.delete("person", &[key(1)]).expect("deleted"), 1);
    first.cut_after(0);
    assert_eq!(code(work.delete("person", &[key(2)])), "store-unreachable");
    assert_eq!(code(work.delete("person", &[key(3)])), "store-unreachable");
    assert_eq!(code(work.commit()), "store-unreachable");
    assert_eq!(judge(&primary, "SELECT count(*) FROM person"), "3000");

    let folder = tempfile::tempdir().expect("a folder");
    let standby = Standby::of(&url, folder.path());
    let second = Proxy::to(&standby.url(&name));
    let (primary_host, standby_host) = (through(&first, &name), through(&second, &name));
    let mut store = opened(&route(&[&standby_host, &primary_host]));
    assert!(!store.standing().expect("answers").read_only, "a standby is passed over");
    assert_eq!(delete(&mut *store, 1).expect("deleted"), 1);
    until(|| judge(&standby.url(&name), "SELECT count(*) FROM person") == "2999");
    let mut reader = opened(&Route { replica: Some(standby_host.clone()), ..route(&[&primary_host]) });
    judge(&standby.url(&name), "SELECT pg_wal_replay_pause()");
    until(|| judge(&standby.url(&name), "SELECT pg_get_wal_replay_pause_state()") == "paused");
    assert_eq!(delete(&mut *store, 2).expect("deleted"), 1);
    assert_eq!(count(&mut *reader).expect("read"), 2999, "the standby has not heard of it");
    until(|| judge(&standby.url(&name), "SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()") == "t");
    let gaps = reader.describe().expect("described").passing;
    assert!(gaps.iter().any(|gap| gap.contains("s behind")), "{gaps:?}");
    judge(&standby.url(&name), "SELECT pg_wal_replay_resume()");
    until(|| judge(&standby.url(&name), "SELECT count(*) FROM person") == "2998");

    let mut store = opened(&route(&[&primary_host, &standby_host]));
    first.mode(REFUSE);
    assert_eq!(count(&mut *store).expect("the standby answers"), 2998);
    assert_eq!(code(store.begin()), "store-read-only");
    assert_eq!(judge(&standby.url(&name), "SELECT pg_promote()"), "t");
    assert_eq!(delete(&mut *store, 3).expect("promoted"), 1);
    assert_eq!(judge(&standby.url(&name), "SELECT count(*) FROM person"), "2997");
    drop(store);
    drop(reader);
    drop(standby);
    judge(&url, &format!("DROP DATABASE {name} WITH (FORCE)"));
}
