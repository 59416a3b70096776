//! Which glyphs are used, what they say, and how they are written.

use model::Fault;

use super::Texts;
use super::stream::Writer;
use crate::font::{Face, FaceId, Faces, Glyph, Subset};
use crate::page::Layout;
use crate::text::Run;

/// The glyphs of a report, face by face.
pub(super) struct Glyphs<'f> {
    faces: &'f Faces,
    used: Vec<Option<Used>>,
}

/// The glyphs of a face.
struct Used {
    face: std::rc::Rc<Face>,
    /// What each glyph says: a character, [`NOTHING`], or [`SEVERAL`] of them.
    says: Vec<u32>,
    several: Texts,
    texts: Texts,
    subset: Option<Subset>,
    /// From the glyph of the face to its code on the page.
    codes: Vec<u16>,
}

const NOTHING: u32 = 0;
const SEVERAL: u32 = u32::MAX;

impl<'f> Glyphs<'f> {
    /// Reads what stands on all pages, and reduces the faces to it.
    ///
    /// # Errors
    /// `bad-font`.
    pub(super) fn of(layout: &Layout, faces: &'f Faces) -> Result<Glyphs<'f>, Fault> {
        let mut glyphs = Glyphs { faces, used: (0..faces.len()).map(|_| None).collect() };
        for placed in layout.pages.iter().flat_map(|page| page.lines()) {
            placed.line.runs.iter().for_each(|run| glyphs.note(run));
            if placed.line.goes_on {
                let last = placed.line.runs.last().filter(|run| run.glyphs.is_none());
                glyphs.used(last.map_or(FaceId::REGULAR, |run| run.face)).note_char(' ');
            }
        }
        glyphs.used.iter_mut().flatten().try_for_each(Used::reduce)?;
        Ok(glyphs)
    }

    /// Each face that is used, with what its glyphs say.
    pub(super) fn subsets(&self) -> impl Iterator<Item = (FaceId, &Subset, &Texts)> {
        let used = self.used.iter().enumerate();
        used.filter_map(|(id, used)| {
            used.as_ref().and_then(|used| Some((FaceId(id), used.subset.as_ref()?, &used.texts)))
        })
    }

    fn used(&mut self, id: FaceId) -> &mut Used {
        let faces = self.faces;
        self.used[id.0].get_or_insert_with(|| Used::new(faces.face(id)))
    }

    fn note(&mut self, run: &Run) {
        let used = self.used(run.face);
        match &run.glyphs {
            None => run.text.chars().for_each(|c| used.note_char(c)),
            Some(glyphs) => {
                let first = run.text.get(..run.text.chars().next().map_or(0, char::len_utf8)).unwrap_or(" ");
                for glyph in glyphs {
                    used.note(glyph.id, if glyph.text.is_empty() { first } else { &glyph.text });
                }
            }
        }
    }

    /// Writes a run: as its glyphs where they say what it says, else inside a span that says it.
    pub(super) fn write(&self, run: &Run, out: &mut Writer) {
        let Some(used) = &self.used[run.face.0] else { return };
        if let Some(glyphs) = run.glyphs.as_ref().filter(|glyphs| run.leftward && spells(glyphs, &run.text)) {
            return used.write_placed(glyphs, true, out);
        }
        let exact = used.says(run);
        if !exact {
            out.begin_actual(&run.text);
        }
        match &run.glyphs {
            None => {
                out.raw("<");
                run.text.chars().for_each(|c| out.code(used.code(used.face.glyph(c).unwrap_or(0))));
                out.raw(">Tj\n");
            }
            Some(glyphs) => used.write_placed(glyphs, false, out),
        }
        if !exact {
            out.raw("EMC\n");
        }
    }

    pub(super) fn write_space(&self, face: FaceId, out: &mut Writer) {
        let Some(used) = &self.used[face.0] else { return };
        out.raw("<");
        out.code(used.code(used.face.glyph(' ').unwrap_or(0)));
        out.raw(">Tj\n");
    }
}

/// Whether glyphs that run from right to left say a text letter by letter.
fn spells(glyphs: &[Glyph], text: &str) -> bool {
    glyphs.iter().rev().flat_map(|glyph| glyph.text.chars()).eq(text.chars())
}

impl Used {
    fn new(face: std::rc::Rc<Face>) -> Used {
        let says = vec![NOTHING; face.glyphs()];
        Used { face, says, several: Texts::new(), texts: Texts::new(), subset: None, codes: Vec::new() }
    }

