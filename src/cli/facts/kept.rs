//! Facts as they were collected last, kept in `.probity/facts/NAME/BASIS.json`.
//!
//! The basis is everything that decides what is asked: settings, data map, rules of retention, declarations of facts, and the
//! version of probity. Another basis is another file, so that nobody gets the facts of other stores.

use std::fs;
use std::path::{Path, PathBuf};

use model::{ByteSize, Digest, Fault, Kind, Place, Span};
use rules::Fact;
use serde_json::{Value, json};

use super::{Context, Known, sheet};
use crate::cli::files::{self, Existing};
use crate::cli::keys;

const FILE_MAX: ByteSize = ByteSize(256 << 20);

/// Bases of one fact that are kept; the oldest go.
const BASES_MAX: usize = 8;

/// Files that decide what is asked, by the setting that names them.
const FILES: [&str; 3] = ["map.files", "retain.rules", "facts.certificates"];

/// Where facts are kept, for one basis.
pub(super) struct Shelf<'c> {
    context: &'c Context,
    basis: Digest,
}

impl<'c> Shelf<'c> {
    /// The shelf of this project as it is set up now; none without a project.
    pub(super) fn of(context: &'c Context, known: &Known) -> Option<Self> {
        let is_there = context.project.is_initialised();
        is_there.then(|| Shelf { context, basis: basis(context, known) })
    }

    /// The fact, where it was collected at most `age` ago and nothing of it was missing.
    ///
    /// # Errors
    /// `fact-digest` when the file is not what was kept; I/O faults.
    pub(super) fn young(&self, name: &str, age: Span) -> Result<Option<Fact>, Fault> {
        let path = self.path(name);
        if !path.is_file() {
            return Ok(None);
        }
        let text = files::read_text(&path, FILE_MAX)?;
        let fact = self.read(&text, &path).ok_or_else(|| changed(name, &path))?;
        let now = self.context.now();
        let is_young = fact.collected <= now && now.minus(age).is_none_or(|oldest| oldest <= fact.collected);
        Ok(is_young.then_some(Fact { cached: true, ..fact }))
    }

    fn read(&self, text: &str, path: &Path) -> Option<Fact> {
        let kept: Value = serde_json::from_str(text).ok()?;
        let is_whole = kept["sha256"] == sheet::digest(&kept["fact"]).hex() && kept["basis"] == self.basis.hex();
        let own = rules::Source { name: path.display().to_string(), digest: Some(seal::sha256(text.as_bytes())) };
        is_whole.then(|| sheet::fact(&kept["fact"], &own).ok())?
    }

    /// Keeps a fact for later runs. One with gaps is not kept: what could not be read is asked for again.
    ///
    /// # Errors
    /// I/O faults.
    pub(super) fn keep(&self, name: &str, fact: &Fact) -> Result<(), Fault> {
        if !fact.gaps.is_empty() || fact.cached {
            return Ok(());
        }
        let path = self.path(name);
        keys::private_folder(&self.context.project.state("facts"))?;
        keys::private_folder(files::folder_of(&path))?;
        let fact = sheet::one(name, fact);
        let kept = json!({"basis": self.basis.hex(), "sha256": sheet::digest(&fact).hex(), "fact": fact});
        files::write(&path, format!("{kept}\n").as_bytes(), Existing::Replace)?;
        prune(files::folder_of(&path))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.context.project.state("facts").join(name).join(format!("{}.json", self.basis.short()))
    }
}

fn changed(name: &str, path: &Path) -> Fault {
    let message = format!("The kept fact {name:?} is not what was kept: its digest is another");
    Fault::new(Kind::Unverified, "fact-digest", message)
        .advise("Remove the file, or leave --max-age out, so that it is collected again.")
        .at(Place::file(path))
}

fn basis(context: &Context, known: &Known) -> Digest {
    let settings: Vec<String> =
        context.config.settings().map(|(key, setting)| format!("{key} = {}", setting.value.to_toml())).collect();
    let named = |key: &&str| match context.config.list(key) {
        list if list.is_empty() => vec![context.config.text(key).to_owned()],
        list => list.into_iter().map(str::to_owned).collect(),
    };
    let digest = |path: String| {
        let bytes = files::read(&context.project.root().join(&path), FILE_MAX).ok();
        json!([path, bytes.map(|bytes| seal::sha256(&bytes).hex())])
    };
    let files: Vec<Value> = FILES.iter().flat_map(named).filter(|path| !path.is_empty()).map(digest).collect();
    sheet::digest(&json!({
        "probity": env!("CARGO_PKG_VERSION"), "root": context.project.root().display().to_string(),
        "settings": settings, "files": files, "declared": known.declared(),
    }))
}

/// Removes what was kept longest ago.
fn prune(folder: &Path) -> Result<(), Fault> {
    let fault = |error| Fault::io("read the folder", folder, error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        files.push((entry.metadata().and_then(|metadata| metadata.modified()).map_err(fault)?, entry.path()));
    }
    files.sort();
    let too_many = files.len().saturating_sub(BASES_MAX);
    for (_, path) in files.drain(..too_many) {
        fs::remove_file(&path).map_err(|error| Fault::io("remove", &path, error))?;
    }
    Ok(())
}
