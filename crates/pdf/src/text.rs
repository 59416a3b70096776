//! From words to lines: neutralise what came from outside, then break.

use std::rc::Rc;

use evidence::report::Link;
use model::Fault;

use crate::font::{FaceId, Faces, Glyph};
use crate::palette::Color;
use crate::script;

mod complex;

/// One line, ready to be placed.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Its pieces from left to right.
    pub(crate) runs: Vec<Run>,
    /// In points.
    pub(crate) width: f32,
    pub(crate) size: f32,
    pub(crate) color: Color,
    /// From one baseline to the next, in points.
    pub(crate) leading: f32,
    /// Whether the paragraph goes on in the next line after a space.
    pub(crate) goes_on: bool,
    /// Whether it belongs to a paragraph of several lines that runs from right to left.
    pub(crate) leftward: bool,
    /// Its words in the order in which they are read, where they are not seen in that order.
    pub(crate) logical: Option<Rc<str>>,
    /// The language of all of its letters, where their script says it (BCP 47).
    pub(crate) language: Option<&'static str>,
    pub(crate) link: Option<Rc<Link>>,
    pub(crate) anchor: Option<Rc<str>>,
    /// Whether a line stands under it: a link is seen without its colour (WCAG 2.1, 1.4.1).
    pub(crate) underlined: bool,
    /// Whether it will be the number of the page that the link leads to.
    pub(crate) page_of: bool,
    /// Whether it ends at the right edge of its column.
    pub(crate) flush_right: bool,
}

/// A piece of a line in one face.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Run {
    pub(crate) face: FaceId,
    /// The characters in the order in which they are read.
    pub(crate) text: String,
    /// Where the glyphs do not follow from the characters one by one: what is drawn, from left to right.
    pub(crate) glyphs: Option<Vec<Glyph>>,
    /// Whether it runs from right to left.
    pub(crate) leftward: bool,
}

/// How a text is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) face: FaceId,
    pub(crate) size: f32,
    pub(crate) color: Color,
}

impl Line {
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.iter().all(|run| run.text.is_empty())
    }

    /// Puts spaces in front of it, `width` points of them.
    pub(crate) fn push_in(&mut self, spaces: &str, width: f32) {
        self.width += width;
        if let Some(run) = self.runs.first_mut().filter(|run| run.glyphs.is_none()) {
            run.text.insert_str(0, spaces);
        }
    }

    #[cfg(test)]
    pub(crate) fn text(&self) -> String {
        self.runs.iter().map(|run| run.text.as_str()).collect()
    }
}

impl Style {
    fn line(self, runs: Vec<Run>, width: f32) -> Line {
        Line {
            runs,
            width,
            size: self.size,
            color: self.color,
            leading: self.size * 1.36,
            goes_on: false,
            leftward: false,
            logical: None,
            language: None,
            link: None,
            anchor: None,
            underlined: false,
            page_of: false,
            flush_right: false,
        }
    }
}

/// Breaks a text into lines of at most `width` points: at spaces, and inside a word only where it is wider than a line. Spaces in
/// front of a paragraph stand in front of each of its lines.
///
/// # Errors
/// `missing-glyph`.
pub(crate) fn break_lines(faces: &Faces, style: Style, text: &str, width: f32) -> Result<Vec<Line>, Fault> {
    let mut lines = Vec::new();
    for paragraph in text.split(['\n', '\u{2028}', '\u{2029}']) {
        let clean = neutralise(paragraph);
        match plain_face(faces, style.face, &clean) {
            Some(id) => {
                let broken =
                    Plain { face: faces.built_in(id), scale: style.size / 1000.0 }.break_paragraph(&clean, width);
                lines.extend(broken.into_iter().map(|Piece { text, width, goes_on }| {
                    let runs = vec![Run { face: id, text, glyphs: None, leftward: false }];
                    Line { goes_on, ..style.line(runs, width) }
                }));
            }
            None => complex::break_paragraph(faces, style, &clean, width, &mut lines)?,
        }
    }
    Ok(lines)
}

/// The width of a short text in a built-in face, in points.
pub(crate) fn plain_width(faces: &Faces, style: Style, text: &str) -> f32 {
    let face = faces.built_in(style.face);
    text.chars().map(|c| face.width(c)).sum::<f32>() * style.size / 1000.0
}

/// The built-in face that can set a text one character after the other: most of them can.
fn plain_face(faces: &Faces, wanted: FaceId, text: &str) -> Option<FaceId> {
    if text.chars().any(|c| c >= '\u{300}' && (script::is_mark(c) || script::script_of(c) != &script::COMMON)) {
        return None;
    }
    [wanted, FaceId::REGULAR].into_iter().find(|id| faces.built_in(*id).has_all(text))
}

/// Text of which each character is a glyph.
struct Plain<'f> {
    face: &'f crate::font::Face,
    scale: f32,
}

struct Piece {
    text: String,
    width: f32,
    goes_on: bool,
}

