//! Samples as an OTLP request (opentelemetry-proto 1.x, `ExportMetricsServiceRequest`), read back from our own lines.
//!
//! Written by hand: the generated types would be as large as the sampler, and these are five messages.

use serde_json::{Map, Value, json};

use crate::names::{self, Kind};

/// All samples of some lines, by metric.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) host: String,
    pub(super) metrics: Vec<Metric>,
}

/// One metric and its points.
#[derive(Debug)]
pub(super) struct Metric {
    pub(super) name: String,
    pub(super) unit: &'static str,
    pub(super) kind: Kind,
    pub(super) points: Vec<Point>,
}

/// One number.
#[derive(Debug)]
pub(super) struct Point {
    pub(super) time: u64,
    pub(super) value: Value,
    pub(super) labels: Map<String, Value>,
}

impl Request {
    pub(super) fn of<'l>(host: &str, lines: impl Iterator<Item = &'l [u8]>) -> Self {
        let mut request = Request { host: host.to_owned(), metrics: Vec::new() };
        for line in lines {
            let said: Value = serde_json::from_slice(line).unwrap_or_default();
            let Some(time) = said["wall_ns"].as_u64() else { continue };
            for (member, kind) in [("m", None), ("counters", Some(Kind::Counter)), ("gauges", Some(Kind::Gauge))] {
                for point in said[member].as_array().into_iter().flatten() {
                    request.take(time, point, kind);
                }
            }
        }
        request
    }

    pub(super) fn is_empty(&self) -> bool {
        self.metrics.is_empty()
    }

    fn take(&mut self, time: u64, point: &Value, kind: Option<Kind>) {
        let (Some(name), value) = (point[0].as_str(), &point[1]) else { return };
        if !value.is_number() {
            return;
        }
        let known = names::TABLE.iter().find(|metric| metric.name == name);
        let (kind, unit) = match (kind, known) {
            (Some(kind), _) => (kind, ""),
            (None, Some(metric)) => (metric.kind, metric.unit),
            (None, None) => (Kind::Gauge, ""),
        };
        let labels = point[2].as_object().cloned().unwrap_or_default();
        let point = Point { time, value: value.clone(), labels };
        match self.metrics.iter_mut().find(|metric| metric.name == name) {
            Some(metric) => metric.points.push(point),
            None => self.metrics.push(Metric { name: name.to_owned(), unit, kind, points: vec![point] }),
        }
    }

    pub(super) fn json(&self) -> Vec<u8> {
        let metrics: Vec<Value> = self.metrics.iter().map(Metric::json).collect();
        let resource = json!({"attributes": [attribute("host.name", &self.host)]});
        let scope = json!({"name": "probity-sampler", "version": env!("CARGO_PKG_VERSION")});
        json!({"resourceMetrics": [{
            "resource": resource,
            "scopeMetrics": [{"scope": scope, "metrics": metrics, "schemaUrl": names::SCHEMA_URL}],
            "schemaUrl": names::SCHEMA_URL,
        }]})
        .to_string()
        .into_bytes()
    }
}

impl Metric {
    fn json(&self) -> Value {
        let points: Vec<Value> = self.points.iter().map(Point::json).collect();
        match self.kind {
            Kind::Gauge => json!({"name": self.name, "unit": self.unit, "gauge": {"dataPoints": points}}),
            // 2: cumulative.
            Kind::Counter => json!({"name": self.name, "unit": self.unit,
                "sum": {"dataPoints": points, "aggregationTemporality": 2, "isMonotonic": true}}),
        }
    }
}

impl Point {
    fn json(&self) -> Value {
        let labels: Vec<Value> =
            self.labels.iter().map(|(name, value)| attribute(name, value.as_str().unwrap_or_default())).collect();
        // 64 bits are text in OTLP's JSON.
        match self.value.as_i64() {
            Some(int) => json!({"attributes": labels, "timeUnixNano": self.time.to_string(), "asInt": int.to_string()}),
            None => json!({"attributes": labels, "timeUnixNano": self.time.to_string(), "asDouble": self.value}),
        }
    }
}

fn attribute(name: &str, value: &str) -> Value {
    json!({"key": name, "value": {"stringValue": value}})
}
