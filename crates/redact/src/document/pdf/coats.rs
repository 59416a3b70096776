//! Words painted over words, as somebody who wants to hide one would do it: read apart once more.
//!
//! In a line the same letter at the same place is read once, and a single other letter stands between its neighbours. That
//! is right for words that are painted twice to look bold, and hides a word that only begins like the one over it. So what
//! is painted over something, or through it, is read twice more: in coats, in none of which a letter stands over another,
//! and in the order in which it is painted. A reading that says what has been read before is left out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use super::layout::{self, COLUMN, Layout, Placed, Text, text_of};
use super::line::{SPACE, shown};
use super::overprint::{OVER, width};
use super::scene::Scene;

/// Coats of one line; what more is painted stands in the last.
const COATS_MAX: usize = 16;

/// So many letters within the width of one are a crowd.
const CROWD: usize = 64;

/// A text-showing operation: run and number.
type Show = (usize, usize);

/// What stands over what in a scene.
#[derive(Debug, Default)]
pub(super) struct Coats {
    /// Glyphs of each coat. Letters of one never stand over each other, while there are coats left.
    coats: Vec<Vec<usize>>,
    /// Operations with a letter that stands over another one, or between two of one word.
    touched: BTreeSet<Show>,
    /// Whether there were more coats than are kept apart.
    pub(super) is_cut: bool,
}

/// Letters of one coat of one line, in the order of where they begin along it.
type Coat = BTreeMap<(i64, usize), f64>;

impl Coats {
    /// Adds the glyphs of one line, in any order.
    pub(super) fn add(&mut self, scene: &Scene, glyphs: &[(usize, f64)]) {
        let mut painted = glyphs.to_vec();
        painted.sort_by_key(|(number, _)| *number);
        let mut line: Vec<Coat> = Vec::new();
        for word in painted.chunk_by(|a, b| is_one_stroke(scene, a, b)) {
            let letters: Vec<_> = word.iter().filter(|(number, _)| stands(scene, *number)).collect();
            let mut at = 0;
            while let Some(under) = line.get(at).and_then(|coat| under(scene, coat, &letters)) {
                self.touched.extend([show(scene, under), show(scene, word[0].0)]);
                if at + 1 == COATS_MAX {
                    self.is_cut = true;
                    break;
                }
                at += 1;
            }
            line.resize_with(line.len().max(at + 1), Coat::new);
            line[at].extend(letters.iter().map(|(number, u)| ((key(*u), *number), *u)));
            self.coats.resize_with(self.coats.len().max(at + 1), Vec::new);
            self.coats[at].extend(word.iter().map(|(number, _)| *number));
        }
        self.tear(scene, &painted);
    }

    /// Notes operations between whose letters something else stands, and that.
    fn tear(&mut self, scene: &Scene, glyphs: &[(usize, f64)]) {
        let mut letters: Vec<_> = glyphs.iter().filter(|(number, _)| stands(scene, *number)).collect();
        letters.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        let mut ends: BTreeMap<Show, (usize, f64)> = BTreeMap::new();
        for (at, (number, u)) in letters.iter().enumerate() {
            let (glyph, own) = (&scene.glyphs[*number], show(scene, *number));
            if let Some((before, end)) = ends.insert(own, (at, u + glyph.reach))
                && before + 1 < at
                && u - end < glyph.em
            {
                self.touched.extend([own, show(scene, letters[at - 1].0)]);
            }
        }
    }
}

impl Coats {
    /// Whether anything stands over something.
    pub(super) fn is_tangled(&self) -> bool {
        !self.touched.is_empty()
    }
}

/// Whether the second glyph carries on what the first one began: the pen does not go back.
pub(super) fn is_one_stroke(scene: &Scene, a: &(usize, f64), b: &(usize, f64)) -> bool {
    show(scene, a.0) == show(scene, b.0) && b.1 > a.1 - OVER * width(&scene.glyphs[b.0])
}

