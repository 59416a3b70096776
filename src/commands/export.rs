//! `export`: a person's data from every store, handed over.

mod carry_out;
mod shown;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use model::{Fault, Instant};
use privacy::export::{Others, Scope};
use privacy::register::Right;

use super::Done;
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::handover::Signing;
use crate::cli::passphrase::PassphraseArgs;
use crate::cli::request_list;
use crate::cli::requests::Answering;
use crate::cli::restrictions::DespiteArgs;
use crate::cli::sealers::KeyArgs;
use crate::cli::subject::SubjectArgs;

pub(crate) const EXAMPLES: &[Example] = &[
    Example {
        about: "Everything about one person, as one zip",
        line: "probity export email=ann@example.org --output ann.zip",
    },
    Example {
        about: "The same of somebody who is known by an address and a number",
        line: "probity export email=ann@example.org phone=+4930231250 --output ann.zip",
    },
    Example {
        about: "What the person provided, to take elsewhere (Art. 20)",
        line: "probity export email=ann@example.org --portability --format json --output ann.json",
    },
    Example { about: "Requests and the days that are left", line: "probity export --list" },
];

/// Hand over a person's data from every store
///
/// Every row that belongs to the person, in every store of the data map, with what the law wants told with it (Art. 15 GDPR):
/// JSON and CSV for programs, a page for people, a manifest with digests, a signature. Data of other people in the rows are
/// taken out and listed (Art. 15(4)); --keep-others leaves them in. A store that cannot be asked is told as a gap, and the
/// exit status is 5; when nothing was found it is 3. The output appears when it is whole.
#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    subject: SubjectArgs,
    /// The file to write
    #[arg(long, short, value_name = "FILE", required_unless_present = "list")]
    output: Option<PathBuf>,
    /// zip: everything, signed; json: one document; fides: rows alone, as Fides writes them
    #[arg(long, value_name = "NAME", value_enum, default_value_t = Format::Zip)]
    format: Format,
    /// Only what the person provided, by consent or contract (Art. 20)
    #[arg(long)]
    portability: bool,
    /// Take other people's data out of the rows: the default
    #[arg(long, conflicts_with = "keep_others")]
    redact_others: bool,
    /// Leave other people's data in: somebody weighed their rights (Art. 15(4))
    #[arg(long)]
    keep_others: bool,
    /// Encrypt to this recipient of age (can be repeated)
    #[arg(long, value_name = "AGE1")]
    encrypt_to: Vec<String>,
    /// Replace the file when it exists
    #[arg(long)]
    overwrite: bool,
    /// Refuse when there are gaps: stores that cannot be asked, collections without map, references that lead nowhere
    #[arg(long)]
    strict: bool,
    /// Answer the request of this id (`probity request open`) instead of a new one
    #[arg(long, value_name = "ID")]
    request: Option<String>,
    /// When the request came in; default: now
    #[arg(long, value_name = "TIME", value_parser = Instant::parse, conflicts_with = "request")]
    received: Option<Instant>,
    /// How it was verified that whoever asks is the person; no names
    #[arg(long, value_name = "WORDS")]
    verified_by: Option<String>,
    /// List every request but those for erasure, with the days that are left
    #[arg(long, conflicts_with_all = ["subject", "output", "request", "encrypt_to", "portability"])]
    list: bool,
    #[command(flatten)]
    despite: DespiteArgs,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    #[command(flatten, next_help_heading = "Signers")]
    key: KeyArgs,
}

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Zip,
    Json,
    Fides,
}

impl Format {
    fn signing(self) -> Signing {
        if self == Format::Zip { Signing::Inside } else { Signing::Beside }
    }

    fn word(self) -> &'static str {
        match self {
            Format::Zip => "zip",
            Format::Json => "json",
            Format::Fides => "fides",
        }
    }
}

impl ExportArgs {
    fn extent(&self) -> (Scope, Others) {
        let scope = if self.portability { Scope::Portability } else { Scope::Access };
        (scope, if self.keep_others { Others::Keep } else { Others::Redact })
    }

    fn answering(&self) -> Answering {
        let (request, verified_by) = (self.request.clone(), self.verified_by.clone());
        Answering { request, received: self.received, verified_by, against: None }
    }
}

pub(crate) fn run(context: &mut Context, args: ExportArgs) -> Result<Done, Fault> {
    match &args.output {
        Some(output) if !args.list => carry_out::run(context, &args, output),
        _ => {
            let listed = request_list::list(context, "export.listed", |right| right != Right::Erasure)?;
            Ok(Done::showing(Exit::Done, listed))
        }
    }
}
