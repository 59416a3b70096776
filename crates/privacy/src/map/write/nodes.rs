//! Datasets, collections and fields as the entries that are written.

use model::Place;
use yaml::{Key, Node, Value};

use crate::map::read::masking;
use crate::map::{Dataset, Direction, MappedCollection, MappedField, Masking, Reference, Rest, Settings, references};

type Entries = Vec<(String, Node)>;

pub(super) fn dataset_entries(dataset: &Dataset) -> Entries {
    let mut entries = vec![("fides_key".to_owned(), text(&dataset.key))];
    described(&mut entries, &dataset.name, &dataset.description, &dataset.categories);
    entries.extend(dataset.rest.keys.iter().cloned());
    let mut meta = Vec::new();
    push_list(&mut meta, "after", &dataset.after);
    push_meta(&mut entries, meta, &dataset.rest);
    let mut probity = Vec::new();
    if dataset.store != dataset.key {
        probity.push(("store".to_owned(), text(&dataset.store)));
    }
    push_probity(&mut entries, probity, &dataset.settings, &dataset.rest);
    entries
}

pub(super) fn collection_entries(collection: &MappedCollection) -> Entries {
    let mut entries = vec![("name".to_owned(), text(&collection.name))];
    described(&mut entries, &None, &collection.description, &collection.categories);
    entries.extend(collection.rest.keys.iter().cloned());
    let mut meta = Vec::new();
    let mut probity = Vec::new();
    for (key, names) in [("after", &collection.after), ("erase_after", &collection.erase_after)] {
        let (fides, own): (Vec<String>, Vec<String>) = names.iter().cloned().partition(|name| is_collection_key(name));
        push_list(&mut meta, key, &fides);
        push_list(&mut probity, key, &own);
    }
    if collection.skip {
        meta.push(("skip_processing".to_owned(), flag(true)));
    }
    if collection.delete {
        meta.push(("masking_strategy_override".to_owned(), mapping([("strategy", text("delete"))])));
    }
    push_meta(&mut entries, meta, &collection.rest);
    push_probity(&mut entries, probity, &collection.settings, &collection.rest);
    entries
}

pub(super) fn field_entries(field: &MappedField) -> Entries {
    let name = field.path.0.last().map(String::as_str).unwrap_or_default();
    let mut entries = vec![("name".to_owned(), text(name))];
    described(&mut entries, &None, &field.description, &field.categories);
    entries.extend(field.rest.keys.iter().cloned());
    let mut meta = Vec::new();
    let (plain, own): (Vec<&Reference>, Vec<&Reference>) =
        field.references.iter().partition(|reference| reference.when.is_none());
    push_references(&mut meta, &plain);
    if let Some(identity) = &field.identity {
        meta.push(("identity".to_owned(), text(identity)));
    }
    if field.primary_key {
        meta.push(("primary_key".to_owned(), flag(true)));
    }
    if let Some(data_type) = &field.data_type {
        meta.push(("data_type".to_owned(), text(data_type)));
    }
    if let Some(length) = field.length {
        meta.push(("length".to_owned(), token(&length.to_string())));
    }
    if field.read_only {
        meta.push(("read_only".to_owned(), flag(true)));
    }
    let mut rest = field.rest.clone();
    push_masking(&mut meta, field.masking.as_ref(), &mut rest);
    push_meta(&mut entries, meta, &rest);
    let mut probity = Vec::new();
    push_references(&mut probity, &own);
    push_probity(&mut entries, probity, &field.settings, &rest);
    entries
}

fn described(entries: &mut Entries, name: &Option<String>, description: &Option<String>, categories: &[String]) {
    for (key, words) in [("name", name), ("description", description)] {
        entries.extend(words.as_ref().map(|words| (key.to_owned(), text(words))));
    }
    push_list(entries, "data_categories", categories);
}

fn push_list(entries: &mut Entries, key: &str, words: &[String]) {
    if !words.is_empty() {
        entries.push((key.to_owned(), list(words.iter().map(|word| text(word)).collect())));
    }
}

fn push_meta(entries: &mut Entries, meta: Entries, rest: &Rest) {
    push_mapping(entries, "fides_meta", meta.into_iter().chain(rest.fides_meta.iter().cloned()));
}

fn push_probity(entries: &mut Entries, mut probity: Entries, settings: &Settings, rest: &Rest) {
    probity.extend(settings_entries(settings));
    let mut meta = rest.meta.clone();
    push_mapping(&mut meta, "probity", probity.into_iter());
    push_mapping(entries, "meta", meta.into_iter());
}

fn push_mapping(entries: &mut Entries, key: &str, inside: impl Iterator<Item = (String, Node)>) {
    let inside: Vec<(String, Node)> = inside.collect();
    if !inside.is_empty() {
        entries.push((key.to_owned(), mapping(inside)));
    }
}

