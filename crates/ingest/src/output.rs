//! The one door to the sink: checks the time, adds constants, counts.

use model::{Fault, Instant, Place, Record, Rejection};

use crate::lines::Line;
use crate::{Request, Sink, Tally, Warning};

/// 2000-01-01T00:00:00Z in seconds.
const EARLIEST_SECONDS: i64 = 946_684_800;
const DAY_NANOS: i64 = 86_400_000_000_000;

/// Why a line is not a record.
#[derive(Debug)]
pub(crate) struct Bad {
    pub(crate) code: &'static str,
    /// Offset in the line, from 0; `None` for the whole line.
    pub(crate) at: Option<usize>,
    pub(crate) reason: String,
}

impl Bad {
    #[cold]
    pub(crate) fn new(code: &'static str, at: usize, reason: impl Into<String>) -> Self {
        Bad { code, at: Some(at), reason: reason.into() }
    }

    #[cold]
    pub(crate) fn line(code: &'static str, reason: impl Into<String>) -> Self {
        Bad { code, at: None, reason: reason.into() }
    }
}

/// Why a line went no further.
pub(crate) enum Stop {
    /// Only it is rejected.
    Bad(Bad),
    /// The whole original is refused.
    Fault(Fault),
}

impl From<Bad> for Stop {
    fn from(bad: Bad) -> Self {
        Stop::Bad(bad)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Stop::Fault(fault)
    }
}

/// Hands records and rejections on.
pub(crate) struct Output<'s> {
    sink: &'s mut dyn Sink,
    tally: Tally,
    warnings_max: usize,
    earliest: Instant,
    latest: Instant,
    service: Option<&'s str>,
    host: Option<&'s str>,
}

impl<'s> Output<'s> {
    pub(crate) fn new(request: &'s Request, sink: &'s mut dyn Sink) -> Self {
        let (earliest, latest) = if request.any_time {
            (i64::MIN, i64::MAX)
        } else {
            (EARLIEST_SECONDS * 1_000_000_000, request.now.nanos().saturating_add(DAY_NANOS))
        };
        Output {
            sink,
            tally: Tally::default(),
            warnings_max: request.limits.warnings_max,
            earliest: Instant::from_nanos(earliest),
            latest: Instant::from_nanos(latest),
            service: request.service.as_deref(),
            host: request.host.as_deref(),
        }
    }

    pub(crate) fn tally(self) -> Tally {
        self.tally
    }

    pub(crate) fn count_input(&mut self, lines: u64, bytes: u64) {
        self.tally.lines = lines;
        self.tally.bytes = bytes;
    }

    /// A sample that legally has no finite number.
    pub(crate) fn absent(&mut self) {
        self.tally.absent += 1;
    }

    /// Hands a record on, or rejects it for its time, which stands at offset `time_at` of `line`.
    pub(crate) fn record(&mut self, line: &[u8], time_at: usize, record: Record<'_>) -> Result<(), Fault> {
        if record.time < self.earliest || record.time > self.latest {
            let bad = self.out_of_window(record.time, time_at);
            return self.reject_at(record.line, bad, line);
        }
        let record = Record { service: record.service.or(self.service), host: record.host.or(self.host), ..record };
        self.tally.records += 1;
        self.sink.record(record)
    }

    #[cold]
    fn out_of_window(&self, time: Instant, at: usize) -> Bad {
        if time < self.earliest {
            Bad::new("time-too-old", at, format!("{time} is before {}", self.earliest))
        } else {
            Bad::new("time-in-future", at, format!("{time} is more than 24 h after the reference time"))
        }
    }

    /// Rejects a line.
    #[cold]
    pub(crate) fn reject(&mut self, line: &Line<'_>, bad: Bad) -> Result<(), Fault> {
        self.reject_at(line.number, bad, line.bytes)
    }

    #[cold]
    pub(crate) fn reject_at(&mut self, number: u64, bad: Bad, text: &[u8]) -> Result<(), Fault> {
        let column = bad.at.map_or(0, |at| at as u64 + 1);
        self.tally.rejected += 1;
        self.sink.reject(Rejection::new(Place::line(number, column), bad.code, bad.reason, text))
    }

    /// The common checks of a line as text: length and UTF-8.
    pub(crate) fn text<'b>(&mut self, line: &Line<'b>) -> Result<&'b str, Bad> {
        if line.too_long {
            return Err(Bad::line("line-too-long", "The line is longer than the limit"));
        }
        line.text
            .map_or_else(|| std::str::from_utf8(line.bytes), Ok)
            .map_err(|error| Bad::new("invalid-utf8", error.valid_up_to(), "The bytes from here on are not UTF-8"))
    }

    /// Notes something worth knowing, once per code.
    #[cold]
    pub(crate) fn warn(&mut self, code: &'static str, line: u64, message: &str) {
        let warnings = &mut self.tally.warnings;
        if warnings.len() < self.warnings_max && warnings.iter().all(|warning| warning.code != code) {
            warnings.push(Warning { code, message: message.to_owned(), place: Place::line(line, 0) });
        }
    }

    /// Notes that a time named no zone.
    pub(crate) fn warn_zone(&mut self, line: u64) {
        self.warn(
            "zone-assumed",
            line,
            "Times that name no zone were read in the assumed one: UTC, unless another was given",
        );
    }
}
