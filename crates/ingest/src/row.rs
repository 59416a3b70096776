//! Named fields → a record: what JSON Lines and CSV share.
//!
//! A reader fills a [`Row`] with pieces of its line; [`Rows`] knows from the names which member each one is. The names of
//! consecutive rows repeat, so the answer is kept per [`Shape`] and found again by comparing the names alone.

use std::io::Read;

use model::{Body, Fault, Instant, Log, Record, RecordKind, Sample, SampleType, SpanRecord};

use crate::lines::{Line, Lines};
use crate::map::{Plan, Role};
use crate::number;
use crate::output::{Bad, Output};
use crate::series;
use crate::time::Reading;
use crate::{Limits, Request};

/// How many shapes are remembered.
const SHAPES_MAX: usize = 64;

/// A stretch of the line, or of the row's own text where the line has escapes in it.
///
/// Two plain numbers, the topmost bit telling which text: these are written and copied for every field of every line, and
/// a flag with padding behind it made the processor wait for its own writes at each copy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    from: u32,
    to: u32,
}

/// Marks a piece of the row's own text. Lines and own texts stay below: see [`crate::lines::LINE_MAX`].
const OWN: u32 = 1 << 31;

impl Piece {
    /// A stretch of the line.
    pub(crate) fn line(from: usize, to: usize) -> Self {
        Piece { from: from as u32, to: to as u32 }
    }

    /// A stretch of the row's own text.
    pub(crate) fn own(from: usize, to: usize) -> Self {
        Piece { from: from as u32 | OWN, to: to as u32 }
    }

    pub(crate) fn is_own(self) -> bool {
        self.from & OWN != 0
    }

    pub(crate) fn range(self) -> std::ops::Range<usize> {
        (self.from & !OWN) as usize..self.to as usize
    }
}

/// How a value was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Written {
    Text,
    Number,
    Other,
}

/// One field of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) key: Piece,
    pub(crate) value: Piece,
    pub(crate) written: Written,
    /// Offset in the line, for complaints.
    pub(crate) at: u32,
}

/// The fields of one line.
#[derive(Default)]
pub(crate) struct Row {
    pub(crate) slots: Vec<Slot>,
    pub(crate) own: String,
}

impl Row {
    pub(crate) fn clear(&mut self) {
        self.slots.clear();
        self.own.clear();
    }

    fn bytes<'a>(&'a self, line: &'a str, piece: Piece) -> &'a [u8] {
        let whole = if piece.is_own() { &self.own } else { line };
        &whole.as_bytes()[piece.range()]
    }

    pub(crate) fn text<'a>(&'a self, line: &'a str, piece: Piece) -> &'a str {
        let whole = if piece.is_own() { &self.own } else { line };
        &whole[piece.range()]
    }
}

/// The names of a row's fields, and what each means.
struct Shape {
    names: Vec<String>,
    roles: Vec<Role>,
}

impl Shape {
    fn fits(&self, row: &Row, line: &str) -> bool {
        self.names.len() == row.slots.len()
            && self.names.iter().zip(&row.slots).all(|(name, slot)| row.bytes(line, slot.key) == name.as_bytes())
    }
}

/// Reads a record of each line that is not empty, by `parse`, which gives the line's text and fills the row.
pub(crate) fn read_lines(
    input: &mut dyn Read,
    request: &Request,
    output: &mut Output<'_>,
    parse: for<'b> fn(&Line<'b>, &Limits, &mut Row, &mut Output<'_>) -> Result<&'b str, Bad>,
) -> Result<(), Fault> {
    let plan = Plan::new(request);
    let mut rows = Rows::new(&plan);
    let mut row = Row::default();
    let mut lines = Lines::new(input, request.limits.line_bytes_max);
    while let Some(line) = lines.next()? {
        let line = line.without_mark().without_return();
        if line.bytes.trim_ascii().is_empty() {
            continue;
        }
        match parse(&line, &request.limits, &mut row, output) {
            Ok(text) => rows.emit(&line, text, &row, output)?,
            Err(bad) => output.reject(&line, bad)?,
        }
    }
    output.count_input(lines.count(), lines.bytes());
    Ok(())
}

/// Turns rows into records.
pub(crate) struct Rows<'p> {
    plan: &'p Plan,
    shapes: Vec<Shape>,
    latest: usize,
    attributes: Vec<(&'static str, &'static str)>,
    series: String,
}

impl<'p> Rows<'p> {
    pub(crate) fn new(plan: &'p Plan) -> Self {
        Rows { plan, shapes: Vec::new(), latest: 0, attributes: Vec::new(), series: String::new() }
    }

