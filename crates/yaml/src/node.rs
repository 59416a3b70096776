//! A value that remembers where it stands.

use std::collections::HashSet;

use model::Place;

/// One value. Scalars keep their text, so that a number keeps every digit that was written.
#[derive(Clone, Debug)]
pub struct Node {
    /// Line and column; the file is added by whoever opened it.
    pub place: Place,
    /// What it holds.
    pub value: Value,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub enum Value {
    /// `plain` scalars may be numbers, flags or null; quoted ones are always text.
    Scalar {
        /// As written, quotes and escapes resolved.
        text: String,
        /// Without quotes and without a tag that says text.
        plain: bool,
    },
    /// In the order written.
    List(Vec<Node>),
    /// In the order written; keys are unique.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Clone, Debug)]
pub struct Key {
    /// As written.
    pub text: String,
    /// Line and column.
    pub place: Place,
}

impl Node {
    /// `null`, `~` or nothing at all: a key with such a value counts as absent (official examples write it so).
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The text of a scalar.
    pub fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// What it is, in words.
    pub fn describe(&self) -> &'static str {
        match &self.value {
            _ if self.is_null() => "nothing",
            Value::Scalar { .. } => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// The value under `key`, null included.
    pub fn entry(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|(name, _)| name.text == key).map(|(_, node)| node),
            _ => None,
        }
    }

    /// Resolves `<<` (YAML 1.1 merge keys) everywhere below: the entries of the mapping or mappings under it become
    /// entries of the mapping it stands in, unless that has the key itself. Recursion is as deep as the tree, which is
    /// bounded.
    pub fn merge(&mut self) {
        match &mut self.value {
            Value::Scalar { .. } => {}
            Value::List(items) => items.iter_mut().for_each(Node::merge),
            Value::Map(entries) => {
                entries.iter_mut().for_each(|(_, node)| node.merge());
                let Some(at) = entries.iter().position(|(key, node)| key.text == "<<" && node.is_mergeable()) else {
                    return;
                };
                let (_, merged) = entries.remove(at);
                let mut seen: HashSet<String> = entries.iter().map(|(key, _)| key.text.clone()).collect();
                entries.extend(merged.into_entries().into_iter().filter(|(key, _)| seen.insert(key.text.clone())));
            }
        }
    }

    fn is_mergeable(&self) -> bool {
        match &self.value {
            Value::Map(_) => true,
            Value::List(items) => items.iter().all(|item| matches!(item.value, Value::Map(_))),
            Value::Scalar { .. } => false,
        }
    }

    /// The entries of a mapping, or of all mappings of a list, the first ones first.
    fn into_entries(self) -> Vec<(Key, Node)> {
        match self.value {
            Value::Map(entries) => entries,
            Value::List(items) => items.into_iter().flat_map(Node::into_entries).collect(),
            Value::Scalar { .. } => vec![],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merge_keys_give_what_is_not_said_otherwise() {
        let text = "base: &b {a: 1, b: 2}\nuse: {<<: *b, b: 3}\nboth:\n- <<: [{c: 4}, *b, {c: 5}]\nodd: {<<: x}\n";
        let mut node = crate::read(text, &crate::Limits::default()).unwrap().remove(0);
        node.merge();
        let show = |node: &Node| -> String {
            let Value::Map(entries) = &node.value else { return String::new() };
            entries.iter().map(|(key, node)| format!("{}={} ", key.text, node.scalar().unwrap_or_default())).collect()
        };
        assert_eq!(node.entry("use").map(show).unwrap(), "b=3 a=1 ");
        let Some(Value::List(items)) = node.entry("both").map(|both| &both.value) else { panic!("{node:?}") };
        assert_eq!(show(&items[0]), "c=4 a=1 b=2 ");
        assert_eq!(node.entry("odd").map(show).unwrap(), "<<=x ");
    }
}
