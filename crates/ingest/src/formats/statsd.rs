//! StatsD and DogStatsD, one line a metric: `name:value|type|@rate|#tag:value`, with several values (`a:1:2|ms`), times
//! (`|T1656581400`), and tags in the name as Librato (`name#k=v`), InfluxDB (`name,k=v`) and SignalFx (`name[k=v]`) write them.
//!
//! - `c` and `m` are increases ([`SampleType::Delta`]), divided by the rate they were sampled at;
//! - `g` is a gauge; with a sign in front it is an increase of it, which nobody adds up here;
//! - `ms` (in seconds), `h` and `d`: each value is a gauge; beside them `NAME_count` and `NAME_sum` are increases, divided by the
//!   rate: a line that was sampled stands for the others;
//! - `s`: each member is an increase of one, labelled `set_member`.
//!
//! A line without a time has the time of the file, as a scrape has. Events and service checks of DogStatsD are rejected.

use std::io::Read;

use model::{Body, Fault, Instant, Record, Sample, SampleType};

use crate::lines::{Line, Lines};
use crate::output::{Bad, Output, Stop};
use crate::values::Values;
use crate::{Request, number, series};

const CODE: &str = "bad-statsd";
/// A rate that is smaller says that a line stands for more than a million.
const RATE_MIN: f64 = 1e-6;

pub(crate) fn read(input: &mut dyn Read, request: &Request, output: &mut Output<'_>) -> Result<(), Fault> {
    let mut lines = Lines::new(input, request.limits.line_bytes_max);
    let mut writer = Writer::default();
    while let Some(line) = lines.next()? {
        let line = line.without_mark().without_return();
        if line.bytes.trim_ascii().is_empty() {
            continue;
        }
        match one(&line, request, &mut writer, output) {
            Ok(()) => {}
            Err(Stop::Bad(bad)) => output.reject(&line, bad)?,
            Err(Stop::Fault(fault)) => return Err(fault),
        }
    }
    output.count_input(lines.count(), lines.bytes());
    Ok(())
}

/// Whether a line is one of these.
pub(crate) fn is_line(line: &[u8]) -> bool {
    let text = std::str::from_utf8(line.trim_ascii_end());
    text.is_ok_and(|text| Metric::parse(text, &mut Values::default(), usize::MAX).is_ok())
}

fn one(line: &Line<'_>, request: &Request, writer: &mut Writer, output: &mut Output<'_>) -> Result<(), Stop> {
    let text = output.text(line)?;
    writer.tags.clear();
    let metric = Metric::parse(text, &mut writer.tags, request.limits.fields_max)?;
    let time = metric.time.or(request.stamp).ok_or_else(|| Bad::line("missing-time", "The line has no time"))?;
    let place = At { line, time };
    let Writer { tags, series } = writer;
    let labels = tags.with(&[]);
    let mut put = |value: Value<'_>| emit(&metric, &value, &labels, series, &place, output);
    match metric.kind {
        Kind::Counter => {
            for value in metric.numbers() {
                let (value, exact) = value?;
                let exact = exact.filter(|_| metric.rate.is_none());
                put(Value { exact, ..Value::delta("", metric.weighted(value)) })?;
            }
        }
        Kind::Gauge => {
            for value in metric.numbers() {
                let (value, exact) = value?;
                let sample_type = if metric.is_change() { SampleType::Delta } else { SampleType::Gauge };
                put(Value { exact, sample_type, ..Value::delta("", value) })?;
            }
        }
        Kind::Time | Kind::Amount => {
            let unit = (metric.kind == Kind::Time).then_some("s");
            let (mut count, mut sum) = (0.0, 0.0);
            for value in metric.numbers() {
                let (value, exact) = value?;
                (count, sum) = (count + 1.0, sum + value);
                put(Value { exact, unit, sample_type: SampleType::Gauge, ..Value::delta("", value) })?;
            }
            put(Value::delta("_count", metric.weighted(count)))?;
            put(Value { unit, ..Value::delta("_sum", metric.weighted(sum)) })?;
        }
        Kind::Set => {
            for member in metric.values.split(':') {
                put(Value { exact: Some(1), member: Some(member), ..Value::delta("", 1.0) })?;
            }
        }
    }
    Ok(())
}

/// What is kept from line to line.
#[derive(Default)]
struct Writer {
    tags: Values,
    series: String,
}

struct At<'a> {
    line: &'a Line<'a>,
    time: Instant,
}

/// One sample to be written.
struct Value<'v> {
    suffix: &'static str,
    value: f64,
    exact: Option<i64>,
    sample_type: SampleType,
    unit: Option<&'static str>,
    member: Option<&'v str>,
}

impl Value<'_> {
    fn delta(suffix: &'static str, value: f64) -> Self {
        Value { suffix, value, exact: None, sample_type: SampleType::Delta, unit: None, member: None }
    }
}

fn emit(
    metric: &Metric<'_>,
    value: &Value<'_>,
    labels: &[(&str, &str)],
    series: &mut String,
    at: &At<'_>,
    output: &mut Output<'_>,
) -> Result<(), Fault> {
    if !value.value.is_finite() {
        output.absent();
        return Ok(());
    }
    let mut labels = labels.to_vec();
    if let Some(member) = value.member {
        labels.retain(|(name, _)| *name != "set_member");
        labels.push(("set_member", member));
    }
    series::normalise(&mut labels);
    let name = format!("{}{}", metric.name, value.suffix);
    series::write(series, &name, &labels);
    let sample = Sample {
        name: &name,
        series,
        sample_type: value.sample_type,
        unit: value.unit,
        value: value.value,
        value_int: value.exact,
        start: None,
    };
    let body = Body::Sample(sample);
    let record = Record { time: at.time, line: at.line.number, service: None, host: None, attributes: &labels, body };
    output.record(at.line.bytes, 0, record)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    /// In milliseconds.
    Time,
    Amount,
    Set,
}

