//! A cell as JSON.

use serde::de::IgnoredAny;

use crate::catalog::ColumnKind;

/// Largest whole number that every reader of JSON keeps exactly (RFC 8259 §6).
const EXACT_MAX: i64 = (1 << 53) - 1;
/// So many digits every reader keeps of a decimal.
const DIGITS_MAX: usize = 15;

/// Appends a cell, as the type of its column has it: numbers that a reader could round, and what is no JSON, are texts.
pub(super) fn json(out: &mut String, kind: ColumnKind, text: &str) {
    let plain = match kind {
        ColumnKind::Integer => {
            text.parse::<i64>().is_ok_and(|n| n.unsigned_abs() <= EXACT_MAX as u64) && is_number(text)
        }
        ColumnKind::Number => text.bytes().filter(u8::is_ascii_digit).count() <= DIGITS_MAX && is_number(text),
        ColumnKind::Boolean => matches!(text, "true" | "false"),
        ColumnKind::Json | ColumnKind::List => serde_json::from_str::<IgnoredAny>(text).is_ok(),
        ColumnKind::Text | ColumnKind::Time | ColumnKind::Bytes | ColumnKind::Other => false,
    };
    if plain { out.push_str(text) } else { string(out, text) }
}

/// Appends a text in quotes, with signs of direction and separators escaped.
pub(super) fn string(out: &mut String, text: &str) {
    let json = serde_json::Value::from(text).to_string();
    out.push_str(&model::harmless_json(&json));
}

/// The type in JSON Schema.
pub(super) fn json_type(kind: ColumnKind) -> Option<&'static str> {
    match kind {
        ColumnKind::Integer => Some("integer"),
        ColumnKind::Number => Some("number"),
        ColumnKind::Boolean => Some("boolean"),
        ColumnKind::List => Some("array"),
        ColumnKind::Json => None,
        ColumnKind::Text | ColumnKind::Time | ColumnKind::Bytes | ColumnKind::Other => Some("string"),
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
        && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_json_that_nobody_rounds() {
        let check = |kind, text: &str, expect: &str| {
            let mut out = String::new();
            json(&mut out, kind, text);
            assert_eq!(out, expect);
        };
        check(ColumnKind::Integer, "42", "42");
        check(ColumnKind::Integer, "-9007199254740991", "-9007199254740991");
        check(ColumnKind::Integer, "9007199254740992", "\"9007199254740992\"");
        check(ColumnKind::Number, "1.98", "1.98");
        check(ColumnKind::Number, "NaN", "\"NaN\"");
        check(ColumnKind::Number, "0.12345678901234567", "\"0.12345678901234567\"");
        check(ColumnKind::Boolean, "true", "true");
        check(ColumnKind::Json, "{\"a\":[1]}", "{\"a\":[1]}");
        check(ColumnKind::Json, "{broken", "\"{broken\"");
        check(ColumnKind::Text, "<b>\"\u{1}\n", "\"<b>\\\"\\u0001\\n\"");
        check(ColumnKind::Text, "007", "\"007\"");
        check(ColumnKind::Bytes, "00ff", "\"00ff\"");
    }
}
