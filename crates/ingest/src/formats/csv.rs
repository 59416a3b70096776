//! Tables (RFC 4180) with a header line; the delimiter is one of comma, semicolon, tab and bar, seen from the header.
//!
//! An empty cell means that the field is not there. A quoted cell may hold line ends; everything else about quotes is
//! strict: a quote inside a bare cell, or text after the closing quote, rejects the line.

use std::io::Read;

use model::{Fault, Place};

use crate::lines::{Line, Lines};
use crate::map::Plan;
use crate::output::{Bad, Output};
use crate::row::{Piece, Row, Rows, Slot, Written};
use crate::{Limits, Request};

/// The delimiter that stands most often in the header, outside quotes; `None` when there is none.
pub(crate) fn sniff_delimiter(header: &[u8]) -> Option<u8> {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for byte in header {
        quoted ^= *byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(delimiter, _)| delimiter == byte && !quoted) {
            *count += 1;
        }
    }
    // Of equals the first one wins: comma before semicolon.
    let best = counts.iter().rev().max_by_key(|(_, count)| *count)?;
    (best.1 > 0).then_some(best.0)
}

pub(crate) fn read(input: &mut dyn Read, request: &Request, output: &mut Output<'_>) -> Result<(), Fault> {
    read_checked(input, request, &Plan::new(request), |_, _| Ok(()), output)
}

/// As `plan` says; `check` may refuse a row, or write its values anew.
pub(crate) fn read_checked(
    input: &mut dyn Read,
    request: &Request,
    plan: &Plan,
    check: impl Fn(&str, &mut Row) -> Result<(), Bad>,
    output: &mut Output<'_>,
) -> Result<(), Fault> {
    let mut rows = Rows::new(plan);
    let mut row = Row::default();
    let mut lines = Lines::new(input, request.limits.line_bytes_max);
    let mut record = Joined::default();
    let mut table: Option<Table> = None;
    while let Some(line) = lines.next()? {
        let delimiter = table.as_ref().map(|table| table.delimiter);
        let Some(line) = record.join(line.without_mark(), delimiter, &request.limits) else { continue };
        let line = line.without_return();
        if line.bytes.is_empty() {
            continue;
        }
        match &table {
            None => table = Some(Table::from_header(&line, &request.limits)?),
            Some(table) => {
                match table.parse(&line, &mut row, output).and_then(|text| check(text, &mut row).map(|()| text)) {
                    Ok(text) => rows.emit(&line, text, &row, output)?,
                    Err(bad) => output.reject(&line, bad)?,
                }
            }
        }
        record.clear();
    }
    if let Some(bad) = record.unfinished() {
        output.reject_at(record.number, bad, &record.bytes)?;
    }
    output.count_input(lines.count(), lines.bytes());
    Ok(())
}

/// A record whose quoted cells hold line ends, put together from its lines.
#[derive(Default)]
struct Joined {
    bytes: Vec<u8>,
    number: u64,
    open: bool,
}

impl Joined {
    /// The whole record that ends with `line`, or `None` while a quote is open. Without a `delimiter` it is the header.
    fn join<'b>(&'b mut self, line: Line<'b>, delimiter: Option<u8>, limits: &Limits) -> Option<Line<'b>> {
        let delimiter = delimiter.or_else(|| sniff_delimiter(line.bytes)).unwrap_or(b',');
        let open = !line.too_long && ends_open(line.bytes, delimiter, self.open);
        if !self.open {
            if !open {
                return Some(line);
            }
            self.open = true;
            self.number = line.number;
        } else {
            self.bytes.push(b'\n');
        }
        let room = limits.line_bytes_max.saturating_sub(self.bytes.len());
        let too_long = line.too_long || line.bytes.len() > room;
        self.bytes.extend_from_slice(&line.bytes[..line.bytes.len().min(room)]);
        if open && !too_long {
            return None;
        }
        self.open = false;
        Some(Line { number: self.number, bytes: &self.bytes, text: None, terminated: line.terminated, too_long })
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.open = false;
    }

    fn unfinished(&self) -> Option<Bad> {
        self.open.then(|| Bad::line("bad-quoting", "The quote that is opened here is never closed"))
    }
}

/// Whether a quoted cell goes on beyond the end of this line. Quotes inside bare cells are mistakes, found later: they
/// open nothing.
fn ends_open(line: &[u8], delimiter: u8, mut quoted: bool) -> bool {
    let mut at = 0;
    if !quoted && memchr::memchr(b'"', line).is_none() {
        return false;
    }
    loop {
        if !quoted && line.get(at) == Some(&b'"') {
            quoted = true;
            at += 1;
        }
        let rest = line.get(at..).unwrap_or_default();
        if quoted {
            let Some(end) = memchr::memchr(b'"', rest) else { return true };
            at += end + 1;
            // A quote written twice is one quote, and the cell goes on.
            quoted = line.get(at) == Some(&b'"');
            at += usize::from(quoted);
            if quoted {
                continue;
            }
        }
        let rest = line.get(at..).unwrap_or_default();
        let Some(next) = memchr::memchr(delimiter, rest) else { return false };
        at += next + 1;
    }
}

/// The header: where each name stands in the row's own text.
struct Table {
    delimiter: u8,
    names: String,
    cells: Vec<Piece>,
}

