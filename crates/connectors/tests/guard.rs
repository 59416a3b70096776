//! The guard over real servers: cut and stalled connections, hosts that go, replicas. Under
//! `tests/services mariadb mariadb-replica` only.

#![cfg(feature = "mysql")]

mod common;
#[path = "common/proxy.rs"]
mod proxy;

use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

use common::{Plain, equals};
use model::{Fault, Hidden};
use privacy::map::Dataset;
use privacy::row::{FieldPath, Key};
use privacy::store::{DataStore, Find, Fold};
use probity_connectors::Access;
use probity_connectors::guard::{Rate, Route, open};
use proxy::{PASS, Proxy, REFUSE, STALL, port};

fn server(variable: &str) -> Option<String> {
    let url = std::env::var(variable).ok();
    assert!(
        url.is_some() || std::env::var_os("PROBITY_TEST_JUDGES").is_none(),
        "{variable} is not set: run tests/services mariadb mariadb-replica -- …"
    );
    url
}

fn judge(url: &str, database: &str, sql: &str) -> String {
    let output = Command::new("mariadb")
        .args([
            "--no-defaults",
            "-h",
            "127.0.0.1",
            "-P",
            &port(url).to_string(),
            "-u",
            "root",
            "-N",
            "-B",
            "-e",
            sql,
            database,
        ])
        .output()
        .expect("mariadb is installed");
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// A database of its own with 3,000 people, dropped at the end.
struct Shop {
    url: String,
    name: String,
}

impl Shop {
    fn new(name: &str) -> Option<Shop> {
        let shop =
            Shop { url: server("PROBITY_TEST_MARIADB_URL")?, name: format!("guard_{name}_{}", std::process::id()) };
        judge(&shop.url, "", &format!("DROP DATABASE IF EXISTS {0}; CREATE DATABASE {0}", shop.name));
        judge(
            &shop.url,
            &shop.name,
            "CREATE TABLE person (id INT PRIMARY KEY, mail VARCHAR(60), about TEXT);
             INSERT INTO person SELECT seq, CONCAT('p', seq, '@example.org'), REPEAT('x', 500) FROM seq_1_to_3000;
             CREATE TABLE bare (v VARCHAR(10)); INSERT INTO bare VALUES ('a'), ('a'), ('b')",
        );
        Some(shop)
    }

    fn count(&self) -> String {
        judge(&self.url, &self.name, "SELECT count(*) FROM person")
    }

    fn through(&self, proxy: &Proxy) -> String {
        format!("mysql://root@127.0.0.1:{}/{}", proxy.port, self.name)
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            judge(&self.url, "", &format!("DROP DATABASE {}", self.name));
        }
    }
}

fn route(hosts: &[String]) -> Route {
    let access = Access { statement_timeout: Duration::from_millis(500), ..Access::default() };
    Route { hosts: hosts.to_vec(), replica: None, access, rate: None, retries: 3, seed: 7 }
}

fn opened(route: &Route) -> Box<dyn DataStore> {
    open(route, &Dataset::default()).unwrap_or_else(|fault| panic!("{fault:?}"))
}

/// The ids of everybody, in the order in which they came.
fn ids(store: &mut dyn DataStore) -> Result<Vec<u32>, Fault> {
    let fields = [FieldPath::parse("about")];
    let mut ids = Vec::new();
    store.find(&Find { collection: "person", fields: &fields, any: &[], limit: None }, &mut |row| {
        ids.push(row.key.0[0].as_deref().unwrap_or_default().parse().expect("a number"));
        Ok(())
    })?;
    Ok(ids)
}

fn key(id: u32) -> Key {
    Key(vec![Some(id.to_string())])
}

fn code<T>(outcome: Result<T, Fault>) -> &'static str {
    outcome.err().map_or("ok", |fault| fault.code())
}

