//! A database with links that no catalog declares, and with the rare types of PostgreSQL: found by their values, handed over
//! without others, and emptied where rows of others refer to them.

use serde_json::Value;

use crate::databases::{Engine, server};
use crate::house::{House, fit_their_schemas};

const SCRIPT: &str = include_str!("../../fixtures/privacy/forum.sql");
const ANN: &str = "11111111-1111-4111-8111-111111111111";

/// The same as `$forum`, and gone with it.
struct Forum {
    engine: Engine,
    house: House,
}

impl Forum {
    fn new(name: &str) -> Option<Self> {
        let url = server("PROBITY_TEST_POSTGRES_URL")?;
        let engine = Engine::Postgres(url, format!("forum_{name}_{}", std::process::id()));
        engine.create();
        engine.ask(SCRIPT);
        let house = House::initialised();
        let text = house.read("probity.toml");
        house.write("probity.toml", format!("{text}\n[stores.forum]\nurl = \"{}\"\n", engine.url()));
        Some(Forum { engine, house })
    }
}

impl Drop for Forum {
    fn drop(&mut self) {
        self.engine.remove();
    }
}

/// UUIDs are references wherever they stand; what names the person in fields of which the map says nothing is told.
#[test]
fn links_are_told_by_their_values() {
    let Some(Forum { engine: _, house }) = &Forum::new("links") else { return };
    let scanned = house.json(&["map", "scan"], 0);
    let links = scanned["stores"][0]["undeclared"].as_array().unwrap();
    let by_value = links.iter().filter(|link| link["by_value"] == true);
    let mut told: Vec<String> =
        by_value.map(|link| format!("{} {}", link["from"].as_str().unwrap(), link["to"].as_str().unwrap())).collect();
    told.sort();
    let expect = [
        "audit.row_id",
        "dog.owner",
        "events.payload.actor.id",
        "likes.a",
        "likes.b",
        "logs.person",
        "profiles.settings.friends",
        "tickets.watchers",
    ];
    assert_eq!(told, expect.map(|from| format!("{from} people.id")));
    let map = house.read("probity-map.yml");
    assert_eq!(map.matches("# By its values a reference to people.id").count(), 8, "{map}");
    // Ann's friends and Bob's watchers make no row theirs.
    assert_eq!(map.matches("whom it names here, it is not theirs").count(), 2, "{map}");

    let plan = house.json(&["erase", "email=ann.berg@example.org", "--dry-run"], 0);
    let gaps = plan["plan"]["gaps"].as_array().unwrap().iter().filter(|gap| gap["kind"] == "unattributed");
    let mut told: Vec<String> = gaps.map(|gap| gap["collection"].as_str().unwrap().to_owned()).collect();
    told.sort();
    assert_eq!(told, ["Sales Data.Order Header", "audit", "events"], "{plan:#}");
    let refused = house.run(&["erase", "email=ann.berg@example.org", "--dry-run", "--strict"]).expect(4);
    assert!(refused.stderr.contains("plan-has-gaps"), "{}", refused.stderr);
}

/// What one text calls a telephone number, and whom one sentence names, goes out of every other field too.
#[test]
fn who_was_met_once_is_met_everywhere() {
    let Some(Forum { engine: _, house }) = &Forum::new("met") else { return };
    house.run(&["map", "scan"]).expect(0);
    house.run(&["export", "email=ann.berg@example.org", "--format", "json", "--output", "out.json"]).expect(0);
    let text = house.read("out.json");
    for of_others in ["Bob Carter", "0171 9999999", "bob@example.org"] {
        assert!(!text.contains(of_others), "{of_others}: {text}");
    }
    for own in ["my number is 0171 2345678", "12345678901234567890.123456789", "Nebenweg 7", "'ann' 'berg'", "Hi Ann"] {
        assert!(text.contains(own), "{own}: {text}");
    }
}

