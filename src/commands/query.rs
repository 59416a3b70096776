//! `query`: ad-hoc SQL over the store, read-only.

use std::path::PathBuf;

use clap::Args;
use engine::Form;
use model::Fault;

use super::Done;
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::files::{Existing, NewFile};
use crate::cli::journal::Wanted;
use crate::cli::sql;

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
    let engine = sql::open(context)?;
    let rows = engine.query(&args.sql, &sql::limits(context)?)?;
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
