//! Other versions of OpenSLO, rewritten as v1 before anything is read: every value keeps the place it was written at.
//!
//! **v1alpha** names its metrics on the objectives (`ratioMetrics`) and its windows by unit and count. Objectives of one SLO with
//! different metrics become SLOs of their own, `NAME-1`, `NAME-2`: v1 would take them for a composite. Timeslices have no length
//! there; a minute is taken. **v2alpha** calls indicators `sli`, and has the data source beside the query instead of around it.

use model::{Fault, Place};
use yaml::{Fields, Key, Node, Value};

/// What the first version's slices are taken for.
const SLICE: &str = "1m";

/// A document as documents of v1.
///
/// # Errors
/// `unknown-api-version`; what v1 cannot say.
pub(crate) fn as_v1(node: &Node) -> Result<Vec<Node>, Fault> {
    let text = Fields::open(node, "")?.required_text("apiVersion")?;
    match text {
        "openslo/v1" => Ok(vec![node.clone()]),
        "openslo/v1alpha" => from_v1alpha(node),
        "openslo.com/v2alpha" | "openslo/v2alpha" | "openslo.com/v2alpha1" => from_v2alpha(node).map(|node| vec![node]),
        _ => Ok(vec![node.clone()]),
    }
}

fn from_v2alpha(node: &Node) -> Result<Node, Fault> {
    let metadata = Fields::open(Fields::open(node, "")?.required("metadata")?, "metadata")?;
    if let Some(title) = metadata.node("displayName") {
        return Err(Fault::bad_config("unknown-key", "metadata.displayName is not a key of v2alpha")
            .advise("Leave it out, or write apiVersion: openslo/v1.")
            .at(title.place.clone()));
    }
    let mut node = node.clone();
    version(&mut node);
    let kind = Fields::open(&node, "")?.required_text("kind")?.to_owned();
    let Some(spec) = child(&mut node, "spec") else { return Ok(node) };
    match kind.as_str() {
        "SLO" => {
            named_sli(spec);
            let objectives = child(spec, "objectives").and_then(items);
            for objective in objectives.into_iter().flatten() {
                remove(objective, "labels");
                named_sli(objective);
            }
        }
        "SLI" => sources(spec),
        _ => {}
    }
    Ok(node)
}

/// `sli` and `sliRef` as `indicator` and `indicatorRef`.
fn named_sli(node: &mut Node) {
    rename(node, "sliRef", "indicatorRef");
    rename(node, "sli", "indicator");
    if let Some(spec) = child(node, "indicator").and_then(|indicator| child(indicator, "spec")) {
        sources(spec);
    }
}

/// The sources of an indicator, each into its `metricSource`.
fn sources(spec: &mut Node) {
    if let Some(threshold) = child(spec, "thresholdMetric") {
        enclose(threshold);
    }
    let Some(ratio) = child(spec, "ratioMetric") else { return };
    for part in ["good", "bad", "total", "raw"] {
        if let Some(part) = child(ratio, part) {
            enclose(part);
        }
    }
}

fn enclose(source: &mut Node) {
    rename(source, "dataSourceRef", "metricSourceRef");
    if let Some(inline) = remove(source, "dataSourceSpec") {
        // Of a data source only its type is looked at.
        let Value::Map(entries) = inline.value else { return };
        let kind = entries.into_iter().find(|(key, _)| key.text == "type");
        push(source, kind);
    }
    let place = source.place.clone();
    let inner = Node { place: place.clone(), value: std::mem::replace(&mut source.value, Value::Map(vec![])) };
    push(source, Some((Key { text: "metricSource".to_owned(), place }, inner)));
}

