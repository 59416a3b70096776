//! What the rules of packs came to (`judgement/1`): read, and turned into a report of its own.

use model::{Fault, Instant};

use crate::json;
use crate::names::quote;
use crate::report::{self, Attachment, Paper, Report};
use crate::wire::JudgementWire;

/// The words of an answer.
const ANSWERS: [&str; 5] = ["met", "broken", "not applicable", "not given", "not judged"];
const VERDICTS: [&str; 3] = ["met", "broken", "no data"];

/// The report of a judgement (`judgement/1`), with the judgement inside, byte for byte. `producer` is the program and its
/// version.
///
/// # Errors
/// `bad-evaluation` when it is none.
pub fn report(judgement: &[u8], producer: &str, created: Instant) -> Result<Report, Fault> {
    let wire = read(judgement).map_err(|why| {
        Fault::bad_input("bad-evaluation", format!("This is not the outcome of an evaluation: {why}"))
            .advise("Give what evaluate wrote with --json, unchanged.")
    })?;
    Ok(Report {
        title: report::judgement_title(&wire),
        case: String::new(),
        marking: String::new(),
        watermark: String::new(),
        language: "en".to_owned(),
        producer: producer.to_owned(),
        created,
        paper: Paper::default(),
        bates: None,
        flattened: false,
        blocks: report::judgement(&wire, producer, created),
        attachments: vec![Attachment {
            name: "judgement.json".to_owned(),
            media_type: "application/json".to_owned(),
            description: "The content of this report as JSON, with every finding".to_owned(),
            bytes: judgement.to_vec(),
        }],
    })
}

/// Reads `judgement/1`; the error is a sentence.
pub(crate) fn read(bytes: &[u8]) -> Result<JudgementWire, String> {
    let wire: JudgementWire = json::read(bytes)?;
    if !VERDICTS.contains(&wire.verdict.as_str()) {
        return Err(format!("{} is no verdict", quote(&wire.verdict)));
    }
    let mut answers = wire.rules.iter().map(|rule| rule.answer.as_str());
    match answers.find(|word| !ANSWERS.contains(word)) {
        Some(word) => Err(format!("{} is no answer of a rule", quote(word))),
        None => Ok(wire),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Block, Table};

    fn judgement(findings: usize) -> serde_json::Value {
        let finding = |n| serde_json::json!({"verdict": "broken", "subject": format!("thing {n}"), "message": "is wrong", "place": null});
        serde_json::json!({
            "schema": "judgement/1", "at": "2026-11-22T12:00:00Z", "verdict": "broken",
            "packs": [{"name": "house", "version": "1"}],
            "rules": [{
                "rule": "house.one", "title": "One", "law": [{"article": "Rule 1", "link": "https://example.org/1"}],
                "severity": "high", "answer": "broken", "met": 0, "broken": findings + 1, "not_applicable": 0, "not_judged": 0,
                "findings": (0..findings).map(finding).collect::<Vec<_>>(), "suppressed": [], "fix": "Mend it.", "place": "one.yaml",
            }],
            "stale_suppressions": [], "facts": [], "trend": null,
        })
    }

    fn table(block: &Block) -> Option<&Table> {
        if let Block::Table(table) = block { Some(table) } else { None }
    }

    fn tables(report: &Report) -> Vec<&Table> {
        report.blocks.iter().filter_map(table).collect()
    }

    #[test]
    fn long_lists_are_cut_and_counted() {
        let made = Instant::from_seconds(0).unwrap();
        let report = report(judgement(5_000).to_string().as_bytes(), "probity", made).unwrap();
        assert_eq!(report.title, "Judgement of house");
        assert!(tables(&report).iter().any(|table| table.rows.len() == 200));
        let said = format!("{:?}", report.blocks);
        assert!(
            said.contains("4,801 findings more are not printed") && said.contains("the first 5,000 ones"),
            "{said}"
        );
        assert!(said.contains("1 of 1 rule is broken; 0 are met."), "{said:.3000}");
    }

    #[test]
    fn what_is_none_is_refused() {
        let check = |change: &dyn Fn(&mut serde_json::Value), expect: &str| {
            let mut value = judgement(1);
            change(&mut value);
            let fault = report(value.to_string().as_bytes(), "probity", Instant::from_seconds(0).unwrap()).unwrap_err();
            assert_eq!(fault.code(), "bad-evaluation");
            assert!(fault.to_string().contains(expect), "{fault}");
        };
        check(&|value| value["verdict"] = "fine".into(), "is no verdict");
        check(&|value| value["rules"][0]["answer"] = "fine".into(), "is no answer of a rule");
        check(&|value| value["rules"] = 7.into(), "invalid type");
    }
}
