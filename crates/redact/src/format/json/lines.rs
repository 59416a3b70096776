//! A line of JSON, skimmed: its structure is checked, and the few values that matter are noted.

use std::borrow::Cow;
use std::ops::Range;

use super::tokens::{is_number, push_digits, push_key, push_number};
use super::{hash, name};

/// Reads lines that hold one document each and no escape. A value matters where something is suspected, and under names
/// that tell something.
#[derive(Default)]
pub(super) struct Skim {
    /// Bytes of the input, from left to right, apart; those before `passed` lie behind.
    suspects: Vec<Range<u64>>,
    passed: usize,
    told: Told,
    frames: Vec<Frame>,
    /// The keys so far of the objects that are open, one object after the other.
    keys: Vec<Range<usize>>,
    wanted: Vec<Wanted>,
    /// How to get to each of them.
    steps: Vec<Step>,
}

/// An object or array that is open.
struct Frame {
    is_object: bool,
    /// Members or elements begun.
    members: u64,
    /// Its first key among the keys.
    first: usize,
    /// Whether names around it tell something, and whether its last key does.
    is_told: bool,
    key_tells: bool,
}

/// A value that matters: its bytes in the line, without quotes.
struct Wanted {
    range: Range<usize>,
    is_string: bool,
    steps: Range<usize>,
}

enum Step {
    Element(u64),
    /// A key, and its number among the members where an equal one stands before it.
    Key(Range<usize>, Option<u64>),
}

/// So many members an object has that is skimmed.
const MEMBERS_MAX: u64 = 1 << 12;

/// A line of the input.
struct Line<'l> {
    text: &'l [u8],
    start: u64,
    depth_max: usize,
}

impl Skim {
    /// What matters from `start` of the input on.
    pub(super) fn expect(&mut self, suspects: Vec<Range<usize>>, start: u64) {
        let absolute = |range: Range<usize>| start + range.start as u64..start + range.end as u64;
        self.suspects = suspects.into_iter().map(absolute).collect();
        self.passed = 0;
    }

    /// Notes what matters in the line `text`, which begins at `start`. `false`: it is not one object or array, or
    /// something is suspected in a key of it; it has to be read in full.
    pub(super) fn read(
        &mut self,
        text: &[u8],
        start: u64,
        depth_max: usize,
        tells: &mut dyn FnMut(&[u8]) -> bool,
    ) -> bool {
        self.frames.clear();
        self.keys.clear();
        self.wanted.clear();
        self.steps.clear();
        self.document(&Line { text, start, depth_max }, tells) == Some(text.len())
    }

    /// How many values of the line matter.
    pub(super) fn wanted(&self) -> usize {
        self.wanted.len()
    }

    /// Behind the document and the space after it.
    fn document(&mut self, line: &Line<'_>, tells: &mut dyn FnMut(&[u8]) -> bool) -> Option<usize> {
        let mut at = line.space(0);
        if !matches!(line.text.get(at)?, b'{' | b'[') {
            return None;
        }
        loop {
            at = match line.text.get(at)? {
                opening @ (b'{' | b'[') => {
                    self.open(line, *opening == b'{')?;
                    let inner = line.space(at + 1);
                    if !matches!(line.text.get(inner)?, b'}' | b']') {
                        at = self.member(line, inner, tells)?;
                        continue;
                    }
                    inner
                }
                b'"' => self.string(line, at)?,
                _ => self.bare(line, at)?,
            };
            // A value has ended.
            loop {
                at = line.space(at);
                match line.text.get(at)? {
                    b',' => break at = self.member(line, line.space(at + 1), tells)?,
                    closing => self.close(*closing)?,
                }
                at += 1;
                if self.frames.is_empty() {
                    return Some(line.space(at));
                }
            }
        }
    }

    fn open(&mut self, line: &Line<'_>, is_object: bool) -> Option<()> {
        let is_told = self.is_told();
        let frame = Frame { is_object, members: 0, first: self.keys.len(), is_told, key_tells: false };
        (self.frames.len() < line.depth_max).then(|| self.frames.push(frame))
    }

