//! The protobuf encoding: a message is written down as the JSON that OTLP has for it, and read like that. Both encodings of a
//! request therefore give the same records.
//!
//! Framings: one message, or several without anything between (protobuf takes them for one); messages behind their length
//! in four bytes, the highest first, as the collector's file exporter writes them, each of them packed with zstd in older
//! versions; messages behind their length as a varint. A message does not say whether it holds metrics, logs or traces: the
//! fields of its first item do.
//!
//! The line of a record is the number of its message; where nothing stands between messages, that of its resource. Field numbers are those of opentelemetry-proto 1.x.

use std::io::Read;

use model::{Fault, Place};

use super::document;
use crate::Request;
use crate::lines::Lines;
use crate::output::{Bad, Output};
use crate::protobuf::{Fields, Wire, packed, varint};
use crate::stream::{LineOf, Spot};
use crate::values::push_json;

const CODE: &str = "bad-otlp";
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The first field of every request, of a length.
const RESOURCE: u8 = 0x0a;

/// How messages are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// Resources, one behind the other.
    None,
    /// Four bytes of length, the highest first.
    Fixed,
    Varint,
}

impl Framing {
    fn of(ahead: &[u8]) -> Framing {
        let is_fixed = ahead.first() == Some(&0) && ahead.len() >= 4;
        let varint = varint(ahead).filter(|(length, size)| *length > 0 && ahead.get(*size) == Some(&RESOURCE));
        match varint {
            _ if is_fixed => Framing::Fixed,
            Some((length, size)) if resources(&ahead[size..], length as usize) => Framing::Varint,
            _ if ahead.first() == Some(&RESOURCE) => Framing::None,
            Some(_) => Framing::Varint,
            None => Framing::Fixed,
        }
    }
}

/// Whether a text begins as requests in protobuf do. Only called for what is no text.
pub(crate) fn begins(text: &[u8]) -> bool {
    let is_text = |byte: &u8| *byte >= b' ' || matches!(byte, b'\t' | b'\n' | b'\r');
    if text[..text.len().min(4_096)].iter().all(is_text) && std::str::from_utf8(&text[..text.len().min(64)]).is_ok() {
        return false;
    }
    match Framing::of(text) {
        Framing::None => resources(text, usize::MAX),
        Framing::Varint => varint(text).is_some_and(|(length, size)| resources(&text[size..], length as usize)),
        Framing::Fixed => {
            let Some((length, rest)) = text.split_first_chunk::<4>() else { return false };
            let length = u32::from_be_bytes(*length) as usize;
            length > 0 && (resources(rest, length) || rest.starts_with(&ZSTD) || rest.starts_with(b"{\"resource"))
        }
    }
}

/// Whether `text` begins with a message of `length` bytes that holds resources and nothing else.
fn resources(text: &[u8], length: usize) -> bool {
    let mut left = &text[..text.len().min(length)];
    let Some((b"\x0a", rest)) = left.split_at_checked(1) else { return false };
    let Some((size, taken)) = varint(rest) else { return false };
    let is_inside = size <= length as u64 && size > 0;
    left = &rest[taken..];
    left = &left[..left.len().min(size as usize)];
    // The fields of a resource: itself, its scopes, its schema.
    while let Some(tag) = left.first() {
        let Some((inner, taken)) = varint(&left[1..]) else { return left.len() < 11 && is_inside };
        if ![0x0a, 0x12, 0x1a].contains(tag) || inner > size {
            return false;
        }
        left = left.get(1 + taken + inner as usize..).unwrap_or_default();
    }
    is_inside
}

pub(crate) fn read(input: &mut dyn Read, request: &Request, output: &mut Output<'_>) -> Result<(), Fault> {
    let limit = request.limits.document_bytes_max;
    let mut lines = Lines::new(input, limit);
    let framing = Framing::of(lines.ahead(4_096.min(limit))?);
    let mut messages = Messages { request, number: 0, json: String::new() };
    loop {
        let ahead = lines.ahead(11)?;
        if ahead.is_empty() {
            break;
        }
        messages.number += 1;
        let head = match framing {
            Framing::Fixed => ahead.first_chunk::<4>().map(|length| (u64::from(u32::from_be_bytes(*length)), 4)),
            Framing::Varint => varint(ahead),
            Framing::None if ahead[0] == RESOURCE => varint(&ahead[1..]).map(|(length, size)| (length, 1 + size)),
            Framing::None => None,
        };
        let Some((length, size)) = head else { return Err(messages.broken("No message begins here")) };
        if length > limit as u64 {
            return Err(super::too_large(limit, messages.spot()));
        }
        lines.pass(size);
        let message = lines.take(length)?;
        if !message.terminated {
            return Err(messages.broken("The message that begins here never ends"));
        }
        messages.one(message.bytes, framing, output)?;
    }
    output.count_input(messages.number, lines.bytes());
    Ok(())
}

