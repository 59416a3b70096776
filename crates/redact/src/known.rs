//! Values that were taken out, to be found again wherever else they stand.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::ops::Range;
use std::sync::Arc;

/// Values shorter than this are not looked for: `Jan` stands in `January`.
const VALUE_LEAST: usize = 4;

/// Values at least this long are found within words, too.
pub(crate) const INNER_LEAST: usize = 8;

/// So many first bytes say of a long value, and of a short one, whether it can begin at a place.
const CHUNK: usize = 8;
const SHORT_CHUNK: usize = 4;

/// Values of this length and longer ones are found by so many first bytes, and then compared whole.
const LENGTH_MAX: usize = 127;

/// So many bytes are looked at before those are gone through at which a value may begin.
const STEP: usize = 16;

/// A set of values that finds them in a text in one pass, whatever their case.
///
/// Values are kept as hashes. Two filters of one bit per hash turn away nearly every byte of a text: a small one by the
/// first four bytes, which a processor has at hand, and one by the whole first chunk. Then the chunk says which lengths of values begin so, and each of these is hashed and looked up. Two different texts of one
/// hash, of 64 bits, would take out more than they should, and never less.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    first: Filter,
    filter: Filter,
    short: Filter,
    /// For each first chunk the lengths of values that begin so, a bit each; the last is for all the longer ones.
    lengths: HashMap<u64, u128, Mixed>,
    /// For each hash of the first bytes of long values how long these are, the longest first.
    longer: HashMap<u64, Vec<usize>, Mixed>,
    /// For each hash of a value which kind it is.
    values: HashMap<u64, u16, Mixed>,
    kinds: Vec<Arc<str>>,
    max: usize,
}

/// One bit per hash.
#[derive(Clone, Debug)]
struct Filter {
    bits: Box<[u64]>,
    shift: u32,
}

impl Filter {
    /// For so many hashes, of which one in sixteen is taken for another.
    fn new(count: usize) -> Self {
        Filter::of_bits((count * 16).next_power_of_two().max(1 << 12))
    }

    /// For the first bytes of so many values: many begin alike.
    fn of_first(count: usize) -> Self {
        Filter::of_bits((count * 4).next_power_of_two().clamp(1 << 12, 1 << 20))
    }

    fn of_bits(size: usize) -> Self {
        Filter { bits: vec![0; size >> 6].into(), shift: 64 - size.trailing_zeros() }
    }

    fn add(&mut self, chunk: u64) {
        let bit = self.place(chunk);
        self.bits[bit >> 6] |= 1 << (bit & 63);
    }

    #[inline]
    fn may_have(&self, chunk: u64) -> bool {
        let bit = self.place(chunk);
        self.bits[bit >> 6] >> (bit & 63) & 1 == 1
    }

    #[inline]
    fn place(&self, chunk: u64) -> usize {
        // A set bit 0x20 makes letters small, and more bytes equal than are.
        ((chunk | 0x2020_2020_2020_2020).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> self.shift) as usize
    }
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
            first: Filter::of_first(max),
            filter: Filter::new(max),
            short: Filter::new(max.min(1 << 12)),
            lengths: HashMap::default(),
            longer: HashMap::default(),
            values: HashMap::default(),
            kinds: Vec::new(),
            max,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
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

    /// Adds a value as it stood, and in no other form.
    pub(crate) fn add_form(&mut self, value: &[u8], kind: &Arc<str>) {
        if value.len() < VALUE_LEAST || self.values.len() >= self.max {
            return;
        }
        self.first.add(short_chunk(value));
        let chunk = match value.first_chunk::<CHUNK>() {
            Some(chunk) => {
                self.filter.add(u64::from_le_bytes(*chunk));
                folded(chunk)
            }
            None => {
                let chunk = short_chunk(value);
                self.short.add(chunk);
                folded(&chunk.to_le_bytes())
            }
        };
        *self.lengths.entry(chunk).or_default() |= 1 << value.len().min(LENGTH_MAX);
        if let Some(first) = value.get(..LENGTH_MAX) {
            let longer = self.longer.entry(hash(first)).or_default();
            if let Err(at) = longer.binary_search_by(|length| value.len().cmp(length)) {
                longer.insert(at, value.len());
            }
        }
        let known = self.kinds.iter().position(|known| known == kind);
        let kind = known.unwrap_or_else(|| {
            self.kinds.push(kind.clone());
            self.kinds.len() - 1
        });
        self.values.entry(hash(value)).or_insert(kind as u16);
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
        let mut from = 0;
        for base in (0..text.len().saturating_sub(VALUE_LEAST - 1)).step_by(STEP) {
            let mut likely = self.likely(text, base);
            while likely != 0 {
                let at = base + likely.trailing_zeros() as usize;
                likely &= likely - 1;
                if at < from {
                    continue;
                }
                if let Some(again) = self.longest(text, at) {
                    from = again.range.end;
                    found.push(again);
                }
            }
        }
        found
    }

    /// At which of the next bytes a value may begin, a bit each.
    #[inline]
    fn likely(&self, text: &[u8], base: usize) -> u32 {
        let mut bytes = [0; STEP + SHORT_CHUNK - 1];
        let window = match text[base..].first_chunk() {
            Some(window) => window,
            None => {
                let rest = &text[base..];
                bytes[..rest.len()].copy_from_slice(rest);
                &bytes
            }
        };
        let may_begin = |at: usize| self.first.may_have(short_chunk(&window[at..]));
        (0..STEP).fold(0, |likely, at| likely | u32::from(may_begin(at)) << at)
    }

