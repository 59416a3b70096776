//! XML, strictly, and HTML, as browsers forgive it. Held in memory as a whole.
//!
//! Pieces are text, attribute values, comments, processing instructions and the document type; references are decoded,
//! CDATA and text beside it are one piece. In XML a text ends at every tag; in HTML it goes on through inline elements,
//! so that `<b>Jan</b> Muster` is one name. An edit across tags stands where it begins, the tags stay. The text of
//! scripts and style sheets is text like any other.
//!
//! Names of elements and attributes are the context. They are shown as pieces of their own when they hold a digit or
//! `@`; since another name would be another document, an edit there refuses the document (`xml-name`).
//!
//! A document type with declarations of its own is refused (`xml-doctype`): what its entities stand for would not be
//! seen. Malformed XML is refused; HTML takes whatever comes as text.

mod tag;

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::ops::Range;

use model::Fault;

use super::entities;
use super::weave::{Weave, straight};
use super::whole::{self, About, Whole};
use crate::{Decide, Limits, Spot};

/// Walks over an XML document.
///
/// # Errors
/// `xml-malformed`, `xml-doctype`, `xml-too-deep` and `xml-name` with their line and column, `too-large` above
/// `limits.document_bytes`, what [`Decide`] answers, and failures of reader and writer.
pub fn rewrite(
    input: &mut dyn Read,
    output: &mut dyn Write,
    decide: &mut dyn Decide,
    limits: &Limits,
) -> Result<(), Fault> {
    walk(input, output, decide, limits, false)
}

/// Walks over an HTML document, or part of one.
///
/// # Errors
/// As [`rewrite`], without `xml-malformed`, `xml-doctype` and `xml-too-deep`.
pub fn rewrite_html(
    input: &mut dyn Read,
    output: &mut dyn Write,
    decide: &mut dyn Decide,
    limits: &Limits,
) -> Result<(), Fault> {
    walk(input, output, decide, limits, true)
}

fn walk(
    input: &mut dyn Read,
    output: &mut dyn Write,
    decide: &mut dyn Decide,
    limits: &Limits,
    is_html: bool,
) -> Result<(), Fault> {
    let bytes = whole::read(input, limits.document_bytes)?;
    let mut walk = Walk {
        whole: Whole::new(&bytes, decide),
        bytes: &bytes,
        at: if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 },
        is_html,
        depth_max: limits.depth as usize,
        frames: vec![Frame::default()],
        names: Vec::new(),
        path: String::new(),
        weave: Weave::default(),
        weave_at: 0,
        verbatim: Vec::new(),
        roots: 0,
    };
    while walk.at < bytes.len() {
        walk.token()?;
    }
    walk.end()?;
    walk.whole.finish(output)
}

/// Elements that HTML text goes on through.
const INLINE: &[&str] = &[
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn", "em", "font", "i", "ins", "kbd",
    "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var", "wbr",
];
/// Elements of HTML that have no end.
const VOID: &[&str] =
    &["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];
/// Elements of HTML whose text ends at their end tag alone.
const RAW: &[&str] = &["iframe", "noembed", "noframes", "script", "style", "xmp"];

/// An element that is open; the first one stands for the document.
#[derive(Default)]
struct Frame<'a> {
    name: &'a [u8],
    /// Lengths of path and names of its parent.
    path: usize,
    names: usize,
    children: HashMap<&'a [u8], u32>,
    texts: u32,
    /// Comments, instructions and the document type.
    asides: u32,
}

struct Walk<'a> {
    whole: Whole<'a>,
    bytes: &'a [u8],
    at: usize,
    is_html: bool,
    depth_max: usize,
    frames: Vec<Frame<'a>>,
    names: Vec<Cow<'a, str>>,
    path: String,
    /// The text that is being put together, and where it begins.
    weave: Weave,
    weave_at: usize,
    /// Stretches of that text that hold no references: CDATA, scripts.
    verbatim: Vec<Range<u64>>,
    /// Elements at the top.
    roots: u32,
}

