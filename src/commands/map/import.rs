//! `map import`: datasets of a fideslang file join the map.

use model::{ByteSize, Fault, counted};
use privacy::map::read::{Limits, Others};
use privacy::map::write::Comments;
use privacy::map::{DataMap, Dataset};
use serde_json::{Value, json};

use super::ImportArgs;
use crate::cli::context::Context;
use crate::cli::data_map::{self, Saved};
use crate::cli::exit::Exit;
use crate::cli::files::{self, Existing};
use crate::cli::journal::Wanted;
use crate::cli::output::{Page, Show};
use crate::commands::Done;

pub(super) fn run(context: &mut Context, args: &ImportArgs) -> Result<Done, Fault> {
    context.trace.begin(if args.dry_run { Wanted::WhereThere } else { Wanted::Always }, "map.imported");
    let text = files::read_text(&args.file, ByteSize(Limits::default().file.bytes as u64))?;
    context.trace.digest("file", seal::sha256(text.as_bytes()));
    let given = data_map::parse(context, &[(&args.file, &text)])?;
    for warning in &given.warnings {
        context.output.warn(&format!("{warning} [{}]", warning.code()));
    }
    if given.map.datasets.is_empty() {
        return Err(Fault::bad_input("nothing-to-import", format!("There is no dataset in {}", args.file.display()))
            .advise("Name a file with a list under `dataset:`."));
    }
    let before = data_map::load_or_none(context)?.unwrap_or_default();
    let mut map = before.map.clone();
    let replaced = take(&mut map, &given.map.datasets, args.overwrite)?;
    let others: Others = given.others.into_iter().flat_map(|(_, others)| others).collect();
    let known = |key: &str| before.others.iter().any(|(_, others)| others.iter().any(|(known, _)| known == key));
    let (left, others): (Others, Others) = others.into_iter().partition(|(key, _)| known(key));
    let mut imported = Imported {
        datasets: given.map.datasets.iter().map(|dataset| (dataset.key.clone(), dataset.collections.len())).collect(),
        replaced,
        left: left.into_iter().map(|(key, _)| key).collect(),
        warnings: given.warnings.len(),
        files: vec![],
    };
    let is_first = data_map::paths(context).iter().all(|path| !path.exists());
    if !args.dry_run {
        imported.files = match is_first {
            // Nothing is there yet: the file is taken as it is, comments and all.
            true => first(context, &text)?,
            false => data_map::save(context, &before, &map, &others, &Comments::default())?,
        };
    }
    for file in &imported.files {
        context.trace.digest("map", file.digest);
        if file.anew {
            context.output.warn(&format!("{} was written anew: its own comments are gone", file.path.display()));
        }
    }
    context.trace.count("datasets", imported.datasets.len() as u64);
    Ok(Done::showing(Exit::Done, imported))
}

fn first(context: &Context, text: &str) -> Result<Vec<Saved>, Fault> {
    let Some(path) = data_map::paths(context).into_iter().next() else { return Ok(vec![]) };
    files::write(&path, text.as_bytes(), Existing::Keep)?;
    let digest = seal::sha256(text.as_bytes());
    Ok(vec![Saved { path: data_map::shown(context, &path).to_path_buf(), anew: false, digest }])
}

/// Puts the datasets in; those that are there already are refused, or replaced where they stand.
fn take(map: &mut DataMap, given: &[Dataset], overwrite: bool) -> Result<Vec<String>, Fault> {
    let mut replaced = Vec::new();
    for dataset in given {
        match map.datasets.iter_mut().find(|known| known.key == dataset.key) {
            Some(known) if overwrite => {
                replaced.push(known.key.clone());
                let place = known.place.clone();
                *known = Dataset { place, ..dataset.clone() };
            }
            Some(known) => {
                return Err(Fault::refused("dataset-exists", format!("The map has a dataset {:?} already", known.key))
                    .advise("Give --overwrite to replace it, or take it out of the file.")
                    .at(known.place.clone()));
            }
            None => map.datasets.push(Dataset { place: model::Place::default(), ..dataset.clone() }),
        }
    }
    map.datasets.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(replaced)
}

struct Imported {
    datasets: Vec<(String, usize)>,
    replaced: Vec<String>,
    left: Vec<String>,
    warnings: usize,
    files: Vec<Saved>,
}

impl Show for Imported {
    fn json(&self) -> Value {
        json!({
            "schema": "map-import/1",
            "datasets": self.datasets.iter().map(|(key, collections)| json!({"key": key, "collections": collections})).collect::<Vec<_>>(),
            "replaced": self.replaced,
            "left_out": self.left,
            "warnings": self.warnings,
            "files": self.files.iter().map(|file| json!({
                "path": file.path.display().to_string(), "anew": file.anew, "sha256": file.digest.to_string(),
            })).collect::<Vec<_>>(),
        })
    }

    fn human(&self, page: &mut Page) {
        for (key, collections) in &self.datasets {
            page.line(format!("{key}: {}", counted(*collections as u64, "collection", "collections")));
        }
        for key in &self.left {
            page.line(format!("Left out, because the map has one already: {key}"));
        }
        match self.files.first() {
            Some(file) => page.line(format!("Wrote {}.", file.path.display())),
            None => page.line("Nothing was written."),
        }
    }
}
