//! The words around a match, for types that random digits pass too often.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use memchr::{memchr2, memmem};

use crate::detector::{Detector, fold_name};
use crate::placeholder::BARRIER;

/// So many bytes before and after a match are looked at, on its own line, up to the next placeholder.
pub(crate) const WINDOW: usize = 60;

/// Matches that need a word are not longer than this.
pub(crate) const MATCH_MAX: usize = 196;

/// Runs of letters and digits longer than this are no words.
const WORD_MAX: usize = 40;

/// The context words of all detectors.
#[derive(Debug)]
pub(crate) struct Words {
    /// Folded first word → (the words after it, the detector).
    starts: HashMap<Vec<u8>, Vec<Phrase>, BuildHasherDefault<Quick>>,
    /// For the first three letters of an ASCII word: which lengths context words have that begin so, a bit each.
    lengths: Box<[u64; 1 << 15]>,
    /// Words of scripts that put no space between words: looked for as they are.
    joined: Vec<(String, usize)>,
    /// Folded as a field's name → detectors.
    names: HashMap<String, Vec<usize>>,
    /// For each detector whether it finds nothing without a word.
    needed: Vec<bool>,
}

/// The words after a first one, and whose they are.
#[derive(Debug)]
struct Phrase {
    more: Vec<Vec<u8>>,
    detector: usize,
    leads: bool,
}

/// The context words of a text, found once however often they are asked for.
#[derive(Debug, Default)]
pub(crate) struct Near {
    /// Sorted by where they begin, once [`Words::settle`] was called.
    hits: Vec<Hit>,
    /// The words that some detector needs, and whose they are.
    labels: Vec<(usize, Range<usize>)>,
    /// The detectors that the fields around name.
    named: Vec<usize>,
    told: Told,
}

/// What the names of fields tell: the same ones come again and again.
#[derive(Debug, Default)]
pub(crate) struct Told(HashMap<String, Vec<usize>>);

impl Told {
    /// So many are remembered, none longer than so many bytes: a hostile input cannot fill the memory.
    const NAMES_MAX: usize = 1 << 10;
    const NAME_MAX: usize = 64;

    /// The detectors that `name` tells of, as `make` finds them when it is not known.
    pub(crate) fn of(&mut self, name: &str, make: impl FnOnce() -> Vec<usize>) -> Cow<'_, [usize]> {
        if name.len() > Self::NAME_MAX {
            return make().into();
        }
        if !self.0.contains_key(name) {
            if self.0.len() == Self::NAMES_MAX {
                self.0.clear();
            }
            self.0.insert(name.to_owned(), make());
        }
        self.0[name].as_slice().into()
    }
}

#[derive(Clone, Copy, Debug)]
struct Hit {
    start: usize,
    end: usize,
    detector: usize,
    /// Whether it tells only of what stands behind it.
    leads: bool,
}

impl Near {
    /// Forgets all: another text begins.
    pub(crate) fn clear(&mut self) {
        self.hits.clear();
        self.labels.clear();
        self.named.clear();
    }

    /// The words that some detector needs, from left to right, and whose they are.
    pub(crate) fn labels(&self) -> &[(usize, Range<usize>)] {
        &self.labels
    }

    /// The detectors that the fields around name.
    pub(crate) fn named(&self) -> &[usize] {
        &self.named
    }

    /// Whether no detector that needs a word has one.
    pub(crate) fn is_silent(&self) -> bool {
        self.labels.is_empty() && self.named.is_empty()
    }

    /// Whether the name of a field around is, or holds, a context word of `detector`.
    pub(crate) fn is_named(&self, detector: usize) -> bool {
        self.named.contains(&detector)
    }
}

impl Words {
    /// The words of the detectors.
    pub(crate) fn new(detectors: &[Detector]) -> Self {
        let mut words = Words {
            starts: HashMap::default(),
            lengths: Box::new([0; 1 << 15]),
            joined: Vec::new(),
            names: HashMap::new(),
            needed: Vec::new(),
        };
        for (index, detector) in detectors.iter().enumerate() {
            words.needed.push(detector.needs_context);
            for phrase in &detector.context {
                words.add(phrase, index, detector.leading.contains(phrase));
            }
        }
        words
    }

    fn add(&mut self, phrase: &str, detector: usize, leads: bool) {
        if phrase.chars().any(is_joined) {
            self.joined.push((phrase.to_lowercase(), detector));
        }
        self.names.entry(fold_name(phrase)).or_default().push(detector);
        let folded = phrase.to_lowercase();
        let mut parts = parts(folded.as_bytes()).map(<[u8]>::to_vec);
        if let Some(first) = parts.next() {
            self.lengths[key(&first)] |= 1 << first.len().min(63);
            self.starts.entry(first).or_default().push(Phrase { more: parts.collect(), detector, leads });
        }
    }

