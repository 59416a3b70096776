//! Tiles and bundles: the files of C2SP tlog-tiles.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use model::{Digest, Fault, Place};

use crate::{files, tree};

/// Hashes of a full tile and entries of a full bundle.
pub const WIDTH: u64 = 256;

/// What a file under `tile/` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// A bundle of entries.
    Entries,
    /// Hashes of this level; 0 holds leaf hashes, each further level the roots of full tiles below.
    Hashes(u8),
}

/// One file under `tile/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tile {
    /// What it holds.
    pub content: Content,
    /// Its number, from 0.
    pub number: u64,
    /// How many hashes or entries it holds: 1 to 256.
    pub width: u64,
}

impl Tile {
    /// A tile of hashes.
    pub fn hashes(level: u8, number: u64, width: u64) -> Self {
        Tile { content: Content::Hashes(level), number, width }
    }

    /// A bundle of entries.
    pub fn entries(number: u64, width: u64) -> Self {
        Tile { content: Content::Entries, number, width }
    }

    /// The level: a bundle lies at level 0.
    pub fn level(self) -> u8 {
        match self.content {
            Content::Entries => 0,
            Content::Hashes(level) => level,
        }
    }

    /// The path below the log's folder: `tile/0/x001/234.p/17`.
    pub fn path(self) -> PathBuf {
        let mut path = PathBuf::from("tile");
        path.push(match self.content {
            Content::Entries => "entries".to_owned(),
            Content::Hashes(level) => level.to_string(),
        });
        let mut groups = vec![format!("{:03}", self.number % 1000)];
        let mut rest = self.number / 1000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        let last = if self.width < WIDTH { format!("{}.p", groups[0]) } else { groups[0].clone() };
        path.extend(groups.drain(1..).rev());
        path.push(last);
        if self.width < WIDTH {
            path.push(self.width.to_string());
        }
        path
    }

    /// Reads a path below the log's folder; `None` unless it is exactly what [`Tile::path`] writes.
    pub fn parse(path: &Path) -> Option<Self> {
        let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
        let parts = parts?;
        let (&["tile", kind], mut rest) = parts.split_at_checked(2)? else { return None };
        let content = match kind {
            "entries" => Content::Entries,
            level => Content::Hashes(level.parse().ok().filter(|level| *level < 64)?),
        };
        let mut width = WIDTH;
        if let [groups @ .., last, partial] = rest
            && last.ends_with(".p")
        {
            width = partial.parse().ok().filter(|width| (1..WIDTH).contains(width))?;
            rest = &rest[..groups.len() + 1];
        }
        let mut number: u64 = 0;
        for group in rest {
            let digits = group.strip_prefix('x').unwrap_or(group);
            let digits = digits.strip_suffix(".p").unwrap_or(digits);
            number = number.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        }
        let tile = Tile { content, number, width };
        // One path per tile: whatever else was tolerated above differs from what we would write.
        (tile.path() == path).then_some(tile)
    }

    /// Index of the first leaf that is not below this tile, or `None` beyond 2^64.
    pub fn end(self) -> Option<u64> {
        let leaves_each = 1_u64.checked_shl(8 * u32::from(self.level()))?;
        (self.number.checked_mul(WIDTH)?.checked_add(self.width)?).checked_mul(leaves_each)
    }

    /// The files that a log of `size` entries needs at `content`'s level beyond the full ones: its partial tile.
    pub fn partial(content: Content, size: u64) -> Option<Self> {
        let level = Tile { content, number: 0, width: 1 }.level();
        let count = size.checked_shr(8 * u32::from(level)).unwrap_or(0);
        (!count.is_multiple_of(WIDTH)).then_some(Tile { content, number: count / WIDTH, width: count % WIDTH })
    }
}

/// How many levels of hash tiles a log of `size` entries has.
pub fn levels(size: u64) -> u8 {
    (0..8).find(|level| size >> (8 * level) == 0).unwrap_or(8)
}

