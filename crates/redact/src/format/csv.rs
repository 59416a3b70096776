//! CSV: comma, semicolon, tab or bar, found out from the first records.
//!
//! Every cell is a piece, its column's header is its name. Quoting stays as it is; a cell gets quotes when what now
//! stands in it needs them. Cells may hold line ends, rows may have any number of cells. As in RFC 4180 a quote is
//! doubled within quotes and means itself elsewhere; text behind a closing quote belongs to the cell. A quote that is
//! never closed is refused.
//!
//! The first row is a header when all its cells look like names of columns and the second row does not, or one of them
//! is a word that columns are called by. Columns are named as their header reads *after* its edits.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{Read, Write};

use model::Fault;

use super::stream::{Stream, too_large};
use super::weave::{Weave, applied, check, straight};
use crate::{Decide, Edit, Limits, Offsets, Piece, Spot};

/// Bytes that are looked at to find out the delimiter and the header.
const PEEK: usize = 64 << 10;
const DELIMITERS: [u8; 4] = *b",;\t|";
/// What a line `sep=` may name besides.
const NAMED: &[u8] = b",;\t|^~#*\x1F";
/// Bytes of a header cell, at most.
const HEADER_MAX: usize = 64;
/// Columns whose names are remembered; the others have numbers.
const COLUMNS_MAX: usize = 16 << 10;
/// Words in headers, where nothing else tells the first row from the others.
const HEADER_WORDS: &[&str] = &[
    "account",
    "address",
    "birth",
    "birthdate",
    "bsn",
    "city",
    "code",
    "company",
    "country",
    "customer",
    "date",
    "dob",
    "email",
    "first",
    "firstname",
    "iban",
    "id",
    "ip",
    "key",
    "last",
    "lastname",
    "mail",
    "message",
    "mobile",
    "name",
    "nom",
    "phone",
    "postcode",
    "ssn",
    "state",
    "status",
    "street",
    "surname",
    "tel",
    "telephone",
    "time",
    "title",
    "type",
    "url",
    "user",
    "username",
    "uuid",
    "value",
    "vorname",
    "zip",
];

/// Walks over every cell of `input`.
///
/// # Errors
/// `csv-open-quote` with its line and column, `too-large` for a cell above `limits.document_bytes`, what [`Decide`]
/// answers, and failures of reader and writer.
pub fn rewrite(
    input: &mut dyn Read,
    output: &mut dyn Write,
    decide: &mut dyn Decide,
    limits: &Limits,
) -> Result<(), Fault> {
    let mut stream = Stream::new(input, output);
    stream.fill(PEEK)?;
    if stream.rest().starts_with(b"\xEF\xBB\xBF") {
        stream.pass(3);
    }
    let layout = Layout::of(&stream.rest()[..stream.rest().len().min(PEEK)]);
    let mut walk = Walk {
        stream,
        delimiter: layout.delimiter,
        cell_max: limits.document_bytes,
        row: 0,
        header_row: layout.header_row,
        headers: Vec::new(),
        columns: Vec::new(),
        weave: Weave::default(),
    };
    while !walk.stream.rest().is_empty() || walk.stream.more()? {
        walk.record(decide)?;
    }
    walk.stream.finish()
}

/// The delimiter, if `prefix` is a table beyond doubt: two records or more, all with the same number of cells above one.
pub fn delimiter(prefix: &[u8]) -> Option<u8> {
    let layout = Layout::of(prefix.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(prefix));
    layout.is_regular.then_some(layout.delimiter)
}

/// What the first records say.
struct Layout {
    delimiter: u8,
    /// The row that is the header, from 1.
    header_row: Option<u64>,
    /// Whether it is a table beyond doubt.
    is_regular: bool,
}

impl Layout {
    fn of(prefix: &[u8]) -> Layout {
        // What spreadsheets write before the table to name the delimiter. One that stands within names and numbers would
        // take values apart, and nobody would see them.
        let named = match prefix {
            [b's', b'e', b'p', b'=', delimiter, b'\r' | b'\n', ..] if NAMED.contains(delimiter) => Some(*delimiter),
            _ => None,
        };
        let best = DELIMITERS
            .iter()
            .rev()
            .map(|&delimiter| (evenness(prefix, delimiter), delimiter))
            .max_by_key(|(even, _)| *even);
        let (evenness, found) = best.unwrap_or_default();
        let delimiter = named.unwrap_or(if evenness.0 == 0 { b',' } else { found });
        let skip = usize::from(named.is_some());
        let records = records(prefix, delimiter);
        let header = is_header(records.get(skip), records.get(skip + 1));
        Layout {
            delimiter,
            header_row: header.then_some(skip as u64 + 1),
            is_regular: named.is_some() || evenness.0 == 1000 && records.len() > 1,
        }
    }
}

