//! `consent`: who agreed to what, on which words, and who took it back.

mod check;
mod export;
mod exported;
mod import;
mod processing;
mod receipt;
mod record;
mod recorded;
mod show;
mod summary;
mod withdraw;

use clap::{Args, Subcommand};
use model::Fault;

use super::Done;
use crate::cli::context::Context;
use crate::cli::examples::Example;

pub(crate) const EXAMPLES: &[Example] = &[
    Example {
        about: "Record a consent with the text that was shown",
        line: "probity consent record --subject email=ann@example.org --purpose newsletter --notice notice.md --method web-form",
    },
    Example {
        about: "Whether it holds: exit 0 when given, 1 when not",
        line: "probity consent check --subject email=ann@example.org --purpose newsletter",
    },
    Example {
        about: "Take it back: nothing more is asked than when it was given",
        line: "probity consent withdraw --subject email=ann@example.org --purpose newsletter",
    },
    Example {
        about: "Whether there was consent whenever something was done",
        line: "probity consent check --input processing.csv",
    },
    Example {
        about: "The receipt that the person gets, signed",
        line: "probity consent receipt --subject email=ann@example.org --output receipt.jsonld",
    },
    Example {
        about: "Records of ISO/IEC TS 27560 as JSON-LD",
        line: "probity consent export --output consents.jsonld",
    },
    Example { about: "How many hold, by purpose, and what is wrong with them", line: "probity consent show" },
];

/// Record, withdraw and check consents
///
/// A consent is kept by purpose and channel with the proof of what was shown (Art. 7(1) GDPR): the notice with its version,
/// language and digest, how, where, by whom recorded, until when. People stand in the log as pseudonyms, never in clear.
/// Nothing is changed or taken out: a withdrawal is a further line of the chain. `check` answers from an index beside the log
/// that is authenticated and proves itself by the log; a log that was changed answers nothing.
#[derive(Args, Debug)]
pub(crate) struct ConsentArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Record that a person agreed, or did not
    Record(Box<record::RecordArgs>),
    /// Record that a person took a consent back
    Withdraw(withdraw::WithdrawArgs),
    /// Show what is on record of a person, or how many consents hold
    Show(show::ShowArgs),
    /// Answer whether a consent holds: exit 0 when given, 1 when not
    Check(check::CheckArgs),
    /// Write a person's receipt of their consents, signed (ISO/IEC TS 27560)
    Receipt(receipt::ReceiptArgs),
    /// Take in records that were kept elsewhere: CSV, JSON Lines, DPV JSON-LD, Fides, TCF, GPP
    Import(import::ImportArgs),
    /// Write records for others: DPV JSON-LD (ISO/IEC TS 27560), CSV
    Export(export::ExportArgs),
}

pub(crate) fn run(context: &mut Context, args: ConsentArgs) -> Result<Done, Fault> {
    match args.verb {
        Verb::Record(args) => record::run(context, &args),
        Verb::Withdraw(args) => withdraw::run(context, &args),
        Verb::Show(args) => show::run(context, &args),
        Verb::Check(args) => check::run(context, &args),
        Verb::Receipt(args) => receipt::run(context, &args),
        Verb::Import(args) => import::run(context, &args),
        Verb::Export(args) => export::run(context, &args),
    }
}
