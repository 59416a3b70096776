//! Every act of every command becomes an entry of the ledger: who, when, what, digests, counts. Personal data never.
//!
//! A command says what it did through [`Trace`]; `commands::dispatch` writes the entry, for success and failure alike,
//! before the result is shown.

use std::fs::{self, File};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ledger::{Entry, Fact, Filter, Identity, Log};
use model::{Digest, Fault};
use seal::note::Verifier;

use super::context::Context;
use super::exit::Exit;
use super::failure::Unfinished;
use super::keys::{Key, Keyring, Role, private_folder};
use super::passphrase::PassphraseArgs;

/// Whether a run leaves an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// No: it only reads configuration or the ledger itself.
    #[default]
    Never,
    /// Where there is a ledger: it answers a question and must not create a project.
    WhereThere,
    /// Always: it changes something.
    Always,
}

/// What the ledger will hold about a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace {
    wanted: Wanted,
    act: &'static str,
    digests: Vec<(String, Digest)>,
    facts: Vec<(String, Fact)>,
}

impl Trace {
    /// What the run did, in a word of ours; nothing before it began.
    pub(crate) fn act(&self) -> &'static str {
        self.act
    }

    /// Starts the trace of an act such as `ingest.committed`: command, dot, participle.
    pub(crate) fn begin(&mut self, wanted: Wanted, act: &'static str) {
        *self = Trace { wanted, act, ..Trace::default() };
    }

    /// Adds the digest of something that was read or made.
    pub(crate) fn digest(&mut self, name: &str, digest: Digest) {
        put(&mut self.digests, name, digest);
    }

    /// Adds a number.
    pub(crate) fn count(&mut self, name: &str, count: u64) {
        put(&mut self.facts, name, Fact::Integer(i64::try_from(count).unwrap_or(i64::MAX)));
    }

    /// Adds how much is left and why.
    pub(crate) fn unfinished(&mut self, unfinished: &Unfinished) {
        self.count("left", unfinished.left as u64);
        self.word("fault", unfinished.fault.code());
    }

    /// Adds a word from our own vocabulary. Never text from data, never a file name: both can name a person.
    pub(crate) fn word(&mut self, name: &str, word: impl Into<String>) {
        put(&mut self.facts, name, Fact::Text(word.into()));
    }
}

/// A name stands once in an entry: what is said last counts.
fn put<T>(list: &mut Vec<(String, T)>, name: &str, value: T) {
    match list.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => *known = value,
        None => list.push((name.to_owned(), value)),
    }
}

/// The folder of a project's ledger.
pub(crate) fn folder(context: &Context) -> PathBuf {
    context.project.state("ledger")
}

/// The name of a project's ledger: configured, or derived from its key.
///
/// # Errors
/// `no-key`.
pub(crate) fn origin(context: &Context) -> Result<String, Fault> {
    match context.config.text("identity.origin") {
        "" => Ok(format!("probity.local/{}", &Keyring::of(context).public(Role::Ledger)?.short_id())),
        origin => Ok(origin.to_owned()),
    }
}

/// Whether a project has a ledger.
pub(crate) fn exists(context: &Context) -> bool {
    folder(context).is_dir()
}

/// Who signs the checkpoints of this project's ledger.
///
/// # Errors
/// Those of the ledger's key.
pub(crate) fn verifier(context: &Context) -> Result<Verifier, Fault> {
    Verifier::new(&origin(context)?, &Keyring::of(context).public(Role::Ledger)?)
}

/// The folder of a ledger that is there. An absent ledger is never taken for a sound one.
///
/// # Errors
/// `no-ledger`.
pub(crate) fn existing_folder(context: &Context) -> Result<PathBuf, Fault> {
    let folder = folder(context);
    match folder.is_dir() {
        true => Ok(folder),
        false => Err(Fault::bad_input("no-ledger", format!("There is no ledger in {}", folder.display())).advise(
            "Work in the folder of a project, or name it with --project. If there was one, it has been removed.",
        )),
    }
}

/// The name of a case in an entry: the digest of its id, which is a user's text and may say more than it should.
const CASE: &str = "case";
/// The name of the head of a case's custody chain in an entry.
const CUSTODY: &str = "custody";
/// The name of the number of its lines.
const CUSTODY_LINES: &str = "custody_lines";

