//! Whose is it? Other people's data in the rows of one person (Art. 15(4)).
//!
//! What is the person's own is learned from the rows that are about them: every identity and every datum there. A field that
//! holds an identity of somebody else, a field that the map marks, a row of somebody else that merely points at the
//! person, and data of people that a detector finds in text and that are not the person's are taken out.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use model::Fault;
use serde_json::Value;

use super::met::Met;
use super::prose::{self, OwnNames, PERSON};
use super::spool::Shelf;
use super::table::{Entry, Field, Inner, Table, is_link};
use super::{Detectors, Others, Role, Scope};
use crate::catalog::ColumnKind;
use crate::identity::{self, Identity, Rules};
use crate::row::Cell;

/// A place in a text that a detector found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its bytes.
    pub range: Range<usize>,
    /// What it is: `email`, `phone`.
    pub kind: String,
}

/// Why something was taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Taken {
    /// The data map marks the field.
    Marked,
    /// It is an identity of somebody else.
    Identity,
    /// The row is somebody else's.
    Row,
    /// It stands in a text.
    Text,
    /// A name that stands in a text.
    Name,
    /// It would let whoever reads the file log in.
    Secret,
    /// It is not handed over for portability.
    NotPortable,
}

impl Taken {
    /// In a word, for programs.
    pub fn word(self) -> &'static str {
        match self {
            Taken::Marked => "other-people",
            Taken::Identity => "identity-of-another",
            Taken::Row => "row-of-another",
            Taken::Text => "found-in-text",
            Taken::Name => "name-in-text",
            Taken::Secret => "credential",
            Taken::NotPortable => "not-portable",
        }
    }

    /// In a sentence, for people.
    pub fn sentence(self) -> &'static str {
        match self {
            Taken::Marked => "The field holds data of other people.",
            Taken::Identity => "It names another person.",
            Taken::Row => "The record is somebody else's and only refers to you.",
            Taken::Text => "A text mentions somebody who is not known to be you.",
            Taken::Name => "A text names somebody who is not known to be you.",
            Taken::Secret => "It is a password or the like: a copy of it would endanger your account.",
            Taken::NotPortable => "You did not provide it, or it is not processed by consent or contract.",
        }
    }

    /// What stands in its place.
    pub(super) fn placeholder(self) -> &'static str {
        match self {
            Taken::Secret => "[withheld: credential]",
            _ => "[redacted: another person]",
        }
    }
}

/// A cell as it is handed over.
pub(super) enum Shown {
    /// As it is.
    Whole(Cell),
    /// With places replaced; still of its kind.
    Partly(String),
    /// Only the reason.
    Gone(Taken),
    /// Not at all, not even its name.
    Absent,
}

/// What was taken out of one field of one collection.
#[derive(Default)]
pub(super) struct Listed {
    /// By collection, field and reason: how often, and the numbers of the first rows.
    pub(super) by_field: BTreeMap<(String, String, Taken), (u64, Vec<u64>)>,
}

/// Rows whose numbers are listed.
const ROWS_LISTED: usize = 1000;

impl Listed {
    pub(super) fn note(&mut self, collection: &str, field: &str, taken: Taken, row: u64) {
        let (count, rows) = self.by_field.entry((collection.to_owned(), field.to_owned(), taken)).or_default();
        *count += 1;
        if rows.len() < ROWS_LISTED {
            rows.push(row);
        }
    }

    pub(super) fn total(&self) -> u64 {
        self.by_field.iter().filter(|((.., taken), _)| *taken != Taken::NotPortable).map(|(_, (count, _))| count).sum()
    }
}

/// What is the person's own.
pub(super) struct Own<'a> {
    identities: &'a [Identity],
    rules: Rules,
    /// Kind and normalised value.
    known: BTreeSet<(String, String)>,
    /// Data of theirs, lower case.
    words: BTreeSet<String>,
    names: OwnNames,
    /// Identities of other people, kind and normalised value, that stand in rows of the person.
    others: BTreeSet<(String, String)>,
}

/// Longest cell that is learned, in bytes.
const WORD_MAX: usize = 200;
/// Digits that make a number the same one, whatever stands before them.
const NUMBER_MIN: usize = 7;
/// Links between identities that are learned at most: more are a wrong map.
const ROUNDS: usize = 8;

impl<'a> Own<'a> {
    pub(super) fn new(identities: &'a [Identity]) -> Self {
        let known = identities.iter().map(|one| (one.kind().to_owned(), one.normalised().to_owned()));
        let rules = identities.first().map(|one| *one.rules()).unwrap_or_default();
        let words = identities.iter().map(|one| one.given().to_lowercase()).collect();
        let mut names = OwnNames::default();
        identities.iter().for_each(|one| names.learn(one.kind(), one.given()));
        Own { identities, rules, known: known.collect(), words, names, others: BTreeSet::new() }
    }