/// Columns of composite types, of arrays of them, ranges, bits, geometry and the like are emptied by one statement.
#[test]
fn rare_types_are_emptied() {
    let Some(Forum { engine, house }) = &Forum::new("types") else { return };
    house.run(&["map", "scan"]).expect(0);
    let plan = house.json(&["erase", "email=ann.berg@example.org", "--dry-run"], 0);
    let digest = plan["digest"].as_str().unwrap();
    // Bob's words about her stay, and are named.
    let done = house.run(&["erase", "email=ann.berg@example.org", "--confirm", digest, "--json"]).expect(1);
    let done: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(done["result"], "residual-found", "{done:#}");
    let ask = |sql: &str| engine.ask(sql);
    let row =
        "SELECT full_name, email LIKE 'erased-%', tel, home, others, big, bits, r, pt, ts, alt FROM people WHERE id = ";
    let left = r#"erased|t||(,,)|{"(,,)","(,,)"}||||||"#;
    assert_eq!(ask(&format!("{row} '{ANN}'")), left);
    assert_eq!(ask("SELECT count(*) FROM people WHERE email IN ('bob@example.org', 'cleo@example.net')"), "2");
    assert_eq!(ask(&format!("SELECT count(*) FROM mv_people WHERE id = '{ANN}' AND email LIKE 'erased-%'")), "1");
    assert_eq!(ask(&format!("SELECT count(*) FROM dog WHERE owner = '{ANN}'")), "0");
    assert_eq!(ask("SELECT count(*) FROM ONLY animal"), "1");
    assert_eq!(ask("SELECT string_agg(day::text, ' ') FROM logs"), "2026-05-05", "Bob's own line");
    let watchers = "SELECT array_length(watchers, 1) FROM tickets WHERE id = 2";
    assert_eq!(ask(watchers), "1", "Cleo still watches Bob's ticket");
}

const APP: &str = "
create table account (uid text primary key, mail text collate nocase unique);
create table post (id integer primary key, author text, title text);
create table dm (a text, b text, msg text);
create virtual table note using fts5 (body, uid unindexed);
create virtual table titles using fts5 (title, content='post', content_rowid='id');
insert into account values ('7c9e6679-7425-40de-944b-e07fc1f90ae7', 'kim@example.org'), ('9f1c6679-7425-40de-944b-e07fc1f90ae7', 'lee@example.org');
insert into post values (1, '7c9e6679-7425-40de-944b-e07fc1f90ae7', 'Zanzibar'), (2, '9f1c6679-7425-40de-944b-e07fc1f90ae7', 'Oslo');
insert into dm values ('7c9e6679-7425-40de-944b-e07fc1f90ae7', '9f1c6679-7425-40de-944b-e07fc1f90ae7', 'hey');
insert into note values ('quinquagesima', '7c9e6679-7425-40de-944b-e07fc1f90ae7'), ('septuagesima', '9f1c6679-7425-40de-944b-e07fc1f90ae7');
insert into titles (titles) values ('rebuild');
";

