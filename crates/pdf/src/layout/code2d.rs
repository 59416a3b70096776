//! QR codes (ISO/IEC 18004) as boxes, with the same in words beside them.

use evidence::report::{Code2d, Text};
use model::Fault;
use qrcode::{Color, EcLevel, QrCode};

use super::{LEFT, Pen, height};
use crate::Limits;
use crate::page::{Content, Fill, Picture, Says, Shape};
use crate::palette::PAPER;

/// The side of the code with its quiet zone, in points: a phone reads it from an arm's length.
const SIDE: f32 = 104.0;
pub(super) const HEIGHT: f32 = SIDE + 10.0;
/// The quiet zone in modules (ISO/IEC 18004, 9.1).
const QUIET: usize = 4;
const BLACK: crate::palette::Color = [0.0; 3];

impl Pen<'_> {
    pub(super) fn code2d(&mut self, code: &Code2d) -> Result<(), Fault> {
        let (side, modules) = modules(&code.text)?;
        self.need(HEIGHT)?;
        let (x, y) = (LEFT, self.y - SIDE);
        let step = SIDE / (side + 2 * QUIET) as f32;
        let mut dark = Vec::new();
        for (row, cells) in modules.chunks(side).enumerate() {
            let top = y + SIDE - (row + QUIET) as f32 * step;
            let mut at = 0;
            for same in cells.chunk_by(|one, other| one == other) {
                if same[0] == Color::Dark {
                    let left = x + (at + QUIET) as f32 * step;
                    let width = same.len() as f32 * step;
                    dark.push([left, top - step, width, step]);
                }
                at += same.len();
            }
        }
        let ground = Shape::Box(Fill { x, y, width: SIDE, height: SIDE, color: PAPER });
        let shapes = vec![ground, Shape::Boxes { boxes: dark, color: BLACK }];
        let tag = self.tag(Some(0), "Figure");
        self.layout.tags[tag].says = Says::Alternative(code.alt.clone(), [x, y, x + SIDE, y + SIDE]);
        let mark = self.mark(tag);
        self.page().1.content.push(Content::Picture(Picture { mark, shapes, lines: Vec::new() }));
        self.beside(code, y)
    }

    /// What the code says, for whoever has no camera: beside it where there is room, else below.
    fn beside(&mut self, code: &Code2d, bottom: f32) -> Result<(), Fault> {
        let texts = [Text::plain(&code.alt), Text::exact(&code.text)];
        let set = |width| texts.iter().map(|text| self.lines(text, 9.5, width)).collect::<Result<Vec<_>, _>>();
        let mut paragraphs = set(self.width - SIDE - 12.0)?;
        let mut x = LEFT + SIDE + 12.0;
        if paragraphs.iter().map(height).sum::<f32>() > SIDE - 16.0 {
            paragraphs = set(self.width)?;
            (x, self.y) = (LEFT, bottom);
        }
        self.y -= 8.0;
        for lines in paragraphs {
            let tag = self.tag(Some(0), "P");
            self.flow(x, LEFT + self.width - x, lines, tag)?;
            self.y -= 4.0;
        }
        // The text below the code may have gone on to the next page.
        self.y = if x > LEFT { bottom - 10.0 } else { self.y - 6.0 };
        Ok(())
    }
}

fn modules(text: &str) -> Result<(usize, Vec<Color>), Fault> {
    let long = || {
        let message = format!("A QR code holds {} bytes, and this one would need {}", Limits::CODE_BYTES, text.len());
        Fault::refused("code-too-long", message)
            .advise("Put a digest or an address into the code, and the text beside it.")
    };
    if text.len() > Limits::CODE_BYTES {
        return Err(long());
    }
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| long())?;
    Ok((code.width(), code.into_colors()))
}
