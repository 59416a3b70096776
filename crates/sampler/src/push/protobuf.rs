//! The same request as protobuf. Field numbers are those of opentelemetry-proto's `metrics.proto`, `common.proto`,
//! `resource.proto`.

use super::otlp::{Metric, Point, Request};
use crate::names::{self, Kind};

/// `ExportMetricsServiceRequest`.
pub(in crate::push) fn request(request: &Request) -> Vec<u8> {
    let resource = message(1, &attribute("host.name", &request.host));
    let mut scope = text(1, "probity-sampler");
    scope.extend(text(2, env!("CARGO_PKG_VERSION")));
    let mut scoped = message(1, &scope);
    for one in &request.metrics {
        scoped.extend(message(2, &metric(one)));
    }
    scoped.extend(text(3, names::SCHEMA_URL));
    let mut metrics = message(1, &resource);
    metrics.extend(message(2, &scoped));
    metrics.extend(text(3, names::SCHEMA_URL));
    message(1, &metrics)
}

fn metric(metric: &Metric) -> Vec<u8> {
    let mut out = text(1, &metric.name);
    out.extend(text(3, metric.unit));
    let mut data: Vec<u8> = metric.points.iter().flat_map(|one| message(1, &point(one))).collect();
    match metric.kind {
        Kind::Gauge => out.extend(message(5, &data)),
        Kind::Counter => {
            // Cumulative, monotonic.
            data.extend([2 << 3, 2, 3 << 3, 1]);
            out.extend(message(7, &data));
        }
    }
    out
}

/// `NumberDataPoint`.
fn point(point: &Point) -> Vec<u8> {
    let mut out = fixed(3, point.time.to_le_bytes());
    match point.value.as_i64() {
        Some(int) => out.extend(fixed(6, int.to_le_bytes())),
        None => out.extend(fixed(4, point.value.as_f64().unwrap_or_default().to_le_bytes())),
    }
    for (name, value) in &point.labels {
        out.extend(message(7, &attribute(name, value.as_str().unwrap_or_default())));
    }
    out
}

/// `KeyValue` with a text.
fn attribute(name: &str, value: &str) -> Vec<u8> {
    let mut out = text(1, name);
    out.extend(message(2, &message(1, value.as_bytes())));
    out
}

fn text(field: u8, text: &str) -> Vec<u8> {
    if text.is_empty() { Vec::new() } else { message(field, text.as_bytes()) }
}

/// Wire type 2: a length and that many bytes.
pub(crate) fn message(field: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![field << 3 | 2];
    push_varint(&mut out, bytes.len() as u64);
    out.extend_from_slice(bytes);
    out
}

/// Wire type 0: seven bits a byte.
#[cfg(feature = "receive")]
pub(crate) fn varint(field: u8, number: u64) -> Vec<u8> {
    let mut out = vec![field << 3];
    push_varint(&mut out, number);
    out
}

fn push_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Wire type 1: eight bytes.
fn fixed(field: u8, bytes: [u8; 8]) -> Vec<u8> {
    let mut out = vec![field << 3 | 1];
    out.extend_from_slice(&bytes);
    out
}
