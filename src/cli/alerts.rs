//! The project's register of alerts, `.probity/alerts.jsonl`, its policy, and the documents that alerts are made from.
//!
//! A line is on the disk before anything is done about it, and becomes an entry of the ledger. A run that was killed between the
//! two leaves lines that the ledger does not know: the next one enters them.

use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use alerts::{Entry, Observed, Policy, Register};
use ledger::{Fact, Filter, View};
use model::{ByteSize, Digest, Fault};

use super::chained::{self, Chained};
use super::context::Context;
use super::exit::Exit;
use super::{files, journal, judgements};

/// A document that alerts are made from, at most.
pub(crate) const DOCUMENT_MAX: ByteSize = ByteSize(256 << 20);
/// The code of a target that is named and not there.
const STRANGER: &str = "unknown-notification-target";
const POLICY_MAX: ByteSize = ByteSize(1 << 20);
/// What the project says about its alerts.
pub(crate) const POLICY: &str = "alerts.yaml";
/// The name of the digest of a line in an entry of the ledger.
const LINE: &str = "line";
/// Entries that go into the ledger at once.
const GROUP: usize = 10_000;

/// Where the register is.
pub(crate) fn path(context: &Context) -> PathBuf {
    context.project.state("alerts.jsonl")
}

/// Reads the register; empty where there is none.
///
/// # Errors
/// `alerts-broken`; I/O faults.
pub(crate) fn read(context: &Context) -> Result<Register, Fault> {
    let path = path(context);
    Register::read(&chained::read(&path)?).map(|(register, _)| register).map_err(|fault| fault.in_file(&path))
}

/// Reads the register, and holds it against the ledger: lines that were cut off its end would not break the chain.
///
/// # Errors
/// `alerts-broken`; I/O faults, also of the ledger.
pub(crate) fn read_whole(context: &Context) -> Result<Register, Fault> {
    let register = read(context)?;
    unknown_to_the_ledger(context, &register)?;
    Ok(register)
}

/// The policy: this file, or `alerts.yaml` of the project, or what is built in.
///
/// # Errors
/// What the file says, located.
pub(crate) fn policy(context: &Context, file: Option<&Path>) -> Result<Policy, Fault> {
    let own = context.project.root().join(POLICY);
    let path = match file {
        Some(path) => path,
        None if own.is_file() => &own,
        None => return Ok(Policy::built_in()),
    };
    Policy::read(&files::read_text(path, POLICY_MAX)?).map_err(|fault| fault.in_file(path))
}

/// Changes the register: what `act` enters is on the disk on return, and in the ledger.
///
/// # Errors
/// `alerts-broken`; what `act` says, and then nothing is changed; I/O faults, also of the ledger.
pub(crate) fn change<T>(
    context: &Context,
    act: impl FnOnce(&mut Register) -> Result<T, Fault>,
) -> Result<(Register, T), Fault> {
    let path = path(context);
    let mut file = Chained::open(&path)?;
    let (mut register, whole) = Register::read(file.bytes()).map_err(|fault| fault.in_file(&path))?;
    let before = register.lines().len();
    // What the ledger knows and the register lacks was cut off: nothing is to follow that.
    let known = before - unknown_to_the_ledger(context, &register)?;
    let done = act(&mut register)?;
    if !register.fresh().is_empty() {
        file.append(whole, register.fresh())?;
    }
    settle(context, &register, known)?;
    Ok((register, done))
}

