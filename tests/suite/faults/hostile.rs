//! Bad input: passwords, stores, maps; statements hidden in identities, in names of tables, columns and keys; pages hidden in
//! values. A clear error, or no match; nothing is executed.

use std::fs;

use serde_json::Value;

use super::cache::Server;
use super::{ANN, KINDS, Scene, database, judge};
use crate::browser;
use crate::databases::Engine;
use crate::house::House;

/// What people try.
const TRIED: [&str; 10] = [
    "x' OR '1'='1",
    "x'; DROP TABLE person; --",
    "x\"; DROP TABLE person; --",
    "x`; DROP TABLE person; -- ",
    "x\\'; DELETE FROM person; #",
    "x') OR 1=1 --",
    "x%' OR mail LIKE '%",
    "*",
    "x\n; DROP TABLE person;",
    "${jndi:x}{{7*7}}$(touch owned)`touch owned`",
];

/// Statements in identities are texts like any other: they find nobody, and change nothing.
#[test]
fn statements_in_identities() {
    for kind in KINDS {
        let Some(scene) = Scene::of(kind, "identities", 2) else { continue };
        let map = scene.house.read("probity-map.yml").replace("{identity: email}", "{identity: login}");
        scene.house.write("probity-map.yml", map);
        let dump = || scene.shop.ask("SELECT * FROM person ORDER BY id; SELECT * FROM parcel ORDER BY id;");
        let before = dump();
        for text in TRIED {
            let subject = format!("login={text}");
            // A line end is no part of an identity.
            let (exit, code) = if text.contains('\n') { (2, "bad-subject") } else { (3, "no-match") };
            scene.house.run(&["erase", &subject, "--dry-run"]).expect(exit).code(code);
            scene.house.run(&["export", &subject, "--output", "out.zip"]).expect(exit).code(code);
        }
        assert_eq!(dump(), before);
        assert!(!scene.house.path("owned").exists() && !scene.house.path("out.zip").exists());
        // One who is really called so is found, and goes alone.
        let name = "x'; DROP TABLE person; --";
        scene.shop.ask(&format!("INSERT INTO person VALUES (77, '{}', 'Bobby', NULL);", name.replace('\'', "''")));
        let subject = format!("login={name}");
        let digest = scene.house.json(&["erase", &subject, "--dry-run"], 0)["digest"].as_str().unwrap().to_owned();
        let told = scene.house.json(&["erase", &subject, "--confirm", &digest], 0);
        assert_eq!(told["counts"]["deleted"], 1, "{told}");
        assert_eq!(dump(), before);
        scene.house.run(&["audit", "verify"]).expect(0);
    }
}

/// Names as nobody should give them: quotes of every kind, statements, comments, line breaks.
const TABLE: &str = "per'son\"; DROP\nTABLE other; --`x";
const COLUMN: &str = "ma'il\"); DELETE\nFROM other; /*`x";

/// Tables and columns with such names are mapped, exported, erased; what stands beside them is as it was.
#[test]
fn statements_in_names_of_tables_and_columns() {
    for kind in KINDS {
        let house = House::initialised();
        let Some(engine) = database(&house, kind, "names") else { continue };
        let quote = |name: &str| match &engine {
            Engine::MariaDb(..) => format!("`{}`", name.replace('`', "``")),
            _ => format!("\"{}\"", name.replace('"', "\"\"")),
        };
        let (table, column, child) = (quote(TABLE), quote(COLUMN), quote(&format!("{TABLE} 2")));
        let file = house.path("names.sql");
        fs::write(
            &file,
            format!(
                "CREATE TABLE other(id INT PRIMARY KEY, text VARCHAR(60)); INSERT INTO other VALUES (1, 'stays');
                 CREATE TABLE {table}(id INT PRIMARY KEY, {column} VARCHAR(60));
                 CREATE TABLE {child}({column} INT PRIMARY KEY, {table} INT, FOREIGN KEY ({table}) REFERENCES {table}(id));
                 INSERT INTO {table} VALUES (1, 'ann@example.org'), (2, 'bob@example.org');
                 INSERT INTO {child} VALUES (10, 1), (20, 2);"
            ),
        )
        .unwrap();
        let name = engine.url().rsplit('/').next().unwrap().to_owned();
        let ran = engine.program(&name).stdin(fs::File::open(&file).unwrap()).status().unwrap();
        assert!(ran.success());
        house.write(
            "probity.toml",
            format!("{}\n[stores.shop]\nurl = \"{}\"\n", house.read("probity.toml"), engine.url()),
        );
        house.run(&["map", "scan"]).expect(0);
        // A proposal is not a decision: somebody says that the address names whom the row is about.
        let map = house.read("probity-map.yml");
        let (before, after) = map.split_once("user.contact.email").unwrap();
        let after = after.replacen("length: 60}", "length: 60, identity: email}", 1);
        house.write("probity-map.yml", format!("{before}user.contact.email{after}"));
        house.run(&["map", "check"]).expect(0);
        house.run(&["map", "graph", "--output", "graph.html"]).expect(0);
        house.run(&["export", ANN, "--output", "ann.zip"]).expect(0);
        let names = house.shell("unzip -Z1 ann.zip").expect(0).stdout;
        assert!(
            names
                .lines()
                .all(|name| !name.contains("..") && !name.starts_with('/') && !name.contains(['"', '\'', '`'])),
            "{names}"
        );
        let plan = house.json(&["erase", ANN, "--dry-run"], 0);
        let told = house.json(&["erase", ANN, "--confirm", plan["digest"].as_str().unwrap()], 0);
        assert_eq!((&told["result"], &told["counts"]["deleted"]), (&"complete".into(), &2.into()), "{kind}: {told}");
        let query = house.path("query.sql");
        fs::write(&query, format!("SELECT id FROM {table}; SELECT {column} FROM {child}; SELECT text FROM other;"))
            .unwrap();
        let left = engine.program(&name).stdin(fs::File::open(&query).unwrap()).output().unwrap();
        assert_eq!(
            String::from_utf8_lossy(&left.stdout).split_whitespace().collect::<Vec<_>>(),
            ["2", "20", "stays"],
            "{kind}"
        );
        house.run(&["audit", "verify"]).expect(0);
        engine.remove();
    }
}

