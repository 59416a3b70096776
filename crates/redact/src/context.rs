//! The words around a match, for types that random digits pass too often.

use std::collections::HashMap;
use std::ops::Range;

use crate::detector::fold_name;

/// So many bytes before and after a match are looked at, on its own line.
const WINDOW: usize = 60;

/// The context words of all detectors.
#[derive(Debug, Default)]
pub(crate) struct Words {
    /// Folded first word → (the words after it, the detector).
    starts: HashMap<String, Vec<(Vec<String>, usize)>>,
    /// Words of scripts that put no space between words: looked for as they are.
    joined: Vec<(String, usize)>,
    /// Folded as a field's name → detectors.
    names: HashMap<String, Vec<usize>>,
}

impl Words {
    pub(crate) fn new<'d>(lists: impl Iterator<Item = &'d [String]>) -> Self {
        let mut words = Words::default();
        for (detector, list) in lists.enumerate() {
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
        let mut parts = parts(folded.as_bytes()).map(|part| String::from_utf8_lossy(part).into_owned());
        if let Some(first) = parts.next() {
            self.starts.entry(first).or_default().push((parts.collect(), detector));
        }
    }

    /// Whether a context word of `detector` stands near `range`.
    pub(crate) fn around(&self, detector: usize, text: &[u8], range: &Range<usize>) -> bool {
        let before = &text[range.start.saturating_sub(WINDOW)..range.start];
        let before = &before[before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)..];
        let after = &text[range.end..text.len().min(range.end + WINDOW)];
        let after = &after[..after.iter().position(|byte| *byte == b'\n').unwrap_or(after.len())];
        self.within(detector, before) || self.within(detector, after)
    }

    /// Whether the name of a field around is, or holds, a context word of `detector`.
    pub(crate) fn named(&self, detector: usize, names: &[impl AsRef<str>]) -> bool {
        names.iter().any(|name| {
            let name = name.as_ref();
            let whole = self.names.get(&fold_name(name));
            whole.is_some_and(|owners| owners.contains(&detector)) || self.within(detector, name.as_bytes())
        })
    }

    fn within(&self, detector: usize, text: &[u8]) -> bool {
        let mut folded = String::with_capacity(24);
        let mut rest = parts(text);
        while let Some(part) = rest.next() {
            fold(part, &mut folded);
            let Some(phrases) = self.starts.get(folded.as_str()) else { continue };
            let mut mine = phrases.iter().filter(|(_, owner)| *owner == detector);
            if mine.any(|(more, _)| more.is_empty() || follows(rest.clone(), more)) {
                return true;
            }
        }
        self.joined
            .iter()
            .any(|(word, owner)| *owner == detector && memchr::memmem::find(text, word.as_bytes()).is_some())
    }
}

fn follows<'t>(mut parts: impl Iterator<Item = &'t [u8]>, more: &[String]) -> bool {
    let mut folded = String::new();
    more.iter().all(|word| {
        parts.next().is_some_and(|part| {
            fold(part, &mut folded);
            folded == *word
        })
    })
}

fn fold(part: &[u8], into: &mut String) {
    into.clear();
    match std::str::from_utf8(part) {
        Ok(text) if text.is_ascii() => into.extend(text.chars().map(|char| char.to_ascii_lowercase())),
        Ok(text) => into.extend(text.chars().flat_map(char::to_lowercase)),
        Err(_) => {}
    }
}

/// Runs of letters and digits; bytes of other scripts count as letters; `fooBar` is one run.
fn parts(text: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    text.split(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric()).filter(|part| !part.is_empty())
}

/// Chinese, Japanese, Korean and Thai are written without spaces (or with particles attached).
fn is_joined(char: char) -> bool {
    matches!(u32::from(char), 0x0E00..=0x0E7F | 0x3040..=0x30FF | 0x3400..=0x9FFF | 0xAC00..=0xD7AF)
}
