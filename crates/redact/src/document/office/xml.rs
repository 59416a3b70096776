//! XML, read strictly: whoever reads the same bytes differently must not find other text in them.
//!
//! No document type, so no entities but the five (nothing can multiply), UTF-8, well-formed. Every token knows its bytes,
//! which is what rewriting in place needs.

use std::ops::Range;

use model::{Fault, Place};

use super::super::joined::{Coding, Joined};
use crate::Limits;

/// A piece of a document.
#[derive(Clone, Debug)]
pub(super) enum Token<'a> {
    /// `<name …>`; `empty` when it closes itself.
    Start { name: &'a str, attributes: Vec<Attribute<'a>>, empty: bool },
    /// `</name>`.
    End,
    /// Character data with references as written.
    Text,
    /// The inside of `<![CDATA[…]]>`.
    Cdata,
    /// The inside of `<!--…-->`.
    Comment,
    /// The inside of `<?…?>`, without the declaration.
    Instruction,
}

#[derive(Clone, Debug)]
pub(super) struct Attribute<'a> {
    pub(super) name: &'a str,
    /// Between the quotes.
    pub(super) value: Range<usize>,
    /// From the white space before the name to the closing quote.
    pub(super) whole: Range<usize>,
}

impl Attribute<'_> {
    pub(super) fn local(&self) -> &str {
        local(self.name)
    }
}

/// A name without its prefix.
pub(super) fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Reads tokens one after the other.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    open: Vec<&'a str>,
    rooted: bool,
    depth: u32,
}

impl<'a> Reader<'a> {
    /// # Errors
    /// `not-utf-8` when it is not.
    pub(super) fn new(bytes: &'a [u8], depth: u32) -> Result<Self, Fault> {
        let text = str::from_utf8(bytes)
            .map_err(|_| Fault::bad_input("bad-xml", "An XML part is not UTF-8.").advise(ADVICE))?;
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let mut reader = Reader { text, at, open: Vec::new(), rooted: false, depth };
        reader.declaration()?;
        Ok(reader)
    }

    /// `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`: nothing else may stand in it.
    fn declaration(&mut self) -> Result<(), Fault> {
        let rest = &self.text[self.at..];
        if !rest.starts_with("<?xml") || rest[5..].starts_with(|letter: char| !letter.is_ascii_whitespace()) {
            return Ok(());
        }
        let end = rest.find("?>").ok_or_else(|| self.bad("a declaration does not end"))?;
        let mut inside = Reader { text: &rest[..end], at: 5, open: Vec::new(), rooted: true, depth: 1 };
        for attribute in inside.attributes()? {
            let value = &rest[attribute.value.clone()];
            let fine = match attribute.name {
                "version" => value == "1.0",
                "encoding" => ["utf-8", "us-ascii", "ascii"].contains(&value.to_ascii_lowercase().as_str()),
                "standalone" => value == "yes" || value == "no",
                _ => false,
            };
            if !fine {
                return Err(self.bad("its declaration asks for something that is not supported"));
            }
        }
        if inside.at != end {
            return Err(self.bad("its declaration is damaged"));
        }
        self.at += end + 2;
        Ok(())
    }

    /// The next token and its bytes; `None` at the end of a whole document.
    ///
    /// # Errors
    /// `bad-xml` with line and column, `xml-doctype`, `xml-too-deep`.
    pub(super) fn next(&mut self) -> Result<Option<(Token<'a>, Range<usize>)>, Fault> {
        let start = self.at;
        let rest = &self.text[start..];
        if rest.is_empty() {
            return if self.rooted && self.open.is_empty() { Ok(None) } else { Err(self.bad("it is cut off")) };
        }
        if !rest.starts_with('<') {
            let length = memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
            self.at += length;
            if self.open.is_empty() && !rest[..length].trim_ascii().is_empty() {
                return Err(self.bad("text stands outside of the root element"));
            }
            self.letters(&rest[..length])?;
            return Ok(Some((Token::Text, start..self.at)));
        }
        match rest.as_bytes().get(1) {
            Some(b'!') => self.declared(rest).map(Some),
            Some(b'?') => {
                let range = self.inside(2, "?>")?;
                self.letters(&self.text[range.clone()])?;
                let target = self.text[range.clone()].split(|letter: char| letter.is_ascii_whitespace()).next();
                if target.is_none_or(|target| !is_name(target) || target.eq_ignore_ascii_case("xml")) {
                    return Err(self.bad("an instruction has no name"));
                }
                Ok(Some((Token::Instruction, range)))
            }
            Some(b'/') => self.end().map(Some),
            _ => self.start().map(Some),
        }
    }

