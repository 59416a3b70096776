//! Reports of scanners: SARIF 2.1.0 and CycloneDX 1.4 to 1.6 as JSON.
//!
//! Both say the same of a project: what was found, how bad it is, and whether somebody decided to live with it.

mod cyclonedx;
mod sarif;

use std::cmp::Reverse;

use model::Instant;
use serde_json::{Value, json};

use crate::tree::{self, ends, mentions};
use crate::{File, Gap, Read};

pub(crate) fn recognise(file: File<'_>) -> bool {
    let json = ends(file, &[".json", ".sarif"]) && (is_sarif(file.text) || is_cyclonedx(file.text));
    json || is_xml(file)
}

fn is_sarif(text: &str) -> bool {
    mentions(text, "runs") && (text.contains("sarif") || mentions(text, "driver"))
}

fn is_cyclonedx(text: &str) -> bool {
    mentions(text, "bomFormat") && text.contains("CycloneDX")
}

/// CycloneDX has a form in XML, which is told and not read.
fn is_xml(file: File<'_>) -> bool {
    ends(file, &[".xml"]) && file.text.contains("http://cyclonedx.org/schema/bom/")
}

pub(crate) fn read(files: &[File<'_>]) -> Read {
    let (xml, json): (Vec<File<'_>>, Vec<File<'_>>) = files.iter().copied().partition(|file| is_xml(*file));
    let (documents, mut gaps) = tree::open(&json);
    let remedy = "Write it as JSON: `cyclonedx convert --output-format json`.";
    gaps.extend(xml.iter().map(|file| Gap::at(file.name.to_owned(), "CycloneDX is read as JSON only", remedy)));
    let mut found = Found::default();
    for document in &documents {
        match tree::at(&document.node, &["bomFormat"]) {
            Some(_) => found.reports.push(cyclonedx::report(document, &mut found.components)),
            None => sarif::reports(document, &mut found.reports, &mut gaps),
        }
    }
    let findings: Vec<Value> = found.reports.iter().flat_map(Report::findings).collect();
    let reports: Vec<Value> = found.reports.iter().map(Report::value).collect();
    Read { value: json!({"reports": reports, "findings": findings, "components": found.components}), gaps }
}

#[derive(Default)]
struct Found {
    reports: Vec<Report>,
    components: Vec<Value>,
}

/// What one scanner said in one run.
struct Report {
    tool: String,
    format: &'static str,
    time: Option<Instant>,
    findings: Vec<Finding>,
    place: String,
}

/// One thing that a scanner found.
struct Finding {
    rule: String,
    severity: Severity,
    /// Why it counts no more, if somebody said so.
    accepted: bool,
    subject: String,
    place: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Severity {
    Unknown,
    None,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    const fn word(self) -> &'static str {
        match self {
            Severity::Unknown => "unknown",
            Severity::None => "none",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "critical" => Severity::Critical,
            "high" => Severity::High,
            "medium" | "moderate" => Severity::Medium,
            "low" => Severity::Low,
            "none" | "info" => Severity::None,
            "unknown" => Severity::Unknown,
            _ => return None,
        })
    }

    /// CVSS v3.1 §5, «Qualitative severity rating scale».
    fn of_score(score: f64) -> Self {
        match score {
            9.0.. => Severity::Critical,
            7.0.. => Severity::High,
            4.0.. => Severity::Medium,
            score if score > 0.0 => Severity::Low,
            _ => Severity::None,
        }
    }
}

/// Findings that a message names.
const WORST: usize = 5;

impl Report {
    fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| !finding.accepted)
    }

    fn value(&self) -> Value {
        let count = |severity| self.open().filter(|one| one.severity == severity).count();
        let mut worst: Vec<&Finding> = self.open().collect();
        worst.sort_by_key(|finding| Reverse(finding.severity));
        let shown = |one: &&Finding| format!("{} ({}) at {}", one.rule, one.severity.word(), one.subject);
        json!({
            "tool": self.tool,
            "format": self.format,
            "time": self.time.map(|time| time.to_string()),
            "critical": count(Severity::Critical),
            "high": count(Severity::High),
            "medium": count(Severity::Medium),
            "low": count(Severity::Low),
            "unknown": count(Severity::Unknown),
            "accepted": self.findings.iter().filter(|finding| finding.accepted).count(),
            "worst": worst.iter().take(WORST).map(shown).collect::<Vec<_>>(),
            "place": self.place,
        })
    }

    fn findings(&self) -> impl Iterator<Item = Value> {
        self.findings.iter().map(|one| {
            json!({
                "tool": self.tool,
                "rule": one.rule,
                "severity": one.severity.word(),
                "accepted": one.accepted,
                "subject": one.subject,
                "place": one.place,
            })
        })
    }
}

#[cfg(test)]
mod tests;
