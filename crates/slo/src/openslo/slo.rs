//! Service level objectives: what is promised.

use std::fmt;

use model::{Decimal, Fault, Place};
use yaml::{Fields, Node};

use super::alert::{self, PolicySpec};
use super::{IndicatorSpec, Metadata, Metric, Reference, comparison, described, metadata, name_format, sli};
use crate::calendar::Calendar;
use crate::duration::Duration;
use crate::measure::Comparison;
use crate::notes::Notes;

pub(super) const KEYS: &[&str] = &[
    "description",
    "service",
    "indicator",
    "indicatorRef",
    "budgetingMethod",
    "timeWindow",
    "objectives",
    "alertPolicies",
];

const OBJECTIVE_KEYS: &[&str] = &[
    "displayName",
    "op",
    "value",
    "target",
    "targetPercent",
    "timeSliceTarget",
    "timeSliceWindow",
    "indicator",
    "indicatorRef",
    "compositeWeight",
];

/// How the error budget is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Good events among all events.
    Occurrences,
    /// Good stretches of time among all.
    Timeslices,
    /// The mean of the ratios of stretches of time.
    RatioTimeslices,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// An indicator as an SLO names it.
pub(crate) type IndicatorReference = Reference<(Metadata, IndicatorSpec)>;

/// The `spec` of an SLO.
#[derive(Clone, Debug)]
pub(crate) struct SloSpec {
    pub(crate) described: bool,
    pub(crate) service: String,
    pub(crate) service_place: Place,
    pub(crate) indicator: Option<IndicatorReference>,
    pub(crate) method: Method,
    pub(crate) method_place: Place,
    pub(crate) windows: Vec<WindowSpec>,
    pub(crate) objectives: Vec<ObjectiveSpec>,
    pub(crate) policies: Vec<Reference<(Metadata, PolicySpec)>>,
}

#[derive(Clone, Debug)]
pub(crate) struct WindowSpec {
    pub(crate) duration: Duration,
    pub(crate) rolling: bool,
    /// Of a window that is not rolling: where it begins. Without one it is that of UTC.
    pub(crate) calendar: Option<Calendar>,
    pub(crate) place: Place,
}

#[derive(Clone, Debug)]
pub(crate) struct ObjectiveSpec {
    pub(crate) title: Option<String>,
    pub(crate) condition: Option<(Comparison, Decimal)>,
    pub(crate) target: Decimal,
    pub(crate) slice: Option<SliceSpec>,
    pub(crate) weight: Decimal,
    pub(crate) indicator: Option<IndicatorReference>,
    pub(crate) path: String,
    pub(crate) place: Place,
}

/// The stretches of time that the slice methods count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SliceSpec {
    pub(crate) width: Duration,
    /// The share of a slice that must be good; Timeslices alone have it.
    pub(crate) target: Option<Decimal>,
}

impl SloSpec {
    pub(super) fn read(spec: &Fields<'_>, notes: &mut Notes) -> Result<Self, Fault> {
        let (method, method_place) = method(spec)?;
        let indicator = indicator(spec, notes)?;
        let objectives = objectives(spec, method, indicator.as_ref(), notes)?;
        placement(spec, indicator.is_some(), &objectives)?;
        Ok(SloSpec {
            described: described(spec, notes)?,
            service: spec.required_text("service")?.to_owned(),
            service_place: spec.required("service")?.place.clone(),
            indicator,
            method,
            method_place,
            windows: windows(spec, notes)?,
            objectives,
            policies: alert::policies(spec, notes)?,
        })
    }
}

/// The indicator stands on the SLO, or (composite) on each objective; never on both, never on neither.
fn placement(spec: &Fields<'_>, on_slo: bool, objectives: &[ObjectiveSpec]) -> Result<(), Fault> {
    let on_objectives = objectives.iter().filter(|objective| objective.indicator.is_some()).count();
    if (on_slo && on_objectives == 0) || (!on_slo && on_objectives == objectives.len()) {
        return Ok(());
    }
    let message = match (on_slo, on_objectives) {
        (true, _) => "has an indicator and so has an objective".to_owned(),
        (false, 0) => "has no indicator".to_owned(),
        (false, count) => format!("has an indicator on {count} of {} objectives", objectives.len()),
    };
    Err(Fault::bad_config("indicator-placement", format!("{} {message}", spec.path))
        .advise("Write indicator or indicatorRef on the spec, or on each objective of a composite SLO.")
        .at(spec.place.clone()))
}

