//! Header fields: where they stand, and what those say that tell how to read the body.

use std::collections::HashMap;
use std::ops::Range;

use model::{Fault, Place};

use super::super::joined::{Joined, Splices};
use super::codec::Transfer;
use super::entity::Walk;
use super::words;
use crate::Limits;

/// One field.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: Range<usize>,
    /// Behind the colon, with folds, without the last line end.
    pub(super) value: Range<usize>,
    pub(super) whole: Range<usize>,
}

/// What became of the fields.
pub(super) struct Headers {
    /// For each its new value, when that changed.
    pub(super) changed: Vec<Option<Vec<u8>>>,
    /// The new boundary, when that had to change.
    pub(super) boundary: Option<String>,
}

/// What the fields say of the body.
#[derive(Debug)]
pub(super) struct Kind {
    /// `text/plain`, in lower case.
    pub(super) media: String,
    pub(super) charset: Option<String>,
    pub(super) boundary: Option<String>,
    /// The name of an attached file.
    pub(super) file: Option<String>,
    pub(super) transfer: Transfer,
}

/// The fields, and where the body begins.
///
/// # Errors
/// `bad-mail` when a line is no header: readers disagree on what follows.
pub(super) fn parse(bytes: &[u8], limits: &Limits) -> Result<(Vec<Field>, usize), Fault> {
    let mut fields: Vec<Field> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length + 1);
        let line = trim_end(&bytes[at..end]);
        if fields.last().is_some_and(|last| last.value.len() > limits.line_bytes) {
            return Err(Fault::bad_input("bad-mail", "A header of the mail is longer than the limit allows.")
                .advise("Check that the file is a mail as it was sent (EML) or a mailbox (MBOX)."));
        }
        if line.is_empty() {
            return Ok((fields, end));
        }
        match (&line[0], fields.last_mut()) {
            (b' ' | b'\t', Some(last)) => {
                last.value.end = at + line.len();
                last.whole.end = end;
            }
            _ => {
                let colon = memchr::memchr(b':', line).filter(|colon| is_name(line[..*colon].trim_ascii_end()));
                // Programs that store mail in files leave their own first line, quoted, in the header.
                let quoted = || line.starts_with(QUOTED_FROM).then_some((0, QUOTED_FROM.len()));
                let (name, value) =
                    colon.map(|colon| (colon, colon + 1)).or_else(quoted).ok_or_else(|| no_header(bytes, at))?;
                fields.push(Field { name: at..at + name, value: at + value..at + line.len(), whole: at..end });
            }
        }
        at = end;
    }
    Ok((fields, at))
}

const QUOTED_FROM: &[u8] = b">From ";

fn no_header(bytes: &[u8], at: usize) -> Fault {
    let line = memchr::memchr_iter(b'\n', &bytes[..at]).count() as u64 + 1;
    Fault::bad_input("bad-mail", "A line among the headers of the mail, or of a part of it, is no header.")
        .advise("Check that the file is a mail as it was sent (EML) or a mailbox (MBOX).")
        .at(Place::line(line, 1))
}

fn trim_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_graphic() && *byte != b':')
}

/// Whether bytes begin as a mail does: with a header field.
pub(super) fn begins(bytes: &[u8]) -> bool {
    let end = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1);
    parse(&bytes[..end], &Limits::default()).is_ok_and(|(fields, _)| !fields.is_empty())
}

impl Kind {
    /// # Errors
    /// `bad-mail` when the type or the encoding is said twice, `unsupported-encoding`, `unsupported-charset`.
    pub(super) fn of(bytes: &[u8], fields: &[Field], default: &str, eol: &str) -> Result<Kind, Fault> {
        let content = text_of(bytes, fields, "content-type", eol)?;
        let disposition = text_of(bytes, fields, "content-disposition", eol)?.unwrap_or_default();
        let transfer = text_of(bytes, fields, "content-transfer-encoding", eol)?.unwrap_or_default();
        let content = content.unwrap_or_else(|| default.to_owned());
        let media = content.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        // RFC 2045 §5.2: what is no type is plain text.
        let media =
            if media.split('/').filter(|half| !half.is_empty()).count() == 2 { media } else { default.to_owned() };
        let file = parameter(&disposition, "filename").or_else(|| parameter(&content, "name"));
        let attached =
            disposition.trim_ascii_start().get(..10).is_some_and(|start| start.eq_ignore_ascii_case("attachment"));
        Ok(Kind {
            media,
            charset: parameter(&content, "charset"),
            boundary: parameter(&content, "boundary"),
            file: file.or_else(|| attached.then(String::new)),
            transfer: Transfer::parse(transfer.split(';').next().unwrap_or_default())?,
        })
    }
}

