//! Namespaces: each is kept once and named by a number.

use std::collections::HashMap;

/// A namespace of one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Space(u32);

impl Space {
    /// No namespace.
    pub(crate) const NONE: Space = Space(0);
    /// The namespace of the prefix `xml`.
    pub(crate) const XML: Space = Space(1);
}

/// All namespaces of a document.
pub(super) struct Spaces {
    names: Vec<String>,
    known: HashMap<String, Space>,
}

impl Spaces {
    pub(super) fn new() -> Self {
        let mut spaces = Spaces { names: Vec::new(), known: HashMap::new() };
        spaces.number("");
        spaces.number(super::XML);
        spaces
    }

    pub(super) fn number(&mut self, name: &str) -> Space {
        if let Some(space) = self.known.get(name) {
            return *space;
        }
        // A document has fewer nodes than this number can count.
        let space = Space(self.names.len() as u32);
        self.names.push(name.to_owned());
        self.known.insert(name.to_owned(), space);
        space
    }

    pub(super) fn name(&self, space: Space) -> &str {
        self.names.get(space.0 as usize).map_or("", String::as_str)
    }
}
