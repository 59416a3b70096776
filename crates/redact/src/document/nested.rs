//! A container within a container: its pieces have places of their own.

use std::borrow::Cow;

use model::Fault;

use crate::{Decide, Edit, Offsets, Piece, Spot};

/// Hands on the pieces of an inner document, their spots led by the part of the outer one.
pub(super) struct Nested<'a> {
    pub(super) part: &'a str,
    pub(super) decide: &'a mut dyn Decide,
}

impl Decide for Nested<'_> {
    fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
        let outer = self.part;
        let (part, path) = match &piece.spot {
            Spot::Part { part, path } => (format!("{outer}!{part}"), path.to_string()),
            Spot::Text => (outer.to_owned(), straight(&piece.offsets)),
            Spot::Pointer(pointer) => (outer.to_owned(), pointer.to_string()),
            Spot::Cell { row, column } => (outer.to_owned(), format!("row {row}, column {column}")),
            Spot::Page { page, layer, index } => (outer.to_owned(), format!("page {page}, {layer} {index}")),
        };
        let spot = Spot::Part { part: Cow::Owned(part), path: Cow::Owned(path) };
        self.decide.decide(&Piece { spot, offsets: Offsets::None, ..*piece })
    }
}

fn straight(offsets: &Offsets<'_>) -> String {
    match offsets.source(&(0..0)) {
        Some(range) => format!("byte {}", range.start),
        None => String::new(),
    }
}