/// The hashes in the bytes of a tile; `None` unless there are exactly `width`.
pub fn parse_hashes(bytes: &[u8], width: u64) -> Option<Vec<Digest>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    let whole = rest.is_empty() && hashes.len() as u64 == width;
    whole.then(|| hashes.iter().map(|hash| Digest::new(*hash)).collect())
}

/// The bytes of a tile of hashes.
pub fn hash_bytes(hashes: &[Digest]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.as_bytes()).copied().collect()
}

/// The entries of a bundle, borrowed. Ends with `Err(offset)` where the bytes stop being a bundle.
pub fn entries(bundle: &[u8]) -> impl Iterator<Item = Result<&[u8], usize>> {
    let mut rest = bundle;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let offset = bundle.len() - rest.len();
        let entry = rest.split_first_chunk::<2>().and_then(|(length, tail)| {
            let (entry, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
            rest = tail;
            Some(entry)
        });
        if entry.is_none() {
            rest = &[];
        }
        Some(entry.ok_or(offset))
    })
}

/// Reads hash tiles of a log of `size` entries and keeps the last few.
pub(crate) struct Reader {
    folder: PathBuf,
    size: u64,
    seen: HashMap<(u8, u64), Vec<Digest>>,
}

impl Reader {
    pub(crate) fn new(folder: &Path, size: u64) -> Self {
        Reader { folder: folder.to_path_buf(), size, seen: HashMap::new() }
    }

    /// The root of the `index`-th complete subtree of 2^height leaves.
    pub(crate) fn subtree(&mut self, height: u32, index: u64) -> Result<Digest, Fault> {
        // A subtree of 256^k leaves or more is a hash of level k; what is smaller is rebuilt from up to 128 of them.
        let (level, spread) = ((height / 8) as u8, height % 8);
        let first = index << spread;
        let (number, start) = (first / WIDTH, (first % WIDTH) as usize);
        let hashes = self.hashes(level, number)?;
        let end = start + (1 << spread);
        match hashes.get(start..end) {
            Some(hashes) => Ok(tree::root_of(hashes)),
            None => Err(short(&self.folder, Tile::hashes(level, number, end as u64))),
        }
    }

    fn hashes(&mut self, level: u8, number: u64) -> Result<&Vec<Digest>, Fault> {
        if self.seen.len() > 64 {
            self.seen.clear();
        }
        if !self.seen.contains_key(&(level, number)) {
            let count = self.size >> (8 * u32::from(level));
            let width = (count - (number * WIDTH).min(count)).min(WIDTH);
            let tile = Tile::hashes(level, number, width);
            let bytes = read(&self.folder, tile)?;
            let hashes = parse_hashes(&bytes, width).ok_or_else(|| short(&self.folder, tile))?;
            self.seen.insert((level, number), hashes);
        }
        Ok(&self.seen[&(level, number)])
    }
}

/// The bytes of `tile`, which the checkpoint needs. A partial tile may have been superseded by a wider one, whose
/// beginning is the same: then that beginning.
pub(crate) fn read(folder: &Path, tile: Tile) -> Result<Vec<u8>, Fault> {
    for _ in 0..3 {
        if let Some(bytes) = files::read(&folder.join(tile.path()))? {
            return Ok(bytes);
        }
        if tile.width == WIDTH {
            break;
        }
        for wider in wider(folder, tile)? {
            if let Some(bytes) = files::read(&folder.join(wider.path()))? {
                return beginning(&bytes, tile).ok_or_else(|| short(folder, wider));
            }
        }
    }
    Err(Fault::unverified("ledger-truncated", format!("{} is missing", tile.path().display()))
        .advise("The checkpoint needs this file. Restore it from a backup and verify again.")
        .at(Place::file(folder.join(tile.path()))))
}

