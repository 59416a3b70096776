//! Lines that begin with a time: RFC 3164 syslog (`Oct 11 22:14:15 host app[123]: text`), syslog with RFC 3339 times
//! (`2026-01-31T09:00:00+01:00 host app: text`), and bare lines (`2026-01-31 09:00:00 text`), as `dpkg.log` has them.
//!
//! RFC 3164 leaves out year and zone: the zone is the request's, the year the last one in which the time is not more than
//! a day after the reference time.

use std::io::Read;

use jiff::tz::TimeZone;
use model::{Body, Fault, Instant, Log, Record};

use crate::lines::{Line, Lines};
use crate::output::{Bad, Output};
use crate::time::{self, Civil};
use crate::{Request, series};

/// Whether a line begins as one of these.
pub(crate) fn begins_with_time(line: &[u8]) -> bool {
    let line = skip_priority(line).map_or(line, |(_, rest)| rest);
    time::civil_prefix(line).is_some() || classic(line).is_some()
}

pub(crate) fn read(input: &mut dyn Read, request: &Request, output: &mut Output<'_>) -> Result<(), Fault> {
    let mut lines = Lines::new(input, request.limits.line_bytes_max);
    let mut attributes = Vec::new();
    while let Some(line) = lines.next()? {
        let line = line.without_mark().without_return();
        if line.bytes.is_empty() {
            continue;
        }
        let mut found = series::recycle(attributes);
        match parse(&line, request, &mut found, output) {
            Err(bad) => output.reject(&line, bad)?,
            Ok((time, host, log)) => {
                let body = Body::Log(log);
                let record = Record { time, line: line.number, service: None, host, attributes: &found, body };
                output.record(line.bytes, 0, record)?;
            }
        }
        attributes = series::recycle(found);
    }
    output.count_input(lines.count(), lines.bytes());
    Ok(())
}

pub(super) type Parts<'b> = (Instant, Option<&'b str>, Log<'b>);

/// The line as RFC 3164, RFC 3339 or bare text; also what [`super::syslog`] makes of messages that are not RFC 5424.
pub(super) fn parse<'b>(
    line: &Line<'b>,
    request: &Request,
    attributes: &mut Vec<(&'b str, &'b str)>,
    output: &mut Output<'_>,
) -> Result<Parts<'b>, Bad> {
    let text = output.text(line)?;
    let mut log = Log::default();
    let mut at = 0;
    if let Some((priority, rest)) = skip_priority(text.as_bytes()) {
        take_priority(priority, &mut log, attributes);
        at = text.len() - rest.len();
    }
    let Stamp { time, end, syslog } = stamp(text, at, line.number, request, output)?;
    let message = text[end..].strip_prefix(' ').unwrap_or(&text[end..]);
    let Some((host, tag, message)) = syslog.then(|| header(message)).flatten() else {
        log.message = Some(message);
        return Ok((time, None, log));
    };
    let (app, process) = tag.strip_suffix(']').and_then(|tag| tag.rsplit_once('[')).unwrap_or((tag, ""));
    attributes.push(("app", app));
    if !process.is_empty() {
        attributes.push(("pid", process));
    }
    log.message = Some(message);
    Ok((time, Some(host), log))
}

struct Stamp {
    time: Instant,
    end: usize,
    /// Host and tag follow.
    syslog: bool,
}

