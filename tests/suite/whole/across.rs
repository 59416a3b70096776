//! One person in nine stores of as many kinds: found, handed over and erased in one request.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::super::house::{House, judge, repository};
use super::judges::{Api, Bucket, Databases, Nats, Redis, lines, mariadb, said, service};
use super::{ANN, Request, digest, example, exported, project, rows_of};

/// Where the person is known by name; all else refers to `shop.customer.id`.
const SHOP: &str = "
CREATE TABLE customer (id text PRIMARY KEY, mail text NOT NULL UNIQUE, name text);
CREATE TABLE purchase (id int PRIMARY KEY, customer text NOT NULL REFERENCES customer, what text);
INSERT INTO customer VALUES ('u7001', 'Ann@Example.org', 'Ann'), ('u8001', 'bob@example.org', 'Bob');
INSERT INTO purchase SELECT n, CASE n % 2 WHEN 0 THEN 'u7001' ELSE 'u8001' END, 'lamp ' || n FROM generate_series(1, 40) n;";

const BILLS: &str = "DROP DATABASE IF EXISTS whole_bills; CREATE DATABASE whole_bills; USE whole_bills;
CREATE TABLE bill (id int PRIMARY KEY, customer varchar(20), total decimal(8,2));
INSERT INTO bill VALUES (1, 'u7001', 3.50), (2, 'u8001', 4.50), (3, 'u7001', 1.00);";

const NOTES: &str = "CREATE TABLE note (id INTEGER PRIMARY KEY, customer TEXT, text TEXT);
INSERT INTO note VALUES (1, 'u7001', 'calls often'), (2, 'u8001', 'pays late');";

const STORES: &str = "
[stores.shop]
url = \"SHOP\"
retries = 0
[stores.bills]
url = \"BILLS\"
retries = 0
[stores.notes]
url = \"sqlite:notes.db\"
[stores.cache]
url = \"CACHE\"
retries = 0
[stores.events]
url = \"EVENTS\"
retries = 0
[stores.logs]
url = \"file:logs\"
";

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
- fides_key: bills
  collections:
  - name: bill
    fields:
    - {name: id, data_categories: [system.operations]}
    - name: customer
      data_categories: [user.unique_id]
      fides_meta: {references: [{dataset: shop, field: customer.id, direction: from}]}
    - {name: total, data_categories: [user.financial]}
- fides_key: notes
  collections:
  - name: note
    fields:
    - {name: id, data_categories: [system.operations]}
    - name: customer
      data_categories: [user.unique_id]
      fides_meta: {references: [{dataset: shop, field: customer.id, direction: from}]}
    - {name: text, data_categories: [user.content]}
- fides_key: cache
  collections:
  - name: session
    meta: {probity: {keys: 'session:{customer}:{token}', format: string}}
    fides_meta: {erase_after: [logs.entry]}
    fields:
    - name: customer
      data_categories: [user.unique_id]
      fides_meta: {references: [{dataset: shop, field: customer.id, direction: from}]}
    - {name: token, data_categories: [user.authorization]}
    - {name: agent, data_categories: [user.device]}
- fides_key: media
  collections:
  - name: avatar
    meta: {probity: {keys: 'avatars/{customer}.png', format: whole}}
    fields:
    - name: customer
      data_categories: [user.unique_id]
      fides_meta: {references: [{dataset: shop, field: customer.id, direction: from}]}
- fides_key: events
  collections:
  - name: setting
    meta: {probity: {keys: '$KV.settings.{customer}'}}
    fields:
    - name: customer
      data_categories: [user.unique_id]
      fides_meta: {references: [{dataset: shop, field: customer.id, direction: from}]}
    - {name: theme, data_categories: [user.behavior]}
- fides_key: logs
  collections:
  - name: entry
    meta: {probity: {keys: '{day}.jsonl', format: jsonl}}
    fields:
    - {name: day, data_categories: [system.operations]}
    - name: customer
      data_categories: [user.unique_id]
      fides_meta: {references: [{dataset: shop, field: customer.id, direction: from}]}
    - {name: act, data_categories: [user.behavior]}
";

/// All of the stores, and the project that knows them.
struct Town {
    house: House,
    shop: Databases,
    bills: String,
    redis: Redis,
    nats: Nats,
    bucket: Bucket,
    api: Api,
}

