//! What stands in a field of a row that stays, once the personal data are out of it.

use model::Digest;

use super::Outcome;
use super::check;
use crate::catalog::{Column, ColumnKind};
use crate::graph::{Graph, Node, column_or_path};
use crate::map::{Masking, taxonomy};
use crate::row::{Cell, FieldPath, Key};
use crate::tombstone::Secret;

/// The fields of a row that stays from which the person is taken out: those that the map lists for rows that the law keeps,
/// else every personal one. Keys and foreign keys hold the store together and are left alone; where the map knows nothing
/// about a collection, every text counts as personal.
pub(super) fn fields(graph: &Graph, number: usize, kept: bool) -> Vec<FieldPath> {
    let node = &graph.nodes[number];
    let Some(mapped) = &node.mapped else { return texts(graph, number) };
    let listed = mapped.settings.list("retain.anonymise");
    if kept && !listed.is_empty() {
        return listed.into_iter().map(|name| column_or_path(&node.collection, name)).collect();
    }
    let is_personal = |field: &&crate::map::MappedField| match graph.dataset(number) {
        Some(dataset) => dataset.is_personal(mapped, field),
        None => field.categories.iter().any(|category| taxonomy::is_personal(category)),
    };
    let personal =
        mapped.fields.iter().filter(is_personal).map(|field| column_or_path(&node.collection, &field.path.to_string()));
    let mut fields: Vec<FieldPath> = personal.filter(|field| !is_fixed(graph, number, field)).collect();
    fields.sort();
    fields.dedup();
    let whole: Vec<FieldPath> = fields.iter().filter(|field| field.below().is_empty()).cloned().collect();
    fields.retain(|field| field.below().is_empty() || !whole.iter().any(|column| column.root() == field.root()));
    fields
}

fn texts(graph: &Graph, number: usize) -> Vec<FieldPath> {
    use ColumnKind::{Bytes, Json, List, Text};
    let columns = graph.nodes[number].collection.columns.iter();
    let texts = columns.filter(|column| matches!(column.kind, Text | Json | List | Bytes) && !column.generated);
    let is_referred = |field: &FieldPath| {
        let mut into = graph.into[number].iter().map(|edge| &graph.edges[*edge]);
        into.any(|edge| edge.link.is_some() && edge.parent_fields.contains(field))
    };
    let fields = texts.map(|column| FieldPath::column(&column.name));
    fields.filter(|field| !is_fixed(graph, number, field) && !is_referred(field)).collect()
}

/// Keys (unless they are an identity: then they have to be treated, and cannot be), foreign keys, computed columns.
fn is_fixed(graph: &Graph, number: usize, field: &FieldPath) -> bool {
    let node = &graph.nodes[number];
    let is_identity = node.identities.iter().any(|(identity, _)| identity == field);
    let is_key = field.below().is_empty() && node.collection.key.iter().any(|column| column == field.root());
    let is_link = graph.out[number].iter().any(|edge| {
        let edge = &graph.edges[*edge];
        edge.link.is_some() && edge.child_fields.contains(field)
    });
    is_key && !is_identity || is_link || node.collection.column(field.root()).is_some_and(|column| column.generated)
}

/// What replacing is done with.
pub(super) struct Replacer<'a> {
    pub(super) graph: &'a Graph,
    pub(super) node: usize,
    pub(super) secret: Option<&'a Secret>,
}

