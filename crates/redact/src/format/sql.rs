//! Dumps in SQL: PostgreSQL, MySQL, SQLite and their kin.
//!
//! Pieces are string literals (`'…'`, `E'…'`, `N'…'`, `$tag$…$tag$`) with their escapes decoded, text that is written as
//! hexadecimal bytes (`X'…'`, `0x…`, `'\x…'`), numbers, comments,
//! quoted identifiers, words that stand beside each other though none of them is a keyword, other words unless they are
//! letters only, and the cells of `COPY … FROM stdin` blocks. The
//! columns an `INSERT` names, or the table was created with, are the names of its values; so is `column` in
//! `column = 'value'`.
//!
//! An edited number becomes a string literal, an edited word a quoted identifier; in literals and cells quoting stays
//! as it is. In MySQL's dialect, told by its backticks, `'…'` knows backslashes and `"…"` is a literal. A literal
//! without an end is refused.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::ops::Range;

use model::Fault;

use super::keywords::is_keyword;
use super::stream::{Stream, too_large};
use super::weave::{Weave, applied, check};
use crate::{Decide, Edit, Limits, Offsets, Piece, Spot};

/// Bytes that are looked at to tell the dialect.
const PEEK: usize = 64 << 10;
/// Tables whose columns are remembered, and columns of one table.
const TABLES_MAX: usize = 10_000;
const COLUMNS_MAX: usize = 4_096;

/// Bytes behind a word in which others are looked for that stand beside it.
const RUN_MAX: usize = 1024;

/// Walks over every statement of `input`.
///
/// # Errors
/// `sql-open-string` with its line and column, `too-large` for a literal above `limits.document_bytes`, what
/// [`Decide`] answers, and failures of reader and writer.
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
    let is_mysql = is_mysql(&stream.rest()[..stream.rest().len().min(PEEK)]);
    let mut walk = Walk {
        stream,
        decide,
        is_mysql,
        token_max: limits.document_bytes,
        context: Context::default(),
        weave: Weave::default(),
    };
    while walk.token()? {}
    walk.stream.finish()
}

/// Backticks around names, or a quote escaped by a backslash within a word where no `E` announces it.
fn is_mysql(prefix: &[u8]) -> bool {
    let in_word = |at: usize| {
        let around = (at.checked_sub(1).and_then(|before| prefix.get(before)), prefix.get(at + 2));
        matches!(around, (Some(before), Some(after)) if before.is_ascii_alphabetic() && after.is_ascii_alphabetic())
    };
    let has = |word: &[u8]| memchr::memmem::find(prefix, word).is_some();
    let is_postgres = [&b"PostgreSQL"[..], b" E'", b"(E'", b",E'"].into_iter().any(has);
    !is_postgres && (has(b"`") || memchr::memmem::find_iter(prefix, b"\\'").any(in_word))
}

/// How a token is written.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// Between quotes, which are doubled within.
    Quoted(u8),
    /// The same, and a backslash escapes, as MySQL has it.
    Escaped(u8),
    /// `E'…'`.
    Extended,
    /// A cell of a `COPY` block.
    Cell,
    /// Hexadecimal bytes of a text.
    Hex,
    /// Comments, `$tag$…$tag$`.
    Plain,
}

struct Walk<'a> {
    stream: Stream<'a>,
    decide: &'a mut dyn Decide,
    is_mysql: bool,
    token_max: u64,
    context: Context,
    weave: Weave,
}