    /// Whether a context word of `detector` stands near `range`.
    pub(crate) fn around(&self, near: &Near, detector: usize, text: &[u8], range: &Range<usize>) -> bool {
        let least = range.start.saturating_sub(WINDOW);
        let most = text.len().min(range.end + WINDOW);
        let from = near.hits.partition_point(|hit| hit.start < least);
        let mut hits = near.hits[from..].iter().take_while(|hit| hit.start < most);
        hits.any(|hit| {
            hit.detector == detector
                && hit.end <= most
                && match hit.end <= range.start {
                    true => memchr2(b'\n', BARRIER, &text[hit.end..range.start]).is_none(),
                    false if hit.leads => false,
                    false => hit.start >= range.end && memchr2(b'\n', BARRIER, &text[range.end..hit.start]).is_none(),
                }
        })
    }

    /// Whether the name of a field is, or holds, a context word of a detector that `is` one of those asked for.
    pub(crate) fn tell(&self, name: &str, is: impl Fn(usize) -> bool) -> bool {
        let mut told = self.names.get(&fold_name(name)).is_some_and(|owners| owners.iter().any(|owner| is(*owner)));
        self.each_word(name.as_bytes(), |hit| told |= is(hit.detector));
        told
    }

    /// Takes note of the fields around a text.
    pub(crate) fn note_names(&self, near: &mut Near, names: &[impl AsRef<str>]) {
        let Near { told, named, .. } = near;
        for name in names.iter().map(AsRef::as_ref) {
            named.extend_from_slice(&told.of(name, || self.named_by(name)));
        }
    }

    /// Whether a field of this name names a detector.
    pub(crate) fn names(&self, near: &mut Near, name: &str) -> bool {
        !near.told.of(name, || self.named_by(name)).is_empty()
    }

    /// The detectors that a field of this name names.
    fn named_by(&self, name: &str) -> Vec<usize> {
        let mut named = self.names.get(&fold_name(name)).cloned().unwrap_or_default();
        self.each_word(name.as_bytes(), |hit| named.push(hit.detector));
        named.sort_unstable();
        named.dedup();
        named
    }

    /// Takes note of the context words that begin with the word at `at`. To be called from left to right, and
    /// [`Words::settle`] after the last.
    pub(crate) fn note(&self, near: &mut Near, text: &[u8], at: usize) {
        let hits = &mut near.hits;
        self.word(text, at, &mut |hit| hits.push(hit));
    }

    /// Ends the notes about a text.
    pub(crate) fn settle(&self, near: &mut Near) {
        // Those of joined scripts come by word, not by place.
        if !near.hits.is_sorted_by_key(|hit| hit.start) {
            near.hits.sort_by_key(|hit| hit.start);
        }
        let needed = near.hits.iter().filter(|hit| self.needed[hit.detector]);
        near.labels.extend(needed.map(|hit| (hit.detector, hit.start..hit.end)));
    }

    /// Calls `each` with the context words of `text`.
    fn each_word(&self, text: &[u8], mut each: impl FnMut(Hit)) {
        let mut at = 0;
        while at < text.len() {
            at = if is_word(text[at]) { self.word(text, at, &mut each) } else { at + 1 };
        }
    }

    /// Calls `each` with the context words that begin with the word at `at`; where the word ends.
    fn word(&self, text: &[u8], at: usize, each: &mut impl FnMut(Hit)) -> usize {
        let (mut end, mut kinds) = (at, 0);
        while let Some(byte) = text.get(end)
            && KINDS[usize::from(*byte)] != 0
        {
            kinds |= KINDS[usize::from(*byte)];
            end += 1;
        }
        if self.can_be(&text[at..end], kinds) {
            self.each_phrase(text, at, &text[at..end], each);
        }
        end
    }

    /// Lengths of the ASCII context words that begin with the letters of `prefix`, a bit each.
    pub(crate) fn lengths(&self, prefix: &[u8]) -> u64 {
        let end = prefix.iter().position(|byte| !is_word(*byte)).unwrap_or(prefix.len());
        let lengths = self.lengths[key(&prefix[..end])];
        // A word that ends within the prefix has that length and no other.
        if end < prefix.len() { lengths & 1 << end } else { lengths }
    }

    /// Whether a context word may begin with `word`: most are ruled out here.
    #[inline]
    fn can_be(&self, word: &[u8], kinds: u8) -> bool {
        kinds > 1 || word.len() <= WORD_MAX && self.lengths[key(word)] >> word.len() & 1 == 1
    }

