//! Names of people in text: where they are sought, and which of them are the person's own.

use std::collections::BTreeSet;
use std::ops::Range;

use super::others::Finding;
use super::table::{Field, Table};
use crate::identity::text::{lower, nfc};
use crate::map::taxonomy;
use crate::row::Cell;

/// What a name in a text is called, and what stands in its place.
pub(super) const PERSON: &str = "person";
/// What is said wherever names were sought.
pub(super) const LIMITS: &[&str] = &[
    "Names of other people were sought in free text by lists of names and by a network that knows English best; a name that is \
     written without capitals, rare, foreign to those lists, a nickname or a single word may have been missed, and a word \
     that is no name may have been taken out.",
    "Whoever is described without a name, a number or an address is not found.",
    "Whole files (pictures, documents) are handed over as they are: nothing was looked for within them.",
];
/// Words before and behind a name that are none.
const TITLES: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "dr",
    "prof",
    "herr",
    "frau",
    "fräulein",
    "madame",
    "monsieur",
    "mme",
    "señor",
    "señora",
];

/// Words without a capital in names of places, works and people.
const PARTICLES: &[&str] = &[
    "am", "an", "and", "as", "at", "by", "da", "das", "de", "del", "den", "der", "des", "di", "do", "dos", "du", "el",
    "en", "et", "for", "im", "in", "la", "le", "les", "of", "on", "the", "to", "und", "van", "vom", "von", "y", "zu",
    "zum", "zur",
];

/// Whether a text is more than a word, a place or a title: only there a name can be told from other words. Lines of a letter
/// or a form are more, whatever stands in them.
pub(super) fn is_prose(text: &str) -> bool {
    let begins = |word: &str, of: fn(char) -> bool| word.chars().next().is_some_and(of);
    let is_plain = |word: &str| begins(word, char::is_lowercase) && word.len() > 1 && !PARTICLES.contains(&word);
    let is_block = text.trim().contains('\n');
    text.split_whitespace().count() > 2 && (is_block || text.split_whitespace().any(is_plain))
}

