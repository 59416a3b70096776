//! What stands where: pages, tags, bookmarks, links. `layout` writes it, `draw` and `finish` read it.

use std::collections::HashMap;
use std::rc::Rc;

use evidence::report::{Link, Paper, Signatory};

use crate::palette::Color;
use crate::text::Line;

/// Pages, tags, bookmarks.
#[derive(Default)]
pub(crate) struct Layout {
    /// Width and height of every page, in points.
    pub(crate) sheet: (f32, f32),
    pub(crate) pages: Vec<Page>,
    /// The structure tree; node 0 is `Document`.
    pub(crate) tags: Vec<Tag>,
    pub(crate) bookmarks: Vec<Bookmark>,
    /// Page and upper edge of each place that a link can lead to.
    pub(crate) anchors: HashMap<String, (usize, f32)>,
}

/// What stands on a page.
#[derive(Default)]
pub(crate) struct Page {
    /// Boxes, rules and dotted lines: artifacts.
    pub(crate) fills: Vec<Fill>,
    pub(crate) dots: Vec<Dots>,
    pub(crate) content: Vec<Content>,
    /// What stands around the body, above and below: artifacts.
    pub(crate) head: Vec<Placed>,
    pub(crate) foot: Vec<Placed>,
    pub(crate) areas: Vec<Area>,
    /// How many marked-content ids the page has.
    pub(crate) marks: usize,
}

pub(crate) struct Fill {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) color: Color,
}

/// A dotted line.
pub(crate) struct Dots {
    pub(crate) from: f32,
    pub(crate) to: f32,
    pub(crate) y: f32,
}

pub(crate) enum Content {
    Line(Placed),
    Picture(Picture),
}

/// A line at its place. With a mark it is content, without it is an artifact.
pub(crate) struct Placed {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) line: Line,
    pub(crate) mark: Option<Mark>,
}

/// Shapes and words that are one thing for whoever hears it.
pub(crate) struct Picture {
    pub(crate) mark: Mark,
    pub(crate) shapes: Vec<Shape>,
    pub(crate) lines: Vec<Placed>,
}

pub(crate) enum Shape {
    Box(Fill),
    /// Boxes (x, y, width, height) that are filled at once: there is no hair of light between them.
    Boxes {
        boxes: Vec<[f32; 4]>,
        color: Color,
    },
    Curve {
        points: Vec<(f32, f32)>,
        width: f32,
        color: Color,
    },
}

/// Which content of the page it is, and of which tag.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mark {
    pub(crate) id: usize,
    pub(crate) tag: usize,
}

/// A part of the page that leads somewhere, or waits for a signature.
pub(crate) struct Area {
    /// Left, bottom, right, top.
    pub(crate) rect: [f32; 4],
    pub(crate) what: Active,
    pub(crate) tag: usize,
}

pub(crate) enum Active {
    Link(Rc<Link>),
    Signature(Signatory),
}

/// A structure element.
pub(crate) struct Tag {
    pub(crate) name: &'static str,
    pub(crate) kids: Vec<Kid>,
    pub(crate) says: Says,
}

/// What an element says beside its name.
pub(crate) enum Says {
    Nothing,
    /// `Column` or `Row`: what a header of a table heads.
    Scope(&'static str),
    /// What a table holds.
    Summary(String),
    /// How a list is numbered.
    Numbering(&'static str),
    /// Its words where they stand on the page in another order, and their language where it is known.
    Words {
        words: Option<String>,
        language: Option<&'static str>,
    },
    /// The words for a picture, and its box: left, bottom, right, top.
    Alternative(String, [f32; 4]),
}

#[derive(Clone, Copy)]
pub(crate) enum Kid {
    Tag(usize),
    Content { page: usize, mark: usize },
    Area { page: usize, area: usize },
}

pub(crate) struct Bookmark {
    pub(crate) title: String,
    pub(crate) level: u8,
    pub(crate) page: usize,
    pub(crate) top: f32,
}

/// Width and height of a sheet in points.
pub(crate) fn sheet(paper: Paper) -> (f32, f32) {
    match paper {
        Paper::A4 => (595.28, 841.89),
        Paper::Letter => (612.0, 792.0),
    }
}

impl Content {
    pub(crate) fn mark(&self) -> Option<Mark> {
        match self {
            Content::Line(placed) => placed.mark,
            Content::Picture(picture) => Some(picture.mark),
        }
    }
}

impl Tag {
    pub(crate) fn new(name: &'static str) -> Tag {
        Tag { name, kids: Vec::new(), says: Says::Nothing }
    }
}

impl Page {
    /// Lets go of what was drawn.
    pub(crate) fn forget(&mut self) {
        (self.fills, self.dots, self.content) = Default::default();
        (self.head, self.foot) = Default::default();
    }

    /// Every line of the page.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &Placed> {
        let content = self.content.iter().flat_map(|content| match content {
            Content::Line(placed) => std::slice::from_ref(placed),
            Content::Picture(picture) => picture.lines.as_slice(),
        });
        content.chain(&self.head).chain(&self.foot)
    }
}
