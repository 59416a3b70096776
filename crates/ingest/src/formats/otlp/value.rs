//! Values of attributes.

use crate::json::Token;
use crate::node::{Fields, Node, double, integer};
use crate::output::Bad;

/// An `AnyValue` as text: lists and maps stay JSON. `None` when it is empty.
pub(super) fn any_value(node: Node<'_>, depth: usize) -> Result<Option<String>, Bad> {
    let fields = Fields::read(node, depth)?;
    let Some((kind, value)) = fields.first() else { return Ok(None) };
    Ok(match kind {
        "stringValue" | "bytesValue" => fields.text(kind)?,
        "intValue" => Some(integer(value, kind)?.to_string()),
        "doubleValue" => Some(match value.token()? {
            Token::Number(digits) => digits.to_owned(),
            _ => double(value, kind)?.to_string(),
        }),
        "boolValue" => Some(fields.boolean(kind)?.to_string()),
        "arrayValue" | "kvlistValue" => Some(value.text.to_owned()),
        _ => None,
    })
}
