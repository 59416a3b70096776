//! DataFusion over the store: exact counts for verdicts, percentiles for showing, SQL for people.
//!
//! An [`Engine`] answers questions about one snapshot of the store. It implements [`slo::measure::Measure`] and runs
//! ad-hoc SQL over the tables `logs`, `metrics` and `traces` and the view `increments`.
//!
//! Invariants:
//! - a verdict is decided with integer counts, and the same on 1, 2 or 8 partitions, however rows are split over files;
//! - a windowed question sees the rows inside its window and no others, to the nanosecond;
//! - a percentile is the nearest rank: exact below 100,000 values, else a DDSketch of integer buckets, and says which;
//! - SQL only reads; every function answers the same each time (`random()` is not offered, `now()` is an argument);
//! - every call of DataFusion stands in this crate, and no type of it in the public interface.
//!
//! Deliberately absent: writing Parquet (`store`), judging what was counted (`slo`), deciding where output goes.

mod cell;
mod engine;
mod increments;
mod limits;
mod measure;
mod micro;
mod percentile;
mod query;
mod refuse;
mod selector;
mod session;
mod sketch;
mod slices;
mod source;
mod table;
mod threshold;
mod window;
mod write;

pub use cell::Cell;
pub use engine::Engine;
pub use limits::Limits;
pub use query::{Batch, Column, Rows};
pub use write::Form;
