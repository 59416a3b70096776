//! The fonts: Noto Sans and Noto Mono (SIL Open Font License 1.1, `fonts/OFL.txt`): Latin, Greek, Cyrillic.

use std::collections::{BTreeMap, BTreeSet};

use allsorts::binary::read::ReadScope;
use allsorts::font_data::FontData;
use allsorts::subset::{CmapTarget, SubsetProfile, subset};
use model::Fault;
use printpdf::ParsedFont;

const MONO: &[u8] = include_bytes!("../fonts/NotoMono-Regular.ttf");

/// A face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Face {
    /// Running text.
    Regular,
    /// What stands out.
    Bold,
    /// Digests and names of files.
    Mono,
}

impl Face {
    pub(crate) const ALL: [Face; 3] = [Face::Regular, Face::Bold, Face::Mono];

    /// The name of the resource in the file.
    pub(crate) fn resource(self) -> &'static str {
        ["FR", "FB", "FM"][self as usize]
    }

    fn name(self) -> &'static str {
        ["NotoSans-Regular", "NotoSans-Bold", "NotoMono-Regular"][self as usize]
    }

    pub(crate) fn bytes(self) -> &'static [u8] {
        [notosans::REGULAR_TTF, notosans::BOLD_TTF, MONO][self as usize]
    }
}

/// The three faces, read.
pub(crate) struct Fonts {
    faces: [ParsedFont; 3],
}

impl Fonts {
    pub(crate) fn load() -> Result<Fonts, Fault> {
        let read = |face: Face| {
            ParsedFont::from_bytes(face.bytes(), 0, &mut Vec::new())
                .ok_or_else(|| Fault::internal("bad-font", format!("The built-in font {} cannot be read", face.name())))
        };
        Ok(Fonts { faces: [read(Face::Regular)?, read(Face::Bold)?, read(Face::Mono)?] })
    }

    fn glyph(&self, face: Face, c: char) -> Option<u16> {
        self.faces[face as usize].codepoint_to_glyph.get(&u32::from(c)).copied().filter(|glyph| *glyph != 0)
    }

    /// Width of a text in points; 0 for what is not in the font.
    pub(crate) fn width(&self, face: Face, size: f32, text: &str) -> f32 {
        text.chars().map(|c| self.char_width(face, size, c)).sum()
    }

    pub(crate) fn char_width(&self, face: Face, size: f32, c: char) -> f32 {
        let font = &self.faces[face as usize];
        let advance = self.glyph(face, c).and_then(|glyph| font.glyph_widths.get(&glyph)).copied().unwrap_or(0);
        f32::from(advance) * size / f32::from(font.units_per_em)
    }

    /// The face that has every character of `text`: the one wanted, or the regular one where only that has them.
    ///
    /// # Errors
    /// `missing-glyph`.
    pub(crate) fn face_for(&self, wanted: Face, text: &str) -> Result<Face, Fault> {
        let has_all = |face: Face| text.chars().all(|c| self.glyph(face, c).is_some());
        if has_all(wanted) {
            return Ok(wanted);
        }
        match text.chars().find(|c| self.glyph(Face::Regular, *c).is_none()) {
            None => Ok(Face::Regular),
            Some(c) => Err(Fault::bad_input(
                "missing-glyph",
                format!(
                    "The report cannot show U+{:04X} ({c}): the built-in fonts have Latin, Greek and Cyrillic",
                    u32::from(c)
                ),
            )
            .advise("Write the name or text in one of these scripts; exhibits themselves may hold anything.")),
        }
    }

    /// A face reduced to the characters that are used. Glyph n of it is the n-th of them; glyph 0 is `.notdef`.
    pub(crate) fn subset(&self, face: Face, used: &BTreeSet<char>) -> Result<ParsedFont, Fault> {
        let broken = |error: &dyn std::fmt::Display| {
            Fault::internal("bad-font", format!("The font {} cannot be reduced: {error}", face.name()))
        };
        let font = &self.faces[face as usize];
        let glyphs: BTreeSet<u16> = used.iter().filter_map(|c| self.glyph(face, *c)).collect();
        let ids: Vec<u16> = std::iter::once(0).chain(glyphs).collect();
        let data = ReadScope::new(face.bytes()).read::<FontData<'_>>().map_err(|error| broken(&error))?;
        let provider = data.table_provider(0).map_err(|error| broken(&error))?;
        let bytes =
            subset(&provider, &ids, &SubsetProfile::Pdf, CmapTarget::Unicode).map_err(|error| broken(&error))?;
        let place = |old: u16| ids.iter().position(|id| *id == old).map(|new| new as u16);
        let map: BTreeMap<u32, u16> =
            used.iter().filter_map(|c| Some((u32::from(*c), self.glyph(face, *c).and_then(place)?))).collect();
        let widths = ids.iter().enumerate().filter_map(|(new, old)| Some((new as u16, *font.glyph_widths.get(old)?)));
        let mut small = ParsedFont::with_glyph_data(
            bytes,
            0,
            Some(format!("{}+{}", tag(used), face.name())),
            map,
            widths.collect(),
            font.units_per_em,
            font.font_metrics.clone(),
        );
        small.pdf_font_metrics = font.pdf_font_metrics.clone();
        Ok(small)
    }
}

/// Six capitals that name a subset (ISO 32000-1, 9.6.4); the same for the same characters.
fn tag(used: &BTreeSet<char>) -> String {
    let mut hash = used
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, c| (hash ^ u64::from(u32::from(*c))).wrapping_mul(0x0100_0000_01b3));
    let letter = |_| {
        let letter = b'A' + (hash % 26) as u8;
        hash /= 26;
        letter as char
    };
    (0..6).map(letter).collect()
}