/// Whether something is seen of a glyph.
fn stands(scene: &Scene, number: usize) -> bool {
    !text_of(scene, &scene.glyphs[number]).trim().is_empty()
}

/// An accent that is painted over the letter it belongs to.
fn is_accent(c: char) -> bool {
    matches!(c, '`' | '^' | '~' | '¨' | '¯' | '´' | '¸' | 'ˆ'..='˿' | '\u{300}'..='\u{36f}')
}

fn show(scene: &Scene, glyph: usize) -> Show {
    (scene.glyphs[glyph].run, scene.glyphs[glyph].operation)
}

/// A letter of the coat over which one of these stands, whether it is the same letter or not. Where letters crowd, one of
/// them is as good as the other.
fn under(scene: &Scene, coat: &Coat, letters: &[&(usize, f64)]) -> Option<usize> {
    letters.iter().find_map(|(number, u)| {
        let own = OVER * width(&scene.glyphs[*number]);
        let near = coat.range((key(u - own), 0)..=(key(u + own), usize::MAX)).enumerate();
        let mut near = near.map(|(count, ((_, other), at))| (count, *other, *at));
        let is_over = |other: usize, at: f64| (at - u).abs() < own.min(OVER * width(&scene.glyphs[other]));
        near.find(|(count, other, at)| *count == CROWD || is_over(*other, *at)).map(|(_, other, _)| other)
    })
}

