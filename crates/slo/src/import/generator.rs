//! slo-generator: `sre.google.com/v2`. Windows and alerts of it stand in its error budget policy, another file.

use model::{Decimal, Fault};
use yaml::Fields;

use super::{Counted, Wanted, left};

pub(super) fn object(fields: &Fields<'_>, window: &str, warnings: &mut Vec<Fault>) -> Result<Wanted, Fault> {
    let metadata = Fields::open(fields.required("metadata")?, "metadata")?;
    let spec = Fields::open(fields.required("spec")?, "spec")?;
    let name = metadata.required_text("name")?;
    let service = match metadata.node("labels") {
        Some(node) => Fields::open(node, "metadata.labels")?.text("service_name")?.unwrap_or(name),
        None => name,
    };
    left(&spec, "exporters", "results are not sent from an OpenSLO file", warnings);
    left(&spec, "error_budget_policy", "its steps stand in a file of their own", warnings);
    let backend = spec.required_text("backend")?;
    if backend.split('/').next() != Some("prometheus") {
        return Err(Fault::bad_config("not-importable", format!("spec.backend is {backend:?}"))
            .advise("Only objectives over Prometheus have counters that can be named in OpenSLO.")
            .at(spec.required("backend")?.place.clone()));
    }
    Ok(Wanted {
        name: name.to_owned(),
        service: service.to_owned(),
        description: spec.text("description")?.map(str::to_owned),
        target: target(&spec)?,
        window: window.to_owned(),
        metric: metric(&spec)?,
        alerts: false,
    })
}

fn target(spec: &Fields<'_>) -> Result<Decimal, Fault> {
    spec.required("goal")?;
    Ok(spec.decimal("goal")?.unwrap_or(Decimal::ZERO))
}

fn metric(spec: &Fields<'_>) -> Result<Counted, Fault> {
    let sli = Fields::open(spec.required("service_level_indicator")?, "spec.service_level_indicator")?;
    let query = |key: &str| sli.required_text(key).map(|query| query.trim().to_owned());
    let method = spec.required_text("method")?;
    match (method, sli.node("filter_bad").is_some(), sli.node("filter_valid").is_some()) {
        ("good_bad_ratio", false, true) => {
            Ok(Counted::Good { good: query("filter_good")?, total: query("filter_valid")? })
        }
        ("good_bad_ratio", true, true) => Ok(Counted::Bad { bad: query("filter_bad")?, total: query("filter_valid")? }),
        ("good_bad_ratio", ..) => Err(Fault::bad_config("not-importable", format!("{} has no filter_valid", sli.path))
            .advise("Name all events: OpenSLO has no sum of good and bad ones.")
            .at(sli.place.clone())),
        _ => Err(Fault::bad_config("not-importable", format!("spec.method is {method:?}, which has no counts"))
            .advise("Write good_bad_ratio, or an SLO over a threshold by hand.")
            .at(spec.required("method")?.place.clone())),
    }
}