impl Town {
    /// None where a server is missing, which is said.
    fn build(name: &str) -> Option<Town> {
        let bills = service("PROBITY_TEST_MARIADB_URL").filter(|_| judge("sqlite3") && judge("curl"))?;
        let shop = Databases::make(&[name], "")?;
        let (redis, nats) = (Redis::start()?, Nats::start()?);
        let bucket = Bucket::make(name, false)?;
        let api = Api::start();
        let stores = STORES
            .replace("SHOP", &shop.url_of(0))
            .replace("BILLS", &format!("{bills}{}", Town::bills_of(name)))
            .replace("CACHE", &redis.url())
            .replace("EVENTS", &nats.url());
        let crm = example("HTTP", "toml", 0).replace("https://crm.example.org/", &api.url());
        let house = project(&[stores, bucket.settings(), crm, example("Plug-ins", "toml", 0)].concat());
        house.write("media.secret", "testing\n");
        house.write("crm.token", "s3cret\n");
        house.write("crm-api.yaml", example("HTTP", "yaml", 0));
        fs::copy(repository("fixtures/exec/phonebook.py"), house.path("phonebook.py")).unwrap();
        let town = Town { house, shop, bills: Town::bills_of(name), redis, nats, bucket, api };
        town.fill();
        Some(town)
    }

    fn bills_of(name: &str) -> String {
        format!("{name}_{}", std::process::id())
    }

    fn map() -> String {
        let more = [example("HTTP", "yaml", 1), example("Plug-ins", "yaml", 0)];
        more.iter().fold(MAP.to_owned(), |map, more| map + more.strip_prefix("dataset:\n").unwrap())
    }

    /// Everything as it was in the beginning.
    fn fill(&self) {
        let alone = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();";
        self.shop.ask(0, &format!("{alone} DROP TABLE IF EXISTS purchase; DROP TABLE IF EXISTS customer; {SHOP}"));
        self.mariadb(&BILLS.replace("whole_bills", &self.bills));
        let _ = fs::remove_file(self.house.path("notes.db"));
        said(Command::new("sqlite3").arg(self.house.path("notes.db")), NOTES);
        self.redis.cli("FLUSHALL\nSET session:u7001:1 '{\"agent\":\"a\"}'\nSET session:u7001:2 '{\"agent\":\"b\"}'\nSET session:u8001:3 '{\"agent\":\"c\"}'\n");
        self.nats.python(
            "for stream in await js.streams_info(): await js.delete_stream(stream.config.name)
kv = await js.create_key_value(bucket='settings', history=5)
for theme in ('dark', 'light'):
  for key in ('u7001', 'u8001'): await kv.put(key, ('{\"theme\":\"' + theme + '\"}').encode())",
        );
        self.bucket.python(
            "for v in s3.list_object_versions(Bucket=B).get('Versions', []): s3.delete_object(Bucket=B, Key=v['Key'], VersionId=v['VersionId'])
for body in ('old', 'new'):
  for u in ('u7001', 'u8001'): put(f'avatars/{u}.png', f'{body} {u}')",
        );
        let entries: String =
            (0..40).map(|n| format!("{{\"customer\":\"u{}001\",\"act\":\"{n}\"}}\n", 7 + n % 2)).collect();
        self.house.write("logs/2026-01-01.jsonl", &entries);
        self.house.write("logs/2026-01-02.jsonl", entries);
        let people = r#"[{"no": 1, "name": "Ann", "mail": "Ann@Example.org", "phone": null}, {"no": 2, "name": "Bob", "mail": "bob@example.org", "phone": null}]"#;
        self.house.write("people.json", people);
        self.house.write("probity-map.yml", Town::map());
        said(Command::new("curl").args(["-sf", "-X", "POST", &format!("{}reset", self.api.url())]), "");
    }

    fn mariadb(&self, sql: &str) -> String {
        mariadb(&service("PROBITY_TEST_MARIADB_URL").unwrap(), sql)
    }

