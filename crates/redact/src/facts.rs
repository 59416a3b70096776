//! What a redacted document says of itself: its pages, and the head of a mail. Load files and privilege logs name these.

use std::io;

use model::Fault;

use crate::Limits;
use crate::clean;
use crate::document::pdf;
use crate::format::detect::Kind;
use crate::piece::{Decide, Edit, Piece, Spot};

/// What a document says of itself, as it stands in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Pages of a PDF; of everything else 1.
    pub pages: u64,
    /// Sender of a mail.
    pub from: String,
    /// Receivers of a mail.
    pub to: String,
    /// Receivers of copies.
    pub cc: String,
    /// Receivers whom the others do not see.
    pub bcc: String,
    /// When a mail was sent, as its header says it.
    pub date: String,
    /// What a mail is about.
    pub subject: String,
}

/// Reads what a document of some kind says of itself. Only PDF and mail say something; the others are not looked into.
///
/// # Errors
/// Faults of the format.
pub fn facts(document: &[u8], kind: Kind, limits: &Limits) -> Result<Facts, Fault> {
    let mut facts = Facts { pages: 1, ..Facts::default() };
    match kind {
        Kind::Pdf => facts.pages = pdf::pages(document, limits)?,
        Kind::Eml => drop(clean::walk(&mut &*document, &mut io::sink(), kind, &mut Head(&mut facts), limits)?),
        _ => {}
    }
    Ok(facts)
}

/// Reads the head of the outermost mail, and changes nothing.
struct Head<'a>(&'a mut Facts);

impl Decide for Head<'_> {
    fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
        let Spot::Part { part, path } = &piece.spot else { return Ok(Vec::new()) };
        let name = path.strip_prefix("header ").filter(|_| part == "message").map(str::to_ascii_lowercase);
        let field = match name.as_deref() {
            Some("from") => &mut self.0.from,
            Some("to") => &mut self.0.to,
            Some("cc") => &mut self.0.cc,
            Some("bcc") => &mut self.0.bcc,
            Some("date") => &mut self.0.date,
            Some("subject") => &mut self.0.subject,
            _ => return Ok(Vec::new()),
        };
        if field.is_empty() {
            *field = String::from_utf8_lossy(piece.text).trim().to_owned();
        }
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of the mail itself, decoded; not that of a mail attached to it, and not the body.
    #[test]
    fn the_head_of_a_mail() {
        let mail = b"From: [PERSON-1] <[EMAIL-1]>\r\nTo: a@example.org,\r\n b@example.org\r\n\
            Subject: =?utf-8?Q?Gr=C3=B6=C3=9Fe?=\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\nFrom: nobody\r\n";
        let found = facts(mail, Kind::Eml, &Limits::default()).unwrap();
        let expect = Facts {
            pages: 1,
            from: "[PERSON-1] <[EMAIL-1]>".into(),
            to: "a@example.org, b@example.org".into(),
            date: "Sat, 21 Nov 2026 10:00:00 +0000".into(),
            subject: "Größe".into(),
            ..Facts::default()
        };
        assert_eq!(found, expect);
        assert_eq!(facts(b"From: x", Kind::Text, &Limits::default()).unwrap(), Facts { pages: 1, ..Facts::default() });
    }
}