impl Walk<'_> {
    /// Passes one token; `false` at the end.
    fn token(&mut self) -> Result<bool, Fault> {
        self.stream.fill(3)?;
        match *self.stream.rest() {
            [] => return Ok(false),
            [b'\'', ..] if self.is_mysql => self.literal(Form::Escaped(b'\''), 0)?,
            [b'\'', ..] => self.literal(Form::Quoted(b'\''), 0)?,
            [b'"', ..] if self.is_mysql => self.literal(Form::Escaped(b'"'), 0)?,
            [quote @ (b'"' | b'`'), ..] => self.literal(Form::Quoted(quote), 0)?,
            [b'E' | b'e', b'\'', ..] => self.literal(Form::Extended, 1)?,
            [b'X' | b'x', b'\'', ..] => self.literal(Form::Quoted(b'\''), 1)?,
            [b'-', b'-', ..] => self.comment(2, b"\n")?,
            [b'#', ..] if self.is_mysql => self.comment(1, b"\n")?,
            [b'/', b'*', b'!', ..] => self.stream.pass(3),
            [b'/', b'*', ..] => self.comment(2, b"*/")?,
            [b'$', ..] => self.dollar()?,
            [b'\n', ..] if self.context.copies => self.copy()?,
            [b'+', byte, ..] if byte.is_ascii_digit() => self.words()?,
            [byte, ..] if is_word(byte) => self.words()?,
            [byte, ..] => {
                self.context.punctuation(byte);
                self.stream.pass(1);
            }
        }
        Ok(true)
    }

    /// A literal or quoted identifier behind `prefix` bytes.
    fn literal(&mut self, form: Form, prefix: usize) -> Result<(), Fault> {
        self.stream.pass(prefix);
        let length = self.literal_length(form)?;
        let is_name = matches!(form, Form::Quoted(b'"' | b'`'));
        let inside = &self.stream.rest()[1..length - 1];
        // MySQL and SQLite have `X'4a616e'`, PostgreSQL has `'\x4a616e'`.
        let (begin, form) = match inside.strip_prefix(br"\x").or_else(|| inside.strip_prefix(br"\\x")) {
            Some(bytes) if is_text_in_hex(bytes) => (1 + inside.len() - bytes.len(), Form::Hex),
            None if prefix == 1 && form == Form::Quoted(b'\'') && is_text_in_hex(inside) => (1, Form::Hex),
            _ => (1, form),
        };
        let after = self.show(begin, length - 1 - begin, form, !is_name)?;
        if is_name {
            self.context.word(&after, true);
        }
        self.stream.pass(length);
        Ok(())
    }

    /// Length of the literal ahead with its quotes.
    fn literal_length(&mut self, form: Form) -> Result<usize, Fault> {
        let (quote, escape) = match form {
            Form::Quoted(quote) => (quote, quote),
            Form::Escaped(quote) => (quote, b'\\'),
            _ => (b'\'', b'\\'),
        };
        let mut at = 1;
        loop {
            let rest = self.stream.rest();
            match rest.get(at..).and_then(|tail| memchr::memchr2(quote, escape, tail)).map(|found| at + found) {
                Some(found) if rest[found] != quote => at = found + 2,
                Some(found) if rest.get(found + 1) == Some(&quote) => at = found + 2,
                // A quote at the very end may be the first of two.
                Some(found) if found + 1 < rest.len() => return Ok(found + 1),
                found => {
                    at = found.unwrap_or(at.max(rest.len()));
                    let held = rest.len();
                    if !self.hold(held)? {
                        return match found {
                            Some(found) => Ok(found + 1),
                            None => Err(self.open("This literal is never closed")),
                        };
                    }
                }
            }
        }
    }

    fn hold(&mut self, length: usize) -> Result<bool, Fault> {
        if length as u64 > self.token_max {
            return Err(too_large(self.token_max).at(self.stream.place(0)));
        }
        self.stream.more()
    }

    fn open(&self, message: &str) -> Fault {
        Fault::bad_input("sql-open-string", message)
            .at(self.stream.place(0))
            .advise("Check whether the dump was cut off, or redact it as plain text.")
    }

    /// A comment behind `begin` bytes, up to `close`; the last one may be open.
    fn comment(&mut self, begin: usize, close: &[u8]) -> Result<(), Fault> {
        let mut from = begin;
        let length = loop {
            let rest = self.stream.rest();
            if let Some(found) = rest.get(from..).and_then(|tail| memchr::memmem::find(tail, close)) {
                break from + found;
            }
            from = begin.max((rest.len() + 1).saturating_sub(close.len()));
            let held = rest.len();
            if !self.hold(held)? {
                break held.max(begin);
            }
        };
        self.show(begin, length - begin, Form::Plain, true)?;
        // The end of a line may begin a block of data.
        let end = if close == b"\n" { 0 } else { close.len() };
        self.stream.pass(self.stream.rest().len().min(length + end));
        Ok(())
    }

    /// `$tag$…$tag$`, or a dollar.
    fn dollar(&mut self) -> Result<(), Fault> {
        const TAG_MAX: usize = 64;
        self.stream.fill(TAG_MAX + 2)?;
        let rest = self.stream.rest();
        let name =
            rest[1..].iter().take(TAG_MAX).take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        let is_tag = rest.get(1 + name) == Some(&b'$') && !rest[1].is_ascii_digit() && !self.is_mysql;
        if !is_tag {
            self.stream.pass(1);
            return Ok(());
        }
        let tag = rest[..name + 2].to_vec();
        let mut from = tag.len();
        let end = loop {
            let rest = self.stream.rest();
            if let Some(found) = rest.get(from..).and_then(|tail| memchr::memmem::find(tail, &tag)) {
                break from + found;
            }
            from = tag.len().max((rest.len() + 1).saturating_sub(tag.len()));
            let held = rest.len();
            if !self.hold(held)? {
                return Err(self.open("This literal between dollars is never closed"));
            }
        };
        self.show(tag.len(), end - tag.len(), Form::Plain, true)?;
        self.stream.pass(end + tag.len());
        Ok(())
    }

    /// Numbers, keywords and names that stand beside each other.
    fn words(&mut self) -> Result<(), Fault> {
        let words = self.run()?;
        let length = words[words.len() - 1].end;
        let text = &self.stream.rest()[..length];
        let is_silent = words.len() == 1 && text.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
        if let [b'0', b'x', bytes @ ..] = text
            && words.len() == 1
            && is_text_in_hex(bytes)
        {
            self.show(2, length - 2, Form::Hex, true)?;
            self.stream.pass(length);
            return Ok(());
        }
        if is_silent {
            let word = String::from_utf8_lossy(text).into_owned();
            self.context.word(&word, false);
            self.stream.pass(length);
            return Ok(());
        }
        let names = if is_number(text) { self.context.names() } else { Vec::new() };
        let prose = words.len() > 1 && words.iter().all(|word| is_capitalised(&text[word.clone()]));
        let (start, line) = (self.stream.here(), self.stream.line_here());
        let text = &self.stream.rest()[..length];
        let offsets = Offsets::Straight { start, line };
        let edits = self.decide.decide(&Piece { text, names: &names, spot: Spot::Text, offsets, prose })?;
        check(&edits, length)?;
        for (range, edits) in whole_words(&words, &edits) {
            let text = &self.stream.rest()[range.clone()];
            let is_number = is_number(text);
            let after = String::from_utf8_lossy(&applied(text, &edits)).into_owned();
            if !edits.is_empty() {
                let quote = match is_number {
                    true => b'\'',
                    false if self.is_mysql => b'`',
                    false => b'"',
                };
                let mut with = vec![quote];
                encode(&after, Form::Quoted(quote), &mut with);
                with.push(quote);
                self.stream.replace(&(start + range.start as u64..start + range.end as u64), &with)?;
            }
            if !is_number {
                self.context.word(&after, false);
            }
        }
        self.stream.pass(length);
        Ok(())
    }

    /// The word ahead, and those that stand beside it with nothing but blanks and signs between them that names and numbers
    /// have too: in a sound statement they are keywords, aliases and terms; in one that lost its quotes they are a value.
    fn run(&mut self) -> Result<Vec<Range<usize>>, Fault> {
        let mut length = usize::from(self.stream.rest().starts_with(b"+"));
        loop {
            let rest = self.stream.rest();
            length += word_length(&rest[length..]);
            let held = rest.len();
            if length < held || !self.hold(held)? {
                break;
            }
        }
        let mut words: Vec<Range<usize>> = std::iter::once(0..length).collect();
        if is_keyword(&self.stream.rest()[..length]) {
            return Ok(words);
        }
        self.stream.fill(length + RUN_MAX)?;
        let window = &self.stream.rest()[..self.stream.rest().len().min(length + RUN_MAX)];
        loop {
            let end = words[words.len() - 1].end;
            let between = window[end..].iter().take_while(|byte| b" \t+-/:&%".contains(byte)).count();
            let start = end + between;
            let is_comment = window[end..].windows(2).take(between).any(|pair| matches!(pair, b"--" | b"/*"));
            let size =
                window[start..].first().filter(|byte| is_word(**byte)).map_or(0, |_| word_length(&window[start..]));
            let word = start..start + size;
            // A word that the window cuts begins the next run.
            let is_cut = word.end == length + RUN_MAX;
            let is_literal = matches!(window[word.clone()], [b'E' | b'e']) && window.get(word.end) == Some(&b'\'');
            if is_comment || between == 0 || size == 0 || is_cut || is_literal || is_keyword(&window[word.clone()]) {
                return Ok(words);
            }
            words.push(word);
        }
    }

    /// The data behind `COPY … FROM stdin;` and its line end, up to `\.`.
    fn copy(&mut self) -> Result<(), Fault> {
        self.stream.pass(1);
        self.context.copies = false;
        loop {
            self.stream.fill(3)?;
            match self.stream.rest() {
                [] => break,
                [b'\\', b'.', b'\r' | b'\n', ..] | [b'\\', b'.'] => {
                    self.stream.pass(2);
                    break;
                }
                _ => self.row()?,
            }
        }
        self.context.end();
        Ok(())
    }

    fn row(&mut self) -> Result<(), Fault> {
        for column in 0.. {
            let mut length = 0;
            let end = loop {
                let rest = self.stream.rest();
                if let Some(found) = memchr::memchr2(b'\t', b'\n', &rest[length..]) {
                    length += found;
                    break Some(rest[length]);
                }
                length = rest.len();
                if !self.hold(length)? {
                    break None;
                }
            };
            self.context.position = column;
            let cell = &self.stream.rest()[..length];
            if cell.strip_prefix(br"\\x").is_some_and(is_text_in_hex) {
                self.show(3, length - 3, Form::Hex, true)?;
            } else if *cell != *b"\\N" {
                self.show(0, length, Form::Cell, true)?;
            }
            self.stream.pass(length + usize::from(end.is_some()));
            if end != Some(b'\t') {
                break;
            }
        }
        Ok(())
    }

    /// Shows `length` bytes behind `begin` ones, decoded, and writes the edits; what stands there afterwards.
    fn show(&mut self, begin: usize, length: usize, form: Form, is_value: bool) -> Result<String, Fault> {
        let (start, line) = (self.stream.here() + begin as u64, self.stream.line_here());
        let raw = &self.stream.rest()[begin..][..length];
        if raw.is_empty() {
            return Ok(String::new());
        }
        decode(raw, start, form, &mut self.weave);
        let names = if is_value && form != Form::Plain { self.context.names() } else { Vec::new() };
        let text = self.weave.text();
        let prose = form == Form::Plain || is_value && memchr::memchr(b' ', text).is_some();
        let offsets = self.weave.offsets(line);
        let edits = self.decide.decide(&Piece { text, names: &names, spot: Spot::Text, offsets, prose })?;
        for (source, with) in self.weave.patches(&edits)? {
            let mut bytes = Vec::with_capacity(with.len());
            encode(with, form, &mut bytes);
            self.stream.replace(&source, &bytes)?;
        }
        if is_value { Ok(String::new()) } else { Ok(String::from_utf8_lossy(&applied(text, &edits)).into_owned()) }
    }
}