/// An answer that breaks off is asked for again, and each row comes once.
#[test]
fn an_answer_that_breaks_off_is_completed() {
    let Some(shop) = Shop::new("cut") else { return };
    let proxy = Proxy::to(&shop.url);
    let mut store = opened(&route(&[shop.through(&proxy)]));
    store.describe().expect("described");
    for bytes in [0, 100, 40_000, 900_000] {
        let before = proxy.connections();
        proxy.cut_after(bytes);
        let ids = ids(&mut *store).expect("completed");
        assert_eq!(proxy.connections(), before + 1, "{bytes}: cut once, connected once more");
        assert_eq!(ids.len(), 3000, "{bytes}");
        assert_eq!(ids.into_iter().collect::<BTreeSet<_>>().len(), 3000, "{bytes}");
    }
    proxy.cut_after(60);
    let mut bare = 0;
    let find = Find { collection: "bare", fields: &[], any: &[equals("v", Fold::Exact, &["a"])], limit: None };
    let mut count = |_| {
        bare += 1;
        Ok(())
    };
    store.find(&find, &mut count).expect("completed");
    assert_eq!(bare, 2, "rows without a key come as often as they stand there");
    proxy.cut_after(900_000);
    let mut hits = Vec::new();
    let found = store.scan(
        &Plain::of(&["p7@example.org", "p2999@example.org"]),
        &mut |hit| {
            hits.push(hit.needle);
            Ok(())
        },
        &Hidden,
    );
    assert_eq!((found.expect("completed").rows, hits.len()), (3003, 2));
    // A fault of whoever receives is theirs: nothing is repeated.
    let before = proxy.connections();
    let mut seen = 0;
    let stopped = store.find(&Find { collection: "person", fields: &[], any: &[], limit: None }, &mut |_| {
        seen += 1;
        Err(Fault::unavailable("store-unreachable", "theirs"))
    });
    assert_eq!((code(stopped), seen, proxy.connections()), ("store-unreachable", 1, before));
}

/// A server that says nothing is given up after its time, and asked again.
#[test]
fn a_server_that_stalls_is_given_up() {
    let Some(shop) = Shop::new("stall") else { return };
    let proxy = Proxy::to(&shop.url);
    let once = Route { retries: 0, ..route(&[shop.through(&proxy)]) };
    let mut store = opened(&once);
    store.describe().expect("described");
    proxy.mode(STALL);
    let began = Instant::now();
    assert_eq!(code(ids(&mut *store)), "store-timeout");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    proxy.mode(PASS);
    assert_eq!(ids(&mut *store).expect("asked again").len(), 3000);
}

