//! What an application says in OTLP, as the JSON of `ExportMetricsServiceRequest` has it.
//!
//! Gauges, sums and histograms with bounds are kept. Cumulative numbers are taken as they are: when the application begins anew
//! they do as well. Exponential histograms, summaries and points without a temporality are refused, and counted.

use serde_json::Value;

use super::statsd::{is_label, is_name};
use super::{Applications, LABELS_MAX, Observed};
use crate::order::sort;

/// More bounds are refused: each is a number in every line.
const BOUNDS_MAX: usize = 32;
/// The point says that there is no number.
const NO_RECORDED_VALUE: u64 = 1;
/// What tells applications apart, of all that they say of themselves. Their instances have another id at each start: series would have no end.
const RESOURCE: &str = "service.name";

/// Takes every point, and gives how many were refused.
pub(super) fn take(said: &Value, applications: &mut Applications) -> u64 {
    let mut refused = 0;
    for resource in list(&said["resourceMetrics"]) {
        let about: Option<Vec<_>> =
            labels(list(&resource["resource"]["attributes"]).filter(|one| one["key"] == RESOURCE));
        for metric in list(&resource["scopeMetrics"]).flat_map(|scope| list(&scope["metrics"])) {
            for (kind, data) in
                metric.as_object().into_iter().flatten().filter(|(_, data)| data["dataPoints"].is_array())
            {
                for point in
                    list(&data["dataPoints"]).filter(|point| unsigned(&point["flags"]) & NO_RECORDED_VALUE == 0)
                {
                    let is_taken = about.as_deref().is_some_and(|about| {
                        let name = metric["name"].as_str().unwrap_or_default();
                        one(name, kind, data, point, about, applications).is_some_and(|taken| taken)
                    });
                    refused += u64::from(!is_taken);
                }
            }
        }
    }
    applications.refuse(refused);
    refused
}

/// `None` for what makes no sense, false for what finds no room.
fn one(
    name: &str,
    kind: &str,
    data: &Value,
    point: &Value,
    about: &[(String, String)],
    applications: &mut Applications,
) -> Option<bool> {
    let mut all = labels(list(&point["attributes"]))?;
    all.extend(
        about.iter().filter(|(name, _)| all.iter().all(|(known, _)| known != name)).cloned().collect::<Vec<_>>(),
    );
    sort(&mut all, |a, b| a < b);
    let number = || number(&point["asInt"]).or_else(|| number(&point["asDouble"]));
    let is_delta = match unsigned(&data["aggregationTemporality"]) {
        1 => Some(true),
        2 => Some(false),
        _ => None,
    };
    let observed = match kind {
        "gauge" => Observed::Gauge(number()?),
        "sum" if data["isMonotonic"] == true => {
            Observed::Counter { value: number().filter(|sum| *sum >= 0.0)?, is_delta: is_delta? }
        }
        "sum" if is_delta? => Observed::GaugeChange(number()?),
        "sum" => Observed::Gauge(number()?),
        "histogram" => histogram(point, is_delta?)?,
        _ => return None,
    };
    (is_name(name) && all.len() <= LABELS_MAX).then(|| applications.observe(name, all, observed))
}

fn histogram(point: &Value, is_delta: bool) -> Option<Observed> {
    let numbers = |member: &str| list(&point[member]).map(number).collect::<Option<Vec<f64>>>();
    let (bounds, counts) = (numbers("explicitBounds")?, numbers("bucketCounts")?);
    let is_rising = bounds.windows(2).all(|pair| pair[0] < pair[1]);
    let fits =
        counts.len() == bounds.len() + 1 && bounds.len() <= BOUNDS_MAX && counts.iter().all(|count| *count >= 0.0);
    let below: Vec<f64> = counts
        .iter()
        .scan(0.0, |sum, count| {
            *sum += count;
            Some(*sum)
        })
        .collect();
    let (count, below) = below.split_last().filter(|_| is_rising && fits)?;
    let sum = number(&point["sum"]).unwrap_or_default();
    Some(Observed::Histogram { bounds, below: below.to_vec(), count: *count, sum, is_delta })
}