/// A scan alone, and nothing written by hand: who is in one store is found in the files and folders of another, and the words
/// of deleted rows are in no index of words any more.
#[test]
fn a_scan_alone_finds_a_person_across_stores() {
    if !crate::house::judge("sqlite3") {
        return;
    }
    let (kim, lee) = ("7c9e6679-7425-40de-944b-e07fc1f90ae7", "9f1c6679-7425-40de-944b-e07fc1f90ae7");
    let house = House::initialised();
    house.write("app.sql", APP);
    house.shell("sqlite3 app.db < app.sql").expect(0);
    house.write("files/users.jsonl", format!("{{\"id\":\"{kim}\",\"n\":1}}\n{{\"id\":\"{lee}\",\"n\":2}}\n"));
    house.write("files/paid.csv", format!("who;what\n{kim};1\n{lee};2\n"));
    house.write("files/photos.json", format!("[{{\"of\":\"{kim}\"}},{{\"of\":\"{lee}\"}}]"));
    house.write(&format!("files/faces/{kim}.png"), "kim");
    house.write(&format!("files/faces/{lee}.png"), "lee");
    let text = house.read("probity.toml");
    house.write(
        "probity.toml",
        format!("{text}\n[stores.app]\nurl = \"sqlite:app.db\"\n[stores.files]\nurl = \"file:files\"\n"),
    );
    house.run(&["map", "scan"]).expect(0);
    house.run(&["export", "email=kim@example.org", "--output", "kim.zip"]).expect(0);
    house.shell("unzip -q kim.zip -d kim && cd kim && sha256sum --quiet -c SHA256SUMS").expect(0);
    let face = format!("data/files/faces_name_png/{kim}.png");
    assert_eq!(house.read(&format!("kim/{face}")), "kim", "the file itself is handed over");
    assert!(house.read("kim/index.html").contains(&format!("href=\"{face}\"")));
    let manifest: Value = serde_json::from_str(&house.read("kim/manifest.json")).unwrap();
    let file = manifest["files"].as_array().unwrap().iter().find(|file| file["path"] == *face).unwrap();
    assert_eq!(file["of_row"], serde_json::json!({"collection": "files:faces/name_png", "row": 1}));
    fit_their_schemas(std::slice::from_ref(&manifest));
    let ran = house.run(&["export", "email=kim@example.org", "--format", "json", "--output", "kim.json"]).expect(0);
    assert!(ran.stdout.contains("1 file is named only"), "{ran:?}");
    let plan = house.json(&["erase", "email=kim@example.org", "--dry-run"], 0);
    let done = house.run(&["erase", "email=kim@example.org", "--confirm", plan["digest"].as_str().unwrap(), "--json"]);
    let done: Value = serde_json::from_str(&done.expect(0).stdout).unwrap();
    assert_eq!(done["result"], "complete", "{done:#}");
    assert_eq!(house.read("files/users.jsonl"), format!("{{\"id\":\"{lee}\",\"n\":2}}\n"));
    assert_eq!(house.read("files/paid.csv"), format!("who;what\n{lee};2\n"));
    assert_eq!(house.read("files/photos.json"), format!("[{{\"of\":\"{lee}\"}}]"));
    assert!(!house.path(&format!("files/faces/{kim}.png")).exists());
    assert_eq!(house.read(&format!("files/faces/{lee}.png")), "lee");
    let file = std::fs::read(house.path("app.db")).unwrap();
    let holds = |word: &str| file.windows(word.len()).any(|bytes| bytes == word.as_bytes());
    for gone in [kim, "kim@example.org", "anzibar", "uinquagesima"] {
        assert!(!holds(gone), "{gone} is in the file");
    }
    for stays in [lee, "lee@example.org", "eptuagesima", "hey"] {
        assert!(holds(stays), "{stays} is gone");
    }
}

/// A foreign key over two columns is followed as one: whoever shares a country with the person is nobody of theirs.
#[test]
fn a_reference_over_two_columns_is_one() {
    if !crate::house::judge("sqlite3") {
        return;
    }
    let house = House::initialised();
    let engine = Engine::Sqlite(house.path("app.db"));
    engine.ask(
        "create table client (id integer primary key, email text unique, country text not null, code integer not null, unique (country, code));
         create table item (id integer primary key, country text, code integer, what text, foreign key (country, code) references client (country, code));
         insert into client values (1, 'eve@example.org', 'DE', 1), (2, 'max@example.org', 'DE', 2), (3, 'kim@example.org', 'FR', 1);
         insert into item values (1, 'DE', 1, 'of eve'), (2, 'DE', 2, 'of max'), (3, 'FR', 1, 'of kim'), (4, 'DE', null, 'of nobody');",
    );
    let text = house.read("probity.toml");
    house.write("probity.toml", format!("{text}\n[stores.app]\nurl = \"sqlite:app.db\"\n"));
    house.run(&["map", "scan"]).expect(0);
    house.run(&["export", "email=eve@example.org", "--format", "json", "--output", "out.json"]).expect(0);
    let data: Value = serde_json::from_str(&house.read("out.json")).unwrap();
    assert_eq!(data["data"]["app:item"].as_array().unwrap().len(), 1, "{data:#}");
    let plan = house.json(&["erase", "email=eve@example.org", "--dry-run"], 0);
    house.run(&["erase", "email=eve@example.org", "--confirm", plan["digest"].as_str().unwrap()]).expect(0);
    assert_eq!(
        engine.ask("select id, country, code, what from item order by id"),
        "2|DE|2|of max\n3|FR|1|of kim\n4|DE||of nobody"
    );
    assert_eq!(engine.ask("select count(*) from client"), "2");
}

