//! Telephone numbers against PyPI's phonenumbers, and in sentences that faker filled in.

use std::path::{Path, PathBuf};
use std::process::Command;

use probity_redact::{Detector, Scanner, check};

/// A number that we call valid is valid by libphonenumber's rules, and the other way round: on every one of some 40,000
/// numbers of all regions and kinds, with digits changed, added and taken away.
#[test]
fn validity_is_that_of_libphonenumber() {
    let Some(python) = python() else { return };
    let international = check::by_name("phone").unwrap();
    let judged = judge(&python, "phones_check.py", &["2026", "30"]);
    let (mut valid, mut all) = (0, 0);
    let mut differ = Vec::new();
    for line in judged.lines() {
        let (number, verdict) = line.split_once('\t').unwrap();
        let expected = verdict == "1";
        if international(number.as_bytes()) != expected {
            differ.push(line);
        }
        valid += usize::from(expected);
        all += 1;
    }
    assert!(all > 30_000 && valid > all / 4, "{valid} of {all} numbers are valid");
    assert!(differ.len() * 1000 < all, "{} of {all} differ: {:?}", differ.len(), &differ[..differ.len().min(20)]);
}

/// In sentences in the languages of 46 locales at least 95 % of the numbers are hidden to the last digit, and at most one
/// finding in twenty is something else. The sentences are not those that the patterns were tried on.
#[test]
fn numbers_are_found_in_sentences() {
    let Some(python) = python() else { return };
    let scanner = Scanner::unproven(Detector::built_in().unwrap()).unwrap();
    let mut scratch = scanner.scratch();
    let (mut hidden, mut numbers, mut others) = (0, 0, 0);
    let names: &[&str] = &[];
    let mut missed = Vec::new();
    for line in judge(&python, "phones_texts.py", &["2026", "4000", "measure"]).lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = line["text"].as_str().unwrap();
        let spans: Vec<(usize, usize)> = serde_json::from_value(line["spans"].clone()).unwrap();
        let found = scanner.scan(&mut scratch, text.as_bytes(), names);
        for (start, end) in &spans {
            let bare = (*start..*end)
                .filter(|at| text.as_bytes()[*at].is_ascii_digit() && !found.iter().any(|f| f.range.contains(at)));
            numbers += 1;
            match bare.count() {
                0 => hidden += 1,
                _ => missed.push(text.to_owned()),
            }
        }
        let phones = found.iter().filter(|finding| *scanner.detector(finding).kind == *"phone");
        others += phones
            .filter(|finding| !spans.iter().any(|span| finding.range.start < span.1 && span.0 < finding.range.end))
            .count();
    }
    println!("{hidden} of {numbers} numbers hidden, {others} other findings");
    assert!(numbers > 2000 && hidden * 100 >= numbers * 95, "missed: {:?}", &missed[..missed.len().min(20)]);
    assert!(others * 20 <= hidden, "{others} findings are no telephone numbers");
}

fn judge(python: &Path, name: &str, arguments: &[&str]) -> String {
    let judge = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/judges/redact").join(name);
    let output = Command::new(python).arg(judge).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn python() -> Option<PathBuf> {
    let python = std::env::var_os("PROBITY_TEST_PYTHON").map(PathBuf::from).filter(|path| path.is_file());
    if python.is_none() {
        let required = std::env::var("PROBITY_TEST_JUDGES").is_ok_and(|judges| judges == "required");
        assert!(!required, "PROBITY_TEST_PYTHON is not set");
        eprintln!("skipped: no Python with phonenumbers and faker; run tests/run");
    }
    python
}
