//! Text formats: every byte outside an edit is unchanged.

pub mod csv;
pub mod detect;
pub mod encoding;
pub mod env;
pub mod json;
mod keywords;
pub mod sql;
pub mod text;
pub mod toml_text;
pub mod xml;
pub mod yaml;

pub(crate) mod entities;
mod scalar;
mod stream;
mod weave;
mod whole;

pub(crate) use stream::{read_failed, write_failed};
