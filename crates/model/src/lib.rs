//! The nouns of the house: what the rooms say to each other.
//!
//! A value that exists is right: every type here is parsed or built through a function that refuses what is wrong,
//! and then needs no second check.
//!
//! Invariants:
//! - no I/O, no clock, no randomness, no async: the same call gives the same answer everywhere;
//! - no number that decides a verdict is a float ([`Decimal`], integer counts);
//! - every refusal is a [`Fault`]: what is wrong, where, and what to do about it.
//!
//! Deliberately absent: `Serialize` and `Deserialize`. Formats belong to the rooms that write them (`wire.rs`).

mod bytes;
pub mod category;
mod decimal;
mod digest;
mod fault;
mod hex;
mod instant;
mod json;
mod numbers;
mod progress;
mod record;
mod span;
mod verdict;
mod words;
mod xml;

pub use bytes::ByteSize;
pub use decimal::Decimal;
pub use digest::Digest;
pub use fault::{Fault, Kind, Place};
pub use hex::{hex, unhex};
pub use instant::Instant;
pub use json::harmless_json;
pub use numbers::{counted, grouped, readable};
pub use progress::{Hidden, Progress};
pub use record::{Body, Log, Record, RecordKind, Rejection, Sample, SampleType, SpanRecord};
pub use span::{Span, Unit};
pub use verdict::{Severity, Verdict};
pub use words::nearest;
pub use xml::xml_text;

/// How pages for people look, whoever writes them: colours with a contrast above 7:1 by day and by night, focus that is seen,
/// tables, small screens, print. Rooms add what is theirs.
pub const PAGE_STYLE: &str = include_str!("page.css");
