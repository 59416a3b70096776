//! YAML. Held in memory as a whole.
//!
//! Lines are read by their indentation, as far as that says which key a value belongs to; flow collections, quoted and
//! block scalars over several lines are read as such. Pieces are scalars with their path, keys, comments, tags and
//! anchors. Quotes stay; a plain scalar gets double quotes when it would be read otherwise after its edit. What is not
//! understood is a piece as it stands, so that every byte of every line is looked at.

use std::borrow::Cow;
use std::io::{Read, Write};
use std::ops::Range;

use model::Fault;

use super::env::line_end;
use super::scalar::{self, Pointers, about, is_prose};
use super::weave::Weave;
use super::whole::{self, Whole};
use crate::{Decide, Limits};

/// Walks over every scalar of `input`.
///
/// # Errors
/// `yaml-too-deep` with its line and column, `too-large` above `limits.document_bytes`, what [`Decide`] answers, and
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
        levels: Vec::new(),
        pointers: Pointers::default(),
    };
    while walk.at < bytes.len() {
        walk.line()?;
    }
    walk.whole.finish(output)
}

/// A mapping or sequence that is open.
struct Level {
    /// Twice its column; a sequence may stand in the column of the key it belongs to, and is one more.
    rank: usize,
    /// Names around it.
    names: usize,
    /// Elements begun, of a sequence.
    index: u64,
}

struct Walk<'a> {
    whole: Whole<'a>,
    bytes: &'a [u8],
    at: usize,
    depth_max: usize,
    names: Vec<Cow<'static, str>>,
    levels: Vec<Level>,
    pointers: Pointers,
}