impl<'a> Walk<'a> {
    fn token(&mut self) -> Result<(), Fault> {
        let rest = &self.bytes[self.at..];
        match rest {
            [b'<', b'!', b'-', b'-', ..] => self.comment(),
            [b'<', b'!', ..] if rest.starts_with(b"<![CDATA[") => self.cdata(),
            [b'<', b'!', ..] => self.doctype(),
            [b'<', b'?', ..] => self.instruction(),
            [b'<', b'/', next, ..] if is_name_start(*next) => self.end_tag(),
            [b'<', next, ..] if is_name_start(*next) => self.start_tag(),
            [b'<', ..] if !self.is_html => Err(self.malformed(self.at, "A name was expected behind this `<`")),
            _ => self.text(),
        }
    }

    /// Text up to the next tag.
    fn text(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let end = memchr::memchr(b'<', &self.bytes[start + 1..]).map_or(self.bytes.len(), |found| start + 1 + found);
        if !self.is_html && self.frames.len() == 1 && !self.bytes[start..end].trim_ascii().is_empty() {
            return Err(self.malformed(start, "There is text outside of the document's element"));
        }
        self.begin_text(start);
        let mut weave = std::mem::take(&mut self.weave);
        let outcome = self.dereference(start..end, &mut weave);
        self.weave = weave;
        self.at = end;
        outcome
    }

    fn begin_text(&mut self, at: usize) {
        if self.weave.is_empty() {
            self.weave.clear();
            self.verbatim.clear();
            self.weave_at = at;
        }
    }

    /// Adds a stretch with its references decoded.
    fn dereference(&self, range: Range<usize>, weave: &mut Weave) -> Result<(), Fault> {
        let mut at = range.start;
        while let Some(found) = memchr::memchr(b'&', &self.bytes[at..range.end]) {
            let reference = at + found;
            weave.copy(&self.bytes[at..reference], at as u64);
            match entities::decode(&self.bytes[reference..range.end], self.is_html) {
                Some((character, length)) => {
                    let source = reference as u64..(reference + length) as u64;
                    weave.decode(character.encode_utf8(&mut [0; 4]).as_bytes(), source);
                    at = reference + length;
                }
                None if self.is_html => {
                    weave.copy(b"&", reference as u64);
                    at = reference + 1;
                }
                None => return Err(self.malformed(reference, "This reference is not known")),
            }
        }
        weave.copy(&self.bytes[at..range.end], at as u64);
        Ok(())
    }

    /// Shows the text that was put together.
    fn flush(&mut self) -> Result<(), Fault> {
        if self.weave.text().trim_ascii().is_empty() {
            self.weave.clear();
            return Ok(());
        }
        self.weave.close();
        let frame = self.frames.last_mut().expect("the document's frame stays");
        frame.texts += 1;
        let path = format!("{}/text()[{}]", self.path, frame.texts);
        let about = about(&self.names, path, true);
        let verbatim = &self.verbatim;
        let encode = |with: &str, source: u64| {
            let next = verbatim.partition_point(|range| range.end <= source);
            if verbatim.get(next).is_some_and(|range| range.contains(&source)) {
                with.replace("]]>", "]] >").into_bytes()
            } else {
                escape(with)
            }
        };
        self.whole.show_woven(&self.weave, self.weave_at, about, &encode)?;
        self.weave.clear();
        Ok(())
    }

    fn cdata(&mut self) -> Result<(), Fault> {
        if !self.is_html && self.frames.len() == 1 {
            return Err(self.malformed(self.at, "There is text outside of the document's element"));
        }
        let start = self.at + b"<![CDATA[".len();
        let end = self.find(start, b"]]>", "This CDATA section has no end")?;
        self.raw_text(start..end);
        self.at = self.bytes.len().min(end + 3);
        Ok(())
    }

    fn raw_text(&mut self, range: Range<usize>) {
        self.begin_text(range.start);
        self.weave.copy(&self.bytes[range.clone()], range.start as u64);
        self.verbatim.push(range.start as u64..range.end as u64);
    }

