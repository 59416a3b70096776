//! Canonical JSON (RFC 8785): one value, one sequence of bytes.
//!
//! Floats are refused: two languages may print one float in two ways, and nothing we sign needs one.

use model::Fault;
use serde_json::Value;

use crate::Limits;

/// The canonical bytes of `value`: no white space, members sorted by the UTF-16 code units of their names.
///
/// # Errors
/// `float-in-canonical-json`, `integer-not-canonical` (beyond ±(2⁵³ − 1), RFC 8785 Appendix D), `json-too-deep`.
pub fn to_bytes(value: &Value) -> Result<Vec<u8>, Fault> {
    let mut out = Vec::with_capacity(256);
    push_value(&mut out, value, 0)?;
    Ok(out)
}

/// Appends `text` as a canonical JSON string, quotes included (RFC 8785 §3.2.2.2). For writers of one fixed shape.
pub fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut clean = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[clean..at]);
        push_escape(out, *byte);
        clean = at + 1;
    }
    out.extend_from_slice(&bytes[clean..]);
    out.push(b'"');
}

/// Appends an integer.
///
/// # Errors
/// `integer-not-canonical` beyond ±(2⁵³ − 1).
pub fn push_integer(out: &mut Vec<u8>, integer: i64) -> Result<(), Fault> {
    if integer.unsigned_abs() > Limits::JSON_INTEGER_MAX {
        return Err(refuse_integer(&integer.to_string()));
    }
    out.extend_from_slice(integer.to_string().as_bytes());
    Ok(())
}

fn push_value(out: &mut Vec<u8>, value: &Value, depth: usize) -> Result<(), Fault> {
    if depth > Limits::JSON_DEPTH {
        return Err(Fault::bad_input("json-too-deep", "The JSON is nested more than 128 levels deep")
            .advise("Flatten the document; no format of probity nests this deep."));
    }
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => push_number(out, number)?,
        Value::String(text) => push_string(out, text),
        Value::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                separate(out, at);
                push_value(out, item, depth + 1)?;
            }
            out.push(b']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            // UTF-16 order differs from UTF-8 order above U+FFFF (RFC 8785 §3.2.3).
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push(b'{');
            for (at, (name, member)) in members.into_iter().enumerate() {
                separate(out, at);
                push_string(out, name);
                out.push(b':');
                push_value(out, member, depth + 1)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

fn separate(out: &mut Vec<u8>, at: usize) {
    if at > 0 {
        out.push(b',');
    }
}

fn push_number(out: &mut Vec<u8>, number: &serde_json::Number) -> Result<(), Fault> {
    match (number.as_i64(), number.as_u64()) {
        (Some(integer), _) => push_integer(out, integer),
        (None, Some(_)) => Err(refuse_integer(&number.to_string())),
        (None, None) => Err(Fault::bad_input("float-in-canonical-json", format!("{number} is not an integer"))
            .advise("Write decimals as strings: floats have no place in what is signed.")),
    }
}

fn refuse_integer(text: &str) -> Fault {
    Fault::bad_input("integer-not-canonical", format!("{text} lies beyond 2^53 - 1, where JSON readers round"))
        .advise("Write large integers as strings.")
}

fn push_escape(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x09 => b't',
        0x0a => b'n',
        0x0c => b'f',
        0x0d => b'r',
        _ => return out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
    };
    out.extend_from_slice(&[b'\\', short]);
}
