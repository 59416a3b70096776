//! Clusters and Sentinels of Redis, made of redis-server as Debian has it; redis-cli is the judge.
#![cfg(feature = "redis")]

mod common;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{collection, delete, equals, find, keys, open, scan, set, texts};
use privacy::map::MappedCollection;
use privacy::store::Fold;
use probity_connectors::Access;

struct Server {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Server {
    /// A server with these lines in its configuration; `mode` is what is said to the program, such as `--sentinel`.
    fn start(config: &str, mode: &[&str]) -> Self {
        // Nodes of a cluster listen ten thousand above as well.
        let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let port = (0..200).map(|_| free()).find(|port| *port < 55_000).expect("a free port below 55000");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("redis.conf");
        std::fs::write(&file, format!("port {port}\nbind 127.0.0.1\ndir {}\n{config}\n", folder.path().display()))
            .unwrap();
        let child = Command::new("redis-server").arg(&file).args(mode).stdout(Stdio::null()).spawn().unwrap();
        let server = Server { child, port, folder };
        until("a server answers", || server.try_cli(&["PING"]).is_some_and(|said| said == "PONG"));
        server
    }

    fn place(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn try_cli(&self, words: &[&str]) -> Option<String> {
        let output = Command::new("redis-cli").args(["-c", "-p", &self.port.to_string()]).args(words).output().unwrap();
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn cli(&self, words: &[&str]) -> String {
        self.try_cli(words).unwrap_or_else(|| panic!("{words:?}, in {}", self.folder.path().display()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..600 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{what}: not within a minute");
}

fn mapped() -> Vec<MappedCollection> {
    vec![
        collection("user", &[("keys", "user:{id}"), ("format", "hash")], &["mail"]),
        collection("news", &[("keys", "news:{topic}"), ("format", "set")], &[]),
    ]
}

/// Keys lie on three masters, and are found, changed, deleted and searched wherever they are.
#[test]
fn a_cluster_is_one_store() {
    let nodes: Vec<Server> = (0..3)
        .map(|_| {
            Server::start(
                "save \"\"\ncluster-enabled yes\ncluster-config-file nodes.conf\ncluster-node-timeout 15000",
                &[],
            )
        })
        .collect();
    let places: Vec<String> = nodes.iter().map(Server::place).collect();
    let made =
        Command::new("redis-cli").args(["--cluster", "create"]).args(&places).arg("--cluster-yes").output().unwrap();
    assert!(made.status.success(), "{made:?}");
    until("the cluster is whole", || {
        nodes.iter().all(|node| node.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok"))
    });
    let first = &nodes[0];
    for n in 1..=40 {
        first.cli(&["HSET", &format!("user:{n}"), "mail", &format!("p{}@example.org", n % 10)]);
    }
    first.cli(&["SADD", "news:a", "p7@example.org", "p8@example.org"]);
    assert!(nodes.iter().all(|node| node.cli(&["DBSIZE"]) != "0"), "keys lie on every node");

    let url = format!("redis+cluster://{}", places[1]);
    let mut store = open(&url, &Access::default(), mapped());
    let catalog = store.describe().unwrap();
    assert_eq!((catalog.collections.len(), catalog.gaps.len()), (2, 0), "{:?}", catalog.gaps);
    assert_eq!(find(&mut *store, "user", &["id"], &[]).unwrap().len(), 40);
    let hers = find(&mut *store, "user", &["mail"], &[equals("mail", Fold::Lower, &["p7@example.org"])]).unwrap();
    assert_eq!(texts(&hers), ["p7@example.org"; 4]);
    let named = find(&mut *store, "user", &["id"], &[equals("id", Fold::Exact, &["3", "4", "5"])]).unwrap();
    assert_eq!(texts(&named), ["3", "4", "5"]);
    assert_eq!(set(&mut *store, "user", &keys(&named), &[("mail", Some("erased"))]).unwrap(), 3);
    assert_eq!(first.cli(&["HGET", "user:4", "mail"]), "erased");
    assert_eq!(delete(&mut *store, "user", &keys(&hers)).unwrap(), 4);
    assert_eq!(delete(&mut *store, "user", &keys(&hers)).unwrap(), 0, "a second time");
    assert_eq!(first.cli(&["EXISTS", "user:17"]), "0");
    let (hits, scanned) = scan(&mut *store, &["p7@example.org"]);
    assert_eq!((hits.len(), scanned.rows), (1, 38), "{hits:?}");

    // One node alone is no store: what lies elsewhere would be missed.
    let mut alone = open(&format!("redis://{}", places[0]), &Access::default(), mapped());
    let all = ["1", "2", "3", "4", "5", "6"];
    let fault = find(&mut *alone, "user", &["id"], &[equals("id", Fold::Exact, &all)]).unwrap_err();
    assert!(fault.code() == "store-refused" && fault.advice().unwrap().contains("redis+cluster://"), "{fault}");
}

/// A Sentinel says where the master is, before and after it moved; a name that it does not know is told.
#[test]
fn a_sentinel_names_the_master() {
    let master = Server::start("save \"\"", &[]);
    let replica = Server::start(&format!("save \"\"\nreplicaof 127.0.0.1 {}", master.port), &[]);
    let watch = format!(
        "sentinel monitor shop 127.0.0.1 {} 1\nsentinel down-after-milliseconds shop 60000\nsentinel failover-timeout shop 10000",
        master.port
    );
    let sentinel = Server::start(&watch, &["--sentinel"]);
    until("the replica follows", || replica.cli(&["INFO", "replication"]).contains("master_link_status:up"));
    until("the Sentinel sees it", || {
        sentinel.cli(&["SENTINEL", "replicas", "shop"]).contains(&replica.port.to_string())
    });
    master.cli(&["HSET", "user:7", "mail", "ann@example.org"]);
    until("the replica has it", || replica.cli(&["EXISTS", "user:7"]) == "1");

    let url = format!("redis+sentinel://{}/shop/0", sentinel.place());
    let mut before = open(&url, &Access::default(), mapped());
    let hers = find(&mut *before, "user", &["mail"], &[]).unwrap();
    assert_eq!(texts(&hers), ["ann@example.org"]);
    until("the Sentinel begins to move the master", || sentinel.cli(&["SENTINEL", "FAILOVER", "shop"]) == "OK");
    let moved = replica.port.to_string();
    until("the master has moved", || {
        sentinel.cli(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "shop"]).contains(&moved)
            && master.cli(&["INFO", "replication"]).contains("role:slave")
    });
    // Who was connected before is told that nothing can be written there any more; who comes now gets the new one.
    assert!(before.begin().is_err());
    let mut after = open(&url, &Access::default(), mapped());
    assert_eq!(delete(&mut *after, "user", &keys(&hers)).unwrap(), 1);
    assert_eq!(replica.cli(&["EXISTS", "user:7"]), "0");
    let wrong = format!("redis+sentinel://{}/nobody", sentinel.place());
    let fault = probity_connectors::open(&wrong, &Access::default(), &common::dataset(Vec::new())).err().unwrap();
    assert_eq!(fault.code(), "store-unreachable");
    assert!(fault.message().contains("nobody"), "{fault}");
}
