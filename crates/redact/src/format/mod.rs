//! Text formats: every byte outside an edit is unchanged.

pub mod csv;
pub mod detect;
pub mod json;
pub mod sql;
pub mod text;
pub mod xml;

mod entities;
mod stream;
mod weave;
mod whole;

pub(crate) use stream::{read_failed, write_failed};
