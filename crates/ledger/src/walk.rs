//! What may lie in a log's folder, and nothing else.

use std::fs::FileType;
use std::path::{Path, PathBuf};

use model::{Fault, Place};

use crate::files;
use crate::tile::{self, Content, Tile, WIDTH};

/// What a walk over the folder has met.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// The tiles beyond the signed size: how far the furthest goes, and its path.
    pub(crate) beyond: Option<(u64, PathBuf)>,
    /// Files in `tmp`, which a crash left behind.
    pub(crate) leftovers: usize,
}

/// Looks at every name in the folder of a log of `signed` entries. Superseded partial tiles must agree with what
/// superseded them; tiles beyond `signed` are reported, not judged.
///
/// # Errors
/// `ledger-unexpected-file`, `ledger-damaged` when a partial tile disagrees, or an I/O failure.
pub(crate) fn walk(folder: &Path, signed: u64) -> Result<Walked, Fault> {
    let mut walked = Walked::default();
    for (name, kind) in files::names_and_types(folder)? {
        let path = folder.join(&name);
        match (name.as_str(), is_plain_folder(kind, &path)?) {
            ("checkpoint" | "lock", false) => {}
            ("tmp", true) => walked.leftovers = files::names(&path)?.len(),
            ("segment", true) => walk_segment(&path)?,
            ("tile", true) => walk_tiles(folder, Path::new("tile"), signed, &mut walked)?,
            _ => return Err(unexpected(&path)),
        }
    }
    Ok(walked)
}

fn walk_segment(folder: &Path) -> Result<(), Fault> {
    for (name, kind) in files::names_and_types(folder)? {
        let path = folder.join(&name);
        let named = name.len() == 20 && name.bytes().all(|byte| byte.is_ascii_digit());
        if !named || is_plain_folder(kind, &path)? {
            return Err(unexpected(&path));
        }
    }
    Ok(())
}

fn walk_tiles(folder: &Path, below: &Path, signed: u64, walked: &mut Walked) -> Result<(), Fault> {
    let here = folder.join(below);
    for (name, kind) in files::names_and_types(&here)? {
        let relative = below.join(&name);
        if is_plain_folder(kind, &here.join(&name))? {
            // tile / level / six groups of three digits / partial: nothing of ours nests deeper.
            if relative.components().count() > 10 {
                return Err(unexpected(&folder.join(relative)));
            }
            walk_tiles(folder, &relative, signed, walked)?;
            continue;
        }
        let tile = Tile::parse(&relative).ok_or_else(|| unexpected(&folder.join(&relative)))?;
        look_at(folder, tile, signed, walked)?;
    }
    Ok(())
}

fn look_at(folder: &Path, tile: Tile, signed: u64, walked: &mut Walked) -> Result<(), Fault> {
    let end = tile.end().ok_or_else(|| unexpected(&folder.join(tile.path())))?;
    if end > signed {
        if walked.beyond.as_ref().is_none_or(|(furthest, _)| end > *furthest) {
            walked.beyond = Some((end, folder.join(tile.path())));
        }
        return Ok(());
    }
    if tile.width == WIDTH || Tile::partial(tile.content, signed) == Some(tile) {
        // verify reads it.
        return Ok(());
    }
    agrees(folder, tile, signed)
}

/// A superseded partial tile must be the beginning of the tile that replaced it.
fn agrees(folder: &Path, tile: Tile, signed: u64) -> Result<(), Fault> {
    let now = Tile::partial(tile.content, signed).filter(|now| now.number == tile.number);
    let now = now.unwrap_or(Tile { width: WIDTH, ..tile });
    // A writer may remove it while we look.
    let Some(bytes) = files::read(&folder.join(tile.path()))? else { return Ok(()) };
    if tile::beginning(&tile::read(folder, now)?, tile).as_ref() == Some(&bytes) {
        return Ok(());
    }
    let what = if tile.content == Content::Entries { "entries" } else { "hashes" };
    Err(crate::log::damaged(
        &folder.join(tile.path()),
        &format!("{} and {} do not hold the same {what}", tile.path().display(), now.path().display()),
    ))
}

/// Whether it is a folder; symbolic links and devices are refused.
fn is_plain_folder(kind: FileType, path: &Path) -> Result<bool, Fault> {
    if kind.is_dir() || kind.is_file() { Ok(kind.is_dir()) } else { Err(unexpected(path)) }
}

pub(crate) fn unexpected(path: &Path) -> Fault {
    Fault::unverified("ledger-unexpected-file", format!("{} does not belong to a ledger", path.display()))
        .advise("Find out who put it there. Entries behind the checkpoint, links and foreign files are never accepted.")
        .at(Place::file(path))
}
