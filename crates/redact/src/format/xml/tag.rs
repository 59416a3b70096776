//! What stands in a tag behind its name.

use std::collections::HashMap;
use std::ops::Range;

use model::Fault;

use super::{Walk, about, escape, is_name_start, is_one_of};
use crate::format::weave::{Patch, Weave};

impl<'a> Walk<'a> {
    /// The attributes up to the end of the tag that began at `start`; whether the element ends with it.
    pub(super) fn attributes(&mut self, start: usize) -> Result<bool, Fault> {
        let mut seen: HashMap<&[u8], u32> = HashMap::new();
        loop {
            let spaced = self.space();
            match self.bytes.get(self.at..).unwrap_or_default() {
                [] if self.is_html => return Ok(false),
                [] => return Err(self.malformed(start, "This tag has no end")),
                [b'>', ..] => {
                    self.at += 1;
                    return Ok(false);
                }
                [b'/', b'>', ..] => {
                    self.at += 2;
                    return Ok(true);
                }
                [next, ..] if self.is_html || spaced && is_name_start(*next) => self.attribute(&mut seen)?,
                _ => return Err(self.malformed(self.at, "The name of an attribute was expected here")),
            }
        }
    }

    fn space(&mut self) -> bool {
        let before = self.at;
        self.at = self.behind_space(before);
        self.at > before
    }

    fn behind_space(&self, at: usize) -> usize {
        at + self.bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count()
    }

    fn attribute(&mut self, seen: &mut HashMap<&'a [u8], u32>) -> Result<(), Fault> {
        let name = self.attribute_name(self.at);
        let count = seen.entry(name).or_default();
        *count += 1;
        let count = *count;
        if !self.is_html && count > 1 {
            return Err(self.malformed(self.at, "This attribute stands twice in its tag"));
        }
        self.check_name(self.at, name)?;
        self.at += name.len();
        let behind_name = self.at;
        self.space();
        if self.bytes.get(self.at) != Some(&b'=') {
            if !self.is_html {
                return Err(self.malformed(self.at, "An attribute needs `=` and a value in quotes"));
            }
            self.at = behind_name;
            return Ok(());
        }
        self.at += 1;
        self.space();
        self.value(name, count)
    }

    /// In HTML everything up to `=`, a space or the end of the tag.
    fn attribute_name(&self, at: usize) -> &'a [u8] {
        if !self.is_html {
            return self.name(at);
        }
        let rest = &self.bytes[at..];
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'=' | b'>' | b'/');
        &rest[..1.max(rest.iter().position(is_end).unwrap_or(rest.len()))]
    }

    fn value(&mut self, name: &'a [u8], count: u32) -> Result<(), Fault> {
        let quote = self.quote(self.at);
        if quote.is_none() && !self.is_html {
            return Err(self.malformed(self.at, "An attribute value must stand in quotes"));
        }
        let (range, next) = self.value_at(self.at)?;
        if !self.is_html && self.bytes[range.clone()].contains(&b'<') {
            return Err(self.malformed(self.at, "An attribute value cannot hold `<`"));
        }
        self.at = next;
        self.show_value(name, count, range, quote)
    }

    fn quote(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied().filter(|byte| matches!(byte, b'"' | b'\''))
    }

    /// The value that begins at `at`, without its quotes, and where the tag goes on.
    fn value_at(&self, at: usize) -> Result<(Range<usize>, usize), Fault> {
        if let Some(quote) = self.quote(at) {
            let end = self.find(at + 1, &[quote], "This attribute value has no end")?;
            return Ok((at + 1..end, self.bytes.len().min(end + 1)));
        }
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'>';
        let rest = &self.bytes[at..];
        let end = at + rest.iter().position(is_end).unwrap_or(rest.len());
        Ok((at..end, end))
    }

    /// Where a tag of HTML ends that no author of a page means: quotes where none can be (`<meta name=author content"Jan
    /// Doe">`), words that are no attributes (`<meta name=author content=Jan Doe>`). What a browser takes for attributes is
    /// not what a person reads there.
    pub(super) fn ragged_end(&self) -> Option<usize> {
        if !self.is_html {
            return None;
        }
        let stray = |part: &[u8]| part.iter().any(|byte| matches!(byte, b'"' | b'\'' | b'<'));
        let (mut at, mut is_ragged) = (self.at, false);
        loop {
            at = self.behind_space(at);
            let rest = &self.bytes[at..];
            if rest.is_empty() || rest.starts_with(b">") || rest.starts_with(b"/>") {
                return is_ragged.then_some(at);
            }
            let name = self.attribute_name(at);
            at += name.len();
            let equals = self.behind_space(at);
            if self.bytes.get(equals) == Some(&b'=') {
                let value = self.behind_space(equals + 1);
                let (range, next) = self.value_at(value).ok()?;
                is_ragged |= !is_plain(name) || self.quote(value).is_none() && stray(&self.bytes[range]);
                at = next;
            } else {
                is_ragged |= !stands_alone(name);
            }
        }
    }

    /// Shows everything in such a tag as one text, with the name of the element, which stays what it is.
    pub(super) fn ragged(&mut self, name: Range<usize>, end: usize) -> Result<bool, Fault> {
        let mut weave = Weave::default();
        self.dereference(name.start..end, &mut weave)?;
        weave.close();
        let path = format!("{}/@*", self.path);
        let edits = self.whole.ask_woven(&weave, name.start, about(&self.names, path, true))?;
        let patches = weave.patches(&edits)?;
        if patches.iter().any(|(source, _)| source.start < name.end as u64) {
            return Err(self.telling_name(name.start));
        }
        self.whole.patch(patches, &|with, _| with.replace(['<', '>', '"', '\'', '&'], "_").into_bytes());
        let is_empty = self.bytes.get(end) == Some(&b'/');
        self.at = self.bytes.len().min(end + if is_empty { 2 } else { 1 });
        Ok(is_empty)
    }

    fn show_value(&mut self, name: &'a [u8], count: u32, range: Range<usize>, quote: Option<u8>) -> Result<(), Fault> {
        if range.is_empty() {
            return Ok(());
        }
        let mut weave = Weave::default();
        self.dereference(range.clone(), &mut weave)?;
        weave.close();
        let name = String::from_utf8_lossy(name);
        let number = if count > 1 { format!("[{count}]") } else { String::new() };
        let path = format!("{}/@{name}{number}", self.path);
        self.names.push(name);
        let prose = memchr::memchr(b' ', weave.text()).is_some();
        let about = about(&self.names, path, prose);
        if quote.is_some() {
            self.whole.show_woven(&weave, range.start, about, &|with, _| escape(with))?;
        } else {
            let edits = self.whole.ask_woven(&weave, range.start, about)?;
            if !edits.is_empty() {
                let quoted = put_in_quotes(&self.bytes[range.clone()], range.start as u64, &weave.patches(&edits)?);
                self.whole.replace(range, quoted);
            }
        }
        self.names.pop();
        Ok(())
    }
}

