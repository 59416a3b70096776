//! Mappings read strictly: a key that nobody knows is an error with a suggestion, not a silent no-op.

use model::{Decimal, Fault, Place};

use crate::{Key, Node, Value};

/// A mapping whose keys are all known.
#[derive(Clone, Debug)]
pub struct Fields<'n> {
    /// Where it stands in its object: `spec.objectives[0]`; empty for the object itself.
    pub path: String,
    /// Where the mapping begins.
    pub place: Place,
    entries: &'n [(Key, Node)],
}

impl<'n> Fields<'n> {
    /// A mapping that may hold the keys `known` and no others.
    ///
    /// # Errors
    /// `wrong-type`, `unknown-key` with the nearest key that is known.
    pub fn of(node: &'n Node, path: impl Into<String>, known: &[&str]) -> Result<Self, Fault> {
        let fields = Self::open(node, path)?;
        match fields.entries.iter().find(|(key, _)| !known.contains(&key.text.as_str())) {
            Some((key, _)) => Err(fields.unknown(key, known)),
            None => Ok(fields),
        }
    }

    /// A mapping with any keys.
    pub fn open(node: &'n Node, path: impl Into<String>) -> Result<Self, Fault> {
        let path = path.into();
        match &node.value {
            Value::Map(entries) => Ok(Fields { path, place: node.place.clone(), entries }),
            _ => Err(wrong_type(&path, node, "a mapping of keys to values")),
        }
    }

    fn unknown(&self, key: &Key, known: &[&str]) -> Fault {
        let advice = match model::nearest(&key.text, known.iter().copied()) {
            Some(near) => format!("Did you mean {near:?}?"),
            None => format!("The keys here are {}.", known.join(", ")),
        };
        let message = format!("{:?} is not a key of {}", key.text, self.name());
        Fault::bad_config("unknown-key", message).advise(advice).at(key.place.clone())
    }

    fn name(&self) -> &str {
        if self.path.is_empty() { "an object" } else { &self.path }
    }

    /// The path of a key of this mapping.
    pub fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Every key and value, in the order written.
    pub fn entries(&self) -> &'n [(Key, Node)] {
        self.entries
    }

    /// The value of `key`; null counts as absent.
    pub fn node(&self, key: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(name, node)| name.text == key && !node.is_null()).map(|(_, node)| node)
    }

    /// The value of `key`, or the fault `missing-key`.
    pub fn required(&self, key: &str) -> Result<&'n Node, Fault> {
        self.node(key).ok_or_else(|| {
            Fault::bad_config("missing-key", format!("{} has no {key:?}", self.name()))
                .advise(format!("Add {}.", self.path_of(key)))
                .at(self.place.clone())
        })
    }

    /// The value of `key` as text.
    pub fn text(&self, key: &str) -> Result<Option<&'n str>, Fault> {
        self.node(key).map(|node| text(node, &self.path_of(key))).transpose()
    }

    /// The value of `key` as text, or the fault `missing-key`.
    pub fn required_text(&self, key: &str) -> Result<&'n str, Fault> {
        text(self.required(key)?, &self.path_of(key))
    }

    /// The value of `key`: true or false, without quotes.
    pub fn flag(&self, key: &str) -> Result<Option<bool>, Fault> {
        let Some(node) = self.node(key) else { return Ok(None) };
        match &node.value {
            Value::Scalar { text, plain: true } if matches!(text.as_str(), "true" | "True" | "TRUE") => Ok(Some(true)),
            Value::Scalar { text, plain: true } if matches!(text.as_str(), "false" | "False" | "FALSE") => {
                Ok(Some(false))
            }
            _ => Err(wrong_type(&self.path_of(key), node, "true or false")),
        }
    }

    /// The value of `key`: a number with every digit that was written.
    pub fn decimal(&self, key: &str) -> Result<Option<Decimal>, Fault> {
        let Some(node) = self.node(key) else { return Ok(None) };
        let Value::Scalar { text, plain: true } = &node.value else {
            return Err(wrong_type(&self.path_of(key), node, "a number without quotes"));
        };
        Decimal::parse(text).map(Some).map_err(|_| {
            Fault::bad_config("bad-number", format!("{} is {text:?}, which is not a decimal number", self.path_of(key)))
                .advise("Write it with digits and a point, for example 0.995; at most 18 digits.")
                .at(node.place.clone())
        })
    }

    /// The items of a list with their paths; absent is empty.
    pub fn list(&self, key: &str) -> Result<Vec<(String, &'n Node)>, Fault> {
        let path = self.path_of(key);
        match self.node(key).map(|node| (&node.value, node)) {
            None => Ok(vec![]),
            Some((Value::List(items), _)) => {
                Ok(items.iter().enumerate().map(|(index, item)| (format!("{path}[{index}]"), item)).collect())
            }
            Some((_, node)) => Err(wrong_type(&path, node, "a list")),
        }
    }

    /// The mapping under `key`, strictly read.
    pub fn child(&self, key: &str, known: &[&str]) -> Result<Option<Fields<'n>>, Fault> {
        self.node(key).map(|node| Fields::of(node, self.path_of(key), known)).transpose()
    }

    /// The mapping under `key`, strictly read, or the fault `missing-key`.
    pub fn required_child(&self, key: &str, known: &[&str]) -> Result<Fields<'n>, Fault> {
        Fields::of(self.required(key)?, self.path_of(key), known)
    }
}

/// A scalar as text.
pub fn text<'n>(node: &'n Node, path: &str) -> Result<&'n str, Fault> {
    node.scalar().filter(|_| !node.is_null()).ok_or_else(|| wrong_type(path, node, "text"))
}

/// The fault `wrong-type`: what stands at `path`, and what is `wanted` there.
pub fn wrong_type(path: &str, node: &Node, wanted: &str) -> Fault {
    let name = if path.is_empty() { "an object" } else { path };
    let shown = match node.scalar() {
        Some(text) if !node.is_null() => format!("{text:?}"),
        _ => node.describe().to_owned(),
    };
    Fault::bad_config("wrong-type", format!("{name} is {shown} where {wanted} is wanted"))
        .advise(format!("Write {wanted}."))
        .at(node.place.clone())
}
