//! What stores of documents share: JSON with its places, names by template, conditions met in memory, cells of fields.
//!
//! Such stores know no catalog of their own: the data map says which names hold rows and of what form they are
//! ([`shape::Shape`]), and a sample of the rows says which fields they have.

pub(crate) mod columns;
pub(crate) mod edit;
pub(crate) mod json;
pub(crate) mod needle;
pub(crate) mod pattern;
pub(crate) mod record;
pub(crate) mod shape;
pub(crate) mod template;
pub(crate) mod wanted;
