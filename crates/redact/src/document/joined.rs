//! Text that was put together from many places of a source, and the way back.

use std::borrow::Cow;
use std::ops::Range;

use model::Fault;

use crate::{Decide, Edit, Offsets, Piece, Spot};

/// How replacement text has to be written at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// Character data of XML or HTML.
    Text,
    /// The value of an attribute.
    Attribute,
    /// The value of an attribute of HTML that has no quotes.
    Bare,
    /// The value of an attribute that is an address: percent-encoded besides.
    Address,
    /// A CDATA section.
    Cdata,
    /// A comment.
    Comment,
    /// A processing instruction.
    Instruction,
    /// Scripts and styles of HTML, where entities mean nothing.
    Raw,
    /// Plain text.
    Plain,
    /// The value of a mail header.
    Header,
    /// An encoded word of a mail header, in UTF-8 and the Q encoding (RFC 2047 §4.2).
    Word,
}

/// A stretch of text and the bytes that it was made from.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    text: Range<usize>,
    source: Range<usize>,
    coding: Coding,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Byte for byte: an edit may take a part of it.
    Literal,
    /// An entity, an escape: it goes as a whole.
    Atom,
    /// Stands for markup (a tab, a hyphen). It has no place for a replacement; its source may be empty.
    Markup,
}

/// Text put together from chunks.
#[derive(Clone, Debug, Default)]
pub(super) struct Joined {
    text: String,
    chunks: Vec<Chunk>,
}

impl Joined {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Text that stands in the source as it is, from byte `start`.
    pub(super) fn literal(&mut self, text: &str, start: usize, coding: Coding) {
        if text.is_empty() {
            return;
        }
        let source = start..start + text.len();
        if let Some(last) = self.chunks.last_mut()
            && last.kind == Kind::Literal
            && last.coding == coding
            && last.source.end == start
        {
            last.source.end = source.end;
            last.text.end += text.len();
            self.text.push_str(text);
            return;
        }
        self.push(text, source, coding, Kind::Literal);
    }

    /// White space that is read as another, or as none.
    pub(super) fn literal_as(&mut self, text: &str, source: Range<usize>, coding: Coding) {
        if text.len() == source.len() {
            self.literal(text, source.start, coding);
        } else {
            self.push(text, source, coding, Kind::Atom);
        }
    }

    /// Text that stands for all of `source`.
    pub(super) fn atom(&mut self, text: &str, source: Range<usize>, coding: Coding) {
        self.push(text, source, coding, Kind::Atom);
    }

    /// Text that stands for markup; `source` is what goes when an edit covers all of it (empty: the markup stays).
    pub(super) fn markup(&mut self, text: &str, source: Range<usize>) {
        self.push(text, source, Coding::Text, Kind::Markup);
    }

    fn push(&mut self, text: &str, source: Range<usize>, coding: Coding, kind: Kind) {
        let start = self.text.len();
        self.text.push_str(text);
        self.chunks.push(Chunk { text: start..self.text.len(), source, coding, kind });
    }

    /// Appends the text of `other`.
    pub(super) fn extend(&mut self, other: &Joined) {
        let shift = self.text.len();
        self.text.push_str(&other.text);
        self.chunks.extend(
            other
                .chunks
                .iter()
                .map(|chunk| Chunk { text: chunk.text.start + shift..chunk.text.end + shift, ..chunk.clone() }),
        );
    }

    /// The bytes of the source from the first chunk to the last.
    pub(super) fn source(&self) -> Option<Range<usize>> {
        let start = self.chunks.iter().map(|chunk| chunk.source.start).min()?;
        let end = self.chunks.iter().map(|chunk| chunk.source.end).max()?;
        Some(start..end)
    }

    /// Appends a part of the text to another one, character by character.
    pub(super) fn part(&self, range: Range<usize>, source: &str, out: &mut Joined) {
        for (at, letter) in self.text[range.clone()].char_indices() {
            let at = range.start + at;
            let (from, coding) = self.source_of(at..at + letter.len_utf8());
            out.letter(letter, from, coding, source);
        }
    }

    /// A character, and what it was made from.
    fn letter(&mut self, letter: char, from: Range<usize>, coding: Coding, source: &str) {
        let mut buffer = [0; 4];
        let text = &*letter.encode_utf8(&mut buffer);
        match source.get(from.clone()) == Some(text) {
            true => self.literal(text, from.start, coding),
            false => self.atom(text, from, coding),
        }
    }

