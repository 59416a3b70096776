//! What a NATS server says of itself when it greets.

use model::Fault;
use serde_json::Value;

use super::wire::Wire;
use crate::Access;
use crate::server::Server;
use crate::web_address::Address;

const WORDS: &[&str] =
    &["version", "server_name", "auth_required", "tls_required", "tls_available", "tls_verify", "jetstream", "cluster"];

pub(crate) fn settings(url: &str, access: &Access) -> Result<Server, Fault> {
    let wire = Wire::open(&Address::parse(url)?, access)?;
    let shown = |value: &Value| match value {
        Value::String(text) => Some(text.chars().filter(|letter| !letter.is_control()).take(200).collect()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    // A flag that the greeting leaves out is off.
    let words = WORDS.iter().map(|name| vec![Some((*name).to_owned()), wire.greeting.get(*name).and_then(shown)]);
    let mut server = Server::default();
    server.put("greeting", "", Ok(words.collect()))?;
    server.put("connection", "", Ok(vec![vec![Some(wire.is_encrypted.to_string())]]))?;
    Ok(server)
}
