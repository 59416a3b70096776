//! Mail and mailboxes, with their attachments.

#![no_main]

mod document_kit;

use model::Fault;
use redact::document::{Rewritten, mail, office, pdf};
use redact::format::detect::{self, Kind};
use redact::format::{csv, json, text, xml};
use redact::{Decide, Limits};

libfuzzer_sys::fuzz_target!(|data: &[u8]| document_kit::check(rewrite, holds, data));

/// Mail, with attachments of the kinds that there are targets for.
fn rewrite(data: &[u8], decide: &mut dyn Decide, limits: &Limits) -> Result<Rewritten, Fault> {
    let mut attachments = |bytes: &[u8], name: &str, _: &str, decide: &mut dyn Decide| {
        let mut out = Vec::new();
        let (mut input, name) = (bytes, (!name.is_empty()).then_some(name));
        match detect::detect(name, bytes) {
            Kind::Office => out = office::rewrite(bytes, decide, limits)?.bytes,
            Kind::Pdf => out = pdf::rewrite(bytes, decide, limits)?.bytes,
            Kind::Json | Kind::JsonLines => json::rewrite(&mut input, &mut out, decide, limits)?,
            Kind::Csv => csv::rewrite(&mut input, &mut out, decide, limits)?,
            Kind::Xml => xml::rewrite(&mut input, &mut out, decide, limits)?,
            Kind::Html => xml::rewrite_html(&mut input, &mut out, decide, limits)?,
            Kind::Text | Kind::Prose => text::rewrite(&mut input, &mut out, decide, true, limits)?,
            _ => return Ok(None),
        }
        Ok(Some(out))
    };
    mail::rewrite(data, mail::Unknown::Remove, &mut attachments, decide, limits)
}

/// Whether the bytes hold a value as it stands.
fn holds(bytes: &[u8], value: &str) -> bool {
    bytes.windows(value.len()).any(|window| window == value.as_bytes())
}
