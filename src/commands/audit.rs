//! `audit`: look into the ledger and check it.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use ledger::{Entry, Fact, Filter, Pin, Verified, View};
use model::{ByteSize, Digest, Fault, Instant};
use seal::note::Verifier;
use serde_json::{Value, json};
use store::{Store, StoreReport};

use super::Done;
use crate::cli::args::{digest, instant};
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::files::{self, Existing};
use crate::cli::journal::{self, Wanted};
use crate::cli::keys::{Keyring, Role};
use crate::cli::listing::{Listing, Row};
use crate::cli::output::{Page, Show};
use crate::cli::pins;
use crate::cli::progress::Count;
use crate::cli::signals;

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
        Verb::Search(args) => search(context, &args),
        Verb::Show { index } => show(context, index),
        Verb::Tail { lines, follow, csv } => tail(context, lines, follow, csv),
        Verb::Prove { index, output, overwrite } => prove(context, index, output.as_deref(), overwrite),
        Verb::Verify { pin, key, ledger_only } => verify(context, &pin, key.as_deref(), ledger_only),
    }
}

fn view(context: &Context) -> Result<View, Fault> {
    View::open(&journal::existing_folder(context)?)
}

fn search(context: &mut Context, args: &SearchArgs) -> Result<Done, Fault> {
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

fn tail(context: &mut Context, lines: u64, follow_on: bool, csv: bool) -> Result<Done, Fault> {
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

fn show(context: &mut Context, index: u64) -> Result<Done, Fault> {
    let view = view(context)?;
    let item = view.entry(index)?;
    let signed = index < view.signed_size();
    Ok(Done::showing(Exit::Done, Shown { index, leaf: ledger::tree::leaf(&item.bytes), entry: item.entry()?, signed }))
}

fn prove(context: &mut Context, index: u64, output: Option<&Path>, overwrite: bool) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "audit.proved");
    context.trace.count("index", index);
    let view = view(context)?;
    let item = view.entry(index)?;
    let proof = view.prove(index)?.to_text();
    // What leaves the house is checked as the receiver will check it.
    ledger::verify_proof(&proof, &item.bytes, &[verifier(context, None)?])?;
    let Some(path) = output else {
        context.output.write(proof.as_bytes())?;
        return Ok(Done::streamed(Exit::Done));
    };
    let entry_path = path.with_extension("entry");
    let existing = Existing::from_flag(overwrite);
    files::write(&entry_path, &item.bytes, existing)?;
    files::write(path, proof.as_bytes(), existing)?;
    Ok(Done::showing(Exit::Done, Proved { proof: path.to_path_buf(), entry: entry_path }))
}

fn verifier(context: &Context, vkey: Option<&str>) -> Result<Verifier, Fault> {
    match vkey {
        Some(vkey) => Verifier::parse(vkey),
        None => Verifier::new(&journal::origin(context)?, &Keyring::of(context).public(Role::Ledger)?),
    }
}

fn verify(context: &mut Context, pin: &[PathBuf], vkey: Option<&str>, ledger_only: bool) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "audit.verified");
    let folder = journal::existing_folder(context)?;
    let known = [verifier(context, vkey)?];
    let remembered = pins::Memory::of(&folder, &known[0]);
    let mut pins = Vec::new();
    for path in pin {
        let text = files::read_text(path, ByteSize(1 << 20))?;
        pins.push(Pin::parse(&text, &known).map_err(|fault| fault.in_file(path))?);
    }
    pins.extend(remembered.recall(&known)?);
    let progress = context.progress(Count::Items);
    let ledger = ledger::verify(&folder, &known, &pins, &*progress)?;
    let store = if ledger_only { None } else { verify_store(context)? };
    remembered.keep(&ledger.checkpoint)?;
    context.trace.count("size", ledger.size);
    context.trace.digest("root", ledger.root);
    Ok(Done::showing(Exit::Done, Sound { ledger, store, first_look: pins.is_empty() }))
}

