//! Looking into the ledger: search, show, tail.

use std::ops::ControlFlow;

use ledger::{Entry, Fact, Filter, Pin, View};
use model::{Digest, Fault};
use serde_json::{Value, json};

use super::{SearchArgs, view};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::listing::{Listing, Row};
use crate::cli::output::{Page, Show};
use crate::cli::signals;
use crate::commands::Done;

pub(super) fn search(context: &mut Context, args: &SearchArgs) -> Result<Done, Fault> {
    let filter = Filter {
        since: args.since,
        until: args.until,
        actor: args.actor.clone(),
        command: args.command.clone(),
        act: None,
        outcome: args.outcome.clone(),
        digest: args.digest,
        text: args.text.clone(),
        newest_first: args.reverse,
        limit: args.limit,
    };
    let mut view = view(context)?;
    let mut listing = Listing::begin(context, args.csv)?;
    let range = list(context, &view, &filter, &mut listing)?;
    listing.end(context)?;
    if args.follow {
        follow(context, &mut view, &filter, &mut listing, range.end)?;
    } else {
        context.output.note(&format!("searched entries {} to {} of {}", range.start, range.end, view.size()));
    }
    Ok(Done::streamed(Exit::Done))
}

fn list(
    context: &mut Context,
    view: &View,
    filter: &Filter,
    listing: &mut Listing,
) -> Result<std::ops::Range<u64>, Fault> {
    let mut failed = None;
    let searched = view.search(filter, |found| {
        let row = Row { index: found.index, entry: &found.entry };
        match listing.row(context, &row).and_then(|()| signals::check()) {
            Ok(()) if !context.output.is_closed() => ControlFlow::Continue(()),
            Ok(()) => ControlFlow::Break(()),
            Err(fault) => {
                failed = Some(fault);
                ControlFlow::Break(())
            }
        }
    })?;
    failed.map_or(Ok(searched.range), Err)
}

/// Waits for new entries until somebody stops us. Each refresh proves that the new state continues the old one.
fn follow(
    context: &mut Context,
    view: &mut View,
    filter: &Filter,
    listing: &mut Listing,
    mut seen: u64,
) -> Result<(), Fault> {
    const PAUSE: std::time::Duration = std::time::Duration::from_millis(250);
    while !context.output.is_closed() {
        if signals::check().is_err() {
            return Ok(());
        }
        let pin = Pin::of(view.checkpoint());
        view.refresh()?;
        view.check_pin(&pin)?;
        for item in view.entries(seen..view.size()) {
            let item = item?;
            let entry = item.entry()?;
            if filter.matches(&entry) {
                listing.row(context, &Row { index: item.index, entry: &entry })?;
            }
            seen = item.index + 1;
        }
        listing.end(context)?;
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

pub(super) fn tail(context: &mut Context, lines: u64, follow_on: bool, csv: bool) -> Result<Done, Fault> {
    let mut view = view(context)?;
    let mut listing = Listing::begin(context, csv)?;
    let size = view.size();
    for item in view.entries(size.saturating_sub(lines)..size) {
        let item = item?;
        listing.row(context, &Row { index: item.index, entry: &item.entry()? })?;
    }
    listing.end(context)?;
    if follow_on {
        follow(context, &mut view, &Filter::default(), &mut listing, size)?;
    }
    Ok(Done::streamed(Exit::Done))
}

pub(super) fn show(context: &mut Context, index: u64) -> Result<Done, Fault> {
    let view = view(context)?;
    let item = view.entry(index)?;
    let signed = index < view.signed_size();
    Ok(Done::showing(Exit::Done, Shown { index, leaf: ledger::tree::leaf(&item.bytes), entry: item.entry()?, signed }))
}

struct Shown {
    index: u64,
    leaf: Digest,
    entry: Entry,
    signed: bool,
}

impl Show for Shown {
    fn json(&self) -> Value {
        let mut document = Row { index: self.index, entry: &self.entry }.json();
        document["leaf_sha256"] = json!(self.leaf.hex());
        document["signed"] = json!(self.signed);
        document
    }

    fn human(&self, page: &mut Page) {
        let entry = &self.entry;
        page.field("index", self.index.to_string());
        page.field("time", entry.time.to_string());
        page.field("actor", &entry.actor);
        page.field("act", &entry.act);
        page.field("outcome", format!("{} (exit {})", entry.outcome, entry.code));
        for (name, fact) in &entry.facts {
            match fact {
                Fact::Text(text) => page.field(name, text),
                Fact::Integer(integer) => page.field(name, integer.to_string()),
            }
        }
        for (name, digest) in &entry.digests {
            page.field(name, format!("sha256:{digest}"));
        }
        page.field("leaf", format!("sha256:{}", self.leaf));
        page.field("signed", if self.signed { "yes" } else { "not yet: durable, but under no checkpoint" });
    }
}