/// Whether a page's author gives an attribute such a name: not `Jan`, not `12`, nothing with a quote in it.
fn is_plain(name: &[u8]) -> bool {
    let is_sign =
        |byte: &u8| matches!(byte, b'-' | b'_' | b':' | b'.' | b'@' | b'#' | b'*' | b'[' | b']' | b'(' | b')');
    let is_one_case = !name.iter().any(u8::is_ascii_lowercase);
    let begins = name.iter().find(|byte| !is_sign(byte)).is_some_and(|byte| byte.is_ascii_lowercase() || is_one_case);
    begins && name.iter().all(|byte| byte.is_ascii_alphanumeric() || is_sign(byte))
}

/// Whether an attribute can have no value: one of HTML's own, or a name of several parts, which a library gives a meaning.
fn stands_alone(name: &[u8]) -> bool {
    let has_parts = name.contains(&b'-') && name.first().is_some_and(u8::is_ascii_lowercase);
    has_parts && is_plain(name) || is_one_of(ALONE, name)
}

/// The boolean attributes of HTML (its standard, "Attributes"), today's and yesterday's.
const ALONE: &[&str] = &[
    "allowfullscreen",
    "alpha",
    "async",
    "autofocus",
    "autoplay",
    "checked",
    "compact",
    "contenteditable",
    "controls",
    "declare",
    "default",
    "defer",
    "disabled",
    "download",
    "draggable",
    "formnovalidate",
    "hidden",
    "inert",
    "ismap",
    "itemscope",
    "loop",
    "multiple",
    "muted",
    "nohref",
    "nomodule",
    "noresize",
    "noshade",
    "novalidate",
    "nowrap",
    "open",
    "playsinline",
    "popover",
    "readonly",
    "required",
    "reversed",
    "seamless",
    "selected",
    "sortable",
    "spellcheck",
];

/// A value that had no quotes, with its patches and in quotes; it begins at `start` of the document.
fn put_in_quotes(raw: &[u8], start: u64, patches: &[Patch<'_>]) -> Vec<u8> {
    let (quote, reference): (u8, &[u8]) = if raw.contains(&b'"') { (b'\'', b"&#39;") } else { (b'"', b"&quot;") };
    let mut out = vec![quote];
    let copy = |out: &mut Vec<u8>, bytes: &[u8]| {
        for &byte in bytes {
            if byte == quote { out.extend(reference) } else { out.push(byte) }
        }
    };
    let mut done = 0;
    for (source, with) in patches {
        copy(&mut out, &raw[done..(source.start - start) as usize]);
        out.extend(escape(with));
        done = (source.end - start) as usize;
    }
    copy(&mut out, &raw[done..]);
    out.push(quote);
    out
}
