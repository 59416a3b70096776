//! Glyphs → text in reading order.
//!
//! Glyphs of one direction are sorted into lines by their baseline, words painted over others into lines of their own
//! (`overprint`); lines are cut into segments at wide gaps, and
//! segments that stand under one another become a block: a paragraph, a column, a cell. A block is one piece. A line
//! whose segments went into different blocks is another piece, so that a label and the value beside it are seen
//! together; what was taken out of the blocks stands there as its replacement. Readings of words painted over words come
//! last (`coats`).

use std::collections::BTreeMap;
use std::ops::Range;

use super::coats::Coats;
use super::geometry::{Point, dot};
use super::line;
use super::overprint;
use super::scene::{Glyph, Scene};

/// From which gap on, as a share of the size, there is another segment.
pub(super) const COLUMN: f64 = 1.6;

/// Text in reading order, and which glyph each byte of it comes from.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) text: String,
    pub(super) glyphs: Vec<Placed>,
    /// Right and left end of the block the text stands in, along the line.
    pub(super) extent: (f64, f64),
}

/// A glyph in a text.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) glyph: usize,
    pub(super) range: Range<usize>,
    /// Whether it only thickens the glyph before it.
    pub(super) shadow: bool,
}

/// A line of the page: glyphs of one baseline, in order.
#[derive(Debug)]
pub(super) struct Line {
    /// Glyphs with where they begin along the line.
    pub(super) glyphs: Vec<(usize, f64)>,
    segments: Vec<Segment>,
    along: Point,
    baseline: f64,
    size: f64,
}

#[derive(Clone, Debug)]
struct Segment {
    glyphs: Range<usize>,
    left: f64,
    right: f64,
    block: usize,
}

/// The page in reading order.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) lines: Vec<Line>,
    /// Segments of each block: line and segment.
    blocks: Vec<Vec<(usize, usize)>>,
    /// Line of each glyph.
    pub(super) line_of: BTreeMap<usize, usize>,
    /// What stands over what.
    pub(super) coats: Coats,
}

/// Sorts the glyphs of a scene.
pub(super) fn of(scene: &Scene) -> Layout {
    of_glyphs(scene, &(0..scene.glyphs.len()).collect::<Vec<_>>())
}

/// Sorts some glyphs of a scene.
pub(super) fn of_glyphs(scene: &Scene, glyphs: &[usize]) -> Layout {
    let mut layout = Layout::default();
    let mut directions: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for number in glyphs.iter().copied() {
        let glyph = &scene.glyphs[number];
        let degrees = glyph.along.1.atan2(glyph.along.0).to_degrees().round() as i64;
        let mirrored = dot(glyph.up, (-glyph.along.1, glyph.along.0)) < 0.0;
        directions.entry(degrees + if mirrored { 1_000 } else { 0 }).or_default().push(number);
    }
    for glyphs in directions.into_values() {
        let begin = layout.lines.len();
        lines(scene, glyphs, &mut layout);
        for line in &mut layout.lines[begin..] {
            segment(scene, line);
        }
        blocks(&mut layout, begin);
    }
    for (number, line) in layout.lines.iter().enumerate() {
        layout.line_of.extend(line.glyphs.iter().map(|(glyph, _)| (*glyph, number)));
    }
    layout
}

/// Groups glyphs by baseline, from the top.
fn lines(scene: &Scene, mut glyphs: Vec<usize>, layout: &mut Layout) {
    let lines = &mut layout.lines;
    let first = &scene.glyphs[glyphs[0]];
    let (along, up) = (first.along, first.up);
    let baseline = |glyph: usize| dot(scene.glyphs[glyph].origin, up);
    glyphs.sort_by(|a, b| baseline(*b).total_cmp(&baseline(*a)).then(a.cmp(b)));
    let begin = lines.len();
    for number in glyphs {
        let glyph = &scene.glyphs[number];
        let (v, u) = (baseline(number), dot(glyph.origin, along));
        let recent = lines.len().saturating_sub(4).max(begin);
        let home = lines[recent..].iter_mut().rev().find(|line| {
            let tolerance = 0.4 * line.size.max(glyph.height).min(2.0 * line.size.min(glyph.height));
            (line.baseline - v).abs() <= tolerance.max(0.01)
        });
        match home {
            Some(line) => {
                line.glyphs.push((number, u));
                if glyph.height > line.size {
                    (line.size, line.baseline) = (glyph.height, v);
                }
            }
            None => lines.push(Line {
                glyphs: vec![(number, u)],
                segments: Vec::new(),
                along,
                baseline: v,
                size: glyph.height,
            }),
        }
    }
    for line in lines.split_off(begin) {
        layout.coats.add(scene, &line.glyphs);
        lines.extend(overprint::layers(scene, line));
    }
    for line in &mut lines[begin..] {
        line.glyphs.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    }
}

