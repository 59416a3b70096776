//! The segment: entries that are durable before they are in the tree. Big-endian.
//!
//! ```text
//! record: 0xA1 ‖ u32 length ‖ u64 index ‖ payload ‖ u32 crc32c(all before)
//! commit: 0xC1 ‖ u32 count ‖ u64 size after ‖ 32-byte root after ‖ u32 crc32c(all before)
//! 0x00 at the start of a record: unused to the end
//! ```
//! A group of records counts only with its commit. The next group is written after the commit before it is durable.

use std::ops::Range;
use std::path::{Path, PathBuf};

use model::{Digest, Fault, Place};

use crate::{Limits, files, tree};

const RECORD: u8 = 0xA1;
const COMMIT: u8 = 0xC1;
const COMMIT_BYTES: usize = 1 + 4 + 8 + 32 + 4;

/// The path of the segment whose first entry has index `first`, below the log's folder.
pub(crate) fn path(first: u64) -> PathBuf {
    PathBuf::from(format!("segment/{first:020}"))
}

/// Appends a record whose payload `write` produces, and returns where in `out` the payload lies.
pub(crate) fn push_record(
    out: &mut Vec<u8>,
    index: u64,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), Fault>,
) -> Result<Range<usize>, Fault> {
    let start = out.len();
    out.extend_from_slice(&[RECORD, 0, 0, 0, 0]);
    out.extend_from_slice(&index.to_be_bytes());
    let payload = out.len();
    write(out)?;
    let end = out.len();
    // Entry::push_to and the log refuse entries over 65,535 bytes.
    out[start + 1..start + 5].copy_from_slice(&((end - payload) as u32).to_be_bytes());
    push_crc(out, start);
    Ok(payload..end)
}

/// Appends the commit of `count` records.
pub(crate) fn push_commit(out: &mut Vec<u8>, count: u32, size: u64, root: &Digest) {
    let start = out.len();
    out.push(COMMIT);
    out.extend_from_slice(&count.to_be_bytes());
    out.extend_from_slice(&size.to_be_bytes());
    out.extend_from_slice(root.as_bytes());
    push_crc(out, start);
}

fn push_crc(out: &mut Vec<u8>, start: usize) {
    let crc = crc32c::crc32c(&out[start..]);
    out.extend_from_slice(&crc.to_be_bytes());
}

/// What a segment holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// Where in the bytes each committed entry lies, in order of index.
    pub entries: Vec<Range<usize>>,
    /// The hash of each of them.
    pub leaves: Vec<Digest>,
    /// The commits, in order: size and root that each states.
    pub commits: Vec<(u64, Digest)>,
    /// Where the last good commit ends.
    pub committed: usize,
    /// What follows it, if anything but unused space.
    pub tear: Option<Tear>,
}

/// Where a segment stops making sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tear {
    /// The first bad byte.
    pub offset: usize,
    /// What is wrong there.
    pub reason: &'static str,
    /// Whether a good commit stands behind it: then entries that were acknowledged are damaged.
    pub is_damage: bool,
}

/// Reads a segment whose first entry has index `first`. Total: whatever the bytes are, the answer says how far they
/// are sound.
pub fn replay(bytes: &[u8], first: u64) -> Replay {
    let mut replay = Replay::default();
    let mut pending: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    let reason = loop {
        let next = first.wrapping_add((replay.entries.len() + pending.len()) as u64);
        match parse_one(bytes, at, next) {
            Ok(Parsed::Record(payload)) => {
                at = payload.end + 4;
                pending.push(payload);
            }
            Ok(Parsed::Commit { count, size, root }) => {
                if count as usize != pending.len() || size != next {
                    break "a commit does not match its records";
                }
                at += COMMIT_BYTES;
                replay.leaves.extend(pending.iter().map(|range| tree::leaf(&bytes[range.clone()])));
                replay.entries.append(&mut pending);
                replay.commits.push((size, root));
                replay.committed = at;
            }
            Ok(Parsed::End) => break "a group was not committed",
            Err(reason) => break reason,
        }
    };
    let unused = bytes[replay.committed..].iter().all(|byte| *byte == 0);
    if !unused {
        let is_damage = holds_commit(&bytes[at.min(bytes.len())..]);
        replay.tear = Some(Tear { offset: at, reason, is_damage });
    }
    replay
}

