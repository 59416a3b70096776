//! Rows in memory, column by column, until they become a row group.

use std::sync::Arc;

use arrow_array::builder::{PrimitiveBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    ArrayRef, Int64Array, MapArray, RecordBatch, StructArray, TimestampMicrosecondArray, UInt32Array, new_null_array,
};
use arrow_buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType};
use model::{Body, Fault, Instant, Log, Place, Record, RecordKind, Sample, SpanRecord};

use crate::schema::{columns, map_entries, map_fields};

/// Rows of one kind. Each comes from one original, known by its ordinal number in the batch.
pub(crate) struct Rows {
    times: Vec<i64>,
    sorted: bool,
    /// Originals and how many rows of each follow one another.
    origins: Vec<(u32, usize)>,
    lines: Vec<i64>,
    service: Texts,
    host: Texts,
    attributes: Attributes,
    facts: Facts,
    bytes: usize,
}

enum Facts {
    Logs(Box<Logs>),
    Samples(Box<Samples>),
    Spans(Box<Spans>),
}

/// What one row costs in memory beside its texts, roughly.
const ROW_BYTES: usize = 96;

impl Rows {
    pub(crate) fn new(kind: RecordKind) -> Self {
        let facts = match kind {
            RecordKind::Logs => Facts::Logs(Box::default()),
            RecordKind::Metrics => Facts::Samples(Box::default()),
            RecordKind::Traces => Facts::Spans(Box::default()),
        };
        Rows {
            times: Vec::new(),
            sorted: true,
            origins: Vec::new(),
            lines: Vec::new(),
            service: Texts::default(),
            host: Texts::default(),
            attributes: Attributes::default(),
            facts,
            bytes: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.times.len()
    }

    /// Memory in use, roughly.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// First and last time; `None` without rows.
    pub(crate) fn span(&self) -> Option<(Instant, Instant)> {
        let first = self.times.iter().min()?;
        let last = self.times.iter().max()?;
        Some((Instant::from_nanos(*first), Instant::from_nanos(*last)))
    }

    pub(crate) fn origins(&self) -> &[(u32, usize)] {
        &self.origins
    }

    /// Appends a record of `text_bytes` bytes of text and returns by how much memory grew. The record is of this kind.
    pub(crate) fn push(&mut self, record: &Record<'_>, origin: u32, text_bytes: usize) -> usize {
        let row = self.times.len();
        let time = record.time.nanos();
        self.sorted &= self.times.last().is_none_or(|last| *last <= time);
        self.times.push(time);
        match self.origins.last_mut() {
            Some((last, count)) if *last == origin => *count += 1,
            _ => self.origins.push((origin, 1)),
        }
        // Line numbers are below 2^63: a file of so many lines does not exist.
        self.lines.push(record.line as i64);
        self.service.set(row, record.service);
        self.host.set(row, record.host);
        self.attributes.push(record.attributes);
        match (&mut self.facts, &record.body) {
            (Facts::Logs(columns), Body::Log(log)) => columns.push(row, log),
            (Facts::Samples(columns), Body::Sample(sample)) => columns.push(row, sample),
            (Facts::Spans(columns), Body::Span(span)) => columns.push(row, span),
            _ => unreachable!("the caller chose the rows by the kind of the record"),
        }
        self.bytes += ROW_BYTES + text_bytes;
        ROW_BYTES + text_bytes
    }

    /// The rows as a batch, sorted by time (rows of one instant keep their order); `raw` names an original.
    pub(crate) fn finish(mut self, kind: RecordKind, raw: impl Fn(u32) -> String) -> Result<RecordBatch, ArrowError> {
        let rows = self.len();
        let mut arrays = vec![times(&self.times), fine_times(&self.times), self.raw(raw)];
        arrays.push(Arc::new(Int64Array::from(std::mem::take(&mut self.lines))));
        arrays.extend([self.service.finish(rows), self.host.finish(rows), self.attributes.finish()?]);
        arrays.extend(match &mut self.facts {
            Facts::Logs(columns) => columns.finish(rows),
            Facts::Samples(columns) => columns.finish(rows),
            Facts::Spans(columns) => columns.finish(rows),
        });
        let batch = RecordBatch::try_new(columns(kind), arrays)?;
        if self.sorted { Ok(batch) } else { arrow_select::take::take_record_batch(&batch, &order(&self.times)) }
    }

    fn raw(&self, name: impl Fn(u32) -> String) -> ArrayRef {
        let mut builder = StringBuilder::with_capacity(self.len(), self.len() * 64);
        for (origin, count) in &self.origins {
            let name = name(*origin);
            for _ in 0..*count {
                builder.append_value(&name);
            }
        }
        Arc::new(builder.finish())
    }
}

/// The bytes of text of a record, after checking that every number fits.
///
/// # Errors
/// `not-finite`, `number-too-large`, at the line of the record.
pub(crate) fn measure(record: &Record<'_>) -> Result<usize, Fault> {
    let length = |text: Option<&str>| text.map_or(0, str::len);
    let attributes: usize = record.attributes.iter().map(|(name, value)| name.len() + value.len() + 8).sum();
    let common = length(record.service) + length(record.host) + attributes;
    let own = match &record.body {
        Body::Log(log) => {
            check_finite(record.line, log.latency_ms.unwrap_or(0.0))?;
            check_bytes(record.line, log.bytes.unwrap_or(0))?;
            let texts = [log.severity, log.message, log.method, log.path, log.trace_id, log.span_id];
            texts.into_iter().map(length).sum()
        }
        Body::Sample(sample) => {
            check_finite(record.line, sample.value)?;
            sample.name.len() + sample.series.len() + length(sample.unit)
        }
        Body::Span(span) => span.trace_id.len() + span.span_id.len() + length(span.parent_id) + span.name.len(),
    };
    Ok(common + own)
}

fn check_finite(line: u64, value: f64) -> Result<(), Fault> {
    if value.is_finite() {
        return Ok(());
    }
    Err(Fault::bad_input("not-finite", format!("The record holds the number {value}"))
        .advise("Leave the member out, or write a finite number.")
        .at(Place::line(line, 0)))
}

fn check_bytes(line: u64, value: u64) -> Result<(), Fault> {
    if i64::try_from(value).is_ok() {
        return Ok(());
    }
    Err(Fault::bad_input("number-too-large", format!("The record says {value} bytes; the largest number is 2^63 - 1"))
        .advise("Correct the record, or leave the member out.")
        .at(Place::line(line, 0)))
}

/// Where each row goes when rows are sorted by time; the sort is stable.
fn order(times: &[i64]) -> UInt32Array {
    // A row group has far fewer than 2^32 rows.
    let mut order: Vec<u32> = (0..times.len() as u32).collect();
    order.sort_by_key(|row| times[*row as usize]);
    UInt32Array::from(order)
}

fn times(nanos: &[i64]) -> ArrayRef {
    let micros: Vec<i64> = nanos.iter().map(|nanos| nanos.div_euclid(1_000)).collect();
    Arc::new(TimestampMicrosecondArray::from(micros).with_timezone("UTC"))
}

/// The full nanoseconds, where microseconds do not say it all.
fn fine_times(nanos: &[i64]) -> ArrayRef {
    if nanos.iter().all(|nanos| nanos % 1_000 == 0) {
        return new_null_array(&DataType::Int64, nanos.len());
    }
    Arc::new(nanos.iter().map(|nanos| (nanos % 1_000 != 0).then_some(*nanos)).collect::<Int64Array>())
}

/// Texts of which many are absent: rows without one cost nothing until a row with one follows.
#[derive(Default)]
struct Texts {
    builder: Option<StringBuilder>,
    rows: usize,
}

impl Texts {
    fn set(&mut self, row: usize, text: Option<&str>) {
        if let Some(text) = text {
            let builder = self.builder.get_or_insert_with(StringBuilder::new);
            if self.rows < row {
                builder.append_nulls(row - self.rows);
            }
            builder.append_value(text);
            self.rows = row + 1;
        }
    }

