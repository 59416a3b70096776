//! Values of headers as text: folded lines, encoded words (RFC 2047), parameters (RFC 2231).

use std::ops::Range;

use base64::Engine;
use model::Fault;

use super::super::joined::{Coding, Joined};
use super::charset;
use super::codec::escape;

/// A value in UTF-8 whose encoded words are all UTF-8 in the Q encoding, so that each letter has a place of its own.
///
/// # Errors
/// `unsupported-charset` when a word is in an unknown one.
pub(super) fn plain(value: &[u8], eol: &str) -> Result<String, Fault> {
    let text = charset::decode(value, None)?.text;
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = rest.find("=?") {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let run = run(from);
        if run.is_empty() {
            out.push_str("=?");
            rest = &from[2..];
            continue;
        }
        let length = run.last().map_or(0, |word| word.end);
        if run.iter().all(Word::is_plain) {
            out.push_str(&from[..length]);
        } else {
            write_words(&decode_run(&run)?, eol, &mut out);
        }
        rest = &from[length..];
    }
    out.push_str(rest);
    Ok(out)
}

/// One encoded word: `=?charset?B?…?=`.
struct Word<'a> {
    charset: &'a str,
    is_base64: bool,
    payload: &'a str,
    /// Where it ends in the run.
    end: usize,
}

impl Word<'_> {
    fn is_plain(&self) -> bool {
        self.charset.eq_ignore_ascii_case("utf-8")
            && !self.is_base64
            && self.bytes().is_some_and(|bytes| str::from_utf8(&bytes).is_ok())
    }

    fn bytes(&self) -> Option<Vec<u8>> {
        if !self.is_base64 {
            return Some(unquote(self.payload.as_bytes()));
        }
        let engine = base64::engine::GeneralPurpose::new(
            &base64::alphabet::STANDARD,
            base64::engine::GeneralPurposeConfig::new()
                .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent)
                .with_decode_allow_trailing_bits(true),
        );
        engine.decode(self.payload.trim()).ok()
    }
}

const WORD_BYTES_MAX: usize = 16 << 10;

/// `_` is a blank in words (RFC 2047 §4.2).
fn unquote(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len());
    let mut at = 0;
    while at < payload.len() {
        let escaped = escape(&payload[at + 1..]).filter(|_| payload[at] == b'=');
        out.push(escaped.unwrap_or(if payload[at] == b'_' { b' ' } else { payload[at] }));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    out
}

/// Words from the start of `text` with nothing but white space between them: they are read as one.
fn run(text: &str) -> Vec<Word<'_>> {
    let mut words: Vec<Word<'_>> = Vec::new();
    let mut at = 0;
    while let Some(mut word) = word(&text[at..]) {
        word.end += at;
        at = word.end;
        words.push(word);
        at += text[at..].len() - text[at..].trim_ascii_start().len();
    }
    words
}

fn word(text: &str) -> Option<Word<'_>> {
    // Longer ones than any program writes are no words: looking for their end again and again would cost too much.
    let text = &text[..text.floor_char_boundary(WORD_BYTES_MAX)];
    let (charset, rest) = text.strip_prefix("=?")?.split_once('?')?;
    let (kind, rest) = rest.split_once('?')?;
    let (payload, _) = rest.split_once("?=")?;
    let is_base64 = match kind {
        "B" | "b" => true,
        "Q" | "q" => false,
        _ => return None,
    };
    let clean = |text: &str| text.chars().all(|letter| letter.is_ascii_graphic());
    // RFC 2047 §2 allows fewer signs in the name of a charset; of those that are left out here no charset has one, and what
    // stands for a value that went from between them makes no word of what was none.
    if charset.contains(['[', ']', '(', ')', '<', '>', '"', ',', ';', '@']) {
        return None;
    }
    // Some programs leave blanks in a word; readers decode it all the same.
    if charset.is_empty() || !clean(charset) || payload.contains(['?', '\n']) || !payload.is_ascii() {
        return None;
    }
    let end = 2 + charset.len() + 1 + kind.len() + 1 + payload.len() + 2;
    // RFC 2231 §5: a language may follow.
    let charset = charset.split('*').next().unwrap_or(charset);
    let word = Word { charset, is_base64, payload, end };
    word.bytes().is_some().then_some(word)
}