/// The full tile and every wider partial tile that is there.
fn wider(folder: &Path, tile: Tile) -> Result<Vec<Tile>, Fault> {
    let mut found = vec![Tile { width: WIDTH, ..tile }];
    let partials = folder.join(tile.path());
    for name in partials.parent().map(files::names).transpose()?.unwrap_or_default() {
        let width = name.parse().ok().filter(|width| (tile.width..WIDTH).contains(width));
        found.extend(width.map(|width| Tile { width, ..tile }));
    }
    Ok(found)
}

/// The first `tile.width` hashes or entries of a wider tile's bytes.
pub(crate) fn beginning(bytes: &[u8], tile: Tile) -> Option<Vec<u8>> {
    let length = match tile.content {
        Content::Hashes(_) => tile.width as usize * 32,
        Content::Entries => {
            let mut length = 0;
            let mut entries = entries(bytes);
            for _ in 0..tile.width {
                length += 2 + entries.next()?.ok()?.len();
            }
            length
        }
    };
    bytes.get(..length).map(<[u8]>::to_vec)
}

pub(crate) fn short(folder: &Path, tile: Tile) -> Fault {
    let what = if tile.content == Content::Entries { "entries" } else { "hashes" };
    Fault::unverified(
        "ledger-truncated",
        format!("{} does not hold exactly {} {what}", tile.path().display(), tile.width),
    )
    .advise("The file was cut or added to. Restore it from a backup and verify again.")
    .at(Place::file(folder.join(tile.path())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tile: Tile, path: &str) {
        assert_eq!(tile.path(), Path::new(path));
        assert_eq!(Tile::parse(Path::new(path)), Some(tile));
    }

    #[test]
    fn paths_are_those_of_the_standard_and_read_back() {
        check(Tile::hashes(0, 0, 256), "tile/0/000");
        check(Tile::hashes(1, 999, 256), "tile/1/999");
        check(Tile::hashes(0, 1000, 256), "tile/0/x001/000");
        check(Tile::entries(1_234_067, 256), "tile/entries/x001/x234/067");
        check(Tile::entries(257, 208), "tile/entries/257.p/208");
        check(Tile::hashes(2, 1_234_067, 1), "tile/2/x001/x234/067.p/1");
        let wrong = ["tile/0/0", "tile/0/x000/001", "tile/00/001", "tile/0/001.p/256", "tile/0/001.p/0", "tile/64/001"];
        let wrong =
            [wrong.as_slice(), &["tile/0/001.p", "tile/0/001.p/017", "tile/0", "tile/0/1000", "x/0/001"]].concat();
        for path in wrong {
            assert_eq!(Tile::parse(Path::new(path)), None, "{path}");
        }
    }

    #[test]
    fn a_log_of_66_000_entries_has_the_partial_tiles_of_the_standard() {
        let width = |content| Tile::partial(content, 66_000).map(|tile| (tile.number, tile.width));
        assert_eq!(width(Content::Entries), Some((257, 208)));
        assert_eq!(width(Content::Hashes(0)), Some((257, 208)));
        assert_eq!(width(Content::Hashes(1)), Some((1, 1)));
        assert_eq!(width(Content::Hashes(2)), Some((0, 1)));
        assert_eq!((width(Content::Hashes(3)), levels(66_000), levels(0), levels(1)), (None, 3, 0, 1));
    }

    #[test]
    fn a_bundle_reads_to_its_first_bad_byte() {
        let bundle = b"\x00\x03one\x00\x03two\x00\x05three";
        let read: Vec<_> = entries(bundle).collect();
        assert_eq!(read, [Ok(b"one".as_slice()), Ok(b"two"), Ok(b"three")]);
        let read: Vec<_> = entries(&bundle[..9]).collect();
        assert_eq!(read, [Ok(b"one".as_slice()), Err(5)]);
        assert_eq!(entries(&[0]).collect::<Vec<_>>(), [Err(0)]);
    }
}
