//! `map`: which store holds which personal data, and how it hangs together.

mod check;
mod graph;
mod import;
mod scan;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use model::Fault;

use super::Done;
use crate::cli::context::Context;
use crate::cli::examples::Example;

pub(crate) const EXAMPLES: &[Example] = &[
    Example { about: "Look into every store and write what a map could say", line: "probity map scan" },
    Example { about: "The same for one store, without writing anything", line: "probity map scan shop --dry-run" },
    Example { about: "Take over a dataset of Fides", line: "probity map import fides.yml" },
    Example { about: "Have map and stores drifted apart? (exit 1)", line: "probity map check" },
    Example {
        about: "A drawing to search and zoom in, for a browser without network",
        line: "probity map graph --output map.html",
    },
];

/// Say which store holds which personal data, and how it hangs together
#[derive(Args, Debug)]
pub(crate) struct MapArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Look into stores and add to the map what it does not say yet
    Scan(ScanArgs),
    /// Take the datasets of a fideslang file into the map
    Import(ImportArgs),
    /// Compare map and stores: exit 1 when they have drifted apart
    Check(CheckArgs),
    /// Draw the map as SVG or HTML
    Graph(GraphArgs),
    /// Show what the map says
    Show {
        /// Only this dataset
        dataset: Option<String>,
    },
}

// How much of a store is looked at. Not a doc comment: clap would take it for the command's.
#[derive(Args, Debug)]
struct SampleArgs {
    /// Rows of each collection whose values are looked at
    #[arg(long, value_name = "N", default_value_t = 200)]
    rows: u64,
    /// Read catalogs only, no values
    #[arg(long)]
    no_sample: bool,
}

#[derive(Args, Debug)]
struct ScanArgs {
    /// Stores of probity.toml (all of them when none is named)
    name: Vec<String>,
    #[command(flatten)]
    sample: SampleArgs,
    /// Write links that are not sure into the map as references too, not only as comments
    #[arg(long)]
    links: bool,
    /// Say what would be added, and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Args, Debug)]
struct ImportArgs {
    /// The fideslang file
    file: PathBuf,
    /// Replace datasets that the map has already
    #[arg(long)]
    overwrite: bool,
    /// Say what would be taken over, and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Args, Debug)]
struct CheckArgs {
    /// Stores of probity.toml (all of them when none is named)
    name: Vec<String>,
    #[command(flatten)]
    sample: SampleArgs,
    /// Warnings count as findings, and so do stores that cannot be asked
    #[arg(long)]
    strict: bool,
    /// Print SARIF 2.1.0
    #[arg(long, conflicts_with = "json")]
    sarif: bool,
}

#[derive(Args, Debug)]
struct GraphArgs {
    /// The drawing: its name ends with .svg or .html
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Replace the file when it exists
    #[arg(long)]
    overwrite: bool,
    /// Read the foreign keys of these stores too (can be repeated); `all` for every store
    #[arg(long, value_name = "NAME")]
    store: Vec<String>,
}

pub(crate) fn run(context: &mut Context, args: MapArgs) -> Result<Done, Fault> {
    match args.verb {
        Verb::Scan(args) => scan::run(context, &args),
        Verb::Import(args) => import::run(context, &args),
        Verb::Check(args) => check::run(context, &args),
        Verb::Graph(args) => graph::run(context, &args),
        Verb::Show { dataset } => show::run(context, dataset.as_deref()),
    }
}
