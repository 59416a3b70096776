//! JSON Lines: one object per line, any fields.
//!
//! Nested objects are flattened, their names joined by dots; a list stays JSON text; null means that the field is not
//! there. Numbers keep the digits they were written with. A byte order mark, CRLF and empty lines do no harm.

use std::io::Read;

use model::Fault;

use crate::json::{Scanner, Text, Token};
use crate::lines::Line;
use crate::output::{Bad, Output};
use crate::row::{Piece, Row, Slot, Written, read_lines};
use crate::{Limits, Request};

pub(crate) fn read(input: &mut dyn Read, request: &Request, output: &mut Output<'_>) -> Result<(), Fault> {
    read_lines(input, request, output, parse)
}

fn parse<'b>(line: &Line<'b>, limits: &Limits, row: &mut Row, output: &mut Output<'_>) -> Result<&'b str, Bad> {
    let text = output.text(line)?;
    row.clear();
    let mut scanner = Scanner::new(text, limits.depth_max);
    if scanner.value()? != Token::Object {
        return Err(Bad::new("not-an-object", 0, "A line is one JSON object, {…}"));
    }
    Flatten { scanner: &mut scanner, row, limits }.object(None)?;
    scanner.end()?;
    Ok(text)
}

struct Flatten<'s, 'a> {
    scanner: &'s mut Scanner<'a>,
    row: &'s mut Row,
    limits: &'s Limits,
}

impl<'a> Flatten<'_, 'a> {
    /// Takes the fields of an object whose own name is `prefix`. As deep as the scanner lets it: [`Limits::depth_max`].
    fn object(&mut self, prefix: Option<Piece>) -> Result<(), Bad> {
        let mut first = true;
        while let Some(key) = self.scanner.key(&mut first)? {
            let name = self.name(prefix, &key)?;
            self.scanner.skip_blank();
            let at = self.scanner.offset();
            let token = self.scanner.value()?;
            let (value, written) = match token {
                Token::Object => {
                    self.object(Some(name))?;
                    continue;
                }
                Token::Null => continue,
                Token::Text(text) => (self.piece(&text)?, Written::Text),
                Token::Number(number) => (borrowed(at, number.len()), Written::Number),
                other => {
                    self.scanner.skip(other)?;
                    (borrowed(at, self.scanner.since(at).len()), Written::Other)
                }
            };
            if self.row.slots.len() == self.limits.fields_max {
                return Err(too_many(at, self.limits));
            }
            self.row.slots.push(Slot { key: name, value, written, at: at as u32 });
        }
        Ok(())
    }

    /// The name of a field, behind the names of the objects around it.
    fn name(&mut self, prefix: Option<Piece>, key: &Text<'a>) -> Result<Piece, Bad> {
        let Some(prefix) = prefix else { return self.piece(key) };
        let from = self.row.own.len();
        if from > self.limits.line_bytes_max {
            return Err(too_many(key.at(), self.limits));
        }
        if prefix.is_own() {
            self.row.own.extend_from_within(prefix.range());
        } else {
            // A name without escapes stands in the line as it is.
            let name = self.scanner.text_at(prefix.range());
            self.row.own.push_str(name);
        }
        self.row.own.push('.');
        key.push_to(&mut self.row.own)?;
        Ok(Piece::own(from, self.row.own.len()))
    }

    fn piece(&mut self, text: &Text<'a>) -> Result<Piece, Bad> {
        if !text.is_escaped() {
            return Ok(borrowed(text.at(), text.raw.len()));
        }
        let from = self.row.own.len();
        text.push_to(&mut self.row.own)?;
        Ok(Piece::own(from, self.row.own.len()))
    }
}

fn borrowed(at: usize, length: usize) -> Piece {
    Piece::line(at, at + length)
}

#[cold]
fn too_many(at: usize, limits: &Limits) -> Bad {
    Bad::new("too-many-fields", at, format!("A record has at most {} fields", limits.fields_max))
}
