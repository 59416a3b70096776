//! `data/case.xml`: the document as XML 1.0, valid under `case.v1.xsd`, made from `case.json` and from nothing else.
//!
//! Characters that XML 1.0 cannot hold (§2.2) are shown as their control pictures (U+2400 and on), or as U+FFFD.

use crate::wire::{CustodyLine, DocumentWire, ExhibitWire, ObjectiveWire, RecordedWire};

/// The namespace.
pub(crate) const NAMESPACE: &str = "urn:probity:case:1";

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
    xml.start("evaluations", &[]);
    document.evaluations.iter().for_each(|evaluation| write_evaluation(&mut xml, evaluation));
    xml.end();
    xml.start("exhibits", &[]);
    document.exhibits.iter().for_each(|exhibit| write_exhibit(&mut xml, exhibit));
    xml.end();
    let entries = document.custody.entries.to_string();
    xml.start("custody", &[("entries", Some(&entries)), ("head", Some(&document.custody.head))]);
    document.custody.log.iter().for_each(|line| write_entry(&mut xml, line));
    xml.end();
    if let Some(ledger) = &document.ledger {
        let size = ledger.size.to_string();
        xml.start("ledger", &[("size", Some(&size)), ("root", Some(&ledger.root))]);
        xml.text("origin", &ledger.origin);
        xml.text("proof", &ledger.proof);
        xml.end();
    }
    xml.end();
    xml.out.into_bytes()
}

fn write_evaluation(xml: &mut Xml, evaluation: &RecordedWire) {
    let size = evaluation.size.to_string();
    xml.start(
        "evaluation",
        &[
            ("file", Some(&evaluation.file)),
            ("size", Some(&size)),
            ("sha256", Some(&evaluation.sha256)),
            ("recorded", Some(&evaluation.recorded)),
            ("at", Some(&evaluation.at)),
            ("verdict", Some(&evaluation.verdict)),
        ],
    );
    xml.text("recordedBy", &evaluation.recorded_by);
    if let Some(store) = &evaluation.store {
        let version = store.version.to_string();
        xml.empty("store", &[("version", Some(&version)), ("head", Some(&store.head))]);
    }
    evaluation.objectives.iter().for_each(|objective| write_objective(xml, objective));
    for warning in &evaluation.warnings {
        xml.start("warning", &[("code", Some(&warning.code))]);
        xml.text("message", &warning.message);
        xml.maybe("place", warning.place.as_deref());
        xml.end();
    }
    xml.end();
}

fn write_objective(xml: &mut Xml, objective: &ObjectiveWire) {
    let number = |n: &Option<u64>| n.map(|n| n.to_string());
    let (good, total) = (objective.good.to_string(), objective.total.to_string());
    let (needed, bad) = (number(&objective.needed), number(&objective.bad));
    xml.start(
        "objective",
        &[
            ("rule", Some(&objective.rule)),
            ("objective", Some(&objective.objective)),
            ("service", objective.service.as_deref()),
            ("pack", objective.pack.as_deref()),
            ("severity", objective.severity.as_deref()),
            ("verdict", Some(&objective.verdict)),
            ("target", Some(&objective.target)),
            ("good", Some(&good)),
            ("total", Some(&total)),
            ("needed", needed.as_deref()),
            ("bad", bad.as_deref()),
            ("ratio", objective.ratio.as_deref()),
            ("burnRate", objective.burn_rate.as_deref()),
            ("first", objective.first.as_deref()),
            ("last", objective.last.as_deref()),
        ],
    );
    xml.maybe("title", objective.title.as_deref());
    let window = &objective.window;
    let bounds = [("from", Some(window.from.as_str())), ("to", Some(&window.to)), ("length", window.length.as_deref())];
    xml.empty("window", &bounds);
    if let Some(budget) = &objective.budget {
        let parts = [
            ("allowed", Some(budget.allowed.as_str())),
            ("spent", Some(&budget.spent)),
            ("remaining", Some(&budget.remaining)),
        ];
        xml.empty("budget", &parts);
    }
    xml.maybe("condition", objective.condition.as_deref());
    xml.maybe("source", objective.source.as_deref());
    for shown in &objective.shown {
        let value =
            [("name", Some(shown.name.as_str())), ("value", Some(&shown.value)), ("unit", shown.unit.as_deref())];
        xml.start("shown", &value);
        xml.maybe("definition", shown.definition.as_deref());
        xml.end();
    }
    xml.text("reason", &objective.reason);
    xml.end();
}

fn write_exhibit(xml: &mut Xml, exhibit: &ExhibitWire) {
    let size = exhibit.size.to_string();
    xml.start(
        "exhibit",
        &[
            ("id", Some(&exhibit.id)),
            ("file", Some(&exhibit.file)),
            ("size", Some(&size)),
            ("sha256", Some(&exhibit.sha256)),
            ("collected", Some(&exhibit.collected)),
        ],
    );
    xml.text("collectedBy", &exhibit.collected_by);
    xml.text("originalName", &exhibit.original_name);
    xml.text("description", &exhibit.description);
    xml.end();
}

fn write_entry(xml: &mut Xml, line: &CustodyLine) {
    let (seq, size) = (line.seq.to_string(), line.size.map(|size| size.to_string()));
    xml.start(
        "entry",
        &[
            ("seq", Some(&seq)),
            ("time", Some(&line.time)),
            ("act", Some(&line.act)),
            ("exhibit", line.exhibit.as_deref()),
            ("file", line.file.as_deref()),
            ("size", size.as_deref()),
            ("sha256Before", line.sha256_before.as_deref()),
            ("sha256After", line.sha256_after.as_deref()),
            ("prev", Some(&line.prev)),
        ],
    );
    xml.text("by", &line.by);
    xml.maybe("from", line.from.as_deref());
    xml.maybe("to", line.to.as_deref());
    xml.text("purpose", &line.purpose);
    xml.maybe("originalName", line.original_name.as_deref());
    xml.maybe("note", line.note.as_deref());
    xml.end();
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
        self.tag(name, &[]);
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
