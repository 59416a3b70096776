//! What a visible signature shows: who, when and why, in a frame, drawn as outlines.
//!
//! PDF/A wants every font embedded (ISO 19005-3, 6.2.11.4); outlines need none. The text is in the field's description for
//! whoever does not see it.

use model::Fault;
use ttf_parser::{Face, GlyphId, OutlineBuilder};

use crate::Rect;

/// Points between the frame and the text, and from the left edge, where a bar stands, to the text.
const MARGIN: f32 = 6.0;
const INDENT: f32 = 12.0;
/// The largest size of the name; the other lines are smaller by their share.
const SIZE_MAX: f32 = 12.0;
/// What is smaller is no text any more.
const SIZE_MIN: f32 = 4.0;
/// A line's height, of the size of the letters.
const LEADING: f32 = 1.36;
/// Ground and frame, bar, letters, and letters of the first line. Letters have a contrast of 7:1 and more (WCAG 2.1, 1.4.6).
const COLORS: [&str; 4] =
    ["0.95 0.96 0.98 rg 0.76 0.79 0.83 RG", "0.08 0.20 0.36 rg", "0.09 0.11 0.14 rg", "0.25 0.28 0.32 rg"];

/// A line, and its size as a share of that of the name.
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) look: Look,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Look {
    /// What the frame is.
    Caption,
    /// Whose signature it is.
    Name,
    /// When, why.
    Detail,
}

impl Look {
    fn share(self) -> f32 {
        match self {
            Look::Caption => 0.66,
            Look::Name => 1.0,
            Look::Detail => 0.74,
        }
    }
}

/// Whether the built-in font shows a text as it is written: letters that join or change places need more than that.
pub(crate) fn can_show(text: &str) -> bool {
    let plain = |sign: char| matches!(u32::from(sign), 0x20..0x300 | 0x370..0x590 | 0x1e00..0x2000 | 0x2010..0x2028 | 0x2030..0x2060 | 0x20a0..0x20d0 | 0x2100..0x2190);
    Face::parse(notosans::REGULAR_TTF, 0)
        .is_ok_and(|face| text.chars().all(|sign| plain(sign) && glyph(&face, sign).is_ok()))
}

/// The content stream that shows `lines` in `rect`.
///
/// # Errors
/// `missing-glyph` with the sign that the built-in font does not have; `signature-too-small` if the lines do not fit.
pub(crate) fn draw(lines: &[Line], rect: Rect) -> Result<Vec<u8>, Fault> {
    let face =
        |bytes| Face::parse(bytes, 0).map_err(|_| Fault::internal("bad-font", "The built-in font cannot be read"));
    let (regular, bold) = (face(notosans::REGULAR_TTF)?, face(notosans::BOLD_TTF)?);
    let face = |look: Look| if look == Look::Name { &bold } else { &regular };
    let (mut widest, mut height) = (0.1_f32, 0.1_f32);
    let mut rows = Vec::with_capacity(lines.len());
    for Line { text, look } in lines {
        let unit = look.share() / f32::from(face(*look).units_per_em());
        let glyphs = text.chars().map(|sign| glyph(face(*look), sign)).collect::<Result<Vec<_>, _>>()?;
        widest = widest.max(glyphs.iter().map(|(_, advance)| advance * unit).sum());
        height += look.share() * LEADING;
        rows.push((*look, unit, glyphs));
    }
    let size = ((rect.width - INDENT - MARGIN) / widest).min((rect.height - 2.0 * MARGIN) / height).min(SIZE_MAX);
    if !size.is_finite() || size < SIZE_MIN {
        return Err(Fault::usage("signature-too-small", "The visible signature has too little room for its text")
            .advise("Give it a larger rectangle, for example 200 by 60 points, or a shorter reason."));
    }
    let mut pen = Pen { out: frame(rect), ..Pen::default() };
    // What is left stands above and below in equal parts.
    pen.y = rect.height - (rect.height - height * size) / 2.0;
    for (look, unit, glyphs) in rows {
        let color = if look == Look::Name { COLORS[2] } else { COLORS[3] };
        pen.out.push_str(color);
        pen.out.push('\n');
        pen.scale = unit * size;
        pen.x = INDENT;
        pen.y -= look.share() * size;
        for (glyph, advance) in glyphs {
            face(look).outline_glyph(glyph, &mut pen);
            pen.x += advance * pen.scale;
        }
        pen.y -= look.share() * size * (LEADING - 1.0);
        pen.out.push_str("f\n");
    }
    pen.out.push_str("Q\n");
    Ok(pen.out.into_bytes())
}

