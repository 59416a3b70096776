//! Plug-ins with evil in mind.

use std::time::Duration;

use probity_connectors::Access;

use crate::common::{dataset, equals};
use model::Fault;
use privacy::row::FieldPath;
use privacy::store::{DataStore, Find, Fold};

const HEALTH: &str = r#"read question; echo '{"id":1,"ok":{"protocol":1,"name":"evil","version":"1"}}'"#;

fn plugin(folder: &std::path::Path, text: &str) -> Result<Box<dyn DataStore>, Fault> {
    let file = folder.join("evil.sh");
    std::fs::write(&file, text).unwrap();
    let access = Access { statement_timeout: Duration::from_millis(700), ..Access::default() };
    probity_connectors::open(&format!("exec:sh '{}'", file.display()), &access, &dataset(Vec::new()))
}

/// Finds at most `limit` rows with `values` for a mail.
fn found(script: &str, limit: Option<u64>, values: usize) -> Result<u64, Fault> {
    let folder = tempfile::tempdir().unwrap();
    let mut store = plugin(folder.path(), &format!("{HEALTH}\n{script}\n"))?;
    let (mut rows, fields) = (0, [FieldPath::parse("id")]);
    let values: Vec<String> = (0..values).map(|n| format!("{n}-{}@example.org", "x".repeat(60))).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let any = [equals("mail", Fold::Exact, &values)];
    store.find(&Find { collection: "people", fields: &fields, any: &any, limit }, &mut |_| {
        rows += 1;
        Ok(())
    })?;
    Ok(rows)
}

fn check(script: &str, limit: Option<u64>, code: &str, words: &str) {
    let fault = found(script, limit, 1).expect_err(script);
    assert!(fault.code() == code && fault.message().contains(words), "{script}: {} {fault}", fault.code());
    assert!(fault.message().chars().all(|letter| !letter.is_control()), "{fault}");
}

const ROW: &str = r#"{"id":2,"row":{"key":["1"],"cells":["1"]}}"#;

#[test]
fn rows_without_end_end() {
    check(&format!("read question; yes '{ROW}'"), Some(5), "plugin-protocol", "more rows than were asked for");
    check(r#"read question; yes '{"id":2,"row":{"key":["1"],"cells":[1]}}'"#, None, "plugin-protocol", "a row has");
    check(r#"read question; yes '{"id":2,"text":{}}'"#, None, "plugin-protocol", "a row has");
    check("read question; yes", None, "plugin-protocol", "no JSON");
    check("read question; yes '{\"id\":9,\"ok\":{}}'", None, "plugin-protocol", "repeat the id");
}

#[test]
fn health_is_answered_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let fault = plugin(folder.path(), r#"read question; yes '{"id":1,"row":{}}'"#).err().unwrap();
    assert_eq!(fault.code(), "plugin-protocol", "{fault}");
}

#[test]
fn lines_without_end_are_refused() {
    check("read question; yes | tr -d '\\n'", None, "plugin-protocol", "longer than");
    check("read question; yes '[[[[[[[[[[[[[[[[[[' | tr -d '\\n'", None, "plugin-protocol", "longer than");
}

#[test]
fn a_plugin_that_says_nothing_is_given_up() {
    check("read question; exec sleep 600", None, "store-timeout", "in time");
    check("read question; printf '{\"id\":2,'; exec sleep 600", None, "store-timeout", "in time");
}

/// Its question is larger than a pipe: whoever writes it must not wait for ever.
#[test]
fn a_plugin_that_does_not_read_is_given_up() {
    let fault = found("exec sleep 600", None, 10_000).unwrap_err();
    assert_eq!(fault.code(), "store-timeout", "{fault}");
}

#[test]
fn its_words_are_shown_without_what_a_terminal_obeys() {
    check(
        r#"read question; printf '{"id":2,"error":{"code":"x","message":"\\u001b[2Jowned"}}\n'"#,
        None,
        "store-refused",
        "owned",
    );
    check("printf '\\033[31mlast words\\n' >&2; exit 3", None, "store-unreachable", "last words");
}
