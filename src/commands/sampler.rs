//! `sampler`: this device measures itself.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use model::{ByteSize, Fault, Span};
use sampler::{Edge, Limits, Now, Root, Settings, Stop};

use super::Done;
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::output::Output;

pub(crate) const EXAMPLES: &[Example] = &[
    Example { about: "What this machine says of itself now", line: "probity sampler once" },
    Example { about: "A sample every 30 seconds, until SIGTERM", line: "probity sampler run --output samples" },
];

/// Measure this device: chained, signed samples
///
/// Reads what the Linux kernel says of processor, memory, load, disks, network, battery, temperatures, programs and limits of the
/// container, below --root. What cannot be read is left out.
#[derive(Args, Debug)]
pub(crate) struct SamplerArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Take samples until SIGTERM or Ctrl-C
    ///
    /// With --json each line is printed when it is on the disk.
    Run(RunArgs),
    /// Measure now and print it
    Once(ReadArgs),
}

#[derive(Args, Debug)]
struct ReadArgs {
    /// Read the machine's files below this folder: the mount of a host in a container
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,
    /// Measure memory and processor time of this program as well (can be repeated)
    #[arg(long, value_name = "NAME")]
    process: Vec<String>,
}

#[derive(Args, Debug)]
struct RunArgs {
    #[command(flatten)]
    read: ReadArgs,
    /// Where the segments and the device's key are; made where it is missing. `ingest` verifies and reads it
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// How often a sample is taken, with some jitter
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = interval)]
    interval: Duration,
    /// All segments together; the oldest go first, those that receivers have before others
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = total)]
    max_size: u64,
}

pub(crate) fn run(context: &mut Context, args: SamplerArgs) -> Result<Done, Fault> {
    let json = context.output.is_json();
    let stop = Stop::listen().map_err(|error| Fault::io("listen for", "signals".as_ref(), error))?;
    let mut world = World { output: &mut context.output, stop };
    match args.verb {
        Verb::Once(read) => {
            let points = sampler::once(Root::new(read.root), read.process, &mut world);
            context.output.write(sampler::show(&points, json).as_bytes())?;
        }
        Verb::Run(run) => {
            let limits = Limits { total_bytes: run.max_size, ..Limits::default() };
            let settings = Settings {
                output: run.output,
                root: run.read.root,
                interval: run.interval,
                processes: run.read.process,
                limits,
            };
            sampler::run(&settings, &mut world)?;
        }
    }
    Ok(Done::streamed(Exit::Done))
}

fn interval(text: &str) -> Result<Duration, String> {
    Span::parse(text).and_then(sampler::interval).map_err(|fault| said(&fault))
}

fn total(text: &str) -> Result<u64, String> {
    ByteSize::parse(text).and_then(sampler::total).map_err(|fault| said(&fault))
}

fn said(fault: &Fault) -> String {
    format!("{}. {}", fault.message(), fault.advice().unwrap_or_default())
}

/// The world as the house sees it. The clocks are the machine's: `--time` does not make a measurement another one.
struct World<'o> {
    output: &'o mut Output,
    stop: Stop,
}

impl Edge for World<'_> {
    fn now(&self) -> Now {
        Now::of_this_machine()
    }

    fn wait(&mut self, time: Duration) -> bool {
        self.stop.wait(time)
    }

    fn written(&mut self, lines: &[u8]) {
        if self.output.is_json() {
            // A reader that went away does not end the measuring.
            let _ = self.output.write(lines);
        }
    }

    fn note(&mut self, text: &str) {
        self.output.warn(text);
    }
}
