//! `data/case.xml`: the document as XML 1.0, valid under `case.v2.xsd`, made from `case.json` and from nothing else.
//!
//! Characters that XML 1.0 cannot hold (§2.2) are shown as their control pictures (U+2400 and on), or as U+FFFD.

mod custody;
mod evaluation;
mod judgement;
mod records;

use crate::wire::DocumentWire;

/// The namespace.
pub(crate) const NAMESPACE: &str = "urn:probity:case:2";

/// The bytes of the XML file.
pub(crate) fn write(document: &DocumentWire) -> Vec<u8> {
    let mut xml = Xml { out: String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"), open: Vec::new() };
    xml.start(
        "case",
        &[
            ("xmlns", Some(NAMESPACE)),
            ("id", Some(&document.id)),
            ("created", Some(&document.created)),
            ("opened", Some(&document.opened)),
            ("verdict", document.verdict.as_deref()),
        ],
    );
    xml.text("title", &document.title);
    xml.text("openedBy", &document.opened_by);
    xml.text("marking", &document.marking);
    xml.text("watermark", &document.watermark);
    xml.empty("tool", &[("name", Some(&document.tool.name)), ("version", Some(&document.tool.version))]);
    xml.text("signer", &document.signer);
    xml.start("certificates", &[]);
    for certificate in &document.certificates {
        xml.empty(
            "certificate",
            &[
                ("subject", Some(&certificate.subject)),
                ("issuer", Some(&certificate.issuer)),
                ("sha256", Some(&certificate.sha256)),
            ],
        );
    }
    xml.end();
    xml.start("evaluations", &[]);
    document.evaluations.iter().for_each(|evaluation| evaluation::write_evaluation(&mut xml, evaluation));
    xml.end();
    xml.start("exhibits", &[]);
    document.exhibits.iter().for_each(|exhibit| custody::write_exhibit(&mut xml, exhibit));
    xml.end();
    xml.start("redactions", &[]);
    document.redactions.iter().for_each(|redactions| records::write_redactions(&mut xml, redactions));
    xml.end();
    xml.start("reasoning", &[]);
    document.reasoning.iter().for_each(|record| records::write_reasoned(&mut xml, record));
    xml.end();
    custody::write_custody(&mut xml, &document.custody);
    if let Some(ledger) = &document.ledger {
        let size = ledger.size.to_string();
        xml.start("ledger", &[("size", Some(&size)), ("root", Some(&ledger.root))]);
        xml.text("origin", &ledger.origin);
        xml.text("proof", &ledger.proof);
        for line in &ledger.acts {
            let line = line.to_string();
            xml.empty("act", &[("seq", Some(&line))]);
        }
        xml.end();
    }
    xml.end();
    xml.out.into_bytes()
}

type Attributes<'a> = [(&'static str, Option<&'a str>)];

struct Xml {
    out: String,
    open: Vec<&'static str>,
}

impl Xml {
    fn start(&mut self, name: &'static str, attributes: &Attributes) {
        self.tag(name, attributes);
        self.out.push_str(">\n");
        self.open.push(name);
    }

    fn end(&mut self) {
        let Some(name) = self.open.pop() else { return };
        self.indent();
        self.out.push_str(&format!("</{name}>\n"));
    }

    fn empty(&mut self, name: &'static str, attributes: &Attributes) {
        self.tag(name, attributes);
        self.out.push_str("/>\n");
    }

    fn text(&mut self, name: &'static str, text: &str) {
        self.text_with(name, &[], text);
    }

    fn text_with(&mut self, name: &'static str, attributes: &Attributes, text: &str) {
        self.tag(name, attributes);
        self.out.push('>');
        escape(&mut self.out, text);
        self.out.push_str(&format!("</{name}>\n"));
    }

    fn maybe(&mut self, name: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn tag(&mut self, name: &'static str, attributes: &Attributes) {
        self.indent();
        self.out.push('<');
        self.out.push_str(name);
        for (attribute, value) in attributes {
            if let Some(value) = value {
                self.out.push_str(&format!(" {attribute}=\""));
                escape(&mut self.out, value);
                self.out.push('"');
            }
        }
    }

    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.open.len()));
    }
}

/// XML 1.0 §2.2 (characters), §2.4 (mark-up), §2.11 and §3.3.3 (line ends and white space, kept by references).
pub(crate) fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\0'..='\u{1f}' => out.push(char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}')),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_a_parser_and_what_xml_cannot_hold_is_shown() {
        let check = |text: &str, expect: &str| {
            let mut out = String::new();
            escape(&mut out, text);
            assert_eq!(out, expect);
        };
        check("a<b>&\"c\"", "a&lt;b&gt;&amp;&quot;c&quot;");
        check("tab\tline\nreturn\r", "tab&#9;line&#10;return&#13;");
        check("\u{1b}[31m\0\u{ffff}", "\u{241b}[31m\u{2400}\u{fffd}");
        check("Übung Ж", "Übung Ж");
    }
}