fn method(spec: &Fields<'_>) -> Result<(Method, Place), Fault> {
    let text = spec.required_text("budgetingMethod")?;
    let place = spec.required("budgetingMethod")?.place.clone();
    let all = [Method::Occurrences, Method::Timeslices, Method::RatioTimeslices];
    match all.into_iter().find(|method| method.to_string() == text) {
        Some(method) => Ok((method, place)),
        None => {
            let words = all.map(|method| method.to_string());
            let advice = match model::nearest(text, words.iter().map(String::as_str)) {
                Some(near) => format!("Did you mean {near:?}?"),
                None => format!("Write {}.", words.join(", ")),
            };
            Err(Fault::bad_config("unknown-word", format!("{} is {text:?}", spec.path_of("budgetingMethod")))
                .advise(advice)
                .at(place))
        }
    }
}

/// `indicator` or `indicatorRef` of an SLO or of an objective.
fn indicator(parent: &Fields<'_>, notes: &mut Notes) -> Result<Option<IndicatorReference>, Fault> {
    match (parent.child("indicator", &["metadata", "spec"])?, parent.text("indicatorRef")?) {
        (None, None) => Ok(None),
        (None, Some(name)) => {
            let (path, place) = (parent.path_of("indicatorRef"), parent.required("indicatorRef")?.place.clone());
            name_format(name, &path, &place, notes)?;
            Ok(Some(Reference::Named { name: name.to_owned(), path, place }))
        }
        (Some(inline), None) => {
            let metadata = Metadata::read(&inline.required_child("metadata", metadata::KEYS)?, notes)?;
            let spec = IndicatorSpec::read(&inline.required_child("spec", sli::KEYS)?, notes)?;
            Ok(Some(Reference::Inline((metadata, spec))))
        }
        (Some(inline), Some(_)) => {
            Err(Fault::bad_config("ref-and-inline", format!("{} has both indicator and indicatorRef", parent.path))
                .advise("Keep one of the two.")
                .at(inline.place))
        }
    }
}

fn windows(spec: &Fields<'_>, notes: &mut Notes) -> Result<Vec<WindowSpec>, Fault> {
    let items = spec.list("timeWindow")?;
    if items.len() != 1 {
        let message =
            format!("{} has {} entries; OpenSLO's validator wants one", spec.path_of("timeWindow"), items.len());
        let fault = Fault::bad_config("window-count", message).advise("Write one SLO for each window.");
        let place = spec.node("timeWindow").map_or(&spec.place, |node| &node.place).clone();
        notes.deviation(fault.at(place))?;
    }
    items.iter().map(|(path, node)| window(path, node, notes)).collect()
}

fn window(path: &str, node: &Node, notes: &mut Notes) -> Result<WindowSpec, Fault> {
    let fields = Fields::of(node, path, &["duration", "isRolling", "calendar"])?;
    let written = fields.required("duration")?;
    let duration = Duration::parse(fields.required_text("duration")?, &fields.path_of("duration"), &written.place)?;
    let calendar = fields.child("calendar", &["startTime", "timeZone"])?;
    let rolling = match fields.flag("isRolling")? {
        Some(rolling) => rolling,
        None => calendar.is_none(),
    };
    let calendar = calendar.as_ref().map(begins).transpose()?;
    if rolling == calendar.is_some() {
        let message = match rolling {
            true => format!("{path} is rolling and has a calendar"),
            false => format!("{path} is not rolling and has no calendar"),
        };
        let fault = Fault::bad_config("window-calendar", message)
            .advise("A rolling window has no calendar; a calendar window says startTime and timeZone.");
        notes.deviation(fault.at(node.place.clone()))?;
    }
    if rolling && duration.is_calendar() {
        let message = format!("A rolling window of {duration} is read as {}", duration.rolling());
        let fault = Fault::bad_config("rolling-month", message)
            .advise("Write the days, for example 30d; months have no fixed length.");
        notes.lint(fault.at(written.place.clone()));
    }
    Ok(WindowSpec { duration, rolling, calendar, place: node.place.clone() })
}

