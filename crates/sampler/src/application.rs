//! What an application says of itself: statsd lines that it sends, or appends to a file.
//!
//! Numbers of one interval become cumulative series, so that a sample that is lost takes no request with it: counters, gauges, and
//! for times (in milliseconds) counts below bounds with the bound in the label `le`, as Prometheus' histograms have them.

mod file;
mod socket;
mod statsd;

use std::collections::BTreeMap;

use crate::names;
use crate::point::Number;
use crate::sample::{comma, push_labels, push_value};

pub(crate) use file::Tail;
pub use socket::Socket;
pub(crate) use socket::listen;
use statsd::{Line, Type};

/// More series of an application are refused, and counted.
const SERIES_MAX: usize = 100;
/// What all of them may take of a line.
const BYTES_MAX: usize = 96 << 10;
/// Bounds of times, in milliseconds.
const BOUNDS_MS: [u32; 12] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];
/// What was refused, as a series of its own.
const REFUSED: &str = "probity.application.refused";

/// All series of applications.
#[derive(Debug, Default)]
pub(crate) struct Applications {
    series: BTreeMap<Key, Series>,
    refused: u64,
}

type Key = (String, Vec<(String, String)>);

#[derive(Clone, Debug, PartialEq)]
enum Series {
    Counter(f64),
    Gauge(f64),
    Times { below: [f64; BOUNDS_MS.len()], count: f64, sum_ms: f64 },
}

impl Applications {
    /// Takes lines of statsd. What is none is counted.
    pub(crate) fn take(&mut self, text: &[u8]) {
        for line in text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()) {
            let is_taken = std::str::from_utf8(line).ok().and_then(Line::parse).is_some_and(|line| self.add(line));
            self.refused += u64::from(!is_taken);
        }
    }

    fn add(&mut self, line: Line<'_>) -> bool {
        // What the sampler measures itself nobody else says.
        let is_ours = names::TABLE.iter().any(|metric| metric.name == line.name) || line.name.starts_with("probity.");
        let key = (line.name.to_owned(), line.labels);
        if is_ours || self.series.len() == SERIES_MAX && !self.series.contains_key(&key) {
            return false;
        }
        let empty = match line.kind {
            Type::Counter => Series::Counter(0.0),
            Type::Gauge | Type::GaugeChange => Series::Gauge(0.0),
            Type::Time => Series::Times { below: [0.0; BOUNDS_MS.len()], count: 0.0, sum_ms: 0.0 },
        };
        let series = self.series.entry(key).or_insert(empty);
        line.values.iter().all(|value| series.add(line.kind, *value, line.weight))
    }

    /// `,"counters":[["offloaded_total",12]],"gauges":[["queue",3]]`; nothing where no application says anything.
    pub(crate) fn members(&self) -> Vec<u8> {
        let (mut counters, mut gauges, mut left_out) = (Vec::new(), Vec::new(), 0);
        for ((name, labels), series) in &self.series {
            let mut piece = Vec::new();
            series.push_to(&mut piece, name, labels);
            let list = if matches!(series, Series::Gauge(_)) { &mut gauges } else { &mut counters };
            match list.len() + piece.len() > BYTES_MAX / 2 {
                true => left_out += 1,
                false => list.extend(piece),
            }
        }
        if self.refused + left_out > 0 {
            push(&mut counters, REFUSED, &[], Number::from(self.refused + left_out));
        }
        let mut says = Vec::new();
        for (member, list) in [("counters", counters), ("gauges", gauges)] {
            if !list.is_empty() {
                says.extend_from_slice(format!(",\"{member}\":[").as_bytes());
                // Each series has a comma in front.
                says.extend_from_slice(&list[1..]);
                says.push(b']');
            }
        }
        says
    }
}

impl Series {
    /// False where a name is used for two kinds of numbers.
    fn add(&mut self, kind: Type, value: f64, weight: f64) -> bool {
        match (self, kind) {
            (Series::Counter(sum), Type::Counter) if value >= 0.0 => *sum += value * weight,
            (Series::Gauge(now), Type::Gauge) => *now = value,
            (Series::Gauge(now), Type::GaugeChange) => *now += value,
            (Series::Times { below, count, sum_ms }, Type::Time) if value >= 0.0 => {
                let fits = |bound: u32| value <= f64::from(bound);
                BOUNDS_MS.iter().zip(below).filter(|(bound, _)| fits(**bound)).for_each(|(_, below)| *below += weight);
                *count += weight;
                *sum_ms += value * weight;
            }
            _ => return false,
        }
        true
    }