/// Names of a map that no store has are no names for a statement; a NUL is no part of one.
#[test]
fn names_that_only_the_map_has() {
    for kind in KINDS {
        let Some(scene) = Scene::of(kind, "mapped", 2) else { continue };
        let map = scene.house.read("probity-map.yml");
        for wrong in
            ["person; DROP TABLE parcel", "\"person\\\"; DROP TABLE parcel; --\"", "\"per\\0son\"", "\"person\\n\""]
        {
            scene.house.write("probity-map.yml", map.replacen("name: person\n", &format!("name: {wrong}\n"), 1));
            let ran = scene.house.run(&["erase", ANN, "--dry-run"]);
            assert!([2, 3, 7].contains(&ran.exit), "{kind}: {wrong}: {ran:?}");
            let ran = scene.house.run(&["map", "check"]);
            assert!([1, 7].contains(&ran.exit), "{kind}: {wrong}: {ran:?}");
        }
        scene.house.write("probity-map.yml", map.replace("name: mail,", "name: \"mail' OR ''='\","));
        scene.house.run(&["erase", ANN, "--dry-run"]).expect(8).code("unknown-field");
        assert_eq!((scene.left(), scene.others_now()), (scene.anns, scene.others.clone()));
    }
}

/// Values that lead from one store to the next may hold anything: a NUL is no value of a text of PostgreSQL, and no end of
/// a statement.
#[test]
fn values_that_lead_from_store_to_store() {
    let Some(scene) = Scene::mixed(["sqlite", "postgres"], "values", 2) else { return };
    scene.sales.ask("ALTER TABLE orders ALTER person TYPE text; INSERT INTO orders VALUES (90, 'a', 'other'), (91, 'a''; DROP TABLE orders; --', 'hers');");
    scene.shop.ask("DROP TABLE parcel; DROP TABLE person; CREATE TABLE person(id TEXT PRIMARY KEY, mail TEXT, name TEXT);
        INSERT INTO person VALUES ('a' || char(0) || 'b', 'nul@example.org', 'Nul'), ('a''; DROP TABLE orders; --', 'sql@example.org', 'Sql');");
    let erase = |who: &str| {
        let plan = scene.house.json(&["erase", who, "--dry-run"], 0);
        scene.house.json(&["erase", who, "--confirm", plan["digest"].as_str().unwrap()], 0)
    };
    assert_eq!(erase("email=sql@example.org")["counts"]["deleted"], 2);
    assert_eq!(erase("email=nul@example.org")["counts"]["deleted"], 1);
    assert_eq!(scene.shop.ask("SELECT count(*) FROM person;"), "0");
    assert_eq!(scene.sales.ask("SELECT what FROM orders WHERE id >= 90;"), "other");
}

/// Patterns and commands in what Redis is asked for: keys are what they are.
#[test]
fn patterns_in_keys() {
    let Some(server) = Server::start() else { return };
    let house = House::initialised();
    let map = "dataset:
- fides_key: cache
  collections:
  - name: session
    meta: {probity: {keys: 'session:{login}', format: hash}}
    fields:
    - {name: login, data_categories: [user.account.username], fides_meta: {identity: login}}
";
    house.write("probity-map.yml", map);
    house
        .write("probity.toml", format!("{}\n[stores.cache]\nurl = \"{}\"\n", house.read("probity.toml"), server.url()));
    for name in ["ann", "bob", "*", "[ab]*", "a?n"] {
        server.say(&format!("HSET session:{name} note of-{name}"));
    }
    for login in ["?nn", "an*", "*b", "[abc]nn", "{ann}", "ann note", "x\r\nFLUSHALL\r\n", "x\nDEL session:ann"] {
        let (exit, code) = if login.contains('\n') { (2, "bad-subject") } else { (3, "no-match") };
        house.run(&["erase", &format!("login={login}"), "--dry-run"]).expect(exit).code(code);
    }
    assert_eq!(server.say("DBSIZE"), "5");
    for (login, left) in [("*", 4), ("[ab]*", 3), ("a?n", 2)] {
        let subject = format!("login={login}");
        let plan = house.json(&["erase", &subject, "--dry-run"], 0);
        let ran = house.run(&["erase", &subject, "--confirm", plan["digest"].as_str().unwrap()]);
        assert!([0, 1].contains(&ran.exit), "{login}: {ran:?}");
        assert_eq!(server.say("DBSIZE"), left.to_string(), "{login}");
    }
    assert_eq!(
        (server.say("HGET session:ann note"), server.say("HGET session:bob note")),
        ("of-ann".into(), "of-bob".into())
    );
}

/// Wrong password, unknown store, unknown words, a map that is none: what is wrong is said, and where; nothing is opened or
/// changed, and no secret is repeated.
#[test]
fn settings_and_maps_that_are_wrong() {
    for kind in ["postgres", "mariadb"] {
        let Some(scene) = Scene::of(kind, "settings", 2) else { continue };
        let digest = scene.digest();
        let root = if kind == "postgres" { "//postgres@" } else { "//root@" };
        scene.house.write("secret", "not this one\n");
        scene.settings(
            &scene.shop.url().replacen(root, "//guarded@", 1),
            &scene.sales.url(),
            "password_file = \"secret\"",
        );
        let ran = scene.house.run(&["erase", ANN, "--confirm", &digest]).expect(8).code("store-login-refused");
        assert!(!ran.stderr.contains("not this one"), "{ran:?}");
        scene.settings(&scene.shop.url().replace("shop", "nowhere"), &scene.sales.url(), "");
        let ran = scene.house.run(&["erase", ANN, "--confirm", &digest]).expect(8);
        assert!(ran.stderr.contains("The store shop"), "{ran:?}");
        scene.settings(&scene.shop.url(), &scene.sales.url(), "");
        scene.house.run(&["erase", "replay", "shopp"]).expect(2).code("unknown-store");
        let map = scene.house.read("probity-map.yml");
        for (bad, exit) in [
            ("dataset: [", 7),
            ("dataset: 7", 7),
            (&map.replace("dataset: shop, field: person.id", "dataset: shop, field: [1]") as &str, 7),
            (&map.replace("name: parcel", "name: person"), 7),
            (&map.replace("identity: email", "identity: email, data_type: wrong"), 7),
            (&"[".repeat(5_000), 7),
        ] {
            scene.house.write("probity-map.yml", bad);
            let ran = scene.house.run(&["erase", ANN, "--confirm", &digest]).expect(exit);
            assert!(ran.stderr.contains("probity-map.yml"), "{bad:.40}: {ran:?}");
        }
        assert_eq!((scene.left(), scene.others_now()), (scene.anns, scene.others.clone()));
    }
}

/// Values that would be pages: a browser shows them as text, and runs none of it.
#[test]
fn pages_in_values() {
    let Some(scene) = Scene::of("sqlite", "pages", 1) else { return };
    if !judge("chromium") {
        return;
    }
    let run = "document.documentElement.setAttribute(\"data-owned\",1)";
    for (n, text) in [
        format!("<script>{run}</script>"),
        format!("</td></table><img src=x onerror='{run}'>"),
        format!("\"><svg onload='{run}'>"),
        format!("' onmouseover='{run}' autofocus onfocus='{run}' x='"),
        format!("<a href=\"javascript:{run}\">here</a><meta http-equiv=refresh content=\"0;url=javascript:{run}\">"),
        format!(
            "</title><style>@import 'http://127.0.0.1:1/x'</style><iframe srcdoc=\"<script>parent.{run}</script>\">"
        ),
        "]]><!--<![CDATA[ {{7*7}} ${7*7} =HYPERLINK(1) \u{202e}\u{0}".replace('\u{0}', "\u{1}"),
    ]
    .iter()
    .enumerate()
    {
        let text = text.replace('\'', "''");
        scene.shop.ask(&format!("INSERT INTO parcel VALUES ({}, 1, '{text}');", 100 + n));
    }
    // A name is shown as well.
    let table = format!("<img src=x onerror={run}>").replace('"', "\"\"");
    scene.shop.ask(&format!("CREATE TABLE \"{table}\"(id INTEGER PRIMARY KEY, \"{table}\" INT REFERENCES person); INSERT INTO \"{table}\" VALUES (1, 1);"));
    scene.house.run(&["export", ANN, "--output", "ann.zip"]).expect(0);
    scene.house.shell("mkdir ann && cd ann && unzip -q ../ann.zip").expect(0);
    let dom = browser::dom(&scene.house.path("ann/index.html"));
    assert!(dom.contains("&lt;script&gt;") && dom.contains("onerror="), "shown as text: {dom}");
    assert!(!dom.contains("data-owned="), "something ran: {dom}");
    for element in ["<script", "<img", "<svg", "<iframe", "<meta http-equiv=\"refresh"] {
        assert!(!dom.contains(element), "{element}: {dom}");
    }
    let certificate_of_names: Value = scene.house.json(&["erase", ANN, "--dry-run"], 0);
    assert!(certificate_of_names.to_string().contains("onerror="));
}
