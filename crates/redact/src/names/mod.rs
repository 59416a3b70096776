//! Names of persons, places and organisations in prose.

mod characters;
mod container;
mod dense;
mod entity;
mod features;
mod hash;
mod model;
mod moves;
mod network;
mod tokenizer;
mod url;

pub use entity::{Entity, Label, Source, Tag};
pub use model::Model;
