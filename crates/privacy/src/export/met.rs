//! Others that were met: what was told to be somebody else's in one place of an export goes out of every place of it.
//!
//! A telephone number that a text calls one (`call 0171 9999999`) is one in the next text as well (`mine is 0171 9999999`); a person
//! whom a sentence names is the same in a field of their own.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::{AhoCorasick, MatchKind};

use super::Detectors;
use super::others::{Finding, Own};
use super::prose::{self, PERSON};
use super::table::Field;
use crate::catalog::ColumnKind;
use crate::identity::Identity;

/// Shorter values stand everywhere by chance.
const CHARS_MIN: usize = 6;
/// Values that are remembered at most.
const VALUES_MAX: usize = 50_000;
/// Words of a name that stands alone in a cell.
const NAME_WORDS: std::ops::RangeInclusive<usize> = 2..=4;
/// Digits of a telephone number (E.164; shorter ones are numbers of anything).
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// What is remembered, and what the stores have to be asked about.
#[derive(Default)]
pub(super) struct Met {
    /// In lower case, and its kind.
    values: BTreeMap<String, String>,
    /// Texts that may be of others, as the stores would know them.
    asked: BTreeSet<(String, Identity)>,
    finder: Option<(AhoCorasick, Vec<String>)>,
}

impl Met {
    /// Looks through a cell for what is not the person's.
    pub(super) fn look(&mut self, own: &Own<'_>, detect: &Detectors<'_>, column: &Field, cell: &str) {
        let met = RefCell::new(self);
        let one = |text: &str| {
            let mut found = (detect.identifiers)(text);
            if prose::is_prose(text) {
                found.extend((detect.names)(text));
            }
            let mut met = met.borrow_mut();
            for finding in found {
                let value = text.get(finding.range.clone()).unwrap_or_default();
                if !own.is_own(&finding.kind, value) {
                    met.meet(&finding.kind, value);
                }
            }
            met.ask(own, numbers(text).map(|number| ("phone", number)));
        };
        match prose::is_document(cell) {
            true => drop(prose::in_texts(cell, &|text| {
                one(text);
                None
            })),
            false => one(cell),
        }
        let is_name = column.kind == ColumnKind::Text && is_name(cell);
        met.borrow_mut().ask(own, is_name.then_some(("name", cell)).into_iter());
    }

    fn meet(&mut self, kind: &str, value: &str) {
        let value = value.trim();
        let is_whole = kind != PERSON || value.split_whitespace().filter(|word| word.chars().count() > 1).count() > 1;
        if is_whole && value.chars().count() >= CHARS_MIN && self.values.len() < VALUES_MAX {
            self.values.entry(value.to_lowercase()).or_insert_with(|| kind.to_owned());
        }
    }

    fn ask<'t>(&mut self, own: &Own<'_>, texts: impl Iterator<Item = (&'t str, &'t str)>) {
        for (kind, text) in texts {
            let identity = own.other(kind, text).filter(|_| self.asked.len() < VALUES_MAX);
            self.asked.extend(identity.map(|identity| (text.trim().to_owned(), identity)));
        }
    }

    /// Whom the stores may know.
    pub(super) fn asked(&self) -> impl Iterator<Item = &Identity> {
        self.asked.iter().map(|(_, identity)| identity)
    }

    /// The stores know these, by kind and normalised value. Nothing is looked up before.
    pub(super) fn settle(&mut self, known: &BTreeSet<(String, String)>) {
        for (text, identity) in std::mem::take(&mut self.asked) {
            if known.contains(&(identity.kind().to_owned(), identity.normalised().to_owned())) {
                self.meet(if identity.kind() == "name" { PERSON } else { "phone" }, &text);
            }
        }
        let mut builder = AhoCorasick::builder();
        builder.ascii_case_insensitive(true).match_kind(MatchKind::LeftmostLongest);
        let finder = builder.build(self.values.keys()).ok().filter(|_| !self.values.is_empty());
        self.finder = finder.map(|finder| (finder, self.values.values().cloned().collect()));
    }

    /// Whether the whole text is somebody else's.
    pub(super) fn is(&self, text: &str) -> bool {
        self.finder.is_some() && self.values.contains_key(&text.trim().to_lowercase())
    }

    /// The places of a text that are somebody else's.
    pub(super) fn places(&self, text: &str) -> Vec<Finding> {
        let Some((finder, kinds)) = &self.finder else { return Vec::new() };
        let is_whole = |range: &std::ops::Range<usize>| {
            let within = |sign: Option<char>| sign.is_some_and(char::is_alphanumeric);
            !within(text[..range.start].chars().next_back()) && !within(text[range.end..].chars().next())
        };
        let found = finder.find_iter(text).map(|found| (found.range(), &kinds[found.pattern().as_usize()]));
        found.filter(|(range, _)| is_whole(range)).map(|(range, kind)| Finding { range, kind: kind.clone() }).collect()
    }
}

/// What could be a telephone number, with or without a word that says so.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |sign: char| sign.is_ascii_digit() || " +()/-.\u{a0}".contains(sign);
    let parts =
        text.split(move |sign: char| !is_part(sign)).map(|part| part.trim_matches([' ', '.', '-', '/', '\u{a0}']));
    parts.filter(|part| DIGITS.contains(&part.bytes().filter(u8::is_ascii_digit).count()))
}

/// Whether a cell could be a name and nothing else.
fn is_name(text: &str) -> bool {
    let is_word = |word: &str| {
        let plain = word.chars().all(|sign| sign.is_alphabetic() || "'’-.".contains(sign));
        plain && word.chars().next().is_some_and(char::is_alphabetic)
    };
    NAME_WORDS.contains(&text.split_whitespace().count()) && text.split_whitespace().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_met_is_found_as_a_whole() {
        let mut met = Met::default();
        met.meet("phone", "0171 9999999");
        met.meet(PERSON, "Bob Carter");
        met.meet(PERSON, "Bob");
        met.settle(&BTreeSet::new());
        let places = |text: &str| -> Vec<String> {
            met.places(text).into_iter().map(|one| format!("{} {}", one.kind, &text[one.range])).collect()
        };
        assert_eq!(places("mine is 0171 9999999, BOB CARTER"), ["phone 0171 9999999", "person BOB CARTER"]);
        assert!(places("0171 99999990, Bob Carters, bob").is_empty());
        assert!(met.is(" bob carter ") && !met.is("Bob"));
    }

    #[test]
    fn numbers_and_names_are_told_from_other_texts() {
        let seen = |text: &'static str| numbers(text).collect::<Vec<_>>();
        assert_eq!(seen("mine is 0171 9999999, call at 10.30 or (030) 23125-0."), ["0171 9999999", "(030) 23125-0"]);
        assert!(seen("4711, 12.5 %, 2026").is_empty());
        for (text, expect) in [("Cleo Duval", true), ("J. R. O'Hara", true), ("Lamp", false), ("Room 12", false)] {
            assert_eq!(is_name(text), expect, "{text}");
        }
    }
}