fn from_v1alpha(node: &Node) -> Result<Vec<Node>, Fault> {
    let fields = Fields::of(node, "", &["apiVersion", "kind", "metadata", "spec"])?;
    let mut whole = node.clone();
    version(&mut whole);
    if fields.required_text("kind")? != "SLO" {
        return Ok(vec![whole]);
    }
    let spec = fields.required_child(
        "spec",
        &["description", "service", "indicator", "timeWindows", "budgetingMethod", "objectives"],
    )?;
    let metadata = fields.required_child("metadata", &["name", "displayName"])?;
    let (name, name_place) = (metadata.required_text("name")?, &metadata.required("name")?.place);
    let sliced = spec.text("budgetingMethod")? == Some("Timeslices");
    let Some(spec_node) = child(&mut whole, "spec") else { return Ok(vec![whole]) };
    windows(&spec, spec_node)?;
    if let Some(indicator) = spec.child("indicator", &["thresholdMetric"])? {
        let threshold = source(&indicator, "thresholdMetric")?;
        replace(spec_node, "indicator", inline(name, name_place, "thresholdMetric", threshold));
        for objective in child(spec_node, "objectives").and_then(items).into_iter().flatten() {
            slice(objective, sliced);
        }
        return Ok(vec![whole]);
    }
    let objectives = spec.list("objectives")?;
    let mut groups: Vec<(Node, Vec<Node>)> = Vec::new();
    for (path, objective) in objectives {
        let fields = Fields::of(objective, &path, OBJECTIVE)?;
        let metric = ratio(&fields)?;
        let mut objective = objective.clone();
        ["ratioMetrics", "op", "value"].into_iter().for_each(|key| drop(remove(&mut objective, key)));
        slice(&mut objective, sliced);
        match groups.iter_mut().find(|(known, _)| is_same(known, &metric)) {
            Some((_, members)) => members.push(objective),
            None => groups.push((metric, vec![objective])),
        }
    }
    let several = groups.len() > 1;
    let one = |(number, (metric, members)): (usize, (Node, Vec<Node>))| {
        let mut whole = whole.clone();
        let own = if several { format!("{name}-{}", number + 1) } else { name.to_owned() };
        if let Some(metadata) = child(&mut whole, "metadata") {
            replace(metadata, "name", text(&own, name_place));
        }
        if let Some(spec) = child(&mut whole, "spec") {
            let place = members.first().map_or_else(Place::default, |member| member.place.clone());
            replace(spec, "objectives", Node { place, value: Value::List(members) });
            replace(spec, "indicator", inline(&own, name_place, "ratioMetric", metric));
        }
        whole
    };
    Ok(groups.into_iter().enumerate().map(one).collect())
}

const OBJECTIVE: &[&str] =
    &["displayName", "op", "value", "target", "timeSliceTarget", "timeSliceWindow", "ratioMetrics"];

/// `timeWindows` of units as `timeWindow` of durations.
fn windows(spec: &Fields<'_>, node: &mut Node) -> Result<(), Fault> {
    let mut windows = vec![];
    for (path, window) in spec.list("timeWindows")? {
        let fields = Fields::of(window, &path, &["unit", "count", "isRolling", "calendar"])?;
        let unit = fields.required("unit")?;
        let letters = [
            ("Minute", 'm'),
            ("Hour", 'h'),
            ("Day", 'd'),
            ("Week", 'w'),
            ("Month", 'M'),
            ("Quarter", 'Q'),
            ("Year", 'Y'),
        ];
        let word = fields.required_text("unit")?;
        let Some((_, letter)) = letters.iter().find(|(known, _)| *known == word) else {
            return Err(Fault::bad_config("unknown-word", format!("{} is {word:?}", fields.path_of("unit")))
                .advise("Write Minute, Hour, Day, Week, Month, Quarter or Year.")
                .at(unit.place.clone()));
        };
        let count = fields.required("count")?;
        let mut window = window.clone();
        remove(&mut window, "unit");
        replace(&mut window, "count", text(&format!("{}{letter}", fields.required_text("count")?), &count.place));
        rename(&mut window, "count", "duration");
        windows.push(window);
    }
    let place = spec.node("timeWindows").map_or(&spec.place, |node| &node.place).clone();
    remove(node, "timeWindows");
    push(
        node,
        Some((
            Key { text: "timeWindow".to_owned(), place: place.clone() },
            Node { place, value: Value::List(windows) },
        )),
    );
    Ok(())
}

/// Slices of a minute where none are named.
fn slice(objective: &mut Node, sliced: bool) {
    if sliced && child(objective, "timeSliceWindow").is_none() {
        let place = objective.place.clone();
        push(objective, Some((Key { text: "timeSliceWindow".to_owned(), place: place.clone() }, text(SLICE, &place))));
    }
}

