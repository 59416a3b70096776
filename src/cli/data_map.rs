//! The project's data map: which files it is, and reading them.

use std::path::{Path, PathBuf};

use model::{ByteSize, Fault};
use privacy::map::read::{self, Limits, Reading};

use super::context::Context;
use super::files;

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
