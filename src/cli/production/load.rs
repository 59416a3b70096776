//! Load files, which review platforms read: Concordance DAT and Opticon OPT.
//!
//! Both are conventions of the trade, not standards: a DAT line is a document, its fields quoted with `þ` and separated by
//! U+0014, `®` for a line end within one; an OPT line is an image, here a document as it is. Field names have at most 12
//! characters, since Concordance cuts longer ones.

use super::Produced;

const QUOTE: char = 'þ';
const SEPARATOR: char = '\u{14}';
const NEWLINE: &str = "®";

/// The fields of a DAT line, and what of a document stands there.
const FIELDS: [(&str, Field); 22] = [
    ("BEGBATES", |document| document.begin.clone()),
    ("ENDBATES", |document| document.end.clone()),
    ("VOLUME", |document| document.volume.clone()),
    ("CUSTODIAN", |document| document.custodian.clone()),
    ("DOCTYPE", |document| document.doctype.to_owned()),
    ("FILEEXT", |document| document.extension.clone()),
    ("FILENAME", |document| document.file_name.clone().unwrap_or_default()),
    ("FILESIZE", |document| document.size.to_string()),
    ("PAGECOUNT", |document| document.facts.pages.to_string()),
    ("FROM", |document| document.facts.from.clone()),
    ("TO", |document| document.facts.to.clone()),
    ("CC", |document| document.facts.cc.clone()),
    ("BCC", |document| document.facts.bcc.clone()),
    ("SUBJECT", |document| document.facts.subject.clone()),
    ("DATESENT", |document| document.date().replace('-', "")),
    ("SHA256HASH", |document| document.redacted.output.hex()),
    ("REDACTED", |document| if document.is_redacted() { "Y".into() } else { "N".into() }),
    ("REDACTIONS", |document| document.total().to_string()),
    ("REDACTTYPES", |document| document.counted("\n")),
    ("REDACTREASON", |document| document.reasons("\n")),
    ("REDACTBASIS", |document| document.redacted.basis.clone().unwrap_or_default()),
    ("NATIVEPATH", |document| backslashed(&document.native)),
];

type Field = fn(&Produced) -> String;

/// The DAT file: UTF-8 with a byte order mark, a header, a line for each document.
pub(super) fn dat(documents: &[Produced]) -> String {
    let header = dat_line(FIELDS.iter().map(|(name, _)| (*name).to_owned()));
    let lines = documents.iter().map(|document| dat_line(FIELDS.iter().map(|(_, field)| field(document))));
    format!("\u{feff}{header}{}", lines.collect::<String>())
}

fn dat_line(values: impl Iterator<Item = String>) -> String {
    let quoted: Vec<String> = values.map(|value| format!("{QUOTE}{}{QUOTE}", harmless(&value))).collect();
    quoted.join(SEPARATOR.encode_utf8(&mut [0; 4])) + "\r\n"
}

/// There is no escape in a DAT file: what separates there becomes something that looks like it.
fn harmless(value: &str) -> String {
    let value = value.replace('®', "(R)").replace(QUOTE, "Þ").replace("\r\n", "\n");
    let plain = value.chars().map(|char| if char != '\n' && char.is_control() { ' ' } else { char });
    plain.collect::<String>().replace('\n', NEWLINE)
}

/// The OPT file: control number, volume, path, `Y` where a document begins, folder, box, number of pages.
pub(super) fn opt(documents: &[Produced]) -> String {
    let line = |document: &Produced| {
        let Produced { begin, volume, native, facts, .. } = document;
        format!("{begin},{volume},{},Y,,,{}\r\n", backslashed(native), facts.pages)
    };
    documents.iter().map(line).collect()
}

fn backslashed(path: &str) -> String {
    path.replace('/', "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of a header with two fields are those of the trade.
    #[test]
    fn the_bytes_of_a_header() {
        let line = dat_line(["BEGBATES".to_owned(), "ENDBATES".to_owned()].into_iter());
        let latin: Vec<u8> = line.chars().map(|char| char as u8).collect();
        assert_eq!(latin, b"\xFEBEGBATES\xFE\x14\xFEENDBATES\xFE\r\n");
        assert!(FIELDS.iter().all(|(name, _)| name.len() <= 12));
    }

    /// No value ends its field.
    #[test]
    fn no_value_ends_its_field() {
        assert_eq!(harmless("a\u{14}b\u{fe}c\r\nd®\te"), "a bÞc®d(R) e");
    }
}