    /// The text with its percent-encoding undone, where that gives characters.
    pub(super) fn percent_decoded(&self, source: &str) -> Joined {
        let mut out = Joined::default();
        let mut at = 0;
        while let Some(letter) = self.text[at..].chars().next() {
            let (letter, length) = percent_letter(&self.text.as_bytes()[at..]).unwrap_or((letter, letter.len_utf8()));
            let (range, coding) = self.source_of(at..at + length);
            out.letter(letter, range, coding, source);
            at += length;
        }
        out
    }

    /// The bytes that a range of the text was made from. It is not empty and within the text.
    fn source_of(&self, range: Range<usize>) -> (Range<usize>, Coding) {
        let first = self.chunks.partition_point(|chunk| chunk.text.end <= range.start);
        let last = self.chunks.partition_point(|chunk| chunk.text.end < range.end);
        let (first, last) = (&self.chunks[first], &self.chunks[last]);
        let start = match first.kind {
            Kind::Literal => first.source.start + (range.start - first.text.start),
            _ => first.source.start,
        };
        let end = match last.kind {
            Kind::Literal => last.source.start + (range.end - last.text.start),
            _ => last.source.end,
        };
        (start..end, first.coding)
    }

    /// Writes `edits` back: the replacement stands where the first byte stood, the other chunks lose their part.
    pub(super) fn splice(&self, edits: &[Edit], splices: &mut Splices) {
        for edit in edits {
            let mut with = Some(edit.with.as_str());
            let first = self.chunks.partition_point(|chunk| chunk.text.end <= edit.range.start);
            for chunk in &self.chunks[first..] {
                if chunk.text.start >= edit.range.end.max(edit.range.start + 1) {
                    break;
                }
                splice_chunk(chunk, edit, &mut with, splices);
            }
        }
    }
}

/// The character that percent-encoded bytes at the start of `text` stand for, and their length.
fn percent_letter(text: &[u8]) -> Option<(char, usize)> {
    let mut bytes = Vec::with_capacity(4);
    for escape in text.chunks(3).take(4) {
        let [b'%', high, low] = escape else { break };
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        bytes.push((digit(high)? * 16 + digit(low)?) as u8);
        if let Ok(letter) = str::from_utf8(&bytes) {
            return Some((letter.chars().next()?, bytes.len() * 3));
        }
    }
    None
}

fn splice_chunk(chunk: &Chunk, edit: &Edit, with: &mut Option<&str>, splices: &mut Splices) {
    let start = edit.range.start.max(chunk.text.start);
    let end = edit.range.end.min(chunk.text.end);
    let source = match chunk.kind {
        Kind::Literal => {
            let shift = |at: usize| chunk.source.start + (at - chunk.text.start);
            shift(start)..shift(end.max(start))
        }
        Kind::Atom => chunk.source.clone(),
        Kind::Markup => {
            if start == chunk.text.start && end == chunk.text.end && !chunk.source.is_empty() {
                splices.put(chunk.source.clone(), Vec::new());
            }
            return;
        }
    };
    splices.put(source, with.take().map(|text| encode(text, chunk.coding)).unwrap_or_default());
}

/// Writes replacement text so that reading it again gives the same text.
pub(super) fn encode(text: &str, coding: Coding) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    if coding == Coding::Plain {
        return text.as_bytes().to_vec();
    }
    if matches!(coding, Coding::Header | Coding::Word) {
        return encode_header(text, coding);
    }
    for letter in text.chars() {
        // Characters that no XML document may hold.
        let letter = match letter {
            '\t' | '\n' | '\r' => letter,
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
            _ => letter,
        };
        match coding {
            Coding::Text | Coding::Attribute | Coding::Bare => escape(letter, coding, &mut out),
            Coding::Address => percent(letter, &mut out),
            _ => out.extend(utf8(letter).as_bytes()),
        }
    }
    match coding {
        Coding::Cdata => replace(&out, b"]]>", b"]] >"),
        Coding::Comment => replace(&out, b"-", b"_"),
        Coding::Instruction => replace(&out, b"?>", b"? >"),
        Coding::Raw => replace(&out, b"<", b"("),
        _ => out,
    }
}

