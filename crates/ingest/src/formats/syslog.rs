//! Syslog as it goes over the wire: messages that begin with `<PRI>`. RFC 5424 is read here; everything else as RFC 3164 and
//! its kin, as [`super::text`] reads them.
//!
//! Framings (RFC 6587): octet counting, `57 <34>1 …`, and one message a line. Which one is told for every message by its
//! first byte, so that a file of several senders is read too. The nil value `-` means that a member is not there. Structured
//! data become attributes called `ID.NAME`; of a parameter that stands several times the values are a JSON list; an element
//! without parameters is an attribute with no text. Of a message without a time the time is the file's (`time-assumed`).

use std::io::Read;

use model::{Body, Fault, Instant, Log, Record};

use super::text::{self, Parts};
use crate::lines::{Line, Lines};
use crate::output::{Bad, Output};
use crate::time;
use crate::values::Values;
use crate::{Request, series};

/// Digits of a count of octets: more than that is no message.
const COUNT_DIGITS_MAX: usize = 9;

/// Whether a text begins as a message that only this format reads: RFC 5424, or octets counted.
pub(crate) fn begins(text: &[u8]) -> bool {
    let message = count(text).map_or(text, |(_, digits)| &text[digits..]);
    let versioned = text::skip_priority(message).is_some_and(|(_, rest)| rest.starts_with(b"1 "));
    versioned || (message.len() < text.len() && text::skip_priority(message).is_some())
}

pub(crate) fn read(input: &mut dyn Read, request: &Request, output: &mut Output<'_>) -> Result<(), Fault> {
    let mut lines = Lines::new(input, request.limits.line_bytes_max);
    let (mut attributes, mut values) = (Vec::new(), Values::default());
    loop {
        let is_first = lines.count() == 0;
        let ahead = lines.ahead(COUNT_DIGITS_MAX + 2)?;
        if is_first && ahead.starts_with(b"\xef\xbb\xbf") {
            lines.pass(3);
            continue;
        }
        let counted = count(ahead);
        let line = match counted {
            Some((octets, digits)) => {
                lines.pass(digits);
                Some(lines.take(octets)?)
            }
            None => lines.next()?,
        };
        let Some(line) = line else { break };
        let whole = Line { bytes: line.bytes.trim_ascii_end(), ..line };
        if whole.bytes.is_empty() {
            continue;
        }
        let mut found = series::recycle(attributes);
        let outcome = match counted.is_some() && !line.terminated && !line.too_long {
            true => Err(Bad::line("bad-syslog", "The message ends before the octets that were counted")),
            false => parse(&whole, request, &mut found, &mut values, output),
        };
        match outcome {
            Err(bad) => output.reject(&whole, bad)?,
            Ok((time, host, log)) => {
                let attributes = values.with(&found);
                let body = Body::Log(log);
                let record = Record { time, line: line.number, service: None, host, attributes: &attributes, body };
                output.record(whole.bytes, 0, record)?;
            }
        }
        attributes = series::recycle(found);
    }
    output.count_input(lines.count(), lines.bytes());
    Ok(())
}

/// `57 ` in front of `<`: how many octets follow, and how many bytes said so.
fn count(ahead: &[u8]) -> Option<(u64, usize)> {
    let digits = ahead.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_count = (1..=COUNT_DIGITS_MAX).contains(&digits) && ahead[0] != b'0' && ahead[digits..].starts_with(b" <");
    let octets = is_count.then(|| crate::number::integer(&ahead[..digits])).flatten()?;
    Some((u64::try_from(octets).ok()?, digits + 1))
}

fn parse<'b>(
    line: &Line<'b>,
    request: &Request,
    attributes: &mut Vec<(&'b str, &'b str)>,
    values: &mut Values,
    output: &mut Output<'_>,
) -> Result<Parts<'b>, Bad> {
    values.clear();
    let text = output.text(line)?;
    let Some((priority, rest)) = text::skip_priority(text.as_bytes()) else {
        return Err(Bad::new("bad-syslog", 0, "A message begins with its priority, <0> to <191>"));
    };
    let Some(rest) = rest.strip_prefix(b"1 ") else { return text::parse(line, request, attributes, output) };
    let mut log = Log::default();
    text::take_priority(priority, &mut log, attributes);
    let mut header = Header { text, at: text.len() - rest.len() };
    let time = header.time(line.number, request, output)?;
    let host = header.word("the host")?;
    for (name, what) in [("app", "the application"), ("pid", "the process"), ("msgid", "the kind of message")] {
        attributes.extend(header.word(what)?.map(|value| (name, value)));
    }
    header.data(values, request.limits.fields_max)?;
    log.message = header.message()?;
    Ok((time, host, log))
}

