//! Which packs of rules are meant, and reading them.

use std::fs;
use std::path::{Path, PathBuf};

use model::{ByteSize, Fault};
use rules::{Book, Catalogue, Limits, Pack, Setting, Suppressions};

use super::context::Context;
use super::files;

const RULE_FILE_MAX: ByteSize = ByteSize(256 << 10);

/// What was asked for on the command line.
pub(crate) struct Chosen<'a> {
    pub(crate) rule: &'a [PathBuf],
    pub(crate) pack: &'a [String],
    /// `PACK.NAME=VALUE`
    pub(crate) set: &'a [String],
    /// Ids of rules.
    pub(crate) only: &'a [String],
}

/// Whether packs of rules are meant, rather than objectives.
///
/// # Errors
/// `mixed-rules`: the two are judged from different things, each in a run of its own.
pub(crate) fn are_meant(context: &Context, chosen: &Chosen<'_>) -> Result<bool, Fault> {
    let packs = chosen.pack.iter().map(|name| is_rules(context, name));
    let paths = chosen.rule.iter().map(|path| folder_of_pack(path).is_some());
    let kinds: Vec<bool> = packs.chain(paths).collect();
    match (kinds.contains(&true), kinds.contains(&false)) {
        (true, true) => Err(Fault::usage("mixed-rules", "Objectives and rules of packs do not go together in one run")
            .advise("Run evaluate once for each.")),
        (any, _) => Ok(any),
    }
}

fn is_rules(context: &Context, name: &str) -> bool {
    own(context, name).is_some() || Pack::names().any(|known| known == name)
}

/// The project's own copy of a pack goes before the one that is built in.
fn own(context: &Context, name: &str) -> Option<PathBuf> {
    let folder = context.project.root().join("rules/packs").join(name);
    folder.join("pack.yaml").is_file().then_some(folder)
}

/// The folder of the pack that `path` is, or is a rule of.
fn folder_of_pack(path: &Path) -> Option<PathBuf> {
    let folder = if path.is_dir() { path } else { path.parent()? };
    folder.join("pack.yaml").is_file().then(|| folder.to_path_buf())
}

/// Reads the chosen packs, and keeps the rules that were asked for.
///
/// # Errors
/// `unknown-rule`, and what the packs say.
pub(crate) fn load(context: &Context, chosen: &Chosen<'_>, catalogue: &Catalogue) -> Result<Book, Fault> {
    let limits = Limits::default();
    let mut packs = Vec::new();
    for name in chosen.pack {
        packs.push(match own(context, name) {
            Some(folder) => Pack::read(&texts(&folder)?, catalogue, &limits)?,
            None => Pack::built_in(name, catalogue, &limits)?,
        });
    }
    for path in chosen.rule {
        let Some(folder) = folder_of_pack(path) else { continue };
        let mut pack = Pack::read(&texts(&folder)?, catalogue, &limits)?;
        if !path.is_dir() {
            pack.keep(|rule| rule.place.file.as_deref() == Some(path));
        }
        packs.push(pack);
    }
    only(&mut packs, chosen.only)?;
    let settings = settings(context, &packs, chosen.set)?;
    Book::of(packs, &settings)
}

fn only(packs: &mut [Pack], wanted: &[String]) -> Result<(), Fault> {
    let is = |text: &str, wanted: &str| match wanted.strip_suffix('*') {
        Some(beginning) => text.starts_with(beginning),
        None => text == wanted,
    };
    let names = |id: &str, wanted: &str| is(id, wanted) || id.split_once('.').is_some_and(|(_, name)| is(name, wanted));
    for one in wanted {
        let is_known = packs.iter().flat_map(|pack| &pack.rules).any(|rule| names(&rule.id, one));
        if !is_known {
            let known = packs.iter().flat_map(|pack| &pack.rules).map(|rule| rule.id.as_str());
            return Err(Fault::usage("unknown-rule", format!("There is no rule {one:?} in these packs")).advise(
                match model::nearest(one, known) {
                    Some(near) => format!("Did you mean {near:?}?"),
                    None => "--list names them.".to_owned(),
                },
            ));
        }
    }
    if !wanted.is_empty() {
        packs.iter_mut().for_each(|pack| pack.keep(|rule| wanted.iter().any(|one| names(&rule.id, one))));
    }
    Ok(())
}

/// The YAML files of a folder, in the order of their names.
///
/// # Errors
/// I/O faults; `file-too-large`, `not-utf-8`.
pub(crate) fn texts(folder: &Path) -> Result<Vec<(PathBuf, String)>, Fault> {
    let fault = |error| Fault::io("read the folder", folder, error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(fault)? {
        paths.push(entry.map_err(fault)?.path());
    }
    paths.sort();
    let is_rule = |path: &PathBuf| {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        // Tests of policies lie beside them, as `opa test` finds them.
        ["yaml", "yml", "rego"].contains(&ending) && !path.to_string_lossy().ends_with("_test.rego")
    };
    let read = |path: PathBuf| files::read_text(&path, RULE_FILE_MAX).map(|text| (path, text));
    paths.into_iter().filter(is_rule).map(read).collect()
}

/// Parameters from the settings, then from `--set`.
fn settings(context: &Context, packs: &[Pack], set: &[String]) -> Result<Vec<Setting>, Fault> {
    let mut settings = Vec::new();
    for pack in packs {
        for (name, value, _) in context.config.pack(&pack.name) {
            settings.push(Setting { pack: pack.name.clone(), name, value });
        }
    }
    for text in set {
        let parts = text.split_once('=').and_then(|(key, value)| Some((key.split_once('.')?, value)));
        let ((pack, name), value) = parts.ok_or_else(|| {
            Fault::usage("bad-parameter", format!("{text:?} does not set a parameter"))
                .advise("Write PACK.NAME=VALUE, for example gdpr.backup_age=24h.")
        })?;
        settings.push(Setting { pack: pack.to_owned(), name: name.to_owned(), value: value.to_owned() });
    }
    Ok(settings)
}

/// The accepted findings: those of `path`, else the project's, where there are any.
///
/// # Errors
/// What the file says.
pub(crate) fn suppressions(context: &Context, path: Option<&Path>) -> Result<Suppressions, Fault> {
    let own = context.project.root().join("rules/suppressions.yaml");
    let path = match path {
        Some(path) => path,
        None if own.is_file() => &own,
        None => return Ok(Suppressions::default()),
    };
    let text = files::read_text(path, ByteSize(4 << 20))?;
    let shown = path.strip_prefix(context.project.root()).unwrap_or(path);
    Ok(Suppressions::read(&text, context.now()).map_err(|fault| fault.in_file(path))?.in_file(shown))
}
