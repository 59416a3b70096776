//! Re-hashing everything: the ledger, the store, and that they tell the same story.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use ledger::{Filter, Pin, Verified};
use model::{ByteSize, Digest, Fault};
use serde_json::{Value, json};
use store::{Store, StoreReport};

use super::prove::verifier;
use super::view;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::files;
use crate::cli::journal::{self, Wanted};
use crate::cli::keys::{Keyring, Role};
use crate::cli::output::{Page, Show};
use crate::cli::pins;
use crate::cli::progress::Count;
use crate::commands::Done;

pub(super) fn verify(
    context: &mut Context,
    pin: &[PathBuf],
    vkey: Option<&str>,
    ledger_only: bool,
) -> Result<Done, Fault> {
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
    // The ledger first: commits are on the disk before it is told, so that what it knows of is there to be found.
    let recorded = recorded(context)?;
    let folder = context.project.state("store");
    if !fs::exists(&folder).map_err(|error| Fault::io("open", &folder, error))? {
        // A store that is gone is not one that never was.
        return compare(&recorded, &[]).map(|()| None);
    }
    let key = Keyring::of(context).public(Role::Store)?;
    let progress = context.progress(Count::Bytes);
    let report = Store::open(&folder, None)?.verify(&key, &*progress)?;
    for finding in report.findings.iter().skip(1) {
        context.output.error(finding);
    }
    let report = report.into_result()?;
    compare(&recorded, &report.commits)?;
    Ok(Some(report))
}

/// A commit of the store, as an entry of the ledger has it.
struct Recorded {
    entry: u64,
    name: String,
    version: usize,
    digest: Digest,
}

/// Every commit that the ledger knows of.
fn recorded(context: &Context) -> Result<Vec<Recorded>, Fault> {
    let mut recorded = Vec::new();
    for command in journal::COMMITTERS {
        let filter = Filter { command: Some(command.to_owned()), ..Filter::default() };
        view(context)?.search(&filter, |found| {
            recorded.extend(found.entry.digests.iter().filter_map(|(name, digest)| {
                let version = name.strip_prefix(journal::COMMIT).and_then(|number| number.parse().ok())?;
                Some(Recorded { entry: found.index, name: name.clone(), version, digest: *digest })
            }));
            ControlFlow::Continue(())
        })?;
    }
    Ok(recorded)
}

/// The ledger holds the digest of every commit: a store that was cut short, or written anew with the right key, differs.
fn compare(recorded: &[Recorded], commits: &[Digest]) -> Result<(), Fault> {
    match recorded.iter().find(|one| commits.get(one.version) != Some(&one.digest)) {
        None => Ok(()),
        Some(Recorded { entry, name, .. }) => {
            let message = format!(
                "The store is not the one that the ledger recorded: {name} of entry {entry} differs or is gone"
            );
            Err(Fault::unverified("store-differs", message).advise(
                "Commits were cut off or written anew. Restore the store from a backup and find out who could.",
            ))
        }
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
