//! NATS: the greeting of a server.
//!
//! Source: NATS documentation, client protocol, `INFO`. A flag that the greeting leaves out is off.

use serde_json::{Value, json};

use super::{Heard, cell, is_on, number};

pub(super) fn value(heard: &[Heard<'_>]) -> Value {
    json!({"servers": heard.iter().map(server).collect::<Vec<_>>()})
}

fn server(heard: &Heard<'_>) -> Value {
    let word = |name: &str| heard.setting("greeting", name);
    let flag = |name: &str| word(name).and_then(is_on).unwrap_or(false);
    json!({
        "store": heard.store,
        "name": word("server_name"),
        "version": word("version"),
        "number": word("version").and_then(number),
        "asks_login": flag("auth_required"),
        "demands_tls": flag("tls_required"),
        "tls": flag("tls_required") || flag("tls_available"),
        "client_certificates": flag("tls_verify"),
        "encrypted": cell(heard.row("connection"), 0).and_then(is_on),
        "jetstream": flag("jetstream"),
        "cluster": word("cluster"),
        "refused": heard.refusals(),
        "place": heard.store,
    })
}
