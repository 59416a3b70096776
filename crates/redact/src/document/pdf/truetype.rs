//! TrueType programs: outlines of glyphs that are no longer shown are emptied.

use std::collections::{BTreeMap, BTreeSet};

use super::font::Font;
use super::objects::{array, name};
use super::work::Work;

/// The glyphs that the shown codes of a font use; `None` when that cannot be said.
pub(super) fn glyphs(work: &Work<'_>, font: &Font, program: &[u8]) -> Option<BTreeSet<u16>> {
    let face = ttf_parser::Face::parse(program, 0).ok()?;
    face.tables().glyf?;
    if font.two_bytes {
        let dict = work.document.get_dictionary(font.id).ok()?;
        let descendants = array(&work.document, dict, b"DescendantFonts");
        let descendant = work.document.get_dictionary(descendants.first()?.as_reference().ok()?).ok()?;
        let identity = match descendant.get(b"CIDToGIDMap") {
            Err(_) => true,
            Ok(_) => name(&work.document, descendant, b"CIDToGIDMap").as_deref() == Some(b"Identity"),
        };
        return identity.then(|| font.shown.iter().filter_map(|code| u16::try_from(*code).ok()).collect());
    }
    let cmap = face.tables().cmap?;
    // Every way by which a viewer may go from a code to a glyph (ISO 32000-1, 9.6.6.4).
    let mut found = BTreeSet::new();
    for code in &font.shown {
        let mut points = vec![*code, 0xf000 + code];
        points.extend(font.text_of(*code).into_iter().flat_map(str::chars).map(u32::from));
        for table in cmap.subtables {
            found.extend(points.iter().filter_map(|point| table.glyph_index(*point)).map(|glyph| glyph.0));
        }
    }
    (!found.is_empty() || font.shown.is_empty()).then_some(found)
}

/// The program without the outlines of all other glyphs; `None` when there is nothing to take out, or no way.
pub(super) fn without(program: &[u8], shown: &BTreeSet<u16>) -> Option<Vec<u8>> {
    let tables = tables(program)?;
    let (head, loca, glyf) = (tables.get(b"head")?, tables.get(b"loca")?, tables.get(b"glyf")?);
    let long = *head.get(51)? == 1;
    let offsets = offsets(loca, long)?;
    let kept = closure(glyf, &offsets, shown);
    let mut outlines = Vec::new();
    let mut starts = vec![0u32];
    let mut emptied = false;
    for glyph in 0..offsets.len().checked_sub(1)? {
        let outline = glyf.get(offsets[glyph]..offsets[glyph + 1])?;
        if u16::try_from(glyph).is_ok_and(|glyph| kept.contains(&glyph)) {
            outlines.extend_from_slice(outline);
        } else {
            emptied |= !outline.is_empty();
        }
        outlines.resize(outlines.len().next_multiple_of(4), 0);
        starts.push(u32::try_from(outlines.len()).ok()?);
    }
    if !emptied {
        return None;
    }
    let mut new: BTreeMap<[u8; 4], Vec<u8>> = tables.iter().map(|(tag, bytes)| (*tag, bytes.to_vec())).collect();
    new.insert(*b"loca", starts.iter().flat_map(|start| start.to_be_bytes()).collect());
    new.insert(*b"glyf", outlines);
    new.get_mut(b"head")?.get_mut(50..52)?.copy_from_slice(&[0, 1]);
    // Names of glyphs and layout rules speak of the characters that went.
    for tag in [b"GSUB", b"GPOS", b"GDEF", b"kern", b"DSIG"] {
        new.remove(tag);
    }
    Some(assemble(program.get(..4)?, &new))
}

fn tables(program: &[u8]) -> Option<BTreeMap<[u8; 4], &[u8]>> {
    let count = usize::from(u16::from_be_bytes(program.get(4..6)?.try_into().ok()?));
    let mut tables = BTreeMap::new();
    for entry in program.get(12..12 + 16 * count)?.chunks_exact(16) {
        let word = |at: usize| Some(u32::from_be_bytes(entry.get(at..at + 4)?.try_into().ok()?) as usize);
        let (offset, length) = (word(8)?, word(12)?);
        tables.insert(entry[..4].try_into().ok()?, program.get(offset..offset.checked_add(length)?)?);
    }
    Some(tables)
}

fn offsets(loca: &[u8], long: bool) -> Option<Vec<usize>> {
    let offsets: Vec<usize> = if long {
        loca.chunks_exact(4).map(|word| u32::from_be_bytes([word[0], word[1], word[2], word[3]]) as usize).collect()
    } else {
        loca.chunks_exact(2).map(|word| usize::from(u16::from_be_bytes([word[0], word[1]])) * 2).collect()
    };
    offsets.is_sorted().then_some(offsets)
}

/// The glyphs, those they are composed of, and glyph 0, which stands for what is missing.
fn closure(glyf: &[u8], offsets: &[usize], shown: &BTreeSet<u16>) -> BTreeSet<u16> {
    let mut kept = BTreeSet::new();
    let mut queue: Vec<u16> = shown.iter().copied().chain([0]).collect();
    while let Some(glyph) = queue.pop() {
        if kept.insert(glyph) {
            queue.extend(components(glyf, offsets, usize::from(glyph)).unwrap_or_default());
        }
    }
    kept
}

fn components(glyf: &[u8], offsets: &[usize], glyph: usize) -> Option<Vec<u16>> {
    let outline = glyf.get(*offsets.get(glyph)?..*offsets.get(glyph + 1)?)?;
    let word = |at: usize| Some(u16::from_be_bytes(outline.get(at..at + 2)?.try_into().ok()?));
    let mut parts = Vec::new();
    if (word(0)? as i16) >= 0 {
        return Some(parts);
    }
    let mut at = 10;
    loop {
        let flags = word(at)?;
        parts.push(word(at + 2)?);
        // ARG_1_AND_2_ARE_WORDS, then WE_HAVE_A_SCALE, AN_X_AND_Y_SCALE, A_TWO_BY_TWO, then MORE_COMPONENTS.
        at += 4 + if flags & 1 != 0 { 4 } else { 2 };
        at += if flags & 8 != 0 {
            2
        } else if flags & 0x40 != 0 {
            4
        } else if flags & 0x80 != 0 {
            8
        } else {
            0
        };
        if flags & 0x20 == 0 {
            return Some(parts);
        }
    }
}

/// A font file of these tables (OpenType 1.9, "Organization of an OpenType font").
fn assemble(kind: &[u8], tables: &BTreeMap<[u8; 4], Vec<u8>>) -> Vec<u8> {
    let count = tables.len() as u16;
    let power = count.checked_ilog2().unwrap_or(0);
    let range = 16 * (1u16 << power);
    let mut out = kind.to_vec();
    for word in [count, range, power as u16, count * 16 - range] {
        out.extend_from_slice(&word.to_be_bytes());
    }
    let mut offset = 12 + 16 * tables.len();
    for (tag, bytes) in tables {
        out.extend_from_slice(tag);
        for word in [checksum(bytes), offset as u32, bytes.len() as u32] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        offset += bytes.len().next_multiple_of(4);
    }
    for bytes in tables.values() {
        out.extend_from_slice(bytes);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}

fn checksum(bytes: &[u8]) -> u32 {
    bytes.chunks(4).fold(0u32, |sum, chunk| {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        sum.wrapping_add(u32::from_be_bytes(word))
    })
}
