//! One row of a document store: what its name tells and what it holds.

use model::Digest;
use privacy::row::{Cell, FieldPath, Key, Row};
use sha2::{Digest as _, Sha256};

use super::json::{Node, Value};

/// The column that names rows without a key: SHA-256 of the row's bytes.
pub(crate) const ROW_DIGEST: &str = "row_sha256";

/// A row.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// What stands outside the body: the path or key it was found under, the variables of the template.
    pub(crate) around: Vec<(String, String)>,
    /// An object, as a rule.
    pub(crate) body: Node,
}

impl Record {
    /// What stands in `field`. A path through a list gives the list of what stands in its elements.
    pub(crate) fn cell(&self, field: &FieldPath) -> Cell {
        if let Some((_, value)) = self.around.iter().find(|(name, _)| name == field.root()) {
            return field.below().is_empty().then(|| value.clone());
        }
        let mut found = Vec::new();
        let through_list = reach(&self.body, &field.0, &mut found);
        match (through_list, found.as_slice()) {
            (_, []) => None,
            (false, [node]) => node.cell(),
            _ => Some(Node::of(Value::List(found.into_iter().cloned().collect())).compact()),
        }
    }

    /// Whether `test` holds for what stands in `field`, or for any element where that is a list.
    pub(crate) fn any(&self, field: &FieldPath, test: &dyn Fn(&str) -> bool) -> bool {
        if let Some((_, value)) = self.around.iter().find(|(name, _)| name == field.root()) {
            return field.below().is_empty() && test(value);
        }
        let mut found = Vec::new();
        reach(&self.body, &field.0, &mut found);
        found.into_iter().any(|node| any_within(node, test))
    }

    /// What names the row.
    pub(crate) fn key(&self, columns: &[FieldPath]) -> Key {
        Key(columns.iter().map(|column| self.cell(column)).collect())
    }

    /// The row as it was asked for.
    pub(crate) fn row(&self, key: &[FieldPath], fields: &[FieldPath]) -> Row {
        Row { key: self.key(key), cells: fields.iter().map(|field| self.cell(field)).collect() }
    }
}

fn any_within(node: &Node, test: &dyn Fn(&str) -> bool) -> bool {
    match &node.value {
        Value::List(nodes) => nodes.iter().any(|node| any_within(node, test)) || test(&node.compact()),
        _ => node.cell().is_some_and(|text| test(&text)),
    }
}

/// Collects what stands at `path`; true when a list lay on the way.
pub(crate) fn reach<'a>(node: &'a Node, path: &[String], found: &mut Vec<&'a Node>) -> bool {
    let Some((name, below)) = path.split_first() else {
        found.push(node);
        return false;
    };
    match &node.value {
        Value::List(nodes) => {
            nodes.iter().for_each(|node| {
                reach(node, path, found);
            });
            true
        }
        _ => node.member(name).is_some_and(|node| reach(node, below, found)),
    }
}

/// SHA-256 of the bytes of a row.
pub(crate) fn row_digest(bytes: &[u8]) -> String {
    Digest::new(Sha256::digest(bytes).into()).hex()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::json;

    fn record(text: &str) -> Record {
        Record { around: vec![("path".into(), "a/7.json".into())], body: json::parse(text).unwrap() }
    }

    #[test]
    fn cells_are_reached_through_objects_and_lists() {
        let check = |field: &str, expect: Option<&str>| {
            let text = r#"{"a":{"b":" x"},"l":[{"m":"p"},{"m":"q"}],"n":null,"s":["u","v"],"path":"no"}"#;
            assert_eq!(record(text).cell(&FieldPath::parse(field)).as_deref(), expect, "{field}");
        };
        check("a.b", Some(" x"));
        check("l.m", Some("[\"p\",\"q\"]"));
        check("l.none", None);
        check("n", None);
        check("s", Some("[\"u\",\"v\"]"));
        check("path", Some("a/7.json"));
        check("path.x", None);
        check("nothing.at.all", None);
    }

    #[test]
    fn any_looks_into_lists() {
        let record = record(r#"{"s":["u",["v"]],"l":[{"m":"p"},{"m":"q"}]}"#);
        assert!(record.any(&FieldPath::parse("s"), &|text| text == "v"));
        assert!(record.any(&FieldPath::parse("l.m"), &|text| text == "q"));
        assert!(!record.any(&FieldPath::parse("l.m"), &|text| text == "v"));
    }
}
