//! Which resource belongs to which.

use super::body::{Found, Resource, Value};

/// Whether the attribute of `one` says that it belongs to `other`: by what `other` is called there, or by an expression.
pub(super) fn belongs(one: &Resource, attribute: &str, other: &Resource) -> bool {
    let Some(written) = one.body.written(attribute) else { return false };
    let named = matches!(other.body.find(&[attribute]), Found::Is(Value::Known(name)) if name == written);
    // Within a module, references go by the address without the module's.
    let local = format!("{}.{}", other.kind, other.name);
    named || refers(written, &local) && module(&one.address) == module(&other.address)
}

fn module(address: &str) -> &str {
    address.rfind("module.").map_or("", |at| {
        let rest = &address[at + 7..];
        &address[..at + 7 + rest.find('.').unwrap_or(rest.len())]
    })
}

/// Whether an expression names the address, and not only one that begins alike.
pub(super) fn refers(written: &str, address: &str) -> bool {
    written.match_indices(address).any(|(at, _)| {
        let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        !written[at + address.len()..].starts_with(is_name)
            && !written[..at].ends_with(|c: char| is_name(c) || c == '.')
    })
}
