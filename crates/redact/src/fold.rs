//! Characters that hide a value from a pattern and not from a reader: what cannot be seen is left out, what looks like
//! an ASCII character is read as that.
//!
//! Left out: soft hyphens, zero-width spaces and joiners, marks of direction. Read as ASCII: full-width forms, the blanks
//! and hyphens of Unicode, Arabic-Indic digits. Not read as ASCII: letters of other scripts that look like Latin ones.

use std::ops::Range;

/// A text as patterns see it, and where each of its bytes comes from.
pub(crate) struct Folded {
    pub(crate) text: Vec<u8>,
    /// The bytes of the original that each byte was made from.
    sources: Vec<Range<u32>>,
}

impl Folded {
    /// The bytes of the original behind a range of the text, which is not empty.
    pub(crate) fn source(&self, range: &Range<usize>) -> Range<usize> {
        match (self.sources.get(range.start), self.sources.get(range.end.saturating_sub(1))) {
            (Some(first), Some(last)) => first.start as usize..last.end as usize,
            _ => 0..0,
        }
    }
}

/// The text as patterns see it; `None` when that is the text itself.
pub(crate) fn folded(text: &[u8]) -> Option<Folded> {
    if text.is_ascii() {
        return None;
    }
    let first = (0..text.len()).filter(|at| text[*at] >= 0xC2).find(|at| reading(&text[*at..]).is_some())?;
    let mut folded = Folded { text: text[..first].to_vec(), sources: Vec::with_capacity(text.len()) };
    folded.sources.extend((0..first as u32).map(|at| at..at + 1));
    let mut at = first;
    while at < text.len() {
        let (byte, size) = match reading(&text[at..]) {
            Some((byte, size)) => (byte, size),
            None => (Some(text[at]), 1),
        };
        if let Some(byte) = byte {
            folded.text.push(byte);
            folded.sources.push(at as u32..(at + size) as u32);
        }
        at += size;
    }
    Some(folded)
}

/// What the character at the beginning is read as (`None`: nothing), and how many bytes it has. No answer: it is itself.
fn reading(text: &[u8]) -> Option<(Option<u8>, usize)> {
    let low = |byte: u8| u32::from(byte & 0x3F);
    let (char, size) = match *text {
        [a @ 0xC2..=0xDF, b, ..] => (u32::from(a & 0x1F) << 6 | low(b), 2),
        [a @ 0xE0..=0xEF, b, c, ..] => (u32::from(a & 0x0F) << 12 | low(b) << 6 | low(c), 3),
        _ => return None,
    };
    let byte = match char {
        0xAD | 0x34F | 0x180E | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x2069 | 0xFEFF => None,
        0xA0 | 0x2000..=0x200A | 0x202F | 0x205F | 0x3000 => Some(b' '),
        0x2010..=0x2015 | 0x2212 => Some(b'-'),
        0x660..=0x669 => Some(b'0' + (char - 0x660) as u8),
        0x6F0..=0x6F9 => Some(b'0' + (char - 0x6F0) as u8),
        0xFF01..=0xFF5E => Some((char - 0xFF01) as u8 + b'!'),
        _ => return None,
    };
    Some((byte, size))
}

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

    /// What cannot be seen goes, what looks like ASCII becomes it, everything else stays.
    #[test]
    fn hidden_characters_are_read() {
        check("jan\u{200B}@exa\u{AD}mple.org", "jan@example.org");
        check("１２３-45\u{2011}6789", "123-45-6789");
        check("٠١٢ \u{A0}۴", "012  4");
        check("Müller – “x”", "Müller - “x”");
        check("plain", "plain");
        check("\u{FEFF}", "");
    }

    /// Ranges lead back to whole characters of the original.
    #[test]
    fn ranges_lead_back() {
        let text = "a\u{200B}１２\u{AD}b";
        let read = folded(text.as_bytes()).unwrap();
        assert_eq!(read.text, b"a12b");
        assert_eq!(&text[read.source(&(1..3))], "１２");
        assert_eq!(&text[read.source(&(0..4))], text);
        assert!(folded(b"\xFF\xC2").is_none());
    }
}
