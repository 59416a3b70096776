//! The command line, read by hand: a parser would be half of this program.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use model::{ByteSize, Fault, Span};
use probity_sampler::push::Target;
use probity_sampler::{self as sampler, Limits, Settings, Socket, Starter};

const HELP: &str = "\
Measure this device: chained, signed samples

Usage: probity-sampler run --output DIR [--interval 30s] [--push URL]... [--listen ADDRESS]
                           [--statsd ADDRESS] [--receive ADDRESS] [--follow FILE]... [--root DIR] [--process NAME]...
                           [--max-size 64MiB] [--json]
       probity-sampler once [--root DIR] [--process NAME]... [--json]
       probity-sampler flush --output DIR --push URL...
       probity-sampler status --output DIR [--json]
       probity-sampler install systemd|launchd|windows|kubernetes [--root DIR] [--dry-run]

  run      Take samples until SIGTERM; --json prints each line when it is on the disk
  once     Measure now and print it
  flush    Hand over now what receivers do not have yet
  status   Say how the buffer stands
  install  Print what starts a sampler; with --root write it where it belongs below that folder,
           with --dry-run say what would be written where

Options:
  --output DIR       Where the segments are; `probity ingest DIR` verifies and reads them
  --interval TIME    How often a sample is taken: 30s, 5m [default: 30s]
  --push URL         Hand over to: http://HOST/PATH (PUT of segments), a folder,
                     otlp://HOST:4318/v1/metrics, otlp-json://... (can be repeated);
                     https, s3 and nats are in `probity sampler`
  --listen ADDRESS   Answer /metrics and /healthz on this address of loopback: 127.0.0.1:9464
  --statsd ADDRESS   Take statsd lines of applications: 127.0.0.1:8125, or unix:PATH
  --receive ADDRESS  Take OTLP/HTTP metrics of applications: 127.0.0.1:4318, or unix:PATH
                     (with the feature `receive`)
  --follow FILE      Take statsd lines that are appended to this file (can be repeated)
  --root DIR         Read the machine's files below this folder (Linux) [default: /]
  --process NAME     Measure memory and processor time of this program as well (can be repeated)
  --max-size SIZE    All segments together; the oldest go first [default: 64MiB]
";

/// What was asked for.
pub(crate) enum Command {
    Say(String),
    Once { root: PathBuf, processes: Vec<String>, json: bool },
    Install { starter: Starter, root: Option<PathBuf>, is_dry: bool },
    Run { settings: Box<Settings>, json: bool },
    Flush { folder: PathBuf, targets: Vec<Target> },
    Status { folder: PathBuf, json: bool },
}

/// The options of a command.
const OPTIONS: &[(&str, &[&str])] = &[
    (
        "run",
        &[
            "--output",
            "--interval",
            "--push",
            "--listen",
            "--statsd",
            "--receive",
            "--follow",
            "--root",
            "--process",
            "--max-size",
        ],
    ),
    ("once", &["--root", "--process"]),
    ("flush", &["--output", "--push"]),
    ("status", &["--output"]),
];

/// Reads the words behind the program's name.
///
/// # Errors
/// `bad-command-line`, and what is wrong with a value.
pub(crate) fn read(words: &[String]) -> Result<Command, Fault> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if words.is_empty() || words.iter().any(|word| ["--help", "-h"].contains(word)) {
        return Ok(Command::Say(HELP.to_owned()));
    }
    let (command, rest) = (words[0], &words[1..]);
    match (command, rest) {
        ("--version" | "-V", _) => return Ok(Command::Say(format!("probity-sampler {}\n", env!("CARGO_PKG_VERSION")))),
        ("install", [starter, rest @ ..]) => return install(Starter::parse(starter)?, rest),
        _ => {}
    }
    let (_, options) = OPTIONS
        .iter()
        .find(|(name, _)| *name == command)
        .ok_or_else(|| wrong(format!("{command:?} is not a command, or has too few or too many words behind it")))?;
    let mut typed = Typed::default();
    let mut rest = rest.iter();
    while let Some(flag) = rest.next() {
        match *flag {
            "--json" => typed.json = true,
            flag if !options.contains(&flag) => return Err(wrong(format!("{flag} is not an option of {command}"))),
            flag => typed.take(flag, rest.next().ok_or_else(|| wrong(format!("The value of {flag} is missing")))?)?,
        }
    }
    typed.command(command)
}

fn install(starter: Starter, mut words: &[&str]) -> Result<Command, Fault> {
    let (mut root, mut is_dry) = (None, false);
    while let [first, rest @ ..] = words {
        words = match (*first, rest) {
            ("--dry-run", rest) => {
                is_dry = true;
                rest
            }
            ("--root", [folder, rest @ ..]) => {
                root = Some(PathBuf::from(folder));
                rest
            }
            (word, _) => return Err(wrong(format!("{word} is not an option of install, or has no value"))),
        };
    }
    Ok(Command::Install { starter, root, is_dry })
}

/// The options as they were typed.
#[derive(Default)]
struct Typed {
    output: Option<PathBuf>,
    interval: Option<Duration>,
    push: Vec<Target>,
    listen: Option<SocketAddr>,
    statsd: Option<Socket>,
    receive: Option<Socket>,
    follow: Vec<PathBuf>,
    root: Option<PathBuf>,
    processes: Vec<String>,
    limits: Limits,
    json: bool,
}

impl Typed {
    fn take(&mut self, flag: &str, value: &str) -> Result<(), Fault> {
        match flag {
            "--output" => self.output = Some(value.into()),
            "--interval" => self.interval = Some(sampler::interval(Span::parse(value)?)?),
            "--push" => self.push.push(Target::parse(value)?),
            "--listen" => {
                let address =
                    value.parse().map_err(|_| wrong(format!("{value:?} is no address such as 127.0.0.1:9464")))?;
                self.listen = Some(address);
            }
            "--statsd" => self.statsd = Some(Socket::parse(value)?),
            "--receive" => self.receive = Some(Socket::parse(value)?),
            "--follow" => self.follow.push(value.into()),
            "--root" if cfg!(not(target_os = "linux")) => {
                return Err(wrong("--root: this system does not say what it is in files".to_owned()));
            }
            "--root" => self.root = Some(value.into()),
            "--process" => self.processes.push(value.to_owned()),
            _ => self.limits.total_bytes = sampler::total(ByteSize::parse(value)?)?,
        }
        Ok(())
    }

    fn command(self, command: &str) -> Result<Command, Fault> {
        let root = self.root.unwrap_or_else(|| "/".into());
        let (processes, json) = (self.processes, self.json);
        if command == "once" {
            return Ok(Command::Once { root, processes, json });
        }
        let output = self.output.ok_or_else(|| wrong("--output is missing".to_owned()))?;
        match command {
            "flush" if self.push.is_empty() => Err(wrong("--push is missing".to_owned())),
            "flush" => Ok(Command::Flush { folder: output, targets: self.push }),
            "status" => Ok(Command::Status { folder: output, json }),
            _ => {
                let interval = self.interval.unwrap_or(Duration::from_secs(30));
                let (push, listen, limits) = (self.push, self.listen, self.limits);
                let (statsd, receive, follow) = (self.statsd, self.receive, self.follow);
                let settings =
                    Settings { output, root, interval, processes, limits, push, listen, statsd, receive, follow };
                Ok(Command::Run { settings: Box::new(settings), json })
            }
        }
    }
}

fn wrong(message: String) -> Fault {
    Fault::usage("bad-command-line", message).advise("See probity-sampler --help.")
}
