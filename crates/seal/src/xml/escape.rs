//! Text as it stands in a document, and what it means.

use std::borrow::Cow;

use super::Refusal;
use super::chars::is_char;

/// What becomes of the ends of lines.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// Line feeds (§2.11).
    Lines,
    /// Spaces, and so do tabs: in attributes (§3.3.3).
    Spaces,
}

/// Text in which nothing but line ends is special.
pub(super) fn lines(raw: &str) -> Cow<'_, str> {
    if raw.contains('\r') { Cow::Owned(raw.replace("\r\n", "\n").replace('\r', "\n")) } else { Cow::Borrowed(raw) }
}

/// Text without references and with one kind of line end. What a reference stands for is kept as it is.
pub(super) fn unescape(raw: &str, ends: Ends) -> Result<Cow<'_, str>, Refusal> {
    let is_special = |c: char| matches!(c, '&' | '\r') || ends == Ends::Spaces && matches!(c, '\t' | '\n');
    if !raw.contains(is_special) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(is_special) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(reference) = rest.strip_prefix('&') {
            let (name, tail) = reference.split_once(';').ok_or("it has an entity that does not end")?;
            text.push(entity(name)?);
            rest = tail;
        } else {
            text.push(if ends == Ends::Lines { '\n' } else { ' ' });
            rest = rest.strip_prefix("\r\n").unwrap_or(&rest[1..]);
        }
    }
    text.push_str(rest);
    Ok(Cow::Owned(text))
}

/// One of the five entities of XML, or a character by its number.
fn entity(name: &str) -> Result<char, Refusal> {
    let number = match name {
        "amp" => return Ok('&'),
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "quot" => return Ok('"'),
        "apos" => return Ok('\''),
        _ => name.strip_prefix('#').ok_or("it has an entity that it would have to fetch")?,
    };
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let code = is_number.then(|| u32::from_str_radix(digits, radix).ok()).flatten();
    code.and_then(char::from_u32).filter(|c| is_char(*c)).ok_or("it has a character that XML does not allow")
}
