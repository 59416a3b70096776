//! Which rules are meant, and reading them.

use std::fs;
use std::path::{Path, PathBuf};

use model::{ByteSize, Fault};
use slo::{Book, Faults, Reading, Warning};

use super::context::Context;
use super::files;

const RULE_FILE_MAX: ByteSize = ByteSize(4 << 20);

/// What was asked for on the command line.
pub(crate) struct Chosen<'a> {
    pub(crate) rule: &'a [PathBuf],
    pub(crate) pack: &'a [String],
    /// `PACK.NAME=VALUE`
    pub(crate) set: &'a [String],
    pub(crate) strict: bool,
}

/// Reads the chosen rules and packs; without a choice those of the project.
///
/// # Errors
/// `no-rules`; the faults of the rule files, of which the first is returned and the others are printed.
pub(crate) fn load(context: &Context, chosen: &Chosen<'_>) -> Result<Book, Fault> {
    let by_hand = !chosen.rule.is_empty() || !chosen.pack.is_empty();
    let paths: Vec<PathBuf> = match by_hand {
        true => chosen.rule.to_vec(),
        false => configured(context),
    };
    let packs: Vec<String> = match by_hand {
        true => chosen.pack.to_vec(),
        false => context.config.list("evaluate.packs").into_iter().map(str::to_owned).collect(),
    };
    if paths.is_empty() && packs.is_empty() {
        return Err(Fault::bad_config("no-rules", "There are no rules here")
            .advise("Give --rule PATH or --pack production, or run probity init for an example."));
    }
    let reading = Reading { strict: chosen.strict, ..Reading::default() };
    let mut book = Book::load(texts(&paths)?, &reading).map_err(|faults| say_all(context, faults))?;
    for pack in packs {
        let pack = one_pack(context, &pack, chosen.set, &reading)?;
        book = book.and(pack).map_err(|faults| say_all(context, faults))?;
    }
    unused(chosen)?;
    Ok(book)
}

/// The rule files that `paths` name, or that lie in the folders they name, with their texts.
pub(crate) fn texts(paths: &[PathBuf]) -> Result<Vec<(PathBuf, String)>, Fault> {
    let mut texts = Vec::new();
    for path in paths {
        collect(path, &mut texts)?;
    }
    Ok(texts)
}

/// The project's rules, where there are any.
fn configured(context: &Context) -> Vec<PathBuf> {
    let root = context.project.root();
    context.config.list("evaluate.rules").into_iter().map(|path| root.join(path)).filter(|path| path.exists()).collect()
}

/// Rule files in `path`, sorted; packs and facts lie in folders of their own and are read by name.
fn collect(path: &Path, texts: &mut Vec<(PathBuf, String)>) -> Result<(), Fault> {
    if !path.is_dir() {
        texts.push((path.to_path_buf(), files::read_text(path, RULE_FILE_MAX)?));
        return Ok(());
    }
    let fault = |error| Fault::io("read the folder", path, error);
    let mut inside = Vec::new();
    for entry in fs::read_dir(path).map_err(fault)? {
        inside.push(entry.map_err(fault)?.path());
    }
    inside.sort();
    for inner in inside {
        let is_rule =
            inner.extension().is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|known| ending == *known));
        if is_rule {
            texts.push((inner.clone(), files::read_text(&inner, RULE_FILE_MAX)?));
        } else if inner.is_dir() && !inner.ends_with("packs") && !inner.ends_with("facts") && !inner.is_symlink() {
            collect(&inner, texts)?;
        }
    }
    Ok(())
}

/// A pack: the project's own copy in `rules/packs/NAME` goes before the one that is built in.
fn one_pack(context: &Context, name: &str, set: &[String], reading: &Reading) -> Result<Book, Fault> {
    let parameters = parameters(context, name, set)?;
    let own = context.project.root().join("rules/packs").join(name);
    let loaded = match own.is_dir() {
        true => Book::pack_from(name, pack_files(&own)?, &parameters, reading),
        false => Book::pack(name, &parameters, reading),
    };
    loaded.map_err(|faults| say_all(context, faults))
}

fn pack_files(folder: &Path) -> Result<Vec<(PathBuf, String)>, Fault> {
    let mut texts = Vec::new();
    collect(folder, &mut texts)?;
    let declared = folder.join("pack.toml");
    texts.push((declared.clone(), files::read_text(&declared, RULE_FILE_MAX)?));
    Ok(texts)
}

/// Parameters from the settings, then from `--set`.
fn parameters(context: &Context, pack: &str, set: &[String]) -> Result<Vec<(String, String)>, Fault> {
    let mut parameters: Vec<(String, String)> =
        context.config.pack(pack).into_iter().map(|(name, value, _)| (name, value)).collect();
    for text in set {
        let (key, value) = split(text)?;
        if let Some(name) = key.strip_prefix(&format!("{pack}.")) {
            parameters.retain(|(known, _)| known != name);
            parameters.push((name.to_owned(), value.to_owned()));
        }
    }
    Ok(parameters)
}

fn split(text: &str) -> Result<(&str, &str), Fault> {
    text.split_once('=').filter(|(key, _)| key.contains('.')).ok_or_else(|| {
        Fault::usage("bad-parameter", format!("{text:?} does not set a parameter"))
            .advise("Write PACK.NAME=VALUE, for example production.latency_ms=300.")
    })
}

/// A `--set` for a pack that is not evaluated would silently do nothing.
fn unused(chosen: &Chosen<'_>) -> Result<(), Fault> {
    for text in chosen.set {
        let (key, _) = split(text)?;
        let pack = key.split('.').next().unwrap_or_default();
        if !chosen.pack.iter().any(|known| known == pack) {
            return Err(Fault::usage("bad-parameter", format!("{text:?} is about a pack that is not evaluated"))
                .advise(format!("Add --pack {pack}, or leave it out.")));
        }
    }
    Ok(())
}

/// Prints every fault but the first, which becomes the run's.
pub(crate) fn say_all(context: &Context, faults: Faults) -> Fault {
    for fault in faults.iter().skip(1) {
        context.output.error(fault);
    }
    faults.into()
}

/// A warning in one line.
pub(crate) fn in_words(warning: &Warning) -> String {
    let place = warning.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
    let advice = warning.advice.as_deref().map(|advice| format!(". {advice}")).unwrap_or_default();
    format!("{place}{}{advice} [{}]", warning.message, warning.code)
}