/// Numbers in the order of `f64::total_cmp`.
fn key(number: f64) -> i64 {
    let bits = number.to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

/// The readings that say something else than the blocks and rows of the layout.
pub(super) fn readings(scene: &Scene, layout: &Layout) -> Vec<Text> {
    let coats = &layout.coats;
    if coats.touched.is_empty() {
        return Vec::new();
    }
    let said = Said::of(scene, layout);
    let mut texts = Vec::new();
    for coat in coats.coats.iter().filter(|_| coats.coats.len() > 1) {
        let own = layout::of_glyphs(scene, coat);
        texts.extend((0..own.blocks()).map(|block| own.block(scene, block)).filter(|text| !said.blocks.covers(text)));
        texts.extend(own.rows().into_iter().map(|line| own.row(scene, line)).filter(|text| !said.rows.covers(text)));
    }
    texts.extend(strokes(scene, &coats.touched, &said.blocks));
    texts
}

/// What has been read so far.
struct Said {
    blocks: Readings,
    rows: Readings,
}

impl Said {
    fn of(scene: &Scene, layout: &Layout) -> Said {
        Said {
            blocks: Readings::of((0..layout.blocks()).map(|block| layout.block(scene, block)).collect()),
            rows: Readings::of(layout.rows().into_iter().map(|line| layout.row(scene, line)).collect()),
        }
    }
}

/// Texts of which no two have a glyph in common, and where each glyph stands in them.
struct Readings {
    texts: Vec<Text>,
    places: HashMap<usize, (usize, Range<usize>)>,
}

impl Readings {
    fn of(texts: Vec<Text>) -> Readings {
        let mut places = HashMap::new();
        for (number, text) in texts.iter().enumerate() {
            places.extend(text.glyphs.iter().map(|placed| (placed.glyph, (number, placed.range.clone()))));
        }
        Readings { texts, places }
    }

    /// Whether a text was read with the same glyphs, no letter before or behind it: it would be found there.
    fn covers(&self, text: &Text) -> bool {
        let words = text.text.trim();
        let Some((number, at)) = text.glyphs.first().and_then(|first| self.places.get(&first.glyph)) else {
            return words.is_empty();
        };
        let whole = &self.texts[*number].text;
        let from = whole.floor_char_boundary(at.start.saturating_sub(text.text.len()));
        let to = whole.ceil_char_boundary((at.end + text.text.len()).min(whole.len()));
        let places = memchr::memmem::find_iter(&whole.as_bytes()[from..to], words).map(|found| from + found);
        let joins = |edge: Option<char>, beyond: Option<char>| {
            edge.is_some_and(char::is_alphanumeric) && beyond.is_some_and(char::is_alphanumeric)
        };
        places.map(|start| start..start + words.len()).any(|range| {
            let is_within = |placed: &Placed| {
                let place = self.places.get(&placed.glyph).filter(|(other, _)| other == number);
                let blank = placed.range.is_empty() || text.text[placed.range.clone()].trim().is_empty();
                blank || place.is_some_and(|(_, own)| range.start <= own.start && own.end <= range.end)
            };
            let (before, after) = (whole[..range.start].chars().next_back(), whole[range.end..].chars().next());
            !joins(words.chars().next(), before)
                && !joins(words.chars().next_back(), after)
                && text.glyphs.iter().all(is_within)
        })
    }
}

/// What is touched in the order in which it is painted, with what is painted right before and after it.
fn strokes(scene: &Scene, touched: &BTreeSet<Show>, said: &Readings) -> Vec<Text> {
    let all: Vec<usize> = (0..scene.glyphs.len()).collect();
    let strokes = all.chunk_by(|a, b| !matches!(between(scene, *a, *b), Some('\n' | '\t')));
    let strokes: Vec<Range<usize>> = strokes.map(|stroke| stroke[0]..stroke[stroke.len() - 1] + 1).collect();
    let is_said = |stroke: &Range<usize>| {
        !stroke.clone().any(|glyph| touched.contains(&show(scene, glyph)))
            || said.covers(&painted(scene, stroke.clone()))
    };
    let mut unsaid: Vec<Range<usize>> = Vec::new();
    for (at, _) in strokes.iter().enumerate().filter(|(_, stroke)| !is_said(stroke)) {
        let (first, last) = (at.saturating_sub(1), (at + 1).min(strokes.len() - 1));
        match unsaid.last_mut().filter(|before| before.end >= strokes[first].start) {
            Some(before) => before.end = strokes[last].end,
            None => unsaid.push(strokes[first].start..strokes[last].end),
        }
    }
    unsaid.into_iter().map(|range| painted(scene, range)).collect()
}

fn along(scene: &Scene, number: usize) -> f64 {
    super::geometry::dot(scene.glyphs[number].origin, scene.glyphs[number].along)
}

/// Glyphs in the order in which they are painted, without accents.
fn painted(scene: &Scene, numbers: Range<usize>) -> Text {
    let mut text = Text { extent: (f64::MAX, f64::MIN), ..Text::default() };
    let mut previous: Option<usize> = None;
    for number in numbers {
        text.text.extend(previous.and_then(|before| between(scene, before, number)));
        let begin = text.text.len();
        text.text.extend(shown(text_of(scene, &scene.glyphs[number])).filter(|c| !is_accent(*c)));
        text.glyphs.push(Placed { glyph: number, range: begin..text.text.len(), shadow: false });
        let left = along(scene, number);
        text.extent = (text.extent.0.min(left), text.extent.1.max(left + scene.glyphs[number].width));
        previous = Some(number);
    }
    text
}

/// What stands between two glyphs that are painted one after the other.
fn between(scene: &Scene, before: usize, next: usize) -> Option<char> {
    use super::geometry::dot;
    let (a, b) = (&scene.glyphs[before], &scene.glyphs[next]);
    let size = a.height.max(b.height);
    let is_line = dot(a.along, b.along) > 0.99 && (dot(a.origin, a.up) - dot(b.origin, a.up)).abs() <= 0.4 * size;
    let gap = dot(b.origin, a.along) - dot(a.origin, a.along) - a.reach;
    match is_line {
        false => Some('\n'),
        true if gap < -1.5 * a.em - a.reach => Some('\n'),
        true if gap > COLUMN * b.em.max(0.5 * size) => Some('\t'),
        true => (gap > SPACE * a.em).then_some(' '),
    }
}
