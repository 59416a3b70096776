//! TOML. Held in memory as a whole.
//!
//! Pieces are values with their table and key, keys, and comments. Strings keep their quotes; an edited number, date or
//! truth value becomes a string, an edited bare key is put in quotes. What is not TOML is a piece as it stands, so
//! that every byte of every line is looked at.

use std::borrow::Cow;
use std::io::{Read, Write};
use std::ops::Range;

use model::Fault;

use super::env::line_end;
use super::scalar::{self, Pointers, about, is_prose};
use super::weave::Weave;
use super::whole::{self, Whole};
use crate::{Decide, Limits};

/// Walks over every value of `input`.
///
/// # Errors
/// `toml-too-deep` with its line and column, `too-large` above `limits.document_bytes`, what [`Decide`] answers, and
/// failures of reader and writer.
pub fn rewrite(
    input: &mut dyn Read,
    output: &mut dyn Write,
    decide: &mut dyn Decide,
    limits: &Limits,
) -> Result<(), Fault> {
    let bytes = whole::read(input, limits.document_bytes)?;
    let mut walk = Walk {
        whole: Whole::new(&bytes, decide),
        bytes: &bytes,
        at: if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 },
        depth_max: limits.depth as usize,
        names: Vec::new(),
        frames: Vec::new(),
        pointers: Pointers::default(),
    };
    while walk.at < bytes.len() {
        walk.statement()?;
    }
    walk.whole.finish(output)
}

struct Walk<'a> {
    whole: Whole<'a>,
    bytes: &'a [u8],
    at: usize,
    depth_max: usize,
    names: Vec<Cow<'static, str>>,
    /// Arrays (with the index of their next element) and inline tables that are open, and how many names they had.
    frames: Vec<(Option<u64>, usize)>,
    pointers: Pointers,
}

