//! Pyrra: objects of Kubernetes, `pyrra.dev/v1alpha1`.

use model::Fault;
use yaml::Fields;

use super::{Counted, Wanted, left, named, percent};

pub(super) fn object(fields: &Fields<'_>, warnings: &mut Vec<Fault>) -> Result<Wanted, Fault> {
    let metadata = Fields::open(fields.required("metadata")?, "metadata")?;
    let spec = Fields::open(fields.required("spec")?, "spec")?;
    let name = metadata.required_text("name")?;
    left(&metadata, "labels", "labels of rules for Prometheus", warnings);
    left(&spec, "performanceOverAccuracy", "counts are exact here", warnings);
    let window = spec.required("window")?;
    let length = spec.required_text("window")?;
    let is_length =
        length.strip_suffix(['m', 'h', 'd', 'w']).is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    if !is_length {
        return Err(Fault::bad_config(
            "bad-duration",
            format!("spec.window is {length:?}, which is not one length of time"),
        )
        .advise("Write it in one unit: 28d, 4w.")
        .at(window.place.clone()));
    }
    Ok(Wanted {
        name: name.to_owned(),
        service: name.to_owned(),
        description: spec.text("description")?.map(str::to_owned),
        target: percent(&spec, "target")?,
        window: length.to_owned(),
        metric: metric(&spec, warnings)?,
        alerts: !disabled(&spec)?,
    })
}

fn metric(spec: &Fields<'_>, warnings: &mut Vec<Fault>) -> Result<Counted, Fault> {
    let indicator = Fields::open(spec.required("indicator")?, "spec.indicator")?;
    let query = |parent: &Fields<'_>, key: &str| -> Result<String, Fault> {
        let part = Fields::open(parent.required(key)?, parent.path_of(key))?;
        part.required_text("metric").map(|metric| metric.trim().to_owned())
    };
    for (kind, part, is_bad) in [("ratio", "errors", true), ("latency", "success", false)] {
        let Some(node) = indicator.node(kind) else { continue };
        let fields = Fields::open(node, indicator.path_of(kind))?;
        left(&fields, "grouping", "OpenSLO has one SLO for each group: write them one by one", warnings);
        let (part, total) = (query(&fields, part)?, query(&fields, "total")?);
        return Ok(if is_bad { Counted::Bad { bad: part, total } } else { Counted::Good { good: part, total } });
    }
    let what = named(&indicator).join(", ");
    Err(Fault::bad_config("not-importable", format!("spec.indicator is {what}, which has no counts in OpenSLO"))
        .advise("Write an SLO over a threshold by hand: native histograms and gauges are values, not events.")
        .at(indicator.place.clone()))
}

fn disabled(spec: &Fields<'_>) -> Result<bool, Fault> {
    match spec.node("alerting") {
        Some(node) => Ok(Fields::open(node, "spec.alerting")?.flag("disabled")?.unwrap_or(false)),
        None => Ok(false),
    }
}
