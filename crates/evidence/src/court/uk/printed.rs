//! What of an exhibit stands on the pages of a bundle: text, within limits; for everything else a slip sheet.

use model::{Digest, Fault};
use seal::sha256;

use crate::Limits;
use crate::court::Read;
use crate::wire::DocumentWire;

/// How wide a tab is at most.
const TAB: usize = 4;

/// An exhibit on pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Printed {
    /// Its text, or the beginning of it.
    Text { lines: Vec<String>, whole: bool },
    /// Why it is not there.
    Slip(String),
}

impl Printed {
    /// What it is, in a word or two.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Printed::Text { whole: true, .. } => "text",
            Printed::Text { whole: false, .. } => "text, beginning",
            Printed::Slip(_) => "slip sheet",
        }
    }
}

/// Every exhibit, in order; where there is a redacted copy, only the copy; what is beyond the limit of all of them has a slip sheet.
pub(super) fn printed(wire: &DocumentWire, read: Read) -> Result<Vec<Printed>, Fault> {
    let mut left = Limits::PRINTED_BYTES_ALL;
    let mut pages = Vec::with_capacity(wire.exhibits.len());
    let gone = wire.destroyed();
    for exhibit in &wire.exhibits {
        if let Some(line) = gone.get(exhibit.id.as_str()) {
            pages.push(Printed::Slip(format!("It was destroyed on {}.", line.time.get(..10).unwrap_or(&line.time))));
            continue;
        }
        let redacted = wire.redactions.iter().filter(|redactions| redactions.of.as_deref() == Some(&exhibit.id));
        if let Some(copy) = redacted.filter_map(|redactions| redactions.copy.as_deref()).next_back() {
            pages.push(Printed::Slip(format!(
                "There is a redacted copy of it, exhibit {copy}, which stands in its place."
            )));
            continue;
        }
        let most = Limits::PRINTED_BYTES.min(left);
        if most == 0 && exhibit.size > 0 {
            pages.push(Printed::Slip("The bundle has as many pages of text as it may.".to_owned()));
            continue;
        }
        let bytes = read(&exhibit.file, most)?;
        let whole = bytes.len() as u64 == exhibit.size;
        if whole && Digest::parse(&exhibit.sha256).ok() != Some(sha256(&bytes)) {
            return Err(crate::case::changed(&exhibit.file));
        }
        let page = page(&bytes, whole);
        if let Printed::Text { .. } = page {
            left -= bytes.len() as u64;
        }
        pages.push(page);
    }
    Ok(pages)
}

fn page(bytes: &[u8], whole: bool) -> Printed {
    if bytes.is_empty() && whole {
        return Printed::Slip("The file is empty.".to_owned());
    }
    if bytes.starts_with(b"%PDF-") {
        return Printed::Slip("It is a PDF file.".to_owned());
    }
    match text(bytes, whole) {
        Some(text) => Printed::Text { lines: text.split('\n').map(line).collect(), whole },
        None => Printed::Slip("It is no text in UTF-8.".to_owned()),
    }
}

/// The text of a file, without its mark and its last line end; a beginning ends with a line where it has more than one.
fn text(bytes: &[u8], whole: bool) -> Option<&str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // A beginning may end within a character.
        Err(error) if !whole && error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    let odd = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}' | '\u{1b}');
    if text.contains(odd) {
        return None;
    }
    let text = match text.rfind('\n') {
        Some(end) if !whole => &text[..end],
        _ => text,
    };
    let text = text.strip_suffix('\n').unwrap_or(text);
    Some(text.strip_suffix('\r').unwrap_or(text))
}

/// A line with its tabs as spaces.
fn line(text: &str) -> String {
    let text = text.strip_suffix('\r').unwrap_or(text);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for c in text.chars() {
        if c == '\t' {
            let wide = TAB - at % TAB;
            out.extend(std::iter::repeat_n(' ', wide));
            at += wide;
        } else {
            out.push(c);
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(bytes: &[u8], whole: bool) -> Option<Vec<String>> {
        match page(bytes, whole) {
            Printed::Text { lines, .. } => Some(lines),
            Printed::Slip(_) => None,
        }
    }

    #[test]
    fn text_is_printed_and_everything_else_has_a_slip_sheet() {
        let check = |bytes: &[u8], whole, expect: Option<&[&str]>| {
            let expect = expect.map(|lines| lines.iter().map(|line| line.to_string()).collect::<Vec<_>>());
            assert_eq!(lines(bytes, whole), expect, "{:?}", String::from_utf8_lossy(bytes));
        };
        check(b"one\r\ntwo\n", true, Some(&["one", "two"]));
        check(b"\xef\xbb\xbfa\tb\n\tc", true, Some(&["a   b", "    c"]));
        check(b"\n\n", true, Some(&["", ""]));
        check("Übung".as_bytes(), true, Some(&["Übung"]));
        check(&"ab\nÜ".as_bytes()[..4], false, Some(&["ab"]));
        check(&"Ü".as_bytes()[..1], true, None);
        check(b"one\ntw", false, Some(&["one"]));
        check(b"one endless line", false, Some(&["one endless line"]));
        check(b"a\0b", true, None);
        check(b"\x89PNG\r\n", true, None);
        check(b"%PDF-1.7\n", true, None);
        check(b"", true, None);
    }

    proptest! {
        #[test]
        fn a_beginning_prints_no_more_than_the_whole(text in "[a-zä日\\t\r\n]{0,200}", cut in 0_usize..400) {
            let bytes = text.as_bytes();
            let whole = lines(bytes, true).unwrap_or_default();
            let begin = lines(&bytes[..cut.min(bytes.len())], false).unwrap_or_default();
            // The last line of a beginning may be cut where there is only one.
            let last = begin.len().saturating_sub(1);
            prop_assert!(begin.len() <= whole.len().max(1), "{:?} {:?}", begin, whole);
            prop_assert!(begin.iter().zip(&whole).take(last).all(|(a, b)| a == b));
        }

        #[test]
        fn bytes_are_printed_or_named(bytes in proptest::collection::vec(any::<u8>(), 0..200), whole: bool) {
            match page(&bytes, whole) {
                Printed::Text { lines, .. } => prop_assert!(lines.iter().all(|line| !line.contains(['\n', '\t']))),
                Printed::Slip(why) => prop_assert!(!why.is_empty()),
            }
        }
    }
}
