//! The room as a whole: files in, verdicts out.

extern crate probity_slo as slo;

mod alarms;
mod evaluation;
mod fake;
mod fixtures;
mod imports;
mod methods;
mod pack;
