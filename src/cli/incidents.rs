//! The project's register of incidents, `.probity/incidents.jsonl`: one line after the other, one writer at a time.

use std::path::PathBuf;

use ledger::View;
use model::{Fault, Instant};
use privacy::incident::{Entry, Event, Incident, Register};

use super::chained::{self, Chained};
use super::context::Context;
use super::journal;

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
    Register::read(&chained::read(&path)?).map(|(register, _)| register).map_err(|fault| fault.in_file(&path))
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

/// Whom an authority can ask, as the settings say it; empty where they do not.
pub(crate) fn contact(context: &Context) -> String {
    let settings = ["privacy.officer", "privacy.contact"].map(|name| context.config.text(name).to_owned());
    settings.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
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
    let mut file = Chained::open(&path)?;
    let (mut register, whole) = Register::read(file.bytes()).map_err(|fault| fault.in_file(&path))?;
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
    file.append(whole, &lines)?;
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