    /// A line for each row, begun with its store. Hers and nobody else's are about u7001, Ann, or person 7.
    fn dump(&self) -> Vec<String> {
        let bills = format!("SELECT * FROM {}.bill", self.bills);
        let people: Vec<Value> = serde_json::from_str(&self.house.read("people.json")).unwrap();
        let files = ["2026-01-01", "2026-01-02"].map(|day| self.house.read(&format!("logs/{day}.jsonl"))).concat();
        let parts: [(&str, Vec<String>); 9] = [
            ("shop", lines(&self.shop.ask(0, "SELECT c FROM customer c; SELECT p FROM purchase p;"))),
            ("bills", lines(&self.mariadb(&bills))),
            ("notes", lines(&said(Command::new("sqlite3").arg(self.house.path("notes.db")), "SELECT * FROM note;"))),
            ("cache", self.redis.dump()),
            ("events", self.nats.dump()),
            ("media", self.bucket.dump()),
            ("logs", lines(&files)),
            ("crm", self.api.dump()),
            ("phones", people.iter().map(ToString::to_string).collect()),
        ];
        let named = |(store, lines): &(&str, Vec<String>)| {
            lines.iter().map(|line| format!("{store}: {line}")).collect::<Vec<_>>()
        };
        parts.iter().flat_map(named).collect()
    }

    fn hers(line: &str) -> bool {
        ["u7001", "Ann", "\"id\": 7,", "\"person\": 7,"].iter().any(|word| line.contains(word))
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        self.mariadb(&format!("DROP DATABASE IF EXISTS {}", self.bills));
    }
}

/// 21 rows of PostgreSQL, 2 of MariaDB, 1 of SQLite, 2 keys, an object, 2 revisions, 40 lines, 3 rows of an API, 1 of a plug-in.
const ROWS: usize = 21 + 2 + 1 + 2 + 1 + 2 + 40 + 3 + 1;

/// The whole request; stores in the order of the map, those that know the person by name last.
#[test]
fn one_request_over_nine_stores() {
    let Some(town) = Town::build("whole_nine") else { return };
    let map = Town::map();
    let request = Request { house: &town.house, map: &map, rows: ROWS, dump: &|| town.dump(), hers: &Town::hers };
    request.mapped();
    request.handed_over("ann.zip");
    let plan = town.house.json(&["erase", ANN, "--dry-run"], 0);
    let order: Vec<&str> =
        plan["plan"]["stores"].as_array().unwrap().iter().map(|store| store["store"].as_str().unwrap()).collect();
    let at = |name: &str| order.iter().position(|store| *store == name).unwrap_or_else(|| panic!("{name}: {order:?}"));
    assert!(at("logs") < at("cache"), "erase_after: {order:?}");
    for store in ["bills", "notes", "cache", "events", "media", "logs"] {
        assert!(at(store) < at("shop"), "{store} is found by what shop knows: {order:?}");
    }
    let certificate = request.erased();
    assert_eq!(certificate["scope"].as_array().unwrap().len(), 9);
}

