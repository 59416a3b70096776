//! `ingest`: read metrics, logs and traces into the store.

mod shown;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ingest::{Format, Map};
use model::{ByteSize, Decimal, Fault, Instant, RecordKind, Span};
use store::{Commit, CommitNotes, Store};

use super::Done;
use crate::cli::args::{instant, span};
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::files;
use crate::cli::intake::{self, Following, Input, Plan, Segments};
use crate::cli::journal::{self, Wanted};
use crate::cli::keys::{self, Keyring, Role};
use crate::cli::passphrase::PassphraseArgs;
use crate::cli::progress::Count;
use crate::cli::toml_file::{self, Value as Setting};
use shown::Ingested;

pub(crate) const EXAMPLES: &[Example] = &[
    Example { about: "A folder of logs and metrics; content decides what each file is", line: "probity ingest logs" },
    Example { about: "Standard input", line: "probity ingest --format access-log - <access.log" },
    Example {
        about: "What a device has measured: every line is verified, every hole explained",
        line: "probity ingest samples",
    },
    Example {
        about: "What is new in a log and in what its rotation left, each line once: for cron",
        line: "probity ingest --follow --once logs/access.log",
    },
    Example { about: "Only parse, and say what is wrong where", line: "probity ingest --check metrics.prom" },
];

/// Read metrics, logs and traces into the store
#[derive(Args, Debug)]
pub(crate) struct IngestArgs {
    /// Files, folders, or `-` for standard input; gzip and zstd are recognised
    #[arg(required = true)]
    path: Vec<PathBuf>,
    /// The kind of record in JSON Lines and CSV
    #[arg(long, value_name = "KIND", value_parser = ["logs", "metrics", "traces"])]
    kind: Option<String>,
    /// The format; otherwise the content decides
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    /// Only parse: keep nothing
    #[arg(long)]
    check: bool,
    /// Mapping file (TOML) for the fields of JSON Lines and CSV
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// Largest share of rejected lines per file before it is refused, for example 1% or 0.005
    #[arg(long, value_name = "SHARE")]
    max_rejected: Option<String>,
    /// The time of samples without a timestamp; otherwise the time in the file's name, or the file's own
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    scrape_time: Option<Instant>,
    /// Public key (PEM) of a device whose sampler's segments are taken, and nobody else's (can be repeated)
    #[arg(long, value_name = "FILE")]
    trust: Vec<PathBuf>,
    /// Follow the files as they grow and are rotated, until Ctrl-C; each line is taken once, also after a kill
    #[arg(long, conflicts_with_all = ["check", "max_rejected", "trust"])]
    follow: bool,
    /// With --follow: how often what is new is committed
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = span, requires = "follow")]
    every: Span,
    /// With --follow: take what is new and end
    #[arg(long, requires = "follow")]
    once: bool,
    /// Accept times before 2000-01-01 and more than 24 hours ahead
    #[arg(long)]
    any_time: bool,
}

const MAP_MAX: ByteSize = ByteSize(1 << 20);

pub(crate) fn run(context: &mut Context, args: IngestArgs) -> Result<Done, Fault> {
    context.trace.begin(if args.check { Wanted::WhereThere } else { Wanted::Always }, "ingest.finished");
    let mut plan = plan(context, &args)?;
    if args.follow {
        return follow(context, &args, &mut plan);
    }
    let inputs = intake::find(&args.path)?;
    let progress = context.progress(Count::Bytes);
    progress.start("reading", inputs.iter().filter_map(Input::size).sum());
    let intake = match args.check {
        true => intake::check(inputs, &plan, &*progress)?,
        false => {
            let key = Keyring::of(context).open(context, Role::Store, &PassphraseArgs::default())?;
            let store = Store::open(&context.project.state("store"), Some(&key.secret))?;
            store.sweep(plan.now)?;
            journal::reconcile(context, &store, "ingest", "ingest.recovered")?;
            intake::take(inputs, &plan, &store, &notes(), &*progress)?
        }
    };
    progress.finish();
    let result = Ingested { intake, checked: args.check, devices: plan.segments.devices() };
    result.trace(context);
    result.complain(&context.output, args.map.is_some());
    Ok(Done::showing(result.exit(), result))
}

fn follow(context: &mut Context, args: &IngestArgs, plan: &mut Plan) -> Result<Done, Fault> {
    keys::private_folder(&context.project.state(""))?;
    let run = context.project.state("run");
    keys::private_folder(&run)?;
    let _lock = intake::lock(&run)?;
    let key = Keyring::of(context).open(context, Role::Store, &PassphraseArgs::default())?;
    let store = Store::open(&context.project.state("store"), Some(&key.secret))?;
    store.sweep(plan.now)?;
    journal::reconcile(context, &store, "ingest", "ingest.recovered")?;
    let settings = Following {
        paths: &args.path,
        every: Duration::from_nanos(u64::try_from(args.every.nanos()).unwrap_or(u64::MAX)),
        once: args.once,
        clock: context.clock(),
    };
    let entered =
        &mut |commit: &Commit| journal::committed(context, "ingest", "ingest.committed", commit.version, commit.digest);
    let intake = intake::follow(&settings, plan, &store, &notes(), entered)?;
    let result = Ingested { intake, checked: false, devices: Vec::new() };
    result.trace(context);
    result.complain(&context.output, args.map.is_some());
    Ok(Done::showing(result.exit(), result))
}

fn notes() -> CommitNotes {
    CommitNotes { tool: format!("probity {}", env!("CARGO_PKG_VERSION")) }
}

fn plan(context: &mut Context, args: &IngestArgs) -> Result<Plan, Fault> {
    if let Some(share) = &args.max_rejected {
        context.config.lay_flag("ingest.max_rejected", "--max-rejected", Setting::Text(share.clone()));
    }
    if args.any_time {
        context.config.lay_flag("ingest.any_time", "--any-time", Setting::Flag(true));
    }
    let map = args.map.as_deref().map(|path| {
        let text = files::read_text(path, MAP_MAX)?;
        let map = Map::parse(&text).map_err(|fault| toml_file::show_line(&fault, path))?;
        Ok::<_, Fault>((map, seal::sha256(text.as_bytes())))
    });
    Ok(Plan {
        format: args.format.as_deref().map(Format::parse).transpose()?,
        kind: args.kind.as_deref().map(RecordKind::parse).transpose()?,
        map: map.transpose()?,
        now: context.now(),
        stamp: args.scrape_time,
        any_time: context.config.flag("ingest.any_time"),
        max_rejected: context.config.parsed("ingest.max_rejected", share)?,
        segments: Segments::trusting(&args.trust)?,
    })
}

/// `1%` or `0.01`.
fn share(text: &str) -> Result<Decimal, Fault> {
    let number = match text.strip_suffix('%') {
        Some(percent) => Decimal::parse(percent.trim_end())?.percent(),
        None => Some(Decimal::parse(text)?),
    };
    number.filter(|share| *share >= Decimal::ZERO && *share <= Decimal::ONE).ok_or_else(|| {
        Fault::usage("bad-share", format!("{text:?} is not a share")).advise("Write 1% or 0.01, between 0 and 1.")
    })
}
