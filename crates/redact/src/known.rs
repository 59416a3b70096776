//! Values that were taken out, to be found again wherever else they stand.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Values shorter than this are not looked for: `Jan` stands in `January`.
const VALUE_LEAST: usize = 4;

/// Values at least this long are found within words, too.
pub(crate) const INNER_LEAST: usize = 8;

const FILTER_BITS: u32 = 20;
const CHUNK: usize = 8;

/// A set of values that finds them in a text in one pass, whatever their case.
///
/// Values are cut into chunks of eight bytes, which make a tree: thousands of addresses that begin alike share their
/// beginning, and the time to find one does not grow with their number. A filter of one bit per hash of a first chunk
/// turns away nearly every byte of a text.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    filter: Box<[u64]>,
    /// From a node by a whole chunk to the next.
    steps: HashMap<(u32, u64), u32>,
    /// From a node by the last bytes, fewer than a chunk, to a value.
    ends: HashMap<(u32, u64), u32>,
    /// Which numbers of last bytes there are at each node: bit `n` for `n` of them.
    rests: Vec<u8>,
    kinds: Vec<Arc<str>>,
    max: usize,
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
            steps: HashMap::new(),
            ends: HashMap::new(),
            rests: vec![0],
            kinds: Vec::new(),
            max,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.kinds.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// Adds a value as it stood; a number with separators is looked for without them as well.
    pub(crate) fn add(&mut self, value: &[u8], kind: &Arc<str>) {
        self.add_form(value, kind);
        let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
        let letters = value.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
        if digits >= INNER_LEAST && digits > letters && digits + letters < value.len() {
            let bare: Vec<u8> = value.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
            self.add_form(&bare, kind);
        }
    }

    fn add_form(&mut self, value: &[u8], kind: &Arc<str>) {
        if value.len() < VALUE_LEAST || self.kinds.len() >= self.max {
            return;
        }
        let (chunks, rest) = value.as_chunks::<CHUNK>();
        let mut node = 0;
        for (depth, chunk) in chunks.iter().enumerate() {
            let chunk = folded(chunk);
            if depth == 0 {
                let bit = hash(rough(chunk));
                self.filter[bit >> 6] |= 1 << (bit & 63);
            }
            let next = self.rests.len() as u32;
            node = *self.steps.entry((node, chunk)).or_insert(next);
            if node == next {
                self.rests.push(0);
            }
        }
        let next = self.kinds.len() as u32;
        if *self.ends.entry((node, packed(rest))).or_insert(next) == next {
            self.rests[node as usize] |= 1 << rest.len();
            self.kinds.push(kind.clone());
        }
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
        if self.kinds.is_empty() {
            return found;
        }
        let mut at = 0;
        let mut after_word = false;
        while at + VALUE_LEAST <= text.len() {
            let is_word = is_part(text[at]);
            let again = if self.may_begin(&text[at..], !after_word) { self.longest(text, at) } else { None };
            after_word = is_word;
            at = match again {
                Some(again) => {
                    let end = again.range.end;
                    after_word = is_part(text[end - 1]);
                    found.push(again);
                    end
                }
                None => at + 1,
            };
        }
        found
    }

    /// Whether a value can begin here: a short one only where a word begins.
    #[inline]
    fn may_begin(&self, text: &[u8], begins_word: bool) -> bool {
        let long = text.first_chunk::<CHUNK>().is_some_and(|chunk| {
            let bit = hash(rough(u64::from_le_bytes(*chunk)));
            self.filter[bit >> 6] >> (bit & 63) & 1 == 1
        });
        long || begins_word && self.rests[0] != 0
    }

    fn longest(&self, text: &[u8], start: usize) -> Option<Again> {
        let (mut node, mut at, mut best) = (0, start, None);
        loop {
            for rest in (0..CHUNK).rev().filter(|rest| self.rests[node as usize] >> rest & 1 == 1) {
                let Some(last) = text.get(at..at + rest) else { continue };
                let end = at + rest;
                let apart = end - start >= INNER_LEAST || is_apart(text, start, end);
                if let Some(value) = self.ends.get(&(node, packed(last))).filter(|_| apart) {
                    best = Some((end, *value));
                    break;
                }
            }
            let chunk = text.get(at..).and_then(|text| text.first_chunk::<CHUNK>());
            match chunk.and_then(|chunk| self.steps.get(&(node, folded(chunk)))) {
                Some(next) => (node, at) = (*next, at + CHUNK),
                None => break,
            }
        }
        best.map(|(end, value)| Again { range: start..end, kind: self.kinds[value as usize].clone() })
    }
}

fn is_apart(text: &[u8], start: usize, end: usize) -> bool {
    let part = |byte: Option<&u8>| byte.is_some_and(|byte| is_part(*byte));
    !part(start.checked_sub(1).and_then(|before| text.get(before))) && !part(text.get(end))
}

/// A letter, a digit, or a byte of another script.
fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

fn folded(chunk: &[u8; CHUNK]) -> u64 {
    u64::from_le_bytes(chunk.map(|byte| byte.to_ascii_lowercase()))
}

/// Fewer bytes than a chunk, folded, and how many they are.
fn packed(rest: &[u8]) -> u64 {
    let bytes = rest.iter().rev().fold(0, |bytes, byte| bytes << 8 | u64::from(byte.to_ascii_lowercase()));
    bytes | (rest.len() as u64) << 56
}

/// Folded in one step: a set bit 0x20 makes letters small, and more bytes equal than are.
#[inline]
fn rough(chunk: u64) -> u64 {
    chunk | 0x2020_2020_2020_2020
}

#[inline]
fn hash(chunk: u64) -> usize {
    (chunk.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - FILTER_BITS)) as usize
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
        check(
            &["203.0.113.7", "203.0.113.70", "203.0.113.9"],
            "203.0.113.70 203.0.113.9,203.0.113.8",
            &["203.0.113.70", "203.0.113.9"],
        );
        check(&["12345678"], "x12345678", &["12345678"]);
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
