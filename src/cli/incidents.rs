//! The project's register of incidents, `.probity/incidents.jsonl`: one line after the other, one writer at a time.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use ledger::View;
use model::{Fault, Instant};
use privacy::incident::{Entry, Event, Incident, Register};
use rustix::fs::{FlockOperation, flock};

use super::context::Context;
use super::{files, journal, keys};

/// Where it is.
pub(crate) fn path(context: &Context) -> PathBuf {
    context.project.state("incidents.jsonl")
}

/// Reads the register; empty where there is none.
///
/// # Errors
/// `incidents-broken`; I/O faults.
pub(crate) fn read(context: &Context) -> Result<Register, Fault> {
    let path = path(context);
    match File::open(&path) {
        Ok(mut file) => {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(|error| Fault::io("read", &path, error))?;
            Register::read(&bytes).map(|(register, _)| register).map_err(|fault| fault.in_file(&path))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Register::default()),
        Err(error) => Err(Fault::io("read", &path, error)),
    }
}

/// Reads the register, and holds it against the ledger: lines that were cut off its end would not break the chain.
///
/// # Errors
/// `incidents-broken`; I/O faults, also of the ledger.
pub(crate) fn read_whole(context: &Context) -> Result<Register, Fault> {
    let register = read(context)?;
    let Ok(folder) = journal::existing_folder(context) else { return Ok(register) };
    let view = View::open(&folder)?;
    let mut last = None;
    for item in view.entries(0..view.size()) {
        let entry = item?.entry()?;
        if entry.command == "incident" {
            let known = entry.digests.iter().find(|(name, _)| name == "register").map(|(_, digest)| *digest);
            last = known.or(last);
        }
    }
    match last {
        Some(digest) if !register.holds(&digest) => {
            let message = "Lines are missing at its end: the ledger has the digest of one that is not there";
            Err(Fault::unverified("incidents-broken", message)
                .at(model::Place::file(path(context)))
                .advise("Restore the register from a backup."))
        }
        _ => Ok(register),
    }
}

/// The incident of this id.
///
/// # Errors
/// `no-incident`; as [`read`].
pub(crate) fn one(context: &Context, id: &str) -> Result<Incident, Fault> {
    read(context)?.incidents().into_iter().find(|incident| incident.id == id).ok_or_else(|| {
        Fault::bad_input("no-incident", format!("There is no incident {id:?} in this project"))
            .advise("`probity incident list` names them.")
    })
}

/// What was said, by the words of the register.
pub(crate) type Said<'n> = Vec<(&'n str, String)>;

/// Enters lines about an incident, a new one where none is named; gives it as it is then. On return the lines are on the disk, and
/// the digest of the last one in the trace of the ledger.
///
/// # Errors
/// `no-incident`, `incidents-broken`; I/O faults.
pub(crate) fn enter(
    context: &mut Context,
    incident: Option<&str>,
    events: Vec<(Event, Said<'_>)>,
) -> Result<Incident, Fault> {
    if let Some(id) = incident {
        one(context, id)?;
    }
    let path = path(context);
    keys::private_folder(files::folder_of(&path))?;
    let fault = |error: std::io::Error| Fault::io("write", &path, error);
    let mut file = File::options().create(true).read(true).append(true).mode(0o600).open(&path).map_err(fault)?;
    // Two who write at once would both follow the same line.
    flock(&file, FlockOperation::LockExclusive).map_err(|error| fault(error.into()))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(fault)?;
    let (mut register, whole) = Register::read(&bytes).map_err(|fault| fault.in_file(&path))?;
    if whole < bytes.len() {
        file.set_len(whole as u64).map_err(fault)?;
    }
    let id = incident.map_or_else(|| register.next_id(), str::to_owned);
    let mut lines = Vec::new();
    for (event, said) in events {
        lines.extend(register.enter(Entry {
            incident: id.clone(),
            at: context.now(),
            by: context.actor(),
            event,
            said: said.into_iter().map(|(name, text)| (name.to_owned(), text)).collect(),
        }));
    }
    file.write_all(&lines).and_then(|()| file.sync_all()).map_err(fault)?;
    File::open(files::folder_of(&path)).and_then(|folder| folder.sync_all()).map_err(fault)?;
    context.trace.word("incident", id.clone());
    context.trace.digest("register", register.head());
    one(context, &id)
}

/// A time that a command names: not in the future.
///
/// # Errors
/// `time-to-come`.
pub(crate) fn past(context: &Context, what: &str, time: Instant) -> Result<String, Fault> {
    if time > context.now() {
        return Err(Fault::usage("time-to-come", format!("{what}: {time} is in the future"))
            .advise("The register holds what has happened. Check the time and its zone."));
    }
    Ok(time.to_string())
}
