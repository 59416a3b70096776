//! One request for each kind of store.

use std::fs;
use std::process::Command;

use super::super::house::{House, judge, python, repository};
use super::judges::{Api, Bucket, Databases, Nats, Redis, lines, mariadb, said, service};
use super::{ANN, Request, digest, example, project};

const TABLES: &str = "CREATE TABLE customer (id int PRIMARY KEY, mail varchar(60) NOT NULL UNIQUE, name varchar(60));
CREATE TABLE purchase (id int PRIMARY KEY, customer int NOT NULL REFERENCES customer (id), what varchar(60));
INSERT INTO customer VALUES (1, 'Ann@Example.org', 'Ann'), (2, 'bob@example.org', 'Bob');
INSERT INTO purchase VALUES (10, 1, 'lamp of Ann'), (11, 2, 'lamp of Bob'), (12, 1, 'chair of Ann');";
const ROWS: &str = "SELECT id, mail, name FROM customer; SELECT id, customer, what FROM purchase;";

fn database(house: &House, dump: &dyn Fn() -> Vec<String>) {
    let map = example("Databases", "yaml", 0);
    let hers = |line: &str| line.contains("Ann");
    Request { house, map: &map, rows: 3, dump, hers: &hers }.whole();
}

/// Tables of PostgreSQL.
#[test]
fn postgresql() {
    let Some(databases) = Databases::make(&["whole_tables"], TABLES) else { return };
    let settings = example("Databases", "toml", 0);
    let house = project(&settings.replace("postgres://probity@localhost:5432/shop", &databases.url_of(0)));
    database(&house, &|| lines(&databases.ask(0, ROWS)));
}

/// Tables of MariaDB.
#[test]
fn mariadb_tables() {
    let Some(url) = service("PROBITY_TEST_MARIADB_URL") else { return };
    let name = format!("whole_tables_{}", std::process::id());
    mariadb(&url, &format!("CREATE DATABASE {name}; USE {name}; {TABLES}"));
    let settings = example("Databases", "toml", 1);
    let house = project(&settings.replace("mysql://probity@localhost:3306/shop", &format!("{url}{name}")));
    database(&house, &|| lines(&mariadb(&url, &format!("USE {name}; {ROWS}"))));
    mariadb(&url, &format!("DROP DATABASE {name}"));
}

/// Tables of SQLite.
#[test]
fn sqlite() {
    if !judge("sqlite3") {
        return;
    }
    let house = project(&example("Databases", "toml", 2));
    let ask = |sql: &str| said(Command::new("sqlite3").arg(house.path("shop.db")), sql);
    ask(TABLES);
    database(&house, &|| lines(&ask(ROWS)));
}

/// Every type of key: hashes, strings with a time to live, fields, sets, sorted sets, lists, streams.
#[test]
fn redis() {
    let Some(redis) = Redis::start() else { return };
    for (id, name) in [("7001", "Ann"), ("8001", "Bob")] {
        let mail = format!("{name}@example.org").to_lowercase();
        redis.cli(&format!(
            "HSET user:u{id} mail {mail} name {name}\n\
             SET session:u{id}:4f2a{id} '{{\"agent\":\"curl of {name}\"}}' EX 9000\n\
             HSET carts u{id} '{{\"items\":[\"lamp of {name}\"]}}'\n\
             SADD newsletter {mail}\n\
             ZADD ranking 1.5 u{id}\n\
             RPUSH outbox '{{\"to\": \"{mail}\", \"text\":\"hello {name}\"}}'\n\
             XADD visits:oslo {id}-1 user u{id} page /lamps\n"
        ));
    }
    let house = project(&example("Redis", "toml", 0).replace("redis://localhost:6379/0", &redis.url()));
    let map = example("Redis", "yaml", 0);
    let hers = |line: &str| line.contains("7001") || line.contains("ann@");
    let request = Request { house: &house, map: &map, rows: 7, dump: &|| redis.dump(), hers: &hers };
    let certificate = request.whole();
    assert!(certificate["remains_physically"].to_string().contains("memory"), "{certificate}");
}

