//! Sealing: from the segment into the tree, and a signature over it.
//!
//! On disk the order is bundles and tiles, then the checkpoint; each file is durable before the next step begins, so
//! that a crash leaves either the old checkpoint with some files beyond it or the new one with all it needs.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use model::{Digest, Fault};
use seal::note::Signer;

use crate::log::{edge_of, load_levels, suspect};
use crate::tile::{self, Content, Tile, WIDTH};
use crate::{Checkpoint, Log, files, tree};

impl Log {
    /// Puts every durable entry under a new checkpoint and returns it; the old one when nothing was appended.
    ///
    /// The new files are read back and the root is recomputed from them before anything is signed.
    ///
    /// # Errors
    /// `ledger-root-mismatch` when memory and disk disagree, `ledger-changed` when somebody replaced the checkpoint
    /// under us, `ledger-suspect` after a failed write, or an I/O failure. Nothing is lost: the entries stay in the
    /// segment. Sealing may be tried again, unless it was the checkpoint that could not be written.
    pub fn seal(&mut self) -> Result<Checkpoint, Fault> {
        if self.suspect {
            return Err(suspect(&self.folder));
        }
        if self.size() == self.checkpoint.size {
            return Ok(self.checkpoint.clone());
        }
        let levels = self.write_tiles()?;
        self.check_written(&levels)?;
        let old = self.publish()?;
        self.levels = levels;
        self.drop_sealed();
        self.tidy(old)?;
        Ok(self.checkpoint.clone())
    }

    /// Writes every bundle and tile that the new size needs beyond the old; returns the new partial tiles.
    fn write_tiles(&self) -> Result<Vec<Vec<Digest>>, Fault> {
        let mut files = Vec::new();
        let mut start = 0;
        let first = self.checkpoint.size / WIDTH;
        for (at, ends) in self.open.ends.chunks(WIDTH as usize).enumerate() {
            let end = ends[ends.len() - 1];
            let tile = Tile::entries(first + at as u64, ends.len() as u64);
            files.push((tile.path(), Cow::Borrowed(&self.open.bytes[start..end])));
            start = end;
        }
        let levels = self.new_levels(&mut files);
        files::replace_all(&self.folder, &files)?;
        Ok(levels)
    }

