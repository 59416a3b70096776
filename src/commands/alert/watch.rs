//! `alert watch`: alerts as they happen.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use model::{Fault, Span};

use super::PolicyArgs;
use crate::cli::args::span;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::watching::{self, Settings};
use crate::commands::Done;

#[derive(Args, Debug)]
pub(super) struct WatchArgs {
    #[command(flatten)]
    policy: PolicyArgs,
    /// Run this job, when the store has something new and at each interval: it judges (can be repeated)
    #[arg(long, value_name = "FILE")]
    job: Vec<PathBuf>,
    /// How often jobs run, and escalation and repetition are looked after, where nothing is new
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = span)]
    every: Span,
    /// Serve the events as server-sent events at http://ADDRESS/events, on an address of loopback
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Publish the events at the subject of this target of the kind nats, with .events behind it (can be repeated)
    #[arg(long, value_name = "TARGET")]
    nats: Vec<String>,
    /// Begin behind the event of this id; otherwise with what is new
    #[arg(long, value_name = "ID")]
    after: Option<u64>,
}

pub(super) fn run(context: &mut Context, args: WatchArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "alert.watched");
    let settings = Settings {
        policy: args.policy.policy,
        every: Duration::from_secs(args.every.seconds().max(1)),
        jobs: args.job,
        listen: args.listen,
        streams: args.nats,
        after: args.after,
    };
    watching::watch(context, &settings).map(|()| Done::streamed(Exit::Done))
}
