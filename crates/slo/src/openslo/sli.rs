//! Service level indicators: what is measured.

use model::{Fault, Place};
use yaml::{Fields, Node};

use super::{described, name_format};
use crate::notes::Notes;

pub(super) const KEYS: &[&str] = &["description", "thresholdMetric", "ratioMetric"];

/// The `spec` of an SLI, referenced or inline.
#[derive(Clone, Debug)]
pub(crate) struct IndicatorSpec {
    pub(crate) metric: Metric,
    pub(crate) place: Place,
}

#[derive(Clone, Debug)]
pub(crate) enum Metric {
    /// Values that are compared with an objective's `value`.
    Threshold(MetricSource),
    /// Good or bad events among all events.
    Ratio(Box<Ratio>),
    /// Values that are ratios already.
    Raw { source: MetricSource, raw_type: RawType },
}

#[derive(Clone, Debug)]
pub(crate) struct Ratio {
    pub(crate) counter: Option<bool>,
    /// The good events, or the bad ones.
    pub(crate) part: MetricSource,
    pub(crate) bad: bool,
    pub(crate) total: MetricSource,
}

/// Whether a raw ratio is one of successes or of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RawType {
    Success,
    Failure,
}

/// Where the numbers of an indicator come from; `spec` is free-form in OpenSLO.
#[derive(Clone, Debug)]
pub(crate) struct MetricSource {
    /// Name and place of the data source, if one is named.
    pub(crate) reference: Option<(String, Place)>,
    pub(crate) kind: Option<String>,
    pub(crate) spec: Option<Node>,
    /// The path of this source in its object.
    pub(crate) path: String,
    pub(crate) place: Place,
}

impl IndicatorSpec {
    pub(crate) fn read(spec: &Fields<'_>, notes: &mut Notes) -> Result<Self, Fault> {
        described(spec, notes)?;
        let metric = match (spec.node("thresholdMetric"), spec.node("ratioMetric")) {
            (Some(_), None) => Metric::Threshold(source(spec, "thresholdMetric", notes)?),
            (None, Some(_)) => ratio(spec, notes)?,
            (both, _) => {
                let count = if both.is_some() { "both thresholdMetric and ratioMetric" } else { "no metric" };
                return Err(Fault::bad_config("metric-count", format!("{} has {count}", spec.path))
                    .advise("Write either thresholdMetric or ratioMetric.")
                    .at(spec.place.clone()));
            }
        };
        Ok(IndicatorSpec { metric, place: spec.place.clone() })
    }
}

impl Metric {
    /// Every source, for checks that concern each of them.
    pub(crate) fn sources(&self) -> Vec<&MetricSource> {
        match self {
            Metric::Threshold(source) | Metric::Raw { source, .. } => vec![source],
            Metric::Ratio(ratio) => vec![&ratio.part, &ratio.total],
        }
    }

    /// Every source, to be changed in place.
    pub(crate) fn sources_mut(&mut self) -> Vec<&mut MetricSource> {
        match self {
            Metric::Threshold(source) | Metric::Raw { source, .. } => vec![source],
            Metric::Ratio(ratio) => vec![&mut ratio.part, &mut ratio.total],
        }
    }
}

fn ratio(spec: &Fields<'_>, notes: &mut Notes) -> Result<Metric, Fault> {
    let fields = spec.required_child("ratioMetric", &["counter", "good", "bad", "total", "raw", "rawType"])?;
    let counter = fields.flag("counter")?;
    let has = |key: &str| fields.node(key).is_some();
    match (has("good"), has("bad"), has("total"), has("raw")) {
        (true, false, true, false) | (false, true, true, false) => {
            let bad = has("bad");
            let part = source(&fields, if bad { "bad" } else { "good" }, notes)?;
            Ok(Metric::Ratio(Box::new(Ratio { counter, part, bad, total: source(&fields, "total", notes)? })))
        }
        (false, false, false, true) => {
            let raw_type = raw_type(&fields)?;
            Ok(Metric::Raw { source: source(&fields, "raw", notes)?, raw_type })
        }
        _ => {
            let message = format!("{} needs good or bad, and total; or raw and rawType", fields.path);
            Err(Fault::bad_config("ratio-parts", message)
                .advise("Name one query for all events and one for those that are good (or bad).")
                .at(fields.place.clone()))
        }
    }
}

fn raw_type(fields: &Fields<'_>) -> Result<RawType, Fault> {
    match fields.required_text("rawType")? {
        "success" => Ok(RawType::Success),
        "failure" => Ok(RawType::Failure),
        other => Err(Fault::bad_config("unknown-word", format!("{} is {other:?}", fields.path_of("rawType")))
            .advise("Write success or failure.")
            .at(fields.required("rawType")?.place.clone())),
    }
}

fn source(parent: &Fields<'_>, key: &str, notes: &mut Notes) -> Result<MetricSource, Fault> {
    let metric = parent.required_child(key, &["metricSource"])?;
    let fields = metric.required_child("metricSource", &["metricSourceRef", "type", "spec"])?;
    let spec = match fields.node("spec") {
        Some(node) if !Fields::open(node, fields.path_of("spec"))?.entries().is_empty() => Some(node.clone()),
        _ => {
            let message = format!("{} is empty", fields.path_of("spec"));
            let fault = Fault::bad_config("empty-source", message).advise("Write the query, or the table, it reads.");
            notes.deviation(fault.at(fields.place.clone()))?;
            None
        }
    };
    let reference = match fields.text("metricSourceRef")? {
        Some(name) => {
            let place = fields.required("metricSourceRef")?.place.clone();
            name_format(name, &fields.path_of("metricSourceRef"), &place, notes)?;
            Some((name.to_owned(), place))
        }
        None => None,
    };
    let kind = fields.text("type")?.map(str::to_owned);
    Ok(MetricSource { reference, kind, spec, path: fields.path.clone(), place: fields.place.clone() })
}