impl Trace {
    /// Adds the end of a case's custody record after an act: the chain holds all of its lines but the last.
    pub(crate) fn custody(&mut self, case: &evidence::Case) {
        self.digest(CASE, seal::sha256(case.id().as_bytes()));
        self.digest(CUSTODY, case.custody().head);
        self.count(CUSTODY_LINES, case.custody().entries.len() as u64);
    }
}

/// The end of a case's custody record as an entry of the ledger has it.
pub(crate) struct Head {
    /// The number of the entry.
    pub(crate) index: u64,
    /// The digest of the last line.
    pub(crate) digest: Digest,
    /// How many lines there were; entries of early versions do not say.
    pub(crate) lines: Option<u64>,
}

/// The ends of a case's custody record that the ledger has, the newest first.
///
/// # Errors
/// What the ledger says.
pub(crate) fn custody_heads(context: &Context, case: &str) -> Result<Vec<Head>, Fault> {
    let mut heads = Vec::new();
    if !exists(context) {
        return Ok(heads);
    }
    let filter = Filter { digest: Some(seal::sha256(case.as_bytes())), newest_first: true, ..Filter::default() };
    ledger::View::open(&folder(context))?.search(&filter, |found| {
        let lines = found.entry.facts.iter().find_map(|(name, fact)| match fact {
            Fact::Integer(lines) if name == CUSTODY_LINES => u64::try_from(*lines).ok(),
            _ => None,
        });
        let digest = found.entry.digests.iter().find(|(name, _)| name == CUSTODY).map(|(_, digest)| *digest);
        heads.extend(digest.map(|digest| Head { index: found.index, digest, lines }));
        ControlFlow::Continue(())
    })?;
    Ok(heads)
}

/// The newest entries about the custody record of a case, each with the proof that the ledger has it. The view is that of the
/// checkpoint that goes with them.
///
/// # Errors
/// What the ledger says.
pub(crate) fn custody_proofs(
    context: &Context,
    view: &ledger::View,
    case: &evidence::Case,
) -> Result<Vec<evidence::package::LedgerProof>, Fault> {
    let digests = case.custody().line_digests();
    let lines: std::collections::BTreeMap<Digest, u64> = digests.into_iter().zip(1..).collect();
    let mut proofs = std::collections::BTreeMap::new();
    for head in custody_heads(context, case.id())? {
        let Some(line) = lines.get(&head.digest).filter(|_| head.index < view.signed_size()) else { continue };
        if !proofs.contains_key(line) {
            let (entry, proof) = (view.entry(head.index)?.bytes, view.prove(head.index)?.to_text());
            proofs.insert(*line, evidence::package::LedgerProof { line: *line, entry, proof });
        }
        if proofs.len() == evidence::Limits::LEDGER_PROOFS {
            break;
        }
    }
    Ok(proofs.into_values().collect())
}

/// Enters store commits that the ledger does not know: a run that was killed between its commit and its entry.
///
/// # Errors
/// What the store and the ledger say.
pub(crate) fn reconcile(context: &Context, store: &store::Store<'_>, command: &str, act: &str) -> Result<(), Fault> {
    let snapshot = store.snapshot()?;
    let Some(version) = snapshot.version else { return Ok(()) };
    if exists(context) && last_version(context)? >= Some(version) {
        return Ok(());
    }
    committed(context, command, act, version, snapshot.head)
}

/// Enters a commit of the store by itself: of a run that makes many of them.
///
/// # Errors
/// What the ledger says.
pub(crate) fn committed(
    context: &Context,
    command: &str,
    act: &str,
    version: u64,
    digest: Digest,
) -> Result<(), Fault> {
    let entry = Entry {
        time: context.now(),
        actor: context.actor(),
        command: command.to_owned(),
        act: act.to_owned(),
        outcome: Exit::Done.name().to_owned(),
        code: Exit::Done.code().into(),
        digests: vec![(format!("{COMMIT}{version}"), digest)],
        facts: vec![(STORE_VERSION.to_owned(), Fact::Integer(i64::try_from(version).unwrap_or(i64::MAX)))],
    };
    append(context, &[entry])
}

/// The name of a commit's digest in an entry, before its number.
pub(crate) const COMMIT: &str = "commit_";
/// The name of the fact that says how far the store had come.
pub(crate) const STORE_VERSION: &str = "store_version";

