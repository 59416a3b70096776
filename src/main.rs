//! probity: metrics and logs to verdicts to sealed packages.
//!
//! Parse, make the context, dispatch, exit. The rest is `cli` (the edge's toolbox) and `commands` (one file each).

// The edge's toolbox is whole in every build; small builds use less of it.
#![cfg_attr(not(feature = "full"), allow(dead_code))]

mod cli;
mod commands;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::crash::install();
    cli::run(std::env::args_os()).into()
}