    fn finish(&mut self, rows: usize) -> ArrayRef {
        let Some(mut builder) = self.builder.take() else {
            return new_null_array(&DataType::Utf8, rows);
        };
        builder.append_nulls(rows - self.rows);
        Arc::new(builder.finish())
    }
}

/// Numbers of which many are absent, as [`Texts`].
struct Numbers<T: ArrowPrimitiveType> {
    builder: Option<PrimitiveBuilder<T>>,
    rows: usize,
}

impl<T: ArrowPrimitiveType> Default for Numbers<T> {
    fn default() -> Self {
        Numbers { builder: None, rows: 0 }
    }
}

impl<T: ArrowPrimitiveType> Numbers<T> {
    fn set(&mut self, row: usize, number: Option<T::Native>) {
        if let Some(number) = number {
            let builder = self.builder.get_or_insert_with(PrimitiveBuilder::new);
            if self.rows < row {
                builder.append_nulls(row - self.rows);
            }
            builder.append_value(number);
            self.rows = row + 1;
        }
    }

    fn finish(&mut self, rows: usize) -> ArrayRef {
        let Some(mut builder) = self.builder.take() else {
            return new_null_array(&T::DATA_TYPE, rows);
        };
        builder.append_nulls(rows - self.rows);
        Arc::new(builder.finish())
    }
}

/// Names and values of all rows in one run, and where each row's run ends. A row without any is null.
struct Attributes {
    names: StringBuilder,
    values: StringBuilder,
    ends: Vec<i32>,
}

impl Default for Attributes {
    fn default() -> Self {
        Attributes { names: StringBuilder::new(), values: StringBuilder::new(), ends: vec![0] }
    }
}

impl Attributes {
    fn push(&mut self, pairs: &[(&str, &str)]) {
        for (name, value) in pairs {
            self.names.append_value(name);
            self.values.append_value(value);
        }
        // The record limit keeps the run of one row group far below 2^31.
        self.ends.push(self.ends[self.ends.len() - 1] + pairs.len() as i32);
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let present: Vec<bool> = self.ends.windows(2).map(|pair| pair[0] < pair[1]).collect();
        let offsets = OffsetBuffer::new(ScalarBuffer::from(std::mem::take(&mut self.ends)));
        let pairs: Vec<ArrayRef> = vec![Arc::new(self.names.finish()), Arc::new(self.values.finish())];
        let entries = StructArray::try_new(map_fields(), pairs, None)?;
        Ok(Arc::new(MapArray::try_new(map_entries(), offsets, entries, Some(NullBuffer::from(present)), false)?))
    }
}

#[derive(Default)]
struct Logs {
    severity: Texts,
    severity_number: Numbers<Int32Type>,
    message: Texts,
    method: Texts,
    path: Texts,
    status: Numbers<Int32Type>,
    latency_ms: Numbers<Float64Type>,
    bytes: Numbers<Int64Type>,
    trace_id: Texts,
    span_id: Texts,
}

impl Logs {
    fn push(&mut self, row: usize, log: &Log<'_>) {
        self.severity.set(row, log.severity);
        self.severity_number.set(row, log.severity_number.map(i32::from));
        self.message.set(row, log.message);
        self.method.set(row, log.method);
        self.path.set(row, log.path);
        self.status.set(row, log.status.map(i32::from));
        self.latency_ms.set(row, log.latency_ms);
        self.bytes.set(row, log.bytes.map(|bytes| bytes as i64));
        self.trace_id.set(row, log.trace_id);
        self.span_id.set(row, log.span_id);
    }