/// A store that is down: the export hands over the rest and says what is missing; nothing is erased anywhere.
#[test]
fn one_store_down_stops_an_erase_before_it_begins() {
    let Some(town) = Town::build("whole_down") else { return };
    let (house, settings) = (&town.house, town.house.read("probity.toml"));
    let (digest, before) = (digest(house, ANN), town.dump());
    let port = |url: &str| url.split(':').next_back().unwrap().trim_matches(|c: char| !c.is_ascii_digit()).to_owned();
    let cases = [
        ("shop", town.shop.url_of(0), "postgres://postgres@127.0.0.1:9/x".to_owned()),
        (
            "bills",
            format!("root@127.0.0.1:{}", port(&service("PROBITY_TEST_MARIADB_URL").unwrap())),
            "root@127.0.0.1:9".into(),
        ),
        ("notes", "sqlite:notes.db".into(), "sqlite:elsewhere.db".into()),
        ("cache", town.redis.url(), "redis://127.0.0.1:9/0".into()),
        ("events", town.nats.url(), "nats://127.0.0.1:9".into()),
        ("media", std::env::var("PROBITY_TEST_S3_URL").unwrap(), "http://127.0.0.1:9".into()),
        ("logs", "file:logs".into(), "file:elsewhere".into()),
        ("crm", town.api.url(), "http://127.0.0.1:9/".into()),
        ("phones", "python3 phonebook.py people.json".into(), "python3 nowhere.py".into()),
    ];
    for (store, up, down) in cases {
        assert!(settings.contains(&up), "{store}: {up}");
        house.write("probity.toml", settings.replace(&up, &down));
        let ran = house.run(&["erase", ANN, "--confirm", &digest]).expect(8);
        assert!(ran.stderr.contains(&format!("The store {store}")), "{store}: {ran:?}");
        house.run(&["erase", ANN, "--dry-run"]).expect(8);
        assert_eq!(town.dump(), before, "{store}");
        let file = format!("{store}.zip");
        let ran = house.run(&["export", ANN, "--output", &file, "--json"]).expect(5);
        let done: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(done["complete"], false, "{store}: {done}");
        assert!(done["gaps"].to_string().contains(store), "{store}: {done}");
        let data = exported(house, &file);
        let there = data.as_object().unwrap().iter().filter(|(_, rows)| !rows.as_array().unwrap().is_empty());
        let stores: std::collections::BTreeSet<&str> = there.map(|(name, _)| name.split(':').next().unwrap()).collect();
        assert!(!stores.contains(store) && rows_of(&data) > 0, "{store}: {stores:?}");
        // Without the shop nobody knows whose the rows of the others are.
        assert_eq!(stores.len(), if store == "shop" { 2 } else { 8 }, "{store} down: {stores:?}");
    }
    house.write("probity.toml", settings);
    house.run(&["erase", ANN, "--confirm", &digest]).expect(0);
}

/// How many stores the newest request has finished, by its journal; `None` before it has begun.
fn finished(house: &House, before: usize) -> Option<usize> {
    let mut folders: Vec<_> =
        fs::read_dir(house.path(".probity/requests")).ok()?.map(|it| it.unwrap().path()).collect();
    folders.sort();
    let journal = folders.get(before).and_then(|folder| fs::read_to_string(folder.join("journal.jsonl")).ok())?;
    journal.contains("\"intent\"").then(|| journal.matches("\"committed\"").count())
}

/// Killed with -9 when so many stores are done: what knows the person goes last, and a resumed run ends it.
#[test]
fn killed_between_stores_and_resumed() {
    let Some(town) = Town::build("whole_kill") else { return };
    let house = &town.house;
    let expect: Vec<String> = town.dump().into_iter().filter(|line| !Town::hers(line)).collect();
    let (mut resumed, mut between) = (0, 0);
    for (point, stores) in [0, 1, 2, 4, 6, 8].into_iter().enumerate() {
        town.fill();
        let digest = digest(house, ANN);
        let mut child = house.command(&["erase", ANN, "--confirm", &digest]);
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while child.try_wait().unwrap().is_none() && finished(house, point).is_none_or(|done| done < stores) {
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = child.kill();
        let killed = child.wait().unwrap().code().is_none();
        let left = town.dump();
        let has = |store: &str| left.iter().any(|line| line.starts_with(&format!("{store}: ")) && Town::hers(line));
        let first = ["bills", "notes", "cache", "events", "media", "logs"];
        assert!(has("shop") || !first.iter().any(|store| has(store)), "the last to go is who knows her: {left:?}");
        between += u32::from(killed && has("shop") && !first.iter().all(|store| has(store)));
        assert!(expect.iter().all(|line| left.contains(line)), "of others nothing is gone");
        let id = format!("req-{:04}", point + 1);
        house.run(&["erase", "--resume", &id]).expect(0);
        resumed += u32::from(killed);
        assert_eq!(town.dump(), expect, "killed when {stores} stores were done");
        let certificate = house.read(&format!(".probity/requests/{id}/certificate.json"));
        let certificate: Value = serde_json::from_str(&certificate).unwrap();
        let rows = certificate["done"].as_array().unwrap().iter();
        let rows: u64 = rows.map(|step| step["rows"].as_u64().unwrap() + step["already"].as_u64().unwrap()).sum();
        assert_eq!((&certificate["result"], rows), (&"complete".into(), ROWS as u64), "{certificate}");
    }
    assert!(resumed > 3 && between > 0, "{resumed} resumed, {between} between stores");
    house.run(&["audit", "verify"]).expect(0);
}
