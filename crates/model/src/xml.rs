//! Text inside XML.

/// Text for an attribute or an element; what XML 1.0 cannot hold becomes U+FFFD.
pub fn xml_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\r' => out.push_str("&#13;"),
            // XML 1.0 §2.2: no other control characters, and no noncharacters U+FFFE and U+FFFF.
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::xml_text;

    #[test]
    fn nothing_of_the_text_is_markup() {
        assert_eq!(xml_text("a<b>&\"\n\u{1}é"), "a&lt;b&gt;&amp;&quot;&#10;\u{fffd}é");
    }
}