    /// Hands the record of `row` on, or the reason why there is none.
    pub(crate) fn emit(
        &mut self,
        line: &Line<'_>,
        text: &str,
        row: &Row,
        output: &mut Output<'_>,
    ) -> Result<(), Fault> {
        let shape = match self.shape(text, row) {
            Ok(shape) => shape,
            Err(bad) => return output.reject(line, bad),
        };
        let mut attributes = series::recycle(std::mem::take(&mut self.attributes));
        let mut found = Found::default();
        let outcome = found.collect(self.plan, &self.shapes[shape].roles, text, row, &mut attributes);
        let result = match outcome.and_then(|()| found.time(self.plan)) {
            Err(bad) => output.reject(line, bad),
            Ok(time) => {
                if time.zone_assumed {
                    output.warn_zone(line.number);
                }
                let place = Where { line, time: time.instant };
                found.finish(self.plan, &place, &mut attributes, &mut self.series, output)
            }
        };
        self.attributes = series::recycle(attributes);
        result
    }

    /// The number of the row's shape; a new one is worked out and remembered.
    fn shape(&mut self, line: &str, row: &Row) -> Result<usize, Bad> {
        if self.shapes.get(self.latest).is_some_and(|shape| shape.fits(row, line)) {
            return Ok(self.latest);
        }
        let known = self.shapes.iter().position(|shape| shape.fits(row, line));
        self.latest = match known {
            Some(index) => index,
            None => {
                let shape = self.new_shape(line, row)?;
                if self.shapes.len() == SHAPES_MAX {
                    self.shapes.clear();
                }
                self.shapes.push(shape);
                self.shapes.len() - 1
            }
        };
        Ok(self.latest)
    }

    fn new_shape(&self, line: &str, row: &Row) -> Result<Shape, Bad> {
        let names: Vec<String> = row.slots.iter().map(|slot| row.text(line, slot.key).to_owned()).collect();
        let mut sorted: Vec<usize> = (0..names.len()).collect();
        sorted.sort_by(|a, b| names[*a].cmp(&names[*b]));
        if let Some(pair) = sorted.windows(2).find(|pair| names[pair[0]] == names[pair[1]]) {
            let reason = format!("The name {:?} stands twice: nobody can say which value counts", cut(&names[pair[1]]));
            return Err(Bad::new("duplicate-field", row.slots[pair[1]].at as usize, reason));
        }
        let mut roles: Vec<Role> = vec![Role::Attribute; names.len()];
        let mut ranked: Vec<(usize, Role, usize)> = names
            .iter()
            .enumerate()
            .filter_map(|(index, name)| self.plan.role(name).map(|(role, rank)| (rank, role, index)))
            .collect();
        // Of several names for one member the most usual one counts; the others stay attributes.
        ranked.sort_by_key(|(rank, ..)| *rank);
        let mut taken: Vec<Role> = Vec::new();
        for (_, role, index) in ranked {
            let only = role.member();
            if role == Role::Drop || !taken.contains(&only) {
                taken.push(only);
                roles[index] = role;
            }
        }
        Ok(Shape { names, roles })
    }
}

fn cut(name: &str) -> &str {
    &name[..name.floor_char_boundary(60)]
}

struct Where<'a> {
    line: &'a Line<'a>,
    time: Instant,
}