    fn finish(&mut self, rows: usize) -> Vec<ArrayRef> {
        vec![
            self.severity.finish(rows),
            self.severity_number.finish(rows),
            self.message.finish(rows),
            self.method.finish(rows),
            self.path.finish(rows),
            self.status.finish(rows),
            self.latency_ms.finish(rows),
            self.bytes.finish(rows),
            self.trace_id.finish(rows),
            self.span_id.finish(rows),
        ]
    }
}

#[derive(Default)]
struct Samples {
    name: Texts,
    series: Texts,
    sample_type: Texts,
    unit: Texts,
    value: Numbers<Float64Type>,
    value_int: Numbers<Int64Type>,
    start: Numbers<TimestampMicrosecondType>,
}

impl Samples {
    fn push(&mut self, row: usize, sample: &Sample<'_>) {
        self.name.set(row, Some(sample.name));
        self.series.set(row, Some(sample.series));
        self.sample_type.set(row, Some(sample.sample_type.word()));
        self.unit.set(row, sample.unit);
        self.value.set(row, Some(sample.value));
        self.value_int.set(row, sample.value_int);
        self.start.set(row, sample.start.map(Instant::micros));
    }

    fn finish(&mut self, rows: usize) -> Vec<ArrayRef> {
        vec![
            self.name.finish(rows),
            self.series.finish(rows),
            self.sample_type.finish(rows),
            self.unit.finish(rows),
            self.value.finish(rows),
            self.value_int.finish(rows),
            Arc::new(self.start.finish(rows).as_primitive::<TimestampMicrosecondType>().clone().with_timezone("UTC")),
        ]
    }
}

#[derive(Default)]
struct Spans {
    trace_id: Texts,
    span_id: Texts,
    name: Texts,
    parent_id: Texts,
    span_kind: Texts,
    duration_ns: Numbers<Int64Type>,
    span_status: Texts,
}

impl Spans {
    fn push(&mut self, row: usize, span: &SpanRecord<'_>) {
        self.trace_id.set(row, Some(span.trace_id));
        self.span_id.set(row, Some(span.span_id));
        self.name.set(row, Some(span.name));
        self.parent_id.set(row, span.parent_id);
        self.span_kind.set(row, Some(span.span_kind));
        self.duration_ns.set(row, Some(span.duration_ns));
        self.span_status.set(row, Some(span.status));
    }

    fn finish(&mut self, rows: usize) -> Vec<ArrayRef> {
        vec![
            self.trace_id.finish(rows),
            self.span_id.finish(rows),
            self.name.finish(rows),
            self.parent_id.finish(rows),
            self.span_kind.finish(rows),
            self.duration_ns.finish(rows),
            self.span_status.finish(rows),
        ]
    }
}
