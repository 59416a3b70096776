//! Exhibits and custody.

use super::Xml;
use crate::wire::{ActWire, CustodyLine, CustodyWire, ExhibitWire};

pub(super) fn write_exhibit(xml: &mut Xml, exhibit: &ExhibitWire) {
    let size = exhibit.size.to_string();
    xml.start(
        "exhibit",
        &[
            ("id", Some(&exhibit.id)),
            ("status", exhibit.status.as_deref()),
            ("parent", exhibit.parent.as_deref()),
            ("file", Some(&exhibit.file)),
            ("size", Some(&size)),
            ("sha256", Some(&exhibit.sha256)),
            ("collected", Some(&exhibit.collected)),
            ("modified", exhibit.modified.as_deref()),
        ],
    );
    xml.text("collectedBy", &exhibit.collected_by);
    xml.text("originalName", &exhibit.original_name);
    xml.maybe("originalPath", exhibit.original_path.as_deref());
    xml.maybe("source", exhibit.source.as_deref());
    xml.maybe("period", exhibit.period.as_deref());
    xml.maybe("derivation", exhibit.derivation.as_deref());
    xml.text("description", &exhibit.description);
    xml.end();
}

pub(super) fn write_custody(xml: &mut Xml, custody: &CustodyWire) {
    let entries = custody.entries.to_string();
    xml.start("custody", &[("entries", Some(&entries)), ("head", Some(&custody.head))]);
    for history in &custody.exhibits {
        let transfers = history.transfers.to_string();
        xml.start("exhibit", &[("id", Some(&history.exhibit)), ("transfers", Some(&transfers))]);
        xml.text("holder", &history.holder);
        history.acts.iter().for_each(|act| write_act(xml, act));
        xml.end();
    }
    xml.start("case", &[]);
    custody.case.iter().for_each(|act| write_act(xml, act));
    xml.end();
    xml.start("log", &[]);
    custody.log.iter().for_each(|line| write_entry(xml, line));
    xml.end();
    xml.end();
}

fn write_act(xml: &mut Xml, act: &ActWire) {
    let (seq, same) = (act.seq.to_string(), act.hash_match.map(|same| same.to_string()));
    let countersigned = act.countersigned.as_deref();
    xml.empty("act", &[("seq", Some(&seq)), ("hashMatch", same.as_deref()), ("countersigned", countersigned)]);
}

fn write_entry(xml: &mut Xml, line: &CustodyLine) {
    let (seq, size) = (line.seq.to_string(), line.size.map(|size| size.to_string()));
    xml.start(
        "entry",
        &[
            ("schema", Some(&line.schema)),
            ("seq", Some(&seq)),
            ("time", Some(&line.time)),
            ("act", Some(&line.act)),
            ("exhibit", line.exhibit.as_deref()),
            ("status", line.status.as_deref()),
            ("parent", line.parent.as_deref()),
            ("file", line.file.as_deref()),
            ("size", size.as_deref()),
            ("modified", line.modified.as_deref()),
            ("sha256Before", line.sha256_before.as_deref()),
            ("sha256After", line.sha256_after.as_deref()),
            ("prev", Some(&line.prev)),
        ],
    );
    xml.text("by", &line.by);
    xml.maybe("role", line.role.as_deref());
    xml.maybe("recordedBy", line.recorded_by.as_deref());
    xml.maybe("from", line.from.as_deref());
    xml.maybe("to", line.to.as_deref());
    xml.text("purpose", &line.purpose);
    xml.maybe("authority", line.authority.as_deref());
    xml.maybe("seal", line.seal.as_deref());
    xml.maybe("storage", line.storage.as_deref());
    xml.maybe("derivation", line.derivation.as_deref());
    xml.maybe("originalName", line.original_name.as_deref());
    xml.maybe("originalPath", line.original_path.as_deref());
    xml.maybe("source", line.source.as_deref());
    xml.maybe("period", line.period.as_deref());
    xml.maybe("note", line.note.as_deref());
    if let Some(signed) = &line.countersignature {
        xml.start("countersignature", &[("stated", Some(&signed.stated))]);
        xml.text("key", &signed.key);
        xml.text("signature", &signed.signature);
        xml.end();
    }
    xml.end();
}
