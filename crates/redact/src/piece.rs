//! What a format and whoever decides say to each other.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use model::Fault;

/// One piece of readable text, decoded, and where it stands.
#[derive(Debug)]
pub struct Piece<'a> {
    /// The text. UTF-8 unless the input was not.
    pub text: &'a [u8],
    /// Names of the fields around it, outermost first: JSON keys, a CSV header, XML elements and attributes, a mail
    /// header. They are context for detectors.
    pub names: &'a [Cow<'a, str>],
    /// Where it stands in the input.
    pub spot: Spot<'a>,
    /// Which bytes of the input the text was made from.
    pub offsets: Offsets<'a>,
    /// Whether people wrote it as sentences: names are looked for in prose.
    pub prose: bool,
}

/// Where a piece stands, in the words of its format.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Spot<'a> {
    /// Plain text; [`Offsets`] say the rest.
    Text,
    /// A value (or a key) in JSON, YAML or TOML, by JSON Pointer (RFC 6901). Documents of JSON Lines begin with
    /// their number: `/0/name`.
    Pointer(Cow<'a, str>),
    /// A cell: row from 1 (the header is row 1), and the column's name or number.
    Cell {
        /// Row, from 1.
        row: u64,
        /// Name of the column, or its number from 1 where there is no header.
        column: Cow<'a, str>,
    },
    /// A path in a part of a container: `word/document.xml` and `p[3]`, MIME part `1.2` and `header Subject`.
    Part {
        /// The part.
        part: Cow<'a, str>,
        /// The path within it; may be empty.
        path: Cow<'a, str>,
    },
    /// A page of a PDF.
    Page {
        /// Page, from 1; 0 for what belongs to no page (outline, metadata).
        page: u32,
        /// What layer: `text`, `annotation`, `outline`, `metadata`, `field`.
        layer: &'static str,
        /// Which piece of that layer, from 0, so that every piece of a file has a spot of its own.
        index: u32,
    },
}

impl Spot<'_> {
    /// Whether it is the name of a field (`/a/~key3`), not a value.
    pub(crate) fn is_name(&self) -> bool {
        matches!(self, Spot::Pointer(pointer) if pointer.rsplit('/').next().is_some_and(|last| last.starts_with("~key")))
    }

    /// Whether it is the path of a part in its container (`word/document.xml`) or a namespace: programs chose it.
    pub(crate) fn is_path(&self) -> bool {
        let is_namespace = |path: &str| path.rsplit('/').next().is_some_and(|last| last.starts_with("@xmlns"));
        matches!(self, Spot::Part { part, path } if part == "/" || is_namespace(path))
    }

    /// A digest of the place (FNV-1a, 64 bits), the same for every run.
    pub(crate) fn key(&self) -> u64 {
        let text = self.to_string();
        text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
    }
}

impl fmt::Display for Spot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Spot::Text => f.write_str("text"),
            Spot::Pointer(pointer) => write!(f, "{pointer}"),
            Spot::Cell { row, column } => write!(f, "row {row}, column {column}"),
            Spot::Part { part, path } if path.is_empty() => write!(f, "{part}"),
            Spot::Part { part, path } => write!(f, "{part}, {path}"),
            Spot::Page { page, layer, index } => write!(f, "page {page}, {layer} {index}"),
        }
    }
}

/// How a piece's bytes lie in the input.
#[derive(Clone, Copy, Debug)]
pub enum Offsets<'a> {
    /// Byte `i` of the text is byte `start + i` of the input, on line `line` (from 1).
    Straight {
        /// Byte of the input at which the text begins.
        start: u64,
        /// Line on which the text begins, from 1.
        line: u64,
    },
    /// Byte `i` of the text was made from the input beginning at `table[i]`; one more entry than bytes.
    Table {
        /// Offsets into the input.
        table: &'a [u64],
        /// Line on which the text begins, from 1.
        line: u64,
    },
    /// The input is a container; bytes of the text lie nowhere in it.
    None,
}

