//! A stream longer than memory and disk hold: the generator writes into one end of probity, and what comes out is counted.

use std::process::{Command, Stdio};

use super::super::measure::drained;
use super::Setting;
use super::rows::Row;
use crate::generate::Kind;

/// `xtask generate redactlog --size … --output - | probity redact - -o -`, once: a long run needs no second.
pub(super) fn run(setting: &Setting, size: u64) -> Result<Vec<Row>, String> {
    eprintln!("xtask: stream: {} MB", size / 1_000_000);
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut generator = Command::new(program);
    generator.args(["generate", Kind::RedactLog.name(), "--size", &size.to_string(), "--output", "-"]);
    let mut generator =
        generator.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
    let source = generator.stdout.take().ok_or("the generator has no output")?;
    let mut command = setting.place.probity(&["redact", "-", "-o", "-", "--profile", "logs"]);
    let mut written: u64 = 0;
    let cost = drained(&mut command, Stdio::from(source), &mut |piece| written += piece.len() as u64)?;
    // It holds the reading end of the pipe: a generator that nobody reads would wait for ever.
    drop(command);
    let ended = generator.wait().map_err(|error| error.to_string())?;
    let mut problem = (cost.code != Some(0)).then(|| format!("ended with {:?} after {written} bytes", cost.code));
    if problem.is_none() && !ended.success() {
        problem = Some(format!("the generator ended with {ended}"));
    }
    let name = format!("probity redact - -o -, {:.0} MB out", written as f64 / 1e6);
    let rules = Some(setting.peers.patterns.detectors.len());
    let costs = if problem.is_some() { Vec::new() } else { vec![cost] };
    Ok(vec![Row { case: "stream", id: "probity", name, rules, bytes: size, found: None, problem, costs }])
}