/// The members found in one row.
#[derive(Default)]
struct Found<'a> {
    time: Option<(&'a str, usize)>,
    start: Option<&'a str>,
    service: Option<&'a str>,
    host: Option<&'a str>,
    name: Option<&'a str>,
    value: Option<(&'a str, usize)>,
    unit: Option<&'a str>,
    sample_type: Option<SampleType>,
    parent_id: Option<&'a str>,
    duration_ns: Option<f64>,
    span_kind: Option<&'static str>,
    span_status: Option<&'static str>,
    log: Log<'a>,
}

impl<'a> Found<'a> {
    fn collect(
        &mut self,
        plan: &'a Plan,
        roles: &[Role],
        line: &'a str,
        row: &'a Row,
        attributes: &mut Vec<(&'a str, &'a str)>,
    ) -> Result<(), Bad> {
        for (slot, role) in row.slots.iter().zip(roles) {
            let value = row.text(line, slot.value);
            if *role == Role::Attribute {
                attributes.push((row.text(line, slot.key), value));
            } else if !self.take(*role, value, slot) {
                if plan.is_mapped() {
                    let reason = format!("{:?} cannot be {}", cut(value), role.what());
                    return Err(Bad::new("bad-field", slot.at as usize, reason));
                }
                // A guess that does not fit was a wrong guess.
                attributes.push((row.text(line, slot.key), value));
            }
        }
        self.add_constants(plan, attributes);
        Ok(())
    }

    /// Puts a value where its role says; `false` when it does not fit there.
    fn take(&mut self, role: Role, value: &'a str, slot: &Slot) -> bool {
        let log = &mut self.log;
        match role {
            Role::Attribute | Role::Drop => {}
            Role::Time => self.time = Some((value, slot.at as usize)),
            Role::Start => self.start = Some(value),
            Role::Service => self.service = Some(value),
            Role::Host => self.host = Some(value),
            Role::Severity => {
                log.severity = Some(value);
                log.severity_number = severity_number(value, slot.written);
            }
            Role::Message => log.message = Some(value),
            Role::Method => log.method = Some(value),
            Role::Path => log.path = Some(value),
            Role::Status => {
                log.status = status(value);
                return log.status.is_some();
            }
            Role::Latency(unit) => {
                log.latency_ms = number::scaled(value.as_bytes(), unit);
                return log.latency_ms.is_some();
            }
            Role::LatencyWithUnit => {
                log.latency_ms = with_unit(value);
                return log.latency_ms.is_some();
            }
            Role::Bytes => {
                log.bytes = value.parse().ok();
                return log.bytes.is_some();
            }
            Role::TraceId => return take_hex(&mut log.trace_id, value, 32),
            Role::SpanId => return take_hex(&mut log.span_id, value, 16),
            Role::ParentId => return take_hex(&mut self.parent_id, value, 16),
            Role::Name => self.name = Some(value),
            Role::Value => self.value = Some((value, slot.at as usize)),
            Role::Unit => self.unit = Some(value),
            Role::SampleType => {
                self.sample_type = sample_type(value);
                return self.sample_type.is_some();
            }
            Role::Duration(unit) => {
                self.duration_ns = number::scaled(value.as_bytes(), unit);
                return self.duration_ns.is_some();
            }
            Role::SpanKind => {
                self.span_kind = span_kind(value);
                return self.span_kind.is_some();
            }
            Role::SpanStatus => {
                self.span_status = span_status(value);
                return self.span_status.is_some();
            }
        }
        true
    }

    fn add_constants(&mut self, plan: &'a Plan, attributes: &mut Vec<(&'a str, &'a str)>) {
        let nowhere = Slot { key: NOWHERE, value: NOWHERE, written: Written::Text, at: 0 };
        for (name, role, value) in plan.constants() {
            match role {
                Role::Attribute if attributes.iter().all(|(known, _)| *known != name) => attributes.push((name, value)),
                Role::Service if self.service.is_some() => {}
                Role::Host if self.host.is_some() => {}
                Role::Name if self.name.is_some() => {}
                Role::Unit if self.unit.is_some() => {}
                Role::SampleType if self.sample_type.is_some() => {}
                Role::Severity if self.log.severity.is_some() => {}
                // Constants were checked when the map was read.
                _ => _ = self.take(*role, value, &nowhere),
            }
        }
    }

    fn time(&self, plan: &Plan) -> Result<Reading, Bad> {
        let Some((text, at)) = self.time else {
            return Err(Bad::line("missing-time", "No field says when it happened"));
        };
        plan.time(text).ok_or_else(|| Bad::new("unreadable-time", at, format!("{:?} is not a time", cut(text))))
    }

    fn finish(
        self,
        plan: &Plan,
        place: &Where<'_>,
        attributes: &mut Vec<(&'a str, &'a str)>,
        series: &mut String,
        output: &mut Output<'_>,
    ) -> Result<(), Fault> {
        let body = match plan.kind() {
            RecordKind::Logs => Ok(Some(Body::Log(self.log))),
            RecordKind::Metrics => self.sample(plan, attributes, series),
            RecordKind::Traces => self.span().map(Some),
        };
        match body {
            Err(bad) => output.reject(place.line, bad),
            Ok(None) => {
                output.absent();
                Ok(())
            }
            Ok(Some(body)) => {
                let (service, host) = (self.service, self.host);
                let record = Record { time: place.time, line: place.line.number, service, host, attributes, body };
                output.record(place.line.bytes, self.time.map_or(0, |(_, at)| at), record)
            }
        }
    }

    fn sample<'b>(
        &self,
        plan: &Plan,
        attributes: &mut Vec<(&'a str, &'a str)>,
        series: &'b mut String,
    ) -> Result<Option<Body<'b>>, Bad>
    where
        'a: 'b,
    {
        let name = self.name.filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| Bad::line("missing-field", "A sample needs a name"))?;
        let (text, at) = self.value.ok_or_else(|| Bad::line("missing-field", "A sample needs a value"))?;
        let value = number::go_float(text.as_bytes())
            .ok_or_else(|| Bad::new("bad-field", at, format!("{:?} cannot be a value", cut(text))))?;
        if !value.is_finite() {
            return Ok(None);
        }
        let start = match self.start {
            None => None,
            Some(text) => Some(
                plan.time(text)
                    .ok_or_else(|| Bad::line("unreadable-time", format!("{:?} is not a start time", cut(text))))?,
            ),
        };
        series::normalise(attributes);
        series::write(series, name, attributes);
        Ok(Some(Body::Sample(Sample {
            name,
            series,
            sample_type: self.sample_type.unwrap_or(SampleType::Unknown),
            unit: self.unit,
            value,
            value_int: number::integer(text.as_bytes()),
            start: start.map(|reading| reading.instant),
        })))
    }

    fn span(&self) -> Result<Body<'a>, Bad> {
        let missing = |what: &str| Bad::line("missing-field", format!("A span needs {what}"));
        let nanos = self.duration_ns.ok_or_else(|| missing("a duration"))?;
        Ok(Body::Span(SpanRecord {
            trace_id: self.log.trace_id.ok_or_else(|| missing("a trace id of 32 hex digits"))?,
            span_id: self.log.span_id.ok_or_else(|| missing("a span id of 16 hex digits"))?,
            parent_id: self.parent_id,
            name: self.name.ok_or_else(|| missing("a name"))?,
            span_kind: self.span_kind.unwrap_or("unspecified"),
            // Saturates at 292 years.
            duration_ns: nanos as i64,
            status: self.span_status.unwrap_or("unset"),
        }))
    }
}