impl Offsets<'_> {
    /// The bytes of the input that `range` of the text was made from.
    pub fn source(&self, range: &Range<usize>) -> Option<Range<u64>> {
        match self {
            Offsets::Straight { start, .. } => Some(start + range.start as u64..start + range.end as u64),
            Offsets::Table { table, .. } => Some(*table.get(range.start)?..*table.get(range.end)?),
            Offsets::None => None,
        }
    }
}

/// A range of a piece's text, and what stands there afterwards (decoded; the format encodes it).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Bytes of the piece's text.
    pub range: Range<usize>,
    /// What stands there afterwards; may be empty.
    pub with: String,
}

/// Works on one of several texts, with a function that decides on its piece.
pub type Each<'a> =
    &'a mut dyn FnMut(usize, &mut dyn FnMut(&Piece<'_>) -> Result<Vec<Edit>, Fault>) -> Result<(), Fault>;

/// Decides what has to go. Formats call it once per piece, in the order of the input; the same input gives the same
/// pieces with the same spots every time, which is what the audit relies on.
pub trait Decide {
    /// The edits of this piece: sorted, apart from each other, on character boundaries where the text is UTF-8.
    ///
    /// # Errors
    /// Whatever stops the whole redaction.
    fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault>;

    /// Calls `each` once for each of `texts`, in their order, which then decides on a piece of this text that has no name.
    /// Whoever likes can look at the texts ahead on other threads meanwhile.
    ///
    /// # Errors
    /// Whatever `each` says.
    fn ahead(&mut self, texts: &[&[u8]], each: Each<'_>) -> Result<(), Fault> {
        (0..texts.len()).try_for_each(|number| each(number, &mut |piece| self.decide(piece)))
    }

    /// How many texts ahead are of use.
    fn reach(&self) -> usize {
        1
    }

    /// Where in `block`, raw bytes of the input of which no part is escaped, something may be found: apart, from left to
    /// right. A format may then leave out pieces that lie elsewhere, unless the name of a field around them
    /// [tells](Decide::tells) what they are. `None`: anywhere. `start` is the byte of the input, as
    /// [`Offsets::Straight`] counts it, at which the block begins, if its bytes lie there as they are.
    fn suspects(&mut self, block: &[u8], start: Option<u64>) -> Option<Vec<Range<usize>>> {
        let _ = (block, start);
        None
    }

    /// Whether the name of a field may say of values within it what they are.
    fn tells(&mut self, name: &[u8]) -> bool {
        let _ = name;
        true
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Takes given needles out of every piece and puts `[X]` in their place.
    pub(crate) struct TakeOut {
        needles: Vec<String>,
    }

    impl TakeOut {
        pub(crate) fn new(needles: &[&str]) -> Self {
            TakeOut { needles: needles.iter().map(|needle| (*needle).to_owned()).collect() }
        }
    }

    impl Decide for TakeOut {
        fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
            let found = self.needles.iter().flat_map(|needle| {
                memchr::memmem::find_iter(piece.text, needle)
                    .map(|at| Edit { range: at..at + needle.len(), with: "[X]".into() })
            });
            let mut edits: Vec<Edit> = found.collect();
            edits.sort_by_key(|edit| edit.range.start);
            Ok(edits)
        }
    }

    /// Straight offsets move by the start; a table says each byte; a container has none.
    #[test]
    fn offsets_lead_back() {
        assert_eq!(Offsets::Straight { start: 10, line: 1 }.source(&(2..5)), Some(12..15));
        assert_eq!(Offsets::Table { table: &[0, 6, 7, 8], line: 1 }.source(&(1..3)), Some(6..8));
        assert_eq!(Offsets::Table { table: &[0, 6], line: 1 }.source(&(1..3)), None);
        assert_eq!(Offsets::None.source(&(1..3)), None);
    }
}