impl Walk<'_> {
    /// A header, a line `key = value`, a comment or an empty line.
    fn statement(&mut self) -> Result<(), Fault> {
        self.space(true);
        match self.peek() {
            None => return Ok(()),
            Some(b'#') => return self.comment(),
            Some(b'[') if self.keys_end_with(b']') => {
                self.names.clear();
                self.skip(|byte| byte == b'[');
                self.keys()?;
                self.skip(|byte| byte == b']');
            }
            Some(_) if self.keys_end_with(b'=') => {
                let table = self.names.len();
                self.keys()?;
                self.at += 1;
                self.space(false);
                self.values()?;
                self.names.truncate(table);
            }
            Some(_) => {}
        }
        self.rest_of_line()
    }

    /// Whether keys stand here, and `sign` behind them. What does not look like that is no TOML, and is shown as a whole:
    /// words that are taken for keys would be shown one by one.
    fn keys_end_with(&self, sign: u8) -> bool {
        let blanks =
            |at: usize| self.bytes[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
        let brackets = self.bytes[self.at..].iter().take_while(|byte| **byte == b'[').count();
        let mut at = self.at + if sign == b']' { brackets } else { 0 };
        loop {
            at += blanks(at);
            at = match self.string_end(at) {
                Some(end) => end,
                None => at + self.bytes[at..].iter().take_while(|byte| is_bare(**byte)).count(),
            };
            at += blanks(at);
            match self.bytes.get(at) {
                Some(b'.') => at += 1,
                next => return next == Some(&sign),
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip(&mut self, matches: impl Fn(u8) -> bool) {
        self.at += self.bytes[self.at..].iter().take_while(|byte| matches(**byte)).count();
    }

    fn space(&mut self, lines: bool) {
        self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\r') || lines && byte == b'\n');
    }

    fn comment(&mut self) -> Result<(), Fault> {
        let range = self.at..line_end(self.bytes, self.at);
        self.at = range.end;
        self.aside("comment", range.start + 1..range.end)
    }

    fn aside(&mut self, kind: &str, range: Range<usize>) -> Result<(), Fault> {
        if self.bytes[range.clone()].trim_ascii().is_empty() {
            return Ok(());
        }
        let pointer = Pointers::aside(&[], kind, range.start);
        self.whole.show(range, about(&[], pointer, true), &scalar::encode_line)
    }

    /// A comment, or what is not TOML.
    fn rest_of_line(&mut self) -> Result<(), Fault> {
        self.space(false);
        match self.peek() {
            Some(b'#') => self.comment(),
            _ => {
                let range = self.at..line_end(self.bytes, self.at);
                self.at = range.end;
                self.aside("line", range)
            }
        }
    }

    /// `a."b".c`: their texts join the names.
    fn keys(&mut self) -> Result<(), Fault> {
        loop {
            self.space(false);
            self.key()?;
            self.space(false);
            if self.peek() != Some(b'.') {
                return Ok(());
            }
            self.at += 1;
        }
    }

    fn key(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let about = about(&self.names, Pointers::key(&self.names, start), false);
        let mut weave = Weave::default();
        let after = if let Some(close) = self.string_end(start) {
            let is_basic = self.bytes[start] == b'"';
            self.decode(start + 1..close - 1, is_basic, &mut weave);
            self.at = close;
            if weave.is_empty() {
                Vec::new()
            } else {
                self.whole.show_woven(
                    &weave,
                    start + 1,
                    about,
                    if is_basic { &scalar::encode_escaped } else { &literal },
                )?
            }
        } else {
            self.at += self.bytes[start..].iter().take_while(|byte| is_bare(**byte)).count();
            if self.at == start {
                return Ok(());
            }
            weave.copy(&self.bytes[start..self.at], start as u64);
            weave.close();
            let is_plain = |text: &[u8]| !text.is_empty() && text.iter().all(|byte| is_bare(*byte));
            scalar::show_plain(&mut self.whole, start..self.at, &weave, about, &is_plain)?
        };
        if self.names.len() < self.depth_max {
            self.names.push(Cow::Owned(String::from_utf8_lossy(&after).into_owned()));
        }
        Ok(())
    }

    /// Behind the string on this line that begins at `at`, if one does.
    fn string_end(&self, at: usize) -> Option<usize> {
        let quote = self.bytes.get(at).filter(|byte| matches!(byte, b'"' | b'\''))?;
        let line = &self.bytes[..line_end(self.bytes, at)];
        match quote {
            b'"' => scalar::escaped_end(line, at + 1, b"\""),
            _ => memchr::memchr(b'\'', &line[at + 1..]).map(|length| at + length + 2),
        }
    }

    fn decode(&self, range: Range<usize>, is_basic: bool, weave: &mut Weave) {
        if is_basic {
            scalar::decode_escaped(self.bytes, range, false, weave);
        } else {
            weave.copy(&self.bytes[range.clone()], range.start as u64);
        }
        weave.close();
    }

    /// A value with everything in it: arrays and inline tables hold more.
    fn values(&mut self) -> Result<(), Fault> {
        let bottom = self.names.len();
        self.value()?;
        while let Some(&(index, names)) = self.frames.last() {
            self.space(true);
            self.names.truncate(names);
            match self.peek() {
                None => self.frames.clear(),
                Some(b'#') => self.comment()?,
                Some(b',') => self.at += 1,
                Some(b']' | b'}') => {
                    self.at += 1;
                    self.frames.pop();
                }
                Some(_) if index.is_some() => {
                    let frame = self.frames.last_mut().expect("it was there above");
                    let index = frame.0.get_or_insert_default();
                    self.names.push(Cow::Owned(index.to_string()));
                    *index += 1;
                    self.value()?;
                }
                Some(_) if self.keys_end_with(b'=') => {
                    self.keys()?;
                    self.at += 1;
                    self.space(false);
                    self.value()?;
                }
                Some(_) => self.value()?,
            }
        }
        self.names.truncate(bottom);
        Ok(())
    }

    fn value(&mut self) -> Result<(), Fault> {
        match self.peek() {
            Some(open @ (b'[' | b'{')) => {
                if self.frames.len() >= self.depth_max {
                    let message = format!("Arrays and tables are nested more than {} deep", self.depth_max);
                    return Err(Fault::bad_input("toml-too-deep", message)
                        .at(self.whole.place(self.at))
                        .advise("Take the inner parts out, or redact the file as plain text."));
                }
                self.at += 1;
                self.frames.push(((open == b'[').then_some(0), self.names.len()));
                Ok(())
            }
            Some(b'"' | b'\'') => self.string(),
            None | Some(b'\n') => Ok(()),
            Some(_) => self.bare(),
        }
    }

    fn string(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let is_basic = self.bytes[start] == b'"';
        let triple: &[u8] = if is_basic { b"\"\"\"" } else { b"'''" };
        let is_long = self.bytes[start..].starts_with(triple);
        let text = start + if is_long { 3 } else { 1 };
        let close = match (is_long, is_basic) {
            (false, _) => self.string_end(start),
            (true, true) => scalar::escaped_end(self.bytes, text, triple),
            (true, false) => memchr::memmem::find(&self.bytes[text..], triple).map(|length| text + length + 3),
        };
        let Some(mut close) = close else { return self.bare() };
        let mut weave = Weave::default();
        // Up to two quotes more may stand before the closing ones.
        for _ in 0..2 {
            close += usize::from(is_long && self.bytes.get(close) == Some(&triple[0]));
        }
        self.decode(text..close - (text - start), is_basic, &mut weave);
        self.at = close;
        if weave.is_empty() {
            return Ok(());
        }
        let pointer = self.pointers.value(&self.names, start);
        let about = about(&self.names, pointer, is_prose(weave.text()));
        self.whole.show_woven(&weave, text, about, if is_basic { &scalar::encode_escaped } else { &literal })?;
        Ok(())
    }

    /// A number, a date, a truth value, or what is not TOML: up to a comma, a bracket, a comment or the line end.
    fn bare(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let is_end = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b'#' | b'\n');
        // At least one byte, so that what is not TOML is passed.
        let length = 1 + self.bytes[start + 1..].iter().position(is_end).unwrap_or(self.bytes.len() - start - 1);
        let range = start..start + self.bytes[start..start + length].trim_ascii_end().len().max(1);
        self.at = start + length;
        let mut weave = Weave::default();
        weave.copy(&self.bytes[range.clone()], start as u64);
        weave.close();
        let pointer = self.pointers.value(&self.names, start);
        let about = about(&self.names, pointer, is_prose(weave.text()));
        scalar::show_plain(&mut self.whole, range, &weave, about, &|_| false)?;
        Ok(())
    }
}

fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Nothing is escaped in a literal string.
fn literal(with: &str, _: u64) -> Vec<u8> {
    let safe = |c: char| {
        if c == '\'' {
            '\u{2019}'
        } else if c.is_control() && c != '\t' {
            ' '
        } else {
            c
        }
    };
    with.chars().map(safe).collect::<String>().into_bytes()
}
