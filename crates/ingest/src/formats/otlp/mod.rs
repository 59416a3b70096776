//! OpenTelemetry protocol 1.x: metrics, logs and traces. The JSON encoding is read here, [`protobuf`] makes it of the other.
//!
//! Framings of JSON: one document (pretty-printed too), documents one after the other, one per line. 64-bit integers may be
//! strings or numbers; unknown members are ignored; ids are hexadecimal.
//!
//! A record carries the attributes of its resource, then those of its scope (`otel.scope.name`, `otel.scope.version`), then
//! its own; of two with the same name the innermost counts. For samples they are the labels of the series, so that two
//! resources never share one. Names stay as they are: dots are not replaced.
//!
//! Broken JSON refuses the whole original (`bad-otlp`): behind it nobody knows where the next document begins. A point
//! that is wrong in itself is rejected, the others are kept.

mod logs;
mod metrics;
pub(crate) mod protobuf;
mod spans;
mod value;

use std::io::Read;

use model::{Fault, Instant, Place};

use crate::Request;
use crate::node::{Fields, Node};
use crate::output::{Bad, Output, Stop};
use crate::stream::{Ahead, LineOf, Spot, Stream};

pub(crate) fn read(input: &mut dyn Read, request: &Request, output: &mut Output<'_>) -> Result<(), Fault> {
    let mut stream = Stream::new(input);
    while let Some(byte) = stream.peek()? {
        let begin = stream.spot();
        if byte != b'{' {
            return Err(broken(Place::line(begin.line, 0), "A document begins with a brace".to_owned()));
        }
        let limit = request.limits.document_bytes_max;
        match stream.value(limit)? {
            Ahead::Whole(bytes, begin) => {
                let text = std::str::from_utf8(bytes).map_err(|error| {
                    let mut lines = LineOf::new(bytes, begin);
                    broken(lines.place(error.valid_up_to()), "The document is not UTF-8".to_owned())
                })?;
                document(text, LineOf::new(bytes, begin), request, output)?;
            }
            Ahead::TooLarge => return Err(too_large(limit, begin)),
            Ahead::Unfinished => {
                let reason = "The document that begins here never ends".to_owned();
                return Err(broken(Place::line(begin.line, 0), reason));
            }
        }
    }
    output.count_input(stream.lines(), stream.bytes());
    Ok(())
}

fn too_large(limit: usize, begin: Spot) -> Fault {
    Fault::bad_input("document-too-large", format!("The document is larger than {limit} bytes"))
        .advise("Write one document per line, or split the file.")
        .at(Place::line(begin.line, 0))
}

fn broken(place: Place, reason: String) -> Fault {
    Fault::bad_input("bad-otlp", reason)
        .advise("Give OTLP as JSON or protobuf: documents with resourceMetrics, resourceLogs or resourceSpans.")
        .at(place)
}

fn document(text: &str, lines: LineOf<'_>, request: &Request, output: &mut Output<'_>) -> Result<(), Fault> {
    let mut walk = Walk { lines, text, request, output };
    match walk.document() {
        Ok(()) => Ok(()),
        Err(Stop::Fault(fault)) => Err(fault),
        Err(Stop::Bad(bad)) => Err(broken(walk.lines.place(bad.at.unwrap_or(0)), bad.reason)),
    }
}

/// One document being walked through.
struct Walk<'w, 't, 's> {
    lines: LineOf<'t>,
    text: &'t str,
    request: &'w Request,
    output: &'w mut Output<'s>,
}

/// Attributes with their values as text, in the order of their origin.
type Attributes = Vec<(String, String)>;

impl<'t> Walk<'_, 't, '_> {
    fn document(&mut self) -> Result<(), Stop> {
        let depth = self.request.limits.depth_max;
        let root = Fields::read(Node { text: self.text, at: 0, code: "bad-otlp" }, depth)?;
        let mut known = false;
        for (key, scopes, item, signal) in [
            ("resourceMetrics", "scopeMetrics", "metrics", Signal::Metric),
            ("resourceLogs", "scopeLogs", "logRecords", Signal::Log),
            ("resourceSpans", "scopeSpans", "spans", Signal::Span),
        ] {
            let Some(resources) = root.find(key) else { continue };
            known = true;
            for resource in resources.elements(depth)? {
                self.resource(resource, scopes, item, signal)?;
            }
        }
        if known { Ok(()) } else { Err(Bad::new("bad-otlp", 0, "The document has no metrics, logs or spans").into()) }
    }