    fn comment(&mut self) -> Result<(), Fault> {
        let start = self.at + 4;
        let end = self.find(start, b"-->", "This comment has no end")?;
        // Two dashes would end it.
        let encode = |with: &str, _: u64| with.replace('-', "\u{2010}").into_bytes();
        self.aside(start..end, "comment()", &encode)?;
        self.at = self.bytes.len().min(end + 3);
        Ok(())
    }

    fn instruction(&mut self) -> Result<(), Fault> {
        let close: &[u8] = if self.is_html { b">" } else { b"?>" };
        let target = self.name(self.at + 2);
        let start = self.at + 2 + target.len();
        let end = self.find(start, close, "This processing instruction has no end")?;
        if !self.is_html && target == b"xml" {
            return self.declaration(start..end);
        }
        self.check_name(self.at + 2, target)?;
        let encode = |with: &str, _: u64| with.replace('>', "\u{203A}").into_bytes();
        self.aside(start..end, "processing-instruction()", &encode)?;
        self.at = self.bytes.len().min(end + close.len());
        Ok(())
    }

    /// The XML declaration holds three short words and nothing that anybody could find; else it is none.
    fn declaration(&mut self, range: Range<usize>) -> Result<(), Fault> {
        let content = String::from_utf8_lossy(&self.bytes[range.clone()]);
        let is_word = |word: &str| {
            let is_short = word.len() <= 16 && word.bytes().filter(u8::is_ascii_digit).count() <= 6;
            is_short && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        let mut words = content.split(['=', '"', '\'', ' ', '\t', '\r', '\n']).filter(|word| !word.is_empty());
        if content.len() > 120 || self.roots > 0 || words.clone().count() > 6 || !words.all(is_word) {
            return Err(self.malformed(self.at, "This is no XML declaration"));
        }
        self.at = range.end + 2;
        Ok(())
    }

    fn doctype(&mut self) -> Result<(), Fault> {
        let start = self.at + 2;
        let end = self.find(start, b">", "This declaration has no end")?;
        if !self.is_html {
            let is_doctype = self.bytes[start..].starts_with(b"DOCTYPE") && self.roots == 0;
            if !is_doctype {
                return Err(self.malformed(self.at, "This declaration cannot stand here"));
            }
            if self.bytes[start..end].contains(&b'[') {
                return Err(Fault::bad_input("xml-doctype", "The document declares entities or elements of its own")
                    .at(self.whole.place(self.at))
                    .advise("Resolve its entities first, for instance with `xmllint --noent --dropdtd`."));
            }
        }
        // The word itself is nobody's, and what follows it is no sentence.
        let has_word = self.bytes[start..end].get(..7).is_some_and(|word| word.eq_ignore_ascii_case(b"doctype"));
        let start = if has_word { start + 7 } else { start };
        let encode = |with: &str, _: u64| with.replace(['<', '>', '[', '"', '\''], "_").into_bytes();
        self.aside_of(start..end, "declaration()", !has_word, &encode)?;
        self.at = self.bytes.len().min(end + 1);
        Ok(())
    }

    /// Shows what stands beside the elements.
    fn aside(&mut self, range: Range<usize>, kind: &str, encode: whole::Encode<'_>) -> Result<(), Fault> {
        self.aside_of(range, kind, true, encode)
    }

    fn aside_of(
        &mut self,
        range: Range<usize>,
        kind: &str,
        prose: bool,
        encode: whole::Encode<'_>,
    ) -> Result<(), Fault> {
        if range.is_empty() {
            return Ok(());
        }
        let frame = self.frames.last_mut().expect("the document's frame stays");
        frame.asides += 1;
        let path = format!("{}/{kind}[{}]", self.path, frame.asides);
        self.whole.show(range, about(&self.names, path, prose), encode)
    }

    /// Where `close` stands from `start` on; in HTML the end of the document closes everything.
    fn find(&self, start: usize, close: &[u8], message: &str) -> Result<usize, Fault> {
        let found = self.bytes.get(start..).and_then(|rest| memchr::memmem::find(rest, close));
        match found {
            Some(found) => Ok(start + found),
            None if self.is_html => Ok(self.bytes.len()),
            None => Err(self.malformed(self.at, message)),
        }
    }

    fn end_tag(&mut self) -> Result<(), Fault> {
        let start = self.at + 2;
        let name = self.name(start);
        let end = self.find(start, b">", "This tag has no end")?;
        let is_clean = self.bytes[start + name.len()..end].trim_ascii().is_empty();
        if !self.is_html && (!is_clean || self.frames.len() == 1 || self.top() != name) {
            return Err(self.malformed(self.at, "This end tag does not fit the element that is open"));
        }
        if !self.is_inline(name) {
            self.flush()?;
            if !self.frames.iter().any(|frame| frame.name.eq_ignore_ascii_case(name)) {
                // No start tag has shown its name.
                self.check_name(start, name)?;
            }
            self.close(name);
        }
        if self.is_html && !is_clean {
            self.ragged_end_tag(start..end, name.len())?;
        }
        self.at = self.bytes.len().min(end + 1);
        Ok(())
    }

    /// Browsers forget what stands in an end tag behind its name. It is shown all the same, together with the name, which
    /// may be the beginning of a value: `</jan@example.org>`.
    fn ragged_end_tag(&mut self, range: Range<usize>, name: usize) -> Result<(), Fault> {
        let frame = self.frames.last_mut().expect("the document's frame stays");
        frame.asides += 1;
        let path = format!("{}/end-tag()[{}]", self.path, frame.asides);
        let edits = self.whole.ask(range.clone(), about(&self.names, path, true))?;
        if edits.iter().any(|edit| edit.range.start < name) {
            return Err(self.telling_name(range.start));
        }
        let patches = straight(range.start as u64, range.len(), &edits)?;
        self.whole.patch(patches, &|with: &str, _: u64| with.replace(['<', '>'], "_").into_bytes());
        Ok(())
    }

    fn top(&self) -> &'a [u8] {
        self.frames.last().map_or(b"", |frame| frame.name)
    }