    fn note_char(&mut self, c: char) {
        let glyph = self.face.glyph(c).unwrap_or(0);
        if let Some(says) = self.says.get_mut(usize::from(glyph))
            && *says == NOTHING
        {
            *says = u32::from(c);
        }
    }

    /// The first text that a glyph stands for is what it says; elsewhere a span says it.
    fn note(&mut self, glyph: u16, text: &str) {
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => {
                if let Some(says) = self.says.get_mut(usize::from(glyph)).filter(|says| **says == NOTHING) {
                    *says = u32::from(c);
                }
            }
            _ => {
                if let Some(says) = self.says.get_mut(usize::from(glyph)).filter(|says| **says == NOTHING) {
                    *says = SEVERAL;
                    self.several.insert(glyph, text.to_owned());
                }
            }
        }
    }

    fn reduce(&mut self) -> Result<(), Fault> {
        for (glyph, says) in self.says.iter().enumerate().filter(|(_, says)| **says != NOTHING) {
            let glyph = glyph as u16;
            let text = char::from_u32(*says).map(String::from).or_else(|| self.several.get(&glyph).cloned());
            self.texts.insert(glyph, text.unwrap_or_default());
        }
        let subset = self.face.subset(&self.texts)?;
        self.codes = vec![0; self.says.len()];
        for (glyph, (_, code)) in &subset.codes {
            if let Some(place) = self.codes.get_mut(usize::from(*glyph)) {
                *place = *code;
            }
        }
        self.subset = Some(subset);
        Ok(())
    }

    fn code(&self, glyph: u16) -> u16 {
        self.codes.get(usize::from(glyph)).copied().unwrap_or(0)
    }

    /// Whether the glyphs of a run say its text, in the order in which a reader puts them.
    fn says(&self, run: &Run) -> bool {
        let glyph_says = |glyph: u16| self.says.get(usize::from(glyph)).copied().unwrap_or(NOTHING);
        let Some(glyphs) = &run.glyphs else {
            return run.text.chars().all(|c| self.face.glyph(c).is_some_and(|glyph| glyph_says(glyph) == u32::from(c)));
        };
        let mut said = String::with_capacity(run.text.len());
        let mut add = |glyph: &Glyph| {
            if let Some(text) = self.texts.get(&glyph.id) {
                said.push_str(text);
            }
        };
        match run.leftward {
            true => glyphs.iter().rev().for_each(&mut add),
            false => glyphs.iter().for_each(&mut add),
        }
        said == run.text
    }

    /// Whether a glyph says what it stands for here.
    fn is_said(&self, glyph: &Glyph) -> bool {
        self.texts.get(&glyph.id).is_some_and(|text| *text == glyph.text)
    }

    /// Glyphs whose places do not follow from their widths; `each` says one by one what it stands for.
    fn write_placed(&self, glyphs: &[Glyph], each: bool, out: &mut Writer) {
        out.raw("[");
        // What is still to be added to where the pen is, in thousandths.
        let mut shift = 0.0;
        let mut raised = false;
        for glyph in glyphs {
            if raised != (glyph.dy != 0.0) || raised {
                out.raw("]TJ ");
                out.rise(glyph.dy);
                out.raw("[");
                raised = glyph.dy != 0.0;
            }
            let before: f32 = shift + glyph.dx;
            if before.abs() > 0.01 {
                out.number(-before);
            }
            let spell = each && !self.is_said(glyph);
            if spell {
                out.raw("]TJ ");
                out.begin_actual(&glyph.text);
                out.raw("[");
            }
            out.raw("<");
            out.code(self.code(glyph.id));
            out.raw(">");
            if spell {
                out.raw("]TJ EMC [");
            }
            shift = glyph.advance - self.face.advance(glyph.id) - glyph.dx;
        }
        if shift.abs() > 0.01 {
            out.number(-shift);
        }
        out.raw("]TJ\n");
        if raised {
            out.rise(0.0);
        }
    }
}
