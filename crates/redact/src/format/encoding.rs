//! UTF-16: what is not edited comes out as it came in; formats see UTF-8.
//!
//! A byte order mark stays where it is. Half a pair of surrogates or half a unit is refused. Everything else is taken
//! for UTF-8, of which invalid parts pass as bytes; so do the old 8-bit encodings, whose ASCII is read like any other.
//! A text that goes over from one to the other is refused: half of it would be read as what it is not.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::rc::Rc;

use model::{Fault, Place};

use super::stream::{read_failed, write_failed};
use crate::{Decide, Edit, Limits, Offsets, Piece};

/// How text is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, or bytes of which the ASCII can be read.
    Utf8,
    /// UTF-16, the lower byte first.
    Utf16Le,
    /// UTF-16, the higher byte first.
    Utf16Be,
    /// UTF-32, which is refused.
    Utf32,
}

/// A format: [`super::json::rewrite`] and its like.
pub type Rewrite<'f> = &'f dyn Fn(&mut dyn Read, &mut dyn Write, &mut dyn Decide, &Limits) -> Result<(), Fault>;

/// How the text that begins like this is written down: by its byte order mark, or by zeros in every other place.
pub fn detect(prefix: &[u8]) -> Encoding {
    match prefix {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Encoding::Utf32,
        [0xFF, 0xFE, text @ ..] | [0xFE, 0xFF, text @ ..] if is_narrow(text) => Encoding::Utf8,
        [0xFF, 0xFE, ..] => Encoding::Utf16Le,
        [0xFE, 0xFF, ..] => Encoding::Utf16Be,
        _ => by_zeros(&prefix[..prefix.len().min(4096)]),
    }
}

/// Whether it is ASCII, whatever mark stands before it: UTF-16 has a zero in each of its ASCII characters, line ends
/// among them, and ideographs whose bytes all look like letters hold nothing that is looked for.
fn is_narrow(text: &[u8]) -> bool {
    let ascii = text.iter().filter(|byte| is_ascii_text(**byte)).count();
    text.len() >= 4 && !text.contains(&0) && ascii * 10 >= text.len() * 9
}

/// So many ideographs in a row that are two bytes of ASCII each are ASCII, under a mark of UTF-16.
const MARKED_LEAST: usize = 16;

/// And without a mark: then most of the text is ASCII in UTF-16, and ideographs are rare in it.
const UNMARKED_LEAST: usize = 4;

/// So many characters of UTF-16 in a row are no accident.
const WIDE_LEAST: usize = 8;

fn is_ascii_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r')
}

fn mixed(message: &str) -> Fault {
    Fault::bad_input("mixed-encodings", message)
        .advise("Split the file where its encoding changes, or convert that part, for instance with `iconv`.")
}

/// Lets bytes through, and refuses those that are UTF-16 all of a sudden.
struct Narrowed<'a> {
    input: &'a mut dyn Read,
    passed: u64,
    /// Bytes of text and zeros by turns, up to the last one read.
    turns: usize,
    last: u8,
}

impl Read for Narrowed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        let bytes = &buffer[..count];
        if self.turns > 0 || memchr::memchr(0, bytes).is_some() {
            for (at, byte) in bytes.iter().enumerate() {
                let turns = if self.last == 0 { is_ascii_text(*byte) } else { *byte == 0 && is_ascii_text(self.last) };
                self.turns = if turns { self.turns + 1 } else { 0 };
                self.last = *byte;
                if self.turns >= WIDE_LEAST * 2 {
                    let from = self.passed + at as u64 + 1 - self.turns as u64;
                    return Err(io::Error::other(mixed(&format!("The text goes over to UTF-16 at about byte {from}"))));
                }
            }
        } else if let Some(last) = bytes.last() {
            self.last = *last;
        }
        self.passed += count as u64;
        Ok(count)
    }
}

