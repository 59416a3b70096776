//! Characters that hide a value from a pattern and not from a reader.
//!
//! Three readings of a text, each made only where it differs from the text itself; ASCII costs one look:
//! - [`folded`], wherever it stands: what cannot be seen is left out, what is another form of an ASCII character is that;
//! - [`alike`], in the lines of words that mix scripts: letters of other scripts are the Latin ones that they look like,
//!   and what an override of direction (U+202E) turns round is turned back;
//! - [`spelled`], for names in prose: the same letters, and nothing else but what cannot be seen.
//!
//! Every byte of a reading leads back to the characters that it was made from.

mod alike;
mod letters;
mod signs;

use std::ops::Range;

use alike::is_alike;
pub(crate) use alike::{Alike, alike, spelled};
use signs::{Sign, sign};

/// A text as patterns see it, and where each of its bytes comes from.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    pub(crate) text: Vec<u8>,
    runs: Vec<Run>,
}

/// A stretch of the text, up to where the next one begins.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// Where it begins in the text.
    at: usize,
    /// Where its source begins.
    from: usize,
    /// Bytes of the source; 0 when the stretch stands in the source as it is.
    size: usize,
}

impl Folded {
    /// The bytes of the original behind a range of the text, which is not empty.
    pub(crate) fn source(&self, range: &Range<usize>) -> Range<usize> {
        let first = self.runs.partition_point(|run| run.at <= range.start).saturating_sub(1);
        let (mut start, mut end) = (usize::MAX, 0);
        for (index, run) in self.runs.iter().enumerate().skip(first).take_while(|(_, run)| run.at < range.end) {
            let until = self.runs.get(index + 1).map_or(self.text.len(), |next| next.at).min(range.end);
            let source = match run.size {
                0 => run.from + (range.start.max(run.at) - run.at)..run.from + (until - run.at),
                size => run.from..run.from + size,
            };
            (start, end) = (start.min(source.start), end.max(source.end));
        }
        start.min(end)..end
    }

    /// A stretch of the source as it is.
    pub(crate) fn copy(&mut self, bytes: &[u8], from: usize) {
        if bytes.is_empty() {
            return;
        }
        let at = self.text.len();
        let goes_on = self.runs.last().is_some_and(|run| run.size == 0 && run.from + (at - run.at) == from);
        if !goes_on {
            self.runs.push(Run { at, from, size: 0 });
        }
        self.text.extend_from_slice(bytes);
    }

    /// What is read for `source`.
    pub(crate) fn put(&mut self, bytes: &[u8], source: Range<usize>) {
        if !bytes.is_empty() {
            self.runs.push(Run { at: self.text.len(), from: source.start, size: source.len() });
            self.text.extend_from_slice(bytes);
        }
    }
}

/// The text as patterns see it; `None` when that is the text itself.
pub(crate) fn folded(text: &[u8]) -> Option<Folded> {
    let mut at = next_change(text, 0)?;
    let mut folded = Folded::default();
    let mut copied = 0;
    loop {
        folded.copy(&text[copied..at], copied);
        let (sign, size) = sign(&text[at..]);
        if let Sign::Ascii(byte) = sign {
            folded.put(&[byte], at..at + size);
        }
        copied = at + size;
        match next_change(text, copied) {
            Some(next) => at = next,
            None => break,
        }
    }
    folded.copy(&text[copied..], copied);
    Some(folded)
}

/// A value in every reading of it.
pub(crate) fn forms(value: &[u8]) -> Vec<Vec<u8>> {
    let first = folded(value).map_or_else(|| value.to_vec(), |folded| folded.text);
    let others = alike(value).into_iter().filter(|one| one.is_whole(value)).map(|one| one.folded.text);
    std::iter::once(first).chain(others).collect()
}

/// Whether every reading of a text is the text itself.
pub(crate) fn is_plain(text: &[u8]) -> bool {
    next_change(text, 0).is_none() && !is_alike(text)
}

/// Where the next character stands that is not read as itself.
fn next_change(text: &[u8], from: usize) -> Option<usize> {
    let mut at = next_wide(text, from)?;
    loop {
        let (sign, size) = sign(&text[at..]);
        if sign != Sign::Itself {
            return Some(at);
        }
        at = next_wide(text, at + size)?;
    }
}

/// Where the next byte stands that is not ASCII.
fn next_wide(text: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let (blocks, _) = rest.as_chunks::<16>();
    let plain = blocks.iter().take_while(|block| u128::from_ne_bytes(**block) & WIDE == 0).count() * 16;
    rest[plain..].iter().position(|byte| *byte >= 0x80).map(|at| from + plain + at)
}

/// The highest bit of each byte.
const WIDE: u128 = u128::from_ne_bytes([0x80; 16]);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let read = folded(text.as_bytes());
        assert_eq!(
            read.map(|folded| String::from_utf8(folded.text).unwrap()).as_deref().unwrap_or(text),
            expect,
            "{text:?}"
        );
    }

    /// What cannot be seen goes, what is a form of an ASCII character becomes it, everything else stays.
    #[test]
    fn hidden_characters_are_read() {
        check("jan\u{200B}@exa\u{AD}mple.org", "jan@example.org");
        check("１２３-45\u{2011}6789", "123-45-6789");
        check("٠١٢ \u{A0}۴", "012  4");
        check("Müller – “x”", "Müller - “x”");
        check("plain", "plain");
        check("\u{FEFF}", "");
        check("\u{202D}4111\u{202C}\u{2009}𝟏𝟏𝟏𝟏–१२३४", "4111 1111-1234");
        check("j\u{336}a\u{336}n\u{336}@example.org", "jan@example.org");
        check("Ελλάδα, Москва, 東京", "Ελλάδα, Москва, 東京");
    }

    /// Ranges lead back to whole characters of the original.
    #[test]
    fn ranges_lead_back() {
        let text = "a\u{200B}１２\u{AD}b";
        let read = folded(text.as_bytes()).unwrap();
        assert_eq!(read.text, b"a12b");
        assert_eq!(&text[read.source(&(1..3))], "１２");
        assert_eq!(&text[read.source(&(0..4))], text);
        assert_eq!(read.source(&(0..1)), 0..1);
        assert!(folded(b"\xFF\xC2").is_none());
        let text = "some plain text before – and after";
        let read = folded(text.as_bytes()).unwrap();
        assert_eq!(&text[read.source(&(5..10))], "plain");
        assert_eq!(&text[read.source(&(23..28))], "– and");
    }

    /// Bytes that are no UTF-8 are read as old encodings have them, where those agree.
    #[test]
    fn old_encodings_are_read() {
        assert_eq!(folded(b"jan\xAD@example.org 4111\xA01111").unwrap().text, b"jan@example.org 4111 1111");
        assert!(folded(b"caf\xE9 M\xFCller").is_none());
    }
}
