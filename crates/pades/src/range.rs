//! The place of a signature: `/ByteRange` and `/Contents` (ISO 32000-1, 12.8.1, table 252; EN 319 142-1, 5.3).

use std::ops::Range;

use lopdf::Object;

use crate::Limits;
use crate::read::{File, Item, Lexer};

/// What a signature covers and what it is.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// `/Contents` with its angle brackets: the only bytes that are not signed.
    pub(crate) gap: Range<usize>,
    /// Where the signed bytes end.
    pub(crate) end: usize,
    /// `/Contents`, with its padding.
    pub(crate) contents: Vec<u8>,
}

impl Place {
    /// The signed bytes, in two pieces.
    pub(crate) fn signed<'a>(&self, bytes: &'a [u8]) -> [&'a [u8]; 2] {
        // `read` has seen that both lie in the file.
        [&bytes[..self.gap.start], &bytes[self.gap.end..self.end]]
    }
}

/// Reads the place of the signature dictionary `item`, or says what is wrong with it.
pub(crate) fn read(file: &File<'_>, item: &Item) -> Result<Place, String> {
    if item.dictionary().is_none() || item.data.is_some() {
        return Err("The signature dictionary is missing.".to_owned());
    }
    if item.span.is_empty() {
        return Err("The signature dictionary lies in an object stream, where no byte range can spare it.".to_owned());
    }
    let mut lexer = Lexer::new(file.bytes, item.span.start);
    let header = lexer.number().is_some() && lexer.number().is_some() && lexer.take(b"obj");
    let entries = if header { lexer.entries().map_err(|broken| broken.0)? } else { Vec::new() };
    let entry = |key: &[u8]| entries.iter().find(|entry| entry.key == key);
    let Some(contents) = entry(b"Contents") else { return Err("The signature has no /Contents.".to_owned()) };
    let string = file.bytes.get(contents.span.clone()).unwrap_or_default();
    let Object::String(octets, _) = &contents.value else {
        return Err("/Contents of the signature is no string.".to_owned());
    };
    let digits = string.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">")).unwrap_or(b"(");
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err("/Contents of the signature is not written in hexadecimal digits alone.".to_owned());
    }
    if octets.iter().all(|octet| *octet == 0) {
        return Err("/Contents of the signature is empty.".to_owned());
    }
    if octets.len() > Limits::SIGNATURE_BYTES {
        return Err("/Contents of the signature is larger than the limit.".to_owned());
    }
    let Some(range) = entry(b"ByteRange") else { return Err("The signature has no /ByteRange.".to_owned()) };
    let end = covered(&range.value, &contents.span, file.bytes.len())?;
    if item.span.end > end {
        return Err("The signature dictionary lies outside of what it signs.".to_owned());
    }
    Ok(Place { gap: contents.span.clone(), end, contents: octets.clone() })
}

/// Where the signed bytes end, if the byte range spares `contents` and nothing else.
fn covered(range: &Object, contents: &Range<usize>, length: usize) -> Result<usize, String> {
    let Object::Array(items) = range else { return Err("/ByteRange is no array.".to_owned()) };
    let numbers: Option<Vec<usize>> =
        items.iter().map(|item| item.as_i64().ok().and_then(|number| usize::try_from(number).ok())).collect();
    let Some([first, before, after, rest]) = numbers.as_deref().and_then(|numbers| numbers.first_chunk::<4>()).copied()
    else {
        return Err("/ByteRange is not made of four numbers.".to_owned());
    };
    if items.len() != 4 {
        return Err("/ByteRange is not made of four numbers.".to_owned());
    }
    if first != 0 {
        return Err(format!("/ByteRange begins at byte {first}, not at the beginning of the file."));
    }
    if before != contents.start || after != contents.end {
        return Err(format!(
            "/ByteRange leaves out bytes {before} to {after}, but /Contents stands at bytes {} to {}.",
            contents.start, contents.end
        ));
    }
    match after.checked_add(rest) {
        Some(end) if end <= length => Ok(end),
        _ => Err("/ByteRange reaches beyond the end of the file.".to_owned()),
    }
}
