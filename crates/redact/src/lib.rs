//! Find personal data, take it out for good, prove that it is gone.
//!
//! A *format* walks its input and hands every piece of readable text, decoded, to a [`Decide`]; what comes back are
//! [`Edit`]s, which the format writes back in its own encoding. The same walk serves three times: to find, to take
//! out, and to audit the output. *Detectors* are data ([`Detector`], one file each under `data/detectors`) with a named
//! [`check`]; a [`Scanner`] runs all of them over a piece in one pass. *Profiles* say which types go, and how.
//!
//! Invariants:
//! - every byte outside an edit is copied through unchanged in text formats;
//! - what a format cannot clean completely it refuses: nothing is half-done;
//! - no value that was found is ever printed, logged or put into an error: places and types only;
//! - nothing here reads a file, a clock or randomness; keys and readers arrive as arguments.
//!
//! Deliberately absent: files, renaming, age (the edge and `seal`), optical character recognition.

pub mod check;
pub mod document;
pub mod format;
pub mod names;
pub mod wire;

mod audit;
mod clean;
mod context;
mod decisions;
mod delta;
mod detector;
mod facts;
mod fold;
mod hits;
mod joints;
mod known;
mod limits;
mod lore;
mod memory;
mod operator;
mod parties;
mod piece;
mod placeholder;
mod profile;
mod pseudonym;
mod redactor;
mod restore;
mod scan;
mod settings;
mod starts;

pub use clean::{Redaction, Source, Vessel, Walked, learn, look, pass, take};
pub use decisions::{Decision, Decisions, place_id};
pub use delta::Delta;
pub use detector::Detector;
pub use facts::{Facts, facts};
pub use limits::Limits;
pub use lore::Lessons;
pub use operator::Operator;
pub use parties::Party;
pub use piece::{Decide, Each, Edit, Offsets, Piece, Spot};
pub use profile::{Names, Profile};
pub use pseudonym::Tag;
pub use redactor::{Case, Means, NameFinder, Named, Seen, Witness};
pub use restore::{Removal, restore};
pub use scan::{Finding, SCORE_LEAST, Scanner, Scratch};