    /// Looks through the rows that are about the person for further identities and data of theirs.
    pub(super) fn learn(&mut self, tables: &[Table], shelf: &mut Shelf<'_>) -> Result<(), Fault> {
        for _ in 0..ROUNDS {
            let before = (self.known.len(), self.words.len());
            for table in tables.iter().filter(|table| table.about_people) {
                for entry in table.rows.iter().filter(|entry| entry.role == Role::Own) {
                    self.learn_row(table, &shelf.cells(entry.place)?);
                }
            }
            if before == (self.known.len(), self.words.len()) {
                break;
            }
        }
        Ok(())
    }

    /// A row about the person tells identities of kinds that it does not hold a known one of: of two addresses in a row one of
    /// which is known, the other may be somebody else's.
    fn learn_row(&mut self, table: &Table, cells: &[Cell]) {
        let mut met = BTreeSet::new();
        let mut new = Vec::new();
        for (field, kind, text) in identities(table, cells) {
            let Some(normal) = identity::normalise(kind, &text, &self.rules) else { continue };
            let kind = identity::canonical_kind(kind).unwrap_or_default();
            match self.known.contains(&(kind.clone(), normal.clone())) {
                true => drop(met.insert(kind)),
                false if field != Some(true) => new.push((kind, normal, text)),
                false => {}
            }
        }
        self.names.learn_row(table, cells);
        for (kind, normal, text) in new {
            if !met.contains(&kind) {
                self.names.learn(&kind, &text);
                self.words.insert(text.to_lowercase());
                self.known.insert((kind, normal));
            }
        }
        // A whole cell of such a row is theirs too, whether or not the map says what it is; a text is not.
        let data = table.columns.iter().zip(cells).filter(|(column, _)| column.identity.is_none());
        for text in data.filter(|(column, _)| column.other_people != Some(true)).filter_map(|(_, cell)| cell.as_ref()) {
            if (3..WORD_MAX).contains(&text.len()) {
                self.words.insert(text.trim().to_lowercase());
            }
        }
    }

    /// The identity that a cell of `column` could name somebody by who is not the person: an address in a field that the map
    /// calls contact data, and not whose.
    pub(super) fn stranger(&self, column: &Field, text: &str) -> Option<Identity> {
        if !column.is_contact || column.identity.is_some() || column.other_people.is_some() {
            return None;
        }
        let kind = if text.contains('@') { "email" } else { "phone" };
        Identity::new(kind, text, &self.rules).ok().filter(|_| !self.is_known(kind, text))
    }

    /// The identity of that kind that `text` is, when it is not the person's.
    pub(super) fn other(&self, kind: &str, text: &str) -> Option<Identity> {
        let word = if kind == "name" { PERSON } else { kind };
        Identity::new(kind, text, &self.rules).ok().filter(|_| !self.is_own(word, text))
    }

    /// These name other people.
    pub(super) fn others_are(&mut self, others: BTreeSet<(String, String)>) {
        self.others = others;
    }

    fn is_anothers(&self, column: &Field, text: &str) -> bool {
        let stranger = self.stranger(column, text).filter(|_| !self.others.is_empty());
        stranger.is_some_and(|one| self.others.contains(&(one.kind().to_owned(), one.normalised().to_owned())))
    }

    fn is_known(&self, kind: &str, text: &str) -> bool {
        let normal = identity::normalise(kind, text, &self.rules);
        let kind = identity::canonical_kind(kind).unwrap_or_default();
        normal.is_some_and(|normal| self.known.contains(&(kind, normal)))
    }

    /// Whether what was found in a text is the person's.
    pub(super) fn is_own(&self, kind: &str, text: &str) -> bool {
        self.words.contains(&text.trim().to_lowercase())
            || kind == PERSON && self.names.has(text)
            || kind == "phone" && self.is_own_number(text)
            || self.is_known(kind, text)
            || self.identities.iter().any(|one| one.matches(text))
    }
}

impl Own<'_> {
    /// Whether a number is the person's as it is dialled from nearby: without the calling code, that of the area too.
    fn is_own_number(&self, text: &str) -> bool {
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let dialled = digits(text);
        let dialled = dialled.trim_start_matches('0');
        let is_number = |word: &&String| word.chars().all(|sign| sign.is_ascii_digit() || " +()/-.".contains(sign));
        dialled.len() >= NUMBER_MIN && self.words.iter().filter(is_number).any(|word| digits(word).ends_with(dialled))
    }
}

