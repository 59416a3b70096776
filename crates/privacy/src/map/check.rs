//! Have map and stores drifted apart?
//!
//! Everything here is about keeping a person findable: a column that nobody mapped, a reference that leads nowhere, a table
//! with personal data that no identity leads to. Each finding says where in the map it belongs.

use std::collections::BTreeSet;

use model::{Fault, Place};

use super::propose::{Classify, likely};
use super::sample::{self, Sample};
use super::{DataMap, Dataset, MappedCollection, MappedField, Masking};
use crate::catalog::{self, Catalog, ColumnKind};
use crate::graph::{Graph, Part as GraphPart};

/// One store as it is now.
#[derive(Clone, Copy, Debug)]
pub struct Part<'p> {
    /// The store in probity.toml.
    pub store: &'p str,
    /// The dataset that describes it; the store's name where the map has none.
    pub dataset: &'p str,
    /// What it says about itself.
    pub catalog: &'p Catalog,
    /// What was seen of its values; may be empty.
    pub samples: &'p [Sample],
    /// The catalog names every column, so that what is missing in it is gone. Of documents only some were seen.
    pub is_complete: bool,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth a look.
    Warning,
    /// A request would miss data, or fail.
    Error,
}

/// What is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable name of the rule: `new-column`.
    pub rule: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What is wrong, a sentence without values.
    pub message: String,
    /// What to do about it.
    pub advice: String,
    /// Where in the map it belongs.
    pub place: Place,
    /// Dataset, collection and field that it is about.
    pub about: (String, Option<String>, Option<String>),
}

/// Every rule with what it says, in the order of their names.
pub const RULES: &[(&str, &str)] = &[
    ("collection-gone", "A collection of the map is not in the store any more"),
    ("field-gone", "A field of the map is not in the store any more"),
    ("mapped-type", "The map says another type than the store"),
    ("new-collection", "A collection of the store is not in the map"),
    ("new-column", "A column of the store is not in the map"),
    ("no-dataset", "A store is described by no dataset"),
    ("order-lost", "An `erase_after` names a collection that is not there"),
    ("reference-lost", "A reference leads nowhere"),
    ("replacement-broken", "A replacement does not fit into the column"),
    ("unmapped-personal-data", "Values look personal, and the map does not say so"),
    ("unreachable-collection", "No identity leads to a collection with personal data"),
];

/// Compares the map with its stores. Sorted by place.
///
/// # Errors
/// `two-members` when two parts have one name.
pub fn check(map: &DataMap, parts: &[Part<'_>], classify: &Classify<'_>) -> Result<Vec<Finding>, Fault> {
    let mut findings = Vec::new();
    for part in parts {
        match map.dataset(part.dataset) {
            Some(dataset) => Checking { part, dataset, classify, findings: &mut findings }.run(),
            None => findings.push(Finding {
                rule: "no-dataset",
                level: Level::Error,
                message: format!("The store {} is described by no dataset", part.store),
                advice: format!("Propose one with `probity map scan {}`.", part.store),
                place: map
                    .datasets
                    .first()
                    .map(|dataset| Place { line: 0, column: 0, ..dataset.place.clone() })
                    .unwrap_or_default(),
                about: (part.dataset.to_owned(), None, None),
            }),
        }
    }
    paths(map, parts, &mut findings)?;
    findings.sort_by(|a, b| order(a).cmp(&order(b)));
    findings.dedup();
    Ok(findings)
}

fn order(finding: &Finding) -> impl Ord + '_ {
    let place = &finding.place;
    (&place.file, place.line, place.column, finding.rule, &finding.about)
}

struct Checking<'c> {
    part: &'c Part<'c>,
    dataset: &'c Dataset,
    classify: &'c Classify<'c>,
    findings: &'c mut Vec<Finding>,
}

