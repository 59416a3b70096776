//! Strings, numbers and pointers of JSON.

use crate::format::weave::Weave;

/// `/` and the key, escaped (RFC 6901 §3).
pub(in crate::format) fn push_key(pointer: &mut String, key: &str) {
    pointer.push('/');
    if memchr::memchr2(b'~', b'/', key.as_bytes()).is_none() {
        pointer.push_str(key);
        return;
    }
    for character in key.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            _ => pointer.push(character),
        }
    }
}

/// `/` and the number.
pub(in crate::format) fn push_number(pointer: &mut String, number: u64) {
    pointer.push('/');
    push_digits(pointer, number);
}

/// The number; twice as fast as the formatting machinery, which counts here.
pub(super) fn push_digits(pointer: &mut String, number: u64) {
    if number >= 10 {
        push_digits(pointer, number / 10);
    }
    pointer.push(char::from(b'0' + (number % 10) as u8));
}

/// Decodes `raw`, a string token without its closing quote, which begins at `start` of the input; or where it fails.
pub(super) fn unescape(raw: &[u8], start: u64, weave: &mut Weave) -> Result<(), usize> {
    weave.clear();
    let mut at = 1;
    while let Some(found) = memchr::memchr(b'\\', &raw[at..]) {
        let escape = at + found;
        weave.copy(&raw[at..escape], start + at as u64);
        let (character, length) = decode(&raw[escape..]).ok_or(escape)?;
        let source = start + escape as u64..start + (escape + length) as u64;
        weave.decode(character.encode_utf8(&mut [0; 4]).as_bytes(), source);
        at = escape + length;
    }
    weave.copy(&raw[at..], start + at as u64);
    weave.close();
    Ok(())
}

/// The character that the escape at the beginning stands for, and the escape's length.
fn decode(escape: &[u8]) -> Option<(char, usize)> {
    let character = match escape.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return decode_unit(escape),
        _ => return None,
    };
    Some((character, 2))
}

fn decode_unit(escape: &[u8]) -> Option<(char, usize)> {
    let high = unit(escape)?;
    if let Some(low @ 0xDC00..0xE000) = escape.get(6..).and_then(unit).filter(|_| (0xD800..0xDC00).contains(&high)) {
        let character = char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
        return Some((character?, 12));
    }
    Some((char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), 6))
}

/// `\uXXXX`.
fn unit(escape: &[u8]) -> Option<u32> {
    let digits = escape.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
}

/// `text` as it stands between quotes, with no more escapes than it needs.
pub(super) fn escape(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            0..0x20 => out.extend(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
}

/// RFC 8259 §6.
pub(super) fn is_number(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let (whole, text) = digits(text);
    let leading_zero = whole.len() > 1 && whole[0] == b'0';
    let (fraction, text) = match text.strip_prefix(b".") {
        Some(text) => digits(text),
        None => (&b"0"[..], text),
    };
    let (exponent, text) = match text {
        [b'e' | b'E', b'+' | b'-', text @ ..] | [b'e' | b'E', text @ ..] => digits(text),
        _ => (&b"0"[..], text),
    };
    let complete = [whole, fraction, exponent].iter().all(|digits| !digits.is_empty());
    complete && !leading_zero && text.is_empty()
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count())
}