/// How many in a thousand records have the most frequent number of cells above one, and that number. Text behind a
/// closing quote says that this is not the delimiter.
fn evenness(prefix: &[u8], delimiter: u8) -> (usize, usize) {
    let has_tail = |cell: &&[u8]| cell.starts_with(b"\"") && quoted_length(cell, 1) != Some(cell.len());
    let count = |cells: &Vec<&[u8]>| if cells.iter().any(has_tail) { 0 } else { cells.len() };
    let counts: Vec<usize> = records(prefix, delimiter).iter().map(count).collect();
    let of = |count: usize| counts.iter().filter(|other| **other == count).count() * 1000 / counts.len();
    counts.iter().filter(|count| **count > 1).map(|count| (of(*count), *count)).max().unwrap_or_default()
}

/// The raw cells of the first records; blank lines and a record that is cut off left out.
fn records(prefix: &[u8], delimiter: u8) -> Vec<Vec<&[u8]>> {
    const RECORDS_MAX: usize = 32;
    let mut records = Vec::new();
    let (mut cells, mut at) = (Vec::new(), 0);
    while at < prefix.len() && records.len() < RECORDS_MAX {
        let Some(length) = cell_length(&prefix[at..], delimiter).filter(|length| at + length < prefix.len()) else {
            // Complete only where the input ends, too; short inputs are worth the guess.
            if prefix.len() < PEEK && prefix[at] != b'"' {
                cells.push(&prefix[at..]);
                records.push(cells);
            }
            break;
        };
        cells.push(&prefix[at..at + length]);
        at += length + 1;
        if prefix[at - 1] != delimiter {
            let cells = std::mem::take(&mut cells);
            if cells.len() > 1 || !cells[0].is_empty() {
                records.push(cells);
            }
        }
    }
    records
}

/// Length of the raw cell ahead, as far as `bytes` reach; `None` where a quote is not closed in it.
fn cell_length(bytes: &[u8], delimiter: u8) -> Option<usize> {
    let tail = if bytes.first() == Some(&b'"') { quoted_length(bytes, 1)? } else { 0 };
    let end = memchr::memchr3(delimiter, b'\n', b'\r', &bytes[tail..]);
    Some(end.map_or(bytes.len(), |end| tail + end))
}

/// Behind the closing quote of a quoted cell, looked for from `at` on, which is behind the opening one.
fn quoted_length(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr(b'"', bytes.get(at..)?)? + 1;
        if bytes.get(at) != Some(&b'"') {
            return Some(at);
        }
        at += 1;
    }
}

fn is_header(first: Option<&Vec<&[u8]>>, second: Option<&Vec<&[u8]>>) -> bool {
    let Some(first) = first.filter(|cells| cells.iter().all(|cell| is_column_name(cell))) else { return false };
    let is_data = |cells: &Vec<&[u8]>| cells.iter().any(|cell| !is_column_name(cell));
    second.is_some_and(is_data) || first.iter().any(|cell| has_header_word(cell))
}

fn is_column_name(cell: &[u8]) -> bool {
    let cell = cell.trim_ascii().trim_ascii_start();
    let cell = cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\"")).unwrap_or(cell);
    let begins = cell.first().is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | 0x80..));
    let digits = cell.iter().filter(|byte| byte.is_ascii_digit()).count();
    begins && cell.len() <= HEADER_MAX && digits <= 3 && !cell.contains(&b'@')
}

fn has_header_word(cell: &[u8]) -> bool {
    let text = String::from_utf8_lossy(cell).to_ascii_lowercase();
    text.split(|c: char| !c.is_alphanumeric()).any(|word| HEADER_WORDS.binary_search(&word).is_ok())
}

struct Walk<'a> {
    stream: Stream<'a>,
    delimiter: u8,
    cell_max: u64,
    /// From 1; 0 before the first.
    row: u64,
    header_row: Option<u64>,
    /// What the header calls the columns.
    headers: Vec<Cow<'static, str>>,
    /// Names of the columns that occur once, or numbers.
    columns: Vec<String>,
    weave: Weave,
}

/// A raw cell.
#[derive(Clone, Copy)]
struct Cell {
    length: usize,
    /// Length of the part in quotes, with them; 0 where there is none.
    quoted: usize,
    /// Whether it is all there is on its line.
    alone: bool,
}

