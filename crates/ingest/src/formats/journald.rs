//! The journal of systemd: its export format (`journalctl -o export`, what `systemd-journal-remote` takes) and its JSON
//! (`journalctl -o json`, one entry a line).
//!
//! An entry is a log: `MESSAGE`, `PRIORITY`, `_HOSTNAME`, at `__REALTIME_TIMESTAMP`. Other fields are attributes under their
//! own names; those that begin with `__` describe the journal and are left out. Of a field that stands several times the values
//! are a JSON list. Bytes that are not UTF-8 are replaced (`bytes-replaced`); a value that `journalctl` left out for its length
//! is not there (`value-left-out`). The line of a record is the number of its entry.

use std::io::Read;

use model::{Body, Fault, Instant, Log, Record};

use super::text::{SEVERITIES, severity_number};
use crate::json::{Scanner, Token};
use crate::lines::{Line, Lines};
use crate::number;
use crate::output::{Bad, Output};
use crate::values::Values;
use crate::{Limits, Request};

const CODE: &str = "bad-journal-entry";
const TIME: &str = "__REALTIME_TIMESTAMP";
const MESSAGE: &str = "MESSAGE";
const PRIORITY: &str = "PRIORITY";
const HOST: &str = "_HOSTNAME";
/// systemd allows no longer name of a field.
const NAME_MAX: usize = 64;

/// Whether a text begins as an export: its first line is an address of the journal's.
pub(crate) fn begins(text: &[u8]) -> bool {
    [&b"__CURSOR="[..], b"__REALTIME_TIMESTAMP="].iter().any(|address| text.starts_with(address))
}

/// Whether an object begins as an entry of `journalctl -o json`; its members stand in no order.
pub(crate) fn begins_json(text: &[u8]) -> bool {
    let line = text.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    ["\"__REALTIME_TIMESTAMP\"", "\"__CURSOR\""].iter().all(|key| memchr::memmem::find(line, key.as_bytes()).is_some())
}

/// The export format.
pub(crate) fn read(input: &mut dyn Read, request: &Request, output: &mut Output<'_>) -> Result<(), Fault> {
    let mut lines = Lines::new(input, request.limits.line_bytes_max);
    let mut entry = Entry::default();
    let mut number = 0;
    loop {
        let more = entry.field(&mut lines, &request.limits)?;
        if more == More::Field {
            continue;
        }
        if entry.is_begun {
            number += 1;
            entry.finish(number, output)?;
        }
        if more == More::Nothing {
            break;
        }
    }
    output.count_input(number, lines.bytes());
    Ok(())
}

/// `journalctl -o json`.
pub(crate) fn read_json(input: &mut dyn Read, request: &Request, output: &mut Output<'_>) -> Result<(), Fault> {
    let mut lines = Lines::new(input, request.limits.line_bytes_max);
    let mut entry = Entry::default();
    while let Some(line) = lines.next()? {
        let line = line.without_mark().without_return();
        if line.bytes.trim_ascii().is_empty() {
            continue;
        }
        match entry.object(&line, &request.limits, output) {
            Err(bad) => {
                output.reject(&line, bad)?;
                entry.clear();
            }
            Ok(()) => {
                entry.keep(line.bytes);
                entry.finish(line.number, output)?;
            }
        }
    }
    output.count_input(lines.count(), lines.bytes());
    Ok(())
}

/// What came next in an export.
#[derive(PartialEq, Eq)]
enum More {
    Field,
    /// The empty line behind an entry.
    End,
    /// The end of the stream.
    Nothing,
}

/// One entry under way.
#[derive(Default)]
struct Entry {
    fields: Values,
    is_begun: bool,
    /// Why it will be rejected.
    bad: Option<Bad>,
    size: usize,
    /// Its beginning, for a rejection.
    text: Vec<u8>,
    name: String,
    replaced: bool,
    left_out: bool,
}

impl Entry {
    fn clear(&mut self) {
        self.fields.clear();
        self.text.clear();
        (self.is_begun, self.bad, self.size, self.replaced, self.left_out) = (false, None, 0, false, false);
    }

    fn refuse(&mut self, reason: impl Into<String>) {
        self.bad.get_or_insert_with(|| Bad::line(CODE, reason));
    }

    /// Keeps the beginning of what the entry was read from.
    fn keep(&mut self, bytes: &[u8]) {
        let room = model::Rejection::TEXT_MAX.saturating_sub(self.text.len());
        self.text.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if self.text.len() < model::Rejection::TEXT_MAX {
            self.text.push(b'\n');
        }
    }

