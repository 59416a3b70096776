//! Access logs: common (`%h %l %u %t "%r" %>s %b`), combined (`… "%{Referer}i" "%{User-Agent}i"`), and combined with
//! nginx's `$request_time` at the end, bare or in quotes.
//!
//! The referrer, the user agent, the user and the protocol become attributes, as does the client's address.

use std::io::Read;

use model::{Body, Fault, Instant, Log, Record};

use crate::lines::{Line, Lines};
use crate::output::{Bad, Output};
use crate::{Request, number, row, series, time};

pub(crate) fn read(input: &mut dyn Read, request: &Request, output: &mut Output<'_>) -> Result<(), Fault> {
    let mut lines = Lines::new(input, request.limits.line_bytes_max);
    let mut attributes = Vec::new();
    let mut clock = Clock { text: [0; 26], instant: Instant::from_nanos(0) };
    while let Some(line) = lines.next()? {
        let line = line.without_mark().without_return();
        if line.bytes.is_empty() {
            continue;
        }
        let mut found = series::recycle(attributes);
        match parse(&line, &mut clock, &mut found, output) {
            Err(bad) => output.reject(&line, bad)?,
            Ok((time, time_at, log)) => {
                let body = Body::Log(log);
                let record = Record { time, line: line.number, service: None, host: None, attributes: &found, body };
                output.record(line.bytes, time_at, record)?;
            }
        }
        attributes = series::recycle(found);
    }
    output.count_input(lines.count(), lines.bytes());
    Ok(())
}

/// Many lines share a second: its text is read once.
struct Clock {
    text: [u8; 26],
    instant: Instant,
}

impl Clock {
    fn read(&mut self, text: &[u8]) -> Option<Instant> {
        if text != self.text {
            let instant = time::clf(text)?;
            self.text.copy_from_slice(text);
            self.instant = instant;
        }
        Some(self.instant)
    }
}

type Parts<'b> = (Instant, usize, Log<'b>);

fn parse<'b>(
    line: &Line<'b>,
    clock: &mut Clock,
    attributes: &mut Vec<(&'b str, &'b str)>,
    output: &mut Output<'_>,
) -> Result<Parts<'b>, Bad> {
    let text = output.text(line)?;
    let mut rest = Rest { text, at: 0 };
    let client = rest.word("the client's address")?;
    let ident = rest.word("the identity")?;
    let user = rest.until(b" [", "the time in brackets")?;
    let time_at = rest.at;
    let stamp = rest.until(b"]", "the end of the time")?;
    let time = clock.read(stamp.as_bytes()).ok_or_else(|| {
        Bad::new("unreadable-time", time_at, format!("{:?} is not the time of an access log", clip(stamp)))
    })?;
    rest.expect(" ")?;
    let request = rest.quoted("the request")?;
    rest.expect(" ")?;
    let mut log = Log::default();
    let status_at = rest.at;
    let status = rest.word("the status")?;
    log.status = Some(
        row::status(status)
            .ok_or_else(|| Bad::new("bad-field", status_at, format!("{:?} is not an HTTP status", clip(status))))?,
    );
    let bytes_at = rest.at;
    let bytes = rest.last_word();
    if bytes != "-" {
        let count = bytes.parse();
        log.bytes = Some(
            count
                .map_err(|_| Bad::new("bad-field", bytes_at, format!("{:?} is not a number of bytes", clip(bytes))))?,
        );
    }
    attributes.push(("client", client));
    push_known(attributes, "ident", ident);
    push_known(attributes, "user", user);
    split_request(request, &mut log, attributes);
    rest.tail(&mut log, attributes)?;
    Ok((time, time_at, log))
}

/// `-` says that nobody knows.
fn push_known<'b>(attributes: &mut Vec<(&'b str, &'b str)>, name: &'b str, value: &'b str) {
    if value != "-" && !value.is_empty() {
        attributes.push((name, value));
    }
}

/// `GET /path HTTP/1.1`; anything else (an empty request of a 408, a TLS greeting) is kept as it came.
fn split_request<'b>(request: &'b str, log: &mut Log<'b>, attributes: &mut Vec<(&'b str, &'b str)>) {
    let bytes = request.as_bytes();
    let parts = memchr::memchr(b' ', bytes).zip(memchr::memrchr(b' ', bytes)).filter(|(first, last)| first < last);
    match parts {
        Some((first, last)) if bytes[..first].iter().all(u8::is_ascii_alphabetic) && first > 0 => {
            log.method = Some(&request[..first]);
            log.path = Some(&request[first + 1..last]);
            attributes.push(("protocol", &request[last + 1..]));
        }
        _ => push_known(attributes, "request", request),
    }
}

