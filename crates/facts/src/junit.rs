//! Results of tests as JUnit XML, which every test runner writes a little differently.
//!
//! Source: the forms of Ant, Maven Surefire (`flakyFailure`, `rerunFailure`), pytest, cargo-nextest, Jest and Go's
//! gotestsum; counts are taken from the test cases, not from what the suites say of themselves.

mod walk;

use std::collections::HashMap;

use serde_json::{Value, json};

use self::walk::Case;
use crate::tree::ends;
use crate::{File, Gap, Read};

pub(crate) fn recognise(file: File<'_>) -> bool {
    ends(file, &[".xml"]) && file.text.contains("<testsuite")
}

pub(crate) fn read(files: &[File<'_>]) -> Read {
    let (mut reports, mut failing, mut gaps) = (Vec::new(), Vec::new(), Vec::new());
    for file in files {
        match walk::walk(file.text) {
            Ok(report) => {
                if report.promised > report.cases.len() as u64 {
                    let why =
                        format!("Its suites speak of {} tests, and {} are there", report.promised, report.cases.len());
                    gaps.push(Gap::at(
                        file.name.to_owned(),
                        why,
                        "The file may have been cut off: run the tests again.",
                    ));
                }
                reports.push(summary(file.name, &report));
                failing
                    .extend(report.cases.iter().filter(|case| case.outcome.is_bad()).map(|case| one(file.name, case)));
            }
            Err(fault) => gaps.push(Gap::of(*file, &fault)),
        }
    }
    Read { value: json!({"reports": reports, "failing": failing}), gaps }
}

/// What became of a test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Outcome {
    #[default]
    Passed,
    Skipped,
    Failed,
    Error,
}

impl Outcome {
    fn is_bad(self) -> bool {
        matches!(self, Outcome::Failed | Outcome::Error)
    }
}

/// Failing tests that a message names.
const NAMED: usize = 5;

fn summary(file: &str, report: &walk::Report) -> Value {
    let count = |wanted: Outcome| report.cases.iter().filter(|case| case.outcome == wanted).count();
    json!({
        "file": file,
        "tests": report.cases.len(),
        "failed": count(Outcome::Failed),
        "errors": count(Outcome::Error),
        "skipped": count(Outcome::Skipped),
        "flaky": flaky(&report.cases),
        "named": report.cases.iter().filter(|case| case.outcome.is_bad()).take(NAMED).map(|case| &case.name).collect::<Vec<_>>(),
        "time": report.time.map(|time| time.to_string()),
        "place": format!("{file}:1:1"),
    })
}

/// Tests that passed after they had failed: told by the runner, or there twice with both outcomes.
fn flaky(cases: &[Case]) -> usize {
    let mut seen: HashMap<&str, (bool, bool)> = HashMap::new();
    for case in cases {
        let entry = seen.entry(&case.name).or_default();
        entry.0 |= case.outcome.is_bad();
        entry.1 |= case.outcome == Outcome::Passed;
    }
    let told = cases.iter().filter(|case| case.flaky).count();
    told + seen.values().filter(|both| **both == (true, true)).count()
}

fn one(file: &str, case: &Case) -> Value {
    json!({
        "name": case.name,
        "error": case.outcome == Outcome::Error,
        "place": format!("{file}:{}:{}", case.line, case.column),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Read {
        let file = File { name: "junit.xml", text };
        assert!(recognise(file));
        read(&[file])
    }

    #[test]
    fn cases_are_counted_by_what_stands_in_them() {
        let read = told(
            "<?xml version=\"1.0\"?>\n<testsuites><testsuite tests=\"6\" timestamp=\"2026-11-01T10:00:00\">\n\
             <testcase classname=\"a\" name=\"b\"/>\n<testcase name=\"c\"><failure message=\"x\">&lt;y</failure></testcase>\n\
             <testcase name=\"d\"><error/></testcase><testcase name=\"e\"><skipped/></testcase>\n\
             <testcase name=\"f\"><flakyFailure/></testcase><testcase name=\"g\"><system-out>failure</system-out></testcase>\n\
             </testsuite></testsuites>",
        );
        assert_eq!(read.gaps, []);
        let report = &read.value["reports"][0];
        let count = |name: &str| report[name].as_u64().unwrap();
        let found = ["tests", "failed", "errors", "skipped", "flaky"].map(count);
        assert_eq!((found, &report["time"]), ([6, 1, 1, 1, 1], &json!("2026-11-01T10:00:00Z")));
        assert_eq!(read.value["failing"][0], json!({"name": "c", "error": false, "place": "junit.xml:4:1"}));
    }

    #[test]
    fn a_test_with_both_outcomes_is_flaky() {
        let read = told("<testsuite><testcase name=\"a\"><failure/></testcase><testcase name=\"a\"/></testsuite>");
        assert_eq!((&read.value["reports"][0]["flaky"], &read.value["reports"][0]["failed"]), (&json!(1), &json!(1)));
    }

    #[test]
    fn what_is_not_whole_is_a_gap() {
        let check = |text: &str, place: &str, why: &str| {
            let gaps = told(text).gaps;
            assert!(gaps[0].place == format!("junit.xml{place}") && gaps[0].why.contains(why), "{gaps:?}");
        };
        check("<testsuite tests=\"3\"><testcase name=\"a\"/></testsuite>", "", "speak of 3 tests");
        check("<testsuite>\n<testcase name=\"a\">", ":2:20", "ends before");
        check("<testsuite>\n</testcase></testsuite>", ":2:1", "XML");
        check(&format!("<testsuite>{}", "<a>".repeat(200)), ":1:201", "nests deeper");
        check("<!DOCTYPE a [<!ENTITY b \"c\">]>\n<testsuite/>", ":1:1", "document type");
    }
}