    fn declared(&mut self, rest: &str) -> Result<(Token<'a>, Range<usize>), Fault> {
        if rest.starts_with("<!--") {
            let range = self.inside(4, "-->")?;
            let comment = &self.text[range.clone()];
            self.letters(comment)?;
            if comment.contains("--") || comment.ends_with('-') {
                return Err(self.bad("a comment holds two hyphens"));
            }
            return Ok((Token::Comment, range));
        }
        if rest.starts_with("<![CDATA[") && !self.open.is_empty() {
            let range = self.inside(9, "]]>")?;
            self.letters(&self.text[range.clone()])?;
            return Ok((Token::Cdata, range));
        }
        if rest.starts_with("<!DOCTYPE") {
            return Err(Fault::bad_input("xml-doctype", "An XML part brings a document type, which can hide text.")
                .advise("Save the document again in an office program; those write none.")
                .at(self.place()));
        }
        Err(self.bad("a declaration stands where none may"))
    }

    /// What stands between an opening of `skip` bytes and `end`.
    fn inside(&mut self, skip: usize, end: &str) -> Result<Range<usize>, Fault> {
        let start = self.at + skip;
        let rest = self.text.get(start..).unwrap_or_default();
        match memchr::memmem::find(rest.as_bytes(), end.as_bytes()) {
            Some(length) => {
                self.at = start + length + end.len();
                Ok(start..start + length)
            }
            None => Err(self.bad("something does not end")),
        }
    }

    fn end(&mut self) -> Result<(Token<'a>, Range<usize>), Fault> {
        let start = self.at;
        let range = self.inside(2, ">")?;
        let name = self.text[range].trim_ascii_end();
        if self.open.pop() != Some(name) {
            return Err(self.bad("an element is closed that is not open"));
        }
        Ok((Token::End, start..self.at))
    }

    fn start(&mut self) -> Result<(Token<'a>, Range<usize>), Fault> {
        let start = self.at;
        self.at += 1;
        let name = self.name()?;
        if self.open.is_empty() && self.rooted {
            return Err(self.bad("it has two root elements"));
        }
        self.rooted = true;
        let attributes = self.attributes()?;
        let rest = &self.text[self.at..];
        let empty = rest.starts_with("/>");
        if !empty && !rest.starts_with('>') {
            return Err(self.bad("an element is damaged"));
        }
        self.at += if empty { 2 } else { 1 };
        if !empty {
            self.open.push(name);
            if self.open.len() > self.depth as usize {
                return Err(Fault::bad_input("xml-too-deep", "Elements are nested deeper than the limit allows.")
                    .at(self.place()));
            }
        }
        Ok((Token::Start { name, attributes, empty }, start..self.at))
    }

    fn name(&mut self) -> Result<&'a str, Fault> {
        let rest = &self.text[self.at..];
        let length = rest.find(|letter: char| !is_name_letter(letter)).unwrap_or(rest.len());
        let name = &rest[..length];
        self.at += length;
        if is_name(name) { Ok(name) } else { Err(self.bad("a name is damaged")) }
    }

    /// Attributes up to what is none.
    fn attributes(&mut self) -> Result<Vec<Attribute<'a>>, Fault> {
        let mut attributes: Vec<Attribute<'a>> = Vec::new();
        loop {
            let start = self.at;
            let rest = &self.text[start..];
            self.at += rest.len() - rest.trim_ascii_start().len();
            if self.at == start || self.text[self.at..].starts_with(['/', '>']) || self.at == self.text.len() {
                return Ok(attributes);
            }
            let name = self.name()?;
            if attributes.iter().any(|attribute| attribute.name == name) {
                return Err(self.bad("an attribute is named twice"));
            }
            let rest = self.text[self.at..].trim_ascii_start();
            let rest = rest.strip_prefix('=').ok_or_else(|| self.bad("an attribute has no value"))?.trim_ascii_start();
            let quote = rest.chars().next().filter(|quote| ['"', '\''].contains(quote));
            let quote = quote.ok_or_else(|| self.bad("an attribute has no quotes"))?;
            self.at = self.text.len() - rest.len();
            let value = self.inside(1, if quote == '"' { "\"" } else { "'" })?;
            let text = &self.text[value.clone()];
            if text.contains('<') {
                return Err(self.bad("an attribute holds markup"));
            }
            self.letters(text)?;
            attributes.push(Attribute { name, value, whole: start..self.at });
        }
    }

    /// Only characters that XML allows (XML 1.0 §2.2).
    fn letters(&self, text: &str) -> Result<(), Fault> {
        let bad = text.bytes().any(|byte| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r'));
        if bad { Err(self.bad("it holds control characters")) } else { Ok(()) }
    }

    fn bad(&self, why: &str) -> Fault {
        Fault::bad_input("bad-xml", format!("An XML part cannot be read: {why}.")).advise(ADVICE).at(self.place())
    }

    fn place(&self) -> Place {
        let before = &self.text.as_bytes()[..self.at.min(self.text.len())];
        let line = memchr::memchr_iter(b'\n', before).count() as u64 + 1;
        let column = before.len() - memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        Place::line(line, column as u64 + 1)
    }
}

