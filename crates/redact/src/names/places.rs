//! Places by the lists: names of several words, and single ones that a preposition leads to.

use super::entity::{Entity, Label, Source};
use super::gazetteer;
use super::words::{Shape, Word};

/// Words of the longest names in the lists that are looked for.
const PARTS_MAX: usize = 5;

/// Finds places. `words` are those of `text`.
pub(super) fn places(text: &str, words: &[Word]) -> Vec<Entity> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let place = several(text, words, at).or_else(|| single(text, words, at)).or_else(|| led(text, words, at));
        at = place.map_or(at + 1, |(end, score)| {
            let range = words[at].start..words[end - 1].end;
            found.push(Entity { range, label: Label::Place, score, source: Source::Gazetteer });
            end
        });
    }
    found
}

/// The longest name of several words that begins with word `at`: where it ends, and how sure it is.
fn several(text: &str, words: &[Word], at: usize) -> Option<(usize, f32)> {
    let word = &words[at];
    if word.shape == Shape::Small || !word.kind.begins() {
        return None;
    }
    let longest = words.len().min(at + PARTS_MAX);
    let together =
        (at + 1..longest).take_while(|next| matches!(&text[words[next - 1].end..words[*next].start], " " | "\n"));
    let end = together.last()? + 1;
    (at + 2..=end).rev().find_map(|end| {
        let last = &words[end - 1];
        let name = text[word.start..last.end].replace('\n', " ");
        (last.shape != Shape::Small && gazetteer::look_up(&name).is_place()).then_some((end, 0.7))
    })
}

/// Where people live, go and come from: what a preposition after such a word leads to is a place, be it on no list.
const MOVES: &[&str] = &[
    "live",
    "lives",
    "lived",
    "living",
    "moved",
    "move",
    "moving",
    "born",
    "grew",
    "up",
    "raised",
    "originally",
    "based",
    "located",
    "arrived",
    "resides",
    "residing",
    "resident",
    "residents",
    "travelled",
    "traveled",
    "flew",
    "here",
    "back",
    "home",
    "hometown",
    "am",
    "city",
    "town",
    "village",
    "native",
    "settled",
    "stayed",
    "staying",
    "vacation",
    "holiday",
    "trip",
];

/// `lives in Dozwil`, `grew up in MJÄLLOM`, `their home city Narsaq`: names that the lists do not have.
fn led(text: &str, words: &[Word], at: usize) -> Option<(usize, f32)> {
    let gap = |at: usize| words.get(at + 1).map_or("", |next| &text[words[at].end..next.start]);
    let back = |count: usize| at.checked_sub(count).filter(|before| (*before..at).all(|at| gap(at) == " "));
    let by_preposition = back(2).is_some_and(|before| {
        words[before].is_any(text, MOVES) && words[before + 1].is_any(text, &["in", "from", "to", "near", "of", "at"])
    });
    let by_noun = back(2).is_some_and(|before| {
        words[before].is_any(text, &["home", "birth"]) && words[before + 1].is_any(text, &["city", "town", "village"])
    });
    let first = &words[at];
    let shouted = first.shape == Shape::Capitals && first.end - first.start > 3;
    let is_name = first.is_capital() && (!first.kind.is_common() || shouted) && !first.roles.is_title();
    (is_name && (by_preposition || by_noun)).then_some(())?;
    let mut end = at + 1;
    let mut last = end;
    while end < words.len() && end < at + PARTS_MAX && matches!(gap(end - 1), " " | "-") {
        let particle =
            words[end].roles.is_particle() || words[end].is_any(text, &["pri", "nad", "upon", "on", "of", "sur", "am"]);
        if words[end].is_capital() {
            last = end + 1;
        } else if !particle {
            break;
        }
        end += 1;
    }
    Some((last, 0.55))
}

/// A single word that is a place and nothing else, after a preposition or between commas.
fn single(text: &str, words: &[Word], at: usize) -> Option<(usize, f32)> {
    let word = &words[at];
    let kind = word.kind;
    if word.shape != Shape::Capital || !kind.is_place() || kind.is_common() {
        return None;
    }
    let before = at.checked_sub(1).map(|before| (&words[before], &text[words[before].end..word.start]));
    let led = before.is_some_and(|(before, gap)| gap == " " && before.roles.is_before_place());
    let alone = !kind.is_known_first() && !kind.is_frequent_last();
    let after = text[word.end..].chars().next();
    let joined = before.is_some_and(|(before, gap)| gap == " " && before.is_capital())
        || words.get(at + 1).is_some_and(|next| next.is_capital() && text[word.end..next.start] == *" ");
    let fits = led && !joined || alone && !joined && !matches!(after, Some('-' | '_'));
    fits.then_some((at + 1, if led { 0.6 } else { 0.5 }))
}
