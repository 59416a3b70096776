//! The data map from outside: what is read, written, merged, checked and drawn.

extern crate probity_privacy as privacy;

mod fixtures;
mod life;
mod written;
