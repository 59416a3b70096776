//! The room as a whole: files in, verdicts out.

extern crate probity_slo as slo;

mod evaluation;
mod fake;
mod fixtures;
mod pack;