/// Bytes of neighbours in one charset belong together: a letter may be split between them.
fn decode_run(run: &[Word<'_>]) -> Result<String, Fault> {
    let mut text = String::new();
    for group in run.chunk_by(|a, b| a.charset.eq_ignore_ascii_case(b.charset)) {
        let bytes: Vec<u8> = group.iter().filter_map(Word::bytes).flatten().collect();
        text.push_str(&charset::decode(&bytes, Some(group[0].charset))?.text);
    }
    Ok(text)
}

/// Writes words of at most 75 bytes, one a line.
fn write_words(text: &str, eol: &str, out: &mut String) {
    const PAYLOAD: usize = 60;
    let mut room = 0;
    for (number, letter) in text.chars().enumerate() {
        let mut buffer = [0; 4];
        let bytes = letter.encode_utf8(&mut buffer).as_bytes();
        let encoded: String = match bytes {
            [byte] if byte.is_ascii_alphanumeric() => letter.to_string(),
            _ => bytes.iter().map(|byte| format!("={byte:02X}")).collect(),
        };
        if encoded.len() > room {
            if number > 0 {
                out.push_str("?=");
                out.push_str(eol);
                out.push(' ');
            }
            out.push_str("=?utf-8?Q?");
            room = PAYLOAD;
        }
        room -= encoded.len();
        out.push_str(&encoded);
    }
    if !text.is_empty() {
        out.push_str("?=");
    }
}

/// The text of a plain value; `skip` is left out.
pub(super) fn joined(value: &str, skip: Option<&Range<usize>>) -> Joined {
    let mut joined = Joined::default();
    let mut at = 0;
    while at < value.len() {
        if let Some(skip) = skip.filter(|skip| skip.start == at && !skip.is_empty()) {
            at = skip.end;
            continue;
        }
        let words = if value[at..].starts_with("=?") { run(&value[at..]) } else { Vec::new() };
        if words.is_empty() {
            at = letter(value, at, &mut joined);
            continue;
        }
        for word in &words {
            let end = at + word.end - 2;
            let start = end - word.payload.len();
            word_letters(value, start..end, &mut joined);
        }
        at += words.last().map_or(0, |word| word.end);
    }
    joined
}

/// One character outside of words. A folded line goes on as if it had not ended (RFC 5322 §2.2.3); the blank that says so
/// goes with the end of the line or not at all.
fn letter(value: &str, at: usize, joined: &mut Joined) -> usize {
    if let Some(end) = fold(value.as_bytes(), at) {
        joined.literal_as(" ", at..end, Coding::Header);
        return end;
    }
    let letter = value[at..].chars().next().unwrap_or_default();
    let end = at + letter.len_utf8();
    match letter {
        '\r' | '\n' => joined.literal_as("", at..end, Coding::Header),
        '\t' => joined.literal_as(" ", at..end, Coding::Header),
        _ => joined.literal(&value[at..end], at, Coding::Header),
    }
    end
}

/// Where the fold ends that begins here: the end of a line and the blank behind it.
fn fold(value: &[u8], at: usize) -> Option<usize> {
    let end = at + usize::from(value[at..].starts_with(b"\r"));
    matches!(value[end..], [b'\n', b' ' | b'\t', ..]).then_some(end + 2)
}

/// The letters of a word's payload, each from its own bytes.
fn word_letters(value: &str, payload: Range<usize>, joined: &mut Joined) {
    let source = value.as_bytes();
    let mut at = payload.start;
    while at < payload.end {
        let start = at;
        let mut bytes = Vec::new();
        // Plain words are UTF-8: at most four bytes make a letter.
        while at < payload.end && bytes.len() < 4 {
            let escaped = escape(&source[at + 1..payload.end]).filter(|_| source[at] == b'=');
            bytes.push(escaped.unwrap_or(if source[at] == b'_' { b' ' } else { source[at] }));
            at += if escaped.is_some() { 3 } else { 1 };
            if str::from_utf8(&bytes).is_ok() {
                break;
            }
        }
        joined.atom(&String::from_utf8_lossy(&bytes), start..at, Coding::Word);
    }
}

/// A parameter such as `name="a.pdf"`; the value is what stands between the quotes.
pub(super) struct Parameter<'a> {
    pub(super) name: &'a str,
    pub(super) value: Range<usize>,
}

