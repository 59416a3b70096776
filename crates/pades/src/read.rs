//! Reads a PDF as the standard writes it, revision by revision. What readers would guess about is refused.
//!
//! lopdf gives the last revision only, without where anything stands; a judge of signatures needs every revision, and the
//! exact bytes of a signature's place.

mod decode;
mod file;
mod sections;
mod syntax;
mod text;

use model::Fault;

pub(crate) use decode::decode;
pub(crate) use file::{File, Item, Location, View};
pub(crate) use sections::{Entry, Kind, tail};
pub(crate) use syntax::{Lexer, is_space, same, same_dictionary};
pub(crate) use text::text;

/// Why a file, or a part of it, cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) String);

impl Broken {
    pub(crate) fn fault(self) -> Fault {
        Fault::bad_input("pdf-broken", format!("The PDF cannot be read: {}.", self.0))
            .advise("Ask for the file as it was signed; a copy that a tool repaired is not what was signed.")
    }
}
