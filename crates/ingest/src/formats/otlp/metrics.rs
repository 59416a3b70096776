//! Metrics: numbers as they are; histograms and summaries as the samples that Prometheus would expose.

use model::{Body, Instant, Record, Sample, SampleType};

use super::{Attributes, Origin, Walk, borrowed, time};
use crate::node::{Fields, Node, double, integer};
use crate::output::{Bad, Stop};
use crate::series;

/// What all points of a metric share.
struct Metric<'m> {
    name: String,
    unit: Option<String>,
    sample_type: SampleType,
    origin: &'m Origin,
}

/// One value of a point: what is appended to the name, one label more, and the number.
struct Value {
    suffix: &'static str,
    label: Option<(&'static str, String)>,
    value: f64,
    exact: Option<i64>,
    sample_type: SampleType,
    /// Counts have no unit.
    with_unit: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Number,
    Histogram,
    Exponential,
    Summary,
}

impl<'t> Walk<'_, 't, '_> {
    pub(super) fn metric(&mut self, node: Node<'t>, origin: &Origin, around: &Attributes) -> Result<(), Stop> {
        let depth = self.request.limits.depth_max;
        let fields = Fields::read(node, depth)?;
        let name = fields.text("name")?.filter(|name| !name.is_empty());
        let Some(name) = name else {
            let bad = Bad::new("missing-field", node.at, "The metric has no name");
            return self.settle(node, Err(bad.into()));
        };
        let unit = fields.text("unit")?.filter(|unit| !unit.is_empty());
        let shapes = [
            ("gauge", Shape::Number),
            ("sum", Shape::Number),
            ("histogram", Shape::Histogram),
            ("exponentialHistogram", Shape::Exponential),
            ("summary", Shape::Summary),
        ];
        for (key, shape) in shapes {
            let Some(data) = fields.find(key) else { continue };
            let data = Fields::read(data, depth)?;
            let sample_type = sample_type(key, &data)?;
            let metric = Metric { name: name.clone(), unit: unit.clone(), sample_type, origin };
            for point in data.elements("dataPoints", depth)? {
                let outcome = self.point(point, shape, &metric, around);
                self.settle(point, outcome)?;
            }
        }
        Ok(())
    }

    fn point(&mut self, node: Node<'t>, shape: Shape, metric: &Metric<'_>, around: &Attributes) -> Result<(), Stop> {
        let fields = Fields::read(node, self.request.limits.depth_max)?;
        let when = time(&fields, "timeUnixNano")?;
        let when = when.ok_or_else(|| Bad::new("missing-time", node.at, "The point has no time"))?;
        let start = time(&fields, "startTimeUnixNano")?;
        // DataPointFlags: bit 0 says that no value was recorded.
        if fields.integer("flags")?.unwrap_or(0) & 1 == 1 {
            self.output.absent();
            return Ok(());
        }
        let mut attributes = around.clone();
        self.add_attributes(fields.find("attributes"), &mut attributes)?;
        let values = match shape {
            Shape::Number => vec![number(&fields, metric.sample_type)?],
            Shape::Histogram => self.histogram(&fields, metric.sample_type)?,
            Shape::Exponential => self.exponential(&fields, metric.sample_type)?,
            Shape::Summary => self.summary(&fields)?,
        };
        let line = self.lines.line(node.at);
        for value in &values {
            self.sample(node, metric, value, &attributes, Moment { when, start, line })?;
        }
        Ok(())
    }

    fn sample(
        &mut self,
        node: Node<'t>,
        metric: &Metric<'_>,
        value: &Value,
        attributes: &Attributes,
        moment: Moment,
    ) -> Result<(), Stop> {
        if !value.value.is_finite() {
            self.output.absent();
            return Ok(());
        }
        let name = format!("{}{}", metric.name, value.suffix);
        let mut labels = borrowed(attributes);
        if let Some((label, text)) = &value.label {
            labels.retain(|(known, _)| known != label);
            labels.push((label, text));
        }
        series::normalise(&mut labels);
        let mut canonical = String::new();
        series::write(&mut canonical, &name, &labels);
        let sample = Sample {
            name: &name,
            series: &canonical,
            sample_type: value.sample_type,
            unit: metric.unit.as_deref().filter(|_| value.with_unit),
            value: value.value,
            value_int: value.exact,
            start: moment.start,
        };
        let (service, host) = (metric.origin.service.as_deref(), metric.origin.host.as_deref());
        let body = Body::Sample(sample);
        let record = Record { time: moment.when, line: moment.line, service, host, attributes: &labels, body };
        self.output.record(node.text.as_bytes(), 0, record)?;
        Ok(())
    }