impl Plain<'_> {
    fn width(&self, text: &str) -> f32 {
        text.chars().map(|c| self.face.width(c)).sum::<f32>() * self.scale
    }

    fn break_paragraph(&self, text: &str, width: f32) -> Vec<Piece> {
        let text = text.trim_end_matches(' ');
        let indent = &text[..text.len() - text.trim_start_matches(' ').len()];
        let pushed = self.width(indent);
        if pushed > 0.0 && pushed <= width / 2.0 {
            let mut pieces = self.break_paragraph(text.trim_start_matches(' '), width - pushed);
            for piece in &mut pieces {
                piece.text.insert_str(0, indent);
                piece.width += pushed;
            }
            return pieces;
        }
        let whole = self.width(text);
        if whole <= width {
            return vec![Piece { text: text.to_owned(), width: whole, goes_on: false }];
        }
        let mut pieces = Vec::new();
        let (mut line, mut used) = (String::new(), 0.0);
        let space = self.face.width(' ') * self.scale;
        for word in text.split(' ') {
            let wide = self.width(word);
            let gap = if line.is_empty() { 0.0 } else { space };
            if used + gap + wide <= width {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
                used += gap + wide;
                continue;
            }
            if !line.is_empty() {
                pieces.push(Piece { text: std::mem::take(&mut line), width: used, goes_on: true });
            }
            used = 0.0;
            for c in word.chars() {
                let wide = self.face.width(c) * self.scale;
                if used + wide > width && !line.is_empty() {
                    pieces.push(Piece { text: std::mem::take(&mut line), width: used, goes_on: false });
                    used = 0.0;
                }
                line.push(c);
                used += wide;
            }
        }
        pieces.push(Piece { text: line, width: used, goes_on: false });
        pieces
    }
}

/// Text from outside, made harmless: control characters, marks that reorder text and characters without a shape are shown by
/// number (`<U+202E>`), so that a reader sees that they are there. Tabs and odd spaces become spaces. A joiner stays where a
/// script needs it: between two letters of a script that joins letters.
pub(crate) fn neutralise(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\r' => {}
            '\t' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => out.push(' '),
            '\u{200c}' | '\u{200d}' if joins(before) && rest.peek().is_some_and(|next| joins(*next)) => out.push(c),
            _ if c.is_control() || is_invisible(c) => out.push_str(&format!("<U+{:04X}>", u32::from(c))),
            _ => out.push(c),
        }
        before = c;
    }
    out
}

fn joins(c: char) -> bool {
    let script = script::script_of(c);
    script.shaped && script.tag != b"hebr"
}

/// Unicode `Bidi_Control`, zero-width and other default-ignorable characters that people have used to deceive readers; characters
/// of private use, which say something else in every font (ISO 19005-3, 6.2.11.7.3).
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}'
        | '\u{e0000}'..='\u{e0fff}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::font::Fonts;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]

        /// Of any text every character stands in some line, in its order, and no line of several characters is too wide.
        #[test]
        fn any_text_is_broken_without_loss(texts in prop::collection::vec(
            "[a-zא-ת؀-ۿऀ-ॿ\u{600}-\u{109f}\u{1780}-\u{18af}\u{a980}-\u{a9ff}\u{1e900}-\u{1e95f}一-不ก-๛가-각\u{300}-\u{310}\u{200c}-\u{200f}\u{202a}-\u{202e}(){} 0-9.,-]{0,40}", 40)
        ) {
            let faces = Faces::load(&Fonts::with_folders(&["/usr/share/fonts".into()])).unwrap();
            let style = Style { face: FaceId::BOLD, size: 10.0, color: [0.0; 3] };
            for text in texts {
                let lines = match break_lines(&faces, style, &text, 80.0) {
                    Ok(lines) => lines,
                    Err(fault) => {
                        prop_assert_eq!(fault.code(), "missing-glyph");
                        continue;
                    }
                };
                let read: String = lines.iter().map(|line| line.logical.as_deref().map_or_else(|| line.text(), str::to_owned)).collect();
                let dense = |text: &str| text.replace(' ', "");
                prop_assert_eq!(dense(&read), dense(&neutralise(&text)));
                for line in lines {
                    prop_assert!(line.width <= 80.0 || line.runs.len() == 1, "{:?}", line);
                }
            }
        }
    }

    #[test]
    fn hostile_characters_are_shown_and_lines_never_are_too_wide() {
        let check = |text: &str, expect: &str| assert_eq!(neutralise(text), expect);
        check("a\u{1b}[31mb", "a<U+001B>[31mb");
        check("exe\u{202e}gpj.", "exe<U+202E>gpj.");
        check("a\tb\u{a0}c\r", "a b c");
        check("a\u{200d}b", "a<U+200D>b");
        check("\u{e000}\u{10ffff}\u{fffe}", "<U+E000><U+10FFFF><U+FFFE>");
        check("می\u{200c}خواهم", "می\u{200c}خواهم");
        check("می\u{200c} خواهم", "می<U+200C> خواهم");
        let faces = Faces::load(&Fonts::default()).unwrap();
        let style = Style { face: FaceId::MONO, size: 8.0, color: [0.0; 3] };
        for text in [
            "word ".repeat(40),
            "f".repeat(300),
            String::new(),
            "a\nb".to_owned(),
            format!("   {}", "word ".repeat(40)),
            " ".repeat(90),
        ] {
            let lines = break_lines(&faces, style, &text, 100.0).unwrap();
            assert!(lines.iter().all(|line| line.width <= 100.0 && plain_width(&faces, style, &line.text()) <= 100.0));
            let rest = |s: &str| s.replace([' ', '\n'], "");
            assert_eq!(rest(&lines.iter().map(Line::text).collect::<String>()), rest(&text));
        }
        let inner = break_lines(&faces, style, &format!("  {}", "word ".repeat(9)), 100.0).unwrap();
        assert!(inner.len() > 1 && inner.iter().all(|line| line.text().starts_with("  word")));
        let missing = break_lines(&faces, style, "日本", 100.0).unwrap_err();
        assert_eq!(missing.code(), "missing-glyph");
        assert!(missing.message().contains("U+65E5"));
    }
}
