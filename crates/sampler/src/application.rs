//! What an application says of itself: statsd lines that it sends, or appends to a file, and OTLP that it posts.
//!
//! Numbers of one interval become cumulative series, so that a sample that is lost takes no request with it: counters, gauges, and
//! for times (of statsd in milliseconds) counts below bounds with the bound in the label `le`, as Prometheus' histograms have them.

mod file;
#[cfg(feature = "receive")]
mod intake;
#[cfg(feature = "receive")]
mod otlp;
#[cfg(feature = "receive")]
mod protobuf;
mod socket;
mod statsd;

use std::collections::BTreeMap;

use crate::names;
use crate::point::Number;
use crate::sample::{comma, push_labels, push_value};

pub(crate) use file::Tail;
#[cfg(all(feature = "fuzz", unix))]
pub(crate) use intake::answer;
#[cfg(feature = "receive")]
pub(crate) use intake::receive;
pub use socket::Socket;
pub(crate) use socket::listen;
use statsd::{Line, Type};

/// More series of an application are refused, and counted.
const SERIES_MAX: usize = 100;
/// What all of them may take of a line.
const BYTES_MAX: usize = 96 << 10;
/// Labels of one series.
const LABELS_MAX: usize = 8;
/// Bounds of times of statsd, in milliseconds.
const BOUNDS_MS: [f64; 12] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0];
/// What was refused, as a series of its own.
const REFUSED: &str = "probity.application.refused";

/// All series of applications.
#[derive(Debug, Default)]
pub(crate) struct Applications {
    series: BTreeMap<Key, Series>,
    refused: u64,
}

/// Name, and labels sorted by name.
type Key = (String, Vec<(String, String)>);

/// What is known of a series.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Series {
    /// Only rises, or begins anew.
    Counter(f64),
    /// Rises and falls.
    Gauge(f64),
    /// How many were not above each of some bounds, how many there were, and what all of them are together.
    Histogram { bounds: Vec<f64>, below: Vec<f64>, count: f64, sum: f64 },
}

/// What is said of a series at once.
#[derive(Debug)]
enum Observed {
    /// More of it, or all that there ever was.
    Counter {
        value: f64,
        is_delta: bool,
    },
    Gauge(f64),
    GaugeChange(f64),
    Histogram {
        bounds: Vec<f64>,
        below: Vec<f64>,
        count: f64,
        sum: f64,
        is_delta: bool,
    },
}

impl Applications {
    /// What all of them may take of a line.
    #[cfg(all(feature = "fuzz", unix))]
    pub(crate) const BYTES_MAX: usize = BYTES_MAX;

    /// Takes lines of statsd. What is none is counted.
    pub(crate) fn take(&mut self, text: &[u8]) {
        for line in text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()) {
            let is_taken = std::str::from_utf8(line).ok().and_then(Line::parse).is_some_and(|line| self.add(line));
            self.refused += u64::from(!is_taken);
        }
    }

    /// Counts what was refused before it came here.
    #[cfg(feature = "receive")]
    fn refuse(&mut self, count: u64) {
        self.refused += count;
    }

    /// Every series, and how many things that were said are not among them.
    pub(crate) fn known(&self) -> (impl Iterator<Item = (&Key, &Series)>, u64) {
        (self.series.iter(), self.refused)
    }

    fn add(&mut self, line: Line<'_>) -> bool {
        line.values.iter().all(|value| {
            let observed = match line.kind {
                Type::Counter if *value < 0.0 => None,
                Type::Counter => Some(Observed::Counter { value: value * line.weight, is_delta: true }),
                Type::Gauge => Some(Observed::Gauge(*value)),
                Type::GaugeChange => Some(Observed::GaugeChange(*value)),
                Type::Time if *value < 0.0 => None,
                Type::Time => Some(Observed::Histogram {
                    bounds: BOUNDS_MS.to_vec(),
                    below: BOUNDS_MS.iter().map(|bound| if value <= bound { line.weight } else { 0.0 }).collect(),
                    count: line.weight,
                    sum: value * line.weight,
                    is_delta: true,
                }),
            };
            observed.is_some_and(|observed| self.observe(line.name, line.labels.clone(), observed))
        })
    }

    /// False where there is no room for the series, or its name is used for something else.
    fn observe(&mut self, name: &str, labels: Vec<(String, String)>, observed: Observed) -> bool {
        // What the sampler measures itself nobody else says.
        let is_ours = names::TABLE.iter().any(|metric| metric.name == name) || name.starts_with("probity.");
        let key = (name.to_owned(), labels);
        if is_ours {
            return false;
        }
        if let Some(series) = self.series.get_mut(&key) {
            return series.observe(observed);
        }
        let has_room = self.series.len() < SERIES_MAX;
        if has_room {
            self.series.insert(key, Series::of(observed));
        }
        has_room
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
    /// The first that is heard of it.
    fn of(observed: Observed) -> Self {
        match observed {
            Observed::Counter { value, .. } => Series::Counter(value),
            Observed::Gauge(value) | Observed::GaugeChange(value) => Series::Gauge(value),
            Observed::Histogram { bounds, below, count, sum, .. } => Series::Histogram { bounds, below, count, sum },
        }
    }

    /// False where a name is used for two kinds of numbers.
    fn observe(&mut self, observed: Observed) -> bool {
        match (&mut *self, observed) {
            (Series::Counter(sum), Observed::Counter { value, is_delta: true }) => *sum += value,
            (Series::Gauge(now), Observed::GaugeChange(value)) => *now += value,
            (
                Series::Histogram { bounds, below, count, sum },
                Observed::Histogram { bounds: theirs, below: more, count: counted, sum: summed, is_delta: true },
            ) => {
                if *bounds != theirs {
                    return false;
                }
                below.iter_mut().zip(more).for_each(|(below, more)| *below += more);
                *count += counted;
                *sum += summed;
            }
            (Series::Counter(_), observed @ Observed::Counter { .. })
            | (Series::Gauge(_), observed @ Observed::Gauge(_))
            | (Series::Histogram { .. }, observed @ Observed::Histogram { .. }) => *self = Series::of(observed),
            _ => return false,
        }
        true
    }

    fn push_to(&self, out: &mut Vec<u8>, name: &str, labels: &[(String, String)]) {
        match self {
            Series::Counter(value) | Series::Gauge(value) => push(out, name, labels, number(*value)),
            Series::Histogram { bounds, below, count, sum } => {
                let bounds = bounds.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
                for (bound, below) in bounds.zip(below.iter().chain([count])) {
                    let mut labels = labels.to_vec();
                    labels.push(("le".to_owned(), bound));
                    push(out, &format!("{name}_bucket"), &labels, number(*below));
                }
                push(out, &format!("{name}_count"), labels, number(*count));
                push(out, &format!("{name}_sum"), labels, number(*sum));
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
            ",\"counters\":[[\"probity.application.refused\",8]]",
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
