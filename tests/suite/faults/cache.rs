//! A store without transactions beside a database: Redis that fails over, is demoted, is full, or breaks off half-way.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{ANN, Engine, MAP, SHOP, database, in_words_of, rows};
use crate::house::{House, Ran, fit_their_schemas, judge};
use crate::proxy::{Cut, PASS, Proxy, REFUSE};

const CACHE: &str = "- fides_key: cache
  collections:
  - name: session
    meta: {probity: {keys: 'session:{n}', format: hash}}
    fields:
    - name: person
      data_categories: [user.unique_id]
      fides_meta: {references: [{dataset: shop, field: person.id, direction: from}]}
    - {name: note, data_categories: [user.content]}
";

/// A server of Redis of our own, stopped at the end.
pub(super) struct Server {
    child: Child,
    pub(super) port: u16,
    _folder: tempfile::TempDir,
}

impl Server {
    pub(super) fn start() -> Option<Server> {
        if !judge("redis-server") {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let server = Server { child, port, _folder: folder };
        server.until("PING", "PONG");
        Some(server)
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("redis-cli");
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        command
    }

    /// What it answers to these words.
    pub(super) fn say(&self, words: &str) -> String {
        let output = self.command().args(words.split(' ')).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Waits until `words` are answered by something that holds `answer`.
    pub(super) fn until(&self, words: &str, answer: &str) {
        let began = Instant::now();
        while !self.say(words).contains(answer) {
            assert!(began.elapsed() < Duration::from_secs(60), "{words} is not answered by {answer}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Every key with what is in it.
    pub(super) fn dump(&self) -> String {
        let mut keys: Vec<String> = self.say("KEYS *").lines().map(str::to_owned).collect();
        keys.sort();
        let script: String = keys.iter().map(|key| format!("ECHO {key}\nHGETALL {key}\n")).collect();
        self.pipe(&script)
    }

    /// Many lines at once.
    fn pipe(&self, script: &str) -> String {
        let mut child = self.command().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || stdin.write_all(script.as_bytes()).unwrap());
            String::from_utf8_lossy(&child.wait_with_output().unwrap().stdout).into_owned()
        })
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sessions of Ann and of Bob, so many each, and nothing else.
pub(super) fn fill(server: &Server, each: u32) {
    let one = |n: u32| format!("HSET session:{n} person {} note thing{n}\n", n % 2 + 1);
    server.pipe(&("FLUSHALL\n".to_owned() + &(1..=2 * each).map(one).collect::<String>()));
}

/// A project with a database that knows people and a cache of their sessions.
pub(super) struct Cache {
    pub(super) house: House,
    pub(super) shop: Engine,
    pub(super) server: Server,
    sessions: u32,
}

impl Cache {
    pub(super) fn of(kind: &str, name: &str, sessions: u32) -> Option<Cache> {
        let house = House::initialised();
        let shop = database(&house, kind, &format!("{name}_cached"))?;
        shop.ask(&(in_words_of(&shop, SHOP) + &rows("parcel", 3)));
        let server = Server::start()?;
        fill(&server, sessions);
        house.write("probity-map.yml", MAP.split("- fides_key: sales").next().unwrap().to_owned() + CACHE);
        let cache = Cache { house, shop, server, sessions };
        cache.settings(&format!("url = \"{}\"", cache.server.url()));
        Some(cache)
    }

    fn settings(&self, cache: &str) {
        let own = self.house.read("probity.toml");
        let own = own.split("\n[stores.").next().unwrap();
        let shop = format!("\n[stores.shop]\nurl = \"{}\"\nretries = 0\nlock_timeout = \"1s\"\n", self.shop.url());
        self.house.write("probity.toml", format!("{own}{shop}\n[stores.cache]\nretries = 0\n{cache}\n"));
    }

    fn digest(&self) -> String {
        self.house.json(&["erase", ANN, "--dry-run"], 0)["digest"].as_str().unwrap().to_owned()
    }

    /// Sessions of Ann, and of Bob.
    fn sessions(&self, server: &Server) -> (usize, usize) {
        let dump = server.dump();
        let of =
            |person: &str| dump.split("session:").filter(|one| one.contains(&format!("person\n{person}\n"))).count();
        (of("1"), of("2"))
    }

    /// Ann's rows in the database.
    fn rows(&self) -> String {
        self.shop.ask("SELECT count(*) FROM parcel WHERE person = 1; SELECT count(*) FROM person WHERE id = 1;")
    }

    fn erase(&self, digest: &str, exit: i32, code: &str) -> Value {
        let told = self.house.json(&["erase", ANN, "--confirm", digest], exit);
        assert_eq!((&told["fault"]["code"], &told["result"]), (&code.into(), &"incomplete".into()), "{told}");
        fit_their_schemas(std::slice::from_ref(&told));
        self.house.run(&["audit", "verify"]).expect(0);
        told
    }

    /// The rest of the erase, and what all of it came to, with the keys of `server`.
    fn resumes(&self, server: &Server) -> Value {
        let told = self.house.json(&["erase", "--resume", "req-0001"], 0);
        assert_eq!((&told["result"], &told["closed"]), (&"complete".into(), &true.into()), "{told}");
        assert_eq!(self.sessions(server), (0, self.sessions as usize), "sessions of Ann, and of Bob");
        assert_eq!(self.rows(), "0\n0");
        assert_eq!(self.shop.ask("SELECT count(*) FROM parcel WHERE person = 2;"), "3");
        self.house.run(&["audit", "verify"]).expect(0);
        told
    }

    fn phases(&self) -> String {
        let journal = self.house.read(".probity/requests/req-0001/journal.jsonl");
        let lines = journal.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let own = lines.filter(|act| act["store"] == "cache");
        own.map(|act| act["phase"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    }
}

/// The connection breaks between two batches of keys: what is gone stays gone, is not called taken back, and the request is
/// not called over.
#[test]
fn cut_half_way_through_the_keys() {
    let Some(cache) = Cache::of("sqlite", "half", 3_000) else { return };
    let proxy = Proxy::to(&cache.server.url());
    cache.settings(&format!("url = \"redis://127.0.0.1:{}\"", proxy.port));
    let digest = cache.digest();
    proxy.cut(Cut { word: "UNLINK", pieces: 3, heard: true, then: PASS });
    let told = cache.erase(&digest, 5, "store-unreachable");
    assert_eq!(
        (&told["stores"][0]["store"], &told["stores"][0]["state"]),
        (&"cache".into(), &"unsure".into()),
        "{told}"
    );
    let left = cache.sessions(&cache.server).0;
    assert!(left > 0 && left < 3_000, "{left}");
    assert_eq!(cache.rows(), "3\n1", "who they are is known until the last store is done");
    assert!(cache.phases().ends_with("stopped") && !cache.phases().contains("rolled-back"), "{}", cache.phases());
    let listed = cache.house.json(&["erase", "--list"], 0);
    assert_eq!(listed["requests"][0]["status"], "in_progress", "{listed}");
    cache.resumes(&cache.server);
}

/// The master dies in the middle of an erase, its replica takes over: the re-run finds it among the hosts and finishes.
#[test]
fn the_master_dies_and_its_replica_takes_over() {
    let (Some(mut cache), Some(replica)) = (Cache::of("sqlite", "failover", 3_000), Server::start()) else { return };
    replica.say(&format!("REPLICAOF 127.0.0.1 {}", cache.server.port));
    replica.until("INFO replication", "master_link_status:up");
    let proxy = Proxy::to(&cache.server.url());
    cache.settings(&format!("urls = [\"redis://127.0.0.1:{}\", \"{}\"]", proxy.port, replica.url()));
    let digest = cache.digest();
    proxy.cut(Cut { word: "UNLINK", pieces: 2, heard: true, then: REFUSE });
    cache.erase(&digest, 5, "store-unreachable");
    cache.server.kill();
    // Nobody was promoted yet: nothing is changed anywhere.
    cache.house.run(&["erase", "--resume", "req-0001"]).expect(5);
    assert_eq!(cache.rows(), "3\n1");
    replica.say("REPLICAOF NO ONE");
    cache.resumes(&replica);
}

/// The replica that takes over had not heard of the deletions yet: what was done is there again, and is done again.
#[test]
fn a_replica_that_lags_takes_over() {
    let (Some(mut cache), Some(replica)) = (Cache::of("sqlite", "lag", 10), Server::start()) else { return };
    fill(&replica, 10);
    cache.settings(&format!("urls = [\"{}\", \"{}\"]", cache.server.url(), replica.url()));
    cache.shop.ask("CREATE TRIGGER no BEFORE DELETE ON person BEGIN SELECT RAISE(ABORT, 'not now'); END;");
    let told = cache.house.json(&["erase", ANN, "--confirm", &cache.digest()], 5);
    assert_eq!(
        (&told["stores"][0]["state"], &told["stores"][1]["state"]),
        (&"done".into(), &"failed".into()),
        "{told}"
    );
    assert_eq!((cache.sessions(&cache.server).0, cache.sessions(&replica).0), (0, 10));
    cache.server.kill();
    cache.shop.ask("DROP TRIGGER no;");
    cache.resumes(&replica);
    assert!(cache.phases().contains("came-back"), "{}", cache.phases());
}

/// The server is demoted: before the erase nothing is changed anywhere, and in the middle of it nothing more.
#[test]
fn a_server_that_is_demoted() {
    let (Some(cache), Some(master)) = (Cache::of("sqlite", "demoted", 6_000), Server::start()) else { return };
    fill(&master, 6_000);
    let digest = cache.digest();
    let demote = || cache.server.say(&format!("REPLICAOF 127.0.0.1 {}", master.port));
    // Until it has copied the new master it answers with what it had.
    cache.server.say("CONFIG SET replica-serve-stale-data yes");
    demote();
    cache.server.until("INFO replication", "master_link_status:up");
    cache.erase(&digest, 8, "store-read-only");
    assert_eq!((cache.sessions(&cache.server).0, cache.rows().as_str()), (6_000, "3\n1"));
    cache.server.say("REPLICAOF NO ONE");
    // In the middle: slow enough that there is a middle.
    cache.settings(&format!("url = \"{}\"\nrate = \"2/s\"", cache.server.url()));
    let mut child = cache.house.command(&["erase", "--resume", "req-0001", "--json"]);
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while cache.server.say("DBSIZE") == "12000" {
        assert!(began.elapsed() < Duration::from_secs(120));
    }
    demote();
    let ran = Ran::of(child.wait_with_output().unwrap()).expect(5);
    assert!(ran.stdout.contains("store-read-only") || ran.stdout.contains("store-busy"), "{ran:?}");
    assert_eq!(cache.rows(), "3\n1");
    cache.server.until("INFO replication", "master_link_status:up");
    // It holds again what its master holds, which never heard of an erase.
    cache.settings(&format!("urls = [\"{}\", \"{}\"]", cache.server.url(), master.url()));
    cache.resumes(&master);
}

/// A server that is full takes no changes: what is to be anonymised stays, and is told; with room it is done.
#[test]
fn a_server_that_is_full() {
    let Some(cache) = Cache::of("sqlite", "full", 5) else { return };
    let map = cache.house.read("probity-map.yml");
    let retain = "format: hash, retain: {code: 17-3-b, law: audit, anonymise: [note]}}}";
    cache.house.write("probity-map.yml", map.replace("format: hash}}", retain));
    let digest = cache.digest();
    cache.server.say("CONFIG SET maxmemory-policy noeviction");
    cache.server.say("CONFIG SET maxmemory 1");
    let told = cache.house.json(&["erase", ANN, "--confirm", &digest], 5);
    assert_eq!(told["fault"]["code"], "store-refused", "{told}");
    assert!(told["fault"]["message"].as_str().unwrap().contains("memory is full"), "{told}");
    assert!(cache.server.dump().contains("thing2"));
    assert_eq!(cache.rows(), "3\n1");
    cache.house.run(&["audit", "verify"]).expect(0);
    cache.server.say("CONFIG SET maxmemory 0");
    let told = cache.house.json(&["erase", "--resume", "req-0001"], 0);
    assert_eq!((&told["result"], &told["kept"]), (&"complete".into(), &5.into()), "{told}");
    assert!(!cache.server.dump().contains("thing2") && cache.server.dump().contains("thing3"));
    assert_eq!(cache.rows(), "0\n0");
    cache.house.run(&["audit", "verify"]).expect(0);
}

impl Drop for Cache {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.shop.remove();
        }
    }
}