impl Walk<'_> {
    fn record(&mut self, decide: &mut dyn Decide) -> Result<(), Fault> {
        self.row += 1;
        for column in 0.. {
            let cell = self.cell(column == 0)?;
            self.visit(cell, column, decide)?;
            self.stream.pass(cell.length);
            match self.stream.rest().first() {
                Some(byte) if *byte == self.delimiter => self.stream.pass(1),
                Some(b'\r') => {
                    self.stream.fill(2)?;
                    let both = self.stream.rest().starts_with(b"\r\n");
                    self.stream.pass(1 + usize::from(both));
                    break;
                }
                Some(_) => {
                    self.stream.pass(1);
                    break;
                }
                None => break,
            }
        }
        if self.header_row == Some(self.row) {
            self.name_columns();
        }
        Ok(())
    }

    /// The cell ahead, held as a whole with the byte behind it.
    fn cell(&mut self, is_first: bool) -> Result<Cell, Fault> {
        self.stream.fill(1)?;
        let quoted = if self.stream.rest().first() == Some(&b'"') { self.quoted()? } else { 0 };
        let mut length = quoted;
        loop {
            let rest = self.stream.rest();
            if let Some(end) = memchr::memchr3(self.delimiter, b'\n', b'\r', &rest[length..]) {
                length += end;
                let alone = is_first && self.stream.rest()[length] != self.delimiter;
                return Ok(Cell { length, quoted, alone });
            }
            length = rest.len();
            if !self.hold(length)? {
                return Ok(Cell { length, quoted, alone: is_first });
            }
        }
    }

    /// Length of the quoted part ahead.
    fn quoted(&mut self) -> Result<usize, Fault> {
        let mut at = 1;
        loop {
            let rest = self.stream.rest();
            // A quote at the very end may be the first of two.
            if let Some(end) = quoted_length(rest, at).filter(|end| *end < rest.len()) {
                return Ok(end);
            }
            let held = rest.len();
            let resume = doubled_until(rest, at);
            if !self.hold(held)? {
                let rest = self.stream.rest();
                return quoted_length(rest, at).ok_or_else(|| self.open_quote());
            }
            at = resume;
        }
    }

    /// Reads more of a cell of which `length` bytes are known.
    fn hold(&mut self, length: usize) -> Result<bool, Fault> {
        if length as u64 > self.cell_max {
            return Err(too_large(self.cell_max).at(self.stream.place(0)));
        }
        self.stream.more()
    }

    fn open_quote(&self) -> Fault {
        Fault::bad_input("csv-open-quote", "The quote that opens this cell is never closed")
            .at(self.stream.place(0))
            .advise("Close or double the quote, or redact the file as plain text.")
    }

    fn visit(&mut self, cell: Cell, column: usize, decide: &mut dyn Decide) -> Result<(), Fault> {
        self.count_column(column);
        let (start, line) = (self.stream.here(), self.stream.line_here());
        let raw = &self.stream.rest()[..cell.length];
        let plain = match cell.quoted {
            0 => Some((raw, start)),
            quoted => {
                let inner = &raw[1..quoted - 1];
                let is_plain = quoted == raw.len() && memchr::memchr(b'"', inner).is_none();
                is_plain.then_some((inner, start + 1))
            }
        };
        if plain.is_none() {
            unquote(raw, cell.quoted, start, &mut self.weave);
        }
        let (text, offsets) = match plain {
            Some((text, start)) => (text, Offsets::Straight { start, line }),
            None => (self.weave.text(), self.weave.offsets(line)),
        };
        let mut edits = Vec::new();
        if !text.is_empty() {
            let names = if self.header_row == Some(self.row) { &[] } else { name(&self.headers, column) };
            let number = || Cow::Owned((column + 1).to_string());
            let column = self.columns.get(column).map_or_else(number, |name| Cow::Borrowed(name.as_str()));
            let spot = Spot::Cell { row: self.row, column };
            let prose = memchr::memchr(b' ', text).is_some();
            edits = decide.decide(&Piece { text, names, spot, offsets, prose })?;
            check(&edits, text.len())?;
        }
        if self.header_row == Some(self.row) && column < COLUMNS_MAX {
            let after = applied(text, &edits);
            self.headers.push(Cow::Owned(String::from_utf8_lossy(&after).trim().to_owned()));
        }
        if edits.is_empty() { Ok(()) } else { self.write(cell, plain.map(|(text, start)| (text.len(), start)), &edits) }
    }

    /// Writes the edits of the cell ahead; `plain` says length and place of its text where that stands as it is.
    fn write(&mut self, cell: Cell, plain: Option<(usize, u64)>, edits: &[Edit]) -> Result<(), Fault> {
        let start = self.stream.here();
        let text = match plain {
            Some((length, at)) => &self.stream.rest()[(at - start) as usize..][..length],
            None => self.weave.text(),
        };
        let after = applied(text, edits);
        let has_tail = cell.quoted != 0 && cell.quoted != cell.length;
        if has_tail || cell.quoted == 0 && self.needs_quotes(cell, &after, edits) {
            let mut quoted = vec![b'"'];
            double(&after, &mut quoted);
            quoted.push(b'"');
            return self.stream.replace(&(start..start + cell.length as u64), &quoted);
        }
        let patches = match plain {
            Some((length, at)) => straight(at, length, edits)?,
            None => self.weave.patches(edits)?,
        };
        for (source, with) in patches {
            let mut bytes = Vec::with_capacity(with.len());
            if cell.quoted == 0 {
                bytes.extend(with.as_bytes())
            } else {
                double(with.as_bytes(), &mut bytes)
            }
            self.stream.replace(&source, &bytes)?;
        }
        Ok(())
    }

    fn needs_quotes(&self, cell: Cell, after: &[u8], edits: &[Edit]) -> bool {
        let special = |byte: u8| byte == self.delimiter || matches!(byte, b'"' | b'\n' | b'\r');
        // An empty cell alone on its line would make it a blank line, which is no row.
        after.first() == Some(&b'"')
            || after.is_empty() && cell.alone
            || edits.iter().any(|edit| edit.with.bytes().any(special))
    }

    fn count_column(&mut self, column: usize) {
        if column == self.columns.len() && column < COLUMNS_MAX {
            self.columns.push((column + 1).to_string());
        }
    }

    /// Calls the columns by their headers; the second of two equal ones gets its number.
    fn name_columns(&mut self) {
        let mut seen: HashSet<String> = (0..=self.headers.len()).map(|number| number.to_string()).collect();
        for (number, (column, header)) in self.columns.iter_mut().zip(&self.headers).enumerate() {
            let mut name = header.clone().into_owned();
            if name.is_empty() || !seen.insert(name.clone()) {
                name = format!("{name} (column {})", number + 1);
                seen.insert(name.clone());
            }
            *column = name;
        }
    }
}

