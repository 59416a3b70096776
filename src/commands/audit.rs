//! `audit`: look into the ledger and check it.

mod look;
mod prove;
mod verify;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ledger::View;
use model::{Digest, Fault, Instant};

use super::Done;
use crate::cli::args::{digest, instant};
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::journal::{self, Wanted};

pub(crate) const EXAMPLES: &[Example] = &[
    Example {
        about: "Everything that was ingested since a day",
        line: "probity audit search --command ingest --since 2026-01-01",
    },
    Example { about: "The last ten acts, and new ones as they happen", line: "probity audit tail -n 10 --follow" },
    Example {
        about: "A proof of one entry that stands alone",
        line: "probity audit prove 0 --output entry.tlog-proof",
    },
    Example { about: "Re-hash the whole ledger and the store", line: "probity audit verify" },
];

/// Look into the ledger and check it
#[derive(Args, Debug)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Find entries; the whole ledger is always searched
    Search(SearchArgs),
    /// Show one entry in full
    Show {
        /// Its index, from 0
        index: u64,
    },
    /// Show the newest entries
    Tail {
        /// How many
        #[arg(short = 'n', long, default_value_t = 10)]
        lines: u64,
        /// Go on with new ones as they are written
        #[arg(long)]
        follow: bool,
        /// Print CSV
        #[arg(long, conflicts_with = "json")]
        csv: bool,
    },
    /// Write a proof of one entry that stands alone, and the entry beside it
    Prove {
        /// Its index, from 0
        index: u64,
        /// The proof; the entry goes to the same name with `.entry`
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Replace the files when they exist
        #[arg(long, requires = "output")]
        overwrite: bool,
    },
    /// Re-hash everything and name the first bad place
    Verify {
        /// Remembered checkpoint to compare with (can be repeated); the one remembered by the last run is always used
        #[arg(long, value_name = "FILE")]
        pin: Vec<PathBuf>,
        /// Key of the ledger (vkey); otherwise the project's own
        #[arg(long, value_name = "VKEY")]
        key: Option<String>,
        /// Only the ledger, not the store
        #[arg(long)]
        ledger_only: bool,
    },
}

#[derive(Args, Debug)]
struct SearchArgs {
    /// Words that the entry contains, in any field
    text: Option<String>,
    /// Not before this time
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    since: Option<Instant>,
    /// Before this time
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    until: Option<Instant>,
    /// Exactly this actor
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// Exactly this command
    #[arg(long, value_name = "NAME")]
    command: Option<String>,
    /// Exactly this outcome: done, no, failed, …
    #[arg(long, value_name = "WORD")]
    outcome: Option<String>,
    /// Entries with this digest
    #[arg(long, value_name = "SHA256", value_parser = digest)]
    digest: Option<Digest>,
    /// Newest first
    #[arg(long)]
    reverse: bool,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Go on with new ones as they are written
    #[arg(long, conflicts_with_all = ["reverse", "limit"])]
    follow: bool,
    /// Print CSV
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

pub(crate) fn run(context: &mut Context, args: AuditArgs) -> Result<Done, Fault> {
    // Looking at the ledger leaves no entry: a viewer that writes would see itself. Proving and verifying do.
    context.trace.begin(Wanted::Never, "audit.shown");
    match args.verb {
        Verb::Search(args) => look::search(context, &args),
        Verb::Show { index } => look::show(context, index),
        Verb::Tail { lines, follow, csv } => look::tail(context, lines, follow, csv),
        Verb::Prove { index, output, overwrite } => prove::prove(context, index, output.as_deref(), overwrite),
        Verb::Verify { pin, key, ledger_only } => verify::verify(context, &pin, key.as_deref(), ledger_only),
    }
}

fn view(context: &Context) -> Result<View, Fault> {
    View::open(&journal::existing_folder(context)?)
}
