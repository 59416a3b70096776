//! What servers and plug-ins say: XML of buckets, JSON of APIs and messages, lines of plug-ins, names of keys.

#![no_main]

use connectors::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    match kind % 5 {
        0 => drop(fuzz::xml(rest)),
        1 => json(&text),
        2 => {
            let (path, text) = text.split_once('\n').unwrap_or(("a", &text));
            for value in [None, Some("x\"y"), Some("7")] {
                let Some((_, found)) = fuzz::set(text, path, value) else { continue };
                // Through a list there are several.
                assert!(found.is_none() || value.is_some(), "{text:?} {path:?}");
            }
        }
        3 => drop(fuzz::plugin(rest, 1)),
        _ => {
            let (template, name) = text.split_once('\n').unwrap_or((&text, ""));
            for separator in [':', '/', '.'] {
                fuzz::template(template, name, separator);
            }
        }
    }
});

/// What serde_json takes for JSON is JSON here, with the same content, but for how deep and how large.
fn json(text: &str) {
    let theirs = serde_json::from_str::<serde_json::Value>(text);
    match fuzz::compact(text) {
        Ok(ours) => {
            assert_eq!(fuzz::compact(&ours).as_deref(), Ok(ours.as_str()), "compact is its own form");
            if let Ok(theirs) = theirs {
                assert_eq!(serde_json::from_str::<serde_json::Value>(&ours).expect("it is JSON"), theirs);
            }
        }
        Err(at) => assert!(at <= text.len() && theirs.is_err(), "{text:?}"),
    }
}