    /// Closes the innermost element of that name, and what is open within.
    fn close(&mut self, name: &[u8]) {
        let Some(index) = self.frames.iter().rposition(|frame| frame.name.eq_ignore_ascii_case(name)) else { return };
        if index == 0 {
            return;
        }
        self.path.truncate(self.frames[index].path);
        self.names.truncate(self.frames[index].names);
        self.frames.truncate(index);
    }

    fn start_tag(&mut self) -> Result<(), Fault> {
        let name = self.name(self.at + 1);
        let is_inline = self.is_inline(name);
        if !is_inline {
            self.flush()?;
        }
        if self.is_html && is_one_of(SELF_CLOSING, name) && self.top().eq_ignore_ascii_case(name) {
            self.close(name);
        }
        self.count_root()?;
        self.check_name(self.at + 1, name)?;
        let (path, names) = (self.path.len(), self.names.len());
        self.enter(name);
        let start = self.at;
        self.at += 1 + name.len();
        let is_empty = match self.ragged_end() {
            Some(end) => self.ragged(start + 1..start + 1 + name.len(), end)?,
            None => self.attributes(start)?,
        };
        let is_void = self.is_html && is_one_of(VOID, name);
        if is_empty && !self.is_html || is_void || is_inline || self.is_html && self.frames.len() > self.depth_max {
            self.path.truncate(path);
            self.names.truncate(names);
        } else {
            if self.frames.len() > self.depth_max {
                return Err(Fault::bad_input(
                    "xml-too-deep",
                    format!("Elements are nested more than {} deep", self.depth_max),
                )
                .at(self.whole.place(start))
                .advise("Take the inner elements out and redact them on their own."));
            }
            self.frames.push(Frame { name, path, names, ..Frame::default() });
        }
        if self.is_html && is_one_of(RAW, name) {
            let end = self.raw_end(name);
            self.raw_text(self.at..end);
            self.at = end;
        }
        Ok(())
    }

    fn count_root(&mut self) -> Result<(), Fault> {
        if self.frames.len() == 1 {
            self.roots += 1;
            if !self.is_html && self.roots > 1 {
                return Err(self.malformed(self.at, "The document has a second element at the top"));
            }
        }
        Ok(())
    }

