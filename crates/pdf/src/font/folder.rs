//! Fonts in folders.

use std::path::{Path, PathBuf};

use super::face::{self, Face};
use super::program::{self, Program};
use crate::Limits;
use crate::script::Script;

/// The font files of some folders, in the order of the folders and of their names.
pub(super) struct FontFiles(Vec<PathBuf>);

/// What is looked for.
pub(super) struct Candidate<'c> {
    pub(super) c: char,
    pub(super) script: &'c Script,
    pub(super) bold: bool,
    /// How the name of the face ends where a font has several forms of one character.
    pub(super) region: &'static str,
}

impl FontFiles {
    /// A folder that cannot be read has no fonts: which one is missing is said when a character needs it.
    pub(super) fn in_folders(folders: &[PathBuf]) -> FontFiles {
        let mut files = Vec::new();
        folders.iter().for_each(|folder| walk(folder, Limits::FONT_FOLDERS_DEEP, &mut files));
        FontFiles(files)
    }

    /// The best face that has the character: of the script's own font first, in the weight that is wanted first; then of any.
    pub(super) fn search(&self, wanted: &Candidate<'_>) -> Option<Face> {
        let own = wanted.script.family.replace(' ', "");
        let weight = if wanted.bold { "Bold" } else { "Regular" };
        let rank = |path: &PathBuf| {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().replace(' ', "");
            let (family, style) = stem.split_once('-').unwrap_or((&stem, "Regular"));
            match (family == own, style == weight, style == "Regular") {
                (true, true, _) => 0,
                (true, _, true) => 1,
                (true, ..) => 2,
                (_, true, _) => 3,
                (_, _, true) => 4,
                _ => 5,
            }
        };
        let mut files: Vec<(usize, &PathBuf)> = self.0.iter().map(|path| (rank(path), path)).collect();
        files.sort_by_key(|(rank, _)| *rank);
        files.into_iter().find_map(|(_, path)| open(path, wanted))
    }
}

fn walk(folder: &Path, deep: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            if deep > 0 {
                walk(&path, deep - 1, files);
            }
        } else if files.len() < Limits::FONT_FILES && is_font(&path) {
            files.push(path);
        }
    }
}

fn is_font(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
    extension.is_some_and(|extension| ["ttf", "otf", "ttc", "otc"].iter().any(|known| extension == *known))
}

/// The face of a file that has the character: the one of the region, else the first.
fn open(path: &Path, wanted: &Candidate<'_>) -> Option<Face> {
    let size = std::fs::metadata(path).ok()?.len();
    if size > Limits::FONT_BYTES {
        return None;
    }
    let bytes = face::shared(std::fs::read(path).ok()?);
    let programs = program::faces(&bytes).into_iter().filter_map(|offset| Program::read(&bytes, offset));
    let mut named: Vec<(String, Program)> = programs
        .filter(|program| program.is_drawable() && face::has(program, wanted.c))
        .map(|program| (face::name_of(&program).unwrap_or_else(|| "Font".to_owned()), program))
        .collect();
    let of_region = |name: &str| name.split('-').next().is_some_and(|family| family.ends_with(wanted.region));
    let mono = |name: &str| name.contains("Mono");
    named.sort_by_key(|(name, _)| (!of_region(name), mono(name)));
    named.into_iter().find_map(|(name, program)| Face::read(name, program))
}