/// What a scan proposes for names without a map can be edited and holds: names of fields that are people's are no columns.
#[test]
fn a_scan_says_what_names_a_store_has() {
    let Some(redis) = Redis::start() else { return };
    redis.cli(
        "HSET user:u7001 mail ann@example.org\nHSET carts u7001 '{\"n\":1}' u8001 '{\"n\":2}' u9001 '{\"n\":3}'\n",
    );
    let house = project(&example("Redis", "toml", 0).replace("redis://localhost:6379/0", &redis.url()));
    house.run(&["map", "scan"]).expect(0);
    let map = house.read("probity-map.yml");
    assert!(!map.contains("u8001") && !map.contains("ttl_ms"), "{map}");
    // Somebody gives it the names and the links that only people know.
    let edited = map
        .replace("{part2}", "{id}")
        .replace("name: user_part2", "name: user")
        .replace("- name: part2", "- name: id")
        .replace("fides_meta: {data_type: string}", "fides_meta: {identity: email, data_type: string}");
    house.write("probity-map.yml", edited);
    house.run(&["map", "check"]);
    let plan = house.json(&["erase", ANN, "--dry-run"], 0);
    assert_eq!(plan["plan"]["steps"][0]["collection"], "user", "{plan}");
}

/// Rows of JSON Lines, CSV, JSON and Parquet, and whole files: bytes of others stay.
#[test]
fn files() {
    let Some(python) = python() else { return };
    let house = project(&example("Files", "toml", 0));
    for day in ["2026-01-01", "2026-01-02"] {
        let text = "{\"id\":\"u7001\",\"mail\":\"Ann@Example.org\",\"name\":\"Ann\"}\n{\"id\": \"u8001\", \"mail\":\"bob@example.org\"}\r\n";
        house.write(&format!("archive/exports/{day}/customers.jsonl"), text);
    }
    house.write("archive/orders.csv", "no;customer;city\n1;u7001;Oslo\n2;\"u8001\";Rom\n3;u7001;\"Os;lo\"\n");
    let settings = "{\"version\": 2, \"data\": {\"users\": [\n {\"user\":\"u7001\",\"theme\":\"dark\"},\n {\"user\": \"u8001\", \"theme\":\"light\"}\n]}}\n";
    house.write("archive/settings.json", settings);
    house.write("archive/avatars/u7001.png", b"\x89PNG seven");
    house.write("archive/avatars/u8001.png", b"\x89PNG eight");
    fs::create_dir(house.path("archive/visits")).unwrap();
    let parquet = house.path("archive/visits/2026-01.parquet");
    let pyarrow = |script: &str| {
        let script = format!("import sys, pyarrow as pa, pyarrow.parquet as pq\n{script}");
        said(Command::new(&python).arg("-").arg(&parquet), &script)
    };
    pyarrow(
        "pq.write_table(pa.table({'no': pa.array([1, 2, 3], pa.int64()), 'customer': ['u7001', 'u8001', 'u7001'], 'page': ['/a', '/b', '/c']}), sys.argv[1])",
    );
    let dump = || {
        let mut all = lines(&pyarrow("for row in pq.read_table(sys.argv[1]).to_pylist(): print(row)"));
        for (path, (mode, bytes)) in house.tree("archive") {
            let name = path.display().to_string();
            if path.is_file() && path != parquet {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                all.extend(text.split_inclusive('\n').map(|line| format!("{name} {mode:o} {line:?}")));
            }
        }
        all
    };
    let map = example("Files", "yaml", 0);
    let hers = |line: &str| line.contains("u7001");
    let request = Request { house: &house, map: &map, rows: 8, dump: &dump, hers: &hers };
    // The separator behind the last entry of a list goes with it, all other bytes of the document stay.
    request.whole();
    let left = "{\"version\": 2, \"data\": {\"users\": [\n {\"user\": \"u8001\", \"theme\":\"light\"}\n]}}\n";
    assert_eq!(house.read("archive/settings.json"), left);
}

fn fill(bucket: &Bucket) {
    bucket.python(
        r#"
for mail in ('annie@old.example', 'ann@example.org'):
  put('exports/2026-01-01/people.jsonl', '{"id":"u7001","mail":"' + mail + '"}\n')
put('exports/2026-01-02/people.jsonl', '{"id": "u8001", "mail":"bob@example.org"}\n')
for body in ('old', 'new'):
  for u in ('u7001', 'u8001'): put(f'avatars/{u}.png', f'{body} {u}')
s3.delete_object(Bucket=B, Key='crm/avatars/u7001.png')
s3.put_object(Bucket=B, Key='other/u8001', Body=b'not of this store')"#,
    );
}

pub(super) fn media(bucket: &Bucket) -> House {
    let house = project(&bucket.settings());
    house.write("media.secret", "testing\n");
    house
}

