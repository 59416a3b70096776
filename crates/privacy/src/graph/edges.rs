//! Foreign keys and references become edges; where both say the same, they are one.

use std::collections::{BTreeMap, HashMap};

use model::Place;

use super::{Edge, LinkRule, Node, Part, Tie, column_or_path, gap, numbers};
use crate::map::{DataMap, Dataset, Direction, MappedField, Reference};
use crate::plan::Gap;
use crate::row::FieldPath;

/// What makes an edge: child and its fields, parent and its fields, condition.
type Name = (usize, Vec<FieldPath>, usize, Vec<FieldPath>, Option<(FieldPath, String)>);

pub(super) fn collect(map: &DataMap, parts: &[Part<'_>], nodes: &[Node], gaps: &mut Vec<Gap>) -> Vec<Edge> {
    let mut found = Found { map, parts, nodes, numbers: numbers(nodes), edges: BTreeMap::new() };
    for (number, node) in nodes.iter().enumerate() {
        found.links(number, node, gaps);
    }
    for (number, node) in nodes.iter().enumerate() {
        for field in node.mapped.iter().flat_map(|mapped| &mapped.fields) {
            for reference in &field.references {
                found.reference(number, field, reference, gaps);
            }
        }
    }
    let mut edges: Vec<Edge> = found.edges.into_values().collect();
    for edge in &mut edges {
        let said = edge.child_fields.iter().filter_map(|field| nodes[edge.child].field(field)?.settings.flag("owner"));
        edge.owner = said.reduce(|one, other| one && other);
    }
    edges
}

struct Found<'a> {
    map: &'a DataMap,
    parts: &'a [Part<'a>],
    nodes: &'a [Node],
    numbers: HashMap<(usize, &'a str), usize>,
    edges: BTreeMap<Name, Edge>,
}