fn verify_store(context: &Context) -> Result<Option<StoreReport>, Fault> {
    let folder = context.project.state("store");
    if !fs::exists(&folder).map_err(|error| Fault::io("open", &folder, error))? {
        // A store that is gone is not one that never was.
        return compare_with_ledger(context, &[]).map(|()| None);
    }
    let key = Keyring::of(context).public(Role::Store)?;
    let progress = context.progress(Count::Bytes);
    let report = Store::open(&folder, None)?.verify(&key, &*progress)?;
    for finding in report.findings.iter().skip(1) {
        context.output.error(finding);
    }
    let report = report.into_result()?;
    compare_with_ledger(context, &report.commits)?;
    Ok(Some(report))
}

/// The ledger holds the digest of every commit: a store that was cut short, or written anew with the right key, differs.
fn compare_with_ledger(context: &Context, commits: &[Digest]) -> Result<(), Fault> {
    let filter = Filter { command: Some("ingest".to_owned()), ..Filter::default() };
    let mut wrong = None;
    view(context)?.search(&filter, |found| {
        for (name, digest) in &found.entry.digests {
            let version = name.strip_prefix(journal::COMMIT).and_then(|number| number.parse::<usize>().ok());
            if version.is_some_and(|version| commits.get(version) != Some(digest)) {
                wrong = Some((found.index, name.clone()));
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    })?;
    wrong.map_or(Ok(()), |(index, name)| {
        let message =
            format!("The store is not the one that the ledger recorded: {name} of entry {index} differs or is gone");
        Err(Fault::unverified("store-differs", message)
            .advise("Commits were cut off or written anew. Restore the store from a backup and find out who could."))
    })
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

struct Proved {
    proof: PathBuf,
    entry: PathBuf,
}

impl Show for Proved {
    fn json(&self) -> Value {
        json!({"schema": "proof/1", "proof": self.proof.display().to_string(), "entry": self.entry.display().to_string()})
    }

    fn human(&self, page: &mut Page) {
        page.field("proof", self.proof.display().to_string());
        page.field("entry", self.entry.display().to_string());
        page.line("Anybody with the ledger's key can check the two files with C2SP tlog-proof tools.");
    }
}

struct Sound {
    ledger: Verified,
    store: Option<StoreReport>,
    first_look: bool,
}

impl Show for Sound {
    fn json(&self) -> Value {
        let ledger = &self.ledger;
        let store = self.store.as_ref().map(|store| {
            json!({
                "commits": store.commits.len(), "data_files": store.data_files, "rows": store.rows,
                "originals": store.originals, "bytes": store.bytes, "unnamed_files": store.unnamed.len(),
            })
        });
        json!({
            "schema": "audit-verification/1",
            "sound": true,
            "ledger": {
                "origin": ledger.origin, "size": ledger.size, "signed_size": ledger.signed_size,
                "root": ledger.root.hex(), "anchored_at": ledger.anchored_at, "notes": ledger.notes,
            },
            "store": store,
        })
    }

    fn human(&self, page: &mut Page) {
        let ledger = &self.ledger;
        page.field("ledger", format!("sound: {} entries, {} of them signed", ledger.size, ledger.signed_size));
        page.field("origin", &ledger.origin);
        page.field("root", format!("sha256:{}", ledger.root));
        match ledger.anchored_at {
            Some(size) => page.field("anchored", format!("up to entry {size}, against a remembered checkpoint")),
            None => page.field("anchored", "NOT: nothing was remembered to compare with"),
        }
        if self.first_look {
            page.line("First look: this state is remembered now; the next run will notice if the ledger goes back.");
        }
        for note in &ledger.notes {
            page.line(note);
        }
        if let Some(store) = &self.store {
            let (commits, files) = (store.commits.len(), store.data_files);
            page.field("store", format!("sound: {commits} commits, {files} data files, {} originals", store.originals));
        }
    }
}
