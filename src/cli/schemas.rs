//! The contracts of our formats, as they stand in `schemas/`.

include!(concat!(env!("OUT_DIR"), "/schemas.rs"));

/// The names of all schemas, sorted.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SCHEMAS.iter().map(|(name, _)| *name)
}

/// The text of the schema `name`.
pub(crate) fn text(name: &str) -> Option<&'static str> {
    SCHEMAS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