/// The text of the only field of that name.
fn text_of(bytes: &[u8], fields: &[Field], name: &str, eol: &str) -> Result<Option<String>, Fault> {
    let mut found = fields.iter().filter(|field| lower(bytes, field) == name);
    let first = found.next();
    if found.next().is_some() {
        return Err(Fault::bad_input("bad-mail", "A part of the mail says twice what it is.")
            .advise("Save the message again in a current mail program."));
    }
    let Some(field) = first else { return Ok(None) };
    let plain = words::plain(&bytes[field.value.clone()], eol)?;
    Ok(Some(words::joined(&plain, None).text().trim().to_owned()))
}

fn parameter(value: &str, name: &str) -> Option<String> {
    let extended = words::extended(value, name);
    if !extended.is_blank() {
        return Some(extended.text().to_owned());
    }
    let found = words::parameters(value).into_iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name))?;
    Some(value[found.value].replace("\\\"", "\"").replace("\\\\", "\\"))
}

pub(super) fn lower(bytes: &[u8], field: &Field) -> String {
    String::from_utf8_lossy(&bytes[field.name.clone()]).trim().to_ascii_lowercase()
}

impl Walk<'_> {
    /// Visits every field.
    pub(super) fn headers(&mut self, bytes: &[u8], fields: &[Field], part: &str) -> Result<Headers, Fault> {
        let mut counts: HashMap<String, u32> = HashMap::new();
        let mut changed = Vec::with_capacity(fields.len());
        let mut boundary = None;
        for field in fields {
            let lower = lower(bytes, field);
            let count = counts.entry(lower.clone()).or_default();
            *count += 1;
            let name = String::from_utf8_lossy(&bytes[field.name.clone()]).trim().to_owned();
            let path = if *count == 1 { format!("header {name}") } else { format!("header {name}[{count}]") };
            self.refuse_personal_name(&name, part, &path)?;
            let value = words::plain(&bytes[field.value.clone()], self.eol)?;
            changed.push(self.header(&name, &value, part, &path, &mut boundary)?);
        }
        Ok(Headers { changed, boundary })
    }

    /// The name of a header is no text, and cannot be changed: one that is none of letters and hyphens is asked about.
    fn refuse_personal_name(&mut self, name: &str, part: &str, path: &str) -> Result<(), Fault> {
        if name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-') {
            return Ok(());
        }
        let mut joined = Joined::default();
        joined.literal(name, 0, super::super::joined::Coding::Header);
        let mut splices = Splices::default();
        self.piece(&joined, &[], part, &format!("{path}/name"), false, &mut splices)?;
        if splices.is_empty() {
            return Ok(());
        }
        Err(Fault::bad_input(
            "bad-mail",
            "The name of a header of the mail is personal data, as no mail program writes it.",
        )
        .advise("Take that header out by hand, and redact the mail again."))
    }

    fn header(
        &mut self,
        name: &str,
        value: &str,
        part: &str,
        path: &str,
        boundary: &mut Option<String>,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let names = [name.to_owned()];
        let lower = name.to_ascii_lowercase();
        if lower == "content-transfer-encoding" && !value.contains(';') && Transfer::parse(value).is_ok() {
            return Ok(None);
        }
        let is_type = lower == "content-type";
        let mut splices = Splices::default();
        let kept = words::parameters(value)
            .into_iter()
            .find(|parameter| is_type && parameter.name.eq_ignore_ascii_case("boundary"))
            .map(|parameter| parameter.value);
        self.piece(&words::joined(value, kept.as_ref()), &names, part, path, is_prose(&lower), &mut splices)?;
        if is_type || lower == "content-disposition" {
            for base in ["filename", "name"] {
                let split = words::extended(value, base);
                let path = format!("{path}/{base}");
                self.piece(&split, &[base.to_owned()], part, &path, true, &mut splices)?;
            }
        }
        if let Some(kept) = kept {
            // The boundary stands in the body as well: it gets another one, everywhere.
            let mut joined = Joined::default();
            joined.literal(&value[kept.clone()], kept.start, super::super::joined::Coding::Header);
            let mut own = Splices::default();
            self.piece(&joined, &[], part, &format!("{path}/boundary"), false, &mut own)?;
            if !own.is_empty() {
                let new = format!("=_part_{}", self.boundaries);
                self.boundaries += 1;
                splices.put(kept, new.clone().into_bytes());
                *boundary = Some(new);
            }
        }
        Ok((!splices.is_empty()).then(|| splices.apply(value.as_bytes())))
    }
}

/// Fields that people write.
fn is_prose(lower: &str) -> bool {
    const WRITTEN: [&str; 14] = [
        "subject",
        "from",
        "to",
        "cc",
        "bcc",
        "reply-to",
        "sender",
        "comments",
        "keywords",
        "organization",
        "thread-topic",
        "content-description",
        "resent-to",
        "resent-from",
    ];
    WRITTEN.contains(&lower)
}
