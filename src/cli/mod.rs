//! The edge's toolbox: arguments, context, configuration, terminal, failure.
//!
//! Time, randomness, identity, terminal, environment and signals enter the program here and nowhere else.

#[cfg(feature = "alerts")]
pub(crate) mod alertmanager;
#[cfg(feature = "alerts")]
pub(crate) mod alerts;
#[cfg(feature = "privacy")]
pub(crate) mod amending;
#[cfg(feature = "house")]
pub(crate) mod annotations;
pub(crate) mod args;
#[cfg(feature = "pdf")]
pub(crate) mod authority;
#[cfg(feature = "verify")]
pub(crate) mod blocks;
#[cfg(feature = "house")]
pub(crate) mod browser;
#[cfg(feature = "privacy")]
pub(crate) mod bystanders;
#[cfg(feature = "pdf")]
pub(crate) mod calendars;
#[cfg(any(feature = "house", feature = "verify"))]
pub(crate) mod certificates;
#[cfg(any(feature = "alerts", feature = "privacy"))]
pub(crate) mod chained;
#[cfg(feature = "privacy")]
pub(crate) mod classify;
pub(crate) mod config;
#[cfg(feature = "privacy")]
pub(crate) mod consent;
pub(crate) mod context;
#[cfg(feature = "pdf")]
pub(crate) mod court;
pub(crate) mod crash;
#[cfg(feature = "house")]
pub(crate) mod csv;
#[cfg(feature = "privacy")]
pub(crate) mod data_map;
#[cfg(feature = "alerts")]
pub(crate) mod delivery;
pub(crate) mod drafts;
pub(crate) mod examples;
pub(crate) mod exit;
pub(crate) mod explain;
#[cfg(feature = "rules")]
pub(crate) mod facts;
pub(crate) mod failure;
pub(crate) mod files;
#[cfg(feature = "privacy")]
pub(crate) mod handover;
#[cfg(feature = "house")]
pub(crate) mod health;
#[cfg(any(feature = "house", feature = "verify"))]
pub(crate) mod http;
#[cfg(feature = "privacy")]
pub(crate) mod incidents;
#[cfg(feature = "house")]
pub(crate) mod intake;
#[cfg(feature = "house")]
pub(crate) mod job;
#[cfg(feature = "house")]
pub(crate) mod journal;
#[cfg(any(feature = "alerts", feature = "engine", feature = "privacy", feature = "rules"))]
pub(crate) mod judgements;
#[cfg(feature = "house")]
pub(crate) mod keys;
#[cfg(feature = "house")]
pub(crate) mod listing;
#[cfg(any(feature = "redact", feature = "privacy"))]
pub(crate) mod new_folder;
#[cfg(feature = "engine")]
pub(crate) mod objectives;
pub(crate) mod output;
#[cfg(feature = "privacy")]
pub(crate) mod own_store;
#[cfg(feature = "rules")]
pub(crate) mod packs;
pub(crate) mod pages;
#[cfg(feature = "house")]
pub(crate) mod passphrase;
#[cfg(feature = "house")]
pub(crate) mod pins;
#[cfg(feature = "house")]
pub(crate) mod probes;
#[cfg(feature = "redact")]
pub(crate) mod production;
pub(crate) mod progress;
pub(crate) mod project;
#[cfg(any(feature = "sampler-tls", feature = "sampler-s3", feature = "sampler-nats"))]
pub(crate) mod receivers;
#[cfg(feature = "redact")]
pub(crate) mod redaction;
#[cfg(feature = "pdf")]
pub(crate) mod report;
#[cfg(feature = "privacy")]
pub(crate) mod request_list;
#[cfg(feature = "privacy")]
pub(crate) mod requests;
#[cfg(feature = "privacy")]
pub(crate) mod restrictions;
#[cfg(feature = "privacy")]
pub(crate) mod retention;
#[cfg(feature = "pdf")]
pub(crate) mod revocation;
#[cfg(feature = "house")]
pub(crate) mod rules;
#[cfg(feature = "house")]
pub(crate) mod schedule;
pub(crate) mod schemas;
#[cfg(feature = "pdf")]
pub(crate) mod sealers;
#[cfg(feature = "pdf")]
pub(crate) mod sealing_key;
pub(crate) mod signals;
#[cfg(feature = "house")]
pub(crate) mod spans;
#[cfg(feature = "engine")]
pub(crate) mod sql;
pub(crate) mod store_keys;
#[cfg(feature = "privacy")]
pub(crate) mod stores;
#[cfg(feature = "privacy")]
pub(crate) mod subject;
#[cfg(feature = "privacy")]
pub(crate) mod survey;
pub(crate) mod table;
#[cfg(feature = "alerts")]
pub(crate) mod telling;
#[cfg(feature = "privacy")]
pub(crate) mod terms;
#[cfg(all(feature = "pdf", feature = "pkcs11"))]
pub(crate) mod token;
pub(crate) mod toml_file;
#[cfg(feature = "pdf")]
pub(crate) mod vault;
#[cfg(feature = "alerts")]
pub(crate) mod watching;

use std::ffi::OsString;

use crate::commands;
use args::Cli;
use context::Context;
use exit::Exit;

/// One whole run: what was typed → what is needed → done → exit code.
pub(crate) fn run(argv: impl IntoIterator<Item = OsString>) -> Exit {
    let argv: Vec<OsString> = argv.into_iter().collect();
    let cli = match Cli::parse_from_shell(&argv) {
        Ok(cli) => cli,
        Err(stopped) => return stopped.print(),
    };
    signals::install();
    let mut context = match Context::from_environment(&cli.global) {
        Ok(context) => context,
        Err(fault) => return failure::report_without_context(&fault, &cli.global),
    };
    let exit = match commands::dispatch(&mut context, cli.command) {
        Ok(exit) => exit,
        Err(fault) => failure::report(&mut context, &fault),
    };
    #[cfg(feature = "house")]
    if let Some(Err(fault)) = context.spans.take().map(|spans| spans.hand_over()) {
        context.output.note(&format!("no trace of this command was left: {}", fault.message()));
    }
    exit
}