fn by_zeros(prefix: &[u8]) -> Encoding {
    if is_of_fours(prefix) {
        return Encoding::Utf32;
    }
    let units = prefix.len() / 2;
    let zeros = |from: usize| prefix.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (high, low) = (zeros(0), zeros(1));
    let is_most = |count: usize, other: usize| units > 1 && count * 10 > units * 7 && other * 10 <= units;
    if is_most(low, high) {
        Encoding::Utf16Le
    } else if is_most(high, low) {
        Encoding::Utf16Be
    } else {
        Encoding::Utf8
    }
}

/// Whether every character is one of ASCII in four bytes: UTF-32 without a mark.
fn is_of_fours(prefix: &[u8]) -> bool {
    let (units, _) = prefix.as_chunks::<4>();
    let little = |unit: &[u8; 4]| matches!(unit, [byte, 0, 0, 0] if is_ascii_text(*byte));
    let big = |unit: &[u8; 4]| matches!(unit, [0, 0, 0, byte] if is_ascii_text(*byte));
    let is_most = |count: usize| units.len() > 1 && count * 10 > units.len() * 7;
    is_most(units.iter().filter(|unit| little(unit)).count()) || is_most(units.iter().filter(|unit| big(unit)).count())
}

/// Walks over `input` with `format`, which sees UTF-8; offsets of pieces are those of the input.
///
/// # Errors
/// `utf16-damaged` with its line for half a character, `utf32` for UTF-32, `mixed-encodings`, and what `format` answers.
pub fn rewrite(
    encoding: Encoding,
    format: Rewrite<'_>,
    input: &mut dyn Read,
    output: &mut dyn Write,
    decide: &mut dyn Decide,
    limits: &Limits,
) -> Result<(), Fault> {
    let is_little = match encoding {
        Encoding::Utf8 => {
            let mut input = Narrowed { input, passed: 0, turns: 0, last: b'x' };
            return format(&mut input, output, decide, limits);
        }
        Encoding::Utf32 => {
            return Err(Fault::bad_input("utf32", "The text is written in UTF-32")
                .advise("Convert it first, for instance with `iconv -f UTF-32 -t UTF-8`."));
        }
        Encoding::Utf16Le => true,
        Encoding::Utf16Be => false,
    };
    let runs = Rc::new(RefCell::new(Runs::default()));
    let mut narrow = Narrow::new(input, is_little, Rc::clone(&runs));
    let mut wide = Wide { output, is_little, pending: Vec::new(), units: Vec::new() };
    let mut placed = Placed { decide, runs, table: Vec::new() };
    format(&mut narrow, &mut wide, &mut placed, limits)?;
    wide.end()
}

/// Characters in a row that are equally long: in UTF-8, and in UTF-16.
#[derive(Clone, Copy)]
struct Run {
    narrow: u64,
    wide: u64,
    narrow_size: u8,
    wide_size: u8,
}

/// Where the bytes of the text lie in the input.
#[derive(Default)]
struct Runs {
    runs: VecDeque<Run>,
}

impl Runs {
    fn push(&mut self, narrow: u64, wide: u64, narrow_size: u8, wide_size: u8) {
        if self.runs.back().is_none_or(|run| run.narrow_size != narrow_size) {
            self.runs.push_back(Run { narrow, wide, narrow_size, wide_size });
        }
    }

    /// The offset in the input of a byte of the text.
    fn wide(&self, narrow: u64) -> u64 {
        let next = self.runs.partition_point(|run| run.narrow <= narrow);
        let Some(run) = next.checked_sub(1).and_then(|index| self.runs.get(index)) else { return 0 };
        run.wide + (narrow - run.narrow) / u64::from(run.narrow_size) * u64::from(run.wide_size)
    }

    /// Forgets what lies well before a piece: pieces come in order, but for those within a text that goes on.
    fn forget(&mut self, narrow: u64) {
        const BACK: u64 = 4 << 20;
        while self.runs.get(1).is_some_and(|run| run.narrow + BACK < narrow) {
            self.runs.pop_front();
        }
    }
}