/// Messages under way.
struct Messages<'r> {
    request: &'r Request,
    number: u64,
    json: String,
}

impl Messages<'_> {
    fn spot(&self) -> Spot {
        Spot { line: self.number, column: 0 }
    }

    fn broken(&self, reason: &str) -> Fault {
        Fault::bad_input(CODE, reason)
            .advise("Give OTLP as protobuf: requests to export metrics, logs or traces, as the collector writes them.")
            .at(Place::line(self.number, 0))
    }

    fn one(&mut self, bytes: &[u8], framing: Framing, output: &mut Output<'_>) -> Result<(), Fault> {
        if framing == Framing::Fixed && bytes.starts_with(&ZSTD) {
            let limit = self.request.limits.document_bytes_max;
            let mut plain = Vec::new();
            let decoder = zstd::Decoder::with_buffer(bytes).map_err(|_| self.broken("The message is not zstd"))?;
            let read = decoder.take(limit as u64 + 1).read_to_end(&mut plain);
            read.map_err(|error| self.broken(&format!("The message is packed with zstd and damaged: {error}")))?;
            if plain.len() > limit {
                return Err(super::too_large(limit, self.spot()));
            }
            return self.plain(&plain, framing, output);
        }
        self.plain(bytes, framing, output)
    }

    fn plain(&mut self, bytes: &[u8], framing: Framing, output: &mut Output<'_>) -> Result<(), Fault> {
        if bytes.is_empty() && framing != Framing::None {
            return Ok(());
        }
        self.json.clear();
        if bytes.starts_with(b"{") {
            let text = std::str::from_utf8(bytes).map_err(|_| self.broken("The document is not UTF-8"))?;
            self.json.push_str(text);
        } else {
            let outcome = match framing {
                Framing::None => resources_to_json(&[bytes], &mut self.json, self.request.limits.depth_max),
                _ => message_to_json(bytes, &mut self.json, self.request.limits.depth_max),
            };
            outcome.map_err(|bad| {
                let at = bad.at.map(|at| format!(" (byte {at} of its message)")).unwrap_or_default();
                self.broken(&format!("{}{at}", bad.reason))
            })?;
        }
        document(&self.json, LineOf::numbered(self.number), self.request, output)
    }
}

fn message_to_json(bytes: &[u8], out: &mut String, depth: usize) -> Result<(), Bad> {
    let (mut fields, mut resources) = (Fields::new(bytes, CODE), Vec::new());
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Wire::Bytes(resource)) => resources.push(resource),
            (1, _) => return Err(Bad::line(CODE, "A request holds resources")),
            _ => {}
        }
    }
    resources_to_json(&resources, out, depth)
}

fn resources_to_json(resources: &[&[u8]], out: &mut String, depth: usize) -> Result<(), Bad> {
    let mut signal = None;
    for resource in resources {
        signal = match signal {
            None => signal_of(resource)?,
            known => known,
        };
    }
    // Without an item it is the same whatever it is called.
    let (name, message) = signal.unwrap_or(("resourceMetrics", Message::ResourceMetrics));
    out.push_str("{\"");
    out.push_str(name);
    out.push_str("\":[");
    for (index, resource) in resources.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(resource, message, out, depth)?;
    }
    out.push_str("]}");
    Ok(())
}

