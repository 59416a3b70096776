//! Reads metrics, logs and traces as their producers wrote them: bytes → [`model::Record`]s, or a located rejection.
//!
//! The way through: [`decode`] takes the compression off, [`detect`] names the format from the first bytes, and [`read`]
//! hands every record to a [`Sink`] and every line that was not understood too, with line, column and a stable code.
//!
//! Invariants:
//! - nothing is dropped silently: a line becomes a record, a rejection, or is counted as [`Tally::absent`] (a legal NaN);
//! - memory is bounded by [`Limits`], whatever the input is;
//! - numbers are exact: a latency is scaled in decimal before it becomes a float, an integer sample keeps its integer;
//! - same bytes and same [`Request`] give the same records ([`READER_VERSION`] changes when they do not).
//!
//! Deliberately absent: files, the clock, and any judgement of what was read.

mod decode;
mod exposition;
mod format;
mod formats;
mod json;
mod limits;
mod lines;
mod map;
mod node;
mod number;
mod output;
mod protobuf;
mod request;
mod row;
mod series;
mod stream;
mod time;
mod values;

pub use decode::{Decoded, decode, read_failed};
pub use format::{Format, detect};
pub use limits::Limits;
pub use map::Map;
pub use request::{READER_VERSION, Request, Sink, Tally, Warning, read};
