//! Words painted over other words: in one line their letters would stand between each other, and neither would be read.

use super::coats::is_one_stroke;
use super::layout::{Line, text_of};
use super::scene::{Glyph, Scene};

/// Letters nearer to each other than this share of the narrower one stand over each other.
pub(super) const OVER: f64 = 0.5;
/// The same letter nearer than this share of its width only thickens the one below.
const SHADOW: f64 = 0.3;
/// Layers of one line; what more is painted stands in the last.
const LAYERS_MAX: usize = 16;
/// A line of more glyphs is taken as it is: the time to look at it grows with their square.
const GLYPHS_MAX: usize = 5_000;

/// The line, as many times as words stand over each other in it.
pub(super) fn layers(scene: &Scene, line: Line) -> Vec<Line> {
    if line.glyphs.len() > GLYPHS_MAX {
        return vec![line];
    }
    let mut painted = line.glyphs.clone();
    painted.sort_by_key(|(number, _)| *number);
    let mut layers: Vec<Vec<(usize, f64)>> = vec![Vec::new()];
    for word in painted.chunk_by(|a, b| is_one_stroke(scene, a, b)) {
        let free = layers.iter().position(|layer| !is_over(scene, layer, word));
        let at = free.unwrap_or_else(|| {
            if layers.len() < LAYERS_MAX {
                layers.push(Vec::new());
            }
            layers.len() - 1
        });
        layers[at].extend_from_slice(word);
        layers[at].sort_by(|a, b| a.1.total_cmp(&b.1));
    }
    if layers.len() == 1 {
        return vec![line];
    }
    layers.into_iter().map(|glyphs| line.with(glyphs)).collect()
}

/// Whether letters of a word stand over other letters: two of them, or half of a short word.
fn is_over(scene: &Scene, layer: &[(usize, f64)], word: &[(usize, f64)]) -> bool {
    let letters = word.iter().filter(|(number, _)| is_letter(scene, *number));
    let (all, over) =
        letters.fold((0, 0), |(all, over), glyph| (all + 1, over + usize::from(hits(scene, layer, glyph))));
    over >= 2 || over > 0 && over * 2 >= all
}

/// Whether another letter of the layer, sorted along the line, stands where this one does.
fn hits(scene: &Scene, layer: &[(usize, f64)], (number, u): &(usize, f64)) -> bool {
    let width = width(&scene.glyphs[*number]);
    let from = layer.partition_point(|(_, at)| *at < u - width);
    let near = layer[from..].iter().take_while(|(_, at)| *at <= u + width);
    let near: Vec<_> = near.filter(|(other, _)| is_letter(scene, *other)).collect();
    let is_same = |other: usize| text_of(scene, &scene.glyphs[other]) == text_of(scene, &scene.glyphs[*number]);
    let is_shadow = near.iter().any(|(other, at)| is_same(*other) && (at - u).abs() < SHADOW * width);
    let is_there = |other: usize, at: f64| (at - u).abs() < OVER * width.min(self::width(&scene.glyphs[other]));
    !is_shadow && near.iter().any(|(other, at)| is_there(*other, *at))
}

/// How wide a letter is; one of a font that says "not at all" is seen nevertheless.
pub(super) fn width(glyph: &Glyph) -> f64 {
    glyph.width.max(0.25 * glyph.em)
}

/// Accents are painted over letters, and signs beside them.
fn is_letter(scene: &Scene, number: usize) -> bool {
    text_of(scene, &scene.glyphs[number]).chars().any(char::is_alphanumeric)
}
