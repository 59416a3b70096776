//! Everything that knows names, united.

use std::ops::Range;

use model::Fault;

use super::address::{self, Addresses};
use super::entity::{Entity, Label, Source, Tag};
use super::lexicon::{Language, Lexicon, Roles};
use super::model::Model;
use super::numbers::Numbers;
use super::roster::{Draft, Reading};
use super::words::{Shape, Word};
use super::{organisations, places, plausible, rules, words};

/// Finds names of persons, places and organisations, and addresses, in prose: the network, the lists and the rules.
pub struct Finder {
    model: Model,
    addresses: Addresses,
    numbers: Numbers,
    lexicon: Lexicon,
}

impl Finder {
    /// Unpacks the model and compiles the forms: some milliseconds, so ask for it only when names are wanted, and keep
    /// it. It may be used from several threads at once.
    ///
    /// # Errors
    /// `name-model-broken` when the program was built wrongly.
    pub fn load() -> Result<Self, Fault> {
        let (addresses, numbers) = (Addresses::new()?, Numbers::new()?);
        Ok(Finder { model: Model::load()?, addresses, numbers, lexicon: Lexicon::new() })
    }

    /// The network alone.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// What is named in `text`, in its order, apart from each other; all labels of the network are among them, so that
    /// whoever hides names can hide what the network took for something else (a person for a work of art). A person
    /// found once is found at every place of the text; for other texts of a document or case see
    /// [`Roster`](super::Roster).
    pub fn find(&self, text: &str) -> Vec<Entity> {
        let words = words::words(text, &self.lexicon);
        let language = self.lexicon.language(words.iter().map(|word| word.roles));
        let mut found = self.addresses.find(text);
        found.extend(rules::persons(text, &words, language));
        found.extend(places::places(text, &words));
        found.extend(organisations::organisations(text, &words));
        found.extend(self.numbers.find(text));
        let entities = self.model.entities(text).into_iter().filter(|entity| is_confirmed(&words, language, entity));
        let entities = entities.filter_map(|entity| plausible::plausible(text, &words, entity));
        found.extend(entities.map(|entity| by_the_lists(text, &words, entity)));
        let found = widen(text, unite(text, found), |found| rules::listed(text, &words, found, language));
        let found = widen(text, found, |found| address::around(text, found));
        let found = widen(text, found, |found| elsewhere(text, found));
        beside_placeholders(text, &words, found)
    }
}

/// What the network takes for an organisation or a place, and the lists know as the name of a person and nothing else: it
/// has met few families of other countries.
fn by_the_lists(text: &str, words: &[Word], entity: Entity) -> Entity {
    let from = words.partition_point(|word| word.end <= entity.range.start);
    let count = words[from..].iter().take_while(|word| word.start < entity.range.end).count();
    let is_name = |word: &Word| {
        let kind = word.kind;
        word.shape == Shape::Capital && (kind.is_first() || kind.is_last()) && !kind.is_common() && !kind.is_place()
    };
    let here = &text[entity.range.clone()];
    let goes_on = words.get(from + count).is_some_and(|next| {
        let gap = &text[entity.range.end.min(next.start)..next.start];
        matches!(gap, " " | " & " | ", ") && (next.is_capital() && gap == " " || next.roles.is_thing())
    });
    let fits = matches!(entity.label, Label::Organisation | Label::Place)
        && (1..=2).contains(&count)
        && words[from..from + count].iter().all(is_name)
        && !goes_on
        && !here.contains(['&', '/', '.', '@'])
        && !here.bytes().any(|byte| byte.is_ascii_digit());
    match fits {
        true => Entity { label: Label::Person, source: Source::Gazetteer, score: entity.score.min(0.5), ..entity },
        false => entity,
    }
}

/// Unites what is there with what `more` makes of it.
fn widen(text: &str, mut found: Vec<Entity>, more: impl FnOnce(&[Entity]) -> Vec<Entity>) -> Vec<Entity> {
    let added = more(&found);
    if added.is_empty() {
        return found;
    }
    found.extend(added);
    unite(text, found)
}

/// The persons of a text at its other places.
fn elsewhere(text: &str, found: &[Entity]) -> Vec<Entity> {
    let mut draft = Draft::default();
    draft.add(text, found);
    let roster = draft.settle();
    if roster.is_empty() {
        return Vec::new();
    }
    let mentions = roster.find(text).into_iter().filter(|mention| !matches!(mention.reading, Reading::CommonWord(_)));
    let is_new = |range: &Range<usize>| {
        let at = found.partition_point(|entity| entity.range.end <= range.start);
        !found.get(at).is_some_and(|entity| entity.label == Label::Person && entity.range.start < range.end)
    };
    mentions
        .filter(|mention| is_new(&mention.range))
        .map(|mention| Entity { range: mention.range, label: Label::Person, score: 0.6, source: Source::Roster })
        .collect()
}

/// Whether what the network found in a text that is not English is likely to be right. Dates and amounts are alike
/// enough in all languages; in German a name has to be on the lists, elsewhere it must not be made of common words.
fn is_confirmed(words: &[Word], language: Language, entity: &Entity) -> bool {
    if language == Language::English {
        return true;
    }
    if let Label::Other(tag) = entity.label {
        return matches!(tag, Tag::Date | Tag::Time | Tag::Money | Tag::Percent | Tag::Cardinal | Tag::Quantity);
    }
    let from = words.partition_point(|word| word.end <= entity.range.start);
    let inside: Vec<&Word> = words[from..].iter().take_while(|word| word.start < entity.range.end).collect();
    let names = inside.iter().filter(|word| !word.kind.is_common());
    if language == Language::Other {
        return names.clone().any(|word| word.is_capital() && word.roles == Roles::default());
    }
    let sure = names.clone().any(|word| word.kind.is_place() || word.kind.is_known_first());
    let likely = inside.len() > 1 && names.clone().any(|word| word.kind.is_frequent_last());
    inside.len() <= 5 && (sure || likely)
}

