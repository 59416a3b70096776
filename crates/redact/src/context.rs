//! The words around a match, for types that random digits pass too often.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use memchr::{memchr, memmem, memrchr};

use crate::detector::fold_name;

/// So many bytes before and after a match are looked at, on its own line.
const WINDOW: usize = 60;

/// A word within so many bytes of a match's first may stand near its last: matches that need words are not longer than
/// what is left.
const REACH: usize = WINDOW + 196;

/// So many bytes more are looked at when the stretch grows.
const AHEAD: usize = 1024;

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

/// The context words that stand in a stretch of a text, found once however often they are asked for.
#[derive(Debug, Default)]
pub(crate) struct Near {
    /// The stretch; its end lies between words.
    range: Range<usize>,
    /// Sorted by where they begin.
    hits: Vec<Hit>,
    /// Where the words begin that some detector needs, and how many of them were passed.
    labels: Vec<usize>,
    passed: usize,
    /// For each detector whether the fields around name it; empty before anyone asked.
    named: Vec<bool>,
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
        self.range = 0..0;
        self.hits.clear();
        self.labels.clear();
        self.passed = 0;
        self.named.clear();
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
    pub(crate) fn around(&self, near: &mut Near, detector: usize, text: &[u8], range: &Range<usize>) -> bool {
        let before = range.start.saturating_sub(WINDOW)..range.start;
        let least = memrchr(b'\n', &text[before.clone()]).map_or(before.start, |at| before.start + at + 1);
        let after = range.end..text.len().min(range.end + WINDOW);
        let most = memchr(b'\n', &text[after.clone()]).map_or(after.end, |at| after.start + at);
        self.cover(near, text, least..most);
        let from = near.hits.partition_point(|hit| hit.start < least);
        near.hits[from..].iter().take_while(|hit| hit.start < most).any(|hit| {
            hit.detector == detector && hit.end <= most && (hit.end <= range.start || hit.start >= range.end)
        })
    }

    /// Whether any word that some detector needs may stand near a match that begins at `at`. To be asked from left to
    /// right.
    pub(crate) fn is_labelled(&self, near: &mut Near, text: &[u8], at: usize, names: &[impl AsRef<str>]) -> bool {
        self.look_at_names(near, names);
        if near.named.iter().zip(&self.needed).any(|(named, needed)| *named && *needed) {
            return true;
        }
        let least = at.saturating_sub(WINDOW);
        let most = text.len().min(at + REACH);
        if most > near.range.end || least < near.range.start {
            self.cover(near, text, least..text.len().min(most + AHEAD));
        }
        while near.labels.get(near.passed).is_some_and(|label| *label < least) {
            near.passed += 1;
        }
        near.labels.get(near.passed).is_some_and(|label| *label < most)
    }

    /// Whether the name of a field around is, or holds, a context word of `detector`.
    pub(crate) fn named(&self, near: &mut Near, detector: usize, names: &[impl AsRef<str>]) -> bool {
        self.look_at_names(near, names);
        near.named.get(detector).copied().unwrap_or(false)
    }

    fn look_at_names(&self, near: &mut Near, names: &[impl AsRef<str>]) {
        if names.is_empty() || !near.named.is_empty() {
            return;
        }
        near.named.resize(self.needed.len(), false);
        for name in names.iter().map(AsRef::as_ref) {
            for owner in self.names.get(&fold_name(name)).into_iter().flatten() {
                near.named[*owner] = true;
            }
            let named = &mut near.named;
            self.each_word(name.as_bytes(), 0..name.len(), |hit| named[hit.detector] = true);
        }
    }

    /// Sees to it that the words of `range` are known.
    fn cover(&self, near: &mut Near, text: &[u8], range: Range<usize>) {
        if range.start >= near.range.start && range.end <= near.range.end {
            return;
        }
        if range.start < near.range.start || range.start > near.range.end {
            near.hits.clear();
            near.labels.clear();
            near.passed = 0;
            near.range = range.start..word_edge(text, range.start);
        }
        let more = near.range.end..word_edge(text, range.end).max(near.range.end);
        near.range.end = more.end;
        let from = near.hits.len();
        let hits = &mut near.hits;
        self.each_word(text, more, |hit| hits.push(hit));
        // Those of joined scripts come by word, not by place.
        near.hits[from..].sort_unstable_by_key(|hit| hit.start);
        let needed = near.hits[from..].iter().filter(|hit| self.needed[hit.detector]);
        near.labels.extend(needed.map(|hit| hit.start));
    }

    /// Calls `each` with the context words that begin in `range` of `text`.
    fn each_word(&self, text: &[u8], range: Range<usize>, mut each: impl FnMut(Hit)) {
        let mut at = range.start;
        while at < range.end {
            let (mut end, mut kinds) = (at, 0);
            while let Some(byte) = text.get(end)
                && KINDS[usize::from(*byte)] != 0
            {
                kinds |= KINDS[usize::from(*byte)];
                end += 1;
            }
            if end > at && self.can_be(&text[at..end], kinds) {
                self.each_phrase(text, at, &text[at..end], &mut each);
            }
            at = end + 1;
        }
    }

    /// Whether a context word may begin with `word`: most are ruled out here.
    #[inline]
    fn can_be(&self, word: &[u8], kinds: u8) -> bool {
        kinds > 1 || word.len() <= WORD_MAX && self.lengths[key(word)] >> word.len() & 1 == 1
    }

    fn each_phrase(&self, text: &[u8], at: usize, word: &[u8], each: &mut impl FnMut(Hit)) {
        let end = at + word.len();
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
        let gap = text[end..].iter().take_while(|byte| !is_word(**byte) && **byte != b'\n').count();
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

/// `at`, or the end of the word that it lies in.
fn word_edge(text: &[u8], at: usize) -> usize {
    match at > 0 && is_word(text[at - 1]) {
        true => at + text[at..].iter().take_while(|byte| is_word(**byte)).count(),
        false => at,
    }
}

/// The first three letters without their case.
fn key(word: &[u8]) -> usize {
    let letter = |at: usize| word.get(at).map_or(0, |byte| usize::from(byte & 31));
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
