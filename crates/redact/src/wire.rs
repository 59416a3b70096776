//! What is written about findings and redactions: one JSON line each, `finding/1` and `redaction/1`. Never the value.

use serde_json::{Value, json};

use crate::piece::Spot;
use crate::redactor::Seen;

/// A finding as `redact --check --json` prints it.
///
/// `start` and `end` are bytes of the file, `line` counts from 1; all three are null in containers, where `place` says
/// all there is. `score` is a share of one.
pub fn finding(file: &str, seen: &Seen<'_>) -> Value {
    let bytes = seen.source();
    json!({
        "schema": "finding/1",
        "file": file,
        "line": seen.line(),
        "start": bytes.as_ref().map(|bytes| bytes.start),
        "end": bytes.as_ref().map(|bytes| bytes.end),
        "place": place(&seen.spot),
        "type": seen.kind,
        "detector": seen.detector,
        "score": f64::from(seen.score) / 100.0,
    })
}

/// A line of the redaction log: what was taken out where, on what ground, how, and its keyed digest. Neither the value
/// nor its length.
pub fn redaction(seen: &Seen<'_>) -> Value {
    json!({
        "schema": "redaction/1",
        "place": place_in_input(seen),
        "type": seen.kind,
        "rule": seen.detector,
        "reason": seen.reason,
        "op": seen.operator.name(),
        "before": seen.tag().full(),
        "after": if seen.operator == crate::Operator::Keep { Value::Null } else { seen.with.into() },
        "score": f64::from(seen.score) / 100.0,
    })
}

fn place_in_input(seen: &Seen<'_>) -> Value {
    let mut place = place(&seen.spot);
    if let (Some(bytes), Value::Object(place)) = (seen.source(), &mut place) {
        place.insert("line".into(), seen.line().into());
        place.insert("start".into(), bytes.start.into());
    }
    place
}

fn place(spot: &Spot<'_>) -> Value {
    match spot {
        Spot::Text => json!({"in": "text"}),
        Spot::Pointer(pointer) => json!({"in": "value", "pointer": pointer}),
        Spot::Cell { row, column } => json!({"in": "cell", "row": row, "column": column}),
        Spot::Part { part, path } => json!({"in": "part", "part": part, "path": path}),
        Spot::Page { page, layer, index } => json!({"in": "page", "page": page, "layer": layer, "index": index}),
    }
}
