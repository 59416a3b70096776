//! `sampler`: this device measures itself.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use model::{ByteSize, Fault, Span};
use sampler::push::Target;
use sampler::{Edge, Limits, Now, Root, Settings, Socket, Starter, Status, Stop};

use super::Done;
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::output::Output;

pub(crate) const EXAMPLES: &[Example] = &[
    Example { about: "What this machine says of itself now", line: "probity sampler once" },
    Example { about: "A sample every 30 seconds, until SIGTERM", line: "probity sampler run --output samples" },
    Example {
        about: "Hand over now what a folder does not have yet",
        line: "probity sampler flush --output samples --push .",
    },
    Example { about: "A hardened unit, to be reviewed", line: "probity sampler install systemd" },
    Example { about: "Where it would be written", line: "probity sampler install launchd --dry-run" },
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
    /// Hand over now what receivers do not have yet
    ///
    /// While a sampler runs its newest segment stays: it is not closed.
    Flush {
        /// Where the segments are
        #[arg(long, value_name = "DIR")]
        output: PathBuf,
        /// Who receives (can be repeated); as for run
        #[arg(long, value_name = "URL", value_parser = target, required = true)]
        push: Vec<Target>,
    },
    /// Bring segments that were pushed to a stream of NATS into a folder, for ingest
    Fetch {
        /// nats://HOST:4222/SUBJECT, as it was pushed to; with ?credentials=FILE and ca=FILE
        #[arg(value_name = "URL")]
        from: String,
        /// Where the segments go; made where it is missing
        #[arg(long, value_name = "DIR")]
        output: PathBuf,
    },
    /// Say how the buffer stands, and how far each receiver has come
    Status {
        /// Where the segments are
        #[arg(long, value_name = "DIR")]
        output: PathBuf,
    },
    /// Print or write what starts a sampler at boot
    Install {
        /// systemd, launchd, windows or kubernetes
        #[arg(value_parser = starter)]
        starter: Starter,
        /// Write it where it belongs below this folder: / for this machine
        #[arg(long, value_name = "DIR")]
        root: Option<PathBuf>,
        /// Say what would be written where, and write nothing
        #[arg(long)]
        dry_run: bool,
    },
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
    /// Hand over to: a folder, http(s)://HOST/PATH, s3://BUCKET/PREFIX, nats://HOST/SUBJECT, otlp(s)://HOST:4318/v1/metrics or otlp(s)-json://... (can be repeated)
    #[arg(long, value_name = "URL", value_parser = target)]
    push: Vec<Target>,
    /// Answer /metrics (OpenMetrics) and /healthz on this address of loopback
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Take statsd lines of applications on this address of loopback, or unix:PATH
    #[arg(long, value_name = "ADDRESS", value_parser = socket)]
    statsd: Option<Socket>,
    /// Take metrics of applications as OTLP/HTTP (protobuf, JSON) on this address of loopback, or unix:PATH
    #[arg(long, value_name = "ADDRESS", value_parser = socket)]
    receive: Option<Socket>,
    /// Take statsd lines that are appended to this file (can be repeated)
    #[arg(long, value_name = "FILE")]
    follow: Vec<PathBuf>,
}

pub(crate) fn run(context: &mut Context, args: SamplerArgs) -> Result<Done, Fault> {
    let json = context.output.is_json();
    let stop = Stop::listen().map_err(|error| Fault::io("listen for", "signals".as_ref(), error))?;
    let mut world = World { output: &mut context.output, stop };
    let said = match args.verb {
        Verb::Run(run) => return sampler::run(&run.settings(), &mut world).map(|()| Done::streamed(Exit::Done)),
        Verb::Once(read) => sampler::show(&sampler::once(Root::new(read.root), read.process, &mut world), json),
        Verb::Flush { output, push } => {
            sampler::flush(&output, &push)?;
            Status::of(&output)?.show(json)
        }
        Verb::Fetch { from, output } => fetched(&from, &output, json)?,
        Verb::Status { output } => Status::of(&output)?.show(json),
        Verb::Install { starter, root, dry_run } => sampler::install(starter, root.as_deref(), dry_run)?,
    };
    context.output.write(said.as_bytes())?;
    Ok(Done::streamed(Exit::Done))
}

#[cfg(any(feature = "sampler-tls", feature = "sampler-s3", feature = "sampler-nats"))]
fn fetched(from: &str, folder: &Path, json: bool) -> Result<String, Fault> {
    let crate::cli::receivers::Fetched { segments, others } = crate::cli::receivers::fetch(from, folder)?;
    let (whole, other) =
        (model::counted(segments, "segment", "segments"), model::counted(others, "message", "messages"));
    Ok(match json {
        true => format!("{{\"schema\":\"sampler-fetch/1\",\"segments\":{segments},\"others\":{others}}}\n"),
        false => format!("{whole} in {}; {other} of others.\n", folder.display()),
    })
}

#[cfg(not(any(feature = "sampler-tls", feature = "sampler-s3", feature = "sampler-nats")))]
fn fetched(from: &str, _: &Path, _: bool) -> Result<String, Fault> {
    Err(Target::parse(from).map_or_else(|fault| fault, |_| Target::unknown("This is no stream of NATS")))
}

impl RunArgs {
    fn settings(self) -> Settings {
        let limits = Limits { total_bytes: self.max_size, ..Limits::default() };
        let RunArgs {
            read: ReadArgs { root, process: processes },
            output,
            interval,
            push,
            listen,
            statsd,
            receive,
            follow,
            ..
        } = self;
        Settings { output, root, interval, processes, limits, push, listen, statsd, receive, follow }
    }
}

fn interval(text: &str) -> Result<Duration, String> {
    Span::parse(text).and_then(sampler::interval).map_err(|fault| said(&fault))
}

fn total(text: &str) -> Result<u64, String> {
    ByteSize::parse(text).and_then(sampler::total).map_err(|fault| said(&fault))
}

fn target(text: &str) -> Result<Target, String> {
    #[cfg(any(feature = "sampler-tls", feature = "sampler-s3", feature = "sampler-nats"))]
    let target = crate::cli::receivers::target(text);
    #[cfg(not(any(feature = "sampler-tls", feature = "sampler-s3", feature = "sampler-nats")))]
    let target = Target::parse(text);
    target.map_err(|fault| said(&fault))
}

fn socket(text: &str) -> Result<Socket, String> {
    Socket::parse(text).map_err(|fault| said(&fault))
}

fn starter(text: &str) -> Result<Starter, String> {
    Starter::parse(text).map_err(|fault| said(&fault))
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
