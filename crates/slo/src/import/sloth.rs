//! Sloth: `version: prometheus/v1`, and the same as an object of Kubernetes.

use model::Fault;
use yaml::Fields;

use super::{Counted, Wanted, left, named, percent};

pub(super) fn file(spec: &Fields<'_>, window: &str, warnings: &mut Vec<Fault>) -> Result<Vec<Wanted>, Fault> {
    let service = spec.required_text("service")?;
    left(spec, "labels", "labels of rules for Prometheus", warnings);
    left(spec, "sloPlugins", "plugins are programs", warnings);
    let mut wanted = vec![];
    for (path, node) in spec.list("slos")? {
        let slo = Fields::open(node, path)?;
        let name = slo.required_text("name")?;
        left(&slo, "labels", "labels of rules for Prometheus", warnings);
        left(&slo, "plugins", "plugins are programs", warnings);
        wanted.push(Wanted {
            name: format!("{service}-{name}"),
            service: service.to_owned(),
            description: slo.text("description")?.map(str::to_owned),
            target: percent(&slo, "objective")?,
            window: window.to_owned(),
            metric: metric(&slo)?,
            alerts: alerts(&slo, warnings)?,
        });
    }
    Ok(wanted)
}

fn metric(slo: &Fields<'_>) -> Result<Counted, Fault> {
    let sli = Fields::open(slo.required("sli")?, slo.path_of("sli"))?;
    // The file says error_query, the object of Kubernetes errorQuery.
    let either = |fields: &Fields<'_>, snake: &str, camel: &str| -> Result<String, Fault> {
        let key = if fields.node(camel).is_some() { camel } else { snake };
        fields.required_text(key).map(|query| query.trim().to_owned())
    };
    if let Some(events) = sli.node("events") {
        let events = Fields::open(events, sli.path_of("events"))?;
        return Ok(Counted::Bad {
            bad: either(&events, "error_query", "errorQuery")?,
            total: either(&events, "total_query", "totalQuery")?,
        });
    }
    if let Some(raw) = sli.node("raw") {
        let raw = Fields::open(raw, sli.path_of("raw"))?;
        return either(&raw, "error_ratio_query", "errorRatioQuery").map(Counted::Failures);
    }
    let what = named(&sli).join(", ");
    Err(Fault::bad_config("not-importable", format!("{} is {what}: plugins are programs", sli.path))
        .advise("Write the queries that the plugin makes as events.")
        .at(sli.place.clone()))
}

/// Sloth alerts unless both alerts are disabled.
fn alerts(slo: &Fields<'_>, warnings: &mut Vec<Fault>) -> Result<bool, Fault> {
    let Some(node) = slo.node("alerting") else { return Ok(false) };
    let alerting = Fields::open(node, slo.path_of("alerting"))?;
    for key in ["labels", "annotations"] {
        left(&alerting, key, "labels and annotations of alerts for Prometheus", warnings);
    }
    let mut any = false;
    for (snake, camel) in [("page_alert", "pageAlert"), ("ticket_alert", "ticketAlert")] {
        let key = if alerting.node(camel).is_some() { camel } else { snake };
        let disabled = match alerting.node(key) {
            Some(node) => Fields::open(node, alerting.path_of(key))?.flag("disable")?.unwrap_or(false),
            None => false,
        };
        any |= !disabled;
    }
    Ok(any)
}
