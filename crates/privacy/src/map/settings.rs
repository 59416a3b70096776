//! The words under `meta: {probity: {…}}`: which there are, where they may stand, what they may say.

use std::collections::BTreeMap;
use std::path::Path;

use model::{Fault, Place};
use yaml::{Node, Value};

use super::Settings;
use crate::retention::Period;

/// What a setting belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Dataset,
    Collection,
    Field,
}

/// What a setting may say.
#[derive(Clone, Copy, Debug)]
enum Says {
    Text,
    /// One text or a list of them.
    Texts,
    Flag,
    Word(&'static [&'static str]),
    /// ISO 8601 or words: `P3Y`, `P6M`, `90 days`.
    Period,
    /// `2033-12-31`.
    Date,
    /// Words of its own below it.
    Group(&'static [(&'static str, Says)]),
    /// Read elsewhere.
    References,
}

const RETAIN: &[(&str, Says)] = &[
    ("code", Says::Word(&["17-3-a", "17-3-b", "17-3-c", "17-3-d", "17-3-e"])),
    ("law", Says::Text),
    ("until", Says::Date),
    ("period", Says::Period),
    ("from", Says::Text),
    ("approver", Says::Text),
    ("anonymise", Says::Texts),
];

/// The field that says that processing is restricted (Art. 18), and what stands in it then and otherwise.
const RESTRICTION: &[(&str, Says)] = &[("field", Says::Text), ("set", Says::Text), ("clear", Says::Text)];

/// What Art. 15(1) asks for; on a dataset these hold for every collection that does not say otherwise.
const INFORMATION: &[(&str, Says)] = &[
    ("purposes", Says::Texts),
    ("recipients", Says::Texts),
    ("locations", Says::Texts),
    ("source", Says::Text),
    ("retention", Says::Period),
    ("retention_from", Says::Text),
    ("retention_action", Says::Word(&["delete", "anonymise"])),
    ("legal_basis", Says::Texts),
    ("provided", Says::Flag),
    ("automated_decisions", Says::Text),
    ("transfers", Says::Texts),
];

const DATASET: &[(&str, Says)] = &[("store", Says::Text)];

const FORMATS: &[&str] =
    &["json", "jsonl", "csv", "parquet", "whole", "hash", "string", "list", "set", "zset", "stream"];

const COLLECTION: &[(&str, Says)] = &[
    ("about", Says::Word(&["subject", "nobody"])),
    ("shared", Says::Word(&["delete", "keep", "unlink"])),
    ("restriction", Says::Group(RESTRICTION)),
    ("retain", Says::Group(RETAIN)),
    ("keys", Says::Texts),
    ("format", Says::Word(FORMATS)),
    ("rows", Says::Text),
    ("delimiter", Says::Text),
    ("after", Says::Texts),
    ("erase_after", Says::Texts),
];

const FIELD: &[(&str, Says)] = &[
    ("owner", Says::Flag),
    ("provided", Says::Flag),
    ("other_people", Says::Flag),
    ("refers", Says::Flag),
    ("references", Says::References),
    ("path", Says::Text),
];

fn known(level: Level) -> Vec<(&'static str, Says)> {
    match level {
        Level::Dataset => [DATASET, INFORMATION].concat(),
        Level::Collection => [COLLECTION, INFORMATION].concat(),
        Level::Field => FIELD.to_vec(),
    }
}

/// Reads the mapping `node` (`meta.probity`) of `level`. What is wrong goes to `faults`, and is left out.
pub(super) fn read(node: &Node, level: Level, file: &Path, faults: &mut Vec<Fault>) -> Settings {
    let mut reader = Reader { file, faults, words: BTreeMap::new() };
    reader.group(node, "", &known(level), level);
    Settings { words: reader.words }
}

struct Reader<'r> {
    file: &'r Path,
    faults: &'r mut Vec<Fault>,
    words: BTreeMap<String, (String, Place)>,
}

impl Reader<'_> {
    fn group(&mut self, node: &Node, path: &str, known: &[(&'static str, Says)], level: Level) {
        let Value::Map(entries) = &node.value else {
            return self.wrong(yaml::wrong_type(&in_meta(path), node, "a mapping of keys to values"));
        };
        for (key, value) in entries.iter().filter(|(_, value)| !value.is_null()) {
            let path = if path.is_empty() { key.text.clone() } else { format!("{path}.{}", key.text) };
            match known.iter().find(|(name, _)| *name == key.text) {
                Some((_, says)) => self.value(value, path, *says, level),
                None => self.wrong(unknown(&key.text, &path, known, level).at(key.place.clone())),
            }
        }
    }

    fn value(&mut self, node: &Node, path: String, says: Says, level: Level) {
        match (says, &node.value) {
            (Says::References, _) => {}
            (Says::Group(known), _) => self.group(node, &path, known, level),
            (Says::Texts, Value::List(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.word(item, format!("{path}[{index}]"), Says::Text);
                }
            }
            _ => self.word(node, path, says),
        }
    }

    fn word(&mut self, node: &Node, path: String, says: Says) {
        let text = match yaml::text(node, &in_meta(&path)) {
            Ok(text) => text,
            Err(fault) => return self.wrong(fault),
        };
        let word = match says {
            Says::Flag => flag(text).map(|flag| flag.to_string()).ok_or("true or false".to_owned()),
            Says::Word(words) if !words.contains(&text) => Err(format!("one of {}", words.join(", "))),
            Says::Period if Period::parse(text).is_none() => {
                Err("a length of time such as P3Y, P6M or 90 days".to_owned())
            }
            Says::Date if !is_date(text) => Err("a date such as 2033-12-31".to_owned()),
            _ => Ok(text.to_owned()),
        };
        match word {
            Ok(word) => {
                self.words.insert(path, (word, node.place.clone().in_file(self.file)));
            }
            Err(wanted) => self.wrong(wrong_word(&path, text, &wanted).at(node.place.clone())),
        }
    }

    fn wrong(&mut self, fault: Fault) {
        self.faults.push(fault.in_file(self.file));
    }
}

fn in_meta(path: &str) -> String {
    if path.is_empty() { "meta.probity".to_owned() } else { format!("meta.probity.{path}") }
}

fn wrong_word(path: &str, text: &str, wanted: &str) -> Fault {
    Fault::bad_config("bad-map-setting", format!("{} is {text:?} where {wanted} is wanted", in_meta(path)))
        .advise(format!("Write {wanted}."))
}

fn unknown(word: &str, path: &str, known: &[(&str, Says)], level: Level) -> Fault {
    let names = known.iter().map(|(name, _)| *name);
    let elsewhere = [(Level::Dataset, "dataset"), (Level::Collection, "collection"), (Level::Field, "field")]
        .into_iter()
        .find(|(other, _)| *other != level && self::known(*other).iter().any(|(name, _)| *name == word));
    let advice = match (elsewhere, model::nearest(word, names.clone())) {
        (Some((_, place)), _) => format!("{word} belongs under meta.probity of a {place}."),
        (None, Some(near)) => format!("Did you mean {near:?}?"),
        (None, None) => format!("The words here are {}.", names.collect::<Vec<_>>().join(", ")),
    };
    Fault::bad_config("unknown-key", format!("{} is not a setting", in_meta(path))).advise(advice)
}

/// `true` and `false`, also as YAML 1.1 spells them: what reads these files for Fides takes both.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// A day of the calendar.
fn is_date(text: &str) -> bool {
    text.len() == 10 && model::Instant::parse(text).is_ok()
}
