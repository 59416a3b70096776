//! What a resource is set to, whether it was read from a plan or from configuration.

/// A value as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Text, number or flag, as text.
    Known(String),
    /// Several.
    List(Vec<Value>),
    /// An expression, as written, or what a plan calls «known after apply».
    Open(String),
}

/// Attributes and blocks.
#[derive(Clone, Debug, Default)]
pub(super) struct Body {
    pub(super) attributes: Vec<(String, Value)>,
    pub(super) blocks: Vec<(String, Body)>,
}

/// A resource, or a data source.
#[derive(Debug)]
pub(super) struct Resource {
    /// `module.shop.aws_db_instance.orders`
    pub(super) address: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) body: Body,
    pub(super) place: String,
}

/// What stands under a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Found<'b> {
    Absent,
    /// Only a plan, or what is there after it was applied, tells.
    Open,
    Is(&'b Value),
}

impl Body {
    /// The value under a path: the names of blocks, the last of an attribute.
    pub(super) fn find(&self, path: &[&str]) -> Found<'_> {
        match path {
            [] => Found::Absent,
            [name] => match self.attributes.iter().find(|(known, _)| known == name) {
                None if self.blocks.iter().any(|(known, _)| known == name) => Found::Open,
                None => Found::Absent,
                Some((_, Value::Open(_))) => Found::Open,
                Some((_, value)) => Found::Is(value),
            },
            [name, rest @ ..] => match self.block(name) {
                Some(block) => block.find(rest),
                // A block that an expression makes, or that is written as an attribute.
                None if self.is_open(name) => Found::Open,
                None => Found::Absent,
            },
        }
    }

    pub(super) fn block(&self, name: &str) -> Option<&Body> {
        self.blocks(name).next()
    }

    pub(super) fn blocks<'b>(&'b self, name: &str) -> impl Iterator<Item = &'b Body> {
        self.blocks.iter().filter(move |(known, _)| known == name).map(|(_, block)| block)
    }

    fn is_open(&self, name: &str) -> bool {
        self.attributes.iter().any(|(known, _)| known == name)
            || self.blocks.iter().any(|(known, _)| known.strip_prefix("dynamic ") == Some(name))
    }

    /// The expression or text of an attribute, as written.
    pub(super) fn written(&self, name: &str) -> Option<&str> {
        match self.attributes.iter().find(|(known, _)| known == name)? {
            (_, Value::Known(text) | Value::Open(text)) => Some(text),
            (_, Value::List(_)) => None,
        }
    }

    /// The text under a path; `Ok(None)` when it is not there, `Err` when only a plan tells.
    pub(super) fn text(&self, path: &[&str]) -> Result<Option<&str>, ()> {
        match self.find(path) {
            Found::Absent => Ok(None),
            Found::Is(Value::Known(text)) => Ok(Some(text)),
            Found::Open | Found::Is(_) => Err(()),
        }
    }
}