    fn histogram(&self, fields: &Fields<'_>, sample_type: SampleType) -> Result<Vec<Value>, Bad> {
        let depth = self.request.limits.depth_max;
        let counts = counts(fields, depth)?;
        let bounds = fields.elements("explicitBounds", depth)?;
        let bounds: Vec<f64> =
            bounds.into_iter().map(|node| double(node, "explicitBounds")).collect::<Result<_, _>>()?;
        let wrong = |reason: &str| Err(Bad::new("bad-histogram", fields.at("bucketCounts"), reason));
        if !counts.is_empty() && counts.len() != bounds.len() + 1 {
            return wrong("A histogram has one count more than it has bounds");
        }
        if !bounds.is_sorted_by(|a, b| a < b) || bounds.iter().any(|bound| !bound.is_finite()) {
            return wrong("The bounds of a histogram rise and are finite");
        }
        let total = count(fields)?;
        let mut buckets: Vec<(f64, i64)> = bounds.into_iter().chain([f64::INFINITY]).zip(counts).collect();
        accumulate(&mut buckets, total, fields)?;
        self.expand(fields, buckets, total, sample_type)
    }

    /// Bucket i covers (base^i, base^(i+1)], base = 2^(2^-scale) (metrics data model, "Exponential Buckets").
    fn exponential(&self, fields: &Fields<'_>, sample_type: SampleType) -> Result<Vec<Value>, Bad> {
        let scale = fields.integer("scale")?.unwrap_or(0);
        let power = i32::try_from(scale).ok().filter(|scale| (-20..=30).contains(scale));
        let power =
            power.ok_or_else(|| Bad::new("bad-histogram", fields.at("scale"), "The scale lies between -20 and 30"))?;
        let step = (-f64::from(power)).exp2();
        let bound = |index: i64| (index as f64 * step).exp2();
        let mut buckets: Vec<(f64, i64)> = Vec::new();
        let (offset, negative) = self.exponential_counts(fields, "negative")?;
        // Bucket i of the negative side covers [-base^(i+1), -base^i): from the far end to zero.
        let far_first = (offset..).zip(negative).collect::<Vec<_>>();
        buckets.extend(far_first.into_iter().rev().map(|(index, count)| (-bound(index), count)));
        let zero = fields.integer("zeroCount")?.unwrap_or(0);
        buckets.push((fields.double("zeroThreshold")?.unwrap_or(0.0).max(0.0), zero));
        let (offset, positive) = self.exponential_counts(fields, "positive")?;
        buckets.extend((offset..).zip(positive).map(|(index, count)| (bound(index + 1), count)));
        let total = count(fields)?;
        // Bounds beyond the floats fall together with +Inf.
        buckets.retain(|(bound, _)| bound.is_finite());
        let inside: i64 = buckets.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count));
        buckets.push((f64::INFINITY, total.saturating_sub(inside)));
        accumulate(&mut buckets, total, fields)?;
        self.expand(fields, buckets, total, sample_type)
    }

    fn exponential_counts(&self, fields: &Fields<'_>, side: &str) -> Result<(i64, Vec<i64>), Bad> {
        let Some(node) = fields.find(side) else { return Ok((0, Vec::new())) };
        let depth = self.request.limits.depth_max;
        let buckets = Fields::read(node, depth)?;
        let offset = buckets.integer("offset")?.unwrap_or(0);
        let counts = counts(&buckets, depth)?;
        if counts.len() > self.request.limits.buckets_max || offset.unsigned_abs() > 1 << 40 {
            return Err(Bad::new("bad-histogram", node.at, "The histogram has more buckets than can be expanded"));
        }
        Ok((offset, counts))
    }

    fn expand(
        &self,
        fields: &Fields<'_>,
        buckets: Vec<(f64, i64)>,
        total: i64,
        sample_type: SampleType,
    ) -> Result<Vec<Value>, Bad> {
        let counted = |suffix, label, count: i64| Value {
            suffix,
            label,
            value: count as f64,
            exact: Some(count),
            sample_type,
            with_unit: false,
        };
        let mut values: Vec<Value> = buckets
            .into_iter()
            .map(|(bound, count)| counted("_bucket", Some(("le", boundary(bound))), count))
            .collect();
        values.push(counted("_count", None, total));
        if let Some(sum) = fields.double("sum")? {
            values.push(Value { suffix: "_sum", label: None, value: sum, exact: None, sample_type, with_unit: true });
        }
        Ok(values)
    }

    fn summary(&self, fields: &Fields<'_>) -> Result<Vec<Value>, Bad> {
        let depth = self.request.limits.depth_max;
        let mut values = Vec::new();
        for node in fields.elements("quantileValues", depth)? {
            let quantile = Fields::read(node, depth)?;
            let label = Some(("quantile", boundary(quantile.double("quantile")?.unwrap_or(0.0))));
            let value = quantile.double("value")?.unwrap_or(0.0);
            values.push(Value {
                suffix: "",
                label,
                value,
                exact: None,
                sample_type: SampleType::Gauge,
                with_unit: true,
            });
        }
        values.extend(self.expand(fields, Vec::new(), count(fields)?, SampleType::Counter)?);
        Ok(values)
    }
}