/// Local wall time in a zone, never a timestamp of UTC.
fn begins(calendar: &Fields<'_>) -> Result<Calendar, Fault> {
    let place = |key| calendar.required(key).map(|node| node.place.clone());
    let (start_at, zone_at) = (place("startTime")?, place("timeZone")?);
    let (start, zone) = (calendar.required_text("startTime")?, calendar.required_text("timeZone")?);
    Calendar::read((start, &start_at), (zone, &zone_at))
}

fn objectives(
    spec: &Fields<'_>,
    method: Method,
    indicator: Option<&IndicatorReference>,
    notes: &mut Notes,
) -> Result<Vec<ObjectiveSpec>, Fault> {
    spec.required("objectives")?;
    let items = spec.list("objectives")?;
    if items.is_empty() {
        return Err(Fault::bad_config("missing-key", format!("{} is empty", spec.path_of("objectives")))
            .advise("Write at least one objective with a target.")
            .at(spec.required("objectives")?.place.clone()));
    }
    items.iter().map(|(path, node)| objective(path, node, method, indicator, notes)).collect()
}

fn objective(
    path: &str,
    node: &Node,
    method: Method,
    on_slo: Option<&IndicatorReference>,
    notes: &mut Notes,
) -> Result<ObjectiveSpec, Fault> {
    let fields = Fields::of(node, path, OBJECTIVE_KEYS)?;
    let own = indicator(&fields, notes)?;
    let condition = condition(&fields, own.as_ref().or(on_slo), notes)?;
    let slice = slices(&fields, method, notes)?;
    let weight = fields.decimal("compositeWeight")?.unwrap_or(Decimal::ONE);
    if weight <= Decimal::ZERO {
        let message = format!("{} is not above 0", fields.path_of("compositeWeight"));
        return Err(Fault::bad_config("bad-weight", message)
            .advise("Write a number above 0, or leave it out: the default is 1.")
            .at(fields.required("compositeWeight")?.place.clone()));
    }
    Ok(ObjectiveSpec {
        title: fields.text("displayName")?.map(str::to_owned),
        condition,
        target: target(&fields)?,
        slice,
        weight,
        indicator: own,
        path: path.to_owned(),
        place: node.place.clone(),
    })
}

/// `op` and `value`: needed for an inline threshold metric, out of place on an inline ratio metric.
fn condition(
    fields: &Fields<'_>,
    indicator: Option<&IndicatorReference>,
    notes: &mut Notes,
) -> Result<Option<(Comparison, Decimal)>, Fault> {
    let (op, value) = (comparison(fields, "op")?, fields.decimal("value")?);
    match indicator {
        Some(Reference::Inline((_, IndicatorSpec { metric: Metric::Threshold(_), .. }))) => {
            fields.required("op")?;
            fields.required("value")?;
        }
        Some(Reference::Inline(_)) if op.is_some() || value.is_some() => {
            let key = if op.is_some() { "op" } else { "value" };
            let message = format!("{} has no meaning for a ratio", fields.path_of(key));
            let fault = Fault::bad_config("op-on-ratio", message).advise("Leave it out; it is ignored.");
            notes.deviation(fault.at(fields.required(key)?.place.clone()))?;
        }
        _ => {}
    }
    Ok(op.zip(value))
}

