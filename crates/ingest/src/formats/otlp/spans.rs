//! Spans.

use model::{Body, Record, SpanRecord};

use super::{Attributes, Origin, Walk, borrowed, id, time};
use crate::node::{Fields, Node};
use crate::output::{Bad, Stop};

/// `SpanKind` and `Status.StatusCode` of trace.proto, by number.
const KINDS: [&str; 6] = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const STATUSES: [&str; 3] = ["unset", "ok", "error"];

impl<'t> Walk<'_, 't, '_> {
    pub(super) fn span(&mut self, node: Node<'t>, origin: &Origin, around: &Attributes) -> Result<(), Stop> {
        let depth = self.request.limits.depth_max;
        let fields = Fields::read(node, depth)?;
        let missing = |what: &str| Bad::new("missing-field", node.at, format!("The span has no {what}"));
        let trace_id = id(&fields, "traceId", 32)?.ok_or_else(|| missing("traceId"))?;
        let span_id = id(&fields, "spanId", 16)?.ok_or_else(|| missing("spanId"))?;
        let parent_id = id(&fields, "parentSpanId", 16)?;
        let start = time(&fields, "startTimeUnixNano")?;
        let start = start.ok_or_else(|| Bad::new("missing-time", node.at, "The span has no start time"))?;
        let end = time(&fields, "endTimeUnixNano")?.ok_or_else(|| missing("endTimeUnixNano"))?;
        let name = fields.text("name")?.unwrap_or_default();
        let kind = named(&fields, "kind", &KINDS)?;
        let status = match fields.find("status") {
            Some(status) => named(&Fields::read(status, depth)?, "code", &STATUSES)?,
            None => STATUSES[0],
        };
        let mut attributes = around.clone();
        self.add_attributes(fields.find("attributes"), &mut attributes)?;
        let attributes = borrowed(&attributes);
        let span = SpanRecord {
            trace_id: &trace_id,
            span_id: &span_id,
            parent_id: parent_id.as_deref(),
            name: &name,
            span_kind: kind,
            duration_ns: end.nanos().saturating_sub(start.nanos()),
            status,
        };
        let line = self.lines.line(node.at);
        let (service, host) = (origin.service.as_deref(), origin.host.as_deref());
        let record = Record { time: start, line, service, host, attributes: &attributes, body: Body::Span(span) };
        self.output.record(node.text.as_bytes(), 0, record)?;
        Ok(())
    }
}

/// An enum by its number; absent is 0.
fn named(fields: &Fields<'_>, key: &str, words: &[&'static str]) -> Result<&'static str, Bad> {
    let number = fields.integer(key)?.unwrap_or(0);
    let word = usize::try_from(number).ok().and_then(|number| words.get(number));
    word.copied().ok_or_else(|| Bad::new("bad-field", fields.at(key), format!("{key} has no value {number}")))
}