#[derive(Clone, Copy)]
struct Moment {
    when: Instant,
    start: Option<Instant>,
    line: u64,
}

/// What the numbers of a metric mean (AggregationTemporality: 1 delta, 2 cumulative).
fn sample_type(key: &str, data: &Fields<'_>) -> Result<SampleType, Bad> {
    let counts = match key {
        "gauge" => return Ok(SampleType::Gauge),
        "summary" => return Ok(SampleType::Counter),
        "sum" => data.boolean("isMonotonic")?,
        _ => true,
    };
    Ok(match (data.integer("aggregationTemporality")?.unwrap_or(0), counts) {
        (1, _) => SampleType::Delta,
        (2, true) => SampleType::Counter,
        (2, false) => SampleType::Gauge,
        _ => SampleType::Unknown,
    })
}

fn number(fields: &Fields<'_>, sample_type: SampleType) -> Result<Value, Bad> {
    let exact = fields.integer("asInt")?;
    let value = match exact {
        Some(exact) => Some(exact as f64),
        None => fields.double("asDouble")?,
    };
    let value = value.ok_or_else(|| Bad::new("missing-field", fields.at(""), "The point has no value"))?;
    Ok(Value { suffix: "", label: None, value, exact, sample_type, with_unit: true })
}

fn count(fields: &Fields<'_>) -> Result<i64, Bad> {
    let count = fields.integer("count")?.unwrap_or(0);
    if count < 0 { Err(Bad::new("bad-histogram", fields.at("count"), "A count is never negative")) } else { Ok(count) }
}

fn counts(fields: &Fields<'_>, depth: usize) -> Result<Vec<i64>, Bad> {
    let counts = fields.elements("bucketCounts", depth)?.into_iter().map(|node| {
        let count = integer(node, "bucketCounts")?;
        if count < 0 { Err(Bad::new("bad-histogram", node.at, "A count is never negative")) } else { Ok(count) }
    });
    counts.collect()
}

/// Counts per bucket become counts up to its bound; the last must be the total.
fn accumulate(buckets: &mut [(f64, i64)], total: i64, fields: &Fields<'_>) -> Result<(), Bad> {
    let mut sum: i64 = 0;
    for (_, count) in buckets.iter_mut() {
        sum = sum.saturating_add(*count);
        *count = sum;
    }
    if !buckets.is_empty() && (sum != total || buckets.iter().any(|(_, count)| *count < 0)) {
        let reason = format!("The buckets hold {sum}, the histogram counts {total}");
        return Err(Bad::new("bad-histogram", fields.at("count"), reason));
    }
    Ok(())
}

/// A bound as Prometheus writes it.
fn boundary(bound: f64) -> String {
    if bound == f64::INFINITY { "+Inf".to_owned() } else { bound.to_string() }
}