impl Walk<'_> {
    fn line(&mut self) -> Result<(), Fault> {
        let (start, end) = (self.at, line_end(self.bytes, self.at));
        let line = &self.bytes[start..end];
        if start_of_document(line) {
            self.levels.clear();
            self.names.clear();
            self.at = start + 3;
            self.space();
            return self.node(start, 0);
        }
        if line.first() == Some(&b'%') {
            return self.rest_of_line();
        }
        self.space();
        self.node(start, 0)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        self.at += blank(&self.bytes[self.at..]);
    }

    /// Dashes, a key and a value, or some of them; `parent` is the column that lines going on with a value are right of,
    /// from 1.
    fn node(&mut self, line_start: usize, mut parent: usize) -> Result<(), Fault> {
        loop {
            let column = self.at - line_start;
            let end = line_end(self.bytes, self.at);
            let line = &self.bytes[self.at..end];
            match line {
                [] | [b'\r'] => return self.rest_of_line(),
                [b'#', ..] => return self.rest_of_line(),
                [b'-', b' ' | b'\t' | b'\r', ..] | [b'-'] => {
                    self.element(column)?;
                    self.at += 1;
                }
                [b'?' | b':', b' ' | b'\t' | b'\r', ..] | [b'?' | b':'] => self.at += 1,
                _ => {
                    if let Some(key) = key_length(line) {
                        self.member(column, key)?;
                        parent = column + 1;
                        self.space();
                    }
                    return self.value(parent);
                }
            }
            parent = column + 1;
            self.space();
        }
    }

    /// Closes what is open right of `rank`.
    fn close(&mut self, rank: usize) {
        while self.levels.last().is_some_and(|level| level.rank >= rank) {
            let level = self.levels.pop().expect("it was there above");
            self.names.truncate(level.names);
        }
    }

    fn open(&mut self, rank: usize, index: u64) -> Result<(), Fault> {
        if self.levels.len() >= self.depth_max {
            return Err(self.too_deep());
        }
        self.levels.push(Level { rank, names: self.names.len(), index });
        Ok(())
    }

    fn too_deep(&self) -> Fault {
        let message = format!("Mappings and sequences are nested more than {} deep", self.depth_max);
        Fault::bad_input("yaml-too-deep", message)
            .at(self.whole.place(self.at))
            .advise("Take the inner parts out and redact them on their own, or redact the file as plain text.")
    }

    fn element(&mut self, column: usize) -> Result<(), Fault> {
        let rank = 2 * column + 1;
        self.close(rank + 1);
        let index = match self.levels.last() {
            Some(level) if level.rank == rank => level.index + 1,
            _ => 0,
        };
        self.close(rank);
        self.open(rank, index)?;
        self.names.push(Cow::Owned(index.to_string()));
        Ok(())
    }

    /// A key of `length` bytes before its colon.
    fn member(&mut self, column: usize, length: usize) -> Result<(), Fault> {
        self.close(2 * column);
        self.open(2 * column, 0)?;
        let range = self.at..self.at + self.bytes[self.at..self.at + length].trim_ascii_end().len();
        let colon = self.at + length;
        let name = self.key(range, false)?;
        self.names.push(name);
        self.at = colon + 1;
        Ok(())
    }

    /// Shows a key; what it is called afterwards.
    fn key(&mut self, range: Range<usize>, in_flow: bool) -> Result<Cow<'static, str>, Fault> {
        let pointer = Pointers::key(&self.names, range.start);
        let after = self.scalar(range, pointer, in_flow, false)?;
        Ok(Cow::Owned(String::from_utf8_lossy(&after).into_owned()))
    }

    /// Shows a scalar that is complete, in quotes or plain; its text afterwards.
    fn scalar(
        &mut self,
        range: Range<usize>,
        pointer: String,
        in_flow: bool,
        is_value: bool,
    ) -> Result<Vec<u8>, Fault> {
        let raw = &self.bytes[range.clone()];
        let mut weave = Weave::default();
        let inner = range.start + 1..range.end.saturating_sub(1);
        let encode: Option<whole::Encode<'_>> = match raw {
            [b'"', .., b'"'] => {
                scalar::decode_escaped(self.bytes, inner.clone(), true, &mut weave);
                Some(&scalar::encode_escaped)
            }
            [b'\'', .., b'\''] => {
                scalar::decode_doubled(self.bytes, inner.clone(), true, &mut weave);
                Some(&scalar::encode_doubled)
            }
            _ => {
                unfold(self.bytes, range.clone(), &mut weave);
                None
            }
        };
        weave.close();
        if weave.is_empty() {
            return Ok(Vec::new());
        }
        let about = about(&self.names, pointer, is_value && is_prose(weave.text()));
        match encode {
            Some(encode) => self.whole.show_woven(&weave, inner.start, about, encode),
            None => scalar::show_plain(&mut self.whole, range, &weave, about, &|text| is_plain(text, in_flow)),
        }
    }

    /// The value ahead, whose lines are right of `parent`.
    fn value(&mut self, parent: usize) -> Result<(), Fault> {
        self.properties()?;
        let end = line_end(self.bytes, self.at);
        let line = &self.bytes[self.at..end];
        let range = match line {
            [] | [b'\r'] | [b'#', ..] => return self.rest_of_line(),
            [b'|' | b'>', ..] if is_block_header(line) => return self.block(parent),
            [b'[' | b'{', ..] => return self.flow(),
            [b'"', ..] => scalar::escaped_end(self.bytes, self.at + 1, b"\""),
            [b'\'', ..] => scalar::doubled_end(self.bytes, self.at + 1, b'\''),
            _ => None,
        }
        .map(|close| self.at..close);
        let range = range.unwrap_or_else(|| self.at..self.plain_end(parent));
        self.at = range.end;
        let pointer = self.pointers.value(&self.names, range.start);
        self.scalar(range, pointer, false, true)?;
        self.rest_of_line()
    }

    /// Tags, anchors and aliases.
    fn properties(&mut self) -> Result<(), Fault> {
        while let Some(length) = self.property() {
            let start = self.at;
            self.at += 1 + length;
            if length > 0 {
                let encode = |with: &str, _: u64| {
                    with.replace(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric(), "_").into_bytes()
                };
                let about = about(&self.names, Pointers::aside(&[], "property", start), false);
                self.whole.show(start + 1..self.at, about, &encode)?;
            }
            self.space();
        }
        Ok(())
    }

    /// How long the name of the tag, anchor or alias is that begins here, if one does. Nothing stands behind an alias:
    /// what does is no YAML, and is shown with the words behind it.
    fn property(&self) -> Option<usize> {
        let sign = self.peek().filter(|byte| b"!&*".contains(byte))?;
        let rest = &self.bytes[self.at + 1..];
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || b",[]{}".contains(byte);
        let length = rest.iter().position(is_end).unwrap_or(rest.len());
        let next = rest[length..].iter().find(|byte| !matches!(byte, b' ' | b'\t'));
        let is_last = next.is_none_or(|byte| b"#,[]{}:\r\n".contains(byte));
        (sign != b'*' || is_last).then_some(length)
    }

    /// Where the plain scalar ahead ends: at a comment or the line end, and with the lines that go on with it.
    fn plain_end(&self, parent: usize) -> usize {
        let mut line = self.at..line_end(self.bytes, self.at);
        let mut end = self.at + plain_length(&self.bytes[line.clone()]).max(1);
        loop {
            let next = line.end + 1;
            if end < line.start + self.bytes[line.clone()].trim_ascii_end().len() || next >= self.bytes.len() {
                return end;
            }
            line = next..line_end(self.bytes, next);
            let indent = blank(&self.bytes[line.clone()]);
            let text = &self.bytes[line.start + indent..line.end];
            let is_other = matches!(text, [] | [b'\r'] | [b'#', ..] | [b'-', b' ', ..] | [b'-'])
                || start_of_document(&self.bytes[line.clone()])
                || key_length(text).is_some();
            if indent < parent || is_other {
                return end;
            }
            end = line.start + indent + plain_length(text).max(1);
            line.start += indent;
        }
    }

    /// `|` or `>`: the lines below that are right of `parent`.
    fn block(&mut self, parent: usize) -> Result<(), Fault> {
        let header = self.at;
        self.at += self.bytes[header..].iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
        let digit = self.bytes[header..self.at].iter().find(|byte| byte.is_ascii_digit());
        let mut indent = digit.map(|digit| parent.saturating_sub(1) + usize::from(digit - b'0'));
        let begin = line_end(self.bytes, self.at) + 1;
        self.rest_of_line()?;
        let mut lines: Vec<Range<usize>> = Vec::new();
        while self.at < self.bytes.len() {
            let end = line_end(self.bytes, self.at);
            let line = &self.bytes[self.at..end];
            let spaces = line.iter().take_while(|byte| **byte == b' ').count();
            let is_blank = line.trim_ascii().is_empty();
            if !is_blank && (spaces < parent || start_of_document(line)) {
                break;
            }
            if !is_blank {
                indent.get_or_insert(spaces);
            }
            let text = self.at + spaces.min(indent.unwrap_or(spaces));
            lines.push(text..end);
            self.at = self.bytes.len().min(end + 1);
        }
        let is_blank = |line: &&Range<usize>| self.bytes[(*line).clone()].trim_ascii().is_empty();
        let count = lines.len() - lines.iter().rev().take_while(is_blank).count();
        let Some(last) = count.checked_sub(1) else { return Ok(()) };
        let mut weave = Weave::default();
        for pair in lines[..=last].windows(2) {
            let (line, next) = (&pair[0], &pair[1]);
            if self.bytes[header] == b'>' && !is_blank(&next) && !is_blank(&line) {
                let end = line.start + self.bytes[line.clone()].trim_ascii_end().len();
                weave.copy(&self.bytes[line.start..end], line.start as u64);
                weave.decode(b" ", end as u64..next.start as u64);
            } else {
                weave.copy(&self.bytes[line.start..line.end + 1], line.start as u64);
            }
        }
        // The last line end parts the value from what follows: it is never taken out.
        weave.copy(self.bytes[lines[last].clone()].trim_ascii_end(), lines[last].start as u64);
        weave.close();
        let margin = format!("\n{}", " ".repeat(indent.unwrap_or_default()));
        let pointer = self.pointers.value(&self.names, header);
        let about = about(&self.names, pointer, true);
        self.whole.show_woven(&weave, begin, about, &|with, _| with.replace('\n', &margin).into_bytes())?;
        Ok(())
    }

    /// `[…]` and `{…}`, over as many lines as they take.
    fn flow(&mut self) -> Result<(), Fault> {
        let bottom = self.names.len();
        // What is open, with the index of the next element in a sequence, and the names around it.
        let mut open: Vec<(Option<u64>, usize)> = Vec::new();
        while let Some(byte) = self.peek() {
            match byte {
                b'[' | b'{' => {
                    if self.levels.len() + open.len() >= self.depth_max {
                        return Err(self.too_deep());
                    }
                    self.at += 1;
                    self.next_element(&mut open);
                    open.push(((byte == b'[').then_some(0), self.names.len()));
                }
                b']' | b'}' => {
                    self.at += 1;
                    open.pop();
                    let Some((_, names)) = open.last() else { break };
                    self.names.truncate(*names);
                }
                b',' => {
                    self.at += 1;
                    self.names.truncate(open.last().map_or(bottom, |(_, names)| *names));
                }
                b' ' | b'\t' | b'\r' | b'\n' | b':' | b'?' => self.at += 1,
                b'#' => self.comment()?,
                b'!' | b'&' | b'*' if self.property().is_some() => self.properties()?,
                _ => self.flow_scalar(&mut open)?,
            }
        }
        self.names.truncate(bottom);
        self.rest_of_line()
    }

    /// Adds the number of an element to the names, where a sequence is open.
    fn next_element(&mut self, open: &mut [(Option<u64>, usize)]) {
        let is_next = |names: usize| names == self.names.len();
        if let Some((Some(index), _)) = open.last_mut().filter(|(_, names)| is_next(*names)) {
            self.names.push(Cow::Owned(index.to_string()));
            *index += 1;
        }
    }

    fn flow_scalar(&mut self, open: &mut [(Option<u64>, usize)]) -> Result<(), Fault> {
        let start = self.at;
        let closed = match self.bytes[start] {
            b'"' => scalar::escaped_end(self.bytes, start + 1, b"\""),
            b'\'' => scalar::doubled_end(self.bytes, start + 1, b'\''),
            _ => None,
        };
        let end = closed.unwrap_or_else(|| start + flow_length(&self.bytes[start..]));
        self.at = end;
        let colon = end + blank(&self.bytes[end..]);
        if self.bytes.get(colon) == Some(&b':') {
            let name = self.key(start..end, true)?;
            if open.last().is_some_and(|(index, _)| index.is_some()) {
                self.next_element(open);
            }
            self.names.push(name);
            self.at = colon + 1;
            return Ok(());
        }
        self.next_element(open);
        let pointer = self.pointers.value(&self.names, start);
        self.scalar(start..end, pointer, true, true)?;
        Ok(())
    }

    fn comment(&mut self) -> Result<(), Fault> {
        let range = self.at + 1..line_end(self.bytes, self.at);
        self.at = range.end;
        self.aside("comment", range)
    }

    fn aside(&mut self, kind: &str, range: Range<usize>) -> Result<(), Fault> {
        if self.bytes[range.clone()].trim_ascii().is_empty() {
            return Ok(());
        }
        let pointer = Pointers::aside(&[], kind, range.start);
        self.whole.show(range, about(&[], pointer, true), &scalar::encode_line)
    }

    /// A comment, or what is not understood, to the end of the line and past it.
    fn rest_of_line(&mut self) -> Result<(), Fault> {
        self.space();
        let end = line_end(self.bytes, self.at);
        if self.peek() == Some(b'#') {
            self.comment()?;
        } else {
            self.aside("line", self.at..end)?;
        }
        self.at = self.bytes.len().min(end + 1);
        Ok(())
    }
}