fn push_references(entries: &mut Entries, references: &[&Reference]) {
    if !references.is_empty() {
        let items = references.iter().map(|reference| reference_node(reference)).collect();
        entries.push(("references".to_owned(), list(items)));
    }
}

fn reference_node(reference: &Reference) -> Node {
    let mut entries = vec![("dataset", text(&reference.dataset)), ("field", text(&references::written(reference)))];
    match reference.direction {
        Some(Direction::From) => entries.push(("direction", text("from"))),
        Some(Direction::To) => entries.push(("direction", text("to"))),
        None => {}
    }
    if let Some((field, word)) = &reference.when {
        entries.push(("when", mapping([("field", text(&field.to_string())), ("is", text(word))])));
    }
    mapping(entries)
}

/// As it was written where that means the same, with the algorithm and what else there was; otherwise by its name.
fn push_masking(meta: &mut Entries, masking: Option<&Masking>, rest: &mut Rest) {
    const KEY: &str = "masking_strategy_override";
    let Some(masking) = masking else { return };
    let written = rest.fides_meta.iter().find(|(key, _)| key == KEY);
    if written.is_some_and(|(_, node)| masking::read(node, KEY).is_ok_and(|read| read == *masking)) {
        return;
    }
    rest.fides_meta.retain(|(key, _)| key != KEY);
    let (strategy, configuration) = match masking {
        Masking::Null => ("null_rewrite", vec![]),
        Masking::Text { value, suffix } if suffix.is_empty() => {
            ("string_rewrite", vec![("rewrite_value", text(value))])
        }
        Masking::Text { value, suffix } => {
            let kept = mapping([("suffix", text(suffix))]);
            ("string_rewrite", vec![("rewrite_value", text(value)), ("format_preservation", kept)])
        }
        Masking::Random(length) => ("random_string_rewrite", vec![("length", token(&length.to_string()))]),
        Masking::Pseudonym => ("hash", vec![]),
        Masking::Keep => ("preserve", vec![]),
    };
    let mut entries = vec![("strategy", text(strategy))];
    if !configuration.is_empty() {
        entries.push(("configuration", mapping(configuration)));
    }
    meta.push((KEY.to_owned(), mapping(entries)));
}

/// The words as a tree again: `retain.anonymise[0]` becomes a list under a mapping.
fn settings_entries(settings: &Settings) -> Entries {
    tree(settings.words.iter().map(|(path, (word, _))| (path.as_str(), word.as_str())))
}

fn tree<'w>(words: impl Iterator<Item = (&'w str, &'w str)>) -> Entries {
    let mut groups: Vec<(&str, Vec<(&str, &str)>)> = Vec::new();
    for (path, word) in words {
        let end = path.find(['.', '[']).unwrap_or(path.len());
        let (head, below) = path.split_at(end);
        match groups.iter_mut().find(|(name, _)| *name == head) {
            Some((_, group)) => group.push((below, word)),
            None => groups.push((head, vec![(below, word)])),
        }
    }
    let entry = |(head, group): (&str, Vec<(&str, &str)>)| (head.to_owned(), branch(group));
    groups.into_iter().map(entry).collect()
}

/// What stands under one key: a word, a list by its numbers, or a mapping.
fn branch(mut group: Vec<(&str, &str)>) -> Node {
    let number = |below: &str| below.strip_prefix('[')?.strip_suffix(']')?.parse::<usize>().ok();
    if group.iter().all(|(below, _)| number(below).is_some()) {
        group.sort_by_key(|(below, _)| number(below));
        return list(group.into_iter().map(|(_, word)| text(word)).collect());
    }
    match group.as_slice() {
        [("", word @ ("true" | "false"))] => token(word),
        [("", word)] => text(word),
        _ => mapping(tree(group.iter().map(|(below, word)| (below.trim_start_matches('.'), *word)))),
    }
}

/// `dataset.collection` as fideslang takes it: one dot.
fn is_collection_key(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_<>-".contains(&byte);
    name.split('.').count() == 2 && name.split('.').all(|part| !part.is_empty() && part.bytes().all(fits))
}

pub(super) fn text(text: &str) -> Node {
    node(Value::Scalar { text: text.to_owned(), plain: false })
}

/// A word that stands without quotes.
fn token(text: &str) -> Node {
    node(Value::Scalar { text: text.to_owned(), plain: true })
}

fn flag(flag: bool) -> Node {
    token(if flag { "true" } else { "false" })
}

fn list(items: Vec<Node>) -> Node {
    node(Value::List(items))
}

fn mapping(entries: impl IntoIterator<Item = (impl Into<String>, Node)>) -> Node {
    let key = |text: String| Key { text, place: Place::default() };
    node(Value::Map(entries.into_iter().map(|(name, node)| (key(name.into()), node)).collect()))
}

fn node(value: Value) -> Node {
    Node { place: Place::default(), value }
}