/// Identity fields of a row: `other_people` of the map, kind, text.
fn identities<'t>(table: &'t Table, cells: &[Cell]) -> Vec<(Option<bool>, &'t str, String)> {
    let mut found = Vec::new();
    for (column, cell) in table.columns.iter().zip(cells) {
        let Some(text) = cell else { continue };
        if let Some(kind) = &column.identity {
            let each = list_of(text).unwrap_or_else(|| vec![text.clone()]);
            found.extend(each.into_iter().map(|text| (column.other_people, kind.as_str(), text)));
        }
        let inner = column.inner.iter().filter_map(|inner| Some((inner, inner.identity.as_deref()?)));
        for (inner, kind) in inner {
            let document: Option<Value> = serde_json::from_str(text).ok();
            if let Some(Value::String(text)) = document.as_ref().and_then(|document| at(document, &inner.path)) {
                found.push((inner.other_people, kind, text.clone()));
            }
        }
    }
    found
}

/// The texts of a list.
fn list_of(cell: &str) -> Option<Vec<String>> {
    cell.trim_start().starts_with('[').then(|| serde_json::from_str(cell).ok()).flatten()
}

fn at<'v>(value: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, part| value.get(part))
}

/// How one row is handed over.
pub(super) struct Showing<'a> {
    pub(super) own: &'a Own<'a>,
    pub(super) others: Others,
    pub(super) scope: Scope,
    pub(super) detect: Option<Detectors<'a>>,
    pub(super) met: &'a Met,
}

impl Showing<'_> {
    /// One [`Shown`] for each column.
    pub(super) fn row(&self, table: &Table, entry: &Entry, cells: Vec<Cell>) -> Vec<Shown> {
        table.columns.iter().zip(cells).map(|(column, cell)| self.cell(column, entry, cell)).collect()
    }

    fn cell(&self, column: &Field, entry: &Entry, cell: Cell) -> Shown {
        if self.scope == Scope::Portability && !column.is_portable {
            return Shown::Absent;
        }
        let Some(text) = cell else { return Shown::Whole(None) };
        if column.is_secret {
            return Shown::Gone(Taken::Secret);
        }
        if self.others == Others::Keep {
            return self.inner(column, text);
        }
        match &entry.role {
            Role::Other(links) if !is_link(links, &column.name) => return Shown::Gone(Taken::Row),
            _ => {}
        }
        match (column.other_people, &column.identity) {
            (Some(true), _) => return Shown::Gone(Taken::Marked),
            (None, Some(kind)) if !self.own.is_known(kind, &text) => match self.own_of_list(kind, &text) {
                Some(list) if list != text => return Shown::Partly(list),
                Some(_) => {}
                None => return Shown::Gone(Taken::Identity),
            },
            _ => {}
        }
        // A place can be called like a person who was met.
        let may_name = column.is_free || column.is_contact || column.is_name;
        let is_met = || may_name && column.identity.is_none() && column.other_people.is_none() && self.met.is(&text);
        if self.own.is_anothers(column, &text) || is_met() {
            return Shown::Gone(Taken::Identity);
        }
        self.inner(column, text)
    }

    /// A list of addresses some of which are the person's, without the others; as it is when all of them are.
    fn own_of_list(&self, kind: &str, text: &str) -> Option<String> {
        let list = list_of(text)?;
        let is_own: Vec<bool> = list.iter().map(|one| self.own.is_known(kind, one)).collect();
        match (is_own.contains(&true), is_own.contains(&false)) {
            (true, true) => {}
            (false, true) => return None,
            _ => return Some(text.to_owned()),
        }
        let shown = |(one, own): (String, &bool)| if *own { one } else { Taken::Identity.placeholder().to_owned() };
        let list: Vec<String> = list.into_iter().zip(&is_own).map(shown).collect();
        Some(Value::from(list).to_string())
    }

    fn inner(&self, column: &Field, text: String) -> Shown {
        let mut changed = None;
        if !column.inner.is_empty() {
            changed = self.document(&column.inner, &text);
        }
        let current = changed.as_deref().unwrap_or(&text);
        if let Some(clean) = self.text(column, current) {
            changed = Some(clean);
        }
        match changed {
            Some(text) => Shown::Partly(text),
            None => Shown::Whole(Some(text)),
        }
    }

    /// The document without what the map marks below the column; `None` when nothing goes.
    fn document(&self, inner: &[Inner], text: &str) -> Option<String> {
        let mut document: Value = serde_json::from_str(text).ok()?;
        let mut any = false;
        for field in inner {
            let Some(value) = field.path.iter().try_fold(&mut document, |value, part| value.get_mut(part)) else {
                continue;
            };
            let is_others = self.others == Others::Redact
                && match (field.other_people, &field.identity, &*value) {
                    (Some(marked), ..) => marked,
                    (None, Some(kind), Value::String(text)) => !self.own.is_known(kind, text),
                    _ => false,
                };
            if !value.is_null() && (is_others || field.is_secret) {
                let taken = if field.is_secret { Taken::Secret } else { Taken::Marked };
                *value = Value::from(taken.placeholder());
                any = true;
            }
        }
        any.then(|| document.to_string())
    }

    /// The text without what detectors find in it, or was met elsewhere, and is not the person's.
    fn text(&self, column: &Field, text: &str) -> Option<String> {
        let is_wanted = self.others == Others::Redact && column.is_free && column.other_people.is_none();
        let detect = self.detect.filter(|_| is_wanted)?;
        let detected = self.detected(&detect, text);
        let met = |text: &str| self.without(text, plain(self.met.places(text)));
        let current = detected.as_deref().unwrap_or(text);
        let clean = if prose::is_document(current) { prose::in_texts(current, &met) } else { met(current) };
        clean.or(detected)
    }

    fn detected(&self, detect: &Detectors<'_>, text: &str) -> Option<String> {
        let names = |text: &str| match prose::is_prose(text) {
            true => self.without(text, plain((detect.names)(text))),
            false => None,
        };
        if !prose::is_document(text) {
            let clean = self.without(text, plain((detect.identifiers)(text)));
            return names(clean.as_deref().unwrap_or(text)).or(clean);
        }
        let whole = self.without(text, prose::fitted(text, (detect.identifiers)(text)));
        let clean = match whole {
            // A sign that is written as an escape was cut: what the texts say is looked at instead.
            Some(whole) if !prose::is_document(&whole) => {
                prose::in_texts(text, &|text| self.without(text, plain((detect.identifiers)(text))))
            }
            whole => whole,
        };
        prose::in_texts(clean.as_deref().unwrap_or(text), &names).or(clean)
    }

    /// The text without what was found in it and is not the person's, in quotes where that is said; `None` when nothing goes.
    fn without(&self, text: &str, found: Vec<(Finding, bool)>) -> Option<String> {
        let mut clean = String::new();
        let mut end = 0;
        for (finding, is_quoted) in found {
            let Some(value) = text.get(finding.range.clone()).filter(|_| finding.range.start >= end) else { continue };
            if !self.own.is_own(&finding.kind, value) {
                clean.push_str(&text[end..finding.range.start]);
                let quote = if is_quoted { "\"" } else { "" };
                clean.push_str(&format!("{quote}[redacted: {}]{quote}", finding.kind));
                end = finding.range.end;
            }
        }
        if end == 0 {
            return None;
        }
        clean.push_str(&text[end..]);
        Some(clean)
    }
}

