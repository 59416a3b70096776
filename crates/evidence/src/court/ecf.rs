//! A filing message of OASIS Electronic Court Filing 5.0 (Committee Specification 01, 18 April 2019), as far as the case says it.

use model::{Digest, Instant};

use super::draft::fill;
use super::{Desk, schedule};
use crate::wire::ExhibitWire;
use crate::xml::escape;

/// A document of the message.
pub(super) struct Filed<'f> {
    /// The name of its file.
    pub(super) name: &'f str,
    /// Its title. Courts show it to the public.
    pub(super) title: String,
    /// What it is.
    pub(super) description: &'f str,
    /// Bytes.
    pub(super) size: u64,
    /// Digest of its bytes.
    pub(super) sha256: Digest,
}

/// The message. The first document leads; the others and the exhibits are connected with it.
pub(super) fn message(desk: &Desk, created: Instant, documents: &[Filed]) -> Vec<u8> {
    let wire = &desk.document.wire;
    let mut written = documents.iter().enumerate().map(|(at, filed)| document(at, filed));
    let lead = written.next().unwrap_or_default();
    let connected: String = written.collect();
    let gone = wire.destroyed();
    let there = wire.exhibits.iter().filter(|exhibit| !gone.contains_key(exhibit.id.as_str()));
    let exhibits = there.enumerate().map(|(at, found)| exhibit(documents.len() + at, found));
    let values = [
        ("TOOL", text(&format!("{} {}", wire.tool.name, wire.tool.version))),
        ("CREATED", created.to_string()),
        ("TITLE", text(&wire.title)),
        ("CASE", text(&wire.id)),
        ("CONNECTED", exhibits.fold(connected, |all, one| all + &one)),
        ("LEAD", lead),
    ];
    fill(include_str!("texts/ecf_message.xml"), &values).into_bytes()
}

fn document(at: usize, filed: &Filed) -> String {
    let pdf = "        <cbrn:MultimediaDataMIMEKindText>application/pdf</cbrn:MultimediaDataMIMEKindText>\n";
    let values = [
        ("ELEMENT", if at == 0 { "FilingLeadDocument" } else { "FilingConnectedDocument" }.to_owned()),
        ("DESCRIPTION", text(filed.description)),
        ("NAME", text(filed.name)),
        ("NUMBER", at.to_string()),
        ("TITLE", text(&filed.title)),
        ("SHA256", filed.sha256.hex()),
        ("MEDIA", pdf.to_owned()),
        ("URI", text(filed.name)),
        ("SIZE", filed.size.to_string()),
    ];
    fill(include_str!("texts/ecf_document.xml"), &values)
}

/// An exhibit by its reference and its folder, which holds one file: what people wrote about it and the name of the file stay out of
/// a message that courts index.
fn exhibit(at: usize, exhibit: &ExhibitWire) -> String {
    let description =
        "An exhibit, in the form in which it was collected; not a part of the electronic filing unless it is a PDF";
    let folder = schedule::folder(exhibit);
    let folder = folder.strip_prefix("data/").unwrap_or(folder);
    let values = [
        ("ELEMENT", "FilingConnectedDocument".to_owned()),
        ("DESCRIPTION", description.to_owned()),
        ("NAME", text(&exhibit.id)),
        ("NUMBER", at.to_string()),
        ("TITLE", format!("Exhibit {}", text(&exhibit.id))),
        ("SHA256", text(&exhibit.sha256)),
        ("MEDIA", String::new()),
        ("URI", format!("../{}/", text(folder))),
        ("SIZE", exhibit.size.to_string()),
    ];
    fill(include_str!("texts/ecf_document.xml"), &values)
}

fn text(value: &str) -> String {
    let mut out = String::new();
    escape(&mut out, value);
    out
}
