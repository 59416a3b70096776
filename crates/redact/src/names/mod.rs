//! Names of persons, places and organisations in prose, offline.
//!
//! [`Model`] is the network of spaCy's small English model, rebuilt so that it gives the same entities from the same
//! weights. [`Finder`] unites it with lists of names and with rules for English, French, Spanish and German, and knows
//! addresses, telephone numbers and labelled identifiers in sentences. A
//! [`Roster`] takes the persons found in a document or case and finds every form of their names everywhere in it.
//!
//! Deliberately absent: networks for other languages (their weights are not free to give away), and sentences: the
//! network reads a text from its first token to its last.

mod address;
mod characters;
mod container;
mod dense;
mod entity;
mod features;
mod finder;
mod gazetteer;
mod hash;
mod lexicon;
mod model;
mod moves;
mod network;
mod numbers;
mod organisations;
mod places;
mod plausible;
mod roster;
mod rules;
mod tokenizer;
mod url;
mod words;

pub use entity::{Entity, Label, Source, Tag};
pub use finder::Finder;
pub use model::Model;
pub use roster::{Draft, Mention, PersonId, Reading, Roster};

/// Whether the lists have a word, in any case, as a frequent word of a language: `Mark`, `Baker`.
pub(crate) fn is_common_word(word: &str) -> bool {
    gazetteer::look_up(word).is_common()
}

/// Whether a name of several words has a given name among them that many people have and that is no other word: `Anna
/// Jensen`, and not `JSON Lines`.
pub(crate) fn has_given_name(name: &str) -> bool {
    let words: Vec<&str> =
        name.split(|char: char| !char.is_alphabetic() && char != '\'').filter(|word| word.len() > 1).collect();
    let is_given = |word: &&str| {
        let kind = gazetteer::look_up(word);
        kind.is_known_first() && !kind.is_common()
    };
    words.len() > 1 && words.iter().any(is_given)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A network's guess counts elsewhere where a given name stands in it.
    #[test]
    fn a_given_name_tells() {
        for name in ["Anna Jensen", "Jensen, Peter", "Mr. Rosalind Thornbury"] {
            assert!(has_given_name(name), "{name}");
        }
        for name in
            ["JSON Lines", "UTF-16 -t UTF-8", "Prometheus", "Anna", "Debian 12", "Presidio Z", "Parquet Lines", "GiB/s"]
        {
            assert!(!has_given_name(name), "{name}");
        }
    }
}
