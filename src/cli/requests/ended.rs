//! Dossiers that are over, and those whose time is over: retention takes them out of the register.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use model::{ByteSize, Digest, Fault, Instant};
use privacy::register::Request;

use super::shelf::{SHELVES, Shelf};
use super::{REQUEST, SMALL_MAX};
use crate::cli::drafts;
use crate::cli::files::{self, Existing};

/// The highest number that was taken out: no later dossier gets the id of another.
const ENDED: &str = "ended";
const NUMBER_MAX: ByteSize = ByteSize(64);
/// What was taken out is first given another name, at once, and then deleted file by file.
const GOING: &str = ".going-";

/// A dossier of which nothing is to be done any more.
pub(crate) struct Over {
    pub(crate) id: String,
    /// Of its entry in the register.
    pub(crate) digest: Digest,
    /// When it was answered.
    pub(crate) answered: Option<Instant>,
}

/// The registers: the folder below the state of each.
pub(crate) fn registers() -> [&'static str; SHELVES.len()] {
    SHELVES.map(|shelf| shelf.folder)
}

/// The dossiers of a register that are over, and of which every recipient was told. `all` is its folder.
///
/// # Errors
/// `bad-request-file`; I/O faults.
pub(crate) fn over(all: &Path) -> Result<Vec<Over>, Fault> {
    let mut over = Vec::new();
    for id in ids(all)? {
        let path = all.join(&id).join(REQUEST);
        let text = files::read_text(&path, SMALL_MAX)?;
        let request = Request::parse(&text).map_err(|fault| fault.in_file(&path))?;
        let (told, owed) = request.told();
        if !request.status.is_open() && told == owed {
            over.push(Over { id, digest: seal::sha256(text.as_bytes()), answered: request.answered });
        }
    }
    Ok(over)
}

/// The ids of the dossiers in a folder, in their order.
pub(super) fn ids(all: &Path) -> Result<Vec<String>, Fault> {
    if !all.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(all).map_err(|error| Fault::io("read", all, error))?;
    let mut ids: Vec<String> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    // A folder without its entry was being made when the run was stopped: nothing was promised yet.
    ids.retain(|id| Shelf::of_id(id).is_some() && all.join(id).join(REQUEST).is_file());
    ids.sort_by_key(|id| (id.len(), id.clone()));
    Ok(ids)
}

/// Takes the dossier of this id out of its register. On return it is gone from the disk, and nobody gets its id.
///
/// # Errors
/// I/O faults; then [`sweep`] finishes it.
pub(crate) fn end(all: &Path, id: &str) -> Result<(), Fault> {
    let fault = |error| Fault::io("remove a dossier in", all, error);
    let number = Shelf::of_id(id).and_then(|shelf| shelf.number(id)).unwrap_or_default();
    if number > last_ended(all)? {
        files::write(&all.join(ENDED), format!("{number}\n").as_bytes(), Existing::Replace)?;
    }
    let going = all.join(format!("{GOING}{id}"));
    match fs::rename(all.join(id), &going) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        renamed => renamed.and_then(|()| File::open(all)?.sync_all()).map_err(fault)?,
    }
    remove(&going)
}

/// Finishes what a stopped run had begun to take out, and lets its unfinished files go.
///
/// # Errors
/// I/O faults.
pub(crate) fn sweep(all: &Path) -> Result<(), Fault> {
    if !all.is_dir() {
        return Ok(());
    }
    let entries = fs::read_dir(all).map_err(|error| Fault::io("read", all, error))?;
    let going = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(GOING));
    going.map(|entry| entry.path()).try_for_each(|path| remove(&path))?;
    drafts::sweep(all);
    Ok(())
}

fn remove(path: &PathBuf) -> Result<(), Fault> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Fault::io("remove", path, error)),
        _ => Ok(()),
    }
}

/// The highest number that was taken out of a register; 0 where none was.
///
/// # Errors
/// `bad-request-file`; I/O faults.
pub(super) fn last_ended(all: &Path) -> Result<u64, Fault> {
    let path = all.join(ENDED);
    if !path.is_file() {
        return Ok(0);
    }
    files::read_text(&path, NUMBER_MAX)?.trim().parse().map_err(|_| {
        Fault::bad_input("bad-request-file", "This is not the number of the last dossier that retention took out")
            .at(model::Place::file(&path))
            .advise("Write the highest number there, of the folders beside it and of those in the ledger.")
    })
}