/// Cuts a line at wide gaps.
fn segment(scene: &Scene, line: &mut Line) {
    let mut current: Option<Segment> = None;
    for (at, (number, u)) in line.glyphs.iter().enumerate() {
        let glyph = &scene.glyphs[*number];
        let right = u + glyph.reach;
        let blank = text_of(scene, glyph).trim().is_empty();
        match &mut current {
            // Blanks neither end a segment nor carry one on.
            Some(segment) if blank => segment.glyphs.end = at + 1,
            Some(segment) if u - segment.right <= COLUMN * glyph.em.max(line.size * 0.5) => {
                segment.glyphs.end = at + 1;
                segment.right = segment.right.max(right);
            }
            other => {
                line.segments.extend(other.take());
                let reach = if blank { *u } else { right };
                *other = Some(Segment { glyphs: at..at + 1, left: *u, right: reach, block: 0 });
            }
        }
    }
    line.segments.extend(current);
}

/// Joins segments that stand under one another.
fn blocks(layout: &mut Layout, begin: usize) {
    let mut open: Vec<usize> = Vec::new();
    for line in begin..layout.lines.len() {
        let mut taken: Vec<usize> = Vec::new();
        for at in 0..layout.lines[line].segments.len() {
            open.retain(|block| {
                let (last, _) = layout.blocks[*block][layout.blocks[*block].len() - 1];
                layout.lines[last].baseline - layout.lines[line].baseline
                    <= 4.0 * layout.lines[line].size.max(layout.lines[last].size)
            });
            let best =
                open.iter().filter(|block| !taken.contains(block)).map(|block| (fit(layout, *block, line, at), *block));
            let best = best.filter(|(fit, _)| *fit > 0.0).max_by(|a, b| a.0.total_cmp(&b.0));
            let block = best.map_or(layout.blocks.len(), |(_, block)| block);
            if block == layout.blocks.len() {
                layout.blocks.push(Vec::new());
                open.push(block);
            }
            taken.push(block);
            layout.blocks[block].push((line, at));
            layout.lines[line].segments[at].block = block;
        }
    }
}

/// How far a segment overlaps the last one of a block; 0 when it does not belong there.
fn fit(layout: &Layout, block: usize, line: usize, at: usize) -> f64 {
    let (last, segment) = layout.blocks[block][layout.blocks[block].len() - 1];
    let (above, below) = (&layout.lines[last], &layout.lines[line]);
    let (a, b) = (&above.segments[segment], &below.segments[at]);
    let (small, large) = (above.size.min(below.size), above.size.max(below.size));
    if above.baseline - below.baseline > 1.9 * large || large > 1.6 * small {
        return 0.0;
    }
    a.right.min(b.right) - a.left.max(b.left)
}

pub(super) fn text_of<'s>(scene: &'s Scene, glyph: &Glyph) -> &'s str {
    &scene.text[glyph.text.0..glyph.text.1]
}

