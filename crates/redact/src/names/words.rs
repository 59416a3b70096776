//! The words of a text as the rules see them: runs of letters with apostrophes and hyphens inside.

use std::ops::Range;

use super::gazetteer::{self, Kind};
use super::lexicon::{Lexicon, Roles};

/// A word.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// First byte in the text.
    pub(super) start: usize,
    /// The byte after its last.
    pub(super) end: usize,
    pub(super) shape: Shape,
    /// What the lists of names say of it.
    pub(super) kind: Kind,
    /// What it says about the names around it.
    pub(super) roles: Roles,
}

/// How a word is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Begins small.
    Small,
    /// Begins with a capital: `Smith`, `McDonald`, `O'Neil`.
    Capital,
    /// Two letters or more, all capitals.
    Capitals,
    /// One capital.
    Initial,
}

impl Word {
    /// Whether it can be part of a name by how it is written.
    pub(super) fn is_capital(&self) -> bool {
        matches!(self.shape, Shape::Capital | Shape::Capitals)
    }

    pub(super) fn text<'t>(&self, text: &'t str) -> &'t str {
        &text[self.start..self.end]
    }

    /// Whether it is one of `words`, which are small.
    pub(super) fn is_any(&self, text: &str, words: &[&str]) -> bool {
        let word = self.text(text);
        words.iter().any(|known| known.eq_ignore_ascii_case(word) || !word.is_ascii() && word.to_lowercase() == **known)
    }
}

/// The words of `text`, in order.
pub(super) fn words(text: &str, lexicon: &Lexicon) -> Vec<Word> {
    let mut found: Vec<Word> = split(text).into_iter().map(|range| word(text, range, lexicon)).collect();
    if found.iter().all(|word| word.shape == Shape::Small) {
        raise(text, &mut found);
    }
    found
}

/// Where the words of `text` are.
pub(super) fn split(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, char) in text.char_indices() {
        if char.is_alphabetic() || is_mark(char) {
            start.get_or_insert(at);
            continue;
        }
        let joins = start.is_some() && is_joint(char) && {
            let rest = &text[at + char.len_utf8()..];
            rest.starts_with(char::is_alphabetic) && (char == '-' || !is_genitive(rest))
        };
        if !joins && let Some(from) = start.take() {
            found.push(from..at);
        }
    }
    if let Some(from) = start {
        found.push(from..text.len());
    }
    found
}

/// In a text without a single capital, names are small as well: those of the lists are taken as if they were not, and
/// so is a word that no list has after a given name or `name is`.
fn raise(text: &str, words: &mut [Word]) {
    let mut led = None;
    for word in words {
        let (start, end) = (word.start, word.end);
        let kind = kind(&text[start..end]);
        let touches = |char: char| char.is_ascii_digit() || matches!(char, '_' | '/' | '@' | '=');
        let is_code = text[end..].starts_with(touches) || text[..start].ends_with(touches);
        let is_name = (kind.is_known_first() || kind.is_last() || kind.is_place()) && !kind.is_common();
        let is_unknown = kind == Kind::default() && led.is_some_and(|led| text[led..start] == *" ");
        if (is_name || is_unknown) && end - start > 2 && !is_code {
            (word.shape, word.kind) = (Shape::Capital, kind);
        }
        let is_given = kind.is_known_first() && !kind.is_common() && !is_code;
        led = (is_given || text[..end].ends_with("name is")).then_some(end);
    }
}

/// Marks that stand on the letter before them, when a text spells them apart.
fn is_mark(char: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&char)
}

fn is_joint(char: char) -> bool {
    matches!(char, '\'' | '’' | '-' | '\u{2010}' | '\u{2011}')
}

/// Whether what follows an apostrophe is an ending: `'s`, `'ll`, `'re`, `'d`, `'m`, `'ve`.
fn is_genitive(rest: &str) -> bool {
    let end = rest.find(|char: char| !char.is_alphabetic()).unwrap_or(rest.len());
    ["s", "ll", "re", "d", "m", "ve", "t"].iter().any(|ending| ending.eq_ignore_ascii_case(&rest[..end]))
}

fn word(text: &str, range: Range<usize>, lexicon: &Lexicon) -> Word {
    let Range { start, end } = range;
    let word = &text[start..end];
    let mut letters = word.chars().filter(|char| char.is_alphabetic());
    let shape = match letters.next() {
        Some(first) if first.is_uppercase() => match letters.clone().next() {
            None => Shape::Initial,
            Some(_) if letters.all(char::is_uppercase) => Shape::Capitals,
            Some(_) => Shape::Capital,
        },
        _ => Shape::Small,
    };
    let kind = if shape == Shape::Small { Kind::default() } else { kind(word) };
    Word { start, end, shape, kind, roles: lexicon.roles(word) }
}

/// What the lists say of a word; of its parts, when it is hyphened and they do not have it.
fn kind(word: &str) -> Kind {
    let kind = gazetteer::look_up(word);
    if kind != Kind::default() {
        return kind;
    }
    match word.split_once('-') {
        Some((first, _)) if first.len() > 2 => gazetteer::look_up(first),
        _ => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_their_apostrophes_and_hyphens_but_not_their_endings() {
        let text = "Mary-Ann O’Neil's dog, d'Artagnan, J. R. Élan isn't -- JEAN-LUC";
        let found = words(text, &Lexicon::new());
        let found: Vec<_> = found.iter().map(|word| (word.text(text), word.shape)).collect();
        use Shape::{Capital, Capitals, Initial, Small};
        let expect = [
            ("Mary-Ann", Capital),
            ("O’Neil", Capital),
            ("s", Small),
            ("dog", Small),
            ("d'Artagnan", Small),
            ("J", Initial),
            ("R", Initial),
            ("Élan", Capital),
            ("isn", Small),
            ("t", Small),
            ("JEAN-LUC", Capitals),
        ];
        assert_eq!(found, expect);
    }
}
