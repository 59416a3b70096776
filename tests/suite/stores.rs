//! `[stores.NAME]`: what is refused, where secrets come from, what happens when one of several stores is down.

use std::process::Command;

use serde_json::Value;

use crate::house::{House, Ran, fit_their_schemas, judge};

const SCAN: [&str; 5] = ["map", "scan", "--dry-run", "--no-sample", "--json"];

/// A project with these stores and an SQLite file `shop.db` with one table.
fn house(stores: &str) -> Option<House> {
    if !judge("sqlite3") {
        return None;
    }
    let house = House::initialised();
    let made = Command::new("sqlite3")
        .arg(house.path("shop.db"))
        .arg(
            "CREATE TABLE person (id INTEGER PRIMARY KEY, mail TEXT); INSERT INTO person VALUES (1, 'ann@example.org')",
        )
        .status();
    assert!(made.unwrap().success());
    house.write("probity.toml", stores);
    Some(house)
}

/// The names of the stores that a scan read.
fn scanned(ran: &Ran) -> Vec<String> {
    let document: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    let stores = document["stores"].as_array().unwrap_or_else(|| panic!("{document}"));
    let name = |store: &Value| store["store"].as_str().or(store["name"].as_str()).unwrap_or_default().to_owned();
    stores.iter().map(name).collect()
}

/// What is wrong with the settings of a store is said before anything is opened, with its place.
#[test]
fn settings_that_cannot_hold_are_refused() {
    let check = |stores: &str, code: &str, says: &str| {
        let Some(house) = house(stores) else { return };
        let ran = house.run(&SCAN).code(code);
        assert!(ran.stderr.contains(says), "{stores}: {ran:?}");
        assert!(!ran.stderr.contains("hunter2") && !ran.stdout.contains("hunter2"), "{ran:?}");
    };
    check("[stores.shop]\nurll = \"sqlite:shop.db\"\n", "unknown-key", "probity.toml:2:1");
    check("[stores.shop]\nurl = \"sqlite:shop.db\"\nretries = \"3\"\n", "wrong-type", "retries = 3");
    check("[stores.\"a b\"]\nurl = \"sqlite:shop.db\"\n", "bad-store-name", "letters, digits");
    check(
        "[stores.shop]\nurl = \"postgres://ann:hunter2@db.example.org/shop\"\n",
        "password-in-url",
        "probity.toml:2:7",
    );
    check("[stores.shop]\nshards = [\"mysql://db/a?password=hunter2\"]\n", "password-in-url", "password_file");
    check("[stores.shop]\ntimeout = \"10s\"\n", "store-without-url", "The store shop has no url");
    check(
        "[stores.shop]\nurl = \"sqlite:shop.db\"\nurls = [\"sqlite:shop.db\"]\n",
        "store-without-url",
        "more than one",
    );
    check("[stores.shop]\nurl = \"oracle://db\"\n", "unknown-store-kind", "The store shop");
    check("[stores.shop]\nurl = \"sqlite:shop.db\"\nrate = \"fast\"\n", "bad-rate", "stores.shop.rate");
    check("[stores.shop]\nurl = \"sqlite:shop.db\"\ntls = \"maybe\"\n", "unknown-word", "stores.shop.tls");
    check("[stores.shop]\nurl = \"sqlite:shop.db\"\npassword_env = \"NOT_SET\"\n", "no-password", "NOT_SET");
    check(
        "[stores.shop]\nurl = \"sqlite:shop.db\"\npassword_env = \"A\"\npassword_file = \"b\"\n",
        "several-passwords",
        "The store shop",
    );
    check("", "no-stores", "[stores.shop]");
    let Some(house) = house("[stores.shop]\nurl = \"sqlite:shop.db\"\n") else { return };
    let ran = house.run(&["map", "scan", "shopp"]).code("unknown-store");
    assert!(ran.stderr.contains("Did you mean \"shop\"?"), "{ran:?}");
    // A variable is no place for a secret either.
    let mut command = house.command(&SCAN);
    command.env("PROBITY_STORES_SHOP_URL", "redis://:hunter2@db.example.org/0");
    let ran = Ran::of(command.output().unwrap()).expect(7).code("password-in-url");
    assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
}

/// Stores stand among the settings, with where they came from.
#[test]
fn stores_are_among_the_settings() {
    let Some(house) = house("[stores.shop]\nurl = \"sqlite:shop.db\"\npassword_file = \"shop.password\"\n") else {
        return;
    };
    let mut command = house.command(&["config", "show", "--origin", "--json"]);
    command.env("PROBITY_STORES_SHOP_RATE", "5/s");
    let document: Value = serde_json::from_str(&Ran::of(command.output().unwrap()).expect(0).stdout).unwrap();
    let check = |key: &str, value: &str, origin: &str| {
        let setting = &document["settings"][key];
        assert_eq!(setting["value"], value, "{key}");
        assert!(setting["origin"].as_str().unwrap().ends_with(origin), "{key}: {setting}");
    };
    check("stores.shop.url", "\"sqlite:shop.db\"", "probity.toml:2:7");
    check("stores.shop.password_file", "\"shop.password\"", "probity.toml:3:17");
    check("stores.shop.rate", "\"5/s\"", "environment PROBITY_STORES_SHOP_RATE");
    fit_their_schemas(&[document]);
}

