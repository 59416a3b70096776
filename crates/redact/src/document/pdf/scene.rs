//! What a page shows: glyphs, images and marked content, each with the operation it comes from.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use lopdf::{Dictionary, ObjectId};

use super::geometry::{Matrix, Point, Quad, Rect, dot};
use super::work::Source;

/// A page, an appearance or another stream that is scanned as one.
#[derive(Debug, Default)]
pub(super) struct Scene {
    /// Executions of streams; the first is the page itself.
    pub(super) runs: Vec<Run>,
    /// Glyphs in the order in which they are painted.
    pub(super) glyphs: Vec<Glyph>,
    /// Images in the order in which they are painted.
    pub(super) images: Vec<Shown>,
    /// Marked content.
    pub(super) marks: Vec<Mark>,
    /// Opaque boxes.
    pub(super) fills: Vec<Fill>,
    /// Glyphs that were taken out.
    pub(super) gone: BTreeSet<usize>,
    /// Text of all glyphs.
    pub(super) text: String,
}

impl Scene {
    /// Whether text that stays lies under a box that was painted over it: it is hidden, not gone.
    pub(super) fn hides_text(&self) -> bool {
        self.fills.iter().any(|fill| {
            let glyphs = self.glyphs.iter().enumerate().take(fill.glyphs);
            let mut shown = glyphs.filter(|(number, glyph)| !self.gone.contains(number) && !self.blank(glyph));
            let is_under = |part: Rect, glyph: &Glyph| part.area() > 0.5 * glyph.rect().area();
            shown.any(|(_, glyph)| glyph.rect().meet(&fill.rect).is_some_and(|part| is_under(part, glyph)))
        })
    }

    /// The same glyphs as they are read where fonts say two things of them; `None` when they do nowhere.
    pub(super) fn otherwise(&self) -> Option<Scene> {
        let mut glyphs = self.glyphs.clone();
        for (number, glyph) in glyphs.iter_mut().enumerate() {
            glyph.other = glyph.other.filter(|(begin, end)| begin < end || self.is_within(number));
        }
        glyphs.iter().find(|glyph| glyph.other.is_some())?;
        glyphs.iter_mut().for_each(|glyph| glyph.text = glyph.other.unwrap_or(glyph.text));
        Some(Scene { glyphs, text: self.text.clone(), ..Scene::default() })
    }

    /// Whether a glyph is painted between two that show something, on their line.
    fn is_within(&self, number: usize) -> bool {
        let around = [number.checked_sub(1), number.checked_add(1)];
        around.into_iter().all(|other| {
            let other = other.and_then(|other| self.glyphs.get(other));
            other.is_some_and(|other| {
                let apart = dot(other.origin, other.up) - dot(self.glyphs[number].origin, other.up);
                !self.blank(other) && apart.abs() < 0.4 * other.height
            })
        })
    }

    fn blank(&self, glyph: &Glyph) -> bool {
        self.text[glyph.text.0..glyph.text.1].trim().is_empty()
    }
}

/// An opaque box.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fill {
    pub(super) rect: Rect,
    /// How many glyphs, and how many images, had been painted before it.
    pub(super) glyphs: usize,
    pub(super) images: usize,
    /// Whether all of it is surely painted: no clip cuts it, no layer hides it, no pattern shines through.
    pub(super) is_sure: bool,
}

/// One execution of a content stream. A form that is shown twice has two, so that one can be changed alone.
#[derive(Debug)]
pub(super) struct Run {
    /// What is executed.
    pub(super) source: Rc<Source>,
    /// The stream's object; `None` for a page, whose streams are joined.
    pub(super) object: Option<ObjectId>,
    /// Whether the stream has resources of its own.
    pub(super) own_resources: bool,
    /// What names in it mean.
    pub(super) resources: Dictionary,
    /// Forms it shows: operation and run.
    pub(super) forms: BTreeMap<usize, usize>,
    /// Images it shows that had to be changed: operation and new object.
    pub(super) images: BTreeMap<usize, ObjectId>,
    /// Operations that are left out.
    pub(super) dropped: BTreeSet<usize>,
    /// Operations that are written anew.
    pub(super) rewritten: BTreeMap<usize, Vec<u8>>,
}

/// A glyph.
#[derive(Clone, Debug)]
pub(super) struct Glyph {
    /// Execution, operation, element of its array, bytes of its string.
    pub(super) run: usize,
    pub(super) operation: usize,
    pub(super) element: usize,
    pub(super) at: usize,
    pub(super) bytes: usize,
    /// Font and code.
    pub(super) font: usize,
    pub(super) code: u32,
    /// Text: a range of the scene's.
    pub(super) text: (usize, usize),
    /// What it may show instead, where its font says two things.
    pub(super) other: Option<(usize, usize)>,
    /// Where it stands, in the space of the scene.
    pub(super) origin: Point,
    /// Unit vectors along the line and upwards.
    pub(super) along: Point,
    pub(super) up: Point,
    /// How far it reaches along the line, without and with letter spacing.
    pub(super) width: f64,
    pub(super) reach: f64,
    /// Size along the line and upwards.
    pub(super) em: f64,
    pub(super) height: f64,
    /// The number in a `TJ` array that moves as far as the glyph did.
    pub(super) displacement: f64,
    /// Innermost marked content.
    pub(super) mark: Option<usize>,
}

/// Depth and height of a glyph's box, as shares of its size: enough for capitals, digits and descenders, and less
/// than a line.
pub(super) const DESCENT: f64 = 0.22;
pub(super) const ASCENT: f64 = 0.76;

impl Glyph {
    /// The corners of its box.
    pub(super) fn quad(&self) -> Quad {
        let corner = |u: f64, v: f64| {
            (self.origin.0 + u * self.along.0 + v * self.up.0, self.origin.1 + u * self.along.1 + v * self.up.1)
        };
        let (low, high) = (-DESCENT * self.height, ASCENT * self.height);
        [corner(0.0, low), corner(self.width, low), corner(self.width, high), corner(0.0, high)]
    }

    /// The upright box around it.
    pub(super) fn rect(&self) -> Rect {
        Rect::around(&self.quad())
    }
}

/// An image on the page.
#[derive(Debug)]
pub(super) struct Shown {
    /// Execution and operation.
    pub(super) run: usize,
    pub(super) operation: usize,
    /// The object; `None` for an inline image.
    pub(super) object: Option<ObjectId>,
    /// From the unit square to the scene.
    pub(super) matrix: Matrix,
}

/// A marked-content sequence.
#[derive(Debug)]
pub(super) struct Mark {
    /// Execution and operation that opened it.
    pub(super) run: usize,
    pub(super) operation: usize,
    /// The one around it.
    pub(super) parent: Option<usize>,
    /// Whether it carries text that stands for what is shown: `ActualText`, `Alt`, `E`.
    pub(super) speaks: bool,
    /// Its number in the structure tree.
    pub(super) number: Option<i64>,
}
