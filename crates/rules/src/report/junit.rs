//! JUnit XML, as CI systems read it: a suite for each pack with one test case for each rule, and one for its controls.

use std::fmt::Write as _;

use model::xml_text;

use crate::answer::{Answer, Finding, Judgement, Outcome};
use crate::control::{Coverage, Sight};

/// The judgement as a JUnit document. A broken rule is a `failure`, one that could not be judged an `error`, one that does
/// not apply or got nothing to judge `skipped`; none of the three is ever a pass. A control is `skipped` as long as no rule
/// of it is broken: what a person must supply is not there.
pub fn to_junit(judgement: &Judgement) -> String {
    let of_rules = judgement.outcomes.chunk_by(|a, b| pack(a) == pack(b)).map(rules);
    let of_controls = judgement.controls.chunk_by(|a, b| a.pack == b.pack).map(controls);
    let suites: Vec<Suite> = of_rules.chain(of_controls).collect();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all: Vec<&Case> = suites.iter().flat_map(|suite| &suite.cases).collect();
    // Writing into a string cannot fail; the results are dropped on purpose throughout.
    let _ = writeln!(xml, "<testsuites name=\"probity evaluate\" {} time=\"0\">", tally(&all));
    let at = judgement.at.to_string();
    suites.iter().for_each(|suite| suite.write(&mut xml, &at));
    xml.push_str("</testsuites>\n");
    xml
}

/// Test cases under one name.
struct Suite {
    name: String,
    /// Name and value; the schema of Jenkins has them of suites only.
    properties: Vec<(String, String)>,
    cases: Vec<Case>,
}

struct Case {
    class: String,
    name: String,
    told: Told,
}

/// What a test case came to.
enum Told {
    Passed,
    Skipped(String),
    Error(String),
    Failure { kind: String, message: String, detail: String },
}

fn pack(outcome: &Outcome) -> &str {
    outcome.rule.split_once('.').map_or("", |(pack, _)| pack)
}

fn rules(outcomes: &[Outcome]) -> Suite {
    let case = |outcome: &Outcome| Case {
        class: outcome.rule.clone(),
        name: outcome.title.clone(),
        told: match &outcome.answer {
            Answer::Met => Told::Passed,
            Answer::NotApplicable => Told::Skipped("nothing here is what the rule is about".to_owned()),
            Answer::NotGiven(why) => Told::Skipped(why.clone()),
            Answer::NotJudged(why) => Told::Error(why.clone()),
            Answer::Broken => Told::Failure {
                kind: outcome.severity.to_string(),
                message: format!("{} broken", outcome.broken),
                detail: outcome.findings.iter().map(line).collect::<Vec<_>>().join("\n"),
            },
        },
    };
    Suite { name: pack(&outcomes[0]).to_owned(), properties: vec![], cases: outcomes.iter().map(case).collect() }
}

/// The controls of a pack: what rules say of each as properties, what a person must supply as test cases.
fn controls(controls: &[Coverage]) -> Suite {
    let case = |one: &Coverage| {
        let said = format!("{}; {}", one.sight.word(), one.person());
        let told = match one.sight {
            Sight::Broken => Told::Failure { kind: "control".to_owned(), message: said, detail: one.rules() },
            Sight::NotJudged => Told::Error(said),
            _ => Told::Skipped(said),
        };
        let name = format!("{}: {}", one.control.article, one.control.title);
        Case { class: format!("{}.{}", one.pack, one.control.id), name, told }
    };
    let property = |one: &Coverage| (one.control.article.clone(), one.rules());
    let with_rules = controls.iter().filter(|one| !one.evidence.is_empty());
    Suite {
        name: format!("{}: controls", controls[0].pack),
        properties: with_rules.map(property).collect(),
        cases: controls.iter().map(case).collect(),
    }
}

fn line(finding: &Finding) -> String {
    let place = finding.place.as_deref().map(|place| format!(" ({place})")).unwrap_or_default();
    format!("{}: {}{place}", finding.subject, finding.message)
}

impl Suite {
    fn write(&self, xml: &mut String, at: &str) {
        let cases: Vec<&Case> = self.cases.iter().collect();
        let (name, tally) = (xml_text(&self.name), tally(&cases));
        // The schema of Jenkins knows it of suites only.
        let skipped = cases.iter().filter(|case| matches!(case.told, Told::Skipped(_))).count();
        let _ =
            writeln!(xml, "  <testsuite name=\"{name}\" {tally} skipped=\"{skipped}\" time=\"0\" timestamp=\"{at}\">");
        if !self.properties.is_empty() {
            xml.push_str("    <properties>\n");
            for (name, value) in &self.properties {
                let (name, value) = (xml_text(name), xml_text(value));
                let _ = writeln!(xml, "      <property name=\"{name}\" value=\"{value}\"/>");
            }
            xml.push_str("    </properties>\n");
        }
        self.cases.iter().for_each(|case| case.write(xml));
        xml.push_str("  </testsuite>\n");
    }
}

impl Case {
    fn write(&self, xml: &mut String) {
        let (class, name) = (xml_text(&self.class), xml_text(&self.name));
        let _ = write!(xml, "    <testcase classname=\"{class}\" name=\"{name}\" time=\"0\"");
        let inner = match &self.told {
            Told::Passed => {
                xml.push_str("/>\n");
                return;
            }
            Told::Skipped(why) => format!("<skipped>{}</skipped>", xml_text(why)),
            Told::Error(why) => {
                let why = xml_text(why);
                format!("<error type=\"not-judged\" message=\"{why}\">{why}</error>")
            }
            Told::Failure { kind, message, detail } => {
                let [kind, message, detail] = [kind, message, detail].map(|text| xml_text(text));
                format!("<failure type=\"{kind}\" message=\"{message}\">{detail}</failure>")
            }
        };
        let _ = writeln!(xml, ">\n      {inner}\n    </testcase>");
    }
}

fn tally(cases: &[&Case]) -> String {
    let count = |wanted: fn(&Told) -> bool| cases.iter().filter(|case| wanted(&case.told)).count();
    let failures = count(|told| matches!(told, Told::Failure { .. }));
    let errors = count(|told| matches!(told, Told::Error(_)));
    format!("tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\"", cases.len())
}
