//! The privilege log, and the list of single redactions, as CSV.
//!
//! Fed. R. Civ. P. 26(b)(5)(A): what is withheld is described so that its ground can be judged, without revealing it. Here
//! the parts that were taken out are described by type, number and ground; what a lawyer has to add stays empty.

use super::Produced;
use super::report::Redaction;
use crate::cli::csv;

const HEADER: [&str; 19] = [
    "log_id",
    "bates_begin",
    "bates_end",
    "document_type",
    "date",
    "author",
    "to",
    "cc",
    "bcc",
    "subject",
    "privilege",
    "treatment",
    "description",
    "ground",
    "basis",
    "custodian",
    "redacted_by",
    "redacted_at",
    "sha256",
];

/// Programs of the office take a file without this for one of their own encoding.
const MARK: &str = "\u{feff}";

/// The privilege log: a line for each document from which something was taken out.
pub(super) fn log(documents: &[Produced]) -> String {
    let redacted = documents.iter().filter(|document| document.is_redacted());
    let lines = redacted.zip(1_u64..).map(|(document, id)| {
        let Produced { begin, end, doctype, facts, redacted, custodian, .. } = document;
        let (id, date, ground, digest) =
            (id.to_string(), document.date(), document.reasons("; "), redacted.output.hex());
        let (treatment, description) = (treatment(document), description(document));
        csv::line([
            id.as_str(),
            begin,
            end,
            doctype,
            &date,
            &facts.from,
            &facts.to,
            &facts.cc,
            &facts.bcc,
            &facts.subject,
            "",
            treatment,
            &description,
            &ground,
            redacted.basis.as_deref().unwrap_or_default(),
            custodian,
            &redacted.actor,
            &redacted.time,
            &digest,
        ])
    });
    format!("{MARK}{}{}", csv::line(HEADER), lines.collect::<String>())
}

fn treatment(document: &Produced) -> &'static str {
    match (document.total(), document.redacted.removed.is_empty()) {
        (0, _) => "parts withheld",
        (_, true) => "redacted",
        (_, false) => "redacted; parts withheld",
    }
}

fn description(document: &Produced) -> String {
    let mut said = Vec::new();
    if document.total() > 0 {
        said.push(format!("taken out: {}", document.counted(", ")));
    }
    said.extend(document.redacted.removed.iter().map(|part| format!("withheld whole: {part}")));
    said.extend(document.redacted.unscanned.iter().map(|part| format!("not looked into: {part}")));
    said.join("; ")
}

/// The header of the list of redactions.
pub(super) fn redactions_header() -> String {
    let header =
        ["bates_begin", "log_line", "place", "type", "rule", "ground", "operator", "stands_there_now", "keyed_digest"];
    format!("{MARK}{}", csv::line(header))
}

/// One redaction of the document that begins at `begin`.
pub(super) fn redaction(begin: &str, redaction: &Redaction) -> String {
    let Redaction { sequence, place, kind, rule, reason, operator, before, after } = redaction;
    let after = after.as_deref().unwrap_or("(it stays)");
    let sequence = sequence.to_string();
    csv::line([begin, &sequence, place, kind, rule, reason.as_deref().unwrap_or_default(), operator, after, before])
}
