//! The project's holds, `.probity/holds.jsonl`: read anew whenever they are asked.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use model::{ByteSize, Digest, Fault, Instant};
use privacy::hold::{self, Hold};
use privacy::plan;
use privacy::row::Key;

use privacy::map::Dataset;

use crate::cli::context::Context;
use crate::cli::{data_map, files, keys, own_store, store_keys};

const FILE_MAX: ByteSize = ByteSize(64 << 20);

/// Answers which rows of a person are held.
pub(crate) struct HoldFile {
    path: PathBuf,
    subject: Vec<Digest>,
    now: Instant,
}

impl HoldFile {
    /// For the person with these pseudonyms.
    pub(crate) fn new(context: &Context, subject: Vec<Digest>) -> Self {
        HoldFile { path: path(context), subject, now: context.now() }
    }
}

/// Says no to a hold on what no store has: it would keep nothing, and look as if it did. A collection that the map does not have
/// may be there all the same, so that it is held with a warning; where nothing is mapped nobody can tell.
///
/// # Errors
/// `unknown-dataset`.
pub(crate) fn check_name(context: &Context, name: &str) -> Result<(), Fault> {
    // A map that cannot be read keeps nobody from holding.
    let map = data_map::load_or_none(context).ok().flatten().map(|reading| reading.map);
    let stores = store_keys::names(&context.config);
    let mapped = map.iter().flat_map(|map| &map.datasets);
    let mut datasets: Vec<&str> = mapped.clone().map(|dataset| dataset.key.as_str()).collect();
    datasets.extend(stores.iter().map(String::as_str));
    let is_of = |dataset: &str| name == dataset || name.strip_prefix(dataset).is_some_and(|rest| rest.starts_with('.'));
    if name.is_empty() || !datasets.is_empty() && !is_of(own_store::NAME) && !datasets.iter().any(|one| is_of(one)) {
        let fault = Fault::usage("unknown-dataset", format!("There is no dataset {name:?} that could be held"));
        let first = name.split('.').next().unwrap_or_default();
        return Err(fault.advise(match model::nearest(first, datasets.iter().copied()) {
            Some(near) => format!("Did you mean {near:?}? Nothing is held yet."),
            None => "`probity map show` names datasets and collections. Nothing is held yet.".to_owned(),
        }));
    }
    let held = |dataset: &&Dataset| name == dataset.key || is_of(&dataset.key);
    let names_it = |dataset: &Dataset| {
        let collection = name.strip_prefix(dataset.key.as_str()).map_or("", |rest| rest.trim_start_matches('.'));
        collection.is_empty() || dataset.collections.iter().any(|one| one.name == collection)
    };
    let mut held = mapped.filter(held).peekable();
    if held.peek().is_some() && !held.any(names_it) {
        context
            .output
            .warn(&format!("the data map has no collection {name}: look whether it is written as in the store"));
    }
    Ok(())
}

impl plan::Holds for HoldFile {
    fn on(&self, _: &str, dataset: &str, collection: &str, keys: &[Key]) -> Result<Vec<Option<plan::Hold>>, Fault> {
        let held = read(&self.path)?
            .into_iter()
            .find(|hold| hold.holds_at(self.now) && hold.covers(&self.subject, dataset, collection));
        Ok(vec![held.as_ref().map(Hold::in_plan); keys.len()])
    }
}

/// Every hold, released or not.
///
/// # Errors
/// `bad-hold`; I/O faults.
pub(crate) fn list(context: &Context) -> Result<Vec<Hold>, Fault> {
    read(&path(context))
}

/// The next free id.
///
/// # Errors
/// As [`list`].
pub(crate) fn next_id(context: &Context) -> Result<String, Fault> {
    let taken = list(context)?.iter().filter_map(|hold| hold.id.strip_prefix("hold-")?.parse::<u64>().ok()).max();
    Ok(format!("hold-{:04}", taken.unwrap_or(0) + 1))
}

/// Adds a hold, or what became of one. On return it is on the disk.
///
/// # Errors
/// I/O faults.
pub(crate) fn change(context: &Context, hold: &Hold) -> Result<(), Fault> {
    let path = path(context);
    keys::private_folder(files::folder_of(&path))?;
    let fault = |error| Fault::io("write", &path, error);
    let mut file = File::options().create(true).append(true).mode(0o600).open(&path).map_err(fault)?;
    file.write_all((hold.to_line() + "\n").as_bytes()).and_then(|()| file.sync_all()).map_err(fault)?;
    File::open(files::folder_of(&path)).and_then(|folder| folder.sync_all()).map_err(fault)
}

/// The file of all holds.
pub(crate) fn path(context: &Context) -> PathBuf {
    context.project.state("holds.jsonl")
}

/// The holds of a file, released or not; none where there is no file.
///
/// # Errors
/// As [`list`].
pub(crate) fn read(path: &Path) -> Result<Vec<Hold>, Fault> {
    // No holds were ever made: that is known, not guessed, because the folder can be looked into.
    match path.try_exists() {
        Ok(false) => Ok(Vec::new()),
        Ok(true) => hold::read(&files::read_text(path, FILE_MAX)?).map_err(|fault| fault.in_file(path)),
        Err(error) => Err(Fault::io("read", path, error)),
    }
}