impl Layout {
    /// Number of blocks.
    pub(super) fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// The text of a block.
    pub(super) fn block(&self, scene: &Scene, block: usize) -> Text {
        let mut text = Text::default();
        let segments = &self.blocks[block];
        let bounds = segments.iter().map(|(line, at)| &self.lines[*line].segments[*at]);
        let right = bounds.clone().map(|s| s.right).fold(f64::MIN, f64::max);
        text.extent = (bounds.map(|s| s.left).fold(f64::MAX, f64::min), right);
        for (number, (line, at)) in segments.iter().enumerate() {
            let line = &self.lines[*line];
            let segment = &line.segments[*at];
            let glyphs = &line.glyphs[segment.glyphs.clone()];
            if number > 0 {
                let (above, before) = segments[number - 1];
                let room = right - self.lines[above].segments[before].right;
                join(&mut text, scene, glyphs, room);
            }
            line::push(&mut text, scene, glyphs);
        }
        text
    }

    /// Lines whose segments went into different blocks.
    pub(super) fn rows(&self) -> Vec<usize> {
        let apart = |line: &Line| line.segments.iter().any(|s| s.block != line.segments[0].block);
        (0..self.lines.len()).filter(|line| apart(&self.lines[*line])).collect()
    }

    /// The text of a line across its segments.
    pub(super) fn row(&self, scene: &Scene, line: usize) -> Text {
        let line = &self.lines[line];
        let ends = line.segments.iter().map(|s| (s.left, s.right));
        let extent = ends.fold((f64::MAX, f64::MIN), |(l, r), (left, right)| (l.min(left), r.max(right)));
        let mut text = Text { extent, ..Text::default() };
        for (number, segment) in line.segments.iter().enumerate() {
            if number > 0 {
                text.text.push('\t');
            }
            line::push(&mut text, scene, &line.glyphs[segment.glyphs.clone()]);
        }
        text
    }
}

impl Text {
    /// The same text; glyphs that are gone leave their replacement, which belongs to no glyph.
    pub(super) fn without(&self, gone: &BTreeMap<usize, Option<String>>) -> Text {
        let mut text = Text { extent: self.extent, ..Text::default() };
        let mut at = 0;
        for placed in &self.glyphs {
            text.text.push_str(&self.text[at..placed.range.start]);
            at = placed.range.end;
            match gone.get(&placed.glyph) {
                Some(label) => text.text.push_str(label.as_deref().unwrap_or_default()),
                None => {
                    let begin = text.text.len();
                    text.text.push_str(&self.text[placed.range.clone()]);
                    text.glyphs.push(Placed { range: begin..text.text.len(), ..placed.clone() });
                }
            }
        }
        text.text.push_str(&self.text[at..]);
        text
    }
}

/// What stands between two lines of a block: nothing after a hyphen, a blank where the paragraph runs on, else a
/// line feed.
fn join(text: &mut Text, scene: &Scene, next: &[(usize, f64)], room: f64) {
    let mut word = 0.0;
    let mut first = None;
    for (number, _) in next {
        let glyph = &scene.glyphs[*number];
        let shown = text_of(scene, glyph);
        first = first.or(shown.chars().next());
        if shown.contains(' ') && word > 0.0 {
            break;
        }
        word += glyph.width;
    }
    let mut before = text.text.chars().rev();
    let (last, earlier) = (before.next(), before.next());
    let hyphen = matches!(last, Some('-' | '\u{2010}')) && earlier.is_some_and(char::is_alphanumeric);
    match first {
        Some(c) if hyphen && c.is_lowercase() && earlier.is_some_and(char::is_alphabetic) => drop_hyphen(text),
        Some(c) if hyphen && c.is_alphanumeric() => {}
        _ if room < word && last == Some(' ') => {}
        _ if room < word => text.text.push(' '),
        _ => text.text.push('\n'),
    }
}

/// Takes the hyphen at a line's end out of the text; its glyph stays in its place, with no text.
fn drop_hyphen(text: &mut Text) {
    text.text.pop();
    let end = text.text.len();
    for placed in text.glyphs.iter_mut().rev().take_while(|placed| placed.range.end > end) {
        placed.range = placed.range.start.min(end)..end;
    }
}

impl Line {
    /// A line of the same place with other glyphs.
    pub(super) fn with(&self, glyphs: Vec<(usize, f64)>) -> Line {
        Line { glyphs, segments: Vec::new(), along: self.along, baseline: self.baseline, size: self.size }
    }

    /// Unit vector along the line.
    pub(super) fn along(&self) -> Point {
        self.along
    }
}
