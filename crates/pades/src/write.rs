//! Writes signature fields: into the only revision of a document, or as a revision of its own.

mod bytes;
mod field;
mod fill;
mod store;
mod update;

pub(crate) use field::{Value, attach, flag, picture, text};
pub(crate) use fill::{Filled, fill};
pub(crate) use store::{Store, place_holder};
pub(crate) use update::Update;
