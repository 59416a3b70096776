//! What the redact targets share: whatever the bytes are, nothing changes without edits, and edits change nothing else.

use std::collections::HashSet;
use std::io::{Read, Write};

use model::Fault;
use redact::{Decide, Edit, Limits, Piece, Spot};

/// A format.
pub type Rewrite = fn(&mut dyn Read, &mut dyn Write, &mut dyn Decide, &Limits) -> Result<(), Fault>;

/// Takes out so many characters at the beginning of each piece, and counts the pieces with any.
struct Part {
    size: usize,
    pieces: usize,
    spots: HashSet<String>,
}

impl Decide for Part {
    fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
        if piece.spot != Spot::Text {
            assert!(self.spots.insert(format!("{:?}", piece.spot)), "a spot of its own: {:?}", piece.spot);
        }
        let source = piece.offsets.source(&(0..piece.text.len())).expect("text formats have offsets");
        assert!(source.start <= source.end);
        let Ok(text) = str::from_utf8(piece.text) else { return Ok(Vec::new()) };
        let ends = text.char_indices().map(|(at, character)| at + character.len_utf8());
        self.pieces += usize::from(!text.is_empty());
        let edit = |end| Edit { range: 0..end, with: "[X]".to_owned() };
        Ok(ends.take(self.size).last().map(edit).into_iter().collect())
    }
}

/// Takes out what the samples hold, wherever a piece shows it.
#[allow(dead_code)]
struct Values;

#[allow(dead_code)]
const VALUES: [&str; 2] = ["Jan Muster", "jan@example.org"];

impl Decide for Values {
    fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
        let edits = VALUES.iter().flat_map(|value| {
            let places = piece.text.windows(value.len()).enumerate().filter(|(_, window)| *window == value.as_bytes());
            places.map(|(at, _)| Edit { range: at..at + value.len(), with: "[X]".to_owned() })
        });
        let mut edits: Vec<Edit> = edits.collect();
        edits.sort_by_key(|edit| edit.range.start);
        Ok(edits)
    }
}

/// Small limits, so that the fuzzer reaches them.
fn limits() -> Limits {
    Limits { document_bytes: 20_000, depth: 12, line_bytes: 2_000, ..Limits::default() }
}

fn run(format: Rewrite, mut input: &[u8], size: usize) -> Result<(Vec<u8>, usize), Fault> {
    let mut output = Vec::new();
    let mut part = Part { size, pieces: 0, spots: HashSet::new() };
    format(&mut input, &mut output, &mut part, &limits())?;
    Ok((output, part.pieces))
}

/// The laws of one format.
pub fn check(format: Rewrite, data: &[u8]) {
    let Ok((output, _)) = run(format, data, 0) else { return };
    assert!(output == data, "without edits nothing changes");
    for size in [1, 4, usize::MAX] {
        // A name that cannot be replaced refuses the document.
        let Ok((output, pieces)) = run(format, data, size) else { continue };
        assert!(output != data || pieces == 0 || has_the_mark(data), "edits are written");
    }
}

/// A value that stands in one stretch is shown in one piece: for formats that show every word. Those of a dump or a page
/// that are no value, such as names of columns and attributes, are not shown together.
#[allow(dead_code)]
pub fn check_values(format: Rewrite, data: &[u8]) {
    let mut output = Vec::new();
    if format(&mut &*data, &mut output, &mut Values, &limits()).is_err() {
        return;
    }
    for value in VALUES {
        let stands = output.windows(value.len()).any(|window| window == value.as_bytes());
        assert!(!stands, "{value} is shown to nobody: {:?}", String::from_utf8_lossy(data));
    }
}

/// What is replaced by itself stays as it is; and so does text that is not UTF-8.
fn has_the_mark(data: &[u8]) -> bool {
    data.contains(&b'X') || str::from_utf8(data).is_err()
}
