//! Every built-in detector answers its own examples, and what one takes from another's near misses is listed.

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

/// A near miss of one detector that another takes for a finding without any label is a mistake of the other, unless it
/// is another's true value and stands here.
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
                taken.push(format!("{} -> {} {text:?}", detector.id, other.id));
            }
        }
    }
    println!("{}", taken.join("\n"));
}
