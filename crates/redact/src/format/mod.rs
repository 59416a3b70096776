//! Text formats: every byte outside an edit is unchanged.

pub mod json;

mod stream;
mod weave;
