//! The map as a drawing: people on the left, and to the right of them what hangs on them, link by link.
//!
//! A drawing is made once ([`Drawing::new`]) and written as SVG ([`svg`]) or as an HTML page ([`html`]) that works without
//! network, can be searched and zoomed, and says everything in words as well. The same map gives the same bytes.

mod html;
mod layout;
mod svg;

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use super::{DataMap, Dataset, Direction, MappedCollection, Reference, taxonomy};
use crate::catalog::Catalog;

pub use html::html;
pub use svg::svg;

/// Boxes and lines between them, placed.
#[derive(Clone, Debug, Default)]
pub struct Drawing {
    /// In the order of datasets and collections.
    pub nodes: Vec<Node>,
    /// In the order of their ends.
    pub edges: Vec<Edge>,
    /// How large the drawing is.
    pub size: (u32, u32),
    /// Names over columns of boxes: text, x, y.
    pub headings: Vec<(String, u32, u32)>,
}

/// One collection.
#[derive(Clone, Debug)]
pub struct Node {
    /// Key of its dataset.
    pub dataset: String,
    /// Its name.
    pub name: String,
    /// What is in it.
    pub kind: Kind,
    /// No identity leads to it.
    pub is_unreached: bool,
    /// Fields that are worth a line: identities first, then personal ones. Name and what it is.
    pub fields: Vec<(String, String)>,
    /// All of its fields.
    pub field_count: usize,
    /// Left upper corner, width and height.
    pub place: (u32, u32, u32, u32),
}

/// What a collection holds, the strongest word for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Nothing personal, as far as the map says.
    Other,
    /// Personal data.
    Personal,
    /// Special categories, offences, secrets.
    Sensitive,
    /// A field that names a person.
    Identity,
}

/// One collection refers to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Number of the node that refers.
    pub from: usize,
    /// Number of the node referred to.
    pub to: usize,
    /// `person_id → id`, one a line.
    pub label: String,
    /// In words: declared in the map, or read from the store alone.
    pub is_declared: bool,
}

/// Lines of fields that a box shows.
const LINES_MAX: usize = 4;

impl Drawing {
    /// The drawing of `map`; `catalogs` (dataset key, catalog) add foreign keys that the map does not name.
    pub fn new(map: &DataMap, catalogs: &[(&str, &Catalog)]) -> Drawing {
        let mut drawing = Drawing::default();
        let mut numbers = HashMap::new();
        for dataset in &map.datasets {
            let mut collections: Vec<&MappedCollection> = dataset.collections.iter().collect();
            collections.sort_by(|a, b| natural(&a.name, &b.name));
            for collection in collections {
                numbers.insert((dataset.key.as_str(), collection.name.as_str()), drawing.nodes.len());
                drawing.nodes.push(node(dataset, collection));
            }
        }
        let mut found: HashMap<(usize, usize), (BTreeSet<String>, bool)> = HashMap::new();
        for (from, to, label, declared) in references(map, &numbers).into_iter().chain(links(map, catalogs, &numbers)) {
            let edge = found.entry((from, to)).or_default();
            edge.0.insert(label);
            edge.1 |= declared;
        }
        let edge = |((from, to), (labels, is_declared)): (_, (BTreeSet<String>, bool))| Edge {
            from,
            to,
            label: labels.into_iter().collect::<Vec<_>>().join("\n"),
            is_declared,
        };
        drawing.edges = found.into_iter().map(edge).collect();
        drawing.edges.sort();
        layout::place(&mut drawing);
        drawing
    }
}

/// As people sort names: `t2` comes before `t10`.
fn natural(one: &str, other: &str) -> Ordering {
    let (mut rest, mut others) = (one, other);
    while let (Some((own, behind)), Some((theirs, behind_other))) = (part(rest), part(others)) {
        let digits = |part: &str| part.starts_with(|letter: char| letter.is_ascii_digit());
        let order = match digits(own) && digits(theirs) {
            false => own.cmp(theirs),
            true => {
                // Without zeros in front a longer number is a larger one.
                let (own, theirs) = (own.trim_start_matches('0'), theirs.trim_start_matches('0'));
                own.len().cmp(&theirs.len()).then_with(|| own.cmp(theirs))
            }
        };
        if order != Ordering::Equal {
            return order;
        }
        (rest, others) = (behind, behind_other);
    }
    rest.len().cmp(&others.len()).then_with(|| one.cmp(other))
}