/// Words hold addresses and numbers as far as they can stand without quotes.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@' | 0x80..)
}

fn is_number(text: &[u8]) -> bool {
    text.iter().find(|byte| **byte != b'+').is_some_and(u8::is_ascii_digit)
}

/// Length of the word at the beginning, with the dots in it.
fn word_length(text: &[u8]) -> usize {
    text.iter().take_while(|byte| is_word(**byte) || **byte == b'.').count()
}

/// Whether a word begins with a capital and goes on in small letters, as names do.
fn is_capitalised(word: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(word) else { return false };
    text.starts_with(char::is_uppercase) && text.chars().any(char::is_lowercase)
}

/// Words with the edits in them, which count from their first byte: several words, and the blanks between them, where an
/// edit reaches over them.
fn whole_words(words: &[Range<usize>], edits: &[Edit]) -> Vec<(Range<usize>, Vec<Edit>)> {
    let mut ranges: Vec<Range<usize>> = words.iter().chain(edits.iter().map(|edit| &edit.range)).cloned().collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    ranges.dedup_by(|next, one| {
        let overlap = next.start < one.end;
        one.end = if overlap { one.end.max(next.end) } else { one.end };
        overlap
    });
    let of = |range: Range<usize>| {
        let own = edits.iter().filter(|edit| range.start <= edit.range.start && edit.range.end <= range.end);
        let counted = |edit: &Edit| Edit {
            range: edit.range.start - range.start..edit.range.end - range.start,
            with: edit.with.clone(),
        };
        let edits = own.map(counted).collect();
        (range, edits)
    };
    ranges.into_iter().map(of).collect()
}

