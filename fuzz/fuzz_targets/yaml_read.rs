//! YAML and JSON that people write: whatever it is, it is read within limits or refused with a place that is in it.

#![no_main]

use yaml::{Limits, Node, Value};

fn check(node: &Node, lines: u64, depth: usize) {
    assert!(depth < 1_000);
    let line = node.place.line;
    assert!(line >= 1 && line <= lines, "{line} of {lines}");
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| check(item, lines, depth + 1)),
        Value::Map(entries) => entries.iter().for_each(|(_, item)| check(item, lines, depth + 1)),
        Value::Scalar { .. } => {}
    }
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    let lines = text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).count() as u64 + 1;
    match yaml::read(text, &Limits::default()) {
        Ok(documents) => documents.iter().for_each(|node| check(node, lines, 0)),
        Err(fault) => assert!(fault.place().is_none_or(|place| place.line <= lines), "{fault:?}"),
    }
});
