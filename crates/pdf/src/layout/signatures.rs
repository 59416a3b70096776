//! Room for signatures that are seen: frames, two beside each other, each with the name of whoever signs above it.

use evidence::report::Signatory;
use model::Fault;

use super::{LEFT, Pen, height};
use crate::font::FaceId;
use crate::page::{Active, Area, Fill, Kid};
use crate::palette::{GREY, RULE};
use crate::text::{Line, Style, break_lines};

/// From one frame to the one beside it.
const GAP: f32 = 16.0;
/// A frame: four lines of text and their margins.
const FRAME: f32 = 74.0;
/// The least that a row of frames needs.
pub(super) const HEIGHT: f32 = FRAME + 40.0;

impl Pen<'_> {
    pub(super) fn signatures(&mut self, people: &[Signatory]) -> Result<(), Fault> {
        let width = (self.width - GAP) / 2.0;
        let look = Style { face: FaceId::REGULAR, size: 8.5, color: GREY };
        for row in people.chunks(2) {
            let names = row.iter().map(|one| break_lines(self.faces, look, &one.name, width));
            let names = names.collect::<Result<Vec<_>, _>>()?;
            let above = names.iter().map(height).fold(0.0, f32::max) + 3.0;
            self.need(above + FRAME)?;
            let top = self.y;
            for (at, (one, name)) in row.iter().zip(names).enumerate() {
                let x = LEFT + at as f32 * (width + GAP);
                // Names of one line stand on their frames, also where the name beside them has two.
                self.y = top - (above - 3.0 - height(&name));
                self.frame(one, x, width, name)?;
            }
            self.y = top - above - FRAME - 12.0;
        }
        Ok(())
    }

    fn frame(&mut self, one: &Signatory, x: f32, width: f32, name: Vec<Line>) -> Result<(), Fault> {
        let tag = self.tag(Some(0), "P");
        self.flow(x, width, name, tag)?;
        let (top, bottom) = (self.y - 3.0, self.y - 3.0 - FRAME);
        for (x, y, width, height) in [
            (x, bottom, width, 0.6),
            (x, top - 0.6, width, 0.6),
            (x, bottom, 0.6, FRAME),
            (x + width - 0.6, bottom, 0.6, FRAME),
        ] {
            self.page().1.fills.push(Fill { x, y, width, height, color: RULE });
        }
        // A copy to be filed has nothing to fill in.
        if !self.report.flattened {
            // ISO 32000-1, 14.8.4.5: a widget stands in a `Form` element of its own.
            let tag = self.tag(Some(0), "Form");
            let (number, page) = self.page();
            let area = page.areas.len();
            page.areas.push(Area { rect: [x, bottom, x + width, top], what: Active::Signature(one.clone()), tag });
            self.layout.tags[tag].kids.push(Kid::Area { page: number, area });
        }
        Ok(())
    }
}
