//! The same as XML: scope and gaps first, as people read it.

use std::fmt::Write as _;

use super::{Certificate, Looked};
use crate::register::Recipient;

const NAMESPACE: &str = "urn:probity:erase-certificate:1";

pub(super) fn document(of: &Certificate) -> String {
    let mut xml = Xml { text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), depth: 0 };
    let (about, article) = (&of.about, of.ground.as_deref().unwrap_or_default());
    xml.open("eraseCertificate", &[("xmlns", NAMESPACE), ("request", &about.request), ("result", of.result.word())]);
    xml.line("law", &[("regime", &of.regime), ("article", &of.article), ("ground", article)], None);
    for (kind, pseudonym) in &of.subject {
        xml.line("subject", &[("kind", kind)], Some(pseudonym));
    }
    for store in &of.scope {
        xml.line(
            "scope",
            &[
                ("store", &store.store),
                ("dataset", &store.dataset),
                ("version", &store.version),
                ("transactional", if store.transactional { "true" } else { "false" }),
                ("state", store.state),
                ("collections", &store.collections.to_string()),
            ],
            None,
        );
    }
    of.gaps.iter().for_each(|gap| xml.line("gap", &[], Some(gap)));
    xml.line("received", &[], Some(&about.received.to_string()));
    xml.line("started", &[], Some(&about.started.to_string()));
    xml.line("finished", &[], Some(&about.finished.to_string()));
    xml.line("operator", &[], Some(&about.operator));
    about.approvers.iter().for_each(|key| xml.line("approver", &[], Some(key)));
    if let Some(words) = &about.identified_by {
        xml.line("requesterVerifiedBy", &[], Some(words));
    }
    xml.line("tool", &[], Some(&about.tool));
    for (name, digest) in &about.digests {
        xml.line("digest", &[("of", name)], Some(&format!("sha256:{digest}")));
    }
    lines(of, &mut xml);
    of.remarks.iter().for_each(|remark| xml.line("remark", &[], Some(remark)));
    of.verification.iter().for_each(|looked| verification(looked, &mut xml));
    for (store, collection, rows) in &of.found_again {
        let rows = rows.to_string();
        xml.line("foundAgain", &[("store", store), ("collection", collection), ("rows", &rows)], None);
    }
    of.physical.iter().for_each(|(store, text)| xml.line("remainsPhysically", &[("store", store)], Some(text)));
    of.recipients.iter().for_each(|one| recipient(one, &mut xml));
    for backup in &of.backups {
        let word = |word: &Option<String>| word.clone().unwrap_or_default();
        let (kept, until, place) = (word(&backup.kept), word(&backup.until), word(&backup.place));
        xml.line("backups", &[("store", &backup.store), ("kept", &kept), ("until", &until), ("place", &place)], None);
    }
    xml.line("tombstones", &[], Some(&about.tombstones.to_string()));
    xml.close("eraseCertificate");
    xml.text
}

fn recipient(of: &Recipient, xml: &mut Xml) {
    let told = of.told.as_ref();
    let acknowledged = told.and_then(|told| told.acknowledged).map(|at| at.to_string());
    xml.line(
        "recipient",
        &[
            ("collections", &of.collections.join(" ")),
            ("told", &told.map(|told| told.at.to_string()).unwrap_or_default()),
            ("by", told.map_or("", |told| &told.by)),
            ("acknowledged", &acknowledged.unwrap_or_default()),
            ("notToldBecause", of.exempt.as_deref().unwrap_or_default()),
        ],
        Some(&of.name),
    );
}

fn lines(of: &Certificate, xml: &mut Xml) {
    for line in &of.done {
        let numbers = [line.step, line.planned, line.rows, line.already].map(|number| number.to_string());
        xml.line(
            "done",
            &[
                ("step", &numbers[0]),
                ("store", &line.store),
                ("collection", &line.collection),
                ("outcome", line.outcome),
                ("fields", &line.fields.join(" ")),
                ("planned", &numbers[1]),
                ("rows", &numbers[2]),
                ("already", &numbers[3]),
                ("rowsDigest", &format!("sha256:{}", line.digest)),
            ],
            Some(&line.reason),
        );
    }
    for kept in &of.retained {
        let rows = kept.rows.to_string();
        let word = |word: &Option<String>| word.clone().unwrap_or_default();
        xml.line(
            "retained",
            &[
                ("store", &kept.store),
                ("collection", &kept.collection),
                ("rows", &rows),
                ("code", &kept.code),
                ("until", &word(&kept.until)),
                ("approver", &word(&kept.approver)),
                ("hold", &word(&kept.hold)),
                ("anonymised", &kept.anonymised.join(" ")),
            ],
            Some(&kept.law),
        );
    }
    for shared in &of.shared {
        let rows = shared.rows.to_string();
        let attributes = [("store", &*shared.store), ("collection", &*shared.collection), ("rows", &*rows)];
        xml.line("shared", &attributes, Some(&shared.reason));
    }
    for failed in &of.failed {
        xml.line("failed", &[("store", &failed.store), ("code", &failed.code)], Some(&failed.message));
    }
}

fn verification(of: &Looked, xml: &mut Xml) {
    let numbers = [of.collections, of.rows, of.bytes].map(|number| number.to_string());
    let [collections, rows, bytes] = &numbers;
    xml.open("looked", &[("store", &of.store), ("collections", collections), ("rows", rows), ("bytes", bytes)]);
    for place in &of.places {
        xml.line(
            "place",
            &[
                ("collection", &place.collection),
                ("field", place.field.as_deref().unwrap_or_default()),
                ("keyDigest", &format!("sha256:{}", place.key)),
                ("forms", &place.forms.join(" ")),
                ("explained", place.explained.as_deref().unwrap_or_default()),
            ],
            None,
        );
    }
    xml.close("looked");
}

/// XML under way. Attributes with empty values are left out.
struct Xml {
    text: String,
    depth: usize,
}

impl Xml {
    fn open(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.begin(name, attributes);
        self.text.push_str(">\n");
        self.depth += 1;
    }

    fn close(&mut self, name: &str) {
        self.depth -= 1;
        let _ = writeln!(self.text, "{:1$}</{name}>", "", self.depth * 2);
    }

    fn line(&mut self, name: &str, attributes: &[(&str, &str)], text: Option<&str>) {
        self.begin(name, attributes);
        let _ = match text {
            Some(text) => writeln!(self.text, ">{}</{name}>", model::xml_text(text)),
            None => writeln!(self.text, "/>"),
        };
    }

    fn begin(&mut self, name: &str, attributes: &[(&str, &str)]) {
        let _ = write!(self.text, "{:1$}<{name}", "", self.depth * 2);
        for (name, value) in attributes.iter().filter(|(_, value)| !value.is_empty()) {
            let _ = write!(self.text, " {name}=\"{}\"", model::xml_text(value));
        }
    }
}
