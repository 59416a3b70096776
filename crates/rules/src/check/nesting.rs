//! How deep brackets stand in one another, before the parser goes down with them: it has no limit of its own there.

/// Where a bracket opens deeper than `most`, in bytes. What stands in texts does not count.
pub(crate) fn too_deep(source: &str, most: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'\'' | b'"' => {
                at = text_end(bytes, at, is_raw(bytes, at));
                continue;
            }
            _ => {}
        }
        if depth > most {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// Whether `r` stands before the quote, or `rb`, or `br`: then a backslash is one (CEL, "String and Bytes Values").
fn is_raw(bytes: &[u8], quote: usize) -> bool {
    let letters = bytes[..quote].iter().rev().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_');
    let word: Vec<u8> = letters.map(u8::to_ascii_lowercase).collect();
    matches!(word.as_slice(), b"r" | b"rb" | b"br")
}

/// Where the text ends that begins at `quote`; at the end of the source when nothing closes it.
fn text_end(bytes: &[u8], quote: usize, is_raw: bool) -> usize {
    let mark = bytes[quote];
    let length = if bytes[quote..].starts_with(&[mark; 3]) { 3 } else { 1 };
    let mut at = quote + length;
    while at < bytes.len() {
        if bytes[at..].starts_with(&[mark; 3][..length]) {
            return at + length;
        }
        at += if bytes[at] == b'\\' && !is_raw { 2 } else { 1 };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_count_outside_of_texts() {
        for (source, expect) in [
            ("((a))", None),
            ("(([a]))", Some(2)),
            ("(a) && (b) && [c].all(d, {}[d])", None),
            ("'(((' == \"[[[\" && ((a))", None),
            ("r'\\' + '(((' == ((({", Some(18)),
            ("'\\'(((' == (((a", Some(13)),
            ("'''it's (((''' == ((a))", None),
            ("''(((", Some(4)),
            ("rb\"\\\" + (((", Some(10)),
            ("'((((", None),
        ] {
            assert_eq!(too_deep(source, 2), expect, "{source}");
        }
    }
}