/// What the first item of a resource is: a metric has no fields but texts and messages, a log a time or a severity by number,
/// a span its times.
fn signal_of(resource: &[u8]) -> Result<Option<(&'static str, Message)>, Bad> {
    let mut scopes = Fields::new(resource, CODE);
    while let Some((number, value)) = scopes.next()? {
        let (2, Wire::Bytes(scope)) = (number, value) else { continue };
        let mut items = Fields::new(scope, CODE);
        while let Some((number, value)) = items.next()? {
            let (2, Wire::Bytes(item)) = (number, value) else { continue };
            let mut fields = Fields::new(item, CODE);
            while let Some((number, value)) = fields.next()? {
                match (number, value) {
                    (1 | 11, Wire::Fixed64(_)) | (2, Wire::Varint(_)) | (8, Wire::Fixed32(_)) => {
                        return Ok(Some(("resourceLogs", Message::ResourceLogs)));
                    }
                    (7 | 8, Wire::Fixed64(_)) | (6, Wire::Varint(_)) => {
                        return Ok(Some(("resourceSpans", Message::ResourceSpans)));
                    }
                    _ => {}
                }
            }
            return Ok(Some(("resourceMetrics", Message::ResourceMetrics)));
        }
    }
    Ok(None)
}

/// How a field is written down.
#[derive(Clone, Copy)]
enum Holds {
    Text,
    /// A 32-bit number, or an enum.
    Number,
    /// 32 bits, zigzag.
    Zigzag,
    /// 64 bits, which JSON has as text.
    Int64,
    Fixed32,
    Fixed64,
    Sfixed64,
    Bool,
    Double,
    /// Bytes of an identifier.
    Hex,
    Base64,
    Doubles,
    Fixed64s,
    Uint64s,
    One(Message),
    Many(Message),
}

#[derive(Clone, Copy)]
enum Message {
    ResourceMetrics,
    ResourceLogs,
    ResourceSpans,
    Resource,
    ScopeMetrics,
    ScopeLogs,
    ScopeSpans,
    Scope,
    Metric,
    Points,
    Histograms,
    Exponentials,
    Summaries,
    Point,
    Histogram,
    Exponential,
    Buckets,
    Summary,
    Quantile,
    LogRecord,
    Span,
    Status,
    KeyValue,
    AnyValue,
    ArrayValue,
    KeyValues,
}

use Holds::{
    Base64, Bool, Double, Doubles, Fixed32, Fixed64, Fixed64s, Hex, Int64, Many, Number, One, Sfixed64, Text, Uint64s,
    Zigzag,
};

