//! A map that people keep gets new lines; the lines that are there stay as they are, comments and order included.
//!
//! The edit is checked by reading the result. Where it cannot be done (a file in one line of braces, say) the file is
//! written anew: nothing of its content is lost, but comments and order are.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;

use yaml::{Node, Value};

use super::read::{self, Limits};
use super::write::{self, Comments};
use super::{DataMap, Dataset, MappedCollection, MappedField};

/// A file after an update.
#[derive(Clone, Debug)]
pub struct Updated {
    /// The whole text.
    pub text: String,
    /// It was written anew: comments and order of the old text are gone.
    pub anew: bool,
}

/// `text` with what `map` has and it has not: datasets, collections, fields. `others` are the keys beside `dataset`.
pub fn update(text: &str, map: &DataMap, others: &[(String, Node)], comments: &Comments) -> Updated {
    match edited(text, map, others, comments) {
        Some(text) => Updated { text, anew: false },
        None => Updated { text: write::write(map, others, comments), anew: true },
    }
}

fn edited(text: &str, map: &DataMap, others: &[(String, Node)], comments: &Comments) -> Option<String> {
    let documents = yaml::read(text, &Limits::default().file).ok()?;
    let [document] = documents.as_slice() else { return None };
    let lines: Vec<&str> = text.lines().collect();
    let mut edit = Edit { lines: &lines, insertions: BTreeMap::new(), comments };
    edit.datasets(document, map)?;
    let edited = edit.finish();
    let again = read::read([(Path::new(""), edited.as_str())], &Limits::default()).ok()?;
    let (_, again_others) = again.others.first()?;
    let none = Comments::default();
    let is_same = write::write(&again.map, again_others, &none) == write::write(map, others, &none);
    is_same.then_some(edited)
}

struct Edit<'e> {
    lines: &'e [&'e str],
    /// What comes before the line of that number: what stands further in first, or it would join the wrong list.
    insertions: BTreeMap<(usize, Reverse<usize>), String>,
    comments: &'e Comments,
}

impl Edit<'_> {
    fn datasets(&mut self, document: &Node, map: &DataMap) -> Option<()> {
        let items = list(document.entry("dataset")?)?;
        for dataset in &map.datasets {
            match item(items, "fides_key", &dataset.key) {
                Some(node) => self.collections(node, dataset)?,
                None => {
                    let place = self.place(items)?;
                    self.insert(place, write::dataset_text(place.0, dataset, self.comments));
                }
            }
        }
        Some(())
    }

    fn collections(&mut self, node: &Node, dataset: &Dataset) -> Option<()> {
        let empty = Vec::new();
        let items = node.entry("collections").map_or(Some(&empty), list)?;
        for collection in &dataset.collections {
            match item(items, "name", &collection.name) {
                Some(node) => self.fields(node, dataset, collection)?,
                None => {
                    let place = self.place(items)?;
                    self.insert(place, write::collection_text(place.0, &dataset.key, collection, self.comments));
                }
            }
        }
        Some(())
    }

    /// New columns. A new field within a document that is mapped already is left to writing the file anew.
    fn fields(&mut self, node: &Node, dataset: &Dataset, collection: &MappedCollection) -> Option<()> {
        let empty = Vec::new();
        let items = node.entry("fields").map_or(Some(&empty), list)?;
        let is_new = |field: &&MappedField| item(items, "name", field.path.root()).is_none();
        let new: Vec<&MappedField> = collection.fields.iter().filter(is_new).collect();
        if new.is_empty() {
            return Some(());
        }
        let place = self.place(items)?;
        self.insert(place, write::fields_text(place.0, &dataset.key, &collection.name, &new, self.comments));
        Some(())
    }

    fn insert(&mut self, (dash, line): (usize, usize), text: String) {
        self.insertions.entry((line, Reverse(dash))).or_default().push_str(&text);
    }

    /// Where the dashes of a list stand, and the line behind its last item.
    fn place(&self, items: &[Node]) -> Option<(usize, usize)> {
        let last = items.last()?;
        let line = *self.lines.get(usize::try_from(last.place.line).ok()?.checked_sub(1)?)?;
        let before = line.get(..usize::try_from(last.place.column).ok()?.checked_sub(1)?)?;
        let dash = before.find('-')?;
        let only_dash =
            before.chars().enumerate().all(|(at, letter)| if at == dash { letter == '-' } else { letter == ' ' });
        // A mapping in braces has no lines of its own to add to, but others can follow it.
        if !only_dash {
            return None;
        }
        let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let is_blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
        let mut end = usize::try_from(last_line(last)).ok()?;
        while self.lines.get(end).is_some_and(|line| is_blank(line) || indent(line) > dash) {
            end += 1;
        }
        while end > 0 && is_blank(self.lines[end - 1]) && indent(self.lines[end - 1]) <= dash {
            end -= 1;
        }
        Some((dash, end))
    }

    fn finish(self) -> String {
        let mut text = String::new();
        for number in 0..=self.lines.len() {
            let here = (number, Reverse(usize::MAX))..=(number, Reverse(0));
            self.insertions.range(here).for_each(|(_, new)| text.push_str(new));
            if let Some(line) = self.lines.get(number) {
                text.push_str(line);
                text.push('\n');
            }
        }
        text
    }
}

fn list(node: &Node) -> Option<&Vec<Node>> {
    match &node.value {
        Value::List(items) => Some(items),
        _ => None,
    }
}

fn item<'n>(items: &'n [Node], key: &str, name: &str) -> Option<&'n Node> {
    items.iter().find(|item| item.entry(key).and_then(Node::scalar) == Some(name))
}

/// The last line on which something below `node` begins.
fn last_line(node: &Node) -> u64 {
    let inside = match &node.value {
        Value::Scalar { .. } => None,
        Value::List(items) => items.iter().map(last_line).max(),
        Value::Map(entries) => entries.iter().map(|(key, node)| key.place.line.max(last_line(node))).max(),
    };
    node.place.line.max(inside.unwrap_or_default())
}
