//! Judges segments: each by itself, and all of a device together, so that every hole has a reason or is named as one without.

mod device;
mod segment;

pub use device::{Device, Hole, Why, join};
pub use segment::Segment;