type Field = (u64, &'static str, Holds);

const POINTS: Field = (1, "dataPoints", Many(Message::Point));
const TEMPORALITY: Field = (2, "aggregationTemporality", Number);
const START: Field = (2, "startTimeUnixNano", Fixed64);
const TIME: Field = (3, "timeUnixNano", Fixed64);
const COUNT: Field = (4, "count", Fixed64);
const SUM: Field = (5, "sum", Double);
const RESOURCE_FIELD: Field = (1, "resource", One(Message::Resource));
const SCOPE: Field = (1, "scope", One(Message::Scope));

const fn attributes(number: u64) -> Field {
    (number, "attributes", Many(Message::KeyValue))
}

/// The fields of a message that are read; others are passed over, as JSON passes over members that nobody knows.
/// By [`Message`], in its order.
const MESSAGES: [&[Field]; 26] = [
    // ResourceMetrics
    &[RESOURCE_FIELD, (2, "scopeMetrics", Many(Message::ScopeMetrics))],
    // ResourceLogs
    &[RESOURCE_FIELD, (2, "scopeLogs", Many(Message::ScopeLogs))],
    // ResourceSpans
    &[RESOURCE_FIELD, (2, "scopeSpans", Many(Message::ScopeSpans))],
    // Resource
    &[attributes(1)],
    // ScopeMetrics
    &[SCOPE, (2, "metrics", Many(Message::Metric))],
    // ScopeLogs
    &[SCOPE, (2, "logRecords", Many(Message::LogRecord))],
    // ScopeSpans
    &[SCOPE, (2, "spans", Many(Message::Span))],
    // Scope
    &[(1, "name", Text), (2, "version", Text), attributes(3)],
    // Metric
    &[
        (1, "name", Text),
        (3, "unit", Text),
        (5, "gauge", One(Message::Points)),
        (7, "sum", One(Message::Points)),
        (9, "histogram", One(Message::Histograms)),
        (10, "exponentialHistogram", One(Message::Exponentials)),
        (11, "summary", One(Message::Summaries)),
    ],
    // Points
    &[POINTS, TEMPORALITY, (3, "isMonotonic", Bool)],
    // Histograms
    &[(1, "dataPoints", Many(Message::Histogram)), TEMPORALITY],
    // Exponentials
    &[(1, "dataPoints", Many(Message::Exponential)), TEMPORALITY],
    // Summaries
    &[(1, "dataPoints", Many(Message::Summary))],
    // Point
    &[START, TIME, (4, "asDouble", Double), (6, "asInt", Sfixed64), attributes(7), (8, "flags", Number)],
    // Histogram
    &[
        START,
        TIME,
        COUNT,
        SUM,
        (6, "bucketCounts", Fixed64s),
        (7, "explicitBounds", Doubles),
        attributes(9),
        (10, "flags", Number),
    ],
    // Exponential
    &[
        attributes(1),
        START,
        TIME,
        COUNT,
        SUM,
        (6, "scale", Zigzag),
        (7, "zeroCount", Fixed64),
        (8, "positive", One(Message::Buckets)),
        (9, "negative", One(Message::Buckets)),
        (10, "flags", Number),
        (14, "zeroThreshold", Double),
    ],
    // Buckets
    &[(1, "offset", Zigzag), (2, "bucketCounts", Uint64s)],
    // Summary
    &[START, TIME, COUNT, SUM, (6, "quantileValues", Many(Message::Quantile)), attributes(7), (8, "flags", Number)],
    // Quantile
    &[(1, "quantile", Double), (2, "value", Double)],
    // LogRecord
    &[
        (1, "timeUnixNano", Fixed64),
        (2, "severityNumber", Number),
        (3, "severityText", Text),
        (5, "body", One(Message::AnyValue)),
        attributes(6),
        (8, "flags", Fixed32),
        (9, "traceId", Hex),
        (10, "spanId", Hex),
        (11, "observedTimeUnixNano", Fixed64),
    ],
    // Span
    &[
        (1, "traceId", Hex),
        (2, "spanId", Hex),
        (4, "parentSpanId", Hex),
        (5, "name", Text),
        (6, "kind", Number),
        (7, "startTimeUnixNano", Fixed64),
        (8, "endTimeUnixNano", Fixed64),
        attributes(9),
        (15, "status", One(Message::Status)),
    ],
    // Status
    &[(2, "message", Text), (3, "code", Number)],
    // KeyValue
    &[(1, "key", Text), (2, "value", One(Message::AnyValue))],
    // AnyValue
    &[
        (1, "stringValue", Text),
        (2, "boolValue", Bool),
        (3, "intValue", Int64),
        (4, "doubleValue", Double),
        (5, "arrayValue", One(Message::ArrayValue)),
        (6, "kvlistValue", One(Message::KeyValues)),
        (7, "bytesValue", Base64),
    ],
    // ArrayValue
    &[(1, "values", Many(Message::AnyValue))],
    // KeyValues
    &[(1, "values", Many(Message::KeyValue))],
];

/// Appends a message as JSON: members in the order of their numbers, lists put together.
fn write(bytes: &[u8], message: Message, out: &mut String, depth: usize) -> Result<(), Bad> {
    let depth = depth.checked_sub(1).ok_or_else(|| Bad::line(CODE, "Messages are nested too deep"))?;
    let known = MESSAGES[message as usize];
    let (mut fields, mut found) = (Fields::new(bytes, CODE), Vec::new());
    while let Some((number, value)) = fields.next()? {
        if let Some(index) = known.iter().position(|(own, ..)| *own == number) {
            found.push((index, value));
        }
    }
    // Stable: what stands several times keeps its order.
    found.sort_by_key(|(index, _)| *index);
    out.push('{');
    let mut before = None;
    for (index, value) in found {
        let (_, name, holds) = known[index];
        let is_list = matches!(holds, Many(_) | Doubles | Fixed64s | Uint64s);
        let goes_on = before == Some(index);
        if goes_on && !is_list {
            return Err(Bad::line(CODE, format!("{name} stands twice in one message")));
        }
        if goes_on {
            // Reopened; an empty list before it has nothing to be separated from.
            out.pop();
            if !out.ends_with('[') {
                out.push(',');
            }
        } else {
            out.push_str(if before.is_some() { ",\"" } else { "\"" });
            out.push_str(name);
            out.push_str(if is_list { "\":[" } else { "\":" });
        }
        before = Some(index);
        let kept = out.len();
        let fits = one(value, holds, out, depth)?;
        fits.ok_or_else(|| Bad::line(CODE, format!("{name} does not hold what it should")))?;
        if is_list {
            if goes_on && out.len() == kept && out.ends_with(',') {
                out.pop();
            }
            out.push(']');
        }
    }
    out.push('}');
    Ok(())
}

/// Appends a value; nothing when the wire holds something else than the field does.
fn one(value: Wire<'_>, holds: Holds, out: &mut String, depth: usize) -> Result<Option<()>, Bad> {
    use std::fmt::Write as _;
    let written = match (holds, value) {
        (One(message) | Many(message), Wire::Bytes(bytes)) => return write(bytes, message, out, depth).map(Some),
        (Text, Wire::Bytes(bytes)) => return Ok(std::str::from_utf8(bytes).ok().map(|text| push_json(out, text))),
        (Number, Wire::Varint(number)) => write!(out, "{}", number as i32),
        (Zigzag, Wire::Varint(number)) => {
            let number = number as u32;
            write!(out, "{}", (number >> 1) as i32 ^ -((number & 1) as i32))
        }
        (Int64, Wire::Varint(number)) => write!(out, "\"{}\"", number as i64),
        (Fixed32, Wire::Fixed32(bytes)) => write!(out, "{}", u32::from_le_bytes(bytes)),
        (Fixed64, Wire::Fixed64(bytes)) => write!(out, "\"{}\"", u64::from_le_bytes(bytes)),
        (Sfixed64, Wire::Fixed64(bytes)) => write!(out, "\"{}\"", i64::from_le_bytes(bytes)),
        (Bool, Wire::Varint(number)) => write!(out, "{}", number != 0),
        (Double | Doubles, Wire::Fixed64(bytes)) => {
            push_double(f64::from_le_bytes(bytes), out);
            Ok(())
        }
        (Fixed64s, Wire::Fixed64(bytes)) => write!(out, "\"{}\"", u64::from_le_bytes(bytes)),
        (Uint64s, Wire::Varint(number)) => write!(out, "\"{number}\""),
        (Hex, Wire::Bytes(bytes)) => write!(out, "\"{}\"", model::hex(bytes)),
        (Base64, Wire::Bytes(bytes)) => {
            push_base64(bytes, out);
            Ok(())
        }
        (Doubles | Fixed64s, Wire::Bytes(bytes)) => return Ok(push_eights(bytes, matches!(holds, Doubles), out)),
        (Uint64s, Wire::Bytes(bytes)) => {
            return Ok(packed(bytes).map(|numbers| {
                let texts: Vec<String> = numbers.iter().map(|number| format!("\"{number}\"")).collect();
                out.push_str(&texts.join(","));
            }));
        }
        _ => return Ok(None),
    };
    // Writing to a string cannot fail.
    Ok(written.ok())
}

fn push_eights(bytes: &[u8], is_double: bool, out: &mut String) -> Option<()> {
    let (eights, rest) = bytes.as_chunks::<8>();
    for (index, eight) in eights.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        match is_double {
            true => push_double(f64::from_le_bytes(*eight), out),
            false => out.push_str(&format!("\"{}\"", u64::from_le_bytes(*eight))),
        }
    }
    rest.is_empty().then_some(())
}

/// Words for what JSON has no number for, as protobuf's JSON has them.
fn push_double(number: f64, out: &mut String) {
    match number {
        number if number.is_nan() => out.push_str("\"NaN\""),
        f64::INFINITY => out.push_str("\"Infinity\""),
        f64::NEG_INFINITY => out.push_str("\"-Infinity\""),
        number => out.push_str(&format!("{number:?}")),
    }
}

fn push_base64(bytes: &[u8], out: &mut String) {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out.push('"');
    for three in bytes.chunks(3) {
        let word = three.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * place)) as usize & 63];
            out.push(if place <= three.len() { char::from(letter) } else { '=' });
        }
    }
    out.push('"');
}