/// How many of the last lines the ledger does not know.
fn unknown_to_the_ledger(context: &Context, register: &Register) -> Result<usize, Fault> {
    let Ok(folder) = journal::existing_folder(context) else { return Ok(register.lines().len()) };
    let mut last: Option<Digest> = None;
    let filter = Filter { command: Some("alert".to_owned()), newest_first: true, ..Filter::default() };
    View::open(&folder)?.search(&filter, |found| {
        last = found.entry.digests.iter().find(|(name, _)| name == LINE).map(|(_, digest)| *digest);
        if last.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let Some(last) = last else { return Ok(register.lines().len()) };
    register.lines().rev().position(|(_, digest)| *digest == last).ok_or_else(|| {
        let message = "Lines are missing at its end: the ledger has the digest of one that is not there";
        Fault::unverified("alerts-broken", message)
            .at(model::Place::file(path(context)))
            .advise("Restore the register from a backup.")
    })
}

/// Enters every line behind the first `known` in the ledger.
fn settle(context: &Context, register: &Register, known: usize) -> Result<(), Fault> {
    let entries: Vec<ledger::Entry> =
        register.lines().skip(known).map(|(entry, digest)| of_line(context, register, entry, *digest)).collect();
    entries.chunks(GROUP).try_for_each(|group| journal::append(context, group))
}

/// A line as an entry of the ledger: our own words alone, no text of rules or people.
fn of_line(context: &Context, register: &Register, entry: &Entry, line: Digest) -> ledger::Entry {
    let text = |name: &str, text: &str| (name.to_owned(), Fact::Text(text.to_owned()));
    let mut facts = Vec::new();
    if !entry.about.is_empty() {
        facts.push(text("about", &entry.about));
    }
    if let Some(alert) = register.alert(&entry.about) {
        facts.push(text("fingerprint", &alert.labels.fingerprint().to_string()));
        facts.push(text("kind", alert.kind.word()));
        facts.push(text("severity", alert.severity.word()));
    }
    let document = entry.said.get("document").and_then(|text| Digest::parse(text.as_str()?).ok());
    let digests = document.map(|digest| ("document".to_owned(), digest)).into_iter();
    let digests = digests.chain([(LINE.to_owned(), line)]).collect();
    ledger::Entry {
        time: context.now(),
        actor: entry.by.clone(),
        command: "alert".to_owned(),
        act: format!("alert.{}", entry.event.word()),
        outcome: Exit::Done.name().to_owned(),
        code: Exit::Done.code().into(),
        digests,
        facts,
    }
}

/// The documents of these files (`-` is standard input), or those that the project keeps, the oldest first.
///
/// # Errors
/// `nothing-to-observe`; what a document says, located.
pub(crate) fn documents(context: &Context, paths: &[PathBuf]) -> Result<Vec<Observed>, Fault> {
    let kept = match paths {
        [] => [judgements::kept(context)?, judgements::kept_objectives(context)?].concat(),
        _ => vec![],
    };
    let mut all = Vec::new();
    for path in paths.iter().chain(&kept) {
        let text = if path == Path::new("-") { from_stdin()? } else { files::read_text(path, DOCUMENT_MAX)? };
        all.push(Observed::read(&text).map_err(|fault| fault.in_file(path))?);
    }
    if all.is_empty() {
        return Err(Fault::no_verdict("nothing-to-observe", "This project keeps no judgement yet").advise(
            "Run `probity evaluate --pack NAME` first, or name a file with what `probity evaluate --json` printed.",
        ));
    }
    all.sort_by_key(|observed| observed.at);
    Ok(all)
}

/// A sentence for each target that an alert policy names and `alerts.yaml` does not have.
pub(crate) fn strangers(documents: &[Observed], policy: &Policy) -> Vec<String> {
    let named = documents.iter().flat_map(|observed| observed.strangers(policy));
    let mut sentences: Vec<String> = named
        .map(|named| {
            let (place, name) = (&named.place, &named.name);
            let what = format!("An alert policy names the target {name:?}, which {POLICY} does not have");
            format!("{place}: {what}: the routes alone say who is told [{STRANGER}]")
        })
        .collect();
    sentences.dedup();
    sentences
}

fn from_stdin() -> Result<String, Fault> {
    let path = Path::new("-");
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(DOCUMENT_MAX.0 + 1).read_to_end(&mut bytes);
    read.map_err(|error| Fault::io("read", path, error))?;
    if bytes.len() as u64 > DOCUMENT_MAX.0 {
        return Err(Fault::bad_input("file-too-large", format!("Standard input is larger than {DOCUMENT_MAX}"))
            .advise("Check that this is the document you meant."));
    }
    String::from_utf8(bytes).map_err(|_| {
        Fault::bad_input("not-utf-8", "Standard input is not UTF-8 text")
            .advise("Give what `probity evaluate --json` prints.")
    })
}
