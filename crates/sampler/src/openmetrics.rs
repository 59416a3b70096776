//! The page of `/metrics`, in OpenMetrics.

use std::fmt::Write as _;

use crate::application::{Applications, Series};
use crate::names::{self, Kind};
use crate::point::Point;
use crate::shared::State;

/// The newest sample. Units are not in the names: they are in probity-segment(5).
pub(crate) fn page(state: &State) -> String {
    let mut text = String::new();
    for metric in names::TABLE {
        let points: Vec<&Point> = state.points.0.iter().filter(|point| point.metric == *metric).collect();
        if points.is_empty() {
            continue;
        }
        let (name, kind) = (underscored(metric.name), metric.kind.word());
        let _ = writeln!(text, "# TYPE {name} {kind}\n# HELP {name} {} in {}.", metric.name, metric.unit);
        let suffix = if metric.kind == Kind::Counter { "_total" } else { "" };
        for point in points {
            let labels: Vec<String> = point
                .labels
                .iter()
                .map(|(name, value)| format!("{}=\"{}\"", underscored(name), escaped(value)))
                .collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(text, "{name}{suffix}{labels} {}", point.value);
        }
    }
    for (name, about, value) in [
        ("lines", "Lines that are on the disk", state.durable),
        ("acknowledged_lines", "Lines that every receiver has", state.acknowledged),
        ("waiting_samples", "Samples that wait for the disk", state.waiting as u64),
    ] {
        let _ = writeln!(text, "# TYPE probity_sampler_{name} gauge\n# HELP probity_sampler_{name} {about}.");
        let _ = writeln!(text, "probity_sampler_{name} {value}");
    }
    applications(&mut text, &state.applications);
    text + "# EOF\n"
}

/// The series of applications, as `app_` and their name. What cannot be told apart when all that is not a letter or a digit is an
/// underscore is left out, and counted. There are few enough to look through all of them for each.
fn applications(text: &mut String, applications: &Applications) {
    let (all, refused) = applications.known();
    let mut families: Vec<Family<'_>> = Vec::new();
    let mut left_out = 0_u64;
    for ((name, labels), series) in all {
        let (kind, suffixes): (_, &[&str]) = match series {
            Series::Counter(_) => ("counter", &["", "_total"]),
            Series::Gauge(_) => ("gauge", &[""]),
            Series::Histogram { .. } => ("histogram", &["", "_bucket", "_count", "_sum"]),
        };
        let mut name = format!("app_{}", underscored(name));
        if kind == "counter" && name.ends_with("_total") {
            name.truncate(name.len() - "_total".len());
        }
        let names: Vec<String> = labels.iter().map(|(name, _)| underscored(name)).collect();
        let is_clear = names.iter().enumerate().all(|(at, name)| !names[..at].contains(name));
        let pairs = names.iter().zip(labels).map(|(name, (_, value))| format!("label_{name}=\"{}\"", escaped(value)));
        let labels = pairs.collect::<Vec<_>>().join(",");
        let said = |known: &str| suffixes.iter().any(|suffix| known.strip_prefix(name.as_str()) == Some(suffix));
        match families.iter().position(|family| family.name == name && family.kind == kind) {
            Some(at) if is_clear && families[at].series.iter().all(|(known, _)| *known != labels) => {
                families[at].series.push((labels, series));
            }
            None if is_clear && !families.iter().any(|family| family.names().any(|known| said(&known))) => {
                families.push(Family { name, kind, suffixes, series: vec![(labels, series)] });
            }
            _ => left_out += 1,
        }
    }
    for Family { name, kind, series, .. } in &families {
        let _ = writeln!(text, "# TYPE {name} {kind}\n# HELP {name} What an application says.");
        series.iter().for_each(|(labels, series)| sample(text, name, labels, series));
    }
    for (name, about, value) in [
        ("refused", "What applications said and was refused", refused),
        ("left_out", "Series of applications that are not in here", left_out),
    ] {
        let _ = writeln!(text, "# TYPE probity_application_{name} gauge\n# HELP probity_application_{name} {about}.");
        let _ = writeln!(text, "probity_application_{name} {value}");
    }
}

/// Series of one name.
struct Family<'s> {
    name: String,
    kind: &'static str,
    suffixes: &'static [&'static str],
    /// By their labels.
    series: Vec<(String, &'s Series)>,
}

impl Family<'_> {
    /// What its samples are called, and what they may not be called elsewhere.
    fn names(&self) -> impl Iterator<Item = String> {
        self.suffixes.iter().map(|suffix| format!("{}{suffix}", self.name))
    }
}

fn sample(text: &mut String, name: &str, labels: &str, series: &Series) {
    let braced = |labels: &str| if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
    let _ = match series {
        Series::Counter(value) => writeln!(text, "{name}_total{} {value}", braced(labels)),
        Series::Gauge(value) => writeln!(text, "{name}{} {value}", braced(labels)),
        Series::Histogram { bounds, below, count, sum } => {
            let comma = if labels.is_empty() { "" } else { "," };
            let bounds = bounds.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
            for (bound, below) in bounds.zip(below.iter().chain([count])) {
                let _ = writeln!(text, "{name}_bucket{{{labels}{comma}le=\"{bound}\"}} {below}");
            }
            let labels = braced(labels);
            writeln!(text, "{name}_count{labels} {count}\n{name}_sum{labels} {sum}")
        }
    };
}

fn underscored(name: &str) -> String {
    name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_")
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
