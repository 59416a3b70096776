//! Mail: single messages (EML, RFC 5322 and MIME) and mailboxes (MBOX).
//!
//! Every header and every part is visited, decoded; an edit writes its own header or part again and leaves all other
//! bytes as they were. Attached files are handed to the caller; those that nobody reads are taken out or refused.

mod charset;
mod codec;
mod entity;
mod headers;
pub(super) mod html;
mod multipart;
mod text;
mod words;

use std::ops::Range;

use model::Fault;

use self::entity::Walk;
pub use super::Attachments;
use super::Rewritten;
use super::joined::Splices;
use crate::{Decide, Limits};

/// What happens to an attachment that nobody can read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unknown {
    /// It goes; a note stands in its place.
    #[default]
    Remove,
    /// The mail is refused.
    Refuse,
}

/// Visits everything in a mail or a mailbox and writes the edits back.
///
/// Pieces stand at [`crate::Spot::Part`]: `message` or a MIME part such as `1.2` (an attached message's as `2!message`,
/// `2!1`; those of a mailbox begin with `mail[1]!`), and `header Subject`, `line 3`, `text[4]`, `a[1]/@href`.
///
/// # Errors
/// `bad_input`: `bad-mail`, `mail-encrypted`, `unsupported-charset`, `unsupported-encoding`, `unreadable-attachment`,
/// `too-many-parts`, `document-too-large`. And what `decide` and `attachments` return.
pub fn rewrite(
    input: &[u8],
    unknown: Unknown,
    attachments: &mut Attachments<'_>,
    decide: &mut dyn Decide,
    limits: &Limits,
) -> Result<Rewritten, Fault> {
    if input.len() as u64 > limits.document_bytes {
        return Err(Fault::bad_input("document-too-large", "The mail is larger than the limit allows.")
            .advise("Split the mailbox, or raise the limit."));
    }
    let first = &input[..memchr::memchr(b'\n', input).map_or(input.len(), |at| at + 1)];
    let eol = if first.ends_with(b"\r\n") { "\r\n" } else { "\n" };
    let mut attachments =
        |bytes: &[u8], name: &str, media: &str, decide: &mut dyn Decide| attachments(bytes, name, media, decide);
    let mut walk = Walk {
        decide,
        attachments: &mut attachments,
        unknown,
        limits,
        notes: Rewritten::default(),
        eol,
        entities: 0,
        boundaries: 0,
    };
    let new = if first.starts_with(FROM) {
        mailbox(&mut walk, input)?
    } else if headers::begins(input) {
        walk.entity(input, "message", "text/plain", 0)?
    } else {
        return Err(Fault::bad_input("bad-mail", "The file does not begin with a header, as a mail does.")
            .advise("Check that the file is a mail as it was sent (EML) or a mailbox (MBOX)."));
    };
    Ok(Rewritten { bytes: new.unwrap_or_else(|| input.to_vec()), ..walk.notes })
}

const FROM: &[u8] = b"From ";

fn mailbox(walk: &mut Walk<'_>, input: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    let mut out = Vec::with_capacity(input.len());
    for (number, message) in messages(input).into_iter().enumerate() {
        let line = memchr::memchr(b'\n', &input[message.clone()]).map_or(message.end, |at| message.start + at + 1);
        let name = format!("mail[{}]", number + 1);
        // The word that begins a message and the end of its line are no text of it.
        let word = message.start + FROM.len();
        let end = word + input[word..line].trim_ascii_end().len();
        let new = walk.outside(&input[word..end], &name, "From_")?;
        out.extend_from_slice(&input[message.start..word]);
        out.extend_from_slice(new.as_deref().unwrap_or(&input[word..end]));
        out.extend_from_slice(&input[end..line]);
        let content = &input[line..message.end];
        match walk.entity(content, &format!("{name}!message"), "text/plain", 0)? {
            Some(new) => out.extend(quoted(new)),
            None => out.extend_from_slice(content),
        }
    }
    Ok((out != input).then_some(out))
}

/// A line `From …` at the beginning, or after an empty line, begins a message (RFC 4155).
fn messages(input: &[u8]) -> Vec<Range<usize>> {
    let mut starts = vec![0];
    for at in memchr::memmem::find_iter(input, b"\nFrom ") {
        if input[..at].ends_with(b"\n") || input[..at].ends_with(b"\n\r") {
            starts.push(at + 1);
        }
    }
    let ends = starts.iter().skip(1).copied().chain([input.len()]);
    starts.iter().zip(ends).map(|(start, end)| *start..end).collect()
}

/// An edit must not make a line that begins a message.
fn quoted(message: Vec<u8>) -> Vec<u8> {
    let mut splices = Splices::default();
    for start in messages(&message).into_iter().skip(1).map(|range| range.start) {
        splices.put(start..start, b">".to_vec());
    }
    splices.apply(&message)
}
