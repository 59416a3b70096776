//! Lists, and lines to write on.

use evidence::report::Text;
use model::Fault;

use super::{LEFT, Pen, style};
use crate::font::FaceId;
use crate::page::Says;
use crate::palette::{GREY, INK};
use crate::text::{Line, Style, break_lines};

/// How high a line to write on is, with its name.
pub(super) const BLANK: f32 = 44.0;
/// The same where the name stands in front of it.
const BESIDE: f32 = 28.0;
/// What parts two that stand in one row, in a name.
const ROW: &str = " | ";
const GAP: f32 = 16.0;

/// A name in front of its line: its left edge, and the width of both.
struct Blank {
    name: Line,
    x: f32,
    width: f32,
}

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

    /// Lines to write on: a short name stands in front of its line, as on a form, a long one below.
    pub(super) fn blanks(&mut self, names: &[String]) -> Result<(), Fault> {
        // Who signs and who witnesses it stand on one page.
        let together = BLANK * names.len() as f32;
        if together < (self.top - self.bottom) / 2.0 {
            self.need(together)?;
        }
        for name in names {
            match self.form_cells(name)? {
                Some(cells) => self.form_row(cells)?,
                None => self.named_below(name)?,
            }
        }
        self.y -= 8.0;
        Ok(())
    }

    /// What stands in a row; `None` where one leaves too little to write on.
    fn form_cells(&self, name: &str) -> Result<Option<Vec<Blank>>, Fault> {
        let look = Style { face: FaceId::REGULAR, size: 9.5, color: INK };
        let names: Vec<&str> = name.split(ROW).collect();
        let width = (self.width - GAP * (names.len() - 1) as f32) / names.len() as f32;
        let mut cells = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let mut lines = break_lines(self.faces, look, name, width * 0.45)?;
            match (lines.pop(), lines.len()) {
                (Some(name), 0) => cells.push(Blank { name, x: LEFT + (width + GAP) * at as f32, width }),
                _ => return Ok(None),
            }
        }
        Ok(Some(cells))
    }

    fn form_row(&mut self, cells: Vec<Blank>) -> Result<(), Fault> {
        self.need(BESIDE)?;
        self.y -= BESIDE;
        for Blank { name, x, width } in cells {
            let begins = x + name.width + 6.0;
            self.fill(begins, self.y + 2.0, x + width - begins, 0.7, INK);
            let tag = self.tag(Some(0), "P");
            let baseline = self.y + 4.0;
            self.place(x, baseline, name, Some(tag));
        }
        Ok(())
    }

    fn named_below(&mut self, name: &str) -> Result<(), Fault> {
        let look = Style { face: FaceId::REGULAR, size: 8.5, color: GREY };
        let lines = break_lines(self.faces, look, &name.replace(ROW, ", "), self.width)?;
        self.need(BLANK)?;
        self.y -= BLANK - 14.0;
        self.fill(LEFT, self.y, self.width, 0.7, INK);
        self.y -= 3.0;
        let tag = self.tag(Some(0), "P");
        self.flow(LEFT, self.width, lines, tag)
    }
}