/// `ratioMetrics` as a `ratioMetric`.
fn ratio(objective: &Fields<'_>) -> Result<Node, Fault> {
    let written = objective.required_child("ratioMetrics", &["incremental", "good", "total"])?;
    let mut metric = Node { place: written.place.clone(), value: Value::Map(vec![]) };
    let entry = |name: &str, node: Node| Some((Key { text: name.to_owned(), place: node.place.clone() }, node));
    if let Some(counter) = written.node("incremental") {
        push(&mut metric, entry("counter", counter.clone()));
    }
    for part in ["good", "total"] {
        push(&mut metric, entry(part, source(&written, part)?));
    }
    Ok(metric)
}

/// `{source, queryType, query}` in its `metricSource`.
fn source(parent: &Fields<'_>, key: &str) -> Result<Node, Fault> {
    let fields = parent.required_child(key, &["source", "queryType", "query", "metadata"])?;
    let (kind, query) = (fields.required_text("source")?, fields.required("query")?);
    let kind = if kind.eq_ignore_ascii_case("prometheus") { "Prometheus" } else { kind };
    let map = |entries| map(&fields.place, entries);
    let kind = text(kind, &fields.required("source")?.place);
    Ok(map(vec![("metricSource", map(vec![("type", kind), ("spec", map(vec![("query", query.clone())]))]))]))
}

/// An indicator on the spot.
fn inline(name: &str, place: &Place, kind: &str, metric: Node) -> Node {
    let map = |entries| map(place, entries);
    let spec = map(vec![(kind, metric)]);
    map(vec![("metadata", map(vec![("name", text(name, place))])), ("spec", spec)])
}

fn map(place: &Place, entries: Vec<(&str, Node)>) -> Node {
    let entries =
        entries.into_iter().map(|(name, node)| (Key { text: name.to_owned(), place: node.place.clone() }, node));
    Node { place: place.clone(), value: Value::Map(entries.collect()) }
}

fn version(node: &mut Node) {
    if let Some(version) = child(node, "apiVersion") {
        version.value = Value::Scalar { text: "openslo/v1".to_owned(), plain: true };
    }
}

fn text(text: &str, place: &Place) -> Node {
    Node { place: place.clone(), value: Value::Scalar { text: text.to_owned(), plain: false } }
}

fn child<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    let Value::Map(entries) = &mut node.value else { return None };
    entries.iter_mut().find(|(known, _)| known.text == key).map(|(_, node)| node)
}

fn items(node: &mut Node) -> Option<&mut Vec<Node>> {
    if let Value::List(items) = &mut node.value { Some(items) } else { None }
}

fn remove(node: &mut Node, key: &str) -> Option<Node> {
    let Value::Map(entries) = &mut node.value else { return None };
    let at = entries.iter().position(|(known, _)| known.text == key)?;
    Some(entries.remove(at).1)
}

fn push(node: &mut Node, entry: Option<(Key, Node)>) {
    if let Value::Map(entries) = &mut node.value {
        entries.extend(entry);
    }
}

fn rename(node: &mut Node, from: &str, to: &str) {
    let Value::Map(entries) = &mut node.value else { return };
    // A key that is there under both names stays for the reader to refuse.
    if entries.iter().any(|(key, _)| key.text == to) {
        return;
    }
    if let Some((key, _)) = entries.iter_mut().find(|(key, _)| key.text == from) {
        to.clone_into(&mut key.text);
    }
}

/// Puts `value` where `key` is, or at the end.
fn replace(node: &mut Node, key: &str, value: Node) {
    match child(node, key) {
        Some(old) => *old = value,
        None => {
            let place = value.place.clone();
            push(node, Some((Key { text: key.to_owned(), place }, value)));
        }
    }
}

/// The same but for places.
fn is_same(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Scalar { text: a, .. }, Value::Scalar { text: b, .. }) => a == b,
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            let pairs = a.iter().zip(b);
            a.len() == b.len() && pairs.into_iter().all(|((k, a), (l, b))| k.text == l.text && is_same(a, b))
        }
        _ => false,
    }
}