    fn close(&mut self, closing: u8) -> Option<()> {
        let frame = self.frames.pop()?;
        self.keys.truncate(frame.first);
        (closing == if frame.is_object { b'}' } else { b']' }).then_some(())
    }

    /// Where the next value begins: behind its key, in an object.
    fn member(&mut self, line: &Line<'_>, at: usize, tells: &mut dyn FnMut(&[u8]) -> bool) -> Option<usize> {
        let frame = self.frames.last_mut()?;
        frame.members += 1;
        if !frame.is_object {
            return Some(at);
        }
        let key = line.string(at)?;
        // Names around may tell what a key is, when it looks like a value.
        let is_value = frame.is_told && line.text[key.clone()].iter().any(u8::is_ascii_digit);
        if is_value || frame.members > MEMBERS_MAX || self.is_suspect(line, &key) {
            return None;
        }
        let key_tells = self.told.tells(&line.text[key.clone()], tells);
        self.frames.last_mut()?.key_tells = key_tells;
        let colon = line.space(key.end + 1);
        self.keys.push(key);
        (*line.text.get(colon)? == b':').then(|| line.space(colon + 1))
    }

    fn string(&mut self, line: &Line<'_>, at: usize) -> Option<usize> {
        let text = line.string(at)?;
        let end = text.end + 1;
        if self.is_suspect(line, &text) || self.is_told() {
            self.want(line, text, true);
        }
        Some(end)
    }

    /// A number, `true`, `false` or `null`.
    fn bare(&mut self, line: &Line<'_>, at: usize) -> Option<usize> {
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        let end = at + line.text[at..].iter().take_while(is_part).count();
        let text = &line.text[at..end];
        if matches!(text, b"true" | b"false" | b"null") {
            return Some(end);
        }
        if self.is_suspect(line, &(at..end)) || self.is_told() {
            self.want(line, at..end, false);
        }
        is_number(text).then_some(end)
    }

    /// Whether names around the value ahead tell something.
    fn is_told(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.is_told || frame.key_tells)
    }

    fn is_suspect(&mut self, line: &Line<'_>, range: &Range<usize>) -> bool {
        let (start, end) = (line.start + range.start as u64, line.start + range.end as u64);
        while self.suspects.get(self.passed).is_some_and(|suspect| suspect.end <= start) {
            self.passed += 1;
        }
        self.suspects.get(self.passed).is_some_and(|suspect| suspect.start < end)
    }

    fn want(&mut self, line: &Line<'_>, range: Range<usize>, is_string: bool) {
        let from = self.steps.len();
        for (depth, frame) in self.frames.iter().enumerate() {
            let last = self.frames.get(depth + 1).map_or(self.keys.len(), |inner| inner.first);
            self.steps.push(match self.keys[frame.first..last].split_last() {
                Some((key, before)) => {
                    let text = |key: &Range<usize>| &line.text[key.clone()];
                    let is_again = before.iter().any(|other| text(other) == text(key));
                    Step::Key(key.clone(), is_again.then_some(frame.members))
                }
                None => Step::Element(frame.members - 1),
            });
        }
        self.wanted.push(Wanted { range, is_string, steps: from..self.steps.len() });
    }

    /// Where a value stands in its line, and whether it is a string; adds to the pointer and the names around it.
    pub(super) fn place(
        &self,
        value: usize,
        text: &[u8],
        pointer: &mut String,
        names: &mut Vec<Cow<'static, str>>,
        named: &mut usize,
    ) -> (Range<usize>, bool) {
        let wanted = &self.wanted[value];
        for step in &self.steps[wanted.steps.clone()] {
            match step {
                Step::Element(number) => push_number(pointer, *number),
                Step::Key(key, again) => {
                    let key = String::from_utf8_lossy(&text[key.clone()]);
                    name(names, named, &key);
                    push_key(pointer, &key);
                    if let Some(number) = again {
                        pointer.push_str("~#");
                        push_digits(pointer, *number);
                    }
                }
            }
        }
        (wanted.range.clone(), wanted.is_string)
    }
}

