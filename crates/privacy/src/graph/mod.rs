//! The subject graph: which rows can belong to a person, as catalogs and data map tell it.
//!
//! A *node* is a collection of one member. An *edge* leads from the referring columns (the *child*'s) to the columns
//! referred to (the *parent*'s), whether the catalog has a foreign key there, the map a reference, or both. Going *down* an
//! edge one finds the rows that refer to a row; going *up* one finds the row that is referred to.
//!
//! Whose is a row? Going down, a referring row belongs to the person over the edge that leads *nearest to people*: of
//! `membership(person_id, group_id)` the person owns it, not the owner of the group. A row that is about a person of its own
//! (its collection has an identity) and merely points at the subject is another's, and is never deleted. The map decides
//! otherwise with `owner: true` or `owner: false` on the referring field.

mod edges;
mod order;
mod ownership;

use std::collections::HashMap;

use model::{Fault, Place};

use crate::catalog::{Catalog, Collection, Column, OnDelete};
use crate::map::propose::named_like;
use crate::map::{DataMap, Dataset, MappedCollection, MappedField};
use crate::plan::{Gap, PASSING};
use crate::row::FieldPath;

/// One member as it enters the graph.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// Name of the member: `shop`, `shop/1`.
    pub member: &'a str,
    /// Key of its dataset in the map; a store without one is followed by its foreign keys alone.
    pub dataset: &'a str,
    /// What it holds.
    pub catalog: &'a Catalog,
}

/// Every collection of every member and how they refer to each other.
#[derive(Debug)]
pub struct Graph {
    /// In the order of members and of the names of their collections.
    pub nodes: Vec<Node>,
    /// In the order of child, parent and columns, whatever the order in which they were declared.
    pub edges: Vec<Edge>,
    /// The map that it was made from.
    pub map: DataMap,
    /// Per node, the edges whose child it is.
    pub(crate) out: Vec<Vec<usize>>,
    /// Per node, the edges whose parent it is.
    pub(crate) into: Vec<Vec<usize>>,
}

/// A collection of one member.
#[derive(Debug)]
pub struct Node {
    /// Number of the member, as it was given.
    pub member: usize,
    /// Its name.
    pub member_name: String,
    /// Its dataset.
    pub dataset: String,
    /// As the catalog tells it.
    pub collection: Collection,
    /// As the map tells it.
    pub mapped: Option<MappedCollection>,
    /// It has rows about people of their own.
    pub about_people: bool,
    /// The map finds personal data in it.
    pub personal: bool,
    /// `skip_processing`: nothing of it is exported or deleted.
    pub skipped: bool,
    /// The fields that hold an identity, and its kind as the map writes it.
    pub identities: Vec<(FieldPath, String)>,
    /// Fields that discovery has to know of each row: both ends of edges, conditions, and what retention counts from.
    pub needs: Vec<FieldPath>,
    /// How many links lie between it and people: 0 when it is about people itself; `None`: it has no owner.
    pub distance: Option<u32>,
}

/// What refers to what.
#[derive(Clone, Debug)]
pub struct Edge {
    /// The referring node.
    pub child: usize,
    /// Its columns or fields.
    pub child_fields: Vec<FieldPath>,
    /// The node referred to.
    pub parent: usize,
    /// Its columns or fields, in the order of `child_fields`.
    pub parent_fields: Vec<FieldPath>,
    /// Holds only for rows of the child whose field has this value.
    pub when: Option<(FieldPath, String)>,
    /// The foreign key, where the store has one.
    pub link: Option<LinkRule>,
    /// Followed from the row referred to, to the referring rows.
    pub down: bool,
    /// Followed from the referring row to the row referred to.
    pub up: bool,
    /// What the map says of the referring field.
    pub owner: Option<bool>,
    /// What a referring row is to the person whose row it refers to.
    pub tie: Tie,
    /// Where the map declares it.
    pub place: Option<Place>,
}

/// The rules of a foreign key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRule {
    /// Its name.
    pub name: String,
    /// What the store does to the child when the parent goes.
    pub on_delete: OnDelete,
    /// May be checked at the end of the transaction.
    pub deferrable: bool,
}

/// What a referring row is to the person whose row it refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    /// It may belong to the person: among the edges on which a row has values, the smallest rank decides.
    Owns(u32),
    /// It is another's, or nobody's, and merely points there.
    Points,
}

