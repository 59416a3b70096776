//! A person's data, found across every store, handed over or deleted, provably.
//!
//! ```text
//!  identities ─▶ normalised forms ─┐
//!                                  ▼
//!  data map + catalogs ─▶ graph ─▶ discovery (fixpoint over rows) ─▶ export
//!                                  │
//!                                  └─▶ plan ─▶ confirm ─▶ apply (journal first) ─▶ verify ─▶ certificate
//! ```
//!
//! The room knows stores through [`store::DataStore`] only; drivers live in `connectors`. It has no clock, no randomness,
//! no files of its own: times, seeds and places to write to arrive as arguments.
//!
//! Words: a *dataset* of the data map describes what a store holds, a *collection* is a table, a file of rows, a pattern of
//! keys or objects, a stream; a *field* is a column or a path into a document; a *row* is one record of a collection, and
//! a *key* names it for good. A *link* stands in the store's catalog, a *reference* in the data map; both become *edges*.

pub mod anchor;
pub mod apply;
pub mod catalog;
pub mod certificate;
pub mod consent;
pub mod deadline;
pub mod discover;
pub mod export;
pub mod graph;
pub mod hanging;
pub mod hold;
pub mod identity;
pub mod incident;
pub mod journal;
mod limits;
pub mod map;
pub mod plan;
pub mod rectify;
pub mod register;
pub mod residual;
pub mod retention;
pub mod row;
pub mod store;
pub mod tombstone;
pub mod verify;

pub use limits::Limits;