impl Found<'_> {
    fn links(&mut self, child: usize, node: &Node, gaps: &mut Vec<Gap>) {
        let columns = |names: &[String]| names.iter().map(|name| FieldPath::column(name)).collect::<Vec<_>>();
        for link in &node.collection.links {
            let Some(&parent) = self.numbers.get(&(node.member, link.target.as_str())) else {
                let text = format!("The foreign key {} leads to {}, which cannot be seen", link.name, link.target);
                gaps.push(gap("dangling-link", Some(&node.member_name), Some(&node.collection.name), text, None));
                continue;
            };
            let rule = LinkRule { name: link.name.clone(), on_delete: link.on_delete, deferrable: link.deferrable };
            let edge = self.edge(child, columns(&link.columns), parent, columns(&link.target_columns), None);
            edge.link.get_or_insert(rule);
            (edge.down, edge.up) = (true, true);
        }
    }

    /// The edge of that name; a new one is not followed in either direction yet.
    fn edge(
        &mut self,
        child: usize,
        child_fields: Vec<FieldPath>,
        parent: usize,
        parent_fields: Vec<FieldPath>,
        when: Option<(FieldPath, String)>,
    ) -> &mut Edge {
        let name = (child, child_fields.clone(), parent, parent_fields.clone(), when.clone());
        self.edges.entry(name).or_insert(Edge {
            child,
            child_fields,
            parent,
            parent_fields,
            when,
            link: None,
            down: false,
            up: false,
            owner: None,
            tie: Tie::Points,
            place: None,
        })
    }

    fn reference(&mut self, holder: usize, field: &MappedField, reference: &Reference, gaps: &mut Vec<Gap>) {
        let node = &self.nodes[holder];
        let others = match self.others(node, reference) {
            Ok(others) => others,
            Err(text) => {
                let text = format!("{}.{} {text}", node.collection.name, field.path);
                return gaps.push(complaint(node, text, &reference.place));
            }
        };
        for other in others {
            let target = self.in_collection(other, &reference.field);
            if !self.has_field(other, &target) {
                let name = &self.nodes[other].collection.name;
                let text =
                    format!("{}.{} refers to {name}.{target}, which is not there", node.collection.name, field.path);
                gaps.push(complaint(node, text, &reference.place));
                continue;
            }
            self.join(holder, &self.in_collection(holder, &field.path), other, &target, reference);
        }
    }

    /// The nodes that a reference means: in the same member within a dataset, in every member of another one.
    fn others(&self, node: &Node, reference: &Reference) -> Result<Vec<usize>, String> {
        let whole = format!("{}.{}", reference.dataset, reference.collection);
        let Some(dataset) = self.map.dataset(&reference.dataset) else {
            return Err(format!("refers to {whole}: there is no dataset {} in the data map", reference.dataset));
        };
        if dataset.collection(&reference.collection).is_none() {
            return Err(format!("refers to {whole}, which is not in the data map"));
        }
        let is_meant = |member: usize, part: &Part<'_>| {
            part.dataset == dataset.key && (dataset.key != node.dataset || member == node.member)
        };
        let members: Vec<_> = self.parts.iter().enumerate().filter(|(member, part)| is_meant(*member, part)).collect();
        if members.is_empty() {
            return Err(format!("refers to {whole}, and no store of that dataset is open"));
        }
        let nodes: Vec<_> =
            members.into_iter().filter_map(|(member, part)| self.node_of(member, part, dataset, reference)).collect();
        if nodes.is_empty() { Err(format!("refers to {whole}, which is not in the store")) } else { Ok(nodes) }
    }

    fn node_of(&self, member: usize, part: &Part<'_>, dataset: &Dataset, reference: &Reference) -> Option<usize> {
        let name = &dataset.in_catalog(&reference.collection, part.catalog)?.name;
        self.numbers.get(&(member, name.as_str())).copied()
    }

    /// A path whose whole text is a column is that column.
    fn in_collection(&self, node: usize, path: &FieldPath) -> FieldPath {
        column_or_path(&self.nodes[node].collection, &path.to_string())
    }

    fn has_field(&self, node: usize, field: &FieldPath) -> bool {
        let node = &self.nodes[node];
        node.collection.column(field.root()).is_some() || node.field(field).is_some()
    }

    fn join(&mut self, holder: usize, field: &FieldPath, other: usize, target: &FieldPath, reference: &Reference) {
        let one = |field: &FieldPath| vec![field.clone()];
        let holder_refers = self.refers(holder, field, other, target, reference.direction);
        let (child, child_field, parent, parent_field) =
            if holder_refers { (holder, field, other, target) } else { (other, target, holder, field) };
        let (to_holder, from_holder) = match reference.direction {
            Some(Direction::From) => (true, false),
            Some(Direction::To) => (false, true),
            None => (true, true),
        };
        let (down, up) = if holder_refers { (to_holder, from_holder) } else { (from_holder, to_holder) };
        let when = reference.when.as_ref().map(|(field, is)| (self.in_collection(holder, field), is.clone()));
        if let Some(whole) = self.composite((child, child_field), (parent, parent_field)) {
            whole.place.get_or_insert_with(|| reference.place.clone());
            return;
        }
        let edge = self.edge(child, one(child_field), parent, one(parent_field), when.filter(|_| holder_refers));
        edge.down |= down;
        edge.up |= up;
        edge.place.get_or_insert_with(|| reference.place.clone());
    }

    /// The foreign key over several columns that a reference tells one column of: a map has a line for each, and followed
    /// alone each would lead to rows of others.
    fn composite(&mut self, child: (usize, &FieldPath), parent: (usize, &FieldPath)) -> Option<&mut Edge> {
        let is_whole = |edge: &Edge| edge.child_fields.len() == 1 && edge.child_fields[0] == *child.1;
        let pairs =
            |edge: &Edge| edge.child_fields.iter().zip(&edge.parent_fields).any(|pair| pair == (child.1, parent.1));
        let is_link =
            |edge: &&mut Edge| edge.link.is_some() && edge.child == child.0 && edge.parent == parent.0 && pairs(edge);
        let mut links: Vec<&mut Edge> = self.edges.values_mut().filter(is_link).collect();
        // A foreign key over this column alone, beside the other, is a link of its own.
        if links.iter().any(|edge| is_whole(edge)) {
            return None;
        }
        links.pop()
    }

    /// Whether the field that holds the reference is the referring one: as the foreign key says; else whichever is no key
    /// refers to the one that is; else as the data flow.
    fn refers(
        &self,
        holder: usize,
        field: &FieldPath,
        other: usize,
        target: &FieldPath,
        direction: Option<Direction>,
    ) -> bool {
        let is_link = |child: usize, from: &FieldPath, parent: usize, to: &FieldPath| {
            let name = (child, vec![from.clone()], parent, vec![to.clone()], None);
            self.edges.get(&name).is_some_and(|edge| edge.link.is_some())
        };
        match (is_link(holder, field, other, target), is_link(other, target, holder, field)) {
            (true, false) => return true,
            (false, true) => return false,
            _ => {}
        }
        match (self.is_key(holder, field), self.is_key(other, target)) {
            (false, true) => true,
            (true, false) => false,
            _ => direction != Some(Direction::To),
        }
    }

    fn is_key(&self, node: usize, field: &FieldPath) -> bool {
        let node = &self.nodes[node];
        let is_it = |columns: &Vec<String>| field.below().is_empty() && *columns == [field.root()];
        is_it(&node.collection.key)
            || node.collection.unique.iter().any(is_it)
            || node.field(field).is_some_and(|field| field.primary_key)
    }
}

fn complaint(node: &Node, text: String, place: &Place) -> Gap {
    gap("dangling-reference", Some(&node.member_name), Some(&node.collection.name), text, Some(place))
}
