//! What is asked of a reading, and what it answers.

use std::io::Read;

use jiff::tz::TimeZone;
use model::{Fault, Instant, Place, Record, RecordKind, Rejection};

use crate::formats::{
    access_log, csv, focus, har, journald, jsonlines, logfmt, openmetrics, otlp, prometheus, remote_write, segment,
    statsd, syslog, text,
};
use crate::output::Output;
use crate::{Format, Limits, Map};

/// Changes whenever the same bytes and the same request would give other records than before. It counts up.
pub const READER_VERSION: u32 = 1;

/// How an input is to be read.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its format.
    pub format: Format,
    /// The kind of record that lines of JSON Lines and CSV become; a map's `kind` goes first; logs when nobody says.
    pub kind: Option<RecordKind>,
    /// Where the members of a record stand in JSON Lines and CSV, instead of the usual names.
    pub map: Option<Map>,
    /// The reference time: for [`Request::any_time`] and for the year that RFC 3164 leaves out.
    pub now: Instant,
    /// The time of samples without a timestamp; without it such samples are rejected (`missing-time`).
    pub stamp: Option<Instant>,
    /// The zone of times that name none.
    pub zone: TimeZone,
    /// Also take times before 2000-01-01 and more than 24 h after `now`.
    pub any_time: bool,
    /// The service of records that name none.
    pub service: Option<String>,
    /// The host of records that name none.
    pub host: Option<String>,
    /// What the input may cost.
    pub limits: Limits,
}

impl Request {
    /// A request with everything at its default: UTC, no map, no stamp, no constants.
    pub fn new(format: Format, now: Instant) -> Self {
        Request {
            format,
            kind: None,
            map: None,
            now,
            stamp: None,
            zone: TimeZone::UTC,
            any_time: false,
            service: None,
            host: None,
            limits: Limits::default(),
        }
    }
}

/// Takes what was read, in the order of the input. A fault stops the reading and is returned by [`read`].
pub trait Sink {
    /// One record. Everything in it is borrowed and gone after the call.
    fn record(&mut self, record: Record<'_>) -> Result<(), Fault>;

    /// One line that was not understood, or one rule of the format that a group of lines breaks. In the second case the
    /// lines themselves may have been handed out as records before.
    fn reject(&mut self, rejection: Rejection) -> Result<(), Fault>;
}

/// Something worth knowing that hindered nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Stable kebab-case code.
    pub code: &'static str,
    /// A sentence.
    pub message: String,
    /// Where it was seen first.
    pub place: Place,
}

/// What a reading came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records handed to the sink.
    pub records: u64,
    /// Rejections handed to the sink.
    pub rejected: u64,
    /// Samples that legally have no finite number (NaN, infinities): counted, not stored.
    pub absent: u64,
    /// Lines of the input.
    pub lines: u64,
    /// Bytes of the decoded input.
    pub bytes: u64,
    /// What is worth knowing; one per code.
    pub warnings: Vec<Warning>,
}

/// Reads the whole `input`, hands every record and every rejection to `sink`, and says how many there were.
///
/// # Errors
/// A fault means that the original as a whole is refused: damaged compression (see [`crate::decode`]), `read-failed`,
/// `missing-eof` of OpenMetrics, `bad-otlp` and `document-too-large` of OTLP, `bad-har` of HAR, `bad-remote-write` of remote write, `bad-header` of CSV, `wrong-kind` when the
/// format cannot hold the kind asked for; or it is the sink's own.
pub fn read(input: &mut dyn Read, request: &Request, sink: &mut dyn Sink) -> Result<Tally, Fault> {
    refuse_wrong_kind(request)?;
    let mut output = Output::new(request, sink);
    match request.format {
        Format::Prometheus => prometheus::read(input, request, &mut output)?,
        Format::OpenMetrics => openmetrics::read(input, request, &mut output)?,
        Format::OtlpJson => otlp::read(input, request, &mut output)?,
        Format::JsonLines => jsonlines::read(input, request, &mut output)?,
        Format::Csv => csv::read(input, request, &mut output)?,
        Format::AccessLog => access_log::read(input, request, &mut output)?,
        Format::Text => text::read(input, request, &mut output)?,
        Format::Focus => focus::read(input, request, &mut output)?,
        Format::Har => har::read(input, request, &mut output)?,
        Format::Segment => segment::read(input, request, &mut output)?,
        Format::Syslog => syslog::read(input, request, &mut output)?,
        Format::Journald => journald::read(input, request, &mut output)?,
        Format::JournaldJson => journald::read_json(input, request, &mut output)?,
        Format::Logfmt => logfmt::read(input, request, &mut output)?,
        Format::Statsd => statsd::read(input, request, &mut output)?,
        Format::OtlpProtobuf => otlp::protobuf::read(input, request, &mut output)?,
        Format::RemoteWrite => remote_write::read(input, request, &mut output)?,
    }
    Ok(output.tally())
}

fn refuse_wrong_kind(request: &Request) -> Result<(), Fault> {
    let held: &[RecordKind] = match request.format {
        Format::Prometheus | Format::OpenMetrics | Format::Statsd | Format::RemoteWrite => &[RecordKind::Metrics],
        Format::AccessLog | Format::Text | Format::Focus => &[RecordKind::Logs],
        Format::Syslog | Format::Journald | Format::JournaldJson => &[RecordKind::Logs],
        Format::Segment | Format::Har => &[RecordKind::Metrics, RecordKind::Logs],
        // OTLP says itself what it holds, and the table formats take any kind.
        Format::OtlpJson | Format::OtlpProtobuf | Format::JsonLines | Format::Csv | Format::Logfmt => &RecordKind::ALL,
    };
    match request.kind.filter(|kind| !held.contains(kind)) {
        None => Ok(()),
        Some(kind) => Err(Fault::usage("wrong-kind", format!("The format {} holds no {kind}", request.format.name()))
            .advise("Leave the kind out, or name the format that the input really has.")),
    }
}
