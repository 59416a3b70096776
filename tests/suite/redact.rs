//! Redaction as a user meets it: what is found, what is left, what is refused, and what the log says.

#[path = "redact/finding.rs"]
mod finding;
#[path = "redact/hostile.rs"]
mod hostile;
#[path = "redact/known.rs"]
mod known;
#[path = "redact/leaving.rs"]
mod leaving;
#[path = "redact/outputs.rs"]
mod outputs;
#[path = "redact/record.rs"]
mod record;

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::house::House;

/// Lines as logs have them, with `\r\n`, a byte that is no UTF-8, a tab and no newline at the end.
const LOG: &[u8] = b"2026-11-21T10:00:00Z INFO mail from <jan.muster@example.org> by 84.12.7.9\r\n\
    2026-11-21T10:00:01Z WARN card 4111 1111 1111 1111 \xff declined\n\
    2026-11-21T10:00:02Z INFO\tiban NL91ABNA0417164300; nothing else, order 20261121\n\
    2026-11-21T10:00:03Z DEBUG again jan.muster@example.org";

const VALUES: [&str; 4] = ["jan.muster@example.org", "84.12.7.9", "4111 1111 1111 1111", "NL91ABNA0417164300"];

const RECORDS: &str = "{\"id\": 1, \"user\":{\"email\":\"jan.muster@example.org\",\"n\":1.50e3},\"tags\":[\"a\",\"84.12.7.9\"]}\n\n\
    {\"id\":2,\"note\":\"card 4111111111111111 \\u0026 more\", \"none\":null}\n";

const TABLE: &str =
    "id;email;note\r\n1;jan.muster@example.org;\"said \"\"hello\"\"; left\"\r\n2;;\"paid by\n4111 1111 1111 1111\"\r\n";

/// A key of age that guards nothing.
pub(crate) const IDENTITY: &str = "AGE-SECRET-KEY-1QQ2YSD3JG3MN7ME7VK2D8EMQGVDUFLM09PDMEQQDCGESP3EN9T0QJQYDWS\n";
pub(crate) const RECIPIENT: &str = "age1yyxkdxqx7lhhzgszam5ez70pz5y4fx5x4g6etx53wctfueqqvsysgt5n9r";

/// The lines of a JSON Lines text.
fn documents(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn lossy(house: &House, name: &str) -> String {
    String::from_utf8_lossy(&fs::read(house.path(name)).unwrap()).into_owned()
}

#[track_caller]
fn holds_no_value(text: &str) {
    for value in VALUES {
        assert!(!text.contains(value), "{value}: {text}");
    }
}

/// Names of all files below a folder, hidden ones included.
fn names(house: &House, folder: &str) -> BTreeSet<String> {
    let root = house.path(folder);
    if !root.exists() {
        return BTreeSet::new();
    }
    let files = house.tree(folder).into_keys().filter(|path| path.is_file());
    files.map(|path| path.strip_prefix(&root).unwrap().display().to_string()).collect()
}
