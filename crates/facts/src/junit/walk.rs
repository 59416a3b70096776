//! JUnit XML → test cases, within limits. Entities of one's own, with which a small file can grow without end, are refused.

use model::{Fault, Instant, Place};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::Outcome;
use crate::tree::Lines;

/// How deep elements may nest.
const DEPTH_MAX: usize = 64;

/// What a file tells.
#[derive(Default)]
pub(super) struct Report {
    pub(super) cases: Vec<Case>,
    /// How many tests the innermost suites say they have.
    pub(super) promised: u64,
    pub(super) time: Option<Instant>,
}

/// A test.
#[derive(Default)]
pub(super) struct Case {
    /// Class and name.
    pub(super) name: String,
    pub(super) outcome: Outcome,
    pub(super) flaky: bool,
    pub(super) line: u64,
    pub(super) column: u64,
}

/// Reads the text.
pub(super) fn walk(text: &str) -> Result<Report, Fault> {
    let (mut reader, lines) = (Reader::from_str(text), Lines::of(text));
    let (mut report, mut path): (Report, Vec<String>) = (Report::default(), Vec::new());
    loop {
        let place = lines.place(offset(reader.buffer_position()).min(text.len()));
        let event = reader.read_event().map_err(|error| {
            let place = lines.place(offset(reader.error_position()).min(text.len()));
            bad_xml(place, format!("This is not XML: {error}"))
        })?;
        match event {
            Event::Start(_) if path.len() >= DEPTH_MAX => {
                return Err(bad_xml(place, format!("The file nests deeper than {DEPTH_MAX} elements")));
            }
            Event::Start(element) => {
                report.open(&place, &element, path.last().map(String::as_str));
                path.push(element.name().as_ref().to_owned());
            }
            Event::Empty(element) => report.open(&place, &element, path.last().map(String::as_str)),
            Event::End(_) => drop(path.pop()),
            Event::DocType(_) => {
                return Err(bad_xml(place, "The file declares a document type, which no test runner writes"));
            }
            Event::Eof if path.is_empty() => return Ok(report),
            Event::Eof => return Err(bad_xml(place, "The file ends before its elements do")),
            _ => {}
        }
    }
}

fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

impl Report {
    fn open(&mut self, place: &Place, element: &BytesStart<'_>, parent: Option<&str>) {
        match (element.local_name().as_ref(), parent) {
            ("testsuite", _) => {
                // A suite of suites repeats what those within it say.
                let within = parent == Some("testsuite");
                let said = attribute(element, "tests").and_then(|count| count.parse().ok()).unwrap_or(0);
                self.promised = if within { self.promised.max(said) } else { self.promised + said };
                self.time = self.time.max(attribute(element, "timestamp").and_then(|time| instant(&time)));
            }
            ("testcase", _) => {
                let name = [attribute(element, "classname"), attribute(element, "name")];
                let name = name.into_iter().flatten().collect::<Vec<_>>().join(".");
                self.cases.push(Case { name, line: place.line, column: place.column, ..Case::default() });
            }
            (what, Some("testcase")) => {
                let Some(case) = self.cases.last_mut() else { return };
                match what {
                    "failure" | "rerunFailure" => case.outcome = Outcome::Failed,
                    "error" | "rerunError" => case.outcome = Outcome::Error,
                    "skipped" => case.outcome = Outcome::Skipped,
                    "flakyFailure" | "flakyError" => case.flaky = true,
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.attributes().flatten().find(|one| one.key.as_ref() == name)?;
    Some(
        quick_xml::escape::unescape(&found.value)
            .map_or_else(|_| found.value.to_string(), std::borrow::Cow::into_owned),
    )
}

/// A time; without an offset, as most runners write it, it is taken as UTC.
fn instant(text: &str) -> Option<Instant> {
    Instant::parse(text).or_else(|_| Instant::parse(&format!("{text}Z"))).ok()
}

fn bad_xml(place: Place, why: impl Into<String>) -> Fault {
    Fault::bad_input("bad-report", why).at(place).advise("Run the tests again, and give what their runner writes.")
}
