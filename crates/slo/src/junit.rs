//! JUnit XML, as CI systems read it: one test case for each objective and window.

use std::fmt::Write as _;

use model::{Verdict, xml_text};

use crate::evaluate::Evaluation;
use crate::outcome::Outcome;

/// The evaluation as a JUnit document. A broken objective is a `failure`, no data is `skipped`, a rule that could not
/// be evaluated is an `error`; none of the three is ever a pass.
pub fn to_junit(evaluation: &Evaluation) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing into a string cannot fail; the results are dropped on purpose throughout.
    let all: Vec<&Outcome> = evaluation.outcomes.iter().collect();
    let _ = writeln!(xml, "<testsuites name=\"probity evaluate\" {} time=\"0\">", Tally::of(&all).attributes());
    for suite in all.chunk_by(|a, b| (&a.rule, &a.pack) == (&b.rule, &b.pack)) {
        let (name, tally) = (xml_text(&suite[0].rule), Tally::of(suite).attributes());
        let at = evaluation.at;
        let _ = writeln!(xml, "  <testsuite name=\"{name}\" {tally} time=\"0\" timestamp=\"{at}\">");
        suite.iter().for_each(|outcome| case(&mut xml, outcome));
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn case(xml: &mut String, outcome: &Outcome) {
    let class = xml_text(&format!("{}.{}", outcome.service, outcome.rule));
    let name = xml_text(&format!("{} over {}", outcome.objective, outcome.window.length));
    let (reason, place) = (xml_text(&outcome.reason), xml_text(&outcome.place.to_string()));
    let _ = write!(xml, "    <testcase classname=\"{class}\" name=\"{name}\" time=\"0\"");
    let detail = xml_text(&format!("{}\n{}\n{}", outcome.condition, outcome.source, outcome.place));
    let _ = match (&outcome.fault, outcome.verdict) {
        (Some(fault), _) => {
            let code = xml_text(fault.code());
            writeln!(xml, ">\n      <error type=\"{code}\" message=\"{reason}\">{place}</error>\n    </testcase>")
        }
        (None, Verdict::Broken) => {
            writeln!(xml, ">\n      <failure type=\"broken\" message=\"{reason}\">{detail}</failure>\n    </testcase>")
        }
        (None, Verdict::NoData) => writeln!(xml, ">\n      <skipped message=\"{reason}\"/>\n    </testcase>"),
        (None, Verdict::Met) => writeln!(xml, "/>"),
    };
}

#[derive(Default)]
struct Tally {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Tally {
    fn of(outcomes: &[&Outcome]) -> Self {
        let mut tally = Tally { tests: outcomes.len(), ..Tally::default() };
        for outcome in outcomes {
            match (&outcome.fault, outcome.verdict) {
                (Some(_), _) => tally.errors += 1,
                (None, Verdict::Broken) => tally.failures += 1,
                (None, Verdict::NoData) => tally.skipped += 1,
                (None, Verdict::Met) => {}
            }
        }
        tally
    }

    fn attributes(&self) -> String {
        let Tally { tests, failures, errors, skipped } = self;
        format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
    }
}
