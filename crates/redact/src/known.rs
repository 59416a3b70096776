//! Values that were taken out, to be found again wherever else they stand.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

/// Values shorter than this are not looked for: `Jan` stands in `January`.
const VALUE_LEAST: usize = 4;

/// Values at least this long are found within words, too.
const INNER_LEAST: usize = 8;

const PREFIX: usize = 4;
const FILTER_BITS: u32 = 18;

/// A set of values that finds them in a text in one pass, whatever their case.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// One bit per hash of a value's first four bytes, folded.
    filter: Box<[u64]>,
    by_prefix: HashMap<u32, Vec<u32>>,
    values: Vec<Value>,
    seen: HashSet<Vec<u8>>,
    max: usize,
    /// Values that there was no room for.
    pub(crate) forgotten: u64,
}

#[derive(Clone, Debug)]
struct Value {
    folded: Vec<u8>,
    kind: Arc<str>,
}

/// A value that stands in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Again {
    pub(crate) range: Range<usize>,
    pub(crate) kind: Arc<str>,
}

impl Known {
    /// An empty set that will hold at most `max` values.
    pub(crate) fn new(max: usize) -> Self {
        Known {
            filter: vec![0; 1 << (FILTER_BITS - 6)].into_boxed_slice(),
            by_prefix: HashMap::new(),
            values: Vec::new(),
            seen: HashSet::new(),
            max,
            forgotten: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Adds a value as it stood; a number with separators is looked for without them as well.
    pub(crate) fn add(&mut self, value: &[u8], kind: &Arc<str>) {
        self.add_form(value, kind);
        let bare: Vec<u8> = value.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
        let digits = bare.iter().filter(|byte| byte.is_ascii_digit()).count();
        if digits >= INNER_LEAST && digits * 2 > bare.len() && bare.len() < value.len() {
            self.add_form(&bare, kind);
        }
    }

    fn add_form(&mut self, value: &[u8], kind: &Arc<str>) {
        let folded = value.to_ascii_lowercase();
        if folded.len() < VALUE_LEAST || self.seen.contains(&folded) {
            return;
        }
        if self.values.len() >= self.max {
            self.forgotten += 1;
            return;
        }
        let prefix = prefix(&folded);
        let bit = hash(prefix);
        self.filter[bit >> 6] |= 1 << (bit & 63);
        self.by_prefix.entry(prefix).or_default().push(self.values.len() as u32);
        self.seen.insert(folded.clone());
        self.values.push(Value { folded, kind: kind.clone() });
    }

    /// Adds the encodings that a value could have slipped through in: percent (RFC 3986), base 64 at each of its three
    /// alignments (RFC 4648), character references (HTML), `\u` escapes (RFC 8259), quoted-printable (RFC 2045).
    pub(crate) fn add_encodings(&mut self, value: &[u8], kind: &Arc<str>) {
        for form in encodings(value).into_iter().chain(base64_forms(value)) {
            self.add_form(&form, kind);
        }
    }

    /// Where values stand in `text`, from left to right, the longest first, apart.
    pub(crate) fn find(&self, text: &[u8]) -> Vec<Again> {
        let mut found = Vec::new();
        if self.values.is_empty() {
            return found;
        }
        let mut at = 0;
        while at + PREFIX <= text.len() {
            let prefix = prefix(&text[at..]);
            let bit = hash(prefix);
            let next = match self.filter[bit >> 6] >> (bit & 63) & 1 {
                1 => self.longest(text, at, prefix),
                _ => None,
            };
            at = match next {
                Some(again) => {
                    let end = again.range.end;
                    found.push(again);
                    end
                }
                None => at + 1,
            };
        }
        found
    }

    fn longest(&self, text: &[u8], at: usize, prefix: u32) -> Option<Again> {
        let values = self.by_prefix.get(&prefix)?.iter().map(|index| &self.values[*index as usize]);
        let stands = values.filter(|value| {
            let end = at + value.folded.len();
            text.get(at..end).is_some_and(|there| there.eq_ignore_ascii_case(&value.folded))
                && (value.folded.len() >= INNER_LEAST || is_apart(text, at, end))
        });
        let value = stands.max_by_key(|value| value.folded.len())?;
        Some(Again { range: at..at + value.folded.len(), kind: value.kind.clone() })
    }
}

fn is_apart(text: &[u8], start: usize, end: usize) -> bool {
    let part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80);
    !part(start.checked_sub(1).and_then(|before| text.get(before))) && !part(text.get(end))
}

/// The first four bytes, folded roughly: a set bit 0x20 makes letters small, and more bytes equal than are.
#[inline]
fn prefix(text: &[u8]) -> u32 {
    u32::from_le_bytes([text[0], text[1], text[2], text[3]]) | 0x2020_2020
}

#[inline]
fn hash(prefix: u32) -> usize {
    (prefix.wrapping_mul(0x9E37_79B1) >> (32 - FILTER_BITS)) as usize
}

fn encodings(value: &[u8]) -> Vec<Vec<u8>> {
    let special = |byte: u8| !byte.is_ascii_alphanumeric();
    let mapped = |write: &dyn Fn(u8) -> String, keep: &dyn Fn(u8) -> bool| -> Vec<u8> {
        value.iter().flat_map(|byte| if keep(*byte) { vec![*byte] } else { write(*byte).into_bytes() }).collect()
    };
    let percent = mapped(&|byte| format!("%{byte:02x}"), &|byte| !special(byte) || b"-._~".contains(&byte));
    let reserved = mapped(&|byte| format!("%{byte:02x}"), &|byte| !special(byte) || b"-._~@:/+()".contains(&byte));
    let decimal = mapped(&|byte| format!("&#{byte};"), &|byte| !special(byte));
    let hex = mapped(&|byte| format!("&#x{byte:x};"), &|byte| !special(byte));
    let json = mapped(&|byte| format!("\\u{byte:04x}"), &|byte| !special(byte));
    let quoted = mapped(&|byte| format!("={byte:02x}"), &|byte| byte != b'=' && byte.is_ascii_graphic());
    let mut forms = vec![percent, reserved, decimal, hex, json, quoted];
    forms.retain(|form| form != value);
    forms
}

/// The characters of base 64 that depend on `value` alone, at each of the three alignments.
fn base64_forms(value: &[u8]) -> Vec<Vec<u8>> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bit = |at: usize| usize::from(value[at / 8] >> (7 - at % 8) & 1);
    let form = |skip: usize| -> Vec<u8> {
        // With `skip` bytes before the value, the first whole character begins so many bits into it.
        let first = (6 - skip * 8 % 6) % 6;
        let sextets = (value.len() * 8 - first) / 6;
        (0..sextets).map(|i| ALPHABET[(0..6).fold(0, |six, j| six << 1 | bit(first + i * 6 + j))]).collect()
    };
    (0..3).filter(|skip| value.len() * 8 > (6 - skip * 8 % 6) % 6 + 36).map(form).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(values: &[&str]) -> Known {
        let mut known = Known::new(100);
        for value in values {
            known.add(value.as_bytes(), &Arc::from("k"));
        }
        known
    }