/// A line that makes sense.
struct Metric<'t> {
    name: &'t str,
    values: &'t str,
    kind: Kind,
    rate: Option<f64>,
    time: Option<Instant>,
}

impl<'t> Metric<'t> {
    fn parse(text: &'t str, tags: &mut Values, tags_max: usize) -> Result<Self, Bad> {
        if text.starts_with("_e{") || text.starts_with("_sc|") {
            return Err(Bad::new(CODE, 0, "Events and service checks are no samples"));
        }
        let wrong = |at: usize, reason: &str| Bad::new(CODE, at, reason);
        let colon = text.find(':').ok_or_else(|| wrong(text.len(), "name:value|type is expected"))?;
        let rest = &text[colon + 1..];
        let mut at = colon + 1;
        let mut fields = rest.split('|');
        let values = fields.next().unwrap_or_default();
        at += values.len() + 1;
        let word = fields.next().ok_or_else(|| wrong(text.len(), "| and a type are expected behind the value"))?;
        let kind = match word {
            "c" | "m" => Kind::Counter,
            "g" => Kind::Gauge,
            "ms" => Kind::Time,
            "h" | "d" => Kind::Amount,
            "s" => Kind::Set,
            _ => return Err(wrong(at, "The type is c, g, ms, h, d, s or m")),
        };
        at += word.len() + 1;
        let name = name(&text[..colon], tags).ok_or_else(|| wrong(0, "A name is expected in front of the colon"))?;
        let mut metric = Metric { name, values, kind, rate: None, time: None };
        for field in fields {
            metric.field(field, at, tags)?;
            if tags.len() > tags_max {
                return Err(Bad::new("too-many-fields", at, format!("A record has at most {tags_max} fields")));
            }
            at += field.len() + 1;
        }
        metric.check(colon + 1)?;
        Ok(metric)
    }

    fn field(&mut self, field: &str, at: usize, tags: &mut Values) -> Result<(), Bad> {
        let wrong = |reason: &str| Bad::new(CODE, at, reason);
        match field.as_bytes().first() {
            Some(b'@') => {
                let rate = number::go_float(&field.as_bytes()[1..]).filter(|rate| *rate >= RATE_MIN && *rate <= 1.0);
                self.rate =
                    Some(rate.ok_or_else(|| wrong("A rate lies between 0.000001 and 1"))?).filter(|rate| *rate < 1.0);
            }
            Some(b'#') => {
                for tag in field[1..].split(',').filter(|tag| !tag.is_empty()) {
                    let (name, value) = tag.split_once(':').unwrap_or((tag, "true"));
                    tags.put(name, value);
                }
            }
            Some(b'T') => {
                let seconds = number::integer(&field.as_bytes()[1..]).and_then(|it| it.checked_mul(1_000_000_000));
                self.time =
                    Some(seconds.map(Instant::from_nanos).ok_or_else(|| wrong("A time is T and whole seconds"))?);
            }
            // Containers, external data, cardinality: they say where a line came from, in words of the agent's own.
            Some(b'c' | b'e') => {}
            _ => return Err(wrong("@rate, #tags or Ttime is expected")),
        }
        Ok(())
    }

    /// Every value is a number, unless they are members of a set.
    fn check(&self, at: usize) -> Result<(), Bad> {
        if self.kind == Kind::Set {
            return if self.values.is_empty() { Err(Bad::new(CODE, at, "A member is expected")) } else { Ok(()) };
        }
        self.numbers().try_for_each(|number| number.map(drop)).map_err(|bad| Bad { at: Some(at), ..bad })
    }

    /// The values; times in seconds.
    fn numbers(&self) -> impl Iterator<Item = Result<(f64, Option<i64>), Bad>> {
        self.values.split(':').map(|text| {
            let plain = text.strip_prefix('+').unwrap_or(text).as_bytes();
            let value = match self.kind {
                Kind::Time => number::scaled(plain, -3),
                _ => number::go_float(plain),
            };
            let exact = number::integer(plain).filter(|_| self.kind != Kind::Time);
            let value = value.filter(|value| value.is_finite());
            value.map(|value| (value, exact)).ok_or_else(|| Bad::line(CODE, "A value is a finite number"))
        })
    }

    fn is_change(&self) -> bool {
        self.values.starts_with(['+', '-'])
    }

    fn weighted(&self, value: f64) -> f64 {
        self.rate.map_or(value, |rate| value / rate)
    }
}

/// The name without the tags that some dialects put into it.
fn name<'t>(text: &'t str, tags: &mut Values) -> Option<&'t str> {
    let split = match text.strip_suffix(']') {
        Some(inner) => inner.split_once('['),
        None => text.split_once(['#', ',']),
    };
    let pairs = |list: &'t str| list.split(',').map(|pair| pair.split_once('=')).collect::<Option<Vec<_>>>();
    let name = match split.and_then(|(name, list)| Some((name, pairs(list)?))) {
        Some((name, pairs)) => {
            pairs.iter().for_each(|(name, value)| tags.put(name, value));
            name
        }
        None => text,
    };
    Some(name.trim_ascii()).filter(|name| !name.is_empty())
}
