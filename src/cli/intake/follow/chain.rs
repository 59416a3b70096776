//! How far followed files have come, as the store tells it.
//!
//! Each piece of a followed file is an original of its own. Its reader names the chain it belongs to (device, inode, and which of
//! the files that have been there), the offset where the piece begins, and the digest of everything up to its end. The place is thus
//! part of the commit that brings the rows in: both are there, or neither.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use ingest::{Format, Limits};
use model::{Digest, Fault};
use seal::Hasher;
use store::{Reading, Store};

const MARK: &str = "+follow-";

/// A file as it is told from all others: by where it lay when it was first seen, and how many were there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id {
    pub(super) device: u64,
    pub(super) inode: u64,
    pub(super) generation: u64,
}

/// What was taken of one file.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    pub(super) format: Option<Format>,
    /// Where each piece ends, and the digest of everything up to there; in order.
    ends: Vec<(u64, Digest)>,
    /// The bytes of the first piece, while they are there.
    first: Option<PathBuf>,
}

impl Chain {
    pub(super) fn end(&self) -> u64 {
        self.ends.last().map_or(0, |(end, _)| *end)
    }

    pub(super) fn add(&mut self, end: u64, through: Digest) {
        self.ends.push((end, through));
    }
}

/// All chains that a store has.
#[derive(Default)]
pub(super) struct Chains {
    pub(super) all: BTreeMap<Id, Chain>,
}

/// What a file has in common with the chains.
pub(super) enum Likeness {
    /// Everything that was taken of a chain, and perhaps more behind it.
    Whole(Id, Hasher),
    /// A beginning of what was taken of a chain, and nothing else.
    Part,
    Nothing,
}

impl Chains {
    /// Reads them out of the store.
    ///
    /// # Errors
    /// What the store says.
    pub(super) fn read(store: &Store<'_>) -> Result<Self, Fault> {
        let mut pieces: Vec<(Id, u64, Digest, Reading)> = Vec::new();
        for reading in store.readings()? {
            pieces.extend(parse(&reading.key.reader).map(|(id, offset, through)| (id, offset, through, reading)));
        }
        pieces.sort_by_key(|(id, offset, ..)| (*id, *offset));
        let mut chains = Chains::default();
        for (id, offset, through, reading) in pieces {
            let chain = chains.all.entry(id).or_default();
            chain.format = reading.key.reader.split("-v").next().and_then(|name| Format::parse(name).ok());
            chain.add(offset + reading.size, through);
            if offset == 0 {
                chain.first = reading.path;
            }
        }
        Ok(chains)
    }

    /// The newest chain that began at this place.
    pub(super) fn newest(&self, device: u64, inode: u64) -> Option<Id> {
        let at = |generation| Id { device, inode, generation };
        self.all.range(at(0)..=at(u64::MAX)).next_back().map(|(id, _)| *id)
    }

    /// How much was taken of a chain.
    pub(super) fn end(&self, id: Id) -> u64 {
        self.all.get(&id).map_or(0, Chain::end)
    }

    /// An id for a file that is new at its place.
    pub(super) fn next(&self, device: u64, inode: u64) -> Id {
        let generation = self.newest(device, inode).map_or(0, |id| id.generation + 1);
        Id { device, inode, generation }
    }

    /// What was taken of the file, hashed again; nothing when the file has become another.
    pub(super) fn verify(&self, id: Id, file: &mut dyn Read) -> std::io::Result<Option<Hasher>> {
        let Some((end, through)) = self.all.get(&id).and_then(|chain| chain.ends.last()) else { return Ok(None) };
        let mut hasher = Hasher::new();
        let read = std::io::copy(&mut file.take(*end), &mut hasher)?;
        Ok((read == *end && hasher.clone().finish() == *through).then_some(hasher))
    }

    /// Compares a file with every chain.
    pub(super) fn likeness(&self, file: &mut dyn Read) -> std::io::Result<Likeness> {
        let mut marks: BTreeMap<u64, Vec<(Id, Digest, bool)>> = BTreeMap::new();
        for (id, chain) in &self.all {
            for (index, (end, through)) in chain.ends.iter().enumerate() {
                marks.entry(*end).or_default().push((*id, *through, index + 1 == chain.ends.len()));
            }
        }
        let (mut hasher, mut at, mut whole, mut last_part) = (Hasher::new(), 0, None, None);
        for (end, chains) in &marks {
            let read = std::io::copy(&mut file.take(end - at), &mut hasher)?;
            at += read;
            if at < *end {
                let is_part = match last_part {
                    // As long as it agreed up to here and ends inside the next piece.
                    Some(part) => self.goes_on(part, at),
                    None => self.is_beginning(at, &hasher)?,
                };
                return Ok(match whole {
                    Some((id, hasher)) if !is_part => Likeness::Whole(id, hasher),
                    _ if is_part => Likeness::Part,
                    _ => Likeness::Nothing,
                });
            }
            let digest = hasher.clone().finish();
            for (id, _, is_last) in chains.iter().filter(|(_, through, _)| *through == digest) {
                last_part = Some((*id, *end));
                if *is_last {
                    whole = Some((*id, hasher.clone()));
                }
            }
        }
        Ok(whole.map_or(Likeness::Nothing, |(id, hasher)| Likeness::Whole(id, hasher)))
    }

