//! Our own traces: a span for each command, handed to a collector by OTLP/HTTP when it has ended.
//!
//! Off unless `--otlp`, `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` (taken as it is) or `OTEL_EXPORTER_OTLP_ENDPOINT` (with `/v1/traces` behind it)
//! names a collector; then one request at the end, which a collector that does not answer holds up for two seconds at most and
//! never makes fail. A span holds the name of the command, what it did in words of ours, how it ended and when: no argument,
//! no path, no name of a person, machine or project. `TRACEPARENT` (W3C Trace Context) makes it a part of whoever's trace
//! started it.

mod surroundings;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::Fault;
use serde_json::{Value, json};

use super::exit::Exit;
use super::http;
use surroundings::Parent;

const TIMEOUT: Duration = Duration::from_secs(2);
/// Spans of one run: a job has few steps.
const SPANS_MAX: usize = 1_000;

/// What is handed to a collector.
pub(crate) struct Spans {
    url: String,
    headers: Vec<(String, String)>,
    trace: String,
    /// The span that started us.
    parent: Option<String>,
    /// Spans that have begun and not ended, the outermost first: identifier, name, beginning.
    open: Vec<(String, String, u128)>,
    done: Vec<Value>,
}

impl Spans {
    /// Where a collector is named; nothing else is looked at, and nothing is made, where none is.
    pub(crate) fn wanted(flag: Option<&str>) -> Option<Box<Spans>> {
        let url = surroundings::collector(flag)?;
        let parent = surroundings::parent();
        // A trace that is not kept gets no parts of ours, as the usual sampler has it.
        if parent.as_ref().is_some_and(|parent| !parent.sampled) || surroundings::is_disabled() {
            return None;
        }
        let (trace, parent) = match parent {
            Some(Parent { trace, span, .. }) => (trace, Some(span)),
            None => (identifier(2), None),
        };
        Some(Box::new(Spans { url, headers: surroundings::headers(), trace, parent, open: vec![], done: vec![] }))
    }

    /// A command begins.
    pub(crate) fn begin(&mut self, name: &str) {
        self.open.push((identifier(1), format!("probity {name}"), now()));
    }

    /// The command that began last has ended.
    pub(crate) fn end(&mut self, act: &str, result: &Result<Exit, &Fault>) {
        let Some((id, name, begun)) = self.open.pop() else { return };
        if self.done.len() >= SPANS_MAX {
            return;
        }
        let exit = match result {
            Ok(exit) => *exit,
            Err(fault) => fault.kind().into(),
        };
        let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
        let mut attributes = vec![
            json!({"key": "process.exit.code", "value": {"intValue": exit.code().to_string()}}),
            text("probity.exit", exit.name()),
        ];
        if !act.is_empty() {
            attributes.push(text("probity.act", act));
        }
        if let Err(fault) = result {
            attributes.push(text("error.type", fault.code()));
        }
        // An answer is no error, whether it is yes, no or not known.
        let is_answer = matches!(exit, Exit::Done | Exit::No | Exit::NoVerdict);
        let mut span = json!({
            "traceId": self.trace, "spanId": id, "name": name, "kind": 1,
            "startTimeUnixNano": begun.to_string(), "endTimeUnixNano": now().max(begun).to_string(),
            "attributes": attributes, "status": {"code": if is_answer { 1 } else { 2 }},
        });
        if let Some(parent) = self.open.last().map(|(parent, ..)| parent).or(self.parent.as_ref()) {
            span["parentSpanId"] = parent.as_str().into();
        }
        self.done.push(span);
    }

    /// Hands them over.
    ///
    /// # Errors
    /// Why the collector did not take them: something to mention, not to end with.
    pub(crate) fn hand_over(self) -> Result<(), Fault> {
        let service = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
        let version = env!("CARGO_PKG_VERSION");
        let document = json!({"resourceSpans": [{
            "resource": {"attributes": [service("service.name", "probity"), service("service.version", version)]},
            "scopeSpans": [{"scope": {"name": "probity", "version": version}, "spans": self.done}],
        }]});
        let body = document.to_string();
        let headers: Vec<(&str, String)> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let post = http::Post { url: &self.url, body: body.as_bytes(), headers: &headers, timeout: TIMEOUT };
        match http::post(&post)? {
            200..300 => Ok(()),
            status => Err(Fault::unavailable("target-failed", format!("The collector answered with status {status}"))),
        }
    }
}

fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()
}

/// So many times eight bytes of chance, in hexadecimal digits; never nothing but zeros, which stands for none.
fn identifier(words: usize) -> String {
    (0..words).map(|_| format!("{:016x}", getrandom::u64().unwrap_or_default() | 1)).collect()
}