    /// The next line of an export: `NAME=value`, or `NAME` and then a length, so many bytes and a line break.
    fn field(&mut self, lines: &mut Lines<'_>, limits: &Limits) -> Result<More, Fault> {
        let Some(line) = lines.next()? else { return Ok(More::Nothing) };
        if line.bytes.is_empty() {
            return Ok(More::End);
        }
        self.is_begun = true;
        self.keep(line.bytes);
        if line.too_long {
            self.too_long();
            return Ok(More::Field);
        }
        match memchr::memchr(b'=', line.bytes) {
            Some(at) if !line.terminated => {
                self.refuse(format!("The entry ends in the middle of a field, at byte {at}"))
            }
            Some(at) => match name(&line.bytes[..at]) {
                Some(name) => self.put(name, &line.bytes[at + 1..], limits),
                None => self.refuse("A name of a field has capital letters, digits and _ only"),
            },
            None => {
                self.name.clear();
                match name(line.bytes).filter(|_| self.bad.is_none() && line.terminated) {
                    Some(name) => self.name.push_str(name),
                    // What follows cannot be told from a length: the entry ends at the next empty line.
                    None => self.refuse("A line is NAME=value, or a name and then a length"),
                }
                if !self.name.is_empty() {
                    self.sized(lines, limits)?;
                }
            }
        }
        Ok(More::Field)
    }

    fn sized(&mut self, lines: &mut Lines<'_>, limits: &Limits) -> Result<(), Fault> {
        let line = lines.take(8)?;
        let Ok(length) = <[u8; 8]>::try_from(line.bytes) else {
            self.refuse("The entry ends in a length");
            return Ok(());
        };
        let length = u64::from_le_bytes(length);
        if length > limits.decoded_bytes_max {
            self.refuse(format!("A field of {length} bytes is none"));
            return Ok(());
        }
        let line = lines.take(length)?;
        if !line.terminated {
            self.refuse("The entry ends in the middle of a field");
        } else if line.too_long {
            self.too_long();
        } else {
            let name = std::mem::take(&mut self.name);
            self.put(&name, line.bytes, limits);
            self.name = name;
        }
        if lines.take(1)?.bytes != b"\n" {
            self.refuse("A line break is expected behind the bytes of a field");
        }
        Ok(())
    }

    fn too_long(&mut self) {
        self.bad.get_or_insert_with(|| Bad::line("line-too-long", "The entry is longer than the limit"));
    }

    fn put(&mut self, name: &str, value: &[u8], limits: &Limits) {
        self.size += name.len() + value.len();
        if self.size > limits.line_bytes_max {
            self.too_long();
        }
        if self.bad.is_some() || name.starts_with("__") && name != TIME {
            return;
        }
        let text = String::from_utf8_lossy(value);
        self.replaced |= matches!(text, std::borrow::Cow::Owned(_));
        self.fields.put(name, &text);
        if self.fields.len() > limits.fields_max {
            let reason = format!("A record has at most {} fields", limits.fields_max);
            self.bad = Some(Bad::line("too-many-fields", reason));
        }
    }

    fn object(&mut self, line: &Line<'_>, limits: &Limits, output: &mut Output<'_>) -> Result<(), Bad> {
        let text = output.text(line)?;
        let mut scanner = Scanner::new(text, limits.depth_max);
        if scanner.value()? != Token::Object {
            return Err(Bad::new("not-an-object", 0, "A line is one JSON object, {…}"));
        }
        let (mut first, mut key_text) = (true, String::new());
        while let Some(key) = scanner.key(&mut first)? {
            key_text.clear();
            key.push_to(&mut key_text)?;
            let name = name(key_text.as_bytes())
                .ok_or_else(|| Bad::new(CODE, key.at(), "A name of a field has capital letters, digits and _ only"))?;
            self.member(name, &mut scanner, limits)?;
        }
        scanner.end()
    }

