//! ZIP files as office programs write them: read strictly, written plainly.
//!
//! Strict, because two readings of one file would let text hide: every entry is named once, none overlaps another, the
//! local header says what the directory says, nothing stands before the first or after the last byte. The general
//! reader of the `zip` crate keeps the last of two entries of a name and says nothing, so the few records are read here.

mod read;
mod write;

use std::ops::Range;

pub(super) use read::{Archive, Budget};
pub(super) use write::Writer;

/// APPNOTE 4.3.7.
const LOCAL: [u8; 4] = *b"PK\x03\x04";
/// APPNOTE 4.3.12.
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
/// APPNOTE 4.3.16.
const END: [u8; 4] = *b"PK\x05\x06";

/// One entry, as the directory describes it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    /// DOS time and date.
    pub(super) time: [u8; 4],
    pub(super) deflated: bool,
    pub(super) crc: u32,
    pub(super) size: u64,
    /// Where the compressed bytes lie.
    pub(super) data: Range<usize>,
}

impl Entry {
    pub(super) fn is_folder(&self) -> bool {
        self.name.ends_with('/')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    fn sample() -> Vec<u8> {
        let mut writer = Writer::default();
        writer.add("mimetype", [0, 0, 0x21, 0], false, b"text/plain");
        writer.add("a/b.xml", [0, 0, 0x21, 0], true, &b"<a>hello</a>".repeat(50));
        writer.finish()
    }

    fn code(bytes: &[u8]) -> &'static str {
        let limits = Limits::default();
        let mut budget = Budget::new(&limits);
        let read = Archive::read(bytes, &mut budget, &limits)
            .and_then(|archive| archive.entries.iter().try_for_each(|entry| archive.bytes(entry).map(drop)));
        read.map_or_else(|fault| fault.code(), |()| "fine")
    }

    /// What was written reads back, and copies of entries are the same bytes.
    #[test]
    fn writing_and_reading_agree() {
        let bytes = sample();
        let limits = Limits::default();
        let archive = Archive::read(&bytes, &mut Budget::new(&limits), &limits).unwrap();
        assert_eq!(archive.bytes(&archive.entries[1]).unwrap(), b"<a>hello</a>".repeat(50));
        let mut copy = Writer::default();
        archive.entries.iter().for_each(|entry| copy.copy(entry, archive.compressed(entry)));
        assert_eq!(copy.finish(), bytes);
    }

    /// No byte that is changed makes the reader panic, and a changed content is noticed.
    #[test]
    fn damage_is_refused() {
        let bytes = sample();
        for at in 0..bytes.len() {
            for bit in [1, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[at] ^= bit;
                code(&damaged);
            }
            code(&bytes[..at]);
        }
        let mut damaged = bytes.clone();
        damaged[45] ^= 1;
        assert_eq!(code(&damaged), "bad-zip");
        assert_eq!(code(&[&bytes[..], b"x"].concat()), "bad-zip");
        assert_eq!(code(&[b"x", &bytes[..]].concat()), "bad-zip");
    }

    /// Names that two readers would understand differently are refused.
    #[test]
    fn hostile_names_are_refused() {
        for (name, expect) in [
            ("../x", "bad-part-name"),
            ("/x", "bad-part-name"),
            ("a\\b", "bad-part-name"),
            ("a//b", "bad-part-name"),
            ("", "bad-part-name"),
            ("A/b.XML", "duplicate-part"),
            ("fine", "fine"),
        ] {
            let mut writer = Writer::default();
            writer.add("a/b.xml", [0; 4], true, b"<a/>");
            writer.add(name, [0; 4], true, b"x");
            assert_eq!(code(&writer.finish()), expect, "{name}");
        }
    }

    /// A bomb is refused before it is unpacked.
    #[test]
    fn bombs_are_refused() {
        let mut writer = Writer::default();
        writer.add("bomb", [0; 4], true, &vec![0; 4 << 20]);
        assert_eq!(code(&writer.finish()), "expands-too-much");
        let limits = Limits { expanded_bytes: 100, ..Limits::default() };
        let fault = Archive::read(&sample(), &mut Budget::new(&limits), &limits).map(drop).unwrap_err();
        assert_eq!(fault.code(), "expands-too-much");
        let limits = Limits { parts: 1, ..Limits::default() };
        let fault = Archive::read(&sample(), &mut Budget::new(&limits), &limits).map(drop).unwrap_err();
        assert_eq!(fault.code(), "too-many-parts");
    }
}
