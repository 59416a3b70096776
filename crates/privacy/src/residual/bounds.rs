//! Where a value may begin and end, so that `ann@example.org` is not found in `joann@example.org`.

use std::ops::Range;

use super::Value;

/// What has to stand around a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// Anything.
    None,
    /// No letter and no digit.
    Word,
    /// The beginning or end of the text, or a mark that separates entries: a single word of prose is no hit.
    Entry,
}

/// The shortest value that is looked for at all, in characters.
const SHORTEST: usize = 4;
/// The shortest that is looked for as a word.
const WORD: usize = 6;
/// A number with fewer digits stands for too many things.
const DIGITS: usize = 8;

/// How `value` is looked for; `None`: not at all.
pub(super) fn of(value: &Value) -> Option<Bound> {
    value.spellings.iter().map(|text| bound(text)).max_by_key(|bound| match bound {
        None => 2,
        Some(Bound::Entry) => 1,
        Some(_) => 0,
    })?
}

fn bound(text: &str) -> Option<Bound> {
    let length = text.chars().count();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let letters = text.chars().filter(|letter| letter.is_alphabetic()).count();
    match () {
        () if length < SHORTEST => None,
        () if letters == 0 && digits < DIGITS => None,
        () if letters == length => Some(Bound::Entry),
        () if length < WORD => Some(Bound::Entry),
        () => Some(Bound::Word),
    }
}

impl Bound {
    /// Whether a match at `range` stands as it must.
    pub(super) fn holds(self, haystack: &[u8], range: Range<usize>) -> bool {
        let (before, after) = (&haystack[..range.start], &haystack[range.end..]);
        match self {
            Bound::None => true,
            Bound::Word => (ends_in_escape(before) || !ends_in_word(before)) && !begins_with_word(after),
            Bound::Entry => {
                let opened = before.last().is_none_or(|byte| separates(*byte)) || ends_in_escape(before);
                opened && after.first().is_none_or(|byte| separates(*byte))
            }
        }
    }
}

/// Marks between entries: those of JSON, lists, addresses, keys of stores.
fn separates(byte: u8) -> bool {
    byte == 0 || b"\"':/=,;|\t\n\r<>&?[]{}()\\.*%".contains(&byte)
}

fn ends_in_word(text: &[u8]) -> bool {
    let start = (1..=4.min(text.len())).find(|back| text[text.len() - back] & 0xc0 != 0x80);
    start.is_some_and(|back| is_word(&text[text.len() - back..]))
}

fn begins_with_word(text: &[u8]) -> bool {
    let end = (1..4.min(text.len())).find(|at| text[*at] & 0xc0 != 0x80).unwrap_or(4.min(text.len()));
    is_word(&text[..end])
}

fn is_word(letter: &[u8]) -> bool {
    std::str::from_utf8(letter).ok().and_then(|text| text.chars().next()).is_some_and(char::is_alphanumeric)
}

/// `%3D`, `\u003d`, `\n`: the letter at the end belongs to a sign that is no letter.
fn ends_in_escape(text: &[u8]) -> bool {
    let hexadecimal = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_hexdigit);
    let last = |count: usize| text.len().checked_sub(count).map(|from| &text[from..]);
    last(3).is_some_and(|end| end[0] == b'%' && hexadecimal(&end[1..]))
        || last(6).is_some_and(|end| end.starts_with(b"\\u") && hexadecimal(&end[2..]))
        || last(2).is_some_and(|end| end[0] == b'\\' && matches!(end[1], b'n' | b't' | b'r' | b'b' | b'f'))
}
