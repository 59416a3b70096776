//! Keys of Redis, or Valkey, on the server of `tests/services redis` or `tests/services valkey`; redis-cli is the judge of what is left.
#![cfg(feature = "redis")]

mod common;

use std::process::Command;

use common::{collection, delete, equals, find, keys, open, scan, set, texts};
use privacy::map::MappedCollection;
use privacy::store::{DataStore, Fold};
use probity_connectors::{Access, Tls};

fn service(name: &str) -> String {
    std::env::var(format!("PROBITY_TEST_{name}"))
        .expect("tests/services redis -- cargo test -p probity-connectors --features redis --test redis")
}

/// What redis-cli says to `words`, in database `db`.
fn cli(db: u8, words: &[&str]) -> String {
    let url = service("REDIS_URL");
    let output = Command::new("redis-cli").args(["-u", &url, "-n", &db.to_string()]).args(words).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().replace('\n', " ")
}

fn fill(db: u8) {
    for words in [
        &["FLUSHDB"][..],
        &["HSET", "user:7", "mail", "ann@example.org", "name", "Ann", "address", r#"{"city":"Oslo","zip": 1}"#],
        &["HSET", "user:8", "mail", "bob@example.org", "name", "Bob"],
        &["EXPIRE", "user:7", "9000"],
        &["SET", "session:7", r#"{"mail": "ann@example.org", "n":1.0}"#, "EX", "9000"],
        &["SET", "session:8", r#"{"mail":"bob@example.org"}"#],
        &["SET", "seen:7", "10.0.0.7"],
        &[
            "RPUSH",
            "queue",
            r#"{"to":"ann@example.org"}"#,
            r#"{"to": "bob@example.org"}"#,
            r#"{"to":"ann@example.org"}"#,
        ],
        &["SADD", "news", "ann@example.org", "bob@example.org"],
        &["ZADD", "rank", "1.5", "ann@example.org", "2", "bob@example.org"],
        &["XADD", "log:a", "1-1", "mail", "ann@example.org", "act", "login"],
        &["XADD", "log:a", "1-2", "mail", "bob@example.org", "act", "login"],
        &["HSET", "carts", "7", r#"{"mail":"ann@example.org"}"#, "8", r#"{"mail":"bob@example.org"}"#],
    ] {
        cli(db, words);
    }
}

fn mapped() -> Vec<MappedCollection> {
    vec![
        collection("user", &[("keys", "user:{id}"), ("format", "hash")], &["mail", "name", "address.city"]),
        collection("session", &[("keys", "session:{id}"), ("format", "string")], &["mail"]),
        collection("seen", &[("keys", "seen:{id}")], &[]),
        collection("queue", &[("keys", "queue"), ("format", "list")], &["to"]),
        collection("news", &[("keys", "news"), ("format", "set")], &[]),
        collection("rank", &[("keys", "rank"), ("format", "zset")], &[]),
        collection("log", &[("keys", "log:{part}"), ("format", "stream")], &["mail"]),
        collection("cart", &[("keys", "carts"), ("format", "hash"), ("rows", "fields")], &["mail"]),
    ]
}

fn is_a_server(version: &str) -> bool {
    version.starts_with("Redis ") || version.starts_with("Valkey ")
}

fn store(db: u8) -> Box<dyn DataStore> {
    open(&format!("{}/{db}", service("REDIS_URL").trim_end_matches('/')), &Access::default(), mapped())
}

/// Every type has rows with keys of their own; what is not mapped is shown as a pattern.
#[test]
fn the_catalog_is_read_off_the_keys() {
    fill(1);
    cli(1, &["SET", "otp:17:ann@example.org", "1"]);
    let mut store = store(1);
    assert!(is_a_server(&store.version().unwrap()));
    let catalog = store.describe().unwrap();
    let shown: Vec<String> = catalog
        .collections
        .iter()
        .map(|collection| {
            let columns: Vec<&str> = collection.columns.iter().map(|column| column.name.as_str()).collect();
            format!("{} {} / {}", collection.name, collection.key.join(","), columns.join(","))
        })
        .collect();
    assert_eq!(
        shown,
        [
            "cart key,field / key,field,mail,ttl_ms",
            "log key,id / key,part,id,mail,act,ttl_ms",
            "news key,value / key,value,ttl_ms",
            "otp_part2_part3 key / key,part2,part3,value,ttl_ms",
            "queue key,value / key,value,to,ttl_ms",
            "rank key,value / key,value,score,ttl_ms",
            "seen key / key,id,value,ttl_ms",
            "session key / key,id,mail,n,ttl_ms",
            "user key / key,id,mail,name,address,ttl_ms",
        ]
    );
    let user = catalog.collection("user").unwrap();
    assert_eq!(user.comment.as_deref(), Some("1 of 2 keys looked at expire by themselves"));
    assert_eq!(user.own, ["key", "ttl_ms"]);
    let unknown = catalog.collection("otp_part2_part3").unwrap();
    let words = [("keys", "otp:{part2}:{part3}"), ("format", "string")].map(|(word, text)| (word.into(), text.into()));
    assert_eq!(unknown.words, words);
}

/// Rows of every type are found by value and deleted; a second time nothing is there; all others stay.
#[test]
fn rows_are_found_and_deleted() {
    fill(2);
    let before_bob = dump_of_bob();
    let mut store = store(2);
    let check =
        |store: &mut dyn DataStore, collection: &str, field: &str, fields: &[&str], rows: &[&str], count: u64| {
            let found = find(store, collection, fields, &[equals(field, Fold::Lower, &["ann@example.org"])]).unwrap();
            assert_eq!(texts(&found), rows, "{collection}");
            assert_eq!(delete(store, collection, &keys(&found)).unwrap(), count, "{collection}");
            assert_eq!(delete(store, collection, &keys(&found)).unwrap(), 0, "{collection}");
        };
    check(&mut *store, "user", "mail", &["id", "address.city"], &["7|Oslo"], 1);
    check(&mut *store, "session", "mail", &["id", "n"], &["7|1.0"], 1);
    check(&mut *store, "queue", "to", &["to"], &["ann@example.org", "ann@example.org"], 2);
    check(&mut *store, "news", "value", &["value"], &["ann@example.org"], 1);
    check(&mut *store, "rank", "value", &["value", "score"], &["ann@example.org|1.5"], 1);
    check(&mut *store, "log", "mail", &["part", "id", "act"], &["a|1-1|login"], 1);
    check(&mut *store, "cart", "mail", &["field"], &["7"], 1);
    let seen = find(&mut *store, "seen", &["value"], &[equals("id", Fold::Exact, &["7", "9"])]).unwrap();
    assert_eq!(texts(&seen), ["10.0.0.7"]);
    assert_eq!(delete(&mut *store, "seen", &keys(&seen)).unwrap(), 1);
    assert_eq!(dump_of_bob(), before_bob);
    assert_eq!(cli(2, &["LRANGE", "queue", "0", "-1"]), r#"{"to": "bob@example.org"}"#);
    assert_eq!(cli(2, &["XRANGE", "log:a", "-", "+"]), "1-2 mail bob@example.org act login");
    assert_eq!(cli(2, &["EXISTS", "user:7", "session:7", "seen:7"]), "0");
    let (hits, _) = scan(&mut *store, &["10.0.0.7"]);
    assert!(hits.iter().all(|hit| !hit.starts_with("seen") || !hit.contains("database")), "{hits:?}");
}

/// The bytes of what is another person's.
fn dump_of_bob() -> String {
    [
        &["DUMP", "user:8"][..],
        &["DUMP", "session:8"],
        &["ZSCORE", "rank", "bob@example.org"],
        &["SISMEMBER", "news", "bob@example.org"],
        &["HGET", "carts", "8"],
    ]
    .iter()
    .map(|words| cli(2, words))
    .collect()
}

/// Fields are set where they are, expiry stays, and no key appears that was not there.
#[test]
fn fields_are_set_and_expiry_stays() {
    fill(3);
    let mut store = store(3);
    let ann = |field: &str| [equals(field, Fold::Exact, &["ann@example.org"])];
    let rows = find(&mut *store, "user", &[], &ann("mail")).unwrap();
    for _ in 0..2 {
        let new = [("mail", Some("erased")), ("name", None), ("address.city", Some("x"))];
        assert_eq!(set(&mut *store, "user", &keys(&rows), &new).unwrap(), 1);
    }
    assert_eq!(cli(3, &["HGETALL", "user:7"]), r#"mail erased address {"city":"x","zip": 1}"#);
    assert!(cli(3, &["TTL", "user:7"]).parse::<u32>().unwrap() > 8000);
    let sessions = find(&mut *store, "session", &["ttl_ms"], &ann("mail")).unwrap();
    assert!(sessions[0].1.parse::<u32>().unwrap() > 8_000_000);
    assert_eq!(set(&mut *store, "session", &keys(&sessions), &[("mail", None)]).unwrap(), 1);
    assert_eq!(cli(3, &["GET", "session:7"]), r#"{"mail": null, "n":1.0}"#);
    assert!(cli(3, &["TTL", "session:7"]).parse::<u32>().unwrap() > 8000);
    let rows = find(&mut *store, "queue", &[], &ann("to")).unwrap();
    assert_eq!(set(&mut *store, "queue", &keys(&rows)[..1], &[("to", Some("x"))]).unwrap(), 1);
    assert_eq!(cli(3, &["LRANGE", "queue", "0", "-1"]), r#"{"to":"x"} {"to": "bob@example.org"} {"to":"x"}"#);
    let rows = find(&mut *store, "rank", &[], &ann("value")).unwrap();
    assert_eq!(set(&mut *store, "rank", &keys(&rows), &[("value", Some("erased"))]).unwrap(), 1);
    assert_eq!(cli(3, &["ZSCORE", "rank", "erased"]), "1.5");
    let rows = find(&mut *store, "log", &[], &ann("mail")).unwrap();
    assert_eq!(set(&mut *store, "log", &keys(&rows), &[("mail", None)]).unwrap_err().code(), "field-not-set");
    let gone = [privacy::row::Key(vec![Some("user:99".into())])];
    assert_eq!(set(&mut *store, "user", &gone, &[("mail", Some("x"))]).unwrap(), 0);
    assert_eq!(cli(3, &["EXISTS", "user:99"]), "0");
    let foreign = [privacy::row::Key(vec![Some("news".into())])];
    assert_eq!(delete(&mut *store, "user", &foreign).unwrap_err().code(), "unknown-collection");
    assert_eq!(cli(3, &["EXISTS", "news"]), "1");
}

/// The scan reads keys, names of fields and values of every type, in every database.
#[test]
fn the_scan_reads_every_database() {
    cli(4, &["FLUSHDB"]);
    for words in [
        &["HSET", "user:7", "mail", "Zoe@example.net", "zoe@example.net", "x"][..],
        &["SET", "key:zoe@example.net", "v"],
        &["RPUSH", "queue", r#"{"to":"zoe\u0040example.net"}"#],
        &["SADD", "loose", "from zoe@example.net"],
        &["XADD", "log:a", "5-1", "who", "zoe@example.net"],
        &["ZADD", "rank", "1", "zoe@example.net"],
    ] {
        cli(4, words);
    }
    cli(5, &["SET", "elsewhere", "zoe@example.net"]);
    let (hits, scanned) = scan(&mut *store(4), &["zoe@example.net"]);
    assert_eq!(
        hits,
        [
            "database 5 value elsewhere",
            "key_part2 (name) key:zoe@example.net",
            "log who log:a|5-1",
            "loose value loose|from zoe@example.net",
            "queue to queue|{\"to\":\"zoe\\u0040example.net\"}",
            "rank value rank|zoe@example.net",
            "user mail user:7",
            "user zoe@example.net user:7",
        ]
    );
    assert!(scanned.rows >= 7);
}

/// Ten thousand keys and a list of ten thousand elements, in batches.
#[test]
fn many_keys_are_walked() {
    cli(6, &["FLUSHDB"]);
    cli(
        6,
        &[
            "EVAL",
            "for i=1,10000 do redis.call('HSET','user:'..i,'mail','p'..(i%100)..'@example.org') redis.call('RPUSH','queue','e'..i) end",
            "0",
        ],
    );
    let mut store = store(6);
    let rows = find(&mut *store, "user", &["id"], &[equals("mail", Fold::Exact, &["p7@example.org"])]).unwrap();
    assert_eq!(rows.len(), 100);
    assert_eq!(delete(&mut *store, "user", &keys(&rows)).unwrap(), 100);
    assert_eq!(find(&mut *store, "queue", &["value"], &[]).unwrap().len(), 10_000);
    assert_eq!(cli(6, &["DBSIZE"]), "9901");
}

/// A key of another type in a collection is a fault, not a gap that nobody sees.
#[test]
fn keys_of_another_type_are_told() {
    cli(7, &["FLUSHDB"]);
    cli(7, &["SADD", "user:1", "x"]);
    assert_eq!(find(&mut *store(7), "user", &[], &[]).unwrap_err().code(), "wrong-key-type");
}

/// A wrong password, a missing server, a replica: each by its name; TLS with the right authority works.
#[test]
fn faults_have_names() {
    let check = |url: &str, access: Access, code: &str| {
        let fault = probity_connectors::open(url, &access, &common::dataset(Vec::new())).err().expect("refused");
        assert_eq!((fault.code(), fault.kind()), (code, model::Kind::Unavailable), "{fault}");
    };
    let url = service("REDIS_URL");
    let guarded = |password: &str| Access {
        user: Some("guarded".into()),
        password: Some(password.to_owned().into()),
        ..Access::default()
    };
    check(&url, guarded("wrong"), "store-login-refused");
    check("redis://127.0.0.1:9", Access::default(), "store-unreachable");
    let password = service("GUARDED_PASSWORD");
    let encrypted = |ca: Option<String>| Access { ca: ca.map(Into::into), tls: Tls::Always, ..guarded(&password) };
    let url = service("REDIS_TLS_URL");
    check(&url, encrypted(None), "store-unreachable");
    let mut store = open(&url, &encrypted(Some(service("CA"))), Vec::new());
    assert!(is_a_server(&store.version().unwrap()));
}

/// A server that became a replica refuses to be written to: before anything, and in the middle.
#[test]
fn a_replica_is_told() {
    let server = Replica::start();
    let url = format!("redis://127.0.0.1:{}", server.port);
    let mut store = open(&url, &Access::default(), mapped());
    server.cli(&["HSET", "user:1", "mail", "x"]);
    let rows = find(&mut *store, "user", &[], &[]).unwrap();
    let mut acts = store.begin().unwrap();
    server.cli(&["REPLICAOF", "127.0.0.1", "1"]);
    assert_eq!(acts.delete("user", &keys(&rows)).unwrap_err().code(), "store-read-only");
    drop(acts);
    assert!(store.standing().unwrap().read_only);
    assert_eq!(store.begin().err().expect("refused").code(), "store-read-only");
}

struct Replica {
    child: std::process::Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Replica {
    fn start() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
            .arg(folder.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let server = Replica { child, port, _folder: folder };
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return server;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("redis-server does not come up");
    }

    fn cli(&self, words: &[&str]) {
        let status =
            Command::new("redis-cli").args(["-p", &self.port.to_string()]).args(words).output().unwrap().status;
        assert!(status.success());
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