    fn each_phrase(&self, text: &[u8], at: usize, word: &[u8], each: &mut impl FnMut(Hit)) {
        let end = at + word.len();
        // `Client.call(`, `obj->call(`, `phone::call(`: a function, and no word of the sentence.
        let before = at.checked_sub(1).map_or(b' ', |before| text[before]);
        let is_function = text.get(end) == Some(&b'(') && b".:>_".contains(&before);
        // `IOCTL_CALL = 3225439754`, `IOCTL_SMS_ATN`: half a name. `call_phone` has its other half.
        let (begins, ends) = (before == b'_', text.get(end) == Some(&b'_'));
        let is_half = (begins || ends) && word.eq_ignore_ascii_case(b"call") || begins && ends && word == b"SMS";
        if is_function || is_half || is_browser(word, &text[end..]) {
            return;
        }
        if word.len() <= WORD_MAX {
            let mut lower = [0; WORD_MAX];
            let phrases = match word.is_ascii() {
                true => {
                    let lower = &mut lower[..word.len()];
                    lower.copy_from_slice(word);
                    lower.make_ascii_lowercase();
                    self.starts.get(&*lower)
                }
                false => self.starts.get(fold(word).as_ref()),
            };
            for Phrase { more, detector, leads } in phrases.into_iter().flatten() {
                if let Some(end) = follows(text, end, more) {
                    each(Hit { start: at, end, detector: *detector, leads: *leads });
                }
            }
        }
        if word.iter().any(|byte| *byte >= 0xE0) {
            for (joined, detector) in &self.joined {
                for found in memmem::find_iter(word, joined.as_bytes()) {
                    each(Hit { start: at + found, end: at + found + joined.len(), detector: *detector, leads: false });
                }
            }
        }
    }
}

/// `Mobile/15E148` and `Mobile Safari/604.1`: what browsers on telephones say of themselves.
fn is_browser(word: &[u8], after: &[u8]) -> bool {
    let is_build = |after: &[u8]| matches!(after, [b'/', a, b, c, d, ..] if [a, b, d].iter().all(|byte| byte.is_ascii_digit()) && c.is_ascii_uppercase());
    word == b"Mobile" && (after.starts_with(b" Safari/") || is_build(after))
}

/// Where the words `more` end that follow `end`, on the same line.
fn follows(text: &[u8], mut end: usize, more: &[Vec<u8>]) -> Option<usize> {
    for word in more {
        let gap = text[end..].iter().take_while(|byte| !is_word(**byte) && !matches!(**byte, b'\n' | BARRIER)).count();
        let start = end + gap;
        let length = text[start..].iter().take(WORD_MAX + 1).take_while(|byte| is_word(**byte)).count();
        let found = &text[start..start + length];
        if !found.eq_ignore_ascii_case(word) && (found.is_ascii() || fold(found).as_ref() != word.as_slice()) {
            return None;
        }
        end = start + length;
    }
    Some(end)
}

/// The first three letters without their case; digits are all one.
fn key(word: &[u8]) -> usize {
    let letter = |byte: u8| usize::from(if byte.is_ascii_digit() { b'0' } else { byte } & 31);
    let letter = |at: usize| word.get(at).map_or(0, |byte| letter(*byte));
    letter(0) | letter(1) << 5 | letter(2) << 10
}

fn fold(word: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(word) {
        Ok(text) if text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_uppercase()) => Cow::Borrowed(word),
        Ok(text) if text.is_ascii() => Cow::Owned(word.to_ascii_lowercase()),
        Ok(text) => Cow::Owned(text.to_lowercase().into_bytes()),
        Err(_) => Cow::Borrowed(&[]),
    }
}

/// Bytes of other scripts count as letters; `fooBar` is one word.
fn is_word(byte: u8) -> bool {
    KINDS[usize::from(byte)] != 0
}

/// 1 for ASCII letters and digits, 2 for bytes of other scripts.
const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = if byte >= 0x80 { 2 } else { (byte as u8).is_ascii_alphanumeric() as u8 };
        byte += 1;
    }
    kinds
};

/// FNV-1a: the words come from the detectors' files, nobody chooses them to collide.
#[derive(Debug)]
struct Quick(u64);

impl Default for Quick {
    fn default() -> Self {
        Quick(0xCBF2_9CE4_8422_2325)
    }
}

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3));
    }
}

/// Runs of letters and digits.
fn parts(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| !is_word(*byte)).filter(|part| !part.is_empty())
}

/// Chinese, Japanese, Korean and Thai are written without spaces (or with particles attached).
fn is_joined(char: char) -> bool {
    matches!(u32::from(char), 0x0E00..=0x0E7F | 0x3040..=0x30FF | 0x3400..=0x9FFF | 0xAC00..=0xD7AF)
}
