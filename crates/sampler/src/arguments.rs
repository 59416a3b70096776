//! The command line, read by hand: a parser would be half of this program.

use std::path::PathBuf;
use std::time::Duration;

use model::{ByteSize, Fault, Span};
use probity_sampler::{self as sampler, Limits, Settings};

const HELP: &str = "\
Measure this device: chained, signed samples

Usage: probity-sampler run --output DIR [--interval 30s] [--root DIR] [--process NAME]... [--max-size 64MiB] [--json]
       probity-sampler once [--root DIR] [--process NAME]... [--json]

  run    Take samples until SIGTERM; --json prints each line when it is on the disk
  once   Measure now and print it

Options:
  --output DIR       Where the segments are; `probity ingest DIR` verifies and reads them
  --interval TIME    How often a sample is taken: 30s, 5m [default: 30s]
  --root DIR         Read the machine's files below this folder [default: /]
  --process NAME     Measure memory and processor time of this program as well (can be repeated)
  --max-size SIZE    All segments together; the oldest go first [default: 64MiB]
";

/// What was asked for.
pub(crate) enum Command {
    Say(String),
    Once { root: PathBuf, processes: Vec<String>, json: bool },
    Run { settings: Settings, json: bool },
}

/// Reads the words behind the program's name.
///
/// # Errors
/// `bad-command-line`, and what is wrong with a value.
pub(crate) fn read(words: &[String]) -> Result<Command, Fault> {
    let Some((command, mut rest)) = words.split_first() else { return Ok(Command::Say(HELP.to_owned())) };
    let is_run = match command.as_str() {
        "run" => true,
        "once" => false,
        "--help" | "-h" => return Ok(Command::Say(HELP.to_owned())),
        "--version" | "-V" => return Ok(Command::Say(format!("probity-sampler {}\n", env!("CARGO_PKG_VERSION")))),
        other => return Err(wrong(format!("{other:?} is not a command"))),
    };
    let (mut output, mut root, mut processes, mut json) = (None, PathBuf::from("/"), Vec::new(), false);
    let (mut interval, mut limits) = (Duration::from_secs(30), Limits::default());
    while let Some((flag, behind)) = rest.split_first() {
        rest = behind;
        match flag.as_str() {
            "--json" => {
                json = true;
                continue;
            }
            "--help" | "-h" => return Ok(Command::Say(HELP.to_owned())),
            _ => {}
        }
        let (value, behind) =
            rest.split_first().ok_or_else(|| wrong(format!("{flag} is unknown, or its value is missing")))?;
        rest = behind;
        match flag.as_str() {
            "--root" => root = value.into(),
            "--process" => processes.push(value.clone()),
            "--output" if is_run => output = Some(PathBuf::from(value)),
            "--interval" if is_run => interval = sampler::interval(Span::parse(value)?)?,
            "--max-size" if is_run => limits.total_bytes = sampler::total(ByteSize::parse(value)?)?,
            _ => return Err(wrong(format!("{flag} is not an option of {command}"))),
        }
    }
    if !is_run {
        return Ok(Command::Once { root, processes, json });
    }
    let output = output.ok_or_else(|| wrong("--output is missing".to_owned()))?;
    Ok(Command::Run { settings: Settings { output, root, interval, processes, limits }, json })
}

fn wrong(message: String) -> Fault {
    Fault::usage("bad-command-line", message).advise("See probity-sampler --help.")
}