    fn push_to(&self, out: &mut Vec<u8>, name: &str, labels: &[(String, String)]) {
        match self {
            Series::Counter(value) | Series::Gauge(value) => push(out, name, labels, number(*value)),
            Series::Times { below, count, sum_ms } => {
                let bounds = BOUNDS_MS.iter().map(u32::to_string).chain(["+Inf".to_owned()]);
                for (bound, below) in bounds.zip(below.iter().chain([count])) {
                    let mut labels = labels.to_vec();
                    labels.push(("le".to_owned(), bound));
                    push(out, &format!("{name}_bucket"), &labels, number(*below));
                }
                push(out, &format!("{name}_count"), labels, number(*count));
                push(out, &format!("{name}_sum"), labels, number(*sum_ms));
            }
        }
    }
}

/// Counts are integers as long as they are.
fn number(value: f64) -> Number {
    if value.fract() == 0.0 && value.abs() < 9e15 { Number::Int(value as i64) } else { Number::from(value) }
}

fn push(out: &mut Vec<u8>, name: &str, labels: &[(String, String)], value: Number) {
    comma(out, 1);
    out.push(b'[');
    seal::canonical::push_string(out, name);
    push_value(out, value);
    push_labels(out, labels.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &str, expect: &str) {
        let mut applications = Applications::default();
        applications.take(lines.as_bytes());
        assert_eq!(String::from_utf8(applications.members()).unwrap(), expect, "{lines}");
    }

    #[test]
    fn lines_become_series() {
        check("", "");
        check("offloaded:1|c\noffloaded:3|c|@0.5\r\n\n", ",\"counters\":[[\"offloaded\",7]]");
        check("queue:5|g\nqueue:-2|g\nqueue:+1|g", ",\"gauges\":[[\"queue\",4]]");
        check("hits:1|c|#b:2,a:1", ",\"counters\":[[\"hits\",1,{\"a\":\"1\",\"b\":\"2\"}]]");
        check("ratio:0.25|g", ",\"gauges\":[[\"ratio\",0.25]]");
        check(
            "x\n:1|c\nx:1|q\nx:a|c\nx:-1|c\nx:1|c|@2\nsystem.cpu.utilization:0|g\nx:nan|g",
            ",\"counters\":[[\"x\",0],[\"probity.application.refused\",8]]",
        );
        check("a:1|c\na:1|g", ",\"counters\":[[\"a\",1],[\"probity.application.refused\",1]]");
    }

    #[test]
    fn times_are_counted_below_bounds() {
        let mut applications = Applications::default();
        applications.take(b"wait:3:120|ms\nwait:9000|ms|@0.5");
        let said: serde_json::Value = {
            let members = applications.members();
            serde_json::from_slice(&[b"{", &members[1..], b"}"].concat()).unwrap()
        };
        let value = |name: &str, le: &str| {
            let all = said["counters"].as_array().unwrap();
            all.iter().find(|one| one[0] == name && (le.is_empty() || one[2]["le"] == le)).unwrap()[1].as_i64().unwrap()
        };
        assert_eq!((value("wait_bucket", "2"), value("wait_bucket", "5"), value("wait_bucket", "200")), (0, 1, 2));
        assert_eq!((value("wait_bucket", "5000"), value("wait_bucket", "+Inf")), (2, 4));
        assert_eq!((value("wait_count", ""), value("wait_sum", "")), (4, 18_123));
    }

    /// However much an application says, a line stays one.
    #[test]
    fn a_flood_is_bounded() {
        let mut applications = Applications::default();
        for number in 0..1_000 {
            let tags: Vec<String> = (0..8).map(|tag| format!("tag{tag}:{}", "v".repeat(60))).collect();
            applications.take(format!("{}{number}:1|ms|#{}\n", "n".repeat(90), tags.join(",")).as_bytes());
        }
        let members = applications.members();
        assert!(members.len() < BYTES_MAX, "{}", members.len());
        assert!(String::from_utf8(members).unwrap().contains("[\"probity.application.refused\",9"));
    }
}
