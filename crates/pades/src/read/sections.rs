//! Cross-reference sections: tables and streams (ISO 32000-1, 7.5.4, 7.5.8), and the end of a file (7.5.5).

use std::collections::BTreeMap;

use lopdf::{Dictionary, Object};

use super::syntax::{Lexer, is_space};
use super::{Broken, decode};
use crate::Limits;

/// Where a section says that an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Free,
    At { offset: usize, generation: u16 },
    In { stream: u32, index: usize },
}

/// How a section is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Table,
    Stream,
}

/// One section, with what it says about the section before it.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    pub(crate) offset: usize,
    /// Where the trailer's dictionary, or the stream, ends.
    pub(crate) end: usize,
    pub(crate) kind: Kind,
    pub(crate) entries: BTreeMap<u32, Entry>,
    pub(crate) trailer: Dictionary,
    pub(crate) previous: Option<usize>,
    /// Where the second half of a hybrid section is.
    pub(crate) hybrid: Option<usize>,
}

/// What `startxref` at the end of `bytes` points to, and where `startxref` itself stands.
pub(crate) fn tail(bytes: &[u8]) -> Result<(usize, usize), Broken> {
    let from = bytes.len().saturating_sub(1100);
    let found = bytes[from..].windows(9).rposition(|window| window == b"startxref");
    let Some(word) = found.map(|at| from + at) else {
        return Err(Broken("it does not end with startxref".to_owned()));
    };
    let mut lexer = Lexer::new(bytes, word + 9);
    let offset = lexer.number().ok_or_else(|| Broken("startxref points nowhere".to_owned()))?;
    while lexer.peek().is_some_and(is_space) {
        lexer.at += 1;
    }
    if !bytes[lexer.at..].starts_with(b"%%EOF") {
        return Err(Broken("%%EOF is missing after startxref".to_owned()));
    }
    if !bytes[lexer.at + 5..].iter().all(|byte| is_space(*byte)) {
        return Err(Broken(format!("bytes follow after its end at byte {}", lexer.at + 5)));
    }
    Ok((offset, word))
}

/// The section at `offset`.
pub(crate) fn section(bytes: &[u8], offset: usize) -> Result<Section, Broken> {
    if offset >= bytes.len() {
        return Err(Broken(format!("a cross-reference section at byte {offset} lies outside of the file")));
    }
    let mut lexer = Lexer::new(bytes, offset);
    if lexer.take(b"xref") { table(lexer, offset) } else { stream(lexer, offset) }
}

fn broken(offset: usize) -> Broken {
    Broken(format!("the cross-reference section at byte {offset} is damaged"))
}

fn table(mut lexer: Lexer<'_>, offset: usize) -> Result<Section, Broken> {
    let mut entries = BTreeMap::new();
    while !lexer.take(b"trailer") {
        let (Some(first), Some(count)) = (lexer.number(), lexer.number()) else { return Err(broken(offset)) };
        if count > Limits::ENTRIES {
            return Err(broken(offset));
        }
        for number in first..first.saturating_add(count) {
            let (Some(place), Some(generation)) = (lexer.number(), lexer.number()) else { return Err(broken(offset)) };
            let entry = if lexer.take(b"n") {
                let generation = u16::try_from(generation).map_err(|_| broken(offset))?;
                if place == 0 { Entry::Free } else { Entry::At { offset: place, generation } }
            } else if lexer.take(b"f") {
                Entry::Free
            } else {
                return Err(broken(offset));
            };
            let number = u32::try_from(number).map_err(|_| broken(offset))?;
            if entries.insert(number, entry).is_some() {
                return Err(Broken(format!(
                    "the cross-reference section at byte {offset} names object {number} twice"
                )));
            }
        }
    }
    let Object::Dictionary(trailer) = lexer.object()? else { return Err(broken(offset)) };
    let hybrid = place(&trailer, b"XRefStm", offset)?;
    let previous = place(&trailer, b"Prev", offset)?;
    Ok(Section { offset, end: lexer.at, kind: Kind::Table, entries, trailer, previous, hybrid })
}

fn place(trailer: &Dictionary, key: &[u8], offset: usize) -> Result<Option<usize>, Broken> {
    match trailer.get(key) {
        Err(_) | Ok(Object::Null) => Ok(None),
        Ok(Object::Integer(place)) => usize::try_from(*place).map(Some).map_err(|_| broken(offset)),
        // pyHanko and others write whole numbers only; a real number or a reference is no place.
        Ok(_) => Err(broken(offset)),
    }
}

fn stream(mut lexer: Lexer<'_>, offset: usize) -> Result<Section, Broken> {
    let header = lexer.number().is_some() && lexer.number().is_some() && lexer.take(b"obj");
    if !header {
        return Err(Broken(format!("there is no cross-reference section at byte {offset}")));
    }
    let Object::Dictionary(trailer) = lexer.object()? else { return Err(broken(offset)) };
    if !trailer.has_type(b"XRef") {
        return Err(Broken(format!("there is no cross-reference section at byte {offset}")));
    }
    let Ok(Object::Integer(length)) = trailer.get(b"Length") else { return Err(broken(offset)) };
    let length = usize::try_from(*length).map_err(|_| broken(offset))?;
    let data = super::file::stream_data(&mut lexer, length)?;
    lexer.take(b"endobj");
    let bytes = decode(&trailer, &lexer.bytes[data])?;
    let entries = unpack(&trailer, &bytes).ok_or_else(|| broken(offset))?;
    let previous = place(&trailer, b"Prev", offset)?;
    Ok(Section { offset, end: lexer.at, kind: Kind::Stream, entries, trailer, previous, hybrid: None })
}

/// The entries of a cross-reference stream.
fn unpack(trailer: &Dictionary, bytes: &[u8]) -> Option<BTreeMap<u32, Entry>> {
    let numbers = |key: &[u8]| -> Option<Vec<usize>> {
        let items = trailer.get(key).ok()?.as_array().ok()?;
        items.iter().map(|item| usize::try_from(item.as_i64().ok()?).ok()).collect()
    };
    let widths = numbers(b"W")?;
    let [kind, second, third] = widths[..] else { return None };
    if kind > 8 || second > 8 || third > 8 || kind + second + third == 0 {
        return None;
    }
    let size = usize::try_from(trailer.get(b"Size").ok()?.as_i64().ok()?).ok()?;
    let index = if trailer.has(b"Index") { numbers(b"Index")? } else { vec![0, size] };
    let mut rows = bytes.chunks_exact(kind + second + third);
    let mut entries = BTreeMap::new();
    for pair in index.chunks(2) {
        let [first, count] = *pair else { return None };
        for number in first..first.checked_add(count)? {
            let row = rows.next()?;
            let field = |from: usize, width: usize| {
                row[from..from + width].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
            };
            let (one, two) = (field(kind, second), field(kind + second, third));
            let entry = match if kind == 0 { 1 } else { field(0, kind) } {
                0 => Entry::Free,
                1 if one == 0 => Entry::Free,
                1 => Entry::At { offset: usize::try_from(one).ok()?, generation: u16::try_from(two).ok()? },
                2 => Entry::In { stream: u32::try_from(one).ok()?, index: usize::try_from(two).ok()? },
                // ISO 32000-1, table 18: any other type is a reference to the null object.
                _ => Entry::Free,
            };
            if entries.insert(u32::try_from(number).ok()?, entry).is_some() {
                return None;
            }
        }
    }
    Some(entries)
}
