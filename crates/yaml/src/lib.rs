//! YAML 1.2 (and with it JSON) to located nodes, within limits.
//!
//! One reader for everything that people write by hand: rule files, data maps, descriptions of HTTP stores. [`read`] gives
//! a tree in which every key and value knows its line and column; [`Fields`] reads a mapping strictly, so that a misspelt
//! key is an error with a suggestion and never a silent no-op.
//!
//! Invariants: no recursion while reading, so no depth of input ends the process; an alias is copied only when the result
//! is known to fit the [`Limits`]; a key that stands twice is refused; scalars keep the digits that were written.
//!
//! Deliberately absent: writing, schemas, types beyond text, tags of one's own. Merge keys (`<<`) are
//! keys like any other until [`Node::merge`] is called.

mod fields;
mod json;
mod node;
mod read;

pub use fields::{Fields, text, wrong_type};
pub use node::{Key, Node, Value};
pub use read::{Limits, read};