impl Graph {
    /// The graph of `parts` under `map`, and what it cannot see: collections without map, references that lead nowhere.
    ///
    /// # Errors
    /// `two-members` when two parts have one name.
    pub fn new(map: &DataMap, parts: &[Part<'_>]) -> Result<(Graph, Vec<Gap>), Fault> {
        for (at, part) in parts.iter().enumerate() {
            if parts[..at].iter().any(|other| other.member == part.member) {
                return Err(Fault::internal("two-members", format!("Two stores are called {}", part.member)));
            }
        }
        let mut gaps = Vec::new();
        let nodes = nodes(map, parts, &mut gaps);
        let edges = edges::collect(map, parts, &nodes, &mut gaps);
        order::lost(map, parts, &nodes, &mut gaps);
        let mut graph = Graph {
            out: vec![Vec::new(); nodes.len()],
            into: vec![Vec::new(); nodes.len()],
            nodes,
            edges,
            map: map.clone(),
        };
        for (number, edge) in graph.edges.iter().enumerate() {
            graph.out[edge.child].push(number);
            graph.into[edge.parent].push(number);
        }
        ownership::rank(&mut graph);
        graph.collect_needs();
        gaps.sort();
        gaps.dedup();
        Ok((graph, gaps))
    }

    /// The node of `collection` in the member of that name.
    pub fn node(&self, member: &str, collection: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.member_name == member && node.collection.name == collection)
    }

    /// From now on discovery has to know these fields of each row of a node.
    pub fn need(&mut self, node: usize, fields: impl IntoIterator<Item = FieldPath>) {
        let needs = &mut self.nodes[node].needs;
        needs.extend(fields);
        needs.sort();
        needs.dedup();
    }

    /// `parcel.person_id → person.id`, with the members where they differ.
    pub fn describe(&self, edge: &Edge) -> String {
        let (child, parent) = (&self.nodes[edge.child], &self.nodes[edge.parent]);
        let member = |node: &Node| match child.member == parent.member {
            true => String::new(),
            false => format!("{}: ", node.member_name),
        };
        format!(
            "{}{}.{} → {}{}.{}",
            member(child),
            child.collection.name,
            joined(&edge.child_fields),
            member(parent),
            parent.collection.name,
            joined(&edge.parent_fields)
        )
    }

    /// Columns that are named and typed like the key of `parent` and that no reference speaks of, in the same member. The map
    /// says `refers: false` of one that only looks so.
    pub(crate) fn likely(&self, parent: usize) -> Vec<(usize, FieldPath)> {
        let target = &self.nodes[parent];
        let [key] = target.collection.key.as_slice() else { return Vec::new() };
        let Some(key) = target.collection.column(key) else { return Vec::new() };
        let is_meant = |child: usize, node: &Node, column: &Column| {
            let field = FieldPath::column(&column.name);
            let is_linked = || self.out[child].iter().any(|edge| self.edges[*edge].child_fields.contains(&field));
            let is_none = || node.field(&field).and_then(|field| field.settings.flag("refers")) == Some(false);
            column.kind == key.kind
                && (child != parent || column.name != key.name)
                && named_like(&column.name, &target.collection.name, &key.name)
                && !is_linked()
                && !is_none()
        };
        let of_member = |node: &Node| node.member == target.member && !node.collection.read_only;
        let mut found = Vec::new();
        for (child, node) in self.nodes.iter().enumerate().filter(|(_, node)| of_member(node)) {
            let columns = node.collection.columns.iter().filter(|column| is_meant(child, node, column));
            found.extend(columns.map(|column| (child, FieldPath::column(&column.name))));
        }
        found
    }

    /// The dataset of a node.
    pub fn dataset(&self, node: usize) -> Option<&Dataset> {
        self.map.datasets.iter().find(|dataset| dataset.key == self.nodes[node].dataset)
    }

    fn collect_needs(&mut self) {
        let mut needs: Vec<Vec<FieldPath>> = vec![Vec::new(); self.nodes.len()];
        for edge in &self.edges {
            needs[edge.child].extend(edge.child_fields.iter().cloned());
            needs[edge.child].extend(edge.when.iter().map(|(field, _)| field.clone()));
            needs[edge.parent].extend(edge.parent_fields.iter().cloned());
        }
        for (node, mut fields) in self.nodes.iter_mut().zip(needs) {
            fields.extend(node.retained_from());
            fields.sort();
            fields.dedup();
            node.needs = fields;
        }
    }
}

impl Node {
    /// The mapped field of a whole column.
    pub fn field(&self, path: &FieldPath) -> Option<&MappedField> {
        self.mapped.as_ref()?.fields.iter().find(|field| field.path == *path)
    }

    /// The columns whose cells make a row's digest: those that the store does not compute.
    pub fn digest_columns(&self) -> Vec<&str> {
        let columns = self.collection.columns.iter().filter(|column| !column.generated);
        columns.map(|column| column.name.as_str()).collect()
    }