/// Reads UTF-16 as UTF-8.
struct Narrow<'a> {
    input: &'a mut dyn Read,
    is_little: bool,
    /// Bytes of half a character.
    pending: Vec<u8>,
    text: Vec<u8>,
    given: usize,
    narrow: u64,
    wide: u64,
    line: u64,
    /// Characters up to the last one that are two of ASCII each, and how many of them are no accident.
    doubles: usize,
    doubles_max: usize,
    runs: Rc<RefCell<Runs>>,
}

impl<'a> Narrow<'a> {
    fn new(input: &'a mut dyn Read, is_little: bool, runs: Rc<RefCell<Runs>>) -> Self {
        Narrow {
            input,
            is_little,
            pending: Vec::new(),
            text: Vec::new(),
            given: 0,
            narrow: 0,
            wide: 0,
            line: 1,
            doubles: 0,
            doubles_max: UNMARKED_LEAST,
            runs,
        }
    }

    /// Reads and decodes more; `false` at the end.
    fn more(&mut self) -> Result<bool, Fault> {
        const CHUNK: usize = 64 << 10;
        let held = self.pending.len();
        self.pending.resize(held + CHUNK, 0);
        let count = loop {
            match self.input.read(&mut self.pending[held..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result.map_err(read_failed)?,
            }
        };
        self.pending.truncate(held + count);
        self.text.clear();
        self.given = 0;
        let bytes = std::mem::take(&mut self.pending);
        let done = self.decode(&bytes)?;
        if count == 0 && done < bytes.len() {
            return Err(self.damaged("The text ends within a character"));
        }
        self.pending = bytes[done..].to_vec();
        Ok(count > 0)
    }

    /// Decodes whole characters; how many bytes they were.
    fn decode(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        let runs = Rc::clone(&self.runs);
        let mut runs = runs.borrow_mut();
        let mut at = 0;
        while let Some(unit) = self.unit(bytes, at) {
            let (character, wide) = match unit {
                0xD800..0xDC00 => match self.unit(bytes, at + 2) {
                    None => break,
                    Some(low @ 0xDC00..0xE000) => (0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00), 4_u8),
                    Some(_) => return Err(self.damaged("A surrogate stands without its partner")),
                },
                _ => (unit, 2),
            };
            let Some(character) = char::from_u32(character) else {
                return Err(self.damaged("A surrogate stands without its partner"));
            };
            let is_double = bytes[at..at + 2].iter().all(|byte| is_ascii_text(*byte));
            self.doubles = if is_double { self.doubles + 1 } else { 0 };
            if self.wide == 0 && character == '\u{FEFF}' {
                self.doubles_max = MARKED_LEAST;
            }
            if self.doubles >= self.doubles_max {
                return Err(mixed("The text goes over from UTF-16 to another encoding").at(Place::line(self.line, 0)));
            }
            let narrow = character.len_utf8() as u8;
            runs.push(self.narrow, self.wide, narrow, wide);
            self.text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            self.line += u64::from(character == '\n');
            self.narrow += u64::from(narrow);
            self.wide += u64::from(wide);
            at += usize::from(wide);
        }
        Ok(at)
    }

    fn unit(&self, bytes: &[u8], at: usize) -> Option<u32> {
        let unit = [*bytes.get(at)?, *bytes.get(at + 1)?];
        Some(u32::from(if self.is_little { u16::from_le_bytes(unit) } else { u16::from_be_bytes(unit) }))
    }

    fn damaged(&self, message: &str) -> Fault {
        Fault::bad_input("utf16-damaged", format!("This is not UTF-16: {message}"))
            .at(Place::line(self.line, 0))
            .advise("Check whether the file was cut off, or put together from files in several encodings.")
    }
}

impl Read for Narrow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() && !buffer.is_empty() {
            if !self.more().map_err(io::Error::other)? && self.text.is_empty() {
                return Ok(0);
            }
        }
        let count = buffer.len().min(self.text.len() - self.given);
        buffer[..count].copy_from_slice(&self.text[self.given..][..count]);
        self.given += count;
        Ok(count)
    }
}