/// The header of a column, as names are given.
fn name<'n>(headers: &'n [Cow<'static, str>], column: usize) -> &'n [Cow<'static, str>] {
    headers.get(column..=column).unwrap_or_default()
}

/// Where to look for the closing quote when more has been read: everything before is text.
fn doubled_until(bytes: &[u8], mut at: usize) -> usize {
    while let Some(quote) = bytes.get(at..).and_then(|rest| memchr::memchr(b'"', rest)) {
        if bytes.get(at + quote + 1) != Some(&b'"') {
            return at + quote;
        }
        at += quote + 2;
    }
    at.max(bytes.len())
}

/// The text of a cell that begins with quotes.
fn unquote(raw: &[u8], quoted: usize, start: u64, weave: &mut Weave) {
    weave.clear();
    let mut at = 1;
    while let Some(quote) = memchr::memchr(b'"', &raw[at..quoted - 1]) {
        weave.copy(&raw[at..at + quote], start + at as u64);
        at += quote;
        weave.decode(b"\"", start + at as u64..start + at as u64 + 2);
        at += 2;
    }
    weave.copy(&raw[at..quoted - 1], start + at as u64);
    weave.copy(&raw[quoted..], start + quoted as u64);
    weave.close();
}

fn double(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_headers_are_sorted() {
        assert!(HEADER_WORDS.is_sorted());
    }

    #[test]
    fn delimiters_are_found_out() {
        let cases: [(&str, Option<u8>); 10] = [
            ("a,b\n1,2\n", Some(b',')),
            ("a;b\n1,5;2,5\n1,0;3,0\n", Some(b';')),
            ("a\tb c, d\n1\t2\n", Some(b'\t')),
            ("a|b|c\n1|2|3\n", Some(b'|')),
            ("\"a,b\";c\n\"d\";e\n", Some(b';')),
            ("sep=;\na;b\n", Some(b';')),
            ("sep=^\na^b\n", Some(b'^')),
            ("sep=e\na;b\nc;d\n", None),
            ("just, some\nprose\nlines\n", None),
            ("one\ntwo\n", None),
        ];
        for (text, expect) in cases {
            assert_eq!(delimiter(text.as_bytes()), expect, "{text:?}");
        }
    }

    #[test]
    fn headers_are_told_from_data() {
        let header = |text: &str| Layout::of(text.as_bytes()).header_row;
        assert_eq!(header("name,phone\nJan Muster,31612345678\n"), Some(1));
        assert_eq!(header("first_name,last_name\nJan,Muster\n"), Some(1));
        assert_eq!(header("Jan,Muster\nPia,Beispiel\n"), None);
        assert_eq!(header("jan@example.org,1\npia@example.org,2\n"), None);
        assert_eq!(header("sep=;\r\nalpha;beta\r\n1;2\r\n"), Some(2));
        assert_eq!(header("sep=;\nalpha;beta\n1;2\n"), Some(2));
    }
}
