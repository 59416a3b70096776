//! The store as its users see it: one binary, so that the Parquet code is linked once.

mod bench;
mod concurrency;
mod crash;
mod disk_full;
mod judges;
mod laws;
mod refusals;
mod removal;
mod round_trip;
mod sweep;
mod tamper;
mod vectors;