enum Parsed {
    Record(Range<usize>),
    Commit { count: u32, size: u64, root: Digest },
    End,
}

fn parse_one(bytes: &[u8], at: usize, next: u64) -> Result<Parsed, &'static str> {
    match bytes.get(at) {
        None | Some(0) => Ok(Parsed::End),
        Some(&RECORD) => parse_record(bytes, at, next),
        Some(&COMMIT) => parse_commit(&bytes[at..]),
        Some(_) => Err("no record begins here"),
    }
}

fn parse_record(bytes: &[u8], at: usize, next: u64) -> Result<Parsed, &'static str> {
    const CUT: &str = "a record is cut";
    let (length, tail) = bytes[at + 1..].split_first_chunk::<4>().ok_or(CUT)?;
    let (index, _) = tail.split_first_chunk::<8>().ok_or(CUT)?;
    let length = u32::from_be_bytes(*length) as usize;
    if length > Limits::ENTRY_BYTES {
        return Err("a record is longer than any entry");
    }
    let payload = at + 13..at + 13 + length;
    let crc = bytes.get(payload.end..payload.end + 4).ok_or(CUT)?;
    if crc != crc32c::crc32c(&bytes[at..payload.end]).to_be_bytes() {
        return Err("a record has a wrong checksum");
    }
    if u64::from_be_bytes(*index) != next {
        return Err("a record has the wrong index");
    }
    Ok(Parsed::Record(payload))
}

fn parse_commit(bytes: &[u8]) -> Result<Parsed, &'static str> {
    let commit = bytes.get(..COMMIT_BYTES).ok_or("a commit is cut")?;
    let (body, crc) = commit.split_at(COMMIT_BYTES - 4);
    if crc != crc32c::crc32c(body).to_be_bytes() {
        return Err("a commit has a wrong checksum");
    }
    const LENGTH: &str = "a commit is cut";
    let (count, rest) = body[1..].split_first_chunk::<4>().ok_or(LENGTH)?;
    let (size, root) = rest.split_first_chunk::<8>().ok_or(LENGTH)?;
    let root = root.try_into().map_err(|_| LENGTH)?;
    Ok(Parsed::Commit { count: u32::from_be_bytes(*count), size: u64::from_be_bytes(*size), root: Digest::new(root) })
}

/// Whether a sound commit stands anywhere in `bytes`. Entries are UTF-8, where 0xC1 never occurs.
fn holds_commit(bytes: &[u8]) -> bool {
    memchr::memchr_iter(COMMIT, bytes).any(|at| parse_commit(&bytes[at..]).is_ok())
}

/// The segment that continues a log of `signed` entries: its bytes and what they hold.
pub(crate) struct Tail {
    /// The file, or `None` when there is none.
    pub(crate) path: Option<PathBuf>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) replay: Replay,
    /// Segments that the checkpoint has overtaken; a crash kept them from being removed.
    pub(crate) stale: Vec<PathBuf>,
}

/// Finds and reads the segment behind a checkpoint of `signed` entries whose tree has the edge `edge`.
///
/// # Errors
/// `ledger-segment-damaged` when acknowledged entries cannot be read, or the segment does not continue the checkpoint.
pub(crate) fn read_tail(folder: &Path, edge: &tree::Edge) -> Result<Tail, Fault> {
    let signed = edge.size();
    let mut tail = Tail { path: None, bytes: Vec::new(), replay: Replay::default(), stale: Vec::new() };
    for name in files::names(&folder.join("segment"))? {
        let path = folder.join("segment").join(&name);
        let first = name.parse::<u64>().ok().filter(|first| segment_name(*first) == name);
        match first {
            Some(first) if first < signed => {
                let last = replay(&read_segment(&path)?, first).commits.last().map(|(size, _)| *size);
                if last.is_some_and(|last| last > signed) {
                    return Err(damaged(&path, format!("it goes beyond the checkpoint, which covers {signed}")));
                }
                tail.stale.push(path);
            }
            Some(first) if first == signed => {
                tail.bytes = read_segment(&path)?;
                tail.replay = replay(&tail.bytes, first);
                tail.path = Some(path);
            }
            Some(first) => return Err(gap(&path, first, signed)),
            None => return Err(crate::walk::unexpected(&path)),
        }
    }
    if let (Some(path), Some(tear)) = (&tail.path, &tail.replay.tear)
        && tear.is_damage
    {
        let index = signed + tail.replay.entries.len() as u64;
        return Err(damaged(path, format!("at byte {}, entry {index} or later: {}", tear.offset, tear.reason)));
    }
    check_roots(&tail, edge.clone())?;
    Ok(tail)
}