fn slices(fields: &Fields<'_>, method: Method, notes: &mut Notes) -> Result<Option<SliceSpec>, Fault> {
    let share = fields.decimal("timeSliceTarget")?;
    let window = fields.node("timeSliceWindow").map(|node| slice_window(fields, node, notes)).transpose()?;
    if share.is_some_and(|share| share <= Decimal::ZERO || share > Decimal::ONE) {
        let message = format!("{} lies outside (0, 1]", fields.path_of("timeSliceTarget"));
        return Err(Fault::bad_config("bad-target", message)
            .advise("Write the share of a slice that must be good, for example 0.95.")
            .at(fields.required("timeSliceTarget")?.place.clone()));
    }
    match (method, share, window) {
        (Method::Occurrences, ..) => Ok(None),
        (Method::Timeslices, None, _) => fields.required("timeSliceTarget").map(|_| None),
        (_, _, None) => fields.required("timeSliceWindow").map(|_| None),
        (Method::Timeslices, share, Some(width)) => Ok(Some(SliceSpec { width, target: share })),
        (Method::RatioTimeslices, _, Some(width)) => Ok(Some(SliceSpec { width, target: None })),
    }
}

fn slice_window(fields: &Fields<'_>, node: &Node, notes: &mut Notes) -> Result<Duration, Fault> {
    let path = fields.path_of("timeSliceWindow");
    let text = yaml::text(node, &path)?;
    if let Some(width) = Duration::seconds(text) {
        let fault =
            Fault::bad_config("slice-in-seconds", format!("{path} is {text}; OpenSLO has no letter for seconds"))
                .advise("Other tools refuse it; write minutes where they have to read the file.");
        notes.deviation(fault.at(node.place.clone()))?;
        return Ok(width);
    }
    let bare = text.parse::<u32>().ok().filter(|count| (1..=1_000_000).contains(count));
    let Some(count) = bare else {
        let width = Duration::parse(text, &path, &node.place)?;
        if width.is_calendar() {
            return Err(Fault::bad_config("bad-duration", format!("{path} is {width}, which has no fixed length"))
                .advise("Write minutes, hours, days or weeks.")
                .at(node.place.clone()));
        }
        return Ok(width);
    };
    let fault = Fault::bad_config("bare-minutes", format!("{path} is {count} without a unit, which means minutes"))
        .advise(format!("Write {count}m."));
    notes.deviation(fault.at(node.place.clone()))?;
    Ok(Duration::minutes(count))
}

/// Exactly one of `target` in [0, 1) and `targetPercent` in [0, 100), as a share.
fn target(fields: &Fields<'_>) -> Result<Decimal, Fault> {
    let (share, percent) = (fields.decimal("target")?, fields.decimal("targetPercent")?);
    let (written, key, most) = match (share, percent) {
        (Some(share), None) => (share, "target", Decimal::ONE),
        (None, Some(percent)) => (percent, "targetPercent", Decimal::integer(100)),
        (both, _) => {
            let count = if both.is_some() { "both target and targetPercent" } else { "no target" };
            return Err(Fault::bad_config("target-count", format!("{} has {count}", fields.path))
                .advise("Write either target (from 0 up to 1) or targetPercent (from 0 up to 100).")
                .at(fields.place.clone()));
        }
    };
    let share = if key == "target" { Some(written) } else { written.percent() };
    match share {
        Some(share) if share >= Decimal::ZERO && share < Decimal::ONE => Ok(share),
        _ => Err(bad_target(fields, key, written, most)?),
    }
}

fn bad_target(fields: &Fields<'_>, key: &str, written: Decimal, most: Decimal) -> Result<Fault, Fault> {
    let place = fields.required(key)?.place.clone();
    let path = fields.path_of(key);
    if written == most {
        let message =
            format!("{path} is {written}: a target of 100 % leaves no error budget, and no rate to burn it at");
        return Ok(Fault::bad_config("target-of-100-percent", message)
            .advise("Write the highest share you may miss, for example 0.9999; one bad event always breaks 100 %.")
            .at(place));
    }
    let hundred = Decimal::integer(100);
    let advice = match written.percent() {
        Some(share) if key == "target" && written > Decimal::ONE && written < hundred => {
            format!("Did you mean targetPercent: {written}, which is target: {share}?")
        }
        _ => format!("Write a number from 0 up to, but not including, {most}."),
    };
    Ok(Fault::bad_config("bad-target", format!("{path} is {written}, outside [0, {most})")).advise(advice).at(place))
}