impl Table {
    fn from_header(line: &Line<'_>, limits: &Limits) -> Result<Self, Fault> {
        let refuse = |reason: String, column: u64| {
            Fault::bad_input("bad-header", reason)
                .advise(
                    "A table begins with a line of names, all different, parted by commas, semicolons, tabs or bars.",
                )
                .at(Place::line(line.number, column))
        };
        let text = std::str::from_utf8(line.bytes)
            .map_err(|error| refuse("The header is not UTF-8".to_owned(), error.valid_up_to() as u64 + 1))?;
        if line.too_long {
            return Err(refuse("The header is longer than the limit for lines".to_owned(), 0));
        }
        let delimiter = sniff_delimiter(line.bytes)
            .ok_or_else(|| refuse("The header has one column only, or an unknown delimiter".to_owned(), 0))?;
        let (mut names, mut cells) = (String::new(), Vec::new());
        let mut rest = Cells { text, delimiter, at: 0, done: false };
        while let Some(cell) = rest.next() {
            let cell = cell.map_err(|bad| refuse(bad.reason, bad.at.map_or(0, |at| at as u64 + 1)))?;
            let from = names.len();
            cell.push_to(&mut names);
            let name = names[from..].trim().to_owned();
            names.truncate(from);
            let known = cells.iter().any(|piece: &Piece| names[piece.range()] == name);
            if name.is_empty() || known || cells.len() == limits.fields_max {
                let reason = if name.is_empty() {
                    "A column has no name".to_owned()
                } else if known {
                    format!("The name {name:?} stands twice")
                } else {
                    format!("A table has at most {} columns", limits.fields_max)
                };
                return Err(refuse(reason, cell.at as u64 + 1));
            }
            names.push_str(&name);
            cells.push(Piece::own(from, names.len()));
        }
        Ok(Table { delimiter, names, cells })
    }

    fn parse<'b>(&self, line: &Line<'b>, row: &mut Row, output: &mut Output<'_>) -> Result<&'b str, Bad> {
        let text = output.text(line)?;
        row.clear();
        row.own.push_str(&self.names);
        let mut cells = Cells { text, delimiter: self.delimiter, at: 0, done: false };
        let mut count = 0;
        while let Some(cell) = cells.next() {
            let cell = cell?;
            if let Some(name) = self.cells.get(count)
                && !cell.raw.is_empty()
            {
                let value = if cell.doubled {
                    let from = row.own.len();
                    cell.push_to(&mut row.own);
                    Piece::own(from, row.own.len())
                } else {
                    Piece::line(cell.at, cell.at + cell.raw.len())
                };
                let number =
                    cell.raw.as_bytes()[0].is_ascii_digit() && cell.raw.bytes().all(|byte| byte.is_ascii_digit());
                let written = if number { Written::Number } else { Written::Text };
                row.slots.push(Slot { key: *name, value, written, at: cell.at as u32 });
            }
            count += 1;
        }
        if count != self.cells.len() {
            let reason = format!("The line has {count} cells, the header {}", self.cells.len());
            return Err(Bad::line("wrong-cell-count", reason));
        }
        Ok(text)
    }
}

/// One cell without its quotes.
struct Cell<'a> {
    raw: &'a str,
    /// Holds quotes written twice.
    doubled: bool,
    at: usize,
}

impl Cell<'_> {
    fn push_to(&self, out: &mut String) {
        if !self.doubled {
            return out.push_str(self.raw);
        }
        let mut parts = self.raw.split("\"\"");
        out.extend(parts.next());
        for part in parts {
            out.push('"');
            out.push_str(part);
        }
    }
}

struct Cells<'a> {
    text: &'a str,
    delimiter: u8,
    at: usize,
    done: bool,
}

impl<'a> Cells<'a> {
    fn next(&mut self) -> Option<Result<Cell<'a>, Bad>> {
        if self.done {
            return None;
        }
        let cell = if self.text.as_bytes().get(self.at) == Some(&b'"') { self.quoted() } else { self.bare() };
        self.done |= cell.is_err();
        Some(cell)
    }

    fn bare(&mut self) -> Result<Cell<'a>, Bad> {
        let from = self.at;
        let rest = &self.text.as_bytes()[from..];
        let end = match memchr::memchr2(self.delimiter, b'"', rest) {
            Some(at) if rest[at] == b'"' => {
                return Err(Bad::new("bad-quoting", from + at, "A quote stands inside a bare cell"));
            }
            Some(at) => {
                self.at = from + at + 1;
                from + at
            }
            None => {
                self.done = true;
                self.text.len()
            }
        };
        Ok(Cell { raw: &self.text[from..end], doubled: false, at: from })
    }

    fn quoted(&mut self) -> Result<Cell<'a>, Bad> {
        let bytes = self.text.as_bytes();
        let from = self.at + 1;
        let (mut at, mut doubled) = (from, false);
        loop {
            let Some(found) = memchr::memchr(b'"', &bytes[at..]) else {
                return Err(Bad::new("bad-quoting", self.at, "The quote that is opened here is never closed"));
            };
            at += found;
            if bytes.get(at + 1) != Some(&b'"') {
                break;
            }
            doubled = true;
            at += 2;
        }
        match bytes.get(at + 1) {
            None => self.done = true,
            Some(byte) if *byte == self.delimiter => self.at = at + 2,
            Some(_) => return Err(Bad::new("bad-quoting", at + 1, "Text stands after the closing quote")),
        }
        Ok(Cell { raw: &self.text[from..at], doubled, at: from })
    }
}