impl Checking<'_> {
    fn run(mut self) {
        for found in sample::worth_a_look(self.part.catalog) {
            match self.dataset.of_catalog(&found.name) {
                Some(mapped) => self.columns(mapped, found),
                None => self.new_collection(found),
            }
        }
        for mapped in &self.dataset.collections {
            match self.dataset.in_catalog(&mapped.name, self.part.catalog) {
                Some(found) => self.fields(mapped, found),
                None if self.part.is_complete => self.add(
                    "collection-gone",
                    Level::Error,
                    format!("{} is not in the store {} any more", mapped.name, self.part.store),
                    "Take it out of the map, or give it its new name.",
                    &mapped.place,
                    (Some(&mapped.name), None),
                ),
                None => {}
            }
        }
    }

    fn add(
        &mut self,
        rule: &'static str,
        level: Level,
        message: String,
        advice: impl Into<String>,
        place: &Place,
        (collection, field): (Option<&str>, Option<&str>),
    ) {
        self.findings.push(Finding {
            rule,
            level,
            message,
            advice: advice.into(),
            place: place.clone(),
            about: (self.dataset.key.clone(), collection.map(str::to_owned), field.map(str::to_owned)),
        });
    }

    fn new_collection(&mut self, found: &catalog::Collection) {
        let message = format!("{} of the store {} is not in the map", found.name, self.part.store);
        let advice = format!("Add it with `probity map scan {}`.", self.part.store);
        self.add("new-collection", Level::Error, message, advice, &self.dataset.place, (Some(&found.name), None));
    }

    /// Columns of the store that the map does not know.
    fn columns(&mut self, mapped: &MappedCollection, found: &catalog::Collection) {
        for column in found.columns.iter().filter(|column| !found.own.contains(&column.name)) {
            if mapped
                .fields
                .iter()
                .any(|field| field.path.root() == column.name || field.path.to_string() == column.name)
            {
                continue;
            }
            let message = format!("{}.{} of the store {} is not in the map", mapped.name, column.name, self.part.store);
            let advice = format!("Add it with `probity map scan {}`.", self.part.store);
            self.add(
                "new-column",
                Level::Error,
                message,
                advice,
                &mapped.place,
                (Some(&mapped.name), Some(&column.name)),
            );
        }
    }

    fn fields(&mut self, mapped: &MappedCollection, found: &catalog::Collection) {
        for field in &mapped.fields {
            let name = field.path.to_string();
            let column = found.column(field.path.root()).or_else(|| found.column(&name));
            match column {
                Some(column) => {
                    self.kind(mapped, field, column);
                    self.replacement(mapped, field, column);
                }
                None if self.part.is_complete => self.add(
                    "field-gone",
                    Level::Error,
                    format!("{}.{name} is not in the store {} any more", mapped.name, self.part.store),
                    "Take it out of the map, or give it its new name.",
                    &field.place,
                    (Some(&mapped.name), Some(&name)),
                ),
                None => {}
            }
        }
        self.values(mapped, found);
    }

    /// Values that look personal in a field of which the map says that it is not.
    fn values(&mut self, mapped: &MappedCollection, found: &catalog::Collection) {
        let Some(sample) = self.part.samples.iter().find(|sample| sample.collection == found.name) else { return };
        for sampled in sample.fields.iter().filter(|field| !field.values.is_empty()) {
            let above = |field: &&MappedField| sampled.path.0.starts_with(&field.path.0);
            // The closest field that is said something about: the field itself, or the document it lies in.
            let Some(field) = mapped.fields.iter().filter(above).max_by_key(|field| field.path.0.len()) else {
                continue;
            };
            let covered = mapped.fields.iter().filter(above).any(|field| self.dataset.is_personal(mapped, field));
            let plain = found.column(&sampled.path.to_string()).map(|column| column.kind);
            let is_number = matches!(plain, Some(ColumnKind::Integer | ColumnKind::Boolean | ColumnKind::Time));
            if covered || is_number {
                continue;
            }
            let guesses = (self.classify)(&sampled.path.0, &sampled.values);
            let Some(guess) = guesses.into_iter().find(|guess| likely(guess, sampled.values.len())) else { continue };
            let (all, path) = (sampled.values.len(), &sampled.path);
            let message = format!(
                "{}.{path}: {} of {all} values ({} %) look like {}, and the map does not say so",
                mapped.name,
                guess.whole,
                guess.whole * 100 / all,
                guess.name
            );
            let advice = format!("Give it the category {}.", guess.category);
            self.add(
                "unmapped-personal-data",
                Level::Error,
                message,
                advice,
                &field.place.clone(),
                (Some(&mapped.name), Some(&path.to_string())),
            );
        }
    }

    /// What the map calls a number is one: values of identities and references are compared by it.
    fn kind(&mut self, mapped: &MappedCollection, field: &MappedField, column: &catalog::Column) {
        let Some(said) = field.data_type.as_deref().filter(|_| field.path.0.len() == 1) else { return };
        let fits = match (said.trim_end_matches("[]"), column.kind) {
            _ if said.ends_with("[]") => {
                // Lists are kept as JSON in texts too.
                matches!(column.kind, ColumnKind::List | ColumnKind::Json | ColumnKind::Text | ColumnKind::Other)
            }
            ("integer", kind) => matches!(kind, ColumnKind::Integer | ColumnKind::Number | ColumnKind::Other),
            ("float", kind) => matches!(kind, ColumnKind::Integer | ColumnKind::Number | ColumnKind::Other),
            // Stores without flags keep them as numbers.
            ("boolean", kind) => matches!(kind, ColumnKind::Boolean | ColumnKind::Integer | ColumnKind::Other),
            ("object", kind) => {
                matches!(kind, ColumnKind::Json | ColumnKind::Text | ColumnKind::Bytes | ColumnKind::Other)
            }
            _ => true,
        };
        if !fits {
            let name = field.path.to_string();
            let message = format!(
                "{}.{name} is {said} in the map and {} in the store {}",
                mapped.name, column.type_name, self.part.store
            );
            self.add(
                "mapped-type",
                Level::Warning,
                message,
                "Correct its data_type.",
                &field.place,
                (Some(&mapped.name), Some(&name)),
            );
        }
    }

    /// Whether what is to stand in place of a value still fits.
    fn replacement(&mut self, mapped: &MappedCollection, field: &MappedField, column: &catalog::Column) {
        if field.path.0.len() > 1 {
            return;
        }
        let room = [field.length, column.max_chars].into_iter().flatten().min();
        let why = match &field.masking {
            Some(Masking::Null) if !column.nullable => {
                Some("must have a value, and null_rewrite takes it out".to_owned())
            }
            Some(Masking::Text { value, suffix }) => {
                let chars = (value.chars().count() + suffix.chars().count()) as u64;
                let is_text = matches!(column.kind, ColumnKind::Text | ColumnKind::Json | ColumnKind::Other);
                match room.filter(|room| chars > *room) {
                    _ if !is_text => Some(format!("is {}, and string_rewrite puts a text there", column.type_name)),
                    Some(room) => Some(format!("has room for {room} characters, and its replacement has {chars}")),
                    None => None,
                }
            }
            Some(Masking::Random(chars)) => room
                .filter(|room| chars > room)
                .map(|room| format!("has room for {room} characters, and its replacement has {chars}")),
            _ => None,
        };
        let why = why.or_else(|| {
            let writes = !matches!(field.masking, None | Some(Masking::Keep));
            (writes && column.generated).then(|| "is computed by the store and cannot be written".to_owned())
        });
        if let Some(why) = why {
            let name = field.path.to_string();
            let message = format!("{}.{name} {why}", mapped.name);
            self.add(
                "replacement-broken",
                Level::Error,
                message,
                "Choose another masking strategy for it.",
                &field.place,
                (Some(&mapped.name), Some(&name)),
            );
        }
    }
}

