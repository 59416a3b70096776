//! The detectors' files: what they claim is so.

mod sample;

use std::collections::BTreeSet;

use sample::{Numbers, files};

const TRIES: usize = 20_000;

/// `random_hit` is what random digits and letters of the same layout measure.
#[test]
fn random_hits_are_as_measured() {
    let mut wrong = String::new();
    for file in files() {
        let Some(claimed) = file.table.get("random_hit") else { continue };
        let claimed = claimed.as_float().unwrap();
        let mut numbers = Numbers(1);
        let hits = (0..TRIES).filter(|_| file.takes(&file.loose(&mut numbers))).count();
        let measured = hits as f64 / TRIES as f64;
        if (claimed - measured).abs() > 0.001 + claimed * 0.1 {
            wrong.push_str(&format!("{}\t{measured:.4}\t(claims {claimed})\n", file.id));
        }
    }
    assert!(wrong.is_empty(), "random_hit differs from what is measured:\n{wrong}");
}

/// Families of checksums that are there for detectors of one's own.
const PLAIN: [&str; 4] = ["iso7064-mod-11-10", "iso7064-mod-97-10", "luhn", "verhoeff"];

/// Every file has its examples, and every check is asked for by a detector.
#[test]
fn nothing_is_without_example_or_use() {
    let mut used = BTreeSet::new();
    for file in files() {
        for (list, least) in [("yes", 2), ("no", 2)] {
            let count = file.table.get(list).and_then(toml::Value::as_array).map_or(0, Vec::len);
            assert!(count >= least, "{}: {list} has {count} examples", file.id);
        }
        used.extend(file.table.get("check").and_then(toml::Value::as_str).map(str::to_owned));
    }
    let idle: Vec<&str> =
        probity_redact::check::names().filter(|name| !used.contains(*name) && !PLAIN.contains(name)).collect();
    assert!(idle.is_empty(), "no detector asks for {idle:?}");
}