/// Whether a text is a JSON document with texts in it, whatever the store calls it.
pub(super) fn is_document(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[', '"']) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// What was found in a document, so that it stays one: of what reaches over several of its texts the part in each, and what
/// lies in a number as the whole number. True for numbers: what takes their place stands in quotes.
pub(super) fn fitted(document: &str, found: Vec<Finding>) -> Vec<(Finding, bool)> {
    let texts = texts(document);
    let fit = |finding: Finding| {
        let within = |text: &Range<usize>| {
            finding.range.start.max(text.start)
                ..finding.range.end.min(text.end).max(finding.range.start.max(text.start))
        };
        let parts: Vec<Range<usize>> = texts.iter().map(within).filter(|part| !part.is_empty()).collect();
        if !parts.is_empty() {
            let part = |range| (Finding { range, kind: finding.kind.clone() }, false);
            return parts.into_iter().map(part).collect::<Vec<_>>();
        }
        let is_number = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.');
        let start = document[..finding.range.start].trim_end_matches(is_number).len();
        let end = document.len() - document[finding.range.end..].trim_start_matches(is_number).len();
        vec![(Finding { range: start..end, kind: finding.kind }, true)]
    };
    found.into_iter().flat_map(fit).collect()
}

/// What stands between the quotes of a document, names too.
fn texts(document: &str) -> Vec<Range<usize>> {
    let (mut texts, mut from) = (Vec::new(), 0);
    while let Some(begin) = document[from..].find('"').map(|at| from + at) {
        let Some(after) = behind(document, begin) else { break };
        texts.push(begin + 1..after - 1);
        from = after;
    }
    texts
}

/// Runs `clean` over every text of a JSON document, and leaves every other byte of it; `None` when nothing changes.
pub(super) fn in_texts(document: &str, clean: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    serde_json::from_str::<serde::de::IgnoredAny>(document).ok()?;
    let mut changed = String::new();
    let (mut end, mut from) = (0, 0);
    while let Some(begin) = document[from..].find('"').map(|at| from + at) {
        let after = behind(document, begin)?;
        let text: String = serde_json::from_str(&document[begin..after]).ok()?;
        let is_name = document[after..].trim_start().starts_with(':');
        if let Some(text) = clean(&text).filter(|_| !is_name) {
            changed.push_str(&document[end..begin]);
            changed.push_str(&serde_json::Value::from(text).to_string());
            end = after;
        }
        from = after;
    }
    (end > 0).then(|| changed + &document[end..])
}

/// Where the text that begins at this quote ends.
fn behind(document: &str, begin: usize) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in document.bytes().enumerate().skip(begin + 1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The words of the person's own names.
#[derive(Default)]
pub(super) struct OwnNames(BTreeSet<String>);

impl OwnNames {
    /// The words of an address before its `@`, and of a name.
    pub(super) fn learn(&mut self, kind: &str, value: &str) {
        match kind {
            "email" => self.take(value.split('@').next().unwrap_or_default()),
            kind if kind.contains("name") => self.take(value),
            _ => {}
        }
    }

    /// A row about the person: its cells that hold names.
    pub(super) fn learn_row(&mut self, table: &Table, cells: &[Cell]) {
        let names = table.columns.iter().zip(cells).filter(|(column, _)| holds_name(column));
        names.for_each(|(_, cell)| self.take(cell.as_deref().unwrap_or_default()));
    }

    fn take(&mut self, name: &str) {
        self.0.extend(words(name).filter(|word| word.chars().count() > 1));
    }

    /// Whether a name that was found is the person's: every word of it is one of theirs, or the first letter of one.
    pub(super) fn has(&self, name: &str) -> bool {
        let is_initial = |word: &str| word.chars().count() == 1 && self.0.iter().any(|own| own.starts_with(word));
        let found: Vec<String> = words(name).filter(|word| !TITLES.contains(&word.as_str())).collect();
        found.iter().any(|word| self.0.contains(word))
            && found.iter().all(|word| self.0.contains(word) || is_initial(word))
    }
}

/// The map says so, or its own name does where the map says nothing.
fn holds_name(column: &Field) -> bool {
    let mapped = column.categories.iter().any(|category| taxonomy::within(category, "user.name"));
    let says = column.categories.is_empty() && lower(&column.name).ends_with("name");
    column.other_people != Some(true) && (mapped || says)
}

/// In lower case, composed; a possessive is none of the word.
fn words(name: &str) -> impl Iterator<Item = String> {
    let plain = lower(&nfc(name)).replace('’', "'");
    let words: Vec<String> = plain
        .split(|letter: char| !letter.is_alphabetic() && letter != '\'')
        .map(|word| word.strip_suffix("'s").unwrap_or(word).trim_matches('\'').to_owned())
        .filter(|word| !word.is_empty())
        .collect();
    words.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_names_are_known_in_every_form() {
        let mut own = OwnNames::default();
        own.learn("email", "ann.miller@example.org");
        own.learn("full_name", "Ann-Kathrin O'Neill");
        for (name, expect) in [
            ("Ann Miller", true),
            ("Mrs. MILLER", true),
            ("A. Miller’s", true),
            ("Ann Kathrin O'Neill", true),
            ("Bob Miller", false),
            ("B. Miller", false),
            ("Mr.", false),
            ("", false),
        ] {
            assert_eq!(own.has(name), expect, "{name:?}");
        }
    }

    #[test]
    fn a_document_stays_one() {
        let document = r#"{"a": "x", "n": 4111111111111111, "b": ["yz"]}"#;
        let check = |start: usize, end: usize, expect: &[(&str, bool)]| {
            let found = vec![Finding { range: start..end, kind: "card".to_owned() }];
            let fitted = fitted(document, found);
            let seen: Vec<(&str, bool)> =
                fitted.iter().map(|(one, quoted)| (&document[one.range.clone()], *quoted)).collect();
            assert_eq!(seen, expect);
        };
        let at = |text: &str| document.find(text).unwrap();
        check(at("x"), at("x") + 1, &[("x", false)]);
        check(at("4111"), at("4111") + 12, &[("4111111111111111", true)]);
        check(at("x"), at("yz") + 1, &[("x", false), ("n", false), ("b", false), ("y", false)]);
        assert!(is_document(document) && !is_document("[sic] he said") && !is_document("7"));
    }

    #[test]
    fn texts_of_a_document_are_changed_and_nothing_else() {
        let clean = |text: &str| text.contains("Carl").then(|| text.replace("Carl", "\"x\""));
        let check = |document: &str, expect: Option<&str>| {
            assert_eq!(in_texts(document, &clean).as_deref(), expect, "{document}");
        };
        check(
            r#"{"Carl": "ask  Carl\n", "n":1.10, "l": ["Carl"]}"#,
            Some(r#"{"Carl": "ask  \"x\"\n", "n":1.10, "l": ["\"x\""]}"#),
        );
        check(r#"{"a\"": "b"}"#, None);
        check(r#"{"a": "Carl"#, None);
        check("[]", None);
    }

    #[test]
    fn a_word_or_a_title_is_no_prose() {
        for (text, expect) in [
            ("called about Carl Meyer", true),
            ("Bitte „Carl Meyer“ anrufen", true),
            ("São José dos Campos", false),
            ("Fast As a Shark", false),
            ("New York", false),
            ("GOLD", false),
            ("no capitals in here", true),
            ("Name: Carl Meyer\nAddress: Elm Street", true),
            ("GOLD\n", false),
        ] {
            assert_eq!(is_prose(text), expect, "{text}");
        }
    }
}
