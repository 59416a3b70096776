//! JUnit XML, as CI systems read it: one test case for each rule.

use std::fmt::Write as _;

use model::xml_text;

use crate::answer::{Answer, Judgement, Outcome};

/// The judgement as a JUnit document. A broken rule is a `failure`, one that could not be judged an `error`, one that does
/// not apply or got nothing to judge `skipped`; none of the three is ever a pass.
pub fn to_junit(judgement: &Judgement) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all: Vec<&Outcome> = judgement.outcomes.iter().collect();
    // Writing into a string cannot fail; the results are dropped on purpose throughout.
    let _ = writeln!(xml, "<testsuites name=\"probity evaluate\" {} time=\"0\">", tally(&all));
    for suite in all.chunk_by(|a, b| pack(a) == pack(b)) {
        let (name, at) = (xml_text(pack(suite[0])), judgement.at);
        let (tally, skipped) = (tally(suite), skipped(suite));
        let _ =
            writeln!(xml, "  <testsuite name=\"{name}\" {tally} skipped=\"{skipped}\" time=\"0\" timestamp=\"{at}\">");
        suite.iter().for_each(|outcome| case(&mut xml, outcome));
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn pack(outcome: &Outcome) -> &str {
    outcome.rule.split_once('.').map_or("", |(pack, _)| pack)
}

fn case(xml: &mut String, outcome: &Outcome) {
    let (rule, title) = (xml_text(&outcome.rule), xml_text(&outcome.title));
    let _ = write!(xml, "    <testcase classname=\"{rule}\" name=\"{title}\" time=\"0\"");
    let _ = match &outcome.answer {
        Answer::Met => writeln!(xml, "/>"),
        Answer::NotApplicable => {
            writeln!(xml, ">\n      <skipped>nothing here is what the rule is about</skipped>\n    </testcase>")
        }
        Answer::NotGiven(why) => {
            writeln!(xml, ">\n      <skipped>{}</skipped>\n    </testcase>", xml_text(why))
        }
        Answer::NotJudged(why) => {
            let why = xml_text(why);
            writeln!(xml, ">\n      <error type=\"not-judged\" message=\"{why}\">{why}</error>\n    </testcase>")
        }
        Answer::Broken => {
            let lines: Vec<String> = outcome.findings.iter().map(line).collect();
            let (count, detail) = (outcome.broken, xml_text(&lines.join("\n")));
            let severity = outcome.severity;
            writeln!(
                xml,
                ">\n      <failure type=\"{severity}\" message=\"{count} broken\">{detail}</failure>\n    </testcase>"
            )
        }
    };
}

fn line(finding: &crate::answer::Finding) -> String {
    let place = finding.place.as_deref().map(|place| format!(" ({place})")).unwrap_or_default();
    format!("{}: {}{place}", finding.subject, finding.message)
}

fn tally(outcomes: &[&Outcome]) -> String {
    let count = |wanted: fn(&Answer) -> bool| outcomes.iter().filter(|outcome| wanted(&outcome.answer)).count();
    let failures = count(|answer| *answer == Answer::Broken);
    let errors = count(|answer| matches!(answer, Answer::NotJudged(_)));
    format!("tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\"", outcomes.len())
}

/// The schema of Jenkins knows it of suites only.
fn skipped(outcomes: &[&Outcome]) -> usize {
    let is_skipped = |one: &&&Outcome| matches!(one.answer, Answer::NotApplicable | Answer::NotGiven(_));
    outcomes.iter().filter(is_skipped).count()
}
