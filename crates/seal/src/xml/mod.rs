//! XML, as far as signatures need it: read strictly, and written in the canonical forms that are signed.
//!
//! The reader knows no document types and no entities but the five of XML itself, so that nothing is fetched and nothing
//! grows. It keeps where each element stands, so that what is added to a document changes no other byte of it.

mod canonical;
mod chars;
mod escape;
#[cfg(test)]
mod judged;
mod names;
mod read;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

pub(crate) use canonical::{Form, Method, canonical};
pub(crate) use names::Space;
pub(crate) use read::read;

use names::Spaces;

/// The namespace of the prefix `xml`.
pub(crate) const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// What is wrong with a document, in words.
pub(crate) type Refusal = &'static str;

/// The place of a node in its document.
pub(crate) type Id = usize;

/// A document whose bytes are kept.
pub(crate) struct Document<'x> {
    nodes: Vec<Node<'x>>,
    spaces: Spaces,
    root: Id,
    /// Which element has an identifier; `None` when several have it.
    identified: HashMap<String, Option<Id>>,
}

struct Node<'x> {
    parent: Option<Id>,
    kind: Kind<'x>,
}

enum Kind<'x> {
    Element(Element<'x>),
    Text(Cow<'x, str>),
    Comment(Cow<'x, str>),
    Instruction(&'x str, Cow<'x, str>),
}

/// An element: its name, what it declares, its attributes, and its place in the bytes.
pub(crate) struct Element<'x> {
    prefix: &'x str,
    local: &'x str,
    space: Space,
    declarations: Vec<(&'x str, Space)>,
    attributes: Vec<Attribute<'x>>,
    children: Vec<Id>,
    /// From its first `<` to its last `>`.
    span: Range<usize>,
    /// What stands between its tags. At its end when it is one empty tag.
    inside: Range<usize>,
}

struct Attribute<'x> {
    prefix: &'x str,
    local: &'x str,
    space: Space,
    value: Cow<'x, str>,
}

impl<'x> Document<'x> {
    /// The outermost element.
    pub(crate) fn root(&self) -> Id {
        self.root
    }

    /// The element at `id`, which is one that this document gave.
    pub(crate) fn element(&self, id: Id) -> Option<&Element<'x>> {
        match &self.nodes.get(id)?.kind {
            Kind::Element(element) => Some(element),
            _ => None,
        }
    }

    /// Every element, in the order of the document.
    pub(crate) fn elements(&self) -> impl Iterator<Item = Id> + '_ {
        (0..self.nodes.len()).filter(|id| self.element(*id).is_some())
    }

    /// The elements directly inside `id`, in order.
    pub(crate) fn children(&self, id: Id) -> impl Iterator<Item = Id> + '_ {
        let children = self.element(id).map_or(&[][..], |element| &element.children);
        children.iter().copied().filter(|child| self.element(*child).is_some())
    }

    /// Those of them with this name.
    pub(crate) fn named<'d>(&'d self, id: Id, space: &'d str, local: &'d str) -> impl Iterator<Item = Id> + 'd {
        self.children(id).filter(move |child| self.is(*child, space, local))
    }

    /// The one of them with this name; `None` when there is none, or more than one.
    pub(crate) fn only(&self, id: Id, space: &str, local: &str) -> Option<Id> {
        let mut named = self.named(id, space, local);
        named.next().filter(|_| named.next().is_none())
    }

    /// The element around `id`.
    pub(crate) fn parent(&self, id: Id) -> Option<Id> {
        self.nodes.get(id)?.parent
    }

    /// Whether `id` is an element with this name.
    pub(crate) fn is(&self, id: Id, space: &str, local: &str) -> bool {
        self.element(id).is_some_and(|element| element.local == local && self.space(element.space) == space)
    }

    /// The value of the attribute without a namespace that is called `local`.
    pub(crate) fn attribute(&self, id: Id, local: &str) -> Option<&str> {
        let attributes = self.element(id)?.attributes.iter();
        let mut named = attributes.filter(|attribute| attribute.local == local && attribute.space == Space::NONE);
        named.next().map(|attribute| attribute.value.as_ref())
    }

    /// The only element that some reader could take for the one with this identifier, by an attribute `Id`, `ID`, `id`, with
    /// or without a namespace. `Some(None)` when there are several.
    pub(crate) fn identified(&self, identifier: &str) -> Option<Option<Id>> {
        self.identified.get(identifier).copied()
    }

    /// The text of an element that has nothing but text; `None` when it has elements.
    pub(crate) fn text(&self, id: Id) -> Option<Cow<'_, str>> {
        let mut text = Cow::Borrowed("");
        for child in &self.element(id)?.children {
            match &self.nodes[*child].kind {
                Kind::Text(piece) if text.is_empty() => text = Cow::Borrowed(piece.as_ref()),
                Kind::Text(piece) => text.to_mut().push_str(piece),
                Kind::Comment(_) | Kind::Instruction(..) => {}
                Kind::Element(_) => return None,
            }
        }
        Some(text)
    }

    /// Which namespace `prefix` stands for inside `id`; the empty prefix is the default one.
    pub(crate) fn meaning(&self, id: Id, prefix: &str) -> Option<&str> {
        let mut at = Some(id);
        while let Some(id) = at {
            let declared = self.element(id)?.declarations.iter().find(|(known, _)| *known == prefix);
            if let Some((_, space)) = declared {
                return Some(self.space(*space));
            }
            at = self.parent(id);
        }
        None
    }

    /// Whether `id` stands inside `outer`, or is it.
    pub(crate) fn is_within(&self, id: Id, outer: Id) -> bool {
        let mut at = Some(id);
        while let Some(id) = at {
            if id == outer {
                return true;
            }
            at = self.parent(id);
        }
        false
    }

    fn space(&self, space: Space) -> &str {
        self.spaces.name(space)
    }
}

impl Element<'_> {
    /// The name without its prefix.
    pub(crate) fn local(&self) -> &str {
        self.local
    }

    /// From its first `<` to its last `>`.
    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Where its end tag begins; `None` when it is one empty tag.
    pub(crate) fn end_tag(&self) -> Option<usize> {
        (self.inside.end < self.span.end).then_some(self.inside.end)
    }
}