    /// `shop.person`, for people.
    pub fn name(&self) -> String {
        format!("{}.{}", self.member_name, self.collection.name)
    }

    fn retained_from(&self) -> Option<FieldPath> {
        let from = self.mapped.as_ref()?.settings.word("retain.from")?;
        Some(column_or_path(&self.collection, from))
    }
}

impl Edge {
    /// The child's columns without their paths.
    pub fn child_columns(&self) -> impl Iterator<Item = &str> {
        self.child_fields.iter().map(FieldPath::root)
    }
}

/// `a` or `(a, b)`.
pub(crate) fn joined(fields: &[FieldPath]) -> String {
    match fields {
        [one] => one.to_string(),
        many => format!("({})", many.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// The column that is called `text`, or else the path that it is.
pub(crate) fn column_or_path(collection: &Collection, text: &str) -> FieldPath {
    match collection.column(text) {
        Some(_) => FieldPath::column(text),
        None => FieldPath::parse(text),
    }
}

fn nodes(map: &DataMap, parts: &[Part<'_>], gaps: &mut Vec<Gap>) -> Vec<Node> {
    let mut nodes = Vec::new();
    for (member, part) in parts.iter().enumerate() {
        let dataset = map.dataset(part.dataset);
        let mut collections: Vec<_> = part.catalog.collections.iter().collect();
        collections.sort_by(|a, b| a.name.cmp(&b.name));
        for collection in collections {
            let mapped = dataset.and_then(|dataset| dataset.of_catalog(&collection.name));
            nodes.push(node(member, part, dataset, collection, mapped));
            if mapped.is_none() && !collection.read_only {
                gaps.push(unmapped(part, &collection.name));
            }
        }
        let absent = dataset.into_iter().flat_map(|dataset| {
            let gone = |collection: &&MappedCollection| dataset.in_catalog(&collection.name, part.catalog).is_none();
            dataset.collections.iter().filter(gone)
        });
        gaps.extend(absent.map(|collection| not_in_store(part, collection)));
        for (kind, texts) in [("catalog", &part.catalog.gaps), (PASSING, &part.catalog.passing)] {
            gaps.extend(texts.iter().map(|text| gap(kind, Some(part.member), None, text.clone(), None)));
        }
    }
    nodes
}

fn node(
    member: usize,
    part: &Part<'_>,
    dataset: Option<&Dataset>,
    collection: &Collection,
    mapped: Option<&MappedCollection>,
) -> Node {
    let identities: Vec<_> = mapped
        .into_iter()
        .flat_map(|mapped| &mapped.fields)
        .filter_map(|field| Some((field.path.clone(), field.identity.clone()?)))
        .collect();
    let about_people = match mapped.and_then(|mapped| mapped.settings.word("about")) {
        Some("nobody") => false,
        Some("subject") => true,
        _ => !identities.is_empty(),
    };
    let is_personal = |dataset: &Dataset| {
        mapped.is_some_and(|mapped| mapped.fields.iter().any(|field| dataset.is_personal(mapped, field)))
    };
    Node {
        member,
        member_name: part.member.to_owned(),
        dataset: part.dataset.to_owned(),
        about_people,
        personal: dataset.is_some_and(is_personal),
        skipped: mapped.is_some_and(|mapped| mapped.skip),
        identities,
        needs: Vec::new(),
        distance: None,
        collection: collection.clone(),
        mapped: mapped.cloned(),
    }
}

fn unmapped(part: &Part<'_>, collection: &str) -> Gap {
    let text = format!(
        "{collection} is not in the data map: its rows are found over foreign keys only, and nobody knows what they hold"
    );
    gap("unmapped", Some(part.member), Some(collection), text, None)
}

fn not_in_store(part: &Part<'_>, mapped: &MappedCollection) -> Gap {
    let text = format!("{} is in the data map but not in the store", mapped.name);
    gap("unreachable", Some(part.member), Some(&mapped.name), text, Some(&mapped.place))
}

pub(crate) fn gap(
    kind: &str,
    member: Option<&str>,
    collection: Option<&str>,
    text: String,
    place: Option<&Place>,
) -> Gap {
    Gap {
        kind: kind.to_owned(),
        member: member.map(str::to_owned),
        collection: collection.map(str::to_owned),
        text,
        place: place.filter(|place| place.file.is_some() || place.line > 0).map(ToString::to_string),
    }
}

/// Numbers of nodes by member and name.
pub(crate) fn numbers(nodes: &[Node]) -> HashMap<(usize, &str), usize> {
    nodes.iter().enumerate().map(|(number, node)| ((node.member, node.collection.name.as_str()), number)).collect()
}
