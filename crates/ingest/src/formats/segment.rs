//! Segments of a sampler (`probity-segment/1`): samples become samples, events become log records.
//!
//! The head of a segment says of each name what its number means. Chain and signatures are judged before anybody reads here.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use model::{Body, Fault, Instant, Log, Record, Sample, SampleType};

use crate::json::{Scanner, Text, Token};
use crate::lines::{Line, Lines};
use crate::output::{Bad, Output, Stop};
use crate::{Request, number, row, series};

/// Whether a text begins as the head of a segment does.
pub(crate) fn begins(text: &[u8]) -> bool {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let holds = |part: &[u8]| memchr::memmem::find(&line[..line.len().min(1_024)], part).is_some();
    line.starts_with(b"{\"v\":1,\"seq\":") && holds(b",\"event\":\"segment\",\"format\":\"probity-segment/")
}

pub(crate) fn read(input: &mut dyn Read, request: &Request, output: &mut Output<'_>) -> Result<(), Fault> {
    let mut lines = Lines::new(input, request.limits.line_bytes_max);
    let mut head = Head::default();
    while let Some(line) = lines.next()? {
        // A last line without its end was promised to nobody; whoever judged the chain has told of it.
        if !line.terminated {
            continue;
        }
        match read_line(&line, request, &mut head, output) {
            Ok(()) => {}
            Err(Stop::Bad(bad)) => output.reject(&line, bad)?,
            Err(Stop::Fault(fault)) => return Err(fault),
        }
    }
    output.count_input(lines.count(), lines.bytes());
    Ok(())
}

/// What the head of a segment tells of the lines behind it.
#[derive(Default)]
struct Head {
    host: Option<String>,
    metrics: BTreeMap<String, (SampleType, String)>,
}

/// What a line says, in pieces of its text.
#[derive(Default)]
struct Said<'a> {
    wall_ns: Option<i64>,
    event: Option<String>,
    /// Where the numbers begin, and what they mean where the head does not say it.
    points: Vec<(Scanner<'a>, Option<SampleType>)>,
    /// Everything that an event says besides.
    more: Vec<(String, String)>,
}

fn read_line(line: &Line<'_>, request: &Request, head: &mut Head, output: &mut Output<'_>) -> Result<(), Stop> {
    let text = output.text(line)?;
    let said = said(text, request, head)?;
    let wall_ns = said.wall_ns.ok_or_else(|| Bad::line("missing-time", "The line has no wall_ns"))?;
    let time = Instant::from_nanos(wall_ns);
    match said.event {
        Some(event) => {
            let mut attributes: Vec<(&str, &str)> = vec![("event", &event)];
            attributes.extend(said.more.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            let (severity, severity_number) = if is_quiet(&event) { ("INFO", 9) } else { ("WARN", 13) };
            let log = Log {
                severity: Some(severity),
                severity_number: Some(severity_number),
                message: Some(message(&event)),
                ..Log::default()
            };
            let record = Record {
                time,
                line: line.number,
                service: None,
                host: head.host.as_deref(),
                attributes: &attributes,
                body: Body::Log(log),
            };
            output.record(line.bytes, 0, record)?;
            Ok(())
        }
        None if said.points.is_empty() => {
            Err(Bad::line("missing-field", "The line has neither samples nor an event").into())
        }
        None => {
            for (points, meaning) in said.points {
                samples(line, time, points, meaning, head, output)?;
            }
            Ok(())
        }
    }
}

/// The members that hold numbers: of the machine, and of applications.
fn meaning(member: &str) -> Option<Option<SampleType>> {
    match member {
        "m" => Some(None),
        "counters" => Some(Some(SampleType::Counter)),
        "gauges" => Some(Some(SampleType::Gauge)),
        _ => None,
    }
}

fn said<'a>(text: &'a str, request: &Request, head: &mut Head) -> Result<Said<'a>, Bad> {
    let mut scanner = Scanner::new(text, request.limits.depth_max);
    if scanner.value()? != Token::Object {
        return Err(Bad::new("not-an-object", 0, "A line is one JSON object, {…}"));
    }
    let (mut said, mut first, mut seen) = (Said::default(), true, BTreeSet::new());
    while let Some(key) = scanner.key(&mut first)? {
        let name = owned(&key)?;
        if !seen.insert(name.clone()) {
            return Err(wrong(&scanner));
        }
        if let Some(meaning) = meaning(&name) {
            said.points.push((scanner.clone(), meaning));
        }
        if name == "metrics" {
            head.metrics = metrics(&mut scanner)?;
            continue;
        }
        let token = scanner.value()?;
        let at = scanner.offset();
        match (name.as_str(), token) {
            ("wall_ns", Token::Number(wall)) => said.wall_ns = number::integer(wall.as_bytes()),
            ("event", Token::Text(word)) => said.event = Some(owned(&word)?),
            ("event", _) => return Err(wrong(&scanner)),
            ("host", Token::Text(host)) => head.host = Some(owned(&host)?).filter(|host| !host.is_empty()),
            (
                "v" | "seq" | "boot" | "boot_ns" | "mono_ns" | "prev" | "h" | "sig" | "m" | "counters" | "gauges",
                other,
            ) => scanner.skip(other)?,
            (_, Token::Text(value)) => said.more.push((name, owned(&value)?)),
            (_, Token::Number(value)) => said.more.push((name, value.to_owned())),
            (_, Token::True) => said.more.push((name, "true".to_owned())),
            (_, Token::False) => said.more.push((name, "false".to_owned())),
            (_, Token::Null) => {}
            (_, other) => {
                scanner.skip(other)?;
                // The bracket in front was taken with the token.
                let bracket = if other == Token::Object { '{' } else { '[' };
                said.more.push((name, format!("{bracket}{}", scanner.since(at))));
            }
        }
    }
    scanner.end()?;
    Ok(said)
}