    fn new_levels(&self, files: &mut Vec<(PathBuf, Cow<'_, [u8]>)>) -> Vec<Vec<Digest>> {
        let mut levels = self.levels.clone();
        let mut hashes = self.open.leaves.clone();
        for level in 0_u8.. {
            let number = (self.checkpoint.size >> (8 * u32::from(level))) / WIDTH;
            let mut roots = Vec::new();
            for (at, chunk) in hashes.chunks(WIDTH as usize).enumerate() {
                let tile = Tile::hashes(level, number + at as u64, chunk.len() as u64);
                files.push((tile.path(), Cow::Owned(tile::hash_bytes(chunk))));
                if chunk.len() as u64 == WIDTH {
                    roots.push(tree::root_of(chunk));
                }
            }
            let partial = hashes.split_off(hashes.len() - hashes.len() % WIDTH as usize);
            match levels.get_mut(usize::from(level)) {
                Some(old) => *old = partial,
                None => levels.push(partial),
            }
            if roots.is_empty() {
                break;
            }
            hashes = levels.get(usize::from(level) + 1).cloned().unwrap_or_default();
            hashes.extend(roots);
        }
        levels
    }

    /// From the disk up: entries give the leaf hashes, full tiles give the hash above them, partial tiles the root.
    fn check_written(&self, levels: &[Vec<Digest>]) -> Result<(), Fault> {
        let (old, new) = (self.checkpoint.size, self.size());
        let mut reader = tile::Reader::new(&self.folder, new);
        for number in old / WIDTH..new.div_ceil(WIDTH) {
            let width = (new - number * WIDTH).min(WIDTH);
            let bundle = tile::read(&self.folder, Tile::entries(number, width))?;
            let leaves: Result<Vec<Digest>, usize> =
                tile::entries(&bundle).map(|entry| entry.map(tree::leaf)).collect();
            let hashes = tile::read(&self.folder, Tile::hashes(0, number, width))?;
            if leaves.is_err() || leaves.ok() != tile::parse_hashes(&hashes, width) {
                return Err(mismatch());
            }
        }
        for level in 0..levels.len() as u32 {
            let full = |size: u64| size.checked_shr(8 * (level + 1)).unwrap_or(0);
            for number in full(old)..full(new) {
                // The full tile below gives this hash; the tile above must hold it.
                let below = tile::read(&self.folder, Tile::hashes(level as u8, number, WIDTH))?;
                let below = tile::parse_hashes(&below, WIDTH).ok_or_else(mismatch)?;
                if reader.subtree(8 * (level + 1), number)? != tree::root_of(&below) {
                    return Err(mismatch());
                }
            }
        }
        let on_disk = load_levels(&self.folder, new)?;
        if edge_of(&on_disk).root() != self.edge.root() {
            return Err(mismatch());
        }
        Ok(())
    }

    /// Signs and replaces the checkpoint; returns the size of the old one.
    fn publish(&mut self) -> Result<u64, Fault> {
        let path = self.folder.join("checkpoint");
        if files::read(&path)?.as_deref() != Some(self.checkpoint.note().as_bytes()) {
            return Err(Fault::unavailable("ledger-changed", "The checkpoint was replaced while the ledger was open")
                .advise("Somebody wrote to the folder without its lock. Verify the ledger against its pin.")
                .in_file(&path));
        }
        let signer = Signer::new(&self.origin, &self.key)?;
        let checkpoint = Checkpoint::sign(&self.origin, self.size(), self.edge.root(), signer)?;
        let replaced = files::replace(&self.folder, Path::new("checkpoint"), checkpoint.note().as_bytes());
        // After a failure nobody knows which of the two checkpoints is on the disk.
        self.suspect = replaced.is_err();
        replaced?;
        Ok(std::mem::replace(&mut self.checkpoint, checkpoint).size)
    }

    /// Keeps only what belongs to the last, partial bundle.
    fn drop_sealed(&mut self) {
        let entries = self.open.ends.len() - self.open.ends.len() % WIDTH as usize;
        let bytes = if entries == 0 { 0 } else { self.open.ends[entries - 1] };
        self.open.bytes.drain(..bytes);
        self.open.leaves.drain(..entries);
        self.open.ends.drain(..entries);
        self.open.ends.iter_mut().for_each(|end| *end -= bytes);
    }

    /// Removes the segment and superseded partial tiles. Those of the last checkpoint stay while their tile is
    /// partial: a reader may be holding it.
    fn tidy(&mut self, old: u64) -> Result<(), Fault> {
        if let Some(segment) = self.segment.take() {
            files::remove(&segment.path)?;
        }
        let contents = (0..tile::levels(old)).map(Content::Hashes).chain([Content::Entries]);
        for before in contents.filter_map(|content| Tile::partial(content, old)) {
            let now = Tile::partial(before.content, self.checkpoint.size).filter(|now| now.number == before.number);
            if now == Some(before) {
                continue;
            }
            let path = self.folder.join(before.path());
            let Some(folder) = path.parent() else { continue };
            let keep =
                |name: &str| now.is_some_and(|now| name == now.width.to_string() || name == before.width.to_string());
            for name in files::names(folder)?.iter().filter(|name| !keep(name)) {
                files::remove(&folder.join(name))?;
            }
            if now.is_none() {
                // A foreign file inside keeps the folder; verify will name it.
                let _ = fs::remove_dir(folder);
            }
        }
        Ok(())
    }
}

fn mismatch() -> Fault {
    Fault::internal(
        "ledger-root-mismatch",
        "What was read back from the disk is not what was written; nothing was signed",
    )
    .advise("Memory or disk is failing. Check both, then run the command again; the entries are safe in the segment.")
}