    /// A text; null for one that was too long; a list of bytes for one that is no text; or a list of these.
    fn member(&mut self, name: &str, scanner: &mut Scanner<'_>, limits: &Limits) -> Result<(), Bad> {
        scanner.skip_blank();
        let at = scanner.offset();
        let token = scanner.value()?;
        if token != Token::Array {
            return self.single(name, token, at, scanner, limits);
        }
        let (mut first, mut bytes, mut is_bytes) = (true, Vec::new(), None);
        while scanner.element(&mut first)? {
            scanner.skip_blank();
            let at = scanner.offset();
            let token = scanner.value()?;
            let byte = if let Token::Number(number) = token { number.parse::<u8>().ok() } else { None };
            if is_bytes.replace(byte.is_some()).is_some_and(|before| before != byte.is_some()) {
                return Err(Bad::new(CODE, at, "Bytes and values stand in one list"));
            }
            match (byte, token) {
                (Some(byte), _) => bytes.push(byte),
                (None, Token::Array) => self.bytes(name, scanner, limits)?,
                (None, token) => self.single(name, token, at, scanner, limits)?,
            }
        }
        if is_bytes != Some(false) {
            self.put(name, &bytes, limits);
        }
        Ok(())
    }

    fn single(
        &mut self,
        name: &str,
        token: Token<'_>,
        at: usize,
        scanner: &Scanner<'_>,
        limits: &Limits,
    ) -> Result<(), Bad> {
        match token {
            Token::Text(text) => {
                let mut value = String::new();
                text.push_to(&mut value)?;
                self.put(name, value.as_bytes(), limits);
            }
            Token::Null => self.left_out = true,
            Token::Number(_) | Token::True | Token::False => {
                self.put(name, scanner.since(at).trim_ascii().as_bytes(), limits);
            }
            Token::Object | Token::Array => return Err(Bad::new(CODE, at, "A value is a text or a list of bytes")),
        }
        Ok(())
    }

    fn bytes(&mut self, name: &str, scanner: &mut Scanner<'_>, limits: &Limits) -> Result<(), Bad> {
        let (mut first, mut bytes) = (true, Vec::new());
        while scanner.element(&mut first)? {
            let at = scanner.offset();
            let Token::Number(number) = scanner.value()? else {
                return Err(Bad::new(CODE, at, "A list in a list holds bytes"));
            };
            bytes.push(number.parse().map_err(|_| Bad::new(CODE, at, "A byte lies between 0 and 255"))?);
        }
        self.put(name, &bytes, limits);
        Ok(())
    }

    /// Hands the entry on, and begins the next.
    fn finish(&mut self, number: u64, output: &mut Output<'_>) -> Result<(), Fault> {
        let outcome = match self.bad.take() {
            Some(bad) => Err(bad),
            None => self.time(),
        };
        match outcome {
            Err(bad) => output.reject_at(number, bad, &self.text)?,
            Ok(time) => {
                if self.replaced {
                    output.warn("bytes-replaced", number, "Bytes that are not UTF-8 were replaced in values");
                }
                if self.left_out {
                    output.warn("value-left-out", number, "Values were left out by journalctl for their length");
                }
                self.record(number, time, output)?;
            }
        }
        self.clear();
        Ok(())
    }

    fn time(&self) -> Result<Instant, Bad> {
        let text =
            self.fields.get(TIME).ok_or_else(|| Bad::line("missing-time", format!("The entry has no {TIME}")))?;
        let micros = number::integer(text.as_bytes()).and_then(|micros| micros.checked_mul(1_000));
        micros.map(Instant::from_nanos).ok_or_else(|| Bad::line(CODE, format!("{TIME} is a number of microseconds")))
    }

    fn record(&self, number: u64, time: Instant, output: &mut Output<'_>) -> Result<(), Fault> {
        let level = self.fields.get(PRIORITY).and_then(|text| text.parse::<u8>().ok()).filter(|level| *level < 8);
        let log = Log {
            message: self.fields.get(MESSAGE),
            severity: level.map(|level| SEVERITIES[usize::from(level)]),
            severity_number: level.map(severity_number),
            ..Log::default()
        };
        let is_member = |name: &str| match name {
            TIME | MESSAGE | HOST => true,
            PRIORITY => level.is_some(),
            _ => false,
        };
        let attributes: Vec<(&str, &str)> = self.fields.iter().filter(|(name, _)| !is_member(name)).collect();
        let (host, body) = (self.fields.get(HOST), Body::Log(log));
        let record = Record { time, line: number, service: None, host, attributes: &attributes, body };
        output.record(&self.text, 0, record)
    }
}

/// Capital letters, digits and `_`, no digit first.
fn name(bytes: &[u8]) -> Option<&str> {
    let is_name = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    let fits = (1..=NAME_MAX).contains(&bytes.len()) && !bytes[0].is_ascii_digit() && bytes.iter().all(is_name);
    fits.then(|| std::str::from_utf8(bytes).ok()).flatten()
}