/// References that lead nowhere, and collections with personal data that no identity leads to.
fn paths(map: &DataMap, parts: &[Part<'_>], findings: &mut Vec<Finding>) -> Result<(), Fault> {
    let graph_parts: Vec<GraphPart<'_>> = parts
        .iter()
        .map(|part| GraphPart { member: part.store, dataset: part.dataset, catalog: part.catalog })
        .collect();
    let (graph, gaps) = Graph::new(map, &graph_parts)?;
    for gap in &gaps {
        let (rule, advice) = match gap.kind.as_str() {
            "dangling-reference" => ("reference-lost", "Correct the reference, or take it out of the map."),
            "dangling-order" => ("order-lost", "Correct the name, dataset.collection, or take it out of the map."),
            _ => continue,
        };
        findings.push(Finding {
            rule,
            level: Level::Error,
            message: gap.text.clone(),
            advice: advice.to_owned(),
            place: place_of(map, gap.place.as_deref()).unwrap_or_default(),
            about: (gap.member.clone().unwrap_or_default(), gap.collection.clone(), None),
        });
    }
    let reached = reached(&graph);
    for (number, node) in graph.nodes.iter().enumerate() {
        let Some(mapped) = node.mapped.as_ref().filter(|_| node.personal && !node.skipped) else { continue };
        if reached.contains(&number) {
            continue;
        }
        findings.push(Finding {
            rule: "unreachable-collection",
            level: Level::Error,
            message: format!("{} holds personal data, and no identity leads to it", node.name()),
            advice:
                "Add a reference to a collection that an identity leads to, or mark the field that holds an identity."
                    .to_owned(),
            place: mapped.place.clone(),
            about: (node.dataset.clone(), Some(mapped.name.clone()), None),
        });
    }
    Ok(())
}

/// The place of the reference or collection that a gap is about: it has it as people see it.
fn place_of(map: &DataMap, shown: Option<&str>) -> Option<Place> {
    let collections = || map.datasets.iter().flat_map(|dataset| &dataset.collections);
    let references = collections().flat_map(|collection| &collection.fields).flat_map(|field| &field.references);
    let mut places =
        references.map(|reference| &reference.place).chain(collections().map(|collection| &collection.place));
    places.find(|place| shown.is_some_and(|shown| place.to_string() == shown)).cloned()
}

/// The nodes that discovery can come to from identities, whatever the request names.
fn reached(graph: &Graph) -> BTreeSet<usize> {
    let mut open: Vec<usize> =
        (0..graph.nodes.len()).filter(|number| !graph.nodes[*number].identities.is_empty()).collect();
    let mut reached: BTreeSet<usize> = open.iter().copied().collect();
    while let Some(node) = open.pop() {
        let next = graph.edges.iter().filter_map(|edge| match edge {
            edge if edge.parent == node && edge.down => Some(edge.child),
            edge if edge.child == node && edge.up => Some(edge.parent),
            _ => None,
        });
        open.extend(next.filter(|node| reached.insert(*node)));
    }
    reached
}
