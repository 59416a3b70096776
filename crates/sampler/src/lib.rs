//! A device measures itself: its processor, memory, disks, network, battery, and the limits that it runs under.
//!
//! The way through: [`Readers`] take the numbers from the kernel's own files, [`names`] says what they are called, and [`Spool`]
//! writes them down: one line a sample, each chained to the one before it and signed with the device's key, in segments that
//! [`verify`] judges somewhere else. [`run()`] is the loop around that.
//!
//! Invariants:
//! - a line that was said to be written is on the disk;
//! - a start never fails because of what segments hold, and none of them is ever written to again;
//! - what is missing is said to be: cut, lost in memory, dropped for room, slept through;
//! - what cannot be read is not there; no zero stands for it.
//!
//! Deliberately absent: SQL, PDF, an async runtime, TLS, and trust of its own: a signature says which key, not whose.

mod application;
pub mod clock;
pub mod device;
#[cfg(all(feature = "fuzz", unix))]
#[doc(hidden)]
pub mod fuzz;
mod install;
pub mod line;
pub mod names;
mod openmetrics;
mod order;
mod os;
#[cfg(any(test, not(target_os = "linux")))]
#[cfg_attr(test, allow(unreachable_pub, reason = "on Linux it is there for its test alone"))]
mod other;
mod point;
pub mod push;
#[cfg(target_os = "linux")]
mod read;
mod request;
mod run;
mod sample;
mod serve;
mod settings;
mod shared;
mod show;
pub mod spool;
mod status;
mod stop;
mod traffic;
pub mod verify;

pub use application::Socket;
pub use clock::Now;
pub use install::{Starter, install};
#[cfg(not(target_os = "linux"))]
pub use other::{Readers, Root};
pub use point::{Number, Point, Points};
#[cfg(target_os = "linux")]
pub use read::{Readers, Root};
pub use run::{Edge, once, run};
pub use settings::{Settings, interval, total};
pub use show::show;
pub use spool::{Kept, Limits, Spool};
pub use status::{Status, flush};
pub use stop::Stop;

/// What a segment's first line says that it is.
pub const FORMAT: &str = "probity-segment/1";
