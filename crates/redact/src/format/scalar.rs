//! Values of YAML, TOML and env files: quoted ones decoded, and what a plain one becomes when it is edited.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use model::Fault;

use super::json::push_key;
use super::weave::{Weave, applied, check};
use super::whole::{About, Whole};
use crate::Spot;

/// Pointers that are given once: the second value of a name gets its place in the document.
#[derive(Default)]
pub(super) struct Pointers {
    given: HashSet<String>,
}

impl Pointers {
    /// `/a/b` for a value at `at`.
    pub(super) fn value(&mut self, names: &[Cow<'_, str>], at: usize) -> String {
        let mut pointer = String::new();
        for name in names {
            push_key(&mut pointer, name);
        }
        if !self.given.insert(pointer.clone()) {
            pointer.push_str(&format!("~#{at}"));
        }
        pointer
    }

    /// `/a/~key17` for a key at byte 17.
    pub(super) fn key(names: &[Cow<'_, str>], at: usize) -> String {
        Self::aside(names, "key", at)
    }

    /// What is no value: keys, comments, lines nobody understands.
    pub(super) fn aside(names: &[Cow<'_, str>], kind: &str, at: usize) -> String {
        let mut pointer = String::new();
        for name in names {
            push_key(&mut pointer, name);
        }
        pointer + &format!("/~{kind}{at}")
    }
}

/// A place in words.
pub(super) fn about<'p>(names: &'p [Cow<'p, str>], pointer: String, prose: bool) -> About<'p> {
    About { names, spot: Spot::Pointer(Cow::Owned(pointer)), prose }
}

/// Whether text reads like more than one word.
pub(super) fn is_prose(text: &[u8]) -> bool {
    memchr::memchr(b' ', text.trim_ascii()).is_some()
}

/// Behind the closing quote of the value whose text begins at `at`: a backslash escapes the next byte.
pub(super) fn escaped_end(bytes: &[u8], mut at: usize, quote: &[u8]) -> Option<usize> {
    loop {
        at += memchr::memchr2(quote[0], b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'\\' {
            at += 2;
        } else if bytes[at..].starts_with(quote) {
            return Some(at + quote.len());
        } else {
            at += 1;
        }
    }
}

/// Behind the closing quote of the value whose text begins at `at`: a doubled quote is one of the text.
pub(super) fn doubled_end(bytes: &[u8], mut at: usize, quote: u8) -> Option<usize> {
    loop {
        at += memchr::memchr(quote, bytes.get(at..)?)? + 1;
        if bytes.get(at) != Some(&quote) {
            return Some(at);
        }
        at += 1;
    }
}

/// Decodes backslashes as YAML and TOML know them; a line end and the indentation behind it become a space where
/// `folds`.
pub(super) fn decode_escaped(bytes: &[u8], range: Range<usize>, folds: bool, weave: &mut Weave) {
    let mut at = range.start;
    while at < range.end {
        let text = &bytes[at..range.end];
        let plain = text.iter().position(|byte| *byte == b'\\' || folds && *byte == b'\n').unwrap_or(text.len());
        weave.copy(&text[..plain], at as u64);
        at += plain;
        let Some(&byte) = bytes[..range.end].get(at) else { break };
        let mut buffer = [0; 4];
        let (decoded, length) = match byte {
            b'\n' => (&b" "[..], fold(&bytes[at..range.end])),
            _ => escape(&bytes[at..range.end], &mut buffer),
        };
        weave.decode(decoded, at as u64..(at + length) as u64);
        at += length;
    }
}

/// Decodes doubled quotes; line ends become a space where `folds`.
pub(super) fn decode_doubled(bytes: &[u8], range: Range<usize>, folds: bool, weave: &mut Weave) {
    let mut at = range.start;
    while at < range.end {
        let text = &bytes[at..range.end];
        let plain = text.iter().position(|byte| *byte == b'\'' || folds && *byte == b'\n').unwrap_or(text.len());
        weave.copy(&text[..plain], at as u64);
        at += plain;
        let Some(&byte) = bytes[..range.end].get(at) else { break };
        let (decoded, length): (&[u8], usize) = match byte {
            b'\n' => (b" ", fold(&bytes[at..range.end])),
            _ => (b"'", 2.min(range.end - at)),
        };
        weave.decode(decoded, at as u64..(at + length) as u64);
        at += length;
    }
}

/// Length of a line end and the indentation behind it.
fn fold(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// What the escape at the beginning stands for, and its length.
fn escape<'b>(text: &[u8], buffer: &'b mut [u8; 4]) -> (&'b [u8], usize) {
    let Some(&second) = text.get(1) else {
        buffer[0] = b'\\';
        return (&buffer[..1], 1);
    };
    let character = match second {
        b'x' => return character(text, 2, buffer),
        b'u' => return character(text, 4, buffer),
        b'U' => return character(text, 8, buffer),
        b'\n' | b'\r' => return (&[], 1 + fold(&text[1..])),
        b'0' => '\0',
        b'a' => '\u{7}',
        b'b' => '\u{8}',
        b't' => '\t',
        b'n' => '\n',
        b'v' => '\u{b}',
        b'f' => '\u{c}',
        b'r' => '\r',
        b'e' => '\u{1b}',
        b'N' => '\u{85}',
        b'_' => '\u{a0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        0x80.. => {
            // The character behind it stands as it is.
            buffer[0] = b'\\';
            return (&buffer[..1], 1);
        }
        _ => char::from(second),
    };
    (character.encode_utf8(buffer).as_bytes(), 2)
}

fn character<'b>(text: &[u8], count: usize, buffer: &'b mut [u8; 4]) -> (&'b [u8], usize) {
    let digits = text.get(2..2 + count).and_then(|digits| str::from_utf8(digits).ok());
    let code = digits.filter(|digits| !digits.starts_with('+')).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    match code {
        Some(code) => {
            let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
            (character.encode_utf8(buffer).as_bytes(), 2 + count)
        }
        None => {
            buffer[0] = text[1];
            (&buffer[..1], 2)
        }
    }
}

/// `text` as it stands between double quotes.
pub(super) fn encode_escaped(text: &str, _: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            0..0x20 | 0x7f => out.extend(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out
}

/// `text` as it stands between single quotes that are doubled within.
pub(super) fn encode_doubled(text: &str, _: u64) -> Vec<u8> {
    text.replace('\'', "''").replace(['\n', '\r'], " ").into_bytes()
}

/// On one line, as it is.
pub(super) fn encode_line(text: &str, _: u64) -> Vec<u8> {
    text.replace(['\n', '\r'], " ").into_bytes()
}

/// `text` in double quotes.
pub(super) fn in_quotes(text: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'"'];
    for chunk in text.utf8_chunks() {
        quoted.extend(encode_escaped(chunk.valid(), 0));
        // Bytes that are no UTF-8 stay what they are: they are not ours to mend, and every place behind them stays where it is.
        quoted.extend(chunk.invalid());
    }
    quoted.push(b'"');
    quoted
}

/// Shows a value without quotes. After an edit it stays as it is where `is_plain` says that it may; else all of
/// `range` is written in quotes. Gives the text afterwards.
pub(super) fn show_plain(
    whole: &mut Whole<'_>,
    range: Range<usize>,
    weave: &Weave,
    about: About<'_>,
    is_plain: &dyn Fn(&[u8]) -> bool,
) -> Result<Vec<u8>, Fault> {
    let edits = whole.ask_woven(weave, range.start, about)?;
    check(&edits, weave.text().len())?;
    let after = applied(weave.text(), &edits);
    if edits.is_empty() {
        return Ok(after);
    }
    if is_plain(&after) && edits.iter().all(|edit| !edit.with.contains(['\n', '\r'])) {
        whole.patch(weave.patches(&edits)?, &encode_line);
    } else {
        whole.replace(range, in_quotes(&after));
    }
    Ok(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Not a byte more: what was put in place of a value is exempt from the audit by its place.
    #[test]
    fn bytes_that_are_no_text_stay_in_quotes() {
        assert_eq!(in_quotes(b"a\xFF\"b\n\xC3"), b"\"a\xFF\\\"b\\n\xC3\"");
    }
}
