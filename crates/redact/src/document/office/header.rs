//! Headers and footers of worksheets: codes stand within the text (ECMA-376 part 1, 18.3.1.46).

use super::super::joined::Joined;

/// Whether an element's text has codes in it.
pub(super) fn is_header(local: &str) -> bool {
    matches!(local, "oddHeader" | "oddFooter" | "evenHeader" | "evenFooter" | "firstHeader" | "firstFooter")
}

/// The text as it is printed: `&RNL91 ABNA…` shows no `R`. `None` when there is no code in it.
pub(super) fn printed(joined: &Joined, xml: &str) -> Option<Joined> {
    let text = joined.text();
    let codes: Vec<_> = text.match_indices('&').map(|(at, _)| at).collect();
    if codes.is_empty() {
        return None;
    }
    let (mut printed, mut from) = (Joined::default(), 0);
    for at in codes.into_iter().filter(|at| *at < text.len()) {
        if at < from {
            continue;
        }
        joined.part(from..at, xml, &mut printed);
        let (length, shown) = code(&text[at..]);
        printed.markup(shown, 0..0);
        from = at + length;
    }
    joined.part(from..text.len(), xml, &mut printed);
    Some(printed)
}

/// How long the code at the beginning is, and what is seen of it: the parts of a header stand apart, a change of the font
/// shows nothing.
fn code(text: &str) -> (usize, &'static str) {
    let rest = &text[1..];
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    match rest.as_bytes() {
        [b'&', ..] => (2, "&"),
        [b'"', font @ ..] => (font.iter().position(|byte| *byte == b'"').map_or(text.len(), |end| end + 3), ""),
        // A size of the font has two digits, or three.
        [b'0'..=b'9', ..] => (1 + digits.min(3), ""),
        [b'K', ..] => (2 + rest[1..].bytes().take(6).take_while(u8::is_ascii_hexdigit).count(), ""),
        [b'B' | b'I' | b'U' | b'E' | b'S' | b'X' | b'Y' | b'O' | b'H', ..] => (2, ""),
        [byte, ..] if byte.is_ascii_alphabetic() => (2, " "),
        _ => (1, "&"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::joined::Coding;
    use super::*;

    /// What a printed page shows of a header.
    #[test]
    fn codes_are_not_printed() {
        let cases = [
            ("&LJan&CPage &P&RNL91 ABNA", Some(" Jan Page   NL91 ABNA")),
            ("&\"Arial,Bold\"&12NL&B91", Some("NL91")),
            ("&KFF0000x && y&", Some("x & y&")),
            ("plain", None),
        ];
        for (text, expect) in cases {
            let mut joined = Joined::default();
            joined.literal(text, 0, Coding::Text);
            assert_eq!(printed(&joined, text).as_ref().map(Joined::text), expect, "{text}");
        }
    }
}