/// Every version goes, also one in which she had another address, and delete markers go.
#[test]
fn objects_with_versions() {
    let Some(bucket) = Bucket::make("whole", false) else { return };
    fill(&bucket);
    let (house, map) = (media(&bucket), example("S3", "yaml", 0));
    let hers = |line: &str| line.contains("u7001");
    Request { house: &house, map: &map, rows: 2, dump: &|| bucket.dump(), hers: &hers }.whole();
}

/// What is locked is not called erased: before anything is deleted, exit 4; after the lock is gone, the same request ends.
#[test]
fn locked_objects() {
    let Some(bucket) = Bucket::make("locked", true) else { return };
    fill(&bucket);
    let hold = |status: &str| {
        bucket.python(&format!(
            "for v in s3.list_object_versions(Bucket=B, Prefix='crm/avatars/u7001')['Versions']:
  s3.put_object_legal_hold(Bucket=B, Key=v['Key'], VersionId=v['VersionId'], LegalHold={{'Status': '{status}'}})"
        ))
    };
    hold("ON");
    let (house, before) = (media(&bucket), bucket.dump());
    house.write("probity-map.yml", example("S3", "yaml", 0));
    let digest = digest(&house, ANN);
    let ran = house.run(&["erase", ANN, "--confirm", &digest]).expect(4).code("object-locked");
    assert!(ran.stderr.contains("legal hold"), "{ran:?}");
    assert_eq!(bucket.dump(), before);
    hold("OFF");
    house.run(&["erase", ANN, "--confirm", &digest]).expect(0);
    assert!(!bucket.dump().iter().any(|line| line.contains("u7001")));
}

/// Messages of a stream, and keys of a bucket with all of their revisions.
#[test]
fn nats() {
    let Some(nats) = Nats::start() else { return };
    nats.python(
        r#"
await js.add_stream(name='ORDERS', subjects=['orders.>'])
kv = await js.create_key_value(bucket='profiles', history=5)
for key, mail in (('u7001', 'annie@old.example'), ('u8001', 'bob@example.org'), ('u7001', 'ann@example.org')):
  await kv.put(key, ('{"mail":"' + mail + '"}').encode())
for key in ('u7001', 'u8001'):
  for act in ('new', 'paid'): await js.publish(f'orders.{key}.{act}', b'{"city":"Oslo"}')"#,
    );
    let house = project(&example("NATS", "toml", 0).replace("nats://localhost:4222", &nats.url()));
    let map = example("NATS", "yaml", 0);
    let hers = |line: &str| line.contains("u7001");
    let request = Request { house: &house, map: &map, rows: 3, dump: &|| nats.dump(), hers: &hers };
    let certificate = request.whole();
    assert!(certificate["remains_physically"].to_string().contains("block files"), "{certificate}");
}

/// An API that is described in YAML. What it does not list is told as not covered.
#[test]
fn http() {
    if !judge("curl") {
        return;
    }
    let api = Api::start();
    let house = project(&example("HTTP", "toml", 0).replace("https://crm.example.org/", &api.url()));
    house.write("crm.token", "s3cret\n");
    house.write("crm-api.yaml", example("HTTP", "yaml", 0));
    let map = example("HTTP", "yaml", 1);
    let hers = |line: &str| line.contains("\"id\": 7,") || line.contains("\"person\": 7,");
    let request = Request { house: &house, map: &map, rows: 3, dump: &|| api.dump(), hers: &hers };
    let certificate = request.whole();
    assert!(certificate["gaps"].to_string().contains("only what its lists show"), "{certificate}");
}

/// A plug-in that is a program of its own.
#[test]
fn plug_in() {
    let house = project(&example("Plug-ins", "toml", 0));
    fs::copy(repository("fixtures/exec/phonebook.py"), house.path("phonebook.py")).unwrap();
    house.write(
        "people.json",
        r#"[{"no": 1, "name": "Ann", "mail": "Ann@Example.org", "phone": "+49 30 1234"}, {"no": 2, "name": "Bob", "mail": "bob@example.org", "phone": null}]"#,
    );
    let dump = || {
        let people: Vec<serde_json::Value> = serde_json::from_str(&house.read("people.json")).unwrap();
        people.iter().map(ToString::to_string).collect()
    };
    let map = example("Plug-ins", "yaml", 0);
    let request = Request { house: &house, map: &map, rows: 1, dump: &dump, hers: &|line| line.contains("Ann") };
    request.whole();
}