fn stamp(text: &str, at: usize, number: u64, request: &Request, output: &mut Output<'_>) -> Result<Stamp, Bad> {
    let bytes = &text.as_bytes()[at..];
    let wrong = || Bad::new("bad-text-line", at, "A time is expected here: `Jan 31 09:00:00` or RFC 3339");
    if let Some(civil) = classic(bytes) {
        output.warn(
            "year-assumed",
            number,
            "Times without a year were put into the latest year in which they are not in the future",
        );
        output.warn_zone(number);
        let time = with_year(civil, request.now, &request.zone).ok_or_else(wrong)?;
        return Ok(Stamp { time, end: at + 15, syslog: true });
    }
    let (civil, mut end) = time::civil_prefix(bytes).ok_or_else(wrong)?;
    let zone = bytes[end..].iter().position(|byte| *byte == b' ').unwrap_or(bytes.len() - end);
    let time = if zone == 0 {
        output.warn_zone(number);
        civil.in_zone(&request.zone)
    } else {
        let seconds = time::offset(&bytes[end..end + zone]);
        end += zone;
        seconds.and_then(|seconds| civil.at_offset(seconds))
    };
    let syslog = bytes[10] == b'T' && zone > 0;
    Ok(Stamp { time: time.ok_or_else(wrong)?, end: at + end, syslog })
}

/// `Jan 31 09:00:00`, the day padded with a blank; the year is left open (0).
fn classic(text: &[u8]) -> Option<Civil> {
    if text.len() < 15 || text[3] != b' ' || text[6] != b' ' || text[9] != b':' || text[12] != b':' {
        return None;
    }
    if text.get(15).is_some_and(|byte| *byte != b' ') {
        return None;
    }
    let day = if text[4] == b' ' { time::digits(text, 5, 1)? } else { time::digits(text, 4, 2)? };
    let civil = Civil {
        // A leap year, so that 29 February passes; the year that counts is found later.
        year: 2000,
        month: time::month(&text[..3])?,
        day,
        hour: time::digits(text, 7, 2)?,
        minute: time::digits(text, 10, 2)?,
        second: time::digits(text, 13, 2)?,
        nanos: 0,
    };
    civil.is_real().then_some(civil)
}

/// The latest year in which the time is not more than a day after `now` (RFC 3164 §4.1.2 leaves the year out).
fn with_year(civil: Civil, now: Instant, zone: &TimeZone) -> Option<Instant> {
    let this_year: i64 = now.date().get(..4)?.parse().ok()?;
    let latest = now.nanos().saturating_add(86_400_000_000_000);
    // 29 February exists once in four years, or eight around 1900 and 2100.
    (this_year - 8..=this_year + 1).rev().find_map(|year| {
        let civil = Civil { year, ..civil };
        let time = civil.is_real().then(|| civil.in_zone(zone)).flatten()?;
        (time.nanos() <= latest).then_some(time)
    })
}

/// `host tag: message`; without a colon after the tag there is no tag.
fn header(text: &str) -> Option<(&str, &str, &str)> {
    let (host, rest) = text.split_once(' ')?;
    let (tag, message) = rest.split_once(':')?;
    let plain = !host.is_empty() && !tag.is_empty() && !tag.contains(' ');
    plain.then(|| (host, tag, message.strip_prefix(' ').unwrap_or(message)))
}

/// Facility and severity, as members of a log and as an attribute.
pub(super) fn take_priority(priority: u8, log: &mut Log<'_>, attributes: &mut Vec<(&str, &str)>) {
    log.severity_number = Some(severity_number(priority & 7));
    log.severity = Some(SEVERITIES[usize::from(priority & 7)]);
    attributes.push(("facility", FACILITIES[usize::from(priority >> 3)]));
}

/// `<PRI>`: facility · 8 + severity, at most 191.
pub(super) fn skip_priority(text: &[u8]) -> Option<(u8, &[u8])> {
    let rest = text.strip_prefix(b"<")?;
    let end = rest.iter().take(4).position(|byte| *byte == b'>')?;
    let priority = crate::number::integer(&rest[..end]).filter(|priority| (0..=191).contains(priority))?;
    Some((priority as u8, &rest[end + 1..]))
}

pub(super) const SEVERITIES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
];

/// Syslog severity as OpenTelemetry's number (logs data model, appendix B).
pub(super) fn severity_number(severity: u8) -> u8 {
    [24, 22, 21, 17, 13, 10, 9, 5][usize::from(severity & 7)]
}