/// The parameters behind the first word of a value.
pub(super) fn parameters(value: &str) -> Vec<Parameter<'_>> {
    let bytes = value.as_bytes();
    let mut found = Vec::new();
    let mut at = next(bytes, 0, |byte| byte == b';');
    while at < bytes.len() {
        let start = next(bytes, at + 1, |byte| !byte.is_ascii_whitespace());
        let stop = next(bytes, start, |byte| byte == b'=' || byte == b';');
        if bytes.get(stop) != Some(&b'=') {
            at = stop;
            continue;
        }
        let name = value[start..stop].trim();
        let open = next(bytes, stop + 1, |byte| !byte.is_ascii_whitespace());
        let range = if bytes.get(open) == Some(&b'"') {
            let mut end = open + 1;
            while end < bytes.len() && bytes[end] != b'"' {
                end += if bytes[end] == b'\\' { 2 } else { 1 };
            }
            open + 1..end.min(bytes.len())
        } else {
            open..next(bytes, open, |byte| byte == b';' || byte.is_ascii_whitespace())
        };
        at = next(bytes, range.end, |byte| byte == b';');
        found.push(Parameter { name, value: range });
    }
    found
}

fn next(bytes: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> usize {
    bytes.iter().skip(from).position(|&byte| wanted(byte)).map_or(bytes.len(), |at| at + from)
}

/// A parameter that RFC 2231 lets be split and percent-encoded: `filename*0*=…; filename*1=…`.
pub(super) fn extended(value: &str, base: &str) -> Joined {
    let mut parts: Vec<(u32, bool, Range<usize>)> = Vec::new();
    for parameter in parameters(value) {
        let mut steps = parameter.name.split('*');
        if !steps.next().is_some_and(|name| name.eq_ignore_ascii_case(base)) || !parameter.name.contains('*') {
            continue;
        }
        let number = steps.next().and_then(|number| number.parse().ok()).unwrap_or(0);
        parts.push((number, parameter.name.ends_with('*'), parameter.value));
    }
    parts.sort_by_key(|(number, ..)| *number);
    let mut joined = Joined::default();
    for (number, is_encoded, range) in parts {
        let mut start = range.start;
        // charset'language'text
        if number == 0 && is_encoded {
            let skipped = value[range.clone()].match_indices('\'').nth(1).map_or(0, |(at, _)| at + 1);
            start += skipped;
        }
        let coding = if is_encoded { Coding::Address } else { Coding::Header };
        joined.literal(&value[start..range.end], start, coding);
    }
    joined.percent_decoded(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expect: &str) {
        let plain = plain(value.as_bytes(), "\r\n").unwrap();
        assert_eq!(joined(&plain, None).text(), expect, "{value}");
    }

    #[test]
    fn words_and_folds_are_read_as_people_read_them() {
        check("Hello", "Hello");
        check("a\r\n b", "a b");
        check("=?utf-8?Q?J=C3=B6rg_M?= <a@b>", "Jörg M <a@b>");
        check("=?iso-8859-1?q?J=F6rg?=", "Jörg");
        check("=?utf-8?B?SsO2cmc=?=", "Jörg");
        // A letter, and a value, split between words.
        check("=?utf-8?B?SsM=?=\r\n =?utf-8?B?tnJn?=", "Jörg");
        check("=?utf-8?Q?123-45?= =?utf-8?Q?-6789?=", "123-45-6789");
        check("=?utf-8?X?a?= =? =?=", "=?utf-8?X?a?= =? =?=");
        check("=?i[X]so-8859-1?Q?a?=", "=?i[X]so-8859-1?Q?a?=");
        check("=?ISO_8859-1:1987?Q?J=F6rg?=", "Jörg");
        assert_eq!(plain(b"=?utf-7?Q?a?=", "\n").unwrap_err().code(), "unsupported-charset");
    }

    #[test]
    fn split_parameters_are_joined() {
        let value = "attachment; filename*1=\"-6789.pdf\"; filename*0*=utf-8''J%C3%B6rg%20123; x=y";
        assert_eq!(extended(value, "filename").text(), "Jörg 123-6789.pdf");
        let found: Vec<_> = parameters("a/b; c=d ; e=\"f;\\\"g\"; h").into_iter().map(|p| p.name.to_owned()).collect();
        assert_eq!(found, ["c", "e"]);
    }
}