/// Whether these are hexadecimal bytes of a text, and not those of a number, a picture or a digest.
fn is_text_in_hex(digits: &[u8]) -> bool {
    const LEAST: usize = 8;
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte_in_hex).collect();
    let Some(text) = bytes.filter(|bytes| bytes.len() >= LEAST).and_then(|bytes| String::from_utf8(bytes).ok()) else {
        return false;
    };
    !text.contains(|char: char| char.is_control() && !char.is_ascii_whitespace())
}

fn byte_in_hex(pair: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let [high, low] = *pair else { return None };
    Some((digit(high)? << 4 | digit(low)?) as u8)
}

fn decode(raw: &[u8], start: u64, form: Form, weave: &mut Weave) {
    weave.clear();
    if form == Form::Hex {
        for (at, pair) in raw.chunks(2).enumerate() {
            let source = start + 2 * at as u64;
            weave.decode(byte_in_hex(pair).as_slice(), source..source + pair.len() as u64);
        }
        weave.close();
        return;
    }
    let special = match form {
        Form::Quoted(quote) => (quote, quote),
        Form::Escaped(quote) => (quote, b'\\'),
        Form::Extended => (b'\'', b'\\'),
        Form::Cell => (b'\\', b'\\'),
        Form::Plain | Form::Hex => {
            weave.copy(raw, start);
            weave.close();
            return;
        }
    };
    let mut at = 0;
    while let Some(found) = memchr::memchr2(special.0, special.1, &raw[at..]) {
        let escape = at + found;
        weave.copy(&raw[at..escape], start + at as u64);
        let mut bytes = [0; 4];
        let (decoded, length) = unescape(&raw[escape..], form, &mut bytes);
        weave.decode(decoded, start + escape as u64..start + (escape + length) as u64);
        at = escape + length;
    }
    weave.copy(&raw[at..], start + at as u64);
    weave.close();
}