impl Replacer<'_> {
    /// The new cell for `field`, in which `now` stands, and what that is called. `None`: the map wants it preserved.
    ///
    /// # Errors
    /// Why there is no replacement, a sentence.
    pub(super) fn cell(
        &self,
        field: &FieldPath,
        key: &Key,
        now: &Cell,
        row: &dyn Fn(&str) -> Option<Cell>,
    ) -> Result<Option<(Cell, Outcome)>, String> {
        let node = &self.graph.nodes[self.node];
        let Some(now) = now else { return Ok(Some((None, Outcome::Anonymised))) };
        let column = node.collection.column(field.root()).ok_or("The store has no such field.")?;
        if field.below().is_empty() && node.collection.key.contains(&column.name) {
            return Err("It holds an identity and is the key of its row, which has to stay.".to_owned());
        }
        let into = self.graph.into[self.node].iter().map(|number| &self.graph.edges[*number]);
        if into.filter(|edge| edge.link.is_some()).any(|edge| edge.parent_fields.contains(field))
            && !node.collection.key.contains(&column.name)
        {
            return Err("Other rows refer to it by a foreign key.".to_owned());
        }
        let masking = node.field(field).and_then(|field| field.masking.as_ref());
        let is_unique = node.collection.unique.iter().any(|columns| columns.contains(&column.name));
        let hex = short(node, field, key);
        let masked =
            |text: String| Ok(Some((Some(fitted(node, field, column, text, is_unique)?), Outcome::Anonymised)));
        let found = match masking {
            Some(Masking::Keep) => return Ok(None),
            Some(Masking::Null) if !column.nullable && field.below().is_empty() => {
                return Err("It cannot be empty.".to_owned());
            }
            Some(Masking::Null) => Ok(Some((None, Outcome::Anonymised))),
            Some(Masking::Text { value, suffix }) if is_unique => masked(format!("{value}{hex}{suffix}")),
            Some(Masking::Text { value, suffix }) => masked(format!("{value}{suffix}")),
            Some(Masking::Random(chars)) => {
                masked(hex.repeat(16).chars().take(usize::try_from(*chars).unwrap_or(30).min(128)).collect())
            }
            Some(Masking::Pseudonym) => self.pseudonym(field, column, now, is_unique),
            None if column.nullable || !field.below().is_empty() => Ok(Some((None, Outcome::Anonymised))),
            None => {
                constant(node, field, column, now, &hex, is_unique).map(|text| Some((Some(text), Outcome::Anonymised)))
            }
        }?;
        let passes = |cell: &Cell| {
            let value = |name: &str| if name == column.name { Some(cell.clone()) } else { row(name) };
            column.checks.iter().all(|check| check::holds(check, &value) != Some(false))
        };
        match found {
            Some((None, outcome)) if field.below().is_empty() && !passes(&None) => {
                let text = constant(node, field, column, now, &hex, is_unique)?;
                let cell = Some(text);
                if passes(&cell) { Ok(Some((cell, outcome))) } else { Err(refused(column)) }
            }
            Some((cell, _)) if field.below().is_empty() && !passes(&cell) => Err(refused(column)),
            found => Ok(found),
        }
    }

    fn pseudonym(
        &self,
        field: &FieldPath,
        column: &Column,
        now: &str,
        is_unique: bool,
    ) -> Result<Option<(Cell, Outcome)>, String> {
        let secret = self.secret.ok_or("The map wants a pseudonym, and the project has no secret to make one with.")?;
        let text = secret.pseudonym(&format!("{}.{field}", self.graph.nodes[self.node].dataset), now).hex();
        let text = fitted(&self.graph.nodes[self.node], field, column, text, is_unique)?;
        Ok(Some((Some(text), Outcome::Pseudonymised)))
    }
}

fn refused(column: &Column) -> String {
    format!("No replacement passes its CHECK: {}.", column.checks.join("; "))
}

/// Eight digits that differ from row to row and tell nothing but which row it is.
fn short(node: &Node, field: &FieldPath, key: &Key) -> String {
    let mut cells: Vec<Cell> = vec![Some(node.collection.name.clone()), Some(field.to_string())];
    cells.extend(key.0.iter().cloned());
    let digest: Digest = crate::row::digest(&cells);
    digest.hex()[..8].to_owned()
}