    /// Whether a file that agreed with a chain up to the end of a piece ends before that of the next.
    fn goes_on(&self, (id, agreed): (Id, u64), size: u64) -> bool {
        let Some(chain) = self.all.get(&id) else { return false };
        chain.ends.iter().find(|(end, _)| *end > agreed).is_some_and(|(end, _)| size < *end)
    }

    /// Whether so many bytes are the beginning of a first piece.
    fn is_beginning(&self, size: u64, hasher: &Hasher) -> std::io::Result<bool> {
        let digest = hasher.clone().finish();
        for chain in self.all.values().filter(|chain| chain.ends.first().is_some_and(|(end, _)| *end > size)) {
            let Some(path) = chain.first.as_ref().filter(|path| path.exists()) else { continue };
            let Ok(original) = ingest::decode(Box::new(File::open(path)?), &Limits::default()) else { continue };
            let mut other = Hasher::new();
            std::io::copy(&mut original.take(size), &mut other)?;
            if other.finish() == digest {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// What stands behind the reader of a piece.
pub(super) fn mark(id: Id, offset: u64, through: &Digest) -> String {
    format!("{MARK}{}-{}-{}-{offset}-{}", id.device, id.inode, id.generation, through.hex())
}

fn parse(reader: &str) -> Option<(Id, u64, Digest)> {
    let (_, mark) = reader.rsplit_once(MARK)?;
    let mut parts = mark.split('-');
    let mut number = || parts.next()?.parse::<u64>().ok();
    let id = Id { device: number()?, inode: number()?, generation: number()? };
    let offset = number()?;
    let through = Digest::parse(parts.next()?).ok()?;
    parts.next().is_none().then_some((id, offset, through))
}

/// The last bytes of what was taken: that they stand where they stood tells a file that goes on from one that began anew.
pub(super) fn tail(before: &[u8], taken: &[u8]) -> Vec<u8> {
    const TAIL: usize = 4 << 10;
    let whole = [before, taken].concat();
    whole[whole.len().saturating_sub(TAIL)..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chains(pieces: &[(Id, &[&str])]) -> Chains {
        let mut chains = Chains::default();
        for (id, texts) in pieces {
            let mut whole = String::new();
            for text in *texts {
                whole.push_str(text);
                chains.all.entry(*id).or_default().add(whole.len() as u64, seal::sha256(whole.as_bytes()));
            }
        }
        chains
    }

    const A: Id = Id { device: 1, inode: 2, generation: 0 };
    const B: Id = Id { device: 1, inode: 2, generation: 1 };

    #[test]
    fn a_mark_reads_back() {
        let digest = seal::sha256(b"x");
        assert_eq!(parse(&format!("text-v1+at-5{}", mark(B, 7, &digest))), Some((B, 7, digest)));
        for wrong in ["text-v1", "text-v1+follow-1-2-3-4-zz", "text-v1+follow-1-2-3"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn files_are_like_what_was_taken_or_not() {
        let chains = chains(&[(A, &["a1\n", "a2\n"]), (B, &["b1\n"])]);
        let check = |text: &str, expect: &str| {
            let found = match chains.likeness(&mut text.as_bytes()).unwrap() {
                Likeness::Whole(A, _) => "A",
                Likeness::Whole(..) => "B",
                Likeness::Part => "part",
                Likeness::Nothing => "nothing",
            };
            assert_eq!(found, expect, "{text:?}");
        };
        check("a1\na2\n", "A");
        check("a1\na2\na3\n", "A");
        check("a1\n", "part");
        check("a1\na", "part");
        check("a1\nb2\n", "nothing");
        check("b1\n", "B");
        check("b1\na2\nmuch more\n", "B");
        check("c1\na2\n", "nothing");
        assert_eq!((chains.newest(1, 2), chains.next(1, 2).generation, chains.next(9, 2).generation), (Some(B), 2, 0));
        assert!(chains.verify(A, &mut &b"a1\na2\na3"[..]).unwrap().is_some());
        assert!(chains.verify(A, &mut &b"a1\nx2\n"[..]).unwrap().is_none());
        assert!(chains.verify(A, &mut &b"a1\n"[..]).unwrap().is_none());
    }

    #[test]
    fn a_tail_is_what_stands_last() {
        assert_eq!(tail(b"ab", b"cd"), b"abcd");
        assert_eq!(tail(&[1; 5_000], &[2]).len(), 4_096);
    }
}
