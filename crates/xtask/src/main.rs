//! Chores of this repository, run as `cargo xtask CHORE`.
//!
//! - `generate` writes large inputs that look like real ones, the same bytes for the same seed;
//! - `new` lays out the files of something that is to be written;
//! - `bench` builds the release binary, runs it beside its peers in turn and prints a Markdown table.
//!
//! Deliberately absent: anything a user runs. Nothing here is shipped.

mod args;
mod bench;
mod generate;
mod new;

use std::process::ExitCode;

use args::Args;

const USAGE: &str = "\
cargo xtask generate KIND --size SIZE [--seed N] --output FILE
    KIND: jsonl, prometheus, openmetrics, otlp, accesslog,     SIZE: 512MB, 64MiB, …
          redactlog, redactclean, redactjsonl, redactcsv, prose      FILE: `-` is standard output
cargo xtask bench [CASE]… [--size SIZE] [--rounds N] [--binary FILE]
    CASE: build, size, start, jsonl, prometheus, accesslog, ledger      (default: all but build)
cargo xtask bench redact [--case NAME]… [--peers DIR] [--size SIZE] [--rounds N] [--binary FILE] [--json FILE]
    NAME: log, rules, clean, jsonl, csv, take, threads, prose, start, stream      (default: all but stream)
    DIR: what crates/xtask/peers/setup made
cargo xtask new rule PACK.NAME                           the files of a rule, to be filled in
";

fn main() -> ExitCode {
    match run(Args::new(std::env::args().skip(1))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut args: Args) -> Result<(), String> {
    match args.word().as_deref() {
        Some("generate") => generate::run(args),
        Some("bench") => bench::run(args),
        Some("new") => new::run(args),
        Some("--help") | None => {
            print!("{USAGE}");
            Ok(())
        }
        Some(other) => Err(format!("{other:?} is no chore\n{USAGE}")),
    }
}
