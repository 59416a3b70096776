//! The words around a match, for types that random digits pass too often.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use memchr::{memchr2, memmem};

use crate::detector::fold_name;
use crate::placeholder::BARRIER;

/// So many bytes before and after a match are looked at, on its own line, up to the next placeholder.
const WINDOW: usize = 60;

/// A word within so many bytes of a match's first may stand near its last: matches that need words are not longer than
/// what is left.
const REACH: usize = WINDOW + 196;

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

/// The words after a first one, and the detector.
type Phrase = (Vec<Vec<u8>>, usize);

/// The context words of a text, found once however often they are asked for.
#[derive(Debug, Default)]
pub(crate) struct Near {
    /// Sorted by where they begin, once [`Words::settle`] was called.
    hits: Vec<Hit>,
    /// Where the words begin that some detector needs.
    labels: Vec<usize>,
    /// For each detector whether the fields around name it; empty when none does.
    named: Vec<bool>,
    /// Whether a detector is named that needs it.
    is_named: bool,
    /// How many labels lie behind the place asked for last.
    passed: usize,
    /// The hits about the place asked for last, and whose they are.
    window: Range<usize>,
    about: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Hit {
    start: usize,
    end: usize,
    detector: usize,
}

impl Near {
    /// Forgets all: another text begins.
    pub(crate) fn clear(&mut self) {
        self.hits.clear();
        self.labels.clear();
        self.named.clear();
        self.is_named = false;
        self.passed = 0;
        self.window = 0..0;
        self.about.clear();
    }

    /// The next of ascending places where a match that needs a word may have one; `next` is the first to be asked.
    pub(crate) fn labelled(&mut self, places: &[usize], next: &mut usize) -> Option<usize> {
        loop {
            let at = *places.get(*next)?;
            if !self.is_named {
                let least = at.saturating_sub(WINDOW);
                self.passed += self.labels[self.passed..].iter().take_while(|label| **label < least).count();
                let label = *self.labels.get(self.passed)?;
                if at + REACH <= label {
                    *next += places[*next..].partition_point(|at| at + REACH <= label);
                    continue;
                }
            }
            *next += 1;
            return Some(at);
        }
    }

    /// Makes [`Near::about`] speak of matches that begin at `at`. To be asked from left to right.
    pub(crate) fn look_about(&mut self, at: usize) {
        let passed = self.hits[self.window.start..].iter().take_while(|hit| hit.start < at.saturating_sub(WINDOW));
        let from = self.window.start + passed.count();
        let ahead = self.window.end.max(from);
        let to = ahead + self.hits[ahead..].iter().take_while(|hit| hit.start < at + REACH).count();
        if self.window != (from..to) {
            self.window = from..to;
            self.about.clear();
            self.about.extend(self.hits[from..to].iter().map(|hit| hit.detector));
            self.about.extend((0..self.named.len()).filter(|detector| self.named[*detector]));
            self.about.sort_unstable();
            self.about.dedup();
        }
    }

    /// The detectors, each once, of which a word may stand near: no other has one there.
    pub(crate) fn about(&self) -> &[usize] {
        &self.about
    }

    /// Whether the name of a field around is, or holds, a context word of `detector`.
    pub(crate) fn is_named(&self, detector: usize) -> bool {
        self.named.get(detector).copied().unwrap_or(false)
    }
}

impl Words {
    /// Of each detector the words, and whether it needs one.
    pub(crate) fn new<'d>(lists: impl Iterator<Item = (&'d [String], bool)>) -> Self {
        let mut words = Words {
            starts: HashMap::default(),
            lengths: Box::new([0; 1 << 15]),
            joined: Vec::new(),
            names: HashMap::new(),
            needed: Vec::new(),
        };
        for (detector, (list, needed)) in lists.enumerate() {
            words.needed.push(needed);
            for phrase in list {
                words.add(phrase, detector);
            }
        }
        words
    }

    fn add(&mut self, phrase: &str, detector: usize) {
        if phrase.chars().any(is_joined) {
            self.joined.push((phrase.to_lowercase(), detector));
        }
        self.names.entry(fold_name(phrase)).or_default().push(detector);
        let folded = phrase.to_lowercase();
        let mut parts = parts(folded.as_bytes()).map(<[u8]>::to_vec);
        if let Some(first) = parts.next() {
            self.lengths[key(&first)] |= 1 << first.len().min(63);
            self.starts.entry(first).or_default().push((parts.collect(), detector));
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
        if names.is_empty() {
            return;
        }
        near.named.resize(self.needed.len(), false);
        for name in names.iter().map(AsRef::as_ref) {
            for owner in self.names.get(&fold_name(name)).into_iter().flatten() {
                near.named[*owner] = true;
            }
            let named = &mut near.named;
            self.each_word(name.as_bytes(), |hit| named[hit.detector] = true);
        }
        near.is_named = near.named.iter().zip(&self.needed).any(|(named, needed)| *named && *needed);
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
        near.labels.extend(near.hits.iter().filter(|hit| self.needed[hit.detector]).map(|hit| hit.start));
        near.about.extend((0..near.named.len()).filter(|detector| near.named[*detector]));
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
        if text.get(end) == Some(&b'(') && at > 0 && b".:>".contains(&text[at - 1]) {
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
            for (more, detector) in phrases.into_iter().flatten() {
                if let Some(end) = follows(text, end, more) {
                    each(Hit { start: at, end, detector: *detector });
                }
            }
        }
        if word.iter().any(|byte| *byte >= 0xE0) {
            for (joined, detector) in &self.joined {
                for found in memmem::find_iter(word, joined.as_bytes()) {
                    each(Hit { start: at + found, end: at + found + joined.len(), detector: *detector });
                }
            }
        }
    }
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