const OFFICE: &str = "
create table tenants(id text primary key, name text);
create table users(id text primary key, tenant_id text, email text unique, full_name text);
create table docs(id text primary key, tenant_id text, created_by text, owner text, title text);
create table comments(id text primary key, doc_id text, user_id text, approved_by text, body text);
create table sheets(id text primary key, tenant_id text, created_by text, title text);
insert into tenants values('10000000-aaaa-4aaa-8aaa-000000000001','ACME'),('10000000-aaaa-4aaa-8aaa-000000000002','Umbrella');
insert into users values('20000000-bbbb-4aaa-8aaa-000000000001','10000000-aaaa-4aaa-8aaa-000000000001','ann@example.org','Ann Berg'),('20000000-bbbb-4aaa-8aaa-000000000002','10000000-aaaa-4aaa-8aaa-000000000001','bob@example.org','Bob Carter');
insert into docs values('30000000-cccc-4aaa-8aaa-000000000001','10000000-aaaa-4aaa-8aaa-000000000001','20000000-bbbb-4aaa-8aaa-000000000001','20000000-bbbb-4aaa-8aaa-000000000002','by ann for bob'),('30000000-cccc-4aaa-8aaa-000000000002','10000000-aaaa-4aaa-8aaa-000000000001','20000000-bbbb-4aaa-8aaa-000000000002','20000000-bbbb-4aaa-8aaa-000000000001','by bob for ann');
insert into comments values('40000000-dddd-4aaa-8aaa-000000000001','30000000-cccc-4aaa-8aaa-000000000001','20000000-bbbb-4aaa-8aaa-000000000001','20000000-bbbb-4aaa-8aaa-000000000002','ann on bobs doc'),('40000000-dddd-4aaa-8aaa-000000000002','30000000-cccc-4aaa-8aaa-000000000002','20000000-bbbb-4aaa-8aaa-000000000002','20000000-bbbb-4aaa-8aaa-000000000001','bob on anns doc');
insert into sheets values('50000000-eeee-4aaa-8aaa-000000000001','10000000-aaaa-4aaa-8aaa-000000000001','20000000-bbbb-4aaa-8aaa-000000000001','sheet by ann');
";

/// Who entered or approved a row does not own it, where another column says whose it is; tenants are nobody.
#[test]
fn who_entered_a_row_does_not_own_it() {
    if !crate::house::judge("sqlite3") {
        return;
    }
    let house = House::initialised();
    let engine = Engine::Sqlite(house.path("app.db"));
    engine.ask(OFFICE);
    let text = house.read("probity.toml");
    house.write("probity.toml", format!("{text}\n[stores.app]\nurl = \"sqlite:app.db\"\n"));
    house.run(&["map", "scan"]).expect(0);
    let plan = house.json(&["erase", "email=ann@example.org", "--dry-run"], 0);
    house.run(&["erase", "email=ann@example.org", "--confirm", plan["digest"].as_str().unwrap()]).expect(0);
    assert_eq!(engine.ask("select title, created_by is null from docs"), "by ann for bob|1");
    assert_eq!(engine.ask("select body, approved_by is null from comments"), "bob on anns doc|1");
    assert_eq!(engine.ask("select count(*) from sheets"), "0", "nothing else says whose it is");
    assert_eq!(engine.ask("select count(*) from tenants"), "2");
}