/// Five failures in a row, and the store is left alone; opening it fails at once, not after minutes.
#[test]
fn a_store_that_is_down_is_left_alone() {
    let Some(shop) = Shop::new("down") else { return };
    let proxy = Proxy::to(&shop.url);
    let mut store = opened(&route(&[shop.through(&proxy)]));
    store.describe().expect("described");
    proxy.mode(REFUSE);
    assert_eq!(code(ids(&mut *store)), "store-unreachable");
    assert_eq!(code(ids(&mut *store)), "store-unreachable");
    let before = proxy.connections();
    assert_eq!(code(ids(&mut *store)), "store-resting");
    assert_eq!(proxy.connections(), before);
    assert_eq!(code(store.begin()), "store-resting");
    let began = Instant::now();
    assert_eq!(code(open(&route(&[shop.through(&proxy)]), &Dataset::default())), "store-unreachable");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

/// What was written before the connection broke is not written again, and not there either.
#[test]
fn writes_are_never_repeated() {
    let Some(shop) = Shop::new("write") else { return };
    let proxy = Proxy::to(&shop.url);
    let mut store = opened(&route(&[shop.through(&proxy)]));
    store.describe().expect("described");
    let mut work = store.begin().expect("begun");
    assert_eq!(work.delete("person", &[key(1), key(2)]).expect("deleted"), 2);
    let before = proxy.connections();
    proxy.cut_after(0);
    assert_eq!(code(work.delete("person", &[key(3)])), "store-unreachable");
    assert_eq!(code(work.delete("person", &[key(4)])), "store-unreachable");
    assert_eq!(code(work.commit()), "store-unreachable");
    assert_eq!((proxy.connections(), shop.count().as_str()), (before, "3000"));

    let mut work = store.begin().expect("a new connection");
    assert_eq!(work.delete("person", &[key(5)]).expect("deleted"), 1);
    proxy.cut_after(0);
    // The answer was lost, not the question: nobody here can know that it was done.
    assert_eq!(code(work.commit()), "commit-unknown");
    assert_eq!(shop.count(), "2999");

    let mut work = store.begin().expect("a new connection");
    work.delete("person", &[key(6)]).expect("deleted");
    drop(work);
    // A transaction can begin although the connection went since the last one.
    proxy.cut_after(0);
    let mut work = store.begin().expect("begun anew");
    work.delete("person", &[key(7)]).expect("deleted");
    work.commit().expect("committed");
    assert_eq!(shop.count(), "2998");
}

/// Questions come at the rate.
#[test]
fn questions_keep_the_rate() {
    let Some(shop) = Shop::new("rate") else { return };
    let rate = Some(Rate::parse("10/s").expect("a rate"));
    let mut store = opened(&Route { rate, ..route(&[format!("{}{}", shop.url, shop.name)]) });
    let began = Instant::now();
    for _ in 0..20 {
        let find = Find { collection: "bare", fields: &[], any: &[], limit: Some(1) };
        store.find(&find, &mut |_| Ok(())).expect("found");
    }
    let took = began.elapsed();
    assert!(took > Duration::from_millis(1000) && took < Duration::from_millis(2500), "{took:?}");
}

/// Hosts of one store: read from a replica, written to where it can be, promoted, all on real replication.
#[test]
fn hosts_and_replicas_take_over() {
    let Some(shop) = Shop::new("hosts") else { return };
    let Some(replica) = server("PROBITY_TEST_MARIADB_REPLICA_URL") else { return };
    let until = |sql: &str, expect: &str| {
        let began = Instant::now();
        while judge(&replica, "", sql) != expect {
            assert!(began.elapsed() < Duration::from_secs(20), "{sql}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let there = format!("SELECT count(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{}'", shop.name);
    until(&there, "2");
    until(&format!("SELECT count(*) FROM {}.bare", shop.name), "3");
    let (first, second) = (Proxy::to(&shop.url), Proxy::to(&replica));
    let (primary_url, replica_url) = (shop.through(&first), shop.through(&second));

    // The first host is a replica: it is passed over, because it cannot be written to.
    let mut store = opened(&route(&[replica_url.clone(), primary_url.clone()]));
    assert!(!store.standing().expect("answers").read_only);
    let mut work = store.begin().expect("begun");
    assert_eq!(work.delete("person", &[key(1)]).expect("deleted"), 1);
    work.commit().expect("committed");
    assert_eq!(shop.count(), "2999");
    until(&format!("SELECT count(*) FROM {}.person", shop.name), "2999");

    // Reading goes to the replica, until something is written.
    judge(&replica, "", "STOP SLAVE SQL_THREAD");
    let mut store = opened(&Route { replica: Some(replica_url.clone()), ..route(std::slice::from_ref(&primary_url)) });
    let gaps = store.describe().expect("described").passing;
    assert!(gaps.iter().any(|gap| gap.contains("replica") && gap.contains("behind")), "{gaps:?}");
    let mut work = store.begin().expect("begun");
    assert_eq!(work.delete("person", &[key(2)]).expect("deleted"), 1);
    work.commit().expect("committed");
    assert_eq!(ids(&mut *store).expect("read").len(), 2998, "after writing, what was written is read");
    let mut stale = opened(&Route { replica: Some(replica_url.clone()), ..route(std::slice::from_ref(&primary_url)) });
    stale.describe().expect("described");
    assert_eq!(ids(&mut *stale).expect("read").len(), 2999, "the replica has not heard of it");
    let scanned = stale.scan(&Plain::of(&["p2@example.org"]), &mut |_| panic!("it is gone"), &Hidden);
    assert_eq!(scanned.expect("the primary is scanned").rows, 2998 + 3);
    // A replica that goes away is done without.
    second.mode(REFUSE);
    assert_eq!(ids(&mut *stale).expect("the primary answers").len(), 2998);
    second.mode(PASS);
    judge(&replica, "", "START SLAVE SQL_THREAD");
    until(&format!("SELECT count(*) FROM {}.person", shop.name), "2998");

    // The primary goes: the replica is read from, and written to only once it is promoted.
    let mut store = opened(&route(&[primary_url, replica_url]));
    store.describe().expect("described");
    first.mode(REFUSE);
    assert_eq!(ids(&mut *store).expect("the other host answers").len(), 2998);
    assert_eq!(code(store.begin()), "store-read-only");
    judge(&replica, "", "STOP SLAVE; SET GLOBAL read_only = 0");
    let mut work = store.begin().expect("promoted");
    assert_eq!(work.delete("person", &[key(3)]).expect("deleted"), 1);
    work.commit().expect("committed");
    let left = judge(&replica, &shop.name, "SELECT count(*) FROM person");
    judge(&replica, &shop.name, "INSERT INTO person VALUES (3, '', '')");
    judge(&replica, "", "SET GLOBAL read_only = 1; START SLAVE");
    assert_eq!(left, "2997");
}