    /// Adds the element to path and names.
    fn enter(&mut self, name: &'a [u8]) {
        let frame = self.frames.last_mut().expect("the document's frame stays");
        let count = frame.children.entry(name).or_default();
        *count += 1;
        let text = String::from_utf8_lossy(name);
        self.path.push('/');
        self.path.push_str(&text);
        if *count > 1 {
            self.path.push_str(&format!("[{count}]"));
        }
        self.names.push(text);
    }

    /// Where the raw text of an element of HTML ends.
    fn raw_end(&self, name: &[u8]) -> usize {
        let mut at = self.at;
        while let Some(found) = memchr::memmem::find(&self.bytes[at..], b"</") {
            at += found;
            let tag = &self.bytes[at + 2..];
            if tag.get(..name.len()).is_some_and(|other| other.eq_ignore_ascii_case(name)) {
                return at;
            }
            at += 2;
        }
        self.bytes.len()
    }

    /// Shows a name that could hold an identifier; its place is its byte in the document.
    fn check_name(&mut self, at: usize, name: &[u8]) -> Result<(), Fault> {
        if !name.iter().any(|byte| byte.is_ascii_digit() || *byte == b'@') {
            return Ok(());
        }
        let path = format!("{}/name()~{at}", self.path);
        let edits = self.whole.ask(at..at + name.len(), about(&self.names, path, false))?;
        if edits.is_empty() { Ok(()) } else { Err(self.telling_name(at)) }
    }

    fn telling_name(&self, at: usize) -> Fault {
        Fault::bad_input("xml-name", "The name of an element or attribute would have to be taken out")
            .at(self.whole.place(at))
            .advise("Rename it, or redact the file as plain text.")
    }

    /// The name that begins at `at`.
    fn name(&self, at: usize) -> &'a [u8] {
        let rest = &self.bytes[at..];
        let is_name = |byte: &u8| is_name_start(*byte) || matches!(byte, b'0'..=b'9' | b'-' | b'.');
        &rest[..rest.iter().take_while(|byte| is_name(byte)).count()]
    }

    fn is_inline(&self, name: &[u8]) -> bool {
        self.is_html && is_one_of(INLINE, name)
    }

    fn end(&mut self) -> Result<(), Fault> {
        self.flush()?;
        if !self.is_html && (self.frames.len() > 1 || self.roots == 0) {
            return Err(self.malformed(self.bytes.len(), "The document ends too early"));
        }
        Ok(())
    }

    fn malformed(&self, at: usize, message: &str) -> Fault {
        Fault::bad_input("xml-malformed", format!("This is not XML: {message}"))
            .at(self.whole.place(at))
            .advise("Mend the file, or redact it as plain text.")
    }
}

/// Elements of HTML that end where the next of their kind begins.
const SELF_CLOSING: &[&str] = &["dd", "dt", "li", "option", "p", "td", "th", "tr"];

fn is_one_of(names: &[&str], name: &[u8]) -> bool {
    names.iter().any(|other| other.as_bytes().eq_ignore_ascii_case(name))
}

/// As far as bytes tell: every byte of a character beyond ASCII is let through.
fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':' | 0x80..)
}

fn about<'p>(names: &'p [Cow<'p, str>], path: String, prose: bool) -> About<'p> {
    About { names, spot: Spot::Part { part: Cow::Borrowed(""), path: Cow::Owned(path) }, prose }
}

/// `text` as it stands in text and attribute values.
fn escape(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text.as_bytes() {
        match byte {
            b'&' => out.extend(b"&amp;"),
            b'<' => out.extend(b"&lt;"),
            b'>' => out.extend(b"&gt;"),
            b'"' => out.extend(b"&quot;"),
            b'\'' => out.extend(b"&#39;"),
            // XML knows no other control characters.
            b'\t' | b'\n' | b'\r' => out.push(byte),
            0..0x20 => out.push(b' '),
            _ => out.push(byte),
        }
    }
    out
}
