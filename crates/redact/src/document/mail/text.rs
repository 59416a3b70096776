//! Plain text in mail.

use model::Fault;

use super::super::joined::{Coding, Joined, Splices};
use super::entity::{Walk, encrypted};

/// Text paragraph by paragraph: an empty line ends one, except within an armoured block such as a key.
pub(super) fn paragraphs(walk: &mut Walk<'_>, text: &str, part: &str) -> Result<Option<String>, Fault> {
    let mut splices = Splices::default();
    let (mut start, mut at, mut first) = (0, 0, 1);
    let mut armoured = false;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        armoured = (armoured || line.starts_with("-----BEGIN ")) && !line.starts_with("-----END ");
        if line.trim().is_empty() && !armoured {
            paragraph(walk, text, start..at, first, part, &mut splices)?;
            start = at + line.len();
            first = number + 2;
        }
        at += line.len();
    }
    paragraph(walk, text, start..at, first, part, &mut splices)?;
    Ok((!splices.is_empty()).then(|| applied(splices, text)))
}

fn paragraph(
    walk: &mut Walk<'_>,
    text: &str,
    range: std::ops::Range<usize>,
    line: usize,
    part: &str,
    splices: &mut Splices,
) -> Result<(), Fault> {
    let mut joined = Joined::default();
    joined.literal(&text[range.clone()], range.start, Coding::Plain);
    walk.piece(&joined, &[], part, &format!("line {line}"), true, splices)
}

/// Calendars and cards: a line that begins with a blank goes on with the one before it (RFC 5545 §3.1, RFC 6350 §3.2).
pub(super) fn unfolded(walk: &mut Walk<'_>, text: &str, part: &str) -> Result<Option<String>, Fault> {
    let mut splices = Splices::default();
    let mut joined = Joined::default();
    let (mut at, mut first) = (0, 1);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let content = line.trim_end_matches(['\r', '\n']);
        if number > 0 && line.starts_with([' ', '\t']) {
            joined.literal(&content[1..], at + 1, Coding::Plain);
        } else {
            property(walk, &std::mem::take(&mut joined), first, part, &mut splices)?;
            joined.literal(content, at, Coding::Plain);
            first = number + 1;
        }
        at += line.len();
    }
    property(walk, &joined, first, part, &mut splices)?;
    Ok((!splices.is_empty()).then(|| applied(splices, text)))
}

/// `TEL;TYPE=work:0445556677`: the name is context.
fn property(walk: &mut Walk<'_>, joined: &Joined, line: usize, part: &str, splices: &mut Splices) -> Result<(), Fault> {
    let text = joined.text();
    let name = text[..text.find([':', ';']).unwrap_or(0)].to_owned();
    walk.piece(joined, &[name], part, &format!("line {line}"), true, splices)
}

fn applied(splices: Splices, text: &str) -> String {
    String::from_utf8_lossy(&splices.apply(text.as_bytes())).into_owned()
}

/// Text that is not what it looks like: encrypted, or a file as letters.
///
/// # Errors
/// `mail-encrypted`, `unsupported-encoding`.
pub(super) fn refuse_armour(text: &str) -> Result<(), Fault> {
    if text.lines().any(|line| line.starts_with("-----BEGIN PGP MESSAGE-----")) {
        return Err(encrypted());
    }
    let is_file = |line: &str| {
        let mode = line.strip_prefix("begin ").and_then(|rest| rest.split_once(' ')).map(|(mode, _)| mode);
        mode.is_some_and(|mode| (3..=4).contains(&mode.len()) && mode.bytes().all(|byte| (b'0'..=b'7').contains(&byte)))
    };
    for (line, next) in text.lines().zip(text.lines().skip(1)) {
        if is_file(line) && is_uuencoded(next) {
            return Err(Fault::bad_input("unsupported-encoding", "The mail holds a file in the old form of uuencode.")
                .advise("Save the message again in a current mail program."));
        }
    }
    Ok(())
}

/// A line of uuencoded bytes (POSIX, `uuencode`): how many there are, then four signs for each three of them.
fn is_uuencoded(line: &str) -> bool {
    let [count @ b'!'..=b'M', rest @ ..] = line.as_bytes() else { return false };
    let size = usize::from(count - b' ').div_ceil(3) * 4;
    // Blanks at the end may have been cut off.
    rest.len() <= size && rest.len() + 4 > size && rest.iter().all(|byte| (b' '..=b'`').contains(byte))
}
