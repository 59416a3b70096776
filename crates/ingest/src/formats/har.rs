//! HAR 1.2: what a browser recorded of its traffic. The recording streams: one page or entry is held at a time.
//!
//! Source: «HAR 1.2 Spec». An entry becomes a row of logs: its start, the whole time as latency, method, path, status, bytes
//! of the body, and the phases as attributes (`blocked_ms` … `receive_ms`). A page becomes a sample for each of its timings
//! (`har.page.onLoad`, milliseconds). What the recorder did not measure (-1) is not there.
//!
//! Of an address only scheme, host, port and path are kept: queries, fragments and user names carry secrets, headers,
//! cookies and bodies are never looked at, and no complaint quotes any of them.
//!
//! An entry that is wrong in itself is rejected, the others are kept; a frame that is no HAR refuses the whole original
//! (`bad-har`).

mod entry;
mod page;

use std::io::Read;

use model::{Body, Fault, Instant, Record};

use crate::Request;
use crate::json::{Scanner, Token};
use crate::node::{Fields, Node};
use crate::number;
use crate::output::{Bad, Output, Stop};
use crate::stream::{Ahead, LineOf, Spot, Stream};
use crate::time::{Reading, TimeFormat};

const CODE: &str = "bad-har";
const START: &str = "startedDateTime";
/// Longest name of a member, in bytes.
const NAME_MAX: usize = 4 << 10;
const UNFINISHED: &str = "What begins here never ends";

pub(crate) fn read(input: &mut dyn Read, request: &Request, output: &mut Output<'_>) -> Result<(), Fault> {
    let mut frame = Frame { stream: Stream::new(input), request, output };
    if frame.stream.peek()?.is_some() {
        frame.root()?;
    }
    let (lines, bytes) = (frame.stream.lines(), frame.stream.bytes());
    output.count_input(lines, bytes);
    Ok(())
}

/// Whether `text`, which may be cut anywhere, begins as a HAR does: an object whose `log` is an object with the members of
/// one.
pub(crate) fn begins(text: &[u8]) -> bool {
    let whole = std::str::from_utf8(text).map_or_else(|error| &text[..error.valid_up_to()], |_| text);
    let mut scanner = Scanner::new(std::str::from_utf8(whole).unwrap_or_default(), 64);
    matches!(scanner.value(), Ok(Token::Object))
        && find(&mut scanner, |key, token| key == "log" && token == Token::Object)
        && find(&mut scanner, |key, token| match key {
            "creator" | "browser" => token == Token::Object,
            "pages" | "entries" => token == Token::Array,
            _ => false,
        })
}

/// Goes to the first member of an open object that `is` the one.
fn find(scanner: &mut Scanner<'_>, is: impl Fn(&str, Token<'_>) -> bool) -> bool {
    let mut first = true;
    while let Ok(Some(key)) = scanner.key(&mut first) {
        let Ok(token) = scanner.value() else { return false };
        if is(key.raw, token) {
            return true;
        }
        if scanner.skip(token).is_err() {
            return false;
        }
    }
    false
}

#[derive(Clone, Copy)]
enum Element {
    Page,
    Entry,
}

impl Element {
    fn word(self) -> &'static str {
        match self {
            Element::Page => "page",
            Element::Entry => "entry",
        }
    }
}

/// What stands around pages and entries.
struct Frame<'f, 'r, 's> {
    stream: Stream<'r>,
    request: &'f Request,
    output: &'f mut Output<'s>,
}

