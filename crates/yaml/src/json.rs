//! What JSON writes otherwise than YAML: characters outside the first plane as two escapes, `\ud83d\ude00`.

use std::borrow::Cow;

/// The text with such pairs as YAML writes them, `\U0001f600`, and halves without a partner as `\ufffd`. What stands behind
/// a pair on its line moves by two columns.
pub(crate) fn to_yaml(text: &str) -> Cow<'_, str> {
    let is_json = text.trim_start().starts_with(['{', '[']);
    if !is_json || !(text.contains("\\ud") || text.contains("\\uD")) {
        return Cow::Borrowed(text);
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = match (unit(rest), rest.get(6..).and_then(unit)) {
            (Some(high @ 0xd800..=0xdbff), Some(low @ 0xdc00..=0xdfff)) => {
                out.push_str(&format!("\\U{:08x}", 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)));
                12
            }
            (Some(0xd800..=0xdfff), _) => {
                out.push_str("\\ufffd");
                6
            }
            // A backslash belongs to the character after it, which may be one as well.
            _ => {
                let length = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
                out.push_str(&rest[..length]);
                length
            }
        };
        rest = &rest[length..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The number of `\uXXXX` that the text begins with.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::to_yaml;

    #[test]
    fn pairs_become_one_escape() {
        let check = |text, expect| assert_eq!(to_yaml(text), expect);
        check(r#"["\ud83d\ude00 \/"]"#, r#"["\U0001f600 \/"]"#);
        check(r#"["\\ud83d\\ude00"]"#, r#"["\\ud83d\\ude00"]"#);
        check(r#"["\uD83D", "\ude00é\u00e9"]"#, r#"["\ufffd", "\ufffdé\u00e9"]"#);
        check(r#"["\uD83D\"#, r#"["\ufffd\"#);
        check(r"a: '\ud83d'", r"a: '\ud83d'");
    }
}
