//! logfmt: `time=2026-01-31T09:00:00Z level=info msg="it is \"on\"" ok`, one record a line.
//!
//! Values stand bare or in quotes, with the escapes of JSON. A name without a value, like one with nothing behind `=`, has an
//! empty text. Which name means what is as in JSON Lines: the usual names, or a map.

use std::io::Read;

use model::Fault;

use crate::json::{Scanner, Text, Token};
use crate::lines::Line;
use crate::output::{Bad, Output};
use crate::row::{Piece, Row, Slot, Written, read_lines};
use crate::{Limits, Request, number};

const CODE: &str = "bad-logfmt";

pub(crate) fn read(input: &mut dyn Read, request: &Request, output: &mut Output<'_>) -> Result<(), Fault> {
    read_lines(input, request, output, parse)
}

/// Whether a line is logfmt beyond doubt: it begins with a pair, and has two of them.
pub(crate) fn is_line(line: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(line.trim_ascii()) else { return false };
    let mut row = Row::default();
    let has_name =
        |slot: &Slot| text[slot.key.range()].starts_with(|letter: char| letter.is_alphabetic() || letter == '_');
    let pairs =
        |row: &Row| row.slots.iter().filter(|slot| !slot.value.range().is_empty() || slot.value.is_own()).count();
    fill(text, &Limits::default(), &mut row).is_ok()
        && row.slots.first().is_some_and(|slot| has_name(slot) && !slot.value.range().is_empty())
        && pairs(&row) >= 2
}

fn parse<'b>(line: &Line<'b>, limits: &Limits, row: &mut Row, output: &mut Output<'_>) -> Result<&'b str, Bad> {
    let text = output.text(line)?;
    fill(text, limits, row)?;
    Ok(text)
}

fn fill(text: &str, limits: &Limits, row: &mut Row) -> Result<(), Bad> {
    row.clear();
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        while bytes.get(at).is_some_and(|byte| *byte <= b' ') {
            at += 1;
        }
        if at == bytes.len() {
            return Ok(());
        }
        if row.slots.len() == limits.fields_max {
            return Err(Bad::new("too-many-fields", at, format!("A record has at most {} fields", limits.fields_max)));
        }
        at = pair(text, at, limits, row)?;
    }
}

/// Reads a pair, and gives where it ends.
fn pair(text: &str, from: usize, limits: &Limits, row: &mut Row) -> Result<usize, Bad> {
    let bytes = text.as_bytes();
    let until = |from: usize, stops: fn(u8) -> bool| {
        bytes[from..].iter().position(|byte| stops(*byte)).map_or(bytes.len(), |found| from + found)
    };
    let end = until(from, |byte| byte <= b' ' || byte == b'=' || byte == b'"');
    if end == from {
        return Err(Bad::new(CODE, from, "A name is expected in front of ="));
    }
    let key = Piece::line(from, end);
    let (value, written, end) = match bytes.get(end) {
        Some(b'"') => return Err(Bad::new(CODE, end, "A quote stands inside a name")),
        Some(b'=') if bytes.get(end + 1) == Some(&b'"') => {
            let (value, length) = quoted(&text[end + 1..], end + 1, limits, row)?;
            (value, Written::Text, end + 1 + length)
        }
        Some(b'=') => {
            let stop = until(end + 1, |byte| byte <= b' ' || byte == b'"' || byte == b'=');
            if let Some(sign @ (b'"' | b'=')) = bytes.get(stop) {
                let reason = format!("{:?} stands inside a value without quotes", char::from(*sign));
                return Err(Bad::new(CODE, stop, reason));
            }
            let value = &bytes[end + 1..stop];
            let is_number = number::go_float(value).is_some();
            (Piece::line(end + 1, stop), if is_number { Written::Number } else { Written::Text }, stop)
        }
        _ => (Piece::line(end, end), Written::Text, end),
    };
    row.slots.push(Slot { key, value, written, at: from as u32 });
    Ok(end)
}

/// Reads a value in quotes, and gives its length with them.
fn quoted(rest: &str, at: usize, limits: &Limits, row: &mut Row) -> Result<(Piece, usize), Bad> {
    let located = |bad: Bad| Bad { at: bad.at.map(|within| within + at), code: CODE, ..bad };
    let mut scanner = Scanner::new(rest, limits.depth_max);
    let token = scanner.value().map_err(located)?;
    let Token::Text(value) = token else { return Err(Bad::new(CODE, at, "A value in quotes is expected")) };
    let length = scanner.offset();
    if rest.as_bytes().get(length).is_some_and(|byte| *byte > b' ') {
        return Err(Bad::new(CODE, at + length, "A blank is expected behind a value in quotes"));
    }
    Ok((unescaped(&value, at, row).map_err(located)?, length))
}

fn unescaped(value: &Text<'_>, at: usize, row: &mut Row) -> Result<Piece, Bad> {
    if !value.is_escaped() {
        return Ok(Piece::line(at + value.at(), at + value.at() + value.raw.len()));
    }
    let from = row.own.len();
    value.push_to(&mut row.own)?;
    Ok(Piece::own(from, row.own.len()))
}