/// What is left of a message of RFC 5424 §6.
struct Header<'b> {
    text: &'b str,
    at: usize,
}

impl<'b> Header<'b> {
    fn wrong(&self, reason: &str) -> Bad {
        Bad::new("bad-syslog", self.at, reason)
    }

    fn rest(&self) -> &'b str {
        &self.text[self.at..]
    }

    /// The next word and the blank behind it; nothing for the nil value.
    fn word(&mut self, what: &str) -> Result<Option<&'b str>, Bad> {
        let word = self.rest().split_once(' ').map(|(word, _)| word).filter(|word| !word.is_empty());
        let word = word.ok_or_else(|| self.wrong(&format!("Here {what} is expected, or -, and a blank")))?;
        self.at += word.len() + 1;
        Ok(Some(word).filter(|word| *word != "-"))
    }

    fn time(&mut self, number: u64, request: &Request, output: &mut Output<'_>) -> Result<Instant, Bad> {
        let from = self.at;
        let Some(word) = self.word("the time")? else {
            let said = "Messages without a time have the time that was given, or that of their file";
            output.warn("time-assumed", number, said);
            return request.stamp.ok_or_else(|| Bad::new("missing-time", from, "The message has no time"));
        };
        let instant = time::civil_prefix(word.as_bytes())
            .filter(|_| word.as_bytes()[10] == b'T')
            .and_then(|(civil, end)| civil.at_offset(time::offset(&word.as_bytes()[end..])?));
        instant.ok_or_else(|| Bad::new("bad-syslog", from, "The time is one of RFC 3339, with T and an offset, or -"))
    }

    /// `-`, or `[id name="value" …]` one behind the other.
    fn data(&mut self, values: &mut Values, fields_max: usize) -> Result<(), Bad> {
        if self.rest().starts_with('-') {
            self.at += 1;
            return Ok(());
        }
        if !self.rest().starts_with('[') {
            return Err(self.wrong("Here structured data is expected, [id name=\"value\"], or -"));
        }
        while self.rest().starts_with('[') {
            self.at += 1;
            self.element(values, fields_max)?;
        }
        Ok(())
    }

    fn name(&mut self) -> Result<&'b str, Bad> {
        let is_name = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'=' | b']' | b'"');
        let size = self.rest().bytes().take_while(|byte| is_name(*byte)).count();
        let name = &self.rest()[..size];
        if name.is_empty() {
            return Err(self.wrong("Here a name of structured data is expected"));
        }
        self.at += size;
        Ok(name)
    }

    fn element(&mut self, values: &mut Values, fields_max: usize) -> Result<(), Bad> {
        let id = self.name()?;
        if values.len() >= fields_max {
            return Err(too_many(self.at, fields_max));
        }
        if self.rest().starts_with(']') {
            self.at += 1;
            values.put(id, "");
            return Ok(());
        }
        loop {
            match self.rest().as_bytes().first() {
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b' ') => self.at += 1,
                _ => return Err(self.wrong("Here a blank or ] is expected")),
            }
            let name = self.name()?;
            if !self.rest().starts_with("=\"") {
                return Err(self.wrong("Here =\" is expected"));
            }
            self.at += 2;
            let value = self.value()?;
            if values.len() >= fields_max {
                return Err(too_many(self.at, fields_max));
            }
            values.put(&format!("{id}.{name}"), &value);
        }
    }

    /// Up to the closing quote; `\"`, `\\` and `\]` stand for the second of each (RFC 5424 §6.3.3).
    fn value(&mut self) -> Result<String, Bad> {
        let (mut value, mut from) = (String::new(), self.at);
        let bytes = self.text.as_bytes();
        while let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[self.at..]) {
            self.at += found;
            if bytes[self.at] == b'"' {
                value.push_str(&self.text[from..self.at]);
                self.at += 1;
                return Ok(value);
            }
            if matches!(bytes.get(self.at + 1), Some(b'"' | b'\\' | b']')) {
                value.push_str(&self.text[from..self.at]);
                from = self.at + 1;
                self.at += 1;
            }
            self.at += 1;
        }
        Err(self.wrong("The value that begins here has no closing quote"))
    }

    /// The text behind a blank, without the mark that says it is UTF-8.
    fn message(&mut self) -> Result<Option<&'b str>, Bad> {
        if self.rest().is_empty() {
            return Ok(None);
        }
        let text = self.rest().strip_prefix(' ').ok_or_else(|| self.wrong("Here a blank and the text are expected"))?;
        Ok(Some(text.strip_prefix('\u{feff}').unwrap_or(text)))
    }
}

fn too_many(at: usize, fields_max: usize) -> Bad {
    Bad::new("too-many-fields", at, format!("A record has at most {fields_max} fields"))
}