/// What the escape at the beginning stands for, and its length.
fn unescape<'b>(escape: &[u8], form: Form, bytes: &'b mut [u8; 4]) -> (&'b [u8], usize) {
    let Some(&second) = escape.get(1) else {
        bytes[0] = escape[0];
        return (&bytes[..1], 1);
    };
    bytes[0] = second;
    if escape[0] != b'\\' || matches!(form, Form::Quoted(_)) {
        return (&bytes[..1], 2);
    }
    bytes[0] = match second {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 8,
        b'f' if form != Form::Escaped(b'\'') => 12,
        b'v' if form == Form::Cell => 11,
        b'Z' if matches!(form, Form::Escaped(_)) => 26,
        b'0' if matches!(form, Form::Escaped(_)) => 0,
        _ => second,
    };
    if matches!(form, Form::Escaped(_)) {
        return (&bytes[..1], 2);
    }
    match second {
        b'x' => number(escape, 2, 2, 16, bytes),
        b'0'..=b'7' => number(escape, 1, 3, 8, bytes),
        b'u' if form == Form::Extended => character(escape, 4, bytes),
        b'U' if form == Form::Extended => character(escape, 8, bytes),
        _ => (&bytes[..1], 2),
    }
}

/// The digits from `from` on, as many as there are up to `most`.
fn digits(escape: &[u8], from: usize, most: usize, radix: u32) -> (u32, usize) {
    let digit = |byte: &u8| char::from(*byte).to_digit(radix);
    let values: Vec<u32> = escape[from..].iter().take(most).map_while(digit).collect();
    (values.iter().fold(0, |number: u32, digit| number.wrapping_mul(radix) | digit), values.len())
}