/// A store that is down does not keep the others from being read, and is named; paths start at the project.
#[test]
fn one_store_down_does_not_stop_the_others() {
    let stores =
        "[stores.shop]\nurl = \"sqlite:shop.db\"\n[stores.gone]\nurl = \"mysql://root@127.0.0.1:1/x\"\nretries = 1\n";
    let Some(house) = house(stores) else { return };
    std::fs::create_dir(house.path("below")).unwrap();
    let mut command = house.command(&SCAN);
    command.current_dir(house.path("below"));
    let ran = Ran::of(command.output().unwrap()).expect(5).code("store-unreachable");
    assert!(ran.stderr.contains("The store gone: "), "{ran:?}");
    assert_eq!(scanned(&ran), ["shop"]);
    house.run(&["map", "scan", "gone", "--dry-run"]).expect(8).code("store-unreachable");
}

/// A password comes from a file, a variable or a descriptor.
#[test]
fn a_password_comes_from_where_it_was_said_to_be() {
    let variables = ["PROBITY_TEST_MARIADB_URL", "PROBITY_TEST_GUARDED_PASSWORD"].map(|name| std::env::var(name).ok());
    let [Some(url), Some(password)] = variables else {
        assert!(std::env::var_os("PROBITY_TEST_JUDGES").is_none(), "run tests/services mariadb -- …");
        return;
    };
    let url = format!("{}mysql", url.replace("root@", "guarded@"));
    let with = |more: &str| format!("[stores.shop]\nurl = \"{url}\"\nretries = 0\n{more}\n");
    let Some(house) = house(&with("password_file = \"shop.password\"")) else { return };
    house.write("shop.password", format!("{password}\n"));
    assert_eq!(scanned(&house.run(&SCAN).expect(0)), ["shop"]);
    house.write("shop.password", "wrong\n");
    let ran = house.run(&SCAN).expect(8).code("store-login-refused");
    assert!(!ran.stderr.contains("wrong"), "{ran:?}");
    house.write("probity.toml", with("password_env = \"SHOP_PASSWORD\""));
    let mut command = house.command(&SCAN);
    Ran::of(command.env("SHOP_PASSWORD", &password).output().unwrap()).expect(0);
    house.write("probity.toml", with("password_fd = 3"));
    house.write("shop.password", &password);
    house.shell(&format!("probity {} 3<shop.password", SCAN.join(" "))).expect(0);
}

/// Servers with TLS are trusted when the system trusts their authority (`SSL_CERT_FILE` says which it does) or `ca` names it,
/// whatever the kind of store; otherwise they are not spoken to.
#[test]
fn whom_the_system_trusts_is_trusted_by_every_kind_of_store() {
    let variable = |name: &str| std::env::var(format!("PROBITY_TEST_{name}")).ok();
    let (Some(ca), Some(password)) = (variable("CA"), variable("GUARDED_PASSWORD")) else {
        assert!(variable("JUDGES").is_none(), "run tests/services postgres mariadb redis nats -- …");
        return;
    };
    let guarded = |url: String| {
        url.replace("postgres@", "guarded@").replace("root@", "guarded@").replace("127.0.0.1", "localhost")
    };
    let urls = [
        variable("POSTGRES_URL").map(guarded),
        variable("MARIADB_URL").map(guarded).map(|url| url + "mysql"),
        variable("REDIS_TLS_URL").map(|url| url.replace("//", "//guarded@")),
        variable("NATS_TLS_URL"),
    ];
    for url in urls.into_iter().flatten() {
        let login = if url.contains("guarded@") { "password_env = \"SHOP_PASSWORD\"\n" } else { "" };
        let store = format!("[stores.shop]\nurl = \"{url}\"\ntls = \"always\"\nretries = 0\n{login}");
        let Some(house) = house(&store) else { return };
        let scan = |trusted: &str| {
            let mut command = house.command(&SCAN);
            command.env("SHOP_PASSWORD", &password).env("SSL_CERT_FILE", trusted).env_remove("SSL_CERT_DIR");
            Ran::of(command.output().unwrap())
        };
        assert_eq!(scanned(&scan(&ca).expect(0)), ["shop"], "{url}");
        let stranger = house.path("stranger.pem").display().to_string();
        house
            .shell("openssl req -x509 -newkey ed25519 -nodes -subj /CN=stranger -keyout stranger.key -out stranger.pem")
            .expect(0);
        let ran = scan(&stranger).expect(8);
        assert!(ran.stderr.contains("store-unreachable") || ran.stderr.contains("store-tls-failed"), "{url}: {ran:?}");
        house.write("probity.toml", format!("{store}ca = \"{ca}\"\n"));
        assert_eq!(scanned(&scan(&stranger).expect(0)), ["shop"], "{url}");
    }
}