/// A header is one line; what is not ASCII becomes an encoded word.
fn encode_header(text: &str, coding: Coding) -> Vec<u8> {
    let text: String = text
        .chars()
        .map(|letter| match letter {
            '"' => '\'',
            '\\' => '/',
            letter if letter.is_control() => ' ',
            letter => letter,
        })
        .collect();
    let word = || {
        let mut out = Vec::new();
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() {
                out.push(byte);
            } else {
                out.extend(format!("={byte:02X}").into_bytes());
            }
        }
        out
    };
    match coding {
        Coding::Word => word(),
        _ if text.is_ascii() => text.into_bytes(),
        _ => [b"=?utf-8?Q?", word().as_slice(), b"?="].concat(),
    }
}

fn utf8(letter: char) -> String {
    letter.to_string()
}

fn escape(letter: char, coding: Coding, out: &mut Vec<u8>) {
    match letter {
        '&' => out.extend(b"&amp;"),
        '<' => out.extend(b"&lt;"),
        '>' => out.extend(b"&gt;"),
        ' ' | '=' | '`' if coding == Coding::Bare => out.extend(format!("&#{};", u32::from(letter)).into_bytes()),
        '"' | '\'' | '\t' | '\n' | '\r' if coding != Coding::Text => {
            out.extend(format!("&#{};", u32::from(letter)).into_bytes());
        }
        _ => out.extend(utf8(letter).as_bytes()),
    }
}

fn percent(letter: char, out: &mut Vec<u8>) {
    if letter.is_ascii_alphanumeric() || "-._~".contains(letter) {
        out.push(letter as u8);
        return;
    }
    for byte in utf8(letter).bytes() {
        out.extend(format!("%{byte:02X}").into_bytes());
    }
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memmem::find(rest, from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// What is to stand where in a source. Places may be named twice: two readings of a paragraph share their bytes.
#[derive(Debug, Default)]
pub(super) struct Splices(Vec<(Range<usize>, Vec<u8>)>);

impl Splices {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether one that was put after the first `count` lies within `range`.
    pub(super) fn touch(&self, count: usize, range: &Range<usize>) -> bool {
        self.0[count..].iter().any(|(put, _)| put.start < range.end && put.end > range.start)
    }

    pub(super) fn put(&mut self, range: Range<usize>, with: Vec<u8>) {
        if !range.is_empty() || !with.is_empty() {
            self.0.push((range, with));
        }
    }

    /// The source with everything replaced. Where two splices overlap, all of both goes, and what was asked for first
    /// stands there.
    pub(super) fn apply(mut self, source: &[u8]) -> Vec<u8> {
        self.0.sort_by_key(|(range, _)| (range.start, range.end));
        let mut merged: Vec<(Range<usize>, Vec<u8>)> = Vec::with_capacity(self.0.len());
        for (range, with) in self.0 {
            match merged.last_mut() {
                Some((last, kept)) if range.start < last.end || range == *last => {
                    last.end = last.end.max(range.end);
                    if kept.is_empty() {
                        *kept = with;
                    }
                }
                _ => merged.push((range, with)),
            }
        }
        let mut out = Vec::with_capacity(source.len());
        let mut at = 0;
        for (range, with) in merged {
            out.extend_from_slice(&source[at..range.start]);
            out.extend_from_slice(&with);
            at = range.end;
        }
        out.extend_from_slice(&source[at..]);
        out
    }
}

/// Asks for the edits of a text and makes sure that they can be applied.
pub(super) fn ask(
    decide: &mut dyn Decide,
    text: &str,
    names: &[Cow<'_, str>],
    spot: Spot<'_>,
    prose: bool,
) -> Result<Vec<Edit>, Fault> {
    let piece = Piece { text: text.as_bytes(), names, spot, offsets: Offsets::None, prose };
    let edits = decide.decide(&piece)?;
    let mut end = 0;
    for edit in &edits {
        let Range { start, end: stop } = edit.range;
        if start < end || stop < start || !text.is_char_boundary(start) || !text.is_char_boundary(stop) {
            return Err(Fault::internal("internal", "An edit lies outside the text that it was made for."));
        }
        end = stop;
    }
    Ok(edits)
}

/// The text with its edits.
pub(super) fn edited(text: &str, edits: &[Edit]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        out.push_str(&text[at..edit.range.start]);
        out.push_str(&edit.with);
        at = edit.range.end;
    }
    out.push_str(&text[at..]);
    out
}
