//! Text formats: every byte outside an edit is unchanged.

pub mod csv;
pub mod json;
pub mod text;

mod stream;
mod weave;
