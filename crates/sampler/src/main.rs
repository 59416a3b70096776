//! The sampler alone: for devices on which every kilobyte counts. `probity sampler` is the same room behind another door.

mod arguments;

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use arguments::Command;
use model::{Fault, Kind};
use probity_sampler::{self as sampler, Edge, Now, Root, Status, Stop};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match arguments::read(&words).and_then(perform) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("error: {fault}");
            if let Some(advice) = fault.advice() {
                eprintln!("  hint: {advice}");
            }
            ExitCode::from(code(fault.kind()))
        }
    }
}

/// The codes are those of probity.
fn code(kind: Kind) -> u8 {
    match kind {
        Kind::Unverified => 1,
        Kind::Usage => 2,
        Kind::NoVerdict => 3,
        Kind::Refused => 4,
        Kind::Partial => 5,
        Kind::BadInput => 6,
        Kind::BadConfig => 7,
        Kind::Unavailable => 8,
        Kind::Internal => 70,
        Kind::Interrupted => 130,
    }
}

fn perform(command: Command) -> Result<(), Fault> {
    match command {
        Command::Say(text) => say(text.as_bytes()),
        Command::Once { root, processes, json } => {
            let points = sampler::once(Root::new(&root), processes, &mut World::new(false)?);
            say(sampler::show(&points, json).as_bytes())
        }
        Command::Install { starter, root, is_dry } => {
            say(sampler::install(starter, root.as_deref(), is_dry)?.as_bytes())
        }
        Command::Flush { folder, targets } => sampler::flush(&folder, &targets),
        Command::Status { folder, json } => say(Status::of(&folder)?.show(json).as_bytes()),
        Command::Run { settings, json } => sampler::run(&settings, &mut World::new(json)?),
    }
}

fn say(bytes: &[u8]) -> Result<(), Fault> {
    let mut out = std::io::stdout();
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .map_err(|error| Fault::io("write to", "standard output".as_ref(), error))
}

/// The world as this program sees it.
struct World {
    stop: Stop,
    /// Whether lines are printed as well.
    json: bool,
}

impl World {
    fn new(json: bool) -> Result<Self, Fault> {
        let stop = Stop::listen().map_err(|error| Fault::io("listen for", "signals".as_ref(), error))?;
        Ok(World { stop, json })
    }
}

impl Edge for World {
    fn now(&self) -> Now {
        Now::of_this_machine()
    }

    fn wait(&mut self, time: Duration) -> bool {
        self.stop.wait(time)
    }

    fn written(&mut self, lines: &[u8]) {
        if self.json {
            // A reader that went away does not end the measuring.
            let _ = say(lines);
        }
    }

    fn note(&mut self, text: &str) {
        let _ = writeln!(std::io::stderr(), "note: {text}");
    }
}
