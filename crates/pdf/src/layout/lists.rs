//! Lists, and lines to write on.

use evidence::report::Text;
use model::Fault;

use super::{LEFT, Pen, style};
use crate::font::FaceId;
use crate::page::Says;
use crate::palette::{GREY, INK};
use crate::text::{Style, break_lines};

/// How high a line to write on is, with its name.
pub(super) const BLANK: f32 = 44.0;

impl Pen<'_> {
    /// Items with a bullet each, or with a number.
    pub(super) fn list(&mut self, items: &[Text], numbered: bool) -> Result<(), Fault> {
        let list = self.tag(Some(0), "L");
        // PDF/UA-1 (ISO 14289-1, 7.6): how the labels count.
        self.layout.tags[list].says = Says::Numbering(if numbered { "Decimal" } else { "Disc" });
        let indent = if numbered { 18.0 } else { 14.0 };
        for (at, item) in items.iter().enumerate() {
            let lines = self.lines(item, 9.5, self.width - indent)?;
            self.need(14.0)?;
            let entry = self.tag(Some(list), "LI");
            let (label, body) = (self.tag(Some(entry), "Lbl"), self.tag(Some(entry), "LBody"));
            let sign = if numbered { format!("{}.", at + 1) } else { "•".to_owned() };
            let baseline = self.y - 9.5;
            for mut line in break_lines(self.faces, style(&Text::plain(""), 9.5), &sign, indent)? {
                line.goes_on = true;
                self.place(LEFT + 2.0, baseline, line, Some(label));
            }
            self.flow(LEFT + indent, self.width - indent, lines, body)?;
            self.y -= 3.0;
        }
        self.y -= 4.0;
        Ok(())
    }

    /// Lines to write on, each with its name below.
    pub(super) fn blanks(&mut self, names: &[String]) -> Result<(), Fault> {
        let look = Style { face: FaceId::REGULAR, size: 8.5, color: GREY };
        // Who signs and who witnesses it stand on one page.
        let together = BLANK * names.len() as f32;
        if together < (self.top - self.bottom) / 2.0 {
            self.need(together)?;
        }
        for name in names {
            let lines = break_lines(self.faces, look, name, self.width * 0.6)?;
            self.need(BLANK)?;
            self.y -= BLANK - 14.0;
            self.fill(LEFT, self.y, self.width * 0.6, 0.7, INK);
            self.y -= 3.0;
            let tag = self.tag(Some(0), "P");
            self.flow(LEFT, self.width * 0.6, lines, tag)?;
        }
        self.y -= 8.0;
        Ok(())
    }
}
