//! One line: where words end, which glyphs only thicken others, and what order they are read in.

use super::layout::{Placed, Text, text_of};
use super::scene::Scene;

/// From which gap on, as a share of the size, there is a space.
pub(super) const SPACE: f64 = 0.15;
/// So many glyphs standing alone are one word in cells, or spaced out for show.
const CELLS: usize = 4;

/// A glyph of a line in reading order.
struct Step {
    glyph: usize,
    /// Whether it only thickens the glyph before it.
    shadow: bool,
    /// Whether there is a space before it.
    gap: bool,
    blank: bool,
    /// Its middle, along the line.
    middle: f64,
}

/// Appends glyphs of one line, with blanks where there are gaps.
pub(super) fn push(text: &mut Text, scene: &Scene, glyphs: &[(usize, f64)]) {
    let mut steps = steps(scene, &logical(scene, glyphs));
    join_cells(&mut steps);
    for step in steps {
        let own = text_of(scene, &scene.glyphs[step.glyph]);
        if step.gap && !text.text.ends_with([' ', '\n', '\t']) && !own.starts_with(' ') {
            text.text.push(' ');
        }
        let begin = text.text.len();
        if !step.shadow {
            text.text.extend(shown(own));
        }
        text.glyphs.push(Placed { glyph: step.glyph, range: begin..text.text.len(), shadow: step.shadow });
    }
}

fn steps(scene: &Scene, order: &[(usize, f64)]) -> Vec<Step> {
    let mut end: Option<f64> = None;
    let mut previous: Option<(usize, f64)> = None;
    let mut steps = Vec::new();
    for (number, u) in order {
        let glyph = &scene.glyphs[*number];
        let shown = text_of(scene, glyph);
        let blank = shown.trim().is_empty();
        let shadow = previous.is_some_and(|(other, at)| {
            let same = text_of(scene, &scene.glyphs[other]) == shown;
            same && (u - at).abs() < 0.2 * glyph.width
        });
        let apart = |end: f64| u - end > SPACE * glyph.em || end - u > 1.5 * glyph.em + glyph.reach;
        let gap = !shadow && end.is_some_and(apart);
        steps.push(Step { glyph: *number, shadow, gap, blank, middle: u + glyph.width / 2.0 });
        let reach = u + glyph.reach;
        end = Some(end.map_or(reach, |end| if rtl(shown) { reach } else { end.max(reach) }));
        // What thickens a letter can be thickened again.
        previous = if shadow { previous.map(|(other, _)| (other, *u)) } else { Some((*number, *u)) };
    }
    steps
}

/// Glyphs that each stand alone at like distances, as in the cells of a form, are one word.
fn join_cells(steps: &mut [Step]) {
    let mut at = 0;
    while at < steps.len() {
        let alone = |step: &Step| step.gap && !step.blank || step.shadow;
        let run = 1 + steps[at + 1..].iter().take_while(|step| alone(step)).count();
        // The last one stands alone only if what follows is apart from it: a blank, or nothing.
        let ends = steps.get(at + run).is_none_or(|next| next.blank);
        let run = if ends { run } else { run - 1 };
        if run >= CELLS && !steps[at].blank {
            let pitch: Vec<f64> = (at + 1..at + run).map(|cell| steps[cell].middle - steps[cell - 1].middle).collect();
            let narrowest = pitch.iter().copied().filter(|pitch| *pitch > 0.0).fold(f64::MAX, f64::min);
            for (cell, pitch) in steps[at + 1..at + run].iter_mut().zip(pitch) {
                cell.gap &= pitch > 1.5 * narrowest;
            }
        }
        at += run.max(1);
    }
}

/// The characters of a glyph as they are read.
pub(super) fn shown(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !invisible(*c)).map(plain)
}

/// Soft hyphens and characters without width: they only keep a word from being found.
fn invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// Control characters and unusual blanks are blanks.
fn plain(c: char) -> char {
    if c.is_control() || c.is_whitespace() { ' ' } else { c }
}

fn rtl(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'))
}

/// Glyphs stand from left to right; what is written from right to left is turned round.
fn logical(scene: &Scene, glyphs: &[(usize, f64)]) -> Vec<(usize, f64)> {
    let mut order = glyphs.to_vec();
    let is_rtl = |(glyph, _): &(usize, f64)| rtl(text_of(scene, &scene.glyphs[*glyph]));
    let is_blank = |(glyph, _): &(usize, f64)| text_of(scene, &scene.glyphs[*glyph]).trim().is_empty();
    let mut at = 0;
    while at < order.len() {
        if !is_rtl(&order[at]) {
            at += 1;
            continue;
        }
        let mut end = at;
        for (next, glyph) in order.iter().enumerate().skip(at) {
            if is_rtl(glyph) {
                end = next;
            } else if !is_blank(glyph) {
                break;
            }
        }
        order[at..=end].reverse();
        at = end + 1;
    }
    order
}
