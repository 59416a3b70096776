//! What the targets of containers share: two deciders, and what must hold of whatever they leave.

use std::collections::HashSet;

use model::Fault;
use redact::document::Rewritten;
use redact::{Decide, Edit, Limits, Piece};

/// A container's walk.
pub type Rewrite = fn(&[u8], &mut dyn Decide, &Limits) -> Result<Rewritten, Fault>;

/// What stands in the samples. None of them can be part of a name in XML.
pub const VALUES: [&str; 5] = ["ada@muster.example", "Ada Muster", "Jan Muster", "bob@muster.example", "note 4711"];

/// Small limits, so that the fuzzer reaches them.
pub fn limits() -> Limits {
    Limits {
        document_bytes: 256 << 10,
        expanded_bytes: 1 << 20,
        expansion: 200,
        parts: 60,
        nesting: 3,
        depth: 16,
        line_bytes: 2_000,
        ..Limits::default()
    }
}

/// Takes every value out of each piece.
#[derive(Default)]
struct Values {
    found: usize,
    spots: HashSet<String>,
}

impl Decide for Values {
    fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
        assert!(self.spots.insert(format!("{:?}", piece.spot)), "a spot of its own: {:?}", piece.spot);
        let spelled = VALUES.iter().flat_map(|value| spellings(value));
        let mut edits: Vec<Edit> = match str::from_utf8(piece.text) {
            Ok(text) => spelled.flat_map(|value| places(text, &value)).collect(),
            Err(_) => spelled.flat_map(|value| exact_places(piece.text, &value)).collect(),
        };
        edits.sort_by_key(|edit| edit.range.start);
        // Of two that overlap the first one goes, and the other is no value any more.
        edits.dedup_by(|next, one| next.range.start < one.range.end);
        self.found += edits.len();
        Ok(edits)
    }
}

/// A value, and the digits that would show it: those who look for survivors look for them too.
fn spellings(value: &str) -> [String; 3] {
    let hex = |bytes: &mut dyn Iterator<Item = u8>| bytes.map(|byte| format!("{byte:02x}")).collect();
    [value.to_owned(), hex(&mut value.bytes()), hex(&mut value.encode_utf16().flat_map(u16::to_be_bytes))]
}

/// Where a value stands, in any case and however it is spaced: as those who look for survivors read.
fn places(text: &str, value: &str) -> Vec<Edit> {
    let squeezed = |text: &str| -> Vec<(usize, char)> {
        let seen = text.char_indices().filter(|(_, char)| !char.is_whitespace());
        seen.flat_map(|(at, char)| char.to_lowercase().map(move |char| (at, char))).collect()
    };
    let (text, value) = (squeezed(text), squeezed(value));
    let (mut edits, mut from) = (Vec::new(), 0);
    while let Some(window) = text.get(from..from + value.len()) {
        let is_there = window.iter().zip(&value).all(|((_, a), (_, b))| a == b);
        if is_there {
            // The last character of a value is ASCII.
            let range = window[0].0..window[value.len() - 1].0 + 1;
            edits.push(Edit { range, with: "[X]".to_owned() });
        }
        from += if is_there { value.len() } else { 1 };
    }
    edits
}

/// Where a value stands in bytes that are no text.
fn exact_places(bytes: &[u8], value: &str) -> Vec<Edit> {
    let windows = bytes.windows(value.len()).enumerate().filter(|(_, window)| *window == value.as_bytes());
    windows.map(|(at, _)| Edit { range: at..at + value.len(), with: "[X]".to_owned() }).collect()
}

/// Takes so many characters out of the beginning of each piece.
struct Part(usize);

impl Decide for Part {
    fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
        let Ok(text) = str::from_utf8(piece.text) else { return Ok(Vec::new()) };
        let ends = text.char_indices().map(|(at, character)| at + character.len_utf8());
        let edit = |end| Edit { range: 0..end, with: "<X> & \"é\"".to_owned() };
        Ok(ends.take(self.0).last().map(edit).into_iter().collect())
    }
}

/// The laws of one kind of container: what is written opens again, holds no value in any layer, and stays as it is when
/// it is cleaned once more.
pub fn check(format: Rewrite, holds: fn(&[u8], &str) -> bool, data: &[u8]) {
    let Ok(once) = format(data, &mut Values::default(), &limits()) else { return };
    let mut again = Values::default();
    let twice = format(&once.bytes, &mut again, &limits()).expect("the output is read again");
    assert_eq!(again.found, 0, "a value is shown again");
    assert!(twice.bytes == once.bytes, "a second time changes the output");
    // Letters that a font maps to others are said to be unread.
    let is_read = !once.unscanned.iter().any(|what| what.starts_with("letters"));
    for value in VALUES.iter().filter(|_| is_read) {
        assert!(!holds(&once.bytes, value), "{value} is in a layer of the output");
    }
    for size in [1, usize::MAX] {
        // A name that cannot be replaced refuses the document.
        let Ok(edited) = format(data, &mut Part(size), &limits()) else { continue };
        match format(&edited.bytes, &mut Part(0), &limits()) {
            Ok(_) => {}
            // Text that is longer than before can cross a limit.
            Err(fault) => assert!(fault.code().contains("too-"), "the output is read again: {fault}"),
        }
    }
}
