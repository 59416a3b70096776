//! Papers that commands leave in a project: dossiers of requests and of runs of retention, and what `evaluate` keeps.

use std::path::{Path, PathBuf};

use model::{ByteSize, Fault, Instant};
use serde_json::Value;

use super::Cells;
use crate::cli::requests::ended;
use crate::cli::{files, judgements};

/// The collection of what `evaluate` keeps; those of dossiers are called as their registers.
const EVALUATIONS: &str = "evaluations";
const EVALUATION_MAX: ByteSize = ByteSize(256 << 20);

/// The collections.
pub(super) fn collections() -> impl Iterator<Item = &'static str> {
    [EVALUATIONS].into_iter().chain(ended::registers())
}

/// Its rows, each with a name, a digest and a day: of a dossier the day on which it was answered, of an evaluation that as of which
/// it was judged. A request that is open, or of which somebody is still to be told, is no row: its time has not begun.
///
/// # Errors
/// `bad-request-file`; I/O faults.
pub(super) fn rows(state: &Path, collection: &str) -> Result<Vec<Cells>, Fault> {
    if collection == EVALUATIONS {
        return judgements::all(state)?.into_iter().map(|name| evaluation(state, name)).collect();
    }
    let row = |one: ended::Over| vec![Some(one.id), Some(one.digest.hex()), one.answered.map(Instant::date)];
    Ok(ended::over(&state.join(collection))?.into_iter().map(row).collect())
}

fn evaluation(state: &Path, name: String) -> Result<Cells, Fault> {
    let bytes = files::read(&state.join(EVALUATIONS).join(&name), EVALUATION_MAX)?;
    let value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let day = value["at"].as_str().and_then(|at| Instant::parse(at).ok()).map(Instant::date);
    Ok(vec![Some(name), Some(seal::sha256(&bytes).hex()), day])
}

/// Takes one out. On return it is gone from the disk.
///
/// # Errors
/// I/O faults.
pub(super) fn remove(state: &Path, collection: &str, name: &str) -> Result<(), Fault> {
    if collection != EVALUATIONS {
        return ended::end(&state.join(collection), name);
    }
    let path: PathBuf = state.join(EVALUATIONS).join(name);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Fault::io("remove", &path, error)),
        _ => Ok(()),
    }
}

/// Finishes what a stopped run had begun to take out.
///
/// # Errors
/// I/O faults.
pub(super) fn sweep(state: &Path) -> Result<(), Fault> {
    ended::registers().iter().try_for_each(|register| ended::sweep(&state.join(register)))
}
