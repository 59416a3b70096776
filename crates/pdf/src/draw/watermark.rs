//! The watermark, as filled outlines: it cannot be selected, found or read aloud between the lines.

use std::fmt::Write as _;

use model::Fault;

use crate::font::{FaceId, Faces};
use crate::layout::LEFT;
use crate::palette::WATERMARK;
use crate::text::{Style, break_lines};

/// The largest letters, in points.
const LARGEST: f32 = 110.0;

/// The operators of a watermark along the diagonal of the sheet; `None` where there is nothing to write.
///
/// # Errors
/// `missing-glyph`.
pub(super) fn outlines(text: &str, sheet: (f32, f32), faces: &Faces) -> Result<Option<Vec<u8>>, Fault> {
    let look = Style { face: FaceId::BOLD, size: 1000.0, color: WATERMARK };
    let Some(line) = break_lines(faces, look, text, f32::INFINITY)?.into_iter().find(|line| !line.is_empty()) else {
        return Ok(None);
    };
    let diagonal = sheet.0.hypot(sheet.1) - 4.0 * LEFT;
    let size = (1000.0 * diagonal / line.width).min(LARGEST);
    let (sin, cos) = (sheet.1 / sheet.0).atan().sin_cos();
    let [red, green, blue] = WATERMARK;
    let mut outline = Outline {
        out: format!("{red} {green} {blue} rg\n"),
        turn: (sin, cos),
        middle: (sheet.0 / 2.0, sheet.1 / 2.0),
        scale: 1.0,
        pen: -line.width * size / 2000.0,
        rise: -size * 0.35,
        at: (0.0, 0.0),
    };
    for run in &line.runs {
        let face = faces.face(run.face);
        outline.scale = face.scale() * size / 1000.0;
        let plain =
            || run.text.chars().filter_map(|c| face.glyph(c)).map(|id| (id, face.advance(id), 0.0, 0.0)).collect();
        let shaped = |glyphs: &Vec<crate::font::Glyph>| {
            glyphs.iter().map(|glyph| (glyph.id, glyph.advance, glyph.dx, glyph.dy)).collect()
        };
        let glyphs: Vec<(u16, f32, f32, f32)> = run.glyphs.as_ref().map_or_else(plain, shaped);
        for (id, advance, dx, dy) in glyphs {
            let points = |thousandths: f32| thousandths * size / 1000.0;
            let (pen, rise) = (outline.pen, outline.rise);
            (outline.pen, outline.rise) = (pen + points(dx), rise + points(dy));
            face.outline(id, &mut outline)
                .ok_or_else(|| Fault::internal("bad-font", "A font cannot be read for the watermark"))?;
            (outline.pen, outline.rise) = (pen + points(advance), rise);
        }
    }
    outline.out.push_str("f\n");
    Ok(Some(outline.out.into_bytes()))
}

/// Turns the outlines of glyphs into path operators, scaled, moved along the line and turned to the diagonal of the page.
struct Outline {
    out: String,
    turn: (f32, f32),
    middle: (f32, f32),
    scale: f32,
    pen: f32,
    rise: f32,
    at: (f32, f32),
}

impl Outline {
    fn operator(&mut self, points: &[(f32, f32)], operator: &str) {
        let (sin, cos) = self.turn;
        for (x, y) in points {
            let (along, up) = (self.pen + x * self.scale, self.rise + y * self.scale);
            let (x, y) = (self.middle.0 + along * cos - up * sin, self.middle.1 + along * sin + up * cos);
            // Writing into a string does not fail.
            let _ = write!(self.out, "{x:.2} {y:.2} ");
        }
        self.out.push_str(operator);
        self.out.push('\n');
        self.at = points.last().copied().unwrap_or(self.at);
    }
}

impl ttf_parser::OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.operator(&[(x, y)], "m");
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.operator(&[(x, y)], "l");
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        // A quadratic curve as a cubic one: the controls lie two thirds of the way to the quadratic control.
        let near = |from: f32, to: f32| from + (to - from) * 2.0 / 3.0;
        let one = (near(self.at.0, x1), near(self.at.1, y1));
        self.operator(&[one, (near(x, x1), near(y, y1)), (x, y)], "c");
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.operator(&[(x1, y1), (x2, y2), (x, y)], "c");
    }

    fn close(&mut self) {
        self.out.push_str("h\n");
    }
}
