//! Every built-in detector answers its own examples, what one takes from another's near misses is listed, and ordinary
//! text is left alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use probity_redact::{Detector, Scanner};

/// Each file's `yes` is found and its `no` is not, with all others beside it.
#[test]
fn every_detector_answers_its_examples() {
    let detectors = Detector::built_in().unwrap();
    let mut wrong = Vec::new();
    for detector in detectors {
        wrong.extend(Scanner::new(vec![detector]).err().map(|fault| fault.to_string()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Scanner::new(Detector::built_in().unwrap()).unwrap();
}

/// What one detector refuses another may take; each such pair stands here with its reason.
const TAKEN: &[(&str, &str)] = &[
    // A label and digits whose checksum is wrong are still what the label says.
    ("nz.account", "bank-account"),
    ("pl.passport", "passport"),
    ("phone-possible", "phone-local"),
    // The lines of a machine-readable zone one by one.
    ("mrz", "mrz.names"),
    // The near miss holds another's true value.
    ("url-credentials", "email"),
    ("username-ssh", "ipv4"),
];

/// A near miss of one detector is no finding of another, but for the pairs above.
#[test]
fn near_misses_stay_misses() {
    let scanner = Scanner::new(Detector::built_in().unwrap()).unwrap();
    let mut scratch = scanner.scratch();
    let names: &[&str] = &[];
    let mut taken = Vec::new();
    for detector in scanner.detectors() {
        for text in &detector.no {
            for finding in scanner.scan(&mut scratch, text.as_bytes(), names) {
                let other = scanner.detector(finding);
                if !TAKEN.contains(&(&detector.id, &other.id)) {
                    taken.push(format!("{} -> {} in {text:?}", detector.id, other.id));
                }
            }
        }
    }
    assert!(taken.is_empty(), "{}", taken.join("\n"));
}

/// Of what the machine has of source code, documentation and logs: less than one finding a megabyte, but for addresses
/// and names of accounts, which stand in such texts and are true.
#[test]
fn ordinary_text_is_left_alone() {
    let Some(python) = std::env::var_os("PROBITY_TEST_PYTHON") else { return };
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/judges/redact/corpus.py");
    let made = Command::new(python).arg(script).arg(folder.path()).arg("60").status().unwrap();
    assert!(made.success());
    let scanner = Scanner::unproven(Detector::built_in().unwrap()).unwrap();
    let mut scratch = scanner.scratch();
    let names: &[&str] = &[];
    let (mut bytes, mut found) = (0, BTreeMap::<String, usize>::new());
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let text = std::fs::read(file.unwrap().path()).unwrap();
        for finding in scanner.scan(&mut scratch, &text, names) {
            let detector = scanner.detector(finding);
            if !TRUE_KINDS.contains(&&*detector.kind) {
                *found.entry(detector.id.to_string()).or_default() += 1;
            }
        }
        bytes += text.len();
    }
    let total: usize = found.values().sum();
    println!("{total} findings in {bytes} bytes: {found:?}");
    assert!(bytes > 5_000_000, "the machine has {bytes} bytes of ordinary text");
    assert!(total * 1_000_000 < bytes, "{total} findings in {bytes} bytes: {found:?}");
}

const TRUE_KINDS: &[&str] = &["email", "ip", "mac", "url-credentials", "username"];