/// The digits at the beginning of a text, or what comes before the first of them; and the rest.
fn part(text: &str) -> Option<(&str, &str)> {
    let is_number = text.chars().next()?.is_ascii_digit();
    let end = text.find(|letter: char| letter.is_ascii_digit() != is_number).unwrap_or(text.len());
    Some(text.split_at(end))
}

fn node(dataset: &Dataset, collection: &MappedCollection) -> Node {
    let mut fields = Vec::new();
    let mut kind = Kind::Other;
    for field in &collection.fields {
        let categories: Vec<&str> = dataset.categories(collection, field).collect();
        let rank = match &field.identity {
            Some(_) => Kind::Identity,
            None if categories.iter().any(|category| taxonomy::is_sensitive(category)) => Kind::Sensitive,
            None if categories.iter().any(|category| taxonomy::is_personal(category)) => Kind::Personal,
            None => continue,
        };
        let own = field.categories.iter().chain(&collection.categories).chain(&dataset.categories);
        let what = match &field.identity {
            Some(identity) => format!("identity: {identity}"),
            None => own
                .map(String::as_str)
                .find(|category| taxonomy::is_personal(category))
                .map_or("user", taxonomy::name)
                .to_owned(),
        };
        kind = kind.max(rank);
        fields.push((rank, field.path.to_string(), what));
    }
    fields.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    Node {
        dataset: dataset.key.clone(),
        name: collection.name.clone(),
        kind,
        is_unreached: false,
        fields: fields.into_iter().map(|(_, name, what)| (name, what)).collect(),
        field_count: collection.fields.len(),
        place: (0, 0, 0, 0),
    }
}

type Numbers<'m> = HashMap<(&'m str, &'m str), usize>;

/// References as (referring, referred to, label, declared): the side with a key is the one referred to.
fn references(map: &DataMap, numbers: &Numbers<'_>) -> Vec<(usize, usize, String, bool)> {
    let mut found = Vec::new();
    for dataset in &map.datasets {
        for collection in &dataset.collections {
            let Some(&here) = numbers.get(&(dataset.key.as_str(), collection.name.as_str())) else { continue };
            for field in &collection.fields {
                for reference in &field.references {
                    let other = (reference.dataset.as_str(), reference.collection.as_str());
                    let Some(&there) = numbers.get(&other) else { continue };
                    let turned =
                        !is_key(map, reference) && (field.primary_key || reference.direction == Some(Direction::To));
                    found.push(match turned {
                        true => (there, here, format!("{} → {}", reference.field, field.path), true),
                        false => (here, there, format!("{} → {}", field.path, reference.field), true),
                    });
                }
            }
        }
    }
    found
}

/// Whether a reference leads to a key.
fn is_key(map: &DataMap, reference: &Reference) -> bool {
    let field = || map.dataset(&reference.dataset)?.collection(&reference.collection)?.field(&reference.field);
    field().is_some_and(|field| field.primary_key)
}

/// Foreign keys of the catalogs.
fn links(map: &DataMap, catalogs: &[(&str, &Catalog)], numbers: &Numbers<'_>) -> Vec<(usize, usize, String, bool)> {
    let mut found = Vec::new();
    for (key, catalog) in catalogs {
        let Some(dataset) = map.dataset(key) else { continue };
        let number = |name: &str| numbers.get(&(*key, dataset.of_catalog(name)?.name.as_str())).copied();
        for collection in &catalog.collections {
            for link in &collection.links {
                let (Some(from), Some(to)) = (number(&collection.name), number(&link.target)) else { continue };
                let pairs = link.columns.iter().zip(&link.target_columns).map(|(a, b)| format!("{a} → {b}"));
                found.extend(pairs.map(|label| (from, to, label, false)));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_as_people_sort_them() {
        let check = |mut names: Vec<&str>, expect: &[&str]| {
            names.sort_by(|a, b| natural(a, b));
            assert_eq!(names, expect);
        };
        check(vec!["t10", "t2", "t1", "t"], &["t", "t1", "t2", "t10"]);
        check(vec!["a10b2", "a10b10", "a9z", "b1"], &["a9z", "a10b2", "a10b10", "b1"]);
        check(vec!["t007", "t7", "t08", "t6"], &["t6", "t007", "t7", "t08"]);
        check(vec!["10", "9", "", "x"], &["", "9", "10", "x"]);
        check(vec!["é2", "é10", "e3"], &["e3", "é2", "é10"]);
    }
}
