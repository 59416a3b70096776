//! Facts as CEL sees them.

use std::collections::HashMap;
use std::sync::Arc;

use cel::Value;
use cel::common::types::CelNull;
use cel::common::value::Val;
use cel::objects::{Key, Map};
use chrono::{DateTime, FixedOffset, TimeDelta};
use serde_json::Value as Json;

use crate::shape::Shape;

/// A fact's value, which was held against its shape before, as a CEL value: fields that are not known are null, times are
/// timestamps, lengths of time are durations.
pub(crate) fn of_fact(json: &Json, shape: &Shape) -> Value {
    match (shape, json) {
        (_, Json::Null) => Value::Null,
        (Shape::Time, Json::String(text)) => timestamp(text).map_or(Value::Null, Value::Timestamp),
        (Shape::Duration, Json::Number(seconds)) => {
            let seconds = seconds.as_i64().and_then(TimeDelta::try_seconds);
            seconds.map_or(Value::Null, Value::Duration)
        }
        (Shape::List(item), Json::Array(items)) => {
            Value::List(Arc::new(items.iter().map(|value| of_fact(value, item)).collect()))
        }
        (Shape::Map(inner), Json::Object(map)) => {
            record(map.iter().map(|(key, value)| (key.as_str(), of_fact(value, inner))))
        }
        (Shape::Record(fields), Json::Object(map)) => record(fields.iter().map(|field| {
            let value = map.get(&field.name).unwrap_or(&Json::Null);
            (field.name.as_str(), of_fact(value, &field.shape))
        })),
        (Shape::Number, Json::Number(number)) => number.as_f64().map_or(Value::Null, Value::Float),
        (_, Json::Number(number)) => number.as_i64().map_or(Value::Null, Value::Int),
        (_, Json::String(text)) => Value::String(Arc::new(text.clone())),
        (_, Json::Bool(flag)) => Value::Bool(*flag),
        (_, Json::Array(_) | Json::Object(_)) => Value::Null,
    }
}

/// The value in the form that expressions borrow: turned once, however often it is looked at.
pub(crate) fn held(value: Value) -> Box<dyn Val> {
    // Only functions have no such form, and facts hold none.
    let held: Result<Box<dyn Val>, _> = value.try_into();
    held.unwrap_or_else(|_| Box::new(CelNull))
}

/// Names and values as a CEL map.
pub(crate) fn record<'a>(fields: impl Iterator<Item = (&'a str, Value)>) -> Value {
    let map: HashMap<Key, Value> =
        fields.map(|(name, value)| (Key::String(Arc::new(name.to_owned())), value)).collect();
    Value::Map(Map { map: Arc::new(map) })
}

/// RFC 3339 as CEL's timestamp.
pub(crate) fn timestamp(text: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(text).ok()
}

/// The longest list anywhere in the value.
pub(crate) fn longest_list(value: &Value) -> usize {
    match value {
        Value::List(items) => items.iter().map(longest_list).max().unwrap_or(0).max(items.len()),
        Value::Map(map) => map.map.values().map(longest_list).max().unwrap_or(0),
        _ => 0,
    }
}

/// A parameter as policies see it: lengths of time in seconds.
#[cfg(feature = "rego")]
pub(crate) fn json(value: &Value) -> Json {
    match value {
        Value::String(text) => Json::String(text.to_string()),
        Value::Int(number) => Json::from(*number),
        Value::UInt(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Duration(length) => Json::from(length.num_seconds()),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(map) => map.map.iter().map(|(key, value)| (key.to_string(), json(value))).collect(),
        _ => Json::Null,
    }
}

/// A value as a person reads it in a message.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "not known".to_owned(),
        Value::String(text) => text.to_string(),
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Timestamp(time) => time.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Value::Duration(length) => length_of_time(length.num_seconds()),
        Value::List(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Map(_) => "a record".to_owned(),
        other => format!("{other:?}"),
    }
}

/// `3 d 4 h`, `90 s`: the two largest units, exact when nothing smaller is left, else with `about`.
fn length_of_time(seconds: i64) -> String {
    let sign = if seconds < 0 { "−" } else { "" };
    let mut left = seconds.unsigned_abs();
    let mut parts = Vec::new();
    for (unit, length) in [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)] {
        let count = left / length;
        left %= length;
        if count > 0 {
            parts.push(format!("{count} {unit}"));
        }
    }
    match parts.as_slice() {
        [] => "0 s".to_owned(),
        [_] | [_, _] => format!("{sign}{}", parts.join(" ")),
        [first, second, ..] => format!("about {sign}{first} {second}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_shown_by_their_largest_units() {
        let check = |seconds, expect: &str| assert_eq!(length_of_time(seconds), expect);
        check(0, "0 s");
        check(90, "1 min 30 s");
        check(86_400 * 3, "3 d");
        check(86_400 * 3 + 3_600 * 4 + 1, "about 3 d 4 h");
        check(-7_200, "−2 h");
    }
}
