//! JSON that a terminal can show.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The same JSON with everything that a terminal would obey spelled `\uXXXX`: C1 controls, DEL, marks of direction,
/// joiners and line separators. (JSON itself spells C0.) Every parser reads the same document.
pub fn harmless_json(json: &str) -> Cow<'_, str> {
    if !json.contains(obeyed) {
        return Cow::Borrowed(json);
    }
    let mut harmless = String::with_capacity(json.len() + 16);
    for letter in json.chars() {
        // Such letters stand nowhere but in strings (RFC 8259 §2), and all of them have four hexadecimal digits.
        let _ = match obeyed(letter) {
            true => write!(harmless, "\\u{:04x}", u32::from(letter)),
            false => harmless.write_char(letter),
        };
    }
    Cow::Owned(harmless)
}

fn obeyed(letter: char) -> bool {
    matches!(letter, '\u{7f}'..='\u{9f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_stays_the_same() {
        let check = |json: &str, expect: &str| assert_eq!(harmless_json(json), expect);
        check("{\"a\":\"é 中 😀 \\u001b\\n\"}", "{\"a\":\"é 中 😀 \\u001b\\n\"}");
        check("\"\u{9b}31m\u{7f}\u{202e}\u{feff}\"", "\"\\u009b31m\\u007f\\u202e\\ufeff\"");
    }
}