/// Writes UTF-8 as UTF-16.
struct Wide<'a> {
    output: &'a mut dyn Write,
    is_little: bool,
    /// Bytes of half a character.
    pending: Vec<u8>,
    units: Vec<u8>,
}

impl Wide<'_> {
    fn encode(&mut self, text: &str) -> io::Result<()> {
        self.units.clear();
        for unit in text.encode_utf16() {
            self.units.extend(if self.is_little { unit.to_le_bytes() } else { unit.to_be_bytes() });
        }
        self.output.write_all(&self.units)
    }

    fn end(&mut self) -> Result<(), Fault> {
        if !self.pending.is_empty() {
            return Err(cut_character());
        }
        self.output.flush().map_err(write_failed)
    }
}

impl Write for Wide<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut held = std::mem::take(&mut self.pending);
        let all: &[u8] = if held.is_empty() {
            bytes
        } else {
            held.extend_from_slice(bytes);
            &held
        };
        match str::from_utf8(all) {
            Ok(text) => self.encode(text)?,
            Err(error) if error.error_len().is_none() => {
                let (text, rest) = all.split_at(error.valid_up_to());
                self.pending = rest.to_vec();
                self.encode(str::from_utf8(text).map_err(io::Error::other)?)?;
            }
            Err(_) => return Err(io::Error::other(cut_character())),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

fn cut_character() -> Fault {
    Fault::internal("edit-out-of-place", "An edit cut a character in two")
}

/// Puts the offsets of the input into what is shown.
struct Placed<'a> {
    decide: &'a mut dyn Decide,
    runs: Rc<RefCell<Runs>>,
    table: Vec<u64>,
}

impl Placed<'_> {
    /// Fills the table with the places of the text's bytes; its line.
    fn fill(&mut self, offsets: Offsets<'_>, length: usize) -> Option<u64> {
        let mut runs = self.runs.borrow_mut();
        self.table.clear();
        let (first, line) = match offsets {
            Offsets::None => return None,
            Offsets::Straight { start, line } => {
                self.table.extend((start..=start + length as u64).map(|narrow| runs.wide(narrow)));
                (start, line)
            }
            Offsets::Table { table, line } => {
                self.table.extend(table.iter().map(|narrow| runs.wide(*narrow)));
                (table.first().copied().unwrap_or_default(), line)
            }
        };
        runs.forget(first);
        Some(line)
    }
}

impl Decide for Placed<'_> {
    fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
        let line = self.fill(piece.offsets, piece.text.len());
        let offsets = line.map_or(Offsets::None, |line| Offsets::Table { table: &self.table, line });
        let Piece { text, names, ref spot, prose, .. } = *piece;
        self.decide.decide(&Piece { text, names, spot: spot.clone(), offsets, prose })
    }

    fn suspects(&mut self, block: &[u8], _: Option<u64>) -> Option<Vec<Range<usize>>> {
        self.decide.suspects(block, None)
    }

    fn tells(&mut self, name: &[u8]) -> bool {
        self.decide.tells(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_seen() {
        let cases: [(&[u8], Encoding); 10] = [
            (b"plain", Encoding::Utf8),
            (b"", Encoding::Utf8),
            (b"\xEF\xBB\xBFx", Encoding::Utf8),
            (b"\xFF\xFEx\0", Encoding::Utf16Le),
            (b"\xFE\xFF\0x", Encoding::Utf16Be),
            (b"\xFF\xFE\0\0x\0\0\0", Encoding::Utf32),
            (b"h\0i\0!\0", Encoding::Utf16Le),
            (b"\0h\0i\0!", Encoding::Utf16Be),
            (b"\0\0\0\0\0\0", Encoding::Utf8),
            (b"ab\0cd\0ef", Encoding::Utf8),
        ];
        for (prefix, expect) in cases {
            assert_eq!(detect(prefix), expect, "{prefix:?}");
        }
    }
}
