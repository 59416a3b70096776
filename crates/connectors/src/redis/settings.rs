//! What a Redis server (Valkey, Dragonfly) says of its settings, users and role.

use model::Fault;
use redis::{Cmd, Value, cmd};

use super::place;
use super::rows::shown;
use super::wire::Wire;
use crate::Access;
use crate::server::{Rows, Server};
use crate::web_address::Address;

const PARAMETERS: &[&str] = &["protected-mode", "bind", "port", "tls-port", "tls-protocols", "appendonly", "save"];

/// What empties a server, changes its settings, or stops it.
const DANGEROUS: &[&str] = &["FLUSHALL", "FLUSHDB", "CONFIG", "DEBUG", "SHUTDOWN", "KEYS", "REPLICAOF", "MODULE"];

pub(crate) fn settings(url: &str, access: &Access) -> Result<Server, Fault> {
    let address = Address::parse(url)?;
    let mut wire = Wire::open(&address, place::database(&address).unwrap_or(0), access)?;
    let user = access.user.as_deref().or(address.user.as_deref()).unwrap_or("default").to_owned();
    let grant =
        |command: &str| format!("ACL SETUSER {user} +{command}; where the command is renamed, ask its operator");
    let mut server = Server::default();
    let is_encrypted = address.scheme.starts_with("rediss") || access.tls.wanted(&address.host);
    let login = vec![Some(is_encrypted.to_string()), Some(access.password.is_none().to_string())];
    server.put("connection", "", Ok(vec![login]))?;
    for section in ["server", "replication"] {
        let lines = wire.info(section).map(|lines| pairs(lines.into_iter()));
        server.put(section, &grant("info"), lines)?;
    }
    server.put("settings", &grant("config|get"), parameters(&mut wire))?;
    let users = wire.ask(cmd("ACL").arg("LIST")).map(|lines: Vec<String>| lines.iter().map(|line| acl(line)).collect());
    server.put("users", &grant("acl|list"), users)?;
    server.put("dangerous", &grant("command|info"), dangerous(&mut wire))?;
    Ok(server)
}

fn pairs(lines: impl Iterator<Item = (String, String)>) -> Rows {
    lines.map(|(name, value)| vec![Some(name), Some(value)]).collect()
}

/// One by one: only newer servers take several names in one question.
fn parameters(wire: &mut Wire) -> Result<Rows, Fault> {
    let mut rows = Rows::new();
    for name in PARAMETERS {
        let told: Vec<String> = wire.ask(cmd("CONFIG").arg("GET").arg(name))?;
        if let [name, value] = told.as_slice() {
            rows.push(vec![Some(name.clone()), Some(value.clone())]);
        }
    }
    Ok(rows)
}

/// The words of a user, without the hashes of passwords: `#` says that there is one.
fn acl(line: &str) -> Vec<Option<String>> {
    let words = line.split(' ').filter(|word| !word.is_empty());
    words.map(|word| Some(if word.starts_with('#') { "#".to_owned() } else { word.to_owned() })).collect()
}

/// Which dangerous commands go by their own names: a renamed one is not known.
fn dangerous(wire: &mut Wire) -> Result<Rows, Fault> {
    let mut question: Cmd = cmd("COMMAND");
    question.arg("INFO").arg(DANGEROUS);
    let told: Vec<Value> = wire.ask(&question)?;
    let known = told.iter().filter_map(|value| match value {
        Value::Array(parts) => match parts.first()? {
            Value::BulkString(name) => Some(shown(name).to_ascii_uppercase()),
            Value::SimpleString(name) => Some(name.to_ascii_uppercase()),
            _ => None,
        },
        _ => None,
    });
    Ok(known.map(|name| vec![Some(name)]).collect())
}
