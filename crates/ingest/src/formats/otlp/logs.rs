//! Log records.

use model::{Body, Log, Record};

use super::value::any_value;
use super::{Attributes, Origin, Walk, borrowed, id, time};
use crate::node::{Fields, Node};
use crate::number;
use crate::output::{Bad, Stop};
use crate::row;

impl<'t> Walk<'_, 't, '_> {
    pub(super) fn log(&mut self, node: Node<'t>, origin: &Origin, around: &Attributes) -> Result<(), Stop> {
        let depth = self.request.limits.depth_max;
        let fields = Fields::read(node, depth)?;
        let observed = time(&fields, "observedTimeUnixNano")?;
        let Some(when) = time(&fields, "timeUnixNano")?.or(observed) else {
            return Err(Bad::new("missing-time", node.at, "The log record has no time").into());
        };
        let severity = fields.text("severityText")?.filter(|text| !text.is_empty());
        let level = fields.integer("severityNumber")?.filter(|level| *level != 0);
        if level.is_some_and(|level| !(1..=24).contains(&level)) {
            return Err(
                Bad::new("bad-field", fields.at("severityNumber"), "severityNumber lies between 1 and 24").into()
            );
        }
        let message = fields.find("body").map(|body| any_value(body, depth)).transpose()?.flatten();
        let (trace_id, span_id) = (id(&fields, "traceId", 32)?, id(&fields, "spanId", 16)?);
        let mut attributes = around.clone();
        self.add_attributes(fields.find("attributes"), &mut attributes)?;
        let mut log = Log {
            severity: severity.as_deref(),
            severity_number: level.and_then(|level| u8::try_from(level).ok()),
            message: message.as_deref(),
            trace_id: trace_id.as_deref(),
            span_id: span_id.as_deref(),
            ..Log::default()
        };
        let mut attributes = borrowed(&attributes);
        attributes.retain(|(name, value)| !take(&mut log, name, value));
        let line = self.lines.line(node.at);
        let (service, host) = (origin.service.as_deref(), origin.host.as_deref());
        let record = Record { time: when, line, service, host, attributes: &attributes, body: Body::Log(log) };
        self.output.record(node.text.as_bytes(), 0, record)?;
        Ok(())
    }
}

/// Attributes of the HTTP semantic conventions that are members of a log; `false` when it is none of them.
fn take<'a>(log: &mut Log<'a>, name: &str, value: &'a str) -> bool {
    match name {
        "http.request.method" | "http.method" if log.method.is_none() => log.method = Some(value),
        "url.path" | "http.target" if log.path.is_none() => log.path = Some(value),
        "http.response.status_code" | "http.status_code" if log.status.is_none() => {
            log.status = row::status(value);
            return log.status.is_some();
        }
        "http.response.body.size" if log.bytes.is_none() => {
            log.bytes = value.parse().ok();
            return log.bytes.is_some();
        }
        "duration_ms" | "latency_ms" if log.latency_ms.is_none() => {
            log.latency_ms = number::scaled(value.as_bytes(), 0);
            return log.latency_ms.is_some();
        }
        _ => return false,
    }
    true
}