impl Frame<'_, '_, '_> {
    fn root(&mut self) -> Result<(), Fault> {
        let names = self.object(|frame, name| if name == "log" { frame.log() } else { frame.pass() })?;
        if !names.iter().any(|name| name == "log") {
            return Err(self.broken("The recording has no log"));
        }
        match self.stream.peek()? {
            None => Ok(()),
            Some(_) => Err(self.broken("Something stands behind the recording")),
        }
    }

    fn log(&mut self) -> Result<(), Fault> {
        let begin = self.stream.spot();
        let names = self.object(|frame, name| match name {
            "pages" => frame.list(Element::Page),
            "entries" => frame.list(Element::Entry),
            _ => frame.pass(),
        })?;
        if names.iter().any(|name| name == "entries") { Ok(()) } else { Err(broken(begin, "The log has no entries")) }
    }

    /// Hands each member's name to `each`, which takes its value; answers with the names.
    fn object(&mut self, each: impl Fn(&mut Self, &str) -> Result<(), Fault>) -> Result<Vec<String>, Fault> {
        self.expect(b'{', "an object")?;
        let mut names: Vec<String> = Vec::new();
        while self.goes_on(b'}', names.is_empty())? {
            let begin = self.stream.spot();
            let name = self.name()?;
            if names.contains(&name) {
                return Err(broken(begin, "A name stands twice"));
            }
            if names.len() == self.request.limits.fields_max {
                return Err(broken(begin, "An object has too many members"));
            }
            self.expect(b':', "a colon")?;
            if self.stream.peek()?.is_none() {
                return Err(self.broken("The recording ends early"));
            }
            each(self, &name)?;
            names.push(name);
        }
        Ok(names)
    }

    fn list(&mut self, element: Element) -> Result<(), Fault> {
        self.expect(b'[', "a list")?;
        let mut first = true;
        while self.goes_on(b']', std::mem::take(&mut first))? {
            self.element(element)?;
        }
        Ok(())
    }

    /// Whether another member follows, with the comma before it taken, or else the end, taken too.
    fn goes_on(&mut self, end: u8, first: bool) -> Result<bool, Fault> {
        if self.stream.peek()? == Some(end) {
            self.stream.take();
            return Ok(false);
        }
        if !first {
            self.expect(b',', "a comma or the end")?;
        }
        Ok(true)
    }

    fn expect(&mut self, byte: u8, what: &str) -> Result<(), Fault> {
        match self.stream.peek()? {
            Some(found) if found == byte => {
                self.stream.take();
                Ok(())
            }
            Some(_) => Err(self.broken(&format!("Here {what} is expected"))),
            None => Err(self.broken(&format!("The recording ends where {what} is expected"))),
        }
    }

    fn name(&mut self) -> Result<String, Fault> {
        if self.stream.peek()? != Some(b'"') {
            return Err(self.broken("Here a name in quotes is expected"));
        }
        let begin = self.stream.spot();
        let Ahead::Whole(bytes, _) = self.stream.value(NAME_MAX)? else {
            return Err(broken(begin, "The name that begins here does not end"));
        };
        let mut name = String::new();
        let text = std::str::from_utf8(bytes).map_err(|_| broken(begin, "The name is not UTF-8"))?;
        match Scanner::new(text, 1).value() {
            Ok(Token::Text(text)) if text.push_to(&mut name).is_ok() => Ok(name),
            _ => Err(broken(begin, "The name is not JSON")),
        }
    }

    /// Passes over a member that nobody asks for. What is too large to be held is not checked either.
    fn pass(&mut self) -> Result<(), Fault> {
        let (begin, limits) = (self.stream.spot(), &self.request.limits);
        match self.stream.value(limits.document_bytes_max)? {
            Ahead::Whole(bytes, begin) => {
                let text = std::str::from_utf8(bytes).map_err(|_| broken(begin, "The value is not UTF-8"))?;
                let mut scanner = Scanner::new(text, limits.depth_max);
                let checked = scanner.value().and_then(|token| scanner.skip(token)).and_then(|()| scanner.end());
                checked.map_err(|bad| refused(&mut LineOf::new(bytes, begin), &bad))
            }
            Ahead::TooLarge => self.skip(begin),
            Ahead::Unfinished => Err(broken(begin, UNFINISHED)),
        }
    }

    fn element(&mut self, element: Element) -> Result<(), Fault> {
        self.stream.peek()?;
        let (begin, request) = (self.stream.spot(), self.request);
        match self.stream.value(request.limits.document_bytes_max)? {
            Ahead::Whole(bytes, begin) => {
                let mut reading = Reader { lines: LineOf::new(bytes, begin), bytes, request, output: self.output };
                reading.take(element)
            }
            Ahead::TooLarge => {
                let reason = format!("The {} is larger than {}", element.word(), request.limits.document_bytes_max);
                reject(self.output, begin, "document-too-large", reason)?;
                self.skip(begin)
            }
            Ahead::Unfinished => Err(broken(begin, UNFINISHED)),
        }
    }

    fn skip(&mut self, begin: Spot) -> Result<(), Fault> {
        if self.stream.skip()? { Ok(()) } else { Err(broken(begin, UNFINISHED)) }
    }

    fn broken(&self, reason: &str) -> Fault {
        broken(self.stream.spot(), reason)
    }
}

