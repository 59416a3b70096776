//! JSON values as stretches of the document, looked into when they are needed.

use crate::json::{Scanner, Token};
use crate::number;
use crate::output::Bad;

/// One value.
#[derive(Clone, Copy)]
pub(crate) struct Node<'t> {
    pub(crate) text: &'t str,
    /// Offset in the document.
    pub(crate) at: usize,
    /// The format's code for JSON that is not shaped as it says.
    pub(crate) code: &'static str,
}

/// Complaints count from the beginning of the document.
fn moved<T>(outcome: Result<T, Bad>, by: usize) -> Result<T, Bad> {
    outcome.map_err(|bad| Bad { at: bad.at.map(|at| at + by), ..bad })
}

impl<'t> Node<'t> {
    /// The elements of a list; none when it is null.
    pub(crate) fn elements(self, depth: usize) -> Result<Vec<Node<'t>>, Bad> {
        moved(self.elements_here(depth), self.at)
    }

    fn elements_here(self, depth: usize) -> Result<Vec<Node<'t>>, Bad> {
        let mut scanner = Scanner::new(self.text, depth);
        let mut elements = Vec::new();
        match scanner.value()? {
            Token::Array => {}
            Token::Null => return Ok(elements),
            _ => return Err(Bad::new(self.code, 0, "A list is expected here")),
        }
        let mut first = true;
        while scanner.element(&mut first)? {
            elements.push(self.take(&mut scanner)?);
        }
        scanner.end()?;
        Ok(elements)
    }

    fn take(self, scanner: &mut Scanner<'t>) -> Result<Node<'t>, Bad> {
        scanner.skip_blank();
        let from = scanner.offset();
        let token = scanner.value()?;
        scanner.skip(token)?;
        Ok(Node { text: scanner.since(from), at: self.at + from, code: self.code })
    }

    pub(crate) fn token(self) -> Result<Token<'t>, Bad> {
        moved(Scanner::new(self.text, 1).value(), self.at)
    }

    fn string(self) -> Result<Option<String>, Bad> {
        let Token::Text(text) = self.token()? else { return Ok(None) };
        let mut out = String::new();
        text.push_to(&mut out)?;
        Ok(Some(out))
    }
}

/// The members of an object.
pub(crate) struct Fields<'t> {
    node: Node<'t>,
    members: Vec<(String, Node<'t>)>,
}

impl<'t> Fields<'t> {
    pub(crate) fn read(node: Node<'t>, depth: usize) -> Result<Self, Bad> {
        moved(Self::read_here(node, depth), node.at)
    }

    fn read_here(node: Node<'t>, depth: usize) -> Result<Self, Bad> {
        let mut scanner = Scanner::new(node.text, depth);
        let mut members: Vec<(String, Node<'t>)> = Vec::new();
        match scanner.value()? {
            Token::Object => {}
            Token::Null => return Ok(Fields { node, members }),
            _ => return Err(Bad::new(node.code, 0, "An object is expected here")),
        }
        let mut first = true;
        while let Some(key) = scanner.key(&mut first)? {
            let mut name = String::new();
            key.push_to(&mut name)?;
            let value = node.take(&mut scanner)?;
            if members.iter().any(|(known, _)| *known == name) {
                return Err(Bad::new(node.code, key.at(), format!("The name {name:?} stands twice")));
            }
            if value.text != "null" {
                members.push((name, value));
            }
            if members.len() > 1_024 {
                return Err(Bad::new(node.code, key.at(), "An object has at most 1024 members"));
            }
        }
        scanner.end()?;
        Ok(Fields { node, members })
    }

    /// The first member.
    pub(crate) fn first(&self) -> Option<(&str, Node<'t>)> {
        self.members.first().map(|(name, node)| (name.as_str(), *node))
    }

    /// The members, in their order, without those that are null.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Node<'t>)> {
        self.members.iter().map(|(name, node)| (name.as_str(), *node))
    }

    pub(crate) fn find(&self, key: &str) -> Option<Node<'t>> {
        self.members.iter().find(|(name, _)| name == key).map(|(_, node)| *node)
    }

    /// Where the member stands, or the object when it has none of that name.
    pub(crate) fn at(&self, key: &str) -> usize {
        self.find(key).unwrap_or(self.node).at
    }

    /// The elements of a list member; none when it is absent.
    pub(crate) fn elements(&self, key: &str, depth: usize) -> Result<Vec<Node<'t>>, Bad> {
        self.find(key).map_or(Ok(Vec::new()), |node| node.elements(depth))
    }

    /// A string member.
    pub(crate) fn text(&self, key: &str) -> Result<Option<String>, Bad> {
        let Some(node) = self.find(key) else { return Ok(None) };
        let text = node.string()?;
        text.map(Some).ok_or_else(|| Bad::new("bad-field", node.at, format!("{key} is a string")))
    }

    /// A 64-bit integer, written as a number or as a string; unsigned ones above 2^63 are refused.
    pub(crate) fn integer(&self, key: &str) -> Result<Option<i64>, Bad> {
        let Some(node) = self.find(key) else { return Ok(None) };
        integer(node, key).map(Some)
    }

    /// A double: a number, or the strings `NaN`, `Infinity`, `-Infinity` of protobuf's JSON.
    pub(crate) fn double(&self, key: &str) -> Result<Option<f64>, Bad> {
        let Some(node) = self.find(key) else { return Ok(None) };
        double(node, key).map(Some)
    }

    /// A boolean; absent means false.
    pub(crate) fn boolean(&self, key: &str) -> Result<bool, Bad> {
        match self.find(key).map(|node| (node.text, node.at)) {
            None | Some(("false", _)) => Ok(false),
            Some(("true", _)) => Ok(true),
            Some((_, at)) => Err(Bad::new("bad-field", at, format!("{key} is true or false"))),
        }
    }
}

pub(crate) fn integer(node: Node<'_>, key: &str) -> Result<i64, Bad> {
    let digits = match node.token()? {
        Token::Number(digits) => digits,
        Token::Text(text) => text.raw,
        _ => "",
    };
    number::integer(digits.as_bytes())
        .ok_or_else(|| Bad::new("bad-field", node.at, format!("{key} is a 64-bit integer")))
}

pub(crate) fn double(node: Node<'_>, key: &str) -> Result<f64, Bad> {
    let digits = match node.token()? {
        Token::Number(digits) => digits,
        Token::Text(text) => text.raw,
        _ => "",
    };
    number::go_float(digits.as_bytes()).ok_or_else(|| Bad::new("bad-field", node.at, format!("{key} is a number")))
}
