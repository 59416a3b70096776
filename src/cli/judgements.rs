//! What `evaluate` keeps for later: the newest judgement of each set of rules, in `.probity/evaluations`.

use std::path::{Path, PathBuf};

use model::Fault;
#[cfg(any(feature = "engine", feature = "rules"))]
use serde_json::Value;

#[cfg(any(feature = "alerts", feature = "engine", feature = "rules"))]
use super::context::Context;
#[cfg(any(feature = "engine", feature = "rules"))]
use super::{files, keys};

/// The folder; evaluations of objectives lie in one of their own below it.
#[cfg(any(feature = "alerts", feature = "privacy", feature = "rules"))]
const FOLDER: &str = "evaluations";
#[cfg(any(feature = "alerts", feature = "engine", feature = "privacy"))]
const OBJECTIVES: &str = "evaluations/objectives";

/// Where the judgement of the rules that `set` names is kept.
#[cfg(feature = "rules")]
pub(crate) fn path(context: &Context, set: &str) -> PathBuf {
    context.project.state(FOLDER).join(format!("{}.json", seal::sha256(set.as_bytes()).hex()))
}

/// Keeps a document, where there is a project.
///
/// # Errors
/// I/O faults.
#[cfg(any(feature = "engine", feature = "rules"))]
pub(crate) fn keep(context: &Context, path: &Path, document: &Value) -> Result<(), Fault> {
    if !context.project.is_initialised() {
        return Ok(());
    }
    keys::private_folder(files::folder_of(path))?;
    files::write(path, format!("{document}\n").as_bytes(), files::Existing::Replace)
}

/// Keeps the evaluation of objectives in the place of an earlier one of the same objectives.
///
/// # Errors
/// I/O faults.
#[cfg(feature = "engine")]
pub(crate) fn keep_objectives(context: &Context, document: &Value) -> Result<(), Fault> {
    let objectives = document["objectives"].as_array();
    let name = |one: &Value| format!("{} {} {}\n", one["rule"], one["objective"], one["window"]["length"]);
    let set: String = objectives.into_iter().flatten().map(name).collect();
    let folder = context.project.state(OBJECTIVES);
    keep(context, &folder.join(format!("{}.json", seal::sha256(set.as_bytes()).hex())), document)
}

/// The documents `judgement/1` that are kept, by name.
///
/// # Errors
/// I/O faults.
#[cfg(any(feature = "alerts", feature = "rules"))]
pub(crate) fn kept(context: &Context) -> Result<Vec<PathBuf>, Fault> {
    in_folder(&context.project.state(FOLDER))
}

/// The documents `evaluation/1` that are kept, by name.
///
/// # Errors
/// I/O faults.
#[cfg(feature = "alerts")]
pub(crate) fn kept_objectives(context: &Context) -> Result<Vec<PathBuf>, Fault> {
    in_folder(&context.project.state(OBJECTIVES))
}

/// The names of everything that is kept below the folder of a project's state, as they stand in the folder.
///
/// # Errors
/// I/O faults.
#[cfg(feature = "privacy")]
pub(crate) fn all(state: &Path) -> Result<Vec<String>, Fault> {
    let paths = [FOLDER, OBJECTIVES].map(|folder| in_folder(&state.join(folder)));
    let paths = paths.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
    let name = |path: &PathBuf| Some(path.strip_prefix(state.join(FOLDER)).ok()?.to_str()?.to_owned());
    Ok(paths.iter().filter_map(name).collect())
}

#[cfg(any(feature = "alerts", feature = "privacy", feature = "rules"))]
fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let fault = |error| Fault::io("read the folder", folder, error);
    let entries = std::fs::read_dir(folder).map_err(fault)?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(fault)?;
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    paths.sort();
    Ok(paths)
}