fn plain(found: Vec<Finding>) -> Vec<(Finding, bool)> {
    found.into_iter().map(|finding| (finding, false)).collect()
}

const ALL: [Taken; 7] =
    [Taken::Marked, Taken::Identity, Taken::Row, Taken::Text, Taken::Name, Taken::Secret, Taken::NotPortable];

impl Shown {
    /// As a cell that waits in the spool.
    pub(super) fn to_cell(&self) -> Cell {
        match self {
            Shown::Whole(cell) => cell.as_ref().map(|text| format!("={text}")),
            Shown::Partly(text) => Some(format!("~{text}")),
            Shown::Gone(taken) => Some(format!("!{}", taken.word())),
            Shown::Absent => Some("-".to_owned()),
        }
    }

    /// The other way round.
    pub(super) fn of_cell(cell: Cell) -> Self {
        let Some(text) = cell else { return Shown::Whole(None) };
        match text.split_at_checked(1) {
            Some(("=", text)) => Shown::Whole(Some(text.to_owned())),
            Some(("~", text)) => Shown::Partly(text.to_owned()),
            Some(("!", word)) => ALL.into_iter().find(|taken| taken.word() == word).map_or(Shown::Absent, Shown::Gone),
            _ => Shown::Absent,
        }
    }

    /// Why something was taken out of it.
    pub(super) fn taken(&self) -> Option<Taken> {
        match self {
            Shown::Gone(taken) => Some(*taken),
            Shown::Partly(text) if text.contains("[redacted: person]") => Some(Taken::Name),
            Shown::Partly(_) => Some(Taken::Text),
            Shown::Absent => Some(Taken::NotPortable),
            Shown::Whole(_) => None,
        }
    }

    /// What to write of it, and its kind. `None`: nothing, not even the name.
    pub(super) fn written(&self, kind: ColumnKind) -> Option<(ColumnKind, Option<&str>)> {
        match self {
            Shown::Whole(cell) => Some((kind, cell.as_deref())),
            Shown::Partly(text) => Some((kind, Some(text))),
            Shown::Gone(taken) => Some((ColumnKind::Text, Some(taken.placeholder()))),
            Shown::Absent => None,
        }
    }
}