impl Line<'_> {
    /// Behind the space at `at`.
    #[inline]
    fn space(&self, mut at: usize) -> usize {
        while matches!(self.text.get(at), Some(b' ' | b'\t' | b'\r')) {
            at += 1;
        }
        at
    }

    /// The text of the string that begins at `at`. Lines hold no escape.
    #[inline]
    fn string(&self, at: usize) -> Option<Range<usize>> {
        let rest = self.text.get(at..)?.strip_prefix(b"\"")?;
        // Most are shorter than it takes to begin a search.
        let short = rest.iter().take(12).position(|byte| *byte == b'"');
        let length = short.or_else(|| memchr::memchr(b'"', rest))?;
        Some(at + 1..at + 1 + length)
    }
}

/// What names tell. The same ones come again and again.
#[derive(Default)]
struct Told(Vec<Name>);

#[derive(Clone, Default)]
struct Name {
    key: [u8; 30],
    /// 0 where none is.
    length: u8,
    tells: bool,
}

impl Told {
    const PLACES: usize = 256;

    fn tells(&mut self, key: &[u8], tells: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        let mut name = Name { length: key.len().min(255) as u8, ..Name::default() };
        let Some(copy) = name.key.get_mut(..key.len()).filter(|copy| !copy.is_empty()) else { return tells(key) };
        copy.copy_from_slice(key);
        self.0.resize(Self::PLACES, Name::default());
        let place = &mut self.0[(hash(key) >> 56) as usize];
        if place.length != name.length || place.key != name.key {
            *place = Name { tells: tells(key), ..name };
        }
        place.tells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skimmed(text: &str, suspects: &[(usize, usize)]) -> Option<Vec<String>> {
        let mut skim = Skim::default();
        skim.expect(suspects.iter().map(|(start, end)| *start..*end).collect(), 0);
        if !skim.read(text.as_bytes(), 0, 8, &mut |name| name == b"tells") {
            return None;
        }
        let place = |value| {
            let (mut pointer, mut names, mut named) = (String::new(), Vec::new(), 0);
            let (range, _) = skim.place(value, text.as_bytes(), &mut pointer, &mut names, &mut named);
            format!("{pointer} {} {}", names[..named].join("."), &text[range])
        };
        Some((0..skim.wanted()).map(place).collect())
    }

    /// Suspected values, and all values under telling names, with the way to them.
    #[test]
    fn what_matters_is_noted() {
        let text = r#"{"a": [1, {"b/c": "here"}], "tells": {"d": [true, 22, "x"]}, "a": 3, "e": []}"#;
        let at = text.find("here").unwrap();
        let last = text.find('3').unwrap();
        assert_eq!(
            skimmed(text, &[(at, at + 1), (last - 1, last + 1)]).unwrap(),
            ["/a/1/b~1c a.b/c here", "/tells/d/1 tells.d 22", "/tells/d/2 tells.d x", "/a~#3 a 3"]
        );
    }

    /// What is not one document, or has something suspected in a key, is left to be read in full.
    #[test]
    fn the_rest_is_read_in_full() {
        for text in
            ["", "1", "{", "{}{}", "{]", "[1,]", "{\"a\"}", "{\"a\":01}", "[nul]", "[[[[[[[[[1]]]]]]]]]", "[1 2]"]
        {
            assert_eq!(skimmed(text, &[]), None, "{text}");
        }
        assert_eq!(skimmed("{\"a\":1} ", &[(2, 3)]), None);
        assert_eq!(skimmed(" {} \r", &[]), Some(vec![]));
        assert_eq!(skimmed("[{},[ ],-1.5e3]", &[]), Some(vec![]));
    }
}
