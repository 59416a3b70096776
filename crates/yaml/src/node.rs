//! A value that remembers where it stands.

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
}