fn blank(text: &[u8]) -> usize {
    text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// `---` and `...`.
fn start_of_document(line: &[u8]) -> bool {
    let rest = line.strip_prefix(b"---").or_else(|| line.strip_prefix(b"..."));
    rest.is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
}

/// `|`, `>-`, `|2+` and nothing else but a comment.
fn is_block_header(line: &[u8]) -> bool {
    let rest = &line[1..];
    let rest = &rest[rest.iter().take_while(|byte| b"0123456789+-".contains(byte)).count()..];
    let text = rest.trim_ascii();
    text.is_empty() || text.starts_with(b"#") && rest[0].is_ascii_whitespace()
}

/// Bytes before the colon of the key that this line begins with, if it does.
fn key_length(line: &[u8]) -> Option<usize> {
    let end = match line.first()? {
        b'"' => scalar::escaped_end(line, 1, b"\"")?,
        b'\'' => scalar::doubled_end(line, 1, b'\'')?,
        b'[' | b'{' | b'|' | b'>' | b'#' | b'%' => return None,
        _ => {
            let text = &line[..plain_length(line)];
            return memchr::memchr_iter(b':', text).find(|at| is_colon(line, *at));
        }
    };
    let colon = end + blank(&line[end..]);
    is_colon(line, colon).then_some(colon)
}

fn is_colon(line: &[u8], at: usize) -> bool {
    line.get(at) == Some(&b':') && line.get(at + 1).is_none_or(u8::is_ascii_whitespace)
}

/// Up to a comment or the line end, without white space before it.
fn plain_length(line: &[u8]) -> usize {
    let is_comment = |at: &usize| *at > 0 && line[*at - 1].is_ascii_whitespace();
    let comment = memchr::memchr_iter(b'#', line).find(is_comment).unwrap_or(line.len());
    line[..comment].trim_ascii_end().len()
}

/// Length of a plain scalar in a flow collection: at least one byte.
fn flow_length(text: &[u8]) -> usize {
    let is_end = |at: usize| match text[at] {
        b',' | b'[' | b']' | b'{' | b'}' | b'\n' => true,
        b':' => text.get(at + 1).is_none_or(|next| next.is_ascii_whitespace() || b",[]{}".contains(next)),
        b'#' => text[at - 1].is_ascii_whitespace(),
        _ => false,
    };
    let end = (1..text.len()).find(|at| is_end(*at)).unwrap_or(text.len());
    text[..end].trim_ascii_end().len().max(1)
}

/// The text of a plain scalar: a line end and the indentation behind it are a space.
fn unfold(bytes: &[u8], range: Range<usize>, weave: &mut Weave) {
    let mut at = range.start;
    while let Some(length) = memchr::memchr(b'\n', &bytes[at..range.end]) {
        let line = bytes[at..at + length].trim_ascii_end().len();
        weave.copy(&bytes[at..at + line], at as u64);
        let next = at + length + 1;
        let next = next + blank(&bytes[next..range.end]);
        weave.decode(b" ", (at + line) as u64..next as u64);
        at = next;
    }
    weave.copy(&bytes[at..range.end], at as u64);
}

/// Whether text without quotes is read as this text, and as text.
fn is_plain(text: &[u8], in_flow: bool) -> bool {
    const WORDS: [&[u8]; 10] = [b"true", b"false", b"yes", b"no", b"on", b"off", b"null", b"y", b"n", b"nan"];
    let begins = text.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80);
    let is_safe = |byte: &u8| *byte >= 0x20 && !(in_flow && b",[]{}:".contains(byte));
    begins
        && text.iter().all(is_safe)
        && memchr::memmem::find(text, b": ").is_none()
        && memchr::memmem::find(text, b" #").is_none()
        && !text.ends_with(b":")
        && !text.ends_with(b" ")
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}