fn last_version(context: &Context) -> Result<Option<u64>, Fault> {
    let view = ledger::View::open(&folder(context))?;
    let mut last = None;
    for command in COMMITTERS {
        let filter = Filter { command: Some(command.to_owned()), newest_first: true, ..Filter::default() };
        view.search(&filter, |found| {
            let fact = found.entry.facts.iter().find(|(name, _)| name == STORE_VERSION);
            match fact {
                Some((_, Fact::Integer(version))) => {
                    last = last.max(u64::try_from(*version).ok());
                    ControlFlow::Break(())
                }
                _ => ControlFlow::Continue(()),
            }
        })?;
    }
    Ok(last)
}

/// The commands that commit to the store.
pub(crate) const COMMITTERS: [&str; 3] = ["ingest", "probe", "retain"];

/// Writes the entry of a run that ended with `result`.
///
/// # Errors
/// Whatever keeps the ledger from taking it; then the run fails, even where its work succeeded.
pub(crate) fn record(context: &mut Context, result: &Result<Exit, &Fault>) -> Result<(), Fault> {
    let trace = std::mem::take(&mut context.trace);
    let wanted = match trace.wanted {
        Wanted::Never => false,
        Wanted::WhereThere => exists(context),
        // A command that failed before it made a project does not make one to say so.
        Wanted::Always => result.is_ok() || exists(context),
    };
    if !wanted {
        return Ok(());
    }
    let entry = entry(context, &trace, result);
    match (append(context, &[entry]), result) {
        (Err(fault), Err(first)) => {
            // The first failure is the one to act on; that it is not in the ledger is said as well.
            context.output.warn(&format!("this failure is not in the ledger: {fault}"));
            let _ = first;
            Ok(())
        }
        // Evidence is looked at where it cannot be written to, such as a mounted image; that it leaves no trace is said.
        (Err(fault), Ok(_)) if trace.wanted == Wanted::WhereThere && fault.code() == "read-only" => {
            context.output.warn("the project is on a read-only file system, so this act is not in its ledger");
            Ok(())
        }
        (appended, _) => appended,
    }
}

fn entry(context: &Context, trace: &Trace, result: &Result<Exit, &Fault>) -> Entry {
    let (outcome, exit) = match result {
        Ok(exit) => (exit.name(), *exit),
        Err(fault) => ("failed", Exit::from(fault.kind())),
    };
    let mut facts = trace.facts.clone();
    if let Err(fault) = result {
        facts.push(("fault".to_owned(), Fact::Text(fault.code().to_owned())));
    }
    facts.push(("version".to_owned(), Fact::Text(env!("CARGO_PKG_VERSION").to_owned())));
    let command = trace.act.split('.').next().unwrap_or_default();
    Entry {
        time: context.now(),
        actor: context.actor(),
        command: command.to_owned(),
        act: trace.act.to_owned(),
        outcome: outcome.to_owned(),
        code: exit.code().into(),
        digests: trace.digests.clone(),
        facts,
    }
}

/// Appends entries and signs a checkpoint over them. On return they are durable.
///
/// # Errors
/// `ledger-busy`, disk faults, `no-key`.
pub(crate) fn append(context: &Context, entries: &[Entry]) -> Result<(), Fault> {
    let key = Keyring::of(context).open(context, Role::Ledger, &PassphraseArgs::default())?;
    let mut log = open(context, &key)?;
    log.append(entries)?;
    log.seal().map(drop)
}

/// Opens the ledger for writing; makes it where there is none.
///
/// # Errors
/// `ledger-busy`, disk faults.
pub(crate) fn open(context: &Context, key: &Key) -> Result<Log, Fault> {
    let origin = origin(context)?;
    let identity = Identity { origin: &origin, key: &key.secret };
    let folder = folder(context);
    if !folder.is_dir() {
        create(&folder, &identity)?;
    }
    Log::open(&folder, &identity, context.now())
}

/// Made beside its place and moved there whole: a run that finds no room leaves no half of a ledger.
fn create(folder: &Path, identity: &Identity<'_>) -> Result<(), Fault> {
    let state = folder.parent().unwrap_or(Path::new("."));
    let fault = |error| Fault::io("create the folder", folder, error);
    private_folder(state)?;
    let draft = tempfile::Builder::new().prefix("ledger-").tempdir_in(state).map_err(fault)?;
    let fresh = draft.path().join("ledger");
    private_folder(&fresh)?;
    Log::create(&fresh, identity)?;
    match fs::rename(&fresh, folder) {
        // Another run was quicker; its ledger is ours.
        Err(_) if folder.is_dir() => Ok(()),
        renamed => renamed.and_then(|()| File::open(state)?.sync_all()).map_err(fault),
    }
}
