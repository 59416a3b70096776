//! From words to lines: neutralise what came from outside, then break.

use model::Fault;

use crate::font::{Face, Fonts};

/// One line, ready to be placed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) face: Face,
    pub(crate) size: f32,
    pub(crate) color: Color,
    /// From one baseline to the next, in points.
    pub(crate) leading: f32,
}

/// Red, green, blue, 0 to 1.
pub(crate) type Color = [f32; 3];

/// How a text is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) face: Face,
    pub(crate) size: f32,
    pub(crate) color: Color,
}

/// Breaks a text into lines of at most `width` points: at spaces, and inside a word only where it is wider than a line. Spaces in
/// front of a paragraph stand in front of each of its lines.
///
/// # Errors
/// `missing-glyph`.
pub(crate) fn break_lines(fonts: &Fonts, style: Style, text: &str, width: f32) -> Result<Vec<Line>, Fault> {
    let mut lines = Vec::new();
    for paragraph in text.split(['\n', '\u{2028}', '\u{2029}']) {
        let clean = neutralise(paragraph);
        let face = fonts.face_for(style.face, &clean)?;
        let set = |text| Line { text, face, size: style.size, color: style.color, leading: style.size * 1.36 };
        lines.extend(break_paragraph(fonts, face, style.size, &clean, width).into_iter().map(set));
    }
    Ok(lines)
}

fn break_paragraph(fonts: &Fonts, face: Face, size: f32, text: &str, width: f32) -> Vec<String> {
    let text = text.trim_end_matches(' ');
    let indent = &text[..text.len() - text.trim_start_matches(' ').len()];
    let pushed = fonts.width(face, size, indent);
    if pushed > 0.0 && pushed <= width / 2.0 {
        let lines = break_paragraph(fonts, face, size, text.trim_start_matches(' '), width - pushed);
        return lines.into_iter().map(|line| format!("{indent}{line}")).collect();
    }
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0.0);
    for word in text.split(' ') {
        let wide = fonts.width(face, size, word);
        let space = if line.is_empty() { 0.0 } else { fonts.char_width(face, size, ' ') };
        if used + space + wide <= width {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
            used += space + wide;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        used = 0.0;
        for c in word.chars() {
            let wide = fonts.char_width(face, size, c);
            if used + wide > width && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                used = 0.0;
            }
            line.push(c);
            used += wide;
        }
    }
    lines.push(line);
    lines
}

/// Text from outside, made harmless: control characters, marks that reorder text and characters without a shape are shown by
/// number (`<U+202E>`), so that a reader sees that they are there. Tabs and odd spaces become spaces.
pub(crate) fn neutralise(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\r' => {}
            '\t' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => out.push(' '),
            _ if c.is_control() || is_invisible(c) => out.push_str(&format!("<U+{:04X}>", u32::from(c))),
            _ => out.push(c),
        }
    }
    out
}

/// Unicode `Bidi_Control`, zero-width and other default-ignorable characters that people have used to deceive readers.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_characters_are_shown_and_lines_never_are_too_wide() {
        let check = |text: &str, expect: &str| assert_eq!(neutralise(text), expect);
        check("a\u{1b}[31mb", "a<U+001B>[31mb");
        check("exe\u{202e}gpj.", "exe<U+202E>gpj.");
        check("a\tb\u{a0}c\r", "a b c");
        let fonts = Fonts::load().unwrap();
        let style = Style { face: Face::Mono, size: 8.0, color: [0.0; 3] };
        for text in [
            "word ".repeat(40),
            "f".repeat(300),
            String::new(),
            "a\nb".to_owned(),
            format!("   {}", "word ".repeat(40)),
            " ".repeat(90),
        ] {
            let lines = break_lines(&fonts, style, &text, 100.0).unwrap();
            assert!(lines.iter().all(|line| fonts.width(line.face, 8.0, &line.text) <= 100.0));
            let rest = |s: &str| s.replace([' ', '\n'], "");
            assert_eq!(rest(&lines.iter().map(|line| line.text.as_str()).collect::<String>()), rest(&text));
        }
        let inner = break_lines(&fonts, style, &format!("  {}", "word ".repeat(9)), 100.0).unwrap();
        assert!(inner.len() > 1 && inner.iter().all(|line| line.text.starts_with("  word")));
        let missing = break_lines(&fonts, style, "日本", 100.0).unwrap_err();
        assert_eq!(missing.code(), "missing-glyph");
        assert!(missing.message().contains("U+65E5"));
    }
}