/// `\x4a`, `\112`: a byte.
fn number<'b>(escape: &[u8], from: usize, most: usize, radix: u32, bytes: &'b mut [u8; 4]) -> (&'b [u8], usize) {
    let (value, count) = digits(escape, from, most, radix);
    if count == 0 {
        return (&bytes[..1], 2);
    }
    bytes[0] = value as u8;
    (&bytes[..1], from + count)
}

/// `\u0040`, `\U00000040`: a character.
fn character<'b>(escape: &[u8], count: usize, bytes: &'b mut [u8; 4]) -> (&'b [u8], usize) {
    match digits(escape, 2, count, 16) {
        (value, found) if found == count => {
            let character = char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER);
            (character.encode_utf8(bytes).as_bytes(), 2 + count)
        }
        _ => (&bytes[..1], 2),
    }
}

fn encode(text: &str, form: Form, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        match (form, byte) {
            (Form::Quoted(quote), _) if byte == quote => out.extend([quote, quote]),
            (Form::Escaped(quote), _) if byte == quote => out.extend([quote, quote]),
            (Form::Extended, b'\'') => out.extend(b"''"),
            (Form::Escaped(_) | Form::Extended | Form::Cell, b'\\') => out.extend(b"\\\\"),
            (Form::Hex, _) => out.extend(format!("{byte:02x}").into_bytes()),
            (Form::Cell, b'\t') => out.extend(b"\\t"),
            (Form::Cell, b'\n') => out.extend(b"\\n"),
            (Form::Cell, b'\r') => out.extend(b"\\r"),
            // A line end or the end of a comment would end the piece; a dollar might.
            (Form::Plain, b'\n' | b'\r' | b'*' | b'$') => out.push(b' '),
            _ => out.push(byte),
        }
    }
}

/// Where in a statement we are.
#[derive(Clone, Copy, Default, PartialEq)]
enum State {
    #[default]
    Start,
    Insert,
    InsertTable,
    InsertColumns,
    InsertValues,
    Values,
    Create,
    CreateTable,
    CreateColumns,
    CopyTable,
    CopyColumns,
    CopyFrom,
    Other,
}

/// What the statement says about its values.
#[derive(Default)]
struct Context {
    state: State,
    table: String,
    columns: Vec<String>,
    depth: u32,
    /// Of the value in its row, from 0.
    position: usize,
    /// Whether the next word names a column.
    is_item: bool,
    /// The last name, and whether `=` stands behind it.
    last: String,
    is_compared: bool,
    /// Whether data begins on the next line.
    copies: bool,
    tables: HashMap<String, Vec<String>>,
}