    /// The longest value that stands at `start`.
    #[inline]
    fn longest(&self, text: &[u8], start: usize) -> Option<Again> {
        let rest = &text[start..];
        let long = rest.first_chunk::<CHUNK>().filter(|chunk| self.filter.may_have(u64::from_le_bytes(**chunk)));
        let long = long.and_then(|chunk| self.of_lengths(text, start, folded(chunk)));
        if long.is_some() {
            return long;
        }
        let chunk = short_chunk(rest);
        match self.short.may_have(chunk) {
            true => self.of_lengths(text, start, folded(&chunk.to_le_bytes())),
            false => None,
        }
    }

    /// The longest value at `start` among those that begin with `chunk`.
    fn of_lengths(&self, text: &[u8], start: usize, chunk: u64) -> Option<Again> {
        let mut left = *self.lengths.get(&chunk)?;
        while left != 0 {
            let length = (u128::BITS - 1 - left.leading_zeros()) as usize;
            left &= !(1 << length);
            let again = match length {
                LENGTH_MAX => self.of_longer(text, start),
                _ => self.of_length(text, start, length),
            };
            if again.is_some() {
                return again;
            }
        }
        None
    }

    /// The longest of the long values at `start`.
    fn of_longer(&self, text: &[u8], start: usize) -> Option<Again> {
        let lengths = self.longer.get(&hash(text.get(start..start + LENGTH_MAX)?))?;
        lengths.iter().find_map(|length| self.of_length(text, start, *length))
    }

    fn of_length(&self, text: &[u8], start: usize, length: usize) -> Option<Again> {
        let end = start + length;
        let kind = self.values.get(&hash(text.get(start..end)?))?;
        let stands = length >= INNER_LEAST || is_apart(text, start, end);
        stands.then(|| Again { range: start..end, kind: self.kinds[usize::from(*kind)].clone() })
    }
}

/// The first bytes of a short value; the others tell it from a long one.
#[inline]
fn short_chunk(text: &[u8]) -> u64 {
    let first: [u8; SHORT_CHUNK] = text.first_chunk().copied().unwrap_or_default();
    u64::from(u32::from_le_bytes(first))
}

fn is_apart(text: &[u8], start: usize, end: usize) -> bool {
    let part = |byte: Option<&u8>| byte.is_some_and(|byte| is_part(*byte));
    !part(start.checked_sub(1).and_then(|before| text.get(before))) && !part(text.get(end))
}

/// A letter, a digit, or a byte of another script.
fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

#[inline]
fn folded(chunk: &[u8; CHUNK]) -> u64 {
    u64::from_le_bytes(chunk.map(|byte| byte.to_ascii_lowercase()))
}

/// Of the folded bytes and their number.
fn hash(value: &[u8]) -> u64 {
    let (chunks, rest) = value.as_chunks::<CHUNK>();
    let hash = chunks.iter().fold(value.len() as u64, |hash, chunk| mix(hash, folded(chunk)));
    let mut last = [0; CHUNK];
    last[..rest.len()].copy_from_slice(rest);
    mix(hash, folded(&last))
}

/// The two halves of a product, one over the other.
#[inline]
fn mix(hash: u64, chunk: u64) -> u64 {
    let product = u128::from(hash ^ 0x9E37_79B9_7F4A_7C15) * u128::from(chunk ^ 0xD6E8_FEB8_6659_FD93);
    (product as u64) ^ (product >> 64) as u64 ^ chunk.rotate_left(32)
}

/// Keys are spread by one multiplication.
#[derive(Clone, Copy, Debug, Default)]
struct Mixed;

impl BuildHasher for Mixed {
    type Hasher = MixedHasher;

    fn build_hasher(&self) -> MixedHasher {
        MixedHasher(0)
    }
}

#[derive(Debug)]
struct MixedHasher(u64);

impl Hasher for MixedHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = mix(self.0, key);
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }
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
    // Whoever encodes by hand encodes the sign alone.
    let usual = |byte: u8| !special(byte) || b"-._~:/+() ".contains(&byte);
    let few = [
        mapped(&|byte| format!("&#{byte};"), &usual),
        mapped(&|byte| format!("&#x{byte:x};"), &usual),
        mapped(&|byte| format!("\\u{byte:04x}"), &usual),
    ];
    let quoted = mapped(&|byte| format!("={byte:02x}"), &|byte| byte != b'=' && byte.is_ascii_graphic());
    let mut forms = vec![percent, reserved, decimal, hex, json, quoted];
    forms.extend(few);
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

    /// A long value is found whole, and not where only its beginning stands.
    #[test]
    fn long_values_are_found_whole() {
        let value = |length: usize| "key-0123456789abcdef".repeat(40)[..length].to_owned();
        for length in [126, 127, 128, 500] {
            check(&[&value(length)], &format!("<{}>", value(length)), &[&value(length)]);
            check(&[&value(length)], &format!("<{}>", value(length - 1)), &[]);
        }
        check(&[&value(200), &value(300)], &format!("{} {}", value(300), value(299)), &[&value(300), &value(200)]);
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
            "jan muster&#64;example.org",
            "jan muster&#x40;example.org",
            "jan muster\\u0040example.org",
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
