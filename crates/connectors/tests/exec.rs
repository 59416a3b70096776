//! Plug-ins: a program of another language speaks for a store; the file that it keeps is the judge.
#![cfg(feature = "exec")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::{delete, equals, find, keys, open, scan, set, texts};
use privacy::store::{DataStore, Fold};
use probity_connectors::Access;

const PEOPLE: &str = r#"[{"no": 1, "name": "Ann", "mail": "Ann@Example.org", "phone": "+49 30 1234"}, {"no": 2, "name": "Bob", "mail": "bob@example.org", "phone": null}]"#;

fn phonebook(folder: &Path) -> (PathBuf, Box<dyn DataStore>) {
    let file = folder.join("people.json");
    fs::write(&file, PEOPLE).unwrap();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/exec/phonebook.py");
    let url = format!("exec:python3 '{}' \"{}\"", program.display(), file.display());
    let store = open(&url, &Access::default(), Vec::new());
    (file, store)
}

/// The whole of the protocol against the example that the manual is about.
#[test]
fn the_example_speaks_the_protocol() {
    let folder = tempfile::tempdir().unwrap();
    let (file, mut store) = phonebook(folder.path());
    assert_eq!(store.version().unwrap(), "phonebook 1.0");
    assert!(store.abilities().transactions);
    let catalog = store.describe().unwrap();
    let people = catalog.collection("people").unwrap();
    assert_eq!((people.key.join(","), people.columns.len(), people.rows_estimated), ("no".to_owned(), 4, Some(2)));
    let ann = [equals("mail", Fold::Lower, &["ann@example.org"]), equals("phone", Fold::Digits(4), &["1234"])];
    let rows = find(&mut *store, "people", &["no", "name", "phone"], &ann).unwrap();
    assert_eq!(texts(&rows), ["1|Ann|+49 30 1234"]);
    let (hits, scanned) = scan(&mut *store, &["ann@example.org"]);
    assert_eq!((hits.join(","), scanned.collections), ("people mail 1".to_owned(), 1));

    let mut acts = store.begin().unwrap();
    assert_eq!(acts.delete("people", &keys(&rows)).unwrap(), 1);
    drop(acts);
    assert_eq!(fs::read_to_string(&file).unwrap(), PEOPLE, "without a commit nothing was changed");
    assert_eq!(set(&mut *store, "people", &keys(&rows), &[("phone", None), ("name", Some("erased"))]).unwrap(), 1);
    assert_eq!(delete(&mut *store, "people", &keys(&rows)).unwrap(), 1);
    assert_eq!(delete(&mut *store, "people", &keys(&rows)).unwrap(), 0);
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        r#"[{"no": 2, "name": "Bob", "mail": "bob@example.org", "phone": null}]"#
    );
    assert!(store.compact(&["people"]).unwrap()[0].contains("blocks"));
}

fn script(folder: &Path, text: &str) -> String {
    let file = folder.join("plugin.sh");
    fs::write(&file, text).unwrap();
    format!("exec:sh '{}'", file.display())
}

const HEALTHY: &str = r#"read line; echo '{"id":1,"ok":{"protocol":1,"name":"x","version":"1"}}'
"#;

/// Children that die, hang, or break the protocol: each fault by its name, never a wrong answer.
#[test]
fn bad_children_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let access = Access { statement_timeout: Duration::from_millis(500), ..Access::default() };
    let check = |text: &str, code: &str, words: &str| {
        let url = script(folder.path(), text);
        let fault = match probity_connectors::open(&url, &access, &common::dataset(Vec::new())) {
            Err(fault) => fault,
            Ok(mut store) => find(&mut *store, "people", &["a"], &[]).unwrap_err(),
        };
        assert_eq!((fault.code(), fault.kind()), (code, model::Kind::Unavailable), "{fault}");
        assert!(fault.message().contains(words), "{fault}");
    };
    check("echo no directory there >&2; exit 3", "store-unreachable", "no directory there");
    check("sleep 60", "store-timeout", "in time");
    check("read line; echo hello", "plugin-protocol", "no JSON");
    check("read line; echo '{\"id\":1,\"ok\":{\"protocol\":2}}'", "plugin-protocol", "version of the protocol");
    check("read line; echo '{\"id\":1,\"ok\":{\"protocol\":1,\"colour\":1}}'", "plugin-protocol", "colour");
    check("read line; echo '{\"id\":7,\"ok\":{}}'", "plugin-protocol", "id");
    check(
        "read line; echo '{\"id\":1,\"error\":{\"code\":\"login\",\"message\":\"who?\"}}'",
        "store-login-refused",
        "who?",
    );
    check(
        &format!(
            "{HEALTHY}read line; echo '{{\"id\":2,\"row\":{{\"key\":[1],\"cells\":[]}}}}'; echo '{{\"id\":2,\"ok\":{{}}}}'"
        ),
        "plugin-protocol",
        "cells",
    );
    check(&format!("{HEALTHY}read line; echo '{{\"id\":2,\"extra\":1,\"ok\":{{}}}}'"), "plugin-protocol", "one field");
    check(&format!("{HEALTHY}kill -9 $$"), "store-unreachable", "signal: 9");
    check("exec /nowhere/at/all", "store-unreachable", "ended");
    let fault = probity_connectors::open("exec:/nowhere/at/all", &access, &common::dataset(Vec::new())).err().unwrap();
    assert_eq!(fault.code(), "store-unreachable");
}