/// What is left of findings when what a redaction has put there (`[PERSON-3]`, `[CARD ***1234]`) is not looked at:
/// a text that is redacted twice is as if it were redacted once.
fn beside_placeholders(text: &str, words: &[Word], found: Vec<Entity>) -> Vec<Entity> {
    let placeholders = placeholders(text);
    if placeholders.is_empty() {
        return found;
    }
    let mut kept = Vec::with_capacity(found.len());
    for entity in found {
        let mut from = entity.range.start;
        let after = entity.range.end..entity.range.end;
        let inside =
            placeholders.iter().filter(|range| range.start < entity.range.end && range.end > entity.range.start);
        for range in inside.chain([&after]) {
            let piece = from..range.start.max(from);
            let whole = piece == entity.range;
            let left = trimmed(text, piece).map(|range| Entity { range, ..entity.clone() });
            kept.extend(left.and_then(|left| if whole { Some(left) } else { plausible::plausible(text, words, left) }));
            from = from.max(range.end);
        }
    }
    kept
}

/// A capital, then capitals, digits and what masks are made of, in brackets.
fn placeholders(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('[') {
        let rest = &text[at + 1..];
        let fits = |char: char| {
            char.is_ascii_uppercase() || char.is_ascii_digit() || matches!(char, '-' | '_' | ' ' | '*' | '/')
        };
        let end = rest.find(|char| !fits(char)).unwrap_or(rest.len());
        if end > 1 && rest.starts_with(|char: char| char.is_ascii_uppercase()) && rest[end..].starts_with(']') {
            found.push(at..at + 1 + end + 1);
        }
    }
    found
}

/// How much a finding may override others that overlap it: addresses hold numbers and names, rules know persons that
/// the network takes for something else, and names of persons and organisations go before the rest.
fn weight(entity: &Entity) -> u8 {
    match (entity.label, entity.source) {
        (Label::Number(_), _) => 6,
        (Label::Address, _) => 5,
        (Label::Person, Source::Title) => 4,
        (Label::Person, _) => 3,
        (Label::Organisation, _) => 2,
        (Label::Place, _) => 1,
        (Label::Other(_), _) => 0,
    }
}

/// Makes findings that overlap into ones that do not: of one label they are joined, of two the weightier stays whole
/// and what is left of the other keeps its label. An organisation named after a person stays whole as well.
pub(super) fn unite(text: &str, mut found: Vec<Entity>) -> Vec<Entity> {
    found.sort_by(|a, b| {
        let by_weight = weight(b).cmp(&weight(a));
        by_weight.then(a.range.start.cmp(&b.range.start)).then(b.range.end.cmp(&a.range.end))
    });
    let mut united: Vec<Entity> = Vec::with_capacity(found.len());
    for entity in found {
        add(text, &mut united, entity);
    }
    united
}

/// Adds a finding to those that are there, which are sorted, apart, and not lighter.
fn add(text: &str, united: &mut Vec<Entity>, mut entity: Entity) {
    let first = united.partition_point(|other| other.range.end <= entity.range.start);
    let count = united[first..].iter().take_while(|other| other.range.start < entity.range.end).count();
    let overlapped = &united[first..first + count];
    let holds = |other: &Entity| entity.range.start <= other.range.start && entity.range.end >= other.range.end;
    let company = entity.label == Label::Organisation
        && overlapped
            .iter()
            .all(|other| holds(other) && other.label == Label::Person && other.source == Source::Gazetteer);
    if company || overlapped.iter().all(|other| other.label == entity.label) {
        for other in overlapped {
            if other.label == entity.label && other.score >= entity.score {
                (entity.score, entity.source) = (other.score, other.source);
            }
            entity.range = entity.range.start.min(other.range.start)..entity.range.end.max(other.range.end);
        }
        united.splice(first..first + count, [entity]);
        return;
    }
    let mut pieces = Vec::new();
    let mut from = entity.range.start;
    for other in
        overlapped.iter().cloned().chain([Entity { range: entity.range.end..entity.range.end, ..entity.clone() }])
    {
        if from < other.range.start {
            pieces.extend(trimmed(text, from..other.range.start).map(|range| Entity { range, ..entity.clone() }));
        }
        from = other.range.end;
        if !other.range.is_empty() {
            pieces.push(other);
        }
    }
    united.splice(first..first + count, pieces);
}

/// A range without blanks and punctuation at its ends; none when no letter or digit is left.
///
/// What is left of a name beside another finding is worth taking out only when it could name something: two characters
/// or more, of which one is no small letter.
fn trimmed(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let here = &text[range.clone()];
    let telling = here.chars().filter(|char| char.is_alphanumeric()).take(2).count() > 1;
    if !telling || !here.contains(|char: char| char.is_alphanumeric() && !char.is_lowercase()) {
        return None;
    }
    let from = here.find(char::is_alphanumeric)?;
    let to = here.rfind(char::is_alphanumeric)?;
    let last = here[to..].chars().next().map_or(0, char::len_utf8);
    Some(range.start + from..range.start + to + last)
}
