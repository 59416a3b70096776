//! Env files: `NAME=value`, one to a line, as shells and dotenv read them. Held in memory as a whole.
//!
//! Pieces are values, with their name, names that hold a digit, and comments. Values in double quotes know backslashes
//! and may go over several lines, those in single quotes stand as they are. A value that needs quotes after its edit
//! gets them. Lines that are nothing of the kind are pieces as they are.

use std::borrow::Cow;
use std::io::{Read, Write};
use std::ops::Range;

use model::Fault;

use super::scalar::{self, Pointers, about, is_prose};
use super::weave::{Weave, applied, straight};
use super::whole::{self, Whole};
use crate::{Decide, Limits};

/// Walks over every line of `input`.
///
/// # Errors
/// `too-large` above `limits.document_bytes`, what [`Decide`] answers, and failures of reader and writer.
pub fn rewrite(
    input: &mut dyn Read,
    output: &mut dyn Write,
    decide: &mut dyn Decide,
    limits: &Limits,
) -> Result<(), Fault> {
    let bytes = whole::read(input, limits.document_bytes)?;
    let mut walk = Walk { whole: Whole::new(&bytes, decide), bytes: &bytes, pointers: Pointers::default() };
    let mut at = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    while at < bytes.len() {
        at = walk.line(at)?;
    }
    walk.whole.finish(output)
}

struct Walk<'a> {
    whole: Whole<'a>,
    bytes: &'a [u8],
    pointers: Pointers,
}

impl Walk<'_> {
    /// Shows the line at `start`; where the next one begins.
    fn line(&mut self, start: usize) -> Result<usize, Fault> {
        let end = line_end(self.bytes, start);
        let text = &self.bytes[start..end];
        let indent = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let at = start + indent;
        if at >= end {
            return Ok(end + 1);
        }
        if self.bytes[at] == b'#' {
            self.aside("comment", at + 1..end)?;
            return Ok(end + 1);
        }
        let export = if self.bytes[at..end].starts_with(b"export ") { 7 } else { 0 };
        let name = at + export..at + export + name_length(&self.bytes[at + export..end]);
        if name.is_empty() || self.bytes[..end].get(name.end) != Some(&b'=') {
            self.aside("line", at..end)?;
            return Ok(end + 1);
        }
        let at = name.end + 1;
        let name = self.name(name)?;
        let next = self.value(&[name], at, end)?;
        let end = line_end(self.bytes, next);
        self.tail(next..end)?;
        Ok(end + 1)
    }

    /// Shows a name that holds a digit; what it is afterwards.
    fn name(&mut self, range: Range<usize>) -> Result<Cow<'static, str>, Fault> {
        let text = &self.bytes[range.clone()];
        let mut edits = Vec::new();
        if text.iter().any(u8::is_ascii_digit) {
            edits = self.whole.ask(range.clone(), about(&[], Pointers::key(&[], range.start), false))?;
            for edit in &mut edits {
                edit.with = edit.with.replace(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric(), "_");
            }
        }
        self.whole.patch(straight(range.start as u64, range.len(), &edits)?, &scalar::encode_line);
        Ok(Cow::Owned(String::from_utf8_lossy(&applied(text, &edits)).into_owned()))
    }

    /// Shows the value at `at`; where it ends.
    fn value(&mut self, name: &[Cow<'static, str>], at: usize, end: usize) -> Result<usize, Fault> {
        let pointer = self.pointers.value(name, at);
        let closed = match self.bytes.get(at) {
            Some(b'"') => scalar::escaped_end(self.bytes, at + 1, b"\""),
            Some(b'\'') => memchr::memchr(b'\'', &self.bytes[at + 1..]).map(|length| at + length + 2),
            _ => None,
        };
        let mut weave = Weave::default();
        let Some(close) = closed else {
            let length = plain_length(&self.bytes[at..end]);
            weave.copy(&self.bytes[at..at + length], at as u64);
            weave.close();
            if length > 0 {
                let about = about(name, pointer, is_prose(weave.text()));
                scalar::show_plain(&mut self.whole, at..at + length, &weave, about, &is_plain)?;
            }
            return Ok(at + length);
        };
        let range = at + 1..close - 1;
        let is_double = self.bytes[at] == b'"';
        if is_double {
            scalar::decode_escaped(self.bytes, range, false, &mut weave);
        } else {
            weave.copy(&self.bytes[range.clone()], range.start as u64);
        }
        weave.close();
        if !weave.is_empty() {
            let about = about(name, pointer, is_prose(weave.text()));
            self.whole.show_woven(&weave, at + 1, about, if is_double { &in_double } else { &in_single })?;
        }
        Ok(close)
    }

    /// What stands behind a value: a comment, or more of it.
    fn tail(&mut self, range: Range<usize>) -> Result<(), Fault> {
        let text = &self.bytes[range.clone()];
        if text.trim_ascii().is_empty() { Ok(()) } else { self.aside("comment", range) }
    }

    fn aside(&mut self, kind: &str, range: Range<usize>) -> Result<(), Fault> {
        if range.is_empty() {
            return Ok(());
        }
        let pointer = Pointers::aside(&[], kind, range.start);
        self.whole.show(range, about(&[], pointer, true), &scalar::encode_line)
    }
}

/// Where the line that holds `at` ends, without its line end.
pub(super) fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &bytes[at.min(bytes.len())..]).map_or(bytes.len(), |length| at + length)
}

fn name_length(line: &[u8]) -> usize {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    line.iter().take_while(|byte| is_name(byte)).count()
}

/// Up to a comment, without the white space before it.
fn plain_length(text: &[u8]) -> usize {
    let comment = memchr::memmem::find(text, b" #").unwrap_or(text.len());
    text[..comment].trim_ascii_end().len()
}

fn is_plain(text: &[u8]) -> bool {
    let is_special = |byte: &u8| byte.is_ascii_whitespace() || b"#\"'$`\\;&|<>()".contains(byte);
    !text.iter().any(is_special)
}

fn in_double(with: &str, at: u64) -> Vec<u8> {
    let escaped = scalar::encode_escaped(with, at);
    let mut out = Vec::with_capacity(escaped.len());
    for byte in escaped {
        // Shells would put something else in its place.
        if matches!(byte, b'$' | b'`') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out
}

/// A single quote cannot stand within single quotes.
fn in_single(with: &str, _: u64) -> Vec<u8> {
    with.replace('\'', "\u{2019}").into_bytes()
}