    fn check(values: &[&str], text: &str, expect: &[&str]) {
        let known = known(values);
        let found: Vec<&str> = known.find(text.as_bytes()).into_iter().map(|again| &text[again.range]).collect();
        assert_eq!(found, expect, "{values:?} in {text:?}");
    }

    /// Values are found in any case; short ones only as words; numbers without their separators as well.
    #[test]
    fn values_are_found_again() {
        check(&["Jan Muster"], "by JAN MUSTER, jan.muster", &["JAN MUSTER"]);
        check(&["Mark"], "Mark, Denmark, market, mark", &["Mark", "mark"]);
        check(&["jan.muster@example.org"], "xjan.muster@example.orgx", &["jan.muster@example.org"]);
        check(&["123-45-6789"], "id=123456789", &["123456789"]);
        check(&["abc"], "abc", &[]);
        check(&["muster", "muster street"], "Muster Street 5", &["Muster Street"]);
        check(&[], "anything", &[]);
    }

    /// Each encoding of a value is found in the encoded text.
    #[test]
    fn encodings_are_found() {
        let mut encoded = Known::new(100);
        encoded.add_encodings(b"Jan Muster@example.org", &Arc::from("k"));
        let texts = [
            "q=jan%20muster%40example.org",
            "jan%20muster@example.org",
            "jan&#32;muster&#64;example&#46;org",
            "jan\\u0020muster\\u0040example\\u002eorg",
            "jan=20muster@example.org",
            "SmFuIE11c3RlckBleGFtcGxlLm9yZw==",
        ];
        for text in texts {
            assert_eq!(encoded.find(text.as_bytes()).len(), 1, "{text}");
        }
    }

    /// Base 64 of a longer text holds one of the three forms of what stands in it (RFC 4648 §10 gives the first).
    #[test]
    fn base64_of_each_alignment() {
        assert_eq!(base64_forms(b"foobar!")[0], b"Zm9vYmFyI"[..9].to_vec());
        let whole = ["c2VjcmV0LXZhbHVl", "eHNlY3JldC12YWx1ZQ==", "eHhzZWNyZXQtdmFsdWU="];
        for (form, text) in base64_forms(b"secret-value").iter().zip(whole) {
            assert!(memchr::memmem::find(text.as_bytes(), form).is_some(), "{text}");
        }
    }
}
