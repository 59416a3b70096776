//! `package`: build what leaves the house, and add what may come later.

mod amend;
mod build;
mod shown;

use clap::{Args, Subcommand};
use model::Fault;

use super::Done;
use crate::cli::context::Context;
use crate::cli::examples::Example;

pub(crate) const EXAMPLES: &[Example] = &[
    Example { about: "Build and sign the package of a case", line: "probity package build c42 --output c42.asice" },
    Example {
        about: "Add the time stamps that are pending",
        line: "probity package timestamp c42.asice --tsa https://tsa.example.org/",
    },
];

/// Build the sealed package of a case, and add signatures, time stamps and proofs to it
#[derive(Args, Debug)]
pub(crate) struct PackageArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Build and sign the package of a case
    Build(Box<build::BuildArgs>),
    /// Add a second person's signature to a package
    Sign(Box<amend::SignArgs>),
    /// Add the time stamps that are pending
    Timestamp(amend::TimestampArgs),
    /// Anchor a package in Bitcoin with OpenTimestamps, or complete its proof
    Anchor(amend::AnchorArgs),
}

pub(crate) fn run(context: &mut Context, args: PackageArgs) -> Result<Done, Fault> {
    match args.verb {
        Verb::Build(args) => build::run(context, &args),
        Verb::Sign(args) => amend::sign(context, &args),
        Verb::Timestamp(args) => amend::timestamp(context, &args),
        Verb::Anchor(args) => amend::anchor(context, &args),
    }
}
