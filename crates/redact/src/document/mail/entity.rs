//! One entity of MIME: fields and a body, which may be made of more entities (RFC 2045, RFC 2046).

use std::borrow::Cow;

use model::Fault;

use super::super::joined::{Coding, Joined, Splices, ask};
use super::super::nested::Nested;
use super::super::office::binary;
use super::super::{Removed, Rewritten};
use super::headers::{Field, Headers, Kind, lower, parse};
use super::{Attachments, Unknown, charset, html, multipart, text};
use crate::{Decide, Limits, Spot};

/// What the walk of a mail carries along.
pub(super) struct Walk<'a> {
    pub(super) decide: &'a mut dyn Decide,
    pub(super) attachments: &'a mut Attachments<'a>,
    pub(super) unknown: Unknown,
    pub(super) limits: &'a Limits,
    pub(super) notes: Rewritten,
    /// How lines end.
    pub(super) eol: &'static str,
    /// Entities seen, and boundaries made.
    pub(super) entities: usize,
    pub(super) boundaries: usize,
}

/// What became of a body.
pub(super) enum Body {
    Same,
    New(Vec<u8>),
    /// It goes, and a note takes its place.
    Gone,
}

impl Walk<'_> {
    /// Visits an entity; `None` when nothing changed. `part` names it: `message`, `1.2`.
    pub(super) fn entity(
        &mut self,
        bytes: &[u8],
        part: &str,
        default: &str,
        depth: u32,
    ) -> Result<Option<Vec<u8>>, Fault> {
        self.entities += 1;
        if depth > self.limits.depth || self.entities > self.limits.parts {
            return Err(Fault::bad_input(
                "too-many-parts",
                "The mail has more parts, or deeper ones, than the limit allows.",
            )
            .advise("Take the attached messages out and redact them apart."));
        }
        let (fields, start) = parse(bytes, self.limits)?;
        let kind = Kind::of(bytes, &fields, default, self.eol)?;
        let Headers { changed, boundary } = self.headers(bytes, &fields, part)?;
        let body = self.body(&bytes[start..], &kind, boundary.as_deref(), part, depth)?;
        if matches!(body, Body::Same) && changed.iter().all(Option::is_none) {
            return Ok(None);
        }
        let mut out = Vec::with_capacity(bytes.len());
        let mut at = 0;
        let is_gone = matches!(body, Body::Gone);
        for (field, new) in fields.iter().zip(&changed) {
            if is_gone && lower(bytes, field).starts_with("content-") {
                out.extend_from_slice(&bytes[at..field.whole.start]);
                at = field.whole.end;
            } else if let Some(new) = new {
                out.extend_from_slice(&bytes[at..field.value.start]);
                out.extend_from_slice(new);
                at = field.value.end;
            }
        }
        let fields_end = fields.last().map_or(0, |last| last.whole.end);
        out.extend_from_slice(&bytes[at..fields_end]);
        self.write_body(&bytes[fields_end..start], &bytes[start..], body, &fields, &mut out);
        Ok(Some(out))
    }

    fn write_body(&self, blank: &[u8], old: &[u8], body: Body, fields: &[Field], out: &mut Vec<u8>) {
        match body {
            Body::Same => out.extend([blank, old].concat()),
            Body::New(new) => out.extend([blank, &new].concat()),
            Body::Gone => {
                let eol = self.eol;
                if !fields.is_empty() && !out.ends_with(b"\n") && !out.is_empty() {
                    out.extend(eol.bytes());
                }
                let note = "[An attachment was removed: it could not be read.]";
                let end = if old.ends_with(b"\n") { eol } else { "" };
                out.extend(format!("Content-Type: text/plain; charset=us-ascii{eol}{eol}{note}{end}").into_bytes());
            }
        }
    }

    fn body(
        &mut self,
        body: &[u8],
        kind: &Kind,
        boundary: Option<&str>,
        part: &str,
        depth: u32,
    ) -> Result<Body, Fault> {
        refuse_encrypted(kind)?;
        let (class, _) = kind.media.split_once('/').unwrap_or_default();
        if class == "multipart" {
            if kind.media == "multipart/signed" {
                self.warn("A part was signed: the signature was taken out and the mail is not signed any more.");
            }
            return multipart::walk(self, body, kind, boundary, part, depth);
        }
        let content = kind.transfer.decode(body)?;
        if matches!(kind.media.as_str(), "message/rfc822" | "message/global" | "message/news") {
            let new = self.entity(&content, &format!("{part}!message"), "text/plain", depth + 1)?;
            return Ok(self.encoded(new, kind, body));
        }
        if is_own_text(kind) && kind.file.is_none() {
            return self.text(&content, body, kind, part);
        }
        self.attachment(&content, body, kind, part)
    }

    fn encoded(&self, new: Option<Vec<u8>>, kind: &Kind, body: &[u8]) -> Body {
        new.map_or(Body::Same, |new| Body::New(kind.transfer.encode(&new, body, self.eol)))
    }

    /// Text that people read.
    fn text(&mut self, content: &[u8], body: &[u8], kind: &Kind, part: &str) -> Result<Body, Fault> {
        let decoded = charset::decode(content, kind.charset.as_deref())?;
        if decoded.mislabelled {
            self.warn(&format!("Part {part} is not in the charset that it says; it was read as windows-1252."));
        }
        text::refuse_armour(&decoded.text)?;
        let new = match kind.media.as_str() {
            "text/html" => html::rewrite(&decoded.text, part, self.decide, &mut self.notes)?,
            "text/calendar" | "text/vcard" | "text/x-vcard" | "text/directory" => {
                text::unfolded(self, &decoded.text, part)?
            }
            _ => text::paragraphs(self, &decoded.text, part)?,
        };
        Ok(self.encoded(new.map(|text| decoded.encode(&text)), kind, body))
    }

    fn attachment(&mut self, content: &[u8], body: &[u8], kind: &Kind, part: &str) -> Result<Body, Fault> {
        let is_text = kind.media.starts_with("text/");
        let decoded = if is_text { Some(charset::decode(content, kind.charset.as_deref())?) } else { None };
        let given = decoded.as_ref().map_or(content, |decoded| decoded.text.as_bytes());
        let mut nested = Nested { part, decide: self.decide };
        let name = kind.file.as_deref().unwrap_or_default();
        if let Some(new) = (self.attachments)(given, name, &kind.media, &mut nested)? {
            if new == given {
                return Ok(Body::Same);
            }
            let new = match (&decoded, str::from_utf8(&new)) {
                (Some(decoded), Ok(text)) => decoded.encode(text),
                _ => new,
            };
            return Ok(self.encoded(Some(new), kind, body));
        }
        if is_own_text(kind) || kind.media.starts_with("message/") {
            return self.text(content, body, kind, part);
        }
        if binary::is_picture(content) {
            self.notes.unscanned.push(format!("part {part}: a picture"));
            return Ok(self.encoded(binary::without_words(content), kind, body));
        }
        if self.unknown == Unknown::Refuse {
            return Err(Fault::bad_input("unreadable-attachment", format!("Part {part} of the mail cannot be read."))
                .advise("Take the attachment out, or let attachments that cannot be read be removed."));
        }
        let why = "an attachment of a format that is not read";
        self.notes.removed.push(Removed { what: part.to_owned(), why });
        Ok(Body::Gone)
    }

    fn warn(&mut self, warning: &str) {
        if !self.notes.warnings.iter().any(|known| known == warning) {
            self.notes.warnings.push(warning.to_owned());
        }
    }

    /// Asks about a text and notes the answer.
    pub(super) fn piece(
        &mut self,
        joined: &Joined,
        names: &[String],
        part: &str,
        path: &str,
        prose: bool,
        splices: &mut Splices,
    ) -> Result<(), Fault> {
        if joined.is_blank() {
            return Ok(());
        }
        let names: Vec<Cow<'_, str>> = names.iter().map(|name| Cow::Borrowed(name.as_str())).collect();
        let spot = Spot::Part { part: Cow::Borrowed(part), path: Cow::Borrowed(path) };
        let edits = ask(self.decide, joined.text(), &names, spot, prose)?;
        joined.splice(&edits, splices);
        Ok(())
    }

    /// Text that stands outside of every part, such as the words for readers without MIME.
    pub(super) fn outside(&mut self, bytes: &[u8], part: &str, path: &str) -> Result<Option<Vec<u8>>, Fault> {
        let decoded = charset::decode(bytes, None)?;
        let mut joined = Joined::default();
        joined.literal(&decoded.text, 0, Coding::Plain);
        let mut splices = Splices::default();
        self.piece(&joined, &[], part, path, true, &mut splices)?;
        if splices.is_empty() {
            return Ok(None);
        }
        let text = splices.apply(decoded.text.as_bytes());
        Ok(Some(decoded.encode(&String::from_utf8_lossy(&text))))
    }
}

/// Text that is read here, whoever else reads text.
fn is_own_text(kind: &Kind) -> bool {
    kind.media.starts_with("text/") && kind.media != "text/rtf"
        || matches!(kind.media.as_str(), "message/delivery-status" | "message/disposition-notification")
}

/// What only its receiver can open.
fn refuse_encrypted(kind: &Kind) -> Result<(), Fault> {
    let media = kind.media.as_str();
    let sealed = matches!(
        media,
        "multipart/encrypted" | "application/pkcs7-mime" | "application/x-pkcs7-mime" | "application/pgp-encrypted"
    ) || media == "application/pgp";
    if sealed { Err(encrypted()) } else { Ok(()) }
}

pub(super) fn encrypted() -> Fault {
    Fault::bad_input("mail-encrypted", "A part of the mail is encrypted, or signed in a form that hides its text.")
        .advise("Open it in the mail program of its receiver, save it as plain mail, and redact that.")
}