/// Each commit must state the root that its entries give.
fn check_roots(tail: &Tail, mut edge: tree::Edge) -> Result<(), Fault> {
    let mut leaves = tail.replay.leaves.iter();
    for (size, root) in &tail.replay.commits {
        while edge.size() < *size {
            let Some(leaf) = leaves.next() else { break };
            edge.push(*leaf);
        }
        if edge.root() != *root {
            let path = tail.path.as_deref().unwrap_or(Path::new("segment"));
            return Err(damaged(path, format!("the group up to entry {size} does not give the root it states")));
        }
    }
    Ok(())
}

fn segment_name(first: u64) -> String {
    format!("{first:020}")
}

fn read_segment(path: &Path) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    files::read_into(path, &mut bytes, Limits::SEGMENT_BYTES)?;
    if bytes.len() as u64 > Limits::SEGMENT_BYTES {
        return Err(damaged(path, "it is larger than any segment".to_owned()));
    }
    Ok(bytes)
}

fn gap(path: &Path, first: u64, signed: u64) -> Fault {
    damaged(path, format!("it begins with entry {first}, but the checkpoint covers only {signed}"))
}

fn damaged(path: &Path, reason: String) -> Fault {
    Fault::unverified("ledger-segment-damaged", format!("Acknowledged entries are damaged: {reason}"))
        .advise("Keep the folder as it is and restore the ledger from a backup; nothing is skipped silently.")
        .at(Place::file(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(out: &mut Vec<u8>, index: u64, text: &str) {
        let write = |out: &mut Vec<u8>| {
            out.extend_from_slice(text.as_bytes());
            Ok(())
        };
        push_record(out, index, write).expect("nothing to refuse");
    }

    /// Two groups, of two entries and of one, starting at index 5.
    fn sample() -> Vec<u8> {
        let mut out = Vec::new();
        for (index, text) in [(5, "one"), (6, "two")] {
            record(&mut out, index, text);
        }
        push_commit(&mut out, 2, 7, &Digest::ZERO);
        record(&mut out, 7, "three");
        push_commit(&mut out, 1, 8, &Digest::ZERO);
        out
    }

    #[test]
    fn a_whole_segment_replays_and_zeros_behind_it_are_unused() {
        let mut bytes = sample();
        let whole = replay(&bytes, 5);
        let texts: Vec<_> = whole.entries.iter().map(|range| &bytes[range.clone()]).collect();
        assert_eq!((texts, whole.tear.clone()), (vec![b"one".as_slice(), b"two", b"three"], None));
        bytes.extend_from_slice(&[0; 4096]);
        assert_eq!(replay(&bytes, 5), whole);
        assert_eq!(replay(&[], 5), Replay::default());
    }

    #[test]
    fn a_cut_anywhere_keeps_the_groups_before_it_and_is_no_damage() {
        let bytes = sample();
        let first = replay(&bytes[..bytes.len() - 1], 5).committed;
        for length in 0..bytes.len() {
            let replay = replay(&bytes[..length], 5);
            assert_eq!(replay.entries.len(), if length < first { 0 } else { 2 }, "{length}");
            assert_eq!(replay.tear.is_some(), length != 0 && length != first, "{length}");
            assert!(replay.tear.is_none_or(|tear| !tear.is_damage), "{length}");
        }
    }

    #[test]
    fn a_changed_byte_is_damage_when_a_good_commit_follows() {
        let bytes = sample();
        let first = replay(&bytes[..bytes.len() - 1], 5).committed;
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x40;
            let tear = replay(&bytes, 5).tear.expect("every byte is covered");
            assert_eq!(tear.is_damage, at < bytes.len() - COMMIT_BYTES, "{at}");
            assert!(tear.offset <= at && (at < first || tear.offset >= first), "{at}");
        }
    }
}