impl Context {
    fn word(&mut self, word: &str, is_quoted: bool) {
        let key = if is_quoted { String::new() } else { word.to_ascii_uppercase() };
        self.is_compared = false;
        match (self.state, key.as_str()) {
            (State::Start, "INSERT" | "REPLACE") => self.state = State::Insert,
            (State::Start, "CREATE") => self.state = State::Create,
            (State::Start, "COPY") => self.state = State::CopyTable,
            (State::Start, _) => self.state = State::Other,
            (State::Insert, "INTO") => self.state = State::InsertTable,
            (State::InsertTable | State::InsertValues, "VALUES" | "VALUE") => self.values(),
            (State::InsertTable | State::InsertValues, "SELECT") => self.state = State::Other,
            (State::Create, "TABLE") => self.state = State::CreateTable,
            (State::CreateTable, "IF" | "NOT" | "EXISTS") => {}
            (State::CopyTable, "FROM") => {
                self.columns = self.tables.get(&self.table).cloned().unwrap_or_default();
                self.state = State::CopyFrom;
            }
            (State::CopyFrom, "STDIN") => self.copies = true,
            (State::InsertTable | State::CreateTable | State::CopyTable, _) => self.table = last_part(word),
            (State::InsertColumns | State::CopyColumns, _) => self.column(word),
            (State::CreateColumns, "PRIMARY" | "KEY" | "CONSTRAINT" | "UNIQUE" | "INDEX" | "FOREIGN" | "CHECK") => {
                self.is_item = false;
            }
            (State::CreateColumns, _) if self.is_item && self.depth == 1 => {
                self.column(word);
                self.is_item = false;
            }
            _ => {}
        }
        self.last.clear();
        self.last.push_str(word);
    }

    fn column(&mut self, word: &str) {
        if self.columns.len() < COLUMNS_MAX {
            self.columns.push(word.to_owned());
        }
    }

    fn values(&mut self) {
        if self.columns.is_empty() {
            self.columns = self.tables.get(&self.table).cloned().unwrap_or_default();
        }
        self.state = State::Values;
    }

    fn punctuation(&mut self, byte: u8) {
        match byte {
            b'(' => self.open(),
            b')' => self.close(),
            b',' if self.depth == 1 && self.state == State::Values => self.position += 1,
            b',' => self.is_item = true,
            b'=' => self.is_compared = true,
            b';' => self.end(),
            _ => {}
        }
    }

    fn open(&mut self) {
        self.depth = self.depth.saturating_add(1);
        self.is_item = self.depth == 1;
        match self.state {
            State::InsertTable => self.list(State::InsertColumns),
            State::CreateTable => self.list(State::CreateColumns),
            State::CopyTable => self.list(State::CopyColumns),
            State::Values if self.depth == 1 => self.position = 0,
            _ => {}
        }
    }

    fn list(&mut self, state: State) {
        self.columns.clear();
        self.state = state;
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.depth > 0 {
            return;
        }
        self.state = match self.state {
            State::InsertColumns => State::InsertValues,
            State::CopyColumns => State::CopyFrom,
            State::CreateColumns => {
                if self.tables.len() < TABLES_MAX {
                    self.tables.insert(self.table.clone(), std::mem::take(&mut self.columns));
                }
                State::Other
            }
            other => other,
        };
    }

    /// The statement ends; the data of `COPY` still belongs to it.
    fn end(&mut self) {
        (self.depth, self.position, self.is_compared) = (0, 0, false);
        self.last.clear();
        if !self.copies {
            self.state = State::Start;
            self.table.clear();
            self.columns.clear();
        }
    }

    /// Names around a value.
    fn names(&self) -> Vec<Cow<'static, str>> {
        let is_row = matches!(self.state, State::Values | State::CopyFrom);
        let column = match (is_row, self.is_compared) {
            (true, _) => self.columns.get(self.position),
            (false, true) => Some(&self.last),
            (false, false) => None,
        };
        let table = Some(&self.table).filter(|table| is_row && !table.is_empty());
        [table, column].into_iter().flatten().map(|name| Cow::Owned(name.clone())).collect()
    }
}

/// `table` of `schema.table`.
fn last_part(name: &str) -> String {
    name.rsplit('.').next().unwrap_or(name).to_owned()
}