const NOWHERE: Piece = Piece { from: OWN, to: 0 };

fn take_hex<'a>(into: &mut Option<&'a str>, value: &'a str, length: usize) -> bool {
    let fits = value.len() == length && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    *into = fits.then_some(value);
    fits
}

/// 100–599.
#[inline]
pub(crate) fn status(text: &str) -> Option<u16> {
    match text.as_bytes() {
        [a @ b'1'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
            Some(u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'))
        }
        _ => text.parse().ok().filter(|status| (100..600).contains(status)),
    }
}

/// `12.3ms`, `350µs`, `1.2s`, `800ns`: in milliseconds.
fn with_unit(text: &str) -> Option<f64> {
    let units = [("ms", 0), ("µs", -3), ("μs", -3), ("us", -3), ("ns", -6), ("s", 3)];
    let (number, shift) = units.iter().find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, shift)))?;
    number::scaled(number.trim_end().as_bytes(), *shift)
}

/// The number of a level (OpenTelemetry logs data model, "Mapping of SeverityNumber"); pino and bunyan write 10 … 60.
pub(crate) fn severity_number(level: &str, written: Written) -> Option<u8> {
    if written == Written::Number {
        return match level {
            "10" => Some(1),
            "20" => Some(5),
            "30" => Some(9),
            "40" => Some(13),
            "50" => Some(17),
            "60" => Some(21),
            _ => None,
        };
    }
    const LEVELS: [(&str, u8); 17] = [
        ("info", 9),
        ("error", 17),
        ("warn", 13),
        ("debug", 5),
        ("warning", 13),
        ("trace", 1),
        ("notice", 10),
        ("informational", 9),
        ("information", 9),
        ("err", 17),
        ("critical", 21),
        ("crit", 21),
        ("fatal", 21),
        ("alert", 22),
        ("panic", 24),
        ("emergency", 24),
        ("emerg", 24),
    ];
    LEVELS.iter().find(|(name, _)| name.eq_ignore_ascii_case(level)).map(|(_, number)| *number)
}

pub(crate) fn sample_type(word: &str) -> Option<SampleType> {
    let types = [SampleType::Counter, SampleType::Delta, SampleType::Gauge, SampleType::Unknown];
    types.into_iter().find(|sample_type| sample_type.word().eq_ignore_ascii_case(word))
}

pub(crate) fn span_kind(word: &str) -> Option<&'static str> {
    let kinds = ["unspecified", "internal", "server", "client", "producer", "consumer"];
    kinds.into_iter().find(|kind| kind.eq_ignore_ascii_case(word))
}

pub(crate) fn span_status(word: &str) -> Option<&'static str> {
    ["unset", "ok", "error"].into_iter().find(|status| status.eq_ignore_ascii_case(word))
}
