//! What a visible signature shows: a frame and lines of text, drawn as outlines.
//!
//! PDF/A wants every font embedded (ISO 19005-3, 6.2.11.4); outlines need none. The text is in the field's description for
//! whoever does not see it.

use model::Fault;
use ttf_parser::{Face, GlyphId, OutlineBuilder};

use crate::Rect;

/// Points between the frame and the text.
const MARGIN: f32 = 4.0;
const SIZE_MAX: f32 = 10.0;
/// What is smaller is no text any more.
const SIZE_MIN: f32 = 4.0;
/// A line's height, of the size of the letters.
const LEADING: f32 = 1.3;

/// The content stream that shows `lines` in `rect`.
///
/// # Errors
/// `missing-glyph` with the sign that the built-in font does not have; `signature-too-small` if the lines do not fit.
pub(crate) fn draw(lines: &[String], rect: Rect) -> Result<Vec<u8>, Fault> {
    let face = Face::parse(notosans::REGULAR_TTF, 0)
        .map_err(|_| Fault::internal("bad-font", "The built-in font cannot be read"))?;
    let unit = f32::from(face.units_per_em());
    let mut widest = 0.0_f32;
    let mut rows = Vec::with_capacity(lines.len());
    for line in lines {
        let glyphs = line.chars().map(|sign| glyph(&face, sign)).collect::<Result<Vec<_>, _>>()?;
        widest = widest.max(glyphs.iter().map(|(_, advance)| advance / unit).sum());
        rows.push(glyphs);
    }
    let room = (rect.width - 2.0 * MARGIN, rect.height - 2.0 * MARGIN);
    let size = (room.0 / widest.max(0.1)).min(room.1 / (LEADING * rows.len().max(1) as f32)).min(SIZE_MAX);
    if !size.is_finite() || size < SIZE_MIN {
        return Err(Fault::usage("signature-too-small", "The visible signature has too little room for its text")
            .advise("Give it a larger rectangle, for example 200 by 60 points, or a shorter reason."));
    }
    let (right, top) = (rect.width - 0.5, rect.height - 0.5);
    let mut pen =
        Pen { out: format!("q 0.4 G 1 w 0.5 0.5 {} {} re S 0 g\n", right - 0.5, top - 0.5), ..Pen::default() };
    pen.scale = size / unit;
    pen.y = rect.height - MARGIN - size;
    for row in rows {
        pen.x = MARGIN;
        for (glyph, advance) in row {
            face.outline_glyph(glyph, &mut pen);
            pen.x += advance * pen.scale;
        }
        pen.y -= LEADING * size;
    }
    pen.out.push_str("f Q\n");
    Ok(pen.out.into_bytes())
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
        let lines = ["Signed by R. Müller-Жукова".to_owned(), "2026-01-03".to_owned()];
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
        assert_eq!(draw(&["署名".to_owned()], rect(200.0, 60.0)).unwrap_err().code(), "missing-glyph");
    }
}
