//! `query`: ad-hoc SQL over the store, read-only.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;
use engine::{Engine, Form, Limits};
use model::Fault;
use store::Store;

use super::Done;
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::files::{Existing, NewFile};
use crate::cli::journal::Wanted;
use crate::cli::signals;

pub(crate) const EXAMPLES: &[Example] = &[
    Example {
        about: "Requests by status",
        line: "probity query \"SELECT status, count(*) AS requests FROM logs GROUP BY status ORDER BY status\"",
    },
    Example { about: "Which columns there are", line: "probity query \"DESCRIBE metrics\"" },
    Example {
        about: "Into a spreadsheet",
        line: "probity query \"SELECT * FROM logs ORDER BY ts LIMIT 100\" --csv --output first.csv",
    },
];

/// Ask the store a question in SQL (read-only)
#[derive(Args, Debug)]
pub(crate) struct QueryArgs {
    /// One SELECT over the tables `logs`, `metrics`, `traces` and the view `increments`
    sql: String,
    /// Print CSV
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file when it exists
    #[arg(long, requires = "output")]
    overwrite: bool,
    /// Put `'` before CSV cells that a spreadsheet would take for a formula
    #[arg(long, requires = "csv")]
    defuse: bool,
}

pub(crate) fn run(context: &mut Context, args: QueryArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "query.answered");
    context.trace.digest("sql", seal::sha256(args.sql.as_bytes()));
    let engine = open(context)?;
    let rows = engine.query(&args.sql, &limits(context)?)?;
    let form = form(context, &args);
    let count = match &args.output {
        Some(path) => {
            let mut file = NewFile::create(path, Existing::from_flag(args.overwrite))?;
            let count = rows.write(form, &mut std::io::BufWriter::new(file.file()))?;
            file.finish()?;
            count
        }
        None => match rows.write(form, &mut context.output) {
            // Whoever read our output has seen enough.
            Err(_) if context.output.is_closed() => 0,
            written => written?,
        },
    };
    context.trace.count("rows", count);
    Ok(Done::streamed(Exit::Done))
}

fn form(context: &Context, args: &QueryArgs) -> Form {
    let screen = args.output.is_none() && context.output.layout().terminal;
    match args {
        _ if args.csv => Form::Csv { defuse_formulas: args.defuse, screen },
        _ if context.output.is_json() => Form::JsonLines,
        _ if screen => Form::Table { width_max: Some(60) },
        _ => Form::Tabs,
    }
}

/// The engine over the project's store as it is now.
///
/// # Errors
/// `bad-size`; what the store and the engine say.
pub(crate) fn open(context: &Context) -> Result<Engine, Fault> {
    let store = Store::open(&context.project.state("store"), None)?;
    let snapshot = store.snapshot()?;
    let threads = context.config.parsed("query.threads", |text| {
        text.parse::<usize>().map_err(|_| Fault::usage("bad-number", format!("{text:?} is not a number of threads")))
    })?;
    let threads = match threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    let stop: Arc<AtomicBool> = signals::shared();
    Ok(Engine::open(&snapshot, threads)?.with_limits(&limits(context)?)?.at(context.now()).cancelled_by(stop))
}

fn limits(context: &Context) -> Result<Limits, Fault> {
    let memory = usize::try_from(context.config.size("query.memory")?.0).unwrap_or(usize::MAX);
    // Where there is no state folder there is nothing to ask, so nothing spills; and a question does not make a project.
    // On a read-only file system a large question reaches the limit of memory.
    let spill = context.project.state("spill");
    let spill = (context.project.state("").is_dir() && std::fs::create_dir_all(&spill).is_ok()).then_some(spill);
    Ok(Limits { memory_bytes_max: memory, spill, ..Limits::default() })
}