fn fitted(node: &Node, field: &FieldPath, column: &Column, text: String, is_unique: bool) -> Result<String, String> {
    use ColumnKind::{Json, List, Text};
    let longest = [column.max_chars, node.field(field).and_then(|field| field.length)].into_iter().flatten().min();
    let chars = text.chars().count() as u64;
    if !matches!(column.kind, Text | Json | List) {
        return Err(format!("{} takes no text.", column.type_name));
    }
    if !column.words.is_empty() && !column.words.contains(&text) {
        return Err(format!("It takes only the words {}.", column.words.join(", ")));
    }
    match longest {
        Some(longest) if chars > longest && is_unique => {
            Err(format!("It is unique and has room for {longest} characters only."))
        }
        Some(longest) => Ok(text.chars().take(usize::try_from(longest).unwrap_or(usize::MAX)).collect()),
        None => Ok(text),
    }
}

/// A value that fits the column and says nothing, for columns that cannot be empty.
fn constant(
    node: &Node,
    field: &FieldPath,
    column: &Column,
    now: &str,
    hex: &str,
    is_unique: bool,
) -> Result<String, String> {
    // 31 bits: fits every integer type but the smallest, where uniqueness would not be had anyway.
    let number = || (u32::from_str_radix(hex, 16).unwrap_or(0) >> 1).to_string();
    let text = match column.kind {
        ColumnKind::Text => return word(node, field, column, now, hex, is_unique),
        ColumnKind::Integer if is_unique => number(),
        ColumnKind::Integer | ColumnKind::Number if !is_unique => "0".to_owned(),
        ColumnKind::Boolean => "false".to_owned(),
        ColumnKind::Time if !is_unique => epoch(now),
        ColumnKind::Bytes if is_unique => hex.to_owned(),
        ColumnKind::Bytes => String::new(),
        ColumnKind::Json if !is_unique => if now.trim_start().starts_with('[') { "[]" } else { "{}" }.to_owned(),
        ColumnKind::List if !is_unique => "[]".to_owned(),
        _ => return Err(format!("There is no neutral value of the type {}.", column.type_name)),
    };
    Ok(text)
}

fn word(
    node: &Node,
    field: &FieldPath,
    column: &Column,
    now: &str,
    hex: &str,
    is_unique: bool,
) -> Result<String, String> {
    if !column.words.is_empty() {
        let neutral = ["", "unknown", "other", "none", "n/a", "erased"];
        let word = column.words.iter().find(|word| neutral.contains(&word.to_lowercase().as_str()));
        return word.cloned().ok_or_else(|| format!("It takes only the words {}.", column.words.join(", ")));
    }
    let mapped = node.field(field);
    let is_mail = mapped.is_some_and(|field| {
        let is_kind = field.identity.as_deref().and_then(crate::identity::canonical_kind).as_deref() == Some("email");
        is_kind || field.categories.iter().any(|category| category == "user.contact.email")
    });
    let is_uuid = column.type_name.eq_ignore_ascii_case("uuid");
    let text = match () {
        () if is_uuid => format!("00000000-0000-4000-8000-0000{}", if is_unique { hex } else { "00000000" }),
        () if is_mail || now.contains('@') && !now.contains(' ') => format!("erased-{hex}@erased.invalid"),
        () if is_unique => format!("erased-{hex}"),
        () => "erased".to_owned(),
    };
    let short = if is_unique { hex.to_owned() } else { "erased".to_owned() };
    fitted(node, field, column, text.clone(), true).or_else(|_| fitted(node, field, column, short, is_unique))
}

/// 1 January 1970, in the form of `now`: a date, a time of day, or both with or without a zone.
fn epoch(now: &str) -> String {
    let text = match (now.contains('T') || now.contains(' '), now.ends_with('Z')) {
        (true, true) => "1970-01-01T00:00:00Z",
        (true, false) => "1970-01-01T00:00:00",
        (false, _) if now.contains(':') => "00:00:00",
        (false, _) if now.len() == 4 => "1970",
        (false, _) => "1970-01-01",
    };
    text.to_owned()
}