fn broken(spot: Spot, reason: &str) -> Fault {
    Fault::bad_input(CODE, reason)
        .advise("Save the recording again as HAR with content, or name the format that the file really has.")
        .at(spot.place())
}

fn refused(lines: &mut LineOf<'_>, bad: &Bad) -> Fault {
    broken(Spot { line: 0, column: 0 }, &bad.reason).at(lines.place(bad.at.unwrap_or(0)))
}

/// Without its text: an entry is full of secrets, and the original has it.
fn reject(output: &mut Output<'_>, spot: Spot, code: &'static str, reason: String) -> Result<(), Fault> {
    output.reject_at(spot.line, Bad::new(code, spot.column as usize, reason), b"")
}

/// One page or entry being read.
struct Reader<'e, 't, 's> {
    lines: LineOf<'t>,
    bytes: &'t [u8],
    request: &'e Request,
    output: &'e mut Output<'s>,
}

impl<'t> Reader<'_, 't, '_> {
    fn take(&mut self, element: Element) -> Result<(), Fault> {
        let outcome = self.node().and_then(|node| match element {
            Element::Page => self.page(node),
            Element::Entry => self.entry(node),
        });
        match outcome {
            Ok(()) => Ok(()),
            Err(Stop::Fault(fault)) => Err(fault),
            Err(Stop::Bad(bad)) => {
                let place = self.lines.place(bad.at.unwrap_or(0));
                let spot = Spot { line: place.line, column: place.column.saturating_sub(1) };
                reject(self.output, spot, bad.code, bad.reason)
            }
        }
    }

    fn node(&self) -> Result<Node<'t>, Stop> {
        let text = std::str::from_utf8(self.bytes)
            .map_err(|error| Bad::new("invalid-utf8", error.valid_up_to(), "The bytes from here on are not UTF-8"))?;
        Ok(Node { text, at: 0, code: CODE })
    }

    /// Hands a record on; one whose time cannot be is rejected where that stands.
    fn hand_on(
        &mut self,
        fields: &Fields<'_>,
        time: Instant,
        attributes: &[(&str, &str)],
        body: Body<'_>,
    ) -> Result<(), Stop> {
        let place = self.lines.place(fields.at(START));
        let record = Record { time, line: place.line, service: None, host: None, attributes, body };
        Ok(self.output.record(b"", place.column.saturating_sub(1) as usize, record)?)
    }

    fn depth(&self) -> usize {
        self.request.limits.depth_max
    }

    /// The object that is a member; without members where it is absent.
    fn object(&self, fields: &Fields<'t>, key: &str) -> Result<Fields<'t>, Bad> {
        let none = Node { text: "null", at: fields.at(key), code: CODE };
        Fields::read(fields.find(key).unwrap_or(none), self.depth())
    }

    fn start(&mut self, fields: &Fields<'_>) -> Result<Reading, Bad> {
        let at = fields.at(START);
        let text = fields.text(START)?.ok_or_else(|| Bad::new("missing-time", at, "There is no startedDateTime"))?;
        // Without a zone too, which is told; a bare number is no time of a HAR.
        let reading = TimeFormat::Guess.read(&text, &self.request.zone).filter(|_| text.contains(':'));
        let reading = reading.ok_or_else(|| Bad::new("unreadable-time", at, "startedDateTime is not a time"))?;
        if reading.zone_assumed {
            self.output.warn_zone(self.lines.line(at));
        }
        Ok(reading)
    }
}

/// A length of time as written; `None` where the recorder has none, which it writes as -1.
fn milliseconds<'t>(node: Node<'t>, key: &str) -> Result<Option<&'t str>, Bad> {
    let digits = match node.token()? {
        Token::Null => return Ok(None),
        Token::Number(digits) => digits,
        _ => "",
    };
    let value = number::scaled(digits.as_bytes(), 0);
    match value {
        Some(value) if value >= 0.0 => Ok(Some(digits)),
        Some(-1.0) => Ok(None),
        _ => Err(Bad::new("bad-field", node.at, format!("{key} is a number of milliseconds, or -1"))),
    }
}