fn labels<'v>(attributes: impl Iterator<Item = &'v Value>) -> Option<Vec<(String, String)>> {
    let text = |value: &Value| {
        let (kind, value) = value.as_object().and_then(|any| any.iter().next())?;
        match (kind.as_str(), value) {
            ("stringValue" | "intValue", Value::String(text)) => Some(text.clone()),
            ("boolValue" | "intValue" | "doubleValue", value @ (Value::Bool(_) | Value::Number(_))) => {
                Some(value.to_string())
            }
            _ => None,
        }
    };
    attributes
        .map(|one| {
            let (name, value) = (one["key"].as_str()?, text(&one["value"])?);
            is_label(name, &value).then(|| (name.to_owned(), value))
        })
        .collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// 64 bits are text in OTLP's JSON.
fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::String(text) => text.parse().ok()?,
        value => value.as_f64()?,
    };
    Some(number).filter(|number: &f64| number.is_finite() && number.abs() < 1e15)
}

fn unsigned(value: &Value) -> u64 {
    number(value).map_or(0, |number| number as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(metrics: Value, refused: u64, expect: &str) {
        let mut applications = Applications::default();
        let about = json!({"attributes": [
            {"key": "service.name", "value": {"stringValue": "shop"}}, {"key": "host.name", "value": {"stringValue": "x"}}
        ]});
        let said = json!({"resourceMetrics": [{"resource": about, "scopeMetrics": [{"metrics": metrics}]}]});
        assert_eq!(take(&said, &mut applications), refused, "{metrics}");
        assert_eq!(String::from_utf8(applications.members()).unwrap(), expect, "{metrics}");
    }

    #[test]
    fn points_become_series() {
        check(json!([]), 0, "");
        let sum = |temporality: u64, points: Value| json!([{"name": "offloaded", "sum": {"aggregationTemporality": temporality, "isMonotonic": true, "dataPoints": points}}]);
        let shop = "{\"service.name\":\"shop\"}";
        check(sum(2, json!([{"asInt": "5"}, {"asInt": "7"}])), 0, &format!(",\"counters\":[[\"offloaded\",7,{shop}]]"));
        check(
            sum(1, json!([{"asInt": 5}, {"asDouble": 0.5}])),
            0,
            &format!(",\"counters\":[[\"offloaded\",5.5,{shop}]]"),
        );
        let one = ",\"counters\":[[\"probity.application.refused\",1]]";
        check(sum(0, json!([{"asInt": 5}])), 1, one);
        check(sum(2, json!([{"asInt": -5}])), 1, one);
        check(sum(2, json!([{"flags": 1}])), 0, "");
        check(sum(2, json!([{"asInt": 1, "attributes": [{"key": "a", "value": {"arrayValue": {}}}]}])), 1, one);
        check(json!([{"name": "system.cpu.utilization", "gauge": {"dataPoints": [{"asDouble": 1}]}}]), 1, one);
        check(json!([{"name": "x", "summary": {"dataPoints": [{}]}}]), 1, one);
        check(
            json!([{"name": "queue", "gauge": {"dataPoints": [{"asDouble": 2.5, "attributes": [{"key": "n", "value": {"intValue": "3"}}]}]}}]),
            0,
            ",\"gauges\":[[\"queue\",2.5,{\"n\":\"3\",\"service.name\":\"shop\"}]]",
        );
    }

    #[test]
    fn histograms_have_what_is_below_their_bounds() {
        let wait = |counts: Value| {
            json!([{"name": "wait", "histogram": {"aggregationTemporality": 1, "dataPoints": [
                {"count": "6", "sum": 1.5, "bucketCounts": counts, "explicitBounds": [0.1, 1]}
            ]}}])
        };
        let series =
            |name: &str, le: &str, value: u8| format!("[\"wait_{name}\",{value},{{{le}\"service.name\":\"shop\"}}]");
        let expect: Vec<String> = [("0.1", 1), ("1", 3), ("+Inf", 6)]
            .map(|(le, value)| format!("[\"wait_bucket\",{value},{{\"service.name\":\"shop\",\"le\":\"{le}\"}}]"))
            .to_vec();
        let rest = format!("{},[\"wait_sum\",1.5,{{\"service.name\":\"shop\"}}]", series("count", "", 6));
        check(wait(json!(["1", "2", "3"])), 0, &format!(",\"counters\":[{},{rest}]", expect.join(",")));
        check(wait(json!(["1", "2"])), 1, ",\"counters\":[[\"probity.application.refused\",1]]");
    }
}