const ADVICE: &str = "Save the document again in the program that made it.";

fn is_name(name: &str) -> bool {
    name.starts_with(|letter: char| is_name_letter(letter) && !letter.is_ascii_digit() && !['-', '.'].contains(&letter))
        && name.chars().all(is_name_letter)
}

fn is_name_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, ':' | '_' | '-' | '.') || !letter.is_ascii()
}

/// The local name of the root element.
///
/// # Errors
/// Those of [`Reader::next`].
pub(super) fn root<'a>(xml: &'a [u8], limits: &Limits) -> Result<&'a str, Fault> {
    let mut reader = Reader::new(xml, limits.depth)?;
    while let Some((token, _)) = reader.next()? {
        if let Token::Start { name, .. } = token {
            return Ok(local(name));
        }
    }
    Ok("")
}

/// XML in UTF-16 becomes UTF-8; anything else is left as it is.
///
/// # Errors
/// `bad-xml` when it is not UTF-16 although it begins like it.
pub(super) fn in_utf8(bytes: Vec<u8>) -> Result<Vec<u8>, Fault> {
    let decode: fn([u8; 2]) -> u16 = match bytes.as_slice() {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return Ok(bytes),
    };
    let bad = || Fault::bad_input("bad-xml", "An XML part is not the UTF-16 that it says.").advise(ADVICE);
    let (pairs, odd) = bytes[2..].as_chunks::<2>();
    let text = String::from_utf16(&pairs.iter().map(|pair| decode(*pair)).collect::<Vec<_>>()).map_err(|_| bad())?;
    if !odd.is_empty() {
        return Err(bad());
    }
    // The declaration would name the old encoding; without one XML is UTF-8.
    let declared = text.starts_with("<?xml ").then(|| text.find("?>")).flatten();
    let start = declared.map_or(0, |end| end + 2);
    if start > 0 && !text[..start].to_ascii_lowercase().contains("utf-16") {
        return Err(bad());
    }
    Ok(text.as_bytes()[start..].to_vec())
}

/// Adds the text of `range` of `source` with its references resolved.
///
/// # Errors
/// `bad-xml` when a reference is none of the five and no number of a character.
pub(super) fn decode(source: &str, range: Range<usize>, coding: Coding, into: &mut Joined) -> Result<(), Fault> {
    let mut at = range.start;
    while let Some(found) = memchr::memchr(b'&', &source.as_bytes()[at..range.end]) {
        into.literal(&source[at..at + found], at, coding);
        let start = at + found;
        let (letter, length) = reference(&source[start..range.end]).ok_or_else(|| {
            Fault::bad_input("bad-xml", "An XML part cannot be read: it refers to an entity that is not defined.")
                .advise(ADVICE)
        })?;
        at = start + length;
        into.atom(letter.encode_utf8(&mut [0; 4]), start..at, coding);
    }
    into.literal(&source[at..range.end], at, coding);
    Ok(())
}

/// The character of a reference at the start of `text`, and the length of the reference.
fn reference(text: &str) -> Option<(char, usize)> {
    let end = text.as_bytes().iter().take(12).position(|&byte| byte == b';')?;
    let letter = match &text[1..end] {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        number => {
            let digits = number.strip_prefix('#')?;
            let code = match digits.strip_prefix('x') {
                Some(hex) if !hex.starts_with('+') => u32::from_str_radix(hex, 16),
                None if !digits.starts_with('+') => digits.parse(),
                _ => return None,
            };
            char::from_u32(code.ok()?).filter(|&letter| letter >= ' ' || "\t\n\r".contains(letter))?
        }
    };
    Some((letter, end + 1))
}