fn clip(text: &str) -> &str {
    &text[..text.floor_char_boundary(40)]
}

struct Rest<'b> {
    text: &'b str,
    at: usize,
}

impl<'b> Rest<'b> {
    fn bytes(&self) -> &'b [u8] {
        &self.text.as_bytes()[self.at..]
    }

    #[cold]
    fn missing(&self, what: &str) -> Bad {
        Bad::new(
            "bad-access-line",
            self.at,
            format!("The line has no {what} here", what = what.trim_start_matches("the ")),
        )
    }

    fn take(&mut self, length: usize, skip: usize) -> &'b str {
        let part = &self.text[self.at..self.at + length];
        self.at += length + skip;
        part
    }

    /// Up to the next blank, which is taken too; not empty.
    fn word(&mut self, what: &str) -> Result<&'b str, Bad> {
        match memchr::memchr(b' ', self.bytes()) {
            Some(end) if end > 0 => Ok(self.take(end, 1)),
            _ => Err(self.missing(what)),
        }
    }

    /// Up to the next blank, which stays, or the end.
    fn last_word(&mut self) -> &'b str {
        let end = memchr::memchr(b' ', self.bytes()).unwrap_or(self.text.len() - self.at);
        self.take(end, 0)
    }

    /// Up to `mark`, which is taken too.
    fn until(&mut self, mark: &[u8], what: &str) -> Result<&'b str, Bad> {
        let bytes = self.bytes();
        let end = memchr::memchr_iter(mark[0], bytes).find(|at| bytes[*at..].starts_with(mark));
        end.map(|end| self.take(end, mark.len())).ok_or_else(|| self.missing(what))
    }

    fn expect(&mut self, text: &str) -> Result<(), Bad> {
        if !self.bytes().starts_with(text.as_bytes()) {
            return Err(self.missing(if text == " " { "the blank" } else { text }));
        }
        self.at += text.len();
        Ok(())
    }

    /// A quoted part, kept as written; a backslash hides the quote behind it.
    fn quoted(&mut self, what: &str) -> Result<&'b str, Bad> {
        if self.bytes().first() != Some(&b'"') {
            return Err(self.missing(&format!("{what} in quotes")));
        }
        let inside = &self.bytes()[1..];
        let mut at = 0;
        loop {
            let found = memchr::memchr2(b'"', b'\\', &inside[at..]);
            let Some(found) = found else { return Err(self.missing(&format!("closing quote of {what}"))) };
            at += found;
            if inside[at] == b'"' {
                self.at += 1;
                return Ok(self.take(at, 1));
            }
            at = (at + 2).min(inside.len());
        }
    }

    /// What may follow the bytes: referrer and user agent, then a request time; nothing else.
    fn tail(&mut self, log: &mut Log<'b>, attributes: &mut Vec<(&'b str, &'b str)>) -> Result<(), Bad> {
        if self.bytes().starts_with(b" \"") && !self.is_request_time() {
            self.at += 1;
            push_known(attributes, "referer", self.quoted("the referrer")?);
            self.expect(" ")?;
            push_known(attributes, "user_agent", self.quoted("the user agent")?);
        }
        if self.at == self.text.len() {
            return Ok(());
        }
        self.expect(" ")?;
        let at = self.at;
        let seconds = if self.bytes().starts_with(b"\"") { self.quoted("the request time")? } else { self.last_word() };
        if self.at != self.text.len() {
            return Err(self.missing("the end of the line"));
        }
        if seconds != "-" {
            let latency = number::scaled(seconds.as_bytes(), 3).filter(|latency| *latency >= 0.0);
            log.latency_ms = Some(latency.ok_or_else(|| {
                Bad::new("bad-field", at, format!("{:?} is not a request time in seconds", clip(seconds)))
            })?);
        }
        Ok(())
    }

    /// Whether the quoted part ahead ends the line: then it is a request time behind a common line.
    fn is_request_time(&self) -> bool {
        let inside = &self.bytes()[2..];
        let end = memchr::memchr(b'"', inside);
        end.is_some_and(|end| end + 1 == inside.len() && number::scaled(&inside[..end], 3).is_some())
    }
}
