//! What the ingest targets share: any bytes are read, and what comes out keeps the promises of `model::Record`.

use std::collections::HashSet;

use ingest::{Format, Limits, Request, Sink};
use model::{Body, Fault, Instant, Record, RecordKind, Rejection};

/// Checks what every record and rejection promises.
#[derive(Default)]
struct Promises {
    records: u64,
    rejected: u64,
}

impl Sink for Promises {
    fn record(&mut self, record: Record<'_>) -> Result<(), Fault> {
        self.records += 1;
        assert!(record.line > 0);
        let names: HashSet<&str> = record.attributes.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), record.attributes.len(), "names are unique");
        match record.body {
            Body::Log(log) => {
                assert!(log.status.is_none_or(|status| (100..600).contains(&status)));
                assert!(log.latency_ms.is_none_or(f64::is_finite));
            }
            Body::Sample(sample) => {
                assert!(sample.value.is_finite());
                assert!(sample.series.starts_with(sample.name));
                assert!(record.attributes.is_sorted_by(|a, b| a.0 < b.0));
            }
            Body::Span(span) => assert!(span.trace_id.len() == 32 && span.span_id.len() == 16),
        }
        Ok(())
    }

    fn reject(&mut self, rejection: Rejection) -> Result<(), Fault> {
        self.rejected += 1;
        assert!(!rejection.reason.is_empty() && rejection.text.len() <= 4 * Rejection::TEXT_MAX);
        Ok(())
    }
}

/// Small limits, so that the fuzzer reaches them.
fn limits() -> Limits {
    Limits {
        line_bytes_max: 2_000,
        document_bytes_max: 20_000,
        depth_max: 12,
        fields_max: 40,
        family_series_max: 100,
        buckets_max: 100,
        decoded_bytes_max: 1 << 20,
        ..Limits::default()
    }
}

/// Reads `data` as `format`: the first bytes choose kind and whether any time is taken.
pub fn read(format: Format, data: &[u8]) {
    let now = Instant::from_nanos(1_780_272_000_000_000_000);
    let choice = data.len();
    let tables = matches!(format, Format::JsonLines | Format::Csv | Format::Logfmt);
    let request = Request {
        kind: tables.then(|| RecordKind::ALL[choice % 3]),
        stamp: Some(now),
        any_time: choice % 2 == 0,
        limits: limits(),
        ..Request::new(format, now)
    };
    let mut sink = Promises::default();
    let Ok(mut input) = ingest::decode(Box::new(data), &request.limits) else { return };
    if let Ok(tally) = ingest::read(&mut input, &request, &mut sink) {
        assert_eq!((tally.records, tally.rejected), (sink.records, sink.rejected));
    }
}
