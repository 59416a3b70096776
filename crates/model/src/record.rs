//! One ingested fact, borrowed from the bytes it was read from.

use std::fmt;

use crate::{Fault, Instant, Place};

/// Which table a record belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKind {
    /// Something happened: a log line, a request.
    Logs,
    /// Something was measured: one sample of one series.
    Metrics,
    /// Something took time: one span of a trace.
    Traces,
}

impl RecordKind {
    /// Every kind, in the order they are shown.
    pub const ALL: [RecordKind; 3] = [RecordKind::Logs, RecordKind::Metrics, RecordKind::Traces];

    /// The word that people and machines read; also the name of the table.
    pub fn word(self) -> &'static str {
        match self {
            RecordKind::Logs => "logs",
            RecordKind::Metrics => "metrics",
            RecordKind::Traces => "traces",
        }
    }

    /// Reads the word.
    ///
    /// # Errors
    /// `unknown-kind` for any other word.
    pub fn parse(word: &str) -> Result<Self, Fault> {
        Self::ALL.into_iter().find(|kind| kind.word() == word).ok_or_else(|| {
            Fault::usage("unknown-kind", format!("{word:?} is not a kind of record"))
                .advise("The kinds are logs, metrics and traces.")
        })
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One ingested fact. Strings borrow from the input; a sink that keeps them copies them.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// When it happened.
    pub time: Instant,
    /// Line of the original it was read from, from 1 (for formats without lines: its ordinal number).
    pub line: u64,
    /// The service it belongs to (`service.name` of OpenTelemetry), or `None`.
    pub service: Option<&'a str>,
    /// The host it comes from (`host.name` of OpenTelemetry), or `None`.
    pub host: Option<&'a str>,
    /// What else is known, as name and value; names are unique.
    pub attributes: &'a [(&'a str, &'a str)],
    /// The fact itself.
    pub body: Body<'a>,
}

/// What kind of fact, and the members of that kind.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// A log line or a request.
    Log(Log<'a>),
    /// A sample of a metric.
    Sample(Sample<'a>),
    /// A span of a trace.
    Span(SpanRecord<'a>),
}

impl Body<'_> {
    /// The table it belongs to.
    pub fn kind(&self) -> RecordKind {
        match self {
            Body::Log(_) => RecordKind::Logs,
            Body::Sample(_) => RecordKind::Metrics,
            Body::Span(_) => RecordKind::Traces,
        }
    }
}

/// A log line or a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Log<'a> {
    /// The level as written: `INFO`, `error`.
    pub severity: Option<&'a str>,
    /// OpenTelemetry severity number, 1–24.
    pub severity_number: Option<u8>,
    /// The text.
    pub message: Option<&'a str>,
    /// HTTP method.
    pub method: Option<&'a str>,
    /// Request target, query included.
    pub path: Option<&'a str>,
    /// HTTP status code, 100–599.
    pub status: Option<u16>,
    /// How long it took, in milliseconds; finite.
    pub latency_ms: Option<f64>,
    /// How many bytes were sent.
    pub bytes: Option<u64>,
    /// Trace id, 32 hex digits.
    pub trace_id: Option<&'a str>,
    /// Span id, 16 hex digits.
    pub span_id: Option<&'a str>,
}

/// What a sample's number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SampleType {
    /// Only rises, or falls back to 0 when its process restarts: totals, bucket counts, sums and counts of histograms.
    Counter,
    /// An increase since the sample before (OTLP delta temporality).
    Delta,
    /// Rises and falls.
    Gauge,
    /// Nobody said.
    Unknown,
}

impl SampleType {
    /// The word that people and machines read.
    pub fn word(self) -> &'static str {
        match self {
            SampleType::Counter => "counter",
            SampleType::Delta => "delta",
            SampleType::Gauge => "gauge",
            SampleType::Unknown => "unknown",
        }
    }
}

/// One sample of one series. A histogram becomes one sample per bucket (`_bucket` with `le`), `_count` and `_sum`.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// The name of the sample as exposed: `http_requests_total`.
    pub name: &'a str,
    /// The series in canonical form: `name{a="1",b="2"}`, labels sorted, values escaped as in the Prometheus text format.
    pub series: &'a str,
    /// What the number means.
    pub sample_type: SampleType,
    /// The unit, UCUM or as exposed, or `None`.
    pub unit: Option<&'a str>,
    /// The value; finite.
    pub value: f64,
    /// The exact value, where it was written as an integer.
    pub value_int: Option<i64>,
    /// Since when a counter counts; a new start is a reset.
    pub start: Option<Instant>,
}

/// One span of a trace.
#[derive(Clone, Copy, Debug)]
pub struct SpanRecord<'a> {
    /// Trace id, 32 hex digits.
    pub trace_id: &'a str,
    /// Span id, 16 hex digits.
    pub span_id: &'a str,
    /// The span that caused it, or `None` for a root.
    pub parent_id: Option<&'a str>,
    /// What was done.
    pub name: &'a str,
    /// `internal`, `server`, `client`, `producer`, `consumer` or `unspecified`.
    pub span_kind: &'static str,
    /// How long it took, in nanoseconds.
    pub duration_ns: i64,
    /// `unset`, `ok` or `error`.
    pub status: &'static str,
}

/// A line that was not understood. It is kept, never dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Where it stands; the file is known to whoever opened it.
    pub place: Place,
    /// Stable kebab-case reason.
    pub code: &'static str,
    /// What is wrong with it, in a sentence.
    pub reason: String,
    /// The line, cut to [`Rejection::TEXT_MAX`] bytes at a character; invalid UTF-8 is replaced.
    pub text: String,
}

impl Rejection {
    /// How much of a rejected line is kept beside the original, in bytes.
    pub const TEXT_MAX: usize = 1024;

    /// A rejection of `line` at `place`.
    pub fn new(place: Place, code: &'static str, reason: impl Into<String>, line: &[u8]) -> Self {
        let cut = &line[..line.len().min(Self::TEXT_MAX)];
        let text = String::from_utf8_lossy(cut).trim_end_matches(['\r', '\n']).to_owned();
        Rejection { place, code, reason: reason.into(), text }
    }
}
