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
    let mut clock = Clock { text: *b"01/Jan/1970:00:00:00 +0000]", instant: Instant::from_nanos(0) };
    while let Some(block) = lines.block()? {
        let mut found = series::recycle(attributes);
        for line in block {
            let line = line.without_mark().without_return();
            if !line.bytes.is_empty() {
                found.clear();
                read_line(&line, &mut clock, &mut found, output)?;
            }
        }
        attributes = series::recycle(found);
    }
    output.count_input(lines.count(), lines.bytes());
    Ok(())
}

fn read_line<'b>(
    line: &Line<'b>,
    clock: &mut Clock,
    found: &mut Vec<(&'b str, &'b str)>,
    output: &mut Output<'_>,
) -> Result<(), Fault> {
    match parse(line, clock, found, output) {
        Err(bad) => output.reject(line, bad),
        Ok((time, time_at, log)) => {
            let body = Body::Log(log);
            let record = Record { time, line: line.number, service: None, host: None, attributes: found, body };
            output.record(line.bytes, time_at, record)
        }
    }
}

/// Many lines share a second: its text is read once.
struct Clock {
    /// With the bracket behind it.
    text: [u8; 27],
    instant: Instant,
}

impl Clock {
    /// The time ahead, up to its bracket, which is taken too.
    fn read(&mut self, rest: &mut Rest<'_>) -> Result<Instant, Bad> {
        if rest.bytes().first_chunk() == Some(&self.text) {
            rest.at += self.text.len();
            return Ok(self.instant);
        }
        let at = rest.at;
        let text = rest.until(b"]", "the end of the time")?;
        self.instant = time::clf(text.as_bytes()).ok_or_else(|| {
            Bad::new("unreadable-time", at, format!("{:?} is not the time of an access log", clip(text)))
        })?;
        self.text[..26].copy_from_slice(text.as_bytes());
        Ok(self.instant)
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
    // As nearly every line has it: nobody is known.
    let (ident, user) = if rest.bytes().starts_with(b"- - [") {
        rest.at += 5;
        ("-", "-")
    } else {
        (rest.word("the identity")?, rest.until(b" [", "the time in brackets")?)
    };
    let time_at = rest.at;
    let time = clock.read(&mut rest)?;
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
        log.bytes =
            Some(number::unsigned(bytes).ok_or_else(|| {
                Bad::new("bad-field", bytes_at, format!("{:?} is not a number of bytes", clip(bytes)))
            })?);
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
    let last = match bytes {
        [before @ .., b' ', b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => Some(before.len()),
        _ => memchr::memrchr(b' ', bytes),
    };
    let parts = near(b' ', bytes).zip(last).filter(|(first, last)| first < last);
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

/// What is left of a line. Its small steps are inlined by force: the optimiser would rather call them, which costs a tenth of
/// the whole reading.
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

    #[inline(always)]
    fn take(&mut self, length: usize, skip: usize) -> &'b str {
        let part = &self.text[self.at..self.at + length];
        self.at += length + skip;
        part
    }

    /// Up to the next blank, which is taken too; not empty.
    #[inline(always)]
    fn word(&mut self, what: &str) -> Result<&'b str, Bad> {
        match near(b' ', self.bytes()) {
            Some(end) if end > 0 => Ok(self.take(end, 1)),
            _ => Err(self.missing(what)),
        }
    }