/// `{"system.cpu.utilization":["gauge","1"]}`
fn metrics(scanner: &mut Scanner<'_>) -> Result<BTreeMap<String, (SampleType, String)>, Bad> {
    let mut metrics = BTreeMap::new();
    if scanner.value()? != Token::Object {
        return Err(wrong(scanner));
    }
    let mut first = true;
    while let Some(key) = scanner.key(&mut first)? {
        let name = owned(&key)?;
        let [kind, unit] = pair(scanner)?;
        let kind = row::sample_type(&kind).ok_or_else(|| wrong(scanner))?;
        metrics.insert(name, (kind, unit));
    }
    Ok(metrics)
}

fn pair(scanner: &mut Scanner<'_>) -> Result<[String; 2], Bad> {
    let mut words = [String::new(), String::new()];
    if scanner.value()? != Token::Array {
        return Err(wrong(scanner));
    }
    let mut first = true;
    for word in &mut words {
        match scanner.element(&mut first)?.then(|| scanner.value()).transpose()? {
            Some(Token::Text(text)) => *word = owned(&text)?,
            _ => return Err(wrong(scanner)),
        }
    }
    if scanner.element(&mut first)? { Err(wrong(scanner)) } else { Ok(words) }
}

/// `[["system.network.io",704,{"network.io.direction":"receive"}]]`
fn samples(
    line: &Line<'_>,
    time: Instant,
    mut scanner: Scanner<'_>,
    meaning: Option<SampleType>,
    head: &Head,
    output: &mut Output<'_>,
) -> Result<(), Stop> {
    if scanner.value()? != Token::Array {
        return Err(wrong(&scanner).into());
    }
    let (mut first, mut written) = (true, String::new());
    while scanner.element(&mut first)? {
        let Point { name, value, labels } = point(&mut scanner)?;
        let Some(value) = value else {
            output.absent();
            continue;
        };
        let (sample_type, unit) = match (meaning, head.metrics.get(&name)) {
            (Some(meaning), _) => (meaning, None),
            (None, Some((kind, unit))) => (*kind, Some(unit.as_str())),
            (None, None) => (SampleType::Unknown, None),
        };
        let mut labels: Vec<(&str, &str)> =
            labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        series::normalise(&mut labels);
        series::write(&mut written, &name, &labels);
        let number = number::go_float(value.as_bytes()).filter(|number| number.is_finite());
        let sample = Sample {
            name: &name,
            series: &written,
            sample_type,
            unit,
            value: number.ok_or_else(|| wrong(&scanner))?,
            value_int: number::integer(value.as_bytes()),
            start: None,
        };
        let (host, body) = (head.host.as_deref(), Body::Sample(sample));
        let record = Record { time, line: line.number, service: None, host, attributes: &labels, body };
        output.record(line.bytes, 0, record)?;
    }
    Ok(())
}

struct Point<'a> {
    name: String,
    /// As written; `None` where there is none.
    value: Option<&'a str>,
    labels: Vec<(String, String)>,
}

fn point<'a>(scanner: &mut Scanner<'a>) -> Result<Point<'a>, Bad> {
    if scanner.value()? != Token::Array {
        return Err(wrong(scanner));
    }
    let mut first = true;
    let mut next = |scanner: &mut Scanner<'a>| scanner.element(&mut first)?.then(|| scanner.value()).transpose();
    let Some(Token::Text(name)) = next(scanner)? else { return Err(wrong(scanner)) };
    let value = match next(scanner)? {
        Some(Token::Number(value)) => Some(value),
        Some(Token::Null) => None,
        _ => return Err(wrong(scanner)),
    };
    let labels = match next(scanner)? {
        None => Vec::new(),
        Some(Token::Object) => {
            let labels = texts(scanner)?;
            next(scanner)?.is_none().then_some(labels).ok_or_else(|| wrong(scanner))?
        }
        Some(_) => return Err(wrong(scanner)),
    };
    Ok(Point { name: owned(&name)?, value, labels })
}

/// The members of an object of texts, whose brace is taken.
fn texts(scanner: &mut Scanner<'_>) -> Result<Vec<(String, String)>, Bad> {
    let (mut texts, mut first) = (Vec::new(), true);
    while let Some(key) = scanner.key(&mut first)? {
        let name = owned(&key)?;
        let is_known = texts.iter().any(|(known, _)| *known == name);
        match scanner.value()? {
            Token::Text(value) if !is_known => texts.push((name, owned(&value)?)),
            _ => return Err(wrong(scanner)),
        }
    }
    Ok(texts)
}

fn owned(text: &Text<'_>) -> Result<String, Bad> {
    let mut owned = String::new();
    text.push_to(&mut owned)?;
    Ok(owned)
}

#[cold]
fn wrong(scanner: &Scanner<'_>) -> Bad {
    Bad::new("bad-field", scanner.offset(), "No sampler writes this here; see probity-segment(5)")
}

/// Events of every day.
fn is_quiet(event: &str) -> bool {
    matches!(event, "segment" | "stop")
}

fn message(event: &str) -> &'static str {
    match event {
        "segment" => "a segment begins",
        "stop" => "the sampler was told to stop",
        "cut" => "a torn end was cut off a segment",
        "gap" => "the disk took no samples for a time",
        "dropped" => "segments went for room",
        "clock" => "the wall clock was set",
        _ => "an event of a later sampler",
    }
}