/// The ground with its frame, and a bar at the left.
fn frame(rect: Rect) -> String {
    let (width, height) = (rect.width - 0.6, rect.height - 0.6);
    let [ground, bar, ..] = COLORS;
    format!("q {ground} 0.6 w 0.3 0.3 {width} {height} re B {bar} 0 0 4 {} re f\n", rect.height)
}

fn glyph(face: &Face<'_>, sign: char) -> Result<(GlyphId, f32), Fault> {
    let found = face.glyph_index(sign).filter(|_| !sign.is_control());
    let Some(glyph) = found else {
        return Err(Fault::bad_input(
            "missing-glyph",
            format!(
                "A visible signature cannot show U+{:04X}: the built-in font has Latin, Greek, Cyrillic",
                u32::from(sign)
            ),
        )
        .advise("Sign without a rectangle, or write the reason and place in one of these scripts."));
    };
    Ok((glyph, f32::from(face.glyph_hor_advance(glyph).unwrap_or(0))))
}

/// Turns outlines into operators of a path (ISO 32000-1, 8.5.2).
#[derive(Default)]
struct Pen {
    out: String,
    x: f32,
    y: f32,
    scale: f32,
    last: (f32, f32),
}

impl Pen {
    fn place(&mut self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, self.y + y * self.scale)
    }

    fn write(&mut self, points: &[(f32, f32)], operator: &str) {
        for (x, y) in points {
            self.out.push_str(&format!("{x:.3} {y:.3} "));
        }
        self.out.push_str(operator);
        self.out.push('\n');
        self.last = points.last().copied().unwrap_or(self.last);
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let point = self.place(x, y);
        self.write(&[point], "m");
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let point = self.place(x, y);
        self.write(&[point], "l");
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (from, through, to) = (self.last, self.place(x1, y1), self.place(x, y));
        let third = |a: (f32, f32), b: (f32, f32)| (a.0 + (b.0 - a.0) * 2.0 / 3.0, a.1 + (b.1 - a.1) * 2.0 / 3.0);
        self.write(&[third(from, through), third(to, through), to], "c");
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let points = [self.place(x1, y1), self.place(x2, y2), self.place(x, y)];
        self.write(&points, "c");
    }

    fn close(&mut self) {
        self.out.push_str("h\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_fits_its_rectangle_or_is_refused() {
        let rect = |width, height| Rect { left: 0.0, bottom: 0.0, width, height };
        let line = |look, text: &str| Line { text: text.to_owned(), look };
        let lines = [line(Look::Name, "R. Müller-Жукова"), line(Look::Detail, "2026-01-03")];
        let shown = String::from_utf8(draw(&lines, rect(200.0, 60.0)).unwrap()).unwrap();
        for line in shown.lines().filter(|line| line.ends_with(" l") || line.ends_with(" m") || line.ends_with(" c")) {
            let numbers: Vec<f32> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
            assert!(
                numbers
                    .chunks(2)
                    .all(|point| point[0] >= 0.0 && point[0] <= 200.0 && point[1] >= 0.0 && point[1] <= 60.0),
                "{line}"
            );
        }
        assert_eq!(draw(&lines, rect(20.0, 60.0)).unwrap_err().code(), "signature-too-small");
        assert_eq!(draw(&[line(Look::Name, "署名")], rect(200.0, 60.0)).unwrap_err().code(), "missing-glyph");
        let check = |text, expect| assert_eq!(can_show(text), expect, "{text}");
        check("Ελένη Müller-Жукова, O’Neill", true);
        ["署名", "محمد", "אסתר", "अनीता", "a\u{308}", "a\u{202e}b", "a\nb"]
            .into_iter()
            .for_each(|text| check(text, false));
    }
}