    /// Up to the next blank, which stays, or the end.
    fn last_word(&mut self) -> &'b str {
        let end = near(b' ', self.bytes()).unwrap_or(self.text.len() - self.at);
        self.take(end, 0)
    }

    /// Up to `mark`, which is taken too.
    fn until<const N: usize>(&mut self, mark: &[u8; N], what: &str) -> Result<&'b str, Bad> {
        let bytes = self.bytes();
        let mut end = 0;
        loop {
            end += near(mark[0], &bytes[end..]).ok_or_else(|| self.missing(what))?;
            if bytes[end..].starts_with(mark) {
                return Ok(self.take(end, N));
            }
            end += 1;
        }
    }

    fn expect(&mut self, text: &str) -> Result<(), Bad> {
        if !self.bytes().starts_with(text.as_bytes()) {
            return Err(self.missing(if text == " " { "the blank" } else { text }));
        }
        self.at += text.len();
        Ok(())
    }

    /// A quoted part, kept as written; a backslash hides the quote behind it.
    #[inline(always)]
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
        if self.bytes().starts_with(b" \"") {
            self.at += 1;
            let at = self.at;
            let first = self.quoted("the referrer")?;
            // A quoted number that ends the line is a request time behind a common line.
            if self.at == self.text.len() && number::scaled(first.as_bytes(), 3).is_some() {
                return request_time(first, at, log);
            }
            push_known(attributes, "referer", first);
            self.expect(" ")?;
            push_known(attributes, "user_agent", self.quoted("the user agent")?);
        }
        if self.at == self.text.len() {
            return Ok(());
        }
        self.expect(" ")?;
        if let Some(latency) = milliseconds(self.bytes()) {
            log.latency_ms = Some(latency);
            return Ok(());
        }
        let at = self.at;
        let seconds = if self.bytes().starts_with(b"\"") { self.quoted("the request time")? } else { self.last_word() };
        if self.at != self.text.len() {
            return Err(self.missing("the end of the line"));
        }
        if seconds == "-" { Ok(()) } else { request_time(seconds, at, log) }
    }
}

fn request_time(seconds: &str, at: usize, log: &mut Log<'_>) -> Result<(), Bad> {
    let latency = number::scaled(seconds.as_bytes(), 3).filter(|latency| *latency >= 0.0);
    log.latency_ms =
        Some(latency.ok_or_else(|| {
            Bad::new("bad-field", at, format!("{:?} is not a request time in seconds", clip(seconds)))
        })?);
    Ok(())
}

/// As nginx writes them: milliseconds, and most answers take less than ten seconds.
fn milliseconds(seconds: &[u8]) -> Option<f64> {
    match seconds {
        [a @ b'0'..=b'9', b'.', b @ b'0'..=b'9', c @ b'0'..=b'9', d @ b'0'..=b'9'] => {
            let [a, b, c, d] = [a, b, c, d].map(|digit| u16::from(digit - b'0'));
            Some(f64::from(a * 1000 + b * 100 + c * 10 + d))
        }
        _ => None,
    }
}

/// Where `byte` stands first. The first 16 bytes are searched in words: most fields end there, and the wide search costs
/// more to begin than it saves.
#[inline(always)]
fn near(byte: u8, text: &[u8]) -> Option<usize> {
    const LOW: u64 = u64::MAX / 255;
    const HIGH: u64 = LOW << 7;
    for (index, word) in text.as_chunks::<8>().0.iter().take(2).enumerate() {
        // A byte of `differences` is zero where `byte` stands; the lowest mark is exact (Mycroft).
        let differences = u64::from_le_bytes(*word) ^ (LOW * u64::from(byte));
        let marks = differences.wrapping_sub(LOW) & !differences & HIGH;
        if marks != 0 {
            return Some(index * 8 + marks.trailing_zeros() as usize / 8);
        }
    }
    memchr::memchr(byte, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn near_is_the_first(text in proptest::collection::vec(prop_oneof![Just(b' '), Just(b'!'), Just(0xa0), any::<u8>()], 0..40)) {
            prop_assert_eq!(near(b' ', &text), text.iter().position(|byte| *byte == b' '));
        }

        #[test]
        fn milliseconds_are_scaled_seconds(ms in 0_u32..20_000) {
            let text = format!("{}.{:03}", ms / 1000, ms % 1000);
            let expect = number::scaled(text.as_bytes(), 3).filter(|_| ms < 10_000);
            prop_assert_eq!(milliseconds(text.as_bytes()), expect);
        }
    }
}