    fn resource(&mut self, node: Node<'t>, scopes: &str, item: &str, signal: Signal) -> Result<(), Stop> {
        let depth = self.request.limits.depth_max;
        let fields = Fields::read(node, depth)?;
        let mut around = Attributes::new();
        if let Some(resource) = fields.find("resource") {
            self.add_attributes(Fields::read(resource, depth)?.find("attributes"), &mut around)?;
        }
        let named = |name: &str| around.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let origin = Origin { service: named("service.name"), host: named("host.name") };
        for scope in fields.elements(scopes, depth)? {
            let fields = Fields::read(scope, depth)?;
            let mut attributes = around.clone();
            if let Some(scope) = fields.find("scope") {
                let scope = Fields::read(scope, depth)?;
                for (key, name) in [("name", "otel.scope.name"), ("version", "otel.scope.version")] {
                    let value = scope.text(key)?.filter(|value| !value.is_empty());
                    value.into_iter().for_each(|value| put(&mut attributes, name.to_owned(), value));
                }
                self.add_attributes(scope.find("attributes"), &mut attributes)?;
            }
            for item in fields.elements(item, depth)? {
                self.item(item, signal, &origin, &attributes)?;
            }
        }
        Ok(())
    }

    fn item(&mut self, node: Node<'t>, signal: Signal, origin: &Origin, around: &Attributes) -> Result<(), Stop> {
        match signal {
            Signal::Metric => self.metric(node, origin, around),
            Signal::Log => {
                let outcome = self.log(node, origin, around);
                self.settle(node, outcome)
            }
            Signal::Span => {
                let outcome = self.span(node, origin, around);
                self.settle(node, outcome)
            }
        }
    }

    /// A complaint about one point rejects that point; broken JSON was refused before.
    fn settle(&mut self, node: Node<'t>, outcome: Result<(), Stop>) -> Result<(), Stop> {
        match outcome {
            Err(Stop::Bad(bad)) => {
                let place = self.lines.place(bad.at.unwrap_or(node.at));
                let bad = Bad { at: place.column.checked_sub(1).map(|column| column as usize), ..bad };
                self.output.reject_at(place.line, bad, node.text.as_bytes()).map_err(Stop::Fault)
            }
            other => other,
        }
    }

    fn add_attributes(&self, list: Option<Node<'t>>, into: &mut Attributes) -> Result<(), Bad> {
        let Some(list) = list else { return Ok(()) };
        let limits = &self.request.limits;
        for pair in list.elements(limits.depth_max)? {
            let pair = Fields::read(pair, limits.depth_max)?;
            let Some(key) = pair.text("key")?.filter(|key| !key.is_empty()) else { continue };
            let Some(value) = pair.find("value") else { continue };
            if let Some(value) = value::any_value(value, limits.depth_max)? {
                put(into, key, value);
            }
            if into.len() > limits.fields_max {
                let reason = format!("A record has at most {} attributes", limits.fields_max);
                return Err(Bad::new("too-many-fields", list.at, reason));
            }
        }
        Ok(())
    }
}

/// Adds an attribute; an outer one of the same name gives way.
fn put(attributes: &mut Attributes, name: String, value: String) {
    match attributes.iter_mut().find(|(known, _)| *known == name) {
        Some(known) => known.1 = value,
        None => attributes.push((name, value)),
    }
}

fn borrowed(attributes: &Attributes) -> Vec<(&str, &str)> {
    attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[derive(Clone, Copy)]
enum Signal {
    Metric,
    Log,
    Span,
}

/// Where a resource's records come from.
struct Origin {
    service: Option<String>,
    host: Option<String>,
}

/// `timeUnixNano` and its kin; 0 and absence say that nobody knows.
fn time(fields: &Fields<'_>, key: &str) -> Result<Option<Instant>, Bad> {
    let nanos = fields.integer(key)?.filter(|nanos| *nanos != 0);
    Ok(nanos.map(Instant::from_nanos))
}

/// An id of `length` hex digits; empty and absent are none.
fn id(fields: &Fields<'_>, key: &str, length: usize) -> Result<Option<String>, Bad> {
    let Some(text) = fields.text(key)?.filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.len() != length || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Bad::new("bad-field", fields.at(key), format!("{key} has {length} hex digits")));
    }
    Ok(Some(text))
}
