//! What the network takes for a name and what is none: headings, labels, abbreviations, diseases, doses.
//!
//! The network learned from news and conversation. In forms, letters and reports it takes labels for organisations and
//! headings for persons; the lists and the place of the words tell.

use std::ops::Range;

use super::entity::{Entity, Label};
use super::words::{Shape, Word};

/// Words that stand beside personal data, abbreviations of trades and of chats, which are no organisations.
const JARGON: &[&str] = &[
    "aka",
    "api",
    "asap",
    "atm",
    "bic",
    "bmi",
    "bp",
    "btw",
    "ceo",
    "cfo",
    "cfr",
    "copd",
    "cpr",
    "cpt",
    "csv",
    "ct",
    "cto",
    "cv",
    "dea",
    "dl",
    "dna",
    "dob",
    "doj",
    "dx",
    "ecg",
    "ehr",
    "ein",
    "ekg",
    "emr",
    "er",
    "esq",
    "faq",
    "fbo",
    "ffs",
    "fyi",
    "gp",
    "gps",
    "hipaa",
    "hpi",
    "hr",
    "html",
    "http",
    "https",
    "hx",
    "iban",
    "icd",
    "icu",
    "id",
    "idk",
    "imei",
    "imho",
    "imo",
    "ip",
    "isbn",
    "itin",
    "iv",
    "json",
    "lmao",
    "lol",
    "mac",
    "mri",
    "mrn",
    "nda",
    "nhs number",
    "nok",
    "npi",
    "omg",
    "or",
    "otp",
    "pdf",
    "phi",
    "pii",
    "pin",
    "po",
    "prn",
    "qty",
    "re",
    "rip",
    "rn",
    "rofl",
    "rtc",
    "rx",
    "sku",
    "smh",
    "sms",
    "sql",
    "ssl",
    "ssn",
    "swift",
    "tba",
    "tbd",
    "tel",
    "tin",
    "tls",
    "tmi",
    "tx",
    "url",
    "usb",
    "utc",
    "vat",
    "vin",
    "vpn",
    "wtf",
    "wow",
    "xml",
];
/// What a name of a disease, an examination or a document ends with.
const NO_NAMES: &[&str] = &[
    "anemia",
    "asthma",
    "arthritis",
    "biopsy",
    "bronchitis",
    "cancer",
    "carcinoma",
    "colonoscopy",
    "deficiency",
    "depression",
    "diabetes",
    "disease",
    "disorder",
    "failure",
    "fracture",
    "history",
    "hypertension",
    "infection",
    "infarction",
    "injury",
    "lupus",
    "mellitus",
    "migraine",
    "neuropathy",
    "pain",
    "pneumonia",
    "record",
    "records",
    "report",
    "scan",
    "summary",
    "surgery",
    "syndrome",
    "therapy",
    "transcript",
    "tumor",
    "ultrasound",
    "agreement",
    "statement",
    "invoice",
    "receipt",
    "form",
    "notes",
    "note",
    "number",
    "name",
    "address",
    "email",
    "phone",
    "id",
    "date",
    "details",
    "information",
];

/// What is left of an entity of the network when what is no name is taken from it.
pub(super) fn plausible(text: &str, words: &[Word], mut entity: Entity) -> Option<Entity> {
    if matches!(entity.label, Label::Other(_)) {
        return Some(entity);
    }
    entity.range = first_line(text, entity.range);
    if is_label(text, &entity.range) {
        entity.range = without_label(text, entity.range);
    }
    let from = words.partition_point(|word| word.end <= entity.range.start);
    let count = words[from..].iter().take_while(|word| word.start < entity.range.end).count();
    let inside = &words[from..from + count];
    let last = inside.last()?;
    let here = &text[entity.range.clone()];
    let has_digit = here.bytes().any(|byte| byte.is_ascii_digit());
    let is_plain = inside.iter().all(|word| word.kind.is_common() || word.shape == Shape::Small);
    let is_listed = inside.iter().any(|word| word.kind.is_known_first() || word.kind.is_frequent_last());
    let is_label = is_label(text, &entity.range);
    let is_none =
        last.is_any(text, NO_NAMES) || here.contains("://") || here.contains(['&', '=', '{']) && !here.contains(" & ");
    let starts = begins_line(text, entity.range.start);
    let shouted = inside.iter().all(|word| word.shape == Shape::Capitals);
    let drop = match entity.label {
        Label::Person => {
            here == "I"
                || has_digit
                || is_none
                || is_plain && !is_listed && (starts || is_label || shouted || count == 1)
        }
        Label::Place => {
            has_digit && count < 2 || is_none && last.end - last.start == here.len() || is_label && is_plain
        }
        _ => {
            JARGON.iter().any(|word| word.eq_ignore_ascii_case(here))
                || is_none
                || has_digit && count < 2
                || is_label && (is_plain || shouted && here.len() < 6)
                || is_plain && (count == 1 && (starts || shouted) || shouted && starts)
                || inside.iter().all(|word| word.shape == Shape::Small)
        }
    };
    (!drop).then_some(entity)
}

/// A range up to its first empty line, or to its last line when that is a label of what follows (`Smith⏎Phone:`).
fn first_line(text: &str, range: Range<usize>) -> Range<usize> {
    let here = &text[range.clone()];
    let Some(line) = here.find('\n') else { return range };
    let rest = &here[line + 1..];
    let is_block = rest.starts_with(['\n', '\r', ' ', '\t', '-', '*']) || is_label(text, &range) || starts_label(rest);
    if !is_block {
        return range;
    }
    range.start..range.start + here[..line].trim_end().len()
}

/// A range without its last word where that is a label: `Linda Walker  MRN: …`.
fn without_label(text: &str, range: Range<usize>) -> Range<usize> {
    let here = &text[range.clone()];
    let Some(at) = here.rfind([' ', '\n']) else { return range };
    let last = &here[at + 1..];
    let known = |list: &[&str]| list.iter().any(|word| word.eq_ignore_ascii_case(last));
    match known(JARGON) || known(NO_NAMES) {
        true => range.start..range.start + here[..at].trim_end().len(),
        false => range,
    }
}

/// Whether a line is in capitals or a label, so that it begins something new.
fn starts_label(line: &str) -> bool {
    line.split('\n').next().is_some_and(|line| line.trim_end().ends_with(':'))
}

/// Whether what follows a range makes it a label: `DEA: …`, `Rx #…`.
fn is_label(text: &str, range: &Range<usize>) -> bool {
    let after = text[range.end..].trim_start_matches([' ', ')']);
    after.starts_with([':', '#', '=']) && !after.starts_with("://")
}

fn begins_line(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end_matches([' ', '\t', '"', '*', '#', '-', '•']);
    before.is_empty() || before.ends_with(['\n', '.', '!', '?', ':', '|', '>'])
}
