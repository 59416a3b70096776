//! A sample for people and for machines.

use std::fmt::Write as _;

use crate::names;
use crate::point::{Point, Points};
use crate::sample;

/// One line for each number, or one JSON document.
pub fn show(points: &Points, json: bool) -> String {
    if json {
        let members = sample::members(points);
        let members = String::from_utf8_lossy(&members);
        return format!("{{\"schema\":\"sample/1\",\"semconv\":\"{}\"{members}}}\n", names::SCHEMA_URL);
    }
    let mut text = String::new();
    for Point { metric, labels, value } in &points.0 {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let unit = if metric.unit == "1" { "" } else { metric.unit };
        // Names of devices are whatever their makers wrote.
        let labels = labels.join(",").replace(|letter: char| letter.is_control(), "?");
        let _ = writeln!(text, "{}\t{labels}\t{value}\t{unit}", metric.name);
    }
    text
}
