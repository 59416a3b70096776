//! The folds, as this side does them: for what a server cannot fold, and for values inside documents.

use privacy::store::Fold;

/// Blanks that stand around pasted values: those of ASCII, and the no-break space.
pub(crate) const BLANKS: [char; 7] = [' ', '\t', '\n', '\r', '\u{b}', '\u{c}', '\u{a0}'];

/// `text`, folded.
pub(crate) fn folded(fold: Fold, text: &str) -> String {
    match fold {
        Fold::Exact => text.to_owned(),
        Fold::Lower => lower(text),
        Fold::Address => address(text),
        Fold::Digits(count) => digits(text, count),
    }
}

/// Lower case, without blanks around.
pub(crate) fn lower(text: &str) -> String {
    text.trim_matches(BLANKS).to_lowercase()
}

/// Lower case, and without what stands from the first `+` to the `@`; a `+` at the very start is kept.
pub(crate) fn address(text: &str) -> String {
    let text = lower(text);
    let at = text.rfind('@').unwrap_or(text.len());
    match text[..at].find('+') {
        Some(plus) if plus > 0 && at < text.len() => format!("{}{}", &text[..plus], &text[at..]),
        _ => text,
    }
}

/// The last `count` digits.
pub(crate) fn digits(text: &str, count: u8) -> String {
    let mut last: Vec<char> = text.chars().rev().filter(char::is_ascii_digit).take(usize::from(count)).collect();
    last.reverse();
    last.into_iter().collect()
}

/// The forms under which an index over `lower(field)` has a value that was stored with a blank before or after it.
pub(crate) fn with_blanks(value: &str) -> Vec<String> {
    let before = ["", " "];
    let after = ["", " ", "  ", "\t", "\n", "\r\n"];
    before.iter().flat_map(|left| after.iter().map(move |right| format!("{left}{value}{right}"))).collect()
}

/// Bytes as the text of a cell.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fold_as_the_folds_say() {
        let check = |fold, text: &str, expect: &str| assert_eq!(folded(fold, text), expect, "{text:?}");
        check(Fold::Lower, "\u{a0} Ann@X.org\r\n", "ann@x.org");
        check(Fold::Lower, "ÉVA", "éva");
        check(Fold::Address, " Ann+news+1@X.org", "ann@x.org");
        check(Fold::Address, "+ann@x.org", "+ann@x.org");
        check(Fold::Address, "a+b", "a+b");
        check(Fold::Digits(4), "+49 (170) 12-34 x5", "2345");
        check(Fold::Digits(4), "12", "12");
        assert_eq!(hex(b"\x00\xffA"), "00ff41");
    }
}
