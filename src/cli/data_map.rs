//! The project's data map: which files it is, and reading them.

use std::path::{Path, PathBuf};

use model::{ByteSize, Digest, Fault};
use privacy::map::read::{self, Limits, Others, Reading};
use privacy::map::write::Comments;
use privacy::map::{DataMap, Dataset, edit};

use super::context::Context;
use super::files::{self, Existing};

/// The files of the map in the order of the setting `map.files`; the first is the one that is written.
pub(crate) fn paths(context: &Context) -> Vec<PathBuf> {
    let root = context.project.root();
    context.config.list("map.files").into_iter().map(|file| root.join(file)).collect()
}

/// Reads the project's map. Warnings stay in [`Reading::warnings`].
///
/// # Errors
/// `no-map` when no file is there; I/O faults; the faults of the map, of which the first is returned and the others are printed.
pub(crate) fn load(context: &Context) -> Result<Reading, Fault> {
    load_or_none(context)?.ok_or_else(|| {
        let paths = paths(context);
        let name = paths.first().map(|path| path.display().to_string()).unwrap_or_default();
        Fault::bad_config("no-map", format!("There is no data map here: {name}"))
            .advise("Make one of what the stores hold with `probity map scan`, or of a Fides dataset with `probity map import FILE`.")
    })
}

/// As [`load`], for commands that use the map: how many warnings it has is said with `-v` only, `map check` lists them.
///
/// # Errors
/// As [`load`].
pub(crate) fn load_quietly(context: &Context) -> Result<Reading, Fault> {
    let reading = load(context)?;
    if !reading.warnings.is_empty() {
        let warnings = model::counted(reading.warnings.len() as u64, "warning", "warnings");
        context.output.detail(&format!("the data map has {warnings}: `probity map check` lists them"));
    }
    Ok(reading)
}

/// As [`load`]; nothing where no file of the map is there.
///
/// # Errors
/// As [`load`], without `no-map`.
pub(crate) fn load_or_none(context: &Context) -> Result<Option<Reading>, Fault> {
    let paths: Vec<PathBuf> = paths(context).into_iter().filter(|path| path.exists()).collect();
    if paths.is_empty() {
        return Ok(None);
    }
    let limit = ByteSize(Limits::default().file.bytes as u64);
    let texts = paths.iter().map(|path| files::read_text(path, limit)).collect::<Result<Vec<_>, _>>()?;
    let files: Vec<(&Path, &str)> =
        paths.iter().map(|path| shown(context, path)).zip(texts.iter().map(String::as_str)).collect();
    parse(context, &files).map(Some)
}

/// Reads maps from `files`: the first fault is returned, the others are printed.
///
/// # Errors
/// The faults of the maps.
pub(crate) fn parse(context: &Context, files: &[(&Path, &str)]) -> Result<Reading, Fault> {
    read::read(files.iter().copied(), &Limits::default()).map_err(|faults| {
        let mut faults = faults.into_iter();
        let first = faults.next();
        faults.for_each(|fault| context.output.error(&fault));
        first.unwrap_or_else(|| Fault::internal("map-without-fault", "A map was refused without a reason"))
    })
}

/// The path as people see it: below the project's root where it lies there.
pub(crate) fn shown<'p>(context: &Context, path: &'p Path) -> &'p Path {
    path.strip_prefix(context.project.root()).unwrap_or(path)
}

/// What a file of the map became.
pub(crate) struct Saved {
    /// The file.
    pub(crate) path: PathBuf,
    /// It could not be added to and was written anew: comments of its own are gone.
    pub(crate) anew: bool,
    /// Of the bytes that it has now.
    pub(crate) digest: Digest,
}

/// Writes `map` into its files: datasets that stood in one stay there, new ones go to the first. Only files that change
/// are written.
///
/// # Errors
/// I/O faults.
pub(crate) fn save(
    context: &Context,
    before: &Reading,
    map: &DataMap,
    others: &Others,
    comments: &Comments,
) -> Result<Vec<Saved>, Fault> {
    let mut saved = Vec::new();
    for (number, path) in paths(context).iter().enumerate() {
        let name = shown(context, path);
        let mut others_here =
            before.others.iter().find(|(file, _)| file == name).map(|(_, others)| others.clone()).unwrap_or_default();
        let is_here = |dataset: &&Dataset| match &dataset.place.file {
            Some(file) if before.others.iter().any(|(known, _)| known == file) => file == name,
            _ => number == 0,
        };
        let here = DataMap { datasets: map.datasets.iter().filter(is_here).cloned().collect() };
        if number == 0 {
            others_here.extend(others.iter().cloned());
        }
        if here.datasets.is_empty() && others_here.is_empty() {
            continue;
        }
        let old = match path.exists() {
            true => files::read_text(path, ByteSize(Limits::default().file.bytes as u64))?,
            false => String::new(),
        };
        let updated = edit::update(&old, &here, &others_here, comments);
        if updated.text != old {
            files::write(path, updated.text.as_bytes(), Existing::Replace)?;
            let digest = seal::sha256(updated.text.as_bytes());
            saved.push(Saved { path: name.to_path_buf(), anew: updated.anew && !old.is_empty(), digest });
        }
    }
    Ok(saved)
}
