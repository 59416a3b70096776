//! A font program: the tables of one face of a `.ttf`, `.otf` or `.ttc` file (ISO/IEC 14496-22).

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

use allsorts::error::ParseError;
use allsorts::tables::{FontTableProvider, SfntVersion};

/// The bytes of a file, and where the tables of one of its faces are. Cloning shares them.
#[derive(Clone)]
pub(crate) struct Program(Rc<Tables>);

struct Tables {
    bytes: Rc<Cow<'static, [u8]>>,
    version: u32,
    tables: Vec<(u32, Range<usize>)>,
}

/// More faces than any collection has.
const FACES: u32 = 64;

/// Where the faces of a file begin: one, or those of a collection.
pub(crate) fn faces(bytes: &[u8]) -> Vec<usize> {
    if bytes.get(..4) != Some(b"ttcf") {
        return vec![0];
    }
    let count = u32_at(bytes, 8).unwrap_or(0).min(FACES) as usize;
    (0..count).filter_map(|face| u32_at(bytes, 12 + 4 * face)).map(|offset| offset as usize).collect()
}

impl Program {
    /// The face that begins at `offset`; `None` where the file is no font or is cut.
    pub(crate) fn read(bytes: &Rc<Cow<'static, [u8]>>, offset: usize) -> Option<Program> {
        let version = u32_at(bytes, offset)?;
        if ![0x0001_0000, u32::from_be_bytes(*b"OTTO"), u32::from_be_bytes(*b"true")].contains(&version) {
            return None;
        }
        let count = usize::from(u16_at(bytes, offset + 4)?);
        let table = |index: usize| {
            let at = offset + 12 + 16 * index;
            let start = u32_at(bytes, at + 8)? as usize;
            let end = start.checked_add(u32_at(bytes, at + 12)? as usize)?;
            (end <= bytes.len()).then_some((u32_at(bytes, at)?, start..end))
        };
        let tables = (0..count).map(table).collect::<Option<Vec<_>>>()?;
        Some(Program(Rc::new(Tables { bytes: Rc::clone(bytes), version, tables })))
    }

    /// The bytes of a table.
    pub(crate) fn table(&self, tag: &[u8; 4]) -> Option<&[u8]> {
        let tag = u32::from_be_bytes(*tag);
        let (_, range) = self.0.tables.iter().find(|(name, _)| *name == tag)?;
        self.0.bytes.get(range.clone())
    }

    /// Whether it has outlines that can be drawn, and always the same ones.
    pub(crate) fn is_drawable(&self) -> bool {
        (self.table(b"glyf").is_some() || self.table(b"CFF ").is_some()) && self.table(b"fvar").is_none()
    }
}

impl FontTableProvider for Program {
    fn table_data(&self, tag: u32) -> Result<Option<Cow<'_, [u8]>>, ParseError> {
        Ok(self.table(&tag.to_be_bytes()).map(Cow::Borrowed))
    }

    fn has_table(&self, tag: u32) -> bool {
        self.0.tables.iter().any(|(name, _)| *name == tag)
    }

    fn table_tags(&self) -> Option<Vec<u32>> {
        Some(self.0.tables.iter().map(|(name, _)| *name).collect())
    }
}

impl SfntVersion for Program {
    fn sfnt_version(&self) -> u32 {
        self.0.version
    }
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_font_is_none_and_never_a_panic() {
        let font = notosans::REGULAR_TTF;
        assert!(Program::read(&Rc::new(Cow::Borrowed(font)), 0).unwrap().is_drawable());
        for cut in [0, 3, 4, 11, 12, 40, 300, font.len() / 2] {
            assert!(Program::read(&Rc::new(Cow::Borrowed(&font[..cut])), 0).is_none(), "{cut}");
        }
        let hostile: &[u8] = b"ttcf\0\x02\0\0\xff\xff\xff\xff\xff\xff\xff\xff";
        assert_eq!(faces(hostile), [0xffff_ffff]);
        assert!(Program::read(&Rc::new(Cow::Borrowed(hostile)), 0xffff_ffff).is_none());
    }
}
